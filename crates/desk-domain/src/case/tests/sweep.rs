//! Every service met with everything that can stand against it: place, hour, line, till, card, record, paper, answer. Each
//! case runs through the same three functions as at the window, one circumstance changed at a time; what it was refused
//! with is collected and listed in `docs/services.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    begin,
    inquiry::{Delivery, Sent},
};

/// What comes of an effect, given what would come of it on an ordinary day.
type Outside = dyn Fn(&Effect, Outcome) -> Outcome;

/// One thing that is different from an ordinary day.
struct Change {
    name: String,
    stage: Box<dyn Fn(&mut Table)>,
    outside: Box<Outside>,
    /// Which question of the case is answered otherwise, counted from nought, and how.
    answer: Option<(usize, Answer)>,
    /// Another document than the ordinary one: its kind, number and end of validity.
    document: Option<(&'static str, &'static str, &'static str)>,
    /// A code of the other side, no answer of the case's own.
    brings: Option<Code>,
}

impl Change {
    fn none(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            stage: Box::new(|_| {}),
            outside: Box::new(|_, outcome| outcome),
            answer: None,
            document: None,
            brings: None,
        }
    }

    fn document(kind: &'static str, number: &'static str, expiry: &'static str) -> Self {
        Self { document: Some((kind, number, expiry)), ..Self::none(format!("{kind} {number} {expiry}").trim_end().to_owned()) }
    }

    /// What is answered to a question where this is different.
    fn answered(&self, question: &Question, willing: Answer) -> Answer {
        let Some((kind, number, expiry)) = self.document else { return willing };
        match (&question.ask, willing) {
            (question::Ask::Choice { options }, _) if options.iter().any(|option| option.id == kind) => {
                Answer::Choose { option: kind.to_owned() }
            }
            (_, Answer::Fill { values }) => Answer::Fill {
                values: values
                    .into_iter()
                    .map(|(id, old)| match id.as_str() {
                        "number" => (id, number.to_owned()),
                        "expiry" if !expiry.is_empty() => (id, expiry.to_owned()),
                        _ => (id, old),
                    })
                    .collect(),
            },
            (_, willing) => willing,
        }
    }

    fn stage(name: impl Into<String>, stage: impl Fn(&mut Table) + 'static) -> Self {
        Self { stage: Box::new(stage), ..Self::none(name) }
    }

    fn outside(name: impl Into<String>, outside: impl Fn(&Effect, Outcome) -> Outcome + 'static) -> Self {
        Self { outside: Box::new(outside), ..Self::none(name) }
    }

    /// The centre's record of every card that is heard of.
    fn record(name: impl Into<String>, change: impl Fn(&mut CardFacts) + 'static) -> Self {
        Self::outside(name, move |_, mut outcome| {
            if let Outcome::CardFound { card } = &mut outcome {
                change(card);
            } else if let Outcome::PersonFound { person } | Outcome::Inquired { person, .. } = &mut outcome {
                person.cards.iter_mut().for_each(&change);
            }
            outcome
        })
    }

    fn holder(name: impl Into<String>, change: impl Fn(&mut PersonFacts) + 'static) -> Self {
        Self::outside(name, move |_, mut outcome| {
            if let Outcome::PersonFound { person } | Outcome::Inquired { person, .. } = &mut outcome {
                change(person);
            }
            outcome
        })
    }

    fn inquired(name: impl Into<String>, change: impl Fn(&mut Inquired) + 'static) -> Self {
        Self::outside(name, move |_, mut outcome| {
            if let Outcome::Inquired { found, .. } = &mut outcome {
                change(found);
            }
            outcome
        })
    }

    /// The card that is laid down.
    fn card(name: impl Into<String>, change: impl Fn(&mut CardImage) + 'static) -> Self {
        Self::stage(name, move |table| change(&mut table.on_reader))
    }

    fn purse(name: impl Into<String>, change: impl Fn(&mut PurseImage) + 'static) -> Self {
        Self::card(name, move |card| {
            if let Some(purse) = &mut card.purse {
                change(purse);
            }
        })
    }

    /// What comes of an effect of this name.
    fn comes(name: impl Into<String>, effect: &'static str, instead: Outcome) -> Self {
        let brings = if let Outcome::Refused { message } = &instead { Some(message.code) } else { None };
        let change = Self::outside(name, move |asked, outcome| if asked.name() == effect { instead.clone() } else { outcome });
        Self { brings, ..change }
    }
}

