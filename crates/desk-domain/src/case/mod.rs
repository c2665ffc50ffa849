//! The case (业务单): one person, one service, one clerk, one desk.
//!
//! A case is rebuilt from its journal and from nothing else. Three pure functions carry it:
//! `next` says what is to be done now, `decide` turns an answer or the outcome of an effect into a fact (or refuses), and
//! `apply` takes the case into the state in which that fact is true. `apply` never consults a rule, so a journal replays
//! the same whatever rule set is in force.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    card::{CardImage, WriteEnd, WriteIntent},
    claim::{Claim, Reservation, Settlement},
    code::Message,
    id::{
        CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, ProgrammeId,
        RequestId, WindowId,
    },
    money::Fen,
    person::{CardFacts, Lookup, PersonFacts},
};

/// The services of the counter, by what they are for (no programme and no city in a name).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// S-02
    CardQuery,
    /// S-05
    ReissueLost,
    /// S-09
    RefundReadable,
    /// S-13
    Validation,
    /// S-17
    PasswordReset,
}

/// Who, where, when and under which rules; fixed when the case opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseHeader {
    pub id: CaseId,
    pub number: CaseNumber,
    pub service: Service,
    pub programme: ProgrammeId,
    pub rule_set: String,
    /// Cell of the operating outlet.
    pub cell: CellId,
    pub outlet: OutletId,
    pub window: WindowId,
    pub device: DeviceId,
    pub operator: OperatorId,
    pub opened_at: DateTime<Utc>,
    /// Fixed for the whole case.
    pub line: LineMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineMode {
    Online,
    Offline,
}

/// Something to be done outside. Its intent is in the journal before it begins and its outcome after it ends; after a
/// crash the intent alone says how to find out what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Wait for a card and read it. Harmless; repeated after a crash.
    ReadCard { expect: Option<CardImage> },
    /// Ask the centre for a person. Harmless.
    FindPerson { lookup: Lookup },
    /// Ask the centre for a card. Harmless.
    FindCard { lookup: Lookup },
    /// Reserve the right. Repeated with the same request id for ever.
    Reserve {
        request: RequestId,
        claim: Claim,
        authorisation: Option<CentreNumber>,
    },
    /// Give an unused reservation back. Repeated with the same request id.
    Release {
        request: RequestId,
        reservation: CentreNumber,
    },
    /// Write the card; after a crash decided by the tear rule, never assumed.
    WriteCard {
        attempt: u32,
        reservation: CentreNumber,
        intent: WriteIntent,
    },
    /// Tell the centre of a write whose end is unknown, so that no other desk gets a MAC for the card.
    ReportUnknown {
        request: RequestId,
        reservation: CentreNumber,
        intent: WriteIntent,
    },
    /// Settle the right. Repeated with the same request id for ever.
    Confirm {
        request: RequestId,
        reservation: CentreNumber,
        settlement: Settlement,
    },
    /// Print one paper; repeated after a crash, marked as a reprint where it may have come out.
    Print { paper: Paper },
}

/// How an effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    CardRead {
        card: CardImage,
    },
    PersonFound {
        person: Box<PersonFacts>,
    },
    CardFound {
        card: Box<CardFacts>,
    },
    Reserved {
        reservation: Reservation,
    },
    Released,
    Write {
        end: WriteEnd,
    },
    Reported,
    Confirmed {
        number: CentreNumber,
    },
    Printed {
        copy: u32,
    },
    /// A definite no from the other side (a rule, a conflict): the effect did not happen and will not.
    Refused {
        message: Message,
    },
    /// Did not work and had no effect, or one that a repeat under the same id cannot double: may be tried again.
    Failed {
        message: Message,
    },
}

/// Which paper, with nothing in it that the case does not already hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// 收据
    Receipt,
    /// 业务凭证
    Voucher,
    /// 退款凭证
    RefundVoucher,
    /// 受理单
    AcceptanceSlip,
    /// 待查单
    PendingSlip,
    /// 指引单
    GuidanceSlip,
}

/// What the clerk answers. Text comes raw; [`crate`] normalises and checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// One of the offered choices, by its key.
    Choose { option: String },
    /// Values of a form, by field.
    Fill { values: Vec<(String, String)> },
    /// The one next step (Enter).
    Go,
    /// The named key of a dangerous act (pay-out, card-cut); never Enter.
    Act,
    /// A second person agreed.
    Authorised {
        by: OperatorId,
        number: CentreNumber,
        amount: Fen,
    },
    /// Try the failed effect again.
    Again,
    /// Leave the case unfinished on the list.
    Park,
    /// End the case, where that is still allowed.
    Cancel,
}

/// What comes into a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Answer(Answer),
    Outcome(Outcome),
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    Done,
    Refused {
        message: Message,
    },
    Referred {
        message: Message,
    },
    Cancelled,
    /// The end of a card write is unknown and the customer left; the centre's exception list owns it.
    Suspended {
        message: Message,
    },
}

/// Date helper for facts that hold a day.
pub type Day = NaiveDate;
