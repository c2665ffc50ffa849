//! What load, unload and purchase of the rest share: check the card, open the purse, get the MAC, commit, read back.

use chrono::{NaiveDateTime, Timelike};
use desk_domain::{
    card::{CardImage, LogRecord, PurseImage, TearEvidence, Terminal, WriteEnd, WriteProof},
    code::{Code, Message},
    issuer::{CounterLine, IssuerAnswer, IssuerRequest, Proof},
    money::Fen,
};

use crate::{
    apdu::Response,
    flow::{Act, Event, Flow},
    profile::{Profiles, PurseProfile},
    read::{Depth, ReadEnd, Reading},
    resolve::DecideMovement,
};

/// A checked intent to move money on a purse.
#[derive(Debug, Clone)]
pub struct Plan {
    pub profiles: Profiles,
    pub purse: PurseProfile,
    pub before: CardImage,
    pub purse_before: PurseImage,
    pub amount: Fen,
    /// The same as the card takes it.
    pub amount_bytes: u32,
    pub terminal: Terminal,
    pub terminal_number: [u8; 6],
}

impl Plan {
    /// To take everything out of a purse.
    ///
    /// # Errors
    /// `CardFamilyUnknown`, `RefundUnsupported`, `AmountInvalid` (not all that the purse holds) or `FieldInvalid`.
    pub fn of_rest(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal) -> Result<Self, Message> {
        let plan = Self::new(profiles, before, amount, terminal, Code::RefundUnsupported)?;
        if amount != plan.purse_before.balance {
            return Err(Message::new(Code::AmountInvalid));
        }
        Ok(plan)
    }

    /// # Errors
    /// `CardFamilyUnknown`, `unsupported` where the family or the card has no purse, `AmountInvalid` or `FieldInvalid`.
    pub fn new(profiles: &Profiles, before: &CardImage, amount: Fen, terminal: &Terminal, unsupported: Code) -> Result<Self, Message> {
        let profile = profiles.find(&before.family).ok_or_else(|| Message::new(Code::CardFamilyUnknown))?;
        let (Some(purse), Some(purse_before)) = (profile.purse.clone(), before.purse.clone()) else {
            return Err(Message::new(unsupported));
        };
        let amount_bytes =
            u32::try_from(amount.0).ok().filter(|fen| (1..=MOST).contains(fen)).ok_or_else(|| Message::new(Code::AmountInvalid))?;
        let mut terminal_number = [0; 6];
        hex::decode_to_slice(&terminal.number, &mut terminal_number)
            .map_err(|_| Message::new(Code::FieldInvalid).with("field", "terminal"))?;
        let mut terminal = terminal.clone();
        // The card keeps whole seconds; log and proof are compared with what it keeps.
        terminal.at = terminal.at.with_nanosecond(0).unwrap_or(terminal.at);
        Ok(Self {
            profiles: profiles.clone(),
            purse,
            before: before.clone(),
            purse_before,
            amount,
            amount_bytes,
            terminal,
            terminal_number,
        })
    }
}

/// The largest amount that a purse can hold.
const MOST: u32 = 0x7FFF_FFFF;

/// What INITIALIZE answered.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As the card tells it, overdraft included.
    pub old_balance: u32,
    pub counter: u16,
    pub key_version: u8,
    pub algorithm: u8,
    pub random: String,
    /// Only where the card proves itself here (load, unload).
    pub mac1: String,
}

impl Opened {
    /// Answer to INITIALIZE FOR LOAD and UNLOAD: balance 4, online counter 2, key version 1, algorithm 1, random 4, MAC1 4.
    pub fn online(data: &[u8]) -> Option<Self> {
        let data = data.first_chunk::<16>()?;
        Some(Self {
            old_balance: u32::from_be_bytes(*data.first_chunk()?) & MOST,
            counter: u16::from_be_bytes(*data.get(4..)?.first_chunk()?),
            key_version: *data.get(6)?,
            algorithm: *data.get(7)?,
            random: hex::encode_upper(data.get(8..12)?),
            mac1: hex::encode_upper(data.get(12..16)?),
        })
    }
}

