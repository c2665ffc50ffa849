//! The desk actor: one mailbox, one match, no locks. Acts and outcomes come in, whole views go out.
//!
//! The actor alone owns the store and every case. The reader and the printer have tasks of their own, calls to the centre
//! are tasks too; all of them answer by mail. Whatever was answered for a state that is gone carries an old ticket and is
//! dropped.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use desk_card::{profile::Profiles, sight::CardSight};
use desk_domain::{
    case::{CaseHeader, Paper, context::local},
    code::{Code, Message},
    id::{CaseId, Id128},
    money::Fen,
    photo::Taken,
    read_document::ReadDocument,
    ruleset::RuleSets,
    trail::Exchanged,
};
use desk_wire::v1::Request;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    card_session::{CardSession, Ended, Job},
    clock_trust::ClockTrust,
    doctor::{Doctor, Heard},
    documents::{self, Wanted},
    exceptions::Exceptions,
    hall::{self, HallJob, HallState},
    line::Line,
    office::{Office, OfficeErrand},
    outlet_report::OutletReport,
    ports::{
        Answered, CardReader, CentreLink, Clock, Draft, Entropy, Hall, IdReader, Intake, LinkFailure, Presence, Printer, Rating, Screen,
        Signer, StaffCards, Station, Store, StoreFailure, Ticket, Verifier,
    },
    press::{self, Sheets},
    published::Published,
    report::Report,
    reprint::Papers,
    reveal::Grounds,
    run::Running,
    self_test::{Device, SelfTest},
    session::{Door, Session},
    view::Act,
};

/// Everything the desk is made of. The composition root, the tests and the simulation fill it.
pub struct Parts {
    pub station: Station,
    pub rule_sets: RuleSets,
    pub profiles: Profiles,
    pub store: Box<dyn Store>,
    pub link: Arc<dyn CentreLink>,
    pub reader: Box<dyn CardReader>,
    pub printer: Box<dyn Printer>,
    /// Queue and rating device; [`crate::ports::NoHall`] where there is none.
    pub hall: Box<dyn Hall>,
    /// Reader of identity documents; [`crate::ports::NoIdReader`] where there is none.
    pub id_reader: Box<dyn IdReader>,
    /// Folder of what customers bring; [`crate::ports::NoIntake`] where there is none.
    pub intake: Arc<dyn Intake>,
    pub screen: Arc<dyn Screen>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Box<dyn Entropy>,
    pub signer: Arc<dyn Signer>,
    pub verifier: Arc<dyn Verifier>,
    pub staff_cards: Arc<dyn StaffCards>,
    /// Practice mode (练习): marked on every paper.
    pub practice: bool,
}

/// What may come into the mailbox.
pub(crate) enum Mail {
    Act(Act),
    Tick,
    Presence(Presence),
    CardProgress {
        ticket: u64,
        done: u32,
    },
    CardEnded {
        ticket: u64,
        end: Ended,
        /// What was said to the card, masked.
        trail: Vec<Exchanged>,
        heard: Heard,
    },
    Printed {
        ticket: u64,
        end: Result<(), Message>,
    },
    Link {
        ticket: u64,
        end: Result<Answered, LinkFailure>,
    },
    /// What the clerk has to know before a paper comes out.
    Remark {
        message: Message,
    },
    /// The queue called a ticket, or nobody.
    Called {
        end: Result<Option<Ticket>, Message>,
    },
    /// A document was laid on its reader while the form for it stood on the screen, or could not be read.
    Document {
        case: CaseId,
        steps: u32,
        end: Result<ReadDocument, Message>,
    },
    /// A photo was taken from its folder, or could not be.
    Photo {
        case: CaseId,
        steps: u32,
        end: Result<Box<Taken>, Message>,
    },
    /// Something beside the centre ended: a list was read, photos were sent.
    Beside {
        case: CaseId,
        steps: u32,
        /// Of a call that was part of it.
        ticket: Option<u64>,
        outcome: Box<desk_domain::case::Outcome>,
    },
    Rated {
        case: CaseId,
        rating: Rating,
    },
    /// What a device said of itself when the day was opened.
    DeviceTested {
        device: Device,
        end: Result<(), Message>,
    },
    /// Rule files in the folder of what was brought.
    RuleFiles {
        names: Vec<String>,
    },
    /// One of them, read.
    RuleFile {
        name: String,
        end: Result<String, Message>,
    },
    /// Time to try a failed call again.
    Retry {
        case: CaseId,
        steps: u32,
    },
}

