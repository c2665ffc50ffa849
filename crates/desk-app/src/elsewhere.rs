//! Torn writes across desks: this desk decides another's from the card that lies here, and asks how others decided its own.

use desk_domain::{
    case::{Input, Outcome},
    id::{CardNo, CaseId},
};
use desk_wire::v1::{Reply, Request};

use crate::{
    card_session::Task,
    desk::{Desk, Errand},
    ports::{Answered, LinkFailure, StoreFailure},
};

impl Desk {
    /// Decides the write of another desk that lies on this card; the case goes on afterwards, whatever came of it.
    pub(crate) fn settle_other(&mut self, case: CaseId, steps: u32, card_no: CardNo) {
        let ids = [self.draw(), self.draw()];
        let session = self.session.as_ref().and_then(|session| session.token.clone());
        self.work_on_card(Errand::Settle { case, steps }, Task::Settle { card_no, ids, session });
    }

    /// Asks for every case that waits for its card whether another desk has decided it.
    pub(crate) fn ask_write_ends(&mut self) {
        if !self.online() || self.calling(|errand| matches!(errand, Errand::WriteEnd { .. })) {
            return;
        }
        let waiting: Vec<_> = self
            .cases
            .iter()
            .filter(|(_, running)| !running.busy)
            .filter_map(|(id, running)| {
                let writing = running.case.writing().filter(|writing| writing.suspended())?;
                Some((*id, running.steps, writing.reservation.clone()))
            })
            .collect();
        for (case, steps, reservation) in waiting {
            let id = self.draw();
            self.call(Errand::WriteEnd { case, steps }, id, Request::WriteEnd { case, reservation });
        }
    }

    pub(crate) async fn write_end_heard(
        &mut self,
        case: CaseId,
        steps: u32,
        end: Result<Answered, LinkFailure>,
    ) -> Result<(), StoreFailure> {
        let waits = self.cases.get(&case).is_some_and(|running| {
            running.steps == steps && !running.busy && running.case.writing().is_some_and(desk_domain::case::Writing::suspended)
        });
        match end {
            Ok(Answered { reply: Reply::WriteEnd { end: Some(end) }, .. }) if waits => {
                self.input(case, Input::Outcome(Outcome::Write { end: *end })).await
            }
            // Nobody has seen the card, or the line is away: asked again later.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
