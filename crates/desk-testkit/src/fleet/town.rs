//! The people of a simulated town and what they carry: plainly synthetic, drawn from a seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use centre_core::{
    record::{Card, OperatorRecord, Person},
    sandbox::Account,
};
use chrono::NaiveDate;
use desk_app::ports::Clock as _;
use desk_cardsim::{CardRow, Seed, SimCard};
use desk_domain::{
    id::{CardNo, CellId, OperatorId, PersonId},
    person::{CardStatus, HolderClass},
    ruleset::RuleSet,
};
use desk_wire::v1::Role;

use crate::{
    entropy::Seeded,
    world::{COUNTER, NoWorld, SEED, World},
};

/// A bearer of a purse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Name of the card in a tray.
    pub card: String,
    pub card_no: String,
    /// Fen on the card when the day begins.
    pub balance: i64,
}

/// A pupil, who comes with a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pupil {
    pub card: String,
    pub card_no: String,
    pub person: String,
    pub id_number: String,
}

/// Everybody, and who holds which card at the moment.
pub struct Town {
    pub residents: Vec<Resident>,
    pub pupils: Vec<Pupil>,
    cards: Mutex<BTreeMap<String, SimCard>>,
}

/// Blanks in each desk's drawer.
pub const BLANKS: u32 = 40;

impl Town {
    /// Settles the town in a world: people and cards at the centre, accounts at the platform, blanks in drawers, a clerk a
    /// desk.
    ///
    /// # Errors
    /// [`NoWorld`].
    pub async fn settle(world: &World, residents: u32, pupils: u32, desks: u8, seed: u64) -> Result<Self, NoWorld> {
        let mut chance = Seeded::new(seed ^ 0x70A4);
        let today = world.clock.now().date_naive();
        let programmes: Vec<RuleSet> = world.rules.current(today).into_iter().cloned().collect();
        let find = |purse: bool| {
            programmes.iter().find(|rules| rules.purse.is_some() == purse).ok_or_else(|| NoWorld::Centre("no such programme".to_owned()))
        };
        let (purses, school) = (find(true)?, find(false)?);
        let mut town = Self { residents: Vec::new(), pupils: Vec::new(), cards: Mutex::default() };
        let failed = |error: centre_core::store::StoreFailure| NoWorld::Centre(error.to_string());
        let centre = world.centre();
        let mut tx = centre.store().begin().await.map_err(failed)?;
        for number in 1..=desks {
            tx.put_operator(&clerk(number)).await.map_err(failed)?;
        }
        for number in 1..=residents {
            let unload = chance.below(3) > 0;
            // Some above the limit that a clerk may pay out alone.
            let balance = if chance.below(24) == 0 { 20_000 + chance.below(5_000) } else { 100 + chance.below(1_900) };
            let card_no = format!("310499900{}{number:09}", u8::from(!unload));
            let row = CardRow {
                name: format!("purse-{number:04}"),
                family: if unload { "tunion-unload" } else { "tunion-purchase" }.to_owned(),
                serial: format!("{:0>16}", card_no.get(3..).unwrap_or_default()),
                issuer: "99993040FFFFFFFF".to_owned(),
                holder_class: 1,
                balance_fen: u32::try_from(balance).unwrap_or_default(),
                valid_until: "2030-12-31".to_owned(),
                card_no,
            };
            tx.put_card(&registered(purses, &row, None, today)).await.map_err(failed)?;
            town.residents.push(Resident {
                card: row.name.clone(),
                card_no: row.card_no.clone(),
                balance: i64::try_from(balance).unwrap_or_default(),
            });
            town.keep(&row.name, made(&row)?);
        }
        for number in 1..=pupils {
            let card_no = format!("2150998{number:09}");
            let row = CardRow {
                name: format!("pupil-{number:04}"),
                family: "education".to_owned(),
                serial: card_no.clone(),
                issuer: "99993050FFFFFFFF".to_owned(),
                holder_class: 2,
                balance_fen: 0,
                valid_until: if chance.below(2) == 0 { "2026-10-31" } else { "2026-11-30" }.to_owned(),
                card_no,
            };
            let person = format!("fleet-pupil-{number:04}");
            tx.put_person(&pupil(school, &person, number, &row.card_no)).await.map_err(failed)?;
            tx.put_card(&registered(school, &row, Some(&person), today)).await.map_err(failed)?;
            world.platform().0.insert(row.card_no.clone(), Account::default());
            town.pupils.push(Pupil { card: row.name.clone(), card_no: row.card_no.clone(), person, id_number: id_number(number) });
            town.keep(&row.name, made(&row)?);
        }
        tx.commit().await.map_err(failed)?;
        for desk in 1..=desks {
            for number in 1..=BLANKS {
                let row = CardRow {
                    name: blank(desk, number),
                    family: "education".to_owned(),
                    card_no: "0".repeat(16),
                    issuer: "99993050FFFFFFFF".to_owned(),
                    serial: format!("2150997{:09}", u32::from(desk) * 1000 + number),
                    holder_class: 0,
                    balance_fen: 0,
                    valid_until: String::new(),
                };
                town.keep(&row.name, made(&row)?);
            }
        }
        Ok(town)
    }

