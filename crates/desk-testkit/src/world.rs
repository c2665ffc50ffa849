//! A whole small deployment in one process: the real centre on its store in memory, the real key service, the rule sets
//! that ship, the demonstration's cards, and any number of desks with disks that survive them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use centre_core::{
    Centre, Memory, Parts, Policy, Programme,
    neighbours::{ClearedPurse, KeptCard, Made, Neighbours, Posted},
    policy::Numbering,
    ports::{EcardPlatform, KeyRelease, LineWrite, Passwords, PortFailure, ResetOrder, ResetResult},
    record::{Card, Device, OperatorRecord, OrderRecord, Payout, Person, Release, SentParcel},
    sandbox::{Account, Accounts},
    upstream::MadeCard,
};
use chrono::{DateTime, NaiveDate, Utc};
use desk_app::ports::{Answered, CentreLink, Clock, LinkFailure, Signer, Station, Verifier};
use desk_card::profile::{LinePurpose, Profiles};
use desk_cardsim::{CardRow, Seed, SimCard};
use desk_centre::authority::Authority;
use desk_domain::{
    application::{PurseSeen, Wish},
    centre_act::{Order, Ordered, Replacement},
    code::{Code, Message},
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{
        CardNo, CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, OutletId, PersonId, ProgrammeId, RequestId, SessionToken,
        WindowId,
    },
    issuer::{IssuerAnswer, IssuerRequest},
    money::Fen,
    order::{Contact, Delivery, Form},
    person::{CardStatus, HolderClass},
    refund_unreadable::Payee,
    replacement::Ground,
    ruleset::{RuleFile, RuleSets},
    staff::{StaffCard, StaffProof},
};
use desk_wire::v1::{Envelope, Request, Role, VERSION};
use ed25519_dalek::{Signer as _, SigningKey};
use issuer_keys::{KeyService, MasterKeys, ReleaseKind, ReleaseRecord};
use serde::Deserialize;

use crate::{clock::SimClock, entropy::Seeded, stations};

/// Secret of every demonstration key.
pub const SEED: [u8; 32] = [0x5E; 32];
/// Cell of the outlet's desks.
pub const COUNTER: &str = "demo";
/// The pupil whose guardian comes to the counter: number, and the card that was lost.
pub const PUPIL: &str = "320500201503150012";
pub const PUPIL_CARD: &str = "2150999000000001";

/// A card with functions and its holder, who has the pupil's number; and one that was reported lost, with its holder's.
pub const RESIDENT_CARD: &str = "3104999000000000101";
pub const LOST_CARD: &str = "3104999000000000105";
pub const LOSER: &str = "320500201503150020";
/// Lies ready for the loser under an order; and somebody who never had a card, of whom a photo is on file.
pub const MADE_CARD: &str = "3104999000000000106";
pub const NEWCOMER: &str = "320500201503150039";
/// Made in place of a pupil's lost card and ready at the outlet; the pupil has the loser's number.
pub const MADE_PUPIL_CARD: &str = "2150999000000106";
/// A card that gave no answer and was taken in from the pupil's parent ten days ago: slip, reservation, what it came to.
pub const SLIP: &str = "DEMO20261114W0310001";
pub const OWED: &str = "R-OWED";
pub const CLEARED: Fen = Fen(4_520);
/// A purse that was put out of use on the same day, for the same person; two journeys came in after that.
pub const BLOCKED_SLIP: &str = "DEMO20261114W0310002";
pub const BLOCKED: &str = "R-BLOCKED";
pub const BLOCKED_HELD: Fen = Fen(5_600);
pub const BLOCKED_CLEARED: Fen = Fen(5_200);
/// The demonstration's outlet is a branch of this bank.
pub const BANK: &str = "bank.ICBC";

/// Why a world cannot be made; the files that ship are at fault then.
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    #[error("rule sets: {0:?}")]
    Rules(Vec<String>),
    #[error("cards: {0}")]
    Cards(String),
    #[error("centre: {0}")]
    Centre(String),
}

