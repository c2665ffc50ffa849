//! A small centre with two desks, four operators, a few people and cards, a key service that signs with words, and the
//! platform's model.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use centre_core::{
    Centre, Parts, Policy, Programme,
    neighbours::Neighbours,
    policy::{PasswordPolicy, Unreadable},
    ports::{EcardPlatform, Entropy, KeyRelease, LineWrite, Passwords, PortFailure, ResetOrder, ResetResult, StaffCards},
    record::{Card, Device, OperatorRecord, Person, Release},
    sandbox::{Account, Accounts},
    store::CentreStore,
};
use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use desk_domain::{
    card::{BlockState, CardImage, LogRecord, PurseImage, RefundMethod, WriteProof},
    case::Service,
    claim::{Claim, Reservation},
    code::{Code, Message},
    id::{
        CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, OutletId, PersonId, ProgrammeId, RequestId,
        SessionToken, WindowId,
    },
    issuer::{CardKeySource, IssuerAnswer, IssuerRequest},
    money::Fen,
    person::{CardStatus, HolderClass, InitialPassword},
    ruleset::{BackOffice, CourierRules, Fee, FirstIssueRules, ProductionRules, RuleSets, SmsRules, ValidityRules},
    staff::{StaffCard, StaffProof},
};
use desk_wire::{
    publication::PublishingKey,
    v1::{Envelope, Reply, Request, Role, Secret, VERSION},
};
use ed25519_dalek::SigningKey;

pub const HOME: &str = "home";
pub const COUNTER: &str = "counter";
pub const EDUCATION: &str = "education-programme";
pub const TRANSIT: &str = "transit-programme";
pub const PURSE: &str = "3104999000000000101";
pub const SMALL_PURSE: &str = "3104999000000000102";
pub const PUPIL_CARD: &str = "2150999000000001";

/// Says that a check did not run; the runner counts these lines.
pub fn skipped(check: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {check}: no PostgreSQL");
}

pub struct World {
    pub centre: Arc<Centre>,
    pub platform: Arc<Mutex<Accounts>>,
    pub neighbours: Neighbours,
    now: Mutex<DateTime<Utc>>,
    ids: Mutex<u64>,
    seed: Mutex<u64>,
}

pub struct Counting(u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[1];
        }
    }
}

/// Signs with words: enough to see who was let have what.
struct Words;

#[async_trait]
impl KeyRelease for Words {
    async fn answer(&self, ask: &IssuerRequest, _releases: &[Release]) -> Result<IssuerAnswer, Message> {
        match ask {
            IssuerRequest::Load { at, mac1, .. } | IssuerRequest::Unload { at, mac1, .. } => {
                if mac1 == "bad" {
                    return Err(Message::new(Code::KeySourceInvalid));
                }
                Ok(IssuerAnswer::Mac { mac: "aabbccdd".to_owned(), at: *at })
            }
            IssuerRequest::Purchase { at, .. } => Ok(IssuerAnswer::Mac { mac: "11223344".to_owned(), at: *at }),
            IssuerRequest::LineMac { .. } | IssuerRequest::Block { .. } => {
                Ok(IssuerAnswer::Mac { mac: "55667788".to_owned(), at: noon().naive_utc() })
            }
            IssuerRequest::CheckProof { .. } => Ok(IssuerAnswer::Checked { genuine: true }),
            IssuerRequest::PinReload { .. } | IssuerRequest::PinUnblock { .. } => panic!("no claim names a PIN"),
            IssuerRequest::CheckStep { .. } | IssuerRequest::CheckChip { .. } => panic!("the record of releases is the centre's own"),
        }
    }

    /// The data say it in words: `until 2026-12-31`, `number 21…`.
    fn line_write(&self, ask: &IssuerRequest) -> Result<Option<LineWrite>, Message> {
        let IssuerRequest::LineMac { data, .. } = ask else {
            return Ok(None);
        };
        match data.split_once(' ') {
            Some(("until", day)) => Ok(Some(LineWrite::ValidUntil(date(day)))),
            Some(("number", number)) => Ok(Some(LineWrite::Number(CardNo::new(number)))),
            _ => Err(Message::new(Code::CardLineUnknown)),
        }
    }

