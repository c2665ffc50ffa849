//! Card protocol as sans-IO: APDUs, profiles, purse transactions and tear decisions. Holds no key and computes no MAC.

pub mod driver;
pub mod link;
pub mod profile;
pub mod read;
pub mod transaction;
pub mod write;

pub use desk_domain::{card, code, id, issuer, money};
pub use write::{begin, resolve};
