//! Runs a transaction over a reader and a key service to its end; for tests and small tools.

use desk_domain::{
    code::Message,
    issuer::{IssuerAnswer, IssuerRequest},
};

use crate::{
    link::CardReader,
    transaction::{Reply, Step, Transaction},
};

/// Feeds `transaction` until it is done. The session with the card must be open.
pub async fn drive<T>(
    transaction: &mut (dyn Transaction<End = T> + Send),
    reader: &mut dyn CardReader,
    issuer: &mut (dyn FnMut(IssuerRequest) -> Result<IssuerAnswer, Message> + Send),
) -> T {
    let mut reply = Reply::Begin;
    loop {
        reply = match transaction.step(reply) {
            Step::Send(command) => Reply::Card(reader.transmit(&command).await),
            Step::AskIssuer(ask) => match issuer(ask) {
                Ok(answer) => Reply::Issuer(answer),
                Err(message) => Reply::IssuerRefused(message),
            },
            Step::Done(end) => return end,
        };
    }
}
