//! Reads whatever card lies on the reader: into a [`CardImage`] that a case keeps, or into a [`CardSight`] for the eyes.
//! Changes nothing on the card.

mod application;
mod files;
mod found;
mod money;

use std::sync::Arc;

use desk_domain::{
    card::CardImage,
    code::{Code, Message},
    money::Fen,
};

use self::{
    found::{Found, number_file},
    money::{NO_TERMINAL, counter},
};
use crate::{
    apdu::{self, Initialize, Response},
    flow::{Act, Event, Flow, Wired},
    layout::Layout,
    link::Presence,
    profile::{Profiles, PurseProfile},
    record::{self, Trip},
    sight::{CardSight, Tried, Unread},
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
            Presence::InUse => Code::ReaderInUse,
            Presence::Card { .. } => return None,
        };
        Some(Self(Message::new(code)))
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    fn because(code: Code) -> Self {
        Self(Message::new(code))
    }
}

/// Finds the family and reads number, validity, purse, both counters and log.
///
/// Ends with `CardMute` (no answer at all), `CardPulled` (answered, then gone), `CardFamilyUnknown`, `CardRefused`
/// (blocked, a file is missing, or its answers contradict each other) or `BalanceInconsistent`. The image of a family
/// that is only shown holds no purse: nothing can be written on it.
pub struct ReadCard(Wired<Reading>);

/// Reads everything that can be shown. Where the balance contradicts itself, a counter is missing or the card leaves
/// early, what was read is shown with a warning; no purse stands in the image then, so nothing is written by it.
pub struct LookAtCard(Wired<Looking>);

/// How many journeys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journeys {
    /// Only whether one is open.
    Newest,
    All,
}

impl LookAtCard {
    #[must_use]
    pub fn new(profiles: &Profiles, journeys: Journeys) -> Self {
        Self(Wired::new(Looking(Reading::new(profiles, Depth::Sight(journeys)))))
    }
}

impl Transaction for LookAtCard {
    type End = Result<CardSight, Unread>;

    fn step(&mut self, reply: Reply) -> Step<Self::End> {
        self.0.step(reply)
    }
}

impl ReadCard {
    #[must_use]
    pub fn new(profiles: &Profiles) -> Self {
        Self(Wired::new(Reading::new(profiles, Depth::Whole)))
    }
}

impl Transaction for ReadCard {
    type End = Result<CardImage, ReadEnd>;

    fn step(&mut self, reply: Reply) -> Step<Self::End> {
        self.0.step(reply)
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Number, validity, holder class.
    Identity,
    /// And the balance; the counters stay 0.
    Balance,
    /// Everything that a case keeps.
    Whole,
    /// Everything that can be shown; what contradicts itself is a warning and no end.
    Sight(Journeys),
}

impl Depth {
    fn wants_balance(self) -> bool {
        match self {
            Self::Identity => false,
            Self::Balance | Self::Whole | Self::Sight(_) => true,
        }
    }

    fn wants_all(self) -> bool {
        match self {
            Self::Identity | Self::Balance => false,
            Self::Whole | Self::Sight(_) => true,
        }
    }

