//! Version 1: one envelope, one request, one reply.
//!
//! A desk makes the request id, stores it, and sends; the same id for ever. The centre answers a repeat with its first
//! reply, so any request can be repeated, reordered or answered into the void.

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    card::{WriteEnd, WriteIntent},
    claim::{Claim, Reservation, Settlement},
    code::Message,
    id::{
        CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, ProgrammeId, RequestId, SessionToken, WindowId,
    },
    inquiry::{Inquired, Inquiry},
    issuer::{IssuerAnswer, IssuerRequest},
    journal::RowHeader,
    money::Fen,
    order::{Photo, Uncollected},
    person::{CardFacts, Lookup, PersonFacts},
    posting::Posting,
    refund_unreadable::{Owed, Slip},
    ruleset::Problem,
    staff::StaffProof,
    unit_batch::{Portion, RowResult},
};
use serde::{Deserialize, Serialize};

use crate::{
    office::{Checked, Second, Undecided},
    outlet_day::OutletDay,
    publication::Publication,
};

pub const VERSION: u16 = 1;

/// Path of the one request endpoint.
pub const REQUEST_PATH: &str = "/v1/request";
/// Path of enrolment, the only one that needs no client certificate.
pub const ENROL_PATH: &str = "/v1/enrol";
/// Liveness, without authentication.
pub const HEALTH_PATH: &str = "/v1/health";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub version: u16,
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    pub id: RequestId,
    /// Absent before sign-in and for uploads, which the device itself answers for.
    pub session: Option<SessionToken>,
    /// Desk's clock; informs, never decides.
    pub sent_at: DateTime<Utc>,
    pub request: Request,
}

/// What a desk asks. Passwords and personal data make `Debug` of a request unfit for a log; log [`Request::name`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Keeps the line state and the clock offset.
    Ping,
    SignIn {
        operator: OperatorId,
        password: Secret,
    },
    /// The same by a staff card: its proof is over this request's id.
    SignInByCard {
        proof: StaffProof,
    },
    SignOut,
    FindPerson {
        case: CaseId,
        lookup: Lookup,
    },
    FindCard {
        case: CaseId,
        lookup: Lookup,
    },
    /// A person, and what the system that keeps the matter says about it.
    Inquire {
        case: CaseId,
        lookup: Lookup,
        inquiry: Inquiry,
    },
    /// What is owed on a slip, for the document that was shown when it was given.
    FindOwed {
        case: CaseId,
        slip: Slip,
    },
    /// Made cards of a programme that lie at this desk's outlet longer than its list wants.
    FindUncollected {
        case: CaseId,
        programme: ProgrammeId,
    },
    Reserve {
        case: CaseId,
        number: CaseNumber,
        window: WindowId,
        claim: Claim,
        authorisation: Option<CentreNumber>,
    },
    /// A photo of somebody on a unit's list, kept under what it is until the row comes; the same again changes nothing.
    KeepPhoto {
        case: CaseId,
        /// SHA-256 of the file, hexadecimal digits.
        sha256: String,
        photo: Photo,
    },
    /// Some rows of a unit's list: each becomes an order, or has its reason why not.
    SubmitRows {
        case: CaseId,
        number: CaseNumber,
        window: WindowId,
        portion: Box<Portion>,
    },
    Release {
        case: CaseId,
        reservation: CentreNumber,
    },
    /// A MAC for one card of an open reservation. Every release is recorded with case, card and counter.
    Issuer {
        case: CaseId,
        reservation: CentreNumber,
        ask: IssuerRequest,
    },
    ReportUnknown {
        case: CaseId,
        reservation: CentreNumber,
        intent: WriteIntent,
    },
    /// The write of unknown end that lies on this card, with what is needed to decide it: whichever desk sees the card
    /// finishes it.
    OpenWrite {
        card: CardNo,
    },
    /// Another desk's write, decided from the card that lies here.
    DecideWrite {
        case: CaseId,
        reservation: CentreNumber,
        end: WriteEnd,
    },
    /// How another desk decided this desk's write, if one did.
    WriteEnd {
        case: CaseId,
        reservation: CentreNumber,
    },
    Confirm {
        case: CaseId,
        reservation: CentreNumber,
        settlement: Settlement,
    },
    /// Second-person authorisation: one case, one amount, five minutes.
    Authorise {
        case: CaseId,
        supervisor: OperatorId,
        password: Secret,
        amount: Fen,
        reason: String,
    },
    /// The same by the supervisor's staff card: its proof is over this request's id, the case and the amount.
    AuthoriseByCard {
        case: CaseId,
        proof: StaffProof,
        amount: Fen,
        reason: String,
    },
    /// What the centre's ledger holds for a business day of an outlet.
    DayTotals {
        outlet: OutletId,
        day: NaiveDate,
        /// One desk of the outlet; the whole outlet where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
    },
    Upload {
        batch: Batch,
    },
    /// What was published after a number; asked by the device itself, again and again.
    Publications {
        after: u64,
    },
    /// A rule file: checked, and with a second person published.
    Publish {
        /// Name of the file, for messages.
        name: String,
        text: String,
        second: Option<Second>,
    },
    /// Every claim without an end, of all outlets.
    Undecided,
    /// Gives back a reservation whose desk does not come back, where nothing can have happened under it.
    GiveBack {
        reservation: CentreNumber,
        reason: String,
        second: Second,
    },
    /// Takes the money of a write of unknown end out of suspense.
    WriteOff {
        reservation: CentreNumber,
        reason: String,
        second: Second,
    },
    /// A business day of the desk's own outlet, window by window.
    OutletDay {
        day: NaiveDate,
    },
}

