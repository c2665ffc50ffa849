//! The card's own cryptography, written apart from the issuer's: DES on 64-bit words, MACs and diversification.

use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::Des;
use sha2::{Digest, Sha256};

/// A key on the card: 8 bytes (one word) or 16 bytes (two words).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKey {
    Single(u64),
    Double(u64, u64),
}

impl CardKey {
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            8 => Some(Self::Single(word(bytes))),
            16 => Some(Self::Double(word(bytes.get(..8)?), word(bytes.get(8..)?))),
            _ => None,
        }
    }

    /// One block in ECB.
    pub fn encipher(self, block: u64) -> u64 {
        match self {
            Self::Single(key) => forward(key, block),
            Self::Double(left, right) => forward(left, backward(right, forward(left, block))),
        }
    }

    /// One block in ECB.
    pub fn decipher(self, block: u64) -> u64 {
        match self {
            Self::Single(key) => backward(key, block),
            Self::Double(left, right) => backward(left, forward(right, backward(left, block))),
        }
    }

    /// Left half xor right half: the key of TAC and of the PIN reload MAC.
    pub fn folded(self) -> u64 {
        match self {
            Self::Single(key) => key,
            Self::Double(left, right) => left ^ right,
        }
    }

    /// MAC over a protected command. A 16-byte key ends with decipher right, encipher left.
    pub fn line_mac(self, challenge: &[u8], command: &[u8]) -> [u8; 4] {
        let start = word(challenge);
        head(match self {
            Self::Single(key) => chained(key, start, command),
            Self::Double(left, right) => forward(left, backward(right, chained(left, start, command))),
        })
    }
}

/// Session key of load, unload and overdraft update.
pub fn online_session(key: CardKey, random: u32, counter: u16) -> u64 {
    key.encipher((u64::from(random) << 32) | (u64::from(counter) << 16) | 0x8000)
}

/// Session key of purchases; `terminal_sequence` gives its last two bytes.
pub fn offline_session(key: CardKey, random: u32, counter: u16, terminal_sequence: u32) -> u64 {
    let low = u64::from(terminal_sequence & 0xFFFF);
    key.encipher((u64::from(random) << 32) | (u64::from(counter) << 16) | low)
}

/// MAC or TAC under a one-word key.
pub fn short_mac(key: u64, data: &[u8]) -> [u8; 4] {
    head(chained(key, 0, data))
}

/// The two-level key of one card under a master key.
pub fn card_key(master: CardKey, issuer: u64, serial: u64) -> CardKey {
    let level = |key: CardKey, input: u64| CardKey::Double(key.encipher(input), key.encipher(!input));
    level(level(master, issuer), serial)
}

/// The demonstration's master key: the first half of a hash over text, family, purpose and seed.
pub fn master_key(seed: &[u8], family: &str, purpose: &str) -> CardKey {
    let mut text = Vec::new();
    for part in ["carddesk master key", family, purpose] {
        text.extend_from_slice(part.as_bytes());
        text.push(0);
    }
    text.extend_from_slice(seed);
    let digest = Sha256::digest(&text);
    CardKey::Double(word(digest.get(..8).unwrap_or_default()), word(digest.get(8..16).unwrap_or_default()))
}

/// Up to eight bytes as a word, filled with zeros on the right.
pub fn word(bytes: &[u8]) -> u64 {
    (0..8).fold(0, |word, at| (word << 8) | u64::from(bytes.get(at).copied().unwrap_or(0)))
}

fn head(block: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = block.to_be_bytes();
    [a, b, c, d]
}

fn chained(key: u64, start: u64, data: &[u8]) -> u64 {
    let mut value = start;
    let mut blocks = data.chunks_exact(8);
    for block in blocks.by_ref() {
        value = forward(key, value ^ word(block));
    }
    let mut last = blocks.remainder().to_vec();
    last.push(0x80);
    forward(key, value ^ word(&last))
}

fn forward(key: u64, block: u64) -> u64 {
    let mut out = block.to_be_bytes().into();
    Des::new(&key.to_be_bytes().into()).encrypt_block(&mut out);
    u64::from_be_bytes(out.into())
}

fn backward(key: u64, block: u64) -> u64 {
    let mut out = block.to_be_bytes().into();
    Des::new(&key.to_be_bytes().into()).decrypt_block(&mut out);
    u64::from_be_bytes(out.into())
}
