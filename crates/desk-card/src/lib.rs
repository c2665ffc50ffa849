//! Card protocol as sans-IO: APDUs, profiles, purse transactions and tear decisions. Holds no key and computes no MAC.

pub mod apdu;
pub mod bcd;
pub mod driver;
mod flow;
mod line;
pub mod link;
mod personalise;
pub mod profile;
mod purchase;
mod purse;
pub mod read;
mod resolve;
mod revalidate;
pub mod status;
pub mod tlv;
pub mod transaction;
mod unload;
pub mod write;

pub use desk_domain::{card, code, id, issuer, money};
pub use personalise::Personalise;
pub use purchase::PurchaseOfRest;
pub use read::{ReadCard, ReadEnd};
pub use resolve::Resolve;
pub use revalidate::Revalidate;
pub use unload::Unload;
pub use write::{begin, resolve};
