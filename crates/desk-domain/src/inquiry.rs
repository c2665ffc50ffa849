//! What a case asks about a person beyond the register: the centre asks the system that keeps it, and says when it was
//! heard.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::CentreNumber, order::OrderFacts};

/// What about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inquiry {
    /// The states of the functions of the person's cards, fresh from their keepers.
    Functions,
    /// How far a first card has come.
    FirstIssue,
    /// Codes by text message to the number on record.
    Codes,
    /// Cards that are being made, and whether a photo is on file.
    Orders,
    /// What stands against giving up a card.
    Closing,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Inquired {
    /// They stand with the cards themselves.
    Functions,
    FirstIssue {
        issue: IssueFacts,
    },
    Codes {
        codes: CodeFacts,
    },
    Orders {
        orders: Vec<OrderFacts>,
        photo_on_file: bool,
    },
    Closing {
        /// Books out on the person's cards.
        loans: u32,
    },
}

/// A first card on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueFacts {
    pub state: IssueState,
    /// Who gets a first card, by the issuer's list; none: not this person.
    pub class: Option<IssueClass>,
    /// Day on which the school's submission was received.
    pub received_on: Option<NaiveDate>,
    /// Last day on which the data can be confirmed.
    pub confirm_by: Option<NaiveDate>,
    /// The message that asks for confirmation.
    pub reminder: Option<Sent>,
    /// A ticket that runs because the promised day is over.
    pub ticket: Option<CentreNumber>,
    pub as_of: DateTime<Utc>,
}

/// In order; a record never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    NotSubmitted,
    Submitted,
    Reminded,
    /// The time to confirm passed without a confirmation.
    ConfirmExpired,
    Rejected,
    Confirmed,
    InProduction,
    Made,
    /// On its way to the school.
    Shipped,
    /// At the school.
    Received,
    Active,
}

impl IssueState {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotSubmitted => "学校未提交",
            Self::Submitted => "已收到，待确认",
            Self::Reminded => "已提醒，待确认",
            Self::ConfirmExpired => "确认已过期",
            Self::Rejected => "信息被退回",
            Self::Confirmed => "已确认",
            Self::InProduction => "制卡中",
            Self::Made => "已制卡",
            Self::Shipped => "已寄往学校",
            Self::Received => "学校已收到",
            Self::Active => "已启用",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueClass {
    FirstGrade,
    /// Came from elsewhere during compulsory education and never had a card.
    Incoming,
}

impl IssueClass {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstGrade => "一年级新生",
            Self::Incoming => "外地来学、未领卡",
        }
    }
}

/// A text message that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub at: DateTime<Utc>,
    pub delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    Pending,
    Delivered,
    Failed,
    /// The holder's operator or telephone blocks it.
    Blocked,
    /// 空号
    NoSuchNumber,
}

impl Delivery {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "发送中",
            Self::Delivered => "已送达",
            Self::Failed => "发送失败",
            Self::Blocked => "被拦截（黑名单）",
            Self::NoSuchNumber => "空号",
        }
    }
}

/// Codes sent to the number on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFacts {
    pub last: Option<Sent>,
    /// Sent today, by whatever channel.
    pub today: u32,
    pub as_of: DateTime<Utc>,
}
