//! Issuer key derivation, session keys, MACs and TAC checks; used by the centre only.

mod cipher;
pub mod key;
pub mod mac;
pub mod release;
pub mod service;
#[cfg(test)]
mod vectors;

pub use desk_card::profile::LinePurpose;
pub use key::{DoubleKey, MasterKeys};
pub use release::{ReleaseKind, ReleaseRecord};
pub use service::KeyService;