/// What a ticket was drawn for.
pub(crate) enum Errand {
    /// The outcome belongs to this state of this case.
    Case {
        case: CaseId,
        steps: u32,
    },
    /// The card on the home screen.
    HomeCard,
    /// Another desk's write is decided from the card in the field before this case goes on.
    Settle {
        case: CaseId,
        steps: u32,
    },
    /// How another desk decided the write of this case.
    WriteEnd {
        case: CaseId,
        steps: u32,
    },
    Authorise {
        case: CaseId,
        steps: u32,
        supervisor: String,
        amount: Fen,
    },
    /// A staff card at the door; what it signed is over this request.
    StaffAtDoor {
        request: Id128,
    },
    /// A supervisor's staff card over a case.
    StaffOverCase {
        case: CaseId,
        steps: u32,
        request: Id128,
        amount: Fen,
        reason: String,
    },
    /// A paper of a case that went on without it.
    LatePaper {
        case: CaseId,
        paper: Paper,
        /// A copy before this one may have come out.
        again: bool,
    },
    ReportPaper,
    DayPaper,
    /// A slip that belongs to no case.
    Guidance,
    /// A paper of the list, for the given time.
    Reprint {
        header: Box<CaseHeader>,
        paper: Paper,
        copy: u32,
    },
    /// A second person is asked whether masked text may be shown.
    Reveal {
        case: CaseId,
        grounds: Grounds,
    },
    SignIn,
    SignOut,
    Ping,
    Upload,
    DayTotals,
    /// What the centre published.
    Published,
    /// Claims without an end, for head office.
    Undecided,
    /// An act of head office.
    Office(OfficeErrand),
    /// A day of the outlet.
    OutletDay,
    OutletPaper,
}

/// Sends acts to a running desk; cheap to clone. Dropping the last one ends the desk.
#[derive(Clone)]
pub struct DeskHandle {
    acts: mpsc::UnboundedSender<Act>,
}

impl DeskHandle {
    /// Answers come as views. False when the desk has ended.
    pub fn send(&self, act: Act) -> bool {
        self.acts.send(act).is_ok()
    }
}

/// What is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Starting,
    Blocked(Message),
    Door(Door),
    DayOpen { message: Option<Message>, typed: Option<crate::day::Typed> },
    DayClose(Box<crate::day_close::Close>),
    Home { message: Option<Message> },
    Case(CaseId),
    Report(Box<Report>),
    Papers(Box<Papers>),
    Exceptions(Box<Exceptions>),
    Doctor,
    Office(Box<Office>),
    OutletReport(Box<OutletReport>),
}

/// The card that lies on the reader while nobody works on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HomeCard {
    None,
    Reading,
    Read(Box<CardSight>),
    Unreadable(Message),
}

/// The business day of the clerk who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub date: NaiveDate,
    pub open: bool,
    /// Closed for good; nothing is begun before tomorrow.
    pub closed: bool,
    /// A supervisor lets the window work outside the outlet's hours.
    pub beyond_hours: bool,
    pub till: Fen,
    pub paid_out: Fen,
    pub blanks: u32,
}

/// Tasks that begin when the actor is polled.
struct WaitingTasks {
    session: CardSession,
    printer: Box<dyn Printer>,
    sheets: mpsc::UnboundedReceiver<press::Job>,
    hall: Box<dyn Hall>,
    hall_jobs: mpsc::UnboundedReceiver<HallJob>,
    id_reader: Box<dyn IdReader>,
    documents: watch::Receiver<Wanted>,
    document_tests: mpsc::UnboundedReceiver<documents::Test>,
}

