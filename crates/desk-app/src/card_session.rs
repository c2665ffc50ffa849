//! The reader's own task: watches what lies there, and runs card transactions to their end.
//!
//! A transaction is fed by the card and by the centre's key service. Nobody else speaks to the card while it runs, and the
//! session is closed after each.

use std::{sync::Arc, time::Duration};

use desk_card::{
    Journeys, LookAtCard, ReadLocked,
    link::{Answer, CardReader, Presence},
    profile::Profiles,
    read::{ReadCard, ReadEnd},
    redact::{Said, redacted},
    sight::CardSight,
    staff::ProveStaff,
    transaction::{Reply as Fed, Step, Transaction},
    write,
};
use desk_domain::{
    card::{CardImage, WriteEnd, WriteIntent},
    case::context::request_id,
    code::{Code, Message},
    id::{CardNo, CaseId, CentreNumber, RequestId, SessionToken},
    issuer::{IssuerAnswer, IssuerRequest},
    pin::Pin,
    reader_health::ReaderEvent,
    staff::StaffProof,
    trail::Exchanged,
};
use desk_wire::v1::{Reply, Request};
use tokio::sync::mpsc;

use crate::{
    desk::Mail,
    doctor::Heard,
    ports::{Answered, CentreLink, Clock},
};

/// How long one look at the reader takes at most; a job waits no longer than this.
const LOOK: Duration = Duration::from_millis(250);

/// What the reader's task is asked to do. `ticket` comes back with the end.
pub(crate) struct Job {
    pub ticket: u64,
    pub task: Task,
}

pub(crate) enum Task {
    Read,
    /// The same with everything that can be shown, for the eyes.
    Look(Journeys),
    /// Begin the write, or decide one that was begun before.
    Write {
        intent: Box<WriteIntent>,
        resolve: bool,
        /// The centre knows of the doubt, so another desk may have decided it: it is asked first, under this id.
        elsewhere: Option<RequestId>,
        issuer: IssuerLine,
    },
    /// Prove whose staff card lies there; the PIN goes to the card and nowhere else.
    Staff {
        pin: Pin,
        challenge: [u8; 32],
    },
    /// Decide the write of another desk that lies on this card, and tell the centre.
    Settle {
        card_no: CardNo,
        /// Ids of the two requests to the centre.
        ids: [RequestId; 2],
        session: Option<SessionToken>,
    },
}

/// Under which case and reservation the key service is asked.
pub(crate) struct IssuerLine {
    pub case: CaseId,
    pub attempt: u32,
    pub reservation: CentreNumber,
    pub session: Option<SessionToken>,
}

/// How a job ended. `Err` means that nothing was sent that could change a card.
pub(crate) enum Ended {
    Read(Result<CardImage, Message>),
    Looked(Box<CardSight>),
    /// Nothing can be read of this card but its number: it is out of use.
    Locked {
        card_no: CardNo,
        message: Message,
    },
    Write(Result<WriteEnd, Message>),
    Staff(Result<StaffProof, Message>),
    /// Another desk's write was decided, or could not be.
    Settled,
}

/// Everything the reader's task needs.
pub(crate) struct CardSession {
    pub reader: Box<dyn CardReader>,
    pub profiles: Profiles,
    pub link: Arc<dyn CentreLink>,
    pub clock: Arc<dyn Clock>,
    pub jobs: mpsc::UnboundedReceiver<Job>,
    pub tell: mpsc::UnboundedSender<Mail>,
    /// What was said in the present job.
    pub said: Vec<Said>,
    /// How the card was opened for it.
    pub opened: Option<Presence>,
}

