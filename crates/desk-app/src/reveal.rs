//! R-SZ-10, R-SZ-11: what is masked is shown for a minute to somebody who says why, for which purpose, and with a second
//! person's agreement; who saw what and why is in the journal before it is on the screen. Nothing is exported.

use std::time::Duration;

use desk_domain::{
    code::{Code, Message},
    id::{CaseId, OperatorId},
    money::Fen,
    normalise,
    person::PersonFacts,
    privacy,
};
use desk_wire::v1::{Reply, Request, Secret};

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Answered, LinkFailure, StoreFailure},
    run::Running,
};

/// How long the full text stands on the screen.
const SHOWN_FOR: Duration = Duration::from_secs(60);

/// What was asked for and may be seen for a while.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reveal {
    /// Monotonic moment at which the text is masked again; none while it is masked.
    pub until: Option<Duration>,
    pub asking: bool,
    pub message: Option<Message>,
}

/// Why somebody wants to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grounds {
    pub reason: String,
    pub purpose: String,
    pub supervisor: OperatorId,
}

/// Label and full text of everything that is masked on the screen of the case.
pub(crate) fn masked(running: &Running) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Some(PersonFacts { name, .. }) = running.person.as_deref() {
        all.push(("姓名", name.clone()));
    }
    if let Some(card) = running.case.card().filter(|card| !card.blank) {
        all.push(("卡号", card.card_no.as_str().to_owned()));
    }
    all
}

impl Desk {
    pub(crate) fn reveal(&mut self, question: &str, grounds_given: Grounds, password: String) -> Result<(), StoreFailure> {
        let Some((id, _)) = self.asked(question) else {
            return Ok(());
        };
        let online = self.online();
        let own = self.session.as_ref().is_some_and(|session| session.operator == grounds_given.supervisor);
        let Some(running) = self.cases.get(&id) else {
            return Ok(());
        };
        if masked(running).is_empty() || running.reveal.asking {
            return Ok(());
        }
        let checked =
            self.rules_of(&running.header).map_or(Ok(()), |rules| privacy::grounds(rules, &grounds_given.reason, &grounds_given.purpose));
        let refusal = match checked {
            Err(message) => Some(message),
            Ok(()) if grounds_given.supervisor.as_str().is_empty() || password.is_empty() => {
                Some(Message::new(Code::FieldRequired).with("field", "主管工号和密码"))
            }
            Ok(()) if own || running.header.operator == grounds_given.supervisor => Some(Message::new(Code::SelfAuthForbidden)),
            Ok(()) if !online => Some(Message::new(Code::OfflineNotAccepted).with("why", "授权须由中心核验，请待线路恢复。")),
            Ok(()) => None,
        };
        let Some(running) = self.cases.get_mut(&id) else {
            return Ok(());
        };
        running.reveal.message = refusal;
        if running.reveal.message.is_some() {
            return Ok(());
        }
        running.reveal.asking = true;
        let request = self.draw();
        let supervisor = grounds_given.supervisor.clone();
        let reason = format!("查看全文：{}", grounds_given.reason);
        self.call(
            Errand::Reveal { case: id, grounds: grounds_given },
            request,
            Request::Authorise { case: id, supervisor, password: Secret(password), amount: Fen::ZERO, reason },
        );
        Ok(())
    }

    pub(crate) async fn reveal_ended(
        &mut self,
        id: CaseId,
        grounds: Grounds,
        end: Result<Answered, LinkFailure>,
    ) -> Result<(), StoreFailure> {
        let Some(running) = self.cases.get_mut(&id) else {
            return Ok(());
        };
        running.reveal.asking = false;
        let refusal = match end.map(|answered| answered.reply) {
            Ok(Reply::Authorised { .. }) => None,
            Ok(Reply::Refused { message }) => Some(message),
            Ok(_) => Some(Message::new(Code::CentreGarbled)),
            Err(failure) => Some(Message::new(failure.code)),
        };
        running.reveal.message.clone_from(&refusal);
        if refusal.is_some() {
            return Ok(());
        }
        let fields = masked(running).iter().map(|(label, _)| (*label).to_owned()).collect();
        let number = running.header.number.to_string();
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return Ok(());
        };
        // On the disk first: nobody sees what the journal does not know of.
        let Grounds { reason, purpose, supervisor } = grounds;
        self.note(&Loose::Revealed { operator, supervisor, case: number, fields, reason, purpose }).await?;
        let until = self.clock.monotonic() + SHOWN_FOR;
        if let Some(running) = self.cases.get_mut(&id) {
            running.reveal.until = Some(until);
        }
        Ok(())
    }

    /// Masks again what was shown long enough; also when somebody locks the screen.
    pub(crate) fn mask_again(&mut self, now: Option<Duration>) -> bool {
        let mut changed = false;
        for running in self.cases.values_mut() {
            if running.reveal.until.is_some_and(|until| now.is_none_or(|now| now >= until)) {
                running.reveal.until = None;
                changed = true;
            }
        }
        changed
    }

    /// Somebody typed a number where services are looked for: a person or a card is looked up in a case only.
    pub(crate) async fn refuse_lookup(&mut self, typed: &str) -> Result<(), StoreFailure> {
        let (Place::Home { .. }, Some(operator)) = (&self.place, self.session.as_ref().map(|session| session.operator.clone())) else {
            return Ok(());
        };
        let code = if privacy::is_whole(typed) { Code::PurposeRequired } else { Code::QueryTooWide };
        let message = self
            .rules
            .at_outlet(&self.station.outlet, self.today())
            .into_iter()
            .map(|rules| rules.message(None, code))
            .max_by_key(|message| message.rule.is_some())
            .unwrap_or_else(|| Message::new(code));
        self.place = Place::Home { message: Some(message) };
        self.note(&Loose::LookupRefused { operator, code }).await
    }

    /// Copying, saving or printing the screen: refused, and on record.
    pub(crate) async fn refuse_export(&mut self) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return Ok(());
        };
        let rules = self.front().and_then(|id| self.cases.get(&id)).and_then(|running| self.rules_of(&running.header));
        let at_outlet = self.rules.at_outlet(&self.station.outlet, self.today());
        let message = rules
            .or_else(|| at_outlet.first().copied())
            .map_or_else(|| Message::new(Code::ExportForbidden), |rules| rules.message(None, Code::ExportForbidden));
        self.notice = Some(message);
        self.note(&Loose::ExportRefused { operator }).await
    }
}

/// A supervisor's number as typed.
pub(crate) fn supervisor(typed: &str) -> OperatorId {
    OperatorId::new(normalise::id_number(typed))
}
