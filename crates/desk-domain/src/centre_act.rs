//! Acts of the centre alone: it does them itself or has the system do them that keeps the matter. Nothing is written onto
//! a card.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    application::{PurseSeen, Wish},
    card::CardImage,
    case::Service,
    closing::Reason,
    function::Function,
    id::{CardNo, CentreNumber, PersonId},
    money::Fen,
    order::{Contact, Delivery, Form, Photo},
    refund_unreadable::Payee,
    replacement::Ground,
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
    /// 申领、换领、补卡、换卡: a card is made centrally.
    Order(Box<Order>),
    /// 补卡、换卡: the same in place of a card that is lost, damaged or faulty; the old card dies at once.
    Replace(Box<Replacement>),
    /// 领卡: a made card is put into use and handed over; what it replaces dies.
    HandOver { person: PersonId, order: CentreNumber, card: CardImage },
    /// 重寄: a parcel that came back is sent once more.
    SendAgain { person: PersonId, order: CentreNumber, contact: Contact, courier: Fen },
    /// 退回中心: nobody came for a made card in time.
    SendBack { order: CentreNumber, card_no: CardNo },
    /// 退卡、注销: the card, or its transit function where others keep its other functions.
    CloseCard { person: PersonId, card: CardImage, reason: Reason },
    /// 不可读退值: a card that gives no answer stays here, and clearing says what it held.
    TakeInUnreadable { card_no: CardNo, payee: Payee },
    /// 领取退值: what clearing came to is paid, once, to whoever the card was taken in from.
    PayOut { owed: CentreNumber, card_no: CardNo, payee: Payee, amount: Fen },
}

/// A card to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub person: PersonId,
    pub wish: Wish,
    pub form: Form,
    /// Absent where one is on file, or none is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Photo>,
    /// What the purse of the card that is given up was seen to hold.
    pub purse: PurseSeen,
    /// Accepted without the line at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<DateTime<Utc>>,
}

/// A card to be made in place of one that is lost, damaged or faulty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    pub person: PersonId,
    pub old_card: CardNo,
    pub ground: Ground,
    pub delivery: Delivery,
    pub contact: Contact,
    /// What the counter takes for sending it, of one order.
    pub courier: Fen,
    /// Accepted without the line at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<DateTime<Utc>>,
}

/// What a card was ordered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ordered {
    /// For an applicant, with everything that stands on it.
    Applied(Order),
    /// In place of another.
    Instead(Replacement),
}

impl Ordered {
    #[must_use]
    pub fn wish(&self) -> Wish {
        match self {
            Self::Applied(order) => order.wish,
            Self::Instead(replacement) if replacement.ground.is_lost() => Wish::Lost,
            Self::Instead(_) => Wish::Damage,
        }
    }

    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Applied(order) => order.form.delivery,
            Self::Instead(replacement) => replacement.delivery,
        }
    }

    #[must_use]
    pub fn contact(&self) -> &Contact {
        match self {
            Self::Applied(order) => &order.form.contact,
            Self::Instead(replacement) => &replacement.contact,
        }
    }

    /// Line of the bank whose function the card will have.
    #[must_use]
    pub fn bank(&self) -> Option<&str> {
        match self {
            Self::Applied(order) => Some(&order.form.bank),
            Self::Instead(_) => None,
        }
    }
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
            Self::Order(_) => Service::Application,
            Self::Replace(replacement) => replacement.ground.service(),
            Self::HandOver { .. } => Service::PickUp,
            Self::SendAgain { .. } => Service::SendAgain,
            Self::SendBack { .. } => Service::Uncollected,
            Self::CloseCard { .. } => Service::CardReturn,
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
            | Self::HandBack { person, .. }
            | Self::HandOver { person, .. }
            | Self::SendAgain { person, .. }
            | Self::CloseCard { person, .. } => Some(person),
            Self::Order(order) => Some(&order.person),
            Self::Replace(replacement) => Some(&replacement.person),
            Self::TakeIn { .. } | Self::SendBack { .. } | Self::TakeInUnreadable { .. } | Self::PayOut { .. } => None,
        }
    }
}
