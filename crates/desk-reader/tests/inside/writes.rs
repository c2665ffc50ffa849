//! Every card write of a counter through pcscd and the virtual reader, with the real key service: undisturbed, and with the
//! card, the service or the reader gone at the command that counts. The card lies there again afterwards and decides.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chrono::{NaiveDate, NaiveDateTime};
use desk_card::{
    ReadCard, begin,
    card::{BlockState, CardData, CardImage, HolderName, Terminal, WriteEnd, WriteIntent},
    code::{Code, Message},
    driver::drive,
    id::CardNo,
    issuer::{IssuerAnswer, IssuerRequest},
    link::{CardReader, Presence},
    money::Fen,
    profile::Profiles,
    resolve,
};
use desk_cardsim::{
    CardRow, Seed, SimCard,
    vpcd::{Inserted, Outcome, Power, VirtualCard, insert},
};
use desk_reader::PcscReader;
use issuer_keys::{KeyService, MasterKeys, ReleaseRecord};

use super::{card::reader_port, daemon::Pcscd, first_slot, is_card, is_empty, start, until};

const SEED: &[u8] = b"seed of the reader tests";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Load,
    Unload,
    Purchase,
    Validate,
    HolderClass,
    Holder,
    Personalise,
    Block(BlockState),
}

const JOBS: [Job; 11] = [
    Job::Load,
    Job::Unload,
    Job::Purchase,
    Job::Validate,
    Job::HolderClass,
    Job::Holder,
    Job::Personalise,
    Job::Block(BlockState::Temporary),
    Job::Block(BlockState::Permanent),
    Job::Block(BlockState::Card),
    Job::Block(BlockState::Open),
];

/// What happens when the command that counts reaches the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Nothing,
    AwayBefore,
    AwayAfter,
    /// It is executed and its answer takes a while.
    Slow,
}

pub(super) struct Played {
    job: Job,
    card: Mutex<SimCard>,
    at: Mutex<At>,
}

impl Played {
    pub fn card(&self) -> MutexGuard<'_, SimCard> {
        self.card.lock().expect("no test panics within")
    }

    pub fn plan(&self, at: At) {
        *self.at.lock().expect("no test panics within") = at;
    }
}

/// Is this the command that changes the card?
fn counts(job: Job, command: &[u8]) -> bool {
    match command {
        [0x80, 0x52 | 0x54 | 0x5E, ..] | [0x84, 0x1E | 0x18 | 0x16 | 0x24, ..] | [0x00, 0x20, ..] => true,
        // The first writes of a personalising are no change yet: the number, at the file's beginning, is the one that counts.
        [0x04, 0xD6, _, offset, ..] => job != Job::Personalise || *offset == 0,
        _ => false,
    }
}

impl VirtualCard for Played {
    fn atr(&self) -> Vec<u8> {
        self.card().atr()
    }

    fn mute(&self) -> bool {
        false
    }

    fn power(&self, power: Power) {
        match power {
            Power::Off => self.card().power_off(),
            Power::On => self.card().power_on(),
            Power::Reset => self.card().reset(),
        }
    }

    fn command(&self, command: &[u8]) -> Outcome {
        let mut planned = self.at.lock().expect("no test panics within");
        let at = if counts(self.job, command) { std::mem::replace(&mut *planned, At::Nothing) } else { At::Nothing };
        drop(planned);
        if at == At::AwayBefore {
            return Outcome::Gone;
        }
        let answer = self.card().apdu(command);
        match at {
            At::Nothing | At::AwayBefore => Outcome::Answer(answer),
            At::AwayAfter => Outcome::Gone,
            At::Slow => {
                std::thread::sleep(Duration::from_millis(700));
                Outcome::Answer(answer)
            }
        }
    }
}

/// Key service with its record.
pub(super) struct Keys {
    service: KeyService,
    record: Vec<IssuerRequest>,
}

impl Keys {
    fn new() -> Self {
        Self { service: KeyService::new(MasterKeys::from_seed(SEED)).expect("profiles"), record: Vec::new() }
    }

    pub fn answer(&mut self, ask: IssuerRequest) -> Result<IssuerAnswer, Message> {
        if let IssuerRequest::CheckChip { card, to, chip } = &ask {
            let known = self.record.iter().any(|held| {
                matches!(held, IssuerRequest::Block { card: blocked, to: how, chip: serial, .. } if blocked == card && how == to && (chip.is_empty() || serial == chip))
            });
            return Ok(IssuerAnswer::Checked { genuine: known });
        }
        let releases: Vec<ReleaseRecord> = self.record.iter().filter_map(ReleaseRecord::of).collect();
        let answer = self.service.answer(&ask, &releases)?;
        self.record.push(ask);
        Ok(answer)
    }
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day")
}

