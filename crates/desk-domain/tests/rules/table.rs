//! Runs `tests/rules.toml`: for every rule its violating inputs, which must end in the expected code and cite the rule,
//! and its allowed inputs, which must pass.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use desk_domain::{
    advice,
    application::{self, PurseSeen, Wish},
    authorise, bank_function,
    booked::{Booked, Movement, Stands},
    card::{CardImage, LogRecord, PurseImage, RefundMethod},
    case::{
        Answer, Case, CaseHeader, Cx, Fact, Input as CaseInput, LineMode, Outcome, Service,
        fact::{Leads, PersonTerms},
        identity::{IdentityFact, Papers},
    },
    closing,
    code::{Code, Message},
    courier,
    document::{self, NumberForm},
    eligibility::{self, Shown},
    fee, first_issue,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    hours,
    id::{CardNo, CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, OutletId, PersonId, ProgrammeId, WindowId},
    inquiry::{CodeFacts, Inquired, Inquiry, IssueClass, IssueFacts, IssueState},
    loss,
    money::Fen,
    normalise, offline, password_reset,
    person::{CardFacts, CardStatus, HolderClass, InitialPassword, PersonFacts},
    photo, privacy, purse, refund, reissue,
    replacement::{self, Cause, Ground, ReadTests},
    reversal, rewrite,
    ruleset::{Capability, Level, NumberFormat, RuleSet},
    self_service, unit, validation, validity,
};
use serde::Deserialize;

use crate::{explain, support};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub case: Vec<Row>,
    pub informs: Vec<Informs>,
    pub elsewhere: Vec<Elsewhere>,
}

/// A rule that another crate enforces: the test that provokes the code there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    pub rule: String,
    programme: String,
    pub expect: String,
    /// Path from the root of the repository.
    file: String,
    pub test: String,
}

/// A rule that only informs: a text of a paper or screen says it, word for word and in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Informs {
    pub rule: String,
    programme: String,
    /// Name of a text of the rule set; `hotlines`, `explain` (what `deskctl ruleset explain` prints), `outlets` (those to which
    /// people are sent at that moment), or `screen.` and a guidance service.
    pub text: String,
    pub says: Vec<String>,
    /// And must not say.
    #[serde(default)]
    omits: Vec<String>,
    #[serde(default)]
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub rule: String,
    programme: String,
    pub decision: String,
    #[serde(default)]
    pub service: String,
    pub expect: String,
    /// The message names the rule; false where the code comes from no rule of the programme.
    #[serde(default = "yes")]
    cites: bool,
    #[serde(default)]
    given: toml::Table,
    pub violating: Vec<toml::Table>,
    pub allowed: Vec<toml::Table>,
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
    wish: Option<Wish>,
    online: bool,
    holds_none: bool,
    formally_lost: bool,
    purse: Option<PurseSeen>,
    no_consent: bool,
    benefits: bool,
    form: Option<NumberForm>,
    no_mark: bool,
    cause: Option<Cause>,
    ticked: Vec<String>,
    tests: ReadTests,
    kept: bool,
    mailed: bool,
    seen: Option<photo::Seen>,
    dpi: Option<u32>,
    on_file: bool,
    loans: u32,
    terminal: Option<String>,
    hours: u32,
    functions: Vec<Function>,
    social: Option<String>,
    bank_state: Option<String>,
    channel: Option<LossChannel>,
    newer: bool,
    another_card: bool,
    ask: Option<String>,
    state: Option<IssueState>,
    ineligible: bool,
    received: Option<toml::value::Datetime>,
    confirm_by: Option<toml::value::Datetime>,
    ticket: bool,
    tail: bool,
    function: Option<Function>,
    remark: String,
    booked: BookedInput,
}

/// The movement that is taken back or repeated; what a row leaves out is as it has to be.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct BookedInput {
    kind: Option<Movement>,
    stands: Option<Stands>,
    at: Option<String>,
    operator: Option<String>,
    outlet: Option<String>,
    before: Option<i64>,
    online: Option<u16>,
    offline: Option<u16>,
    /// Another movement was begun after it.
    newer: bool,
}

