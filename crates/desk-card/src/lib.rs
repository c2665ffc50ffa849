//! Card protocol as sans-IO: APDUs, profiles, purse transactions and tear decisions. Holds no key and computes no MAC.

pub mod apdu;
pub mod balance;
pub mod bcd;
pub mod driver;
mod flow;
pub mod holder;
pub mod layout;
mod line;
pub mod link;
mod personalise;
pub mod profile;
mod purchase;
mod purse;
pub mod read;
pub mod record;
mod resolve;
mod revalidate;
pub mod sight;
pub mod status;
pub mod tables;
pub mod tlv;
pub mod transaction;
mod unload;
pub mod write;

pub use desk_domain::{card, code, id, issuer, money};
pub use personalise::Personalise;
pub use purchase::PurchaseOfRest;
pub use read::{Journeys, LookAtCard, ReadCard, ReadEnd};
pub use resolve::Resolve;
pub use revalidate::Revalidate;
pub use unload::Unload;
pub use write::{begin, resolve};