/// What a run was told, and how it ended.
struct Run {
    codes: BTreeSet<Code>,
    end: Option<Ending>,
    waits: bool,
    asked: Vec<Question>,
}

/// Every code in a fact, wherever it stands.
fn codes_of(value: &serde_json::Value, into: &mut BTreeSet<Code>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if name == "code"
                    && let Ok(code) = serde_json::from_value::<Code>(value.clone())
                {
                    into.insert(code);
                }
                codes_of(value, into);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| codes_of(item, into)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::String(_) => {}
    }
}

fn codes_in(message: &Message, into: &mut BTreeSet<Code>) {
    into.insert(message.code);
    message.also.iter().for_each(|also| codes_in(also, into));
}

fn run(mut table: Table, change: &Change) -> Run {
    (change.stage)(&mut table);
    let mut found = Run { codes: BTreeSet::new(), end: None, waits: false, asked: Vec::new() };
    let here = begin::Here { outlet: &table.header.outlet, at: context::local(table.now), line: table.header.line, beyond_hours: false };
    let against = begin::against(&table.rules, table.header.service, here);
    against.iter().for_each(|message| codes_in(message, &mut found.codes));
    if let Some(message) = against.into_iter().find(begin::stops) {
        found.end = Some(Ending::Refused { message });
        return found;
    }
    let mut stubborn = 0;
    for _ in 0..80 {
        let input = match table.next() {
            Next::Ended(ending) => {
                if let Ending::Refused { message } | Ending::Referred { message } | Ending::Suspended { message } = &ending {
                    codes_in(message, &mut found.codes);
                }
                if let Some(remark) = table.case.picture().remark {
                    codes_in(&remark, &mut found.codes);
                }
                found.end = Some(ending);
                break;
            }
            Next::Do(effect) if effect.needs_line() && !table.online => {
                Input::Outcome(Outcome::Failed { message: Message::new(Code::CentreUnreachable) })
            }
            Next::Do(effect) => Input::Outcome((change.outside)(&effect, table.well(&effect))),
            Next::Ask(question) if question.ask == question::Ask::WaitForLine => {
                found.waits = true;
                break;
            }
            Next::Ask(question) => {
                let other = change.answer.as_ref().filter(|(at, _)| *at == found.asked.len() && stubborn == 0);
                let answer = other.map_or_else(|| change.answered(&question, table.willing(&question)), |(_, answer)| answer.clone());
                if stubborn == 0 {
                    found.asked.push(question);
                }
                Input::Answer(answer)
            }
        };
        match table.step(input) {
            Ok(fact) => {
                stubborn = 0;
                found.codes.extend(fact.code());
                codes_of(&serde_json::to_value(&fact).unwrap(), &mut found.codes);
            }
            Err(message) => {
                codes_in(&message, &mut found.codes);
                // Asked again, it gets the ordinary answer; what stays a no ends the run.
                stubborn += 1;
                if stubborn > 1 {
                    break;
                }
            }
        }
    }
    found
}

fn statuses() -> Vec<(&'static str, CardStatus)> {
    vec![
        ("in stock", CardStatus::Stock),
        ("lost", CardStatus::Lost),
        ("blacklisted", CardStatus::Blacklisted),
        ("replaced", CardStatus::Replaced { by_tail: "7777".to_owned() }),
        ("closed", CardStatus::Closed),
    ]
}

