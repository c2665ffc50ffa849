//! Cases without a desk: allowed paths, refusals, and random walks that must never pay before the centre confirmed.

mod sweep;

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    application::Wish,
    booked::{Booked, Movement, Stands},
    card::{BlockState, CardData, PurseImage, RefundMethod, TearEvidence, WriteProof},
    centre_act::CentreAct,
    claim::PaidLater,
    code::Code,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{CardNo, Id128, PersonId},
    inquiry::{CodeFacts, IssueClass, IssueFacts, IssueState},
    order::{OrderFacts, Photo, Progress},
    person::{CardStatus, HolderClass, InitialPassword},
    photo,
    posting::{Account, Balanced},
    refund_unreadable::Owed,
    ruleset::{FeeTaken, RuleFile, RuleSet, RuleSets},
    unit::Row,
    unit_batch::{CHECKED_AT_ONCE, Listed, PORTION, UnitRow},
};

const EDUCATION: &str = "suzhou-education";
const PURSE: &str = "changzhou-one-card";

static SETS: LazyLock<RuleSets> = LazyLock::new(|| {
    RuleSets::load(&[
        RuleFile { name: "suzhou-education.toml", text: include_str!("../../../../rules/suzhou-education.toml") },
        RuleFile { name: "changzhou-one-card.toml", text: include_str!("../../../../rules/changzhou-one-card.toml") },
        RuleFile { name: "demonstration.toml", text: include_str!("../../../../rules/demonstration.toml") },
    ])
    .unwrap()
});

fn rules(programme: &str) -> RuleSet {
    SETS.all().iter().find(|set| set.programme.as_str() == programme).unwrap().clone()
}

/// Tuesday 24 November 2026, 10:00 at the counter.
fn ten() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_485_600, 0).unwrap()
}

fn card(balance: Option<i64>) -> CardImage {
    let purse = balance.map(|balance| PurseImage {
        balance: Fen(balance),
        online_counter: 7,
        offline_counter: 40,
        refund_method: RefundMethod::Unload,
        incomplete_trip: false,
    });
    CardImage {
        family: if purse.is_some() { "tunion-unload" } else { "education" }.to_owned(),
        card_no: CardNo::new(if purse.is_some() { "3104999000000000101" } else { "2150999000000001" }),
        issuer: if purse.is_some() { "99993040FFFFFFFF" } else { "99993050FFFFFFFF" }.to_owned(),
        serial: "4999000000000101".to_owned(),
        holder_class: if purse.is_some() { 1 } else { 2 },
        valid_from: None,
        valid_until: if purse.is_some() { None } else { "2026-10-31".parse().ok() },
        purse,
        blank: false,
        log: Vec::new(),
        warnings: Vec::new(),
    }
}

fn blank() -> CardImage {
    CardImage { blank: true, card_no: CardNo::new("0000000000000000"), holder_class: 0, valid_until: None, ..card(None) }
}

fn facts_of(card: &CardImage, rules: &RuleSet) -> CardFacts {
    CardFacts {
        cell: rules.cell.clone(),
        programme: rules.programme.clone(),
        card_no: card.card_no.clone(),
        status: CardStatus::Active,
        issued_on: "2026-01-05".parse().unwrap(),
        transit_open: true,
        suspended_by: None,
        last_balance: None,
        holder: None,
        entitled: true,
        functions: Vec::new(),
        booked: Vec::new(),
    }
}

/// A top-up of 20.00 by the clerk of the case, an hour before; on the card that shows 36.50, or not.
fn top_up(stands: Stands) -> Booked {
    let mut before = card(Some(3_650)).purse.unwrap();
    if stands == Stands::Settled {
        before.balance = Fen(1_650);
        before.online_counter = 6;
    }
    Booked {
        reservation: CentreNumber::new("R0"),
        case: CaseNumber::new("DEMO20261124W0310000"),
        kind: Movement::TopUp,
        amount: Fen(2_000),
        before: Some(before),
        at: ten() - TimeDelta::hours(1),
        outlet: OutletId::new("DEMO"),
        operator: OperatorId::new("1001"),
        stands,
    }
}

fn person(rules: &RuleSet) -> PersonFacts {
    PersonFacts {
        cell: rules.cell.clone(),
        person: PersonId::new("p1"),
        programme: rules.programme.clone(),
        name: "测·试".to_owned(),
        id_tail: "0012".to_owned(),
        birth: "2015-03-15".parse().ok(),
        class: HolderClass::Domestic,
        school: "示例小学".to_owned(),
        cards: vec![facts_of(&card(None), rules)],
        guardian_phone: Some("138****5678".to_owned()),
        open_order: None,
        recent_resets: 0,
        initial_password: InitialPassword::LastSixOfIdNumber,
        entitled: true,
        staff: None,
    }
}

/// Social security and bank, at the counter's own bank.
fn functions(lost: bool) -> Vec<FunctionFacts> {
    let bank = "bank.ICBC".to_owned();
    let state = if lost {
        FunctionState::FormalLoss { channel: LossChannel::Bank { bank: bank.clone() }, since: ten() }
    } else {
        FunctionState::Normal
    };
    [(Function::SocialSecurity, None), (Function::Bank, Some(bank)), (Function::Transit, None)]
        .into_iter()
        .map(|(function, bank)| FunctionFacts {
            function,
            state: if function == Function::Transit { FunctionState::Normal } else { state.clone() },
            bank,
            as_of: ten(),
        })
        .collect()
}

/// What the keepers say when nothing is wrong.
fn found(inquiry: Inquiry) -> Inquired {
    match inquiry {
        Inquiry::Functions => Inquired::Functions,
        Inquiry::FirstIssue => Inquired::FirstIssue {
            issue: IssueFacts {
                state: IssueState::InProduction,
                class: Some(IssueClass::FirstGrade),
                received_on: "2026-11-20".parse().ok(),
                confirm_by: None,
                reminder: None,
                ticket: None,
                as_of: ten(),
            },
        },
        Inquiry::Orders => Inquired::Orders {
            orders: vec![OrderFacts {
                number: CentreNumber::new("R0"),
                wish: Wish::Exchange,
                state: Progress::Ready { card_no: card(Some(3650)).card_no, place: "01".to_owned(), since: "2026-11-15".parse().unwrap() },
                ordered_on: "2026-11-10".parse().unwrap(),
            }],
            photo_on_file: false,
        },
        Inquiry::Closing => Inquired::Closing { loans: 0 },
        Inquiry::Codes => Inquired::Codes { codes: CodeFacts { last: None, today: 0, as_of: ten() } },
    }
}

/// A case with everything around it, and its journal.
struct Table {
    rules: RuleSet,
    header: CaseHeader,
    case: Case,
    journal: Vec<Entry>,
    till: Fen,
    blanks: u32,
    accepted: u32,
    online: bool,
    clock_trusted: bool,
    now: DateTime<Utc>,
    /// What is read when the case asks for a card.
    on_reader: CardImage,
    /// What lay there before.
    in_field: Option<CardImage>,
}

impl Table {
    fn new(service: Service, line: LineMode) -> Self {
        let programme = match service {
            Service::RefundReadable
            | Service::RefundUnreadable
            | Service::RefundDue
            | Service::Application
            | Service::UnitBatch
            | Service::PickUp
            | Service::TopUp
            | Service::Rewrite
            | Service::Reversal
            | Service::TemporaryLoss
            | Service::FormalLoss
            | Service::LossRelease => PURSE,
            Service::CardQuery
            | Service::ReissueLost
            | Service::ReplaceDamaged
            | Service::ReplaceFaulty
            | Service::Validation
            | Service::PasswordReset
            | Service::FirstIssue
            | Service::SmsDiagnosis
            | Service::BadCard
            | Service::BlankStock
            | Service::FoundCard
            | Service::FoundCardBack
            | Service::CardReturn
            | Service::SendAgain
            | Service::Uncollected
            | Service::GuardianPhone => EDUCATION,
        };
        let rules = rules(programme);
        Self {
            header: CaseHeader {
                id: Id128([9; 16]),
                number: CaseNumber::new("DEMO20261124W0310001"),
                service,
                programme: rules.programme.clone(),
                rule_set: rules.version.clone(),
                cell: CellId::new("demo"),
                outlet: OutletId::new("DEMO"),
                window: WindowId::new("W03"),
                device: DeviceId::new("desk-1"),
                operator: OperatorId::new("1001"),
                opened_at: ten(),
                line,
            },
            rules,
            case: Case::open(service),
            journal: Vec::new(),
            till: Fen(50_000),
            blanks: 20,
            accepted: 0,
            online: line == LineMode::Online,
            clock_trusted: true,
            in_field: None,
            now: ten(),
            on_reader: match service {
                Service::RefundReadable
                | Service::RefundUnreadable
                | Service::RefundDue
                | Service::Application
                | Service::UnitBatch
                | Service::PickUp
                | Service::Rewrite
                | Service::Reversal
                | Service::TopUp => card(Some(3650)),
                Service::ReissueLost | Service::ReplaceDamaged | Service::ReplaceFaulty => blank(),
                Service::TemporaryLoss | Service::FormalLoss | Service::LossRelease => card(Some(3650)),
                Service::CardQuery
                | Service::Validation
                | Service::PasswordReset
                | Service::FirstIssue
                | Service::SmsDiagnosis
                | Service::BadCard
                | Service::BlankStock
                | Service::FoundCard
                | Service::FoundCardBack
                | Service::CardReturn
                | Service::SendAgain
                | Service::Uncollected
                | Service::GuardianPhone => card(None),
            },
        }
    }

