//! The operating system's keyring. A keyring that does not answer is given up after a moment.

use std::{sync::mpsc, time::Duration};

use desk_domain::code::{Code, Message};
use keyring::v1::{Entry, Error};
use zeroize::Zeroizing;

const SERVICE: &str = "cn.carddesk.desk";

/// An unlocked keyring answers within milliseconds; one that asks somebody for its password may take until this.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn load(entry: &str) -> Result<Zeroizing<String>, Message> {
    ask(entry, |entry| entry.get_password().map(Zeroizing::new))?.map_err(|error| missing(&error))
}

pub(super) fn holds(entry: &str) -> Result<bool, Message> {
    match ask(entry, |entry| entry.get_password().map(|_| ()))? {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(missing(&error)),
    }
}

pub(super) fn save(entry: &str, text: &Zeroizing<String>) -> Result<(), Message> {
    let text = text.clone();
    ask(entry, move |entry| entry.set_password(&text))?.map_err(|error| missing(&error))
}

/// On a thread of its own, which is left behind if the keyring hangs.
fn ask<T: Send + 'static>(
    name: &str,
    question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Error>, Message> {
    let name = name.to_owned();
    let (answer, answered) = mpsc::channel();
    std::thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            let _given_up = answer.send(Entry::new(SERVICE, &name).and_then(|entry| question(&entry)));
        })
        .map_err(|_| Message::new(Code::StoreKeyMissing))?;
    answered.recv_timeout(PATIENCE).map_err(|_| {
        tracing::error!("the keyring does not answer");
        Message::new(Code::StoreKeyMissing)
    })
}

fn missing(error: &Error) -> Message {
    let kind = if matches!(error, Error::NoEntry) { "no entry" } else { "no keyring, or locked" };
    tracing::error!(kind, "the keyring gives no key");
    Message::new(Code::StoreKeyMissing)
}
