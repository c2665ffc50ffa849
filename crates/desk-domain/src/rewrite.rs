//! Re-write (补写卡): the centre has a load on its books that the card does not have. Whether the card may get it once more
//! (P-48).
//!
//! A load that the card has proved is on the card: nobody writes it again, whatever the card shows. What can be missing is a
//! load that was begun and of which no proof came. Its money stands in suspense, and the card itself tells that it was not
//! written: the counter stands where it stood.

use chrono::{NaiveDate, NaiveDateTime};

use crate::{
    booked::{self, Booked, Movement, Not, Stands},
    card::{CardImage, PurseImage},
    case::{Service, context::local},
    code::{Code, Message},
    hours,
    id::{CentreNumber, OperatorId, OutletId},
    person::{CardFacts, CardStatus},
    ruleset::{Level, RuleSet},
};

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    /// Local time.
    pub at: NaiveDateTime,
    pub clerk: &'a OperatorId,
    /// As read a moment ago.
    pub card: &'a CardImage,
    /// Absent before the centre was asked.
    pub centre: Option<&'a CardFacts>,
}

/// What will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms<'a> {
    pub of: &'a Booked,
    /// Somebody else began it: a second person must agree.
    pub authorise: Option<Level>,
}

/// Is this a card that could lack a load?
///
/// # Errors
/// The first reason why not: outlet, wrong programme, no purse, status. A card that is held for its torn write is what this is
/// for.
pub fn card(rules: &RuleSet, facts: Facts<'_>) -> Result<(), Message> {
    let message = |code| rules.message(Some(Service::Rewrite), code);
    hours::offered(rules, Service::Rewrite, facts.outlet, facts.at)?;
    if facts.card.purse.is_none() || !rules.owns(facts.card) || facts.card.blank {
        return Err(message(Code::ProfileMismatch));
    }
    match facts.centre.map(|centre| &centre.status) {
        None | Some(CardStatus::Active) => Ok(()),
        Some(CardStatus::Blacklisted | CardStatus::Lost) => Err(message(Code::CardBlacklisted)),
        Some(CardStatus::Replaced { by_tail }) => Err(message(Code::CardReplaced).with("tail", by_tail)),
        Some(CardStatus::Stock | CardStatus::Closed) => Err(message(Code::CardNotInUse)),
    }
}

/// # Errors
/// As [`card`], then `REWRITE_NOT_ALLOWED` with the reason.
pub fn decide<'a>(rules: &RuleSet, facts: Facts<'a>, chosen: &CentreNumber) -> Result<Terms<'a>, Message> {
    card(rules, facts)?;
    let message = |code| rules.message(Some(Service::Rewrite), code);
    let (Some(purse), Some(centre)) = (&facts.card.purse, facts.centre) else {
        return Err(message(Code::ProfileMismatch));
    };
    let of = judge(&centre.booked, chosen, purse, facts.at.date()).map_err(|not| message(not.code).with("reason", not.reason))?;
    Ok(Terms { of, authorise: (of.operator != *facts.clerk).then_some(Level::Supervisor) })
}

/// The same judgement at the counter and at the centre: `booked` is newest first, `purse` as it was read now.
///
/// # Errors
/// [`Not`]: always `REWRITE_NOT_ALLOWED`, with the first condition that is false.
pub fn judge<'a>(booked: &'a [Booked], chosen: &CentreNumber, purse: &PurseImage, today: NaiveDate) -> Result<&'a Booked, Not> {
    let not = |reason| Err(Not { code: Code::RewriteNotAllowed, reason });
    let Some(of) = booked.iter().find(|movement| movement.reservation == *chosen) else {
        return not("中心没有这笔写卡");
    };
    match of.kind {
        Movement::TopUp => {}
        Movement::Refund | Movement::Reversal | Movement::Closing => return not("这笔不是充值，没有写成的请重新办理"),
    }
    match of.stands {
        Stands::Open | Stands::Unknown => {}
        Stands::Settled => return not("卡片已证明写入，不能再写"),
        Stands::Released => return not("这笔已撤销，款项由原窗口退还"),
    }
    if booked::last(booked) != Some(of) {
        return not("其后另有写卡");
    }
    if local(of.at).date() != today {
        return not("不是当日写卡，请由中心处理");
    }
    let Some(before) = &of.before else {
        return not("没有写前的卡内记录");
    };
    if before.online_counter != purse.online_counter {
        return not("卡内联机计数器已变，请先查清原笔");
    }
    if before.balance != purse.balance || before.offline_counter != purse.offline_counter {
        return not("卡内余额与写卡前不符");
    }
    Ok(of)
}