    fn cx<T>(&self, look: impl FnOnce(&Cx<'_>) -> T) -> T {
        look(&Cx {
            header: &self.header,
            rules: &self.rules,
            now: self.now,
            operator: &self.header.operator,
            terminal: "000000000103",
            sequence: u32::try_from(self.journal.len()).unwrap(),
            till: self.till,
            paid_out: Fen::ZERO,
            blanks: self.blanks,
            accepted: self.accepted,
            online: self.online,
            clock_trusted: self.clock_trusted,
            card_in_field: self.in_field.as_ref(),
        })
    }

    fn next(&self) -> Next {
        self.cx(|cx| self.case.next(cx))
    }

    /// Decides, writes down, lets it be true; checks that the journal makes the same case.
    fn take(&mut self, input: Input) -> Result<Fact, Message> {
        let fact = self.step(input)?;
        let replayed = replay(self.header.service, self.journal.clone()).unwrap();
        assert_eq!(replayed.case, self.case, "the journal makes another case");
        let before = self.next();
        assert_eq!(self.cx(|cx| replayed.case.next(cx)), before);
        Ok(fact)
    }

    fn step(&mut self, input: Input) -> Result<Fact, Message> {
        let fact = self.cx(|cx| self.case.decide(input, cx))?;
        let text = serde_json::to_string(&Entry::Fact { fact: fact.clone() }).unwrap();
        self.journal.push(serde_json::from_str(&text).unwrap());
        for line in fact.postings().lines() {
            if matches!(line.account, Account::Till { .. }) {
                self.till = self.till.plus(line.amount).unwrap();
            }
        }
        self.case = self.case.clone().apply(fact.clone()).unwrap();
        self.now += TimeDelta::seconds(1);
        Ok(fact)
    }

    fn answer(&mut self, answer: Answer) -> Result<Fact, Message> {
        self.take(Input::Answer(answer))
    }

    /// What happens outside when everything goes well.
    fn well(&self, effect: &Effect) -> Outcome {
        match effect {
            Effect::ReadCard { .. } => Outcome::CardRead { card: self.on_reader.clone() },
            Effect::TryCard => Outcome::CardTried { failed: Some(Code::CardMute) },
            Effect::FindPerson { .. } => Outcome::PersonFound { person: Box::new(person(&self.rules)) },
            // An application is for somebody who has no order yet.
            Effect::Inquire { .. } if self.header.service == Service::Application => {
                Outcome::Inquired { person: Box::new(self.holder()), found: Inquired::Orders { orders: Vec::new(), photo_on_file: false } }
            }
            // A parcel that came back.
            Effect::Inquire { .. } if self.header.service == Service::SendAgain => {
                let Inquired::Orders { mut orders, photo_on_file } = found(Inquiry::Orders) else { panic!() };
                orders[0].state =
                    Progress::Returned { card_no: card(None).card_no, place: "01".to_owned(), on: "2026-11-20".parse().unwrap() };
                Outcome::Inquired { person: Box::new(self.holder()), found: Inquired::Orders { orders, photo_on_file } }
            }
            Effect::FindUncollected => Outcome::UncollectedFound { cards: lying() },
            Effect::Inquire { inquiry, .. } => Outcome::Inquired { person: Box::new(self.holder()), found: found(*inquiry) },
            Effect::TakePhoto { .. } => Outcome::PhotoTaken { taken: Box::new(good_photo()) },
            Effect::FindLists => Outcome::ListsFound { lists: vec!["unit.csv".to_owned()] },
            Effect::TakeRows { from, .. } => Outcome::RowsTaken { part: Box::new(self.part(*from)) },
            Effect::SendPhotos { .. } => Outcome::PhotosSent { lost: Vec::new() },
            Effect::SubmitRows { portion, .. } => Outcome::RowsSubmitted { results: results(&portion.rows) },
            Effect::FindCard { .. } => {
                let stands = if self.header.service == Service::Rewrite { Stands::Unknown } else { Stands::Settled };
                let facts = CardFacts { booked: vec![top_up(stands)], ..facts_of(&self.on_reader, &self.rules) };
                Outcome::CardFound { card: Box::new(facts) }
            }
            Effect::FindOwed { .. } => Outcome::OwedFound {
                owed: Box::new(Owed {
                    cell: self.rules.cell.clone(),
                    reservation: CentreNumber::new("R0"),
                    card_no: self.on_reader.card_no.clone(),
                    from: "2026-11-20".parse().unwrap(),
                    cleared: Some(Fen(3650)),
                    held: None,
                }),
            },
            Effect::Reserve { claim, .. } => Outcome::Reserved { reservation: self.reservation(claim) },
            Effect::Release { .. } => Outcome::Released,
            Effect::WriteCard { intent, .. } | Effect::ResolveWrite { intent, .. } => {
                Outcome::Write { end: WriteEnd::Written(written(intent)) }
            }
            Effect::ReportUnknown { .. } => Outcome::Reported,
            Effect::Confirm { .. } => Outcome::Confirmed { number: CentreNumber::new("C1") },
            Effect::Print { .. } => Outcome::Printed { copy: 1 },
        }
    }

    /// Sixty-two rows of which every seventh is faulty.
    fn part(&self, from: u32) -> Part {
        let all: Vec<Row> = (0..ROWS).map(unit_row).collect();
        let repeated = crate::unit::repeats(&self.rules, local(self.now), &all);
        let found = crate::unit::PhotoFile::Found(good_photo().facts);
        let listed = |(row, repeated): (Row, Vec<Message>)| Listed { row, photo: found, sha256: Some("ab".repeat(32)), repeated };
        let from = usize::try_from(from).unwrap();
        Part {
            sha256: "00".to_owned(),
            total: ROWS,
            rows: all.into_iter().zip(repeated).skip(from).take(CHECKED_AT_ONCE).map(listed).collect(),
        }
    }

    /// The person of the case, with the card on the reader and its functions as the service needs them.
    fn holder(&self) -> PersonFacts {
        let mut holder = person(&self.rules);
        let mut card = facts_of(&self.on_reader, &self.rules);
        if self.rules.purse.is_some() {
            card.functions = functions(matches!(self.header.service, Service::LossRelease | Service::Application));
        }
        // Who waits for a first card has none.
        holder.cards = if self.header.service == Service::FirstIssue { Vec::new() } else { vec![card] };
        holder
    }

    fn reservation(&self, claim: &Claim) -> Reservation {
        let programme = self.rules.programme.clone();
        let on_confirm = match claim {
            Claim::PurseRefund { amount, card, .. } if of_back_office(card) => {
                Balanced::transfer(Account::PayoutDue { programme: programme.clone() }, Account::PurseFloat { programme }, *amount)
            }
            Claim::PurseRefund { amount, .. } => {
                Balanced::transfer(Account::RefundPayable { programme: programme.clone() }, Account::PurseFloat { programme }, *amount)
            }
            Claim::TopUp { amount, .. } => {
                Balanced::transfer(Account::PurseFloat { programme: programme.clone() }, Account::TopUpHeld { programme }, *amount)
            }
            Claim::Act { act: CentreAct::PayOut { amount, .. }, .. } => {
                Balanced::transfer(Account::RefundPayable { programme: programme.clone() }, Account::PurseFloat { programme }, *amount)
            }
            Claim::Reversal { amount, .. } => {
                Balanced::transfer(Account::TopUpHeld { programme: programme.clone() }, Account::PurseFloat { programme }, *amount)
            }
            Claim::Rewrite { .. } | Claim::Reissue { .. } | Claim::Validation { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => {
                Balanced::none()
            }
        };
        Reservation {
            number: CentreNumber::new("R1"),
            epoch: "e".to_owned(),
            card_data: matches!(claim, Claim::Reissue { .. }).then(|| CardData {
                card_no: CardNo::new("2150999000007777"),
                holder_class: 2,
                valid_from: "2026-11-24".parse().unwrap(),
                valid_until: "2026-10-31".parse().unwrap(),
            }),
            on_confirm,
            due: matches!(claim, Claim::Act { act: CentreAct::TakeInUnreadable { .. } | CentreAct::Replace(_), .. })
                .then(|| "2026-12-01".parse().unwrap()),
            later: match claim {
                Claim::PurseRefund { card, .. } if of_back_office(card) => {
                    Some(PaidLater { block: BlockState::Temporary, from: "2026-12-01".parse().unwrap() })
                }
                Claim::PurseRefund { .. }
                | Claim::TopUp { .. }
                | Claim::Reversal { .. }
                | Claim::Rewrite { .. }
                | Claim::Reissue { .. }
                | Claim::Validation { .. }
                | Claim::PasswordReset { .. }
                | Claim::Act { .. } => None,
            },
        }
    }

    fn willing(&self, question: &Question) -> Answer {
        match &question.ask {
            question::Ask::Choice { options } => {
                let role = match self.header.service {
                    Service::PasswordReset | Service::SmsDiagnosis | Service::CardReturn => "guardian",
                    Service::Application | Service::PickUp | Service::TemporaryLoss | Service::FormalLoss | Service::LossRelease => {
                        "holder"
                    }
                    Service::CardQuery
                    | Service::TopUp
                    | Service::Rewrite
                    | Service::Reversal
                    | Service::ReissueLost
                    | Service::ReplaceDamaged
                    | Service::ReplaceFaulty
                    | Service::RefundReadable
                    | Service::RefundUnreadable
                    | Service::RefundDue
                    | Service::Validation
                    | Service::FirstIssue
                    | Service::BadCard
                    | Service::BlankStock
                    | Service::FoundCard
                    | Service::FoundCardBack
                    | Service::SendAgain
                    | Service::Uncollected
                    | Service::UnitBatch
                    | Service::GuardianPhone => "parent",
                };
                let wanted = options.iter().find(|option| [role, "yes", "lost"].contains(&option.id.as_str()));
                Answer::Choose { option: wanted.unwrap_or(&options[0]).id.clone() }
            }
            question::Ask::Form { fields, .. } => Answer::Fill {
                values: fields
                    .iter()
                    .map(|field| {
                        let value = match field.id.as_str() {
                            "number" => "３２０５００２０１５０３１５００１２",
                            "expiry" => "长期",
                            "tendered" | "amount" => "５０",
                            "bank" if field.kind == question::FieldKind::Choice => "bank.ICBC",
                            "original" | "page" | "told" | "social_security" | "bank" | "surrendered" => "true",
                            "slip" => "DEMO20261124W0310001",
                            "unit" => "示例单位",
                            "credit_code" => "９１３５０１００Ｍ０００１００Ｙ４３",
                            "card_no" | "card_no_again" if self.header.service == Service::RefundUnreadable => "3104999000000000101",
                            "letter" | "consent" | "clothes" | "glasses" | "natural" | "no_id_card" => "true",
                            "phone" => "１３８００００００４０",
                            "address" => "虚构路1号",
                            "photo" => "good.jpg",
                            "cause.1" if self.header.service == Service::ReplaceDamaged => "true",
                            "card_no" if self.header.service == Service::ReplaceFaulty => "2150999000000001",
                            "illegible" if self.header.service == Service::ReplaceDamaged => "true",
                            "first" => "００１",
                            "last" => "010",
                            "count" => "１０",
                            _ => field.options.first().map_or("", |option| &option.id),
                        };
                        (field.id.clone(), value.to_owned())
                    })
                    .collect(),
            },
            question::Ask::Go { .. } | question::Ask::WaitForLine => Answer::Go,
            question::Ask::Act { .. } => Answer::Act,
            question::Ask::Authorise { amount, .. } => {
                Answer::Authorised { by: OperatorId::new("2001"), number: CentreNumber::new("A1"), amount: *amount }
            }
        }
    }

    /// Goes on willingly until the state with this name, or the end.
    fn until(&mut self, state: &str) -> Option<Ending> {
        for _ in 0..60 {
            if self.case.state() == state {
                return None;
            }
            match self.next() {
                Next::Ended(ending) => return Some(ending),
                Next::Do(effect) => {
                    let outcome = self.well(&effect);
                    self.take(Input::Outcome(outcome)).unwrap();
                }
                Next::Ask(question) => {
                    let answer = self.willing(&question);
                    self.answer(answer).unwrap_or_else(|message| panic!("{} at {}: {message:?}", question.id, self.case.state()));
                }
            }
        }
        panic!("no end: {}", self.case.state());
    }

    fn facts(&self) -> Vec<&'static str> {
        self.journal
            .iter()
            .filter_map(|entry| match entry {
                Entry::Fact { fact } => Some(fact.name()),
                Entry::Intent { .. } | Entry::Trail { .. } => None,
            })
            .collect()
    }
}

/// One that goes back and one that does not yet.
fn lying() -> Vec<Lying> {
    [("R7", 181, true), ("R8", 91, false)]
        .map(|(order, days, back)| Lying {
            order: CentreNumber::new(order),
            card_no: CardNo::new("2150999000000077"),
            place: "031".to_owned(),
            since: "2026-05-01".parse().unwrap(),
            days,
            back,
        })
        .to_vec()
}

const ROWS: u32 = 62;

fn local(now: DateTime<Utc>) -> NaiveDate {
    context::local(now).date()
}

fn unit_row(serial: u32) -> Row {
    let body = format!("19990120150315{serial:03}");
    let check = crate::document::check_character(&body).unwrap();
    Row {
        line: u64::from(serial) + 2,
        name: "测试甲".to_owned(),
        document: "居民身份证".to_owned(),
        number: if serial % 7 == 6 { format!("{body}?") } else { format!("{body}{check}") },
        birth: "2015-03-15".to_owned(),
        phone: "１３９ ００００ ００００".to_owned(),
        bank: "ICBC".to_owned(),
        photo: format!("{serial}.jpg"),
        surplus: false,
    }
}

/// Everybody is ordered, but for one whom the centre refuses.
fn results(rows: &[UnitRow]) -> Vec<RowResult> {
    rows.iter()
        .map(|row| match row.line {
            9 => RowResult::Refused { line: 9, message: Message::new(Code::PersonNotFound) },
            line => RowResult::Ordered { line, order: CentreNumber::new(format!("U-{line}")), warning: None },
        })
        .collect()
}

fn good_photo() -> Taken {
    Taken {
        facts: photo::Facts {
            bytes: 40_000,
            picture: photo::Picture::Opened(photo::Opened {
                width: 358,
                height: 441,
                dpi: Some(350),
                components: 3,
                pixels: Some(photo::Pixels { white_border: 1000, coloured: 500 }),
            }),
        },
        photo: Photo("ffd8ff".to_owned()),
    }
}

fn written(intent: &WriteIntent) -> WriteProof {
    let mut after = intent.before().clone();
    match intent {
        WriteIntent::Load { amount, .. } => {
            if let Some(purse) = &mut after.purse {
                purse.balance = purse.balance.plus(*amount).unwrap();
                purse.online_counter += 1;
            }
        }
        WriteIntent::HolderClass { class, .. } => after.holder_class = *class,
        WriteIntent::Block { .. } | WriteIntent::Holder { .. } => {}
        WriteIntent::Unload { amount, .. } | WriteIntent::PurchaseOfRest { amount, .. } => {
            if let Some(purse) = &mut after.purse {
                purse.balance = purse.balance.minus(*amount).unwrap();
                purse.online_counter += 1;
            }
        }
        WriteIntent::Validate { until, .. } => after.valid_until = Some(*until),
        WriteIntent::Personalise { data, .. } => {
            after.blank = false;
            after.card_no = data.card_no.clone();
            after.holder_class = data.holder_class;
            after.valid_until = Some(data.valid_until);
        }
    }
    WriteProof { after, proof: Some("00".to_owned()), counter: Some(7) }
}

#[test]
fn every_service_ends_on_its_allowed_path() {
    for service in Service::ALL.iter().copied().filter(|service| *service != Service::GuardianPhone) {
        let mut table = Table::new(service, LineMode::Online);
        assert_eq!(table.until("-"), Some(Ending::Done), "{service:?}");
        let picture = table.case.picture();
        assert_eq!(picture.progress.now, picture.progress.steps.len());
        for paper in table.case.papers().keys() {
            assert!(!table.case.paper(*paper).pairs.is_empty(), "{service:?} {paper:?}");
        }
    }
}

#[test]
fn a_refund_takes_its_steps_in_their_order() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("-");
    assert_eq!(
        table.facts(),
        ["card_read", "card_known", "agreed", "reserved", "written", "confirmed", "printed", "signed", "paid_out", "printed"]
    );
    assert_eq!(table.till, Fen(50_000 - 3650));
}

