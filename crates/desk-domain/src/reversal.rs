//! Reversal of a mistaken operation (冲正、返销): what may be taken back, by whom and until when (P-47).

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::{
    booked::{self, Booked, Movement, Not, Stands},
    card::{CardImage, PurseImage, RefundMethod},
    case::{Service, context::local},
    code::{Code, Message},
    hours,
    id::{CentreNumber, OperatorId, OutletId},
    person::CardFacts,
    refund::standing,
    ruleset::RuleSet,
};

/// What the clerk says went wrong: the business that is to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    TopUp,
    Refund,
    NewCard,
    PasswordReset,
    FormalLoss,
    Validation,
    Other,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::TopUp, Self::Refund, Self::NewCard, Self::PasswordReset, Self::FormalLoss, Self::Validation, Self::Other];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "top_up",
            Self::Refund => "refund",
            Self::NewCard => "new_card",
            Self::PasswordReset => "password_reset",
            Self::FormalLoss => "formal_loss",
            Self::Validation => "validation",
            Self::Other => "other",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::TopUp => "充值",
            Self::Refund => "退值（现金已付）",
            Self::NewCard => "补卡·换卡",
            Self::PasswordReset => "密码重置",
            Self::FormalLoss => "正式挂失",
            Self::Validation => "增效",
            Self::Other => "其他",
        }
    }

    /// Why it is not taken back, and what is done instead; none for what may be.
    #[must_use]
    pub fn forbidden(self) -> Option<&'static str> {
        match self {
            Self::TopUp => None,
            Self::Refund => Some("退值现金已付客户，确属错误的经网点负责人同意另办充值"),
            Self::NewCard => Some("新卡已写、旧卡已作废，按补换卡规定另行处理"),
            Self::PasswordReset => Some("密码已重置，请家长自行修改密码"),
            Self::FormalLoss => Some("正式挂失已生效，请通过原渠道办理解挂"),
            Self::Validation => Some("增效只延长有效期，不影响持卡人"),
            Self::Other => Some("该业务没有可退回的款项，请按更正或重新办理处理"),
        }
    }
}

/// What was mistaken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    Amount,
    WrongCard,
    WrongService,
    CustomerChanged,
}

impl Mistake {
    pub const ALL: [Self; 4] = [Self::Amount, Self::WrongCard, Self::WrongService, Self::CustomerChanged];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::WrongCard => "wrong_card",
            Self::WrongService => "wrong_service",
            Self::CustomerChanged => "customer_changed",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Amount => "金额录错",
            Self::WrongCard => "充错卡",
            Self::WrongService => "选错业务",
            Self::CustomerChanged => "客户当场改变主意",
        }
    }
}

/// What became of the customer's paper of the mistaken business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldPaper {
    TakenBack,
    /// The customer signs that it is lost.
    DeclaredLost,
}

impl OldPaper {
    pub const ALL: [Self; 2] = [Self::TakenBack, Self::DeclaredLost];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakenBack => "taken_back",
            Self::DeclaredLost => "declared_lost",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::TakenBack => "已收回，加盖作废章",
            Self::DeclaredLost => "客户声明遗失",
        }
    }
}

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

/// # Errors
/// `REVERSAL_FORBIDDEN` for a business that cannot be taken back.
pub fn kind(rules: &RuleSet, kind: Kind) -> Result<(), Message> {
    let nothing = (kind == Kind::TopUp && rules.purse.is_none()).then_some("该卡种没有充值");
    match nothing.or(kind.forbidden()) {
        None => Ok(()),
        Some(reason) => Err(rules.message(Some(Service::Reversal), Code::ReversalForbidden).with("reason", reason)),
    }
}

/// Is this a card of whose movements one could be taken back here at all?
///
/// # Errors
/// The first reason why not: outlet, wrong programme, no purse, a purse from which no part can be taken, status.
pub fn card(rules: &RuleSet, facts: Facts<'_>) -> Result<(), Message> {
    let message = |code| rules.message(Some(Service::Reversal), code);
    hours::offered(rules, Service::Reversal, facts.outlet, facts.at)?;
    let Some(purse) = facts.card.purse.as_ref().filter(|_| rules.owns(facts.card) && !facts.card.blank) else {
        return Err(message(Code::ProfileMismatch));
    };
    if purse.refund_method != RefundMethod::Unload {
        return Err(message(Code::ReversalForbidden).with("reason", "该卡不支持从钱包退出部分金额"));
    }
    facts.centre.map_or(Ok(()), |centre| standing(rules, Service::Reversal, centre))
}

/// The movement that is taken back.
///
/// # Errors
/// As [`card`], then `REVERSAL_FORBIDDEN`, `REVERSAL_NOT_LATEST`, `REVERSAL_NOT_SAME_DAY`, `REVERSAL_NOT_OWN` or
/// `CARD_MOVED_ON`.
pub fn decide<'a>(rules: &RuleSet, facts: Facts<'a>, chosen: &CentreNumber) -> Result<&'a Booked, Message> {
    card(rules, facts)?;
    let message = |code| rules.message(Some(Service::Reversal), code);
    let (Some(purse), Some(centre)) = (&facts.card.purse, facts.centre) else {
        return Err(message(Code::ProfileMismatch));
    };
    judge(&centre.booked, chosen, purse, facts.clerk, facts.outlet, facts.at.date())
        .map_err(|not| message(not.code).with("reason", not.reason))
}

/// The same judgement at the counter and at the centre: `booked` is newest first, `purse` as it was read now.
///
/// # Errors
/// [`Not`], gravest first: kind, latest, settled, day, clerk, what the card shows.
pub fn judge<'a>(
    booked: &'a [Booked],
    chosen: &CentreNumber,
    purse: &PurseImage,
    clerk: &OperatorId,
    outlet: &OutletId,
    today: NaiveDate,
) -> Result<&'a Booked, Not> {
    let not = |code, reason| Err(Not { code, reason });
    let Some(of) = booked.iter().find(|movement| movement.reservation == *chosen) else {
        return not(Code::ReversalNotLatest, "中心没有这笔业务");
    };
    match of.kind {
        Movement::TopUp => {}
        Movement::Refund => return not(Code::ReversalForbidden, "退值现金已付客户，确属错误的经网点负责人同意另办充值"),
        Movement::Reversal => return not(Code::ReversalForbidden, "这笔就是冲正，先冲正再重新办理"),
        Movement::Closing => return not(Code::ReversalForbidden, "卡已收回"),
    }
    if of.stands == Stands::Settled && local(of.at).date() != today {
        return not(Code::ReversalNotSameDay, "日结后由中心更正");
    }
    if booked::last(booked) != Some(of) || of.stands != Stands::Settled {
        return not(Code::ReversalNotLatest, "其后还有业务，或这笔没有入账");
    }
    if of.operator != *clerk || of.outlet != *outlet {
        return not(Code::ReversalNotOwn, "由原经办人在原网点办理");
    }
    let moved = of.before.as_ref().is_none_or(|before| {
        before.online_counter.checked_add(1) != Some(purse.online_counter)
            || before.offline_counter != purse.offline_counter
            || before.balance.plus(of.amount).ok() != Some(purse.balance)
    });
    if moved {
        return not(Code::CardMovedOn, "卡内计数器或余额已变");
    }
    Ok(of)
}