/// A photo; what a row leaves out is as the programme wants it.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, default)]
struct PhotoInput {
    bytes: u64,
    picture: String,
    width: u32,
    height: u32,
    dpi: u32,
    components: u8,
    white_border: u32,
    coloured: u32,
}

impl Default for PhotoInput {
    fn default() -> Self {
        Self {
            bytes: 40_000,
            picture: "opened".into(),
            width: 358,
            height: 441,
            dpi: 350,
            components: 3,
            white_border: 1000,
            coloured: 500,
        }
    }
}

impl PhotoInput {
    fn facts(&self) -> photo::Facts {
        let picture = match self.picture.as_str() {
            "opened" => photo::Picture::Opened(photo::Opened {
                width: self.width,
                height: self.height,
                dpi: (self.dpi != 0).then_some(self.dpi),
                components: self.components,
                pixels: Some(photo::Pixels { white_border: self.white_border, coloured: self.coloured }),
            }),
            "not_jpeg" => photo::Picture::NotJpeg,
            "broken" => photo::Picture::Broken,
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
            log: self
                .terminal
                .iter()
                .map(|terminal| LogRecord { sequence: 9, amount: Fen(200), kind: 0x06, terminal: terminal.clone(), at: None })
                .collect(),
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
            functions: self.functions_of_card(),
            booked: Vec::new(),
        }
    }

    /// The books of a card that shows 36.50 at online counter 5: a top-up of 20.00, on the card (`settled`) or not.
    fn booked(&self, settled: bool) -> (Vec<Booked>, CentreNumber) {
        let given = &self.booked;
        let at = given.at.as_deref().unwrap_or("2026-11-24 09:00");
        let at = NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M").unwrap_or_else(|e| panic!("{at}: {e}"));
        let of = Booked {
            reservation: CentreNumber::new("R1"),
            case: CaseNumber::new("DEMO20261124W0310001"),
            kind: given.kind.unwrap_or(Movement::TopUp),
            amount: Fen(2_000),
            before: Some(PurseImage {
                balance: Fen(given.before.unwrap_or(if settled { 1_650 } else { 3_650 })),
                online_counter: given.online.unwrap_or(if settled { 4 } else { 5 }),
                offline_counter: given.offline.unwrap_or(9),
                refund_method: RefundMethod::Unload,
                incomplete_trip: false,
            }),
            at: at.and_utc() - chrono::TimeDelta::hours(8),
            outlet: given.outlet.as_deref().map_or_else(|| self.outlet(), OutletId::new),
            operator: OperatorId::new(given.operator.as_deref().unwrap_or(CLERK)),
            stands: given.stands.unwrap_or(if settled { Stands::Settled } else { Stands::Unknown }),
        };
        let newer = given.newer.then(|| Booked { reservation: CentreNumber::new("R2"), kind: Movement::Refund, ..of.clone() });
        let number = of.reservation.clone();
        (newer.into_iter().chain([of]).collect(), number)
    }

    /// Of a card with functions of their own, where a row says anything of them.
    fn functions_of_card(&self) -> Vec<FunctionFacts> {
        if self.social.is_none() && self.bank_state.is_none() {
            return Vec::new();
        }
        let as_of = DateTime::from_timestamp(1_795_485_600, 0).unwrap_or_else(|| panic!("a moment"));
        let channel = self.channel.clone().unwrap_or(LossChannel::Bank { bank: "bank.ICBC".into() });
        let state = |name: &Option<String>| match name.as_deref().unwrap_or("normal") {
            "normal" => FunctionState::Normal,
            "not_opened" => FunctionState::NotOpened,
            "temporary" => {
                FunctionState::TemporaryLoss { channel: channel.clone(), since: as_of, until: Some(as_of + chrono::TimeDelta::days(7)) }
            }
            "formal" => FunctionState::FormalLoss { channel: channel.clone(), since: as_of },
            other => panic!("state {other}"),
        };
        let bank = self.bank.clone().unwrap_or_else(|| "bank.ICBC".into());
        vec![
            FunctionFacts { function: Function::SocialSecurity, state: state(&self.social), bank: None, as_of },
            FunctionFacts { function: Function::Bank, state: state(&self.bank_state), bank: Some(bank), as_of },
            FunctionFacts { function: Function::Transit, state: FunctionState::Normal, bank: None, as_of },
        ]
    }

