//! What must be true when the day is over, whatever happened: money, rights, journals, papers, to the fen.

use std::collections::{BTreeMap, BTreeSet};

use desk_app::ports::Sheet;
use desk_domain::{
    case::{Ending, Service},
    id::{CardNo, CellId, PersonId},
    person::CardStatus,
    posting::Account,
};
use sha2::{Digest, Sha256};

use super::{Outcome, Plan, town::Town, weather::Seen, window::Window};
use crate::{
    books::{Journal, doubled_papers, home_cell},
    world::{COUNTER, World},
};

/// Cents that a clerk may pay out alone, as the demonstration's rules have it.
const LIMIT: i64 = 20_000;

pub(super) async fn checked(plan: Plan, world: &World, town: &Town, windows: &[Window], seen: &Seen, simulated: u64) -> Outcome {
    let mut audit = Audit { violations: Vec::new(), states: BTreeMap::new(), cases: 0, bytes: Sha256::new() };
    let mut money = Money::default();
    for window in windows {
        audit.violations.extend(window.wrong.iter().cloned());
        audit.window(window, world, &mut money).await;
    }
    audit.centre(world, windows, &money.totals).await;
    audit.purses(town, windows, &money);
    audit.pupils(world, town).await;
    for (kind, count) in seen.counts() {
        audit.bytes.update(format!("{kind}={count};"));
    }
    for (state, count) in &audit.states {
        audit.bytes.update(format!("{state}={count};"));
    }
    audit.bytes.update(format!("{:?}", audit.violations));
    Outcome {
        seed: plan.seed,
        violations: audit.violations,
        cases: audit.cases,
        faults: seen.counts(),
        states: audit.states,
        simulated,
        digest: hex::encode(audit.bytes.finalize()),
    }
}

/// What the journals of all desks say of money.
#[derive(Default)]
struct Money {
    /// Fen paid out, by card.
    paid: BTreeMap<CardNo, i64>,
    /// Cards of which the end of a write was never learnt.
    unknown: BTreeSet<CardNo>,
    /// Cards whose refund is confirmed and waits for cash.
    waits: BTreeSet<CardNo>,
    totals: BTreeMap<Account, i64>,
}

struct Audit {
    violations: Vec<String>,
    states: BTreeMap<String, u64>,
    cases: usize,
    bytes: Sha256,
}

impl Audit {
    fn say(&mut self, what: String) {
        self.violations.push(what);
    }

    async fn window(&mut self, window: &Window, world: &World, money: &mut Money) {
        let desk = window.number;
        let mut numbers = BTreeSet::new();
        let now = window.counter.rig.disk().map(|disk| (window.counter.rig.station.clone(), disk));
        for (station, disk) in window.past.iter().cloned().chain(now) {
            match Journal::on(disk, &station, world).await {
                Ok(journal) => self.journal(desk, &journal, &mut numbers, money),
                Err(error) => self.say(format!("desk {desk}: {error}")),
            }
        }
        for paper in doubled_papers(&window.counter.rig) {
            self.say(format!("desk {desk}: {paper}"));
            if let (Some(disk), Some(number)) = (window.counter.rig.disk(), paper.split('-').next())
                && let Ok(journal) = Journal::on(disk, &window.counter.rig.station, world).await
            {
                for (header, _, rows) in journal.cases.iter().filter(|(header, _, _)| header.number.as_str() == number) {
                    self.say(format!(
                        "{}: {:?}",
                        header.number,
                        rows.iter().map(|row| format!("{} {}", row.header.sequence, row.header.kind)).collect::<Vec<_>>()
                    ));
                }
            }
        }
        // What was handed to a customer is in the books.
        for sheet in window.counter.rig.papers.sheets() {
            if !numbers.iter().any(|number| sheet.name.contains(number.as_str())) {
                self.say(format!("desk {desk}: paper {} of no case", sheet.name));
            }
            if let Some(number) = private(&sheet) {
                self.say(format!("desk {desk}: paper {} shows {number}", sheet.name));
            }
        }
    }

