//! Who is at the window: sign-in at the centre, or by the cached verifier while the line is down; lock, unlock, sign-out.

use std::time::Duration;

use desk_domain::{
    code::{Code, Message},
    id::{CaseId, OperatorId, SessionToken},
    normalise,
    staff::StaffCard,
};
use desk_wire::v1::{Operator, Reply, Request, Role, Secret};

use crate::{
    desk::{Desk, Errand, Place},
    line::Turn,
    loose::Loose,
    ports::{Answered, LinkFailure, StoreFailure},
};

/// An untouched screen is locked after this time.
const IDLE: Duration = Duration::from_secs(180);
/// A cached verifier lets in for this long after the centre last confirmed it, whatever the centre wrote into it.
const OFFLINE_HOURS: i64 = 72;

/// Somebody is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub operator: OperatorId,
    pub roles: Vec<Role>,
    /// Absent after an offline sign-in, and when the centre ended the session.
    pub token: Option<SessionToken>,
}

impl Session {
    pub(crate) fn name(&self) -> OperatorId {
        self.operator.clone()
    }

    pub(crate) fn clerk(&self) -> bool {
        self.roles.contains(&Role::Clerk)
    }

    pub(crate) fn head_office(&self) -> bool {
        self.roles.contains(&Role::HeadOffice)
    }

    pub(crate) fn supervisor(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Supervisor | Role::Manager))
    }
}

/// The screen in front of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    /// Set when the desk is locked: only this person may come back, to the case left behind.
    pub locked: Option<Locked>,
    pub message: Option<Message>,
    /// How somebody wants in, while card or centre are asked.
    pub knocking: Option<Knock>,
}

/// How somebody wants in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Knock {
    Password(OperatorId, Secret),
    /// The staff card is being asked.
    CardAsked,
    /// The staff card's proof holds at this desk; the centre is being asked.
    Card(StaffCard),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    pub operator: OperatorId,
    pub behind: Option<CaseId>,
}

impl Door {
    pub(crate) fn sign_in() -> Self {
        Self { locked: None, message: None, knocking: None }
    }
}

impl Desk {
    pub(crate) fn sign_in(&mut self, operator: String, password: String) -> Result<(), StoreFailure> {
        let operator = OperatorId::new(normalise::id_number(&operator));
        if let Place::Door(door) = &mut self.place
            && door.locked.is_none()
            && door.knocking.is_none()
        {
            if operator.as_str().is_empty() || password.is_empty() {
                door.message = Some(Message::new(Code::FieldRequired).with("field", "工号和密码"));
                return Ok(());
            }
            self.knock(operator, Secret(password));
        }
        Ok(())
    }

    pub(crate) fn unlock(&mut self, password: String) -> Result<(), StoreFailure> {
        if let Place::Door(door) = &self.place
            && let Some(locked) = &door.locked
            && door.knocking.is_none()
        {
            let operator = locked.operator.clone();
            self.knock(operator, Secret(password));
        }
        Ok(())
    }

    fn knock(&mut self, operator: OperatorId, password: Secret) {
        if let Place::Door(door) = &mut self.place {
            door.message = None;
            door.knocking = Some(Knock::Password(operator.clone(), password.clone()));
        }
        let id = self.draw();
        self.call(Errand::SignIn, id, Request::SignIn { operator, password });
    }

    pub(crate) async fn sign_in_ended(&mut self, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        let Place::Door(door) = &mut self.place else {
            return Ok(());
        };
        let Some(knock) = door.knocking.take() else {
            return Ok(());
        };
        match end {
            Ok(answered) => match answered.reply {
                Reply::SignedIn { session, operator } => {
                    self.store.remember_operator(&operator).await?;
                    self.let_in(operator, Some(session)).await
                }
                Reply::Refused { message } => {
                    door.message = Some(message);
                    Ok(())
                }
                Reply::Pong { .. }
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
                | Reply::Issuer { .. }
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
                | Reply::OutletDay { .. } => {
                    door.message = Some(Message::new(Code::CentreGarbled));
                    Ok(())
                }
            },
            Err(failure) => self.sign_in_offline(&knock, failure).await,
        }
    }

    async fn sign_in_offline(&mut self, knock: &Knock, failure: LinkFailure) -> Result<(), StoreFailure> {
        let operator = match knock {
            Knock::Password(operator, _) | Knock::Card(StaffCard { operator, .. }) => operator.clone(),
            Knock::CardAsked => return Ok(()),
        };
        let cached = self.store.operator(operator.as_str()).await?;
        let now = self.now();
        let refusal = match &cached {
            None => Some(Message::new(failure.code)),
            Some(known) if !self.opens(knock, known) => {
                Some(Message::new(if matches!(knock, Knock::Card(_)) { Code::StaffCardRevoked } else { Code::PasswordWrong }))
            }
            // A clock that stepped back would make an old verifier young again.
            Some(known)
                if known.offline_until < now
                    || (known.offline_until - now).num_hours() > OFFLINE_HOURS
                    || self.clock_trust.stepped_back() =>
            {
                Some(Message::new(Code::SignInOfflineExpired))
            }
            Some(_) => None,
        };
        match (refusal, cached) {
            (None, Some(known)) => self.let_in(known, None).await,
            (refusal, _) => {
                if let Place::Door(door) = &mut self.place {
                    door.message = refusal;
                }
                Ok(())
            }
        }
    }

