//! Keys of sixteen bytes and their diversification. Wiped when dropped, never shown.

use desk_card::issuer::CardKeySource;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::cipher::{Block, encrypt};

/// A two-key triple-DES key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DoubleKey([u8; 16]);

impl DoubleKey {
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// One level of diversification: E(key, input) ‖ E(key, ¬input).
    #[must_use]
    pub fn diversified(&self, input: Block) -> Self {
        let mut bytes = [0; 16];
        let (left, right) = bytes.split_at_mut(8);
        left.copy_from_slice(&encrypt(&self.0, input));
        right.copy_from_slice(&encrypt(&self.0, input.map(|byte| !byte)));
        Self(bytes)
    }

    /// Both levels: the issuer first, the card's serial second.
    #[must_use]
    pub fn of_card(&self, issuer: Block, serial: Block) -> Self {
        self.diversified(issuer).diversified(serial)
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn halves(&self) -> (Block, Block) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.0;
        ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])
    }

    pub(crate) fn folded(&self) -> Zeroizing<Block> {
        let (mut left, right) = self.halves();
        for (byte, with) in left.iter_mut().zip(right) {
            *byte ^= with;
        }
        Zeroizing::new(left)
    }
}

/// What a master key is for. One key, one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Load,
    Unload,
    Purchase,
    Tac,
    Maintenance,
    PinReload,
    PinUnblock,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Unload => "unload",
            Self::Purchase => "purchase",
            Self::Tac => "tac",
            Self::Maintenance => "maintenance",
            Self::PinReload => "pin_reload",
            Self::PinUnblock => "pin_unblock",
        }
    }
}

/// Master keys of every family and purpose. No `Debug`; wiped when dropped.
pub struct MasterKeys {
    seed: Zeroizing<Vec<u8>>,
}

impl MasterKeys {
    /// Software keys for development, derived from a seed of the configuration: the first half of
    /// SHA-256("carddesk master key" ‖ 00 ‖ family ‖ 00 ‖ purpose ‖ 00 ‖ seed). The demonstration cards are made from
    /// the same seed by the same rule.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Self {
        Self { seed: Zeroizing::new(seed.to_vec()) }
    }

    pub(crate) fn master(&self, family: &str, purpose: Purpose) -> DoubleKey {
        let mut hasher = Sha256::new();
        for part in ["carddesk master key", family, purpose.label()] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hasher.update(&*self.seed);
        let mut digest: [u8; 32] = hasher.finalize().into();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        digest.zeroize();
        DoubleKey(bytes)
    }

    /// The card's own key; none where its issuer or serial are not eight bytes.
    pub(crate) fn of_card(&self, card: &CardKeySource, purpose: Purpose) -> Option<DoubleKey> {
        let mut issuer = [0; 8];
        let mut serial = [0; 8];
        hex::decode_to_slice(&card.issuer, &mut issuer).ok()?;
        hex::decode_to_slice(&card.serial, &mut serial).ok()?;
        Some(self.master(&card.family, purpose).of_card(issuer, serial))
    }
}