    fn journal(&mut self, desk: u8, journal: &Journal, numbers: &mut BTreeSet<String>, money: &mut Money) {
        self.cases += journal.cases.len();
        for breach in journal.breaches() {
            self.say(format!("desk {desk}: {breach}"));
        }
        for (header, ending, rows) in &journal.cases {
            if ending.is_none() && rows.last().is_some_and(|row| row.header.kind == "fact.signed") {
                // Confirmed and signed for; the till had not enough in it. Owed, and on the list for the day's close.
                *self.states.entry("waits for cash".to_owned()).or_default() += 1;
                money.waits.extend(rows.iter().find_map(|row| card_of(&row.payload)));
            } else if ending.is_none() {
                let last: Vec<&str> = rows.iter().rev().take(4).map(|row| row.header.kind.as_str()).collect();
                self.say(format!("desk {desk}: {} {:?} stuck open after {last:?}", header.number, header.service));
            }
        }
        if journal.waiting > 0 {
            self.say(format!("desk {desk}: {} rows never reached the centre", journal.waiting));
        }
        for movement in &journal.movements {
            *money.totals.entry(movement.posting.account.clone()).or_default() += movement.posting.amount.0;
        }
        for kind in &journal.kinds {
            *self.states.entry(kind.clone()).or_default() += 1;
        }
        for (header, ending, rows) in &journal.cases {
            numbers.insert(header.number.as_str().to_owned());
            let kinds: Vec<&str> = rows.iter().map(|row| row.header.kind.as_str()).collect();
            for row in rows {
                self.bytes.update(row.header.hash());
            }
            let name = match ending {
                None => "open",
                Some(Ending::Done) => "done",
                Some(Ending::Refused { .. }) => "refused",
                Some(Ending::Referred { .. }) => "referred",
                Some(Ending::Cancelled) => "cancelled",
                Some(Ending::Withdrawn) => "withdrawn",
                Some(Ending::Suspended { .. }) => "suspended",
            };
            *self.states.entry(format!("ended {name}")).or_default() += 1;
            if header.service == Service::RefundReadable {
                let out: i64 = journal
                    .movements
                    .iter()
                    .filter(|movement| movement.case == Some(header.id) && movement.kind == "fact.paid_out")
                    .filter(|movement| matches!(movement.posting.account, Account::Till { .. }))
                    .map(|movement| -movement.posting.amount.0)
                    .sum();
                let card = rows.iter().find_map(|row| card_of(&row.payload));
                if let Some(card) = card {
                    if out > 0 {
                        *money.paid.entry(card.clone()).or_default() += out;
                    }
                    if matches!(ending, Some(Ending::Suspended { .. })) {
                        money.unknown.insert(card);
                    }
                } else if out > 0 {
                    self.say(format!("{}: paid out and no card in the journal", header.number));
                }
                // A second person stands in the journal before money above the limit leaves.
                if out > LIMIT && !kinds.contains(&"fact.authorised") {
                    self.say(format!("{}: {out} fen paid out and nobody agreed", header.number));
                }
            }
        }
        for kind in &journal.kinds {
            self.bytes.update(kind);
        }
    }

    /// The centre holds what the desks hold.
    async fn centre(&mut self, world: &World, windows: &[Window], totals: &BTreeMap<Account, i64>) {
        let centre = world.centre();
        let Ok(mut tx) = centre.store().begin().await else {
            return self.say("the centre's store is gone".to_owned());
        };
        let cells: BTreeSet<CellId> =
            [CellId::new(COUNTER), home_cell(world, "purse:"), home_cell(world, "reissue:")].into_iter().collect();
        for cell in &cells {
            match tx.imbalance(cell).await {
                Ok(0) => {}
                other => self.say(format!("cell {cell}: the ledger is out by {other:?}")),
            }
        }
        let Some(first) = windows.first() else {
            return;
        };
        let station = &first.counter.rig.station;
        let day = desk_domain::case::context::local(desk_app::ports::Clock::now(&*world.clock)).date();
        match tx.totals(&station.cell, &station.outlet, day, None).await {
            Err(error) => self.say(error.to_string()),
            Ok(known) => {
                let mut there: BTreeMap<Account, i64> =
                    known.postings.into_iter().map(|posting| (posting.account, posting.amount.0)).collect();
                let mut here = totals.clone();
                here.retain(|_, amount| *amount != 0);
                there.retain(|_, amount| *amount != 0);
                if here != there {
                    self.say(format!("desks hold {here:?}, the centre {there:?}"));
                }
            }
        }
        for window in windows {
            let station = &window.counter.rig.station;
            let device = match tx.device(&station.cell, &station.device).await {
                Ok(Some(device)) => device,
                other => return self.say(format!("desk {}: {other:?}", window.number)),
            };
            let rows = window.counter.rig.disk().map_or(0, |disk| disk.rows());
            if usize::try_from(device.head.0).ok() != Some(rows) {
                self.say(format!("desk {}: {rows} rows, the centre has {}", window.number, device.head.0));
            }
            if device.locked_at.is_some() {
                self.say(format!("desk {} is locked", window.number));
            }
            self.bytes.update(device.head.1);
            let heads = tx.heads(&station.cell, &station.device, station.generation).await.unwrap_or_default();
            if heads.last().map(|head| head.sequence) != Some(device.head.0) {
                self.say(format!("desk {}: nobody signed for the last row", window.number));
            }
        }
    }

