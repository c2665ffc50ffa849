//! S-15 正式挂失: by function, at the card's own bank, the holder in person. The bank acts first; that social security shows
//! it too is read back before anything is printed as done. Until then the case stays open, and the paper says how both
//! stand.

mod face;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, all, local, stale},
    fact::{Fact, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, function, when},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    function::Function,
    id::{CardNo, CentreNumber},
    inquiry::Inquiry,
    loss, mask,
    person::{Lookup, PersonFacts},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormalLoss {
    Identifying {
        identity: Identity,
    },
    Choosing {
        who: Identified,
    },
    Finding {
        asked: Asked,
    },
    AcceptedSlip {
        asked: Asked,
        at: DateTime<Utc>,
    },
    Accepted {
        asked: Asked,
        at: DateTime<Utc>,
    },
    Reviewing {
        subject: Subject,
    },
    Reserving {
        subject: Subject,
    },
    Settling {
        subject: Subject,
        reservation: Reservation,
    },
    /// The bank has done its part and social security does not show it yet.
    HalfSlip {
        subject: Subject,
        reservation: Reservation,
        message: Message,
    },
    Half {
        subject: Subject,
        reservation: Reservation,
        message: Message,
    },
    Vouchering {
        subject: Subject,
        number: CentreNumber,
    },
    /// The slip that names the bank.
    Referring {
        asked: Asked,
        message: Message,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// Who asks, and for which functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub who: Identified,
    pub functions: Vec<Function>,
}

/// Whose card, which functions, and what is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub asked: Asked,
    pub person: Box<PersonFacts>,
    pub terms: LossTerms,
    /// Set where the case was accepted without the line.
    accepted_at: Option<DateTime<Utc>>,
}

/// What the rules said, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossTerms {
    pub card_no: CardNo,
    /// Those that are not lost yet.
    pub functions: Vec<Function>,
    pub told: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Referred(Message),
    Subject(Box<Subject>),
    Reported(Box<Subject>, CentreNumber),
}

