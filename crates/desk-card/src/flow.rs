//! A conversation that sees whole answers only; the wrapper that makes a [`Transaction`] of it handles the transport.

use desk_domain::{
    code::Message,
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::{
    apdu::{Exchange, Heard, Response},
    transaction::{Reply, Step, Transaction},
};

/// What a conversation hears.
#[derive(Debug)]
pub enum Event {
    Begin,
    Card(Response),
    /// The last command's outcome is unknown and the session is over.
    Lost,
    Issuer(IssuerAnswer),
    Refused(Message),
}

/// What a conversation wants.
#[derive(Debug)]
pub enum Act<E> {
    Send(Vec<u8>),
    Ask(IssuerRequest),
    Done(E),
}

impl<E> Act<E> {
    pub fn map<F>(self, done: impl FnOnce(E) -> F) -> Act<F> {
        match self {
            Self::Send(command) => Act::Send(command),
            Self::Ask(ask) => Act::Ask(ask),
            Self::Done(end) => Act::Done(done(end)),
        }
    }
}

pub trait Flow {
    type End;

    fn next(&mut self, event: Event) -> Act<Self::End>;
}

/// Makes a transaction of a flow.
pub struct Wired<F> {
    flow: F,
    exchange: Option<Exchange>,
}

impl<F> Wired<F> {
    pub fn new(flow: F) -> Self {
        Self { flow, exchange: None }
    }
}

impl<F: Flow> Transaction for Wired<F> {
    type End = F::End;

    fn step(&mut self, reply: Reply) -> Step<F::End> {
        let event = match reply {
            Reply::Begin => Event::Begin,
            Reply::Card(answer) => match self.exchange.as_mut().map_or(Heard::Lost, |exchange| exchange.hear(&answer)) {
                Heard::Again(command) => return Step::Send(command),
                Heard::Complete(response) => Event::Card(response),
                Heard::Lost => Event::Lost,
            },
            Reply::Issuer(answer) => Event::Issuer(answer),
            Reply::IssuerRefused(message) => Event::Refused(message),
        };
        self.exchange = None;
        match self.flow.next(event) {
            Act::Send(command) => {
                self.exchange = Some(Exchange::new(command.clone()));
                Step::Send(command)
            }
            Act::Ask(ask) => Step::AskIssuer(ask),
            Act::Done(end) => Step::Done(end),
        }
    }
}
