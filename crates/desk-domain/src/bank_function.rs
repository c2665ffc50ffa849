//! The bank's part of a card: until when it works over a counter, whether it was ever opened, and who opens it. It never
//! stands in the way of another function.

use chrono::{Months, NaiveDate};

use crate::{
    case::Service,
    code::{Code, Message},
    function::{Function, FunctionState},
    loss,
    person::CardFacts,
    ruleset::RuleSet,
};

/// Last day of the bank function of a card issued then; none where the programme knows no such end.
#[must_use]
pub fn ends(rules: &RuleSet, issued: NaiveDate) -> Option<NaiveDate> {
    issued.checked_add_months(Months::new(rules.bank_function.as_ref()?.years.checked_mul(12)?))
}

/// What a holder hears of it: `FIN_EXPIRED` or `FIN_EXPIRING`, with `REPLACE_ADVISED`; `FIN_NOT_ACTIVE`. Only of a card
/// with a bank function.
#[must_use]
pub fn advice(rules: &RuleSet, service: Option<Service>, card: &CardFacts, today: NaiveDate) -> Vec<Message> {
    let message = |code| rules.message(service, code);
    let (Some(rule), Some(bank)) = (&rules.bank_function, card.function(Function::Bank)) else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if bank.state == FunctionState::NotOpened {
        told.push(message(Code::FinNotActive).with("bank", loss::bank_name(rules, card.bank())));
    }
    if let Some(end) = ends(rules, card.issued_on) {
        let remind = end.checked_sub_months(Months::new(rule.remind_months));
        if end < today {
            told.push(message(Code::FinExpired));
            told.push(message(Code::ReplaceAdvised));
        } else if remind.is_none_or(|remind| remind <= today) {
            told.push(message(Code::FinExpiring).with("date", end));
            told.push(message(Code::ReplaceAdvised));
        }
    }
    told
}

/// Who may have the bank function opened: the holder, at the bank on the card.
///
/// # Errors
/// `HOLDER_IN_PERSON` by the programme's rule of activation.
pub fn activation(rules: &RuleSet, by_holder: bool) -> Result<(), Message> {
    if by_holder {
        return Ok(());
    }
    let rule = rules.bank_function.as_ref().map_or("", |rule| rule.activation_rule.as_str());
    Err(rules.by_rule(Code::HolderInPerson, rule))
}
