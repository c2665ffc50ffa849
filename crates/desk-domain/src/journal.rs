//! The journal row: a chained header that stays, and a sealed payload that can be forgotten.
//!
//! The header holds identifiers, codes, amounts and the hash of the payload's ciphertext; the payload is sealed under a
//! key of its case. When retention ends, payload and key go and the chain still verifies.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    id::{CaseId, CellId, DeviceId, Id128},
    posting::Balanced,
};

/// Version of the header's byte form.
pub const FORMAT: u8 = 1;

/// What a row says, apart from its sealed payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowHeader {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    /// Gapless from 1 within a generation of a device.
    pub sequence: u64,
    pub at: DateTime<Utc>,
    pub case: Option<CaseId>,
    /// Stable name of the entry: `opened`, `intent.reserve`, `fact.written`, …
    pub kind: String,
    /// Message code, where the row is a refusal or an error.
    pub code: Option<String>,
    pub postings: Balanced,
    /// SHA-256 of the payload's ciphertext, 64 hexadecimal digits.
    pub payload_hash: String,
    /// Hash of the previous row; 64 zeros for the first.
    pub previous: String,
}

/// Hash before the first row.
#[must_use]
pub fn genesis() -> String {
    "0".repeat(64)
}

impl RowHeader {
    /// SHA-256 over a length-prefixed byte form, so that no two headers share one.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update([FORMAT]);
        let mut field = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        field(self.cell.as_str().as_bytes());
        field(self.device.as_str().as_bytes());
        field(&self.generation.to_be_bytes());
        field(&self.sequence.to_be_bytes());
        field(&self.at.timestamp_micros().to_be_bytes());
        field(self.case.as_ref().map_or(&[][..], |case| &case.0));
        field(self.kind.as_bytes());
        field(self.code.as_deref().unwrap_or_default().as_bytes());
        field(serde_json::to_string(&self.postings).unwrap_or_default().as_bytes());
        field(self.payload_hash.as_bytes());
        field(self.previous.as_bytes());
        hex::encode(hasher.finalize())
    }
}

/// Hash of a sealed payload, as the header carries it.
#[must_use]
pub fn payload_hash(sealed: &[u8]) -> String {
    hex::encode(Sha256::digest(sealed))
}

/// What a sealed payload is bound to (associated data of the cipher): its place in the chain of its device.
#[must_use]
pub fn seal_context(device: &DeviceId, generation: u32, sequence: u64) -> Vec<u8> {
    format!("carddesk/payload/{FORMAT}/{device}/{generation}/{sequence}").into_bytes()
}

/// Under which identifier the payload key of a day's rows that belong to no case is kept and sent.
#[must_use]
pub fn day_key_owner(day: NaiveDate) -> CaseId {
    let digest = Sha256::digest(format!("carddesk/day-key/{day}"));
    let mut owner = [0; 16];
    owner.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Id128(owner)
}

/// Why a chain does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    #[error("row {sequence}: expected sequence {expected}")]
    Gap { sequence: u64, expected: u64 },
    #[error("row {sequence}: does not follow the row before it")]
    Link { sequence: u64 },
}

/// Checks rows in order, starting after (`sequence`, `hash`); answers the new head.
///
/// # Errors
/// The first [`ChainBreak`].
pub fn verify<'a>(after: (u64, String), rows: impl IntoIterator<Item = &'a RowHeader>) -> Result<(u64, String), ChainBreak> {
    rows.into_iter().try_fold(after, |(sequence, hash), row| {
        if row.sequence != sequence + 1 {
            return Err(ChainBreak::Gap { sequence: row.sequence, expected: sequence + 1 });
        }
        if row.previous != hash {
            return Err(ChainBreak::Link { sequence: row.sequence });
        }
        Ok((row.sequence, row.hash()))
    })
}
