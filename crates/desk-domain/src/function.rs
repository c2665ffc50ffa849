//! Functions of one card that each have a state of their own: social security, bank, transit. Losing the card is reported
//! for each of them apart, by different hands; what the centre says of one comes from the system that keeps it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A function of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// 人社
    SocialSecurity,
    /// 金融
    Bank,
    /// 交通: bearer's money, without a name and without a password; it cannot be reported lost.
    Transit,
}

impl Function {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SocialSecurity => "人社功能",
            Self::Bank => "金融功能",
            Self::Transit => "交通功能",
        }
    }
}

/// Through whom a loss was reported; its release goes the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum LossChannel {
    /// By telephone; the line's id in the programme's file.
    Hotline { line: String },
    /// On the web or in an app.
    Online,
    /// At a branch of the card's own bank; the bank's line in the programme's file (`bank.…`).
    Bank { bank: String },
    /// At a counter of the card's issuer.
    Counter,
}

/// What may be done with a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FunctionState {
    /// Never opened: a new card's bank function before its activation, a transit function that nobody asked for.
    NotOpened,
    Normal,
    /// 临时挂失. The system that keeps the function ends it; nobody at a counter does.
    TemporaryLoss {
        channel: LossChannel,
        since: DateTime<Utc>,
        /// Where the keeping system has a term.
        until: Option<DateTime<Utc>>,
    },
    /// 正式挂失
    FormalLoss {
        channel: LossChannel,
        since: DateTime<Utc>,
    },
    Closed,
}

impl FunctionState {
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotOpened => "未开通",
            Self::Normal => "正常",
            Self::TemporaryLoss { .. } => "临时挂失",
            Self::FormalLoss { .. } => "正式挂失",
            Self::Closed => "已注销",
        }
    }

    #[must_use]
    pub fn is_formal_loss(&self) -> bool {
        match self {
            Self::FormalLoss { .. } => true,
            Self::NotOpened | Self::Normal | Self::TemporaryLoss { .. } | Self::Closed => false,
        }
    }

    /// Through whom the loss stands, where one does.
    #[must_use]
    pub fn loss_channel(&self) -> Option<&LossChannel> {
        match self {
            Self::TemporaryLoss { channel, .. } | Self::FormalLoss { channel, .. } => Some(channel),
            Self::NotOpened | Self::Normal | Self::Closed => None,
        }
    }
}

/// One function of one card, as the system that keeps it said at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionFacts {
    pub function: Function,
    #[serde(flatten)]
    pub state: FunctionState,
    /// The card's bank, by its line in the programme's file; for the bank function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// When the keeping system said so. Older than a minute: it did not answer just now.
    pub as_of: DateTime<Utc>,
}

impl FunctionFacts {
    /// Whole minutes since the keeping system was heard.
    #[must_use]
    pub fn age_minutes(&self, now: DateTime<Utc>) -> i64 {
        (now - self.as_of).num_minutes().max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_travel_whole() {
        let at = DateTime::from_timestamp(1_795_485_600, 0).unwrap();
        let facts = FunctionFacts {
            function: Function::Bank,
            state: FunctionState::FormalLoss { channel: LossChannel::Bank { bank: "bank.X".to_owned() }, since: at },
            bank: Some("bank.X".to_owned()),
            as_of: at,
        };
        let text = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<FunctionFacts>(&text).unwrap(), facts);
        assert_eq!(facts.age_minutes(at + chrono::TimeDelta::minutes(61)), 61);
        assert_eq!(facts.age_minutes(at - chrono::TimeDelta::minutes(61)), 0);
    }
}
