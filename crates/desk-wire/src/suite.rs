//! The crypto suite of what desks sign: named in every signed record, so that another can be told apart.

use ed25519_dalek::{Signature, VerifyingKey};

/// SHA-256, AES-256-GCM, Ed25519.
pub const INTL: &str = "intl";

/// Whether a device has signed this head: Ed25519 over the head's hexadecimal digits as text. Key (32 bytes) and signature
/// (64 bytes) are hexadecimal digits; anything else is no signature.
#[must_use]
pub fn signed(public_key: &str, head: &str, signature: &str) -> bool {
    let mut key = [0; 32];
    let mut bytes = [0; 64];
    if hex::decode_to_slice(public_key, &mut key).is_err() || hex::decode_to_slice(signature, &mut bytes).is_err() {
        return false;
    }
    VerifyingKey::from_bytes(&key).is_ok_and(|key| key.verify_strict(head.as_bytes(), &Signature::from_bytes(&bytes)).is_ok())
}
