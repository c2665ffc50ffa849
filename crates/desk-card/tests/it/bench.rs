//! A card, a reader and a key service in one place, and what is true about the card afterwards.

use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime};
use desk_card::{
    ReadCard, begin,
    card::{BlockState, CardData, CardImage, HolderName, Terminal, WriteEnd, WriteIntent},
    code::{Code, Message},
    driver::drive,
    id::CardNo,
    issuer::{CardKeySource, CounterLine, IssuerAnswer, IssuerRequest, ReleasedTo},
    link::CardReader,
    money::Fen,
    profile::{Profiles, key_source},
    resolve,
    transaction::{Reply, Step},
};
use desk_cardsim::{CardRow, Seed, SimCard, SimReader, SimTray, kiosk};
use issuer_keys::{KeyService, MasterKeys, ReleaseRecord};

pub const SEED: &[u8] = b"seed of the card tests";

/// The writes of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Load,
    Unload,
    /// A part is taken off: a top-up that was a mistake.
    UnloadPart,
    Purchase,
    Validate,
    HolderClass,
    Holder,
    Personalise,
    Block,
    BlockForGood,
    BlockCard,
    Unblock,
    /// A purse that the back office pays is put out of use.
    BlockToRefund,
}

pub const JOBS: [Job; 13] = [
    Job::Load,
    Job::Unload,
    Job::UnloadPart,
    Job::Purchase,
    Job::Validate,
    Job::HolderClass,
    Job::Holder,
    Job::Personalise,
    Job::Block,
    Job::BlockForGood,
    Job::BlockCard,
    Job::Unblock,
    Job::BlockToRefund,
];

/// What is true about the card, seen past every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Written,
    NotWritten,
}

/// For whom the key service let a MAC out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Desk,
    Kiosk,
}

/// The centre's key service with its record of releases.
pub struct Keys {
    service: KeyService,
    pub record: Vec<(Who, IssuerRequest)>,
    /// The line is down.
    pub down: bool,
    pub asked: Vec<IssuerRequest>,
}

impl Keys {
    pub fn answer(&mut self, ask: IssuerRequest) -> Result<IssuerAnswer, Message> {
        self.asked.push(ask.clone());
        if self.down {
            return Err(Message::new(Code::CentreUnreachable));
        }
        let answer = match &ask {
            IssuerRequest::CheckStep { card, line, counter } => IssuerAnswer::Stepped { to: self.released_to(card, (*line, *counter)) },
            IssuerRequest::CheckChip { card, to, chip } => IssuerAnswer::Checked { genuine: self.blocked_chip(card, *to, chip) },
            IssuerRequest::Load { .. }
            | IssuerRequest::Unload { .. }
            | IssuerRequest::Purchase { .. }
            | IssuerRequest::LineMac { .. }
            | IssuerRequest::Block { .. }
            | IssuerRequest::PinReload { .. }
            | IssuerRequest::PinUnblock { .. }
            | IssuerRequest::CheckProof { .. } => {
                let releases: Vec<ReleaseRecord> = self.record.iter().filter_map(|(_, ask)| ReleaseRecord::of(ask)).collect();
                self.service.answer(&ask, &releases)?
            }
        };
        if matches!(answer, IssuerAnswer::Mac { .. }) {
            self.record.push((Who::Desk, ask));
        }
        Ok(answer)
    }

    fn released_to(&self, card: &CardKeySource, step: (CounterLine, u16)) -> ReleasedTo {
        let to = |who| self.record.iter().any(|(whose, ask)| *whose == who && ask.card() == card && ask.steps() == Some(step));
        match (to(Who::Desk), to(Who::Kiosk)) {
            (false, false) => ReleasedTo::Nobody,
            (true, false) => ReleasedTo::ThisCase,
            (false, true) => ReleasedTo::Another,
            (true, true) => ReleasedTo::Several,
        }
    }