#[test]
fn the_till_is_asked_before_anything_is_reserved_and_again_before_cash() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.till = Fen(3649);
    table.until("refund.offered");
    assert_eq!(table.answer(Answer::Go).unwrap_err().code, Code::TillShort);
    table.till = Fen(3650);
    table.until("refund.paying");
    table.till = Fen(3649);
    assert_eq!(table.answer(Answer::Act).unwrap_err().code, Code::TillShort);
    assert_eq!(table.answer(Answer::Go).unwrap_err().code, Code::StaleAnswer, "Enter never pays");
}

#[test]
fn what_the_card_or_the_centre_says_refuses_a_refund() {
    let refused = |change: &dyn Fn(&mut CardImage), facts: &dyn Fn(&mut CardFacts)| {
        let mut table = Table::new(Service::RefundReadable, LineMode::Online);
        change(&mut table.on_reader);
        table.take(Input::Outcome(Outcome::CardRead { card: table.on_reader.clone() })).unwrap();
        if table.case.state() == "refund.read" {
            let mut known = facts_of(&table.on_reader, &table.rules);
            facts(&mut known);
            table.take(Input::Outcome(Outcome::CardFound { card: Box::new(known) })).unwrap();
        }
        match table.next() {
            Next::Ended(Ending::Refused { message }) => message.code,
            other @ (Next::Ask(_) | Next::Do(_) | Next::Ended(_)) => panic!("{other:?}"),
        }
    };
    let purse = |change: fn(&mut PurseImage)| move |card: &mut CardImage| change(card.purse.as_mut().unwrap());
    let same = |_: &mut CardImage| {};
    let fine = |_: &mut CardFacts| {};
    assert_eq!(refused(&purse(|purse| purse.balance = Fen::ZERO), &fine), Code::PurseEmpty);
    assert_eq!(refused(&purse(|purse| purse.balance = Fen(-200)), &fine), Code::OverdraftFirst);
    assert_eq!(refused(&purse(|purse| purse.incomplete_trip = true), &fine), Code::IncompleteTrip);
    assert_eq!(refused(&|card| *card = super::tests::card(None), &fine), Code::ProfileMismatch);
    assert_eq!(refused(&same, &|facts| facts.status = CardStatus::Blacklisted), Code::CardBlacklisted);
    assert_eq!(refused(&same, &|facts| facts.status = CardStatus::Replaced { by_tail: "7777".to_owned() }), Code::CardReplaced);
    assert_eq!(refused(&same, &|facts| facts.transit_open = false), Code::TransitNotOpened);
    assert_eq!(refused(&same, &|facts| facts.issued_on = "2026-11-24".parse().unwrap()), Code::PurseSoldToday);
    assert_eq!(refused(&same, &|facts| facts.suspended_by = Some("X".to_owned())), Code::CaseSuspended);
}

#[test]
fn a_conflict_at_the_reservation_ends_the_case_without_money() {
    let services = [
        Service::RefundReadable,
        Service::ReissueLost,
        Service::ReplaceDamaged,
        Service::ReplaceFaulty,
        Service::Validation,
        Service::PasswordReset,
    ];
    for service in services {
        let mut table = Table::new(service, LineMode::Online);
        loop {
            match table.next() {
                Next::Do(Effect::Reserve { .. }) => break,
                Next::Do(effect) => {
                    let outcome = table.well(&effect);
                    table.take(Input::Outcome(outcome)).unwrap();
                }
                Next::Ask(question) => {
                    let answer = table.willing(&question);
                    table.answer(answer).unwrap();
                }
                Next::Ended(ending) => panic!("{ending:?}"),
            }
        }
        let message = Message::new(Code::RightReserved);
        table.take(Input::Outcome(Outcome::Refused { message: message.clone() })).unwrap();
        assert_eq!(table.next(), Next::Ended(Ending::Refused { message }));
        assert_eq!(table.till, Fen(50_000));
    }
}

