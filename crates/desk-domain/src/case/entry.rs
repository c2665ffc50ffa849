//! What a journal row of a case holds, and the replay of a case from its rows.

use serde::{Deserialize, Serialize};

use super::{
    Case, Effect, Service,
    fact::{Fact, Misplaced},
};
use crate::{card::WriteIntent, code::Code, trail::Exchanged};

/// The sealed payload of a row after the first; the first (`opened`) holds the case's header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Written before an effect begins.
    Intent {
        effect: Effect,
    },
    Fact {
        fact: Fact,
    },
    /// What was said to a card until the fact that stands next. Says nothing about the case.
    Trail {
        exchanges: Vec<Exchanged>,
    },
}

impl Entry {
    /// The row's kind: `intent.reserve`, `fact.written`, …
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Intent { effect } => format!("intent.{}", effect.name()),
            Self::Fact { fact } => format!("fact.{}", fact.name()),
            Self::Trail { .. } => "trail".to_owned(),
        }
    }

    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Intent { .. } | Self::Trail { .. } => None,
            Self::Fact { fact } => fact.code(),
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

/// Rebuilds a case from its entries, oldest first.
///
/// # Errors
/// [`Misplaced`] where the entries do not make a case; such a journal must not be worked on.
pub fn replay(service: Service, entries: impl IntoIterator<Item = Entry>) -> Result<Replayed, Misplaced> {
    let mut replayed = Replayed { case: Case::open(service), steps: 0, begun: None };
    for entry in entries {
        match entry {
            Entry::Intent { effect } => replayed.begun = Some(effect),
            Entry::Trail { .. } => {}
            Entry::Fact { fact } => {
                // A late print or a notice says nothing about the effect under way.
                if !replayed.case.is_beside(&fact) {
                    replayed.begun = None;
                }
                replayed.case = replayed.case.apply(fact)?;
                replayed.steps = replayed.steps.saturating_add(1);
            }
        }
    }
    Ok(replayed)
}

/// Does this fact use up one of the window's blanks?
#[must_use]
pub fn uses_blank(before: &Case, fact: &Fact) -> bool {
    let personalising = before.writing().is_some_and(|writing| matches!(writing.intent, WriteIntent::Personalise { .. }));
    personalising && matches!(fact, Fact::Written { .. } | Fact::BlankSpoiled { .. })
}
