//! Takes an application or a card out of use, or an application back into it, and decides a torn block.
//!
//! A blocked application still shows its public file in the answer to SELECT, so its card is known. An application blocked
//! for good, or a blocked card, says nothing any more: then only the serial number of the chip tells whether it is the card
//! that the block was meant for, and the record of the released MAC holds that number.

use std::sync::Arc;

use desk_domain::{
    card::{BlockState, CardImage, RefundMethod, TearEvidence, WriteEnd, WriteProof},
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::{
    apdu::{self, Response},
    flow::{Act, Event, Flow, Wired},
    profile::{Profile, Profiles, key_source},
    purse::{away, not_begun, not_written, same_card, wrong_card},
    read::{Depth, ReadEnd, Reading},
    status::Sw,
    tlv,
    transaction::{Reply, Step, Transaction},
};

/// Checks the card and, where the block is a refund, that its purse has not moved; serial number of the chip, challenge, MAC, block command, looks again. One try with a MAC, never a
/// second: unblocking counts wrong ones.
pub struct SetBlock(Wired<DoBlock>);

impl SetBlock {
    /// # Errors
    /// A [`Message`] where the family is unknown or cannot be blocked at a counter.
    pub fn new(profiles: &Profiles, before: &CardImage, to: BlockState) -> Result<Self, Message> {
        Ok(Self(Wired::new(DoBlock::new(profiles, before, to)?)))
    }
}

impl Transaction for SetBlock {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

/// What lies in the field, as far as blocks go.
#[derive(Debug)]
pub enum Sight {
    Known {
        seen: CardImage,
        state: BlockState,
    },
    /// An application of this name blocked for good, or a blocked card: nobody can say which.
    Dead(BlockState),
    /// Not of this family.
    Foreign,
    Gone,
}

/// Looks at an application without changing anything.
pub struct Looking {
    profile: Arc<Profile>,
    at: Look,
}

enum Look {
    Selecting,
    PublicFile,
    Over,
}

impl Looking {
    pub fn begin(profile: &Arc<Profile>) -> (Self, Vec<u8>) {
        (Self { profile: Arc::clone(profile), at: Look::Selecting }, apdu::select(&profile.df_name))
    }

    pub fn next(&mut self, event: Event) -> Act<Sight> {
        let at = std::mem::replace(&mut self.at, Look::Over);
        let Event::Card(response) = event else {
            return Act::Done(Sight::Gone);
        };
        match at {
            Look::Selecting => self.selected(&response),
            Look::PublicFile => Act::Done(match self.profile.image(&response.data).filter(|_| response.sw.is_ok()) {
                Some(seen) => Sight::Known { seen, state: BlockState::Open },
                None => Sight::Foreign,
            }),
            Look::Over => Act::Done(Sight::Gone),
        }
    }

    fn selected(&mut self, response: &Response) -> Act<Sight> {
        let shown = tlv::find(&response.data, 0x9F0C).and_then(|file| self.profile.image(file));
        Act::Done(match (response.sw, shown) {
            (Sw::OK, _) => {
                self.at = Look::PublicFile;
                return Act::Send(apdu::read_binary(self.profile.public.sfi, self.profile.public.length));
            }
            (Sw::APPLICATION_LOCKED | Sw::FILE_INVALID, Some(seen)) => Sight::Known { seen, state: BlockState::Temporary },
            (Sw::APPLICATION_DEAD, _) => Sight::Dead(BlockState::Permanent),
            (Sw::APPLICATION_LOCKED, None) if response.data.is_empty() => Sight::Dead(BlockState::Card),
            _ => Sight::Foreign,
        })
    }
}

/// What a sight says of the block.
enum Verdict {
    Done(WriteEnd),
    /// Dead as it should be: is it this card?
    WhoseChip,
    NotYet,
}

/// What a torn block and its beginning have in common.
struct Aim {
    profiles: Profiles,
    profile: Arc<Profile>,
    before: CardImage,
    to: BlockState,
}

impl Aim {
    fn new(profiles: &Profiles, before: &CardImage, to: BlockState) -> Result<Self, Message> {
        let profile = profiles.shared(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        if profile.block.is_none() {
            return Err(Message::new(Code::ProfileMismatch));
        }
        Ok(Self { profiles: profiles.clone(), profile, before: before.clone(), to })
    }

    /// Somebody is to be paid what the purse held: it must still hold that.
    fn pays_the_purse(&self) -> bool {
        self.to != BlockState::Open
            && self.before.purse.as_ref().is_some_and(|purse| purse.refund_method == RefundMethod::BlockThenBackOffice)
    }

    fn judge(&self, sight: Sight) -> Verdict {
        match sight {
            Sight::Known { seen, .. } if !same_card(&self.before, &seen) => Verdict::Done(wrong_card(&self.before, &seen)),
            Sight::Known { seen, state } if state == self.to => Verdict::Done(written(seen)),
            Sight::Known { .. } => Verdict::NotYet,
            Sight::Dead(state) if state == self.to => Verdict::WhoseChip,
            Sight::Foreign => {
                Verdict::Done(WriteEnd::WrongCard { expected_tail: self.before.card_no.tail().to_owned(), seen_tail: String::new() })
            }
            Sight::Dead(_) | Sight::Gone => Verdict::Done(unknown()),
        }
    }

    /// The card as it was: out of use it shows nothing newer.
    fn proved(&self) -> WriteEnd {
        written(self.before.clone())
    }

    fn whose(&self, chip: String) -> IssuerRequest {
        IssuerRequest::CheckChip { card: key_source(&self.before), to: self.to, chip }
    }
}

fn written(after: CardImage) -> WriteEnd {
    WriteEnd::Written(WriteProof { after, proof: None, counter: None })
}

fn unknown() -> WriteEnd {
    WriteEnd::Unknown { evidence: TearEvidence::CardAway }
}

/// Serial number of the chip as digits. Empty where the reader tells none, or one that is drawn anew at every power-on
/// (four bytes, the first 08).
fn chip(response: &Response) -> String {
    match response.data.as_slice() {
        [0x08, _, _, _] => String::new(),
        bytes if response.sw.is_ok() && bytes.len() >= 4 => hex::encode_upper(bytes),
        _ => String::new(),
    }
}

/// Does the block.
pub struct DoBlock {
    aim: Aim,
    at: At,
}

enum At {
    Start,
    Checking(Looking),
    Purse(Reading),
    /// It was out of use before anything was sent: by this case?
    Whose(CardImage),
    /// The same of one that says nothing any more.
    DeadChip,
    DeadAsking,
    Chip,
    Challenge {
        chip: String,
    },
    Asking,
    Blocking,
    /// The answer was no plain yes: what is true?
    Back {
        looking: Looking,
        reason: Code,
    },
    Over,
}

impl DoBlock {
    pub fn new(profiles: &Profiles, before: &CardImage, to: BlockState) -> Result<Self, Message> {
        Ok(Self { aim: Aim::new(profiles, before, to)?, at: At::Start })
    }

    fn checked(&mut self, sight: Sight) -> Act<WriteEnd> {
        match self.aim.judge(sight) {
            Verdict::NotYet if self.aim.pays_the_purse() => {
                let mut reading = Reading::new(&self.aim.profiles, Depth::Whole);
                let act = reading.next(Event::Begin);
                self.at = At::Purse(reading);
                // The first step of a reading is never its end: a profile exists.
                act.map(|_| unknown())
            }
            Verdict::NotYet => self.ask_chip(),
            Verdict::WhoseChip => {
                self.at = At::DeadChip;
                Act::Send(apdu::chip_serial())
            }
            Verdict::Done(WriteEnd::Written(proof)) if self.aim.pays_the_purse() => {
                self.at = At::Whose(proof.after);
                Act::Ask(self.aim.whose(String::new()))
            }
            // Nothing was sent in this run.
            Verdict::Done(WriteEnd::Unknown { .. }) => not_written(Code::CardRefused),
            Verdict::Done(end) => Act::Done(end),
        }
    }

    fn ask_chip(&mut self) -> Act<WriteEnd> {
        self.at = At::Chip;
        Act::Send(apdu::chip_serial())
    }

    fn counted(&mut self, read: Result<CardImage, ReadEnd>) -> Act<WriteEnd> {
        let before = &self.aim.before;
        match read {
            Err(end) => Act::Done(not_begun(before, &end)),
            Ok(seen) if !same_card(before, &seen) => Act::Done(wrong_card(before, &seen)),
            Ok(seen) if seen.purse != before.purse => not_written(Code::CardMovedOn),
            Ok(_) => self.ask_chip(),
        }
    }

    fn challenged(&mut self, chip: String, response: &Response) -> Act<WriteEnd> {
        if !response.sw.is_ok() || response.data.len() != usize::from(self.challenge()) {
            return not_written(Code::CardRefused);
        }
        self.at = At::Asking;
        Act::Ask(IssuerRequest::Block {
            card: key_source(&self.aim.before),
            to: self.aim.to,
            challenge: hex::encode_upper(&response.data),
            chip,
        })
    }

    fn challenge(&self) -> u8 {
        self.aim.profile.block.as_ref().map_or(4, |block| block.challenge)
    }

    fn answered(&mut self, mac: &str) -> Act<WriteEnd> {
        let mut bytes = [0; 4];
        if hex::decode_to_slice(mac, &mut bytes).is_err() {
            return not_written(Code::CentreGarbled);
        }
        self.at = At::Blocking;
        Act::Send(apdu::protected(apdu::block_header(self.aim.to), &[], bytes))
    }

    fn blocked(&mut self, response: &Response) -> Act<WriteEnd> {
        let (looking, command) = Looking::begin(&self.aim.profile);
        let reason = if response.sw.is_ok() { Code::CardPulled } else { Code::CardRefused };
        self.at = At::Back { looking, reason };
        Act::Send(command)
    }
}

impl Flow for DoBlock {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Start, Event::Begin) => {
                let (looking, command) = Looking::begin(&self.aim.profile);
                self.at = At::Checking(looking);
                Act::Send(command)
            }
            (At::Checking(mut looking), event) => match looking.next(event) {
                Act::Done(Sight::Gone) => not_written(Code::CardPulled),
                Act::Done(sight) => self.checked(sight),
                Act::Send(command) => {
                    self.at = At::Checking(looking);
                    Act::Send(command)
                }
                Act::Ask(_) => not_written(Code::CardPulled),
            },
            (At::Purse(mut reading), event) => match reading.next(event) {
                Act::Done(read) => self.counted(read),
                Act::Send(command) => {
                    self.at = At::Purse(reading);
                    Act::Send(command)
                }
                Act::Ask(_) => not_written(Code::CardPulled),
            },
            (At::Whose(seen), Event::Issuer(IssuerAnswer::Checked { genuine: true })) => Act::Done(written(seen)),
            (At::Whose(_), _) => not_written(Code::CardMovedOn),
            (At::DeadChip, Event::Card(response)) => match chip(&response) {
                chip if chip.is_empty() => not_written(Code::CardRefused),
                chip => {
                    self.at = At::DeadAsking;
                    Act::Ask(self.aim.whose(chip))
                }
            },
            (At::DeadAsking, Event::Issuer(IssuerAnswer::Checked { genuine: true })) => Act::Done(self.aim.proved()),
            (At::DeadAsking, _) => not_written(Code::CardRefused),
            (At::Chip, Event::Card(response)) => {
                self.at = At::Challenge { chip: chip(&response) };
                Act::Send(apdu::get_challenge(self.challenge()))
            }
            (At::Challenge { chip }, Event::Card(response)) => self.challenged(chip, &response),
            (At::Asking, Event::Issuer(IssuerAnswer::Mac { mac, .. })) => self.answered(&mac),
            (At::Asking, Event::Issuer(IssuerAnswer::Checked { .. } | IssuerAnswer::Stepped { .. } | IssuerAnswer::Protected { .. })) => {
                not_written(Code::CentreGarbled)
            }
            (At::Asking, Event::Refused(message)) => not_written(message.code),
            (At::Blocking, Event::Card(response)) => self.blocked(&response),
            (At::Blocking, Event::Begin | Event::Lost | Event::Issuer(_) | Event::Refused(_)) => away(),
            (At::Back { mut looking, reason }, event) => match looking.next(event) {
                Act::Send(command) => {
                    self.at = At::Back { looking, reason };
                    Act::Send(command)
                }
                Act::Ask(_) => away(),
                Act::Done(sight) => match (self.aim.judge(sight), reason) {
                    // The session never ended since the card was known and its MAC was taken.
                    (Verdict::WhoseChip, Code::CardPulled) => Act::Done(self.aim.proved()),
                    (Verdict::WhoseChip, _) => away(),
                    (Verdict::NotYet, reason) => not_written(reason),
                    // Another card tells nothing about the one that got the block.
                    (Verdict::Done(WriteEnd::WrongCard { .. }), _) => away(),
                    (Verdict::Done(end), _) => Act::Done(end),
                },
            },
            (At::Start | At::DeadChip | At::Chip | At::Challenge { .. } | At::Asking | At::Over, _) => not_written(Code::CardPulled),
        }
    }
}

