//! Decides a torn write from the same card: counter first, then proof, then log record; never from the balance.

use std::sync::Arc;

use chrono::NaiveDate;
use desk_domain::{
    card::{CardData, CardImage, TearEvidence, WriteEnd, WriteIntent, WriteProof},
    code::{Code, Message},
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::{
    apdu,
    flow::{Act, Event, Flow, Wired},
    profile::{LinePurpose, Profile, Profiles, key_source},
    purchase,
    purse::{Method, away, not_written, same_card, same_chip, wrong_card},
    read::{Depth, ReadEnd, Reading},
    transaction::{Reply, Step, Transaction},
    unload,
};

/// Decides one torn write. Sends nothing that changes the card.
///
/// A purse: the counter that the transaction steps, n before it. At n: `NotWritten`. At n+1: `Written` if the key
/// service finds the card's proof for n+1 genuine, or the log record n+1 carries our terminal, amount and time. Anything
/// else is `Unknown`. A validity or personalising write: what stands on the card.
pub struct Resolve(Wired<Deciding>);

impl Resolve {
    /// # Errors
    /// A [`Message`] where the family is unknown or the intent cannot be of it.
    pub fn new(intent: &WriteIntent, profiles: &Profiles) -> Result<Self, Message> {
        let flow = match intent {
            WriteIntent::Unload { before, amount, terminal } => {
                Deciding::Debit(DecideDebit::new(unload::method(profiles, before, *amount, terminal)?, Code::CardPulled))
            }
            WriteIntent::PurchaseOfRest { before, amount, terminal } => {
                Deciding::Debit(DecideDebit::new(purchase::method(profiles, before, *amount, terminal)?, Code::CardPulled))
            }
            WriteIntent::Validate { before, until } => Deciding::ReadBack(ReadBack::new(profiles, before, Target::Until(*until))?),
            WriteIntent::Personalise { before, data } => Deciding::ReadBack(ReadBack::new(profiles, before, Target::Card(data.clone()))?),
        };
        Ok(Self(Wired::new(flow)))
    }
}

impl Transaction for Resolve {
    type End = WriteEnd;

    fn step(&mut self, reply: Reply) -> Step<WriteEnd> {
        self.0.step(reply)
    }
}

enum Deciding {
    Debit(DecideDebit),
    ReadBack(ReadBack),
}

impl Flow for Deciding {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match self {
            Self::Debit(flow) => flow.next(event),
            Self::ReadBack(flow) => flow.next(event),
        }
    }
}

/// Decides a debit; also used at once when a commit is answered with anything but success.
pub struct DecideDebit {
    method: Method,
    /// Why nothing was written, if that turns out.
    reason: Code,
    at: At,
}

enum At {
    Reading(Reading),
    Proving { seen: CardImage, counter: u16 },
    Asking { seen: CardImage, counter: u16, proof: String },
    Over,
}

impl DecideDebit {
    pub fn new(method: Method, reason: Code) -> Self {
        let reading = Reading::new(&method.plan().profiles, Depth::Whole);
        Self { method, reason, at: At::Reading(reading) }
    }

    fn read(&mut self, read: Result<CardImage, ReadEnd>) -> Act<WriteEnd> {
        let plan = self.method.plan();
        let seen = match read {
            Ok(seen) => seen,
            Err(end) => return undecided(&plan.before, &end),
        };
        if !same_card(&plan.before, &seen) {
            return Act::Done(wrong_card(&plan.before, &seen));
        }
        let Some(stands) = seen.purse.as_ref().map(|purse| self.method.counter(purse)) else {
            return away();
        };
        let before = self.method.counter(&plan.purse_before);
        if stands == before {
            return not_written(self.reason);
        }
        if before.checked_add(1) != Some(stands) {
            return moved_on(seen);
        }
        self.at = At::Proving { seen, counter: stands };
        Act::Send(apdu::get_transaction_prove(self.method.kind(), stands))
    }

    /// The log record of the step, where it names us.
    fn by_log(&self, seen: CardImage, counter: u16, otherwise: Act<WriteEnd>) -> Act<WriteEnd> {
        let plan = self.method.plan();
        let ours = seen.log.iter().any(|record| {
            record.sequence == counter
                && record.kind == self.method.kind()
                && record.amount == plan.amount
                && record.terminal.eq_ignore_ascii_case(&plan.terminal.number)
                && record.at == Some(plan.terminal.at)
        });
        if ours { written(seen, None, counter) } else { otherwise }
    }
}

fn written(after: CardImage, proof: Option<String>, counter: u16) -> Act<WriteEnd> {
    Act::Done(WriteEnd::Written(WriteProof { after, proof, counter: Some(counter) }))
}

fn moved_on(seen: CardImage) -> Act<WriteEnd> {
    Act::Done(WriteEnd::Unknown { evidence: TearEvidence::MovedOn { seen } })
}