#[test]
fn an_unknown_write_is_left_with_a_slip_and_comes_back_with_its_card() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("refund.writing");
    let away = WriteEnd::Unknown { evidence: TearEvidence::CardAway };
    table.take(Input::Outcome(Outcome::Write { end: away.clone() })).unwrap();
    assert!(matches!(table.next(), Next::Do(Effect::ResolveWrite { .. })));
    assert_eq!(table.take(Input::Outcome(Outcome::Write { end: away.clone() })).unwrap_err().code, Code::WriteUnknown);
    table.answer(Answer::Cancel).unwrap();
    assert!(matches!(table.next(), Next::Do(Effect::Print { paper: Paper::PendingSlip })));
    table.take(Input::Outcome(Outcome::Printed { copy: 1 })).unwrap();
    assert!(matches!(table.next(), Next::Do(Effect::ReportUnknown { .. })));
    table.take(Input::Outcome(Outcome::Reported)).unwrap();
    assert!(table.answer(Answer::Cancel).is_err(), "it stays until the card says");
    assert!(matches!(table.next(), Next::Do(Effect::ResolveWrite { .. })));
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(50_000 - 3650));
}

#[test]
fn a_card_that_moved_on_goes_to_the_centres_exceptions() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("refund.writing");
    let moved = WriteEnd::Unknown { evidence: TearEvidence::MovedOn { seen: card(Some(100)) } };
    table.take(Input::Outcome(Outcome::Write { end: moved })).unwrap();
    table.answer(Answer::Cancel).unwrap();
    table.take(Input::Outcome(Outcome::Printed { copy: 1 })).unwrap();
    table.take(Input::Outcome(Outcome::Reported)).unwrap();
    assert!(matches!(table.next(), Next::Ended(Ending::Suspended { .. })));
    assert_eq!(table.till, Fen(50_000));
}

#[test]
fn nothing_written_means_again_or_given_back() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("refund.writing");
    let not = WriteEnd::NotWritten { reason: Code::CardPulled };
    table.take(Input::Outcome(Outcome::Write { end: not.clone() })).unwrap();
    table.answer(Answer::Go).unwrap();
    assert!(matches!(table.next(), Next::Do(Effect::WriteCard { attempt: 2, .. })));
    table.take(Input::Outcome(Outcome::Write { end: not })).unwrap();
    table.answer(Answer::Cancel).unwrap();
    assert!(matches!(table.next(), Next::Do(Effect::Release { .. })));
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
}

#[test]
fn a_fee_that_earned_no_card_is_given_back() {
    let mut table = Table::new(Service::ReissueLost, LineMode::Online);
    table.until("reissue.settling");
    assert_eq!(table.till, Fen(52_000));
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::ClaimConflict) })).unwrap();
    assert_eq!(table.case.state(), "reissue.money_back");
    assert!(table.answer(Answer::Go).is_err(), "Enter never pays");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!(table.till, Fen(50_000));
    let mut table = Table::new(Service::ReissueLost, LineMode::Online);
    table.until("reissue.blank");
    table.answer(Answer::Cancel).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
    assert_eq!(table.till, Fen(50_000));
}

#[test]
fn too_little_cash_or_a_used_card_keeps_the_question() {
    let mut table = Table::new(Service::ReissueLost, LineMode::Online);
    table.until("reissue.paying");
    let tendered = |amount: &str| Answer::Fill { values: vec![("tendered".to_owned(), amount.to_owned())] };
    assert_eq!(table.answer(tendered("19.99")).unwrap_err().code, Code::CashTenderedShort);
    assert_eq!(table.answer(tendered("abc")).unwrap_err().code, Code::AmountInvalid);
    table.answer(tendered("２０")).unwrap();
    assert_eq!(table.take(Input::Outcome(Outcome::CardRead { card: card(None) })).unwrap_err().code, Code::CardNotBlank);
    // Without a blank it is made centrally, and where the programme does not have that, not at all.
    for central in [true, false] {
        let mut empty = Table::new(Service::ReissueLost, LineMode::Online);
        empty.until("reissue.finding");
        empty.blanks = 0;
        if !central {
            empty.rules.production = None;
        }
        let fact = empty.take(Input::Outcome(Outcome::PersonFound { person: Box::new(person(&empty.rules)) })).unwrap();
        if !central {
            assert_eq!(fact.code(), Some(Code::StockEmpty));
            continue;
        }
        assert_eq!(empty.case.picture().remark.map(|remark| remark.code), Some(Code::StockEmpty));
        assert_eq!(empty.answer(Answer::Choose { option: "counter".to_owned() }).unwrap_err().code, Code::StockEmpty);
        assert_eq!(empty.until("-"), Some(Ending::Done));
        assert!(empty.facts().contains(&"contact_given") && !empty.facts().contains(&"written"), "{:?}", empty.facts());
    }
}

/// Taken to the question how the card is made, and answered.
fn centrally(service: Service, way: &str) -> Table {
    let mut table = Table::new(service, LineMode::Online);
    table.until("reissue.choosing");
    table.answer(Answer::Choose { option: way.to_owned() }).unwrap();
    table
}

#[test]
fn a_card_that_is_made_centrally_is_paid_once_with_the_courier_of_one_order() {
    for (service, way, fee, courier) in [
        (Service::ReissueLost, "pick_up", 2_000, 0),
        (Service::ReissueLost, "courier", 2_000, 1_200),
        (Service::ReplaceDamaged, "courier", 2_000, 1_200),
        (Service::ReplaceFaulty, "courier", 0, 1_200),
        (Service::ReplaceFaulty, "pick_up", 0, 0),
    ] {
        let mut table = centrally(service, way);
        table.until("reissue.warning");
        let told = table.case.picture().remark.map(|remark| remark.code);
        assert_eq!(told, (way == "pick_up").then_some(Code::CourierNotSelected), "{way}");
        table.until("reissue.ordering");
        assert_eq!(table.till, Fen(50_000 + fee + courier), "{service:?} {way}");
        let Next::Do(Effect::Confirm { settlement: Settlement::Act, .. }) = table.next() else { panic!("{:?}", table.next()) };
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.till, Fen(50_000 + fee + courier), "taken once");
        assert_eq!(moved(&table, |account| matches!(account, Account::FeeIncome { .. })), Fen(-fee - courier));
        let slip = table.case.paper(Paper::AcceptanceSlip);
        assert!(slip.pairs.iter().any(|(label, value)| label == "最迟完成" && value == "2026年12月1日"), "{:?}", slip.pairs);
        assert_eq!(slip.pairs.iter().any(|(label, _)| label == "邮寄地址"), way == "courier");
        assert_eq!(table.case.papers().contains_key(&Paper::BagLabel), service != Service::ReissueLost);
        assert_eq!(table.case.papers().contains_key(&Paper::Receipt), fee + courier > 0);
        if fee > 0 && courier > 0 {
            let receipt = table.case.paper(Paper::Receipt);
            assert_eq!(receipt.amount, Some(("合计".to_owned(), Fen(3_200))));
            assert!(
                receipt.lines.iter().any(|line| line.contains("20.00") && line.contains("+ 快递费 12.00 元 = 32.00 元")),
                "{receipt:?}"
            );
        }
    }
}

#[test]
fn an_order_that_is_refused_gives_fee_and_courier_back() {
    let mut table = centrally(Service::ReissueLost, "courier");
    table.until("reissue.ordering");
    // Silence is no refusal.
    let silent = Outcome::Refused { message: Message::new(Code::UpstreamSilent) };
    assert_eq!(table.take(Input::Outcome(silent)).unwrap_err().code, Code::UpstreamSilent);
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::ReissueInProgress) })).unwrap();
    assert_eq!(table.case.state(), "reissue.money_back");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!(table.till, Fen(50_000));
    // Neither a telephone nor an address is guessed.
    let mut table = centrally(Service::ReissueLost, "courier");
    let with = |phone: &str, address: &str| Answer::Fill {
        values: vec![("phone".to_owned(), phone.to_owned()), ("address".to_owned(), address.to_owned())],
    };
    assert_eq!(table.answer(with("1380", "虚构路1号")).unwrap_err().code, Code::FieldInvalid);
    assert_eq!(table.answer(with("13800000040", " ")).unwrap_err().code, Code::FieldRequired);
    table.answer(with("13800000040", "虚构路1号")).unwrap();
    table.answer(Answer::Cancel).unwrap();
    assert!(table.case.papers().is_empty());
    // Accepted while the line was down: the slip of then is not printed again under the same name.
    let mut table = Table::new(Service::ReplaceDamaged, LineMode::Offline);
    table.until("reissue.finding");
    table.answer(Answer::Choose { option: "accept".to_owned() }).unwrap();
    table.until("reissue.accepted");
    table.online = true;
    table.until("reissue.choosing");
    table.answer(Answer::Choose { option: "pick_up".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.papers().contains_key(&Paper::Voucher));
}

#[test]
fn a_made_card_is_validated_when_it_is_handed_over() {
    for (answer, validated) in [("now", true), ("later", false)] {
        let mut table = Table::new(Service::PickUp, LineMode::Online);
        table.rules = rules(EDUCATION);
        table.header.programme = table.rules.programme.clone();
        table.on_reader = card(None);
        table.until("hand_back.finding");
        let Inquired::Orders { mut orders, .. } = found(Inquiry::Orders) else { panic!() };
        orders[0].state = Progress::Returned { card_no: card(None).card_no, place: "01".to_owned(), on: "2026-11-20".parse().unwrap() };
        let person = Box::new(person(&table.rules));
        table.take(Input::Outcome(Outcome::Inquired { person, found: Inquired::Orders { orders, photo_on_file: false } })).unwrap();
        table.until("first_validation.asking");
        table.answer(Answer::Choose { option: answer.to_owned() }).unwrap();
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.facts().contains(&"written"), validated);
        let voucher = table.case.paper(Paper::Voucher);
        assert_eq!(voucher.pairs.iter().any(|(label, value)| label == "有效期至" && value == "2026年12月31日"), validated, "{voucher:?}");
    }
}