    /// What the systems that keep them say of a first card and of codes.
    fn found(&self, inquiry: Inquiry) -> Inquired {
        let as_of = at_ten();
        match inquiry {
            Inquiry::Functions => Inquired::Functions,
            Inquiry::FirstIssue => Inquired::FirstIssue { issue: self.issue() },
            Inquiry::Codes => Inquired::Codes { codes: CodeFacts { last: None, today: 0, as_of } },
            Inquiry::Orders => Inquired::Orders { orders: Vec::new(), photo_on_file: false },
            Inquiry::Closing => Inquired::Closing { loans: 0 },
        }
    }

    fn issue(&self) -> IssueFacts {
        IssueFacts {
            state: self.state.unwrap_or(IssueState::InProduction),
            class: (!self.ineligible).then_some(IssueClass::FirstGrade),
            received_on: self.received.map(date),
            confirm_by: self.confirm_by.map(date),
            reminder: None,
            ticket: self.ticket.then(|| CentreNumber::new("CB0001")),
            as_of: at_ten(),
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
            cards: cards
                .iter()
                .map(|status| self.facts_of_card(rules, status, CARD))
                .chain(self.newer.then(|| self.facts_of_card(rules, "active", "9999000000000025")))
                .collect(),
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
    Service::ALL.iter().copied().find(|service| Capability::from(*service).as_str() == name).unwrap_or_else(|| panic!("no service {name}"))
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
        "reversal_kind" => {
            let name = input.reason.clone().unwrap_or_else(|| "top_up".to_owned());
            let kind = reversal::Kind::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap_or_else(|| panic!("kind {name}"));
            one(reversal::kind(rules, kind))
        }
        "reversal" => {
            let (booked, of) = input.booked(true);
            let centre = CardFacts { booked, ..centre.clone() };
            let clerk = OperatorId::new(CLERK);
            let facts = reversal::Facts { outlet: &outlet_id, at, clerk: &clerk, card: &card, centre: Some(&centre) };
            one(reversal::decide(rules, facts, &of).map(|_| ()))
        }
        "rewrite" => {
            let (booked, of) = input.booked(false);
            let centre = CardFacts { booked, ..centre.clone() };
            let clerk = OperatorId::new(CLERK);
            let facts = rewrite::Facts { outlet: &outlet_id, at, clerk: &clerk, card: &card, centre: Some(&centre) };
            one(rewrite::decide(rules, facts, &of).map(|_| ()))
        }
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
                        ground: &Ground::Lost,
                        old_card: None,
                        on_reader: input.on_reader.then_some(&card),
                        blanks: input.blanks.unwrap_or(20),
                    },
                )
                // What stands against writing it here; made centrally it may be all the same.
                .and_then(|terms| terms.ways.not_here.map_or(Ok(()), |message| Err(vec![message]))),
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
            .map(|level| rules.message(Some(service(&row.service)), Code::AuthorisationNeeded).with("level", level.label()))
            .collect(),
        "authorise" => {
            let by = OperatorId::new(input.by.as_deref().unwrap_or("2001"));
            let needed = authorise::needed(rules, service(&row.service), amount).unwrap_or_else(|| panic!("{amount} needs nobody"));
            let holds: Vec<Level> = input.level.into_iter().collect();
            one(authorise::may(rules, service(&row.service), needed, &by, &holds, &clerk))
        }
        "self_service" => one(self_service::check(rules, service(&row.service), &input.person(rules), &clerk)),
        "offline" => {
            match offline::answer(rules, service(&row.service)) {
                offline::Answer::Works => Vec::new(),
                offline::Answer::Records(message) | offline::Answer::Accepts(message) | offline::Answer::Refused(message) => {
                    if input.offline { vec![message] } else { Vec::new() }
                }
            }
        }
        "offline_room" => one(offline::room(rules, input.accepted)),
        "lookup" => one(privacy::whole(rules, input.typed.as_deref().unwrap_or_default())),
        "grounds" => {
            one(privacy::grounds(rules, input.reason.as_deref().unwrap_or_default(), input.purpose.as_deref().unwrap_or_default()))
        }
        "application" => {
            let facts = application::Facts {
                service: None,
                wish: input.wish.unwrap_or(Wish::Damage),
                online: input.online,
                held: (!input.holds_none).then_some(&centre),
                purse: input.purse.unwrap_or(PurseSeen::NotOpened),
                consent: !input.no_consent,
                benefits: input.benefits,
            };
            application::decide(rules, facts).unwrap_or_else(|messages| messages)
        }
        "social_security_number" => one(application::social_security_number(rules, None, input.form.unwrap_or(NumberForm::Mainland))),
        "contactless" => one(application::contactless(rules, None, !input.no_mark)),
        "replacement" => {
            let facts = replacement::Facts {
                service: None,
                cause: input.cause.unwrap_or(Cause::Quality),
                ticked: &input.ticked,
                tests: input.tests,
                surrendered: !input.kept,
            };
            match replacement::decide(rules, facts) {
                Ok(fee) => one(input.amount.map_or(Ok(()), |amount| fee::exactly(rules, Service::ReplaceDamaged, fee, Fen(amount)))),
                Err(messages) => messages,
            }
        }
        "courier" => one(courier::fixed(rules, None, input.mailed, amount)),
        "bank_function" => bank_function::advice(rules, None, &centre, at.date()),
        "activation" => one(bank_function::activation(rules, input.role.as_deref() == Some("holder"))),
        "advice" => advice::of_card(rules, None, &card, Some(&centre), at.date()),
        "loans" => one(closing::loans(rules, None, input.loans)),
        "transfer" => one(closing::transfer(rules, None)),
        "room" => one(purse::room(rules, Fen(input.balance.unwrap_or_default()), amount).map(|_| ())),
        "moved" => one(application::moved(rules, None, &centre)),
        "synced" => one(loss::synced(rules, Service::FormalLoss, &centre, &[Function::SocialSecurity, Function::Bank])),
        "identified" => one(privacy::identified(rules, input.role.is_some())),
        "remark" => one(privacy::remark(rules, &input.remark)),
        "password_of" => match input.function {
            Some(function) => vec![loss::password(rules, Service::TemporaryLoss, function, None)],
            None => Vec::new(),
        },
        "blacklist" => one(offline::blacklist(rules, input.hours)),
        "photo_seen" => photo::seen(rules, input.seen.unwrap_or(photo::Seen { clothes: true, glasses: true, natural: true })),
        "photo_dpi" => {
            photo::corrected(rules, &photo::check(rules, &input.photo.clone().unwrap_or_default().facts())).into_iter().collect()
        }
        "photo_on_file" => {
            if input.on_file {
                vec![photo::on_file(rules)]
            } else {
                Vec::new()
            }
        }
        "first_issue" => {
            let person = PersonFacts { cards: Vec::new(), ..input.person(rules) };
            let person = if input.cards.is_some() { input.person(rules) } else { person };
            let standing = first_issue::standing(rules, &person, &input.issue(), at.date());
            // On its way: nothing stands against it.
            let way = standing.message.code == Code::CardOnItsWay;
            if way { Vec::new() } else { vec![standing.message] }
        }
        "loss_chosen" => one(loss::chosen(rules, Service::FormalLoss, &input.functions)),
        "loss_report" => {
            let person = input.person(rules);
            let facts = loss::Facts { outlet: &outlet_id, clerk: &clerk, at, person: &person };
            let all = [Function::SocialSecurity, Function::Bank];
            let functions = if input.functions.is_empty() { all.as_slice() } else { &input.functions };
            match loss::report(rules, facts, functions) {
                // What the customer is told in any case is told in every allowed one too.
                Ok(report) if input.tail => report.told,
                Ok(report) => report.told.into_iter().filter(|told| told.code != Code::EcardSameStatus).collect(),
                Err(messages) => messages,
            }
        }
        "loss_release" => {
            let person = input.person(rules);
            let facts = loss::Facts { outlet: &outlet_id, clerk: &clerk, at, person: &person };
            let tapped =
                if input.another_card { CardImage { card_no: CardNo::new("9999000000000033"), ..card.clone() } } else { card.clone() };
            many(loss::release(rules, facts, &tapped).map(|_| ()))
        }
        "told" => told(rules, service(&row.service), input).0,
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

fn at_ten() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_485_600, 0).unwrap_or_else(|| panic!("a moment"))
}

