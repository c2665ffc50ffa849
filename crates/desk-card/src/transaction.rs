//! What every card transaction has in common: a machine that is fed answers and says what to do next.

use desk_domain::issuer::{IssuerAnswer, IssuerRequest};

use crate::link::Answer;

/// What is fed into a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The first call.
    Begin,
    Card(Answer),
    Issuer(IssuerAnswer),
    /// The key service refused, or could not be reached; nothing was released.
    IssuerRefused(desk_domain::code::Message),
}

/// What a transaction wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<T> {
    /// Send this command APDU and feed the answer back.
    Send(Vec<u8>),
    /// Ask the key service and feed the answer back.
    AskIssuer(IssuerRequest),
    Done(T),
}

/// A card transaction without IO. After [`Step::Done`] it is used up.
pub trait Transaction {
    type End;

    fn step(&mut self, reply: Reply) -> Step<Self::End>;
}