/// The differences between the ways to move money on a purse.
pub trait Movement: Send {
    fn plan(&self) -> &Plan;
    /// Transaction type: of the MACs, of the log record and of the proof slot.
    fn kind(&self) -> u8;
    /// The counter that it steps.
    fn line(&self) -> CounterLine;
    /// What stands in the purse afterwards, net of overdraft.
    fn balance_after(&self) -> Fen;
    /// Whether the purse, as INITIALIZE shows it in fen, can take it.
    fn possible(&self, old_balance: u32) -> bool;
    /// What it is called where the card does not know it.
    fn unsupported(&self) -> Code;
    fn initialize(&self) -> Vec<u8>;
    fn opened(&self, data: &[u8]) -> Option<Opened>;
    fn request(&self, opened: &Opened) -> IssuerRequest;
    fn commit(&self, at: NaiveDateTime, mac: [u8; 4]) -> Option<Vec<u8>>;
    /// MAC3 or TAC in the answer to the commit.
    fn proof_of_commit(&self, data: &[u8]) -> Option<String>;
    /// What the answer to GET TRANSACTION PROVE claims, and the MAC3 or TAC in it.
    fn proof_of_slot(&self, data: &[u8], counter_after: u16) -> Option<(Proof, String)>;

    fn counter(&self, purse: &PurseImage) -> u16 {
        match self.line() {
            CounterLine::Online => purse.online_counter,
            CounterLine::Offline => purse.offline_counter,
        }
    }

    fn stepped(&self, purse: PurseImage, counter: u16) -> PurseImage {
        match self.line() {
            CounterLine::Online => PurseImage { online_counter: counter, ..purse },
            CounterLine::Offline => PurseImage { offline_counter: counter, ..purse },
        }
    }
}

pub type Method = Box<dyn Movement>;

/// Does the movement.
pub struct DoMovement {
    /// Gone once the decision has taken it over.
    method: Option<Method>,
    at: At,
}

enum At {
    Start,
    Checking(Reading),
    Opening,
    Asking,
    Committing,
    After { reading: Reading, proof: String, counter: u16 },
    Deciding { decision: DecideMovement, when: When },
    Over,
}

/// Whether the commit of this run was sent before the card was asked what is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Not sent: an earlier run may have done the write already, and nothing else may be claimed.
    BeforeCommit,
    /// Sent: only the card that got it can tell.
    AfterCommit,
}

impl When {
    fn judge(self, end: WriteEnd) -> WriteEnd {
        match (self, end) {
            (_, written @ WriteEnd::Written(_)) => written,
            (Self::BeforeCommit, WriteEnd::NotWritten { .. } | WriteEnd::Unknown { evidence: TearEvidence::MovedOn { .. } }) => {
                WriteEnd::NotWritten { reason: Code::CardMovedOn }
            }
            (Self::BeforeCommit, WriteEnd::Unknown { evidence: TearEvidence::CardAway }) => {
                WriteEnd::NotWritten { reason: Code::CardPulled }
            }
            (Self::BeforeCommit, wrong @ WriteEnd::WrongCard { .. }) => wrong,
            (Self::AfterCommit, WriteEnd::WrongCard { .. }) => WriteEnd::Unknown { evidence: TearEvidence::CardAway },
            (Self::AfterCommit, end @ (WriteEnd::NotWritten { .. } | WriteEnd::Unknown { .. })) => end,
        }
    }
}

impl DoMovement {
    pub fn new(method: Method) -> Self {
        Self { method: Some(method), at: At::Start }
    }

    fn decide(&mut self, method: Method, reason: Code, when: When) -> Act<WriteEnd> {
        let mut decision = DecideMovement::new(method, reason);
        let act = decision.next(Event::Begin);
        self.at = At::Deciding { decision, when };
        act.map(|end| when.judge(end))
    }