fn noon() -> NaiveDateTime {
    day(11, 24).and_hms_opt(12, 0, 30).expect("a time")
}

impl Job {
    fn make(self) -> SimCard {
        let (family, number, serial, balance, until) = match self {
            Self::Load | Self::Unload | Self::Block(BlockState::Permanent | BlockState::Open) => {
                ("tunion-unload", "3104999000000000101", "4999000000000101", 3650, "")
            }
            Self::Purchase => ("tunion-purchase", "3104999000000000202", "4999000000000202", 12_800, ""),
            // The one that is a refund: its purse is read again first.
            Self::Block(BlockState::Temporary) => ("tunion-block", "3104999000000000303", "4999000000000303", 5_600, ""),
            Self::Validate | Self::HolderClass | Self::Holder | Self::Block(BlockState::Card) => {
                ("education", "2150999000000001", "2150999000000001", 0, "2026-11-30")
            }
            Self::Personalise => ("education", "0000000000000000", "2150999000009001", 0, ""),
        };
        let row = CardRow {
            name: String::new(),
            family: family.to_owned(),
            card_no: number.to_owned(),
            issuer: "99993040FFFFFFFF".to_owned(),
            serial: serial.to_owned(),
            holder_class: if self == Self::Personalise { 0 } else { 2 },
            balance_fen: balance,
            valid_until: until.to_owned(),
        };
        SimCard::make(&Seed(SEED.to_vec()), &row).expect("a card")
    }

    fn intent(self, before: CardImage) -> WriteIntent {
        let terminal = Terminal { number: "990000000042".to_owned(), sequence: 77, at: noon() };
        let amount = before.purse.as_ref().map(|purse| purse.balance).unwrap_or_default();
        match self {
            Self::Load => WriteIntent::Load { before, amount: Fen(1000), terminal },
            Self::Unload => WriteIntent::Unload { before, amount, terminal },
            Self::Purchase => WriteIntent::PurchaseOfRest { before, amount, terminal },
            Self::Validate => WriteIntent::Validate { before, until: day(12, 31) },
            Self::HolderClass => WriteIntent::HolderClass { before, class: 3 },
            Self::Holder => WriteIntent::Holder { before, name: HolderName("测试甲".to_owned()) },
            Self::Personalise => WriteIntent::Personalise {
                before,
                data: CardData {
                    card_no: CardNo::new("2150999000000777"),
                    holder_class: 2,
                    valid_from: day(11, 24),
                    valid_until: day(12, 31),
                },
            },
            Self::Block(to) => WriteIntent::Block { before, to },
        }
    }

    /// Past every command: has it happened?
    fn done(self, card: &SimCard) -> bool {
        match self {
            Self::Load => card.balance() == Some(4650),
            Self::Unload | Self::Purchase => card.balance() == Some(0),
            Self::Validate => card.public_file().get(24..28) == Some(&[0x20, 0x26, 0x12, 0x31][..]),
            Self::HolderClass => card.public_file().get(28) == Some(&3),
            Self::Holder => card.holder_file().get(2..8) == Some(&[0xB2, 0xE2, 0xCA, 0xD4, 0xBC, 0xD7][..]),
            Self::Personalise => card.public_file().first() == Some(&0x21),
            Self::Block(to) => card.block() == to,
        }
    }
}

pub(super) struct Scene {
    pub reader: PcscReader,
    pub card: Arc<Played>,
    pub there: Option<Inserted>,
    pub keys: Keys,
    pub profiles: Profiles,
}

impl Scene {
    /// The card lies on the reader and has been read.
    pub async fn set(reader: PcscReader, job: Job) -> (Self, WriteIntent) {
        let card = Arc::new(Played { job, card: Mutex::new(job.make()), at: Mutex::new(At::Nothing) });
        let mut scene = Self { reader, card, there: None, keys: Keys::new(), profiles: Profiles::built_in().expect("profiles") };
        scene.put().await;
        let keys = &mut scene.keys;
        let read = drive(&mut ReadCard::new(&scene.profiles), &mut scene.reader, &mut |ask| keys.answer(ask)).await;
        scene.reader.disconnect().await;
        let intent = job.intent(read.expect("readable"));
        if job == Job::Block(BlockState::Open) {
            scene.card.card().set_block(BlockState::Temporary);
        }
        (scene, intent)
    }