/// The card could not be read, so the write stays what it was.
fn undecided(before: &CardImage, end: &ReadEnd) -> Act<WriteEnd> {
    if end.code() == Code::CardFamilyUnknown {
        return Act::Done(crate::purse::not_begun(before, end));
    }
    away()
}

impl Flow for DecideDebit {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Reading(mut reading), event) => match reading.next(event) {
                Act::Done(read) => self.read(read),
                Act::Send(command) => {
                    self.at = At::Reading(reading);
                    Act::Send(command)
                }
                Act::Ask(_) => away(),
            },
            (At::Proving { seen, counter }, Event::Card(response)) => {
                let claim = self.method.proof_of_slot(&response.data, counter).filter(|_| response.sw.is_ok());
                let Some((proof, text)) = claim else {
                    let otherwise = moved_on(seen.clone());
                    return self.by_log(seen, counter, otherwise);
                };
                self.at = At::Asking { seen, counter, proof: text };
                Act::Ask(IssuerRequest::CheckProof { card: key_source(&self.method.plan().before), proof })
            }
            (At::Asking { seen, counter, proof }, Event::Issuer(IssuerAnswer::Checked { genuine })) => {
                if genuine {
                    written(seen, Some(proof), counter)
                } else {
                    let otherwise = moved_on(seen.clone());
                    self.by_log(seen, counter, otherwise)
                }
            }
            // Nobody could check the proof now; the log may still name us, and otherwise the card is asked again later.
            (At::Asking { seen, counter, .. }, Event::Refused(_) | Event::Issuer(IssuerAnswer::Mac { .. })) => {
                self.by_log(seen, counter, away())
            }
            (At::Proving { .. } | At::Asking { .. } | At::Over, _) => away(),
        }
    }
}

/// What a write into the public file is to leave there.
#[derive(Debug, Clone)]
pub enum Target {
    Until(NaiveDate),
    Card(CardData),
}

/// What stands on the card, against what was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Before,
    After,
    Otherwise,
}

impl Target {
    pub fn stands(&self, before: &CardImage, seen: &CardImage) -> Stands {
        match self {
            Self::Until(until) if seen.valid_until == Some(*until) => Stands::After,
            Self::Until(_) if seen.valid_until == before.valid_until => Stands::Before,
            Self::Until(_) => Stands::Otherwise,
            // The number is written last, so a blank is a blank whatever else stands on it.
            Self::Card(_) if seen.blank => Stands::Before,
            Self::Card(data)
                if seen.card_no == data.card_no
                    && seen.holder_class == data.holder_class
                    && seen.valid_from == Some(data.valid_from)
                    && seen.valid_until == Some(data.valid_until) =>
            {
                Stands::After
            }
            Self::Card(_) => Stands::Otherwise,
        }
    }

    /// A blank that gets its number is still the same card.
    pub fn same(&self, before: &CardImage, seen: &CardImage) -> bool {
        match self {
            Self::Until(_) => same_card(before, seen),
            Self::Card(data) => same_chip(before, seen) && (seen.blank || seen.card_no == data.card_no),
        }
    }

    /// Whether the family is written so at all.
    pub fn supported(&self, profile: &Profile) -> bool {
        match self {
            Self::Until(until) => profile.validity_write(*until).is_some_and(|write| matches!(write.what, LinePurpose::ValidUntil(_))),
            Self::Card(data) => profile.personalise_writes(data).is_some(),
        }
    }
}

struct ReadBack {
    before: CardImage,
    target: Target,
    reading: Reading,
}

impl ReadBack {
    fn new(profiles: &Profiles, before: &CardImage, target: Target) -> Result<Self, Message> {
        let profile: Arc<Profile> = profiles.shared(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        if !target.supported(&profile) {
            return Err(Message::new(Code::ProfileMismatch));
        }
        Ok(Self { before: before.clone(), target, reading: Reading::new(profiles, Depth::Whole) })
    }
}

impl Flow for ReadBack {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match self.reading.next(event) {
            Act::Send(command) => Act::Send(command),
            Act::Ask(_) => away(),
            Act::Done(Err(end)) => undecided(&self.before, &end),
            Act::Done(Ok(seen)) => Act::Done(read_back(&self.before, &self.target, seen, Code::CardPulled)),
        }
    }
}

/// The decision by what stands on the card.
pub fn read_back(before: &CardImage, target: &Target, seen: CardImage, reason: Code) -> WriteEnd {
    if !target.same(before, &seen) {
        return wrong_card(before, &seen);
    }
    match target.stands(before, &seen) {
        Stands::After => WriteEnd::Written(WriteProof { after: seen, proof: None, counter: None }),
        Stands::Before => WriteEnd::NotWritten { reason },
        Stands::Otherwise => WriteEnd::Unknown { evidence: TearEvidence::MovedOn { seen } },
    }
}