    fn checked(&mut self, method: Method, read: Result<CardImage, ReadEnd>) -> Act<WriteEnd> {
        let plan = method.plan();
        let seen = match read {
            Ok(seen) => seen,
            Err(end) => return Act::Done(not_begun(&plan.before, &end)),
        };
        if !same_card(&plan.before, &seen) {
            return Act::Done(wrong_card(&plan.before, &seen));
        }
        if seen.purse.as_ref().map(|purse| purse.balance) != Some(plan.purse_before.balance) {
            return self.decide(method, Code::CardMovedOn, When::BeforeCommit);
        }
        let command = method.initialize();
        self.method = Some(method);
        self.at = At::Opening;
        Act::Send(command)
    }

    fn opened(&mut self, method: Method, response: &Response) -> Act<WriteEnd> {
        if !response.sw.is_ok() {
            return not_written(if response.sw.is_unsupported() { method.unsupported() } else { Code::CardRefused });
        }
        let Some(opened) = method.opened(&response.data) else {
            return not_written(Code::CardRefused);
        };
        let plan = method.plan();
        if opened.counter != method.counter(&plan.purse_before) || !method.possible(opened.old_balance) {
            return self.decide(method, Code::CardMovedOn, When::BeforeCommit);
        }
        let request = method.request(&opened);
        self.method = Some(method);
        self.at = At::Asking;
        Act::Ask(request)
    }

    fn answered(&mut self, method: Method, answer: IssuerAnswer) -> Act<WriteEnd> {
        let IssuerAnswer::Mac { mac, at } = answer else {
            return not_written(Code::CentreGarbled);
        };
        let mut bytes = [0; 4];
        let command = hex::decode_to_slice(&mac, &mut bytes).ok().and_then(|()| method.commit(at, bytes));
        let Some(command) = command else {
            return not_written(Code::CentreGarbled);
        };
        self.method = Some(method);
        self.at = At::Committing;
        Act::Send(command)
    }

    fn committed(&mut self, method: Method, response: &Response) -> Act<WriteEnd> {
        let plan = method.plan();
        let proof = method.proof_of_commit(&response.data).filter(|_| response.sw.is_ok());
        let after = method.counter(&plan.purse_before).checked_add(1);
        let (Some(proof), Some(counter)) = (proof, after) else {
            // Refused, or an answer that proves nothing: the card itself tells what is true.
            return self.decide(method, Code::CardRefused, When::AfterCommit);
        };
        let mut reading = Reading::new(&plan.profiles, Depth::Whole);
        let act = reading.next(Event::Begin);
        self.method = Some(method);
        self.at = At::After { reading, proof, counter };
        // The first step of a reading is never its end: a profile exists.
        act.map(|_| WriteEnd::Unknown { evidence: TearEvidence::CardAway })
    }
}

/// The card said 9000 and gave its proof: it is written, whatever becomes of the reading after it.
fn written(method: &dyn Movement, read: Result<CardImage, ReadEnd>, proof: String, counter: u16) -> WriteEnd {
    let plan = method.plan();
    let after = match read {
        Ok(seen) if same_card(&plan.before, &seen) => {
            let stands = seen.purse.as_ref().map(|purse| method.counter(purse));
            if stands != Some(counter) {
                return WriteEnd::Unknown { evidence: TearEvidence::MovedOn { seen } };
            }
            seen
        }
        Ok(_) | Err(_) => derived(method, counter),
    };
    WriteEnd::Written(WriteProof { after, proof: Some(proof), counter: Some(counter) })
}

/// The image after the commit, where the card left before it could be read again.
fn derived(method: &dyn Movement, counter: u16) -> CardImage {
    let plan = method.plan();
    let mut after = plan.before.clone();
    after.purse = Some(method.stepped(PurseImage { balance: method.balance_after(), ..plan.purse_before.clone() }, counter));
    after.log.insert(
        0,
        LogRecord {
            sequence: counter,
            amount: plan.amount,
            kind: method.kind(),
            terminal: plan.terminal.number.to_uppercase(),
            at: Some(plan.terminal.at),
        },
    );
    after.warnings.push(Code::CardPulled);
    after
}

