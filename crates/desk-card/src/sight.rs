//! What a card shows beyond what a case keeps of it. Journeys tell where a person was, so none of this is written down.

use desk_domain::{card::CardImage, code::Code};

use crate::{
    balance::ShownBalance,
    read::ReadEnd,
    record::{LogEntry, Trip},
    status::Sw,
    tables,
};

/// Everything that one look at a card gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSight {
    pub image: CardImage,
    /// Name of the family, for people.
    pub title: String,
    /// Code of the city that issued it, two bytes as hexadecimal digits, where the family tells it.
    pub city: Option<String>,
    pub balance: Option<ShownBalance>,
    /// Newest first.
    pub log: Vec<LogEntry>,
    /// Newest first.
    pub trips: Vec<Trip>,
    pub warnings: Vec<Code>,
}

impl CardSight {
    #[must_use]
    pub fn city_name(&self) -> Option<&'static str> {
        self.city.as_deref().and_then(tables::city)
    }
}

/// A look that gave no card, and what was seen instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub end: ReadEnd,
    /// Family and title of an application that is there and tells nothing more.
    pub present: Option<(String, String)>,
    /// Applications that were asked for, in order.
    pub tried: Vec<Tried>,
}

/// One application that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Name or identifier as hexadecimal digits.
    pub name: String,
    pub sw: Sw,
}