impl Request {
    /// Stable name for logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::SignIn { .. } => "sign_in",
            Self::SignInByCard { .. } => "sign_in_by_card",
            Self::SignOut => "sign_out",
            Self::FindPerson { .. } => "find_person",
            Self::FindCard { .. } => "find_card",
            Self::Inquire { .. } => "inquire",
            Self::FindOwed { .. } => "find_owed",
            Self::FindUncollected { .. } => "find_uncollected",
            Self::Reserve { .. } => "reserve",
            Self::KeepPhoto { .. } => "keep_photo",
            Self::SubmitRows { .. } => "submit_rows",
            Self::Release { .. } => "release",
            Self::Issuer { .. } => "issuer",
            Self::ReportUnknown { .. } => "report_unknown",
            Self::OpenWrite { .. } => "open_write",
            Self::DecideWrite { .. } => "decide_write",
            Self::WriteEnd { .. } => "write_end",
            Self::Confirm { .. } => "confirm",
            Self::Authorise { .. } => "authorise",
            Self::AuthoriseByCard { .. } => "authorise_by_card",
            Self::DayTotals { .. } => "day_totals",
            Self::Upload { .. } => "upload",
            Self::Publications { .. } => "publications",
            Self::Publish { .. } => "publish",
            Self::Undecided => "undecided",
            Self::GiveBack { .. } => "give_back",
            Self::WriteOff { .. } => "write_off",
            Self::OutletDay { .. } => "outlet_day",
        }
    }
}

