//! Top-up of a purse (充值): what must be true before money is taken, and how much may be put on.

use chrono::NaiveDateTime;

use crate::{
    card::CardImage,
    case::Service,
    code::{Code, Message},
    hours,
    id::OutletId,
    money::Fen,
    person::CardFacts,
    purse,
    refund::standing,
    ruleset::RuleSet,
};

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    /// Local time.
    pub at: NaiveDateTime,
    /// As read a moment ago.
    pub card: &'a CardImage,
    /// Absent before the centre was asked.
    pub centre: Option<&'a CardFacts>,
}

/// Answers the most that may be put on now.
///
/// # Errors
/// The first reason why not, gravest first: outlet, wrong programme, no purse, suspense, status, transit not opened, full.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<Fen, Message> {
    let message = |code| rules.message(Some(Service::TopUp), code);
    hours::offered(rules, Service::TopUp, facts.outlet, facts.at)?;
    let (Some(rule), true, false) = (&rules.purse, rules.owns(facts.card), facts.card.blank) else {
        return Err(message(Code::ProfileMismatch));
    };
    let Some(purse) = &facts.card.purse else {
        return Err(message(Code::ProfileMismatch));
    };
    if let Some(centre) = facts.centre {
        standing(rules, Service::TopUp, centre)?;
        if rule.transit_open && !centre.transit_open {
            return Err(message(Code::TransitNotOpened));
        }
    }
    purse::room(rules, purse.balance, rule.top_up_step)?;
    rule.cap.minus(purse.balance).map_err(|_| Message::new(Code::AmountInvalid))
}

/// The amount as typed, against what the purse holds.
///
/// # Errors
/// `AMOUNT_INVALID` where it is no amount, less than the least, or no whole number of steps; `PURSE_CAP`.
pub fn amount(rules: &RuleSet, balance: Fen, typed: &str) -> Result<Fen, Message> {
    let Some(rule) = &rules.purse else {
        return Err(rules.message(Some(Service::TopUp), Code::ProfileMismatch));
    };
    let amount = Fen::parse_yuan(typed)?;
    let whole = rule.top_up_step.is_positive() && amount.0.checked_rem(rule.top_up_step.0) == Some(0);
    if amount < rule.top_up_least || !whole {
        return Err(rules.message(Some(Service::TopUp), Code::AmountInvalid));
    }
    purse::room(rules, balance, amount)?;
    Ok(amount)
}
