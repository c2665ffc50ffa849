//! Movements of a purse as the centre has them on its books, in the order in which they were begun: what a reversal takes
//! back and a re-write repeats.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    card::PurseImage,
    id::{CaseNumber, CentreNumber, OperatorId, OutletId},
    money::Fen,
};

/// How many are shown at most (P-48: the last twelve).
pub const LISTED: u32 = 12;

/// One movement, or one that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// Reservation under which it was begun.
    pub reservation: CentreNumber,
    pub case: CaseNumber,
    pub kind: Movement,
    /// Zero for what moves no money.
    pub amount: Fen,
    /// The purse as it was read for it.
    pub before: Option<PurseImage>,
    pub at: DateTime<Utc>,
    pub outlet: OutletId,
    pub operator: OperatorId,
    pub stands: Stands,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    TopUp,
    Refund,
    Reversal,
    /// The purse was closed or taken in.
    Closing,
}

impl Movement {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::TopUp => "充值",
            Self::Refund => "退值",
            Self::Reversal => "冲正",
            Self::Closing => "收卡",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Begun; the centre has heard no end.
    Open,
    /// Reported as torn.
    Unknown,
    /// The card proved it.
    Settled,
    /// Given back: it never happened.
    Released,
}

impl Stands {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "未确认",
            Self::Unknown => "待查",
            Self::Settled => "已入账",
            Self::Released => "已撤销",
        }
    }
}

/// Why a movement is not taken back or not repeated: parameter `reason` of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Not {
    pub code: crate::code::Code,
    pub reason: &'static str,
}

/// The last movement that was not given back.
#[must_use]
pub fn last(booked: &[Booked]) -> Option<&Booked> {
    booked.iter().find(|movement| movement.stands != Stands::Released)
}