/// The deployment.
pub struct World {
    pub clock: Arc<SimClock>,
    pub rules: RuleSets,
    pub profiles: Profiles,
    pub platform: Arc<Mutex<Accounts>>,
    /// Social security, banks, library, text messages, first issue, tickets.
    pub neighbours: Neighbours,
    pub cards: BTreeMap<String, SimCard>,
    centre: Arc<Centre>,
    draws: Arc<AtomicU64>,
    outlet: &'static str,
}

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Rule files, by name.
    pub rules: &'a [(&'a str, &'a str)],
    /// The list of cards.
    pub cards: &'a str,
    /// Where the desks stand.
    pub outlet: &'static str,
}

#[derive(Deserialize)]
struct CardList {
    card: Vec<ListedCard>,
}

#[derive(Deserialize)]
struct ListedCard {
    #[serde(flatten)]
    row: CardRow,
    person: String,
}

/// Everything below a lock that a panicking test may have poisoned.
fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Tuesday, 10:00, with the demonstration's outlet, people and cards.
    ///
    /// # Errors
    /// [`NoWorld`] where a file that ships does not load.
    pub async fn demonstration() -> Result<Self, NoWorld> {
        Self::of(Setting {
            rules: &[
                ("suzhou-education.toml", include_str!("../../../rules/suzhou-education.toml")),
                ("changzhou-one-card.toml", include_str!("../../../rules/changzhou-one-card.toml")),
                ("demonstration.toml", include_str!("../../../rules/demonstration.toml")),
            ],
            cards: include_str!("../../../rules/demonstration-cards.toml"),
            outlet: "DEMO",
        })
        .await
    }

    /// The same hour at another counter: other programmes, other cards.
    ///
    /// # Errors
    /// [`NoWorld`] where a file does not load.
    pub async fn of(setting: Setting<'_>) -> Result<Self, NoWorld> {
        let files: Vec<RuleFile<'_>> = setting.rules.iter().map(|(name, text)| RuleFile { name, text }).collect();
        let rules = RuleSets::load(&files).map_err(|problems| NoWorld::Rules(problems.iter().map(ToString::to_string).collect()))?;
        let clock = Arc::new(SimClock::tuesday_ten());
        let today = clock.now().date_naive();
        let mut accounts = Accounts::default();
        accounts.0.insert(PUPIL_CARD.to_owned(), Account::default());
        let platform = Arc::new(Mutex::new(accounts));
        let neighbours = Neighbours::default();
        let keys = KeyService::new(MasterKeys::from_seed(&SEED)).map_err(|error| NoWorld::Cards(error.to_string()))?;
        let programmes = rules.current(today);
        let policy = Policy {
            programmes: programmes
                .iter()
                .map(|rules| {
                    // As long as the cards that its counters write can hold.
                    let writes = rules.card_families.iter().any(|family| family.family == "education");
                    let digits = if writes { 16 } else { 19 };
                    let numbering = Numbering { prefix: "21509990".to_owned(), digits };
                    (rules.programme.clone(), Programme::of(rules, &numbering))
                })
                .collect(),
            ..Policy::default()
        };
        let centre = Centre::new(Parts {
            store: Box::new(Memory::default()),
            keys: Box::new(Keys(keys)),
            passwords: Box::new(PlainPasswords),
            staff_cards: Box::new(StaffAuthority),
            platform: Box::new(Platform(Arc::clone(&platform))),
            upstream: neighbours.upstream(),
            policy,
            rules: rules.clone(),
            publishing: stations::publishing(),
            secret: [7; 32],
        });
        let mut world = Self {
            clock,
            rules: rules.clone(),
            profiles: Profiles::built_in().map_err(|error| NoWorld::Cards(error.to_string()))?,
            platform,
            neighbours,
            cards: BTreeMap::new(),
            centre: Arc::new(centre),
            draws: Arc::new(AtomicU64::new(1)),
            outlet: setting.outlet,
        };
        world.fill(setting.cards, &programmes, today).await?;
        Ok(world)
    }

    async fn fill(&mut self, cards: &str, programmes: &[&desk_domain::ruleset::RuleSet], today: NaiveDate) -> Result<(), NoWorld> {
        let list: CardList = toml::from_str(cards).map_err(|error| NoWorld::Cards(error.to_string()))?;
        let failed = |error: &dyn std::fmt::Display| NoWorld::Centre(error.to_string());
        let centre = Arc::clone(&self.centre);
        let mut tx = centre.store().begin().await.map_err(|error| failed(&error))?;
        for (id, roles) in [
            ("1001", &[Role::Clerk][..]),
            ("1002", &[Role::Clerk]),
            ("2001", &[Role::Clerk, Role::Supervisor]),
            ("3001", &[Role::Supervisor, Role::Manager]),
            ("9001", &[Role::HeadOffice]),
            ("9002", &[Role::HeadOffice]),
        ] {
            tx.put_operator(&operator(id, roles)).await.map_err(|error| failed(&error))?;
        }
        for listed in list.card {
            let card = SimCard::make(&Seed(SEED.to_vec()), &listed.row).map_err(|error| NoWorld::Cards(error.to_string()))?;
            let programme = match listed.row.family.as_str() {
                "education" => programmes.iter().find(|rules| rules.purse.is_none()),
                _ => programmes.iter().find(|rules| rules.purse.is_some()),
            };
            let number = listed.row.card_no.clone();
            if let Some(rules) = programme
                && number.bytes().any(|digit| digit != b'0')
            {
                let person = match number.as_str() {
                    PUPIL_CARD => Some(pupil(rules)),
                    RESIDENT_CARD => Some(resident(rules, "resident-0001", PUPIL)),
                    LOST_CARD => Some(resident(rules, "resident-0012", LOSER)),
                    _ => None,
                };
                // Made under an order: the centre learns of it when it is handed over.
                if number == MADE_PUPIL_CARD {
                    self.cards.insert(listed.row.name, card);
                    continue;
                }
                if number == MADE_CARD {
                    self.made(rules, &listed.row);
                    tx.put_order(&self.ordered(rules)).await.map_err(|error| failed(&error))?;
                    self.cards.insert(listed.row.name, card);
                    continue;
                }
                if let Some(person) = &person {
                    tx.put_person(person).await.map_err(|error| failed(&error))?;
                }
                let record = Card {
                    cell: rules.cell.clone(),
                    card_no: CardNo::new(&number),
                    programme: rules.programme.clone(),
                    family: listed.row.family.clone(),
                    issuer: listed.row.issuer.clone(),
                    serial: listed.row.serial.clone(),
                    holder_class: listed.row.holder_class,
                    status: CardStatus::Active,
                    issued_on: today - chrono::Days::new(200),
                    valid_until: listed.row.valid_until.parse().ok(),
                    transit_open: rules.purse.is_some(),
                    last_balance: None,
                    last_online_counter: None,
                    holder: person.map(|person| person.person),
                    suspended: None,
                    functions: match number.as_str() {
                        RESIDENT_CARD => self.functions(&number, FunctionState::Normal),
                        LOST_CARD => self.functions(&number, lost_at_bank(self.clock.now())),
                        _ => Vec::new(),
                    },
                };
                tx.put_card(&record).await.map_err(|error| failed(&error))?;
            }
            if let Some(balance) = card.balance() {
                let purse = ClearedPurse { balance: Fen(i64::from(balance)), ..ClearedPurse::default() };
                self.neighbours.books().purses.insert(CardNo::new(&number), purse);
            }
            let _registered = listed.person;
            self.cards.insert(listed.row.name, card);
        }
        if let Some(rules) = programmes.iter().find(|rules| rules.purse.is_some()) {
            tx.put_person(&resident(rules, "resident-0040", NEWCOMER)).await.map_err(|error| failed(&error))?;
            for serial in 0..crate::folder::PEOPLE {
                let person = resident(rules, &format!("unit-{serial:04}"), &crate::folder::number(serial));
                tx.put_person(&person).await.map_err(|error| failed(&error))?;
            }
            self.neighbours.books().photos.insert(PersonId::new("resident-0040"));
            for payout in self.taken_in_before(rules, today) {
                tx.put_payout(&payout).await.map_err(|error| failed(&error))?;
            }
        }
        if let Some(rules) = programmes.iter().find(|rules| rules.purse.is_none()) {
            for (person, order, old) in self.orders_of_pupils(rules) {
                tx.put_person(&person).await.map_err(|error| failed(&error))?;
                tx.put_card(&old).await.map_err(|error| failed(&error))?;
                tx.put_order(&order).await.map_err(|error| failed(&error))?;
            }
        }
        tx.commit().await.map_err(|error| failed(&error))
    }

    /// Pupils whose lost cards were made anew: one lies ready, one was brought back by the courier, and nobody came for one.
    fn orders_of_pupils(&self, rules: &desk_domain::ruleset::RuleSet) -> Vec<(Person, OrderRecord, Card)> {
        let mut books = self.neighbours.books();
        for number in 1..=9 {
            let card_no = format!("215099900009000{number}");
            books.plastic.push((rules.programme.clone(), education(&card_no)));
        }
        [
            ("pupil-0041", LOSER, "R-PUPIL-MADE", MADE_PUPIL_CARD, 9, false),
            ("pupil-0042", NEWCOMER, "R-PUPIL-BACK", "2150999000900011", 20, true),
            ("pupil-0043", "", "R-PUPIL-OLD", "2150999000900012", 190, false),
        ]
        .into_iter()
        .zip(51..)
        .map(|((id, number, order, made, days, sent), at)| {
            let old = format!("21509990000000{at}");
            let person = Person {
                person: PersonId::new(id),
                id_number: (!number.is_empty()).then(|| number.to_owned()),
                ecard_number: Some(old.clone()),
                ..pupil(rules)
            };
            let number = CentreNumber::new(order);
            let ordered_at = self.clock.now() - chrono::TimeDelta::days(days);
            books.made.insert(number.clone(), Made { person: person.person.clone(), card: Some(education(made)), ordered_at });
            if sent {
                books.parcels.insert(number.clone(), Posted { order: number.clone(), at: ordered_at, comes_back: true });
            }
            let contact = Contact { phone: "13800000041".to_owned(), address: "虚构路2号".to_owned() };
            let record = OrderRecord {
                cell: rules.cell.clone(),
                number: number.clone(),
                person: person.person.clone(),
                programme: rules.programme.clone(),
                order: Ordered::Instead(Replacement {
                    person: person.person.clone(),
                    old_card: CardNo::new(&old),
                    ground: Ground::Lost,
                    delivery: if sent { Delivery::Courier } else { Delivery::PickUp },
                    contact,
                    courier: if sent { Fen(1_200) } else { Fen::ZERO },
                    accepted_at: None,
                }),
                outlet: OutletId::new(self.outlet),
                ordered_at,
                parcel: sent.then_some(SentParcel { number, times: 1, told_back: true }),
                sent_back_at: None,
                handed_over: None,
            };
            let closed = Card {
                cell: rules.cell.clone(),
                card_no: CardNo::new(&old),
                programme: rules.programme.clone(),
                family: "education".to_owned(),
                issuer: "99993050FFFFFFFF".to_owned(),
                serial: old,
                holder_class: 2,
                status: CardStatus::Closed,
                issued_on: ordered_at.date_naive() - chrono::Days::new(200),
                valid_until: None,
                transit_open: false,
                last_balance: None,
                last_online_counter: None,
                holder: Some(person.person.clone()),
                suspended: None,
                functions: Vec::new(),
            };
            (person, record, closed)
        })
        .collect()
    }

    /// The card of an order that was placed nine days ago lies ready.
    fn made(&self, rules: &desk_domain::ruleset::RuleSet, row: &CardRow) {
        let card = MadeCard {
            card_no: CardNo::new(&row.card_no),
            family: row.family.clone(),
            issuer: row.issuer.clone(),
            serial: row.serial.clone(),
        };
        let kept = KeptCard { social_security: FunctionState::Normal, bank: FunctionState::NotOpened, held_back: None };
        let order = self.ordered(rules);
        let made = Made { person: order.person, card: Some(card.clone()), ordered_at: order.ordered_at };
        let mut books = self.neighbours.books();
        books.cards.insert(card.card_no, kept);
        books.made.insert(order.number, made);
        let made = (1..=9).map(|number| {
            let card = MadeCard {
                card_no: CardNo::new(format!("310499900000090000{number}")),
                family: row.family.clone(),
                issuer: row.issuer.clone(),
                serial: format!("499900000090000{number}"),
            };
            (rules.programme.clone(), card)
        });
        books.plastic.extend(made);
    }

    fn ordered(&self, rules: &desk_domain::ruleset::RuleSet) -> OrderRecord {
        let person = PersonId::new("resident-0012");
        OrderRecord {
            cell: rules.cell.clone(),
            number: CentreNumber::new("R-MADE"),
            person: person.clone(),
            programme: rules.programme.clone(),
            order: Ordered::Applied(Order {
                person,
                wish: Wish::Lost,
                form: Form {
                    bank: BANK.to_owned(),
                    contact: Contact { phone: "13800000012".to_owned(), address: String::new() },
                    delivery: Delivery::PickUp,
                    consent: true,
                    benefits: false,
                },
                photo: None,
                purse: PurseSeen::NotOpened,
                accepted_at: None,
            }),
            outlet: OutletId::new("DEMO"),
            ordered_at: self.clock.now() - chrono::TimeDelta::days(9),
            parcel: None,
            sent_back_at: None,
            handed_over: None,
        }
    }

    /// A card that gave no answer was taken in ten days ago, and a purse was put out of use; clearing has closed both since.
    fn taken_in_before(&self, rules: &desk_domain::ruleset::RuleSet, today: NaiveDate) -> [Payout; 2] {
        let since = self.clock.now() - chrono::TimeDelta::days(10);
        [
            ("3104999000000000404", OWED, SLIP, CLEARED, None),
            ("3104999000000000405", BLOCKED, BLOCKED_SLIP, BLOCKED_CLEARED, Some(BLOCKED_HELD)),
        ]
        .map(|(card_no, reservation, slip, balance, amount)| {
            let card_no = CardNo::new(card_no);
            let purse = ClearedPurse { balance, closed_at: Some(since), ..ClearedPurse::default() };
            self.neighbours.books().purses.insert(card_no.clone(), purse);
            Payout {
                cell: rules.cell.clone(),
                reservation: CentreNumber::new(reservation),
                case: Id128([if amount.is_some() { 0x78 } else { 0x77 }; 16]),
                case_number: CaseNumber::new(slip),
                programme: rules.programme.clone(),
                card_no,
                amount,
                payee: Some(Payee(PUPIL.to_owned())),
                from: today - chrono::Days::new(3),
                since,
                paid: None,
            }
        })
    }

    /// Social security and bank in this state, at the keepers and as the centre heard it.
    fn functions(&self, card_no: &str, state: FunctionState) -> Vec<FunctionFacts> {
        let kept = KeptCard { social_security: state.clone(), bank: state.clone(), held_back: None };
        self.neighbours.books().cards.insert(CardNo::new(card_no), kept);
        let facts = |function, bank: Option<&str>| FunctionFacts {
            function,
            state: state.clone(),
            bank: bank.map(str::to_owned),
            as_of: self.clock.now(),
        };
        vec![facts(Function::SocialSecurity, None), facts(Function::Bank, Some(BANK))]
    }

    #[must_use]
    pub fn centre(&self) -> Arc<Centre> {
        Arc::clone(&self.centre)
    }

    /// A number that no other draw gave: seeds of desks, of repeats, of requests.
    #[must_use]
    pub fn draw(&self) -> u64 {
        self.draws.fetch_add(1, Ordering::SeqCst)
    }

    /// Enrols desk `number` (1 to 9) and answers where it stands and how it signs.
    ///
    /// # Errors
    /// [`NoWorld::Centre`].
    pub async fn enrol(&self, number: u8) -> Result<(Station, Arc<dyn Signer>), NoWorld> {
        self.enrol_generation(number, 1).await
    }

    /// The same for a later generation of the desk at this window.
    ///
    /// # Errors
    /// [`NoWorld::Centre`].
    pub async fn enrol_generation(&self, number: u8, generation: u32) -> Result<(Station, Arc<dyn Signer>), NoWorld> {
        let key = SigningKey::from_bytes(&[number; 32]);
        let station = Station {
            cell: CellId::new(COUNTER),
            outlet: OutletId::new(self.outlet),
            window: WindowId::new(format!("W0{number}")),
            device: DeviceId::new(format!("desk-{number}")),
            generation,
            terminal: format!("99990000000{number}"),
            identifier_key: "5a".repeat(32),
            publishing_key: stations::publishing().public(),
        };
        let device = Device {
            cell: station.cell.clone(),
            device: station.device.clone(),
            generation,
            outlet: station.outlet.clone(),
            window: station.window.clone(),
            terminal: station.terminal.clone(),
            public_key: hex::encode(key.verifying_key().as_bytes()),
            head: (0, desk_domain::journal::genesis()),
            locked_at: None,
        };
        let failed = |error: &dyn std::fmt::Display| NoWorld::Centre(error.to_string());
        let mut tx = self.centre.store().begin().await.map_err(|error| failed(&error))?;
        tx.put_device(&device).await.map_err(|error| failed(&error))?;
        tx.commit().await.map_err(|error| failed(&error))?;
        Ok((station, Arc::new(DeviceKey(key))))
    }

    /// The line of one desk straight into the centre.
    #[must_use]
    pub fn line(&self, station: &Station) -> Arc<dyn CentreLink> {
        Arc::new(DirectLine {
            centre: self.centre(),
            clock: Arc::clone(&self.clock),
            cell: station.cell.clone(),
            device: station.device.clone(),
            generation: station.generation,
            draws: Arc::clone(&self.draws),
        })
    }

    /// Logs in at the E-card platform as the pupil would.
    pub fn platform(&self) -> MutexGuard<'_, Accounts> {
        open(&self.platform)
    }
}

