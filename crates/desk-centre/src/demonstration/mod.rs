//! Demonstration data: thousands of plainly synthetic people, their cards, the demonstration's own cards, operators.

mod people;
mod undecided;

use std::{collections::BTreeMap, fs, path::Path};

use centre_core::{
    neighbours::{ClearedPurse, Made, Posted},
    number::local_day,
    policy::Numbering,
    record::{Card, OperatorRecord, OrderRecord, SentParcel},
    store::{CentreStore, Tx},
    upstream::MadeCard,
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use desk_domain::{
    application::{PurseSeen, Wish},
    card::CardImage,
    centre_act::{Order, Ordered, Replacement},
    function::FunctionFacts,
    id::{CardNo, CellId, CentreNumber, OperatorId, OutletId, PersonId},
    money::Fen,
    order::{Contact, Delivery, Form},
    person::CardStatus,
    replacement::Ground,
    ruleset::{RuleSet, RuleSets},
};
use desk_wire::v1::Role;
use serde::Deserialize;

use crate::{
    clock::random,
    config::{Config, DEMONSTRATION_CARDS, NUMBERING},
    fault::Fault,
    open,
    passwords::hash,
    secrets::Secrets,
    staff::PlayedCard,
    upstream::{ecard_platform::Provision, neighbours::Opening},
};

pub use people::{PUPILS, RESIDENTS, id_number, pupil_id, resident_id};

/// Operators of the demonstration; the password of each is `demo-` and the number.
pub const OPERATORS: [(&str, &[Role]); 6] = [
    ("1001", &[Role::Clerk]),
    ("1002", &[Role::Clerk]),
    ("2001", &[Role::Clerk, Role::Supervisor]),
    ("3001", &[Role::Clerk, Role::Manager]),
    ("9001", &[Role::HeadOffice]),
    ("9002", &[Role::HeadOffice]),
];

/// The card of the tray whose loss was reported at its bank.
const LOST_ON_THE_TRAY: &str = "purse-lost";

#[derive(Deserialize)]
struct CardFile {
    card: Vec<CardLine>,
}

/// One card of the demonstration's tray.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardLine {
    name: String,
    family: String,
    card_no: String,
    issuer: String,
    serial: String,
    holder_class: u8,
    balance_fen: i64,
    valid_until: String,
    person: String,
}

/// Which programme plays which part: found by what their rules hold, never by name.
struct Cast<'a> {
    pupils: &'a RuleSet,
    residents: &'a RuleSet,
}

impl<'a> Cast<'a> {
    fn of(rules: &'a RuleSets, day: NaiveDate) -> Result<Self, Fault> {
        let current = rules.current(day);
        let find = |what: &str, holds: fn(&RuleSet) -> bool| {
            current.iter().copied().find(|set| holds(set)).ok_or_else(|| Fault::new(format!("no programme with {what} is in force")))
        };
        Ok(Self {
            pupils: find("monthly validation", |set| set.validity.is_some())?,
            residents: find("a purse refund", |set| set.purse.is_some())?,
        })
    }
}

/// Whose staff card lies on the tray, and where it is written for the card simulator.
const SUPERVISOR: &str = "2001";
const STAFF_CARD: &str = "demonstration-staff-card.json";

