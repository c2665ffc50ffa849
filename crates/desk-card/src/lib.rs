//! Card protocol as sans-IO: APDUs, profiles, purse transactions and tear decisions. Holds no key and computes no MAC.

pub mod link;
pub mod transaction;
