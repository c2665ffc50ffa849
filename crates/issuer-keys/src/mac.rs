//! Session keys, purse MACs, TAC and line protection, over bytes. Everything is DES-CBC from a start value, padded with 80
//! and zeros, cut to four bytes.

use zeroize::Zeroizing;

use crate::{
    cipher::{Block, decrypt_single, encrypt, encrypt_single},
    key::DoubleKey,
};

/// Four bytes that a card or the key service sends as proof.
pub type Mac = [u8; 4];

/// Session key of load and unload: E(key, random ‖ online counter ‖ 8000).
#[must_use]
pub fn online_session(key: &DoubleKey, random: [u8; 4], counter: u16) -> Zeroizing<Block> {
    let [c1, c2] = counter.to_be_bytes();
    let [r1, r2, r3, r4] = random;
    Zeroizing::new(encrypt(key.bytes(), [r1, r2, r3, r4, c1, c2, 0x80, 0x00]))
}

/// Session key of purchases: E(key, random ‖ offline counter ‖ last two bytes of the terminal's number).
#[must_use]
pub fn offline_session(key: &DoubleKey, random: [u8; 4], counter: u16, terminal_sequence: u32) -> Zeroizing<Block> {
    let [c1, c2] = counter.to_be_bytes();
    let [r1, r2, r3, r4] = random;
    let [_, _, t1, t2] = terminal_sequence.to_be_bytes();
    Zeroizing::new(encrypt(key.bytes(), [r1, r2, r3, r4, c1, c2, t1, t2]))
}

/// MAC with a session key, start value zero.
#[must_use]
pub fn mac(key: &Block, data: &[u8]) -> Mac {
    head(chain(*key, [0; 8], data))
}

/// TAC: the MAC under left half ⊕ right half of the TAC key. The PIN reload MAC is made the same way.
#[must_use]
pub fn tac(key: &DoubleKey, data: &[u8]) -> Mac {
    mac(&key.folded(), data)
}

/// MAC of a protected command (ISO 9797-1 algorithm 3): `command` is CLA INS P1 P2 Lc and data, Lc counting the MAC; the
/// start value is the challenge, a short one filled with zeros.
#[must_use]
pub fn line(key: &DoubleKey, challenge: &[u8], command: &[u8]) -> Mac {
    let (left, right) = key.halves();
    let last = chain(left, start(challenge), command);
    head(encrypt_single(left, decrypt_single(right, last)))
}

/// The same for an 8-byte key: plain DES-CBC.
#[must_use]
pub fn line_single(key: Block, challenge: &[u8], command: &[u8]) -> Mac {
    head(chain(key, start(challenge), command))
}

/// Enciphers protected data: length byte, data, padding, block by block. Exactly filled blocks get no padding.
#[must_use]
pub fn encipher_line(key: &DoubleKey, data: &[u8]) -> Option<Vec<u8>> {
    let mut plain = vec![u8::try_from(data.len()).ok()?];
    plain.extend(data);
    if !plain.len().is_multiple_of(8) {
        plain.push(0x80);
        plain.resize(plain.len().next_multiple_of(8), 0x00);
    }
    Some(plain.as_chunks::<8>().0.iter().flat_map(|block| encrypt(key.bytes(), *block)).collect())
}

fn start(challenge: &[u8]) -> Block {
    let mut value = [0; 8];
    for (to, from) in value.iter_mut().zip(challenge) {
        *to = *from;
    }
    value
}

/// DES-CBC over the padded data; the last block.
fn chain(key: Block, start: Block, data: &[u8]) -> Block {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(8), 0x00);
    padded.as_chunks::<8>().0.iter().fold(start, |value, block| {
        let mut mixed = *block;
        for (byte, with) in mixed.iter_mut().zip(value) {
            *byte ^= with;
        }
        encrypt_single(key, mixed)
    })
}

fn head(block: Block) -> Mac {
    let [a, b, c, d, ..] = block;
    [a, b, c, d]
}
