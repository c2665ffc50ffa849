//! Sealing of journal payloads: AES-256-GCM under a key of the case (or of the day), bound to the row's place.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use desk_app::ports::Entropy;
use zeroize::Zeroizing;

const NONCE: usize = 12;

/// Key of the payloads of one case or one day.
#[derive(Clone)]
pub struct PayloadKey(Zeroizing<[u8; 32]>);

/// The payload does not open: other key, other place, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("payload does not open")]
pub struct Unopened;

impl PayloadKey {
    pub fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(&mut *key);
        Self(key)
    }

    /// # Errors
    /// [`Unopened`] when `bytes` are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unopened> {
        Ok(Self(Zeroizing::new(bytes.try_into().map_err(|_| Unopened)?)))
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Nonce, ciphertext and tag.
    ///
    /// # Errors
    /// [`Unopened`] when the payload is longer than the cipher takes (64 GiB).
    pub fn seal(&self, entropy: &mut dyn Entropy, context: &[u8], payload: &str) -> Result<Vec<u8>, Unopened> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce);
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), Payload { msg: payload.as_bytes(), aad: context }).map_err(|_| Unopened)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// # Errors
    /// [`Unopened`] for another key, another context, or changed bytes.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<String, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Unopened)?;
        let payload = self.cipher().decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: context }).map_err(|_| Unopened)?;
        String::from_utf8(payload).map_err(|_| Unopened)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

impl std::fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PayloadKey(…)")
    }
}