/// Fills an empty database; a filled one is left as it is. Answers what to tell the administrator.
///
/// # Errors
/// [`Fault`] where rules, database or platform are missing.
pub async fn fill(config: &Config) -> Result<String, Fault> {
    let secrets = Secrets::open(&config.data_dir)?;
    let rules = config.rules()?;
    let now = config.clock().now();
    let today = local_day(now);
    let cast = Cast::of(&rules, today)?;
    number_cards(&config.data_dir, cast.pupils)?;
    let cards = tray(&config.rules_dir.join(DEMONSTRATION_CARDS))?;

    open::migrate(config).await?;
    let store = open::owner(config).await?;
    let mut tx = store.begin().await?;
    let (first, _) = OPERATORS[0];
    if tx.operator(&config.cell(), &OperatorId::new(first)).await?.is_none() {
        let played = staff_card(&secrets, today)?;
        played.write(&config.data_dir.join(STAFF_CARD))?;
        operators(tx.as_mut(), &config.cell(), &secrets, &played).await?;
        citizens(tx.as_mut(), &cast, now).await?;
        on_the_tray(tx.as_mut(), &rules, &cards, now).await?;
        tx.put_order(&waiting_order(&cast, &config.cell(), now)).await?;
        for waiting in WAITING_PUPILS {
            tx.put_order(&waiting.order(&cast, now)).await?;
        }
        undecided::put(tx.as_mut(), cast.residents, &config.cell(), now).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    let accounts = (1..=PUPILS).map(people::ecard_number).collect();
    config
        .platform(&secrets)?
        .provision(&Provision {
            token: secrets.platform.clone(),
            pepper: hex::encode(&*secrets.pepper),
            accounts,
            orders: vec![(people::ecard_number(ORDERED_ELSEWHERE), "WX-DEMO-0023".to_owned())],
        })
        .await?;
    config.neighbours(&secrets)?.open(&neighbours(&secrets, &rules, &cast, &cards, now)).await?;
    store.close().await;
    Ok(format!("{PUPILS} pupils, {RESIDENTS} residents, operators 1001 1002 2001 3001, head office 9001 9002 (password demo-NUMBER)"))
}

/// A pupil whose card was ordered in another channel, as the platform alone knows.
const ORDERED_ELSEWHERE: u32 = 23;

/// The card of the tray that was made under an order and waits for its holder, a resident.
const MADE: &str = "purse-made";
const WAITS: u32 = 30;
const WAITING_ORDER: &str = "R-DEMO-0030";

/// A pupil whose lost card was made anew: one lies ready (on the tray), one was brought back by the courier, and nobody came for
/// one.
#[derive(Clone, Copy)]
struct WaitingPupil {
    number: u32,
    days: i64,
    sent: bool,
}

const WAITING_PUPILS: [WaitingPupil; 3] = [
    WaitingPupil { number: 24, days: 9, sent: false },
    WaitingPupil { number: 25, days: 20, sent: true },
    WaitingPupil { number: 26, days: 190, sent: false },
];

/// The card of the tray that was made for the first of them.
const MADE_PUPIL: &str = "education-made";

impl WaitingPupil {
    fn order_number(self) -> CentreNumber {
        CentreNumber::new(format!("R-DEMO-P{:03}", self.number))
    }

    fn order(self, cast: &Cast<'_>, now: DateTime<Utc>) -> OrderRecord {
        let person = people::pupil_id(self.number);
        let outlet = cast.pupils.outlets.iter().find(|outlet| outlet.synthetic).map(|outlet| outlet.id.clone());
        let courier = cast.pupils.courier.as_ref().filter(|rule| self.sent && !rule.collect).map_or(Fen::ZERO, |rule| rule.fee.amount);
        OrderRecord {
            cell: cast.pupils.cell.clone(),
            number: self.order_number(),
            person: person.clone(),
            programme: cast.pupils.programme.clone(),
            order: Ordered::Instead(Replacement {
                person,
                old_card: people::pupil_card_no(self.number),
                ground: Ground::Lost,
                delivery: if self.sent { Delivery::Courier } else { Delivery::PickUp },
                contact: Contact { phone: format!("1380000{:04}", self.number), address: "虚构路2号".to_owned() },
                courier,
                accepted_at: None,
            }),
            outlet: outlet.unwrap_or_else(|| OutletId::new("DEMO")),
            ordered_at: now - TimeDelta::days(self.days),
            parcel: self.sent.then(|| SentParcel { number: self.order_number(), times: 1, told_back: false }),
            sent_back_at: None,
            handed_over: None,
        }
    }
}

/// A resident whose card gives no answer any more.
const WORN: u32 = 14;

/// Cards that production can make before it runs out.
const PLASTIC: u32 = 200;

/// What the systems around the centre keep.
fn neighbours(secrets: &Secrets, rules: &RuleSets, cast: &Cast<'_>, tray: &[CardLine], now: DateTime<Utc>) -> Opening {
    let today = local_day(now);
    let mut opening = Opening { token: secrets.platform.clone(), ..Opening::default() };
    let of_residents = banks(cast.residents);
    for number in 3..=RESIDENTS {
        if let Some(kept) = people::kept(&people::functions(number, &of_residents, now)) {
            opening.cards.push((people::resident_card_no(number), kept));
        }
    }
    for line in tray {
        let functions = rules.of_card(&image(line), today).map(|set| tray_functions(line, set, now)).unwrap_or_default();
        if let Some(kept) = people::kept(&functions) {
            opening.cards.push((CardNo::new(&line.card_no), kept));
        }
    }
    for line in tray {
        let purse = rules.of_card(&image(line), today).is_some_and(|set| set.purse.is_some());
        if purse {
            let cleared = ClearedPurse { balance: Fen(line.balance_fen), ..ClearedPurse::default() };
            opening.purses.push((CardNo::new(&line.card_no), cleared));
        }
    }
    opening.purses.push((people::resident_card_no(WORN), ClearedPurse { balance: Fen(2_340), ..ClearedPurse::default() }));
    let plastic = |line: &CardLine| MadeCard {
        card_no: CardNo::new(&line.card_no),
        family: line.family.clone(),
        issuer: line.issuer.clone(),
        serial: line.serial.clone(),
    };
    opening.made = tray
        .iter()
        .filter(|line| line.name == MADE)
        .map(|line| {
            let made = Made { person: people::resident_id(WAITS), card: Some(plastic(line)), ordered_at: now - TimeDelta::days(9) };
            (CentreNumber::new(WAITING_ORDER), made)
        })
        .collect();
    for waiting in WAITING_PUPILS {
        let on_tray = tray.iter().find(|line| line.name == MADE_PUPIL && !waiting.sent && waiting.days < 90).map(plastic);
        let card = on_tray.unwrap_or_else(|| people::pupil_plastic(PLASTIC + waiting.number));
        let ordered_at = now - TimeDelta::days(waiting.days);
        let number = waiting.order_number();
        if waiting.sent {
            opening.parcels.push((number.clone(), Posted { order: number.clone(), at: ordered_at, comes_back: true }));
        }
        opening.made.push((number, Made { person: people::pupil_id(waiting.number), card: Some(card), ordered_at }));
    }
    let residents = (1..=PLASTIC).map(|number| (cast.residents.programme.clone(), people::plastic(number)));
    opening.plastic = residents.chain((1..=PLASTIC).map(|number| (cast.pupils.programme.clone(), people::pupil_plastic(number)))).collect();
    opening.issues = people::first_issues(today, now);
    let (codes, delivery) = people::codes(now);
    opening.codes = codes;
    opening.delivery = delivery;
    opening.loans = vec![(people::pupil_card_no(22), 2)];
    opening
}

/// A card of the tray is issued by the first bank of its programme's list; one of them is reported lost there.
fn tray_functions(line: &CardLine, set: &RuleSet, now: DateTime<Utc>) -> Vec<FunctionFacts> {
    match banks(set).as_slice() {
        [] => Vec::new(),
        [first, ..] => people::functions(if line.name == LOST_ON_THE_TRAY { 12 } else { 0 }, std::slice::from_ref(first), now),
    }
}

/// The block of numbers for new cards of the demonstration, unless the installation has its own.
fn number_cards(dir: &Path, pupils: &RuleSet) -> Result<(), Fault> {
    let file = dir.join(NUMBERING);
    if file.exists() {
        return Ok(());
    }
    let blocks = BTreeMap::from([(
        pupils.programme.clone(),
        Numbering { prefix: people::NEW_PUPIL_CARDS.to_owned(), digits: people::PUPIL_CARD_DIGITS },
    )]);
    let text = toml::to_string(&blocks).map_err(|error| Fault::new(error.to_string()))?;
    fs::write(&file, text).map_err(|error| Fault::of(&file, error.kind()))
}

fn tray(file: &Path) -> Result<Vec<CardLine>, Fault> {
    let text = fs::read_to_string(file).map_err(|error| Fault::of(file, error.kind()))?;
    let list: CardFile = toml::from_str(&text).map_err(|error| Fault::of(file, error.message()))?;
    Ok(list.card)
}

/// The supervisor's card on the tray; its PIN is public, like every password of the demonstration.
fn staff_card(secrets: &Secrets, today: NaiveDate) -> Result<PlayedCard, Fault> {
    let until = today + chrono::Months::new(24);
    PlayedCard::make(&secrets.authority, &OperatorId::new(SUPERVISOR), "200100", [today, until]).map_err(Fault::new)
}

async fn operators(tx: &mut dyn Tx, cell: &CellId, secrets: &Secrets, played: &PlayedCard) -> Result<(), Fault> {
    for (id, roles) in OPERATORS {
        let password = format!("demo-{id}");
        tx.put_operator(&OperatorRecord {
            cell: cell.clone(),
            operator: OperatorId::new(id),
            roles: roles.to_vec(),
            password: hash(&secrets.pepper, &password, &random()).map_err(Fault::new)?,
            offline_verifier: hash(&[], &password, &random()).map_err(Fault::new)?,
            failures: 0,
            locked_at: None,
            staff_card: (id == played.operator).then(|| played.serial.clone()),
        })
        .await?;
    }
    Ok(())
}

async fn citizens(tx: &mut dyn Tx, cast: &Cast<'_>, now: DateTime<Utc>) -> Result<(), Fault> {
    let today = local_day(now);
    let banks = banks(cast.residents);
    for number in 1..=PUPILS {
        let person = people::pupil(number, &cast.pupils.cell, &cast.pupils.programme);
        tx.put_person(&person).await?;
        if let Some(mut card) = people::pupil_card(number, &person, today) {
            // Out of use since its successor was ordered.
            if WAITING_PUPILS.iter().any(|waiting| waiting.number == number) {
                card.status = CardStatus::Closed;
            }
            tx.put_card(&card).await?;
        }
    }
    for number in 1..=RESIDENTS {
        let person = people::resident(number, &cast.residents.cell, &cast.residents.programme);
        tx.put_person(&person).await?;
        if let Some(card) = people::resident_card(number, &person, &banks, now) {
            tx.put_card(&card).await?;
        }
    }
    Ok(())
}

/// Registers the cards of the tray; they take the place of what their holders had.
/// A card to be picked up: ordered nine days ago, made since.
fn waiting_order(cast: &Cast<'_>, counter: &CellId, now: DateTime<Utc>) -> OrderRecord {
    let bank = banks(cast.residents).into_iter().next().unwrap_or_default();
    let person = people::resident_id(WAITS);
    OrderRecord {
        cell: cast.residents.cell.clone(),
        number: CentreNumber::new(WAITING_ORDER),
        person: person.clone(),
        programme: cast.residents.programme.clone(),
        order: Ordered::Applied(Order {
            person,
            wish: Wish::Exchange,
            form: Form {
                bank,
                contact: Contact { phone: "13800000030".to_owned(), address: String::new() },
                delivery: Delivery::PickUp,
                consent: true,
                benefits: false,
            },
            photo: None,
            purse: PurseSeen::Closed,
            accepted_at: None,
        }),
        outlet: OutletId::new(counter.as_str()),
        ordered_at: now - TimeDelta::days(9),
        parcel: None,
        sent_back_at: None,
        handed_over: None,
    }
}

async fn on_the_tray(tx: &mut dyn Tx, rules: &RuleSets, cards: &[CardLine], now: DateTime<Utc>) -> Result<(), Fault> {
    let today = local_day(now);
    for line in cards {
        if line.card_no.bytes().all(|digit| digit == b'0') {
            continue;
        }
        let Some(set) = rules.of_card(&image(line), today).filter(|_| ![MADE, MADE_PUPIL].contains(&line.name.as_str())) else {
            continue;
        };
        let valid_until = match line.valid_until.as_str() {
            "" => None,
            day => Some(day.parse().map_err(|_| Fault::new(format!("{DEMONSTRATION_CARDS}: {day}")))?),
        };
        tx.put_card(&Card {
            cell: set.cell.clone(),
            card_no: CardNo::new(&line.card_no),
            programme: set.programme.clone(),
            family: line.family.clone(),
            issuer: line.issuer.clone(),
            serial: line.serial.clone(),
            holder_class: line.holder_class,
            status: CardStatus::Active,
            issued_on: issued_on(today),
            valid_until,
            transit_open: true,
            last_balance: Some(Fen(line.balance_fen)),
            last_online_counter: None,
            holder: (!line.person.is_empty()).then(|| PersonId::new(&line.person)),
            suspended: None,
            functions: tray_functions(line, set, now),
        })
        .await?;
    }
    Ok(())
}

/// Lines of the programme's cooperating banks.
fn banks(rules: &RuleSet) -> Vec<String> {
    rules.hotlines.iter().map(|line| &line.id).filter(|id| id.starts_with("bank.")).cloned().collect()
}

fn image(line: &CardLine) -> CardImage {
    CardImage {
        family: line.family.clone(),
        card_no: CardNo::new(&line.card_no),
        issuer: line.issuer.clone(),
        serial: line.serial.clone(),
        holder_class: line.holder_class,
        valid_from: None,
        valid_until: None,
        purse: None,
        blank: false,
        log: Vec::new(),
        warnings: Vec::new(),
    }
}

/// Long enough ago for every rule about the day of sale.
fn issued_on(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(400)).unwrap_or(today)
}
