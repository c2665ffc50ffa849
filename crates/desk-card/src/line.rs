//! Protected writes into the public file: challenge, MAC from the key service, UPDATE BINARY, read back.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, TearEvidence, WriteEnd, WriteProof},
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest, LineKey},
};

use crate::{
    apdu::{self, Response},
    flow::{Act, Event, Flow},
    profile::{LineProfile, LineWrite, Profile, Profiles, key_source},
    purse::{away, not_begun, not_written, same_chip, wrong_card},
    read::{Depth, ReadEnd, Reading},
    resolve::{Stands, Target, read_back},
};

/// Does the writes of one target, in order. Only the last one makes the change count: before it is sent, whatever
/// happens is "not written".
pub struct DoLine {
    profiles: Profiles,
    profile: Arc<Profile>,
    line: LineProfile,
    before: CardImage,
    target: Target,
    /// The next to do stands last.
    left: Vec<LineWrite>,
    at: At,
}

enum At {
    Start,
    Checking(Reading),
    Challenge(LineWrite),
    Asking {
        header: [u8; 5],
        data: Vec<u8>,
    },
    Updating,
    Back {
        reading: Reading,
        reason: Code,
        /// The end, if the card cannot be read.
        otherwise: Box<WriteEnd>,
    },
    Over,
}

impl DoLine {
    /// # Errors
    /// `CardFamilyUnknown`, or `ProfileMismatch` where the family is not written so.
    pub fn new(profiles: &Profiles, before: &CardImage, target: Target) -> Result<Self, Message> {
        let profile = profiles.shared(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        let writes = match &target {
            Target::Until(until) => profile.validity_write(*until).map(|write| vec![write]),
            Target::Class(class) => profile.class_write(*class).map(|write| vec![write]),
            Target::Card(data) => profile.personalise_writes(data),
        };
        let (Some(mut left), Some(line)) = (writes, profile.line.clone()) else {
            return Err(Message::new(Code::ProfileMismatch));
        };
        left.reverse();
        Ok(Self { profiles: profiles.clone(), profile, line, before: before.clone(), target, left, at: At::Start })
    }

    fn checked(&mut self, read: Result<CardImage, ReadEnd>) -> Act<WriteEnd> {
        let seen = match read {
            Ok(seen) => seen,
            Err(end) => return Act::Done(not_begun(&self.before, &end)),
        };
        if !self.target.same(&self.before, &seen) {
            return if matches!(self.target, Target::Card(_)) && same_chip(&self.before, &seen) {
                not_written(Code::CardNotBlank)
            } else {
                Act::Done(wrong_card(&self.before, &seen))
            };
        }
        match (self.target.stands(&self.before, &seen), &self.target) {
            (Stands::After, _) => Act::Done(WriteEnd::Written(WriteProof { after: seen, proof: None, counter: None })),
            // Another machine has written there since it was read.
            (Stands::Otherwise, Target::Until(_) | Target::Class(_)) => not_written(Code::CardMovedOn),
            (Stands::Before, _) | (Stands::Otherwise, Target::Card(_)) => self.challenge(),
        }
    }

    fn challenge(&mut self) -> Act<WriteEnd> {
        let Some(write) = self.left.pop() else {
            return self.back(Code::CardPulled, unknown());
        };
        self.at = At::Challenge(write);
        Act::Send(apdu::get_challenge(self.line.challenge))
    }

    fn challenged(&mut self, write: LineWrite, response: &Response) -> Act<WriteEnd> {
        let header = apdu::update_binary_header(self.profile.public.sfi, write.offset, &write.data);
        let (Some(header), true) = (header, response.sw.is_ok() && response.data.len() == usize::from(self.line.challenge)) else {
            return not_written(Code::CardRefused);
        };
        let ask = IssuerRequest::LineMac {
            card: key_source(&self.before),
            key: LineKey::Maintenance,
            challenge: hex::encode_upper(&response.data),
            header: hex::encode_upper(header),
            data: hex::encode_upper(&write.data),
        };
        self.at = At::Asking { header, data: write.data };
        Act::Ask(ask)
    }

    fn answered(&mut self, header: [u8; 5], data: &[u8], answer: &IssuerAnswer) -> Act<WriteEnd> {
        let mut bytes = [0; 4];
        let IssuerAnswer::Mac { mac, .. } = answer else {
            return not_written(Code::CentreGarbled);
        };
        if hex::decode_to_slice(mac, &mut bytes).is_err() {
            return not_written(Code::CentreGarbled);
        }
        self.at = At::Updating;
        Act::Send(apdu::protected(header, data, bytes))
    }

    fn updated(&mut self, response: &Response) -> Act<WriteEnd> {
        if response.sw.is_ok() {
            return self.challenge();
        }
        // One strike with a MAC, never a second: the card counts them.
        let otherwise = if self.left.is_empty() { unknown() } else { WriteEnd::NotWritten { reason: Code::CardRefused } };
        self.back(Code::CardRefused, otherwise)
    }

    fn back(&mut self, reason: Code, otherwise: WriteEnd) -> Act<WriteEnd> {
        let mut reading = Reading::new(&self.profiles, Depth::Whole);
        let act = reading.next(Event::Begin);
        self.at = At::Back { reading, reason, otherwise: Box::new(otherwise) };
        act.map(|_| unknown())
    }
}

fn unknown() -> WriteEnd {
    WriteEnd::Unknown { evidence: TearEvidence::CardAway }
}

impl Flow for DoLine {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Start, Event::Begin) => {
                let mut reading = Reading::new(&self.profiles, Depth::Whole);
                let act = reading.next(Event::Begin);
                self.at = At::Checking(reading);
                act.map(|end| WriteEnd::NotWritten { reason: end.err().map_or(Code::CardFamilyUnknown, |end| end.code()) })
            }
            (At::Checking(mut reading), event) => match reading.next(event) {
                Act::Done(read) => self.checked(read),
                Act::Send(command) => {
                    self.at = At::Checking(reading);
                    Act::Send(command)
                }
                Act::Ask(_) => not_written(Code::CardPulled),
            },
            (At::Challenge(write), Event::Card(response)) => self.challenged(write, &response),
            (At::Asking { header, data }, Event::Issuer(answer)) => self.answered(header, &data, &answer),
            (At::Asking { .. }, Event::Refused(message)) => not_written(message.code),
            (At::Updating, Event::Card(response)) => self.updated(&response),
            (At::Updating, Event::Begin | Event::Lost | Event::Issuer(_) | Event::Refused(_)) if self.left.is_empty() => away(),
            (At::Back { mut reading, reason, otherwise }, event) => match reading.next(event) {
                // Another card tells nothing about the one that got the write.
                Act::Done(Ok(seen)) if !self.target.same(&self.before, &seen) => Act::Done(*otherwise),
                Act::Done(Ok(seen)) => Act::Done(read_back(&self.before, &self.target, seen, reason)),
                Act::Done(Err(_)) => Act::Done(*otherwise),
                Act::Send(command) => {
                    self.at = At::Back { reading, reason, otherwise };
                    Act::Send(command)
                }
                Act::Ask(_) => Act::Done(*otherwise),
            },
            (At::Start | At::Challenge(_) | At::Asking { .. } | At::Updating | At::Over, _) => not_written(Code::CardPulled),
        }
    }
}
