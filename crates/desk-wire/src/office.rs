//! What head office sees and does (中心处理台, 规则发布): claims without an end, publications, and what a second person agreed to.

use chrono::{DateTime, Utc};
use desk_domain::{
    case::Service,
    id::{CaseNumber, CentreNumber, OperatorId, OutletId, ProgrammeId, WindowId},
    money::Fen,
    ruleset::Edition,
};
use serde::{Deserialize, Serialize};

use crate::v1::Secret;

/// The second person of an act of head office, at the same window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    pub operator: OperatorId,
    pub password: Secret,
}

/// A claim that is neither settled nor given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    pub reservation: CentreNumber,
    pub case_number: CaseNumber,
    pub service: Service,
    pub programme: ProgrammeId,
    pub outlet: OutletId,
    pub window: WindowId,
    pub operator: OperatorId,
    pub since: DateTime<Utc>,
    /// What it moves; absent where it moves no money.
    pub amount: Option<Fen>,
    /// Last four digits of the card that it writes.
    pub card_tail: Option<String>,
    pub standing: Standing,
}

/// What may have happened under a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Nothing: no key was let out for it, and it acts on cards only.
    Untouched,
    /// A key was let out, or another system may have been told.
    MayHaveActed,
    /// The desk has said that it does not know how its write ended; the money stands in suspense.
    Unknown,
    /// The same, and its money was taken out of suspense; the card still decides.
    WrittenOff { number: CentreNumber },
}

/// What the check of a file comes to, for the eyes of whoever agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub edition: Edition,
    /// Name of the programme, for people.
    pub programme_name: String,
    /// Version in force today.
    pub in_force: Option<String>,
    pub rules: u32,
    pub services: u32,
    pub outlets: u32,
    pub holidays: u32,
    /// Single days at single outlets.
    pub overrides: u32,
}
