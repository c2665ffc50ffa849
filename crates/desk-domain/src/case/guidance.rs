//! Guidance: somebody else does it. The counter tells how things stand, may have the centre do one small act, and prints a
//! slip that says who, where and when. S-03 首发进度, S-14 临时挂失, S-19 验证码; what they differ in stands in `topic`.

mod face;
mod topic;

use serde::{Deserialize, Serialize};

pub use self::topic::Topic;
use self::topic::{Opening, Shows};
use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Leads, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::CentreNumber,
    inquiry::Inquired,
    mask,
    person::{Lookup, PersonFacts},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guidance {
    topic: Topic,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// The topic's first question.
    Opening,
    Identifying {
        identity: Identity,
    },
    Finding {
        who: Identified,
    },
    /// What is known is on the screen, with what can be done about it.
    Showing {
        subject: Subject,
    },
    Reserving {
        subject: Subject,
        act: CentreAct,
    },
    Settling {
        subject: Subject,
        act: CentreAct,
        reservation: Reservation,
    },
    Slip {
        told: Told,
    },
    Closed {
        last: Option<Box<Told>>,
        ending: Ending,
    },
}

/// Who it is about, and what the keepers said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    who: Identified,
    person: Box<PersonFacts>,
    told: GuidanceTerms,
}

/// What the rules made of it, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuidanceTerms {
    pub found: Inquired,
    /// What the customer hears, most important first.
    pub says: Vec<Message>,
    /// Labelled values for the screen: the rules' part of them.
    pub figures: Vec<(String, String)>,
    pub offers: Vec<Offer>,
}

/// Something that the clerk can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: String,
    pub label: String,
    pub then: Then,
}

/// Where an offer leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum Then {
    /// The slip with this message, and the end: somebody else does it.
    Refer { message: Message },
    /// The slip, and a good end.
    Slip,
    /// A good end without paper.
    Done,
    /// The centre does it, then the slip.
    Act { act: CentreAct },
    /// Not at a counter: the message, and the question stays.
    Refuse { message: Message },
}

/// What the slip says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    subject: Option<Box<Subject>>,
    message: Option<Message>,
    /// The centre did its act under this number.
    number: Option<CentreNumber>,
    referred: bool,
}

