//! What a card on the reader tells without anybody asking: shown beside it, and never in the way.

use chrono::NaiveDate;

use crate::{
    bank_function,
    card::{CardImage, LogRecord},
    case::Service,
    code::{Code, Message},
    issuer::CounterLine,
    person::CardFacts,
    ruleset::RuleSet,
    validity,
};

/// Most important first.
#[must_use]
pub fn of_card(rules: &RuleSet, service: Option<Service>, card: &CardImage, centre: Option<&CardFacts>, today: NaiveDate) -> Vec<Message> {
    let mut told = Vec::new();
    told.extend(not_validated(rules, service, card, today));
    if let Some(centre) = centre {
        told.extend(bank_function::advice(rules, service, centre, today));
    }
    told.extend(remote_trips(rules, service, &card.log));
    told
}

/// A card that its holder cannot use today: `NOT_VALIDATED`.
#[must_use]
pub fn not_validated(rules: &RuleSet, service: Option<Service>, card: &CardImage, today: NaiveDate) -> Option<Message> {
    let validity = rules.validity.as_ref()?;
    if card.blank || !validity.holder_classes.contains(&card.holder_class) {
        return None;
    }
    match validity::shown(validity, card.valid_until, today) {
        validity::Shown::None | validity::Shown::Expired => Some(rules.message(service, Code::NotValidated)),
        validity::Shown::Valid | validity::Shown::Ending => None,
    }
}

/// Journeys on terminals of other places, which are cleared later: `REMOTE_TRIPS`.
#[must_use]
pub fn remote_trips(rules: &RuleSet, service: Option<Service>, log: &[LogRecord]) -> Option<Message> {
    let home = &rules.purse.as_ref()?.home_terminals;
    let purchase = |record: &&LogRecord| CounterLine::of_kind(record.kind) == Some(CounterLine::Offline);
    let away = log.iter().filter(purchase).any(|record| !home.iter().any(|start| record.terminal.starts_with(start.as_str())));
    (!home.is_empty() && away).then(|| rules.message(service, Code::RemoteTrips))
}