/// The authority of every world: made once, for a key takes its time.
///
/// # Panics
/// Where no key can be made.
#[must_use]
#[expect(clippy::panic, reason = "a world without an authority is none")]
pub fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| Authority::make().unwrap_or_else(|why| panic!("authority: {why}")))
}

/// Staff cards against [`authority`], at the desk and at the centre.
#[derive(Debug, Clone, Copy)]
pub struct StaffAuthority;

impl desk_app::ports::StaffCards for StaffAuthority {
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message> {
        desk_wire::staff::proven(authority().certificate_pem(), proof, challenge, now)
    }
}

impl centre_core::ports::StaffCards for StaffAuthority {
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message> {
        desk_wire::staff::proven(authority().certificate_pem(), proof, challenge, now)
    }
}

/// A card of the pupils' programme as production makes it.
fn education(card_no: &str) -> MadeCard {
    MadeCard {
        card_no: CardNo::new(card_no),
        family: "education".to_owned(),
        issuer: "99993050FFFFFFFF".to_owned(),
        serial: card_no.to_owned(),
    }
}

fn operator(id: &str, roles: &[Role]) -> OperatorRecord {
    OperatorRecord {
        cell: CellId::new(COUNTER),
        operator: OperatorId::new(id),
        roles: roles.to_vec(),
        password: format!("plain:pass-{id}"),
        offline_verifier: format!("plain:pass-{id}"),
        failures: 0,
        locked_at: None,
        staff_card: None,
    }
}

