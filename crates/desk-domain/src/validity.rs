//! Monthly validation (增效): up to which day a card becomes valid, and whether it needs writing at all.

use chrono::{Datelike, Months, NaiveDate};

use crate::{
    case::Service,
    code::{Code, Message},
    ruleset::{RuleSet, ValidityRules},
};

/// End of validity for a validation on `day`: the end of its month up to the boundary day, else of the next month.
/// `None` only at the end of the calendar's range.
#[must_use]
pub fn end_for(rules: &ValidityRules, day: NaiveDate) -> Option<NaiveDate> {
    let ahead = u32::from(day.day() > rules.boundary_day);
    month_end(day, ahead)
}

/// Last day of the month that lies `ahead` months after the month of `day`.
fn month_end(day: NaiveDate, ahead: u32) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(Months::new(ahead.checked_add(1)?))?.pred_opt()
}

/// The end to be written on `day` onto a card that is valid until `current`.
///
/// # Errors
/// `ALREADY_VALIDATED` where writing would change nothing, `VALIDITY_AHEAD` where the card is further ahead than a
/// validation can have brought it.
pub fn extend(rules: &RuleSet, current: Option<NaiveDate>, day: NaiveDate) -> Result<NaiveDate, Message> {
    let message = |code| rules.message(Some(Service::Validation), code);
    let validity = rules.validity.as_ref().ok_or_else(|| message(Code::NotStudentCard))?;
    let end = end_for(validity, day).ok_or_else(|| message(Code::ClockUntrusted))?;
    let Some(current) = current.filter(|current| *current >= end) else {
        return Ok(end);
    };
    let furthest = month_end(end, validity.ahead_months);
    if furthest.is_none_or(|furthest| current > furthest) {
        return Err(message(Code::ValidityAhead).with("date", current));
    }
    Err(message(Code::AlreadyValidated).with("date", current))
}

/// The hint for days just before the boundary (`21日起办理可续至下月底`).
#[must_use]
pub fn hint(rules: &ValidityRules, day: NaiveDate) -> Option<&str> {
    (rules.hint_from..=rules.boundary_day).contains(&day.day()).then_some(rules.hint.as_str())
}

/// How an end of validity is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Never validated.
    None,
    Valid,
    /// Ends within the programme's amber days.
    Ending,
    Expired,
}

#[must_use]
pub fn shown(rules: &ValidityRules, end: Option<NaiveDate>, day: NaiveDate) -> Shown {
    let Some(end) = end else {
        return Shown::None;
    };
    let left = (end - day).num_days();
    if left < 0 {
        Shown::Expired
    } else if left <= i64::from(rules.amber_days) {
        Shown::Ending
    } else {
        Shown::Valid
    }
}
