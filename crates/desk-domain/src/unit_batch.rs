//! A unit's people on their way to the centre: who applies for them, the rows of one request, and what became of each row.
//!
//! Rows travel in portions and photos one by one, so that no request and no journal row grows with the list.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    code::Message,
    document::{CheckedNumber, Expiry},
    id::{CellId, CentreNumber, ProgrammeId},
    unit::{PhotoFile, Row},
};

/// Rows of a list that are checked, and written down, at once.
pub const CHECKED_AT_ONCE: usize = 50;
/// People in one request: the centre places an order for each before it answers, and nobody waits longer than five seconds.
pub const PORTION: usize = 10;
/// Lists of the folder that are offered.
pub const MOST_LISTS: usize = 30;

/// The unit and its agent, as they were shown at the counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub name: String,
    /// Unified social credit code of the certificate, proved by its last character; absent where none was shown.
    pub credit_code: Option<String>,
    /// 授权委托书
    pub letter: bool,
    /// Id of the document kind.
    pub document: String,
    pub agent: CheckedNumber,
    pub expiry: Option<Expiry>,
    /// The number came from the document's chip.
    pub read: bool,
}

/// A row of the list as the intake folder holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub row: Row,
    /// What lies under the name that the row gives.
    pub photo: PhotoFile,
    /// SHA-256 of the photo as it is sent, hexadecimal digits; absent where there is none to send.
    pub sha256: Option<String>,
    /// What the row repeats of a row before it.
    pub repeated: Vec<Message>,
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// SHA-256 of the list's file, hexadecimal digits.
    pub sha256: String,
    /// Rows of the whole list.
    pub total: u32,
    pub rows: Vec<Listed>,
}

/// Somebody for whom a unit applies. `Debug` shows the line only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Where it begins in the list, from 1.
    pub line: u64,
    pub name: String,
    /// Id of the document kind.
    pub document: String,
    pub number: String,
    pub birth: NaiveDate,
    pub phone: String,
    /// Line of the bank in the programme's file.
    pub bank: String,
    /// SHA-256 of a photo that the centre has under this case, hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
}

impl std::fmt::Debug for UnitRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitRow").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Some of a unit's people, each of whom becomes an order of the centre's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// Home of the programme.
    pub cell: CellId,
    pub programme: ProgrammeId,
    /// Credit code of the certificate; absent where the letter alone was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    pub letter: bool,
    /// The unit has everybody's consent to the electronic card that comes with the card.
    pub consent: bool,
    /// Accepted without the line at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<DateTime<Utc>>,
    pub rows: Vec<UnitRow>,
}

/// What became of one row. Each row of a portion has exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum RowResult {
    Ordered {
        line: u64,
        order: CentreNumber,
        /// What has to be looked at all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warning: Option<Message>,
    },
    Refused {
        line: u64,
        message: Message,
    },
}

impl RowResult {
    #[must_use]
    pub fn line(&self) -> u64 {
        match self {
            Self::Ordered { line, .. } | Self::Refused { line, .. } => *line,
        }
    }
}

/// A photo of the folder that goes to the centre before its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoToSend {
    pub line: u64,
    /// Name of the file.
    pub name: String,
    /// What it was when the row was checked: SHA-256 as it is sent, hexadecimal digits.
    pub sha256: String,
}

/// A row whose photo was not there any more when it was to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub line: u64,
    pub message: Message,
}
