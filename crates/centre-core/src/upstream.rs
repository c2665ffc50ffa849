//! Ports to the systems around a centre that keep what it does not keep itself. Each answers from its own books; the centre
//! notes when it was heard. Orders carry the reservation's number: each is done once, however often it is sent.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    centre_act::Matter,
    function::{FunctionState, LossChannel},
    id::{CardNo, CentreNumber, OutletId, PersonId, ProgrammeId},
    inquiry::{CodeFacts, IssueClass, IssueState, Sent},
    money::Fen,
    order::{Contact, Photo},
};
use serde::{Deserialize, Serialize};

use crate::ports::PortFailure;

/// All of them.
pub struct Upstream {
    pub functions: Box<dyn FunctionKeepers>,
    pub library: Box<dyn Library>,
    pub messages: Box<dyn TextMessages>,
    pub issues: Box<dyn IssueRegister>,
    pub tickets: Box<dyn Tickets>,
    pub clearing: Box<dyn Clearing>,
    pub production: Box<dyn Production>,
    pub courier: Box<dyn Courier>,
}

/// Who keeps a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "keeper", rename_all = "snake_case")]
pub enum Keeper {
    SocialSecurity,
    /// By its line in the programme's file.
    Bank {
        line: String,
    },
}

/// Loss or release of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossOrder {
    /// Idempotency key: the same order at the same keeper is done once.
    pub order: CentreNumber,
    pub keeper: Keeper,
    pub card_no: CardNo,
    pub channel: LossChannel,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossResult {
    /// Done now or before under the same order.
    Done,
    /// The keeper does not know the card.
    UnknownCard,
}

/// Social security and the banks. A bank passes a formal loss and its release on to social security by itself.
#[async_trait]
pub trait FunctionKeepers: Send + Sync {
    /// None where the keeper does not know the card.
    ///
    /// # Errors
    /// [`PortFailure`] where the keeper does not answer.
    async fn state(&self, keeper: &Keeper, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<FunctionState>, PortFailure>;
    /// # Errors
    /// [`PortFailure`] where it is not known whether it was done; repeat it under the same number.
    async fn report(&self, order: &LossOrder) -> Result<LossResult, PortFailure>;
    /// # Errors
    /// As [`FunctionKeepers::report`].
    async fn release(&self, order: &LossOrder) -> Result<LossResult, PortFailure>;
}

#[async_trait]
pub trait Library: Send + Sync {
    /// Books out on this card.
    ///
    /// # Errors
    /// [`PortFailure`] where the library does not answer.
    async fn open_loans(&self, card_no: &CardNo) -> Result<u32, PortFailure>;
}

/// Another code to the number on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOrder {
    pub order: CentreNumber,
    pub person: PersonId,
    pub at: DateTime<Utc>,
}

/// The text-message platform. It knows the number; neither desk nor centre's log does.
#[async_trait]
pub trait TextMessages: Send + Sync {
    /// # Errors
    /// [`PortFailure`] where the platform does not answer.
    async fn codes(&self, person: &PersonId, now: DateTime<Utc>) -> Result<CodeFacts, PortFailure>;
    /// # Errors
    /// [`PortFailure`] where it is not known whether it went out; repeat it under the same number.
    async fn resend(&self, order: &CodeOrder) -> Result<(), PortFailure>;
    /// # Errors
    /// As [`TextMessages::resend`].
    async fn tell(&self, notice: &Notice) -> Result<(), PortFailure>;
}

/// A message about a card, to the number that was given with its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub order: CentreNumber,
    pub contact: Contact,
    pub matter: NoticeMatter,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "matter", rename_all = "snake_case")]
pub enum NoticeMatter {
    /// 退件: the courier brought the card back; it lies at this outlet.
    ParcelReturned { outlet: OutletId },
}

/// A first card in the issuer's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRecord {
    pub state: IssueState,
    pub class: Option<IssueClass>,
    pub received_on: Option<chrono::NaiveDate>,
    pub confirm_by: Option<chrono::NaiveDate>,
    pub reminder: Option<Sent>,
}

#[async_trait]
pub trait IssueRegister: Send + Sync {
    /// None where nothing was ever submitted.
    ///
    /// # Errors
    /// [`PortFailure`] where the register does not answer.
    async fn issue(&self, person: &PersonId) -> Result<Option<IssueRecord>, PortFailure>;
}