fn pupil(rules: &desk_domain::ruleset::RuleSet) -> Person {
    Person {
        cell: rules.cell.clone(),
        person: PersonId::new("pupil-0001"),
        programme: ProgrammeId::new(rules.programme.as_str()),
        name: "测·试𬭎".to_owned(),
        id_number: Some(PUPIL.to_owned()),
        ecard_number: Some(PUPIL_CARD.to_owned()),
        birth: NaiveDate::from_ymd_opt(2015, 3, 15),
        class: HolderClass::Domestic,
        school: "示例小学".to_owned(),
        guardian_name: Some("测试家长".to_owned()),
        guardian_phone: Some("13800005678".to_owned()),
        open_order: None,
        entitled: true,
        staff: None,
    }
}

/// A holder of a card with functions; where the number is the pupil's, it is the same person in another programme.
fn resident(rules: &desk_domain::ruleset::RuleSet, id: &str, number: &str) -> Person {
    Person {
        person: PersonId::new(id),
        id_number: Some(number.to_owned()),
        ecard_number: None,
        school: String::new(),
        guardian_name: None,
        guardian_phone: None,
        ..pupil(rules)
    }
}

fn lost_at_bank(now: DateTime<Utc>) -> FunctionState {
    FunctionState::FormalLoss { channel: LossChannel::Bank { bank: BANK.to_owned() }, since: now - chrono::TimeDelta::days(1) }
}

