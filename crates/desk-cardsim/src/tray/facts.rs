//! What a reader would read from a card, without a reader.

use desk_card::{
    link::Answer,
    profile::Profiles,
    read::ReadCard,
    transaction::{Reply, Step, Transaction},
};
use serde::Serialize;

use crate::SimCard;

/// More commands than any family needs; a card that wants more is not read.
const COMMANDS: usize = 500;

/// What the tray shows of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// A family that the desk knows.
    pub readable: bool,
    pub blank: bool,
    pub number: String,
    /// `YYYY-MM-DD`, or empty.
    pub valid_until: String,
    pub balance_fen: Option<i64>,
}

impl Facts {
    fn unreadable() -> Self {
        Self { readable: false, blank: false, number: String::new(), valid_until: String::new(), balance_fen: None }
    }
}

/// Reads a copy of a card.
pub(super) fn read(mut card: SimCard) -> Facts {
    let Ok(profiles) = Profiles::built_in() else {
        return Facts::unreadable();
    };
    card.power_on();
    let mut reading = ReadCard::new(&profiles);
    let mut reply = Reply::Begin;
    for _ in 0..COMMANDS {
        reply = match reading.step(reply) {
            Step::Send(command) => Reply::Card(Answer::Response(card.apdu(&command))),
            // Reading asks for no key.
            Step::AskIssuer(_) | Step::Done(Err(_)) => return Facts::unreadable(),
            Step::Done(Ok(image)) => {
                return Facts {
                    readable: true,
                    blank: image.blank,
                    number: image.card_no.as_str().to_owned(),
                    valid_until: image.valid_until.map(|day| day.to_string()).unwrap_or_default(),
                    balance_fen: image.purse.map(|purse| purse.balance.0),
                };
            }
        };
    }
    Facts::unreadable()
}