impl CardSession {
    /// Ends when the desk is gone.
    pub(crate) async fn run(mut self) {
        let mut seen = self.reader.presence().await;
        if !self.say(Mail::Presence(seen.clone())) {
            return;
        }
        loop {
            let looked = self.clock.monotonic();
            let job = tokio::select! {
                biased;
                job = self.jobs.recv() => match job {
                    Some(job) => Some(job),
                    None => return,
                },
                presence = self.reader.changed(LOOK) => {
                    // Back before its time with the same sight: a card was taken off and one put on in between.
                    let anew = matches!(presence, Presence::Card { .. })
                        && self.clock.monotonic().saturating_sub(looked) < LOOK;
                    if presence != seen || anew {
                        seen = presence;
                        if !self.say(Mail::Presence(seen.clone())) {
                            return;
                        }
                    } else if matches!(seen, Presence::NoReader | Presence::NoService) {
                        // Such a reader answers at once; do not spin on it.
                        self.clock.sleep(LOOK).await;
                    }
                    None
                }
            };
            if let Some(job) = job {
                self.said.clear();
                self.opened = None;
                let end = self.perform(job.task, job.ticket).await;
                self.reader.disconnect().await;
                let trail: Vec<Exchanged> = redacted(&self.profiles, &self.said);
                let heard = self.heard();
                if !self.say(Mail::CardEnded { ticket: job.ticket, end, trail, heard }) {
                    return;
                }
                let presence = self.reader.presence().await;
                if presence != seen {
                    seen = presence;
                    if !self.say(Mail::Presence(seen.clone())) {
                        return;
                    }
                }
            }
        }
    }

    /// What the job tells about the reader.
    fn heard(&self) -> Heard {
        let mut heard = Heard { reader: self.reader.name(), events: Vec::new() };
        if let Some(presence) = &self.opened {
            heard.opened(presence);
        }
        for said in &self.said {
            heard.events.push(match said.answer {
                Answer::Response(_) => ReaderEvent::Answered(said.took),
                Answer::Lost => ReaderEvent::Pulled,
            });
        }
        heard
    }

    fn say(&self, mail: Mail) -> bool {
        self.tell.send(mail).is_ok()
    }

    async fn perform(&mut self, task: Task, ticket: u64) -> Ended {
        let presence = self.reader.connect().await;
        self.opened = Some(presence.clone());
        let absent = ReadEnd::of_presence(&presence).map(|end| end.0);
        match task {
            Task::Read | Task::Look(_) => {
                if let Some(message) = absent {
                    return Ended::Read(Err(message));
                }
                let message = if let Task::Look(journeys) = task {
                    match self.drive(&mut LookAtCard::new(&self.profiles, journeys), ticket, None).await {
                        Ok(sight) => return Ended::Looked(Box::new(sight)),
                        Err(unread) => unread.end.0,
                    }
                } else {
                    match self.drive(&mut ReadCard::new(&self.profiles), ticket, None).await {
                        Ok(card) => return Ended::Read(Ok(card)),
                        Err(end) => end.0,
                    }
                };
                if message.code != Code::CardRefused {
                    return Ended::Read(Err(message));
                }
                match self.drive(&mut ReadLocked::new(&self.profiles), ticket, None).await {
                    Some(card_no) => Ended::Locked { card_no, message },
                    None => Ended::Read(Err(message)),
                }
            }
            Task::Staff { pin, challenge } => {
                if let Some(message) = absent {
                    return Ended::Staff(Err(message));
                }
                let mut transaction = ProveStaff::new(pin, challenge);
                Ended::Staff(self.drive(&mut transaction, ticket, None).await)
            }
            Task::Settle { card_no, ids, session } => {
                if absent.is_none() {
                    self.settle(card_no, ids, session, ticket).await;
                }
                Ended::Settled
            }
            Task::Write { intent, resolve, elsewhere, issuer } => {
                if let Some(message) = absent {
                    return Ended::Write(Err(message));
                }
                if let Some(id) = elsewhere
                    && let Some(end) = self.decided_elsewhere(id, &issuer).await
                {
                    return Ended::Write(Ok(end));
                }
                let begun = if resolve { write::resolve(&intent, &self.profiles) } else { write::begin(&intent, &self.profiles) };
                match begun {
                    Err(message) => Ended::Write(Err(message)),
                    Ok(mut transaction) => Ended::Write(Ok(self.drive(&mut *transaction, ticket, Some(&issuer)).await)),
                }
            }
        }
    }

    /// How another desk decided this desk's write, if one has and the line works.
    async fn decided_elsewhere(&mut self, id: RequestId, line: &IssuerLine) -> Option<WriteEnd> {
        let request = Request::WriteEnd { case: line.case, reservation: line.reservation.clone() };
        match self.link.call(id, line.session.as_ref(), &request).await {
            Ok(Answered { reply: Reply::WriteEnd { end }, .. }) => end.map(|end| *end),
            Ok(_) | Err(_) => None,
        }
    }