    fn cards(&self) -> MutexGuard<'_, BTreeMap<String, SimCard>> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a card back into its holder's pocket, as it is now.
    pub fn keep(&self, name: &str, card: SimCard) {
        self.cards().insert(name.to_owned(), card);
    }

    /// The card as its holder has it.
    #[must_use]
    pub fn card(&self, name: &str) -> Option<SimCard> {
        self.cards().get(name).cloned()
    }

    /// The holder lays the card on a counter; it is nowhere else until it is kept again.
    #[must_use]
    pub fn take(&self, name: &str) -> Option<SimCard> {
        self.cards().remove(name)
    }
}

/// Name of a blank in a desk's drawer.
#[must_use]
pub fn blank(desk: u8, number: u32) -> String {
    format!("blank-{desk}-{number}")
}

/// The clerk of a desk.
#[must_use]
pub fn operator(desk: u8) -> String {
    format!("11{desk:02}")
}

fn clerk(desk: u8) -> OperatorRecord {
    let id = operator(desk);
    OperatorRecord {
        cell: CellId::new(COUNTER),
        password: format!("plain:pass-{id}"),
        offline_verifier: format!("plain:pass-{id}"),
        operator: OperatorId::new(id),
        roles: vec![Role::Clerk],
        failures: 0,
        locked_at: None,
        staff_card: None,
    }
}

fn made(row: &CardRow) -> Result<SimCard, NoWorld> {
    SimCard::make(&Seed(SEED.to_vec()), row).map_err(|error| NoWorld::Cards(error.to_string()))
}

fn registered(rules: &RuleSet, row: &CardRow, person: Option<&str>, today: NaiveDate) -> Card {
    Card {
        cell: rules.cell.clone(),
        card_no: CardNo::new(row.card_no.clone()),
        programme: rules.programme.clone(),
        family: row.family.clone(),
        issuer: row.issuer.clone(),
        serial: row.serial.clone(),
        holder_class: row.holder_class,
        status: CardStatus::Active,
        issued_on: today - chrono::Days::new(200),
        valid_until: row.valid_until.parse().ok(),
        transit_open: rules.purse.is_some(),
        last_balance: None,
        last_online_counter: None,
        holder: person.map(PersonId::new),
        suspended: None,
        functions: Vec::new(),
    }
}

fn pupil(rules: &RuleSet, person: &str, number: u32, card_no: &str) -> Person {
    Person {
        cell: rules.cell.clone(),
        person: PersonId::new(person),
        programme: rules.programme.clone(),
        name: format!("测试学生{number}"),
        id_number: Some(id_number(number)),
        ecard_number: Some(card_no.to_owned()),
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

/// A number of a region that nobody lives in, with the right check digit (GB 11643).
fn id_number(number: u32) -> String {
    let body = format!("320500201503{:02}{:03}", 1 + number / 900 % 28, number % 900 + 100);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = b"10X98765432".get(usize::try_from(sum % 11).unwrap_or_default()).copied().unwrap_or(b'0');
    format!("{body}{}", char::from(check))
}

/// A town that several desks share.
pub type Shared = Arc<Town>;
