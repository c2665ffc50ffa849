//! Return of a card (退卡): the purse is empty, nothing is on loan, nothing else runs; then the card dies and stays here.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::{
    card::CardImage,
    case::Service,
    code::{Code, Message},
    hours,
    id::{OperatorId, OutletId},
    person::PersonFacts,
    refund::standing,
    ruleset::RuleSet,
    self_service,
};

/// Why a card is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Left,
    Death,
    Duplicate,
    Wish,
}

impl Reason {
    pub const ALL: [Self; 4] = [Self::Left, Self::Death, Self::Duplicate, Self::Wish];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Death => "death",
            Self::Duplicate => "duplicate",
            Self::Wish => "wish",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Left => "离校或离开本市",
            Self::Death => "持卡人去世",
            Self::Duplicate => "重复持卡",
            Self::Wish => "本人要求",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    pub clerk: &'a OperatorId,
    /// Local time.
    pub at: NaiveDateTime,
    pub person: &'a PersonFacts,
    pub card: &'a CardImage,
}

/// # Errors
/// Every reason why the card is not taken back; never empty.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<(), Vec<Message>> {
    let service = Service::CardReturn;
    let message = |code| rules.message(Some(service), code);
    hours::offered(rules, service, facts.outlet, facts.at).map_err(|message| vec![message])?;
    if facts.person.programme != rules.programme {
        return Err(vec![message(Code::ProfileMismatch)]);
    }
    let Some(centre) = facts.person.cards.iter().find(|card| card.card_no == facts.card.card_no) else {
        return Err(vec![message(Code::WrongHolder)]);
    };
    let mut reasons = Vec::new();
    if let Err(message) = self_service::check(rules, service, facts.person, facts.clerk) {
        reasons.push(message);
    }
    if let Err(message) = standing(rules, service, centre) {
        reasons.push(message);
    }
    if let Some(order) = &facts.person.open_order {
        reasons.push(message(Code::ReissueInProgress).with("no", order));
    }
    if centre.issued_on >= facts.at.date() {
        reasons.push(message(Code::PurseSoldToday));
    }
    if let Some(purse) = facts.card.purse.as_ref().filter(|_| centre.transit_open) {
        if purse.balance.is_positive() {
            reasons.push(message(Code::RefundFirst).with("x", purse.balance));
        } else if purse.balance.0 < 0 {
            reasons.push(message(Code::OverdraftFirst).with("x", purse.balance.negated()));
        }
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}