impl Guidance {
    #[must_use]
    pub fn begin(topic: Topic) -> Self {
        let at = if topic.opens() { At::Opening } else { At::Identifying { identity: Identity::begin() } };
        Self { topic, at }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match &self.at {
            At::Opening => self.topic.opening(cx).into(),
            At::Identifying { identity } => identity.next(cx),
            At::Finding { who } => {
                if cx.offline_case() {
                    return Question::new("offline", "离线：查不到当前情况", Ask::Go { label: "打印指引单".to_owned() }).into();
                }
                let lookup = Lookup::IdNumber { programme: cx.header.programme.clone(), number: who.papers.number.number.clone() };
                Next::Do(Effect::Inquire { lookup, inquiry: self.topic.inquiry() })
            }
            At::Showing { subject } => Question::new(
                "offer",
                self.topic.title(),
                Ask::Choice { options: Choice::numbered(subject.told.offers.iter().map(|offer| (offer.id.clone(), offer.label.clone()))) },
            )
            .help(subject.told.says.iter().map(Message::text).collect::<Vec<_>>().join(" "))
            .into(),
            At::Reserving { subject, act } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act { cell: subject.person.cell.clone(), programme: cx.header.programme.clone(), act: act.clone() },
                authorisation: None,
            }),
            At::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            At::Slip { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            At::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (&self.at, input) {
            (At::Opening | At::Identifying { .. } | At::Finding { .. } | At::Showing { .. }, Input::Answer(Answer::Cancel)) => {
                Ok(Fact::Cancelled)
            }
            (At::Opening, Input::Answer(Answer::Choose { option })) => {
                let leads = match self.topic.opened(&option, cx).ok_or_else(stale)? {
                    Opening::Identify => Leads::On,
                    Opening::Refer(message) => Leads::Refer { message },
                    Opening::Slip => Leads::Through,
                    Opening::Refuse(message) => return Err(message),
                };
                Ok(Fact::TreeAnswered { question: "opening".to_owned(), option, leads })
            }
            (At::Identifying { identity }, input) => identity.decide(input, cx),
            (At::Finding { .. }, Input::Answer(Answer::Go)) if cx.offline_case() => {
                Ok(Fact::TreeAnswered { question: "offline".to_owned(), option: "slip".to_owned(), leads: Leads::Through })
            }
            (At::Finding { .. }, Input::Outcome(Outcome::Inquired { person, found })) => self.known(person, found, cx),
            (At::Finding { .. } | At::Reserving { .. } | At::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => {
                super::final_refusal(message)
            }
            (At::Showing { subject }, Input::Answer(Answer::Choose { option })) => {
                let offer = subject.told.offers.iter().find(|offer| offer.id == option).ok_or_else(stale)?;
                let leads = match &offer.then {
                    Then::Refuse { message } => return Err(message.clone()),
                    Then::Refer { message } => Leads::Refer { message: message.clone() },
                    Then::Slip | Then::Done | Then::Act { .. } => Leads::Through,
                };
                Ok(Fact::TreeAnswered { question: "offer".to_owned(), option, leads })
            }
            (At::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (At::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (At::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn known(&self, person: Box<PersonFacts>, found: Inquired, cx: &Cx<'_>) -> Result<Fact, Message> {
        Ok(match self.topic.shows(&person, &found, cx) {
            Ok(Shows { says, figures, offers }) => Fact::PersonKnown {
                person,
                terms: PersonTerms::Guidance(Box::new(GuidanceTerms { found, says, figures, offers })),
                authorise: None,
                moment: cx.moment(),
            },
            Err(message) => Fact::Refused { message },
        })
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        let topic = self.topic;
        let slip =
            |subject: Option<Box<Subject>>, message, number, referred| At::Slip { told: Told { subject, message, number, referred } };
        let at = match (self.at, fact) {
            (At::Opening, Fact::TreeAnswered { leads, .. }) => match leads {
                Leads::On => At::Identifying { identity: Identity::begin() },
                Leads::Refer { message } => slip(None, Some(message), None, true),
                Leads::Through => slip(None, None, None, false),
            },
            (At::Identifying { identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => At::Identifying { identity },
                IdentityStep::Done(who) => At::Finding { who },
            },
            (At::Finding { .. }, Fact::TreeAnswered { .. }) => slip(None, None, None, false),
            (At::Finding { who }, Fact::PersonKnown { person, terms: PersonTerms::Guidance(terms), .. }) => {
                At::Showing { subject: Subject { who, person, told: *terms } }
            }
            (At::Showing { subject }, Fact::TreeAnswered { option, .. }) => {
                let offer = subject.told.offers.iter().find(|offer| offer.id == option).ok_or_else(misplaced)?.clone();
                match offer.then {
                    Then::Refuse { .. } => return Err(misplaced()),
                    Then::Refer { message } => slip(Some(Box::new(subject)), Some(message), None, true),
                    Then::Slip => {
                        let message = subject.told.says.first().cloned();
                        slip(Some(Box::new(subject)), message, None, false)
                    }
                    Then::Done => At::Closed {
                        last: Some(Box::new(Told { subject: Some(Box::new(subject)), message: None, number: None, referred: false })),
                        ending: Ending::Done,
                    },
                    Then::Act { act } => At::Reserving { subject, act },
                }
            }
            (At::Reserving { subject, act }, Fact::Reserved { reservation, .. }) => At::Settling { subject, act, reservation },
            (At::Settling { subject, .. }, Fact::Confirmed { number, .. }) => {
                let message = topic.acted(&subject, &number);
                slip(Some(Box::new(subject)), message, Some(number), false)
            }
            (At::Slip { told }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                let ending = match &told.message {
                    Some(message) if told.referred => Ending::Referred { message: message.clone() },
                    Some(_) | None => Ending::Done,
                };
                At::Closed { last: Some(Box::new(told)), ending }
            }
            (At::Opening | At::Identifying { .. } | At::Finding { .. }, fact) => {
                At::Closed { last: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            (At::Showing { subject } | At::Reserving { subject, .. } | At::Settling { subject, .. }, fact) => At::Closed {
                last: Some(Box::new(Told { subject: Some(Box::new(subject)), message: None, number: None, referred: false })),
                ending: super::ending_of(fact).ok_or_else(misplaced)?,
            },
            (At::Slip { .. } | At::Closed { .. }, _) => return Err(misplaced()),
        };
        Ok(Self { topic, at })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.at {
            At::Opening => "guidance.opening",
            At::Identifying { .. } => "guidance.identifying",
            At::Finding { .. } => "guidance.finding",
            At::Showing { .. } => "guidance.showing",
            At::Reserving { .. } => "guidance.reserving",
            At::Settling { .. } => "guidance.settling",
            At::Slip { .. } => "guidance.slip",
            At::Closed { .. } => "guidance.closed",
        }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        None
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        match &self.at {
            At::Showing { subject } | At::Reserving { subject, .. } | At::Settling { subject, .. } => Some(subject),
            At::Slip { told } => told.subject.as_deref(),
            At::Closed { last, .. } => last.as_ref().and_then(|told| told.subject.as_deref()),
            At::Opening | At::Identifying { .. } | At::Finding { .. } => None,
        }
    }

    fn told(&self) -> Option<&Told> {
        match &self.at {
            At::Slip { told } => Some(told),
            At::Closed { last, .. } => last.as_deref(),
            At::Opening | At::Identifying { .. } | At::Finding { .. } | At::Showing { .. } | At::Reserving { .. } | At::Settling { .. } => {
                None
            }
        }
    }

    pub(super) fn who(&self) -> Option<&Identified> {
        match &self.at {
            At::Finding { who } => Some(who),
            At::Opening
            | At::Identifying { .. }
            | At::Showing { .. }
            | At::Reserving { .. }
            | At::Settling { .. }
            | At::Slip { .. }
            | At::Closed { .. } => self.subject().map(|subject| &subject.who),
        }
    }
}
