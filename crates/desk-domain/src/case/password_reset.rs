//! S-17 密码重置: the decision tree first, then the guardian's identity, then the centre resets. Nobody here sees, types or
//! prints a password.

use chrono::{DateTime, Utc};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Authorisation, Fact, Leads, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, when},
};
use crate::{
    card::CardImage,
    claim::{Claim, Reservation, Settlement},
    code::Message,
    id::CentreNumber,
    mask,
    money::Fen,
    password_reset::{TreeStep, next as tree},
    person::{Lookup, PersonFacts},
    ruleset::Level,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordReset {
    Tree {
        answers: Vec<(String, String)>,
    },
    /// The slip that says who does it instead.
    Referring {
        message: Message,
    },
    Identifying {
        identity: Identity,
    },
    Finding {
        who: Identified,
    },
    AcceptedSlip {
        who: Identified,
        at: DateTime<Utc>,
    },
    Accepted {
        who: Identified,
        at: DateTime<Utc>,
    },
    Confirming {
        subject: Subject,
        level: Option<Level>,
    },
    Authorising {
        subject: Subject,
        level: Level,
    },
    Reserving {
        subject: Subject,
    },
    Settling {
        subject: Subject,
        reservation: Reservation,
    },
    Slip {
        subject: Subject,
        number: CentreNumber,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// Whose password, and who asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub who: Identified,
    pub person: Box<PersonFacts>,
    words: String,
    warning: Option<Message>,
    /// A reset done by another channel after this moment is not overwritten.
    accepted_at: DateTime<Utc>,
    authorisation: Option<Authorisation>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Referred(Message),
    Subject(Box<Subject>),
    Reset(Box<Subject>, CentreNumber),
}

const STEPS: &[&str] = &["问清情况", "核验身份", "核对登记", "中心重置", "打印回执"];

impl PasswordReset {
    #[must_use]
    pub fn begin() -> Self {
        Self::Tree { answers: Vec::new() }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tree { answers } => match tree(cx.rules, None, answers) {
                Ok(TreeStep::Ask(question)) => {
                    let asked = Question::new(
                        format!("tree.{}", question.id),
                        question.title,
                        Ask::Choice { options: Choice::numbered(question.options.into_iter().map(|option| (option.id, option.label))) },
                    );
                    match question.help {
                        Some(help) => asked.help(help).into(),
                        None => asked.into(),
                    }
                }
                Ok(TreeStep::Reset) => Question::new("tree", "办理密码重置", Ask::Go { label: "核验身份".to_owned() }).into(),
                Ok(TreeStep::Refer(message)) => Next::Ended(Ending::Referred { message }),
                Err(message) => Next::Ended(Ending::Refused { message }),
            },
            Self::Referring { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            Self::Identifying { identity } => identity.next(cx),
            Self::Finding { who } => match cx.header.line {
                LineMode::Online => Next::Do(find(who, cx)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    "离线：密码现在不能重置",
                    Ask::Choice {
                        options: Choice::numbered([("hotline", "请家长拨打热线或改日再来"), ("accept", "离线受理，线路恢复后由中心重置")]),
                    },
                )
                .help("受理后如家长已通过其他途径改过密码，本次受理不再重置。")
                .into(),
            },
            Self::AcceptedSlip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::Accepted { who, .. } => {
                if cx.online {
                    Next::Do(find(who, cx))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Confirming { subject, .. } => {
                let mut question = Question::new("confirm", "确认重置密码", Ask::Go { label: "重置为初始密码".to_owned() });
                if let Some(warning) = &subject.warning {
                    question = question.help(warning.text());
                }
                question.into()
            }
            Self::Authorising { subject, level } => Question::new(
                "authorise",
                format!("重置密码须{}授权", level.label()),
                Ask::Authorise {
                    level: *level,
                    amount: Fen::ZERO,
                    reason: subject.warning.as_ref().map(Message::text).unwrap_or_default(),
                },
            )
            .into(),
            Self::Reserving { subject } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::PasswordReset {
                    cell: subject.person.cell.clone(),
                    programme: cx.header.programme.clone(),
                    person: subject.person.person.clone(),
                    accepted_at: subject.accepted_at,
                },
                authorisation: subject.authorisation.as_ref().map(|given| given.number.clone()),
            }),
            Self::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::PasswordReset,
            }),
            Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tree { answers }, Input::Answer(answer)) => Self::answer(answers, answer, cx),
            (Self::Referring { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (
                Self::Identifying { .. }
                | Self::Finding { .. }
                | Self::Accepted { .. }
                | Self::Confirming { .. }
                | Self::Authorising { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity }, input) => identity.decide(input, cx),
            (Self::Finding { .. }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "accept" => {
                    cx.room_to_accept()?;
                    Ok(Fact::AcceptedOffline { at: cx.now, card_kept: false })
                }
                "hotline" => Ok(Fact::Referred {
                    message: crate::offline::step_refused(cx.rules, cx.header.service, crate::offline::Step::ResetPassword),
                }),
                _ => Err(stale()),
            },
            (Self::Finding { .. } | Self::Accepted { .. }, Input::Outcome(Outcome::PersonFound { person })) => {
                Ok(match cx.password_reset(&person) {
                    Ok(terms) => Fact::PersonKnown {
                        authorise: terms.authorise.as_ref().map(|(level, _)| *level),
                        terms: PersonTerms::PasswordReset { words: terms.words, warning: terms.authorise.map(|(_, warning)| warning) },
                        person,
                        moment: cx.moment(),
                    },
                    Err(message) => Fact::Refused { message },
                })
            }
            (
                Self::Finding { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => Ok(Fact::Refused { message }),
            (Self::AcceptedSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::Confirming { level, .. }, Input::Answer(Answer::Go)) => {
                Ok(Fact::Agreed { authorise: *level, identify: false, moment: cx.moment() })
            }
            (Self::Authorising { .. }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, Fen::ZERO)
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn answer(answers: &[(String, String)], answer: Answer, cx: &Cx<'_>) -> Result<Fact, Message> {
        let asked = tree(cx.rules, None, answers)?;
        if answer == Answer::Cancel {
            return Ok(Fact::Cancelled);
        }
        match (asked, answer) {
            (TreeStep::Ask(question), Answer::Choose { option }) => {
                let given = [answers, &[(question.id.clone(), option.clone())]].concat();
                let leads = match tree(cx.rules, None, &given)? {
                    TreeStep::Ask(_) => Leads::On,
                    TreeStep::Refer(message) => Leads::Refer { message },
                    TreeStep::Reset => Leads::Through,
                };
                Ok(Fact::TreeAnswered { question: question.id, option, leads })
            }
            (TreeStep::Reset, Answer::Go) => {
                Ok(Fact::TreeAnswered { question: String::new(), option: String::new(), leads: Leads::Through })
            }
            (TreeStep::Ask(_) | TreeStep::Reset | TreeStep::Refer(_), _) => Err(stale()),
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
            (Self::Tree { mut answers }, Fact::TreeAnswered { question, option, leads }) => match leads {
                Leads::On => {
                    answers.push((question, option));
                    Self::Tree { answers }
                }
                Leads::Refer { message } => Self::Referring { message },
                Leads::Through => Self::Identifying { identity: Identity::begin() },
            },
            (Self::Referring { message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Referred(message.clone()), ending: Ending::Referred { message } }
            }
            (Self::Identifying { identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => Self::Identifying { identity },
                IdentityStep::Done(who) => Self::Finding { who },
            },
            (Self::Finding { who }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { who, at },
            (Self::AcceptedSlip { who, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { who, at },
            (
                Self::Finding { who },
                Fact::PersonKnown { person, terms: PersonTerms::PasswordReset { words, warning }, authorise, moment },
            ) => Self::Confirming {
                subject: Subject { who, person, words, warning, accepted_at: moment.at, authorisation: None },
                level: authorise,
            },
            (
                Self::Accepted { who, at },
                Fact::PersonKnown { person, terms: PersonTerms::PasswordReset { words, warning }, authorise, .. },
            ) => {
                let subject = Subject { who, person, words, warning, accepted_at: at, authorisation: None };
                Self::agreed(subject, authorise)
            }
            (Self::Confirming { mut subject, .. }, Fact::Agreed { authorise, moment, .. }) => {
                subject.accepted_at = moment.at;
                Self::agreed(subject, authorise)
            }
            (Self::Authorising { mut subject, .. }, Fact::Authorised { authorisation, .. }) => {
                subject.authorisation = Some(authorisation);
                Self::Reserving { subject }
            }
            (Self::Reserving { subject }, Fact::Reserved { reservation, .. }) => Self::Settling { subject, reservation },
            (Self::Settling { subject, .. }, Fact::Confirmed { number, .. }) => Self::Slip { subject, number },
            (Self::Slip { subject, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Reset(Box::new(subject), number), ending: Ending::Done }
            }
            (Self::Tree { .. } | Self::Identifying { .. } | Self::Finding { .. } | Self::Accepted { .. }, fact) => {
                close(Last::Nothing, fact)?
            }
            (
                Self::Confirming { subject, .. }
                | Self::Authorising { subject, .. }
                | Self::Reserving { subject }
                | Self::Settling { subject, .. },
                fact,
            ) => close(Last::Subject(Box::new(subject)), fact)?,
            (Self::Referring { .. } | Self::AcceptedSlip { .. } | Self::Slip { .. } | Self::Closed { .. }, _) => return Err(misplaced()),
        })
    }

    fn agreed(subject: Subject, level: Option<Level>) -> Self {
        match level {
            Some(level) => Self::Authorising { subject, level },
            None => Self::Reserving { subject },
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tree { .. } => "reset.tree",
            Self::Referring { .. } => "reset.referring",
            Self::Identifying { .. } => "reset.identifying",
            Self::Finding { .. } => "reset.finding",
            Self::AcceptedSlip { .. } => "reset.accepted_slip",
            Self::Accepted { .. } => "reset.accepted",
            Self::Confirming { .. } => "reset.confirming",
            Self::Authorising { .. } => "reset.authorising",
            Self::Reserving { .. } => "reset.reserving",
            Self::Settling { .. } => "reset.settling",
            Self::Slip { .. } => "reset.slip",
            Self::Closed { .. } => "reset.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::Accepted { .. })
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
            Self::Confirming { subject, .. }
            | Self::Authorising { subject, .. }
            | Self::Reserving { subject }
            | Self::Settling { subject, .. }
            | Self::Slip { subject, .. } => Some(subject),
            Self::Closed { last, .. } => match last {
                Last::Subject(subject) | Last::Reset(subject, _) => Some(subject),
                Last::Nothing | Last::Referred(_) => None,
            },
            Self::Tree { .. }
            | Self::Referring { .. }
            | Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. } => None,
        }
    }

    pub(super) fn who(&self) -> Option<&Identified> {
        match self {
            Self::Finding { who } | Self::AcceptedSlip { who, .. } | Self::Accepted { who, .. } => Some(who),
            Self::Tree { .. }
            | Self::Referring { .. }
            | Self::Identifying { .. }
            | Self::Confirming { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Slip { .. }
            | Self::Closed { .. } => self.subject().map(|subject| &subject.who),
        }
    }

    fn number(&self) -> Option<&CentreNumber> {
        match self {
            Self::Slip { number, .. } | Self::Closed { last: Last::Reset(_, number), .. } => Some(number),
            Self::Tree { .. }
            | Self::Referring { .. }
            | Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Confirming { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Closed { .. } => None,
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tree { .. } | Self::Referring { .. } => 0,
            Self::Identifying { .. } => 1,
            Self::Finding { .. } | Self::AcceptedSlip { .. } | Self::Accepted { .. } | Self::Confirming { .. } => 2,
            Self::Authorising { .. } | Self::Reserving { .. } | Self::Settling { .. } => 3,
            Self::Slip { .. } => 4,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = self.who().map(Identified::strip).unwrap_or_default();
        if let Some(subject) = self.subject() {
            strip.insert(0, Shown::plain("姓名", mask::name(&subject.person.name)));
            if !subject.person.school.is_empty() {
                strip.push(Shown::plain("学校", subject.person.school.clone()));
            }
            if let Some(phone) = &subject.person.guardian_phone {
                strip.push(Shown::plain("第一监护人手机", phone.clone()));
            }
        }
        let mut result = Vec::new();
        let mut say = None;
        if let (Some(number), Some(subject)) = (self.number(), self.subject()) {
            result.push(Shown::toned("密码", "已重置为初始密码", Tone::Good));
            result.push(Shown::plain("初始密码", subject.words.clone()));
            result.push(Shown::plain("中心确认号", confirmation(number)));
            say = Some(format!("密码已重置，初始密码是{}，首次登录请立即修改。", subject.words));
        } else if self.waits_for_line() {
            say = Some("离线受理，尚未生效；请保留回执。".to_owned());
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say,
            result,
            give_back: self.who().map(|_| vec!["证件原件".to_owned()]).unwrap_or_default(),
            remark: self.subject().and_then(|subject| subject.warning.clone()),
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let Some(subject) = self.subject() {
            facts.pair("姓名", mask::name(&subject.person.name));
        }
        if let Some(who) = self.who() {
            who.on_paper(&mut facts);
        }
        match paper {
            Paper::Voucher => {
                if let Some(subject) = self.subject() {
                    facts.pair("办理结果", "密码已重置为初始密码");
                    facts.pair("初始密码", subject.words.clone());
                    if let Some(given) = &subject.authorisation {
                        facts.pair("授权人工号", given.by.to_string());
                    }
                }
                if let Some(number) = self.number() {
                    facts.pair("中心确认号", confirmation(number));
                }
                facts.texts.push("password.slip");
                facts.signature = Some("监护人签字".to_owned());
            }
            Paper::AcceptanceSlip => {
                if let Self::AcceptedSlip { at, .. } | Self::Accepted { at, .. } = self {
                    facts.pair("受理时间", when(*at));
                }
                facts.texts.push("offline.slip");
                facts.signature = Some("监护人签字".to_owned());
            }
            Paper::GuidanceSlip => {
                if let Self::Referring { message } | Self::Closed { last: Last::Referred(message), .. } = self {
                    facts.line(message.text());
                }
                facts.texts.push("password.guidance");
            }
            Paper::Receipt
            | Paper::RefundVoucher
            | Paper::PendingSlip
            | Paper::BagLabel
            | Paper::Reversal
            | Paper::OneTimeNotice
            | Paper::ErrorList => {}
        }
        facts
    }
}

fn find(who: &Identified, cx: &Cx<'_>) -> Effect {
    Effect::FindPerson { lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number: who.papers.number.number.clone() } }
}
