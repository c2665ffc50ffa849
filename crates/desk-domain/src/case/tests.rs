//! Cases without a desk: allowed paths, refusals, and random walks that must never pay before the centre confirmed.

mod central;
mod purse;
mod put_right;
mod sweep;
mod typed;
mod unit;

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

fn of_back_office(card: &CardImage) -> bool {
    card.purse.as_ref().is_some_and(|purse| purse.refund_method == RefundMethod::BlockThenBackOffice)
}

fn moved(table: &Table, account: fn(&Account) -> bool) -> Fen {
    let facts = table.journal.iter().filter_map(|entry| match entry {
        Entry::Fact { fact } => Some(fact.postings()),
        Entry::Intent { .. } | Entry::Trail { .. } => None,
    });
    Fen::sum(facts.flat_map(|postings| postings.lines().to_vec()).filter(|line| account(&line.account)).map(|line| line.amount)).unwrap()
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
