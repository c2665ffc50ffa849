//! A model of the systems around a centre: social security and banks, library, text messages, first issue, tickets, clearing,
//! production, courier.
//! Sans-IO; the sandbox process and the simulation put it behind their own doors.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use desk_domain::{
    function::{FunctionState, LossChannel},
    id::{CardNo, CentreNumber, PersonId, ProgrammeId},
    inquiry::{CodeFacts, Delivery, Sent},
    money::Fen,
};
use serde::{Deserialize, Serialize};

use crate::{
    number::local_day,
    ports::PortFailure,
    upstream::{
        Clearing, CloseOrder, CodeOrder, Courier, FunctionKeepers, IssueRecord, IssueRegister, Keeper, Library, LossOrder, LossResult,
        MadeCard, Making, Notice, Parcel, ParcelOrder, Production, ProductionOrder, TextMessages, TicketOrder, Tickets, Upstream,
    },
};

/// One outside system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    SocialSecurity,
    Bank,
    Library,
    Messages,
    Issues,
    Tickets,
    Clearing,
    Production,
    Courier,
}

impl System {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SocialSecurity => "social_security",
            Self::Bank => "bank",
            Self::Library => "library",
            Self::Messages => "messages",
            Self::Issues => "issues",
            Self::Tickets => "tickets",
            Self::Clearing => "clearing",
            Self::Production => "production",
            Self::Courier => "courier",
        }
    }
}

/// What goes wrong with one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Answers nothing and does nothing.
    Down,
    /// Does it, and the answer is lost.
    AnswerLost,
    /// A bank: does its part and does not pass it on.
    NotPassedOn,
    /// A courier: nobody takes what it is given from now on.
    Undeliverable,
}

/// One card in the books of its keepers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCard {
    pub social_security: FunctionState,
    pub bank: FunctionState,
    /// What the bank did and has not passed on yet.
    #[serde(default)]
    pub held_back: Option<FunctionState>,
}

/// A purse in the books of clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClearedPurse {
    pub balance: Fen,
    #[serde(default)]
    pub remote: bool,
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
}

impl ClearedPurse {
    /// Journeys of the town come in within three days, others within ten.
    fn cleared(&self, now: DateTime<Utc>) -> Option<Fen> {
        let days = if self.remote { 10 } else { 3 };
        self.closed_at.filter(|closed| *closed + TimeDelta::days(days) <= now).map(|_| self.balance)
    }
}

/// An order at production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub person: PersonId,
    /// Absent while there is no plastic left.
    pub card: Option<MadeCard>,
    pub ordered_at: DateTime<Utc>,
}

/// Days that production takes.
const PRODUCTION_DAYS: i64 = 5;

impl Made {
    fn ready_at(&self) -> DateTime<Utc> {
        self.ordered_at + TimeDelta::days(PRODUCTION_DAYS)
    }

    fn making(&self, order: &CentreNumber, now: DateTime<Utc>) -> Making {
        let ready_at = self.ready_at();
        match &self.card {
            Some(card) if ready_at <= now => {
                let place = order.as_str().chars().rev().take(3).collect();
                Making::Ready { card: card.clone(), place, since: local_day(ready_at) }
            }
            Some(_) | None => Making::Under { ready_on: local_day(ready_at) },
        }
    }
}

/// A parcel at the courier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub order: CentreNumber,
    pub at: DateTime<Utc>,
    /// Nobody will take it.
    pub comes_back: bool,
}

/// Days on the way to the holder, and until what nobody took is back.
const ROAD_DAYS: i64 = 2;
const BACK_DAYS: i64 = 6;

impl Posted {
    fn parcel(&self, number: &CentreNumber, made: Option<&Made>, now: DateTime<Utc>) -> Parcel {
        let Some(made) = made.filter(|made| made.card.is_some() && made.ready_at() <= now) else {
            return Parcel::Awaited;
        };
        let left = made.ready_at().max(self.at);
        let tracking = format!("KD{}", number.as_str().chars().filter(char::is_ascii_alphanumeric).collect::<String>());
        let (there, back) = (left + TimeDelta::days(ROAD_DAYS), left + TimeDelta::days(BACK_DAYS));
        if self.comes_back && back <= now {
            Parcel::Returned { tracking, on: local_day(back) }
        } else if !self.comes_back && there <= now {
            Parcel::Delivered { tracking, on: local_day(there) }
        } else {
            Parcel::OnItsWay { tracking }
        }
    }
}

