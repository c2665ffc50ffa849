//! Runs `tests/rules.toml`: for every rule its violating inputs, which must end in the expected code and cite the rule,
//! and its allowed inputs, which must pass.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use desk_domain::{
    authorise,
    card::{CardImage, PurseImage, RefundMethod},
    case::{LineMode, Service},
    code::Message,
    document,
    eligibility::{self, Shown},
    fee, hours,
    id::{CardNo, CellId, OperatorId, OutletId, PersonId, ProgrammeId},
    money::Fen,
    normalise, offline, password_reset,
    person::{CardFacts, CardStatus, HolderClass, InitialPassword, PersonFacts},
    photo, privacy, refund, reissue,
    ruleset::{Capability, Level, NumberFormat, RuleSet},
    self_service, unit, validation, validity,
};
use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: String,
    programme: String,
    decision: String,
    #[serde(default)]
    service: String,
    expect: String,
    /// The message names the rule; false where the code comes from no rule of the programme.
    #[serde(default = "yes")]
    cites: bool,
    #[serde(default)]
    given: toml::Table,
    violating: Vec<toml::Table>,
    allowed: Vec<toml::Table>,
}

fn yes() -> bool {
    true
}

/// Facts of any decision; what a row leaves out is an ordinary, allowed case.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct Input {
    at: Option<String>,
    outlet: Option<String>,
    offline: bool,
    role: Option<String>,
    relation: Option<String>,
    document: Option<String>,
    number: Option<String>,
    expiry: Option<String>,
    copy: bool,
    no_page: bool,
    class: Option<HolderClass>,
    has_id_card: bool,
    agent: Option<String>,
    agent_copy: bool,
    family: Option<String>,
    holder_class: Option<u8>,
    valid_until: Option<toml::value::Datetime>,
    blank: bool,
    balance: Option<i64>,
    no_purse: bool,
    method: Option<RefundMethod>,
    trip: bool,
    issued_on: Option<toml::value::Datetime>,
    status: Option<String>,
    transit_closed: bool,
    suspended: bool,
    left: bool,
    clock_wrong: bool,
    cards: Option<Vec<String>>,
    order: bool,
    staff: Option<String>,
    on_reader: bool,
    blanks: Option<u32>,
    answers: BTreeMap<String, String>,
    no_phone: bool,
    initial: Option<InitialPassword>,
    resets: u32,
    amount: Option<i64>,
    level: Option<Level>,
    by: Option<String>,
    accepted: u32,
    other_programme: bool,
    typed: Option<String>,
    reason: Option<String>,
    purpose: Option<String>,
    birth: Option<String>,
    photo: Option<PhotoInput>,
    credit_code: Option<String>,
    letter: bool,
    agent_original: bool,
    bank: Option<String>,
}

/// A photo; what a row leaves out is as the programme wants it.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, default)]
struct PhotoInput {
    bytes: u64,
    picture: String,
    width: u32,
    height: u32,
    components: u8,
    white_border: u32,
    coloured: u32,
}

impl Default for PhotoInput {
    fn default() -> Self {
        Self { bytes: 40_000, picture: "opened".into(), width: 358, height: 441, components: 3, white_border: 1000, coloured: 500 }
    }
}

impl PhotoInput {
    fn facts(&self) -> photo::Facts {
        let picture = match self.picture.as_str() {
            "opened" => photo::Picture::Opened(photo::Opened {
                width: self.width,
                height: self.height,
                dpi: Some(350),
                components: self.components,
                pixels: Some(photo::Pixels { white_border: self.white_border, coloured: self.coloured }),
            }),
            "not_jpeg" => photo::Picture::NotJpeg,
            other => panic!("no picture {other}"),
        };
        photo::Facts { bytes: self.bytes, picture }
    }
}

const CLERK: &str = "1001";
const CARD: &str = "9999000000000017";