    async fn settles(&self, release: &Release, proof: &str) -> Result<bool, Message> {
        Ok(Some(proof) == release.random.as_deref())
    }
}

/// A certificate says `OPERATOR SERIAL`; the signature is the challenge itself.
impl StaffCards for Words {
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], _: DateTime<Utc>) -> Result<StaffCard, Message> {
        let invalid = || Message::new(Code::StaffCardInvalid);
        let (operator, serial) = proof.certificate.split_once(' ').ok_or_else(invalid)?;
        if proof.signature != hex(challenge) {
            return Err(invalid());
        }
        Ok(StaffCard { operator: OperatorId::new(operator), serial: serial.to_owned() })
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes nothing: the suite is about who may, not about hashing.
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

pub fn publishing() -> PublishingKey {
    PublishingKey::from_seed(&[9; 32])
}

/// Tuesday, 10:00 at the counter.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, 0).unwrap()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn programme(services: &[Service], transit: bool) -> Programme {
    Programme {
        cell: CellId::new(HOME),
        outlets: BTreeMap::from([(OutletId::new("DEMO"), services.iter().copied().collect::<BTreeSet<_>>())]),
        refund_limits: if transit { vec![(Fen(20_000), Role::Supervisor), (Fen(50_000), Role::Manager)] } else { Vec::new() },
        same_day_refund: false,
        transit_open: true,
        back_office: transit.then_some(BackOffice { block: BlockState::Temporary, days: 7 }),
        unreadable: transit.then_some(Unreadable { days: 7, remote_days: 21, authorise: Role::Supervisor }),
        purse_cap: transit.then_some(Fen(100_000)),
        card_prefix: "21509990".to_owned(),
        card_digits: 16,
        validity: (!transit).then(|| ValidityRules {
            boundary_day: 20,
            hint_from: 15,
            hint: String::new(),
            amber_days: 5,
            ahead_months: 1,
            holder_classes: vec![2],
            new_card: true,
        }),
        password: (!transit).then_some(PasswordPolicy {
            domestic: InitialPassword::LastSixOfIdNumber,
            hmt: InitialPassword::LastSixOfEcardNumber,
            foreign: InitialPassword::LastSixOfEcardNumber,
            free_resets: 2,
            window_days: 30,
            authorise: Role::Supervisor,
        }),
        banks: if transit { BTreeMap::from([(OutletId::new("DEMO"), "bank.A".to_owned())]) } else { BTreeMap::new() },
        first_issue: (!transit).then_some(FirstIssueRules { months: 1, days: 15 }),
        sms: (!transit).then_some(SmsRules { interval_seconds: 60, per_day: 5 }),
        production: (!transit).then_some(ProductionRules { days: 15, list_days: 90, return_days: 180 }),
        courier: Some(CourierRules {
            fee: Fee { amount: Fen(if transit { 0 } else { 1_200 }), label: "快递费".to_owned(), rule: String::new() },
            collect: transit,
        }),
    }
}

fn policy() -> Policy {
    Policy {
        programmes: BTreeMap::from([
            (
                ProgrammeId::new(EDUCATION),
                programme(
                    &[
                        Service::ReissueLost,
                        Service::ReplaceDamaged,
                        Service::ReplaceFaulty,
                        Service::Validation,
                        Service::PasswordReset,
                        Service::FirstIssue,
                        Service::SmsDiagnosis,
                        Service::FoundCard,
                        Service::FoundCardBack,
                        Service::CardReturn,
                        Service::PickUp,
                        Service::SendAgain,
                        Service::Uncollected,
                    ],
                    false,
                ),
            ),
            (
                ProgrammeId::new(TRANSIT),
                programme(
                    &[
                        Service::RefundReadable,
                        Service::RefundUnreadable,
                        Service::RefundDue,
                        Service::Application,
                        Service::UnitBatch,
                        Service::PickUp,
                        Service::TopUp,
                        Service::Rewrite,
                        Service::Reversal,
                        Service::FormalLoss,
                        Service::LossRelease,
                    ],
                    true,
                ),
            ),
        ]),
        ..Policy::default()
    }
}

