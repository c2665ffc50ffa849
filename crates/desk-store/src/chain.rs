//! Turns drafts into chained headers.

use chrono::{DateTime, SubsecRound, Utc};
use desk_app::ports::{Draft, Entropy, Station};
use desk_domain::{
    case::CaseHeader,
    id::{CaseId, CellId, DeviceId},
    journal::{self, RowHeader},
};

use crate::seal::{PayloadKey, Unopened};

/// Kind of the first row of every case; its payload is the JSON of the [`CaseHeader`].
pub const OPENED: &str = "opened";

/// Crypto suite of hashes, seals and signatures, as a batch names it.
pub const SUITE: &str = "intl";

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
}

impl Origin {
    #[must_use]
    pub fn of(station: &Station) -> Self {
        Self { cell: station.cell.clone(), device: station.device.clone(), generation: station.generation }
    }
}

/// A row ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub header: RowHeader,
    pub hash: String,
    pub sealed: Vec<u8>,
}

/// The newest row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub sequence: u64,
    pub hash: String,
}

impl Head {
    #[must_use]
    pub fn genesis() -> Self {
        Self { sequence: 0, hash: journal::genesis() }
    }

    /// The row that follows, sealed and chained; the head moves on to it.
    ///
    /// # Errors
    /// [`Unopened`] when the payload cannot be sealed.
    pub fn follow(&mut self, origin: &Origin, draft: &Draft, key: &PayloadKey, entropy: &mut dyn Entropy) -> Result<Link, Unopened> {
        let sequence = self.sequence + 1;
        let context = journal::seal_context(&origin.device, origin.generation, sequence);
        let sealed = key.seal(entropy, &context, &draft.payload)?;
        let header = RowHeader {
            cell: origin.cell.clone(),
            device: origin.device.clone(),
            generation: origin.generation,
            sequence,
            at: whole_micros(draft.at),
            case: draft.case,
            kind: draft.kind.clone(),
            code: draft.code.map(|code| code.as_str().to_owned()),
            postings: draft.postings.clone(),
            payload_hash: journal::payload_hash(&sealed),
            previous: self.hash.clone(),
        };
        *self = Self { sequence, hash: header.hash() };
        Ok(Link { header, hash: self.hash.clone(), sealed })
    }
}

/// Under whose key a draft is sealed: its case, or its day.
#[must_use]
pub fn key_owner(draft: &Draft) -> CaseId {
    draft.case.unwrap_or_else(|| journal::day_key_owner(draft.day))
}

/// First row of a case.
///
/// # Errors
/// Never for a header of this program; its JSON cannot fail.
pub fn opening_draft(header: &CaseHeader, day: chrono::NaiveDate) -> serde_json::Result<Draft> {
    Ok(Draft {
        at: header.opened_at,
        case: Some(header.id),
        day,
        kind: OPENED.to_owned(),
        code: None,
        postings: desk_domain::posting::Balanced::none(),
        payload: serde_json::to_string(header)?,
    })
}

/// The header's hash counts microseconds; anything finer would be lost in the file and break the read-back.
#[must_use]
pub fn whole_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// The header in the payload of an opening row.
#[must_use]
pub fn opened_header(payload: &str) -> Option<CaseHeader> {
    serde_json::from_str(payload).ok()
}