#[test]
fn a_parcel_that_came_back_is_sent_again_for_another_fee() {
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(51_200));
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    table.until("send_again.ordering");
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::OrderSent) })).unwrap();
    assert!(table.answer(Answer::Go).is_err(), "Enter never pays");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!(table.till, Fen(50_000));
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    table.until("send_again.finding");
    let person = Box::new(table.holder());
    let fact = table.take(Input::Outcome(Outcome::Inquired { person, found: found(Inquiry::Orders) })).unwrap();
    assert_eq!(fact.code(), Some(Code::OrderUnknown), "it never went out");
}

#[test]
fn cards_that_nobody_came_for_are_listed_and_go_back() {
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.until("uncollected.listing");
    // Only the one whose time is over goes back.
    assert_eq!(table.answer(Answer::Choose { option: "R8".to_owned() }).unwrap_err().code, Code::StaleAnswer);
    table.answer(Answer::Choose { option: "R7".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.papers().contains_key(&Paper::BagLabel) && table.case.papers().contains_key(&Paper::Voucher));
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.until("uncollected.listing");
    table.answer(Answer::Choose { option: "done".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.case.paper(Paper::GuidanceSlip).lines.len(), 2);
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.take(Input::Outcome(Outcome::UncollectedFound { cards: Vec::new() })).unwrap();
    assert_eq!(table.next(), Next::Ended(Ending::Done));
}

#[test]
fn the_wrong_person_or_paper_keeps_the_question() {
    let mut table = Table::new(Service::PasswordReset, LineMode::Online);
    table.until("reset.identifying");
    assert_eq!(table.answer(Answer::Choose { option: "teacher".to_owned() }).unwrap_err().code, Code::GuardianRequired);
    let Next::Ask(question) = table.next() else { panic!() };
    let answer = table.willing(&question);
    table.answer(answer).unwrap();
    assert_eq!(table.answer(Answer::Choose { option: "none".to_owned() }).unwrap_err().code, Code::OriginalRequired);
    let Next::Ask(question) = table.next() else { panic!() };
    let answer = table.willing(&question);
    table.answer(answer).unwrap();
    let Next::Ask(question) = table.next() else { panic!() };
    let Answer::Fill { values } = table.willing(&question) else { panic!() };
    let with = |field: &str, value: &str| Answer::Fill {
        values: values.iter().map(|(id, old)| (id.clone(), if id == field { value.to_owned() } else { old.clone() })).collect(),
    };
    assert_eq!(table.answer(with("number", "320500201503150011")).unwrap_err().code, Code::IdChecksum);
    assert_eq!(table.answer(with("number", "320500201502300015")).unwrap_err().code, Code::IdBirthInvalid);
    assert_eq!(table.answer(with("original", "")).unwrap_err().code, Code::OriginalRequired);
    assert_eq!(table.answer(with("expiry", "20200101")).unwrap_err().code, Code::IdExpired);
    table.answer(with("expiry", "20330101")).unwrap();
    assert_eq!(table.case.state(), "reset.finding");
}

#[test]
fn resets_that_come_too_often_need_a_second_person() {
    let mut table = Table::new(Service::PasswordReset, LineMode::Online);
    table.until("reset.finding");
    let mut often = person(&table.rules);
    often.recent_resets = 9;
    table.take(Input::Outcome(Outcome::PersonFound { person: Box::new(often) })).unwrap();
    table.answer(Answer::Go).unwrap();
    assert_eq!(table.case.state(), "reset.authorising");
    let own = Answer::Authorised { by: OperatorId::new("1001"), number: CentreNumber::new("A"), amount: Fen::ZERO };
    assert_eq!(table.answer(own).unwrap_err().code, Code::SelfAuthForbidden);
    assert_eq!(table.until("-"), Some(Ending::Done));
}

#[test]
fn offline_accepts_and_nothing_of_value_leaves() {
    for (service, accept) in [
        (Service::RefundReadable, "keep"),
        (Service::RefundUnreadable, "accept"),
        (Service::ReissueLost, "accept"),
        (Service::ReplaceDamaged, "accept"),
        (Service::ReplaceFaulty, "accept"),
        (Service::PasswordReset, "accept"),
        (Service::Application, "accept"),
    ] {
        let mut table = Table::new(service, LineMode::Offline);
        for _ in 0..20 {
            match table.next() {
                Next::Ask(question) if question.ask == question::Ask::WaitForLine => break,
                Next::Ask(question) if question.id == "accept_offline" => {
                    table.answer(Answer::Choose { option: accept.to_owned() }).unwrap();
                }
                Next::Ask(question) => {
                    let answer = table.willing(&question);
                    table.answer(answer).unwrap();
                }
                Next::Do(effect) => {
                    assert!(!effect.needs_line(), "{service:?}: {effect:?}");
                    let outcome = table.well(&effect);
                    table.take(Input::Outcome(outcome)).unwrap();
                }
                Next::Ended(ending) => panic!("{service:?}: {ending:?}"),
            }
        }
        assert!(table.case.waits_for_line(), "{service:?}");
        assert!(table.case.papers().contains_key(&Paper::AcceptanceSlip));
        // A card that was handed in lies in its bag from now on.
        let handed_in = matches!(service, Service::ReplaceDamaged | Service::ReplaceFaulty | Service::RefundUnreadable);
        assert_eq!(table.case.papers().contains_key(&Paper::BagLabel), handed_in, "{service:?}");
        assert_eq!(table.till, Fen(50_000));
        table.online = true;
        assert!(matches!(table.next(), Next::Do(_)), "{service:?}");
        assert_eq!(table.until("-"), Some(Ending::Done), "{service:?}");
    }
}

#[test]
fn a_late_print_changes_the_paper_only() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("refund.vouchering");
    table.take(Input::Outcome(Outcome::Failed { message: Message::new(Code::PrinterMissing) })).unwrap();
    assert_eq!(table.case.papers().get(&Paper::RefundVoucher), Some(&PaperState::Pending));
    let before = table.case.state();
    let late = Fact::Printed { paper: Paper::RefundVoucher, copy: 1 };
    assert!(table.case.is_beside(&late));
    table.case = table.case.clone().apply(late).unwrap();
    assert_eq!(table.case.state(), before);
    assert_eq!(table.case.papers().get(&Paper::RefundVoucher), Some(&PaperState::Printed { copies: 1 }));
}

#[test]
fn requests_have_the_same_id_for_ever() {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.until("refund.reserving");
    let first = table.next();
    table.now += TimeDelta::days(3);
    table.till = Fen(1);
    assert_eq!(table.next(), first);
}

/// Any order of answers and outcomes, sensible or not.
fn any_input(table: &Table, choice: u8) -> Input {
    let wrong_card = WriteEnd::WrongCard { expected_tail: "0101".to_owned(), seen_tail: "0102".to_owned() };
    let outcome = |outcome| Input::Outcome(outcome);
    let write = |end| Input::Outcome(Outcome::Write { end });
    match choice % 20 {
        0 => Input::Answer(Answer::Cancel),
        1 => Input::Answer(Answer::Go),
        2 => Input::Answer(Answer::Act),
        3 => outcome(Outcome::Refused { message: Message::new(Code::RightReserved) }),
        4 => outcome(Outcome::Failed { message: Message::new(Code::CentreLate) }),
        5 => outcome(Outcome::Confirmed { number: CentreNumber::new("C9") }),
        6 => write(WriteEnd::Unknown { evidence: TearEvidence::CardAway }),
        7 => write(WriteEnd::NotWritten { reason: Code::CardPulled }),
        8 => write(wrong_card),
        9 => outcome(Outcome::Released),
        _ => match table.next() {
            Next::Do(effect) => Input::Outcome(table.well(&effect)),
            Next::Ask(question) => Input::Answer(table.willing(&question)),
            Next::Ended(_) => Input::Answer(Answer::Go),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_of_events_pays_before_the_centre_confirmed(
        choices in prop::collection::vec(any::<u8>(), 1..60),
        offline in any::<bool>(),
        which in 0..8_usize,
        blocks in any::<bool>(),
    ) {
        let services = [
            Service::RefundReadable,
            Service::ReissueLost,
            Service::Validation,
            Service::PasswordReset,
            Service::CardQuery,
            Service::ReplaceDamaged,
            Service::RefundUnreadable,
            Service::RefundDue,
        ];
        let mut table = Table::new(services[which], if offline { LineMode::Offline } else { LineMode::Online });
        let blocks = blocks && services[which] == Service::RefundReadable;
        if let Some(purse) = table.on_reader.purse.as_mut().filter(|_| blocks) {
            purse.refund_method = RefundMethod::BlockThenBackOffice;
        }
        for choice in choices {
            table.online = table.online || choice > 200;
            let input = any_input(&table, choice);
            let doubtful = table.case.writing().is_some_and(Writing::in_doubt);
            if let Ok(fact) = table.take(input) {
                let facts = table.facts();
                if matches!(fact, Fact::PaidOut { .. }) {
                    prop_assert!(!blocks, "the back office pays");
                    prop_assert!(facts.contains(&"confirmed") && facts.contains(&"signed"));
                    prop_assert!(!doubtful);
                    prop_assert_eq!(facts.iter().filter(|name| **name == "paid_out").count(), 1);
                }
                prop_assert!(table.till >= Fen::ZERO);
            }
        }
        // What a reissue took without giving a card is given back by the end.
        if let Next::Ended(ending) = table.next() {
            let issued = table.facts().contains(&"confirmed");
            if matches!(services[which], Service::ReissueLost | Service::ReplaceDamaged) && !issued {
                prop_assert_eq!(table.till, Fen(50_000), "{:?}", ending);
            }
        }
    }
}

#[test]
fn money_taken_for_a_purse_reaches_it_or_goes_back() {
    let held = |table: &Table| -> i64 {
        let facts = table.journal.iter().filter_map(|entry| match entry {
            Entry::Fact { fact } => Some(fact.postings()),
            Entry::Intent { .. } | Entry::Trail { .. } => None,
        });
        facts
            .flat_map(|postings| postings.lines().to_vec())
            .filter(|line| matches!(line.account, Account::TopUpHeld { .. }))
            .map(|line| line.amount.0)
            .sum()
    };
    // Onto the card.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!((table.till, held(&table)), (Fen(55_000), 0));
    // The centre says no after the cash was taken.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.reserving");
    assert_eq!((table.till, held(&table)), (Fen(55_000), -5_000));
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::PurseCap) })).unwrap();
    assert!(table.answer(Answer::Go).is_err(), "Enter gives no money back");
    assert!(table.answer(Answer::Cancel).is_err(), "nobody walks away with the money");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!((table.till, held(&table)), (Fen(50_000), 0));
    // Proved that nothing was written.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(Answer::Choose { option: "again".to_owned() }).unwrap();
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(Answer::Choose { option: "stop".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
    assert_eq!((table.till, held(&table)), (Fen(50_000), 0));
}

#[test]
fn what_a_purse_takes() {
    for (typed, code) in [
        ("5", Code::AmountInvalid),
        ("15", Code::AmountInvalid),
        ("10.50", Code::AmountInvalid),
        ("0", Code::AmountInvalid),
        ("-10", Code::AmountInvalid),
        ("", Code::FieldRequired),
        ("970", Code::PurseCap),
    ] {
        let mut table = Table::new(Service::TopUp, LineMode::Online);
        table.until("top_up.offered");
        let refused = table.answer(Answer::Fill { values: vec![("amount".to_owned(), typed.to_owned())] });
        assert_eq!(refused.map_err(|message| message.code), Err(code), "{typed}");
        assert_eq!(table.case.state(), "top_up.offered");
    }
    for typed in ["10", "２０", "960"] {
        let mut table = Table::new(Service::TopUp, LineMode::Online);
        table.until("top_up.offered");
        table.answer(Answer::Fill { values: vec![("amount".to_owned(), typed.to_owned())] }).unwrap();
        assert_eq!(table.case.state(), "top_up.paying");
    }
    // A till that is full takes no more, and without the line no money is taken at all.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.paying");
    let tendered = || Answer::Fill { values: vec![("tendered".to_owned(), "50".to_owned())] };
    table.online = false;
    assert_eq!(table.answer(tendered()).map_err(|message| message.code), Err(Code::OnlineOnly));
    table.online = true;
    table.till = table.rules.till.most;
    assert_eq!(table.answer(tendered()).map_err(|message| message.code), Err(Code::TillFull));
}

fn of_back_office(card: &CardImage) -> bool {
    card.purse.as_ref().is_some_and(|purse| purse.refund_method == RefundMethod::BlockThenBackOffice)
}

fn only_blocks() -> Table {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.on_reader.purse.as_mut().unwrap().refund_method = RefundMethod::BlockThenBackOffice;
    table
}

#[test]
fn a_purse_that_only_blocks_is_promised_and_never_paid_here() {
    let mut table = only_blocks();
    // What the till holds does not matter.
    table.till = Fen::ZERO;
    table.until("refund.writing");
    let Next::Do(Effect::WriteCard { intent, .. }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert!(matches!(intent, WriteIntent::Block { to: BlockState::Temporary, .. }));
    table.until("refund.promise_signing");
    let slip = table.case.paper(Paper::AcceptanceSlip);
    assert!(slip.pairs.iter().any(|(label, value)| label == "付款日期" && value == "2026年12月1日 起"), "{:?}", slip.pairs);
    assert!(slip.texts.contains(&"refund.later"));
    assert_eq!(table.answer(Answer::Act).unwrap_err().code, Code::StaleAnswer, "there is nothing to pay here");
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen::ZERO);
    let facts = table.facts();
    assert!(facts.contains(&"identity") && facts.contains(&"signed") && !facts.contains(&"paid_out"), "{facts:?}");
}

/// Every fen of the purse is somewhere: paid, kept as the fee, or still owed.
fn refund_with_fee(taken: FeeTaken) -> Table {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    let purse = table.rules.purse.as_mut().unwrap();
    (purse.refund_fee, purse.refund_fee_taken) = (Fen(150), taken);
    table
}

fn moved(table: &Table, account: fn(&Account) -> bool) -> Fen {
    let facts = table.journal.iter().filter_map(|entry| match entry {
        Entry::Fact { fact } => Some(fact.postings()),
        Entry::Intent { .. } | Entry::Trail { .. } => None,
    });
    Fen::sum(facts.flat_map(|postings| postings.lines().to_vec()).filter(|line| account(&line.account)).map(|line| line.amount)).unwrap()
}

#[test]
fn a_handling_fee_is_deducted_or_taken_to_the_fen() {
    for (taken, paid, label) in [(FeeTaken::Deducted, 3_500, "已扣手续费"), (FeeTaken::Cash, 3_650, "另收手续费")] {
        let mut table = refund_with_fee(taken);
        table.till = Fen(3_650);
        table.until("refund.paying");
        let voucher = table.case.paper(Paper::RefundVoucher);
        assert!(voucher.pairs.iter().any(|(name, value)| name == label && value == "1.50"), "{:?}", voucher.pairs);
        assert_eq!(voucher.amount, Some(("退值金额".to_owned(), Fen(paid))));
        let Fact::PaidOut { amount, .. } = table.answer(Answer::Act).unwrap() else { panic!() };
        assert_eq!(amount, Fen(paid));
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.till, Fen(150), "either way the till keeps the fee");
        assert_eq!(moved(&table, |account| matches!(account, Account::FeeIncome { .. })), Fen(-150));
        assert_eq!(moved(&table, |account| matches!(account, Account::RefundPayable { .. })), Fen::ZERO);
        assert_eq!(moved(&table, |account| matches!(account, Account::PurseFloat { .. })), Fen(3_650));
    }
    // A purse that holds no more than the fee is not emptied for it.
    let mut table = refund_with_fee(FeeTaken::Deducted);
    table.rules.purse.as_mut().unwrap().refund_fee = Fen(3_650);
    let fact = table.take(Input::Outcome(Outcome::CardRead { card: table.on_reader.clone() })).unwrap();
    assert_eq!(fact.code(), Some(Code::PurseEmpty));
    // A purse that is paid later is told the fee, and pays it when it is paid.
    let mut table = Table::new(Service::RefundDue, LineMode::Online);
    table.rules.purse.as_mut().unwrap().refund_fee = Fen(150);
    table.until("due.finding");
    let Next::Do(effect) = table.next() else { panic!() };
    let Outcome::OwedFound { mut owed } = table.well(&effect) else { panic!() };
    (owed.held, owed.cleared) = (Some(Fen(3_650)), Some(Fen(3_700)));
    table.take(Input::Outcome(Outcome::OwedFound { owed })).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(50_000 - 3_500));
    assert_eq!(moved(&table, |account| matches!(account, Account::RefundPayable { .. })), Fen::ZERO);
}

