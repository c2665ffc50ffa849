//! Reads whatever card lies on the reader into a [`CardImage`]. Changes nothing on the card.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, LogRecord, PurseImage},
    code::{Code, Message},
    money::Fen,
};

use crate::{
    apdu::{self, Initialize, Response},
    bcd,
    flow::{Act, Event, Flow, Wired},
    link::Presence,
    profile::{BalanceRule, Profile, Profiles, PurseProfile},
    status::Sw,
    tlv,
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
/// (blocked, or a file is missing) or `BalanceInconsistent`.
pub struct ReadCard(Wired<Reading>);

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
    /// Everything.
    Whole,
}

/// The conversation behind [`ReadCard`]; every write begins and ends with one.
pub struct Reading {
    profiles: Profiles,
    depth: Depth,
    at: At,
}

/// Where the reading stands; each place holds what is known by then.
enum At {
    Start,
    Selecting { attempt: usize },
    PublicFile { profile: Arc<Profile>, fci: Vec<u8> },
    HolderClass(Found),
    Balance { found: Found, purse: PurseProfile, parts: Vec<Option<u32>> },
    OnlineCounter { found: Found, purse: PurseProfile, balance: Fen },
    OfflineCounter { found: Found, purse: PurseProfile, balance: Fen, online: u16 },
    Trip(Found),
    Log { found: Found, record: u8 },
    Over,
}

struct Found {
    profile: Arc<Profile>,
    image: CardImage,
}

type End = Result<CardImage, ReadEnd>;

impl Reading {
    pub fn new(profiles: &Profiles, depth: Depth) -> Self {
        Self { profiles: profiles.clone(), depth, at: At::Start }
    }

    fn go(&mut self, at: At, command: Vec<u8>) -> Act<End> {
        self.at = at;
        Act::Send(command)
    }

    fn select(&mut self, attempt: usize) -> Act<End> {
        match self.profiles.name(attempt).map(apdu::select) {
            Some(command) => self.go(At::Selecting { attempt }, command),
            None => Act::Done(Err(ReadEnd::because(Code::CardFamilyUnknown))),
        }
    }