/// A password on its way; shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    pub version: u16,
    pub id: RequestId,
    /// Centre's clock when it answered.
    pub at: DateTime<Utc>,
    pub reply: Reply,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    Pong {
        /// Number of the newest publication: a desk that has fewer asks for them.
        #[serde(default)]
        published: u64,
    },
    SignedIn {
        session: SessionToken,
        operator: Operator,
    },
    SignedOut,
    Person {
        person: Box<PersonFacts>,
    },
    Card {
        card: Box<CardFacts>,
    },
    Inquired {
        person: Box<PersonFacts>,
        found: Inquired,
    },
    Owed {
        owed: Box<Owed>,
    },
    Uncollected {
        cards: Vec<Uncollected>,
    },
    Reserved {
        reservation: Reservation,
    },
    PhotoKept,
    /// One for each row, in their order.
    RowsSubmitted {
        results: Vec<RowResult>,
    },
    Released,
    Issuer {
        answer: IssuerAnswer,
    },
    Reported,
    OpenWrite {
        open: Option<Box<OpenWrite>>,
    },
    WriteEnd {
        end: Option<Box<WriteEnd>>,
    },
    Confirmed {
        number: CentreNumber,
    },
    Authorised {
        number: CentreNumber,
    },
    DayTotals {
        totals: Vec<Posting>,
        cases: u32,
        settled_refunds: Fen,
    },
    Uploaded {
        up_to: u64,
        head: String,
    },
    /// In order, without gaps after the number asked for.
    Publications {
        publications: Vec<Publication>,
    },
    Checked {
        checked: Box<Checked>,
    },
    /// The file's faults; nothing was published.
    Faulty {
        problems: Vec<Problem>,
    },
    Published {
        publication: Box<Publication>,
    },
    Undecided {
        undecided: Vec<Undecided>,
    },
    /// Done, or done before: the number under which it is kept.
    Acted {
        number: CentreNumber,
    },
    OutletDay {
        day: Box<OutletDay>,
    },
    /// A definite no: the request had no effect and a repeat will say the same.
    Refused {
        message: Message,
    },
}

/// A card write of unknown end, for the desk that has the card now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWrite {
    pub case: CaseId,
    pub number: CaseNumber,
    pub reservation: CentreNumber,
    pub intent: WriteIntent,
}

/// A person who may work at the counter. Personal data stay at the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub id: OperatorId,
    pub roles: Vec<Role>,
    /// PHC string (Argon2id) with which the desk lets this person in while the line is down, and until when.
    pub offline_verifier: String,
    pub offline_until: DateTime<Utc>,
    /// Serial number of this person's valid staff card, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_card: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 中心人员: unknown writes, publications. Stands below the counter's levels: it agrees to nothing at a counter.
    HeadOffice,
    /// 柜员
    Clerk,
    /// 值班主管: authorises above 200 yuan.
    Supervisor,
    /// 网点负责人: authorises above 500 yuan.
    Manager,
}

/// A stretch of one device's journal, signed once over its last hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub device: DeviceId,
    pub generation: u32,
    /// Crypto suite of hashes, seals and signature: `intl` = SHA-256, AES-256-GCM, Ed25519.
    pub suite: String,
    /// In order, without gaps; the first follows the last acknowledged row.
    pub rows: Vec<Row>,
    /// Payload keys of the cases that these rows belong to, 32 bytes as hexadecimal digits; for rows of no case the
    /// key of their day, under [`desk_domain::journal::day_key_owner`].
    pub case_keys: Vec<(CaseId, String)>,
    /// Hash of the last row.
    pub head: String,
    /// Device's signature over `head`, hexadecimal digits.
    pub signature: String,
}

/// A journal row as it travels and as the centre keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub header: RowHeader,
    /// Nonce and ciphertext, hexadecimal digits.
    pub sealed: String,
}

/// One-time code against a client certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub code: Secret,
    /// PKCS#10 request in PEM, made with the device's own Ed25519 key.
    pub certificate_request: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    pub outlet: OutletId,
    pub window: WindowId,
    /// Six bytes as hexadecimal digits: the terminal number that cards record.
    pub terminal: String,
    /// Client certificate in PEM.
    pub certificate: String,
    /// Key for HMACs of identifiers in journal and logs, 32 bytes as hexadecimal digits.
    pub identifier_key: String,
    /// Public key of what the centre publishes, 32 bytes as hexadecimal digits.
    #[serde(default)]
    pub publishing_key: String,
}
