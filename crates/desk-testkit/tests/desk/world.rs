//! One window: desk, tray of cards, line with faults, centre in memory. Everything plainly synthetic.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use centre_core::{
    Centre, Memory, Parts as CentreParts, Policy, Programme,
    policy::Numbering,
    ports::{EcardPlatform, KeyRelease, LineWrite, Passwords, PortFailure, ResetOrder, ResetResult},
    record::{Card, Device, OperatorRecord, Person, Release},
    sandbox::{Account, Accounts},
};
use chrono::{DateTime, NaiveDate, Utc};
use desk_app::{
    Desk, DeskHandle, Parts,
    ports::{Answered, CentreLink, LinkFailure, PrintedAs, Printer, Screen, Sheet, Signer, Store, Verifier},
    view::{Act, AskView, CaseView, FieldView, Stage, View},
};
use desk_card::profile::{LinePurpose, Profiles};
use desk_cardsim::{CardRow, Seed, SimCard, in_process::SimTray};
use desk_domain::{
    code::{Code, Message},
    id::{CardNo, CellId, OperatorId, PersonId, ProgrammeId, RequestId, SessionToken},
    issuer::{IssuerAnswer, IssuerRequest},
    person::{CardStatus, HolderClass},
    ruleset::{RuleFile, RuleSets},
};
use desk_testkit::{
    clerk::{Clerk, Move},
    clock::SimClock,
    entropy::Seeded,
    hall::SimHall,
    link_faults::FaultyLine,
    memory_store::{MemoryDisk, MemoryStore},
    screen::CapturedScreen,
    stations,
};
use desk_wire::v1::{Envelope, Request, Role, VERSION};
use ed25519_dalek::{Signer as _, SigningKey};
use issuer_keys::{KeyService, MasterKeys, ReleaseRecord};
use tokio::task::JoinHandle;

pub const EDUCATION: &str = "suzhou-education";
pub const PURSE: &str = "changzhou-one-card";
pub const PUPIL_ID: &str = "320500201503150012";
const SEED: &[u8] = b"a seed for tests";

pub fn rule_sets() -> RuleSets {
    RuleSets::load(&[
        RuleFile { name: "suzhou-education.toml", text: include_str!("../../../../rules/suzhou-education.toml") },
        RuleFile { name: "changzhou-one-card.toml", text: include_str!("../../../../rules/changzhou-one-card.toml") },
        RuleFile { name: "demonstration.toml", text: include_str!("../../../../rules/demonstration.toml") },
    ])
    .unwrap()
}

pub fn row(name: &str, family: &str, card_no: &str, holder_class: u8, balance_fen: u32, valid_until: &str) -> CardRow {
    let (issuer, serial) = match family {
        "education" => ("99993050FFFFFFFF".to_owned(), card_no.to_owned()),
        _ => ("99993040FFFFFFFF".to_owned(), card_no.get(card_no.len().saturating_sub(16)..).unwrap_or_default().to_owned()),
    };
    CardRow {
        name: name.to_owned(),
        family: family.to_owned(),
        card_no: card_no.to_owned(),
        issuer,
        serial,
        holder_class,
        balance_fen,
        valid_until: valid_until.to_owned(),
    }
}

pub fn blank(name: &str, serial: &str) -> CardRow {
    CardRow { serial: serial.to_owned(), ..row(name, "education", "0000000000000000", 0, 0, "") }
}

pub fn rows() -> Vec<CardRow> {
    vec![
        row("pupil", "education", "2150999000000001", 2, 0, "2026-10-31"),
        row("pupil-valid", "education", "2150999000000002", 2, 0, "2026-12-31"),
        blank("blank-1", "2150999000009001"),
        blank("blank-2", "2150999000009002"),
        row("purse", "tunion-unload", "3104999000000000101", 1, 3650, ""),
        row("purchase", "tunion-purchase", "3104999000000000102", 1, 12_800, ""),
        row("rich", "tunion-unload", "3104999000000000103", 1, 26_800, ""),
        row("empty", "tunion-unload", "3104999000000000104", 1, 0, ""),
        row("strange", "unknown", "", 0, 0, ""),
    ]
}

/// Keys in software, as the centre has them in development.
struct SoftwareKeys(KeyService);

fn record(release: &Release) -> Option<ReleaseRecord> {
    ReleaseRecord::of(&release.ask)
}

#[async_trait]
impl KeyRelease for SoftwareKeys {
    async fn answer(&self, ask: &IssuerRequest, releases: &[Release]) -> Result<IssuerAnswer, Message> {
        let releases: Vec<ReleaseRecord> = releases.iter().filter_map(record).collect();
        self.0.answer(ask, &releases)
    }

