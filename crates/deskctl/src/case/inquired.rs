//! What the window would inquire about: orders, functions of the card, loans, what is owed, what is told.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use desk_domain::{
    advice, application,
    case::{
        Answer, Case, CaseHeader, Cx, Fact, Input, LineMode, Outcome, Service,
        fact::{Leads, PersonTerms},
        identity::{IdentityFact, Papers},
    },
    closing,
    code::Code,
    document::{self, CheckedNumber, Expiry},
    found,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{CardNo, CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, WindowId},
    inquiry::{CodeFacts, Inquired, Inquiry, IssueFacts, Sent},
    loss,
    money::Fen,
    order::{self, OrderFacts, Progress},
    person::PersonFacts,
    photo, refund_unreadable,
};

use super::{
    evaluate::{CARD, Weighing, card, centre, date, person},
    situation::{FunctionGiven, Situation},
};

impl Weighing<'_> {
    pub(super) fn inquired(&mut self) -> Result<(), String> {
        let (rules, service, at, situation) = (self.rules, self.service, self.at, self.situation);
        let clerk = OperatorId::new(&situation.operator);
        let outlet = self.outlet.clone();
        let holder = person(rules, situation)?;
        let laid = card(rules, situation)?;
        let facts = loss::Facts { outlet: &outlet, clerk: &clerk, at, person: &holder };
        match service {
            Service::CardQuery => {
                let known = if self.line() == LineMode::Online { Some(centre(rules, situation, &situation.card.status)?) } else { None };
                advice::of_card(rules, Some(service), &laid, known.as_ref(), at.date()).into_iter().for_each(|told| self.say(told));
            }
            Service::Application => self.application(&holder),
            Service::FormalLoss => {
                let functions = situation.facts.functions.clone().unwrap_or_else(|| vec![Function::SocialSecurity, Function::Bank]);
                if let Some(report) = self.heed_all(loss::report(rules, facts, &functions)) {
                    report.told.into_iter().for_each(|told| self.say(told));
                }
            }
            Service::LossRelease => {
                self.heed_all(loss::release(rules, facts, &laid));
            }
            Service::FoundCardBack => {
                let told = self.heed_all(found::back(rules, facts, &laid)).flatten();
                told.into_iter().for_each(|told| self.say(told));
            }
            Service::CardReturn => {
                let told = self.heed_all(closing::close(rules, facts, &laid, situation.facts.loans)).flatten();
                told.into_iter().for_each(|told| self.say(told));
            }
            Service::PickUp => {
                let orders: Vec<OrderFacts> = order_of(situation)?.into_iter().collect();
                let told = self.heed_all(order::hand_over(rules, facts, &orders, &laid)).and_then(|(_, told)| told);
                told.into_iter().for_each(|told| self.say(told));
            }
            Service::SendAgain => {
                let orders: Vec<OrderFacts> = order_of(situation)?.into_iter().collect();
                self.heed_all(order::send_again(rules, facts, &orders));
            }
            Service::RefundDue => {
                if let Some(given) = &situation.facts.owed {
                    let owed = refund_unreadable::Owed {
                        cell: rules.cell.clone(),
                        reservation: CentreNumber::new("eval"),
                        card_no: CardNo::new(CARD),
                        from: date("facts.owed.from", &given.from)?,
                        cleared: given.amount_fen.map(Fen),
                        held: None,
                    };
                    if let Some(payable) = self.heed(refund_unreadable::payable(rules, &outlet, at, &owed)) {
                        self.terms.payout = Some(payable.amount);
                        self.terms.authorise = payable.authorise.map(|level| (level, None));
                    }
                }
            }
            Service::FirstIssue | Service::SmsDiagnosis | Service::TemporaryLoss => self.told(holder)?,
            Service::GuardianPhone => self.say(rules.message(Some(service), Code::PhoneViaSchool)),
            Service::ReissueLost
            | Service::ReplaceDamaged
            | Service::ReplaceFaulty
            | Service::RefundReadable
            | Service::RefundUnreadable
            | Service::TopUp
            | Service::Rewrite
            | Service::Reversal
            | Service::Validation
            | Service::PasswordReset
            | Service::Uncollected
            | Service::BadCard
            | Service::BlankStock
            | Service::UnitBatch
            | Service::FoundCard => {}
        }
        Ok(())
    }

    fn application(&mut self, holder: &PersonFacts) {
        let (rules, service, given) = (self.rules, self.service, &self.situation.facts);
        let facts = application::Facts {
            service: Some(service),
            wish: given.wish.unwrap_or(application::Wish::First),
            online: false,
            held: holder.cards.first(),
            purse: given.purse_seen.unwrap_or(application::PurseSeen::NotOpened),
            consent: given.consent,
            benefits: given.benefits,
        };
        if let Some(told) = self.heed_all(application::decide(rules, facts)) {
            told.into_iter().for_each(|told| self.say(told));
        }
        if let Some(bank) = &given.bank {
            self.heed(order::bank(rules, bank));
        }
        if given.photo_on_file {
            self.say(photo::on_file(rules));
        } else if let Some(birth) = self.birth() {
            self.heed(photo::needed(rules, birth, self.at.date(), given.photo_brought));
        }
    }

    /// The holder's number as the document's kind has it.
    fn number(&self) -> Option<CheckedNumber> {
        let shown = self.situation.documents.first()?;
        document::check(&shown.number, self.rules.document(&shown.kind)?.number, self.at.date()).ok()
    }

    fn birth(&self) -> Option<NaiveDate> {
        self.number()?.birth
    }

    /// What a guidance case tells: run as at the window, up to its answer, and on to what the customer asks for.
    fn told(&mut self, holder: PersonFacts) -> Result<(), String> {
        let (rules, service) = (self.rules, self.service);
        let operator = OperatorId::new(&self.situation.operator);
        let now = utc(self.at);
        let header = CaseHeader {
            id: Id128([0; 16]),
            number: CaseNumber::new("eval"),
            service,
            programme: rules.programme.clone(),
            rule_set: rules.version.clone(),
            cell: CellId::new("eval"),
            outlet: self.outlet.clone(),
            window: WindowId::new("eval"),
            device: DeviceId::new("eval"),
            operator: operator.clone(),
            opened_at: now,
            line: self.line(),
        };
        let cx = Cx {
            header: &header,
            rules,
            now,
            operator: &operator,
            terminal: "000000000000",
            sequence: 0,
            till: Fen::ZERO,
            paid_out: Fen::ZERO,
            blanks: self.situation.facts.blanks,
            accepted: self.situation.facts.accepted_offline,
            online: self.line() == LineMode::Online,
            clock_trusted: self.situation.clock_trusted,
            card_in_field: None,
        };
        let asks = self.situation.facts.asks.as_deref();
        let choose = |case: &Case, option: &str| case.decide(Input::Answer(Answer::Choose { option: option.to_owned() }), &cx);
        let mut case = Case::open(service);
        if service == Service::TemporaryLoss {
            let first = asks.and_then(|asks| asks.strip_prefix("opening.")).unwrap_or("status");
            match choose(&case, first) {
                Err(message) | Ok(Fact::TreeAnswered { leads: Leads::Refer { message }, .. }) => {
                    self.say(message);
                    return Ok(());
                }
                Ok(fact) if first == "status" => case = on(case, fact)?,
                Ok(_) => return Ok(()),
            }
        }
        let (Some(applicant), Some(number), Some(shown)) = (&self.situation.applicant, self.number(), self.situation.documents.first())
        else {
            return Ok(());
        };
        let papers = Papers {
            number,
            expiry: Some(Expiry::LongTerm),
            original: true,
            page: true,
            relation: applicant.relation.clone(),
            agent: None,
            read: false,
        };
        for given in [
            IdentityFact::Role { applicant: applicant.role.clone() },
            IdentityFact::Document { document: shown.kind.clone() },
            IdentityFact::Papers { papers: Box::new(papers) },
        ] {
            case = on(case, Fact::Identity { given })?;
        }
        if self.line() == LineMode::Offline {
            return Ok(());
        }
        let heard = Outcome::Inquired { person: Box::new(holder), found: self.found()? };
        match case.decide(Input::Outcome(heard), &cx) {
            Ok(Fact::Refused { message } | Fact::Referred { message }) | Err(message) => self.say(message),
            Ok(fact) => {
                if let Fact::PersonKnown { terms: PersonTerms::Guidance(terms), .. } = &fact {
                    terms.says.iter().cloned().for_each(|told| self.say(told));
                }
                let case = on(case, fact)?;
                if let Some(asks) = asks.filter(|asks| !asks.starts_with("opening.")) {
                    match choose(&case, asks) {
                        Err(message) => self.say(message),
                        Ok(Fact::TreeAnswered { leads: Leads::Refer { message }, .. }) => self.say(message),
                        Ok(_) => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn found(&self) -> Result<Inquired, String> {
        let given = &self.situation.facts;
        let now = utc(self.at);
        let inquiry = if self.service == Service::FirstIssue {
            Inquiry::FirstIssue
        } else if self.service == Service::SmsDiagnosis {
            Inquiry::Codes
        } else {
            Inquiry::Functions
        };
        Ok(match (inquiry, &given.issue) {
            (Inquiry::FirstIssue, Some(issue)) => Inquired::FirstIssue {
                issue: IssueFacts {
                    state: issue.state,
                    class: issue.class,
                    received_on: issue.received_on.as_deref().map(|text| date("facts.issue.received_on", text)).transpose()?,
                    confirm_by: None,
                    reminder: None,
                    ticket: None,
                    as_of: now,
                },
            },
            (Inquiry::FirstIssue, None) => return Err("facts.issue: this service asks for it".to_owned()),
            (Inquiry::Codes, _) => {
                let ago = given.codes.seconds_ago.map(|ago| now - TimeDelta::seconds(i64::from(ago)));
                let last = ago.zip(given.codes.delivery).map(|(at, delivery)| Sent { at, delivery });
                Inquired::Codes { codes: CodeFacts { last, today: given.codes.today, as_of: now } }
            }
            (Inquiry::Functions | Inquiry::Orders | Inquiry::Closing, _) => Inquired::Functions,
        })
    }
}

fn on(case: Case, fact: Fact) -> Result<Case, String> {
    case.apply(fact).map_err(|misplaced| format!("{misplaced:?}"))
}

fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    (at - TimeDelta::hours(8)).and_utc()
}

fn order_of(situation: &Situation) -> Result<Option<OrderFacts>, String> {
    let Some(state) = &situation.facts.order else {
        return Ok(None);
    };
    let state = match state.as_str() {
        "in_production" => Progress::InProduction { ready_on: NaiveDate::MAX },
        "ready" => Progress::Ready { card_no: CardNo::new(CARD), place: "01".to_owned(), since: NaiveDate::MIN },
        "returned" => Progress::Returned { card_no: CardNo::new(CARD), place: "01".to_owned(), on: NaiveDate::MIN },
        "sent_back" => Progress::SentBack { on: NaiveDate::MIN },
        "sent" => Progress::Sent { tracking: "eval".to_owned() },
        "handed_over" => Progress::HandedOver,
        other => return Err(format!("facts.order: {other}")),
    };
    let wish = situation.facts.wish.unwrap_or(application::Wish::First);
    Ok(Some(OrderFacts { number: CentreNumber::new("eval"), wish, state, ordered_on: NaiveDate::MIN }))
}

/// # Errors
/// What cannot be read.
pub(super) fn function(given: &FunctionGiven, situation: &Situation) -> Result<FunctionFacts, String> {
    let moment =
        |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").map(utc).map_err(|_| format!("card.functions.until: {text}"));
    let channel = match given.channel.as_deref() {
        None | Some("counter") => LossChannel::Counter,
        Some("online") => LossChannel::Online,
        Some(bank) if bank.starts_with("bank.") => LossChannel::Bank { bank: bank.to_owned() },
        Some(line) => LossChannel::Hotline { line: line.to_owned() },
    };
    let since = DateTime::UNIX_EPOCH;
    let state = match given.state.as_str() {
        "normal" => FunctionState::Normal,
        "not_opened" => FunctionState::NotOpened,
        "closed" => FunctionState::Closed,
        "temporary_loss" => FunctionState::TemporaryLoss { channel, since, until: given.until.as_deref().map(moment).transpose()? },
        "formal_loss" => FunctionState::FormalLoss { channel, since },
        other => return Err(format!("card.functions.state: {other}")),
    };
    let as_of = NaiveDateTime::parse_from_str(&situation.moment, "%Y-%m-%d %H:%M").map_or(since, utc);
    Ok(FunctionFacts { function: given.function, state, bank: given.bank.clone(), as_of })
}
