//! What a request comes to, and whether that is said again for ever.

use desk_domain::code::{Code, Message};
use desk_wire::v1::Reply;

use crate::{ports::PortFailure, record::Keep, store::StoreFailure};

/// An answer that commits.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Definite: a repeat of the same request gets it again.
    Kept(Reply, Keep),
    /// True now; a repeat is looked at afresh (the session ran out, a row is missing before this one).
    Passing(Reply),
}

/// No answer: the transaction is dropped, the request had no effect.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Port(#[from] PortFailure),
    #[error("inconsistent: {0}")]
    Inconsistent(&'static str),
}

impl Failure {
    /// Another request was in the way; repeating at once will do.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Store(StoreFailure::Busy(_)) => true,
            Self::Store(StoreFailure::Failed(_)) | Self::Port(_) | Self::Inconsistent(_) => false,
        }
    }
}

/// How a step of a request stops it: with a refusal, or with a failure.
#[derive(Debug)]
pub(crate) enum Stop {
    Refuse(Message),
    /// Refused for now only.
    Wait(Message),
    Fail(Failure),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Fail(failure.into())
    }
}

pub(crate) type Step<T> = Result<T, Stop>;

/// A definite refusal.
pub(crate) fn refuse<T>(message: Message) -> Step<T> {
    Err(Stop::Refuse(message))
}

pub(crate) fn refuse_code<T>(code: Code) -> Step<T> {
    refuse(Message::new(code))
}

/// Refuses unless `holds`.
pub(crate) fn require(holds: bool, code: Code) -> Step<()> {
    if holds { Ok(()) } else { refuse_code(code) }
}

/// Turns a stopped request into its answer.
pub(crate) fn settle(step: Step<Answer>) -> Result<Answer, Failure> {
    match step {
        Ok(answer) => Ok(answer),
        Err(Stop::Refuse(message)) => Ok(Answer::Kept(Reply::Refused { message }, Keep::Always)),
        Err(Stop::Wait(message)) => Ok(Answer::Passing(Reply::Refused { message })),
        Err(Stop::Fail(failure)) => Err(failure),
    }
}
