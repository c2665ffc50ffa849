//! What a card transaction asks of the issuer's key service, as data. Byte strings are hexadecimal digits.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::{card::BlockState, id::CardNo, money::Fen, pin::Pin};

/// Identifies the card towards the key service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardKeySource {
    pub family: String,
    pub card_no: CardNo,
    pub issuer: String,
    pub serial: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum IssuerRequest {
    /// After INITIALIZE FOR LOAD: check MAC1, answer MAC2.
    Load {
        card: CardKeySource,
        /// 1 passbook, 2 purse.
        purse: u8,
        algorithm: u8,
        key_version: u8,
        random: String,
        online_counter: u16,
        old_balance: Fen,
        amount: Fen,
        terminal: String,
        mac1: String,
        at: NaiveDateTime,
    },
    /// After INITIALIZE FOR UNLOAD: check MAC1, answer MAC2.
    Unload {
        card: CardKeySource,
        algorithm: u8,
        key_version: u8,
        random: String,
        online_counter: u16,
        old_balance: Fen,
        amount: Fen,
        terminal: String,
        mac1: String,
        at: NaiveDateTime,
    },
    /// After INITIALIZE FOR PURCHASE: answer MAC1 of the purchase.
    Purchase {
        card: CardKeySource,
        algorithm: u8,
        key_version: u8,
        random: String,
        offline_counter: u16,
        old_balance: Fen,
        amount: Fen,
        terminal: String,
        terminal_sequence: u32,
        at: NaiveDateTime,
    },
    /// MAC over one line-protected command (UPDATE BINARY and the like); the card's challenge is the start value.
    LineMac { card: CardKeySource, key: LineKey, challenge: String, header: String, data: String },
    /// MAC of APPLICATION BLOCK, APPLICATION UNBLOCK or CARD BLOCK. `chip` is the serial number of the chip that lies in
    /// the field (empty where it has no constant one): the record of this release recognises a card that can no longer
    /// say its number.
    Block { card: CardKeySource, to: BlockState, challenge: String, chip: String },
    /// MAC over the new PIN under the reload key. The PIN is the holder's: no record keeps it.
    PinReload { card: CardKeySource, pin: Pin },
    /// The new PIN enciphered and protected under the unblock key. No record keeps it.
    PinUnblock { card: CardKeySource, challenge: String, pin: Pin },
    /// Does this proof belong to this transaction of this card?
    CheckProof { card: CardKeySource, proof: Proof },
    /// Whose MAC took this counter on from `counter`? Asked where the card itself has forgotten.
    CheckStep { card: CardKeySource, line: CounterLine, counter: u16 },
    /// Was the MAC of this block released for this very chip, under this reservation, and is that still open? No chip where the
    /// card itself says which one it is.
    CheckChip { card: CardKeySource, to: BlockState, chip: String },
}

impl IssuerRequest {
    /// The card that it is about.
    #[must_use]
    pub fn card(&self) -> &CardKeySource {
        match self {
            Self::Load { card, .. }
            | Self::Unload { card, .. }
            | Self::Purchase { card, .. }
            | Self::LineMac { card, .. }
            | Self::Block { card, .. }
            | Self::PinReload { card, .. }
            | Self::PinUnblock { card, .. }
            | Self::CheckProof { card, .. }
            | Self::CheckStep { card, .. }
            | Self::CheckChip { card, .. } => card,
        }
    }

    /// The counter that a released MAC takes on, and its value before; none where nothing is released that moves money.
    #[must_use]
    pub fn steps(&self) -> Option<(CounterLine, u16)> {
        match self {
            Self::Load { online_counter, .. } | Self::Unload { online_counter, .. } => Some((CounterLine::Online, *online_counter)),
            Self::Purchase { offline_counter, .. } => Some((CounterLine::Offline, *offline_counter)),
            Self::LineMac { .. }
            | Self::Block { .. }
            | Self::PinReload { .. }
            | Self::PinUnblock { .. }
            | Self::CheckProof { .. }
            | Self::CheckStep { .. }
            | Self::CheckChip { .. } => None,
        }
    }
}

/// One of the two counters of a purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterLine {
    /// Steps with loads and unloads: never without a MAC of the key service.
    Online,
    /// Steps with purchases; gates hold the key for these themselves.
    Offline,
}

impl CounterLine {
    /// The counter that a transaction of this type steps; none for types that no purse knows.
    #[must_use]
    pub fn of_kind(kind: u8) -> Option<Self> {
        match kind {
            0x01 | 0x02 | 0x03 | 0x07 => Some(Self::Online),
            0x04 | 0x05 | 0x06 | 0x09 => Some(Self::Offline),
            _ => None,
        }
    }
}

/// For whom MACs were released at one counter value. A release whose case has proved since that nothing was written
/// does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedTo {
    Nobody,
    ThisCase,
    Another,
    /// This case and another.
    Several,
}

/// Which key protects the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKey {
    /// Maintenance key of the application (validity, public data).
    Maintenance,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// MAC3 of an unload: over amount, type, terminal and time under the session key of random and counter is not
    /// reproducible after a tear (the random is gone), so the key service checks it against the releases it recorded.
    Unload { online_counter_after: u16, amount: Fen, terminal: String, at: NaiveDateTime, mac3: String },
    /// TAC of a load, over the new balance and the counter before; the balance stands in the record of the release.
    Load { online_counter_after: u16, amount: Fen, terminal: String, at: NaiveDateTime, tac: String },
    /// MAC2 and TAC of a purchase.
    Purchase {
        offline_counter_after: u16,
        amount: Fen,
        terminal: String,
        terminal_sequence: u32,
        at: NaiveDateTime,
        mac2: String,
        tac: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum IssuerAnswer {
    /// Four bytes. `at` is the time to be sent to the card; the key service may replace the desk's.
    Mac {
        mac: String,
        at: NaiveDateTime,
    },
    /// Data of a protected command, enciphered, with its MAC.
    Protected {
        data: String,
    },
    Checked {
        genuine: bool,
    },
    Stepped {
        to: ReleasedTo,
    },
}