    fn line_write(&self, ask: &IssuerRequest) -> Result<Option<LineWrite>, Message> {
        Ok(self.0.line_purpose(ask)?.map(|purpose| match purpose {
            LinePurpose::ValidUntil(until) => LineWrite::ValidUntil(until),
            LinePurpose::Dates { from, until } => LineWrite::Dates { from, until },
            LinePurpose::HolderClass(class) => LineWrite::HolderClass(class),
            LinePurpose::Number(number) => LineWrite::Number(number),
            LinePurpose::Holder(name) => LineWrite::Holder(name),
        }))
    }

    async fn settles(&self, release: &Release, proof: &str) -> Result<bool, Message> {
        match record(release) {
            Some(release) => self.0.settles(&release, proof),
            None => Ok(false),
        }
    }
}

struct Plain;

#[async_trait]
impl Passwords for Plain {
    async fn matches(&self, password: &str, phc: &str) -> bool {
        phc == format!("plain:{password}")
    }

    async fn hash(&self, password: &str, _salt: [u8; 16]) -> Result<String, PortFailure> {
        Ok(format!("plain:{password}"))
    }
}

impl Verifier for Plain {
    fn matches(&self, password: &str, phc: &str) -> bool {
        phc == format!("plain:{password}")
    }
}

#[derive(Clone)]
struct Platform(Arc<Mutex<Accounts>>);

#[async_trait]
impl EcardPlatform for Platform {
    async fn last_change(&self, account: &str) -> Result<Option<DateTime<Utc>>, PortFailure> {
        Ok(self.0.lock().unwrap().last_change(account))
    }

    async fn open_order(&self, account: &str) -> Result<Option<String>, PortFailure> {
        Ok(self.0.lock().unwrap().card_order(account))
    }

    async fn reset(&self, order: &ResetOrder) -> Result<ResetResult, PortFailure> {
        Ok(self.0.lock().unwrap().reset(order))
    }
}

struct Key(SigningKey);

impl Signer for Key {
    fn sign(&self, head: &str) -> String {
        hex::encode(self.0.sign(head.as_bytes()).to_bytes())
    }
}

struct CentreEntropy(Seeded);

impl centre_core::ports::Entropy for CentreEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        desk_app::ports::Entropy::fill(&mut self.0, bytes);
    }
}

/// The wire without a wire.
struct DirectLine {
    centre: Arc<Centre>,
    clock: Arc<SimClock>,
    entropy: Mutex<u64>,
}

#[async_trait]
impl CentreLink for DirectLine {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        let station = stations::station();
        let now = desk_app::ports::Clock::now(&*self.clock);
        let envelope = Envelope {
            version: VERSION,
            cell: station.cell,
            device: station.device.clone(),
            generation: station.generation,
            id,
            session: session.cloned(),
            sent_at: now,
            request: request.clone(),
        };
        let seed = {
            let mut seed = self.entropy.lock().unwrap();
            *seed += 1;
            *seed
        };
        let response = self
            .centre
            .handle(&envelope, &station.device, now, &mut CentreEntropy(Seeded::new(seed)))
            .await
            .map_err(|failure| LinkFailure { code: Code::CentreError, detail: failure.to_string() })?;
        Ok(Answered { reply: response.reply, at: response.at })
    }
}

/// Keeps every sheet; out of paper when told so.
#[derive(Clone, Default)]
pub struct Paper {
    pub sheets: Arc<Mutex<Vec<Sheet>>>,
    pub out: Arc<Mutex<bool>>,
    /// What no font has.
    pub missing: Arc<Mutex<Option<String>>>,
}

#[async_trait]
impl Printer for Paper {
    async fn print(&mut self, sheet: &Sheet) -> Result<PrintedAs, Message> {
        if *self.out.lock().unwrap() {
            return Err(Message::new(Code::PrinterMissing));
        }
        self.sheets.lock().unwrap().push(sheet.clone());
        Ok(PrintedAs(sheet.name.clone()))
    }

    async fn test(&mut self) -> Result<(), Message> {
        if *self.out.lock().unwrap() { Err(Message::new(Code::PrinterMissing)) } else { Ok(()) }
    }

    fn check(&self, _sheet: &Sheet) -> Option<Message> {
        let missing = self.missing.lock().unwrap().clone()?;
        Some(Message::new(Code::PaperGlyphMissing).with("chars", missing))
    }
}

/// Everything that outlives a desk.
pub struct World {
    pub tray: SimTray,
    pub line: Arc<FaultyLine>,
    pub clock: Arc<SimClock>,
    pub paper: Paper,
    pub disk: MemoryDisk,
    pub hall: SimHall,
    lives: u64,
}

