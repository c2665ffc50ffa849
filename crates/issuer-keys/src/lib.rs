//! Issuer key derivation, session keys, MACs and TAC checks; used by the centre only.

pub mod release;
pub mod service;

pub use release::ReleaseRecord;
pub use service::{KeyService, MasterKeys};