    /// Whatever goes wrong here, the write stays as unknown as it was.
    async fn settle(&mut self, card_no: CardNo, [open_id, end_id]: [RequestId; 2], session: Option<SessionToken>, ticket: u64) {
        let asked = self.link.call(open_id, session.as_ref(), &Request::OpenWrite { card: card_no }).await;
        let Ok(Answered { reply: Reply::OpenWrite { open: Some(open) }, .. }) = asked else {
            return;
        };
        let Ok(mut transaction) = write::resolve(&open.intent, &self.profiles) else {
            return;
        };
        let issuer = IssuerLine { case: open.case, attempt: 0, reservation: open.reservation.clone(), session: session.clone() };
        let end = self.drive(&mut *transaction, ticket, Some(&issuer)).await;
        match &end {
            WriteEnd::Written(_) | WriteEnd::NotWritten { .. } => {}
            WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => return,
        }
        tracing::info!(case = %open.case, "write of another desk decided");
        let request = Request::DecideWrite { case: open.case, reservation: open.reservation, end };
        for _ in 0..2 {
            if self.link.call(end_id, session.as_ref(), &request).await.is_ok() {
                return;
            }
        }
    }

    async fn drive<T>(&mut self, transaction: &mut (dyn Transaction<End = T> + Send), ticket: u64, issuer: Option<&IssuerLine>) -> T {
        let mut fed = Fed::Begin;
        let mut done = 0;
        let begun = self.clock.monotonic();
        loop {
            fed = match transaction.step(fed) {
                Step::Send(command) => {
                    done += 1;
                    self.say(Mail::CardProgress { ticket, done });
                    let sent = self.clock.monotonic();
                    let answer = self.reader.transmit(&command).await;
                    let (at, took) = (milliseconds(sent, begun), milliseconds(self.clock.monotonic(), sent));
                    self.said.push(Said { at, took, command, answer: answer.clone() });
                    Fed::Card(answer)
                }
                Step::AskIssuer(request) => match ask(&*self.link, issuer, request).await {
                    Ok(answer) => Fed::Issuer(answer),
                    Err(message) => Fed::IssuerRefused(message),
                },
                Step::Done(end) => return end,
            };
        }
    }
}

fn milliseconds(now: Duration, since: Duration) -> u32 {
    u32::try_from(now.saturating_sub(since).as_millis()).unwrap_or(u32::MAX)
}

/// The same question has the same id, so a lost answer is asked for once more and never released twice.
async fn ask(link: &dyn CentreLink, issuer: Option<&IssuerLine>, ask: IssuerRequest) -> Result<IssuerAnswer, Message> {
    let Some(line) = issuer else {
        return Err(Message::new(Code::Internal).with("where", "card_session"));
    };
    let body = serde_json::to_string(&ask).unwrap_or_default();
    let id = request_id(line.case, &format!("issuer.{}.{body}", line.reservation), line.attempt);
    let request = Request::Issuer { case: line.case, reservation: line.reservation.clone(), ask };
    let mut failure = Message::new(Code::CentreUnreachable);
    for _ in 0..2 {
        match link.call(id, line.session.as_ref(), &request).await {
            Ok(answered) => {
                return match answered.reply {
                    Reply::Issuer { answer } => Ok(answer),
                    Reply::Refused { message } => Err(message),
                    Reply::Pong { .. }
                    | Reply::SignedIn { .. }
                    | Reply::SignedOut
                    | Reply::Person { .. }
                    | Reply::Card { .. }
                    | Reply::Inquired { .. }
                    | Reply::Owed { .. }
                    | Reply::Uncollected { .. }
                    | Reply::Reserved { .. }
                    | Reply::Released
                    | Reply::PhotoKept
                    | Reply::RowsSubmitted { .. }
                    | Reply::Reported
                    | Reply::OpenWrite { .. }
                    | Reply::WriteEnd { .. }
                    | Reply::Confirmed { .. }
                    | Reply::Authorised { .. }
                    | Reply::DayTotals { .. }
                    | Reply::Uploaded { .. }
                    | Reply::Publications { .. }
                    | Reply::Checked { .. }
                    | Reply::Faulty { .. }
                    | Reply::Published { .. }
                    | Reply::Undecided { .. }
                    | Reply::Acted { .. }
                    | Reply::OutletDay { .. } => Err(Message::new(Code::CentreGarbled)),
                };
            }
            Err(lost) => {
                tracing::warn!(code = lost.code.as_str(), "key service not reached");
                failure = Message::new(lost.code);
            }
        }
    }
    Err(failure)
}
