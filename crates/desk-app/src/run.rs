//! Drives cases: announce an effect, perform it, write down its result together with the next announcement.
//!
//! The result of one step and the intent of the next are one commit, so a money step costs one sync. Reading and asking
//! leave no intent, because repeating them changes nothing.

use std::time::Duration;

use desk_card::{Journeys, sight::CardSight};
use desk_domain::{
    card::{TearEvidence, WriteEnd},
    case::{
        Answer, Case, CaseHeader, Cx, Direction, Effect, Ending, Entry, Fact, Input, Next, Outcome, Service, question::Ask, uses_blank,
    },
    code::{Code, Kind, Message},
    id::CaseId,
    person::PersonFacts,
    photo::Taken,
    posting::Account,
    ruleset::RuleSet,
    trail::{self, Exchanged},
};
use desk_wire::v1::{Reply, Request};
use serde::Serialize;

use crate::{
    card_session::{Ended, IssuerLine, Task},
    desk::{Desk, Errand, HomeCard, Mail, Place},
    documents::ReadPapers,
    ports::{Answered, Draft, LinkFailure, Presence, StoreFailure},
    reveal::Reveal,
};

/// How often a failed call is repeated before the clerk is asked.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// A case that has not left the desk.
pub(crate) struct Running {
    pub header: CaseHeader,
    pub case: Case,
    /// Facts so far; part of every question's id, so that no answer can hit two questions.
    pub steps: u32,
    /// Effect whose intent is in the journal and whose result is not.
    pub begun: Option<Effect>,
    /// The intent was found in the journal at start: nobody knows how far it got.
    pub recovered: bool,
    /// An errand is out for the present effect.
    pub busy: bool,
    pub apdus: u32,
    pub tries: u32,
    /// The present effect failed and waits for the clerk or the line.
    pub stalled: Option<Message>,
    /// The present effect needs a card: what was wrong with the one that was there.
    pub wrong_card: Option<Message>,
    /// A card was tried and refused; only another one, or the same put anew, is tried again.
    pub card_tried: bool,
    /// Why the last answer was not taken.
    pub message: Option<Message>,
    pub authorising: bool,
    /// What was said to cards since the last fact, masked; written down with the next one.
    pub trail: Vec<Exchanged>,
    /// All that the card of a query shows, journeys included; never on the disk.
    pub sight: Option<Box<CardSight>>,
    /// Documents read for the form on the screen; never on the disk.
    pub read: Option<ReadPapers>,
    /// The write of another desk on this card was looked into since the last fact.
    pub settled: bool,
    /// Who the centre said it is, while the case is on this desk; never on the disk.
    pub person: Option<Box<PersonFacts>>,
    pub reveal: Reveal,
    /// The name on the document that was read is not the one on record.
    pub name_differs: Option<Message>,
    /// Page of the list on the screen, from 0.
    pub page: usize,
    /// Unfinished when the program started, and not touched since.
    pub left_over: bool,
}

