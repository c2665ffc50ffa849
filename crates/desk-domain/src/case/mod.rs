//! The case (业务单): one person, one service, one clerk, one desk.
//!
//! A case is rebuilt from its journal and from nothing else. Three pure functions carry it:
//! `next` says what is to be done now, `decide` turns an answer or the outcome of an effect into a fact (or refuses), and
//! `apply` takes the case into the state in which that fact is true. `apply` never consults a rule, so a journal replays
//! the same whatever rule set is in force.

mod application;
mod blank_stock;
mod booked_list;
mod card_query;
mod catalogue;
pub mod context;
mod effect;
pub mod entry;
pub mod fact;
mod first_validation;
mod formal_loss;
mod guardian_phone;
mod guidance;
mod hand_back;
mod hand_in;
pub mod identity;
mod keeping;
pub mod paper;
mod password_reset;
pub mod question;
mod refund_due;
mod refund_readable;
mod refund_unreadable;
mod reissue;
mod reversal;
mod rewrite;
mod send_again;
mod top_up;
mod trial;
mod uncollected;
mod unit_batch;
mod validation;
mod withdrawal;
pub mod words;
mod writing;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use self::identity::Identified;
pub use self::{
    application::{Application, ApplicationTerms},
    blank_stock::{BlankStock, Direction, Moved},
    card_query::CardQuery,
    catalogue::Service,
    context::Cx,
    effect::{Effect, Outcome},
    entry::{Entry, Replayed, replay, uses_blank},
    fact::{Fact, Misplaced},
    formal_loss::{FormalLoss, LossTerms},
    guardian_phone::GuardianPhone,
    guidance::{Guidance, GuidanceTerms, Offer, Then, Topic},
    hand_back::{HandBack, HandBackTerms, Purpose},
    hand_in::{OldCard, Wanted},
    keeping::{Keeping, Kept, KeptFor},
    paper::PaperFacts,
    password_reset::PasswordReset,
    question::{Next, Picture, Question},
    refund_due::RefundDue,
    refund_readable::RefundReadable,
    refund_unreadable::RefundUnreadable,
    reissue::Reissue,
    reversal::Reversal,
    rewrite::Rewrite,
    send_again::SendAgain,
    top_up::TopUp,
    uncollected::Uncollected,
    unit_batch::{Batch, Faulty, Ready, UnitBatch},
    validation::Validation,
    withdrawal::Withdrawal,
    writing::Writing,
};
use crate::{
    card::{CardImage, WriteEnd, WriteIntent},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Kind, Message},
    id::{CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, ProgrammeId, RequestId, WindowId},
    inquiry::{Inquired, Inquiry},
    money::Fen,
    order::Uncollected as Lying,
    person::{CardFacts, Lookup, PersonFacts},
    photo::Taken,
    refund_unreadable::{Owed, Slip},
    unit_batch::{Lost, Part, PhotoToSend, Portion, RowResult},
};

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

/// Which paper, with nothing in it that the case does not already hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// 坏卡袋签
    BagLabel,
    /// 冲正凭证
    Reversal,
    /// 一次性告知单
    OneTimeNotice,
    /// 错误清单
    ErrorList,
}

impl Paper {
    /// Given beside the case's own course: printing it changes no state.
    #[must_use]
    pub fn beside(self) -> bool {
        self == Self::OneTimeNotice
    }
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
    Authorised { by: OperatorId, number: CentreNumber, amount: Fen },
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
    /// Accepted without the line and taken back before the centre heard of it.
    Withdrawn,
    /// The end of a card write is unknown and the customer left; the centre's exception list owns it.
    Suspended {
        message: Message,
    },
}

/// Date helper for facts that hold a day.
pub type Day = NaiveDate;

/// A case: its service's state, and what became of its papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    flow: Flow,
    /// Taken back before the centre heard of it.
    withdrawal: Option<Withdrawal>,
    papers: BTreeMap<Paper, PaperState>,
    noticed: Vec<Message>,
}

