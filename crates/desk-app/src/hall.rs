//! S-31 叫号 and 好差评: the next ticket is called, joins the cases served under it, and every case is rated once. Nobody waits
//! for the device: without one the desk works just the same, and the clerk never sees a level.

use desk_domain::{
    case::{CaseHeader, Ending},
    code::{Code, Message},
    id::CaseId,
};
use tokio::sync::mpsc;

use crate::{
    desk::{Desk, Mail, Place},
    loose::Loose,
    ports::{Hall, Presence, Rating, StoreFailure, Ticket},
    self_test::Device,
    view::TicketView,
};

/// Calls after which a ticket that nobody came for is passed over.
const MOST_CALLS: u32 = 3;

/// What the device is asked for.
pub(crate) enum HallJob {
    Next,
    Again {
        ticket: Ticket,
    },
    Rate {
        case: CaseId,
        number: String,
    },
    /// The self-test of day open.
    Test,
}

/// The ticket at this window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    pub ticket: Ticket,
    pub calls: u32,
    /// A case was begun under it, so somebody came.
    pub served: bool,
}

/// What the desk knows of the hall.
#[derive(Debug, Default)]
pub(crate) struct HallState {
    pub present: bool,
    pub called: Option<Called>,
    /// The device is calling.
    pub calling: bool,
    /// The case that was asked to be rated last, and what became of it.
    pub rated: Option<(CaseId, Option<Rating>)>,
}

/// The device's own task: it may be slow, or silent. Ends when the desk is gone.
pub(crate) async fn run(mut hall: Box<dyn Hall>, mut jobs: mpsc::UnboundedReceiver<HallJob>, tell: mpsc::UnboundedSender<Mail>) {
    while let Some(job) = jobs.recv().await {
        let mail = match job {
            HallJob::Next => Mail::Called { end: hall.call_next().await },
            HallJob::Again { ticket } => Mail::Called { end: hall.call_again(&ticket).await.map(|()| Some(ticket)) },
            HallJob::Rate { case, number } => Mail::Rated { case, rating: hall.rate(&number).await },
            HallJob::Test => Mail::DeviceTested { device: Device::Hall, end: hall.test().await },
        };
        if tell.send(mail).is_err() {
            return;
        }
    }
}

impl Desk {
    /// Calls the next ticket, or the same one again while nobody came for it; after the third call it is passed over.
    pub(crate) async fn call_next(&mut self) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. }) || !self.hall.present || self.hall.calling || self.session.is_none() {
            return Ok(());
        }
        // Nobody is called to a window where the last one's card still lies.
        if matches!(self.presence, Presence::Card { .. } | Presence::Several) {
            self.place = Place::Home { message: Some(Message::new(Code::CardLeft)) };
            return Ok(());
        }
        self.hall.calling = true;
        match self.hall.called.clone() {
            Some(called) if !called.served && called.calls < MOST_CALLS => {
                self.hall_jobs.send(HallJob::Again { ticket: called.ticket }).ok();
            }
            Some(called) => {
                self.hall.called = None;
                if !called.served {
                    self.note(&Loose::TicketSkipped { ticket: called.ticket.number }).await?;
                }
                self.hall_jobs.send(HallJob::Next).ok();
            }
            None => {
                self.hall_jobs.send(HallJob::Next).ok();
            }
        }
        Ok(())
    }

    pub(crate) async fn called(&mut self, end: Result<Option<Ticket>, Message>) -> Result<(), StoreFailure> {
        self.hall.calling = false;
        match end {
            Err(message) => self.notice = Some(message),
            Ok(None) => self.notice = Some(Message::new(Code::NobodyWaits)),
            Ok(Some(ticket)) => {
                let calls = match &self.hall.called {
                    Some(called) if called.ticket.number == ticket.number => called.calls.saturating_add(1),
                    Some(_) | None => 1,
                };
                self.note(&Loose::TicketCalled { ticket: ticket.number.clone(), calls }).await?;
                self.hall.called = Some(Called { ticket, calls, served: false });
            }
        }
        Ok(())
    }

    /// A case was begun: it belongs to the ticket at the window.
    pub(crate) async fn case_of_ticket(&mut self, header: &CaseHeader) -> Result<(), StoreFailure> {
        let Some(called) = &mut self.hall.called else {
            return Ok(());
        };
        called.served = true;
        let ticket = called.ticket.number.clone();
        self.note(&Loose::TicketServed { ticket, case: header.number.to_string() }).await
    }

    /// Asks once, when the case is over; a cancelled one was no service.
    pub(crate) fn ask_for_rating(&mut self, header: &CaseHeader, ending: &Ending) {
        let served = match ending {
            Ending::Done | Ending::Refused { .. } | Ending::Referred { .. } | Ending::Suspended { .. } => true,
            Ending::Cancelled | Ending::Withdrawn => false,
        };
        if served && self.hall.present && self.session.is_some() {
            self.hall.rated = Some((header.id, None));
            self.hall_jobs.send(HallJob::Rate { case: header.id, number: header.number.to_string() }).ok();
        }
    }

    pub(crate) async fn rated(&mut self, case: CaseId, rating: Rating) -> Result<(), StoreFailure> {
        if let Some((asked, answer)) = &mut self.hall.rated
            && *asked == case
        {
            *answer = Some(rating);
        }
        let Some(header) = self.header_of(case).await? else {
            return Ok(());
        };
        self.note(&Loose::Rated { case: header.number.to_string(), rating }).await
    }

    /// 已评 or 未评, and nothing of the level.
    pub(crate) fn rating_shown(&self, case: CaseId) -> Option<String> {
        let (asked, answer) = self.hall.rated.as_ref()?;
        (*asked == case).then(|| {
            match answer {
                None => "评价中",
                Some(Rating::NotRated) => "未评",
                Some(Rating::Level(_)) => "已评",
            }
            .to_owned()
        })
    }

    pub(crate) fn ticket_view(&self) -> Option<TicketView> {
        self.hall.present.then(|| match &self.hall.called {
            None => TicketView { number: None, service: String::new(), calls: 0, waiting: 0, busy: self.hall.calling },
            Some(called) => TicketView {
                number: Some(called.ticket.number.clone()),
                service: called.ticket.service.clone(),
                calls: called.calls,
                waiting: called.ticket.waiting,
                busy: self.hall.calling,
            },
        })
    }
}