    /// Whether this is what the centre last said of that person: the password's verifier, or the one valid card.
    fn opens(&self, knock: &Knock, known: &Operator) -> bool {
        match knock {
            Knock::Password(_, password) => self.verifier.matches(&password.0, &known.offline_verifier),
            Knock::Card(card) => known.staff_card.as_deref() == Some(&card.serial),
            Knock::CardAsked => false,
        }
    }

    async fn let_in(&mut self, operator: Operator, token: Option<SessionToken>) -> Result<(), StoreFailure> {
        let Place::Door(door) = &self.place else {
            return Ok(());
        };
        let behind = door.locked.as_ref().and_then(|locked| locked.behind);
        let unlocking = door.locked.is_some();
        self.touched = self.clock.monotonic();
        self.note(&Loose::SignedIn { operator: operator.id.clone(), offline: token.is_none() }).await?;
        self.session = Some(Session { operator: operator.id, roles: operator.roles, token });
        let seen = self.now().to_rfc3339();
        self.store.remember(crate::resume::LAST_SEEN, &seen).await?;
        self.load_day().await?;
        let open = if unlocking { behind } else { self.left_behind() };
        match open.filter(|id| self.day.open && self.cases.contains_key(id)) {
            Some(id) => self.place = Place::Case(id),
            None if self.session.as_ref().is_some_and(|session| session.head_office() && !session.clerk()) => self.open_office(""),
            None if self.day.open || !self.session.as_ref().is_some_and(Session::clerk) => {
                self.place = Place::Home { message: None };
                self.read_home_card();
            }
            None if self.day.closed => self.place = Place::Home { message: None },
            None => self.begin_day().await?,
        }
        self.go_on().await
    }

    /// After a restart the desk opens on the unfinished case, not on the home screen.
    pub(crate) fn left_behind(&self) -> Option<CaseId> {
        self.cases
            .iter()
            .filter(|(_, running)| running.recovered_at_start() && !running.case.waits_for_line())
            .min_by_key(|(_, running)| running.header.opened_at)
            .map(|(id, _)| *id)
    }

    pub(crate) async fn lock(&mut self) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return Ok(());
        };
        if matches!(self.place, Place::Door(_) | Place::Starting | Place::Blocked(_)) {
            return Ok(());
        }
        self.mask_again(None);
        self.place =
            Place::Door(Door { locked: Some(Locked { operator: operator.clone(), behind: self.front() }), message: None, knocking: None });
        self.note(&Loose::Locked { operator }).await
    }

    /// The same person has to say who he or she is before the work goes on.
    pub(crate) fn ask_for_password(&mut self, message: Message) {
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return;
        };
        if matches!(self.place, Place::Door(_)) {
            return;
        }
        self.place = Place::Door(Door { locked: Some(Locked { operator, behind: self.front() }), message: Some(message), knocking: None });
    }

    pub(crate) async fn idle(&mut self, monotonic: Duration) -> Result<(), StoreFailure> {
        let working = self.front().and_then(|id| self.cases.get(&id)).is_some_and(|running| running.busy || running.authorising);
        if !working && monotonic.saturating_sub(self.touched) >= IDLE {
            self.touched = monotonic;
            return self.lock().await;
        }
        Ok(())
    }

    pub(crate) async fn sign_out(&mut self) -> Result<(), StoreFailure> {
        let leaving = match &self.place {
            Place::Home { .. }
            | Place::DayOpen { .. }
            | Place::Report(_)
            | Place::DayClose(_)
            | Place::Papers(_)
            | Place::Exceptions(_)
            | Place::Office(_)
            | Place::OutletReport(_)
            | Place::Doctor => true,
            Place::Door(door) => door.locked.is_some() && door.knocking.is_none(),
            Place::Starting | Place::Blocked(_) | Place::Case(_) => false,
        };
        let Some(session) = self.session.take_if(|_| leaving) else {
            return Ok(());
        };
        self.note(&Loose::SignedOut { operator: session.operator.clone() }).await?;
        if session.token.is_some() {
            self.session = Some(session);
            let id = self.draw();
            self.call(Errand::SignOut, id, Request::SignOut);
            self.session = None;
        }
        self.place = Place::Door(Door::sign_in());
        Ok(())
    }

    /// What every answer or failure of a call says about the line and the clock.
    pub(crate) async fn heard(&mut self, end: &Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        let (now, monotonic) = (self.now(), self.clock.monotonic());
        let turn = match end {
            Ok(answered) => {
                self.clock_trust.centre_said(answered.at, now);
                self.line.answered(monotonic)
            }
            Err(_) => self.line.failed(monotonic, now),
        };
        match turn {
            None => Ok(()),
            Some(Turn::Lost) => {
                tracing::warn!("line lost");
                self.note(&Loose::LineLost).await
            }
            Some(Turn::Back) => {
                tracing::info!("line is back");
                self.note(&Loose::LineBack).await?;
                let tokenless = self.session.as_ref().is_some_and(|session| session.token.is_none());
                if tokenless && matches!(self.place, Place::Home { .. }) {
                    self.ask_for_password(Message::new(Code::NotSignedIn));
                    return Ok(());
                }
                self.go_on().await
            }
        }
    }
}