/// The state machine of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    CardQuery(CardQuery),
    Application(Application),
    Reissue(Reissue),
    RefundReadable(RefundReadable),
    RefundUnreadable(RefundUnreadable),
    RefundDue(RefundDue),
    TopUp(TopUp),
    Validation(Validation),
    PasswordReset(PasswordReset),
    Guidance(Guidance),
    FormalLoss(FormalLoss),
    HandBack(HandBack),
    SendAgain(SendAgain),
    Uncollected(Uncollected),
    Keeping(Keeping),
    BlankStock(BlankStock),
    GuardianPhone(GuardianPhone),
    Rewrite(Rewrite),
    Reversal(Reversal),
    UnitBatch(UnitBatch),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperState {
    Printed {
        copies: u32,
    },
    /// Not printed yet; the case stands all the same.
    Pending,
}

macro_rules! each {
    ($flow:expr, $inner:ident => $answer:expr) => {
        match $flow {
            Flow::CardQuery($inner) => $answer,
            Flow::Application($inner) => $answer,
            Flow::Reissue($inner) => $answer,
            Flow::RefundReadable($inner) => $answer,
            Flow::RefundUnreadable($inner) => $answer,
            Flow::RefundDue($inner) => $answer,
            Flow::TopUp($inner) => $answer,
            Flow::Validation($inner) => $answer,
            Flow::PasswordReset($inner) => $answer,
            Flow::Guidance($inner) => $answer,
            Flow::FormalLoss($inner) => $answer,
            Flow::HandBack($inner) => $answer,
            Flow::SendAgain($inner) => $answer,
            Flow::Uncollected($inner) => $answer,
            Flow::Keeping($inner) => $answer,
            Flow::BlankStock($inner) => $answer,
            Flow::GuardianPhone($inner) => $answer,
            Flow::Rewrite($inner) => $answer,
            Flow::Reversal($inner) => $answer,
            Flow::UnitBatch($inner) => $answer,
        }
    };
}

impl Flow {
    fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        Ok(match self {
            Self::CardQuery(state) => Self::CardQuery(state.apply(fact)?),
            Self::Application(state) => Self::Application(state.apply(fact)?),
            Self::Reissue(state) => Self::Reissue(state.apply(fact)?),
            Self::RefundReadable(state) => Self::RefundReadable(state.apply(fact)?),
            Self::RefundUnreadable(state) => Self::RefundUnreadable(state.apply(fact)?),
            Self::RefundDue(state) => Self::RefundDue(state.apply(fact)?),
            Self::TopUp(state) => Self::TopUp(state.apply(fact)?),
            Self::Validation(state) => Self::Validation(state.apply(fact)?),
            Self::PasswordReset(state) => Self::PasswordReset(state.apply(fact)?),
            Self::Guidance(state) => Self::Guidance(state.apply(fact)?),
            Self::FormalLoss(state) => Self::FormalLoss(state.apply(fact)?),
            Self::HandBack(state) => Self::HandBack(state.apply(fact)?),
            Self::SendAgain(state) => Self::SendAgain(state.apply(fact)?),
            Self::Uncollected(state) => Self::Uncollected(state.apply(fact)?),
            Self::Keeping(state) => Self::Keeping(state.apply(fact)?),
            Self::BlankStock(state) => Self::BlankStock(state.apply(fact)?),
            Self::GuardianPhone(state) => Self::GuardianPhone(state.apply(fact)?),
            Self::Rewrite(state) => Self::Rewrite(state.apply(fact)?),
            Self::Reversal(state) => Self::Reversal(state.apply(fact)?),
            Self::UnitBatch(state) => Self::UnitBatch(state.apply(fact)?),
        })
    }
}