/// The actor. Made by [`Desk::start`], driven by [`Desk::run`].
pub struct Desk {
    pub(crate) station: Station,
    pub(crate) rules: RuleSets,
    pub(crate) published: Published,
    pub(crate) profiles: Profiles,
    pub(crate) store: Box<dyn Store>,
    pub(crate) link: Arc<dyn CentreLink>,
    pub(crate) screen: Arc<dyn Screen>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) verifier: Arc<dyn Verifier>,
    pub(crate) staff_cards: Arc<dyn StaffCards>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) practice: bool,

    pub(crate) place: Place,
    pub(crate) session: Option<Session>,
    pub(crate) day: Day,
    pub(crate) cases: BTreeMap<CaseId, Running>,
    pub(crate) line: Line,
    pub(crate) clock_trust: ClockTrust,
    pub(crate) presence: Presence,
    /// What lies there has just proved to be a staff card: no case tries it.
    pub(crate) staff_card_lies: bool,
    pub(crate) doctor: Doctor,
    pub(crate) home_card: HomeCard,
    pub(crate) late_papers: Vec<(CaseId, Paper)>,
    /// Second of the monotonic clock at which a late paper was tried last.
    pub(crate) late_paper_tried: u64,
    pub(crate) waiting: u32,
    pub(crate) hall: HallState,
    pub(crate) hall_jobs: mpsc::UnboundedSender<HallJob>,
    pub(crate) documents: watch::Sender<Wanted>,
    pub(crate) document_tests: mpsc::UnboundedSender<documents::Test>,
    pub(crate) has_id_reader: bool,
    pub(crate) self_test: SelfTest,
    pub(crate) uploading: bool,
    pub(crate) notice: Option<Message>,
    pub(crate) revision: u32,
    /// Sequence of the newest journal row.
    pub(crate) sequence: u64,
    /// Monotonic moment of the last act, for locking an idle screen.
    pub(crate) touched: Duration,
    ticket: u64,
    errands: BTreeMap<u64, Errand>,

    acts: mpsc::UnboundedReceiver<Act>,
    mail: mpsc::UnboundedReceiver<Mail>,
    pub(crate) tell: mpsc::UnboundedSender<Mail>,
    jobs: mpsc::UnboundedSender<Job>,
    pub(crate) sheets: mpsc::UnboundedSender<press::Job>,
    waiting_tasks: Option<WaitingTasks>,
    /// Aborted when the desk is dropped, so that a killed desk leaves nobody behind.
    pub(crate) tasks: JoinSet<()>,
}

impl Desk {
    /// Makes a desk and its handle; nothing happens before [`Desk::run`] is polled (on a tokio runtime).
    #[must_use]
    pub fn start(parts: Parts) -> (Self, DeskHandle) {
        let (act_sender, acts) = mpsc::unbounded_channel();
        let (tell, mail) = mpsc::unbounded_channel();
        let (jobs, job_receiver) = mpsc::unbounded_channel();
        let (sheets, sheet_receiver) = mpsc::unbounded_channel();
        let (hall_jobs, hall_receiver) = mpsc::unbounded_channel();
        let (document_sender, documents) = watch::channel(None);
        let (document_tests, document_test_receiver) = mpsc::unbounded_channel();
        let now = parts.clock.now();
        let session = CardSession {
            reader: parts.reader,
            profiles: parts.profiles.clone(),
            link: Arc::clone(&parts.link),
            clock: Arc::clone(&parts.clock),
            jobs: job_receiver,
            tell: tell.clone(),
            said: Vec::new(),
            opened: None,
        };
        let desk = Self {
            station: parts.station,
            published: Published::on(parts.rule_sets.clone()),
            rules: parts.rule_sets,
            profiles: parts.profiles,
            store: parts.store,
            link: parts.link,
            screen: parts.screen,
            touched: parts.clock.monotonic(),
            clock: parts.clock,
            entropy: parts.entropy,
            signer: parts.signer,
            verifier: parts.verifier,
            staff_cards: parts.staff_cards,
            intake: parts.intake,
            practice: parts.practice,
            place: Place::Starting,
            session: None,
            day: Day {
                date: local(now).date(),
                open: false,
                closed: false,
                beyond_hours: false,
                till: Fen::ZERO,
                paid_out: Fen::ZERO,
                blanks: 0,
            },
            cases: BTreeMap::new(),
            line: Line::default(),
            clock_trust: ClockTrust::default(),
            presence: Presence::NoReader,
            staff_card_lies: false,
            doctor: Doctor::default(),
            home_card: HomeCard::None,
            late_papers: Vec::new(),
            late_paper_tried: 0,
            waiting: 0,
            hall: HallState { present: parts.hall.present(), ..HallState::default() },
            hall_jobs,
            documents: document_sender,
            document_tests,
            has_id_reader: parts.id_reader.present(),
            self_test: SelfTest::default(),
            uploading: false,
            notice: None,
            revision: 0,
            sequence: 0,
            ticket: 0,
            errands: BTreeMap::new(),
            acts,
            mail,
            tell,
            jobs,
            sheets,
            waiting_tasks: Some(WaitingTasks {
                session,
                printer: parts.printer,
                sheets: sheet_receiver,
                hall: parts.hall,
                hall_jobs: hall_receiver,
                id_reader: parts.id_reader,
                documents,
                document_tests: document_test_receiver,
            }),
            tasks: JoinSet::new(),
        };
        (desk, DeskHandle { acts: act_sender })
    }