/// What may be different whatever the service is.
fn circumstances() -> Vec<Change> {
    let at = |text: &str| -> DateTime<Utc> { format!("{text}:00+08:00").parse().unwrap() };
    let mut all = vec![
        Change::none("an ordinary day"),
        Change::stage("an outlet without the service", |table| table.header.outlet = OutletId::new("NOWHERE")),
        Change::stage("the line is down", |table| {
            table.header.line = LineMode::Offline;
            table.online = false;
        }),
        Change::stage("the line is down and the list is full", |table| {
            table.header.line = LineMode::Offline;
            table.online = false;
            table.accepted = u32::MAX;
        }),
        Change::stage("the clock is not to be trusted", |table| table.clock_trusted = false),
        Change::stage("an empty till", |table| table.till = Fen::ZERO),
        Change::stage("a full till", |table| table.till = table.rules.till.most),
        Change::stage("no blank card", |table| table.blanks = 0),
        Change::stage("the clerk is the holder", |table| table.header.operator = OperatorId::new("4001")),
        Change::stage("a supervisor's own case", |table| table.header.operator = OperatorId::new("2001")),
        Change::stage("the card lies on the reader", |table| {
            let card = if table.rules.purse.is_some() { card(Some(3650)) } else { card(None) };
            table.in_field = Some(card);
        }),
        Change::card("another programme's card", |laid| *laid = if laid.purse.is_some() { card(None) } else { card(Some(3650)) }),
        Change::card("a card that was never made", |laid| *laid = blank()),
        Change::card("another card of the programme", |laid| laid.card_no = CardNo::new("9999000000009999")),
        Change::card("an unknown issuer", |laid| laid.issuer = "FFFFFFFFFFFFFFFF".to_owned()),
        Change::card("a senior's card", |laid| laid.holder_class = 3),
        Change::card("not a pupil's card", |laid| laid.holder_class = 1),
        Change::card("validated to the end", |laid| laid.valid_until = "2026-11-30".parse().ok()),
        Change::card("validity far ahead", |laid| laid.valid_until = "2031-01-31".parse().ok()),
        Change::card("no purse", |laid| laid.purse = None),
        Change::purse("an empty purse", |purse| purse.balance = Fen::ZERO),
        Change::purse("an overdrawn purse", |purse| purse.balance = Fen(-250)),
        Change::purse("a full purse", |purse| purse.balance = Fen(100_000)),
        Change::purse("a large balance", |purse| purse.balance = Fen(48_000)),
        Change::purse("a trip that was not ended", |purse| purse.incomplete_trip = true),
        Change::purse("a purse that only blocks", |purse| purse.refund_method = RefundMethod::BlockThenBackOffice),
        Change::record("transit never opened", |facts| facts.transit_open = false),
        Change::record("sold today", |facts| facts.issued_on = "2026-11-24".parse().unwrap()),
        Change::record("ten years old", |facts| facts.issued_on = "2016-11-20".parse().unwrap()),
        Change::record("nearly ten years old", |facts| facts.issued_on = "2017-01-05".parse().unwrap()),
        Change::record("held in suspense", |facts| facts.suspended_by = Some("DEMO20261123W0310001".to_owned())),
        Change::record("no longer entitled", |facts| facts.entitled = false),
        Change::record("begun by another clerk", |facts| {
            facts.booked.iter_mut().for_each(|movement| movement.operator = OperatorId::new("1002"));
        }),
        Change::record("begun yesterday", |facts| facts.booked.iter_mut().for_each(|movement| movement.at -= TimeDelta::days(1))),
        Change::record("begun and never confirmed", |facts| facts.booked.iter_mut().for_each(|movement| movement.stands = Stands::Open)),
        Change::record("nothing on the books", |facts| facts.booked.clear()),
        Change::record("ridden with since", |facts| {
            let before = facts.booked.iter_mut().filter_map(|movement| movement.before.as_mut());
            before.for_each(|purse| purse.offline_counter -= 1);
        }),
        Change::record("money seen at last", |facts| facts.last_balance = Some(Fen(100))),
        Change::stage("a holiday whose hours are not known yet", |table| {
            table.header.outlet = OutletId::new("GJX");
            table.now = "2026-10-01T10:00:00+08:00".parse().unwrap();
        }),
        Change::holder("has a card", |person| person.cards = vec![facts_of(&card(None), &rules(EDUCATION))]),
        Change::holder("no card", |person| person.cards.clear()),
        Change::holder("a pupil of Hong Kong, Macau or Taiwan", |person| person.class = HolderClass::Hmt),
        Change::holder("a foreign pupil", |person| person.class = HolderClass::Foreign),
        Change::holder("an order of another channel", |person| person.open_order = Some("WX0001".to_owned())),
        Change::holder("no phone on record", |person| person.guardian_phone = None),
        Change::holder("reset often", |person| person.recent_resets = 9),
        Change::holder("left the school", |person| person.entitled = false),
        Change::holder("works at this counter", |person| person.staff = Some(OperatorId::new("1001"))),
        Change::holder("no number on record", |person| person.initial_password = InitialPassword::NoIdOnRecord),
        Change::holder("no E-card number", |person| person.initial_password = InitialPassword::NoEcardNumber),
        Change::holder("a grown-up", |person| person.birth = "1980-01-01".parse().ok()),
        Change::comes("the right is claimed elsewhere", "reserve", Outcome::Refused { message: Message::new(Code::RightReserved) }),
        Change::comes("the centre says no at the end", "confirm", Outcome::Refused { message: Message::new(Code::ClaimConflict) }),
        Change::comes("social security has not followed", "confirm", Outcome::Refused { message: Message::new(Code::LossNotSynced) }),
        Change::comes("the release is not shown yet", "confirm", Outcome::Refused { message: Message::new(Code::ReleaseNotSynced) }),
        Change::comes("the move is not shown yet", "confirm", Outcome::Refused { message: Message::new(Code::HrMigrationPending) }),
        Change::comes("the card was taken away", "write_card", Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } }),
        Change::comes("the printer is out of paper", "print", Outcome::Failed { message: Message::new(Code::PrinterMissing) }),
        Change::comes("the old card answers", "try_card", Outcome::CardTried { failed: None }),
        Change::outside("the card moved on in the middle", |effect, outcome| {
            if matches!(effect, Effect::WriteCard { .. } | Effect::ResolveWrite { .. }) {
                Outcome::Write { end: WriteEnd::Unknown { evidence: TearEvidence::MovedOn { seen: card(Some(100)) } } }
            } else {
                outcome
            }
        }),
        Change::outside("another card in the middle", |effect, outcome| {
            if matches!(effect, Effect::WriteCard { .. }) {
                Outcome::Write { end: WriteEnd::WrongCard { expected_tail: "0101".to_owned(), seen_tail: "0102".to_owned() } }
            } else {
                outcome
            }
        }),
        Change::outside("nothing is known of the slip", |effect, outcome| {
            if matches!(effect, Effect::FindOwed { .. }) {
                Outcome::Refused { message: Message::new(Code::PayoutUnknown) }
            } else {
                outcome
            }
        }),
        Change::outside("not cleared yet", |_, mut outcome| {
            if let Outcome::OwedFound { owed } = &mut outcome {
                owed.cleared = None;
                owed.from = "2026-12-01".parse().unwrap();
            }
            outcome
        }),
        Change::outside("clearing found nothing", |_, mut outcome| {
            if let Outcome::OwedFound { owed } = &mut outcome {
                owed.cleared = Some(Fen::ZERO);
            }
            outcome
        }),
        Change::inquired("books are still lent", |found| {
            if let Inquired::Closing { loans } = found {
                *loans = 2;
            }
        }),
        Change::inquired("a photo is on file", |found| {
            if let Inquired::Orders { photo_on_file, .. } = found {
                *photo_on_file = true;
            }
        }),
        Change::inquired("no order", |found| {
            if let Inquired::Orders { orders, .. } = found {
                orders.clear();
            }
        }),
        Change::inquired("an order in production", |found| {
            if let Inquired::Orders { orders, .. } = found {
                *orders = vec![OrderFacts {
                    number: CentreNumber::new("R9"),
                    wish: Wish::Exchange,
                    state: Progress::InProduction { ready_on: "2026-12-20".parse().unwrap() },
                    ordered_on: "2026-11-20".parse().unwrap(),
                }];
            }
        }),
        Change::inquired("an order on its way", |found| {
            if let Inquired::Orders { orders, .. } = found {
                orders.iter_mut().for_each(|order| order.state = Progress::Sent { tracking: "SF0001".to_owned() });
            }
        }),
        Change::inquired("an order that went back to the centre", |found| {
            if let Inquired::Orders { orders, .. } = found {
                orders.iter_mut().for_each(|order| order.state = Progress::SentBack { on: "2026-11-20".parse().unwrap() });
            }
        }),
    ];
    for (kind, number, expiry) in [
        ("resident_id", "34052419800101001X", "20261123"),
        ("temporary_id", "34052419800101001X", "20270201"),
        ("temporary_id", "34052419800101001X", "20261123"),
        ("household_register", "320500201503150012", ""),
        ("household_register", "34052419800101001X", ""),
        ("passport", "E12345678", "20300101"),
        ("passport", "E12345678", "20260101"),
        ("foreign_residence", "911124198108030024", "20300101"),
        ("hmt_permit", "H12345678", "20300101"),
        ("hmt_residence", "810000199408230021", "20300101"),
    ] {
        all.push(Change::document(kind, number, expiry));
    }
    for (name, when) in [
        ("a Saturday", "2026-11-28 10:00"),
        ("a Sunday", "2026-11-29 10:00"),
        ("a public holiday", "2026-10-01 10:00"),
        ("at noon", "2026-11-24 12:30"),
        ("at night", "2026-11-24 21:00"),
        ("a year without a holiday list", "2031-05-01 10:00"),
    ] {
        let when = at(&when.replace(' ', "T"));
        all.push(Change::stage(name, move |table| table.now = when));
    }
    for outlet in ["GJX", "XH", "PXZX"] {
        all.push(Change::stage(format!("the outlet {outlet}"), move |table| table.header.outlet = OutletId::new(outlet)));
    }
    for (name, status) in statuses() {
        all.push(Change::record(format!("the card is {name}"), move |facts| facts.status = status.clone()));
    }
    let bank = |bank: &str| LossChannel::Bank { bank: bank.to_owned() };
    let hotline = LossChannel::Hotline { line: "social_security".to_owned() };
    for (name, state) in [
        ("normal", FunctionState::Normal),
        ("never opened", FunctionState::NotOpened),
        ("closed", FunctionState::Closed),
        ("lost for now", FunctionState::TemporaryLoss { channel: hotline.clone(), since: ten(), until: Some(ten() + TimeDelta::days(3)) }),
        ("lost by hotline", FunctionState::FormalLoss { channel: hotline, since: ten() }),
        ("lost by another bank", FunctionState::FormalLoss { channel: bank("bank.CCB"), since: ten() }),
        ("lost online", FunctionState::FormalLoss { channel: LossChannel::Online, since: ten() }),
        ("lost here", FunctionState::FormalLoss { channel: bank("bank.ICBC"), since: ten() }),
    ] {
        for function in [Function::SocialSecurity, Function::Bank] {
            let state = state.clone();
            all.push(Change::record(format!("{} is {name}", function.label()), move |facts| {
                facts.functions.iter_mut().filter(|known| known.function == function).for_each(|known| known.state = state.clone());
            }));
        }
    }
    all.push(Change::record("another bank's card", |facts| {
        facts.functions.iter_mut().filter(|known| known.bank.is_some()).for_each(|known| known.bank = Some("bank.CCB".to_owned()));
    }));
    for state in [
        IssueState::NotSubmitted,
        IssueState::Submitted,
        IssueState::Reminded,
        IssueState::ConfirmExpired,
        IssueState::Rejected,
        IssueState::Confirmed,
        IssueState::Made,
        IssueState::Shipped,
        IssueState::Received,
        IssueState::Active,
    ] {
        all.push(Change::inquired(format!("first issue: {}", state.label()), move |found| {
            if let Inquired::FirstIssue { issue } = found {
                issue.state = state;
            }
        }));
    }
    all.push(Change::inquired("first issue: overdue", |found| {
        if let Inquired::FirstIssue { issue } = found {
            issue.received_on = "2026-06-01".parse().ok();
        }
    }));
    all.push(Change::inquired("first issue: of no class", |found| {
        if let Inquired::FirstIssue { issue } = found {
            issue.class = None;
        }
    }));
    for delivery in [Delivery::Pending, Delivery::Delivered, Delivery::Failed, Delivery::Blocked, Delivery::NoSuchNumber] {
        for today in [1, 5] {
            all.push(Change::inquired(format!("the code was {}, {today} today", delivery.label()), move |found| {
                if let Inquired::Codes { codes } = found {
                    codes.last = Some(Sent { at: ten() - TimeDelta::seconds(30), delivery });
                    codes.today = today;
                }
            }));
        }
    }
    all
}

