//! What the centre keeps, one record a thing. Every key begins with its cell: cards, people and rights with the home
//! cell, operators, devices, journal and postings with the cell of the operating outlet.

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    card::{WriteEnd, WriteIntent},
    centre_act::Ordered,
    claim::{Claim, Reservation},
    code::Code,
    function::{Function, FunctionFacts},
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, PersonId, ProgrammeId, RequestId, WindowId},
    issuer::IssuerRequest,
    money::Fen,
    person::{CardStatus, HolderClass},
    posting::{Account, Posting},
    refund_unreadable::Payee,
};
use desk_wire::v1::{Role, Row};
use serde::{Deserialize, Serialize};

/// Idempotency key of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKey {
    pub cell: CellId,
    pub device: DeviceId,
    pub id: RequestId,
}

/// What was answered the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstReply {
    /// Keyed digest of the first body.
    pub body: String,
    /// The reply as JSON.
    pub reply: String,
}

/// How long a first reply is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// With the ledger.
    Always,
    /// Holds personal data and no effect; forgotten by [`crate::store::Tx::forget_replies`].
    Shortly,
}

/// An enrolled desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    pub outlet: OutletId,
    pub window: WindowId,
    /// Six bytes as hexadecimal digits.
    pub terminal: String,
    /// Ed25519 public key of this generation, 32 bytes as hexadecimal digits.
    pub public_key: String,
    /// Last journal row of this generation that the centre holds.
    pub head: (u64, String),
    /// Set when the journal forked or went back; nothing more is accepted.
    pub locked_at: Option<DateTime<Utc>>,
}

/// One-time code for a place at a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    pub cell: CellId,
    /// Keyed digest of the code.
    pub code: String,
    pub device: DeviceId,
    pub generation: u32,
    pub outlet: OutletId,
    pub window: WindowId,
    pub terminal: String,
    pub expires_at: DateTime<Utc>,
    /// Public key that used it; the same key may ask again, nobody else.
    pub used_by: Option<String>,
}

/// A person who may work at the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorRecord {
    pub cell: CellId,
    pub operator: OperatorId,
    pub roles: Vec<Role>,
    /// PHC string with the centre's pepper.
    pub password: String,
    /// PHC string without pepper, for a desk without line.
    pub offline_verifier: String,
    /// Wrong passwords in a row.
    pub failures: u32,
    pub locked_at: Option<DateTime<Utc>>,
    /// Serial number of the one staff card that is valid; another, or none, revokes it.
    pub staff_card: Option<String>,
}

/// A session at the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub cell: CellId,
    /// Keyed digest of the token; the token itself is not kept.
    pub token: String,
    pub device: DeviceId,
    pub operator: OperatorId,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A citizen. `Debug` leaves everything personal out.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub cell: CellId,
    pub person: PersonId,
    pub programme: ProgrammeId,
    pub name: String,
    /// Normalised identity document number, where one is on record.
    pub id_number: Option<String>,
    pub ecard_number: Option<String>,
    pub birth: Option<NaiveDate>,
    pub class: HolderClass,
    pub school: String,
    pub guardian_name: Option<String>,
    pub guardian_phone: Option<String>,
    /// Open order of another channel, by its number.
    pub open_order: Option<String>,
    pub entitled: bool,
    pub staff: Option<OperatorId>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("cell", &self.cell).field("person", &self.person).finish_non_exhaustive()
    }
}

/// A card as the centre knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub cell: CellId,
    pub card_no: CardNo,
    pub programme: ProgrammeId,
    pub family: String,
    /// Eight bytes as hexadecimal digits; with the serial they diversify the card's keys.
    pub issuer: String,
    pub serial: String,
    pub holder_class: u8,
    pub status: CardStatus,
    pub issued_on: NaiveDate,
    pub valid_until: Option<NaiveDate>,
    pub transit_open: bool,
    pub last_balance: Option<Fen>,
    /// Highest online counter seen; a card that shows less is not this card.
    pub last_online_counter: Option<u16>,
    pub holder: Option<PersonId>,
    /// A write of unknown end stands on this card.
    pub suspended: Option<Suspension>,
    /// Functions that other systems keep, as they were last heard; without transit, which this record itself keeps.
    pub functions: Vec<FunctionFacts>,
}