    fn blocked_chip(&self, card: &CardKeySource, state: BlockState, serial: &str) -> bool {
        self.record.iter().any(|(_, ask)| {
            matches!(ask, IssuerRequest::Block { card: blocked, to, chip, .. } if blocked == card && *to == state && (serial.is_empty() || chip == serial))
        })
    }
}

pub struct Bench {
    pub tray: SimTray,
    pub reader: SimReader,
    pub keys: Keys,
    pub profiles: Profiles,
    /// The card of the job, as the key service calls it.
    pub source: CardKeySource,
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
            Self::Load | Self::Unload | Self::UnloadPart | Self::BlockForGood | Self::Unblock => {
                row("tunion-unload", "3104999000000000101", "4999000000000101", 3650)
            }
            Self::Purchase | Self::Block => row("tunion-purchase", "3104999000000000202", "4999000000000202", 12800),
            Self::BlockToRefund => row("tunion-block", "3104999000000000303", "4999000000000303", 5600),
            Self::Validate | Self::HolderClass | Self::Holder | Self::BlockCard => {
                row("education", "2150999000000001", "2150999000000001", 0)
            }
            Self::Personalise => row("education", "0000000000000000", "2150999000009001", 0),
        })
    }

    /// Same family, same money, same counters; another card.
    pub fn other_card(self) -> SimCard {
        make(&match self {
            Self::Load | Self::Unload | Self::UnloadPart | Self::BlockForGood | Self::Unblock => {
                row("tunion-unload", "3104999000000000901", "4999000000000901", 3650)
            }
            Self::Purchase | Self::Block => row("tunion-purchase", "3104999000000000902", "4999000000000902", 12800),
            Self::BlockToRefund => row("tunion-block", "3104999000000000903", "4999000000000903", 5600),
            Self::Validate | Self::HolderClass | Self::Holder | Self::BlockCard => {
                row("education", "2150999000000901", "2150999000000901", 0)
            }
            Self::Personalise => row("education", "0000000000000000", "2150999000009901", 0),
        })
    }

    pub fn intent(self, before: CardImage) -> WriteIntent {
        let until = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        let terminal = Terminal { number: "990000000042".to_owned(), sequence: 77, at: noon(24) };
        let amount = before.purse.as_ref().map(|purse| purse.balance).unwrap_or_default();
        match self {
            Self::Load => WriteIntent::Load { before, amount: Fen(1000), terminal },
            Self::HolderClass => WriteIntent::HolderClass { before, class: 3 },
            Self::Holder => WriteIntent::Holder { before, name: HolderName("测试甲".to_owned()) },
            Self::Block | Self::BlockToRefund => WriteIntent::Block { before, to: BlockState::Temporary },
            Self::BlockForGood => WriteIntent::Block { before, to: BlockState::Permanent },
            Self::BlockCard => WriteIntent::Block { before, to: BlockState::Card },
            Self::Unblock => WriteIntent::Block { before, to: BlockState::Open },
            Self::Unload => WriteIntent::Unload { before, amount, terminal },
            Self::UnloadPart => WriteIntent::Unload { before, amount: Fen(2_000), terminal },
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
            Self::Block | Self::BlockToRefund => card.block() == BlockState::Temporary,
            Self::BlockForGood => card.block() == BlockState::Permanent,
            Self::BlockCard => card.block() == BlockState::Card,
            Self::Unblock => card.block() == BlockState::Open,
            Self::HolderClass => card.public_file().get(28) == Some(&3),
            // 测试甲 in GBK, filled up.
            Self::Holder => card.holder_file().get(2..8) == Some(&[0xB2, 0xE2, 0xCA, 0xD4, 0xBC, 0xD7][..]),
            // Amount, type and terminal of the desk in the log.
            Self::Load => text.contains("000003E802990000000042"),
            Self::Unload => text.contains("00000E4203990000000042"),
            Self::UnloadPart => text.contains("000007D003990000000042"),
            Self::Purchase => text.contains("0000320006990000000042"),
            Self::Validate => card.public_file().get(24..28) == Some(&[0x20, 0x26, 0x12, 0x31][..]),
            Self::Personalise => card.public_file().first() == Some(&0x21),
        };
        if written { Truth::Written } else { Truth::NotWritten }
    }

    /// Moves money on a purse, which moves on by kiosk and gate.
    pub fn has_purse(self) -> bool {
        matches!(self, Self::Load | Self::Unload | Self::UnloadPart | Self::Purchase)
    }

    /// Goes to kiosk and gate as long as it is in use.
    pub fn rides(self) -> bool {
        self.has_purse() || self == Self::BlockToRefund
    }

    /// How the card lies at the counter, once it has been read.
    pub fn prepare(self, bench: &Bench) {
        if self == Self::Unblock {
            for name in ["card", "other"] {
                bench.tray.with_card(name, |card| card.set_block(BlockState::Temporary));
            }
        }
    }
}

