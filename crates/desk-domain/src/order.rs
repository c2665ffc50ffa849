//! Cards that are made centrally (制卡): what is ordered, how far an order is, and what must be true before a made card is
//! handed over.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    application::Wish,
    card::CardImage,
    case::Service,
    code::{Code, Message},
    courier, hours,
    id::{CardNo, CentreNumber},
    loss::Facts,
    person::PersonFacts,
    reissue::CourierFee,
    ruleset::{Hotline, ProductionRules, RuleSet},
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

/// How a card comes to be that takes the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A blank is written at the counter.
    Counter,
    /// Made centrally, picked up at this outlet.
    PickUp,
    /// Made centrally, sent.
    Courier,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Counter, Self::PickUp, Self::Courier];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::PickUp => "pick_up",
            Self::Courier => "courier",
        }
    }

    /// How the holder gets it; none for a card that is written on the spot.
    #[must_use]
    pub fn delivery(self) -> Option<Delivery> {
        match self {
            Self::Counter => None,
            Self::PickUp => Some(Delivery::PickUp),
            Self::Courier => Some(Delivery::Courier),
        }
    }
}

/// The applicant's photo, a JPG as hexadecimal digits; personal, so no debug print shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Photo(pub String);

impl Photo {
    /// SHA-256 of the file, hexadecimal digits; none where these are no hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        hex::decode(&self.0).ok().map(|file| hex::encode(Sha256::digest(file)))
    }
}

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
        /// Day from which on it lies there.
        since: NaiveDate,
    },
    /// With the courier.
    Sent {
        tracking: String,
    },
    /// The courier brought it back, and it lies at the outlet.
    Returned {
        card_no: CardNo,
        /// Where it lies (卡盒号).
        place: String,
        on: NaiveDate,
    },
    /// Nobody came for it in time: it went back to the centre.
    SentBack {
        on: NaiveDate,
    },
    HandedOver,
}

/// A made card that lies at an outlet longer than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncollected {
    pub order: CentreNumber,
    pub card_no: CardNo,
    pub place: String,
    /// Day from which on it lies there.
    pub since: NaiveDate,
    /// Whole days since.
    pub days: u32,
    /// It is to go back to the centre now.
    pub back: bool,
}

impl Uncollected {
    /// How long a card that lies here since a day has lain, where that is longer than the outlet's list wants.
    #[must_use]
    pub fn days(rule: ProductionRules, since: NaiveDate, today: NaiveDate) -> Option<(u32, bool)> {
        let days = u32::try_from((today - since).num_days()).ok()?;
        (days > rule.list_days).then_some((days, days > rule.return_days))
    }
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
/// Why it is not handed over: outlet, `ORDER_UNKNOWN`, `IN_PRODUCTION`, `WRONG_CARD`, `ORDER_SENT`, `ORDER_SENT_BACK`.
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
        Progress::SentBack { on } => Err(one(message(Code::OrderSentBack).with("date", on))),
        Progress::Ready { card_no, .. } | Progress::Returned { card_no, .. } if *card_no != tapped.card_no => {
            Err(one(message(Code::WrongCard).with("a", card_no.tail()).with("b", tapped.card_no.tail())))
        }
        Progress::Ready { .. } | Progress::Returned { .. } => Ok((order.number.clone(), not_active(rules, facts.person))),
    }
}

/// A card that came back, and what sending it once more costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    pub order: CentreNumber,
    pub place: String,
    pub courier: CourierFee,
}

/// May the person's card be sent once more?
///
/// # Errors
/// Why not: outlet, `ORDER_UNKNOWN`, `IN_PRODUCTION`, `ORDER_SENT`, `ORDER_SENT_BACK`.
pub fn send_again(rules: &RuleSet, facts: Facts<'_>, orders: &[OrderFacts]) -> Result<Returned, Vec<Message>> {
    let service = Service::SendAgain;
    let message = |code| rules.message(Some(service), code);
    let one = |message| vec![message];
    hours::offered(rules, service, facts.outlet, facts.at).map_err(one)?;
    self_service::check(rules, service, facts.person, facts.clerk).map_err(one)?;
    let amount = courier::of(rules, Some(service), true).map_err(one)?;
    let label = rules.courier.as_ref().map(|rule| rule.fee.label.clone()).unwrap_or_default();
    let Some(order) = open(orders) else {
        return Err(one(message(Code::OrderUnknown)));
    };
    match &order.state {
        Progress::Returned { place, .. } => {
            Ok(Returned { order: order.number.clone(), place: place.clone(), courier: CourierFee { amount, label } })
        }
        Progress::InProduction { ready_on } => Err(one(message(Code::InProduction).with("date", ready_on))),
        Progress::Sent { tracking } => Err(one(message(Code::OrderSent).with("no", tracking))),
        Progress::SentBack { on } => Err(one(message(Code::OrderSentBack).with("date", on))),
        Progress::Ready { .. } | Progress::HandedOver => Err(one(message(Code::OrderUnknown))),
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
