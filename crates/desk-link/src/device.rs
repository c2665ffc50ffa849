//! The device's own Ed25519 key: proves the desk to the centre and signs the head of its journal.

use desk_app::ports::Signer;
use ed25519_dalek::{Signer as _, SigningKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

/// PKCS#8 version 1 of an Ed25519 key (RFC 8410, section 7), up to the seed.
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Made at enrolment, kept with the store's key, never sent.
#[derive(Clone)]
pub struct DeviceKey(Zeroizing<[u8; 32]>);

impl DeviceKey {
    /// `seed`: 32 bytes of true randomness.
    #[must_use]
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self(seed)
    }

    pub(crate) fn pkcs8(&self) -> PrivatePkcs8KeyDer<'static> {
        PrivatePkcs8KeyDer::from([&PKCS8_PREFIX[..], &*self.0].concat())
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.pkcs8())
    }

    /// 32 bytes as hexadecimal digits.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(SigningKey::from_bytes(&self.0).verifying_key().as_bytes())
    }
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

/// Signs heads; the message is the text of the head's hexadecimal digits.
pub struct DeviceSigner(SigningKey);

impl DeviceSigner {
    #[must_use]
    pub fn new(key: &DeviceKey) -> Self {
        Self(SigningKey::from_bytes(&key.0))
    }
}

impl Signer for DeviceSigner {
    fn sign(&self, head: &str) -> String {
        hex::encode(self.0.sign(head.as_bytes()).to_bytes())
    }
}