impl Bench {
    pub fn new(job: Job) -> Self {
        // Read once: thousands of benches are made.
        static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::built_in().unwrap());
        let profiles = PROFILES.clone();
        let tray = SimTray::new();
        tray.add("card", job.card());
        tray.add("other", job.other_card());
        tray.put("card");
        Self {
            reader: tray.reader(),
            tray,
            keys: Keys {
                service: KeyService::with_profiles(MasterKeys::from_seed(SEED), profiles.clone()),
                record: Vec::new(),
                down: false,
                asked: Vec::new(),
            },
            profiles,
            source: CardKeySource { family: String::new(), card_no: CardNo::new(""), issuer: String::new(), serial: String::new() },
        }
    }

    pub async fn read(&mut self) -> Result<CardImage, Code> {
        self.reader.connect().await;
        let keys = &mut self.keys;
        let read = drive(&mut ReadCard::new(&self.profiles), &mut self.reader, &mut |ask| keys.answer(ask)).await;
        if let Ok(image) = &read {
            self.source = key_source(image);
        }
        read.map_err(|end| end.code())
    }

    /// Reads the card for a job and lays it ready; the intent of the job.
    pub async fn prepared(job: Job) -> (Self, WriteIntent) {
        let mut bench = Self::new(job);
        let before = bench.read().await.unwrap();
        job.prepare(&bench);
        let intent = job.intent(before);
        let _ = bench.tray.take_sent();
        (bench, intent)
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

    /// A new process with nothing but the intent, and the card put back.
    pub async fn resolve_anew(&mut self, intent: &WriteIntent, name: &str) -> WriteEnd {
        self.tray.put(name);
        self.reader = self.tray.reader();
        self.resolve(intent).await
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

    /// A kiosk of the same issuer: its MAC comes from the same key service.
    ///
    /// Neither it nor a gate takes a card that is out of use.
    pub fn top_up(&mut self, fen: u32) {
        if self.out_of_use() {
            return;
        }
        let (online_counter, _) = self.tray.card("card").unwrap().counters().unwrap();
        self.keys.record.push((
            Who::Kiosk,
            IssuerRequest::Load {
                card: self.source.clone(),
                purse: 2,
                algorithm: 0,
                key_version: 1,
                random: "00000000".to_owned(),
                online_counter,
                old_balance: Fen::ZERO,
                amount: Fen(i64::from(fen)),
                terminal: "990000000001".to_owned(),
                mac1: "00000000".to_owned(),
                at: noon(25),
            },
        ));
        self.tray.with_card("card", |card| kiosk::top_up(card, fen, noon(25)).unwrap());
    }

    fn out_of_use(&self) -> bool {
        self.tray.card("card").is_some_and(|card| card.block() != BlockState::Open)
    }

    pub fn fare(&self, fen: u32) {
        if self.out_of_use() {
            return;
        }
        self.tray.with_card("card", |card| kiosk::fare(card, fen, noon(25)).unwrap());
    }

    /// So many journeys, one after the other.
    pub fn ride(&self, journeys: u32) {
        for _ in 0..journeys {
            self.fare(0);
        }
    }
}
