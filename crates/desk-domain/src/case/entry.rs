//! What a journal row of a case holds, and the replay of a case from its rows.

use serde::{Deserialize, Serialize};

use super::{
    Case, CaseHeader, Effect,
    fact::{Fact, Misplaced},
};
use crate::code::Code;

/// The sealed payload of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    Opened {
        header: CaseHeader,
    },
    /// Written before an effect begins.
    Intent {
        effect: Effect,
    },
    Fact {
        at_step: u32,
        fact: Fact,
    },
}

impl Entry {
    /// The row's kind: `opened`, `intent.reserve`, `fact.written`, …
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Opened { .. } => "opened".to_owned(),
            Self::Intent { effect } => format!("intent.{}", effect.name()),
            Self::Fact { fact, .. } => format!("fact.{}", fact.name()),
        }
    }

    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Opened { .. } | Self::Intent { .. } => None,
            Self::Fact { fact, .. } => fact.code(),
        }
    }
}

/// A case as its rows tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    pub case: Case,
    /// Facts applied so far.
    pub steps: u32,
    /// An effect that was begun and of which no result is known.
    pub begun: Option<Effect>,
}

/// Why rows do not make a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the first row does not open a case")]
    NoOpening,
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
}

/// Rebuilds a case from its entries, oldest first.
///
/// # Errors
/// [`Unreadable`] where the rows do not make a case; such a journal must not be worked on.
pub fn replay(entries: impl IntoIterator<Item = Entry>) -> Result<(CaseHeader, Replayed), Unreadable> {
    let mut entries = entries.into_iter();
    let Some(Entry::Opened { header }) = entries.next() else {
        return Err(Unreadable::NoOpening);
    };
    let mut replayed = Replayed { case: Case::open(header.service), steps: 0, begun: None };
    for entry in entries {
        match entry {
            Entry::Opened { .. } => return Err(Unreadable::NoOpening),
            Entry::Intent { effect } => replayed.begun = Some(effect),
            Entry::Fact { fact, .. } => {
                // A late print of an ended case leaves an effect of the running one alone.
                replayed.begun = None;
                replayed.case = replayed.case.apply(fact)?;
                replayed.steps += 1;
            }
        }
    }
    Ok((header, replayed))
}
