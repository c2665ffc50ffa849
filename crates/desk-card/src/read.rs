//! Reads whatever card lies on the reader: into a [`CardImage`] that a case keeps, or into a [`CardSight`] for the eyes.
//! Changes nothing on the card.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, PurseImage},
    code::{Code, Message},
    money::Fen,
};

use crate::{
    apdu::{self, Initialize, Response},
    balance::Balances,
    flow::{Act, Event, Flow, Wired},
    layout::{Layout, NumberFile},
    link::Presence,
    profile::{Application, Profile, Profiles, PurseProfile},
    record::{self, LOG_LENGTH, LogEntry, Trip},
    sight::{CardSight, Tried, Unread},
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

struct Found {
    /// Only of a family that the counter writes.
    profile: Option<Arc<Profile>>,
    layout: Arc<Layout>,
    image: CardImage,
    city: Option<String>,
    /// What stands so far is the answer to SELECT.
    from_fci: bool,
    balances: Balances,
    log: Vec<LogEntry>,
    trips: Vec<Trip>,
    warnings: Vec<Code>,
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

    fn ask_for(&mut self, attempt: usize) -> Act<End> {
        match self.profiles.application(attempt).cloned() {
            Some(Application { before: Some((sfi, length)), .. }) => self.go(At::MasterFile { attempt }, apdu::read_binary(sfi, length)),
            Some(application) => self.select(attempt, &application, None),
            None => Act::Done(Err(self.failed.take().unwrap_or_else(|| self.unknown()))),
        }
    }

    fn unknown(&self) -> ReadEnd {
        let seen = match &self.present {
            Some(layout) => format!("卡内有：{}。", layout.title),
            None => format!("试过 {} 种应用，卡内都没有。", self.tried.len()),
        };
        ReadEnd(Message::new(Code::CardFamilyUnknown).with("also", seen))
    }

    fn select(&mut self, attempt: usize, application: &Application, file: Option<Vec<u8>>) -> Act<End> {
        let command = application.file_id.as_ref().map_or_else(|| apdu::select(&application.df_name), |id| apdu::select_file(id));
        self.go(At::Selecting { attempt, file }, command)
    }

    fn selected(&mut self, attempt: usize, file: Option<Vec<u8>>, response: Response) -> Act<End> {
        let Some(asked) = self.profiles.application(attempt).cloned() else {
            return self.ask_for(attempt + 1);
        };
        self.tried.push(Tried { name: hex::encode_upper(asked.file_id.as_ref().unwrap_or(&asked.df_name)), sw: response.sw });
        let locked = matches!(response.sw, Sw::APPLICATION_LOCKED | Sw(0x6283));
        if response.sw == Sw::APPLICATION_DEAD || (locked && !response.data.is_empty()) {
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        if !response.sw.is_ok() {
            return self.ask_for(attempt + 1);
        }
        let candidates = self.profiles.of_application(&asked, tlv::find(&response.data, 0x84));
        let Some(first) = candidates.first().cloned() else {
            return self.ask_for(attempt + 1);
        };
        let Some(public) = &first.public else {
            self.present.get_or_insert(first);
            return self.ask_for(attempt + 1);
        };
        if let Some(file) = file {
            return match self.choose(&candidates, &file) {
                Some(found) => self.begin(found),
                None => self.ask_for(attempt + 1),
            };
        }
        let shown = tlv::find(&response.data, 0x9F0C).filter(|shown| public.in_fci && shown.len() >= usize::from(public.length));
        if let Some(mut found) = shown.and_then(|shown| self.choose(&candidates, shown)) {
            found.from_fci = true;
            return self.begin(found);
        }
        let command = apdu::read_binary(public.sfi, public.length);
        self.go(At::PublicFile { attempt, candidates, fci: response.data }, command)
    }

    /// The most particular family whose conditions hold and whose number can be read.
    fn choose(&self, candidates: &[Arc<Layout>], file: &[u8]) -> Option<Found> {
        candidates.iter().filter(|layout| layout.fits(file)).find_map(|layout| {
            let facts = layout.facts(file)?;
            Some(Found {
                profile: self.profiles.shared(&layout.family),
                layout: layout.clone(),
                image: facts.image,
                city: facts.city,
                from_fci: false,
                balances: Balances::default(),
                log: Vec::new(),
                trips: Vec::new(),
                warnings: Vec::new(),
            })
        })
    }

    fn public_file(&mut self, attempt: usize, candidates: &[Arc<Layout>], fci: &[u8], response: &Response) -> Act<End> {
        // Some cards keep the file to themselves and show its content in the FCI only.
        let file = if response.sw.is_ok() { Some(response.data.as_slice()) } else { tlv::find(fci, 0x9F0C) };
        match file.and_then(|file| self.choose(candidates, file)) {
            Some(found) => self.begin(found),
            None => {
                if !response.sw.is_ok() && self.failed.is_none() {
                    self.failed = Some(ReadEnd(response.sw.refusal()));
                }
                self.ask_for(attempt + 1)
            }
        }
    }

    fn begin(&mut self, found: Found) -> Act<End> {
        match &found.layout.balance {
            Some(balance) if self.depth.wants_balance() => match &balance.application {
                Some(application) => {
                    let command = apdu::select(&application.0);
                    self.go(At::BalanceApplication(found), command)
                }
                None => self.ask_balance(found),
            },
            Some(_) | None => self.confirm(found),
        }
    }

    fn ask_balance(&mut self, found: Found) -> Act<End> {
        match found.layout.balance.as_ref().and_then(|layout| found.balances.next(layout)) {
            Some(command) => self.go(At::Balance(found), command),
            None => self.confirm(found),
        }
    }

    fn balance(&mut self, mut found: Found, response: &Response) -> Act<End> {
        let Some(layout) = found.layout.balance.clone() else {
            return self.confirm(found);
        };
        if found.balances.is_empty() && !response.sw.is_ok() {
            if self.depth.shows() {
                found.warnings.push(Code::BalanceUnknown);
                return self.confirm(found);
            }
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        found.balances.hear(&layout, response);
        if found.balances.next(&layout).is_some() {
            return self.ask_balance(found);
        }
        if found.balances.net(&layout).is_none() {
            if !self.depth.shows() {
                return Act::Done(Err(ReadEnd::because(Code::BalanceInconsistent)));
            }
            found.warnings.push(Code::BalanceInconsistent);
        }
        self.confirm(found)
    }

    fn confirm(&mut self, found: Found) -> Act<End> {
        match &found.layout.public {
            // After another application was selected the file is out of reach.
            Some(public) if found.from_fci => {
                let command = apdu::read_binary(public.sfi, public.length);
                self.go(At::Confirming(found), command)
            }
            Some(_) | None => self.number(found),
        }
    }

    fn confirmed(&mut self, mut found: Found, response: &Response) -> Act<End> {
        if response.sw.is_ok() {
            let facts = found.layout.facts(&response.data).filter(|_| found.layout.fits(&response.data));
            let same = facts.filter(|facts| {
                (&facts.image.card_no, &facts.image.issuer, &facts.image.serial)
                    == (&found.image.card_no, &found.image.issuer, &found.image.serial)
            });
            let Some(facts) = same else {
                // File and answer to SELECT name two cards.
                return Act::Done(Err(ReadEnd(Message::new(Code::CardRefused).with("sw", "9F0C"))));
            };
            found.image = facts.image;
        }
        self.number(found)
    }

    fn number(&mut self, found: Found) -> Act<End> {
        match number_file(&found.layout) {
            Some(file) if !file.in_master_file => {
                let command = apdu::read_binary(file.sfi, file.length);
                self.go(At::Number(found), command)
            }
            Some(_) | None => self.holder_class(found),
        }
    }

    fn take_number(&mut self, mut found: Found, response: &Response, then: fn(&mut Self, Found) -> Act<End>) -> Act<End> {
        let number = found.layout.public.as_ref().filter(|_| response.sw.is_ok()).and_then(|public| public.number.read(&response.data));
        match number {
            Some((card_no, _)) => {
                found.image.card_no = card_no;
                then(self, found)
            }
            None => Act::Done(Err(ReadEnd(if response.sw.is_ok() {
                Message::new(Code::CardFamilyUnknown).with("also", format!("像是：{}，但读不出卡号。", found.layout.title))
            } else {
                response.sw.refusal()
            }))),
        }
    }

    fn holder_class(&mut self, found: Found) -> Act<End> {
        let elsewhere = match (&found.layout.holder_class, &found.layout.public) {
            (Some(place), Some(public)) if place.sfi != public.sfi => Some(place.sfi),
            (Some(_) | None, _) => None,
        };
        match elsewhere {
            Some(sfi) => self.go(At::HolderClass(found), apdu::read_binary(sfi, 0x00)),
            None => self.counters(found),
        }
    }

    fn counters(&mut self, found: Found) -> Act<End> {
        let purse = found.profile.as_ref().and_then(|profile| profile.purse.clone());
        let balance = found.layout.balance.as_ref().and_then(|layout| found.balances.net(layout));
        match (purse, balance) {
            (Some(purse), Some(balance)) if self.depth.wants_all() => {
                let command = apdu::initialize(Initialize::Load, purse.purse, purse.load_key, 1, NO_TERMINAL);
                self.go(At::OnlineCounter { found, purse, balance }, command)
            }
            (Some(purse), Some(balance)) if self.depth == Depth::Balance => self.done(found.with_purse(&purse, balance, 0, 0)),
            _ if self.depth.wants_all() => self.trips(found, 1),
            _ => self.done(found),
        }
    }

    /// A counter that the card does not tell: no write without it.
    fn no_counter(&mut self, mut found: Found, response: &Response) -> Act<End> {
        if self.depth.shows() {
            found.warnings.push(Code::CardRefused);
            return self.trips(found, 1);
        }
        Act::Done(Err(ReadEnd(response.sw.refusal())))
    }

    fn trips(&mut self, found: Found, record: u8) -> Act<End> {
        let most = match (self.depth, &found.layout.trip) {
            (Depth::Sight(Journeys::All), Some(trip)) => trip.records,
            // One that is open forbids a refund; nobody else asks.
            (Depth::Whole | Depth::Sight(Journeys::Newest), Some(_)) if found.image.purse.is_some() => 1,
            (Depth::Identity | Depth::Balance | Depth::Whole | Depth::Sight(_), _) => 0,
        };
        match &found.layout.trip {
            Some(trip) if record <= most => {
                let command = apdu::read_record(trip.sfi, record, 0x00);
                self.go(At::Trip { found, record }, command)
            }
            Some(_) | None => self.log(found, 1),
        }
    }

    fn log(&mut self, found: Found, record: u8) -> Act<End> {
        match &found.layout.log {
            Some(log) if record <= log.records => {
                let command = apdu::read_record(log.sfi, record, LOG_LENGTH);
                self.go(At::Log { found, record }, command)
            }
            Some(_) | None => self.number_in_master_file(found),
        }
    }

    fn number_in_master_file(&mut self, found: Found) -> Act<End> {
        match number_file(&found.layout) {
            Some(file) if file.in_master_file => self.go(At::SelectingMasterFile(found), apdu::select_file(&[0x3F, 0x00])),
            Some(_) | None => self.done(found),
        }
    }

    fn done(&mut self, mut found: Found) -> Act<End> {
        found.image.log = found.log.iter().map(|entry| entry.record.clone()).collect();
        Act::Done(Ok(Box::new(found)))
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

const NO_TERMINAL: [u8; 6] = [0; 6];

fn number_file(layout: &Layout) -> Option<&NumberFile> {
    layout.public.as_ref()?.number.file.as_ref()
}

impl Found {
    fn with_purse(mut self, purse: &PurseProfile, balance: Fen, online_counter: u16, offline_counter: u16) -> Self {
        self.image.purse =
            Some(PurseImage { balance, online_counter, offline_counter, refund_method: purse.refund_method, incomplete_trip: false });
        self
    }

    fn sight(self) -> CardSight {
        let balance = self.layout.balance.as_ref().and_then(|layout| self.balances.shown(layout));
        let mut warnings = self.warnings;
        if let Some(shown) = &balance {
            warnings.extend((!shown.verified && !warnings.contains(&Code::BalanceInconsistent)).then_some(Code::BalanceUnverified));
            warnings.extend((shown.amount < Fen::ZERO).then_some(Code::BalanceNegative));
        }
        CardSight {
            title: self.layout.title.clone(),
            city: self.city,
            balance,
            log: self.log,
            trips: self.trips,
            warnings,
            image: self.image,
        }
    }
}

/// The counter in the answer to any INITIALIZE.
fn counter(response: &Response) -> Option<u16> {
    let bytes = response.data.get(4..6).filter(|_| response.sw.is_ok())?;
    Some(u16::from_be_bytes(*bytes.first_chunk::<2>()?))
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
