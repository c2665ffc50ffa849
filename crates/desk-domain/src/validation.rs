//! Monthly validation of a card at the counter: what must be true, and the end to be written.

use chrono::NaiveDate;
use chrono::NaiveDateTime;

use crate::{
    card::CardImage,
    case::{LineMode, Service},
    code::{Code, Message},
    hours,
    id::OutletId,
    offline::{self, Answer},
    person::CardFacts,
    refund::standing,
    ruleset::RuleSet,
    validity,
};

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    /// Local time; its date is the day of the write.
    pub at: NaiveDateTime,
    pub line: LineMode,
    /// The clock agrees with the centre's and has not stepped back.
    pub clock_trusted: bool,
    pub card: &'a CardImage,
    /// Absent while the centre was not asked yet: then the card alone is judged.
    pub centre: Option<&'a CardFacts>,
}

/// The end of validity to be written.
///
/// # Errors
/// The first reason why nothing is written: `PROFILE_MISMATCH`, `NOT_STUDENT_CARD`, `CLOCK_UNTRUSTED`, what the centre
/// holds against the card, `NO_LONGER_ENTITLED`, `ALREADY_VALIDATED`, `VALIDITY_AHEAD`, `OFFLINE_VALIDATION`.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<NaiveDate, Message> {
    let service = Service::Validation;
    let message = |code| rules.message(Some(service), code);
    if !rules.owns(facts.card) {
        return Err(message(Code::ProfileMismatch));
    }
    hours::offered(rules, service, facts.outlet, facts.at)?;
    let kind_validated = rules.validity.as_ref().is_some_and(|rule| rule.holder_classes.contains(&facts.card.holder_class));
    if facts.card.blank || !kind_validated {
        return Err(message(Code::NotStudentCard));
    }
    if !facts.clock_trusted {
        return Err(message(Code::ClockUntrusted));
    }
    if let Some(centre) = facts.centre {
        standing(rules, service, centre)?;
        if !centre.entitled {
            return Err(message(Code::NoLongerEntitled));
        }
    }
    let until = validity::extend(rules, facts.card.valid_until, facts.at.date())?;
    if facts.line == LineMode::Offline {
        match offline::answer(rules, service) {
            Answer::Works => {}
            Answer::Records(message) | Answer::Accepts(message) | Answer::Refused(message) => {
                return Err(message);
            }
        }
    }
    Ok(until)
}