/// Other things to type than what is wanted.
fn mistyped(kind: question::FieldKind) -> &'static [&'static str] {
    match kind {
        question::FieldKind::IdNumber => {
            &["", "３２０５", "320500201503150011", "320500201502300015", "32050019840101001X", "A", "340524198001010011"]
        }
        question::FieldKind::CardNumber => &["", "12", "9999000000009999", "ABC"],
        question::FieldKind::Digits => &["", "0", "abc", "１２３４５６７", "999999"],
        question::FieldKind::Amount => &["", "0", "-1", "1.234", "99999999", "1", "abc"],
        question::FieldKind::Date => &["", "20200101", "20261301", "abc"],
        question::FieldKind::Text => &["", "6222020200012345678", "x"],
        question::FieldKind::Password => &["", "0"],
        question::FieldKind::Choice => &["", "nothing of the list"],
        question::FieldKind::Tick => &["", "true"],
    }
}

/// Everything else that could be answered to what the case asked on its ordinary way.
fn otherwise(table: &Table, asked: &[Question]) -> Vec<Change> {
    let mut all = Vec::new();
    for (at, question) in asked.iter().enumerate() {
        let mut answers = vec![Answer::Cancel, Answer::Act, Answer::Go];
        match &question.ask {
            question::Ask::Choice { options } => {
                answers.extend(options.iter().map(|option| Answer::Choose { option: option.id.clone() }));
                answers.push(Answer::Choose { option: "nothing of the list".to_owned() });
            }
            question::Ask::Form { fields, .. } => {
                let Answer::Fill { values } = table.willing(question) else { continue };
                for field in fields {
                    let options = field.options.iter().map(|option| option.id.as_str());
                    for typed in mistyped(field.kind).iter().copied().chain(options) {
                        let changed =
                            |(id, old): &(String, String)| (id.clone(), if *id == field.id { typed.to_owned() } else { old.clone() });
                        answers.push(Answer::Fill { values: values.iter().map(changed).collect() });
                    }
                }
                answers.push(Answer::Fill { values: Vec::new() });
            }
            question::Ask::Authorise { amount, .. } => {
                for (by, amount) in [("1001", *amount), ("2001", Fen(1))] {
                    answers.push(Answer::Authorised { by: OperatorId::new(by), number: CentreNumber::new("A1"), amount });
                }
            }
            question::Ask::Go { .. } | question::Ask::Act { .. } | question::Ask::WaitForLine => {}
        }
        all.extend(answers.into_iter().map(|answer| Change { answer: Some((at, answer)), ..Change::none(question.id.clone()) }));
    }
    all
}

