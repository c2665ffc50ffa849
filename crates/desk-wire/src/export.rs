//! A device's journal as a file: one JSON object a line. First who wrote it, then its rows in order, then what it signed.
//! Anybody can check such a file without the centre; nobody can read the payloads without their keys, which are not in it.

use chrono::{DateTime, Utc};
use desk_domain::{
    id::{CellId, DeviceId},
    journal::{ChainBreak, RowHeader, genesis, payload_hash, verify},
    money::Fen,
    posting::Balanced,
};
use serde::{Deserialize, Serialize};

use crate::suite::{INTL, signed};

/// Version of the file's form.
pub const FORMAT: u16 = 1;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// First, and only once.
    Journal { format: u16, cell: CellId, device: DeviceId, generation: u32 },
    Row {
        header: RowHeader,
        /// Hexadecimal digits; absent where the payload was forgotten.
        sealed: Option<String>,
    },
    /// After the rows.
    Head { sequence: u64, hash: String, suite: String, public_key: String, signature: String, at: DateTime<Utc> },
}

/// What a sound journal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sound {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    pub rows: u64,
    /// Rows whose payload was forgotten; their place in the chain stands.
    pub forgotten: u64,
    pub heads: u64,
    /// Rows after the last signed head; nobody has signed for them.
    pub unsigned: u64,
    /// Hash of the last row.
    pub head: String,
    /// Sum of all amounts that moved, each counted once.
    pub moved: Fen,
}

/// Where a journal is not sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("line {line}: {what}")]
    Unreadable { line: u64, what: String },
    #[error("line {line}: {what}")]
    Misplaced { line: u64, what: &'static str },
    #[error("line {line}: {broken}")]
    Chain { line: u64, broken: ChainBreak },
    #[error("row {sequence}: {what}")]
    Row { sequence: u64, what: &'static str },
    #[error("head at row {sequence}: {what}")]
    Head { sequence: u64, what: &'static str },
}

impl Unsound {
    /// The file is none of this form, rather than a journal that was changed.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::Unreadable { .. } | Self::Misplaced { .. } => true,
            Self::Chain { .. } | Self::Row { .. } | Self::Head { .. } => false,
        }
    }
}

/// Takes a journal line by line; holds one hash a row and nothing else of it.
#[derive(Debug, Default)]
pub struct Check {
    lines: u64,
    journal: Option<(CellId, DeviceId, u32)>,
    hashes: Vec<String>,
    forgotten: u64,
    heads: u64,
    signed_up_to: u64,
    moved: i64,
}

impl Check {
    /// # Errors
    /// The first [`Unsound`]; the check is over then.
    pub fn line(&mut self, text: &str) -> Result<(), Unsound> {
        self.lines += 1;
        let line = self.lines;
        // Serde's own message may quote the line; its place says enough.
        let parsed = serde_json::from_str(text)
            .map_err(|error| Unsound::Unreadable { line, what: format!("not a line of a journal (column {})", error.column()) })?;
        match parsed {
            Line::Journal { format, .. } if format != FORMAT => Err(Unsound::Misplaced { line, what: "another version of the form" }),
            Line::Journal { .. } if self.journal.is_some() => Err(Unsound::Misplaced { line, what: "a second journal begins" }),
            Line::Journal { cell, device, generation, .. } => {
                self.journal = Some((cell, device, generation));
                Ok(())
            }
            Line::Row { header, sealed } => self.row(&header, sealed.as_deref()),
            Line::Head { sequence, hash, suite, public_key, signature, .. } => self.head(sequence, &hash, &suite, &public_key, &signature),
        }
    }

    fn row(&mut self, header: &RowHeader, sealed: Option<&str>) -> Result<(), Unsound> {
        let line = self.lines;
        let Some((cell, device, generation)) = &self.journal else {
            return Err(Unsound::Misplaced { line, what: "a row before the journal's first line" });
        };
        let sequence = header.sequence;
        let row = |what| Unsound::Row { sequence, what };
        if (&header.cell, &header.device, &header.generation) != (cell, device, generation) {
            return Err(row("of another device"));
        }
        let after = (u64::try_from(self.hashes.len()).unwrap_or(u64::MAX), self.hashes.last().cloned().unwrap_or_else(genesis));
        let (_, hash) = verify(after, [header]).map_err(|broken| Unsound::Chain { line, broken })?;
        // The type says balanced, the file does not.
        let postings = header.postings.lines();
        Balanced::checked(postings.to_vec()).map_err(|_| row("postings do not balance"))?;
        self.moved = postings
            .iter()
            .map(|posting| posting.amount.0.max(0))
            .try_fold(self.moved, i64::checked_add)
            .ok_or_else(|| row("amounts leave every range"))?;
        match sealed {
            None => self.forgotten += 1,
            Some(sealed) => {
                let sealed = hex::decode(sealed).map_err(|_| row("payload cannot be read"))?;
                if payload_hash(&sealed) != header.payload_hash {
                    return Err(row("payload was changed"));
                }
            }
        }
        self.hashes.push(hash);
        Ok(())
    }

    fn head(&mut self, sequence: u64, hash: &str, suite: &str, public_key: &str, signature: &str) -> Result<(), Unsound> {
        let head = |what| Unsound::Head { sequence, what };
        let place = sequence.checked_sub(1).and_then(|before| usize::try_from(before).ok());
        let Some(own) = place.and_then(|place| self.hashes.get(place)) else {
            return Err(head("there is no such row"));
        };
        if own != hash {
            return Err(head("signed for another row"));
        }
        if suite != INTL {
            return Err(head("crypto suite is not known"));
        }
        if !signed(public_key, hash, signature) {
            return Err(head("signature is wrong"));
        }
        self.heads += 1;
        self.signed_up_to = self.signed_up_to.max(sequence);
        Ok(())
    }

    /// # Errors
    /// [`Unsound::Misplaced`] where there was no journal.
    pub fn end(self) -> Result<Sound, Unsound> {
        let Some((cell, device, generation)) = self.journal else {
            return Err(Unsound::Misplaced { line: self.lines, what: "no journal" });
        };
        let rows = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX);
        Ok(Sound {
            cell,
            device,
            generation,
            rows,
            forgotten: self.forgotten,
            heads: self.heads,
            unsigned: rows - self.signed_up_to,
            head: self.hashes.last().cloned().unwrap_or_else(genesis),
            moved: Fen(self.moved),
        })
    }
}

#[cfg(test)]
mod tests;
