//! Card protocol as sans-IO: APDUs, profiles, purse transactions and tear decisions. Holds no key and computes no MAC.

pub mod apdu;
pub mod bcd;
mod block;
pub mod driver;
mod flow;
mod holder_class;
mod line;
pub mod link;
mod load;
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

pub use block::SetBlock;
pub use desk_domain::{card, code, id, issuer, money};
pub use holder_class::WriteHolderClass;
pub use load::Load;
pub use personalise::Personalise;
pub use purchase::PurchaseOfRest;
pub use read::{ReadCard, ReadEnd};
pub use resolve::Resolve;
pub use revalidate::Revalidate;
pub use unload::Unload;
pub use write::{begin, resolve};
