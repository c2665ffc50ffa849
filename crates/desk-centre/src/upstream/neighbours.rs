//! Social security, banks, library, text messages, first issue, tickets, clearing, production and courier over HTTP, one address each. Orders are
//! idempotent by number, so one without answer is sent again.

use async_trait::async_trait;
use centre_core::{
    neighbours::{ClearedPurse, KeptCard, Made, Posted, System},
    ports::PortFailure,
    upstream::{
        Clearing, CloseOrder, CodeOrder, Courier, FunctionKeepers, IssueRecord, IssueRegister, Keeper, Library, LossOrder, LossResult,
        MadeCard, Making, Notice, Parcel, ParcelOrder, Production, ProductionOrder, TextMessages, TicketOrder, Tickets, Upstream,
    },
};
use chrono::{DateTime, Utc};
use desk_domain::{
    function::FunctionState,
    id::{CardNo, CentreNumber, PersonId, ProgrammeId},
    inquiry::{CodeFacts, Delivery, Sent},
    money::Fen,
};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use crate::fault::Fault;

pub const STATE_PATH: &str = "/v1/function";
pub const REPORT_PATH: &str = "/v1/loss";
pub const RELEASE_PATH: &str = "/v1/loss-release";
pub const LOANS_PATH: &str = "/v1/loans";
pub const CODES_PATH: &str = "/v1/codes";
pub const RESEND_PATH: &str = "/v1/codes/resend";
pub const ISSUE_PATH: &str = "/v1/first-issue";
pub const TICKET_PATH: &str = "/v1/tickets";
pub const REMOTE_PATH: &str = "/v1/clearing/remote";
pub const CLOSE_PATH: &str = "/v1/clearing/close";
pub const BALANCE_PATH: &str = "/v1/clearing/balance";
pub const PHOTO_PATH: &str = "/v1/production/photo";
pub const ORDER_PATH: &str = "/v1/production/order";
pub const MAKING_PATH: &str = "/v1/production/making";
pub const SEND_PATH: &str = "/v1/courier/send";
pub const PARCEL_PATH: &str = "/v1/courier/parcel";
pub const TELL_PATH: &str = "/v1/notices";
pub const OPEN_PATH: &str = "/v1/open";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateQuery {
    pub keeper: Keeper,
    pub card_no: CardNo,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardQuery {
    pub card_no: CardNo,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BalanceQuery {
    pub card_no: CardNo,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonQuery {
    pub person: PersonId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakingQuery {
    pub order: CentreNumber,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParcelQuery {
    pub parcel: CentreNumber,
    pub at: DateTime<Utc>,
}

/// Opens a sandbox for this centre: its token and what the systems keep. Only the first token is taken; what is kept
/// already stays as it is.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Opening {
    pub token: String,
    pub cards: Vec<(CardNo, KeptCard)>,
    pub loans: Vec<(CardNo, u32)>,
    pub issues: Vec<(PersonId, IssueRecord)>,
    pub codes: Vec<(PersonId, Sent)>,
    pub delivery: Vec<(PersonId, Delivery)>,
    #[serde(default)]
    pub purses: Vec<(CardNo, ClearedPurse)>,
    /// Plastic that production takes, next one of its programme first.
    #[serde(default)]
    pub plastic: Vec<(ProgrammeId, MadeCard)>,
    #[serde(default)]
    pub parcels: Vec<(CentreNumber, Posted)>,
    #[serde(default)]
    pub made: Vec<(CentreNumber, Made)>,
}

/// Where each system is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Addresses {
    /// Of every system that has none of its own.
    pub everything: Option<String>,
    pub social_security: Option<String>,
    pub bank: Option<String>,
    pub library: Option<String>,
    pub messages: Option<String>,
    pub issues: Option<String>,
    pub tickets: Option<String>,
    pub clearing: Option<String>,
    pub production: Option<String>,
    pub courier: Option<String>,
}

impl Addresses {
    pub const SYSTEMS: [System; 9] = [
        System::SocialSecurity,
        System::Bank,
        System::Library,
        System::Messages,
        System::Issues,
        System::Tickets,
        System::Clearing,
        System::Production,
        System::Courier,
    ];

    #[must_use]
    pub fn of(&self, system: System) -> Option<&str> {
        let own = match system {
            System::SocialSecurity => &self.social_security,
            System::Bank => &self.bank,
            System::Library => &self.library,
            System::Messages => &self.messages,
            System::Issues => &self.issues,
            System::Tickets => &self.tickets,
            System::Clearing => &self.clearing,
            System::Production => &self.production,
            System::Courier => &self.courier,
        };
        own.as_deref().or(self.everything.as_deref())
    }
}

/// One client for all; a system without address answers nothing.
#[derive(Clone)]
pub struct NeighbourClient {
    callers: Vec<(System, Caller)>,
}

impl NeighbourClient {
    /// # Errors
    /// [`Fault`] where a client cannot be set up.
    pub fn new(addresses: &Addresses, token: &str, authority: &str) -> Result<Self, Fault> {
        let mut callers = Vec::new();
        for system in Addresses::SYSTEMS {
            if let Some(address) = addresses.of(system) {
                callers.push((system, Caller::new(address, token, authority)?));
            }
        }
        Ok(Self { callers })
    }

    fn caller(&self, system: System) -> Result<&Caller, PortFailure> {
        self.callers
            .iter()
            .find(|(of, _)| *of == system)
            .map(|(_, caller)| caller)
            .ok_or_else(|| PortFailure { port: system.name(), detail: "no address".to_owned() })
    }

    async fn post<Q: Serialize + Sync, A: serde::de::DeserializeOwned>(
        &self,
        system: System,
        path: &str,
        query: &Q,
    ) -> Result<A, PortFailure> {
        self.caller(system)?.post(system.name(), path, query).await
    }

    /// Opens the sandbox behind every address.
    ///
    /// # Errors
    /// [`PortFailure`] where one does not answer or was opened by another centre.
    pub async fn open(&self, opening: &Opening) -> Result<(), PortFailure> {
        // In pieces: a sandbox takes no larger body than a system would.
        const PIECE: usize = 200;
        let mut rest = opening.clone();
        loop {
            let piece = Opening {
                token: rest.token.clone(),
                cards: rest.cards.drain(..rest.cards.len().min(PIECE)).collect(),
                loans: std::mem::take(&mut rest.loans),
                issues: std::mem::take(&mut rest.issues),
                codes: std::mem::take(&mut rest.codes),
                delivery: std::mem::take(&mut rest.delivery),
                purses: std::mem::take(&mut rest.purses),
                plastic: std::mem::take(&mut rest.plastic),
                parcels: std::mem::take(&mut rest.parcels),
                made: std::mem::take(&mut rest.made),
            };
            for (system, caller) in &self.callers {
                let _opened: () = caller.post(system.name(), OPEN_PATH, &piece).await?;
            }
            if rest.cards.is_empty() {
                return Ok(());
            }
        }
    }

    #[must_use]
    pub fn upstream(&self) -> Upstream {
        Upstream {
            functions: Box::new(self.clone()),
            library: Box::new(self.clone()),
            messages: Box::new(self.clone()),
            issues: Box::new(self.clone()),
            tickets: Box::new(self.clone()),
            clearing: Box::new(self.clone()),
            production: Box::new(self.clone()),
            courier: Box::new(self.clone()),
        }
    }
}

fn system(keeper: &Keeper) -> System {
    match keeper {
        Keeper::SocialSecurity => System::SocialSecurity,
        Keeper::Bank { .. } => System::Bank,
    }
}

#[async_trait]
impl FunctionKeepers for NeighbourClient {
    async fn state(&self, keeper: &Keeper, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<FunctionState>, PortFailure> {
        let query = StateQuery { keeper: keeper.clone(), card_no: card_no.clone(), at: now };
        self.post(system(keeper), STATE_PATH, &query).await
    }

    async fn report(&self, order: &LossOrder) -> Result<LossResult, PortFailure> {
        self.post(system(&order.keeper), REPORT_PATH, order).await
    }

    async fn release(&self, order: &LossOrder) -> Result<LossResult, PortFailure> {
        self.post(system(&order.keeper), RELEASE_PATH, order).await
    }
}

#[async_trait]
impl Library for NeighbourClient {
    async fn open_loans(&self, card_no: &CardNo) -> Result<u32, PortFailure> {
        self.post(System::Library, LOANS_PATH, &CardQuery { card_no: card_no.clone() }).await
    }
}

#[async_trait]
impl TextMessages for NeighbourClient {
    async fn codes(&self, person: &PersonId, now: DateTime<Utc>) -> Result<CodeFacts, PortFailure> {
        self.post(System::Messages, CODES_PATH, &PersonQuery { person: person.clone(), at: now }).await
    }

    async fn resend(&self, order: &CodeOrder) -> Result<(), PortFailure> {
        self.post(System::Messages, RESEND_PATH, order).await
    }

    async fn tell(&self, notice: &Notice) -> Result<(), PortFailure> {
        self.post(System::Messages, TELL_PATH, notice).await
    }
}

#[async_trait]
impl Courier for NeighbourClient {
    async fn send(&self, order: &ParcelOrder) -> Result<(), PortFailure> {
        self.post(System::Courier, SEND_PATH, order).await
    }

    async fn parcel(&self, parcel: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Parcel>, PortFailure> {
        self.post(System::Courier, PARCEL_PATH, &ParcelQuery { parcel: parcel.clone(), at: now }).await
    }
}

#[async_trait]
impl IssueRegister for NeighbourClient {
    async fn issue(&self, person: &PersonId) -> Result<Option<IssueRecord>, PortFailure> {
        self.post(System::Issues, ISSUE_PATH, person).await
    }
}

#[async_trait]
impl Tickets for NeighbourClient {
    async fn open(&self, order: &TicketOrder) -> Result<(), PortFailure> {
        self.post(System::Tickets, TICKET_PATH, order).await
    }
}

#[async_trait]
impl Clearing for NeighbourClient {
    async fn remote(&self, card_no: &CardNo) -> Result<bool, PortFailure> {
        self.post(System::Clearing, REMOTE_PATH, &CardQuery { card_no: card_no.clone() }).await
    }

    async fn close(&self, order: &CloseOrder) -> Result<(), PortFailure> {
        self.post(System::Clearing, CLOSE_PATH, order).await
    }

    async fn balance(&self, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<Fen>, PortFailure> {
        self.post(System::Clearing, BALANCE_PATH, &BalanceQuery { card_no: card_no.clone(), at: now }).await
    }
}

#[async_trait]
impl Production for NeighbourClient {
    async fn photo_on_file(&self, person: &PersonId) -> Result<bool, PortFailure> {
        self.post(System::Production, PHOTO_PATH, person).await
    }

    async fn order(&self, order: &ProductionOrder) -> Result<(), PortFailure> {
        self.post(System::Production, ORDER_PATH, order).await
    }

    async fn making(&self, order: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Making>, PortFailure> {
        self.post(System::Production, MAKING_PATH, &MakingQuery { order: order.clone(), at: now }).await
    }
}
