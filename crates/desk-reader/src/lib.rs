//! A card reader of the system (PC/SC) behind the desk's reader port: hot-plug, restarts of the service, cards torn out of
//! the field and drivers that hang end in an answer, never in a standstill.
//!
//! Two threads touch PC/SC and nothing else does. The *watch* waits for changes of readers and cards and owns one context;
//! the *session* owns the other context and the open card. They are apart because waiting for a change and a command that
//! the driver never finishes both block for as long as they like.

mod config;
mod reader;
mod resident;
mod session;
mod sight;
mod survey;
mod watch;

pub use config::ReaderConfig;
pub use reader::{PcscReader, StartError};
pub use resident::{SerialIdReader, SerialLine};
pub use survey::{Seen, Survey, Surveyed, survey};
