//! Claims of another outlet that have no end: one under which nothing happened, one whose write has an unknown end.

use centre_core::{
    number::local_day,
    record::{Book, ClaimRecord, ClaimState, Claimant, Entry, Suspension},
    store::Tx,
};
use chrono::{DateTime, TimeDelta, Utc};
use desk_domain::{
    card::{CardImage, PurseImage, RefundMethod, Terminal, WriteIntent},
    claim::{Claim, Reservation},
    id::{CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, OutletId, WindowId},
    money::Fen,
    posting::{Account, Balanced},
    ruleset::RuleSet,
};

use super::people;
use crate::fault::Fault;

/// The outlet of the claims: not the one at which the demonstration's desk stands.
const OUTLET: &str = "DEMO-2";
const DEVICE: &str = "DEMO-2-W01";

struct Left {
    resident: u32,
    number: &'static str,
    case_number: &'static str,
    amount: Fen,
    hours: i64,
    unknown: bool,
}

const LEFT: [Left; 2] = [
    Left { resident: 60, number: "R-DEMO-0060", case_number: "DEMO220261124W01000007", amount: Fen(2_680), hours: 3, unknown: false },
    Left { resident: 61, number: "R-DEMO-0061", case_number: "DEMO220261122W01000004", amount: Fen(4_150), hours: 51, unknown: true },
];

/// # Errors
/// [`Fault`] where the database does not take them.
pub(super) async fn put(tx: &mut dyn Tx, rules: &RuleSet, counter: &CellId, now: DateTime<Utc>) -> Result<(), Fault> {
    for (index, left) in (1_u8..).zip(&LEFT) {
        let card_no = people::resident_card_no(left.resident);
        let Some(mut card) = tx.card_anywhere(&card_no).await? else {
            return Err(Fault::new(format!("no card {card_no:?}")));
        };
        let since = now - TimeDelta::hours(left.hours);
        let image = CardImage {
            family: card.family.clone(),
            card_no: card.card_no.clone(),
            issuer: card.issuer.clone(),
            serial: card.serial.clone(),
            holder_class: card.holder_class,
            valid_from: None,
            valid_until: card.valid_until,
            purse: Some(PurseImage {
                balance: left.amount,
                online_counter: 3,
                offline_counter: 12,
                refund_method: RefundMethod::Unload,
                incomplete_trip: false,
            }),
            blank: false,
            log: Vec::new(),
            warnings: Vec::new(),
        };
        let number = CentreNumber::new(left.number);
        let by = Claimant {
            case: Id128([0xD0 + index; 16]),
            case_number: CaseNumber::new(left.case_number),
            cell: counter.clone(),
            device: DeviceId::new(DEVICE),
            outlet: OutletId::new(OUTLET),
            window: WindowId::new("W01"),
            operator: OperatorId::new("1002"),
        };
        let state = if left.unknown {
            let terminal = Terminal { number: "000000000201".to_owned(), sequence: 0, at: since.naive_utc() };
            let intent = WriteIntent::Unload { before: image.clone(), amount: left.amount, terminal };
            ClaimState::Unknown { intent: Box::new(intent), since }
        } else {
            ClaimState::Open
        };
        if left.unknown {
            card.suspended = Some(Suspension {
                case: by.case,
                reservation: Some(number.clone()),
                number: by.case_number.clone(),
                device: by.device.clone(),
                since,
            });
            tx.put_card(&card).await?;
            let programme = rules.programme.clone();
            let float = Account::PurseFloat { programme: programme.clone() };
            let moved = Balanced::transfer(Account::Suspense { programme }, float, left.amount);
            let entries: Vec<Entry> = (0_u16..)
                .zip(moved.lines())
                .map(|(line, posting)| Entry {
                    cell: counter.clone(),
                    source: format!("{number}/unknown"),
                    line,
                    book: Book::Centre,
                    outlet: by.outlet.clone(),
                    day: local_day(since),
                    at: since,
                    case: Some(by.case),
                    posting: posting.clone(),
                })
                .collect();
            tx.post(&entries).await?;
        }
        let epoch = "3".to_owned();
        tx.put_claim(&ClaimRecord {
            cell: rules.cell.clone(),
            number: number.clone(),
            right: format!("purse:{}", card_no.as_str()),
            epoch: epoch.clone(),
            claim: Claim::PurseRefund {
                cell: rules.cell.clone(),
                programme: rules.programme.clone(),
                card: image,
                amount: left.amount,
                payee: None,
            },
            reservation: Reservation { number, epoch, card_data: None, on_confirm: Balanced::none(), later: None, due: None },
            by,
            reserved_at: since,
            state,
        })
        .await?;
    }
    Ok(())
}