    fn selected(&mut self, attempt: usize, response: Response) -> Act<End> {
        let locked = matches!(response.sw, Sw::APPLICATION_LOCKED | Sw(0x6283));
        if response.sw == Sw::APPLICATION_DEAD || (locked && !response.data.is_empty()) {
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        if !response.sw.is_ok() {
            return self.select(attempt + 1);
        }
        let asked = self.profiles.name(attempt).unwrap_or_default();
        let name = tlv::find(&response.data, 0x84).unwrap_or(asked);
        let Some(profile) = self.profiles.of_name(name).or_else(|| self.profiles.of_name(asked)) else {
            return self.select(attempt + 1);
        };
        let command = apdu::read_binary(profile.public.sfi, profile.public.length);
        self.go(At::PublicFile { profile, fci: response.data }, command)
    }

    fn public_file(&mut self, profile: Arc<Profile>, fci: &[u8], response: &Response) -> Act<End> {
        // Some cards keep the file to themselves and show its content in the FCI only.
        let file = if response.sw.is_ok() { Some(response.data.as_slice()) } else { tlv::find(fci, 0x9F0C) };
        let Some(image) = file.and_then(|file| profile.image(file)) else {
            return Act::Done(Err(if response.sw.is_ok() {
                ReadEnd::because(Code::CardFamilyUnknown)
            } else {
                ReadEnd(response.sw.refusal())
            }));
        };
        let found = Found { profile, image };
        if found.profile.holder_class.sfi == found.profile.public.sfi {
            return self.purse(found);
        }
        let command = apdu::read_binary(found.profile.holder_class.sfi, 0x00);
        self.go(At::HolderClass(found), command)
    }

    fn purse(&mut self, found: Found) -> Act<End> {
        match (found.profile.purse.clone(), self.depth) {
            (Some(purse), Depth::Balance | Depth::Whole) => {
                let command = apdu::get_balance(0x00, purse.purse);
                self.go(At::Balance { found, purse, parts: Vec::new() }, command)
            }
            (None, Depth::Whole) => self.log(found, 1),
            _ => Act::Done(Ok(found.image)),
        }
    }

    fn balance(&mut self, found: Found, purse: PurseProfile, mut parts: Vec<Option<u32>>, response: &Response) -> Act<End> {
        if parts.is_empty() && !response.sw.is_ok() {
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        let part = response.data.first_chunk::<4>().filter(|_| response.sw.is_ok()).map(|bytes| u32::from_be_bytes(*bytes) & 0x7FFF_FFFF);
        parts.push(part);
        let wanted = match purse.balance {
            BalanceRule::Plain => 1,
            BalanceRule::WithOverdraft => 4,
        };
        // P1 = 00 usable, 01 limit, 02 overdraft used, 03 purse proper. A card that lacks one says so; no error.
        if let Some(p1) = u8::try_from(parts.len()).ok().filter(|p1| *p1 < wanted) {
            let command = apdu::get_balance(p1, purse.purse);
            return self.go(At::Balance { found, purse, parts }, command);
        }
        let Some(balance) = net_balance(&parts) else {
            return Act::Done(Err(ReadEnd::because(Code::BalanceInconsistent)));
        };
        if self.depth == Depth::Balance {
            return Act::Done(Ok(found.with_purse(&purse, balance, 0, 0)));
        }
        let command = apdu::initialize(Initialize::Load, purse.purse, purse.load_key, 1, NO_TERMINAL);
        self.go(At::OnlineCounter { found, purse, balance }, command)
    }

    fn log(&mut self, found: Found, record: u8) -> Act<End> {
        match &found.profile.log {
            Some(log) if record <= log.records => {
                let command = apdu::read_record(log.sfi, record, LOG_LENGTH);
                self.go(At::Log { found, record }, command)
            }
            _ => Act::Done(Ok(found.image)),
        }
    }

    fn heard(&mut self, response: Response) -> Act<End> {
        match std::mem::replace(&mut self.at, At::Over) {
            At::Start | At::Over => Act::Done(Err(ReadEnd::because(Code::CardMute))),
            At::Selecting { attempt } => self.selected(attempt, response),
            At::PublicFile { profile, fci } => self.public_file(profile, &fci, &response),
            At::HolderClass(mut found) => {
                let at = usize::from(found.profile.holder_class.at);
                found.image.holder_class = response.data.get(at).copied().unwrap_or_default();
                self.purse(found)
            }
            At::Balance { found, purse, parts } => self.balance(found, purse, parts, &response),
            At::OnlineCounter { found, purse, balance } => match counter(&response) {
                Some(online) => {
                    let command = apdu::initialize(Initialize::Purchase, purse.purse, purse.purchase_key, 0, NO_TERMINAL);
                    self.go(At::OfflineCounter { found, purse, balance, online }, command)
                }
                None => Act::Done(Err(ReadEnd(response.sw.refusal()))),
            },
            At::OfflineCounter { found, purse, balance, online } => match counter(&response) {
                Some(offline) => {
                    let profile = found.profile.clone();
                    let found = Found { image: found.with_purse(&purse, balance, online, offline), profile };
                    match &found.profile.trip {
                        Some(trip) => {
                            let command = apdu::read_record(trip.sfi, 1, 0x00);
                            self.go(At::Trip(found), command)
                        }
                        None => self.log(found, 1),
                    }
                }
                None => Act::Done(Err(ReadEnd(response.sw.refusal()))),
            },
            At::Trip(mut found) => {
                if let Some(purse) = &mut found.image.purse {
                    purse.incomplete_trip = response.sw.is_ok() && begins_journey(&response.data);
                }
                self.log(found, 1)
            }
            At::Log { mut found, record } => {
                if !response.sw.is_ok() {
                    return Act::Done(Ok(found.image));
                }
                found.image.log.extend(log_record(&response.data));
                self.log(found, record.saturating_add(1))
            }
        }
    }
}

const LOG_LENGTH: u8 = 23;
const NO_TERMINAL: [u8; 6] = [0; 6];

impl Found {
    fn with_purse(self, purse: &PurseProfile, balance: Fen, online_counter: u16, offline_counter: u16) -> CardImage {
        CardImage {
            purse: Some(PurseImage {
                balance,
                online_counter,
                offline_counter,
                refund_method: purse.refund_method,
                incomplete_trip: false,
            }),
            ..self.image
        }
    }
}

/// Net of overdraft; none where the card contradicts itself.
fn net_balance(parts: &[Option<u32>]) -> Option<Fen> {
    let part = |index: usize| parts.get(index).copied().flatten().map(i64::from);
    let net = part(0)? - part(1).unwrap_or(0);
    match (part(2), part(3)) {
        (Some(used), Some(proper)) if proper - used != net => None,
        _ => Some(Fen(net)),
    }
}

/// The counter in the answer to any INITIALIZE.
fn counter(response: &Response) -> Option<u16> {
    let bytes = response.data.get(4..6).filter(|_| response.sw.is_ok())?;
    Some(u16::from_be_bytes(*bytes.first_chunk::<2>()?))
}

/// Newest journey: entered and not left. 03 is an entry; on railways (mode 0A) 01 is.
fn begins_journey(record: &[u8]) -> bool {
    matches!((record.first(), record.get(9)), (Some(0x03), _) | (Some(0x01), Some(0x0A)))
}

/// One record of 23 bytes; none for an empty or short one.
#[must_use]
pub fn log_record(bytes: &[u8]) -> Option<LogRecord> {
    let bytes = bytes.get(..usize::from(LOG_LENGTH))?;
    if bytes.iter().all(|byte| *byte == 0x00) || bytes.iter().all(|byte| *byte == 0xFF) {
        return None;
    }
    Some(LogRecord {
        sequence: u16::from_be_bytes(*bytes.first_chunk::<2>()?),
        amount: Fen(i64::from(u32::from_be_bytes(*bytes.get(5..9)?.first_chunk::<4>()?))),
        kind: *bytes.get(9)?,
        terminal: hex::encode_upper(bytes.get(10..16)?),
        at: bcd::date_time(bytes.get(16..23)?),
    })
}

impl Flow for Reading {
    type End = End;

    fn next(&mut self, event: Event) -> Act<End> {
        match event {
            Event::Begin => self.select(0),
            Event::Card(response) => self.heard(response),
            Event::Lost => {
                let at = std::mem::replace(&mut self.at, At::Over);
                let code = if matches!(at, At::Selecting { attempt: 0 }) { Code::CardMute } else { Code::CardPulled };
                Act::Done(Err(ReadEnd::because(code)))
            }
            // A reading asks nobody.
            Event::Issuer(_) | Event::Refused(_) => Act::Done(Err(ReadEnd::because(Code::CardPulled))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_of_logged_cards() {
        let net = |parts: &[u32]| net_balance(&parts.iter().map(|part| Some(*part)).collect::<Vec<_>>()).map(|fen| fen.0);
        assert_eq!(net(&[800, 800]), Some(0));
        assert_eq!(net(&[740, 0]), Some(740));
        assert_eq!(net(&[500, 800]), Some(-300));
        assert_eq!(net(&[500, 800, 300, 0]), Some(-300));
        assert_eq!(net(&[500, 800, 0, 500]), None);
        assert_eq!(net_balance(&[Some(250), None, None, None]), Some(Fen(250)));
        assert_eq!(net_balance(&[None]), None);
    }

    #[test]
    fn a_published_log_record() {
        let record = log_record(&hex::decode("042D000000000001F40930008900034020241229141740").unwrap()).unwrap();
        assert_eq!((record.sequence, record.amount, record.kind), (1069, Fen(500), 9));
        assert_eq!(record.terminal, "300089000340");
        assert_eq!(record.at.unwrap().to_string(), "2024-12-29 14:17:40");
        assert_eq!(log_record(&[0; 23]), None);
        assert_eq!(log_record(&[0xFF; 23]), None);
        assert_eq!(log_record(&[1; 22]), None);
    }

    proptest::proptest! {
        #[test]
        fn hostile_records_never_panic(bytes: Vec<u8>) {
            let _ = log_record(&bytes);
            let _ = begins_journey(&bytes);
            let _ = bcd::date_time(&bytes);
            let _ = Response::parse(&bytes);
        }

        #[test]
        fn hostile_cards_end_the_reading(answers: Vec<Vec<u8>>) {
            let mut reading = ReadCard::new(&Profiles::built_in().unwrap());
            let mut reply = Reply::Begin;
            let mut answers = answers.into_iter();
            for _ in 0..400 {
                match reading.step(reply) {
                    Step::Send(_) => {
                        let mut answer = answers.next().unwrap_or_default();
                        answer.extend([0x90, 0x00]);
                        reply = Reply::Card(crate::link::Answer::Response(answer));
                    }
                    Step::AskIssuer(_) => return Err(proptest::test_runner::TestCaseError::fail("asked")),
                    Step::Done(_) => return Ok(()),
                }
            }
            proptest::prop_assert!(false, "the reading never ended");
        }
    }
}
