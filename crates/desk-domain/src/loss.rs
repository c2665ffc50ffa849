//! Loss by function: formal report at the card's own bank, release through the channel of the report, and what the counter
//! may only tell.

use chrono::NaiveDateTime;

use crate::{
    card::CardImage,
    case::Service,
    code::{Code, Message},
    function::{Function, LossChannel},
    hours,
    id::{CardNo, OperatorId, OutletId},
    person::{CardFacts, CardStatus, PersonFacts},
    ruleset::RuleSet,
    self_service,
};

/// Everything that the decisions look at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub outlet: &'a OutletId,
    pub clerk: &'a OperatorId,
    /// Local time.
    pub at: NaiveDateTime,
    pub person: &'a PersonFacts,
}

/// What a report will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub card_no: CardNo,
    pub functions: Vec<Function>,
    /// What the customer has to hear: the bank's part stays open, the E-card follows.
    pub told: Vec<Message>,
}

/// Are these functions that a counter can report lost, and is each of them asked for by itself?
///
/// # Errors
/// `TRANSIT_NO_LOSS` where transit is among them, `LOSS_BY_FUNCTION` where none is named.
pub fn chosen(rules: &RuleSet, service: Service, functions: &[Function]) -> Result<(), Message> {
    if functions.contains(&Function::Transit) {
        return Err(rules.message(Some(service), Code::TransitNoLoss));
    }
    if functions.is_empty() {
        return Err(rules.message(Some(service), Code::LossByFunction));
    }
    Ok(())
}

/// The answer to a password that is to be set anew: `NO_TRANSIT_PASSWORD` for the bearer's purse, `REFER_BANK` for the
/// bank's, `NOT_AT_COUNTER` else.
#[must_use]
pub fn password(rules: &RuleSet, service: Service, function: Function, bank: Option<&str>) -> Message {
    match function {
        Function::Transit => rules.message(Some(service), Code::NoTransitPassword),
        Function::Bank => refer_bank(rules, service, bank),
        Function::SocialSecurity => rules.message(Some(service), Code::NotAtCounter),
    }
}

/// # Errors
/// Every reason why nothing is reported; never empty. One alone may be a referral (`WRONG_BANK`).
pub fn report(rules: &RuleSet, facts: Facts<'_>, functions: &[Function]) -> Result<Report, Vec<Message>> {
    let service = Service::FormalLoss;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    chosen(rules, service, functions).map_err(one)?;
    let card = losable(rules, service, facts)?;
    own_bank(rules, service, facts.outlet, card).map_err(one)?;
    let still = |function: Function| card.function(function).is_some_and(|facts| !facts.state.is_formal_loss());
    let open: Vec<Function> = functions.iter().copied().filter(|function| still(*function)).collect();
    if open.is_empty() {
        return Err(one(message(Code::LossStands).with("what", "所选功能")));
    }
    let mut told = Vec::new();
    if still(Function::Bank) && !open.contains(&Function::Bank) {
        told.push(bank_open(rules, service, card.bank()));
    }
    told.push(message(Code::EcardSameStatus));
    Ok(Report { card_no: card.card_no.clone(), functions: open, told })
}

/// Do the keepers of the reported functions agree that the loss stands? Read back before anything is printed.
///
/// # Errors
/// `LOSS_NOT_SYNCED` where one has it and the other not yet.
pub fn synced(rules: &RuleSet, service: Service, card: &CardFacts, reported: &[Function]) -> Result<(), Message> {
    let stands = |function: &Function| card.function(*function).is_some_and(|facts| facts.state.is_formal_loss());
    if reported.iter().all(stands) { Ok(()) } else { Err(rules.message(Some(service), Code::LossNotSynced)) }
}

/// May this card, in the holder's hands again, be released here?
///
/// # Errors
/// Every reason why not: `CARD_NOT_PRESENT`, `RELEASE_FORBIDDEN`, `RELEASE_ORIGINAL_CHANNEL`, `NO_LOSS_STANDS`.
pub fn release(rules: &RuleSet, facts: Facts<'_>, tapped: &CardImage) -> Result<CardNo, Vec<Message>> {
    let service = Service::LossRelease;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    standing_person(rules, service, facts)?;
    let Some(card) = facts.person.cards.iter().find(|card| card.card_no == tapped.card_no) else {
        return Err(one(message(Code::CardNotPresent)));
    };
    let newer = facts.person.cards.iter().any(|other| other.card_no != card.card_no && other.status == CardStatus::Active);
    match &card.status {
        CardStatus::Replaced { .. } => return Err(one(message(Code::ReleaseForbidden))),
        CardStatus::Lost if newer => return Err(one(message(Code::ReleaseForbidden))),
        CardStatus::Stock | CardStatus::Closed => return Err(one(message(Code::CardNotInUse))),
        CardStatus::Active | CardStatus::Lost | CardStatus::Blacklisted => {}
    }
    if let Some(case) = &card.suspended_by {
        return Err(one(message(Code::CaseSuspended).with("no", case)));
    }
    let channels: Vec<&LossChannel> = card.functions.iter().filter_map(|facts| facts.state.loss_channel()).collect();
    if channels.is_empty() {
        return Err(one(message(Code::NoLossStands)));
    }
    let here = bank_of(rules, facts.outlet);
    match channels.iter().find(|channel| !is_here(channel, here)) {
        None => Ok(card.card_no.clone()),
        Some(other) => Err(one(message(Code::ReleaseOriginalChannel).with("channel", channel(rules, other)))),
    }
}

