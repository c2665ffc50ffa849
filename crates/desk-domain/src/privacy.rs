//! What personal data may be looked up and shown (R-SZ-10, R-SZ-11): by a whole number only, for a purpose of the programme,
//! in full only with a reason.

use crate::{
    code::{Code, Message},
    normalise,
    ruleset::RuleSet,
};

/// No number of a document or a card is shorter.
const SHORTEST: usize = 5;

/// Is this one whole number, as it is read from a document or a card? A search that could list people does not exist.
///
/// # Errors
/// `QUERY_TOO_WIDE`.
pub fn whole(rules: &RuleSet, typed: &str) -> Result<(), Message> {
    if is_whole(typed) { Ok(()) } else { Err(rules.message(None, Code::QueryTooWide)) }
}

/// The same where no rule set is at hand.
#[must_use]
pub fn is_whole(typed: &str) -> bool {
    let number = normalise::id_number(typed);
    number.chars().count() >= SHORTEST && number.chars().all(|character| character.is_ascii_alphanumeric())
}

/// Reasons for which masked text may be shown; the programme's purposes where it names no reasons of its own.
#[must_use]
pub fn reasons(rules: &RuleSet) -> &[String] {
    let own = rules.text("reveal.reasons");
    if own.is_empty() { rules.text("purposes") } else { own }
}

/// May masked text be shown for this?
///
/// # Errors
/// `PURPOSE_REQUIRED` without one of the programme's purposes, `REVEAL_REASON_REQUIRED` without one of its reasons.
pub fn grounds(rules: &RuleSet, reason: &str, purpose: &str) -> Result<(), Message> {
    let purposes = rules.text("purposes");
    if !purposes.is_empty() && !purposes.iter().any(|known| known == purpose) {
        return Err(rules.message(None, Code::PurposeRequired));
    }
    let known = reasons(rules);
    if reason.trim().is_empty() || (!known.is_empty() && !known.iter().any(|known| known == reason)) {
        return Err(rules.message(None, Code::RevealReasonRequired));
    }
    Ok(())
}