/// Passwords of tests: about who may, not about hashing.
pub struct PlainPasswords;

#[async_trait]
impl Passwords for PlainPasswords {
    async fn matches(&self, password: &str, phc: &str) -> bool {
        phc == format!("plain:{password}")
    }

    async fn hash(&self, password: &str, _salt: [u8; 16]) -> Result<String, PortFailure> {
        Ok(format!("plain:{password}"))
    }
}

impl Verifier for PlainPasswords {
    fn matches(&self, password: &str, phc: &str) -> bool {
        phc == format!("plain:{password}")
    }
}

struct Platform(Arc<Mutex<Accounts>>);

#[async_trait]
impl EcardPlatform for Platform {
    async fn last_change(&self, account: &str) -> Result<Option<DateTime<Utc>>, PortFailure> {
        Ok(open(&self.0).last_change(account))
    }

    async fn open_order(&self, account: &str) -> Result<Option<String>, PortFailure> {
        Ok(open(&self.0).card_order(account))
    }

    async fn reset(&self, order: &ResetOrder) -> Result<ResetResult, PortFailure> {
        Ok(open(&self.0).reset(order))
    }
}

/// The real key service behind the centre's port.
struct Keys(KeyService);

fn record(release: &Release) -> Option<ReleaseRecord> {
    let mut record = ReleaseRecord::of(&release.ask)?;
    record.at = release.mac_at;
    Some(record)
}