/// Runs a guidance case as the window does, up to what it tells: its messages, or the answer to what the customer asks
/// for; and the figures on the screen.
fn told(rules: &RuleSet, service: Service, input: &Input) -> (Vec<Message>, Vec<(String, String)>) {
    let outlet = input.outlet();
    let operator = OperatorId::new(CLERK);
    let header = CaseHeader {
        id: Id128([7; 16]),
        number: CaseNumber::new("DEMO20261124W0310001"),
        service,
        programme: rules.programme.clone(),
        rule_set: rules.version.clone(),
        cell: CellId::new("test"),
        outlet,
        window: WindowId::new("W03"),
        device: DeviceId::new("desk-1"),
        operator: operator.clone(),
        opened_at: at_ten(),
        line: input.line(),
    };
    let cx = Cx {
        header: &header,
        rules,
        now: at_ten(),
        operator: &operator,
        terminal: "999900000001",
        sequence: 1,
        till: Fen(50_000),
        paid_out: Fen::ZERO,
        blanks: 20,
        accepted: 0,
        online: !input.offline,
        clock_trusted: true,
        card_in_field: None,
    };
    let mut case = Case::open(service);
    let inquiry = if service == Service::FirstIssue {
        Inquiry::FirstIssue
    } else if service == Service::SmsDiagnosis {
        Inquiry::Codes
    } else {
        Inquiry::Functions
    };
    let step = |case: Case, input: Answer| -> Result<Case, Message> {
        let fact = case.decide(CaseInput::Answer(input), &cx)?;
        if let Fact::TreeAnswered { leads: Leads::Refer { message }, .. } = &fact {
            return Err(message.clone());
        }
        case.apply(fact).map_err(|misplaced| panic!("{misplaced:?}"))
    };
    if service == Service::TemporaryLoss {
        let opening = input.ask.as_deref().and_then(|ask| ask.strip_prefix("opening."));
        match step(case, Answer::Choose { option: opening.unwrap_or("status").to_owned() }) {
            Ok(next) => case = next,
            Err(message) => return (vec![message], Vec::new()),
        }
        if opening.is_some() {
            return (Vec::new(), Vec::new());
        }
    }
    let role = if service == Service::SmsDiagnosis { "guardian" } else { "holder" };
    let number = document::check("320500201503150012", NumberFormat::ResidentId, cx.today()).unwrap_or_else(|m| panic!("{m:?}"));
    let papers = Papers { number, expiry: None, original: true, page: true, relation: None, agent: None, read: false };
    for given in [
        IdentityFact::Role { applicant: role.into() },
        IdentityFact::Document { document: "resident_id".into() },
        IdentityFact::Papers { papers: Box::new(papers) },
    ] {
        case = case.apply(Fact::Identity { given }).unwrap_or_else(|misplaced| panic!("{misplaced:?}"));
    }
    let mut person = input.person(rules);
    if service == Service::FirstIssue && input.cards.is_none() {
        person.cards.clear();
    }
    let heard = Outcome::Inquired { person: Box::new(person), found: input.found(inquiry) };
    let fact = match case.decide(CaseInput::Outcome(heard), &cx) {
        Ok(Fact::Refused { message }) | Err(message) => return (vec![message], Vec::new()),
        Ok(fact) => fact,
    };
    let Fact::PersonKnown { terms: PersonTerms::Guidance(terms), .. } = &fact else { panic!("{fact:?}") };
    let terms = terms.clone();
    let Some(ask) = &input.ask else {
        return (terms.says, terms.figures);
    };
    let case = case.apply(fact).unwrap_or_else(|misplaced| panic!("{misplaced:?}"));
    let answer = step(case, Answer::Choose { option: ask.clone() });
    (answer.err().into_iter().collect(), terms.figures)
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
    let input = Input { at: row.at.clone(), ..Input::default() };
    let text = match row.text.as_str() {
        "hotlines" => {
            let lines: Vec<String> = rules
                .hotlines
                .iter()
                .filter(|hotline| hotline.rule == row.rule)
                .map(|hotline| format!("{} {}", hotline.label, hotline.phone))
                .collect();
            lines.join("\n")
        }
        "explain" => explain::text(rules),
        "outlets" => {
            let referred = hours::offered(rules, Service::ReissueLost, &OutletId::new("NOWHERE"), input.at());
            referred.err().map_or_else(String::new, |message| rules.wording(&message).text)
        }
        name => match name.strip_prefix("screen.") {
            Some(capability) => {
                let (_, figures) = told(rules, service(capability), &input);
                figures.iter().map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join("\n")
            }
            None => rules.text(name).join("\n"),
        },
    };
    let mut rest = text.as_str();
    for part in &row.says {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return Some(format!("{}: {} does not say “{part}” there: {text}", row.rule, row.text)),
        }
    }
    row.omits.iter().find(|part| text.contains(part.as_str())).map(|part| format!("{}: {} says “{part}”: {text}", row.rule, row.text))
}

