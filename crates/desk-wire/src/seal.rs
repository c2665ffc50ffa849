//! Opens a sealed payload of the journal with the key that its desk has sent.

use desk_domain::journal::{RowHeader, seal_context};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The payload of a row, where key (32 bytes as hexadecimal digits) and place are its own and no byte was changed.
#[must_use]
pub fn opened(key: &str, header: &RowHeader, sealed: &str) -> Option<String> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &hex::decode(key).ok()?).ok()?);
    let mut bytes = hex::decode(sealed).ok()?;
    let mut rest = bytes.split_off(bytes.len().min(NONCE_LEN));
    let nonce = Nonce::try_assume_unique_for_key(&bytes).ok()?;
    let context = seal_context(&header.device, header.generation, header.sequence);
    let plain = key.open_in_place(nonce, Aad::from(context), &mut rest).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}