/// Closing the account of a card that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseOrder {
    pub order: CentreNumber,
    pub card_no: CardNo,
    pub at: DateTime<Utc>,
}

/// Clearing of the purses: it alone knows what a card held that cannot be asked any more.
#[async_trait]
pub trait Clearing: Send + Sync {
    /// The card was used out of town lately, so that journeys may still come in.
    ///
    /// # Errors
    /// [`PortFailure`] where clearing does not answer.
    async fn remote(&self, card_no: &CardNo) -> Result<bool, PortFailure>;
    /// # Errors
    /// [`PortFailure`] where it is not known whether it was done; repeat it under the same number.
    async fn close(&self, order: &CloseOrder) -> Result<(), PortFailure>;
    /// What a closed account came to; none while journeys may still come in. May be below zero.
    ///
    /// # Errors
    /// [`PortFailure`] where clearing does not answer.
    async fn balance(&self, card_no: &CardNo, now: DateTime<Utc>) -> Result<Option<Fen>, PortFailure>;
}

/// A card to be made, with everything that stands on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductionOrder {
    pub order: CentreNumber,
    pub person: PersonId,
    /// Whose blank cards it is made of.
    pub programme: ProgrammeId,
    /// Where it is picked up, and where it comes back to.
    pub outlet: OutletId,
    /// Whose function it bears, by its line in the programme's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Photo>,
    pub at: DateTime<Utc>,
}

/// A card as production made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeCard {
    pub card_no: CardNo,
    pub family: String,
    /// Eight bytes as hexadecimal digits.
    pub issuer: String,
    pub serial: String,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "making", rename_all = "snake_case")]
pub enum Making {
    Under {
        ready_on: NaiveDate,
    },
    /// Made, and at the outlet in this box unless the courier has it.
    Ready {
        card: MadeCard,
        place: String,
        /// Day on which it was there.
        since: NaiveDate,
    },
}

/// Production of cards, and the store of photos.
#[async_trait]
pub trait Production: Send + Sync {
    /// # Errors
    /// [`PortFailure`] where production does not answer.
    async fn photo_on_file(&self, person: &PersonId) -> Result<bool, PortFailure>;
    /// # Errors
    /// [`PortFailure`] where it is not known whether it was taken; repeat it under the same number.
    async fn order(&self, order: &ProductionOrder) -> Result<(), PortFailure>;
    /// None where production does not know the order.
    ///
    /// # Errors
    /// [`PortFailure`] where production does not answer.
    async fn making(&self, order: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Making>, PortFailure>;
}

/// A made card to be brought to its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelOrder {
    /// Idempotency key of this sending.
    pub parcel: CentreNumber,
    /// The order under which the card is made.
    pub order: CentreNumber,
    pub contact: Contact,
    /// The addressee pays.
    pub collect: bool,
    pub at: DateTime<Utc>,
}

/// Where a parcel is, as the courier says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "parcel", rename_all = "snake_case")]
pub enum Parcel {
    /// Ordered; the card is not made yet.
    Awaited,
    OnItsWay {
        tracking: String,
    },
    Delivered {
        tracking: String,
        on: NaiveDate,
    },
    /// Nobody took it: it is back at the outlet.
    Returned {
        tracking: String,
        on: NaiveDate,
    },
}

/// The courier (快递). It fetches a parcel where production makes the card, and brings what nobody takes back to the outlet.
#[async_trait]
pub trait Courier: Send + Sync {
    /// # Errors
    /// [`PortFailure`] where it is not known whether it was taken; repeat it under the same number.
    async fn send(&self, order: &ParcelOrder) -> Result<(), PortFailure>;
    /// None where the courier does not know the parcel.
    ///
    /// # Errors
    /// [`PortFailure`] where the courier does not answer.
    async fn parcel(&self, parcel: &CentreNumber, now: DateTime<Utc>) -> Result<Option<Parcel>, PortFailure>;
}

/// To a school, or to whoever has to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketOrder {
    pub order: CentreNumber,
    pub matter: Matter,
    pub person: PersonId,
    /// Who is asked to act: a school, or empty where the holder's own contact is used.
    pub school: String,
    pub at: DateTime<Utc>,
}

#[async_trait]
pub trait Tickets: Send + Sync {
    /// # Errors
    /// [`PortFailure`] where it is not known whether it was taken; repeat it under the same number.
    async fn open(&self, order: &TicketOrder) -> Result<(), PortFailure>;
}
