//! Staff cards at the desk: sign-in, unlocking and a supervisor's authorisation by a card's PIN and signature. The PIN goes to
//! the card; the desk checks the proof itself, so that it works without the line as far as the cached operators go.

use desk_domain::{
    case::{Next, question::Ask},
    code::{Code, Message},
    id::{CaseId, Id128, OperatorId},
    money::Fen,
    pin::Pin,
    staff::{self, StaffCard, StaffProof, StaffPurpose},
};
use desk_wire::v1::Request;

use crate::{
    card_session::{Ended, Task},
    desk::{Desk, Errand, Place},
    ports::StoreFailure,
    session::Knock,
};

impl Desk {
    pub(crate) fn sign_in_by_card(&mut self, typed: &str) -> Result<(), StoreFailure> {
        let Place::Door(door) = &mut self.place else {
            return Ok(());
        };
        if door.knocking.is_some() {
            return Ok(());
        }
        match Pin::typed(typed) {
            Err(message) => door.message = Some(message),
            Ok(pin) => {
                door.message = None;
                door.knocking = Some(Knock::CardAsked);
                let request = self.draw();
                let challenge = self.challenge(request, &StaffPurpose::SignIn);
                self.work_on_card(Errand::StaffAtDoor { request }, Task::Staff { pin, challenge });
            }
        }
        Ok(())
    }

    pub(crate) async fn staff_at_door(&mut self, request: Id128, end: Ended) -> Result<(), StoreFailure> {
        let proven = self.proven(request, &StaffPurpose::SignIn, end);
        let Place::Door(door) = &mut self.place else {
            return Ok(());
        };
        let (card, proof) = match proven {
            Ok(proven) => proven,
            Err(message) => {
                door.knocking = None;
                door.message = Some(message);
                return Ok(());
            }
        };
        if door.locked.as_ref().is_some_and(|locked| locked.operator != card.operator) {
            door.knocking = None;
            door.message = Some(Message::new(Code::StaffCardOther));
            return Ok(());
        }
        door.knocking = Some(Knock::Card(card));
        self.call(Errand::SignIn, request, Request::SignInByCard { proof });
        Ok(())
    }

    pub(crate) fn authorise_by_card(&mut self, question: &str, typed: &str) -> Result<(), StoreFailure> {
        let Some((id, Next::Ask(asked))) = self.asked(question) else {
            return Ok(());
        };
        let Ask::Authorise { amount, reason, .. } = asked.ask else {
            return Ok(());
        };
        let online = self.online();
        let Some(running) = self.cases.get_mut(&id) else {
            return Ok(());
        };
        let pin = match Pin::typed(typed) {
            Ok(pin) if online => pin,
            Ok(_) => {
                running.message = Some(authorised_by_the_centre());
                return Ok(());
            }
            Err(message) => {
                running.message = Some(message);
                return Ok(());
            }
        };
        running.message = None;
        running.authorising = true;
        let steps = running.steps;
        let request = self.draw();
        let challenge = self.challenge(request, &StaffPurpose::Authorise { case: id, amount });
        self.work_on_card(Errand::StaffOverCase { case: id, steps, request, amount, reason }, Task::Staff { pin, challenge });
        Ok(())
    }

    pub(crate) fn staff_over_case(
        &mut self,
        id: CaseId,
        steps: u32,
        request: Id128,
        amount: Fen,
        reason: String,
        end: Ended,
    ) -> Result<(), StoreFailure> {
        let proven = self.proven(request, &StaffPurpose::Authorise { case: id, amount }, end);
        let own = |by: &OperatorId| self.session.as_ref().is_some_and(|session| session.operator == *by);
        let refused = match &proven {
            Err(message) => Some(message.clone()),
            Ok((card, _)) if own(&card.operator) => Some(Message::new(Code::SelfAuthForbidden)),
            Ok(_) => None,
        };
        let Some(running) = self.cases.get_mut(&id).filter(|running| running.steps == steps) else {
            return Ok(());
        };
        let refused = refused.or_else(|| {
            let clerk = &running.header.operator;
            proven.as_ref().is_ok_and(|(card, _)| card.operator == *clerk).then(|| Message::new(Code::SelfAuthForbidden))
        });
        if let Some(message) = refused {
            running.authorising = false;
            running.message = Some(message);
            return Ok(());
        }
        if let Ok((card, proof)) = proven {
            let errand = Errand::Authorise { case: id, steps, supervisor: card.operator.to_string(), amount };
            self.call(errand, request, Request::AuthoriseByCard { case: id, proof, amount, reason });
        }
        Ok(())
    }

    fn challenge(&self, request: Id128, purpose: &StaffPurpose) -> [u8; 32] {
        staff::challenge(&self.station.cell, &self.station.device, &request, purpose)
    }

    /// The card's proof, checked here before anybody else is asked.
    fn proven(&mut self, request: Id128, purpose: &StaffPurpose, end: Ended) -> Result<(StaffCard, StaffProof), Message> {
        match end {
            Ended::Staff(proof) => {
                let proof = proof?;
                let card = self.staff_cards.proven(&proof, &self.challenge(request, purpose), self.now())?;
                self.staff_card_lies = true;
                Ok((card, proof))
            }
            Ended::Read(_) | Ended::Looked(_) | Ended::Locked { .. } | Ended::Write(_) | Ended::Settled => {
                Err(Message::new(Code::Internal).with("where", "staff"))
            }
        }
    }
}

/// An authorisation is the centre's: it is used up there.
pub(crate) fn authorised_by_the_centre() -> Message {
    Message::new(Code::OfflineNotAccepted).with("why", "授权须由中心核验，请待线路恢复。")
}