#[test]
fn a_purse_that_only_blocks_needs_line_rule_and_promise() {
    // Without the line it is not taken in.
    let mut table = only_blocks();
    table.header.line = LineMode::Offline;
    table.online = false;
    table.until("refund.read");
    let Next::Ask(question) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert!(matches!(&question.ask, question::Ask::Choice { options } if options.len() == 1));
    assert_eq!(table.answer(Answer::Choose { option: "keep".to_owned() }).unwrap_err().code, Code::OnlineOnly);
    // The programme has no back office for it.
    let mut table = only_blocks();
    table.rules.purse.as_mut().unwrap().back_office = None;
    table.take(Input::Outcome(Outcome::CardRead { card: table.on_reader.clone() })).unwrap();
    let Next::Ended(Ending::Refused { message }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert_eq!(message.code, Code::RefundUnsupported);
    // A reservation that says something else than the card is none.
    for blocks in [false, true] {
        let mut table = if blocks { only_blocks() } else { Table::new(Service::RefundReadable, LineMode::Online) };
        table.until("refund.reserving");
        let Next::Do(Effect::Reserve { claim, .. }) = table.next() else {
            panic!("{:?}", table.next());
        };
        let mut reservation = table.reservation(&claim);
        let promise = PaidLater { block: BlockState::Temporary, from: "2026-12-01".parse().unwrap() };
        reservation.later = if blocks { None } else { Some(promise) };
        assert_eq!(table.take(Input::Outcome(Outcome::Reserved { reservation })).unwrap_err().code, Code::CentreGarbled);
    }
}

#[test]
fn a_card_is_ordered_with_everything_that_stands_on_it() {
    let mut table = Table::new(Service::Application, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.facts().contains(&"photo_taken"));
    // Nobody needs another card for moving, and no wish but the applicant's consents.
    let mut table = Table::new(Service::Application, LineMode::Online);
    let fact = table.answer(Answer::Choose { option: "moved_inside".to_owned() }).unwrap();
    assert_eq!(fact.code(), Some(Code::NoChangeNeeded));
    let mut table = Table::new(Service::Application, LineMode::Online);
    table.until("application.filling");
    let with = |consent: &str, delivery: &str| Answer::Fill {
        values: [
            ("bank", "bank.ICBC"),
            ("phone", "13800000040"),
            ("delivery", delivery),
            ("address", "虚构路1号"),
            ("consent", consent),
            ("benefits", "true"),
            ("told", "true"),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .to_vec(),
    };
    assert_eq!(table.answer(with("false", "pick_up")).unwrap_err().code, Code::ConsentRequired);
    assert_eq!(
        table
            .answer(Answer::Fill { values: vec![("told".to_owned(), "true".to_owned()), ("bank".to_owned(), "bank.NONE".to_owned())] })
            .unwrap_err()
            .code,
        Code::BankNotCooperating
    );
    let Fact::FormFilled { told, photo, .. } = table.answer(with("true", "courier")).unwrap() else { panic!() };
    assert!(photo);
    let told: Vec<Code> = told.iter().map(|told| told.code).collect();
    assert!(told.contains(&Code::BenefitWarning) && told.contains(&Code::EmsCollect), "{told:?}");
    // Everything that is wrong with the photo at once, and the question again.
    let named = Answer::Fill {
        values: ["clothes", "glasses", "natural"]
            .iter()
            .map(|field| ((*field).to_owned(), "true".to_owned()))
            .chain([("photo".to_owned(), "a.jpg".to_owned())])
            .collect(),
    };
    table.answer(named).unwrap();
    let mut bad = good_photo();
    bad.facts.bytes = 10;
    bad.facts.picture = photo::Picture::NotJpeg;
    let fact = table.take(Input::Outcome(Outcome::PhotoTaken { taken: Box::new(bad) })).unwrap();
    let Fact::PhotoRefused { messages } = fact else { panic!() };
    assert_eq!(messages.len(), 2);
    assert_eq!(table.case.state(), "application.picturing");
    assert_eq!(table.until("-"), Some(Ending::Done));
}

#[test]
fn a_card_that_is_given_up_has_no_money_and_no_books_on_it() {
    let mut table = Table::new(Service::CardReturn, LineMode::Online);
    table.until("hand_back.finding");
    let person = Box::new(table.holder());
    let fact = table.take(Input::Outcome(Outcome::Inquired { person, found: Inquired::Closing { loans: 2 } })).unwrap();
    assert_eq!(fact.code(), Some(Code::LibraryLoanOpen));
    let mut table = Table::new(Service::CardReturn, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.papers().contains_key(&Paper::BagLabel));
}

#[test]
fn a_new_card_whose_validation_is_left_goes_out_with_a_remark() {
    let mut table = Table::new(Service::ReissueLost, LineMode::Online);
    table.until("first_validation.asking");
    table.answer(Answer::Choose { option: "later".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.case.picture().remark.map(|remark| remark.code), Some(Code::HandoverNotValidated));
}

fn refused(table: &Table) -> Code {
    let Next::Ended(Ending::Refused { message }) = table.next() else {
        panic!("{:?}", table.next());
    };
    message.code
}

/// What the centre has on its books, in place of the usual.
fn listed(service: Service, state: &str, booked: Vec<Booked>) -> Table {
    let mut table = Table::new(service, LineMode::Online);
    table.until(state);
    let facts = CardFacts { booked, ..facts_of(&table.on_reader, &table.rules) };
    table.take(Input::Outcome(Outcome::CardFound { card: Box::new(facts) })).unwrap();
    table
}

fn choose(option: &str) -> Answer {
    Answer::Choose { option: option.to_owned() }
}

#[test]
fn a_reversal_pays_after_the_card_was_written_and_the_centre_said_so() {
    let mut table = Table::new(Service::Reversal, LineMode::Online);
    assert_eq!(table.until("reversal.reserving"), None);
    let Next::Do(Effect::Reserve { claim: Claim::Reversal { of, amount, .. }, authorisation: Some(_), .. }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert_eq!((of.as_str(), amount), ("R0", Fen(2_000)));
    table.until("reversal.returning");
    assert_eq!(table.till, Fen(50_000));
    assert_eq!(table.answer(Answer::Go).unwrap_err().code, Code::StaleAnswer, "Enter pays nothing");
    table.till = Fen(1_999);
    assert_eq!(table.answer(Answer::Act).unwrap_err().code, Code::TillShort);
    table.till = Fen(50_000);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(48_000));
    assert_eq!(table.case.card().and_then(|card| card.purse.as_ref()).map(|purse| purse.balance), Some(Fen(1_650)));
    let facts = table.facts();
    let place = |name: &str| facts.iter().position(|fact| *fact == name).unwrap();
    assert!(place("confirmed") < place("money_back") && place("money_back") < place("old_paper_seen"), "{facts:?}");
    let red = table.case.paper(Paper::Reversal);
    assert!(red.pairs.iter().any(|(label, value)| label == "原业务单号" && value == "DEMO20261124W0310000"), "{:?}", red.pairs);
    // Nothing pays while nobody knows what the card holds, and nothing pays for a write that is proved not to have been.
    let mut table = Table::new(Service::Reversal, LineMode::Online);
    table.until("reversal.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(choose("stop")).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
    assert_eq!(table.till, Fen(50_000));
}

#[test]
fn what_is_not_taken_back() {
    for kind in crate::reversal::Kind::ALL.into_iter().filter(|kind| kind.forbidden().is_some()) {
        let mut table = Table::new(Service::Reversal, LineMode::Online);
        table.answer(choose(kind.as_str())).unwrap();
        assert_eq!(refused(&table), Code::ReversalForbidden, "{kind:?}");
    }
    let of = top_up(Stands::Settled);
    let other = |change: fn(&mut Booked)| {
        let mut of = top_up(Stands::Settled);
        change(&mut of);
        vec![of]
    };
    let refund = Booked { reservation: CentreNumber::new("R9"), kind: Movement::Refund, ..of.clone() };
    for (booked, code) in [
        (vec![refund, of.clone()], Code::ReversalNotLatest),
        (other(|of| of.kind = Movement::Reversal), Code::ReversalForbidden),
        (other(|of| of.operator = OperatorId::new("1002")), Code::ReversalNotOwn),
        (other(|of| of.before.as_mut().unwrap().offline_counter = 39), Code::CardMovedOn),
        (other(|of| of.before.as_mut().unwrap().online_counter = 5), Code::CardMovedOn),
    ] {
        let mut table = listed(Service::Reversal, "reversal.read", booked);
        table.answer(choose("R0")).unwrap();
        assert_eq!(refused(&table), code);
    }
    // Nothing at all on the books.
    assert_eq!(refused(&listed(Service::Reversal, "reversal.read", Vec::new())), Code::ReversalNotLatest);
    // The till is asked before anybody is.
    let mut table = listed(Service::Reversal, "reversal.read", vec![of]);
    table.till = Fen(1_999);
    assert_eq!(table.answer(choose("R0")).unwrap_err().code, Code::TillShort);
    // After its day the centre corrects it, on a slip.
    let mut table = listed(Service::Reversal, "reversal.read", other(|of| of.at -= TimeDelta::days(1)));
    let fact = table.answer(choose("R0")).unwrap();
    assert_eq!(fact.code(), Some(Code::ReversalNotSameDay));
    table.until("-");
    assert!(table.case.papers().contains_key(&Paper::GuidanceSlip));
    assert_eq!(refused(&table), Code::ReversalNotSameDay);
}

#[test]
fn a_rewrite_moves_no_money_and_is_refused_with_its_reason() {
    let mut table = Table::new(Service::Rewrite, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(50_000));
    assert_eq!(table.case.card().and_then(|card| card.purse.as_ref()).map(|purse| purse.balance), Some(Fen(5_650)));
    assert!(table.journal.iter().all(|entry| match entry {
        Entry::Fact { fact } => fact.postings().lines().is_empty(),
        Entry::Intent { .. } | Entry::Trail { .. } => true,
    }));
    // Another clerk took the money: a second person agrees.
    let mut other = top_up(Stands::Open);
    other.operator = OperatorId::new("1002");
    let mut table = listed(Service::Rewrite, "rewrite.read", vec![other]);
    table.answer(choose("R0")).unwrap();
    assert_eq!(table.case.state(), "rewrite.authorising");
    let reason = |change: fn(&mut Booked)| {
        let mut of = top_up(Stands::Unknown);
        change(&mut of);
        let mut table = listed(Service::Rewrite, "rewrite.read", vec![of]);
        table.answer(choose("R0")).unwrap();
        let Next::Ended(Ending::Refused { message }) = table.next() else {
            panic!("{:?}", table.next());
        };
        assert_eq!(message.code, Code::RewriteNotAllowed);
        message.text()
    };
    for (change, why) in [
        ((|of| of.stands = Stands::Settled) as fn(&mut Booked), "已证明写入"),
        (|of| of.stands = Stands::Released, "已撤销"),
        (|of| of.kind = Movement::Refund, "不是充值"),
        (|of| of.at -= TimeDelta::days(1), "不是当日"),
        (|of| of.before.as_mut().unwrap().online_counter = 6, "计数器"),
        (|of| of.before.as_mut().unwrap().balance = Fen(1), "余额"),
        (|of| of.before = None, "记录"),
    ] {
        let text = reason(change);
        assert!(text.contains(why), "{text}");
    }
}

/// Two cases hold one load: whoever cannot give it back waits to hear how it ended, and pays nothing meanwhile.
#[test]
fn money_is_not_given_back_while_the_load_is_written_elsewhere() {
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(choose("stop")).unwrap();
    assert_eq!(table.case.state(), "top_up.releasing");
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::ClaimConflict) })).unwrap();
    assert!(table.case.writing().is_some_and(Writing::suspended), "{}", table.case.state());
    assert_eq!(table.till, Fen(55_000));
    // The other desk had the card; this one ends its case with the money where it belongs.
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(55_000));
    assert!(!table.facts().contains(&"money_back"));
}

