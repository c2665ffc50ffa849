//! Facts about a card as a case holds them. How they are read and written is the business of the card crate.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::{case::identity::Identified, code::Code, id::CardNo, money::Fen};

/// What was read from one card in one session: the before or after image of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardImage {
    /// Name of the card profile that matched (a file of the card crate).
    pub family: String,
    /// All zeros on an unwritten blank.
    pub card_no: CardNo,
    /// Issuer identification, 8 bytes as hexadecimal digits; first input of key diversification.
    pub issuer: String,
    /// Application serial, 8 bytes as hexadecimal digits; second input of key diversification.
    pub serial: String,
    /// Card type byte of the public file; a profile gives it its name.
    pub holder_class: u8,
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
    pub purse: Option<PurseImage>,
    /// True where the card is an unwritten blank of its family.
    pub blank: bool,
    /// Newest first.
    pub log: Vec<LogRecord>,
    pub warnings: Vec<Code>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurseImage {
    /// Net of any overdraft in use; may be negative.
    pub balance: Fen,
    /// Steps with every load and unload.
    pub online_counter: u16,
    /// Steps with every purchase.
    pub offline_counter: u16,
    /// How this family gives its balance back.
    pub refund_method: RefundMethod,
    /// A journey was begun and not ended.
    pub incomplete_trip: bool,
}

/// Field of the card profile: some purses refuse unload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundMethod {
    Unload,
    PurchaseOfRest,
    BlockThenBackOffice,
}

/// One record of the transaction log (file 0x18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    pub sequence: u16,
    pub amount: Fen,
    pub kind: u8,
    /// Six bytes as hexadecimal digits.
    pub terminal: String,
    /// Local time of the terminal; absent where the record holds no real date.
    pub at: Option<NaiveDateTime>,
}

/// Leave to read the holder's own data from a card. It exists only where the holder's document was checked in the original.
#[derive(Debug)]
pub struct HolderPermit(());

impl HolderPermit {
    /// None where the clerk has not seen the original.
    #[must_use]
    pub fn of(identified: &Identified) -> Option<Self> {
        identified.papers.original.then_some(Self(()))
    }
}

/// The holder's name as it stands on a card; personal, so no debug print shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderName(pub String);

impl std::fmt::Debug for HolderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HolderName(…)")
    }
}

/// What a write is meant to do; stored in the journal before the first byte of it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub enum WriteIntent {
    /// Put `amount` onto the purse by CREDIT FOR LOAD.
    Load { before: CardImage, amount: Fen, terminal: Terminal },
    /// Take `amount` off the purse by DEBIT FOR UNLOAD: all that it holds for a refund, what was put on for a reversal.
    Unload { before: CardImage, amount: Fen, terminal: Terminal },
    /// Bring the purse to zero by a purchase of all that is left.
    PurchaseOfRest { before: CardImage, amount: Fen, terminal: Terminal },
    /// Move the end of validity.
    Validate { before: CardImage, until: NaiveDate },
    /// Write the data (never the keys) of a new card onto a blank.
    Personalise { before: CardImage, data: CardData },
    /// Write another holder class.
    HolderClass { before: CardImage, class: u8 },
    /// Write the holder's name into the holder's file.
    Holder { before: CardImage, name: HolderName },
    /// Put the application, or the whole card, out of use, or the application back into it.
    Block { before: CardImage, to: BlockState },
}

/// How far a card is out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockState {
    /// In use; a temporary block is lifted.
    Open,
    /// The application, until it is lifted.
    Temporary,
    /// The application, for good.
    Permanent,
    /// The card, for good: it refuses every command.
    Card,
}

impl WriteIntent {
    #[must_use]
    pub fn before(&self) -> &CardImage {
        match self {
            Self::Load { before, .. }
            | Self::Unload { before, .. }
            | Self::PurchaseOfRest { before, .. }
            | Self::Validate { before, .. }
            | Self::Personalise { before, .. }
            | Self::HolderClass { before, .. }
            | Self::Holder { before, .. }
            | Self::Block { before, .. } => before,
        }
    }
}

/// Identifies the desk towards the card: terminal number and its own running transaction number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Six bytes as hexadecimal digits.
    pub number: String,
    /// Terminal transaction number; used by purchases.
    pub sequence: u32,
    /// Local date and time that the transaction carries.
    pub at: NaiveDateTime,
}

/// What the centre tells the desk to write onto a blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardData {
    pub card_no: CardNo,
    pub holder_class: u8,
    pub valid_from: NaiveDate,
    pub valid_until: NaiveDate,
}

/// Evidence that a write happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteProof {
    pub after: CardImage,
    /// TAC (load, purchase) or MAC3 (unload) as hexadecimal digits, where the transaction gives one.
    pub proof: Option<String>,
    /// Counter after the step, as the card's log and proof carry it: online for a load or an unload, offline for a
    /// purchase.
    pub counter: Option<u16>,
}

/// How a write ended, or how a torn one was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum WriteEnd {
    Written(WriteProof),
    /// Proved from the same card: nothing happened.
    NotWritten {
        reason: Code,
    },
    /// Neither can be proved now; what was seen.
    Unknown {
        evidence: TearEvidence,
    },
    /// Another card is in the field; nothing was sent to it.
    WrongCard {
        expected_tail: String,
        seen_tail: String,
    },
}

/// What is known of a write whose end is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum TearEvidence {
    /// The card has not come back, could not be read, or its proof could not be checked: ask the same card again.
    CardAway,
    /// The card came back, but its counter went further than this write could take it, or nothing proves the step.
    MovedOn { seen: CardImage },
}
