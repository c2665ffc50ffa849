//! Issuer key derivation, session keys, MACs and TAC checks; used by the centre only.

mod cipher;
pub mod key;
pub mod key_service;
pub mod mac;
pub mod release;
#[cfg(test)]
mod vectors;

pub use desk_card::profile::LinePurpose;
pub use key::{DoubleKey, MasterKeys};
pub use key_service::KeyService;
pub use release::{ReleaseKind, ReleaseRecord};
