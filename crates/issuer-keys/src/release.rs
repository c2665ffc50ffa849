//! What the centre records of every MAC that it lets out.

use chrono::NaiveDateTime;
use desk_card::{
    issuer::{CardKeySource, IssuerRequest},
    money::Fen,
};
use serde::{Deserialize, Serialize};

/// One released purse MAC. Store it before the answer leaves; a torn unload is decided with it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRecord {
    pub card: CardKeySource,
    pub kind: ReleaseKind,
    /// Counter that INITIALIZE gave: online for a load or an unload, offline for a purchase.
    pub counter: u16,
    /// Four bytes as hexadecimal digits.
    pub random: String,
    /// As the card reports it, overdraft included.
    pub old_balance: Fen,
    pub amount: Fen,
    /// Six bytes as hexadecimal digits.
    pub terminal: String,
    /// Time that went to the card.
    pub at: NaiveDateTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReleaseKind {
    /// `purse` is 1 for the passbook, 2 for the purse.
    Load {
        purse: u8,
    },
    Unload,
    Purchase {
        terminal_sequence: u32,
    },
}

impl ReleaseRecord {
    /// The record that answering `ask` makes; none for requests that release no purse MAC.
    #[must_use]
    pub fn of(ask: &IssuerRequest) -> Option<Self> {
        match ask {
            IssuerRequest::Load { card, purse, random, online_counter, old_balance, amount, terminal, at, .. } => Some(Self {
                card: card.clone(),
                kind: ReleaseKind::Load { purse: *purse },
                counter: *online_counter,
                random: random.clone(),
                old_balance: *old_balance,
                amount: *amount,
                terminal: terminal.clone(),
                at: *at,
            }),
            IssuerRequest::Unload { card, random, online_counter, old_balance, amount, terminal, at, .. } => Some(Self {
                card: card.clone(),
                kind: ReleaseKind::Unload,
                counter: *online_counter,
                random: random.clone(),
                old_balance: *old_balance,
                amount: *amount,
                terminal: terminal.clone(),
                at: *at,
            }),
            IssuerRequest::Purchase { card, random, offline_counter, old_balance, amount, terminal, terminal_sequence, at, .. } => {
                Some(Self {
                    card: card.clone(),
                    kind: ReleaseKind::Purchase { terminal_sequence: *terminal_sequence },
                    counter: *offline_counter,
                    random: random.clone(),
                    old_balance: *old_balance,
                    amount: *amount,
                    terminal: terminal.clone(),
                    at: *at,
                })
            }
            IssuerRequest::LineMac { .. }
            | IssuerRequest::Block { .. }
            | IssuerRequest::PinReload { .. }
            | IssuerRequest::PinUnblock { .. }
            | IssuerRequest::CheckProof { .. }
            | IssuerRequest::CheckStep { .. }
            | IssuerRequest::CheckChip { .. } => None,
        }
    }
}
