//! A business day of an outlet, window by window, as the journals of its windows have it.

use chrono::NaiveDate;
use desk_domain::{
    case::Service,
    id::{DeviceId, OutletId, WindowId},
    money::Fen,
    posting::Posting,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutletDay {
    pub outlet: OutletId,
    pub day: NaiveDate,
    /// In order of their names; windows that kept no row are left out.
    pub windows: Vec<WindowDay>,
    /// What the centre's ledger holds for the whole outlet, by account.
    pub ledger: Vec<Posting>,
    /// Refunds that the centre confirmed.
    pub settled_refunds: Fen,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowDay {
    pub device: DeviceId,
    pub window: WindowId,
    /// Cases begun, by service; a case whose payload is forgotten is counted in `cases` alone.
    pub services: Vec<(Service, u32)>,
    pub cases: u32,
    /// Cash through the tills, by kind of row.
    pub cash: Vec<CashLine>,
    /// Second persons' agreements that were used.
    pub authorisations: u32,
    /// Counts of a till or of blanks that differed.
    pub differences: u32,
    /// Days of clerks opened and closed at this window.
    pub opened: u32,
    pub closed: u32,
    /// Sums by account.
    pub totals: Vec<Posting>,
}

/// Cash of one kind of row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashLine {
    /// As in the journal: `fact.paid_out`, `day_opened`, …
    pub kind: String,
    pub count: u32,
    pub taken: Fen,
    /// Positive.
    pub given: Fen,
}
