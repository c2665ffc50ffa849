//! Moves the end of validity (增效).

use chrono::NaiveDate;
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

/// Checks the card, challenge, MAC, UPDATE BINARY, reads back. A card that carries the date already ends `Written`
/// without a write; one whose date was moved meanwhile ends `NotWritten`.
pub struct Revalidate(Wired<DoLine>);

impl Revalidate {
    /// # Errors
    /// A [`Message`] where the family carries no validity that a counter may move.
    pub fn new(profiles: &Profiles, before: &CardImage, until: NaiveDate) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoLine::new(profiles, before, Target::Until(until))?)))
    }
}

impl Transaction for Revalidate {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}
