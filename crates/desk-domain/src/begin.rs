//! May a service be begun here and now? Place, hours and line, before anybody is asked anything.

use chrono::NaiveDateTime;

use crate::{
    case::{LineMode, Service},
    code::{Code, Kind, Message},
    hours,
    id::OutletId,
    offline,
    ruleset::RuleSet,
};

/// Where and when, in local time of the counter.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    pub outlet: &'a OutletId,
    pub at: NaiveDateTime,
    pub line: LineMode,
    /// A supervisor keeps the counter open beyond its hours.
    pub beyond_hours: bool,
}

/// Everything that stands against it.
#[must_use]
pub fn against(rules: &RuleSet, service: Service, here: Here<'_>) -> Vec<Message> {
    let mut messages = Vec::new();
    messages.extend(hours::offered(rules, service, here.outlet, here.at).err());
    if let Some(outlet) = rules.outlet(here.outlet)
        && !here.beyond_hours
    {
        messages.extend(hours::open(rules, outlet, here.at).err());
    }
    match here.line {
        LineMode::Online => {}
        LineMode::Offline => match offline::answer(rules, service) {
            offline::Answer::Works | offline::Answer::Records(_) | offline::Answer::Accepts(_) => {}
            offline::Answer::Refused(message) => messages.push(message),
        },
    }
    messages
}

/// Nothing is begun over this message; what is merely said may be read and gone past.
#[must_use]
pub fn stops(message: &Message) -> bool {
    matches!(message.code.kind(), Kind::Refuse | Kind::Refer) || message.code == Code::LunchBreak
}
