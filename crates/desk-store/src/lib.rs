//! The desk's store: an encrypted SQLite file with a hash-chained journal, its outbox and a few caches.
//!
//! One connection, one process, one `fdatasync` per append. [`chain`], [`number`] and [`seal`] hold the rules that any
//! other store of the desk shares.

pub mod chain;
mod failure;
mod forget;
pub mod number;
mod open;
mod read;
pub mod seal;
mod store;
mod verify;

pub use failure::OpenFailure;
pub use open::{SqliteStore, StoreKey};
pub use store::may_end;
