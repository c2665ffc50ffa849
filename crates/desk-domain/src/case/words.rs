//! Small pieces of Chinese text that several services share: amounts, dates, masked numbers.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    context::local,
    question::{Shown, Tone},
};
use crate::{
    card::CardImage,
    function::{FunctionFacts, FunctionState},
    id::{CardNo, CentreNumber},
    mask,
    money::Fen,
};

/// `36.50`, without a unit.
#[must_use]
pub fn yuan(amount: Fen) -> String {
    amount.to_string()
}

/// `2026年11月30日`
#[must_use]
pub fn day(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}

/// Local date and time to the minute.
#[must_use]
pub fn when(at: DateTime<Utc>) -> String {
    local(at).format("%Y-%m-%d %H:%M").to_string()
}

#[must_use]
pub fn masked_card(number: &CardNo) -> String {
    mask::card_on_screen(number.as_str())
}

/// A card with a purse: its number and what is in it.
#[must_use]
pub fn purse_card(card: &CardImage) -> Vec<Shown> {
    let balance = card.purse.as_ref().map(|purse| Shown::plain("卡内余额", yuan(purse.balance)));
    std::iter::once(Shown::plain("卡号", masked_card(&card.card_no))).chain(balance).collect()
}

#[must_use]
pub fn confirmation(number: &CentreNumber) -> String {
    number.as_str().to_owned()
}

/// State of one function, with the moment at which its keeper said so.
#[must_use]
pub fn function(facts: &FunctionFacts) -> Shown {
    let label = facts.state.label();
    let (text, tone) = match &facts.state {
        FunctionState::NotOpened => (label.to_owned(), Tone::Warn),
        FunctionState::Normal => (label.to_owned(), Tone::Good),
        FunctionState::TemporaryLoss { until: Some(until), .. } => (format!("{label}至 {}", when(*until)), Tone::Warn),
        FunctionState::TemporaryLoss { until: None, .. } => (label.to_owned(), Tone::Warn),
        FunctionState::FormalLoss { since, .. } => (format!("{label}（{}）", when(*since)), Tone::Bad),
        FunctionState::Closed => (label.to_owned(), Tone::Bad),
    };
    Shown::toned(facts.function.label(), format!("{text} · 截至 {}", when(facts.as_of)), tone)
}
