//! Money in integer fen.

use serde::{Deserialize, Serialize};

/// An amount in fen (1/100 yuan). Signed, because postings and differences are; arithmetic is checked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// An amount left the range of `i64` fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range")]
pub struct Overflow;

impl Fen {
    pub const ZERO: Self = Self(0);

    /// # Errors
    /// [`Overflow`] when the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// # Errors
    /// [`Overflow`] when the difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// # Errors
    /// [`Overflow`] when the total does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}