impl Running {
    pub(crate) fn of(header: CaseHeader, case: Case) -> Self {
        Self {
            header,
            case,
            steps: 0,
            begun: None,
            recovered: false,
            busy: false,
            apdus: 0,
            tries: 0,
            stalled: None,
            wrong_card: None,
            card_tried: false,
            message: None,
            authorising: false,
            trail: Vec::new(),
            sight: None,
            read: None,
            settled: false,
            person: None,
            reveal: Reveal::default(),
            name_differs: None,
            page: 0,
            left_over: false,
        }
    }
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreFailure> {
    serde_json::to_string(value).map_err(|error| StoreFailure { code: Code::StoreBroken, detail: format!("entry not writable: {error}") })
}

/// The service of this name, as views and acts write it.
pub(crate) fn service_named(name: &str) -> Option<Service> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

pub(crate) fn service_name(service: Service) -> String {
    serde_json::to_value(service).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn journal_broken(detail: impl ToString) -> StoreFailure {
    StoreFailure { code: Code::JournalBroken, detail: detail.to_string() }
}

impl Desk {
    pub(crate) fn rules_of(&self, header: &CaseHeader) -> Option<&RuleSet> {
        self.rules
            .version(&header.rule_set)
            .filter(|rules| rules.programme == header.programme)
            .or_else(|| self.rules.in_force(&header.programme, self.today()))
    }

    /// What a case is decided with now.
    pub(crate) fn with_cx<T>(&self, header: &CaseHeader, look: impl FnOnce(&Cx<'_>) -> T) -> Option<T> {
        let rules = self.rules_of(header)?;
        let operator = self.session.as_ref().map_or(&header.operator, |session| &session.operator);
        let next = self.sequence.wrapping_add(1) & u64::from(u32::MAX);
        let accepted = self.cases.values().filter(|running| running.case.waits_for_line()).count();
        Some(look(&Cx {
            header,
            rules,
            now: self.now(),
            operator,
            terminal: &self.station.terminal,
            sequence: u32::try_from(next).unwrap_or_default(),
            till: self.day.till,
            paid_out: self.day.paid_out,
            blanks: self.day.blanks,
            accepted: u32::try_from(accepted).unwrap_or(u32::MAX),
            online: self.online(),
            clock_trusted: self.clock_trust.trusted(self.now()),
            card_in_field: match &self.home_card {
                HomeCard::Read(sight) => Some(&sight.image),
                HomeCard::None | HomeCard::Reading | HomeCard::Unreadable(_) => None,
            },
        }))
    }

    /// The line works and the centre knows who is at the window.
    pub(crate) fn online(&self) -> bool {
        self.line.online() && self.session.as_ref().is_some_and(|session| session.token.is_some())
    }

    pub(crate) fn next_of(&self, id: CaseId) -> Option<Next> {
        let running = self.cases.get(&id)?;
        self.with_cx(&running.header, |cx| running.case.next(cx))
    }

    pub(crate) fn front(&self) -> Option<CaseId> {
        match &self.place {
            Place::Case(id) => Some(*id),
            Place::Starting
            | Place::Blocked(_)
            | Place::Door(_)
            | Place::DayOpen { .. }
            | Place::DayClose(_)
            | Place::Home { .. }
            | Place::Report(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Office(_)
            | Place::OutletReport(_)
            | Place::Doctor => None,
        }
    }

    /// The id of the question on the screen: state, and how often it was asked there.
    pub(crate) fn question_id(&self, id: CaseId, next: &Next) -> String {
        let (steps, tries) = self.cases.get(&id).map_or((0, 0), |running| (running.steps, running.tries));
        let name = match next {
            Next::Ask(question) => question.id.clone(),
            Next::Do(effect) => format!("{}.{tries}", effect.name()),
            Next::Ended(_) => "ended".to_owned(),
        };
        format!("{steps}.{name}")
    }

    /// The case and its next step, if this id still names the question on the screen.
    pub(crate) fn asked(&self, question: &str) -> Option<(CaseId, Next)> {
        let id = self.front()?;
        let next = self.next_of(id)?;
        let running = self.cases.get(&id)?;
        let fresh = !running.busy && !running.authorising && self.question_id(id, &next) == question;
        fresh.then_some((id, next))
    }

    pub(crate) async fn answer(&mut self, question: &str, answer: Answer) -> Result<(), StoreFailure> {
        let Some((id, next)) = self.asked(question) else {
            tracing::debug!("stale answer dropped");
            return Ok(());
        };
        match next {
            Next::Ask(_) => self.input(id, Input::Answer(answer)).await,
            Next::Do(_) | Next::Ended(_) => Ok(()),
        }
    }

    /// Enter: the one next step, whatever it is here.
    pub(crate) async fn go(&mut self, question: &str) -> Result<(), StoreFailure> {
        let Some((id, next)) = self.asked(question) else {
            return Ok(());
        };
        match next {
            Next::Ask(question) if question.ask == Ask::WaitForLine => self.leave().await,
            Next::Ask(_) => self.input(id, Input::Answer(Answer::Go)).await,
            Next::Ended(_) => self.leave().await,
            Next::Do(_) => {
                if let Some(running) = self.cases.get_mut(&id) {
                    running.stalled = None;
                    running.card_tried = false;
                }
                self.advance(id).await
            }
        }
    }

    pub(crate) fn park(&mut self, question: &str) -> Result<(), StoreFailure> {
        if let Some((id, next)) = self.asked(question) {
            if let Some(running) = self.cases.get_mut(&id) {
                running.message = None;
                running.left_over = false;
            }
            if matches!(next, Next::Ended(_)) {
                self.cases.remove(&id);
            }
            self.place = Place::Home { message: None };
            self.read_home_card();
        }
        Ok(())
    }

    pub(crate) async fn cancel(&mut self, question: &str) -> Result<(), StoreFailure> {
        let Some((id, next)) = self.asked(question) else {
            return Ok(());
        };
        let recovered = self.cases.get(&id).is_some_and(|running| running.recovered);
        match next {
            Next::Ended(_) => self.leave().await,
            Next::Ask(_) | Next::Do(Effect::ReadCard { .. } | Effect::TryCard | Effect::ResolveWrite { .. }) => {
                self.input(id, Input::Answer(Answer::Cancel)).await
            }
            // Waiting for the card: either nothing was ever sent to it, or nobody knows what was before the restart.
            Next::Do(Effect::WriteCard { .. }) => {
                let end = if recovered {
                    WriteEnd::Unknown { evidence: TearEvidence::CardAway }
                } else {
                    WriteEnd::NotWritten { reason: Code::NoCard }
                };
                self.input(id, Input::Outcome(Outcome::Write { end })).await
            }
            Next::Do(
                Effect::FindCard { .. }
                | Effect::FindPerson { .. }
                | Effect::Inquire { .. }
                | Effect::FindOwed { .. }
                | Effect::FindUncollected
                | Effect::FindLists
                | Effect::TakeRows { .. },
            ) => self.input(id, Input::Answer(Answer::Cancel)).await,
            Next::Do(
                Effect::Reserve { .. }
                | Effect::Release { .. }
                | Effect::ReportUnknown { .. }
                | Effect::Confirm { .. }
                | Effect::TakePhoto { .. }
                | Effect::SendPhotos { .. }
                | Effect::SubmitRows { .. }
                | Effect::Print { .. },
            ) => Ok(()),
        }
    }

    /// Home: an ended case is put away, a running one goes to the list where that is allowed.
    pub(crate) async fn leave(&mut self) -> Result<(), StoreFailure> {
        match self.place.clone() {
            Place::Case(id) => {
                let busy = self.cases.get(&id).is_some_and(|running| running.busy);
                match self.next_of(id) {
                    Some(Next::Ended(_)) | None => {
                        self.cases.remove(&id);
                        self.go_home().await
                    }
                    Some(Next::Ask(_) | Next::Do(_)) if busy => Ok(()),
                    Some(Next::Ask(_) | Next::Do(_)) => self.go_home().await,
                }
            }
            Place::Report(_)
            | Place::OutletReport(_)
            | Place::DayClose(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Doctor
            | Place::Home { .. } => self.go_home().await,
            Place::Office(_) => {
                self.open_office("");
                Ok(())
            }
            Place::Starting | Place::Blocked(_) | Place::Door(_) | Place::DayOpen { .. } => Ok(()),
        }
    }

    pub(crate) async fn go_home(&mut self) -> Result<(), StoreFailure> {
        if !self.day.open && !self.day.closed && self.session.as_ref().is_some_and(crate::session::Session::clerk) {
            return self.begin_day().await;
        }
        self.place = Place::Home { message: None };
        self.ask_write_ends();
        if self.line.online() && self.session.as_ref().is_some_and(|session| session.token.is_none()) {
            self.ask_for_password(Message::new(Code::NotSignedIn));
            return Ok(());
        }
        self.read_home_card();
        Ok(())
    }

    /// Hands an answer or an outcome to the case and writes down what became true.
    pub(crate) async fn input(&mut self, id: CaseId, input: Input) -> Result<(), StoreFailure> {
        let Some(running) = self.cases.get(&id) else {
            return Ok(());
        };
        let from_card = matches!(&input, Input::Outcome(Outcome::CardRead { .. } | Outcome::Write { .. }));
        let asked = matches!(&input, Input::Answer(_));
        let decided = self.with_cx(&running.header, |cx| running.case.decide(input, cx));
        let Some(running) = self.cases.get_mut(&id) else {
            return Ok(());
        };
        match decided {
            None => {
                running.stalled = Some(Message::new(Code::RuleSetInvalid).with("where", &running.header.rule_set));
                Ok(())
            }
            Some(Ok(fact)) => {
                let fact = named_refusal(&running.case, fact, running.message.take());
                self.record(id, fact).await?;
                self.advance(id).await
            }
            Some(Err(message)) => {
                if asked {
                    if message.code != Code::StaleAnswer {
                        running.message = Some(message);
                    }
                } else if from_card {
                    running.card_tried = true;
                    running.wrong_card = Some(message);
                } else {
                    running.stalled = Some(message);
                }
                Ok(())
            }
        }
    }

    /// Appends a fact together with the intent of what follows, then lets it be true.
    async fn record(&mut self, id: CaseId, fact: Fact) -> Result<(), StoreFailure> {
        let Some(running) = self.cases.get(&id) else {
            return Ok(());
        };
        let header = running.header.clone();
        let blank = uses_blank(&running.case, &fact);
        let postings = fact.postings();
        let case = running.case.clone().apply(fact.clone()).map_err(journal_broken)?;
        let next = self.with_cx(&header, |cx| case.next(cx));
        let entry = Entry::Fact { fact };
        let mut rows = Vec::new();
        if !running.trail.is_empty() {
            let trail = Entry::Trail { exchanges: running.trail.clone() };
            rows.push(self.draft(&header, &trail, desk_domain::posting::Balanced::none())?);
        }
        rows.push(self.draft(&header, &entry, postings.clone())?);
        let mut begun = None;
        let mut closes = None;
        match &next {
            Some(Next::Do(effect)) if effect.needs_intent() => {
                let intent = Entry::Intent { effect: effect.clone() };
                rows.push(self.draft(&header, &intent, desk_domain::posting::Balanced::none())?);
                begun = Some(effect.clone());
            }
            Some(Next::Ended(ending)) => closes = Some((id, ending.clone())),
            Some(Next::Do(_) | Next::Ask(_)) | None => {}
        }
        let ended = closes.as_ref().map(|(_, ending)| ending.clone());
        self.append(rows, closes).await?;
        if let Some(ending) = &ended {
            self.ask_for_rating(&header, ending);
        }
        self.count(&postings, &entry, blank);
        if let Some(running) = self.cases.get_mut(&id) {
            running.case = case;
            running.steps = running.steps.saturating_add(1);
            running.begun = begun;
            running.recovered = false;
            running.left_over = false;
            running.busy = false;
            running.apdus = 0;
            running.tries = 0;
            running.stalled = None;
            running.wrong_card = None;
            running.card_tried = false;
            running.settled = false;
            running.message = None;
            running.trail.clear();
        }
        self.late_papers_of(id, &entry).await
    }

    fn count(&mut self, postings: &desk_domain::posting::Balanced, entry: &Entry, blank: bool) {
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return;
        };
        let till = Account::Till { outlet: self.station.outlet.clone(), operator };
        for line in postings.lines().iter().filter(|line| line.account == till) {
            self.day.till = self.day.till.plus(line.amount).unwrap_or(self.day.till);
            if matches!(entry, Entry::Fact { fact: Fact::PaidOut { .. } }) {
                self.day.paid_out = self.day.paid_out.minus(line.amount).unwrap_or(self.day.paid_out);
            }
        }
        if blank {
            self.day.blanks = self.day.blanks.saturating_sub(1);
        }
        if let Entry::Fact { fact } = entry {
            self.day.blanks = blanks_moved(self.day.blanks, fact);
        }
    }

    pub(crate) fn draft(
        &self,
        header: &CaseHeader,
        entry: &Entry,
        postings: desk_domain::posting::Balanced,
    ) -> Result<Draft, StoreFailure> {
        Ok(Draft {
            at: self.now(),
            case: Some(header.id),
            day: self.today(),
            kind: entry.kind(),
            code: entry.code(),
            postings,
            payload: json(entry)?,
        })
    }

    /// Performs what the case wants done next, if anything and if it can be done now.
    pub(crate) async fn advance(&mut self, id: CaseId) -> Result<(), StoreFailure> {
        let Some(Next::Do(effect)) = self.next_of(id) else {
            return Ok(());
        };
        let front = self.front() == Some(id);
        let Some(running) = self.cases.get(&id) else {
            return Ok(());
        };
        if running.busy || running.stalled.is_some() {
            return Ok(());
        }
        let card_ready = front
            && !running.card_tried
            && !self.staff_card_lies
            && match &self.presence {
                Presence::Card { .. } => true,
                Presence::NoService | Presence::NoReader | Presence::Empty | Presence::Several | Presence::Mute | Presence::InUse => false,
            };
        if effect.needs_card() && !card_ready {
            return Ok(());
        }
        // A card write asks the key service on its way.
        let asks_issuer = matches!(effect, Effect::WriteCard { .. } | Effect::ResolveWrite { .. });
        if effect.needs_line() || asks_issuer {
            match &self.session {
                None => return Ok(()),
                Some(session) if session.token.is_none() && self.line.online() => {
                    if front {
                        self.ask_for_password(Message::new(Code::NotSignedIn));
                    }
                    return Ok(());
                }
                Some(_) => {}
            }
        }
        if effect.needs_intent() && running.begun.as_ref() != Some(&effect) {
            let header = running.header.clone();
            let intent = Entry::Intent { effect: effect.clone() };
            let row = self.draft(&header, &intent, desk_domain::posting::Balanced::none())?;
            self.append(vec![row], None).await?;
        }
        if let Some(running) = self.cases.get_mut(&id) {
            running.begun = effect.needs_intent().then(|| effect.clone());
            running.busy = true;
        }
        self.perform(id, effect);
        Ok(())
    }

    fn perform(&mut self, id: CaseId, effect: Effect) {
        let Some(running) = self.cases.get(&id) else {
            return;
        };
        let steps = running.steps;
        let recovered = running.recovered;
        let header = running.header.clone();
        let errand = Errand::Case { case: id, steps };
        match effect {
            // Who asks what is on a card wants to see all of it.
            Effect::ReadCard { .. } if header.service == Service::CardQuery => {
                self.work_on_card(errand, Task::Look(Journeys::All));
            }
            Effect::ReadCard { .. } | Effect::TryCard => self.work_on_card(errand, Task::Read),
            Effect::WriteCard { attempt, reservation, intent } => {
                let issuer = self.issuer_line(id, attempt, reservation);
                self.work_on_card(errand, Task::Write { intent: Box::new(intent), resolve: recovered, elsewhere: None, issuer });
            }
            Effect::ResolveWrite { attempt, reservation, intent } => {
                let reported = running.case.writing().is_some_and(desk_domain::case::Writing::suspended);
                let elsewhere = reported.then(|| self.draw());
                let issuer = self.issuer_line(id, attempt, reservation);
                self.work_on_card(errand, Task::Write { intent: Box::new(intent), resolve: true, elsewhere, issuer });
            }
            Effect::Print { paper } => {
                if let Some(sheet) = self.sheet(id, paper, u32::from(recovered)) {
                    self.print(errand, sheet);
                }
            }
            Effect::FindPerson { lookup } => {
                let request = self.draw();
                self.call(errand, request, Request::FindPerson { case: id, lookup });
            }
            Effect::FindCard { lookup } => {
                let request = self.draw();
                self.call(errand, request, Request::FindCard { case: id, lookup });
            }
            Effect::Inquire { lookup, inquiry } => {
                let request = self.draw();
                self.call(errand, request, Request::Inquire { case: id, lookup, inquiry });
            }
            Effect::TakePhoto { name } => self.take_photo(id, steps, &header, name),
            Effect::FindLists => self.find_lists(id, steps),
            Effect::TakeRows { list, from, sha256 } => self.take_rows((id, steps), &header, list, from, sha256),
            Effect::SendPhotos { photos } => self.send_photos(id, steps, &header, photos),
            Effect::SubmitRows { request, portion } => {
                self.call(errand, request, Request::SubmitRows { case: id, number: header.number, window: header.window, portion });
            }
            Effect::FindOwed { slip } => {
                let request = self.draw();
                self.call(errand, request, Request::FindOwed { case: id, slip });
            }
            Effect::FindUncollected => {
                let request = self.draw();
                self.call(errand, request, Request::FindUncollected { case: id, programme: header.programme.clone() });
            }
            Effect::Reserve { request, claim, authorisation } => self.call(
                errand,
                request,
                Request::Reserve { case: id, number: header.number, window: header.window, claim, authorisation },
            ),
            Effect::Release { request, reservation } => {
                self.call(errand, request, Request::Release { case: id, reservation });
            }
            Effect::ReportUnknown { request, reservation, intent } => {
                self.call(errand, request, Request::ReportUnknown { case: id, reservation, intent })
            }
            Effect::Confirm { request, reservation, settlement } => {
                self.call(errand, request, Request::Confirm { case: id, reservation, settlement })
            }
        }
    }

    /// The rules say how white the ground is and which tag the file gets.
    fn take_photo(&mut self, case: CaseId, steps: u32, header: &CaseHeader, name: String) {
        let rules = self.rules_of(header).and_then(|rules| rules.photo.as_ref());
        let (white_from, dpi) = rules.map_or((0, 0), |photo| (photo.white_from, u16::try_from(photo.dpi).unwrap_or_default()));
        self.look_at_photo((case, steps), name, white_from, dpi);
    }

    pub(crate) async fn photo_taken(&mut self, id: CaseId, steps: u32, end: Result<Box<Taken>, Message>) -> Result<(), StoreFailure> {
        let Some(running) = self.current(id, steps) else {
            return Ok(());
        };
        running.busy = false;
        let outcome = match end {
            Ok(taken) => Outcome::PhotoTaken { taken },
            Err(message) => Outcome::Failed { message },
        };
        self.input(id, Input::Outcome(outcome)).await
    }

    fn issuer_line(&self, case: CaseId, attempt: u32, reservation: desk_domain::id::CentreNumber) -> IssuerLine {
        IssuerLine { case, attempt, reservation, session: self.session.as_ref().and_then(|session| session.token.clone()) }
    }

    fn current(&mut self, id: CaseId, steps: u32) -> Option<&mut Running> {
        self.cases.get_mut(&id).filter(|running| running.steps == steps)
    }

    pub(crate) fn keep_trail(&mut self, id: CaseId, trail: Vec<Exchanged>) {
        if let Some(running) = self.cases.get_mut(&id) {
            trail::extend(&mut running.trail, trail);
        }
    }

    pub(crate) async fn card_ended(&mut self, id: CaseId, steps: u32, end: Ended) -> Result<(), StoreFailure> {
        let trying = matches!(self.next_of(id), Some(Next::Do(Effect::TryCard)));
        let Some(running) = self.current(id, steps) else {
            return Ok(());
        };
        running.busy = false;
        running.apdus = 0;
        let outcome = match end {
            Ended::Read(Ok(_)) | Ended::Locked { .. } if trying => Outcome::CardTried { failed: None },
            Ended::Read(Err(message)) if trying => tried(message),
            Ended::Read(Ok(card)) => Outcome::CardRead { card },
            Ended::Looked(sight) => {
                let card = sight.image.clone();
                running.sight = Some(sight);
                Outcome::CardRead { card }
            }
            Ended::Write(Ok(end)) => Outcome::Write { end },
            Ended::Settled | Ended::Staff(_) => return Ok(()),
            Ended::Locked { card_no, message } => {
                running.card_tried = true;
                running.wrong_card = Some(message);
                if !running.settled {
                    // It may be another desk's write that put it out of use: that is decided, then the card is looked at again.
                    running.settled = true;
                    running.card_tried = false;
                    running.busy = true;
                    self.settle_other(id, steps, card_no);
                }
                return Ok(());
            }
            Ended::Read(Err(message)) | Ended::Write(Err(message)) => {
                running.card_tried = true;
                running.wrong_card = (message.code != Code::NoCard).then_some(message);
                return Ok(());
            }
        };
        if let Outcome::Write { end: WriteEnd::WrongCard { .. } } = &outcome {
            tracing::info!(case = %id, "wrong card, nothing sent");
        }
        if let Outcome::Write { end: WriteEnd::NotWritten { reason } } = &outcome
            && *reason == Code::NotSignedIn
        {
            // No MAC was released and nothing was written: the same write goes on after the password.
            if let Some(session) = &mut self.session {
                session.token = None;
            }
            self.ask_for_password(Message::new(Code::NotSignedIn));
            return Ok(());
        }
        self.input(id, Input::Outcome(outcome)).await
    }

    pub(crate) async fn call_ended(&mut self, id: CaseId, steps: u32, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        let Some(running) = self.current(id, steps) else {
            return Ok(());
        };
        let outcome = match end {
            Err(failure) => {
                running.tries = running.tries.saturating_add(1);
                if running.tries < TRIES {
                    // Still busy: the same request goes out again under the same id.
                    self.later(PAUSE, Mail::Retry { case: id, steps });
                } else {
                    running.busy = false;
                    running.stalled = Some(Message::new(failure.code));
                }
                return Ok(());
            }
            Ok(answered) => {
                // A re-write ends that write itself.
                if let (Reply::Card { card }, false) = (&answered.reply, running.settled || running.header.service == Service::Rewrite)
                    && card.suspended_by.is_some()
                {
                    // Still busy: the card lies here, so the other desk's write is decided first.
                    running.settled = true;
                    let card_no = card.card_no.clone();
                    self.settle_other(id, steps, card_no);
                    return Ok(());
                }
                outcome_of(answered.reply)
            }
        };
        running.busy = false;
        if let Outcome::PersonFound { person } = &outcome {
            running.person = Some(person.clone());
        }
        if let Outcome::PersonFound { person } | Outcome::Inquired { person, .. } = &outcome {
            self.compare_name(id, person);
        }
        let Some(running) = self.current(id, steps) else {
            return Ok(());
        };
        if let Outcome::Refused { message } = &outcome
            && message.code == Code::NotSignedIn
        {
            // The session ended at the centre; the request had no effect and goes out again after the password.
            running.stalled = Some(message.clone());
            let message = message.clone();
            if let Some(session) = &mut self.session {
                session.token = None;
            }
            self.ask_for_password(message);
            return Ok(());
        }
        self.input(id, Input::Outcome(outcome)).await
    }

    pub(crate) async fn retry(&mut self, id: CaseId, steps: u32) -> Result<(), StoreFailure> {
        if let Some(running) = self.current(id, steps) {
            running.busy = false;
            return self.advance(id).await;
        }
        Ok(())
    }

    pub(crate) async fn print_ended(&mut self, id: CaseId, steps: u32, end: Result<(), Message>) -> Result<(), StoreFailure> {
        let Some(running) = self.current(id, steps) else {
            return Ok(());
        };
        running.busy = false;
        let unknown = running.recovered;
        let outcome = match end {
            Ok(()) => Outcome::Printed { copy: 1 },
            Err(message) => {
                // Before the restart it may have come out: the copy that comes late is none that is the first.
                if let (true, Some(Next::Do(Effect::Print { paper }))) = (unknown, self.next_of(id)) {
                    self.may_be_out(id, paper).await?;
                }
                self.notice = Some(message.clone());
                Outcome::Failed { message }
            }
        };
        self.input(id, Input::Outcome(outcome)).await
    }

    /// Every case that was waiting for the line, or for somebody at the window, goes on.
    pub(crate) async fn go_on(&mut self) -> Result<(), StoreFailure> {
        self.ask_write_ends();
        let ids: Vec<CaseId> = self.cases.keys().copied().collect();
        for id in ids {
            if let Some(running) = self.cases.get_mut(&id) {
                running.stalled = None;
                running.tries = 0;
            }
            self.advance(id).await?;
        }
        Ok(())
    }
}

/// A card that gave no answer was tried; a reader that could not ask it has tried nothing.
fn tried(message: Message) -> Outcome {
    const NOT_TRIED: [Code; 4] = [Code::ReaderMissing, Code::ReaderServiceDown, Code::ReaderInUse, Code::TwoCards];
    if NOT_TRIED.contains(&message.code) { Outcome::Failed { message } } else { Outcome::CardTried { failed: Some(message.code) } }
}

/// Blanks of the window after a fact that moves some.
pub(crate) fn blanks_moved(blanks: u32, fact: &Fact) -> u32 {
    if let Fact::StockMoved { moved } = fact {
        match moved.direction {
            Direction::In => blanks.saturating_add(moved.count),
            Direction::Out => blanks.saturating_sub(moved.count),
        }
    } else {
        blanks
    }
}

/// A clerk who cancels after a rule said no ends the case as refused, so that the refusal is on record.
fn named_refusal(case: &Case, fact: Fact, shown: Option<Message>) -> Fact {
    match (fact, shown) {
        (Fact::Cancelled, Some(message)) if message.code.kind() == Kind::Refuse && message.rule.is_some() => {
            let refused = Fact::Refused { message };
            if case.clone().apply(refused.clone()).is_ok() { refused } else { Fact::Cancelled }
        }
        (fact, _) => fact,
    }
}

fn outcome_of(reply: Reply) -> Outcome {
    match reply {
        Reply::Person { person } => Outcome::PersonFound { person },
        Reply::Card { card } => Outcome::CardFound { card },
        Reply::Inquired { person, found } => Outcome::Inquired { person, found },
        Reply::Owed { owed } => Outcome::OwedFound { owed },
        Reply::Uncollected { cards } => Outcome::UncollectedFound { cards },
        Reply::Reserved { reservation } => Outcome::Reserved { reservation },
        Reply::RowsSubmitted { results } => Outcome::RowsSubmitted { results },
        Reply::Released => Outcome::Released,
        Reply::Reported => Outcome::Reported,
        Reply::Confirmed { number } => Outcome::Confirmed { number },
        Reply::Refused { message } => Outcome::Refused { message },
        Reply::Pong { .. }
        | Reply::SignedIn { .. }
        | Reply::SignedOut
        | Reply::PhotoKept
        | Reply::Issuer { .. }
        | Reply::OpenWrite { .. }
        | Reply::WriteEnd { .. }
        | Reply::Authorised { .. }
        | Reply::DayTotals { .. }
        | Reply::Uploaded { .. }
        | Reply::Publications { .. }
        | Reply::Checked { .. }
        | Reply::Faulty { .. }
        | Reply::Published { .. }
        | Reply::Undecided { .. }
        | Reply::Acted { .. }
        | Reply::OutletDay { .. } => Outcome::Failed { message: Message::new(Code::CentreGarbled) },
    }
}

/// What an ending means for the clerk, as a message where there is one.
pub(crate) fn ending_message(ending: &Ending) -> Option<&Message> {
    match ending {
        Ending::Refused { message } | Ending::Referred { message } | Ending::Suspended { message } => Some(message),
        Ending::Done | Ending::Cancelled | Ending::Withdrawn => None,
    }
}