/// Without the line: A goes through, B and C are put on the list, D is not begun.
fn class(run: &Run) -> &'static str {
    match &run.end {
        Some(Ending::Done | Ending::Referred { .. }) => "A",
        Some(Ending::Refused { .. } | Ending::Cancelled | Ending::Withdrawn | Ending::Suspended { .. }) => "D",
        None if run.waits => "C",
        None => "stuck",
    }
}

/// What the catalogue of services says of one: how it stands without the line, and which answers it names. The hotline
/// takes a password reset over while the line is down; validation without the issuer's keys is sent to the machines.
fn catalogue(service: Service) -> (&'static str, &'static str) {
    match service {
        Service::CardQuery => ("A", "PROFILE_MISMATCH"),
        Service::FirstIssue => (
            "A",
            "NOT_SUBMITTED NOT_CONFIRMED CONFIRM_ONLY_WECHAT CONFIRM_WINDOW_CLOSED IN_PRODUCTION PRODUCTION_OVERDUE CARD_ON_ITS_WAY \
             NOT_ELIGIBLE_FIRST_ISSUE ACTIVE_CARD_EXISTS NOT_AT_COUNTER",
        ),
        Service::Application => (
            "C",
            "AGENT_BOTH_ORIGINALS PROVINCIAL_CARD_EXISTS FORMAL_LOSS_FIRST REFUND_FIRST PHOTO_REQUIRED PHOTO_ON_FILE PHOTO_CLOTHES \
             PHOTO_GLASSES PHOTO_QUALITY CONSENT_REQUIRED BANK_NOT_COOPERATING NO_CHANGE_NEEDED REFER_DESTINATION REISSUE_IN_PROGRESS \
             HUKOU_NOT_ACCEPTED DOC_EXPIRED DOC_FOR_FOREIGNERS_ONLY DOC_FOR_HMT_ONLY ID_CHECKSUM ID_BIRTH_INVALID ID_EXPIRED TEMP_ID_EXPIRED \
             ORIGINAL_REQUIRED BENEFIT_WARNING SELF_SERVICE_FORBIDDEN OFFLINE_ACCEPTED OFFLINE_LIMIT",
        ),
        Service::ReissueLost => (
            "C",
            "REISSUE_IN_PROGRESS CARD_IS_PRESENT STOCK_EMPTY COURIER_NOT_SELECTED NO_LONGER_ENTITLED APPLICANT_NOT_ALLOWED DOC_NOT_ACCEPTED ID_CHECKSUM \
             ID_EXPIRED ORIGINAL_REQUIRED OUTLET_NOT_AUTHORIZED OUTSIDE_HOURS HOLIDAY_NOTICE_NEEDED WRITE_UNKNOWN CARD_NOT_BLANK \
             CASH_TENDERED_SHORT SELF_SERVICE_FORBIDDEN OFFLINE_ACCEPTED OFFLINE_LIMIT",
        ),
        Service::ReplaceDamaged => {
            ("C", "OLD_CARD_REQUIRED REASON_REQUIRED REISSUE_IN_PROGRESS STOCK_EMPTY WRITE_UNKNOWN OFFLINE_ACCEPTED")
        }
        Service::ReplaceFaulty => ("C", "QUALITY_NOT_PROVEN CAUSE_CONFLICT OLD_CARD_REQUIRED STOCK_EMPTY WRITE_UNKNOWN OFFLINE_ACCEPTED"),
        Service::RefundReadable => (
            "C",
            "DIRECT_OUTLET_ONLY OVERDRAFT_FIRST INCOMPLETE_TRIP PURSE_EMPTY TRANSIT_NOT_OPENED PURSE_SOLD_TODAY CARD_BLACKLISTED \
             CARD_REPLACED PROFILE_MISMATCH RIGHT_RESERVED TILL_SHORT WRITE_UNKNOWN WRONG_CARD CARD_PULLED CASE_SUSPENDED \
             OFFLINE_ACCEPTED OFFLINE_LIMIT",
        ),
        Service::RefundUnreadable => (
            "C",
            "CARD_NO_ILLEGIBLE CARD_READABLE DIRECT_OUTLET_ONLY RIGHT_RESERVED SELF_AUTH_FORBIDDEN AUTHORISATION_REFUSED OFFLINE_ACCEPTED",
        ),
        Service::RefundDue => ("D", "PAYOUT_UNKNOWN PAYOUT_NOT_READY DIRECT_OUTLET_ONLY TILL_SHORT OFFLINE_NOT_ACCEPTED"),
        Service::TopUp => {
            ("D", "PURSE_CAP ONLINE_ONLY AMOUNT_INVALID CARD_BLACKLISTED CARD_REPLACED TILL_FULL WRITE_UNKNOWN WRONG_CARD CASE_SUSPENDED")
        }
        Service::Rewrite => ("D", "REWRITE_NOT_ALLOWED ONLINE_ONLY CARD_BLACKLISTED CARD_REPLACED WRITE_UNKNOWN WRONG_CARD"),
        Service::Reversal => (
            "D",
            "REVERSAL_FORBIDDEN REVERSAL_NOT_LATEST REVERSAL_NOT_OWN REVERSAL_NOT_SAME_DAY CARD_MOVED_ON TILL_SHORT SELF_AUTH_FORBIDDEN \
             AUTHORISATION_REFUSED WRITE_UNKNOWN WRONG_CARD CASE_SUSPENDED CARD_BLACKLISTED OFFLINE_NOT_ACCEPTED",
        ),
        Service::Validation => (
            "D",
            "ALREADY_VALIDATED VALIDITY_AHEAD CLOCK_UNTRUSTED NOT_STUDENT_CARD NO_LONGER_ENTITLED CARD_BLACKLISTED OFFLINE_VALIDATION",
        ),
        Service::TemporaryLoss => ("A", "TRANSIT_NO_LOSS NO_TRANSIT_PASSWORD REFER_BANK LOSS_BY_FUNCTION FORMAL_LOSS_FIRST"),
        Service::FormalLoss => ("C", "HOLDER_IN_PERSON WRONG_BANK BANK_LOSS_OPEN ECARD_SAME_STATUS LOSS_NOT_SYNCED OFFLINE_ACCEPTED"),
        Service::LossRelease => {
            ("D", "RELEASE_ORIGINAL_CHANNEL RELEASE_FORBIDDEN CARD_NOT_PRESENT HOLDER_IN_PERSON RELEASE_NOT_SYNCED OFFLINE_NOT_ACCEPTED")
        }
        Service::PasswordReset => {
            ("A", "GUARDIAN_REQUIRED TRY_SMS_FIRST PHONE_VIA_SCHOOL NO_ID_ON_RECORD NO_ECARD_NO RESET_TOO_OFTEN OFFLINE_NOT_ACCEPTED")
        }
        Service::GuardianPhone => ("A", "PHONE_VIA_SCHOOL"),
        Service::SmsDiagnosis => (
            "D",
            "CODE_ONLY_TO_REGISTERED CODE_TOO_OFTEN PHONE_VIA_SCHOOL TRY_SMS_FIRST NAME_MISMATCH TRAVEL_DOC_CHANGED OFFLINE_NOT_ACCEPTED",
        ),
        Service::CardReturn => (
            "D",
            "LIBRARY_LOAN_OPEN GUARDIAN_REQUIRED REISSUE_IN_PROGRESS PURSE_SOLD_TODAY WRONG_HOLDER CARD_BLACKLISTED OFFLINE_NOT_ACCEPTED",
        ),
        Service::PickUp => (
            "D",
            "ORDER_UNKNOWN IN_PRODUCTION ORDER_SENT ORDER_SENT_BACK WRONG_CARD FIN_NOT_ACTIVE AGENT_BOTH_ORIGINALS HR_MIGRATION_PENDING OFFLINE_NOT_ACCEPTED",
        ),
        Service::SendAgain => (
            "D",
            "ORDER_UNKNOWN IN_PRODUCTION ORDER_SENT ORDER_SENT_BACK APPLICANT_NOT_ALLOWED SELF_SERVICE_FORBIDDEN OFFLINE_NOT_ACCEPTED",
        ),
        Service::Uncollected => ("D", "OUTSIDE_HOURS OFFLINE_NOT_ACCEPTED"),
        Service::UnitBatch => ("C", "UNIT_DOC_MISSING CONSENT_REQUIRED ID_CHECKSUM OFFLINE_ACCEPTED"),
        Service::BadCard => ("A", "PROFILE_MISMATCH"),
        Service::BlankStock => ("A", "BANK_NO_FORBIDDEN STOCK_DIFF"),
        Service::FoundCard => ("C", "PROFILE_MISMATCH"),
        Service::FoundCardBack => ("D", "LOSS_STANDS WRONG_HOLDER CARD_REPLACED OFFLINE_NOT_ACCEPTED"),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs it decides whether the file is written anew")]
fn every_service_refuses_what_stands_against_it_and_nothing_else() {
    let mut listing = String::from(LISTING);
    let mut faults = Vec::new();
    let (mut runs, mut elicited) = (0, BTreeSet::new());
    for service in Service::ALL.iter().copied() {
        let ordinary = run(Table::new(service, LineMode::Online), &Change::none("an ordinary day"));
        if matches!(ordinary.end, None | Some(Ending::Refused { .. } | Ending::Suspended { .. })) {
            faults.push(format!("{service:?} comes to no good end: {:?}", ordinary.end));
        }
        let table = Table::new(service, LineMode::Online);
        let (stated, answers) = catalogue(service);
        let mut met: BTreeMap<Code, String> = BTreeMap::new();
        for change in circumstances().iter().chain(&otherwise(&table, &ordinary.asked)) {
            runs += 1;
            for code in run(Table::new(service, LineMode::Online), change).codes {
                if change.brings == Some(code) && !answers.split_whitespace().any(|answer| answer == code.as_str()) {
                    continue;
                }
                met.entry(code).or_insert_with(|| change.name.clone());
            }
        }
        let offline = class(&run(Table::new(service, LineMode::Offline), &Change::none("the line is down")));
        if offline != stated {
            faults.push(format!("{service:?} without the line: {offline}, stated {stated}"));
        }
        for answer in answers.split_whitespace() {
            if !met.keys().any(|code| code.as_str() == answer) {
                faults.push(format!("{service:?} never answers {answer}"));
            }
        }
        elicited.extend(met.keys().copied());
        let label = table.rules.service(service).map_or("", |known| known.label.as_str()).to_owned();
        listing.push_str(&format!(
            "\n## {} {label}\n\nWithout the line: {offline}\n\n| Answer | For example |\n| --- | --- |\n",
            service.number()
        ));
        for (code, when) in met.iter().filter(|(code, _)| **code != Code::StaleAnswer) {
            listing.push_str(&format!("| `{}` | {when} |\n", code.as_str()));
        }
    }
    eprintln!("services {}: {runs} circumstances run, {} codes answered", Service::ALL.len(), elicited.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/services.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, &listing).unwrap();
    }
    assert!(std::fs::read_to_string(file).unwrap_or_default() == listing, "docs/services.md is out of date: write it anew with UPDATE=1");
}

const LISTING: &str = "# What a service answers\n
Generated by `UPDATE=1 cargo test --workspace --lib every_service_refuses`: each service is run as a case with \
one circumstance changed at a time; here is every code that it answered, with the first circumstance that brought it (an answer at \
a question bears the question's id). A goes through without the line, C is put on the \
list until it returns, D is not begun.\n";