impl Card {
    /// What its keeper said of a function.
    #[must_use]
    pub fn kept(&self, function: Function) -> Option<&FunctionFacts> {
        self.functions.iter().find(|facts| facts.function == function)
    }

    /// The card's bank, by its line.
    #[must_use]
    pub fn bank(&self) -> Option<&str> {
        self.kept(Function::Bank)?.bank.as_deref()
    }
}

/// Which case holds a card in suspense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub case: CaseId,
    /// Reservation under which the card was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation: Option<CentreNumber>,
    pub number: CaseNumber,
    pub device: DeviceId,
    pub since: DateTime<Utc>,
}

/// A claim on a right, from its reservation on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Home cell of the right.
    pub cell: CellId,
    /// Reservation number.
    pub number: CentreNumber,
    /// For example `purse:{card}`; at most one open claim each.
    pub right: String,
    /// At most one settled claim for each right and epoch.
    pub epoch: String,
    pub claim: Claim,
    pub reservation: Reservation,
    pub by: Claimant,
    pub reserved_at: DateTime<Utc>,
    pub state: ClaimState,
}

/// Who claimed, from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimant {
    pub case: CaseId,
    pub case_number: CaseNumber,
    /// Operating cell.
    pub cell: CellId,
    pub device: DeviceId,
    pub outlet: OutletId,
    pub window: WindowId,
    pub operator: OperatorId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClaimState {
    Open,
    /// A write began and its end is unknown; open for its own desk only.
    Unknown {
        intent: Box<WriteIntent>,
        since: DateTime<Utc>,
    },
    Settled {
        number: CentreNumber,
        at: DateTime<Utc>,
    },
    Released {
        at: DateTime<Utc>,
    },
}

impl ClaimState {
    /// Neither settled nor given back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self {
            Self::Open | Self::Unknown { .. } => true,
            Self::Settled { .. } | Self::Released { .. } => false,
        }
    }

    /// The confirmation number, where it was settled.
    #[must_use]
    pub fn settled_number(&self) -> Option<CentreNumber> {
        match self {
            Self::Settled { number, .. } => Some(number.clone()),
            Self::Open | Self::Unknown { .. } | Self::Released { .. } => None,
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown { .. } => "unknown",
            Self::Settled { .. } => "settled",
            Self::Released { .. } => "released",
        }
    }
}

/// A claim of which one of two systems did its part and the other does not show it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfDone {
    /// Home cell of the claim.
    pub cell: CellId,
    pub reservation: CentreNumber,
    pub case: CaseId,
    pub case_number: CaseNumber,
    pub code: Code,
    pub since: DateTime<Utc>,
    pub tries: u32,
    pub last_tried: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A photo of somebody on a unit's list, before the row comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPhoto {
    /// Of the desk that sent it.
    pub cell: CellId,
    pub case: CaseId,
    /// Of the file, hexadecimal digits.
    pub sha256: String,
    pub photo: desk_domain::order::Photo,
    pub at: DateTime<Utc>,
}

/// A card that is being made, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRecord {
    /// Home cell of the person.
    pub cell: CellId,
    /// Reservation under which it was ordered, or the number of its row.
    pub number: CentreNumber,
    pub person: PersonId,
    pub programme: ProgrammeId,
    pub order: Ordered,
    /// Outlet that ordered it, and at which it is picked up.
    pub outlet: OutletId,
    pub ordered_at: DateTime<Utc>,
    /// The last parcel in which it was sent, where it is sent.
    pub parcel: Option<SentParcel>,
    /// Nobody came for it in time.
    pub sent_back_at: Option<DateTime<Utc>>,
    /// The made card, once its holder has it.
    pub handed_over: Option<HandedOver>,
}

impl OrderRecord {
    /// Neither with its holder nor back at the centre.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.handed_over.is_none() && self.sent_back_at.is_none()
    }
}

/// A parcel at the courier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentParcel {
    /// Under which the courier has it.
    pub number: CentreNumber,
    /// From 1.
    pub times: u32,
    /// It came back, and the holder was told.
    pub told_back: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    pub card_no: CardNo,
    pub at: DateTime<Utc>,
}