impl Flow for DoMovement {
    type End = WriteEnd;

    fn next(&mut self, event: Event) -> Act<WriteEnd> {
        let at = std::mem::replace(&mut self.at, At::Over);
        if let At::Deciding { mut decision, when } = at {
            let act = decision.next(event);
            self.at = At::Deciding { decision, when };
            return act.map(|end| when.judge(end));
        }
        let Some(method) = self.method.take() else {
            return not_written(Code::CardPulled);
        };
        match (at, event) {
            (At::Start, Event::Begin) => {
                let mut reading = Reading::new(&method.plan().profiles, Depth::Balance);
                let act = reading.next(Event::Begin);
                self.method = Some(method);
                self.at = At::Checking(reading);
                act.map(|end| WriteEnd::NotWritten { reason: end.err().map_or(Code::CardFamilyUnknown, |end| end.code()) })
            }
            (At::Checking(mut reading), event) => match reading.next(event) {
                Act::Done(read) => self.checked(method, read),
                Act::Send(command) => {
                    self.method = Some(method);
                    self.at = At::Checking(reading);
                    Act::Send(command)
                }
                Act::Ask(_) => not_written(Code::CardPulled),
            },
            (At::Opening, Event::Card(response)) => self.opened(method, &response),
            (At::Asking, Event::Issuer(answer)) => self.answered(method, answer),
            (At::Asking, Event::Refused(message)) => not_written(message.code),
            (At::Committing, Event::Card(response)) => self.committed(method, &response),
            (At::Committing, Event::Begin | Event::Lost | Event::Issuer(_) | Event::Refused(_)) => away(),
            (At::After { mut reading, proof, counter }, event) => match reading.next(event) {
                Act::Done(read) => Act::Done(written(method.as_ref(), read, proof, counter)),
                Act::Send(command) => {
                    self.method = Some(method);
                    self.at = At::After { reading, proof, counter };
                    Act::Send(command)
                }
                Act::Ask(_) => away(),
            },
            // Before the commit was sent nothing can have been written.
            (At::Start | At::Opening | At::Asking | At::Deciding { .. } | At::Over, _) => not_written(Code::CardPulled),
        }
    }
}

pub fn not_written(reason: Code) -> Act<WriteEnd> {
    Act::Done(WriteEnd::NotWritten { reason })
}

pub fn away() -> Act<WriteEnd> {
    Act::Done(WriteEnd::Unknown { evidence: TearEvidence::CardAway })
}

/// The reading before a write failed, so nothing was written; a card that no profile knows is another card.
pub fn not_begun(before: &CardImage, end: &ReadEnd) -> WriteEnd {
    if end.code() == Code::CardFamilyUnknown {
        return WriteEnd::WrongCard { expected_tail: tail(before), seen_tail: String::new() };
    }
    WriteEnd::NotWritten { reason: end.code() }
}

/// Number, issuer and serial: the number alone is no identity of a blank.
pub fn same_card(before: &CardImage, seen: &CardImage) -> bool {
    before.card_no == seen.card_no && same_chip(before, seen)
}

pub fn same_chip(before: &CardImage, seen: &CardImage) -> bool {
    before.family == seen.family && before.issuer == seen.issuer && before.serial == seen.serial
}

pub fn wrong_card(before: &CardImage, seen: &CardImage) -> WriteEnd {
    WriteEnd::WrongCard { expected_tail: tail(before), seen_tail: tail(seen) }
}

/// Blanks have no number; their serial tells them apart.
fn tail(image: &CardImage) -> String {
    if image.blank {
        image.serial.get(image.serial.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    } else {
        image.card_no.tail().to_owned()
    }
}