/// The card that a loss is reported for.
fn losable<'a>(rules: &RuleSet, service: Service, facts: Facts<'a>) -> Result<&'a CardFacts, Vec<Message>> {
    standing_person(rules, service, facts)?;
    let message = |code| rules.message(Some(service), code);
    let cards = || facts.person.cards.iter().filter(|card| !card.functions.is_empty());
    let live = |card: &&CardFacts| matches!(card.status, CardStatus::Active | CardStatus::Lost);
    match cards().find(live) {
        Some(card) => match &card.suspended_by {
            Some(case) => Err(vec![message(Code::CaseSuspended).with("no", case)]),
            None => Ok(card),
        },
        None => Err(vec![message(Code::NoActiveCard)]),
    }
}

fn standing_person(rules: &RuleSet, service: Service, facts: Facts<'_>) -> Result<(), Vec<Message>> {
    if facts.person.programme != rules.programme {
        return Err(vec![rules.message(Some(service), Code::ProfileMismatch)]);
    }
    self_service::check(rules, service, facts.person, facts.clerk).map_err(|message| vec![message])
}

/// Formal loss is taken by the card's own bank only.
fn own_bank(rules: &RuleSet, service: Service, outlet: &OutletId, card: &CardFacts) -> Result<(), Message> {
    let of_card = card.bank();
    if of_card.is_some() && bank_of(rules, outlet) == of_card {
        return Ok(());
    }
    Err(rules.message(Some(service), Code::WrongBank).with("bank", bank_name(rules, of_card)))
}

/// The bank that an outlet belongs to, by its line.
#[must_use]
pub fn bank_of<'a>(rules: &'a RuleSet, outlet: &OutletId) -> Option<&'a str> {
    rules.outlet(outlet)?.bank.as_deref()
}

fn is_here(channel: &LossChannel, here: Option<&str>) -> bool {
    match channel {
        LossChannel::Bank { bank } => here == Some(bank.as_str()),
        LossChannel::Counter => here.is_none(),
        LossChannel::Hotline { .. } | LossChannel::Online => false,
    }
}

/// A bank by its name; where the line is unknown, what the card says.
#[must_use]
pub fn bank_name(rules: &RuleSet, line: Option<&str>) -> String {
    line.and_then(|id| rules.hotlines.iter().find(|line| line.id == id))
        .map_or_else(|| "卡面所示银行".to_owned(), |line| line.label.clone())
}

fn bank_phone(rules: &RuleSet, line: Option<&str>) -> String {
    line.and_then(|id| rules.hotlines.iter().find(|line| line.id == id))
        .map_or_else(|| "（号码见指引单）".to_owned(), |line| line.phone.clone())
}

/// Only the bank does that.
#[must_use]
pub fn refer_bank(rules: &RuleSet, service: Service, bank: Option<&str>) -> Message {
    rules.message(Some(service), Code::ReferBank).with("bank", bank_name(rules, bank)).with("hotline", bank_phone(rules, bank))
}

/// Social security is blocked and the bank account is not.
#[must_use]
pub fn bank_open(rules: &RuleSet, service: Service, bank: Option<&str>) -> Message {
    rules.message(Some(service), Code::BankLossOpen).with("bank", bank_name(rules, bank)).with("hotline", bank_phone(rules, bank))
}

/// A channel in words, with its telephone where it has one.
#[must_use]
pub fn channel(rules: &RuleSet, channel: &LossChannel) -> String {
    match channel {
        LossChannel::Hotline { line } => rules
            .hotlines
            .iter()
            .find(|known| known.id == *line)
            .map_or_else(|| "电话".to_owned(), |known| format!("{} {}", known.label, known.phone)),
        LossChannel::Online => "网上办事渠道".to_owned(),
        LossChannel::Bank { bank } => bank_name(rules, Some(bank)),
        LossChannel::Counter => "发卡方服务网点".to_owned(),
    }
}