impl Case {
    #[must_use]
    pub fn open(service: Service) -> Self {
        Self {
            flow: match service {
                Service::CardQuery => Flow::CardQuery(CardQuery::Tapping),
                Service::Application => Flow::Application(Application::begin()),
                Service::PickUp => Flow::HandBack(HandBack::begin(Purpose::PickUp)),
                Service::SendAgain => Flow::SendAgain(SendAgain::begin()),
                Service::Uncollected => Flow::Uncollected(Uncollected::Finding),
                Service::CardReturn => Flow::HandBack(HandBack::begin(Purpose::Return)),
                Service::ReissueLost => Flow::Reissue(Reissue::of_lost()),
                Service::ReplaceDamaged => Flow::Reissue(Reissue::of_handed_in(Wanted::Damage)),
                Service::ReplaceFaulty => Flow::Reissue(Reissue::of_handed_in(Wanted::Quality)),
                Service::RefundReadable => Flow::RefundReadable(RefundReadable::Tapping),
                Service::RefundUnreadable => Flow::RefundUnreadable(RefundUnreadable::begin()),
                Service::RefundDue => Flow::RefundDue(RefundDue::begin()),
                Service::TopUp => Flow::TopUp(TopUp::Tapping),
                Service::Validation => Flow::Validation(Validation::Tapping),
                Service::PasswordReset => Flow::PasswordReset(PasswordReset::begin()),
                Service::FirstIssue => Flow::Guidance(Guidance::begin(Topic::FirstIssue)),
                Service::TemporaryLoss => Flow::Guidance(Guidance::begin(Topic::TemporaryLoss)),
                Service::SmsDiagnosis => Flow::Guidance(Guidance::begin(Topic::SmsDiagnosis)),
                Service::FormalLoss => Flow::FormalLoss(FormalLoss::begin()),
                Service::LossRelease => Flow::HandBack(HandBack::begin(Purpose::Release)),
                Service::FoundCardBack => Flow::HandBack(HandBack::begin(Purpose::Found)),
                Service::BadCard => Flow::Keeping(Keeping::bad()),
                Service::FoundCard => Flow::Keeping(Keeping::found()),
                Service::BlankStock => Flow::BlankStock(BlankStock::Asking),
                Service::GuardianPhone => Flow::GuardianPhone(GuardianPhone::Asking),
                Service::Rewrite => Flow::Rewrite(Rewrite::Tapping),
                Service::Reversal => Flow::Reversal(Reversal::Asking),
                Service::UnitBatch => Flow::UnitBatch(UnitBatch::begin()),
            },
            withdrawal: None,
            papers: BTreeMap::new(),
            noticed: Vec::new(),
        }
    }

    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What is to be done now.
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match &self.withdrawal {
            Some(withdrawal) => withdrawal.next(),
            None => each!(&self.flow, state => state.next(cx)),
        }
    }

    /// Turns an answer or an outcome into a fact.
    ///
    /// # Errors
    /// The message to show; the question or the effect stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        if let Input::Outcome(Outcome::PersonFound { person } | Outcome::Inquired { person, .. }) = &input
            && let Some(who) = self.who()
            && let Err(message) = who.suits(person, cx)
        {
            return Ok(no(message));
        }
        if let Some(withdrawal) = &self.withdrawal {
            return withdrawal.decide(input);
        }
        let waits = matches!(self.next(cx), Next::Ask(Question { ask: question::Ask::WaitForLine, .. }));
        if waits && self.can_be_withdrawn() && input == Input::Answer(Answer::Cancel) {
            return Ok(Fact::Withdrawn { at: cx.now, by: cx.operator.clone() });
        }
        each!(&self.flow, state => state.decide(input, cx))
    }

    /// Whose document lies on the counter, where the case looks the holder up by it.
    fn who(&self) -> Option<&Identified> {
        match &self.flow {
            Flow::Application(state) => state.who(),
            Flow::Reissue(state) => state.who(),
            Flow::PasswordReset(state) => state.who(),
            Flow::Guidance(state) => state.who(),
            Flow::FormalLoss(state) => state.who(),
            Flow::HandBack(state) => state.who(),
            Flow::SendAgain(state) => state.who(),
            Flow::CardQuery(_)
            | Flow::Uncollected(_)
            | Flow::RefundReadable(_)
            | Flow::RefundUnreadable(_)
            | Flow::RefundDue(_)
            | Flow::TopUp(_)
            | Flow::Validation(_)
            | Flow::Keeping(_)
            | Flow::BlankStock(_)
            | Flow::Rewrite(_)
            | Flow::Reversal(_)
            | Flow::GuardianPhone(_)
            | Flow::UnitBatch(_) => None,
        }
    }

    /// The case in which the fact is true. Consults no rule.
    ///
    /// # Errors
    /// [`Misplaced`] where the fact does not belong to the state.
    pub fn apply(mut self, fact: Fact) -> Result<Self, Misplaced> {
        if let Fact::NoticeGiven { messages } = fact {
            self.noticed = messages;
            return Ok(self);
        }
        if let Fact::Printed { paper, copy } = &fact {
            let before = self.papers.insert(*paper, PaperState::Printed { copies: *copy });
            if before.is_some() || paper.beside() {
                // The case went on without the paper; only the paper's own state changes now.
                return Ok(self);
            }
        }
        if let Fact::PrintPending { paper, .. } = &fact {
            let before = self.papers.get(paper).copied();
            if let Some(PaperState::Printed { .. }) = before {
                // A copy that did not come out takes nothing back.
                return Ok(self);
            }
            self.papers.insert(*paper, PaperState::Pending);
            if paper.beside() {
                return Ok(self);
            }
        }
        if let Some(withdrawal) = self.withdrawal {
            self.withdrawal = Some(withdrawal.apply(&fact)?);
            return Ok(self);
        }
        if let Fact::Withdrawn { .. } = fact {
            if !self.can_be_withdrawn() {
                return Err(Misplaced { state: self.state(), fact: fact.name() });
            }
            self.withdrawal = Some(Withdrawal::TakingBack);
            return Ok(self);
        }
        // The slip of the first half stands for every further one: it is no step again.
        let slip_stands = matches!(fact, Fact::HalfDone { .. }) && self.papers.contains_key(&Paper::PendingSlip);
        self.flow = self.flow.apply(fact)?;
        if slip_stands {
            self.flow = self.flow.apply(Fact::Printed { paper: Paper::PendingSlip, copy: 1 })?;
        }
        Ok(self)
    }

    /// Name of the state, for logs and for telling a journal apart from a live case.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match &self.withdrawal {
            Some(withdrawal) => withdrawal.name(),
            None => each!(&self.flow, state => state.name()),
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        each!(&self.flow, state => state.picture())
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = each!(&self.flow, state => state.paper(paper));
        if let (Paper::Reversal, Some(withdrawal)) = (paper, &self.withdrawal) {
            withdrawal.on_paper(&mut facts);
        }
        facts
    }

    /// A page of the rows of a unit's list; none where the case has no list.
    #[must_use]
    pub fn listing(&self, from: usize, most: usize) -> Option<question::Listing> {
        if let Flow::UnitBatch(state) = &self.flow { state.listing(from, most) } else { None }
    }

    /// The card of the case as it was last read.
    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        each!(&self.flow, state => state.card())
    }

    /// The card write under way.
    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        each!(&self.flow, state => state.writing())
    }

    /// Accepted while the line was down and not yet known to the centre.
    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        self.withdrawal.is_none() && self.flow_waits()
    }

    /// A card that was found and bagged is made known all the same; everything else that only waits is taken back.
    fn can_be_withdrawn(&self) -> bool {
        self.waits_for_line() && !matches!(&self.flow, Flow::Keeping(_))
    }

    fn flow_waits(&self) -> bool {
        match &self.flow {
            Flow::CardQuery(_)
            | Flow::RefundDue(_)
            | Flow::TopUp(_)
            | Flow::Validation(_)
            | Flow::Guidance(_)
            | Flow::HandBack(_)
            | Flow::SendAgain(_)
            | Flow::Uncollected(_)
            | Flow::BlankStock(_)
            | Flow::Rewrite(_)
            | Flow::Reversal(_)
            | Flow::GuardianPhone(_) => false,
            Flow::Application(state) => state.waits_for_line(),
            Flow::UnitBatch(state) => state.waits_for_line(),
            Flow::FormalLoss(state) => state.waits_for_line(),
            Flow::Keeping(state) => state.waits_for_line(),
            Flow::Reissue(state) => state.waits_for_line(),
            Flow::RefundReadable(state) => state.waits_for_line(),
            Flow::RefundUnreadable(state) => state.waits_for_line(),
            Flow::PasswordReset(state) => state.waits_for_line(),
        }
    }

    /// One of two systems has done its part and the other does not show it yet: an exception with a case behind it.
    #[must_use]
    pub fn half_done(&self) -> Option<&Message> {
        match &self.flow {
            Flow::FormalLoss(state) => state.half_done(),
            Flow::HandBack(state) => state.half_done(),
            Flow::CardQuery(_)
            | Flow::Application(_)
            | Flow::Reissue(_)
            | Flow::RefundReadable(_)
            | Flow::RefundUnreadable(_)
            | Flow::RefundDue(_)
            | Flow::TopUp(_)
            | Flow::Validation(_)
            | Flow::PasswordReset(_)
            | Flow::Guidance(_)
            | Flow::SendAgain(_)
            | Flow::Uncollected(_)
            | Flow::Keeping(_)
            | Flow::BlankStock(_)
            | Flow::Rewrite(_)
            | Flow::Reversal(_)
            | Flow::GuardianPhone(_)
            | Flow::UnitBatch(_) => None,
        }
    }

    /// The card that is wanted now is a blank one.
    #[must_use]
    pub fn takes_blank(&self) -> bool {
        matches!(&self.flow, Flow::Reissue(Reissue::Blank { .. }))
    }

    /// May the clerk still end the case at the question it asks now?
    #[must_use]
    pub fn state_allows_cancel(&self) -> bool {
        self.can_be_withdrawn()
            || self.clone().apply(Fact::Cancelled).is_ok()
            || self.writing().is_some_and(|writing| writing.not_written().is_some())
    }

    /// A print of a paper that the case went on without, or a notice; such a fact leaves everything else alone.
    #[must_use]
    pub fn is_beside(&self, fact: &Fact) -> bool {
        if let Fact::Printed { paper, .. } = fact {
            paper.beside() || self.papers.contains_key(paper)
        } else if let Fact::PrintPending { paper, .. } = fact {
            paper.beside()
        } else {
            matches!(fact, Fact::NoticeGiven { .. })
        }
    }

    /// What the one-time notice tells; empty where none was given.
    #[must_use]
    pub fn noticed(&self) -> &[Message] {
        &self.noticed
    }

    #[must_use]
    pub fn papers(&self) -> &BTreeMap<Paper, PaperState> {
        &self.papers
    }
}

