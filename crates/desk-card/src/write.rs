//! From a [`WriteIntent`] to the transaction that does it, or that decides a torn one.

use desk_domain::{
    card::{WriteEnd, WriteIntent},
    code::{Code, Message},
};

use crate::{profile::Profiles, transaction::Transaction};

/// A write in progress.
pub type Writing = Box<dyn Transaction<End = WriteEnd> + Send>;

/// Starts the write that `intent` describes. Call it only after the intent is on the disk.
///
/// # Errors
/// A [`Message`] where the family is unknown or cannot do this.
pub fn begin(intent: &WriteIntent, profiles: &Profiles) -> Result<Writing, Message> {
    let _ = (intent, profiles);
    Err(Message::new(Code::CardFamilyUnknown))
}

/// Decides a torn write of `intent` from the card that lies on the reader: written, not written or unknown.
///
/// # Errors
/// A [`Message`] where the family is unknown.
pub fn resolve(intent: &WriteIntent, profiles: &Profiles) -> Result<Writing, Message> {
    let _ = (intent, profiles);
    Err(Message::new(Code::CardFamilyUnknown))
}