/// Decides a torn block. Sends nothing that changes the card.
///
/// The card still says its number: its state is the end. Where the block is a refund, another case may have put it out of
/// use since: `Written` if the MAC was released under this reservation, and it is still open. It says nothing any more:
/// `Written` if the MAC was released for this very chip under this reservation.
pub struct DecideBlock {
    aim: Aim,
    at: DecideAt,
}

enum DecideAt {
    Start,
    Looking(Looking),
    Whose(CardImage),
    Chip,
    Asking,
    Over,
}

impl DecideBlock {
    pub fn new(profiles: &Profiles, before: &CardImage, to: BlockState) -> Result<Self, Message> {
        Ok(Self { aim: Aim::new(profiles, before, to)?, at: DecideAt::Start })
    }
}

impl Flow for DecideBlock {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match (std::mem::replace(&mut self.at, DecideAt::Over), event) {
            (DecideAt::Start, Event::Begin) => {
                let (looking, command) = Looking::begin(&self.aim.profile);
                self.at = DecideAt::Looking(looking);
                Act::Send(command)
            }
            (DecideAt::Looking(mut looking), event) => match looking.next(event) {
                Act::Send(command) => {
                    self.at = DecideAt::Looking(looking);
                    Act::Send(command)
                }
                Act::Ask(_) => away(),
                Act::Done(sight) => match self.aim.judge(sight) {
                    Verdict::NotYet => not_written(Code::CardPulled),
                    Verdict::WhoseChip => {
                        self.at = DecideAt::Chip;
                        Act::Send(apdu::chip_serial())
                    }
                    Verdict::Done(WriteEnd::Written(proof)) if self.aim.pays_the_purse() => {
                        self.at = DecideAt::Whose(proof.after);
                        Act::Ask(self.aim.whose(String::new()))
                    }
                    Verdict::Done(end) => Act::Done(end),
                },
            },
            (DecideAt::Whose(seen), Event::Issuer(IssuerAnswer::Checked { genuine: true })) => Act::Done(written(seen)),
            (DecideAt::Chip, Event::Card(response)) => match chip(&response) {
                chip if chip.is_empty() => away(),
                chip => {
                    self.at = DecideAt::Asking;
                    Act::Ask(self.aim.whose(chip))
                }
            },
            (DecideAt::Asking, Event::Issuer(IssuerAnswer::Checked { genuine: true })) => Act::Done(self.aim.proved()),
            (DecideAt::Start | DecideAt::Whose(_) | DecideAt::Chip | DecideAt::Asking | DecideAt::Over, _) => away(),
        }
    }
}