/// Everything that they keep.
#[derive(Debug, Clone, Default)]
pub struct Books {
    pub cards: BTreeMap<CardNo, KeptCard>,
    pub loans: BTreeMap<CardNo, u32>,
    pub codes: BTreeMap<PersonId, Vec<Sent>>,
    /// How codes to a person end; delivered where nothing stands here.
    pub delivery: BTreeMap<PersonId, Delivery>,
    pub issues: BTreeMap<PersonId, IssueRecord>,
    pub tickets: Vec<TicketOrder>,
    pub purses: BTreeMap<CardNo, ClearedPurse>,
    /// Plastic that production takes, next one of its programme first.
    pub plastic: Vec<(ProgrammeId, MadeCard)>,
    pub made: BTreeMap<CentreNumber, Made>,
    pub photos: BTreeSet<PersonId>,
    pub parcels: BTreeMap<CentreNumber, Posted>,
    /// Messages about cards that went out.
    pub notices: Vec<Notice>,
    pub trouble: BTreeMap<System, Trouble>,
    done: BTreeSet<(CentreNumber, Option<Keeper>)>,
}

impl Books {
    fn keep(&mut self, keeper: &Keeper, order: &LossOrder, state: FunctionState) -> LossResult {
        let passes_on = self.trouble.get(&System::Bank) != Some(&Trouble::NotPassedOn);
        let Some(card) = self.cards.get_mut(&order.card_no) else {
            return LossResult::UnknownCard;
        };
        if self.done.insert((order.order.clone(), Some(keeper.clone()))) {
            match keeper {
                Keeper::SocialSecurity => card.social_security = state,
                Keeper::Bank { .. } => {
                    card.bank = state.clone();
                    if passes_on {
                        card.social_security = state;
                    } else {
                        card.held_back = Some(state);
                    }
                }
            }
        }
        LossResult::Done
    }

    /// The bank passes on what it held back.
    pub fn pass_on(&mut self) {
        self.trouble.remove(&System::Bank);
        for card in self.cards.values_mut() {
            if let Some(state) = card.held_back.take() {
                card.social_security = state;
            }
        }
    }
}

/// The books behind the ports.
#[derive(Clone, Default)]
pub struct Neighbours(Arc<Mutex<Books>>);

impl Neighbours {
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every port onto the same books.
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

    /// Works at the books unless the system is down; the answer may be lost afterwards.
    fn work<T>(&self, system: System, work: impl FnOnce(&mut Books) -> T) -> Result<T, PortFailure> {
        let failed = |detail: &str| PortFailure { port: system.name(), detail: detail.to_owned() };
        let mut books = self.books();
        match books.trouble.get(&system).copied() {
            Some(Trouble::Down) => Err(failed("down")),
            Some(Trouble::AnswerLost) => {
                work(&mut books);
                Err(failed("answer lost"))
            }
            Some(Trouble::NotPassedOn | Trouble::Undeliverable) | None => Ok(work(&mut books)),
        }
    }
}

fn system(keeper: &Keeper) -> System {
    match keeper {
        Keeper::SocialSecurity => System::SocialSecurity,
        Keeper::Bank { .. } => System::Bank,
    }
}

/// A temporary loss ends by itself.
fn lapsed(state: &FunctionState, now: DateTime<Utc>) -> FunctionState {
    match state {
        FunctionState::TemporaryLoss { until: Some(until), .. } if *until <= now => FunctionState::Normal,
        FunctionState::TemporaryLoss { .. }
        | FunctionState::NotOpened
        | FunctionState::Normal
        | FunctionState::FormalLoss { .. }
        | FunctionState::Closed => state.clone(),
    }
}

fn channel(order: &LossOrder) -> LossChannel {
    order.channel.clone()
}

#[async_trait]
impl FunctionKeepers for Neighbours {
    async fn state(&self, keeper: &Keeper, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<FunctionState>, PortFailure> {
        self.work(system(keeper), |books| {
            let card = books.cards.get(card_no)?;
            Some(lapsed(
                match keeper {
                    Keeper::SocialSecurity => &card.social_security,
                    Keeper::Bank { .. } => &card.bank,
                },
                now,
            ))
        })
    }

    async fn report(&self, order: &LossOrder) -> Result<LossResult, PortFailure> {
        let lost = FunctionState::FormalLoss { channel: channel(order), since: order.at };
        self.work(system(&order.keeper), |books| books.keep(&order.keeper, order, lost))
    }

    async fn release(&self, order: &LossOrder) -> Result<LossResult, PortFailure> {
        self.work(system(&order.keeper), |books| books.keep(&order.keeper, order, FunctionState::Normal))
    }
}

#[async_trait]
impl Library for Neighbours {
    async fn open_loans(&self, card_no: &CardNo) -> Result<u32, PortFailure> {
        self.work(System::Library, |books| books.loans.get(card_no).copied().unwrap_or_default())
    }
}

#[async_trait]
impl TextMessages for Neighbours {
    async fn codes(&self, person: &PersonId, now: DateTime<Utc>) -> Result<CodeFacts, PortFailure> {
        let day = |at: DateTime<Utc>| FixedOffset::east_opt(8 * 3600).map(|zone| at.with_timezone(&zone).date_naive());
        self.work(System::Messages, |books| {
            let sent = books.codes.get(person).map_or(&[][..], Vec::as_slice);
            let today = sent.iter().filter(|code| day(code.at) == day(now)).count();
            CodeFacts { last: sent.last().copied(), today: u32::try_from(today).unwrap_or(u32::MAX), as_of: now }
        })
    }

