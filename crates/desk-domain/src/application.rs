//! Application, exchange, reissue and replacement of a card with several functions (申领·换领·补卡·换卡): what stands against
//! it before anything is keyed in, and what the customer has to hear.

use serde::{Deserialize, Serialize};

use crate::{
    case::Service,
    code::{Code, Message},
    document::NumberForm,
    function::{Function, FunctionState},
    money::Fen,
    person::CardFacts,
    ruleset::RuleSet,
};

/// What the customer wants a card for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// 首次申领
    First,
    /// 换领: an older card of the same kind for the present one; nobody has to.
    Exchange,
    /// 补卡
    Lost,
    /// 换卡, because what the card says of its holder is not so any more.
    Information,
    /// 换卡, because the card is damaged.
    Damage,
    /// 换卡, because ten years of the bank function are near or over.
    Expiry,
    /// Moved inside the area in which one card is enough.
    MovedInside,
    /// Moved out of it.
    MovedAway,
}

impl Wish {
    pub const ALL: [Self; 8] =
        [Self::First, Self::Exchange, Self::Lost, Self::Damage, Self::Information, Self::Expiry, Self::MovedInside, Self::MovedAway];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Exchange => "exchange",
            Self::Lost => "lost",
            Self::Information => "information",
            Self::Damage => "damage",
            Self::Expiry => "expiry",
            Self::MovedInside => "moved_inside",
            Self::MovedAway => "moved_away",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::First => "首次申领",
            Self::Exchange => "旧版社保卡换领",
            Self::Lost => "遗失补卡",
            Self::Information => "信息变更换卡",
            Self::Damage => "卡片损坏换卡",
            Self::Expiry => "金融功能到期换卡",
            Self::MovedInside => "省内转移社保关系",
            Self::MovedAway => "跨省转移社保关系",
        }
    }

    /// A card in the holder's hands is given up for a new one.
    #[must_use]
    pub fn replaces(self) -> bool {
        match self {
            Self::Exchange | Self::Information | Self::Damage | Self::Expiry => true,
            Self::First | Self::Lost | Self::MovedInside | Self::MovedAway => false,
        }
    }
}

/// What is known of the money in the old card's transit purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurseSeen {
    NotOpened,
    /// Read a moment ago.
    Holds(Fen),
    /// A refund, or the taking in of a purse that cannot be read, is on record.
    Closed,
    Unreadable,
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Under whose table the messages are worded; none before a service was chosen.
    pub service: Option<Service>,
    pub wish: Wish,
    /// Asked for on the web, not at this counter.
    pub online: bool,
    /// The card of this kind that the person has, from whatever outlet.
    pub held: Option<&'a CardFacts>,
    pub purse: PurseSeen,
    /// The holder agrees to the electronic card that comes with the card.
    pub consent: bool,
    /// A pension or another benefit is paid to the account of the old card.
    pub benefits: bool,
}

/// Answers what the customer has to hear before the case goes on.
///
/// # Errors
/// Every reason why not: `PROVINCIAL_CARD_EXISTS`, `NO_CHANGE_NEEDED`, `REFER_DESTINATION`, `ONLINE_FIRST_ONLY`,
/// `OFFLINE_ONLY`, `NO_ACTIVE_CARD`, `FORMAL_LOSS_FIRST`, `REFUND_FIRST`, `BALANCE_UNKNOWN`, `CONSENT_REQUIRED`.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<Vec<Message>, Vec<Message>> {
    let message = |code| rules.message(facts.service, code);
    match facts.wish {
        Wish::MovedInside => return Err(vec![message(Code::NoChangeNeeded)]),
        Wish::MovedAway => return Err(vec![message(Code::ReferDestination)]),
        Wish::First | Wish::Exchange | Wish::Lost | Wish::Information | Wish::Damage | Wish::Expiry => {}
    }
    let mut reasons = Vec::new();
    match (facts.wish, facts.held) {
        (Wish::First, Some(_)) if facts.online => reasons.push(message(Code::OnlineFirstOnly)),
        (Wish::First, Some(_)) => reasons.push(message(Code::ProvincialCardExists)),
        (Wish::First, None) => {}
        (Wish::Lost, Some(card)) if !card.formally_lost() => reasons.push(message(Code::FormalLossFirst)),
        (_, Some(_)) => {}
        (_, None) => reasons.push(message(Code::NoActiveCard)),
    }
    if facts.wish.replaces() {
        if facts.online {
            let code = if facts.wish == Wish::Exchange { Code::OnlineFirstOnly } else { Code::OfflineOnly };
            reasons.push(message(code));
        }
        if let Err(message) = emptied(rules, facts.service, facts.purse) {
            reasons.push(message);
        }
    }
    if !facts.consent {
        reasons.push(message(Code::ConsentRequired));
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let moves_account = facts.wish.replaces() || facts.wish == Wish::Lost;
    Ok(if moves_account && facts.benefits { vec![message(Code::BenefitWarning)] } else { Vec::new() })
}

/// Is the purse of a card that is given up empty, or taken in? Nothing is moved to the new card.
///
/// # Errors
/// `REFUND_FIRST` with what is in it, `BALANCE_UNKNOWN`.
pub fn emptied(rules: &RuleSet, service: Option<Service>, purse: PurseSeen) -> Result<(), Message> {
    match purse {
        PurseSeen::NotOpened | PurseSeen::Closed | PurseSeen::Holds(Fen::ZERO) => Ok(()),
        PurseSeen::Holds(balance) => Err(rules.message(service, Code::RefundFirst).with("x", balance)),
        PurseSeen::Unreadable => Err(rules.message(service, Code::BalanceUnknown)),
    }
}

/// Has the social-security function moved to the new card by itself? Asked of its keeper before the case ends.
///
/// # Errors
/// `HR_MIGRATION_PENDING`: an exception that the centre pursues, and nothing for the customer to do.
pub fn moved(rules: &RuleSet, service: Option<Service>, new: &CardFacts) -> Result<(), Message> {
    match new.function(Function::SocialSecurity).map(|facts| &facts.state) {
        Some(FunctionState::Normal) => Ok(()),
        Some(FunctionState::NotOpened | FunctionState::TemporaryLoss { .. } | FunctionState::FormalLoss { .. } | FunctionState::Closed)
        | None => Err(rules.message(service, Code::HrMigrationPending)),
    }
}

/// May the number of this document be used as the holder's social-security number?
///
/// # Errors
/// `SSN_TYPE_MISMATCH` for everybody but mainland residents, whose two numbers are the same.
pub fn social_security_number(rules: &RuleSet, service: Option<Service>, form: NumberForm) -> Result<(), Message> {
    match form {
        NumberForm::Mainland | NumberForm::MainlandOld => Ok(()),
        NumberForm::Hmt | NumberForm::Foreign | NumberForm::ForeignOld | NumberForm::Travel => {
            Err(rules.message(service, Code::SsnTypeMismatch))
        }
    }
}

/// Nothing answered on the reader: is the card one that could have?
///
/// # Errors
/// `NO_CONTACTLESS` where it does not bear the contactless mark: it is old, not damaged.
pub fn contactless(rules: &RuleSet, service: Option<Service>, bears_mark: bool) -> Result<(), Message> {
    if bears_mark { Ok(()) } else { Err(rules.message(service, Code::NoContactless)) }
}