#[test]
fn what_waits_for_the_line_is_withdrawn_and_nothing_else() {
    for service in [Service::Application, Service::ReissueLost, Service::RefundReadable, Service::RefundUnreadable, Service::FormalLoss] {
        let mut table = Table::new(service, LineMode::Offline);
        for _ in 0..40 {
            match table.next() {
                Next::Ask(Question { ask: question::Ask::WaitForLine, .. }) => break,
                Next::Ask(question) => {
                    let answer = match &question.ask {
                        question::Ask::Choice { options } if options.iter().any(|option| option.id == "keep") => choose("keep"),
                        question::Ask::Choice { .. }
                        | question::Ask::Form { .. }
                        | question::Ask::Go { .. }
                        | question::Ask::Act { .. }
                        | question::Ask::Authorise { .. }
                        | question::Ask::WaitForLine => table.willing(&question),
                    };
                    table.answer(answer).unwrap_or_else(|message| panic!("{service:?} {}: {message:?}", question.id));
                }
                Next::Do(effect) => {
                    let outcome = table.well(&effect);
                    table.take(Input::Outcome(outcome)).unwrap();
                }
                Next::Ended(ending) => panic!("{service:?}: {ending:?}"),
            }
        }
        assert!(table.case.waits_for_line() && table.case.state_allows_cancel(), "{service:?}: {}", table.case.state());
        // Once the line is back the centre hears of it, and nothing is withdrawn any more.
        let mut late = Table { case: table.case.clone(), journal: table.journal.clone(), ..Table::new(service, LineMode::Offline) };
        late.online = true;
        assert!(!matches!(late.answer(Answer::Cancel), Ok(Fact::Withdrawn { .. })), "{service:?}");
        table.answer(Answer::Cancel).unwrap();
        assert!(!table.case.waits_for_line());
        assert!(table.answer(Answer::Go).is_err(), "the slip comes back first");
        assert_eq!(table.until("-"), Some(Ending::Withdrawn), "{service:?}");
        assert!(table.case.papers().contains_key(&Paper::Reversal));
        assert_eq!(table.till, Fen(50_000));
    }
}

