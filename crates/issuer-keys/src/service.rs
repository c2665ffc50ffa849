//! The key service: answers what card transactions ask, and releases nothing that it has not checked.

use desk_card::{
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::release::ReleaseRecord;

/// Master keys of every family and purpose. No `Debug`; wiped when dropped.
pub struct MasterKeys {
    _seed: zeroize::Zeroizing<Vec<u8>>,
}

impl MasterKeys {
    /// Software keys for development, derived from a seed of the configuration. The demonstration cards are made from
    /// the same seed.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Self {
        Self {
            _seed: zeroize::Zeroizing::new(seed.to_vec()),
        }
    }
}

/// Computes and checks card MACs.
pub struct KeyService {
    _keys: MasterKeys,
}

impl KeyService {
    #[must_use]
    pub fn new(keys: MasterKeys) -> Self {
        Self { _keys: keys }
    }

    /// Answers one request. `releases` are the recorded releases of this card (others are ignored); only a proof check
    /// looks at them. That the request belongs to an open reservation is the caller's check.
    ///
    /// # Errors
    /// A [`Message`] where MAC1 is wrong, the algorithm or key version unknown, a field malformed or the command not
    /// one that the counter may send.
    pub fn answer(
        &self,
        ask: &IssuerRequest,
        releases: &[ReleaseRecord],
    ) -> Result<IssuerAnswer, Message> {
        let _ = (ask, releases);
        Err(Message::new(Code::KeySourceInvalid))
    }

    /// Checks the proof of a settled write (MAC3 of an unload, TAC of a purchase; hexadecimal digits) against the release
    /// that it must belong to.
    ///
    /// # Errors
    /// A [`Message`] where a field is malformed.
    pub fn settles(&self, release: &ReleaseRecord, proof: &str) -> Result<bool, Message> {
        let _ = (release, proof);
        Ok(false)
    }
}
