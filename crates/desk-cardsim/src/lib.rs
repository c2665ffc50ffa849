//! Card simulator: a card operating system with its own second implementation of keys and MACs, faults, and a reader that
//! holds it in one process. Knows nothing of the issuer's key service.

pub mod card;
mod crypto;
pub mod faults;
pub mod in_process;
pub mod kiosk;
pub mod memory;
mod purse;
pub mod sam;
mod system;
pub mod tray;
#[cfg(test)]
mod vectors;
pub mod vpcd;

pub use card::{BadCard, CardRow, Seed, SimCard, StaffRow};
pub use in_process::{SimReader, SimTray};
