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

/// Is the person at the window known by a document, so that numbers of his or hers may be told?
///
/// # Errors
/// `IDENTITY_REQUIRED`.
pub fn identified(rules: &RuleSet, by_document: bool) -> Result<(), Message> {
    if by_document { Ok(()) } else { Err(rules.message(None, Code::IdentityRequired)) }
}

/// Shortest account number of a bank.
const ACCOUNT_DIGITS: usize = 16;

/// A remark holds no account of a bank, however its digits are grouped; numbers of this card and of identity documents are no
/// business of a remark either, and are stopped with it.
///
/// # Errors
/// `BANK_NO_FORBIDDEN`.
pub fn remark(rules: &RuleSet, typed: &str) -> Result<(), Message> {
    let mut run = 0_usize;
    for character in normalise::text(typed).chars() {
        if character.is_ascii_digit() {
            run = run.saturating_add(1);
        } else if !matches!(character, ' ' | '-') {
            run = 0;
        }
        if run >= ACCOUNT_DIGITS {
            return Err(rules.message(None, Code::BankNoForbidden));
        }
    }
    Ok(())
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
