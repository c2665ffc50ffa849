//! The centre's decisions: rights, ledger, idempotency, journal chains. Sans-IO: the store, the key service, password
//! hashing, the E-card platform, randomness and the time of a request come in from outside.
//!
//! [`Centre::handle`] takes one envelope and gives one response in one store transaction. A definite answer, refusals
//! included, is kept and repeated for the same request id; a failure of a port is no answer at all and leaves nothing.

mod act;
mod answer;
mod authorise;
mod centre;
mod claims;
mod confirm;
mod elsewhere;
mod find;
mod inquire;
mod issuer;
mod office;
mod orders;
mod outlet_day;
mod parcels;
mod password;
mod publish;
mod release;
mod session;
mod totals;
mod unit;
mod unreadable;
mod upload;

pub mod memory;
pub mod neighbours;
pub mod number;
pub mod payout;
pub mod policy;
pub mod ports;
pub mod record;
pub mod sandbox;
pub mod store;
pub mod upstream;

pub use centre::{Centre, Failure, Parts};
pub use memory::Memory;
pub use policy::{Policy, Programme};