    fn shows(self) -> bool {
        matches!(self, Self::Sight(_))
    }
}

/// The conversation behind [`ReadCard`]; every write begins and ends with one.
pub struct Reading {
    profiles: Profiles,
    depth: Depth,
    answered: bool,
    tried: Vec<Tried>,
    /// Family of an application of which nothing but its presence is known.
    present: Option<Arc<Layout>>,
    /// Why an application that is there could not be read; another may still be.
    failed: Option<ReadEnd>,
    at: At,
}

/// Where the reading stands; each place holds what is known by then.
enum At {
    Start,
    MasterFile {
        attempt: usize,
    },
    Selecting {
        attempt: usize,
        file: Option<Vec<u8>>,
    },
    PublicFile {
        attempt: usize,
        candidates: Vec<Arc<Layout>>,
        fci: Vec<u8>,
    },
    BalanceApplication(Found),
    Balance(Found),
    /// The file behind what the answer to SELECT showed of it.
    Confirming(Found),
    Number(Found),
    HolderClass(Found),
    OnlineCounter {
        found: Found,
        purse: PurseProfile,
        balance: Fen,
    },
    OfflineCounter {
        found: Found,
        purse: PurseProfile,
        balance: Fen,
        online: u16,
    },
    Trip {
        found: Found,
        record: u8,
    },
    Log {
        found: Found,
        record: u8,
    },
    SelectingMasterFile(Found),
    NumberInMasterFile(Found),
    Over,
}

type End = Result<Box<Found>, ReadEnd>;

impl Reading {
    pub fn new(profiles: &Profiles, depth: Depth) -> Self {
        Self { profiles: profiles.clone(), depth, answered: false, tried: Vec::new(), present: None, failed: None, at: At::Start }
    }

    fn go(&mut self, at: At, command: Vec<u8>) -> Act<End> {
        self.at = at;
        Act::Send(command)
    }

    fn heard(&mut self, response: Response) -> Act<End> {
        match std::mem::replace(&mut self.at, At::Over) {
            At::Start | At::Over => Act::Done(Err(ReadEnd::because(Code::CardMute))),
            At::MasterFile { attempt } => match self.profiles.application(attempt).cloned() {
                Some(application) if response.sw.is_ok() => self.select(attempt, &application, Some(response.data)),
                Some(_) | None => self.ask_for(attempt + 1),
            },
            At::Selecting { attempt, file } => self.selected(attempt, file, response),
            At::PublicFile { attempt, candidates, fci } => self.public_file(attempt, &candidates, &fci, &response),
            At::BalanceApplication(found) => {
                if response.sw.is_ok() {
                    self.ask_balance(found)
                } else {
                    self.balance(found, &response)
                }
            }
            At::Balance(found) => self.balance(found, &response),
            At::Confirming(found) => self.confirmed(found, &response),
            At::Number(found) => self.take_number(found, &response, Self::holder_class),
            At::HolderClass(mut found) => {
                let at = found.layout.holder_class.as_ref().map_or(0, |place| usize::from(place.at));
                found.image.holder_class = response.data.get(at).copied().unwrap_or_default();
                self.counters(found)
            }
            At::OnlineCounter { found, purse, balance } => match counter(&response) {
                Some(online) => {
                    let command = apdu::initialize(Initialize::Purchase, purse.purse, purse.purchase_key, 0, NO_TERMINAL);
                    self.go(At::OfflineCounter { found, purse, balance, online }, command)
                }
                None => self.no_counter(found, &response),
            },
            At::OfflineCounter { found, purse, balance, online } => match counter(&response) {
                Some(offline) => self.trips(found.with_purse(&purse, balance, online, offline), 1),
                None => self.no_counter(found, &response),
            },
            At::Trip { mut found, record } => {
                let trip = record::trip(&response.data).filter(|_| response.sw.is_ok());
                if let (1, Some(purse)) = (record, &mut found.image.purse) {
                    purse.incomplete_trip = trip.as_ref().is_some_and(Trip::begins_journey);
                }
                match trip {
                    Some(trip) => {
                        found.trips.push(trip);
                        self.trips(found, record.saturating_add(1))
                    }
                    None => self.log(found, 1),
                }
            }
            At::Log { mut found, record } => match record::log_entry(&response.data).filter(|_| response.sw.is_ok()) {
                Some(entry) => {
                    found.log.push(entry);
                    self.log(found, record.saturating_add(1))
                }
                // The newest stands first: behind an empty one are only empty ones.
                None => self.number_in_master_file(found),
            },
            At::SelectingMasterFile(found) => match number_file(&found.layout) {
                Some(file) if response.sw.is_ok() => {
                    let command = apdu::read_binary(file.sfi, file.length);
                    self.go(At::NumberInMasterFile(found), command)
                }
                Some(_) | None => Act::Done(Err(ReadEnd(response.sw.refusal()))),
            },
            At::NumberInMasterFile(found) => self.take_number(found, &response, Self::done),
        }
    }

