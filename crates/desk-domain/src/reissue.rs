//! Reissue of a lost card (遗失补卡): what must be true before the old card dies and a new one is written.

use chrono::NaiveDateTime;

use crate::{
    card::CardImage,
    case::{LineMode, Service},
    code::{Code, Message},
    hours,
    id::{CardNo, OperatorId, OutletId},
    mask,
    money::Fen,
    person::{CardStatus, PersonFacts},
    ruleset::RuleSet,
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
    /// A card that lies on the reader.
    pub on_reader: Option<&'a CardImage>,
    /// Blank cards of this window.
    pub blanks: u32,
}

/// What will be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub old_card: CardNo,
    /// Last four digits, for the warning.
    pub old_tail: String,
    pub fee: Fen,
    /// The new card is validated in the same case.
    pub validate: bool,
    /// Years of validity of the new card.
    pub card_years: u32,
}

/// # Errors
/// Every reason why not; never empty.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<Terms, Vec<Message>> {
    let service = Service::ReissueLost;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    let of_service = rules.service(service).map_err(one)?;
    let Some(rule) = &rules.reissue else {
        return Err(one(message(Code::OutletNotAuthorized).with("list", "无")));
    };
    if facts.person.programme != rules.programme {
        return Err(one(message(Code::ProfileMismatch)));
    }
    let mut reasons = Vec::new();
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
    let old = if rule.formal_loss_first { holds(is_lost) } else { holds(is_active).or_else(|| holds(is_lost)) };
    match old {
        None if rule.formal_loss_first && holds(is_active).is_some() => {
            reasons.push(message(Code::FormalLossFirst));
        }
        None => reasons.push(message(Code::NoActiveCard)),
        Some(old) => {
            if let Some(case) = &old.suspended_by {
                reasons.push(message(Code::CaseSuspended).with("no", case));
            }
            if facts.on_reader.is_some_and(|card| card.card_no == old.card_no && !card.blank) {
                reasons.push(message(Code::CardIsPresent));
            }
        }
    }
    // Without the line nothing is written, so no blank is needed.
    let writes = rules.outlet(facts.outlet).is_some_and(|outlet| outlet.counter_writing);
    if facts.line == LineMode::Online && (facts.blanks == 0 || !writes) {
        reasons.push(message(Code::StockEmpty));
    }
    match old {
        Some(old) if reasons.is_empty() => Ok(Terms {
            old_card: old.card_no.clone(),
            old_tail: old.card_no.tail().to_owned(),
            fee: of_service.fee.amount,
            validate: rules.validity.as_ref().is_some_and(|rule| rule.new_card),
            card_years: rule.card_years,
        }),
        Some(_) | None => Err(reasons),
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