    async fn resend(&self, order: &CodeOrder) -> Result<(), PortFailure> {
        self.work(System::Messages, |books| {
            if books.done.insert((order.order.clone(), None)) {
                let delivery = books.delivery.get(&order.person).copied().unwrap_or(Delivery::Delivered);
                books.codes.entry(order.person.clone()).or_default().push(Sent { at: order.at, delivery });
            }
        })
    }

    async fn tell(&self, notice: &Notice) -> Result<(), PortFailure> {
        self.work(System::Messages, |books| {
            if !books.notices.iter().any(|known| known.order == notice.order && known.matter == notice.matter) {
                books.notices.push(notice.clone());
            }
        })
    }
}

#[async_trait]
impl Courier for Neighbours {
    async fn send(&self, order: &ParcelOrder) -> Result<(), PortFailure> {
        self.work(System::Courier, |books| {
            let comes_back = books.trouble.get(&System::Courier) == Some(&Trouble::Undeliverable);
            let posted = Posted { order: order.order.clone(), at: order.at, comes_back };
            books.parcels.entry(order.parcel.clone()).or_insert(posted);
        })
    }

    async fn parcel(&self, parcel: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Parcel>, PortFailure> {
        self.work(System::Courier, |books| {
            books.parcels.get(parcel).map(|posted| posted.parcel(parcel, books.made.get(&posted.order), now))
        })
    }
}

#[async_trait]
impl IssueRegister for Neighbours {
    async fn issue(&self, person: &PersonId) -> Result<Option<IssueRecord>, PortFailure> {
        self.work(System::Issues, |books| books.issues.get(person).cloned())
    }
}

#[async_trait]
impl Tickets for Neighbours {
    async fn open(&self, order: &TicketOrder) -> Result<(), PortFailure> {
        self.work(System::Tickets, |books| {
            if books.done.insert((order.order.clone(), None)) {
                books.tickets.push(order.clone());
            }
        })
    }
}

#[async_trait]
impl Clearing for Neighbours {
    async fn remote(&self, card_no: &CardNo) -> Result<bool, PortFailure> {
        self.work(System::Clearing, |books| books.purses.get(card_no).is_some_and(|purse| purse.remote))
    }

    async fn close(&self, order: &CloseOrder) -> Result<(), PortFailure> {
        self.work(System::Clearing, |books| {
            if books.done.insert((order.order.clone(), None)) {
                let purse = books.purses.entry(order.card_no.clone()).or_default();
                purse.closed_at = purse.closed_at.or(Some(order.at));
            }
        })
    }

    async fn balance(&self, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<Fen>, PortFailure> {
        self.work(System::Clearing, |books| books.purses.get(card_no).and_then(|purse| purse.cleared(now)))
    }
}

#[async_trait]
impl Production for Neighbours {
    async fn photo_on_file(&self, person: &PersonId) -> Result<bool, PortFailure> {
        self.work(System::Production, |books| books.photos.contains(person))
    }

    async fn order(&self, order: &ProductionOrder) -> Result<(), PortFailure> {
        self.work(System::Production, |books| {
            if !books.done.insert((order.order.clone(), None)) {
                return;
            }
            if order.photo.is_some() {
                books.photos.insert(order.person.clone());
            }
            let next = books.plastic.iter().position(|(programme, _)| *programme == order.programme);
            let card = next.map(|next| books.plastic.remove(next).1);
            if let Some(card) = card.as_ref().filter(|_| order.bank.is_some()) {
                // Social security moves to the new card by itself, unless its keeper is in trouble.
                let late = books.trouble.contains_key(&System::SocialSecurity);
                let social_security = if late { FunctionState::NotOpened } else { FunctionState::Normal };
                let held_back = late.then_some(FunctionState::Normal);
                let kept = KeptCard { social_security, bank: FunctionState::NotOpened, held_back };
                books.cards.insert(card.card_no.clone(), kept);
            }
            books.made.insert(order.order.clone(), Made { person: order.person.clone(), card, ordered_at: order.at });
        })
    }

    async fn making(&self, order: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Making>, PortFailure> {
        self.work(System::Production, |books| books.made.get(order).map(|made| made.making(order, now)))
    }
}
