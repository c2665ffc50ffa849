//! Giving up a card (退卡), or moving its money (转值): what stands in the way.

use serde::{Deserialize, Serialize};

use crate::{
    application::{self, PurseSeen},
    card::CardImage,
    case::Service,
    code::{Code, Message},
    hours,
    loss::Facts,
    person::CardStatus,
    ruleset::RuleSet,
    self_service,
};

/// Why a card is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Left the school, or the city.
    Left,
    /// 持卡人去世
    Death,
    /// Two cards for one person.
    Duplicate,
    /// The holder's own wish.
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
            Self::Left => "毕业、转学或离开本市",
            Self::Death => "持卡人去世",
            Self::Duplicate => "重复持卡",
            Self::Wish => "持卡人自愿",
        }
    }
}

/// Are all books back that were lent on this card?
///
/// # Errors
/// `LIBRARY_LOAN_OPEN`.
pub fn loans(rules: &RuleSet, service: Option<Service>, open: u32) -> Result<(), Message> {
    if open == 0 { Ok(()) } else { Err(rules.message(service, Code::LibraryLoanOpen)) }
}

/// May this card, which lies on the reader, be given up here? Answers what the holder has to hear: only the transit
/// function ends here where other bodies keep the card's other functions.
///
/// # Errors
/// Every reason why not: `WRONG_HOLDER`, `CARD_REPLACED`, `CARD_NOT_IN_USE`, `CARD_BLACKLISTED`, `CASE_SUSPENDED`,
/// `PURSE_SOLD_TODAY`, `REISSUE_IN_PROGRESS`, `REFUND_FIRST`, `LIBRARY_LOAN_OPEN`.
pub fn close(rules: &RuleSet, facts: Facts<'_>, tapped: &CardImage, open_loans: u32) -> Result<Option<Message>, Vec<Message>> {
    let service = Service::CardReturn;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    self_service::check(rules, service, facts.person, facts.clerk).map_err(one)?;
    let Some(card) = facts.person.cards.iter().find(|card| card.card_no == tapped.card_no) else {
        return Err(one(message(Code::WrongHolder)));
    };
    match &card.status {
        CardStatus::Active | CardStatus::Lost => {}
        CardStatus::Replaced { by_tail } => return Err(one(message(Code::CardReplaced).with("tail", by_tail))),
        CardStatus::Blacklisted => return Err(one(message(Code::CardBlacklisted))),
        CardStatus::Stock | CardStatus::Closed => return Err(one(message(Code::CardNotInUse))),
    }
    let mut reasons = Vec::new();
    if let Some(case) = &card.suspended_by {
        reasons.push(message(Code::CaseSuspended).with("no", case));
    }
    if card.issued_on >= facts.at.date() {
        reasons.push(message(Code::PurseSoldToday));
    }
    if let Some(order) = &facts.person.open_order {
        reasons.push(message(Code::ReissueInProgress).with("no", order));
    }
    let purse = match &tapped.purse {
        Some(purse) if card.transit_open => PurseSeen::Holds(purse.balance),
        Some(_) => PurseSeen::Closed,
        None => PurseSeen::NotOpened,
    };
    reasons.extend(application::emptied(rules, Some(service), purse).err());
    reasons.extend(loans(rules, Some(service), open_loans).err());
    if !reasons.is_empty() {
        return Err(reasons);
    }
    Ok((!card.functions.is_empty()).then(|| crate::loss::refer_bank(rules, service, card.bank())))
}

/// May money go from one purse to another in this programme?
///
/// # Errors
/// `TRANSFER_FORBIDDEN`.
pub fn transfer(rules: &RuleSet, service: Option<Service>) -> Result<(), Message> {
    if rules.purse.as_ref().is_some_and(|purse| purse.transfer) { Ok(()) } else { Err(rules.message(service, Code::TransferForbidden)) }
}