/// A refund that the back office owes: the card is out of use, and what it held is paid from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Home cell of the right.
    pub cell: CellId,
    pub reservation: CentreNumber,
    pub case: CaseId,
    pub case_number: CaseNumber,
    pub programme: ProgrammeId,
    pub card_no: CardNo,
    /// What the card held; unknown until clearing where it gave no answer.
    pub amount: Option<Fen>,
    /// Who is paid at a window, by the document that was shown; the back office alone pays where nobody stands here.
    pub payee: Option<Payee>,
    /// First day on which it may be paid.
    pub from: NaiveDate,
    pub since: DateTime<Utc>,
    pub paid: Option<PaidOut>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidOut {
    pub number: CentreNumber,
    /// As clearing has it; never more than the card held.
    pub amount: Fen,
    pub at: DateTime<Utc>,
}

/// One answer of the key service: for which case, card and counter a MAC went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub cell: CellId,
    /// Unique: reservation number and ordinal.
    pub id: String,
    pub case: CaseId,
    pub device: DeviceId,
    pub reservation: CentreNumber,
    pub card_no: CardNo,
    /// Counter and random of the card at initialisation, as the request carries them.
    pub counter: Option<u16>,
    pub random: Option<String>,
    pub ask: IssuerRequest,
    /// Time that the released MAC carries.
    pub mac_at: chrono::NaiveDateTime,
    pub released_at: DateTime<Utc>,
}

/// How a desk decided another desk's write from the card. Evidence; append-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedWrite {
    /// Home cell of the right.
    pub cell: CellId,
    pub reservation: CentreNumber,
    /// The case whose write it was.
    pub case: CaseId,
    /// The desk that had the card.
    pub device: DeviceId,
    pub end: WriteEnd,
    pub at: DateTime<Utc>,
}

/// A second person's agreement: one case, one amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    pub cell: CellId,
    pub number: CentreNumber,
    pub case: CaseId,
    pub amount: Fen,
    pub supervisor: OperatorId,
    pub role: Role,
    pub operator: OperatorId,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub used_for: Option<CentreNumber>,
}

/// Whose postings: what desks uploaded, or what the centre made itself on confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Book {
    Desk,
    Centre,
}

impl Book {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Centre => "centre",
        }
    }
}

/// One line of the ledger; append-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub cell: CellId,
    /// `{device}/{generation}/{sequence}` or the centre's number.
    pub source: String,
    pub line: u16,
    pub book: Book,
    pub outlet: OutletId,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    pub case: Option<CaseId>,
    pub posting: Posting,
}

/// A journal row as kept, with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    pub row: Row,
    pub hash: String,
    pub outlet: OutletId,
    pub day: NaiveDate,
}

/// What a desk has signed for: every row up to this one. One a batch; with the rows it proves who wrote them, also after
/// the desk got another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    pub sequence: u64,
    pub hash: String,
    pub suite: String,
    /// Hexadecimal digits, as the device was enrolled with at that time.
    pub public_key: String,
    /// Hexadecimal digits.
    pub signature: String,
    pub at: DateTime<Utc>,
}

/// A card that must not be used any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blacklisted {
    pub cell: CellId,
    pub card_no: CardNo,
    pub reason: String,
    pub since: DateTime<Utc>,
}

/// What head office did, with whose agreement. Evidence; append-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeAct {
    /// Cell of the desk at which it was done.
    pub cell: CellId,
    pub number: CentreNumber,
    pub what: OfficeWhat,
    pub operator: OperatorId,
    /// Never the same person.
    pub second: OperatorId,
    pub reason: String,
    pub device: DeviceId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum OfficeWhat {
    /// A reservation under which nothing can have happened.
    GaveBack { reservation: CentreNumber },
    /// Money of a write of unknown end, out of suspense and into a named account.
    WroteOff { reservation: CentreNumber, into: Account, amount: Fen },
    /// A version of rules or days, by its number.
    Published { publication: u64 },
}

impl OfficeWhat {
    /// What it is done to; at most once each.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::GaveBack { reservation } => format!("give_back:{reservation}"),
            Self::WroteOff { reservation, .. } => Self::write_off_of(reservation),
            Self::Published { publication } => format!("publication:{publication}"),
        }
    }

    #[must_use]
    pub fn write_off_of(reservation: &CentreNumber) -> String {
        format!("write_off:{reservation}")
    }
}

/// What the books hold for one business day of an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Uploaded postings by account, in order of account; accounts that come to zero are left in.
    pub postings: Vec<Posting>,
    /// Cases opened.
    pub cases: u32,
    /// Refunds that the centre confirmed.
    pub settled_refunds: Fen,
}
