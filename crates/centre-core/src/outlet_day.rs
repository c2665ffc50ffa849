//! A business day of the desk's outlet, window by window: everything is a sum over the journals that the windows have sent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use desk_domain::{
    case::{CaseHeader, Service},
    code::Code,
    id::DeviceId,
    journal::RowHeader,
    money::{Fen, Overflow},
    posting::{Account, Posting},
};
use desk_wire::{
    outlet_day::{CashLine, OutletDay, WindowDay},
    seal,
    v1::{Reply, Role},
};

use crate::{
    answer::{Answer, Failure, Step, require},
    centre::Call,
};

/// One window's day while it is summed.
#[derive(Default)]
struct Sums {
    services: BTreeMap<Service, u32>,
    cases: u32,
    cash: BTreeMap<String, CashLine>,
    authorisations: u32,
    differences: u32,
    opened: u32,
    closed: u32,
    totals: BTreeMap<Account, Fen>,
}

impl Sums {
    fn add(&mut self, header: &RowHeader) -> Result<(), Overflow> {
        let is = |kind: &str| u32::from(header.kind == kind);
        self.cases += is("opened");
        self.authorisations += is("fact.authorised");
        self.opened += is("day_opened");
        self.closed += is("day_closed");
        let differs = [Code::CashDiff, Code::StockDiff, Code::FloatDiffers, Code::BlanksDiffer];
        self.differences += u32::from(header.code.as_deref().is_some_and(|code| differs.iter().any(|known| known.as_str() == code)));
        for posting in header.postings.lines() {
            let sum = self.totals.entry(posting.account.clone()).or_default();
            *sum = sum.plus(posting.amount)?;
            if matches!(posting.account, Account::Till { .. }) {
                let line = self.cash.entry(header.kind.clone()).or_insert_with(|| CashLine {
                    kind: header.kind.clone(),
                    count: 0,
                    taken: Fen::ZERO,
                    given: Fen::ZERO,
                });
                line.count += 1;
                if posting.amount.is_positive() {
                    line.taken = line.taken.plus(posting.amount)?;
                } else {
                    line.given = line.given.minus(posting.amount)?;
                }
            }
        }
        Ok(())
    }
}

impl Call<'_> {
    pub(crate) async fn outlet_day(&mut self, day: NaiveDate) -> Step<Answer> {
        let session = self.session().await?;
        let cell = self.envelope.cell.clone();
        let record = self.tx.operator(&cell, &session.operator).await?;
        let supervises = |role: &Role| matches!(role, Role::Supervisor | Role::Manager);
        require(record.is_some_and(|record| record.roles.iter().any(supervises)), Code::RoleMissing)?;
        let outlet = self.device.outlet.clone();
        let mut windows: BTreeMap<DeviceId, Sums> = BTreeMap::new();
        for kept in self.tx.day_rows(&cell, &outlet, day).await? {
            let header = &kept.row.header;
            let sums = windows.entry(header.device.clone()).or_default();
            sums.add(header).map_err(|_| Failure::Inconsistent("sums of a day"))?;
            if header.kind == "opened"
                && let Some(case) = header.case
                && let Some(key) = self.tx.case_key(&cell, case).await?
                && let Some(payload) = seal::opened(&key, header, &kept.row.sealed)
                && let Ok(begun) = serde_json::from_str::<CaseHeader>(&payload)
            {
                *sums.services.entry(begun.service).or_default() += 1;
            }
        }
        let mut days = Vec::new();
        for (device, sums) in windows {
            let window = self.tx.device(&cell, &device).await?.map(|known| known.window);
            let Some(window) = window else {
                return Err(Failure::Inconsistent("device of a journal").into());
            };
            days.push(WindowDay {
                device,
                window,
                services: sums.services.into_iter().collect(),
                cases: sums.cases,
                cash: sums.cash.into_values().collect(),
                authorisations: sums.authorisations,
                differences: sums.differences,
                opened: sums.opened,
                closed: sums.closed,
                totals: sums.totals.into_iter().map(|(account, amount)| Posting { account, amount }).collect(),
            });
        }
        days.sort_by(|a, b| (&a.window, &a.device).cmp(&(&b.window, &b.device)));
        let ledger = self.tx.totals(&cell, &outlet, day, None).await?;
        let day = OutletDay { outlet, day, windows: days, ledger: ledger.postings, settled_refunds: ledger.settled_refunds };
        // True now; the windows go on sending.
        Ok(Answer::Passing(Reply::OutletDay { day: Box::new(day) }))
    }
}
