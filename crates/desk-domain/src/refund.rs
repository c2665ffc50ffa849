//! Readable purse refund (可读退值): what must be true before a purse is brought to zero and its amount paid.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::{
    authorise,
    card::{CardImage, RefundMethod},
    case::Service,
    code::{Code, Message},
    hours,
    id::OutletId,
    money::Fen,
    person::{CardFacts, CardStatus},
    ruleset::{FeeTaken, Level, RuleSet},
};

/// Handling fee of a refund, as the rule set said when the card became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlingFee {
    pub amount: Fen,
    pub taken: FeeTaken,
}

impl HandlingFee {
    /// None where the programme takes none.
    #[must_use]
    pub fn of(rules: &RuleSet) -> Option<Self> {
        let purse = rules.purse.as_ref()?;
        purse.refund_fee.is_positive().then_some(Self { amount: purse.refund_fee, taken: purse.refund_fee_taken })
    }
}

/// What is counted out to the bearer of this much; zero where the fee takes all of it.
#[must_use]
pub fn paid(amount: Fen, fee: Option<HandlingFee>) -> Fen {
    match fee {
        Some(HandlingFee { amount: fee, taken: FeeTaken::Deducted }) => amount.minus(fee).unwrap_or(Fen::ZERO).max(Fen::ZERO),
        Some(HandlingFee { taken: FeeTaken::Cash, .. }) | None => amount,
    }
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    /// Local time.
    pub at: NaiveDateTime,
    /// As read a moment ago.
    pub card: &'a CardImage,
    /// Absent without the line; then only the card is judged and the centre judges later.
    pub centre: Option<&'a CardFacts>,
}

/// What will be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What the card holds, all of it.
    pub amount: Fen,
    pub fee: Option<HandlingFee>,
    /// What the bearer is paid.
    pub payout: Fen,
    pub method: RefundMethod,
    /// A second person must agree.
    pub authorise: Option<Level>,
    /// The bearer's identity must be recorded.
    pub identify: bool,
}

/// # Errors
/// The first reason why not, gravest first: wrong programme, outlet, suspense, status, transit not opened, sold today,
/// incomplete trip, overdraft, nothing on it, method.
pub fn decide(rules: &RuleSet, facts: Facts<'_>) -> Result<Terms, Message> {
    let message = |code| rules.message(Some(Service::RefundReadable), code);
    hours::offered(rules, Service::RefundReadable, facts.outlet, facts.at)?;
    if !rules.owns(facts.card) {
        return Err(message(Code::ProfileMismatch));
    }
    let Some(rule) = &rules.purse else {
        return Err(message(Code::RefundUnsupported));
    };
    let Some(purse) = facts.card.purse.as_ref().filter(|_| !facts.card.blank) else {
        return Err(message(Code::RefundUnsupported));
    };
    if let Some(centre) = facts.centre {
        standing(rules, Service::RefundReadable, centre)?;
        if rule.transit_open && !centre.transit_open {
            return Err(message(Code::TransitNotOpened));
        }
        if !rule.same_day && sold_on(centre.issued_on, facts.at.date()) {
            return Err(message(Code::PurseSoldToday));
        }
    }
    if purse.incomplete_trip {
        return Err(message(Code::IncompleteTrip));
    }
    if purse.balance < Fen::ZERO {
        return Err(message(Code::OverdraftFirst).with("x", purse.balance.negated()));
    }
    if purse.balance == Fen::ZERO {
        return Err(message(Code::PurseEmpty));
    }
    let later = purse.refund_method == RefundMethod::BlockThenBackOffice;
    if later && rule.back_office.is_none() {
        return Err(message(Code::RefundUnsupported));
    }
    let fee = HandlingFee::of(rules);
    let payout = paid(purse.balance, fee);
    // Nobody gives a purse up for less than the fee.
    if fee.is_some_and(|fee| fee.amount >= purse.balance) {
        return Err(message(Code::PurseEmpty));
    }
    Ok(Terms {
        amount: purse.balance,
        fee,
        payout,
        method: purse.refund_method,
        authorise: authorise::needed(rules, Service::RefundReadable, purse.balance),
        // Who comes for the money later must be the one who was here.
        identify: later || purse.balance > rule.identity_above,
    })
}

/// A refund of a part, or of another amount than the card holds, is not made.
///
/// # Errors
/// `AMOUNT_INVALID`.
pub fn full_amount(rules: &RuleSet, terms: &Terms, asked: Fen) -> Result<(), Message> {
    let full_only = rules.purse.as_ref().is_none_or(|rule| rule.full_only);
    if asked == terms.amount || (!full_only && asked.is_positive() && asked < terms.amount) {
        return Ok(());
    }
    Err(rules.message(Some(Service::RefundReadable), Code::FullRefundOnly).with("x", terms.amount))
}

/// A card that the centre holds back, or that is no longer the holder's card.
pub(crate) fn standing(rules: &RuleSet, service: Service, centre: &CardFacts) -> Result<(), Message> {
    let message = |code| rules.message(Some(service), code);
    if let Some(case) = &centre.suspended_by {
        return Err(message(Code::CaseSuspended).with("no", case));
    }
    match &centre.status {
        CardStatus::Active => Ok(()),
        CardStatus::Blacklisted | CardStatus::Lost => Err(message(Code::CardBlacklisted)),
        CardStatus::Replaced { by_tail } => Err(message(Code::CardReplaced).with("tail", by_tail)),
        CardStatus::Stock | CardStatus::Closed => Err(message(Code::CardNotInUse)),
    }
}

fn sold_on(issued: NaiveDate, today: NaiveDate) -> bool {
    issued >= today
}