impl Input {
    fn at(&self) -> NaiveDateTime {
        let text = self.at.as_deref().unwrap_or("2026-11-24 10:00");
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn outlet(&self) -> OutletId {
        OutletId::new(self.outlet.as_deref().unwrap_or("DEMO"))
    }

    fn line(&self) -> LineMode {
        if self.offline { LineMode::Offline } else { LineMode::Online }
    }

    fn card(&self, rules: &RuleSet) -> CardImage {
        let family = self.family.clone().unwrap_or_else(|| rules.card_families[0].family.clone());
        CardImage {
            family,
            card_no: CardNo::new(CARD),
            issuer: "99990000FFFFFFFF".into(),
            serial: CARD.into(),
            holder_class: self.holder_class.unwrap_or(2),
            valid_from: None,
            valid_until: self.valid_until.map(date),
            purse: (!self.no_purse).then(|| PurseImage {
                balance: Fen(self.balance.unwrap_or(3650)),
                online_counter: 5,
                offline_counter: 9,
                refund_method: self.method.unwrap_or(RefundMethod::Unload),
                incomplete_trip: self.trip,
            }),
            blank: self.blank,
            log: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn facts_of_card(&self, rules: &RuleSet, status: &str, card_no: &str) -> CardFacts {
        CardFacts {
            cell: CellId::new("test"),
            programme: rules.programme.clone(),
            card_no: CardNo::new(card_no),
            status: match status {
                "active" => CardStatus::Active,
                "stock" => CardStatus::Stock,
                "lost" => CardStatus::Lost,
                "blacklisted" => CardStatus::Blacklisted,
                "replaced" => CardStatus::Replaced { by_tail: "0028".into() },
                "closed" => CardStatus::Closed,
                other => panic!("status {other}"),
            },
            issued_on: self.issued_on.map_or(NaiveDate::MIN, date),
            transit_open: !self.transit_closed,
            suspended_by: self.suspended.then(|| "DEMO20261123W010007".to_owned()),
            last_balance: None,
            holder: None,
            entitled: !self.left,
            functions: Vec::new(),
        }
    }

    fn person(&self, rules: &RuleSet) -> PersonFacts {
        let cards = self.cards.clone().unwrap_or_else(|| vec!["active".into()]);
        PersonFacts {
            cell: CellId::new("test"),
            person: PersonId::new("p-1"),
            programme: if self.other_programme { ProgrammeId::new("another") } else { rules.programme.clone() },
            name: "测试甲".into(),
            id_tail: "0012".into(),
            birth: None,
            class: HolderClass::Domestic,
            school: String::new(),
            cards: cards.iter().map(|status| self.facts_of_card(rules, status, CARD)).collect(),
            guardian_phone: (!self.no_phone).then(|| "138****5678".to_owned()),
            open_order: self.order.then(|| "WX0001".to_owned()),
            recent_resets: self.resets,
            initial_password: self.initial.unwrap_or(InitialPassword::LastSixOfIdNumber),
            entitled: !self.left,
            staff: self.staff.as_deref().map(OperatorId::new),
        }
    }

    fn request(&self) -> eligibility::Request {
        let shown = |kind: &str, number: &str, copy: bool| Shown {
            kind: kind.to_owned(),
            number: number.to_owned(),
            expiry: self.expiry.as_deref().map_or(Some(document::Expiry::LongTerm), |expiry| normalise::expiry(expiry).ok()),
            original: !copy,
            page: !self.no_page,
        };
        eligibility::Request {
            role: self.role.clone().unwrap_or_else(|| panic!("a row of this decision gives a role")),
            relation: self.relation.clone(),
            holder: shown(
                self.document.as_deref().unwrap_or("resident_id"),
                self.number.as_deref().unwrap_or("320500201503150012"),
                self.copy,
            ),
            agent: self.agent.as_deref().map(|number| shown("resident_id", number, self.agent_copy)),
            has_id_card: self.has_id_card,
            class: self.class,
        }
    }
}

fn date(value: toml::value::Datetime) -> NaiveDate {
    let text = value.to_string();
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn service(name: &str) -> Service {
    [Service::TopUp, Service::CardQuery, Service::ReissueLost, Service::RefundReadable, Service::Validation, Service::PasswordReset]
        .into_iter()
        .find(|service| Capability::from(*service).as_str() == name)
        .unwrap_or_else(|| panic!("no service {name}"))
}

/// What the decision said: nothing, or every message.
fn decide(rules: &RuleSet, row: &Row, input: &Input) -> Vec<Message> {
    let one = |result: Result<(), Message>| result.err().into_iter().collect();
    let many = |result: Result<(), Vec<Message>>| result.err().unwrap_or_default();
    let outlet_id = input.outlet();
    let outlet = || rules.outlet(&outlet_id).unwrap_or_else(|| panic!("no outlet {outlet_id}"));
    let at = input.at();
    let clerk = OperatorId::new(CLERK);
    let card = input.card(rules);
    let centre = input.facts_of_card(rules, input.status.as_deref().unwrap_or("active"), CARD);
    let amount = Fen(input.amount.unwrap_or_default());
    match row.decision.as_str() {
        "hours" => one(hours::open(rules, outlet(), at)),
        "offered" => one(hours::offered(rules, service(&row.service), &outlet_id, at)),
        "hotline" => one(hours::hotline_open(rules, rules.hotline().unwrap_or_else(|| panic!("a hotline")), at)),
        "role" => one(eligibility::role(rules, service(&row.service), input.role.as_deref().unwrap_or_default()).map(|_| ())),
        "eligibility" => many(eligibility::check(rules, service(&row.service), &input.request(), at.date()).map(|_| ())),
        "fee" => one(fee::fixed(rules, service(&row.service), amount)),
        "refund" => one(refund::decide(rules, refund::Facts { outlet: &outlet_id, at, card: &card, centre: Some(&centre) }).map(|_| ())),
        "refund_amount" => {
            let terms = refund::decide(rules, refund::Facts { outlet: &outlet_id, at, card: &card, centre: Some(&centre) })
                .unwrap_or_else(|message| panic!("{message:?}"));
            one(refund::full_amount(rules, &terms, amount))
        }
        "reissue" => {
            let person = input.person(rules);
            many(
                reissue::decide(
                    rules,
                    reissue::Facts {
                        outlet: &outlet_id,
                        clerk: &clerk,
                        at,
                        line: input.line(),
                        person: &person,
                        on_reader: input.on_reader.then_some(&card),
                        blanks: input.blanks.unwrap_or(20),
                    },
                )
                .map(|_| ()),
            )
        }
        "validation" => one(validation::decide(
            rules,
            validation::Facts {
                outlet: &outlet_id,
                at,
                line: input.line(),
                clock_trusted: !input.clock_wrong,
                card: &card,
                centre: Some(&centre),
            },
        )
        .map(|_| ())),
        "validity" => one(validity::extend(rules, input.valid_until.map(date), at.date()).map(|_| ())),
        "tree" => {
            let answers: Vec<(String, String)> = input.answers.clone().into_iter().collect();
            match password_reset::next(rules, Some("138****5678"), &answers) {
                Ok(password_reset::TreeStep::Refer(message)) | Err(message) => vec![message],
                Ok(password_reset::TreeStep::Reset) => Vec::new(),
                Ok(password_reset::TreeStep::Ask(question)) => {
                    panic!("{}: still asks {}", row.rule, question.id)
                }
            }
        }
        "reset" => match password_reset::decide(rules, &input.person(rules), &clerk) {
            Ok(terms) => terms.authorise.into_iter().map(|(_, why)| why).collect(),
            Err(messages) => messages,
        },
        // A need is shown as the message that the clerk sees.
        "authorisation" => authorise::needed(rules, service(&row.service), amount)
            .into_iter()
            .map(|level| {
                rules.message(Some(service(&row.service)), desk_domain::code::Code::AuthorisationNeeded).with("level", level.label())
            })
            .collect(),
        "authorise" => {
            let by = OperatorId::new(input.by.as_deref().unwrap_or("2001"));
            let needed = authorise::needed(rules, service(&row.service), amount).unwrap_or_else(|| panic!("{amount} needs nobody"));
            let holds: Vec<Level> = input.level.into_iter().collect();
            one(authorise::may(rules, service(&row.service), needed, &by, &holds, &clerk))
        }
        "self_service" => one(self_service::check(rules, service(&row.service), &input.person(rules), &clerk)),
        "offline" => match offline::answer(rules, service(&row.service)) {
            offline::Answer::Works => Vec::new(),
            offline::Answer::RecordsOnly(message) | offline::Answer::Accepts(message) | offline::Answer::Refused(message) => {
                if input.offline { vec![message] } else { Vec::new() }
            }
        },
        "offline_room" => one(offline::room(rules, input.accepted)),
        "lookup" => one(privacy::whole(rules, input.typed.as_deref().unwrap_or_default())),
        "grounds" => {
            one(privacy::grounds(rules, input.reason.as_deref().unwrap_or_default(), input.purpose.as_deref().unwrap_or_default()))
        }
        "number" => one(document::check(input.number.as_deref().unwrap_or_default(), NumberFormat::ResidentId, at.date()).map(|_| ())),
        "photo_needed" => {
            let birth = normalise::date(input.birth.as_deref().unwrap_or("2010-01-01")).unwrap_or_default();
            one(photo::needed(rules, birth, at.date(), input.photo.is_some()))
        }
        "photo" => photo::check(rules, &input.photo.clone().unwrap_or_default().facts()).defects,
        "unit_papers" => one(unit::papers(
            rules,
            &unit::Papers { credit_code: input.credit_code.clone(), letter: input.letter, agent_original: input.agent_original },
        )),
        "unit_row" => {
            let row = unit::Row {
                line: 2,
                name: "测试甲".into(),
                document: input.document.clone().unwrap_or_else(|| "resident_id".into()),
                number: input.number.clone().unwrap_or_else(|| "11010519491231002X".into()),
                birth: input.birth.clone().unwrap_or_default(),
                phone: "13900000000".into(),
                bank: input.bank.clone().unwrap_or_else(|| "ICBC".into()),
                photo: if input.photo.is_some() { "a.jpg".into() } else { String::new() },
                surplus: false,
            };
            let found = input.photo.as_ref().map_or(unit::PhotoFile::Missing, |photo| unit::PhotoFile::Found(photo.facts()));
            let checked = unit::check(rules, at.date(), &[row], |_| found);
            assert_eq!(checked.ready.len() + checked.refused.len(), 1);
            checked.refused.into_iter().flat_map(|refused| refused.messages).collect()
        }
        other => panic!("no decision {other}"),
    }
}

/// The row's given facts with the changes of one input over them.
fn input(row: &Row, changes: &toml::Table) -> Input {
    let mut merged = row.given.clone();
    for (key, value) in changes {
        if let (Some(toml::Value::Table(old)), toml::Value::Table(new)) = (merged.get(key), value) {
            let mut both = old.clone();
            both.extend(new.clone());
            merged.insert(key.clone(), toml::Value::Table(both));
        } else {
            merged.insert(key.clone(), value.clone());
        }
    }
    merged.try_into().unwrap_or_else(|error| panic!("{}: {error}", row.rule))
}

#[test]
fn every_rule_refuses_its_violating_input_and_passes_its_allowed_one() {
    let path = format!("{}/../../tests/rules.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("tests/rules.toml");
    let table: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}", error.message()));
    let sets = support::sets();
    let mut faults = Vec::new();
    let (mut violating, mut allowed) = (0, 0);
    let mut rules_run: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.case {
        let rules = support::programme(&sets, &row.programme);
        assert!(!row.violating.is_empty() && !row.allowed.is_empty(), "{}: both sides are needed", row.rule);
        *rules_run.entry(&row.rule).or_default() += 1;
        for changes in &row.violating {
            violating += 1;
            let messages = decide(rules, row, &input(row, changes));
            let Some(found) = messages.iter().find(|m| m.code.as_str() == row.expect) else {
                faults.push(format!("{} {changes:?}: expected {}, said {:?}", row.rule, row.expect, support::codes(&messages)));
                continue;
            };
            let cited = found.rule.as_ref();
            if row.cites && cited.is_none_or(|rule| rule.id != row.rule || rule.phrase.is_empty()) {
                faults.push(format!("{} {changes:?}: cites {cited:?}", row.rule));
            }
            let text = rules.wording(found).text;
            if text.contains('{') {
                faults.push(format!("{} {changes:?}: unfilled text {text}", row.rule));
            }
        }
        for changes in &row.allowed {
            allowed += 1;
            let messages = decide(rules, row, &input(row, changes));
            if !messages.is_empty() {
                faults.push(format!("{} {changes:?}: should pass, said {:?}", row.rule, support::codes(&messages)));
            }
        }
    }
    eprintln!("rules: {} rules, {} rows, {violating} violating and {allowed} allowed inputs run", rules_run.len(), table.case.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rules_run.len() >= 50, "only {} rules", rules_run.len());
}
