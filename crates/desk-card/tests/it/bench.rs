//! A card, a reader and a key service in one place, and what is true about the card afterwards.

use chrono::{NaiveDate, NaiveDateTime};
use desk_card::{
    ReadCard, begin,
    card::{CardData, CardImage, Terminal, WriteEnd, WriteIntent},
    code::{Code, Message},
    driver::drive,
    id::CardNo,
    issuer::{IssuerAnswer, IssuerRequest},
    link::CardReader,
    profile::Profiles,
    resolve,
    transaction::{Reply, Step},
};
use desk_cardsim::{CardRow, Seed, SimCard, SimReader, SimTray, kiosk};
use issuer_keys::{KeyService, MasterKeys, ReleaseRecord};

pub const SEED: &[u8] = b"seed of the card tests";

/// The four writes of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Unload,
    Purchase,
    Validate,
    Personalise,
}

pub const JOBS: [Job; 4] = [Job::Unload, Job::Purchase, Job::Validate, Job::Personalise];

/// What is true about the card, seen past every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Written,
    NotWritten,
}

/// The centre's key service with its record of releases.
pub struct Keys {
    service: KeyService,
    pub releases: Vec<ReleaseRecord>,
    /// The line is down.
    pub down: bool,
    pub asked: Vec<IssuerRequest>,
}

impl Keys {
    fn answer(&mut self, ask: IssuerRequest) -> Result<IssuerAnswer, Message> {
        self.asked.push(ask.clone());
        if self.down {
            return Err(Message::new(Code::CentreUnreachable));
        }
        let answer = self.service.answer(&ask, &self.releases)?;
        self.releases.extend(ReleaseRecord::of(&ask));
        Ok(answer)
    }
}

pub struct Bench {
    pub tray: SimTray,
    pub reader: SimReader,
    pub keys: Keys,
    pub profiles: Profiles,
}

pub fn noon(day: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap().and_hms_opt(12, 0, 30).unwrap()
}

pub fn row(family: &str, card_no: &str, serial: &str, balance_fen: u32) -> CardRow {
    CardRow {
        name: String::new(),
        family: family.to_owned(),
        card_no: card_no.to_owned(),
        issuer: "99993040FFFFFFFF".to_owned(),
        serial: serial.to_owned(),
        holder_class: if card_no.starts_with("00") { 0 } else { 2 },
        balance_fen,
        valid_until: if card_no.starts_with("00") { String::new() } else { "2026-11-30".to_owned() },
    }
}

pub fn make(row: &CardRow) -> SimCard {
    SimCard::make(&Seed(SEED.to_vec()), row).unwrap()
}

impl Job {
    pub fn card(self) -> SimCard {
        make(&match self {
            Self::Unload => row("tunion-unload", "3104999000000000101", "4999000000000101", 3650),
            Self::Purchase => row("tunion-purchase", "3104999000000000202", "4999000000000202", 12800),
            Self::Validate => row("education", "2150999000000001", "2150999000000001", 0),
            Self::Personalise => row("education", "0000000000000000", "2150999000009001", 0),
        })
    }

    /// Same family, same money, same counters; another card.
    pub fn other_card(self) -> SimCard {
        make(&match self {
            Self::Unload => row("tunion-unload", "3104999000000000901", "4999000000000901", 3650),
            Self::Purchase => row("tunion-purchase", "3104999000000000902", "4999000000000902", 12800),
            Self::Validate => row("education", "2150999000000901", "2150999000000901", 0),
            Self::Personalise => row("education", "0000000000000000", "2150999000009901", 0),
        })
    }

