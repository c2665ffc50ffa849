//! Acts of the centre alone: it does them itself or has the system do them that keeps the matter. Nothing is written onto
//! a card.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    card::CardImage,
    case::Service,
    function::Function,
    id::{CardNo, CentreNumber, PersonId},
    money::Fen,
    refund_unreadable::Payee,
};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum CentreAct {
    /// 正式挂失 of these functions, at the card's bank; the social-security state is read back from its own keeper.
    ReportLoss {
        person: PersonId,
        card_no: CardNo,
        functions: Vec<Function>,
        /// Accepted without the line at this moment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<DateTime<Utc>>,
    },
    /// 解挂 of everything that was reported through this channel; the card was read.
    ReleaseLoss { person: PersonId, card: CardImage },
    /// A ticket to whoever has to act.
    Ticket { person: PersonId, matter: Matter },
    /// Another code by text message to the number on record.
    ResendCode { person: PersonId },
    /// 拾获: a card found and handed in lies in a bag here; its holder is told.
    TakeIn { card_no: CardNo },
    /// 认领: a found card goes back to its holder.
    HandBack { person: PersonId, card: CardImage },
    /// 不可读退值: a card that gives no answer stays here, and clearing says what it held.
    TakeInUnreadable { card_no: CardNo, payee: Payee },
    /// 领取退值: what clearing came to is paid, once, to whoever the card was taken in from.
    PayOut { owed: CentreNumber, card_no: CardNo, payee: Payee, amount: Fen },
}

/// What a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The promised day of a first card is over.
    OverdueIssue,
    /// A found card waits for its holder.
    CardFound,
    /// The school is asked to add or change the first guardian's contact.
    GuardianContact,
}

impl Matter {
    /// Stable name, part of the right's key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OverdueIssue => "overdue_issue",
            Self::CardFound => "card_found",
            Self::GuardianContact => "guardian_contact",
        }
    }
}

impl CentreAct {
    /// The service that an outlet needs for it.
    #[must_use]
    pub fn service(&self) -> Service {
        match self {
            Self::ReportLoss { .. } => Service::FormalLoss,
            Self::ReleaseLoss { .. } => Service::LossRelease,
            Self::Ticket { matter: Matter::OverdueIssue, .. } => Service::FirstIssue,
            Self::Ticket { matter: Matter::GuardianContact, .. } | Self::ResendCode { .. } => Service::SmsDiagnosis,
            Self::Ticket { matter: Matter::CardFound, .. } | Self::TakeIn { .. } => Service::FoundCard,
            Self::HandBack { .. } => Service::FoundCardBack,
            Self::TakeInUnreadable { .. } => Service::RefundUnreadable,
            Self::PayOut { .. } => Service::RefundDue,
        }
    }

    /// The person whose record guards the act; a card handed in and a bearer's purse need none.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::ReportLoss { person, .. }
            | Self::ReleaseLoss { person, .. }
            | Self::Ticket { person, .. }
            | Self::ResendCode { person }
            | Self::HandBack { person, .. } => Some(person),
            Self::TakeIn { .. } | Self::TakeInUnreadable { .. } | Self::PayOut { .. } => None,
        }
    }
}
