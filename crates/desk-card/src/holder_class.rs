//! Writes another holder class into the public file.

use desk_domain::{
    card::{CardImage, WriteEnd},
    code::Message,
};

use crate::{
    flow::Wired,
    line::DoLine,
    profile::Profiles,
    resolve::Target,
    transaction::{Reply, Step, Transaction},
};

/// Checks the card, challenge, MAC, UPDATE BINARY, reads back. A card that carries the class already ends `Written` without
/// a write; one whose class was changed meanwhile ends `NotWritten`.
pub struct WriteHolderClass(Wired<DoLine>);

impl WriteHolderClass {
    /// # Errors
    /// A [`Message`] where the family keeps the class out of a counter's reach.
    pub fn new(profiles: &Profiles, before: &CardImage, class: u8) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoLine::new(profiles, before, Target::Class(class))?)))
    }
}

impl Transaction for WriteHolderClass {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}
