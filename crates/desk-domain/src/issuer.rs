//! What a card transaction asks of the issuer's key service, as data. Byte strings are hexadecimal digits.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::{id::CardNo, money::Fen};

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
    /// Does this proof belong to this transaction of this card?
    CheckProof { card: CardKeySource, proof: Proof },
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
    Checked {
        genuine: bool,
    },
}