pub fn signing_key(desk: u8) -> SigningKey {
    SigningKey::from_bytes(&[desk; 32])
}

pub fn device_id(desk: u8) -> DeviceId {
    DeviceId::new(format!("desk-{desk}"))
}

fn device(desk: u8) -> Device {
    Device {
        cell: CellId::new(COUNTER),
        device: device_id(desk),
        generation: 1,
        outlet: OutletId::new("DEMO"),
        window: WindowId::new(format!("W0{desk}")),
        terminal: format!("99990000000{desk}"),
        public_key: hex::encode(signing_key(desk).verifying_key().as_bytes()),
        head: (0, desk_domain::journal::genesis()),
        locked_at: None,
    }
}

fn operator(id: &str, roles: &[Role]) -> OperatorRecord {
    OperatorRecord {
        cell: CellId::new(COUNTER),
        operator: OperatorId::new(id),
        roles: roles.to_vec(),
        password: format!("plain:pass-{id}"),
        offline_verifier: String::new(),
        failures: 0,
        locked_at: None,
        staff_card: None,
    }
}

pub fn pupil(id: &str, class: HolderClass, number: Option<&str>, ecard: Option<&str>) -> Person {
    Person {
        cell: CellId::new(HOME),
        person: PersonId::new(id),
        programme: ProgrammeId::new(EDUCATION),
        name: "测·试".to_owned(),
        id_number: number.map(str::to_owned),
        ecard_number: ecard.map(str::to_owned),
        birth: Some(date("2015-03-15")),
        class,
        school: "示例小学".to_owned(),
        guardian_name: Some("测试家长".to_owned()),
        guardian_phone: Some("13800005678".to_owned()),
        open_order: None,
        entitled: true,
        staff: None,
    }
}

pub fn card(number: &str, programme: &str, holder: Option<&str>) -> Card {
    Card {
        cell: CellId::new(HOME),
        card_no: CardNo::new(number),
        programme: ProgrammeId::new(programme),
        family: "family".to_owned(),
        issuer: "99993040FFFFFFFF".to_owned(),
        serial: number.get(number.len() - 16..).unwrap().to_owned(),
        holder_class: if programme == EDUCATION { 2 } else { 1 },
        status: CardStatus::Active,
        issued_on: date("2026-01-05"),
        valid_until: Some(date("2026-10-31")),
        transit_open: true,
        last_balance: None,
        last_online_counter: None,
        holder: holder.map(PersonId::new),
        suspended: None,
        functions: Vec::new(),
    }
}

pub fn image(of: &Card, purse: Option<PurseImage>) -> CardImage {
    CardImage {
        family: of.family.clone(),
        card_no: of.card_no.clone(),
        issuer: of.issuer.clone(),
        serial: of.serial.clone(),
        holder_class: of.holder_class,
        valid_from: None,
        valid_until: of.valid_until,
        purse,
        blank: false,
        log: Vec::new(),
        warnings: Vec::new(),
    }
}

pub fn purse(balance: i64, counter: u16) -> PurseImage {
    PurseImage {
        balance: Fen(balance),
        online_counter: counter,
        offline_counter: 40,
        refund_method: RefundMethod::Unload,
        incomplete_trip: false,
    }
}

pub fn refund_claim(number: &str, balance: i64, counter: u16) -> Claim {
    Claim::PurseRefund {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        card: image(&card(number, TRANSIT, None), Some(purse(balance, counter))),
        amount: Fen(balance),
        payee: None,
    }
}

pub fn key_source(number: &str) -> CardKeySource {
    let card = card(number, TRANSIT, None);
    CardKeySource { family: card.family, card_no: card.card_no, issuer: card.issuer, serial: card.serial }
}

