//! A new card for a lost, damaged or faulty one (遗失补卡、损坏换卡、质量换卡): what must be true before the old card dies and
//! a new one is written.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::{
    card::CardImage,
    case::{LineMode, Service},
    code::{Code, Message},
    courier, fee, hours,
    id::{CardNo, OperatorId, OutletId},
    mask,
    money::Fen,
    person::{CardStatus, PersonFacts},
    replacement::{self, Ground},
    ruleset::{Fee, RuleSet},
    self_service,
};

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    pub clerk: &'a OperatorId,
    /// Local time.
    pub at: NaiveDateTime,
    pub line: LineMode,
    pub person: &'a PersonFacts,
    /// Why, with what proves it. Its own rules were asked when the old card was handed in.
    pub ground: &'a Ground,
    /// The card that was handed in, where its number is known.
    pub old_card: Option<&'a CardNo>,
    /// A card that lies on the reader.
    pub on_reader: Option<&'a CardImage>,
    /// Blank cards of this window.
    pub blanks: u32,
}

/// Where the new card can be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ways {
    /// Why none is written here now, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_here: Option<Message>,
    /// Made centrally, where the programme has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub central: Option<CentralTerms>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CentralTerms {
    /// What the counter takes for sending it; none where the programme sends no cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier: Option<CourierFee>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierFee {
    pub amount: Fen,
    pub label: String,
}

/// What will be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub old_card: CardNo,
    /// Last four digits, for the warning.
    pub old_tail: String,
    pub fee: Fen,
    pub fee_label: String,
    pub ways: Ways,
    /// The new card is validated in the same case.
    pub validate: bool,
    /// Years of validity of the new card.
    pub card_years: u32,
}

/// # Errors
/// Every reason why not; never empty.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<Terms, Vec<Message>> {
    let service = facts.ground.service();
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    let Some(rule) = &rules.reissue else {
        return Err(one(message(Code::OutletNotAuthorized).with("list", "无")));
    };
    if facts.person.programme != rules.programme {
        return Err(one(message(Code::ProfileMismatch)));
    }
    let mut reasons = Vec::new();
    let fee = fee(rules, facts.ground).map_err(|messages| reasons.extend(messages)).ok();
    if let Err(message) = self_service::check(rules, service, facts.person, facts.clerk) {
        reasons.push(message);
    }
    if let Some(order) = &facts.person.open_order {
        reasons.push(message(Code::ReissueInProgress).with("no", order));
    }
    if !facts.person.entitled {
        reasons.push(message(Code::NoLongerEntitled));
    }
    let holds =
        |status: fn(&CardStatus) -> bool| facts.person.cards.iter().find(|card| card.programme == rules.programme && status(&card.status));
    let lost = facts.ground.is_lost();
    let old = match (lost, rule.formal_loss_first) {
        (true, true) => holds(is_lost),
        (true, false) => holds(is_active).or_else(|| holds(is_lost)),
        (false, _) => holds(is_active),
    };
    match old {
        None if lost && rule.formal_loss_first && holds(is_active).is_some() => {
            reasons.push(message(Code::FormalLossFirst));
        }
        None => reasons.push(message(Code::NoActiveCard)),
        Some(old) => {
            if let Some(case) = &old.suspended_by {
                reasons.push(message(Code::CaseSuspended).with("no", case));
            }
            if let Some(handed_in) = facts.old_card.filter(|handed_in| **handed_in != old.card_no) {
                reasons.push(message(Code::WrongCard).with("a", old.card_no.tail()).with("b", handed_in.tail()));
            }
            if lost && facts.on_reader.is_some_and(|card| card.card_no == old.card_no && !card.blank) {
                reasons.push(message(Code::CardIsPresent));
            }
        }
    }
    // Without the line nothing is written, so no blank is needed.
    let writes = rules.outlet(facts.outlet).is_some_and(|outlet| outlet.counter_writing);
    let not_here = (facts.line == LineMode::Online && (facts.blanks == 0 || !writes)).then(|| message(Code::StockEmpty));
    let central = central(rules, service);
    if central.is_none() {
        reasons.extend(not_here.clone());
    }
    match (old, fee) {
        (Some(old), Some(fee)) if reasons.is_empty() => Ok(Terms {
            old_card: old.card_no.clone(),
            old_tail: old.card_no.tail().to_owned(),
            fee: fee.amount,
            fee_label: fee.label.clone(),
            ways: Ways { not_here, central },
            validate: rules.validity.as_ref().is_some_and(|rule| rule.new_card),
            card_years: rule.card_years,
        }),
        (Some(_) | None, _) => Err(reasons),
    }
}

/// Is it made centrally too, and what does sending it cost?
fn central(rules: &RuleSet, service: Service) -> Option<CentralTerms> {
    rules.production.as_ref()?;
    let courier = rules.courier.as_ref().and_then(|rule| {
        let amount = courier::of(rules, Some(service), true).ok()?;
        Some(CourierFee { amount, label: rule.fee.label.clone() })
    });
    Some(CentralTerms { courier })
}

/// What it costs, by its ground.
fn fee<'a>(rules: &'a RuleSet, ground: &Ground) -> Result<&'a Fee, Vec<Message>> {
    match ground {
        Ground::Lost => fee::of(rules, Service::ReissueLost).map_err(|message| vec![message]),
        // It is kept from the moment on which its number is.
        Ground::Damage { .. } | Ground::Quality { .. } => replacement::decide(rules, ground.facts(ground.service(), true)),
    }
}

/// A second reissue while the card of the first is in use: shown with the card that exists.
#[must_use]
pub fn active_card_exists(rules: &RuleSet, card: &CardNo) -> Message {
    rules.message(Some(Service::ReissueLost), Code::ActiveCardExists).with("masked", mask::card_on_paper(card.as_str()))
}

fn is_active(status: &CardStatus) -> bool {
    matches!(status, CardStatus::Active)
}

fn is_lost(status: &CardStatus) -> bool {
    matches!(status, CardStatus::Lost)
}
