//! Found cards (拾获): what stands against giving one back to its holder.

use crate::{
    card::CardImage,
    case::Service,
    code::{Code, Message},
    hours,
    loss::Facts,
    person::CardStatus,
    ruleset::RuleSet,
    self_service,
};

/// May this card go back to this person? A card that is not valid any more is kept.
///
/// # Errors
/// Every reason why not: `WRONG_HOLDER`, `CARD_REPLACED`, `CARD_NOT_IN_USE`, `CARD_BLACKLISTED`.
pub fn back(rules: &RuleSet, facts: Facts<'_>, tapped: &CardImage) -> Result<Option<Message>, Vec<Message>> {
    let service = Service::FoundCardBack;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    self_service::check(rules, service, facts.person, facts.clerk).map_err(one)?;
    let Some(card) = facts.person.cards.iter().find(|card| card.card_no == tapped.card_no) else {
        return Err(one(message(Code::WrongHolder)));
    };
    match &card.status {
        CardStatus::Active | CardStatus::Lost => {}
        CardStatus::Replaced { by_tail } => return Err(one(message(Code::CardReplaced).with("tail", by_tail))),
        CardStatus::Blacklisted => return Err(one(message(Code::CardBlacklisted))),
        CardStatus::Stock | CardStatus::Closed => return Err(one(message(Code::CardNotInUse))),
    }
    // It is the holder's, and still reported lost: it goes back, and its release is another matter.
    Ok(card.formally_lost().then(|| message(Code::LossStands).with("what", "该卡")))
}