    pub async fn put(&mut self) {
        self.there = None;
        until(&mut self.reader, is_empty).await;
        let face: Arc<dyn VirtualCard> = Arc::clone(&self.card) as _;
        self.there = Some(insert(([127, 0, 0, 1], reader_port()).into(), face).expect("the virtual reader listens"));
        until(&mut self.reader, is_card).await;
        assert!(is_card(&self.reader.connect().await));
    }

    async fn run(&mut self, intent: &WriteIntent, decide: bool) -> WriteEnd {
        let made = if decide { resolve(intent, &self.profiles) } else { begin(intent, &self.profiles) };
        let mut writing = made.expect("possible");
        assert!(is_card(&self.reader.connect().await));
        let keys = &mut self.keys;
        let end = drive(writing.as_mut(), &mut self.reader, &mut |ask| keys.answer(ask)).await;
        self.reader.disconnect().await;
        end
    }

    /// The card lies there again: what it says must be so.
    async fn decided(&mut self, job: Job, intent: &WriteIntent, happened: bool) {
        self.put().await;
        let end = self.run(intent, true).await;
        let done = job.done(&self.card.card());
        assert_eq!(done, happened, "{job:?}");
        match end {
            WriteEnd::Written(_) => assert!(done, "{job:?}: called written"),
            WriteEnd::NotWritten { .. } => assert!(!done, "{job:?}: called not written"),
            WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => panic!("{job:?}: {end:?}"),
        }
    }

    pub async fn leave(mut self) -> PcscReader {
        self.there = None;
        until(&mut self.reader, is_empty).await;
        self.reader
    }
}

fn in_doubt(job: Job, end: &WriteEnd) {
    assert!(matches!(end, WriteEnd::Unknown { .. }), "{job:?}: {end:?}");
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn card_away_at_the_commit() {
    let mut reader = start(first_slot());
    for job in JOBS {
        let (mut scene, intent) = Scene::set(reader, job).await;
        let end = scene.run(&intent, false).await;
        assert!(matches!(end, WriteEnd::Written(_)) && job.done(&scene.card.card()), "{job:?}: {end:?}");
        reader = scene.leave().await;
        for (at, happened) in [(At::AwayBefore, false), (At::AwayAfter, true)] {
            let (mut scene, intent) = Scene::set(reader, job).await;
            scene.card.plan(at);
            in_doubt(job, &scene.run(&intent, false).await);
            scene.decided(job, &intent, happened).await;
            reader = scene.leave().await;
        }
    }
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn service_killed_at_the_commit() {
    let mut reader = start(first_slot());
    let mut services = Vec::new();
    for job in JOBS {
        let (mut scene, intent) = Scene::set(reader, job).await;
        scene.card.plan(At::Slow);
        let killer = killer(&scene.card);
        in_doubt(job, &scene.run(&intent, false).await);
        killer.join().expect("killed");
        // The old link holds the port of the virtual reader as long as it stands.
        scene.there = None;
        until(&mut scene.reader, |seen| *seen == Presence::NoService).await;
        services.push(Pcscd::start());
        scene.decided(job, &intent, true).await;
        reader = scene.leave().await;
    }
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn reader_gone_at_the_commit() {
    let mut reader = start(first_slot());
    let mut services = Vec::new();
    for job in JOBS {
        let (mut scene, intent) = Scene::set(reader, job).await;
        scene.card.plan(At::Slow);
        let killer = killer(&scene.card);
        in_doubt(job, &scene.run(&intent, false).await);
        killer.join().expect("killed");
        scene.there = None;
        services.push(Pcscd::start_without_reader());
        until(&mut scene.reader, |seen| *seen == Presence::NoReader).await;
        let gone = scene.reader.connect().await;
        assert_eq!(desk_card::ReadEnd::of_presence(&gone).map(|end| end.code()), Some(Code::ReaderMissing));
        Pcscd::kill();
        until(&mut scene.reader, |seen| *seen == Presence::NoService).await;
        services.push(Pcscd::start());
        scene.decided(job, &intent, true).await;
        reader = scene.leave().await;
    }
    reader.close().await;
}

/// Kills the service while the card works on the command that counts.
pub(super) fn killer(card: &Arc<Played>) -> std::thread::JoinHandle<()> {
    let card = Arc::clone(card);
    std::thread::spawn(move || {
        while *card.at.lock().expect("no test panics within") != At::Nothing {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(100));
        Pcscd::kill();
    })
}