/// What is missing of a rule that another crate enforces: the code cites it, and the named test provokes the code.
fn unproved(rules: &RuleSet, row: &Elsewhere) -> Option<String> {
    let code = *Code::ALL.iter().find(|code| code.as_str() == row.expect)?;
    let message = rules.message(None, code);
    if message.rule.as_ref().is_none_or(|rule| rule.id != row.rule || rule.phrase.is_empty()) {
        return Some(format!("{}: {} cites {:?}", row.rule, row.expect, message.rule));
    }
    let path = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), row.file);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let body = text.split_once(&format!("fn {}(", row.test)).map_or("", |(_, after)| after.split("\n}\n").next().unwrap_or_default());
    (!body.contains(&format!("Code::{code:?}")))
        .then(|| format!("{}: {} in {} does not provoke {}", row.rule, row.test, row.file, row.expect))
}

pub fn read_table() -> Table {
    let path = format!("{}/../../tests/rules.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}", error.message()))
}

#[test]
fn every_rule_refuses_its_violating_input_and_passes_its_allowed_one() {
    let table = read_table();
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
    for row in &table.elsewhere {
        *rules_run.entry(&row.rule).or_default() += 1;
        faults.extend(unproved(support::programme(&sets, &row.programme), row));
    }
    let of_files: BTreeSet<&str> =
        sets.all().iter().flat_map(|set| set.rules.keys()).map(String::as_str).filter(|rule| rule.starts_with("R-")).collect();
    let without: Vec<&&str> = of_files.iter().filter(|rule| !rules_run.contains_key(**rule)).collect();
    eprintln!(
        "rows run = {} of {}, refused {violating} inputs, allowed {allowed} inputs, informing {}",
        of_files.len() - without.len(),
        of_files.len(),
        table.informs.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(without.is_empty(), "rules without a row: {without:?}");
    let foreign: Vec<&&str> = rules_run.keys().filter(|rule| rule.starts_with("R-") && !of_files.contains(**rule)).collect();
    assert!(foreign.is_empty(), "rows of rules that no file holds: {foreign:?}");
}
