//! Work on the card's PIN: verified, set anew, unlocked, with the tries that are left.
//!
//! No command tells how many tries are left without costing one. So the last try is never spent here: whoever knows from the
//! try before that one is left, says so, and nothing is sent. After a tear the holder enters the PIN again: whether it stands
//! tells a verification, and setting it once more does no harm.

use std::sync::Arc;

use desk_domain::{
    card::CardImage,
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest},
    pin::{Pin, PinEnd, PinIntent, PinWork},
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

/// One piece of work on the PIN of the card that was read: checks the card, then one command that counts.
pub struct WorkOnPin(Wired<DoPin>);

impl WorkOnPin {
    /// `tries_left` as the card told after the last wrong PIN; none where nobody has tried yet.
    ///
    /// # Errors
    /// `CARD_FAMILY_UNKNOWN`, `PROFILE_MISMATCH` where the family has no PIN, `PIN_LAST_TRY` where a verification could lock
    /// the card.
    pub fn new(profiles: &Profiles, intent: &PinIntent, pin: Pin, tries_left: Option<u8>) -> Result<Self, Message> {
        let profile = profiles.shared(&intent.before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        let Some(slot) = profile.pin.clone() else {
            return Err(Message::new(Code::ProfileMismatch));
        };
        if intent.work == PinWork::Verify && tries_left.is_some_and(|left| left <= 1) {
            return Err(Message::new(Code::PinLastTry));
        }
        Ok(Self(Wired::new(DoPin { profile, slot, before: intent.before.clone(), work: intent.work, pin, at: At::Start })))
    }

    /// Decides work whose answer was lost, with the PIN that the holder enters again: [`PinEnd::Done`] where it stands on the
    /// card, [`PinEnd::Wrong`] or [`PinEnd::Locked`] where it does not and the work is to be done once more.
    ///
    /// # Errors
    /// As [`WorkOnPin::new`]; the last try is not protected, for what follows gives the tries back.
    pub fn decide(profiles: &Profiles, intent: &PinIntent, pin: Pin) -> Result<Self, Message> {
        Self::new(profiles, &PinIntent { before: intent.before.clone(), work: PinWork::Verify }, pin, None)
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

fn not(reason: Code) -> Act<PinEnd> {
    Act::Done(PinEnd::Not { reason })
}

impl DoPin {
    fn checked(&mut self, sight: Sight) -> Act<PinEnd> {
        let seen = match sight {
            Sight::Known { seen, .. } => seen,
            Sight::Gone => return not(Code::CardPulled),
            Sight::Dead(_) => return not(Code::CardRefused),
            Sight::Foreign => return self.wrong_card(String::new()),
        };
        if !same_card(&self.before, &seen) {
            return self.wrong_card(seen.card_no.tail().to_owned());
        }
        match self.work {
            PinWork::Verify => self.send(apdu::verify(self.slot.id, &self.pin.bytes())),
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

    fn wrong_card(&self, seen_tail: String) -> Act<PinEnd> {
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
        let bytes = |digits: &str, length: usize| hex::decode(digits).ok().filter(|bytes| bytes.len() == length);
        let command = match (self.work, answer) {
            (PinWork::Reload, IssuerAnswer::Mac { mac, .. }) => bytes(mac, 4).map(|mac| apdu::reload_pin(&self.pin.bytes(), &mac)),
            (PinWork::Unblock, IssuerAnswer::Protected { data }) => bytes(data, 12).map(|data| apdu::unblock_pin(&data)),
            (
                PinWork::Verify | PinWork::Reload | PinWork::Unblock,
                IssuerAnswer::Mac { .. } | IssuerAnswer::Checked { .. } | IssuerAnswer::Stepped { .. } | IssuerAnswer::Protected { .. },
            ) => None,
        };
        match command {
            Some(command) => self.send(command),
            None => not(Code::CentreGarbled),
        }
    }

    fn send(&mut self, command: Vec<u8>) -> Act<PinEnd> {
        self.at = At::Working;
        Act::Send(command)
    }
}

/// What the card says to VERIFY, RELOAD PIN or PIN UNBLOCK.
fn ended(sw: Sw) -> PinEnd {
    match sw {
        Sw::OK => PinEnd::Done,
        Sw(0x6983 | 0x63C0) => PinEnd::Locked,
        Sw(sw @ 0x63C1..=0x63CF) => PinEnd::Wrong { tries_left: sw.to_be_bytes()[1] & 0x0F },
        Sw(_) => PinEnd::Not { reason: Code::CardRefused },
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
            (At::Asking, Event::Refused(message)) => not(message.code),
            (At::Working, Event::Card(response)) => Act::Done(ended(response.sw)),
            (At::Working, Event::Begin | Event::Lost | Event::Issuer(_) | Event::Refused(_)) => Act::Done(PinEnd::Unknown),
            (At::Start | At::Challenge | At::Asking | At::Over, _) => not(Code::CardPulled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_left_are_told() {
        assert_eq!(ended(Sw::OK), PinEnd::Done);
        assert_eq!(ended(Sw(0x63C2)), PinEnd::Wrong { tries_left: 2 });
        assert_eq!(ended(Sw(0x63C1)), PinEnd::Wrong { tries_left: 1 });
        assert_eq!(ended(Sw(0x63C0)), PinEnd::Locked);
        assert_eq!(ended(Sw(0x6983)), PinEnd::Locked);
        assert_eq!(ended(Sw(0x6988)), PinEnd::Not { reason: Code::CardRefused });
    }
}
