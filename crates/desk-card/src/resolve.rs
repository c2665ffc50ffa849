//! Decides a torn write from the same card: counter first, then proof, then log record; never from the balance.

use std::sync::Arc;

use chrono::NaiveDate;
use desk_domain::{
    card::{CardData, CardImage, TearEvidence, WriteEnd, WriteIntent, WriteProof},
    code::{Code, Message},
    issuer::{CounterLine, IssuerAnswer, IssuerRequest, ReleasedTo},
};

use crate::{
    apdu,
    block::DecideBlock,
    flow::{Act, Event, Flow, Wired},
    holder_update::{DoHolder, Way},
    load,
    profile::{LinePurpose, Profile, Profiles, key_source},
    purchase,
    purse::{Method, away, not_written, same_card, same_chip, wrong_card},
    read::{Depth, ReadEnd, Reading},
    transaction::{Reply, Step, Transaction},
    unload,
};

/// Decides one torn write. Sends nothing that changes the card.
///
/// A purse: the counter that the transaction steps, n before it. At n: `NotWritten`. At n+1: `Written` if the key service
/// finds the card's proof for n+1 genuine. From n+1 on, the log record n+1 tells whose step it was, if it is still there.
/// Where the card has forgotten, the key service says for whom it released a MAC at n: for nobody or for another only is
/// `NotWritten`; for this case only is `Written` on the online counter, which nothing but such a MAC can step. Anything else
/// is `Unknown`. A write into the public file: what stands on the card. A block: what the card still says, see
/// the module of the blocks.
pub struct Resolve(Wired<Deciding>);

