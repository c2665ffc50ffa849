//! The port through which a card is reached. It stands with the protocol, so that the PC/SC actor and the simulator
//! implement it without knowing the application.

use std::time::Duration;

use async_trait::async_trait;
use desk_domain::{
    code::{Code, Message},
    read_document::ReadDocument,
};

/// What a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The smart-card service of the system does not run.
    NoService,
    NoReader,
    Empty,
    /// One card, powered; its ATR.
    Card {
        atr: Vec<u8>,
    },
    /// The driver tells that more than one card is in the field.
    Several,
    /// Something is there and does not answer.
    Mute,
    /// Another program holds the card for itself alone.
    InUse,
}

/// Answer of the card to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Data and status word, at least two bytes.
    Response(Vec<u8>),
    /// Fewer than two bytes, a transport error or the adapter's time-out: whether the card executed the command is
    /// unknown.
    Lost,
}

/// One contactless reader. The adapter owns time-outs; nothing here blocks for ever.
#[async_trait]
pub trait CardReader: Send {
    async fn presence(&mut self) -> Presence;

    /// Returns at the next change, or with what is true after `patience`.
    async fn changed(&mut self, patience: Duration) -> Presence;

    /// Opens a session with the card in the field.
    async fn connect(&mut self) -> Presence;

    /// Sends one command APDU within the session. [`Answer::Lost`] ends the session.
    async fn transmit(&mut self, command: &[u8]) -> Answer;

    /// Ends the session; the card may stay.
    async fn disconnect(&mut self);

    /// Name of the reader that was used last, where readers have names.
    fn name(&self) -> Option<String> {
        None
    }
}

/// A certified reader of identity documents. Keyed entry is always the other way: a failure is a message and holds up
/// nothing.
#[async_trait]
pub trait IdReader: Send {
    /// False for a window without such a reader: nothing is offered then.
    fn present(&self) -> bool;

    /// Reads the document that lies there, within a few seconds.
    ///
    /// `IdReaderMissing`, `IdReaderNoCard`, `IdReaderRefused` or `IdReaderGarbled` where it cannot.
    async fn read(&mut self) -> Result<ReadDocument, Message>;

    /// Asks the security module for a sign of life, without a document; the errors of [`IdReader::read`].
    async fn module(&mut self) -> Result<(), Message>;
}

/// A window without a reader of identity documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoIdReader;

#[async_trait]
impl IdReader for NoIdReader {
    fn present(&self) -> bool {
        false
    }

    async fn read(&mut self) -> Result<ReadDocument, Message> {
        Err(Message::new(Code::IdReaderMissing))
    }

    async fn module(&mut self) -> Result<(), Message> {
        Err(Message::new(Code::IdReaderMissing))
    }
}
