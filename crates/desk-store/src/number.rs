//! Case numbers.

use chrono::NaiveDate;
use desk_domain::{
    case::{CaseHeader, LineMode},
    id::CaseNumber,
};

/// Last case sequence of a day; beyond it two generations of a device could make the same number.
pub const LAST_OF_DAY: u32 = 9999;

/// `{outlet}{yyyymmdd}{window}{generation}{seq4}`, with `F` before the sequence of a case accepted offline.
/// `None` when the day's sequences are used up.
#[must_use]
pub fn case_number(header: &CaseHeader, day: NaiveDate, generation: u32, sequence: u32) -> Option<CaseNumber> {
    let mark = match header.line {
        LineMode::Online => "",
        LineMode::Offline => "F",
    };
    (1..=LAST_OF_DAY)
        .contains(&sequence)
        .then(|| CaseNumber::new(format!("{}{}{}{generation}{mark}{sequence:04}", header.outlet, day.format("%Y%m%d"), header.window,)))
}
