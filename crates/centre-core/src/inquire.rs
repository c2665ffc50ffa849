//! Asking the systems around the centre: what they say goes to the desk with the moment at which they said it, and what
//! they keep of a card is noted. A keeper that does not answer leaves what was heard last, with its age.

use desk_domain::{
    code::{Code, Message},
    function::{Function, FunctionFacts},
    id::CardNo,
    inquiry::{Inquired, Inquiry, IssueFacts, IssueState},
    person::Lookup,
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, Stop, refuse_code},
    centre::Call,
    claims::act::ticket_right,
    policy::Programme,
    ports::PortFailure,
    record::{Card, Keep, Person},
    upstream::Keeper,
};

impl Call<'_> {
    pub(crate) async fn inquire(&mut self, lookup: &Lookup, inquiry: Inquiry) -> Step<Answer> {
        self.session().await?;
        let person = self.person_of(lookup).await?;
        let found = match inquiry {
            Inquiry::Functions => {
                let cards = self.tx.cards_of(&person.cell, &person.person).await?;
                let numbers: Vec<CardNo> = cards.into_iter().map(|card| card.card_no).collect();
                for mut card in self.tx.lock_cards(&person.cell, &numbers).await? {
                    // The desk sees how old the answer is.
                    let _silent = self.hear(&mut card).await?;
                }
                Inquired::Functions
            }
            Inquiry::FirstIssue => Inquired::FirstIssue { issue: self.issue_of(&person).await? },
            Inquiry::Orders => self.orders_of(&person).await?,
            Inquiry::Closing => self.loans_of(&person).await?,
            Inquiry::Codes => {
                let codes = self.parts.upstream.messages.codes(&person.person, self.now).await;
                Inquired::Codes { codes: codes.map_err(|failure| self.silent(&failure))? }
            }
        };
        let person = Box::new(self.person_facts(person).await?);
        Ok(Answer::Kept(Reply::Inquired { person, found }, Keep::Shortly))
    }

    async fn issue_of(&mut self, person: &Person) -> Step<IssueFacts> {
        let record = self.parts.upstream.issues.issue(&person.person).await.map_err(|failure| self.silent(&failure))?;
        let Some(record) = record else {
            return Ok(IssueFacts {
                state: IssueState::NotSubmitted,
                class: None,
                received_on: None,
                confirm_by: None,
                reminder: None,
                ticket: None,
                as_of: self.now,
            });
        };
        let programme: Option<Programme> = self.policy.programmes.get(&person.programme).cloned();
        let due = programme.and_then(|programme| programme.first_issue).zip(record.received_on);
        let ticket = match due.and_then(|(rule, received)| rule.promised(received)) {
            Some(due) => {
                let right = ticket_right(desk_domain::centre_act::Matter::OverdueIssue, &person.person);
                self.tx.settled_claim(&person.cell, &right, &format!("due:{due}")).await?.and_then(|claim| claim.state.settled_number())
            }
            None => None,
        };
        Ok(IssueFacts {
            state: record.state,
            class: record.class,
            received_on: record.received_on,
            confirm_by: record.confirm_by,
            reminder: record.reminder,
            ticket,
            as_of: self.now,
        })
    }

    /// Asks the keepers of a locked card's functions and notes what they say; the first that was silent, if one was.
    pub(crate) async fn hear(&mut self, card: &mut Card) -> Step<Option<PortFailure>> {
        let mut silent = None;
        let mut heard = false;
        for facts in &mut card.functions {
            let Some(keeper) = keeper(facts) else {
                continue;
            };
            match self.parts.upstream.functions.state(&keeper, &card.card_no, self.now).await {
                Ok(Some(state)) => {
                    facts.state = state;
                    facts.as_of = self.now;
                    heard = true;
                }
                // A keeper that does not know the card has nothing to say of it.
                Ok(None) => {}
                Err(failure) => silent = silent.or(Some(failure)),
            }
        }
        if heard {
            self.tx.put_card(card).await?;
        }
        Ok(silent)
    }

    /// The card, locked, with its functions as their keepers say now; money or law hangs on it, so none may be silent.
    pub(crate) async fn heard_card(&mut self, programme: &Programme, card_no: &CardNo) -> Step<Card> {
        let cards = self.tx.lock_cards(&programme.cell, std::slice::from_ref(card_no)).await?;
        let Some(mut card) = cards.into_iter().next() else {
            return refuse_code(Code::CardNotFound);
        };
        match self.hear(&mut card).await? {
            Some(failure) => Err(self.silent(&failure)),
            None => Ok(card),
        }
    }

    /// Refused for now: an outside system did not answer.
    pub(crate) fn silent(&self, failure: &PortFailure) -> Stop {
        Stop::Wait(Message::new(Code::UpstreamSilent).with("system", system_label(failure.port)))
    }
}

/// Who keeps this function; nobody outside keeps transit.
pub(crate) fn keeper(facts: &FunctionFacts) -> Option<Keeper> {
    match facts.function {
        Function::SocialSecurity => Some(Keeper::SocialSecurity),
        Function::Bank => facts.bank.clone().map(|line| Keeper::Bank { line }),
        Function::Transit => None,
    }
}

/// What people call a port.
fn system_label(port: &str) -> &'static str {
    match port {
        "social_security" => "人社系统",
        "bank" => "银行系统",
        "library" => "图书馆系统",
        "messages" => "短信平台",
        "issues" => "首发制卡系统",
        "tickets" => "联系单系统",
        "clearing" => "清算系统",
        "production" => "制卡系统",
        "courier" => "快递公司",
        _ => "外部系统",
    }
}
