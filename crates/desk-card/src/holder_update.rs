//! Writes the holder's name into the holder's file, and decides a torn write of it from what stands there.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, HolderName, WriteEnd, WriteProof},
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest, LineKey},
};

use crate::{
    apdu::{self, Response},
    flow::{Act, Event, Flow, Wired},
    layout::HolderLayout,
    profile::{LineProfile, LineWrite, Profile, Profiles, key_source},
    purse::{away, not_begun, not_written, same_card, wrong_card},
    read::{Depth, ReadEnd, Reading},
    transaction::{Reply, Step, Transaction},
};

/// Checks the card, reads the file, challenge, MAC, UPDATE BINARY, reads the file again. A card that carries the name already
/// ends `Written` without a write.
pub struct UpdateHolder(Wired<DoHolder>);

impl UpdateHolder {
    /// # Errors
    /// `CARD_FAMILY_UNKNOWN`, `PROFILE_MISMATCH` where the family keeps no such file within a counter's reach, `FIELD_INVALID`
    /// where the name does not fit or has a character that GBK lacks.
    pub fn new(profiles: &Profiles, before: &CardImage, name: &HolderName) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoHolder::new(profiles, before, name, Way::Write)?)))
    }
}

impl Transaction for UpdateHolder {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

/// Whether the name is written, or only looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Write,
    Decide,
}

pub struct DoHolder {
    profile: Arc<Profile>,
    line: LineProfile,
    layout: HolderLayout,
    write: LineWrite,
    before: CardImage,
    way: Way,
    at: At,
    profiles: Profiles,
}

enum At {
    Start,
    Checking(Reading),
    File { seen: CardImage },
    Challenge { seen: CardImage },
    Asking { seen: CardImage, header: [u8; 5] },
    Updating { seen: CardImage },
    Back { seen: CardImage, reason: Code },
    Over,
}

impl DoHolder {
    pub fn new(profiles: &Profiles, before: &CardImage, name: &HolderName, way: Way) -> Result<Self, Message> {
        let profile = profiles.shared(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        let (Some(layout), Some(line)) = (profile.holder.clone(), profile.line.clone().filter(|line| line.holder)) else {
            return Err(Message::new(Code::ProfileMismatch));
        };
        let write = profile.holder_write(name).ok_or_else(|| Message::new(Code::FieldInvalid).with("field", "姓名"))?;
        let (before, profiles) = (before.clone(), profiles.clone());
        Ok(Self { profile, line, layout, write, before, way, at: At::Start, profiles })
    }

    fn checked(&mut self, read: Result<CardImage, ReadEnd>) -> Act<WriteEnd> {
        match read {
            Ok(seen) if !same_card(&self.before, &seen) => Act::Done(wrong_card(&self.before, &seen)),
            Ok(seen) => {
                self.at = At::File { seen };
                Act::Send(apdu::read_binary(self.layout.sfi, self.layout.length))
            }
            Err(end) if self.way == Way::Write || end.code() == Code::CardFamilyUnknown => Act::Done(not_begun(&self.before, &end)),
            Err(_) => away(),
        }
    }

    /// Whether the name stands in the file that was answered; none where it was not.
    fn stands(&self, response: &Response) -> Option<bool> {
        let from = usize::from(self.write.offset);
        let field = response.data.get(from..from + self.write.data.len()).filter(|_| response.sw.is_ok())?;
        Some(field == self.write.data)
    }

    fn looked(&mut self, seen: CardImage, response: &Response) -> Act<WriteEnd> {
        match (self.stands(response), self.way) {
            (Some(true), _) => written(seen),
            (Some(false), Way::Write) => {
                self.at = At::Challenge { seen };
                Act::Send(apdu::get_challenge(self.line.challenge))
            }
            (Some(false), Way::Decide) => not_written(Code::CardPulled),
            (None, Way::Write) => not_written(Code::CardRefused),
            (None, Way::Decide) => away(),
        }
    }

    fn challenged(&mut self, seen: CardImage, response: &Response) -> Act<WriteEnd> {
        let header = apdu::update_binary_header(self.layout.sfi, self.write.offset, &self.write.data);
        let (Some(header), true) = (header, response.sw.is_ok() && response.data.len() == usize::from(self.line.challenge)) else {
            return not_written(Code::CardRefused);
        };
        self.at = At::Asking { seen, header };
        Act::Ask(IssuerRequest::LineMac {
            card: key_source(&self.before),
            key: LineKey::Maintenance,
            challenge: hex::encode_upper(&response.data),
            header: hex::encode_upper(header),
            data: hex::encode_upper(&self.write.data),
        })
    }

    fn answered(&mut self, seen: CardImage, header: [u8; 5], answer: &IssuerAnswer) -> Act<WriteEnd> {
        let mut bytes = [0; 4];
        let IssuerAnswer::Mac { mac, .. } = answer else {
            return not_written(Code::CentreGarbled);
        };
        if hex::decode_to_slice(mac, &mut bytes).is_err() {
            return not_written(Code::CentreGarbled);
        }
        self.at = At::Updating { seen };
        Act::Send(apdu::protected(header, &self.write.data, bytes))
    }
}

fn written(after: CardImage) -> Act<WriteEnd> {
    Act::Done(WriteEnd::Written(WriteProof { after, proof: None, counter: None }))
}

impl Flow for DoHolder {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Start, Event::Begin) => {
                debug_assert_eq!(self.profile.family, self.before.family);
                let mut reading = Reading::new(&self.profiles, Depth::Identity);
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
            (At::File { seen }, Event::Card(response)) => self.looked(seen, &response),
            (At::Challenge { seen }, Event::Card(response)) => self.challenged(seen, &response),
            (At::Asking { seen, header }, Event::Issuer(answer)) => self.answered(seen, header, &answer),
            (At::Asking { .. }, Event::Refused(message)) => not_written(message.code),
            // One strike with a MAC, never a second: the card counts them.
            (At::Updating { seen }, Event::Card(response)) => {
                self.at = At::Back { seen, reason: if response.sw.is_ok() { Code::CardPulled } else { Code::CardRefused } };
                Act::Send(apdu::read_binary(self.layout.sfi, self.layout.length))
            }
            (At::Back { seen, reason }, Event::Card(response)) => match self.stands(&response) {
                Some(true) => written(seen),
                Some(false) => not_written(reason),
                None => away(),
            },
            (At::Updating { .. } | At::Back { .. }, _) => away(),
            (At::File { .. } | At::Start | At::Over, _) if self.way == Way::Decide => away(),
            (At::Start | At::File { .. } | At::Challenge { .. } | At::Asking { .. } | At::Over, _) => not_written(Code::CardPulled),
        }
    }
}
