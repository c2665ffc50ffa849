//! The last movements of a purse to choose from, newest first.

use super::{
    question::{Ask, Choice, Question},
    words::{when, yuan},
};
use crate::{
    booked::Booked,
    code::Message,
    id::{CaseNumber, CentreNumber},
};

/// Digit keys on the keyboard; older ones are told beside them.
const KEYS: usize = 9;

/// One line: what, how much, when, under which number, by whom, and what became of it.
#[must_use]
pub fn line(movement: &Booked) -> String {
    format!(
        "{} {} 元 · {} · 单号 …{} · 工号 {} · {}",
        movement.kind.label(),
        yuan(movement.amount),
        when(movement.at),
        tail(&movement.case),
        movement.operator,
        movement.stands.label()
    )
}

/// The serial number at the end of a business number, as on the receipt.
fn tail(number: &CaseNumber) -> String {
    let number = number.as_str();
    number.get(number.len().saturating_sub(4)..).unwrap_or(number).to_owned()
}

/// Which of them?
#[must_use]
pub fn question(title: String, booked: &[Booked]) -> Question {
    let options = booked.iter().take(KEYS).map(|movement| (movement.reservation.as_str(), line(movement)));
    let older: Vec<String> = booked.iter().skip(KEYS).map(line).collect();
    Question::new("booked", title, Ask::Choice { options: Choice::numbered(options) }).help(if older.is_empty() {
        String::new()
    } else {
        format!("更早：{}", older.join("；"))
    })
}

/// The reservation of the chosen one.
///
/// # Errors
/// `STALE_ANSWER` where it is none of them.
pub fn chosen(booked: &[Booked], option: &str) -> Result<CentreNumber, Message> {
    let found = booked.iter().find(|movement| movement.reservation.as_str() == option);
    found.map(|movement| movement.reservation.clone()).ok_or_else(super::context::stale)
}