impl Resolve {
    /// # Errors
    /// A [`Message`] where the family is unknown or the intent cannot be of it.
    pub fn new(intent: &WriteIntent, profiles: &Profiles) -> Result<Self, Message> {
        let flow = match intent {
            WriteIntent::Load { before, amount, terminal } => {
                Deciding::Movement(DecideMovement::new(load::method(profiles, before, *amount, terminal)?, Code::CardPulled))
            }
            WriteIntent::HolderClass { before, class } => Deciding::ReadBack(ReadBack::new(profiles, before, Target::Class(*class))?),
            WriteIntent::Holder { before, name } => Deciding::Holder(DoHolder::new(profiles, before, name, Way::Decide)?),
            WriteIntent::Block { before, to } => Deciding::Block(DecideBlock::new(profiles, before, *to)?),
            WriteIntent::Unload { before, amount, terminal } => {
                Deciding::Movement(DecideMovement::new(unload::method(profiles, before, *amount, terminal)?, Code::CardPulled))
            }
            WriteIntent::PurchaseOfRest { before, amount, terminal } => {
                Deciding::Movement(DecideMovement::new(purchase::method(profiles, before, *amount, terminal)?, Code::CardPulled))
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
    Movement(DecideMovement),
    ReadBack(ReadBack),
    Block(DecideBlock),
    Holder(DoHolder),
}

impl Flow for Deciding {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        match self {
            Self::Movement(flow) => flow.next(event),
            Self::ReadBack(flow) => flow.next(event),
            Self::Block(flow) => flow.next(event),
            Self::Holder(flow) => flow.next(event),
        }
    }
}

/// Decides a debit; also used at once when a commit is answered with anything but success.
pub struct DecideMovement {
    method: Method,
    /// Why nothing was written, if that turns out.
    reason: Code,
    at: At,
}

enum At {
    Reading(Reading),
    Proving { seen: CardImage, counter: u16 },
    Asking { seen: CardImage, counter: u16, proof: String },
    Releases { seen: CardImage, counter: u16 },
    Over,
}

impl DecideMovement {
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
        match before.checked_add(1) {
            Some(counter) if counter == stands => {
                self.at = At::Proving { seen, counter };
                Act::Send(apdu::get_transaction_prove(self.method.kind(), counter))
            }
            Some(counter) if counter < stands => self.by_log(seen, counter),
            // A counter never goes back: an old copy of the card, or damage.
            Some(_) | None => moved_on(seen),
        }
    }

    /// The log record of the step; where it has been overwritten, or names this desk at another time, the record of
    /// releases.
    fn by_log(&mut self, seen: CardImage, counter: u16) -> Act<WriteEnd> {
        match self.logged(&seen, counter) {
            Some(true) => written(seen, None, counter),
            Some(false) => not_written(Code::CardMovedOn),
            None => {
                let ask = IssuerRequest::CheckStep {
                    card: key_source(&self.method.plan().before),
                    line: self.method.line(),
                    counter: counter.saturating_sub(1),
                };
                self.at = At::Releases { seen, counter };
                Act::Ask(ask)
            }
        }
    }

    /// Whether the step to `counter` was this transaction, where the log tells.
    fn logged(&self, seen: &CardImage, counter: u16) -> Option<bool> {
        let plan = self.method.plan();
        let record =
            seen.log.iter().find(|record| record.sequence == counter && CounterLine::of_kind(record.kind) == Some(self.method.line()))?;
        let same = record.kind == self.method.kind()
            && record.amount == plan.amount
            && record.terminal.eq_ignore_ascii_case(&plan.terminal.number);
        match (same, record.at == Some(plan.terminal.at)) {
            (true, true) => Some(true),
            // The key service may have given the card another time than the desk's.
            (true, false) => None,
            (false, _) => Some(false),
        }
    }

    fn released(&self, seen: CardImage, counter: u16, to: ReleasedTo) -> Act<WriteEnd> {
        match (to, self.method.line()) {
            // Without a MAC no card takes a commit.
            (ReleasedTo::Nobody | ReleasedTo::Another, _) => not_written(Code::CardMovedOn),
            (ReleasedTo::ThisCase, CounterLine::Online) => written(seen, None, counter),
            // A gate steps the offline counter by itself.
            (ReleasedTo::ThisCase, CounterLine::Offline) | (ReleasedTo::Several, _) => moved_on(seen),
        }
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

impl Flow for DecideMovement {
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
                    return self.by_log(seen, counter);
                };
                self.at = At::Asking { seen, counter, proof: text };
                Act::Ask(IssuerRequest::CheckProof { card: key_source(&self.method.plan().before), proof })
            }
            (At::Asking { seen, counter, proof }, Event::Issuer(IssuerAnswer::Checked { genuine })) => {
                if genuine {
                    written(seen, Some(proof), counter)
                } else {
                    self.by_log(seen, counter)
                }
            }
            // Nobody could check the proof now; the log may still tell.
            (
                At::Asking { seen, counter, .. },
                Event::Refused(_) | Event::Issuer(IssuerAnswer::Mac { .. } | IssuerAnswer::Stepped { .. } | IssuerAnswer::Protected { .. }),
            ) => self.by_log(seen, counter),
            (At::Releases { seen, counter }, Event::Issuer(IssuerAnswer::Stepped { to })) => self.released(seen, counter, to),
            // Nobody to ask now: the card is asked again later.
            (At::Proving { .. } | At::Asking { .. } | At::Releases { .. } | At::Over, _) => away(),
        }
    }
}

/// What a write into the public file is to leave there.
#[derive(Debug, Clone)]
pub enum Target {
    Until(NaiveDate),
    Class(u8),
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
            Self::Class(class) if seen.holder_class == *class => Stands::After,
            Self::Class(_) if seen.holder_class == before.holder_class => Stands::Before,
            Self::Class(_) => Stands::Otherwise,
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
            Self::Until(_) | Self::Class(_) => same_card(before, seen),
            Self::Card(data) => same_chip(before, seen) && (seen.blank || seen.card_no == data.card_no),
        }
    }

    /// Whether the family is written so at all.
    pub fn supported(&self, profile: &Profile) -> bool {
        match self {
            Self::Until(until) => profile.validity_write(*until).is_some_and(|write| matches!(write.what, LinePurpose::ValidUntil(_))),
            Self::Class(class) => profile.class_write(*class).is_some(),
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