/// A desk at work and the clerk in front of it.
pub struct Window {
    pub clerk: Clerk,
    pub handle: DeskHandle,
    task: JoinHandle<()>,
}

impl Window {
    /// The process dies: nothing of it runs on.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Begins a case and waits for its first question.
    pub async fn begin(&mut self, service: &str, programme: &str) {
        self.handle.send(start(service, programme));
        self.clerk.until("a case", |view| case_on_screen(view).is_some()).await.unwrap();
    }
}

fn person(id: &str, number: &str, ecard: &str) -> Person {
    Person {
        cell: rule_sets().all()[0].cell.clone(),
        person: PersonId::new(id),
        programme: ProgrammeId::new(EDUCATION),
        name: "测·试".to_owned(),
        id_number: Some(number.to_owned()),
        ecard_number: Some(ecard.to_owned()),
        birth: Some("2015-03-15".parse().unwrap()),
        class: HolderClass::Domestic,
        school: "示例小学".to_owned(),
        guardian_name: Some("测试家长".to_owned()),
        guardian_phone: Some("13800005678".to_owned()),
        open_order: None,
        entitled: true,
        staff: None,
    }
}

fn registered(rules: &RuleSets, row: &CardRow) -> Option<Card> {
    let programme = if row.family == "education" { EDUCATION } else { PURSE };
    let rules = rules.all().iter().find(|rules| rules.programme.as_str() == programme)?;
    if row.card_no.is_empty() || row.card_no.chars().all(|c| c == '0') {
        return None;
    }
    Some(Card {
        cell: rules.cell.clone(),
        card_no: CardNo::new(&*row.card_no),
        programme: rules.programme.clone(),
        family: row.family.clone(),
        issuer: row.issuer.clone(),
        serial: row.serial.clone(),
        holder_class: row.holder_class,
        status: CardStatus::Active,
        issued_on: "2026-01-05".parse::<NaiveDate>().unwrap(),
        valid_until: row.valid_until.parse().ok(),
        transit_open: true,
        last_balance: None,
        last_online_counter: None,
        holder: (row.name == "pupil").then(|| PersonId::new("pupil-1")),
        suspended: None,
        functions: Vec::new(),
    })
}

