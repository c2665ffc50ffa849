//! What a desk may know of one person or one card, by a whole number only.

use chrono::{DateTime, Duration, Utc};
use desk_domain::{
    code::{Code, Message},
    function::{Function, FunctionFacts, FunctionState},
    person::{CardFacts, InitialPassword, Lookup, PersonFacts},
    privacy,
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, refuse, refuse_code},
    centre::Call,
    claims::password_right,
    password::source,
    record::{Card, Keep, Person},
};

impl Call<'_> {
    pub(crate) async fn find_person(&mut self, lookup: &Lookup) -> Step<Answer> {
        self.session().await?;
        let person = self.person_of(lookup).await?;
        let person = Box::new(self.person_facts(person).await?);
        Ok(Answer::Kept(Reply::Person { person }, Keep::Shortly))
    }

    pub(crate) async fn find_card(&mut self, lookup: &Lookup) -> Step<Answer> {
        self.session().await?;
        let card = match lookup {
            Lookup::CardNo { card_no } | Lookup::Purse { card_no } => {
                let card = self.tx.card_anywhere(card_no).await?;
                match card {
                    Some(card) => card,
                    None => return refuse_code(Code::CardNotFound),
                }
            }
            Lookup::IdNumber { .. } => {
                let person = self.person_of(lookup).await?;
                let cards = self.tx.cards_of(&person.cell, &person.person).await?;
                let active = cards.into_iter().find(|card| card.status == desk_domain::person::CardStatus::Active);
                match active {
                    Some(card) => card,
                    None => return refuse_code(Code::NoActiveCard),
                }
            }
        };
        let entitled = self.entitled(&card).await?;
        let mut facts = card_facts(&card, entitled, self.now);
        if let Lookup::Purse { .. } = lookup {
            facts.booked = self.booked(&card.cell, &card.card_no).await?;
        }
        Ok(Answer::Kept(Reply::Card { card: Box::new(facts) }, Keep::Shortly))
    }

    pub(crate) async fn person_of(&mut self, lookup: &Lookup) -> Step<Person> {
        let person = match lookup {
            Lookup::IdNumber { number, .. } if !privacy::is_whole(number) => return refuse_code(Code::QueryTooWide),
            Lookup::IdNumber { programme, number } => self.tx.person_by_number(programme, number).await?,
            Lookup::CardNo { card_no } | Lookup::Purse { card_no } => {
                let Some(card) = self.tx.card_anywhere(card_no).await? else {
                    return refuse_code(Code::CardNotFound);
                };
                match &card.holder {
                    Some(holder) => self.tx.person(&card.cell, holder).await?,
                    None => None,
                }
            }
        };
        person.map_or_else(|| refuse_code(Code::PersonNotFound), Ok)
    }

    /// An unregistered card is entitled to whatever it carries; a registered one to what its holder is.
    pub(crate) async fn entitled(&mut self, card: &Card) -> Step<bool> {
        Ok(match &card.holder {
            Some(holder) => self.tx.person(&card.cell, holder).await?.is_some_and(|person| person.entitled),
            None => true,
        })
    }

    pub(crate) async fn person_facts(&mut self, person: Person) -> Step<PersonFacts> {
        let Some(programme) = self.policy.programmes.get(&person.programme) else {
            return refuse(Message::new(Code::PersonNotFound));
        };
        let (initial_password, recent_resets) = match &programme.password {
            Some(rules) => {
                let since = self.now - Duration::days(i64::from(rules.window_days));
                let right = password_right(&person.person);
                let resets = self.tx.settled_count(&person.cell, &right, Some(since)).await?;
                (source(&person, rules), resets)
            }
            None => (InitialPassword::NoEcardNumber, 0),
        };
        let cards = self.tx.cards_of(&person.cell, &person.person).await?;
        let open_order = match &person.open_order {
            Some(order) => Some(order.clone()),
            None => self.own_order(&person).await?.map(|order| order.to_string()),
        };
        Ok(PersonFacts {
            cell: person.cell,
            person: person.person,
            programme: person.programme,
            name: person.name,
            id_tail: person.id_number.as_deref().map(tail).unwrap_or_default(),
            birth: person.birth,
            class: person.class,
            school: person.school,
            cards: cards.iter().map(|card| card_facts(card, person.entitled, self.now)).collect(),
            guardian_phone: person.guardian_phone.as_deref().map(mask_phone),
            open_order,
            recent_resets,
            initial_password,
            entitled: person.entitled,
            staff: person.staff,
        })
    }
}

pub(crate) fn card_facts(card: &Card, entitled: bool, now: DateTime<Utc>) -> CardFacts {
    CardFacts {
        cell: card.cell.clone(),
        programme: card.programme.clone(),
        card_no: card.card_no.clone(),
        status: card.status.clone(),
        issued_on: card.issued_on,
        transit_open: card.transit_open,
        suspended_by: card.suspended.as_ref().map(|suspension| suspension.number.to_string()),
        last_balance: card.last_balance,
        holder: card.holder.clone(),
        entitled,
        functions: functions(card, now),
        booked: Vec::new(),
    }
}

/// What other systems keep, and transit, which the card's own record keeps.
fn functions(card: &Card, now: DateTime<Utc>) -> Vec<FunctionFacts> {
    if card.functions.is_empty() {
        return Vec::new();
    }
    let state = if card.transit_open { FunctionState::Normal } else { FunctionState::NotOpened };
    let transit = FunctionFacts { function: Function::Transit, state, bank: None, as_of: now };
    card.functions.iter().cloned().chain([transit]).collect()
}

fn tail(number: &str) -> String {
    let skip = number.chars().count().saturating_sub(4);
    number.chars().skip(skip).collect()
}

fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().collect();
    match (digits.get(..3), digits.len().checked_sub(4).and_then(|at| digits.get(at..))) {
        (Some(head), Some(tail)) if digits.len() > 7 => head.iter().chain(&['*'; 4]).chain(tail).collect(),
        _ => "****".to_owned(),
    }
}