impl FormalLoss {
    #[must_use]
    pub fn begin() -> Self {
        Self::Identifying { identity: Identity::begin() }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Identifying { identity } => identity.next(cx),
            Self::Choosing { .. } => Question::new(
                "functions",
                "挂失哪些功能？逐项勾选",
                Ask::Form {
                    fields: vec![
                        Field::new("social_security", "人社功能正式挂失", FieldKind::Tick).optional(),
                        Field::new("bank", "金融功能正式挂失", FieldKind::Tick).optional(),
                        Field::new("told", TOLD, FieldKind::Tick),
                    ],
                    submit: "下一步".to_owned(),
                },
            )
            .help(cx.refuse(Code::TransitNoLoss).text())
            .into(),
            Self::Finding { asked } => match cx.header.line {
                LineMode::Online => Next::Do(inquire(asked, cx)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    "离线：挂失现在不能生效",
                    Ask::Choice {
                        options: Choice::numbered([("accept", "离线受理，线路恢复后生效"), ("later", "不受理，请客户致电")])
                    },
                )
                .help(cx.rules.text("loss.offline").join(" "))
                .into(),
            },
            Self::AcceptedSlip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::Accepted { asked, .. } => {
                if cx.online {
                    Next::Do(inquire(asked, cx))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Reviewing { subject } => Question::new(
                "review",
                format!("正式挂失（卡尾号 {}）：{}", subject.terms.card_no.tail(), names(&subject.terms.functions)),
                Ask::Go { label: "客户确认，办理挂失".to_owned() },
            )
            .help(subject.terms.told.iter().map(Message::text).collect::<Vec<_>>().join(" "))
            .into(),
            Self::Reserving { subject } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act {
                    cell: subject.person.cell.clone(),
                    programme: cx.header.programme.clone(),
                    act: CentreAct::ReportLoss {
                        person: subject.person.person.clone(),
                        card_no: subject.terms.card_no.clone(),
                        functions: subject.terms.functions.clone(),
                        accepted_at: subject.accepted_at,
                    },
                },
                authorisation: None,
            }),
            Self::Settling { reservation, .. } => Next::Do(confirm(reservation, cx)),
            Self::HalfSlip { .. } => Next::Do(Effect::Print { paper: Paper::PendingSlip }),
            Self::Half { message, .. } => Question::new(
                "half",
                "银行已挂失，等待人社系统同步",
                Ask::Choice { options: Choice::numbered([("again", "再查一次人社状态")]) },
            )
            .help(message.text())
            .into(),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Referring { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Identifying { .. } | Self::Choosing { .. } | Self::Finding { .. } | Self::Accepted { .. } | Self::Reviewing { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity }, input) => identity.decide(input, cx),
            (Self::Choosing { .. }, Input::Answer(Answer::Fill { values })) => chosen(&values, cx),
            (Self::Finding { .. }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "accept" => {
                    cx.room_to_accept()?;
                    Ok(Fact::AcceptedOffline { at: cx.now, card_kept: false })
                }
                "later" => Ok(Fact::Cancelled),
                _ => Err(stale()),
            },
            (Self::Finding { asked } | Self::Accepted { asked, .. }, Input::Outcome(Outcome::Inquired { person, .. })) => {
                known(asked, person, cx)
            }
            (
                Self::Finding { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. } | Self::Half { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => {
                if message.code == Code::LossNotSynced {
                    return Ok(Fact::HalfDone { message });
                }
                super::final_refusal(message)
            }
            (Self::AcceptedSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::HalfSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::PendingSlip, outcome),
            (Self::Reviewing { .. }, Input::Answer(Answer::Go)) => {
                Ok(Fact::Agreed { authorise: None, identify: false, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (Self::Half { .. }, Input::Answer(Answer::Choose { option })) if option == "again" => {
                Ok(Fact::AskedAgain { moment: cx.moment() })
            }
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::Referring { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        let close = |last, fact| super::ending_of(fact).map(|ending| Self::Closed { last, ending }).ok_or_else(misplaced);
        Ok(match (self, fact) {
            (Self::Identifying { identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => Self::Identifying { identity },
                IdentityStep::Done(who) => Self::Choosing { who },
            },
            (Self::Choosing { who }, Fact::FunctionsChosen { functions }) => Self::Finding { asked: Asked { who, functions } },
            (Self::Finding { asked }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { asked, at },
            (Self::AcceptedSlip { asked, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { asked, at },
            (Self::Finding { asked }, Fact::PersonKnown { person, terms: PersonTerms::Loss(terms), .. }) => {
                Self::Reviewing { subject: Subject { asked, person, terms, accepted_at: None } }
            }
            // The customer has left; it takes effect now.
            (Self::Accepted { asked, at }, Fact::PersonKnown { person, terms: PersonTerms::Loss(terms), .. }) => {
                Self::Reserving { subject: Subject { asked, person, terms, accepted_at: Some(at) } }
            }
            (Self::Finding { asked } | Self::Accepted { asked, .. }, Fact::Referred { message }) => Self::Referring { asked, message },
            (Self::Referring { message, .. }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Referred(message.clone()), ending: Ending::Referred { message } }
            }
            (Self::Reviewing { subject }, Fact::Agreed { .. }) => Self::Reserving { subject },
            (Self::Reserving { subject }, Fact::Reserved { reservation, .. }) => Self::Settling { subject, reservation },
            (Self::Settling { subject, reservation }, Fact::HalfDone { message }) => Self::HalfSlip { subject, reservation, message },
            (Self::HalfSlip { subject, reservation, message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Half { subject, reservation, message }
            }
            (Self::Half { subject, reservation, .. }, Fact::AskedAgain { .. }) => Self::Settling { subject, reservation },
            (Self::Settling { subject, .. }, Fact::Confirmed { number, .. }) => Self::Vouchering { subject, number },
            (Self::Vouchering { subject, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Reported(Box::new(subject), number), ending: Ending::Done }
            }
            (Self::Identifying { .. } | Self::Choosing { .. } | Self::Finding { .. } | Self::Accepted { .. }, fact) => {
                close(Last::Nothing, fact)?
            }
            (Self::Reviewing { subject } | Self::Reserving { subject } | Self::Settling { subject, .. }, fact) => {
                close(Last::Subject(Box::new(subject)), fact)?
            }
            (
                Self::AcceptedSlip { .. }
                | Self::HalfSlip { .. }
                | Self::Half { .. }
                | Self::Vouchering { .. }
                | Self::Referring { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identifying { .. } => "loss.identifying",
            Self::Choosing { .. } => "loss.choosing",
            Self::Finding { .. } => "loss.finding",
            Self::AcceptedSlip { .. } => "loss.accepted_slip",
            Self::Accepted { .. } => "loss.accepted",
            Self::Reviewing { .. } => "loss.reviewing",
            Self::Reserving { .. } => "loss.reserving",
            Self::Settling { .. } => "loss.settling",
            Self::HalfSlip { .. } => "loss.half_slip",
            Self::Half { .. } => "loss.half",
            Self::Vouchering { .. } => "loss.vouchering",
            Self::Referring { .. } => "loss.referring",
            Self::Closed { .. } => "loss.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::Accepted { .. })
    }

    /// One of two systems has done its part.
    #[must_use]
    pub fn half_done(&self) -> Option<&Message> {
        if let Self::HalfSlip { message, .. } | Self::Half { message, .. } = self { Some(message) } else { None }
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
        match self {
            Self::Reviewing { subject }
            | Self::Reserving { subject }
            | Self::Settling { subject, .. }
            | Self::HalfSlip { subject, .. }
            | Self::Half { subject, .. }
            | Self::Vouchering { subject, .. } => Some(subject),
            Self::Closed { last: Last::Subject(subject) | Last::Reported(subject, _), .. } => Some(subject),
            Self::Identifying { .. }
            | Self::Choosing { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Referring { .. }
            | Self::Closed { .. } => None,
        }
    }

    fn asked(&self) -> Option<&Asked> {
        if let Self::Finding { asked } | Self::AcceptedSlip { asked, .. } | Self::Accepted { asked, .. } | Self::Referring { asked, .. } =
            self
        {
            return Some(asked);
        }
        self.subject().map(|subject| &subject.asked)
    }

    pub(super) fn who(&self) -> Option<&Identified> {
        if let Self::Choosing { who } = self { Some(who) } else { self.asked().map(|asked| &asked.who) }
    }

    fn number(&self) -> Option<&CentreNumber> {
        if let Self::Vouchering { number, .. } | Self::Closed { last: Last::Reported(_, number), .. } = self { Some(number) } else { None }
    }
}

const TOLD: &str = "已告知：交通功能不能挂失，余额不能退还";

/// 人社功能、金融功能
fn names(functions: &[Function]) -> String {
    functions.iter().map(|function| function.label()).collect::<Vec<_>>().join("、")
}

fn chosen(values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    let ticked = |id: &str| values.iter().any(|(field, value)| field == id && matches!(value.trim(), "true" | "1" | "on" | "yes"));
    if !ticked("told") {
        return Err(Message::new(Code::FieldRequired).with("field", TOLD));
    }
    let functions: Vec<Function> = [("social_security", Function::SocialSecurity), ("bank", Function::Bank)]
        .into_iter()
        .filter(|(id, _)| ticked(id))
        .map(|(_, function)| function)
        .collect();
    loss::chosen(cx.rules, cx.header.service, &functions)?;
    Ok(Fact::FunctionsChosen { functions })
}

fn known(asked: &Asked, person: Box<PersonFacts>, cx: &Cx<'_>) -> Result<Fact, Message> {
    let facts = loss::Facts { outlet: &cx.header.outlet, clerk: cx.operator, at: local(cx.now), person: &person };
    Ok(match loss::report(cx.rules, facts, &asked.functions) {
        Ok(loss::Report { card_no, functions, told }) => Fact::PersonKnown {
            person,
            terms: PersonTerms::Loss(LossTerms { card_no, functions, told }),
            authorise: None,
            moment: cx.moment(),
        },
        Err(reasons) => super::no(all(reasons)),
    })
}

fn inquire(asked: &Asked, cx: &Cx<'_>) -> Effect {
    let number = asked.who.papers.number.number.clone();
    Effect::Inquire { lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number }, inquiry: Inquiry::Functions }
}

fn confirm(reservation: &Reservation, cx: &Cx<'_>) -> Effect {
    Effect::Confirm { request: cx.request("confirm", 1), reservation: reservation.number.clone(), settlement: Settlement::Act }
}