#[test]
fn a_half_that_stays_half_is_asked_for_again_and_its_slip_printed_once() {
    for (service, code, settling) in [
        (Service::FormalLoss, Code::LossNotSynced, "loss.settling"),
        (Service::LossRelease, Code::ReleaseNotSynced, "hand_back.settling"),
        (Service::PickUp, Code::HrMigrationPending, "hand_back.settling"),
    ] {
        let mut table = Table::new(service, LineMode::Online);
        table.until(settling);
        for _ in 0..3 {
            table.take(Input::Outcome(Outcome::Refused { message: Message::new(code) })).unwrap();
            if let Next::Do(Effect::Print { .. }) = table.next() {
                table.take(Input::Outcome(Outcome::Printed { copy: 1 })).unwrap();
            }
            assert!(table.case.half_done().is_some(), "{service:?} at {}", table.case.state());
            table.answer(Answer::Choose { option: "again".to_owned() }).unwrap();
            assert_eq!(table.case.state(), settling);
        }
        assert_eq!(table.until("-"), Some(Ending::Done), "{service:?}");
        assert_eq!(table.facts().iter().filter(|fact| **fact == "printed").count(), 2, "{service:?}: {:?}", table.facts());
    }
}

#[test]
fn a_unit_is_told_every_fault_and_one_bad_row_stops_no_other() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.preview");
    let listing = table.case.listing(0, 100).unwrap();
    assert_eq!((listing.total, listing.rows.len()), (62, 62), "no row is lost");
    assert_eq!(listing.rows[0].cells[0], "8", "the faulty ones stand first");
    assert!(listing.rows[0].cells[3].contains("ID_FORMAT"), "{:?}", listing.rows[0]);
    assert_eq!(table.case.listing(60, 8).unwrap().rows.len(), 2);
    assert_eq!(table.until("-"), Some(Ending::Done));
    let sent = table.facts().iter().filter(|fact| **fact == "rows_submitted").count();
    assert_eq!(sent, 54_usize.div_ceil(PORTION), "in portions");
    assert_eq!(table.facts().iter().filter(|fact| **fact == "rows_checked").count(), 2, "in parts");
    let errors = table.case.paper(Paper::ErrorList);
    assert_eq!(errors.lines.len(), 9, "{:?}", errors.lines);
    assert_eq!(errors.lines[0], "第 8 行　ID_FORMAT　证件号码格式不对，请逐位核对。");
    assert!(errors.lines[1].starts_with("第 9 行　PERSON_NOT_FOUND"), "{:?}", errors.lines);
    let slip = table.case.paper(Paper::AcceptanceSlip);
    assert!(slip.pairs.contains(&("已提交制卡".to_owned(), "53 人".to_owned())), "{:?}", slip.pairs);
    let longest = table.journal.iter().map(|entry| serde_json::to_string(entry).unwrap().len()).max().unwrap();
    assert!(longest < 64 * 1024, "a journal row has {longest} bytes");
}

#[test]
fn a_unit_without_papers_hears_everything_that_is_missing() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    let with = |code: &str, letter: &str, original: &str, expiry: &str| Answer::Fill {
        values: [
            ("unit", "示例单位"),
            ("credit_code", code),
            ("letter", letter),
            ("document", "resident_id"),
            ("number", "320500201503150012"),
            ("expiry", expiry),
            ("original", original),
            ("consent", "true"),
        ]
        .map(|(id, value)| (id.to_owned(), value.to_owned()))
        .to_vec(),
    };
    let codes = |message: Message| message.each().map(|message| message.code).collect::<Vec<_>>();
    assert_eq!(codes(table.answer(with("", "false", "true", "长期")).unwrap_err()), [Code::UnitDocMissing]);
    assert_eq!(
        codes(table.answer(with("91350100M000100Y44", "false", "false", "20200101")).unwrap_err()),
        [Code::FieldInvalid, Code::UnitDocMissing, Code::IdExpired]
    );
    assert_eq!(codes(table.answer(with("", "true", "false", "20331231")).unwrap_err()), [Code::UnitDocMissing]);
    table.answer(with("", "true", "true", "20331231")).unwrap();
}

#[test]
fn a_list_that_changes_or_goes_is_begun_anew_and_lost_photos_cost_their_rows_only() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.checking");
    let message = Message::new(Code::ListUnreadable).with("what", "检查到一半时文件被改动");
    table.take(Input::Outcome(Outcome::Failed { message })).unwrap();
    assert_eq!(table.case.state(), "unit_batch.looking");
    table.until("unit_batch.choosing");
    assert_eq!(table.case.picture().remark.map(|remark| remark.code), Some(Code::ListUnreadable));
    table.until("unit_batch.sending");
    let lost = vec![Lost { line: 3, message: Message::new(Code::PhotoChanged) }];
    table.take(Input::Outcome(Outcome::PhotosSent { lost })).unwrap();
    let Next::Do(Effect::SubmitRows { portion, .. }) = table.next() else { panic!("{:?}", table.next()) };
    assert_eq!(portion.rows.len(), PORTION - 1);
    // An answer for other rows than those that were sent is none.
    let other = Outcome::RowsSubmitted { results: results(&portion.rows[1..]) };
    assert_eq!(table.take(Input::Outcome(other)).unwrap_err().code, Code::CentreGarbled);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.paper(Paper::ErrorList).lines[0].contains("第 3 行　PHOTO_CHANGED"));
}

#[test]
fn a_list_that_is_accepted_offline_goes_when_the_line_is_back() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Offline);
    table.until("unit_batch.accepted");
    assert!(table.case.waits_for_line());
    let Next::Ask(question) = table.next() else { panic!("{:?}", table.next()) };
    assert_eq!(question.ask, question::Ask::WaitForLine);
    table.online = true;
    // Nothing goes to the centre before the case knows that it can.
    assert_eq!(table.next(), Next::Do(Effect::FindLists));
    table.until("unit_batch.submitting");
    assert!(!table.case.waits_for_line());
    let Next::Do(Effect::SubmitRows { portion, .. }) = table.next() else { panic!("{:?}", table.next()) };
    assert!(portion.accepted_at.is_some());
    assert_eq!(table.until("-"), Some(Ending::Done));
    let papers = table.facts().iter().filter(|fact| **fact == "printed").count();
    assert_eq!(papers, 2, "the slip when it was accepted, the errors when it was submitted");
}

#[test]
fn a_list_with_no_good_row_is_given_back_with_its_errors() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.preview");
    table.answer(Answer::Choose { option: "back".to_owned() }).unwrap();
    let Some(Ending::Refused { message }) = table.until("-") else { panic!("{}", table.case.state()) };
    assert_eq!(message.code, Code::UnitListFaulty);
    assert_eq!(message.text(), "名单没有提交：8 行有错，见错误清单。");
    assert!(table.facts().iter().all(|fact| *fact != "rows_submitted"));
}

/// The same in full width, in small letters, and with spaces where people put them.
fn as_typed(value: &str, kind: question::FieldKind) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c.to_ascii_lowercase()) + 0xFEE0).unwrap(),
        other => other,
    };
    let text: Vec<char> = value.chars().map(wide).collect();
    let (head, tail) = text.split_at(text.len() / 2);
    let (head, tail): (String, String) = (head.iter().collect(), tail.iter().collect());
    match kind {
        question::FieldKind::IdNumber | question::FieldKind::CardNumber | question::FieldKind::Digits => format!("　{head} {tail} "),
        question::FieldKind::Amount
        | question::FieldKind::Date
        | question::FieldKind::Text
        | question::FieldKind::Password
        | question::FieldKind::Choice
        | question::FieldKind::Tick => format!("　{head}{tail} "),
    }
}

fn of_number(kind: question::FieldKind) -> bool {
    use question::FieldKind as Kind;
    matches!(kind, Kind::IdNumber | Kind::CardNumber | Kind::Digits | Kind::Amount | Kind::Date)
}

#[test]
fn every_number_is_the_same_however_it_is_typed() {
    let mut seen = std::collections::BTreeSet::new();
    for service in Service::ALL {
        let mut table = Table::new(*service, LineMode::Online);
        for _ in 0..60 {
            let question = match table.next() {
                Next::Ended(_) => break,
                Next::Do(effect) => {
                    table.take(Input::Outcome(table.well(&effect))).unwrap();
                    continue;
                }
                Next::Ask(question) => question,
            };
            let answer = table.willing(&question);
            if let (question::Ask::Form { fields, .. }, Answer::Fill { values }) = (&question.ask, &answer) {
                let kind = |id: &str| fields.iter().find(|field| field.id == id).map(|field| field.kind).filter(|kind| of_number(*kind));
                let with = |change: &dyn Fn(&str, question::FieldKind) -> String| {
                    let changed = values.iter().map(|(id, value)| {
                        let changed = kind(id).filter(|_| !value.is_empty()).map_or_else(|| value.clone(), |kind| change(value, kind));
                        (id.clone(), changed)
                    });
                    let input = Input::Answer(Answer::Fill { values: changed.collect() });
                    table.cx(|cx| table.case.decide(input, cx))
                };
                let plain = with(&|value, _| crate::normalise::text(value));
                assert!(plain.is_ok(), "{service:?} {}: {plain:?}", question.id);
                assert_eq!(with(&as_typed), plain, "{service:?} {}", question.id);
                let filled = values.iter().filter(|(id, value)| kind(id).is_some() && !value.is_empty());
                seen.extend(filled.map(|(id, _)| format!("{service:?}.{}.{id}", question.id)));
            }
            if table.answer(answer).is_err() {
                break;
            }
        }
    }
    println!("number fields at the window: {}", seen.len());
    assert!(seen.len() >= 30, "{seen:#?}");
}
