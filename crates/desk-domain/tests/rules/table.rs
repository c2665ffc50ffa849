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
    photo::{self, Need, PhotoFacts, Picture, Seen},
    privacy, purse, refund, reissue,
    ruleset::{Capability, Level, NumberFormat, RuleSet},
    self_service, validation, validity,
};
use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Row>,
    informs: Vec<Informs>,
}

/// A rule that only informs: a text of a paper or screen says it, word for word and in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Informs {
    rule: String,
    programme: String,
    /// Name of the text, or `hotlines`.
    text: String,
    says: Vec<String>,
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
    born: Option<toml::value::Datetime>,
    on_file: bool,
    brought: bool,
    photo: PhotoInput,
}

/// A photo in order but for what a row says.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct PhotoInput {
    bytes: Option<u32>,
    not_jpeg: bool,
    size_agreed: bool,
    width: Option<u32>,
    height: Option<u32>,
    dpi: Option<u32>,
    no_dpi: bool,
    components: Option<u8>,
    bits: Option<u8>,
    grey: bool,
    white: Option<u32>,
    bad_clothes: bool,
    no_glasses: bool,
    unnatural: bool,
}

impl PhotoInput {
    fn facts(&self) -> PhotoFacts {
        PhotoFacts {
            bytes: self.bytes.unwrap_or(40_000),
            size_agreed: self.size_agreed,
            picture: (!self.not_jpeg).then(|| Picture {
                width: self.width.unwrap_or(358),
                height: self.height.unwrap_or(441),
                dpi: (!self.no_dpi).then(|| self.dpi.unwrap_or(350)),
                components: self.components.unwrap_or(3),
                bits: self.bits.unwrap_or(8),
                grey: self.grey,
                white_permille: self.white.unwrap_or(990),
                seen: Seen { clothes: !self.bad_clothes, glasses: !self.no_glasses, natural: !self.unnatural },
            }),
        }
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
    [Service::CardQuery, Service::ReissueLost, Service::RefundReadable, Service::Validation, Service::PasswordReset]
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
        "photo" => match photo::check(rules, &input.photo.facts()) {
            Ok(messages) | Err(messages) => messages,
        },
        "photo_need" => {
            let born = input.born.map_or(NaiveDate::MIN, date);
            match photo::need(rules, born, at.date(), input.on_file) {
                Need::OnFile(message) => vec![message],
                need @ (Need::Required | Need::Optional) => one(photo::brought(rules, &need, input.brought)),
            }
        }
        "top_up" => one(purse::room(rules, Fen(input.balance.unwrap_or_default()), amount).map(|_| ())),
        "number" => one(document::check(input.number.as_deref().unwrap_or_default(), NumberFormat::ResidentId, at.date()).map(|_| ())),
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

/// What an informing row finds missing.
fn unsaid(rules: &RuleSet, row: &Informs) -> Option<String> {
    if rules.rules.get(&row.rule).is_none_or(|rule| rule.phrase.is_empty()) {
        return Some(format!("{}: no phrase", row.rule));
    }
    let text = if row.text == "hotlines" {
        let lines: Vec<String> = rules
            .hotlines
            .iter()
            .filter(|hotline| hotline.rule == row.rule)
            .map(|hotline| format!("{} {}", hotline.label, hotline.phone))
            .collect();
        lines.join("\n")
    } else {
        rules.text(&row.text).join("\n")
    };
    let mut rest = text.as_str();
    for part in &row.says {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return Some(format!("{}: {} does not say “{part}” there: {text}", row.rule, row.text)),
        }
    }
    None
}

#[test]
fn a_photo_is_told_all_its_defects_at_once() {
    let sets = support::sets();
    let rules = support::programme(&sets, "changzhou-one-card");
    let photo = PhotoInput {
        bytes: Some(102_401),
        width: Some(441),
        height: Some(358),
        components: Some(1),
        grey: true,
        white: Some(0),
        bad_clothes: true,
        no_glasses: true,
        unnatural: true,
        ..PhotoInput::default()
    };
    let defects = photo::check(rules, &photo.facts()).expect_err("nothing is right");
    assert_eq!(
        support::codes(&defects),
        [
            "PHOTO_SIZE",
            "PHOTO_DIMENSION",
            "PHOTO_DEPTH",
            "PHOTO_NOT_COLOR",
            "PHOTO_BACKGROUND",
            "PHOTO_CLOTHES",
            "PHOTO_GLASSES",
            "PHOTO_QUALITY"
        ]
    );
    assert!(rules.wording(&defects[0]).text.contains("101K"), "{:?}", rules.wording(&defects[0]));
    let broken = PhotoInput { not_jpeg: true, bytes: Some(10), ..PhotoInput::default() };
    let defects = photo::check(rules, &broken.facts()).expect_err("no picture");
    assert_eq!(support::codes(&defects), ["PHOTO_NOT_JPEG", "PHOTO_SIZE"]);
}

#[test]
fn on_every_day_of_eight_years_a_photo_is_needed_from_the_birthday_on() {
    let sets = support::sets();
    let rules = support::programme(&sets, "changzhou-one-card");
    let first = NaiveDate::from_ymd_opt(2019, 1, 1).expect("day");
    for birth in first.iter_days().take(8 * 366) {
        use chrono::Datelike;
        // Who was born on 29 February is seven on the 28th of a common year.
        let seven = NaiveDate::from_ymd_opt(birth.year() + 7, birth.month(), birth.day())
            .or_else(|| NaiveDate::from_ymd_opt(birth.year() + 7, 2, 28))
            .expect("birthday");
        let eve = seven.pred_opt().expect("eve");
        assert_eq!(photo::need(rules, birth, eve, false), Need::Optional, "{birth} on {eve}");
        assert_eq!(photo::need(rules, birth, seven, false), Need::Required, "{birth} on {seven}");
        assert!(matches!(photo::need(rules, birth, seven, true), Need::OnFile(_)));
    }
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
    for row in &table.informs {
        assert!(!row.says.is_empty(), "{}: says nothing", row.rule);
        *rules_run.entry(&row.rule).or_default() += 1;
        faults.extend(unsaid(support::programme(&sets, &row.programme), row));
    }
    let of_sources = rules_run.keys().filter(|rule| rule.starts_with("R-")).count();
    let of_files: usize = sets.all().iter().map(|set| set.rules.keys().filter(|rule| rule.starts_with("R-")).count()).sum();
    eprintln!(
        "rows run for {of_sources} of {of_files} rules of the source documents, refused {violating}, allowed {allowed}, informing {}",
        table.informs.len()
    );
    eprintln!("rules: {} rules, {} rows, {violating} violating and {allowed} allowed inputs run", rules_run.len(), table.case.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rules_run.len() >= 50, "only {} rules", rules_run.len());
}
