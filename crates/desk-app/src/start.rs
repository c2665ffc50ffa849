//! Begins a case: which programme, whether it may be begun here and now, and its first row in the journal.

use desk_domain::{
    begin,
    case::{Case, CaseHeader, LineMode, Service},
    code::{Code, Message},
    id::{CaseNumber, ProgrammeId},
    ruleset::RuleSet,
};

use crate::{
    desk::{Desk, HomeCard, Place},
    ports::{Opening, StoreFailure},
    run::{Running, service_name, service_named},
};

impl Desk {
    /// Begins a case, or says on the home screen why not.
    pub(crate) async fn start_case(&mut self, service: &str, programme: &str) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. }) {
            return Ok(());
        }
        let Some(service) = service_named(service) else {
            return Ok(());
        };
        self.change_rules();
        match self.may_start(service, &ProgrammeId::new(programme)) {
            Err(message) => {
                self.place = Place::Home { message: Some(message) };
                Ok(())
            }
            Ok((programme, rule_set)) => self.open_case(service, programme, rule_set).await,
        }
    }

    fn may_start(&self, service: Service, asked: &ProgrammeId) -> Result<(ProgrammeId, String), Message> {
        let Some(session) = &self.session else {
            return Err(Message::new(Code::NotSignedIn));
        };
        if self.day.closed {
            return Err(Message::new(Code::DayClosed));
        }
        if !self.day.open {
            return Err(Message::new(Code::DayNotOpen));
        }
        if !session.clerk() {
            return Err(Message::new(Code::RoleMissing));
        }
        // The card that lies there says whose query it is, whichever programme's key was pressed.
        let of_card = match &self.home_card {
            HomeCard::Read(sight) if service == Service::CardQuery => self.rules.of_card(&sight.image, self.today()),
            HomeCard::Read(_) | HomeCard::None | HomeCard::Reading | HomeCard::Unreadable(_) => None,
        };
        let rules = of_card
            .or_else(|| self.rules.in_force(asked, self.today()))
            .ok_or_else(|| Message::new(Code::OutletNotAuthorized).with("list", "无"))?;
        self.blocked(rules, service).map_or(Ok(()), Err)?;
        Ok((rules.programme.clone(), rules.version.clone()))
    }

    /// Why a service cannot be begun now.
    pub(crate) fn blocked(&self, rules: &RuleSet, service: Service) -> Option<Message> {
        if self.day.closed {
            return Some(Message::new(Code::DayClosed));
        }
        let here = begin::Here {
            outlet: &self.station.outlet,
            at: desk_domain::case::context::local(self.now()),
            line: self.line_mode(),
            beyond_hours: self.day.beyond_hours,
        };
        begin::against(rules, service, here).into_iter().find(begin::stops)
    }

    fn line_mode(&self) -> LineMode {
        if self.online() { LineMode::Online } else { LineMode::Offline }
    }

    async fn open_case(&mut self, service: Service, programme: ProgrammeId, rule_set: String) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return Ok(());
        };
        let header = CaseHeader {
            id: self.draw(),
            number: CaseNumber::new(""),
            service,
            programme,
            rule_set,
            cell: self.station.cell.clone(),
            outlet: self.station.outlet.clone(),
            window: self.station.window.clone(),
            device: self.station.device.clone(),
            operator,
            opened_at: self.now(),
            line: self.line_mode(),
        };
        let opening = Opening { header, day: self.today(), generation: self.station.generation };
        let header = self.store.open_case(opening).await?;
        let (sequence, _) = self.store.head().await?;
        self.sequence = sequence;
        self.waiting = self.waiting.saturating_add(1);
        let id = header.id;
        tracing::info!(case = %id, service = service_name(service), "case opened");
        self.case_of_ticket(&header).await?;
        self.cases.insert(id, Running::of(header, Case::open(service)));
        self.place = Place::Case(id);
        self.advance(id).await
    }
}
