//! The card's PIN: verified, unlocked and set anew, with the tries that are left. A PIN is never written down: not in an
//! intent, not in a release, not in a log. After a tear the holder enters it again, and the card says whether it stands.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, Pin},
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::{
    apdu::{self, Response},
    block::{Looking, Sight},
    flow::{Act, Event, Flow, Wired},
    profile::{PinProfile, Profile, Profiles, key_source},
    purse::same_card,
    status::Sw,
    transaction::{Reply, Step, Transaction},
};

/// What is done with the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinWork {
    /// Is it this one? A wrong one costs a try.
    Verify,
    /// Sets it and gives the tries back, by the reload key.
    Reload,
    /// Gives the tries back, by the unblock key; some cards want the PIN that stands there, others take it as the new one.
    Unblock,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinEnd {
    /// Verified, or set.
    Done,
    /// Wrong PIN.
    Wrong { tries_left: u8 },
    /// No try is left; unlock it first.
    Locked,
    /// Nothing was sent that counts, or the card refused.
    Not { reason: Message },
    /// The answer was lost: verify the PIN that was to be set. A lost verification may have cost a try.
    Unknown,
    WrongCard { expected_tail: String, seen_tail: String },
}

/// One piece of work on the PIN of the card that was read.
pub struct WorkOnPin(Wired<DoPin>);

impl WorkOnPin {
    /// # Errors
    /// A [`Message`] where the family is unknown or has no PIN.
    pub fn new(profiles: &Profiles, before: &CardImage, work: PinWork, pin: Pin) -> Result<Self, Message> {
        let profile = profiles.shared(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        let Some(slot) = profile.pin.clone() else {
            return Err(Message::new(Code::ProfileMismatch));
        };
        Ok(Self(Wired::new(DoPin { profile, slot, before: before.clone(), work, pin, at: At::Start })))
    }
}

impl Transaction for WorkOnPin {
    type End = PinEnd;

    fn step(&mut self, reply: Reply) -> Step<PinEnd> {
        self.0.step(reply)
    }
}

struct DoPin {
    profile: Arc<Profile>,
    slot: PinProfile,
    before: CardImage,
    work: PinWork,
    pin: Pin,
    at: At,
}

enum At {
    Start,
    Checking(Looking),
    Challenge,
    Asking,
    Working,
    Over,
}

fn not(code: Code) -> Act<PinEnd> {
    Act::Done(PinEnd::Not { reason: Message::new(code) })
}

impl DoPin {
    fn checked(&mut self, sight: Sight) -> Act<PinEnd> {
        let seen = match sight {
            Sight::Known { seen, .. } => seen,
            Sight::Gone => return not(Code::CardPulled),
            Sight::Dead(_) => return not(Code::CardRefused),
            Sight::Foreign => return self.wrong(String::new()),
        };
        if !same_card(&self.before, &seen) {
            return self.wrong(seen.card_no.tail().to_owned());
        }
        match self.work {
            PinWork::Verify => {
                self.at = At::Working;
                Act::Send(apdu::verify(self.slot.id, &self.pin.bytes()))
            }
            PinWork::Reload => {
                self.at = At::Asking;
                Act::Ask(IssuerRequest::PinReload { card: key_source(&self.before), pin: self.pin.clone() })
            }
            PinWork::Unblock => {
                self.at = At::Challenge;
                Act::Send(apdu::get_challenge(self.slot.challenge))
            }
        }
    }

    fn wrong(&self, seen_tail: String) -> Act<PinEnd> {
        Act::Done(PinEnd::WrongCard { expected_tail: self.before.card_no.tail().to_owned(), seen_tail })
    }

    fn challenged(&mut self, response: &Response) -> Act<PinEnd> {
        if !response.sw.is_ok() || response.data.len() != usize::from(self.slot.challenge) {
            return not(Code::CardRefused);
        }
        self.at = At::Asking;
        Act::Ask(IssuerRequest::PinUnblock {
            card: key_source(&self.before),
            challenge: hex::encode_upper(&response.data),
            pin: self.pin.clone(),
        })
    }

    fn answered(&mut self, answer: &IssuerAnswer) -> Act<PinEnd> {
        let command = match (self.work, answer) {
            (PinWork::Reload, IssuerAnswer::Mac { mac, .. }) => {
                hex::decode(mac).ok().filter(|mac| mac.len() == 4).map(|mac| apdu::reload_pin(&self.pin.bytes(), &mac))
            }
            (PinWork::Unblock, IssuerAnswer::Protected { data }) => {
                hex::decode(data).ok().filter(|data| data.len() == 12).map(|data| apdu::unblock_pin(self.slot.id, &data))
            }
            (
                PinWork::Verify | PinWork::Reload | PinWork::Unblock,
                IssuerAnswer::Mac { .. } | IssuerAnswer::Checked { .. } | IssuerAnswer::Stepped { .. } | IssuerAnswer::Protected { .. },
            ) => None,
        };
        let Some(command) = command else {
            return not(Code::CentreGarbled);
        };
        self.at = At::Working;
        Act::Send(command)
    }
}

/// What the card says to VERIFY, RELOAD PIN or PIN UNBLOCK.
fn ended(sw: Sw) -> PinEnd {
    match sw {
        Sw::OK => PinEnd::Done,
        Sw(0x6983 | 0x63C0) => PinEnd::Locked,
        Sw(sw) if sw & 0xFFF0 == 0x63C0 => PinEnd::Wrong { tries_left: u8::try_from(sw & 0x000F).unwrap_or_default() },
        sw => PinEnd::Not { reason: sw.refusal() },
    }
}

impl Flow for DoPin {
    type End = PinEnd;

    fn next(&mut self, event: Event) -> Act<PinEnd> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Start, Event::Begin) => {
                let (looking, command) = Looking::begin(&self.profile);
                self.at = At::Checking(looking);
                Act::Send(command)
            }
            (At::Checking(mut looking), event) => match looking.next(event) {
                Act::Done(sight) => self.checked(sight),
                Act::Send(command) => {
                    self.at = At::Checking(looking);
                    Act::Send(command)
                }
                Act::Ask(_) => not(Code::CardPulled),
            },
            (At::Challenge, Event::Card(response)) => self.challenged(&response),
            (At::Asking, Event::Issuer(answer)) => self.answered(&answer),
            (At::Asking, Event::Refused(message)) => Act::Done(PinEnd::Not { reason: message }),
            (At::Working, Event::Card(response)) => Act::Done(ended(response.sw)),
            (At::Working, Event::Begin | Event::Lost | Event::Issuer(_) | Event::Refused(_)) => Act::Done(PinEnd::Unknown),
            (At::Start | At::Challenge | At::Asking | At::Over, _) => not(Code::CardPulled),
        }
    }
}