    /// The card left. What a look has seen by then is kept, once the number stands.
    fn lost(&mut self) -> Act<End> {
        let kept = match std::mem::replace(&mut self.at, At::Over) {
            At::Start
            | At::MasterFile { .. }
            | At::Selecting { .. }
            | At::PublicFile { .. }
            | At::Number(_)
            | At::SelectingMasterFile(_)
            | At::NumberInMasterFile(_)
            | At::Over => None,
            At::BalanceApplication(found)
            | At::Balance(found)
            | At::Confirming(found)
            | At::HolderClass(found)
            | At::OnlineCounter { found, .. }
            | At::OfflineCounter { found, .. }
            | At::Trip { found, .. }
            | At::Log { found, .. } => Some(found).filter(|found| number_file(&found.layout).is_none()),
        };
        match kept.filter(|_| self.depth.shows()) {
            Some(mut found) => {
                found.image.purse = None;
                found.warnings.push(Code::CardPulled);
                self.done(found)
            }
            None => Act::Done(Err(ReadEnd::because(if self.answered { Code::CardPulled } else { Code::CardMute }))),
        }
    }

    fn hear(&mut self, event: Event) -> Act<End> {
        match event {
            Event::Begin => self.ask_for(0),
            Event::Card(response) => {
                self.answered = true;
                self.heard(response)
            }
            Event::Lost => self.lost(),
            // A reading asks nobody.
            Event::Issuer(_) | Event::Refused(_) => Act::Done(Err(ReadEnd::because(Code::CardPulled))),
        }
    }
}

impl Flow for Reading {
    type End = Result<CardImage, ReadEnd>;

    fn next(&mut self, event: Event) -> Act<Self::End> {
        self.hear(event).map(|end| end.map(|found| found.image))
    }
}

/// A reading of which everything is shown.
struct Looking(Reading);

impl Flow for Looking {
    type End = Result<CardSight, Unread>;

    fn next(&mut self, event: Event) -> Act<Self::End> {
        let act = self.0.hear(event);
        let (tried, present) = (&self.0.tried, &self.0.present);
        act.map(|end| {
            end.map(|found| found.sight()).map_err(|end| Unread {
                end,
                present: present.as_ref().map(|layout| (layout.family.clone(), layout.title.clone())),
                tried: tried.clone(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn hostile_cards_end_the_reading(answers: Vec<Vec<u8>>, ok: bool) {
            let mut look = LookAtCard::new(&Profiles::built_in().unwrap(), Journeys::All);
            let mut read = ReadCard::new(&Profiles::built_in().unwrap());
            let ended = |steps: &mut dyn FnMut(Reply) -> Option<Reply>| {
                let mut reply = Some(Reply::Begin);
                for _ in 0..1000 {
                    reply = match reply.and_then(&mut *steps) {
                        None => return true,
                        some => some,
                    };
                }
                false
            };
            let fed = |answers: &mut std::vec::IntoIter<Vec<u8>>| {
                let mut answer = answers.next().unwrap_or_default();
                answer.extend(if ok { [0x90, 0x00] } else { [0x6A, 0x82] });
                Some(Reply::Card(crate::link::Answer::Response(answer)))
            };
            let mut given = answers.clone().into_iter();
            let looked = ended(&mut |reply| match look.step(reply) {
                Step::Send(_) => fed(&mut given),
                Step::AskIssuer(_) | Step::Done(_) => None,
            });
            let mut given = answers.into_iter();
            let was_read = ended(&mut |reply| match read.step(reply) {
                Step::Send(_) => fed(&mut given),
                Step::AskIssuer(_) | Step::Done(_) => None,
            });
            proptest::prop_assert!(looked && was_read);
        }
    }
}
