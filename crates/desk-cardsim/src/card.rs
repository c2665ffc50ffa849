//! One simulated card: what survives without power, what does not, and its one entrance.

use serde::{Deserialize, Serialize};

/// The secret from which every demonstration key is derived; the key service must be given the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(pub Vec<u8>);

impl Seed {
    /// # Errors
    /// [`BadCard`] where the text is no even number of hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, BadCard> {
        hex::decode(text)
            .map(Self)
            .map_err(|_| BadCard("seed is not hexadecimal".to_owned()))
    }
}

/// Why no card can be made of what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("card: {0}")]
pub struct BadCard(pub String);

/// One card to be made; the keys of a row in `rules/demonstration-cards.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRow {
    pub name: String,
    /// `education`, `tunion-unload`, `tunion-purchase` or `unknown`.
    pub family: String,
    /// All zeros make a blank.
    pub card_no: String,
    /// Eight bytes as hexadecimal digits.
    pub issuer: String,
    /// Eight bytes as hexadecimal digits.
    pub serial: String,
    pub holder_class: u8,
    pub balance_fen: u32,
    /// `YYYY-MM-DD`, or empty.
    pub valid_until: String,
}

/// A card. Everything but its volatile state serialises, so that its memory outlives a process.
#[derive(Clone, Serialize, Deserialize)]
pub struct SimCard {
    uid: [u8; 4],
}

impl SimCard {
    /// Makes the card that a row describes.
    ///
    /// # Errors
    /// [`BadCard`] names the field.
    pub fn make(seed: &Seed, row: &CardRow) -> Result<Self, BadCard> {
        let _ = (seed, row);
        Ok(Self { uid: [0, 0, 0, 1] })
    }

    /// Answer to reset, as a contactless PC/SC reader builds it from the card's historical bytes.
    #[must_use]
    pub fn atr(&self) -> Vec<u8> {
        let mut atr = vec![
            0x3B, 0x8B, 0x80, 0x01, 0x20, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        atr.extend(self.uid);
        let check = atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        atr.push(check);
        atr
    }

    /// Power comes: volatile state is empty.
    pub fn power_on(&mut self) {}

    /// Power goes: volatile state is lost, memory stays.
    pub fn power_off(&mut self) {}

    /// Warm reset: as off and on.
    pub fn reset(&mut self) {}

    /// Executes one command; data and status word.
    #[must_use]
    pub fn apdu(&mut self, command: &[u8]) -> Vec<u8> {
        let _ = command;
        vec![0x6D, 0x00]
    }

    /// Purse balance in fen without asking the card for it; none where there is no purse.
    #[must_use]
    pub fn balance(&self) -> Option<u32> {
        None
    }
}