    /// What was paid, and what is left, is what was there: per purse, to the fen.
    fn purses(&mut self, town: &Town, windows: &[Window], money: &Money) {
        for resident in &town.residents {
            let number = CardNo::new(resident.card_no.clone());
            let loaded: i64 = windows.iter().filter_map(|window| window.loaded.get(&resident.card)).sum();
            let out = money.paid.get(&number).copied().unwrap_or(0);
            let due = resident.balance + loaded;
            let Some(card) = town.card(&resident.card) else {
                self.say(format!("{}: the card was not given back", resident.card));
                continue;
            };
            let left = i64::from(card.balance().unwrap_or(0));
            self.bytes.update(format!("{}={out},{left};", resident.card));
            let copied = town.card(&format!("{}-copy", resident.card)).is_some();
            // A copy holds the same money a second time; the right to it is there once.
            let holds =
                if copied || money.unknown.contains(&number) || money.waits.contains(&number) { out <= due } else { out + left == due };
            if !holds {
                self.say(format!("{}: {out} paid and {left} left of {due}", resident.card));
            }
            // The card came back every evening, so nothing may be left undecided; a copy has another card's counters.
            if money.unknown.contains(&number) && !copied {
                self.say(format!("{}: in suspense though the card came back", resident.card));
            }
        }
    }

    /// Every pupil has one card that works, however many desks were asked for another.
    async fn pupils(&mut self, world: &World, town: &Town) {
        let home = home_cell(world, "reissue:");
        let centre = world.centre();
        let Ok(mut tx) = centre.store().begin().await else {
            return self.say("the centre's store is gone".to_owned());
        };
        for pupil in &town.pupils {
            let person = PersonId::new(pupil.person.clone());
            let cards = tx.cards_of(&home, &person).await.unwrap_or_default();
            let active = cards.iter().filter(|card| card.status == CardStatus::Active).count();
            let issued = tx.settled_count(&home, &format!("reissue:{}", pupil.person), None).await.unwrap_or_default();
            if active != 1 || cards.len() != 1 + usize::try_from(issued).unwrap_or_default() {
                self.say(format!("{}: {active} active of {} cards after {issued} reissues", pupil.person, cards.len()));
            }
        }
    }
}

/// The card number that a fact of a case holds.
fn card_of(payload: &str) -> Option<CardNo> {
    let value: serde_json::Value = serde_json::from_str(payload).ok()?;
    find(&value).map(CardNo::new)
}

fn find(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Object(map) => match map.get("card_no") {
            Some(serde_json::Value::String(number)) => Some(number.clone()),
            _ => map.values().find_map(find),
        },
        serde_json::Value::Array(list) => list.iter().find_map(find),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::String(_) => None,
    }
}

/// A number on a paper that should have been masked: eighteen digits in a row of a region's ID number.
fn private(sheet: &Sheet) -> Option<String> {
    let text = serde_json::to_string(sheet).unwrap_or_default();
    let place = text.find("320500201503")?;
    text.get(place..place + 18).map(str::to_owned)
}