impl World {
    pub async fn new() -> Self {
        let seed = Seed(SEED.to_vec());
        let rules = rule_sets();
        let tray = SimTray::new();
        for row in rows() {
            tray.add(&row.name, SimCard::make(&seed, &row).unwrap());
        }
        let station = stations::station();
        let platform = Arc::new(Mutex::new(Accounts(BTreeMap::from([("E000000001".to_owned(), Account::default())]))));
        let numbering = Numbering { prefix: "21509990".to_owned(), digits: 16 };
        let centre = Arc::new(Centre::new(CentreParts {
            store: Box::new(Memory::default()),
            keys: Box::new(SoftwareKeys(KeyService::new(MasterKeys::from_seed(SEED)).unwrap())),
            passwords: Box::new(Plain),
            staff_cards: Box::new(desk_testkit::world::StaffAuthority),
            platform: Box::new(Platform(platform)),
            upstream: centre_core::neighbours::Neighbours::default().upstream(),
            policy: Policy {
                programmes: rules.all().iter().map(|rules| (rules.programme.clone(), Programme::of(rules, &numbering))).collect(),
                ..Policy::default()
            },
            rules: rules.clone(),
            publishing: stations::publishing(),
            secret: [7; 32],
        }));
        let mut tx = centre.store().begin().await.unwrap();
        tx.put_device(&Device {
            cell: station.cell.clone(),
            device: station.device.clone(),
            generation: station.generation,
            outlet: station.outlet.clone(),
            window: station.window.clone(),
            terminal: station.terminal.clone(),
            public_key: hex::encode(signing_key().verifying_key().as_bytes()),
            head: (0, desk_domain::journal::genesis()),
            locked_at: None,
        })
        .await
        .unwrap();
        for (id, roles) in
            [("1001", &[Role::Clerk][..]), ("1002", &[Role::Clerk]), ("2001", &[Role::Supervisor]), ("3001", &[Role::Manager])]
        {
            tx.put_operator(&operator(&station.cell, id, roles)).await.unwrap();
        }
        tx.put_person(&person("pupil-1", PUPIL_ID, "E000000001")).await.unwrap();
        for row in rows() {
            if let Some(card) = registered(&rules, &row) {
                tx.put_card(&card).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let clock = Arc::new(SimClock::tuesday_ten());
        let line = Arc::new(FaultyLine::new(Arc::new(DirectLine { centre, clock: clock.clone(), entropy: Mutex::new(1000) })));
        let disk = MemoryStore::create(&station, 1).disk();
        Self { tray, line, clock, paper: Paper::default(), disk, hall: SimHall::default(), lives: 1 }
    }

    pub fn start(&mut self) -> Window {
        self.lives += 1;
        let store = MemoryStore::open(self.disk.clone(), &stations::station(), self.lives).unwrap();
        self.start_on(Box::new(store))
    }

    pub fn start_on(&mut self, store: Box<dyn Store>) -> Window {
        self.lives += 1;
        let screen = Arc::new(CapturedScreen::default());
        let (desk, handle) = Desk::start(Parts {
            station: stations::station(),
            rule_sets: rule_sets(),
            profiles: Profiles::built_in().unwrap(),
            store,
            link: self.line.clone(),
            reader: Box::new(self.tray.reader()),
            printer: Box::new(self.paper.clone()),
            hall: Box::new(self.hall.clone()),
            id_reader: Box::new(desk_app::ports::NoIdReader),
            intake: Arc::new(desk_app::ports::NoIntake),
            screen: Arc::clone(&screen) as Arc<dyn Screen>,
            clock: self.clock.clone(),
            entropy: Box::new(Seeded::new(self.lives)),
            signer: Arc::new(Key(signing_key())),
            verifier: Arc::new(Plain),
            staff_cards: Arc::new(desk_testkit::world::StaffAuthority),
            practice: false,
        });
        let task = tokio::spawn(desk.run());
        Window { clerk: Clerk::at(handle.clone(), &screen), handle, task }
    }

    /// A desk with clerk 1001 signed in and the day open.
    pub async fn open(&mut self) -> Window {
        let mut window = self.start();
        window.clerk.sign_in("1001", "pass-1001").await.unwrap();
        window.clerk.open_day("500", "20").await.unwrap();
        window
    }

    /// Papers printed so far, by title.
    pub fn titles(&self) -> Vec<String> {
        self.paper.sheets.lock().unwrap().iter().map(|sheet| sheet.title.clone()).collect()
    }

    pub fn balance(&self, card: &str) -> u32 {
        self.tray.card(card).unwrap().balance().unwrap()
    }

    /// How often a kind of row stands in the journal.
    pub fn count(&self, kind: &str) -> usize {
        self.disk.kinds().iter().filter(|row| *row == kind).count()
    }
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn operator(cell: &CellId, id: &str, roles: &[Role]) -> OperatorRecord {
    OperatorRecord {
        cell: cell.clone(),
        operator: OperatorId::new(id),
        roles: roles.to_vec(),
        password: format!("plain:pass-{id}"),
        offline_verifier: format!("plain:pass-{id}"),
        failures: 0,
        locked_at: None,
        staff_card: None,
    }
}

/// The answer a willing clerk gives to every question; `card` is put on wherever one is asked for.
pub fn willing(tray: &SimTray, card: &'static str) -> impl FnMut(&CaseView) -> Move + use<> {
    let tray = tray.clone();
    move |view| match &view.question.ask {
        AskView::Choice { options } => Move::Choose(options[0].id.clone()),
        AskView::Go { .. } | AskView::Again { .. } => Move::Go,
        AskView::Act { .. } => Move::Do,
        AskView::PutCard { .. } => {
            tray.put(card);
            Move::Wait
        }
        AskView::Authorise { .. } => Move::Authorise { supervisor: "2001".to_owned(), password: "pass-2001".to_owned() },
        AskView::Form { fields, .. } => Move::Fill(fields.iter().map(filled).collect()),
        AskView::Busy { .. } => Move::Wait,
        AskView::Ended { .. } => Move::Stop,
    }
}

/// A field as a careful clerk fills it, from documents in order.
fn filled(field: &FieldView) -> (String, String) {
    let value = match field.id.as_str() {
        "number" => PUPIL_ID,
        "expiry" => "长期",
        "tendered" => "50",
        "original" | "page" => "true",
        _ => field.options.first().map_or("", |option| &option.id),
    };
    (field.id.clone(), value.to_owned())
}

pub fn start(service: &str, programme: &str) -> Act {
    Act::Start { service: service.to_owned(), programme: programme.to_owned() }
}

pub fn good(view: &CaseView) -> bool {
    matches!(view.question.ask, AskView::Ended { good: true, .. })
}

pub fn case_on_screen(view: &View) -> Option<&CaseView> {
    match &view.stage {
        Stage::Case(case) => Some(case),
        _ => None,
    }
}
