//! What lies on the reader: it is read while nobody works, given to the case in front, and brings back the case that waits
//! for it.

use desk_domain::{code::Code, id::CaseId};

use crate::{
    card_session::{Ended, Task},
    desk::{Desk, Errand, HomeCard, Place},
    ports::{Presence, StoreFailure},
    run::Running,
};

impl Desk {
    pub(crate) async fn presence_changed(&mut self, presence: Presence) -> Result<(), StoreFailure> {
        let there = matches!(presence, Presence::Card { .. });
        let before = std::mem::replace(&mut self.presence, presence);
        self.reader_seen(&before);
        self.staff_card_lies = false;
        if !matches!(self.home_card, HomeCard::Reading) {
            self.home_card = HomeCard::None;
        }
        if let Some(id) = self.front() {
            if let Some(running) = self.cases.get_mut(&id) {
                running.card_tried = false;
                if there {
                    running.wrong_card = None;
                }
            }
            return self.advance(id).await;
        }
        if there {
            self.read_home_card();
        }
        Ok(())
    }

    /// Reads the card that lies there while nobody works on a case.
    pub(crate) fn read_home_card(&mut self) {
        let there = matches!(self.presence, Presence::Card { .. });
        let idle = !matches!(self.home_card, HomeCard::Reading);
        if there && idle && !self.staff_card_lies && matches!(self.place, Place::Home { .. }) {
            self.home_card = HomeCard::Reading;
            self.work_on_card(Errand::HomeCard, Task::Read);
        }
    }

    pub(crate) async fn home_card_read(&mut self, end: Ended) -> Result<(), StoreFailure> {
        let locked = if let Ended::Locked { card_no, .. } = &end { Some(card_no.clone()) } else { None };
        self.home_card = match end {
            Ended::Read(Ok(card)) => HomeCard::Read(Box::new(card)),
            Ended::Read(Err(message)) if message.code == Code::NoCard => HomeCard::None,
            Ended::Read(Err(message)) | Ended::Locked { message, .. } => HomeCard::Unreadable(message),
            Ended::Write(_) | Ended::Staff(_) | Ended::Settled => HomeCard::None,
        };
        // A card that a suspended case waits for brings its case back by itself.
        let there = match &self.home_card {
            HomeCard::Read(card) => Some(card.card_no.clone()),
            HomeCard::None | HomeCard::Reading | HomeCard::Unreadable(_) => locked,
        };
        let back = there.filter(|_| matches!(self.place, Place::Home { .. })).and_then(|card_no| {
            let waits = |running: &Running| {
                let before = running.case.writing().map(|writing| writing.intent.before());
                before.is_some_and(|before| !before.blank && before.card_no == card_no)
            };
            self.cases.iter().find(|(_, running)| waits(running)).map(|(id, _)| *id)
        });
        if let Some(id) = back {
            self.place = Place::Case(id);
            return self.advance(id).await;
        }
        Ok(())
    }

    pub(crate) async fn read_again(&mut self) -> Result<(), StoreFailure> {
        if let Some(id) = self.front() {
            if let Some(running) = self.cases.get_mut(&id) {
                running.card_tried = false;
                running.wrong_card = None;
            }
            return self.advance(id).await;
        }
        self.read_home_card();
        Ok(())
    }

    pub(crate) async fn resume_case(&mut self, case: &str) -> Result<(), StoreFailure> {
        let Ok(id) = case.parse::<CaseId>() else {
            return Ok(());
        };
        if matches!(self.place, Place::Home { .. }) && self.cases.contains_key(&id) {
            self.place = Place::Case(id);
            if let Some(running) = self.cases.get_mut(&id) {
                running.card_tried = false;
                running.stalled = None;
                running.tries = 0;
            }
            return self.advance(id).await;
        }
        Ok(())
    }
}