pub fn unload_ask(number: &str, amount: i64, counter: u16, random: &str, desk: u8) -> IssuerRequest {
    IssuerRequest::Unload {
        card: key_source(number),
        algorithm: 0,
        key_version: 1,
        random: random.to_owned(),
        online_counter: counter,
        old_balance: Fen(amount),
        amount: Fen(amount),
        terminal: format!("99990000000{desk}"),
        mac1: "good".to_owned(),
        at: noon().naive_utc(),
    }
}

/// What the card showed after an unload: empty purse, next counter, our log record, and a proof if it gave one.
pub fn unloaded(number: &str, amount: i64, counter: u16, proof: Option<&str>, desk: u8) -> WriteProof {
    let mut after = image(&card(number, TRANSIT, None), Some(purse(0, counter + 1)));
    after.log = vec![LogRecord {
        sequence: counter + 1,
        amount: Fen(amount),
        kind: 3,
        terminal: format!("99990000000{desk}"),
        at: Some(noon().naive_utc()),
    }];
    WriteProof { after, proof: proof.map(str::to_owned), counter: Some(counter) }
}

impl World {
    pub async fn new(store: Box<dyn CentreStore>) -> Self {
        let mut accounts = Accounts::default();
        for account in ["E000000001", "E000000002", "E000000003"] {
            accounts.0.insert(account.to_owned(), Account::default());
        }
        let platform = Arc::new(Mutex::new(accounts));
        let neighbours = Neighbours::default();
        let centre = Centre::new(Parts {
            store,
            keys: Box::new(Words),
            passwords: Box::new(Plain),
            staff_cards: Box::new(Words),
            platform: Box::new(Platform(platform.clone())),
            upstream: neighbours.upstream(),
            policy: policy(),
            rules: RuleSets::default(),
            publishing: publishing(),
            secret: [7; 32],
        });
        let mut tx = centre.store().begin().await.unwrap();
        for desk in [1, 2] {
            tx.put_device(&device(desk)).await.unwrap();
        }
        for (id, roles) in [
            ("1001", &[Role::Clerk][..]),
            ("1002", &[Role::Clerk]),
            ("2001", &[Role::Clerk, Role::Supervisor]),
            ("3001", &[Role::Manager]),
            ("9001", &[Role::HeadOffice]),
            ("9002", &[Role::HeadOffice]),
        ] {
            tx.put_operator(&operator(id, roles)).await.unwrap();
        }
        let mut graduate = pupil("p4", HolderClass::Domestic, None, None);
        graduate.entitled = false;
        let mut staff = pupil("p5", HolderClass::Domestic, Some("32050020160901019X"), None);
        staff.staff = Some(OperatorId::new("1001"));
        for person in [
            pupil("p1", HolderClass::Domestic, Some("320500201503150012"), Some("E000000001")),
            pupil("p2", HolderClass::Foreign, Some("P1234567"), Some("E000000002")),
            pupil("p3", HolderClass::Domestic, None, Some("E000000003")),
            graduate,
            staff,
        ] {
            tx.put_person(&person).await.unwrap();
        }
        for card in [
            card(PURSE, TRANSIT, None),
            card(SMALL_PURSE, TRANSIT, None),
            card(PUPIL_CARD, EDUCATION, Some("p1")),
            card("2150999000000004", EDUCATION, Some("p4")),
            card("2150999000000005", EDUCATION, Some("p5")),
        ] {
            tx.put_card(&card).await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { centre: Arc::new(centre), platform, neighbours, now: Mutex::new(noon()), ids: Mutex::new(0), seed: Mutex::new(1) }
    }

    pub fn entropy() -> Counting {
        Counting(5)
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    pub fn wait(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    pub fn id(&self) -> RequestId {
        let mut ids = self.ids.lock().unwrap();
        *ids += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&ids.to_be_bytes());
        Id128(bytes)
    }

    pub fn envelope(&self, desk: u8, session: Option<&SessionToken>, id: RequestId, request: Request) -> Envelope {
        Envelope {
            version: VERSION,
            cell: CellId::new(COUNTER),
            device: device_id(desk),
            generation: 1,
            id,
            session: session.cloned(),
            sent_at: self.now(),
            request,
        }
    }

    pub async fn send(&self, envelope: &Envelope) -> Reply {
        let mut entropy = {
            let mut seed = self.seed.lock().unwrap();
            *seed += 1;
            Counting(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        };
        // A busy store is asked again, as the server does.
        for _ in 0..20 {
            match self.centre.handle(envelope, &envelope.device, self.now(), &mut entropy).await {
                Ok(response) => return response.reply,
                Err(failure) if failure.is_busy() => {}
                Err(failure) => panic!("{failure}"),
            }
        }
        panic!("store stays busy");
    }

    pub async fn ask(&self, desk: u8, session: &SessionToken, request: Request) -> Reply {
        let envelope = self.envelope(desk, Some(session), self.id(), request);
        self.send(&envelope).await
    }

    pub async fn sign_in(&self, desk: u8, operator: &str) -> SessionToken {
        let request = sign_in(operator, &format!("pass-{operator}"));
        let envelope = self.envelope(desk, None, self.id(), request);
        let reply = self.send(&envelope).await;
        let Reply::SignedIn { session, .. } = reply else {
            panic!("{reply:?}");
        };
        session
    }

    pub async fn reserve(
        &self,
        desk: u8,
        session: &SessionToken,
        case: CaseId,
        claim: Claim,
        authorisation: Option<CentreNumber>,
    ) -> Reply {
        self.ask(desk, session, reserve(desk, case, claim, authorisation)).await
    }

    /// Reserves, takes the MAC, confirms.
    pub async fn refund(&self, desk: u8, session: &SessionToken, case: CaseId, claim: Claim) -> Reply {
        let Claim::PurseRefund { card, amount, .. } = claim.clone() else {
            panic!("not a refund");
        };
        let number = card.card_no.as_str();
        let counter = card.purse.as_ref().unwrap().online_counter;
        let reserved = reserved(self.reserve(desk, session, case, claim, None).await);
        let ask = unload_ask(number, amount.0, counter, "cafe0001", desk);
        let answer = self.ask(desk, session, Request::Issuer { case, reservation: reserved.number.clone(), ask }).await;
        assert!(matches!(answer, Reply::Issuer { .. }), "{answer:?}");
        self.ask(
            desk,
            session,
            Request::Confirm {
                case,
                reservation: reserved.number,
                settlement: desk_domain::claim::Settlement::PurseRefunded {
                    amount,
                    proof: unloaded(number, amount.0, counter, Some("cafe0001"), desk),
                },
            },
        )
        .await
    }
}

pub fn sign_in(operator: &str, password: &str) -> Request {
    Request::SignIn { operator: OperatorId::new(operator), password: Secret(password.to_owned()) }
}

pub fn reserve(desk: u8, case: CaseId, claim: Claim, authorisation: Option<CentreNumber>) -> Request {
    Request::Reserve {
        case,
        number: CaseNumber::new(format!("DEMO20261124W0{desk}10001")),
        window: WindowId::new(format!("W0{desk}")),
        claim,
        authorisation,
    }
}

pub fn case(number: u8) -> CaseId {
    Id128([number; 16])
}

pub fn reserved(reply: Reply) -> Reservation {
    let Reply::Reserved { reservation } = reply else {
        panic!("{reply:?}");
    };
    reservation
}

pub fn confirmed(reply: Reply) -> CentreNumber {
    let Reply::Confirmed { number } = reply else {
        panic!("{reply:?}");
    };
    number
}

pub fn refused(reply: Reply) -> Message {
    let Reply::Refused { message } = reply else {
        panic!("{reply:?}");
    };
    message
}

pub fn refusal(reply: Reply) -> Code {
    refused(reply).code
}
