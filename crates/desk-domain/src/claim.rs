//! Claims on rights: what a case asks the centre to reserve, and how it settles.
//!
//! A right has an epoch. The centre keeps at most one open claim per right and at most one settled claim per epoch, so a
//! purse that is topped up again can be refunded again, and never twice for the same money.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    card::{BlockState, CardData, CardImage, WriteProof},
    centre_act::CentreAct,
    id::{CardNo, CellId, CentreNumber, PersonId, ProgrammeId},
    money::Fen,
    posting::Balanced,
    refund_unreadable::Payee,
    replacement::Ground,
};

/// The right that a case claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "right", rename_all = "snake_case")]
pub enum Claim {
    /// Epoch: (card, purse, online counter at reservation).
    PurseRefund {
        cell: CellId,
        programme: ProgrammeId,
        card: CardImage,
        amount: Fen,
        /// Who is paid on a later day, by the document that was shown; absent for what this window pays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payee: Option<Payee>,
    },
    /// Epoch: (card, purse, online counter at reservation), the same right as a refund. The cash is in the till already.
    TopUp { cell: CellId, programme: ProgrammeId, card: CardImage, amount: Fen },
    /// Epoch: (card, purse, online counter at reservation), the same right as a refund. Takes `amount` of a confirmed top-up
    /// off the card again; the top-up stays, and this names its reservation.
    Reversal { cell: CellId, programme: ProgrammeId, card: CardImage, of: CentreNumber, amount: Fen },
    /// Repeats the booked load that the card does not have. The right is that load, by its reservation; this reservation is
    /// the token for one more write of it, and moves no money of its own.
    Rewrite { cell: CellId, programme: ProgrammeId, card: CardImage, of: CentreNumber, amount: Fen },
    /// Epoch: (old card, reissue).
    Reissue {
        cell: CellId,
        programme: ProgrammeId,
        person: PersonId,
        old_card: CardNo,
        #[serde(default, skip_serializing_if = "Ground::is_lost")]
        ground: Ground,
        /// Accepted without the line at this moment; a card issued since is not replaced again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<DateTime<Utc>>,
    },
    /// Epoch: (card, end of validity before). Pays nothing; repeating it is harmless.
    Validation { cell: CellId, programme: ProgrammeId, card: CardImage, until: NaiveDate },
    /// Epoch: (person, number of resets so far).
    PasswordReset {
        cell: CellId,
        programme: ProgrammeId,
        person: PersonId,
        /// Accepted at this moment; a reset done since by another channel is not overwritten.
        accepted_at: DateTime<Utc>,
    },
    /// Epoch: what the act is about, and how often it was done so far.
    Act { cell: CellId, programme: ProgrammeId, act: CentreAct },
}

impl Claim {
    #[must_use]
    pub fn programme(&self) -> &ProgrammeId {
        match self {
            Self::PurseRefund { programme, .. }
            | Self::TopUp { programme, .. }
            | Self::Reversal { programme, .. }
            | Self::Rewrite { programme, .. }
            | Self::Reissue { programme, .. }
            | Self::Validation { programme, .. }
            | Self::PasswordReset { programme, .. }
            | Self::Act { programme, .. } => programme,
        }
    }
}

/// The centre's promise that nobody else gets the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub number: CentreNumber,
    pub epoch: String,
    /// Data of the new card, for a reissue.
    pub card_data: Option<CardData>,
    /// Postings that the reservation's confirmation will make at the centre, for the desk to make the same.
    pub on_confirm: Balanced,
    /// A refund that the window does not pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<PaidLater>,
    /// First day on which what the card held is paid, where it was taken in without an answer; last day of the promise, where
    /// a card is made in place of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
}

/// The card is put out of use here, and the back office pays what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidLater {
    pub block: BlockState,
    /// First day on which it is paid.
    pub from: NaiveDate,
}

/// Evidence with which a case asks for confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "settle", rename_all = "snake_case")]
pub enum Settlement {
    /// The purse stands at zero, or the card is out of use where the reservation says so.
    PurseRefunded {
        amount: Fen,
        proof: WriteProof,
    },
    PurseLoaded {
        amount: Fen,
        proof: WriteProof,
    },
    CardIssued {
        new_card: CardNo,
        proof: WriteProof,
    },
    Validated {
        until: NaiveDate,
        proof: WriteProof,
    },
    /// The centre itself does the reset.
    PasswordReset,
    /// The centre does the act, or has it done.
    Act,
}
