//! A queue and rating device that does what it is told: tickets in order, ratings as planned, silence when told so.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use desk_app::ports::{Hall, Rating, Ticket};
use desk_domain::code::{Code, Message};

/// Shared with the test; absent until a ticket is put in.
#[derive(Clone, Default)]
pub struct SimHall(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    present: bool,
    tickets: VecDeque<Ticket>,
    ratings: VecDeque<Rating>,
    broken: bool,
    /// Ticket numbers in the order in which they were called.
    called: Vec<String>,
    /// Case numbers in the order in which they were asked to be rated.
    asked: Vec<String>,
}

impl SimHall {
    fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on the window has the devices.
    pub fn install(&self) {
        self.inside(|inside| inside.present = true);
    }

    pub fn wait_in_line(&self, number: &str, service: &str) {
        let ticket = Ticket { number: number.to_owned(), service: service.to_owned(), waiting: 0 };
        self.inside(|inside| inside.tickets.push_back(ticket));
    }

    pub fn will_rate(&self, rating: Rating) {
        self.inside(|inside| inside.ratings.push_back(rating));
    }

    pub fn break_down(&self, broken: bool) {
        self.inside(|inside| inside.broken = broken);
    }

    #[must_use]
    pub fn called(&self) -> Vec<String> {
        self.inside(|inside| inside.called.clone())
    }

    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.inside(|inside| inside.asked.clone())
    }
}

#[async_trait]
impl Hall for SimHall {
    fn present(&self) -> bool {
        self.inside(|inside| inside.present)
    }

    async fn call_next(&mut self) -> Result<Option<Ticket>, Message> {
        self.inside(|inside| {
            if inside.broken {
                return Err(Message::new(Code::DeviceFail).with("device", "叫号"));
            }
            let Some(mut ticket) = inside.tickets.pop_front() else {
                return Ok(None);
            };
            ticket.waiting = u32::try_from(inside.tickets.len()).unwrap_or(u32::MAX);
            inside.called.push(ticket.number.clone());
            Ok(Some(ticket))
        })
    }

    async fn call_again(&mut self, ticket: &Ticket) -> Result<(), Message> {
        self.inside(|inside| inside.called.push(ticket.number.clone()));
        Ok(())
    }

    async fn test(&mut self) -> Result<(), Message> {
        let broken = self.inside(|inside| inside.broken);
        if broken { Err(Message::new(Code::DeviceFail).with("device", "叫号评价屏")) } else { Ok(()) }
    }

    async fn rate(&mut self, case_number: &str) -> Rating {
        self.inside(|inside| {
            inside.asked.push(case_number.to_owned());
            inside.ratings.pop_front().unwrap_or(Rating::NotRated)
        })
    }
}
