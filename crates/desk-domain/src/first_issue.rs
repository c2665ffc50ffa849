//! First issue: what the record says, until when the card is promised, who has to act.

use chrono::NaiveDate;

use crate::{
    case::Service,
    code::{Code, Message},
    inquiry::{IssueFacts, IssueState},
    mask,
    person::{CardStatus, PersonFacts},
    ruleset::RuleSet,
};

/// Last day of the promise for a submission received on this day: calendar months, held to the month's end, then days.
#[must_use]
pub fn promised(rules: &RuleSet, received: NaiveDate) -> Option<NaiveDate> {
    rules.first_issue.as_ref()?.promised(received)
}

/// Where a first card stands, and what that means today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What the parent is told.
    pub message: Message,
    pub promised: Option<NaiveDate>,
    /// The promise is broken, and no ticket runs yet.
    pub overdue: bool,
    /// The parent can still confirm.
    pub confirmable: bool,
}

/// Judges the record; informs, and never moves it on.
#[must_use]
pub fn standing(rules: &RuleSet, person: &PersonFacts, issue: &IssueFacts, today: NaiveDate) -> Standing {
    let message = |code| rules.message(Some(Service::FirstIssue), code);
    let promised = issue.received_on.and_then(|received| promised(rules, received));
    let say = |message| Standing { message, promised, overdue: false, confirmable: false };
    if let Some(card) = person.cards.iter().find(|card| card.status == CardStatus::Active) {
        return say(message(Code::ActiveCardExists).with("masked", mask::card_on_paper(card.card_no.as_str())));
    }
    if issue.class.is_none() || !person.entitled {
        return say(message(Code::NotEligibleFirstIssue));
    }
    match issue.state {
        IssueState::NotSubmitted => say(message(Code::NotSubmitted)),
        IssueState::ConfirmExpired => say(message(Code::ConfirmWindowClosed)),
        IssueState::Submitted | IssueState::Reminded => {
            if issue.confirm_by.is_some_and(|last| today > last) {
                say(message(Code::ConfirmWindowClosed))
            } else {
                Standing { confirmable: true, ..say(message(Code::NotConfirmed)) }
            }
        }
        IssueState::Rejected => say(message(Code::NotAtCounter)),
        IssueState::Confirmed | IssueState::InProduction => match (promised, &issue.ticket) {
            (None, _) => say(message(Code::NotSubmitted)),
            (Some(until), _) if today <= until => say(message(Code::InProduction).with("date", until)),
            (Some(_), Some(ticket)) => say(message(Code::ProductionOverdue).with("no", ticket)),
            (Some(until), None) => Standing { overdue: true, ..say(message(Code::InProduction).with("date", until)) },
        },
        IssueState::Made | IssueState::Shipped | IssueState::Received | IssueState::Active => {
            say(message(Code::CardOnItsWay).with("state", issue.state.label()))
        }
    }
}

/// The ticket for a broken promise runs under this number.
#[must_use]
pub fn ticketed(rules: &RuleSet, number: &str) -> Message {
    rules.message(Some(Service::FirstIssue), Code::ProductionOverdue).with("no", number)
}
