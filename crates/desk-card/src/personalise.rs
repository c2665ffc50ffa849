//! Writes the data (never the keys) of a new card onto a blank.

use desk_domain::{
    card::{CardData, CardImage, WriteEnd},
    code::{Code, Message},
};

use crate::{
    flow::Wired,
    line::DoLine,
    profile::Profiles,
    resolve::Target,
    transaction::{Reply, Step, Transaction},
};

/// Dates and holder class first, the number last: until the number stands the card is a blank and the end is
/// `NotWritten`. Repeating it on the same blank, however far it came, ends the same.
pub struct Personalise(Wired<DoLine>);

impl Personalise {
    /// # Errors
    /// A [`Message`] where the card was no blank or the family is not written at a counter.
    pub fn new(profiles: &Profiles, before: &CardImage, data: &CardData) -> Result<Self, Message> {
        if !before.blank {
            return Err(Message::new(Code::CardNotBlank));
        }
        Ok(Self(Wired::new(DoLine::new(profiles, before, Target::Card(data.clone()))?)))
    }
}

impl Transaction for Personalise {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}
