//! Unreadable purse refund (不可读退值): the card gives no answer and stays here; clearing says what it held, and the bearer
//! is paid once, on the slip and the document that was shown. A purse that could only be put out of use is paid the same way.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::{
    authorise,
    case::Service,
    code::{Code, Message},
    hours,
    id::{CardNo, CaseNumber, CellId, CentreNumber, OutletId},
    money::Fen,
    person::CardFacts,
    refund::{self, HandlingFee},
    ruleset::{Level, RuleSet, UnreadableRules},
};

/// Number of the document that was shown when the card was taken in; personal, so no debug print shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payee(pub String);

impl std::fmt::Debug for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payee(…)")
    }
}

/// A refund that is owed, as the centre knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Home cell of the right.
    pub cell: CellId,
    /// Reservation under which the card was taken in.
    pub reservation: CentreNumber,
    pub card_no: CardNo,
    /// First day on which it is paid.
    pub from: NaiveDate,
    /// What clearing came to; absent while it does not know.
    pub cleared: Option<Fen>,
    /// What the purse was read to hold before it was put out of use; absent where the card gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Fen>,
}

impl Owed {
    /// What is due; journeys that came in late make it less than the purse was read to hold, and nothing makes it more.
    #[must_use]
    pub fn due(&self) -> Option<Fen> {
        self.cleared.map(|cleared| self.held.map_or(cleared, |held| cleared.min(held)))
    }
}

fn rule(rules: &RuleSet, service: Service) -> Result<UnreadableRules, Message> {
    let of_purse = rules.purse.as_ref().and_then(|purse| purse.unreadable);
    of_purse.ok_or_else(|| rules.message(Some(service), Code::RefundUnsupported))
}

/// How often the card has to be tried without an answer.
///
/// # Errors
/// `REFUND_UNSUPPORTED` where the programme takes no such card in.
pub fn tries(rules: &RuleSet) -> Result<u32, Message> {
    rule(rules, Service::RefundUnreadable).map(|rule| rule.failed_reads)
}

/// May a card of which this much can be read be taken in? Its number is typed twice.
///
/// # Errors
/// `CARD_NO_ILLEGIBLE` where the number cannot be read: whose money it is cannot be known then. `FIELD_INVALID` where the
/// two numbers differ.
pub fn number<'a>(rules: &RuleSet, legible: bool, first: &'a str, second: &str) -> Result<&'a str, Message> {
    if !legible {
        return Err(rules.message(Some(Service::RefundUnreadable), Code::CardNoIllegible));
    }
    if first == second { Ok(first) } else { Err(Message::new(Code::FieldInvalid).with("field", "再次录入卡号")) }
}

/// May this card be taken in here? Answers who must agree.
///
/// # Errors
/// The first reason why not: outlet, programme, suspense, status, transit not opened, sold today.
pub fn take_in(rules: &RuleSet, outlet: &OutletId, at: NaiveDateTime, card: &CardFacts) -> Result<Level, Message> {
    let service = Service::RefundUnreadable;
    let message = |code| rules.message(Some(service), code);
    hours::offered(rules, service, outlet, at)?;
    let of_card = rule(rules, service)?;
    if card.programme != rules.programme {
        return Err(message(Code::ProfileMismatch));
    }
    refund::standing(rules, service, card)?;
    if rules.purse.as_ref().is_some_and(|purse| purse.transit_open) && !card.transit_open {
        return Err(message(Code::TransitNotOpened));
    }
    if rules.purse.as_ref().is_some_and(|purse| !purse.same_day) && card.issued_on >= at.date() {
        return Err(message(Code::PurseSoldToday));
    }
    Ok(of_card.authorise)
}

/// What the bearer is paid now, and who must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payable {
    pub amount: Fen,
    /// Taken of a purse that could be read, as in a refund that is paid at once.
    pub fee: Option<HandlingFee>,
    pub authorise: Option<Level>,
}

/// # Errors
/// `PAYOUT_NOT_READY` before its day or before clearing knows, `OVERDRAFT_FIRST` and `PURSE_EMPTY` where nothing is owed,
/// and what stands against the outlet.
pub fn payable(rules: &RuleSet, outlet: &OutletId, at: NaiveDateTime, owed: &Owed) -> Result<Payable, Message> {
    let service = Service::RefundDue;
    let message = |code| rules.message(Some(service), code);
    hours::offered(rules, service, outlet, at)?;
    let amount = match owed.due() {
        Some(due) if at.date() >= owed.from => due,
        Some(_) => return Err(message(Code::PayoutNotReady).with("date", owed.from)),
        None => return Err(message(Code::PayoutNotReady).with("date", owed.from.max(at.date()))),
    };
    if amount < Fen::ZERO {
        return Err(message(Code::OverdraftFirst).with("x", amount.negated()));
    }
    let fee = HandlingFee::of(rules).filter(|_| owed.held.is_some());
    if amount == Fen::ZERO || fee.is_some_and(|fee| fee.amount >= amount) {
        return Err(message(Code::PurseEmpty));
    }
    Ok(Payable { amount, fee, authorise: authorise::needed(rules, Service::RefundReadable, amount) })
}

/// What a desk asks the centre for: the slip, and the document of who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// Business number of the case that took the card in.
    pub number: CaseNumber,
    pub payee: Payee,
}