    /// Runs until every handle is gone.
    pub async fn run(mut self) {
        self.show();
        if let Some(tasks) = self.waiting_tasks.take() {
            self.tasks.spawn(tasks.session.run());
            self.tasks.spawn(press::run(tasks.printer, tasks.sheets, self.tell.clone()));
            self.tasks.spawn(hall::run(tasks.hall, tasks.hall_jobs, self.tell.clone()));
            self.tasks.spawn(documents::run(
                tasks.id_reader,
                Arc::clone(&self.clock),
                tasks.documents,
                tasks.document_tests,
                self.tell.clone(),
            ));
        }
        let (clock, tell) = (Arc::clone(&self.clock), self.tell.clone());
        self.tasks.spawn(async move {
            while tell.send(Mail::Tick).is_ok() {
                clock.sleep(Duration::from_secs(1)).await;
            }
        });
        let begun = self.wake().await;
        self.answer_for(begun);
        self.show();
        loop {
            let mail = tokio::select! {
                biased;
                Some(mail) = self.mail.recv() => mail,
                act = self.acts.recv() => match act {
                    Some(act) => Mail::Act(act),
                    None => return,
                },
            };
            let before = self.glance();
            let quiet = matches!(mail, Mail::Tick);
            let done = self.receive(mail).await;
            self.answer_for(done);
            self.look_for_document();
            // A tick shows itself only where the clock's minute or something else changed.
            if !quiet || before != self.glance() {
                self.show();
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    async fn receive(&mut self, mail: Mail) -> Result<(), StoreFailure> {
        if matches!(self.place, Place::Blocked(_)) {
            return Ok(());
        }
        match mail {
            Mail::Act(act) => {
                self.touched = self.clock.monotonic();
                self.act(act).await
            }
            Mail::Tick => self.tick().await,
            Mail::Presence(presence) => self.presence_changed(presence).await,
            Mail::CardProgress { ticket, done } => {
                if let Some(Errand::Case { case, steps }) = self.errands.get(&ticket) {
                    let (case, steps) = (*case, *steps);
                    if let Some(running) = self.cases.get_mut(&case).filter(|running| running.steps == steps) {
                        running.apdus = done;
                    }
                }
                Ok(())
            }
            Mail::CardEnded { ticket, end, trail, heard } => {
                self.reader_heard(heard);
                match self.errands.remove(&ticket) {
                    Some(Errand::Case { case, steps }) => {
                        self.keep_trail(case, trail);
                        self.card_ended(case, steps, end).await
                    }
                    Some(Errand::HomeCard) => self.home_card_read(end).await,
                    Some(Errand::StaffAtDoor { request }) => self.staff_at_door(request, end).await,
                    Some(Errand::StaffOverCase { case, steps, request, amount, reason }) => {
                        self.staff_over_case(case, steps, request, amount, reason, end)
                    }
                    Some(Errand::Settle { case, steps }) => {
                        self.keep_trail(case, trail);
                        self.retry(case, steps).await
                    }
                    Some(_) | None => Ok(()),
                }
            }
            Mail::Printed { ticket, end } => match self.errands.remove(&ticket) {
                Some(Errand::Case { case, steps }) => self.print_ended(case, steps, end).await,
                Some(Errand::LatePaper { case, paper, again }) => self.late_paper_ended(case, paper, again, end).await,
                Some(Errand::ReportPaper) => self.report_printed(end).await,
                Some(Errand::DayPaper) => self.day_paper_ended(end).await,
                Some(Errand::OutletPaper) => self.outlet_report_printed(end).await,
                Some(Errand::Guidance) => {
                    self.guidance_printed(end);
                    Ok(())
                }
                Some(Errand::Reprint { header, paper, copy }) => self.reprinted(*header, paper, copy, end).await,
                Some(_) | None => Ok(()),
            },
            Mail::Link { ticket, end } => {
                self.heard(&end).await?;
                match self.errands.remove(&ticket) {
                    Some(Errand::Case { case, steps }) => self.call_ended(case, steps, end).await,
                    Some(Errand::Authorise { case, steps, supervisor, amount }) => {
                        self.authorise_ended(case, steps, supervisor, amount, end).await
                    }
                    Some(Errand::WriteEnd { case, steps }) => self.write_end_heard(case, steps, end).await,
                    Some(Errand::SignIn) => self.sign_in_ended(end).await,
                    Some(Errand::Reveal { case, grounds }) => self.reveal_ended(case, grounds, end).await,
                    Some(Errand::Upload) => self.upload_ended(end).await,
                    Some(Errand::Ping) => {
                        self.pong_heard(&end);
                        Ok(())
                    }
                    Some(Errand::Published) => self.published_heard(end).await,
                    Some(Errand::Undecided) => {
                        self.undecided_heard(end);
                        Ok(())
                    }
                    Some(Errand::Office(errand)) => self.office_ended(errand, end).await,
                    Some(Errand::OutletDay) => self.outlet_day_heard(end).await,
                    Some(Errand::DayTotals) => {
                        self.day_totals_ended(end);
                        Ok(())
                    }
                    Some(
                        Errand::HomeCard
                        | Errand::Settle { .. }
                        | Errand::LatePaper { .. }
                        | Errand::ReportPaper
                        | Errand::DayPaper
                        | Errand::OutletPaper
                        | Errand::Guidance
                        | Errand::Reprint { .. }
                        | Errand::StaffAtDoor { .. }
                        | Errand::StaffOverCase { .. }
                        | Errand::SignOut,
                    )
                    | None => Ok(()),
                }
            }
            Mail::Document { case, steps, end } => {
                self.document_read(case, steps, end);
                Ok(())
            }
            Mail::Called { end } => self.called(end).await,
            Mail::Photo { case, steps, end } => self.photo_taken(case, steps, end).await,
            Mail::Beside { case, steps, ticket, outcome } => {
                if let Some(ticket) = ticket {
                    self.errands.remove(&ticket);
                }
                self.beside_ended(case, steps, *outcome).await
            }
            Mail::Rated { case, rating } => self.rated(case, rating).await,
            Mail::DeviceTested { device, end } => {
                self.device_tested(device, end);
                Ok(())
            }
            Mail::RuleFiles { names } => {
                self.rule_files_listed(names);
                Ok(())
            }
            Mail::RuleFile { name, end } => {
                self.rule_file_read(name, end);
                Ok(())
            }
            Mail::Remark { message } => {
                self.notice = Some(message);
                Ok(())
            }
            Mail::Retry { case, steps } => self.retry(case, steps).await,
        }
    }

    async fn act(&mut self, act: Act) -> Result<(), StoreFailure> {
        match act {
            Act::SignIn { operator, password } => self.sign_in(operator, password),
            Act::Unlock { password } => self.unlock(password),
            Act::SignInByCard { pin } => self.sign_in_by_card(&pin),
            Act::AuthoriseByCard { question, pin } => self.authorise_by_card(&question, &pin),
            Act::Lock => self.lock().await,
            Act::SignOut => self.sign_out().await,
            Act::OpenDay { float, blanks } => self.open_day(&float, &blanks).await,
            Act::CloseDay => self.close_day().await,
            Act::CountDay { pieces, blanks, spoiled, reason } => self.count_day(&pieces, &blanks, &spoiled, &reason).await,
            Act::PrintDay => self.print_day(),
            Act::OpenHours => self.open_hours().await,
            Act::DepositCash { amount, slip } => self.deposit_cash(&amount, &slip).await,
            Act::Start { service, programme } => self.start_case(&service, &programme).await,
            Act::Choose { question, option } => self.answer(&question, desk_domain::case::Answer::Choose { option }).await,
            Act::Fill { question, values } => {
                let values = self.marked(values);
                self.answer(&question, desk_domain::case::Answer::Fill { values }).await
            }
            Act::Go { question } => self.go(&question).await,
            Act::Do { question } => self.answer(&question, desk_domain::case::Answer::Act).await,
            Act::Authorise { question, supervisor, password } => self.authorise(&question, supervisor, password),
            Act::Park { question } => self.park(&question),
            Act::Cancel { question } => self.cancel(&question).await,
            Act::Resume { case } => self.resume_case(&case).await,
            Act::Home => self.leave().await,
            Act::Report => self.open_report().await,
            Act::PrintReport => self.print_report(),
            Act::ReadAgain => self.read_again().await,
            Act::Notice { question } => self.give_notice(&question).await,
            Act::Guide { service, programme } => self.guide(&service, &programme).await,
            Act::Papers { day } => self.open_papers(&day).await,
            Act::Reprint { paper } => self.reprint(&paper).await,
            Act::TurnPage { question, page } => {
                self.turn_page(&question, page);
                Ok(())
            }
            Act::Exceptions => self.open_exceptions().await,
            Act::Doctor => {
                self.open_doctor();
                Ok(())
            }
            Act::Attend { line, remedy, note } => self.attend(&line, &remedy, &note).await,
            Act::Reveal { question, reason, purpose, supervisor, password } => {
                let grounds = Grounds { reason, purpose, supervisor: crate::reveal::supervisor(&supervisor) };
                self.reveal(&question, grounds, password)
            }
            Act::Find { typed } => self.refuse_lookup(&typed).await,
            Act::CallNext => self.call_next().await,
            Act::Mask => {
                self.mask_again(None);
                Ok(())
            }
            Act::Export => self.refuse_export().await,
            Act::OutletReport { day } => self.open_outlet_report(&day).await,
            Act::PrintOutletReport => {
                self.print_outlet_report();
                Ok(())
            }
            Act::Office { room } => {
                self.open_office(&room);
                Ok(())
            }
            Act::GiveBack { reservation, reason, second, password } => {
                self.give_back(&reservation, reason, &second, password);
                Ok(())
            }
            Act::WriteOff { reservation, reason, second, password } => {
                self.write_off(&reservation, reason, &second, password);
                Ok(())
            }
            Act::CheckFile { file } => {
                self.check_file(file);
                Ok(())
            }
            Act::CheckDay { programme, outlet, date, hours } => {
                self.check_day(&programme, &outlet, &date, hours);
                Ok(())
            }
            Act::CheckHoliday { programme, name, from, to } => {
                self.check_holiday(&programme, &name, &from, &to);
                Ok(())
            }
            Act::PublishDraft { second, password } => {
                self.publish_draft(&second, password);
                Ok(())
            }
            Act::DropDraft => {
                self.drop_draft();
                Ok(())
            }
            Act::DismissNotice => {
                self.notice = None;
                Ok(())
            }
        }
    }

    async fn tick(&mut self) -> Result<(), StoreFailure> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        if let Some(seconds) = self.clock_trust.look(now, monotonic) {
            self.notice = Some(Message::new(Code::ClockUntrusted));
            self.note(&crate::loose::Loose::ClockUntrusted { seconds }).await?;
        }
        if self.line.ping_due(monotonic) && !self.calling(|errand| matches!(errand, Errand::Ping)) {
            let id = self.draw();
            self.call(Errand::Ping, id, Request::Ping);
        }
        if self.mask_again(Some(monotonic)) {
            self.show();
        }
        self.change_rules();
        self.new_day().await?;
        self.idle(monotonic).await?;
        self.upload().await?;
        self.keep_reader().await?;
        self.print_late_papers().await
    }

    /// A store that fails ends the day's work: nothing may happen that is not on the disk.
    fn answer_for(&mut self, done: Result<(), StoreFailure>) {
        if let Err(failure) = done {
            tracing::error!(code = failure.code.as_str(), detail = %failure.detail, "store");
            self.place = Place::Blocked(Message::new(failure.code));
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn today(&self) -> NaiveDate {
        local(self.now()).date()
    }

    /// Sixteen random bytes.
    pub(crate) fn draw(&mut self) -> Id128 {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        Id128(bytes)
    }

    pub(crate) fn ticket(&mut self, errand: Errand) -> u64 {
        self.ticket += 1;
        self.errands.insert(self.ticket, errand);
        self.ticket
    }

    pub(crate) fn calling(&self, which: impl Fn(&Errand) -> bool) -> bool {
        self.errands.values().any(which)
    }

    /// Calls the centre; the answer comes by mail.
    pub(crate) fn call(&mut self, errand: Errand, id: Id128, request: Request) {
        let ticket = self.ticket(errand);
        let (link, tell) = (Arc::clone(&self.link), self.tell.clone());
        let token = match &request {
            Request::Ping
            | Request::SignIn { .. }
            | Request::SignInByCard { .. }
            | Request::Upload { .. }
            | Request::Publications { .. } => None,
            Request::SignOut
            | Request::FindPerson { .. }
            | Request::FindCard { .. }
            | Request::Inquire { .. }
            | Request::FindOwed { .. }
            | Request::FindUncollected { .. }
            | Request::Reserve { .. }
            | Request::KeepPhoto { .. }
            | Request::SubmitRows { .. }
            | Request::Release { .. }
            | Request::Issuer { .. }
            | Request::ReportUnknown { .. }
            | Request::OpenWrite { .. }
            | Request::DecideWrite { .. }
            | Request::WriteEnd { .. }
            | Request::Confirm { .. }
            | Request::Authorise { .. }
            | Request::AuthoriseByCard { .. }
            | Request::DayTotals { .. }
            | Request::Publish { .. }
            | Request::Undecided
            | Request::GiveBack { .. }
            | Request::WriteOff { .. }
            | Request::OutletDay { .. } => self.session.as_ref().and_then(|session| session.token.clone()),
        };
        self.tasks.spawn(async move {
            let end = link.call(id, token.as_ref(), &request).await;
            if let Err(failure) = &end {
                tracing::warn!(request = request.name(), code = failure.code.as_str(), "call failed");
            }
            tell.send(Mail::Link { ticket, end }).ok();
        });
    }

    pub(crate) fn work_on_card(&mut self, errand: Errand, task: crate::card_session::Task) {
        let ticket = self.ticket(errand);
        self.jobs.send(Job { ticket, task }).ok();
    }

    pub(crate) fn print(&mut self, errand: Errand, sheet: crate::ports::Sheet) {
        let ticket = self.ticket(errand);
        self.sheets.send(press::Job::Print(Sheets { ticket, sheet: Box::new(sheet) })).ok();
    }

    /// Takes a photo from the folder of what was brought; the answer comes by mail.
    pub(crate) fn look_at_photo(&mut self, (case, steps): (CaseId, u32), name: String, white_from: u32, dpi: u16) {
        let (intake, tell) = (Arc::clone(&self.intake), self.tell.clone());
        self.tasks.spawn(async move {
            let end = intake.photo(&name, white_from, dpi).await.map(Box::new);
            tell.send(Mail::Photo { case, steps, end }).ok();
        });
    }

    /// Looks into the folder of what was brought; the answer comes by mail.
    pub(crate) fn list_rule_files(&mut self) {
        let (intake, tell) = (Arc::clone(&self.intake), self.tell.clone());
        self.tasks.spawn(async move {
            tell.send(Mail::RuleFiles { names: intake.rule_files().await }).ok();
        });
    }

    pub(crate) fn read_rule_file(&mut self, name: String) {
        let (intake, tell) = (Arc::clone(&self.intake), self.tell.clone());
        self.tasks.spawn(async move {
            let end = intake.rule_file(&name).await;
            tell.send(Mail::RuleFile { name, end }).ok();
        });
    }

    /// Sends a mail to itself after a while.
    pub(crate) fn later(&mut self, after: Duration, mail: Mail) {
        let (clock, tell) = (Arc::clone(&self.clock), self.tell.clone());
        self.tasks.spawn(async move {
            clock.sleep(after).await;
            tell.send(mail).ok();
        });
    }

    /// Appends rows and remembers where the journal stands.
    pub(crate) async fn append(
        &mut self,
        rows: Vec<Draft>,
        closes: Option<(CaseId, desk_domain::case::Ending)>,
    ) -> Result<(), StoreFailure> {
        let appended = self.store.append(rows, closes).await?;
        for header in &appended {
            self.sequence = header.sequence;
            self.waiting = self.waiting.saturating_add(1);
        }
        Ok(())
    }

    /// Appends a row that belongs to no case.
    pub(crate) async fn note(&mut self, loose: &crate::loose::Loose) -> Result<(), StoreFailure> {
        let draft = Draft {
            at: self.now(),
            case: None,
            day: self.today(),
            kind: loose.kind().to_owned(),
            code: loose.code(),
            postings: loose.postings(),
            payload: crate::run::json(loose)?,
        };
        self.append(vec![draft], None).await
    }
}
