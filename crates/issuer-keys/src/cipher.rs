//! The block cipher of purse cards: single and two-key triple DES, one block at a time.

use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};

pub type Block = [u8; 8];

/// Enciphers one block with an 8-byte key.
#[must_use]
pub fn encrypt_single(key: [u8; 8], block: Block) -> Block {
    let mut out = block.into();
    Des::new(&key.into()).encrypt_block(&mut out);
    out.into()
}

/// Deciphers one block with an 8-byte key.
#[must_use]
pub fn decrypt_single(key: [u8; 8], block: Block) -> Block {
    let mut out = block.into();
    Des::new(&key.into()).decrypt_block(&mut out);
    out.into()
}

/// Enciphers one block with a 16-byte key.
#[must_use]
pub fn encrypt(key: &[u8; 16], block: Block) -> Block {
    let mut out = block.into();
    TdesEde2::new(&(*key).into()).encrypt_block(&mut out);
    out.into()
}