    pub fn intent(self, before: CardImage) -> WriteIntent {
        let until = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        let terminal = Terminal { number: "990000000042".to_owned(), sequence: 77, at: noon(24) };
        let amount = before.purse.as_ref().map(|purse| purse.balance).unwrap_or_default();
        match self {
            Self::Unload => WriteIntent::Unload { before, amount, terminal },
            Self::Purchase => WriteIntent::PurchaseOfRest { before, amount, terminal },
            Self::Validate => WriteIntent::Validate { before, until },
            Self::Personalise => WriteIntent::Personalise {
                before,
                data: CardData {
                    card_no: CardNo::new("2150999000000777"),
                    holder_class: 2,
                    valid_from: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
                    valid_until: until,
                },
            },
        }
    }

    /// Has the write of the intent happened on this card, whatever happened to it since? A kiosk loads and takes with
    /// its own amounts only, so the desk's record or the file is the truth.
    pub fn truth(self, card: &SimCard) -> Truth {
        let text = serde_json::to_string(card).unwrap();
        let written = match self {
            // Amount, type and terminal of the desk in the log.
            Self::Unload => text.contains("00000E4203990000000042"),
            Self::Purchase => text.contains("0000320006990000000042"),
            Self::Validate => card.public_file().get(24..28) == Some(&[0x20, 0x26, 0x12, 0x31][..]),
            Self::Personalise => card.public_file().first() == Some(&0x21),
        };
        if written { Truth::Written } else { Truth::NotWritten }
    }

    /// Only purses move on by kiosk and gate.
    pub fn has_purse(self) -> bool {
        matches!(self, Self::Unload | Self::Purchase)
    }
}

impl Bench {
    pub fn new(job: Job) -> Self {
        let tray = SimTray::new();
        tray.add("card", job.card());
        tray.add("other", job.other_card());
        tray.put("card");
        Self {
            reader: tray.reader(),
            tray,
            keys: Keys {
                service: KeyService::new(MasterKeys::from_seed(SEED)).unwrap(),
                releases: Vec::new(),
                down: false,
                asked: Vec::new(),
            },
            profiles: Profiles::built_in().unwrap(),
        }
    }

    pub async fn read(&mut self) -> Result<CardImage, Code> {
        self.reader.connect().await;
        let keys = &mut self.keys;
        drive(&mut ReadCard::new(&self.profiles), &mut self.reader, &mut |ask| keys.answer(ask)).await.map_err(|end| end.code())
    }

    pub async fn write(&mut self, intent: &WriteIntent) -> WriteEnd {
        let mut writing = begin(intent, &self.profiles).unwrap();
        self.reader.connect().await;
        let keys = &mut self.keys;
        drive(writing.as_mut(), &mut self.reader, &mut |ask| keys.answer(ask)).await
    }

    pub async fn resolve(&mut self, intent: &WriteIntent) -> WriteEnd {
        let mut deciding = resolve(intent, &self.profiles).unwrap();
        self.reader.connect().await;
        let keys = &mut self.keys;
        drive(deciding.as_mut(), &mut self.reader, &mut |ask| keys.answer(ask)).await
    }

    /// Runs the write until `most` commands were answered, then forgets it, as a killed process does.
    pub async fn write_and_die(&mut self, intent: &WriteIntent, most: u32) {
        let mut writing = begin(intent, &self.profiles).unwrap();
        self.reader.connect().await;
        let mut reply = Reply::Begin;
        let mut sent = 0;
        loop {
            reply = match writing.step(reply) {
                Step::Send(_) if sent == most => return,
                Step::Send(command) => {
                    sent += 1;
                    Reply::Card(self.reader.transmit(&command).await)
                }
                Step::AskIssuer(ask) => Reply::Issuer(self.keys.answer(ask).unwrap()),
                Step::Done(_) => return,
            };
        }
    }

    pub fn truth(&self, job: Job) -> Truth {
        job.truth(&self.tray.card("card").unwrap())
    }

    pub fn top_up(&self, fen: u32) {
        self.tray.with_card("card", |card| kiosk::top_up(card, fen, noon(25)).unwrap());
    }

    pub fn fare(&self, fen: u32) {
        self.tray.with_card("card", |card| kiosk::fare(card, fen, noon(25)).unwrap());
    }
}
