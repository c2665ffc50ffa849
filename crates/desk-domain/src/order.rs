//! Cards that are made centrally (制卡): what is ordered, how far an order is, and what must be true before a made card is
//! handed over.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    application::Wish,
    card::CardImage,
    case::Service,
    code::{Code, Message},
    hours,
    id::{CardNo, CentreNumber},
    loss::Facts,
    person::PersonFacts,
    ruleset::{Hotline, RuleSet},
    self_service, unit,
};

/// How the holder gets the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    PickUp,
    Courier,
}

impl Delivery {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PickUp => "到本网点领卡",
            Self::Courier => "邮寄",
        }
    }
}

/// The applicant's photo, a JPG as hexadecimal digits; personal, so no debug print shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Photo(pub String);

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Photo({} characters)", self.0.len())
    }
}

/// How the holder is reached, and where the card goes; personal, so no debug print shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub phone: String,
    /// Empty for a card that is picked up.
    pub address: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// What is filled in on the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Line of the bank in the programme's file.
    pub bank: String,
    pub contact: Contact,
    pub delivery: Delivery,
    /// The holder agrees to the electronic card that comes with the card.
    pub consent: bool,
    /// A benefit is paid to the account of the old card.
    pub benefits: bool,
}

/// An order in the centre's books, and what production says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    pub number: CentreNumber,
    pub wish: Wish,
    pub state: Progress,
    pub ordered_on: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    InProduction {
        /// Day on which it is expected.
        ready_on: NaiveDate,
    },
    Ready {
        card_no: CardNo,
        /// Where it lies at the outlet (卡盒号).
        place: String,
    },
    /// On its way by post.
    Sent {
        tracking: String,
    },
    HandedOver,
}

/// The cooperating banks in the programme's order.
pub fn banks(rules: &RuleSet) -> impl Iterator<Item = &Hotline> {
    rules.hotlines.iter().filter(|line| line.id.starts_with(unit::BANKS))
}

/// Is this a line of a cooperating bank?
///
/// # Errors
/// `BANK_NOT_COOPERATING`.
pub fn bank(rules: &RuleSet, line: &str) -> Result<(), Message> {
    if banks(rules).any(|bank| bank.id == line) { Ok(()) } else { Err(rules.message(None, Code::BankNotCooperating)) }
}

/// The order that is not handed over yet.
#[must_use]
pub fn open(orders: &[OrderFacts]) -> Option<&OrderFacts> {
    orders.iter().find(|order| order.state != Progress::HandedOver)
}

/// Is this the card that was made for this person, and what does the holder hear with it?
///
/// # Errors
/// Why it is not handed over: outlet, `ORDER_UNKNOWN`, `IN_PRODUCTION`, `WRONG_CARD`, `ORDER_SENT`.
pub fn hand_over(
    rules: &RuleSet,
    facts: Facts<'_>,
    orders: &[OrderFacts],
    tapped: &CardImage,
) -> Result<(CentreNumber, Option<Message>), Vec<Message>> {
    let service = Service::PickUp;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    self_service::check(rules, service, facts.person, facts.clerk).map_err(one)?;
    let Some(order) = open(orders) else {
        return Err(one(message(Code::OrderUnknown)));
    };
    match &order.state {
        Progress::InProduction { ready_on } => Err(one(message(Code::InProduction).with("date", ready_on))),
        Progress::Sent { tracking } => Err(one(message(Code::OrderSent).with("no", tracking))),
        Progress::HandedOver => Err(one(message(Code::OrderUnknown))),
        Progress::Ready { card_no, .. } if *card_no != tapped.card_no => {
            Err(one(message(Code::WrongCard).with("a", card_no.tail()).with("b", tapped.card_no.tail())))
        }
        Progress::Ready { .. } => Ok((order.number.clone(), not_active(rules, facts.person))),
    }
}

/// The bank function of a new card is opened by the holder at the bank.
fn not_active(rules: &RuleSet, person: &PersonFacts) -> Option<Message> {
    let bank = person.cards.iter().find_map(|card| card.bank());
    rules
        .bank_function
        .as_ref()
        .map(|_| rules.message(Some(Service::PickUp), Code::FinNotActive).with("bank", crate::loss::bank_name(rules, bank)))
}
