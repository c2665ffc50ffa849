//! Double-entry postings. Every total that anyone sees is a sum over these.

use serde::{Deserialize, Serialize};

use crate::{
    id::{OperatorId, OutletId, ProgrammeId},
    money::{Fen, Overflow},
};

/// Where money rests or comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "account", rename_all = "snake_case")]
pub enum Account {
    /// A clerk's till (尾箱).
    Till { outlet: OutletId, operator: OperatorId },
    /// The outlet's own cash, out of which floats are given (备用金).
    Vault { outlet: OutletId },
    /// Card fees earned for the programme (工本费).
    FeeIncome { programme: ProgrammeId },
    /// What the issuer owes the bearers of its purses.
    PurseFloat { programme: ProgrammeId },
    /// Refunds confirmed by the centre and not yet paid out.
    RefundPayable { programme: ProgrammeId },
    /// Refunds of cards that were put out of use, which the back office pays on their day.
    PayoutDue { programme: ProgrammeId },
    /// Paid by the issuer's back office out of its own account.
    IssuerBank { programme: ProgrammeId },
    /// Taken for a purse and not yet on it.
    TopUpHeld { programme: ProgrammeId },
    /// Money whose end is unknown.
    Suspense { programme: ProgrammeId },
    /// Money of writes of unknown end that head office took out of suspense (核销).
    WrittenOff { programme: ProgrammeId },
    /// Cash found over the books (长款); never netted with what is short.
    CashOver { outlet: OutletId },
    /// Cash missing from a till (短款).
    CashShort { outlet: OutletId },
    /// Cash taken to the bank (解款).
    Bank { outlet: OutletId },
}

/// One line: positive is debit, negative is credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    #[serde(flatten)]
    pub account: Account,
    pub amount: Fen,
}

/// Lines that sum to zero; there is no other way to make postings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Balanced(Vec<Posting>);

impl Balanced {
    /// Moves `amount` out of `from` and into `to`.
    #[must_use]
    pub fn transfer(from: Account, to: Account, amount: Fen) -> Self {
        Self(vec![Posting { account: to, amount }, Posting { account: from, amount: amount.negated() }])
    }

    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Both, in order.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    #[must_use]
    pub fn lines(&self) -> &[Posting] {
        &self.0
    }

    /// For postings that come from outside (a stored row, another desk).
    ///
    /// # Errors
    /// [`Overflow`] when the lines do not sum to zero or leave the range.
    pub fn checked(lines: Vec<Posting>) -> Result<Self, Overflow> {
        (Fen::sum(lines.iter().map(|line| line.amount))? == Fen::ZERO).then_some(Self(lines)).ok_or(Overflow)
    }
}
