//! Second-person authorisation at the clerk's window: the supervisor's own number and password, one case, one amount.

use desk_domain::{
    case::{Answer, Input, Next, question::Ask},
    code::{Code, Message},
    id::{CaseId, OperatorId},
    money::Fen,
    normalise,
};
use desk_wire::v1::{Reply, Request, Secret};

use crate::{
    desk::{Desk, Errand},
    ports::{Answered, LinkFailure, StoreFailure},
    staff::authorised_by_the_centre,
};

impl Desk {
    pub(crate) fn authorise(&mut self, question: &str, supervisor: String, password: String) -> Result<(), StoreFailure> {
        let Some((id, Next::Ask(asked))) = self.asked(question) else {
            return Ok(());
        };
        let Ask::Authorise { amount, reason, .. } = asked.ask else {
            return Ok(());
        };
        let supervisor = normalise::id_number(&supervisor);
        let own = self.session.as_ref().is_some_and(|session| session.operator.as_str() == supervisor);
        let online = self.online();
        let Some(running) = self.cases.get_mut(&id) else {
            return Ok(());
        };
        let refusal = if supervisor.is_empty() || password.is_empty() {
            Some(Message::new(Code::FieldRequired).with("field", "主管工号和密码"))
        } else if own || running.header.operator.as_str() == supervisor {
            Some(Message::new(Code::SelfAuthForbidden))
        } else if !online {
            Some(authorised_by_the_centre())
        } else {
            None
        };
        running.message = refusal;
        if running.message.is_some() {
            return Ok(());
        }
        running.authorising = true;
        let steps = running.steps;
        // A new id for every password typed: the centre would answer a repeat with its first reply.
        let request = self.draw();
        self.call(
            Errand::Authorise { case: id, steps, supervisor: supervisor.clone(), amount },
            request,
            Request::Authorise { case: id, supervisor: OperatorId::new(supervisor), password: Secret(password), amount, reason },
        );
        Ok(())
    }

    pub(crate) async fn authorise_ended(
        &mut self,
        id: CaseId,
        steps: u32,
        supervisor: String,
        amount: Fen,
        end: Result<Answered, LinkFailure>,
    ) -> Result<(), StoreFailure> {
        let Some(running) = self.cases.get_mut(&id).filter(|running| running.steps == steps) else {
            return Ok(());
        };
        running.authorising = false;
        let refusal = match end {
            Err(failure) => Message::new(failure.code),
            Ok(Answered { reply: Reply::Authorised { number }, .. }) => {
                let by = OperatorId::new(supervisor);
                return self.input(id, Input::Answer(Answer::Authorised { by, number, amount })).await;
            }
            Ok(Answered { reply: Reply::Refused { message }, .. }) => message,
            Ok(_) => Message::new(Code::CentreGarbled),
        };
        running.message = Some(refusal);
        Ok(())
    }
}