#[async_trait]
impl KeyRelease for Keys {
    async fn answer(&self, ask: &IssuerRequest, releases: &[Release]) -> Result<IssuerAnswer, Message> {
        let records: Vec<ReleaseRecord> = releases.iter().filter_map(record).collect();
        self.0.answer(ask, &records)
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
            Some(ReleaseRecord { kind: ReleaseKind::Load { .. } | ReleaseKind::Unload | ReleaseKind::Purchase { .. }, .. }) => {
                record(release).map_or(Ok(false), |record| self.0.settles(&record, proof))
            }
            None => Ok(false),
        }
    }
}

struct DeviceKey(SigningKey);

impl Signer for DeviceKey {
    fn sign(&self, head: &str) -> String {
        hex::encode(self.0.sign(head.as_bytes()).to_bytes())
    }
}

struct DirectLine {
    centre: Arc<Centre>,
    clock: Arc<SimClock>,
    cell: CellId,
    device: DeviceId,
    generation: u32,
    draws: Arc<AtomicU64>,
}

struct Draw(Seeded);

impl centre_core::ports::Entropy for Draw {
    fn fill(&mut self, bytes: &mut [u8]) {
        desk_app::ports::Entropy::fill(&mut self.0, bytes);
    }
}

#[async_trait]
impl CentreLink for DirectLine {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        let envelope = Envelope {
            version: VERSION,
            cell: self.cell.clone(),
            device: self.device.clone(),
            generation: self.generation,
            id,
            session: session.cloned(),
            sent_at: self.clock.now(),
            request: request.clone(),
        };
        let mut entropy = Draw(Seeded::new(self.draws.fetch_add(1, Ordering::SeqCst)));
        match self.centre.handle(&envelope, &self.device, self.clock.now(), &mut entropy).await {
            Ok(response) => Ok(Answered { reply: response.reply, at: response.at }),
            Err(failure) => Err(LinkFailure { code: Code::CentreError, detail: failure.to_string() }),
        }
    }
}
