//! Stations and case openings for tests, plainly synthetic.

use chrono::{DateTime, NaiveDate, Utc};
use desk_app::ports::{Draft, Entropy, Opening, Station};
use desk_domain::{
    case::{CaseHeader, LineMode, Service},
    id::{CaseId, CaseNumber, CellId, DeviceId, Id128, OperatorId, OutletId, ProgrammeId, WindowId},
    money::Fen,
    posting::{Account, Balanced},
};
use desk_wire::publication::PublishingKey;

/// 24 November 2026, 10:00 in Shanghai.
#[must_use]
pub fn ten_o_clock() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_485_600, 0).unwrap_or_default()
}

/// The business day of [`ten_o_clock`].
#[must_use]
pub fn business_day() -> NaiveDate {
    ten_o_clock().date_naive()
}

/// The key that signs what the centres of tests publish.
#[must_use]
pub fn publishing() -> PublishingKey {
    PublishingKey::from_seed(&[9; 32])
}

#[must_use]
pub fn station() -> Station {
    Station {
        cell: CellId::new("demo"),
        outlet: OutletId::new("DEMO"),
        window: WindowId::new("W03"),
        device: DeviceId::new("desk-1"),
        generation: 1,
        terminal: "000000000103".to_owned(),
        identifier_key: "5a".repeat(32),
        publishing_key: publishing().public(),
    }
}

#[must_use]
pub fn draw_case(entropy: &mut dyn Entropy) -> CaseId {
    let mut id = [0; 16];
    entropy.fill(&mut id);
    Id128(id)
}

#[must_use]
pub fn opening(station: &Station, id: CaseId, line: LineMode) -> Opening {
    Opening {
        header: CaseHeader {
            id,
            number: CaseNumber::new(""),
            service: Service::RefundReadable,
            programme: ProgrammeId::new("demo-programme"),
            rule_set: "demo-programme@1".to_owned(),
            cell: station.cell.clone(),
            outlet: station.outlet.clone(),
            window: station.window.clone(),
            device: station.device.clone(),
            operator: OperatorId::new("1001"),
            opened_at: ten_o_clock(),
            line,
        },
        day: business_day(),
        generation: station.generation,
    }
}

/// A row with money in it: `fen` out of the vault and into the clerk's till.
#[must_use]
pub fn money_row(station: &Station, case: Option<CaseId>, fen: i64, payload: &str) -> Draft {
    Draft {
        at: ten_o_clock(),
        case,
        day: business_day(),
        kind: "fact.money".to_owned(),
        code: None,
        postings: Balanced::transfer(
            Account::Vault { outlet: station.outlet.clone() },
            Account::Till { outlet: station.outlet.clone(), operator: OperatorId::new("1001") },
            Fen(fen),
        ),
        payload: payload.to_owned(),
    }
}

/// A row without money.
#[must_use]
pub fn plain_row(case: Option<CaseId>, kind: &str, payload: &str) -> Draft {
    Draft {
        at: ten_o_clock(),
        case,
        day: business_day(),
        kind: kind.to_owned(),
        code: None,
        postings: Balanced::none(),
        payload: payload.to_owned(),
    }
}