/// The ending that a fact brings to a case that holds nothing yet.
fn ending_of(fact: Fact) -> Option<Ending> {
    if let Fact::Refused { message } = fact {
        Some(Ending::Refused { message })
    } else if let Fact::Referred { message } = fact {
        Some(Ending::Referred { message })
    } else if fact == Fact::Cancelled {
        Some(Ending::Cancelled)
    } else {
        None
    }
}

/// Does this fact end a case that holds nothing yet?
fn ends(fact: &Fact) -> bool {
    matches!(fact, Fact::Refused { .. } | Fact::Referred { .. } | Fact::Cancelled)
}

/// A no that only stands for now: the same request may be sent again.
fn passing(message: &Message) -> bool {
    message.code == Code::UpstreamSilent
}

/// A no of the other side, unless it only stands for now.
fn final_refusal(message: Message) -> Result<Fact, Message> {
    if passing(&message) { Err(message) } else { Ok(no(message)) }
}

/// A no of the rules: somebody else does it, or nobody.
fn no(message: Message) -> Fact {
    if message.code.kind() == Kind::Refer { Fact::Referred { message } } else { Fact::Refused { message } }
}

/// A print never undoes a case: what did not come out is pending.
fn printed(paper: Paper, outcome: Outcome) -> Result<Fact, Message> {
    match outcome {
        Outcome::Printed { copy } => Ok(Fact::Printed { paper, copy }),
        Outcome::Failed { message } | Outcome::Refused { message } => Ok(Fact::PrintPending { paper, code: message.code }),
        Outcome::CardRead { .. }
        | Outcome::CardTried { .. }
        | Outcome::PersonFound { .. }
        | Outcome::CardFound { .. }
        | Outcome::Inquired { .. }
        | Outcome::OwedFound { .. }
        | Outcome::UncollectedFound { .. }
        | Outcome::PhotoTaken { .. }
        | Outcome::ListsFound { .. }
        | Outcome::RowsTaken { .. }
        | Outcome::PhotosSent { .. }
        | Outcome::RowsSubmitted { .. }
        | Outcome::Reserved { .. }
        | Outcome::Released
        | Outcome::Write { .. }
        | Outcome::Reported
        | Outcome::Confirmed { .. } => Err(context::stale()),
    }
}

#[cfg(test)]
mod tests;
