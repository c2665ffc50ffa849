//! A card in the hand goes back into use, or back to its holder: S-16 解挂 through the channel of the report, and the return of
//! a found card (S-29). The holder shows a document, the card is tapped, the centre does the rest; nothing is written.

use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Service, Writing,
    context::{Cx, all, local, stale},
    fact::{Fact, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, function, masked_card},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    found,
    id::CentreNumber,
    inquiry::{Inquired, Inquiry},
    loss, mask,
    person::{Lookup, PersonFacts},
};

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Release,
    Found,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandBack {
    purpose: Purpose,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "few live at a time, and a box would hide what a state holds")]
enum At {
    Identifying {
        identity: Identity,
    },
    /// Is the card here?
    Asking {
        who: Identified,
    },
    Tapping {
        who: Identified,
    },
    Finding {
        tapped: Tapped,
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
    Referring {
        tapped: Tapped,
        message: Message,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tapped {
    who: Identified,
    card: CardImage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    tapped: Tapped,
    person: Box<PersonFacts>,
    terms: HandBackTerms,
}

/// What the rules said, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBackTerms {
    /// What stands against using the card although it goes back to its holder.
    pub warning: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    Nothing,
    Referred(Tapped, Message),
    Subject(Box<Subject>),
    Done(Box<Subject>, CentreNumber),
}

const STEPS: &[&str] = &["核验身份", "读卡", "核对状态", "中心确认", "打印凭证"];

impl HandBack {
    #[must_use]
    pub fn begin(purpose: Purpose) -> Self {
        Self { purpose, at: At::Identifying { identity: Identity::begin() } }
    }

    #[must_use]
    pub fn service(&self) -> Service {
        match self.purpose {
            Purpose::Release => Service::LossRelease,
            Purpose::Found => Service::FoundCardBack,
        }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match &self.at {
            At::Identifying { identity } => identity.next(cx),
            At::Asking { .. } => Question::new(
                "card_here",
                match self.purpose {
                    Purpose::Release => "持卡人带了要解挂的原卡吗？",
                    Purpose::Found => "从袋中取出该卡了吗？",
                },
                Ask::Choice { options: Choice::numbered([("here", "卡在这里"), ("absent", "没有卡")]) },
            )
            .into(),
            At::Tapping { .. } => Next::Do(Effect::ReadCard { expect: None }),
            At::Finding { tapped } => {
                let number = tapped.who.papers.number.number.clone();
                Next::Do(Effect::Inquire {
                    lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number },
                    inquiry: Inquiry::Functions,
                })
            }
            At::Reviewing { subject } => {
                let tail = subject.tapped.card.card_no.tail();
                let (title, label) = match self.purpose {
                    Purpose::Release => (format!("解挂卡尾号 {tail}，恢复使用"), "持卡人确认，办理解挂"),
                    Purpose::Found => (format!("把卡尾号 {tail} 交还持卡人"), "持卡人确认，交还"),
                };
                let question = Question::new("review", title, Ask::Go { label: label.to_owned() });
                match &subject.terms.warning {
                    Some(warning) => question.help(warning.text()).into(),
                    None => question.into(),
                }
            }
            At::Reserving { subject } => {
                let person = subject.person.person.clone();
                let card = subject.tapped.card.clone();
                Next::Do(Effect::Reserve {
                    request: cx.request("reserve", 1),
                    claim: Claim::Act {
                        cell: subject.person.cell.clone(),
                        programme: cx.header.programme.clone(),
                        act: match self.purpose {
                            Purpose::Release => CentreAct::ReleaseLoss { person, card },
                            Purpose::Found => CentreAct::HandBack { person, card },
                        },
                    },
                    authorisation: None,
                })
            }
            At::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            At::HalfSlip { .. } => Next::Do(Effect::Print { paper: Paper::PendingSlip }),
            At::Half { message, .. } => Question::new(
                "half",
                "银行已解挂，等待人社系统同步",
                Ask::Choice { options: Choice::numbered([("again", "再查一次人社状态")]) },
            )
            .help(message.text())
            .into(),
            At::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            At::Referring { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            At::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (&self.at, input) {
            (
                At::Identifying { .. } | At::Asking { .. } | At::Tapping { .. } | At::Finding { .. } | At::Reviewing { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (At::Identifying { identity }, input) => identity.decide(input, cx),
            (At::Asking { .. }, Input::Answer(Answer::Choose { option })) => match option.as_str() {
                "here" => Ok(Fact::TreeAnswered { question: "card_here".to_owned(), option, leads: super::fact::Leads::On }),
                "absent" => Err(cx.refuse(Code::CardNotPresent)),
                _ => Err(stale()),
            },
            (At::Tapping { .. }, Input::Outcome(Outcome::CardRead { card })) => {
                if card.blank || !cx.rules.owns(&card) {
                    return Err(cx.refuse(Code::ProfileMismatch));
                }
                Ok(Fact::CardRead { card })
            }
            (At::Finding { tapped }, Input::Outcome(Outcome::Inquired { person, found: Inquired::Functions })) => {
                Ok(self.known(tapped, person, cx))
            }
            (
                At::Finding { .. } | At::Reserving { .. } | At::Settling { .. } | At::Half { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => {
                if message.code == Code::ReleaseNotSynced {
                    return Ok(Fact::HalfDone { message });
                }
                super::final_refusal(message)
            }
            (At::Reviewing { .. }, Input::Answer(Answer::Go)) => Ok(Fact::Agreed { authorise: None, identify: false, moment: cx.moment() }),
            (At::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (At::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (At::HalfSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::PendingSlip, outcome),
            (At::Half { .. }, Input::Answer(Answer::Choose { option })) if option == "again" => {
                Ok(Fact::AskedAgain { moment: cx.moment() })
            }
            (At::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (At::Referring { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn known(&self, tapped: &Tapped, person: Box<PersonFacts>, cx: &Cx<'_>) -> Fact {
        let facts = loss::Facts { outlet: &cx.header.outlet, clerk: cx.operator, at: local(cx.now), person: &person };
        let decided = match self.purpose {
            Purpose::Release => loss::release(cx.rules, facts, &tapped.card).map(|_| None),
            Purpose::Found => found::back(cx.rules, facts, &tapped.card),
        };
        match decided {
            Ok(warning) => {
                Fact::PersonKnown { person, terms: PersonTerms::HandBack(HandBackTerms { warning }), authorise: None, moment: cx.moment() }
            }
            Err(reasons) => super::no(all(reasons)),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        let close = |last, fact| super::ending_of(fact).map(|ending| At::Closed { last, ending }).ok_or_else(misplaced);
        let purpose = self.purpose;
        let at = match (self.at, fact) {
            (At::Identifying { identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => At::Identifying { identity },
                IdentityStep::Done(who) => At::Asking { who },
            },
            (At::Asking { who }, Fact::TreeAnswered { .. }) => At::Tapping { who },
            (At::Tapping { who }, Fact::CardRead { card }) => At::Finding { tapped: Tapped { who, card } },
            (At::Finding { tapped }, Fact::PersonKnown { person, terms: PersonTerms::HandBack(terms), .. }) => {
                At::Reviewing { subject: Subject { tapped, person, terms } }
            }
            (At::Finding { tapped }, Fact::Referred { message }) => At::Referring { tapped, message },
            (At::Referring { tapped, message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                At::Closed { last: Last::Referred(tapped, message.clone()), ending: Ending::Referred { message } }
            }
            (At::Reviewing { subject }, Fact::Agreed { .. }) => At::Reserving { subject },
            (At::Reserving { subject }, Fact::Reserved { reservation, .. }) => At::Settling { subject, reservation },
            (At::Settling { subject, reservation }, Fact::HalfDone { message }) => At::HalfSlip { subject, reservation, message },
            (At::HalfSlip { subject, reservation, message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                At::Half { subject, reservation, message }
            }
            (At::Half { subject, reservation, .. }, Fact::AskedAgain { .. }) => At::Settling { subject, reservation },
            (At::Settling { subject, .. }, Fact::Confirmed { number, .. }) => At::Vouchering { subject, number },
            (At::Vouchering { subject, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                At::Closed { last: Last::Done(Box::new(subject), number), ending: Ending::Done }
            }
            (At::Identifying { .. } | At::Asking { .. } | At::Tapping { .. } | At::Finding { .. }, fact) => close(Last::Nothing, fact)?,
            (At::Reviewing { subject } | At::Reserving { subject } | At::Settling { subject, .. }, fact) => {
                close(Last::Subject(Box::new(subject)), fact)?
            }
            (At::HalfSlip { .. } | At::Half { .. } | At::Vouchering { .. } | At::Referring { .. } | At::Closed { .. }, _) => {
                return Err(misplaced());
            }
        };
        Ok(Self { purpose, at })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.at {
            At::Identifying { .. } => "hand_back.identifying",
            At::Asking { .. } => "hand_back.asking",
            At::Tapping { .. } => "hand_back.tapping",
            At::Finding { .. } => "hand_back.finding",
            At::Reviewing { .. } => "hand_back.reviewing",
            At::Reserving { .. } => "hand_back.reserving",
            At::Settling { .. } => "hand_back.settling",
            At::HalfSlip { .. } => "hand_back.half_slip",
            At::Half { .. } => "hand_back.half",
            At::Vouchering { .. } => "hand_back.vouchering",
            At::Referring { .. } => "hand_back.referring",
            At::Closed { .. } => "hand_back.closed",
        }
    }

    /// One of two systems has done its part.
    #[must_use]
    pub fn half_done(&self) -> Option<&Message> {
        if let At::HalfSlip { message, .. } | At::Half { message, .. } = &self.at { Some(message) } else { None }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        self.tapped().map(|tapped| &tapped.card)
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        match &self.at {
            At::Reviewing { subject }
            | At::Reserving { subject }
            | At::Settling { subject, .. }
            | At::HalfSlip { subject, .. }
            | At::Half { subject, .. }
            | At::Vouchering { subject, .. } => Some(subject),
            At::Closed { last: Last::Subject(subject) | Last::Done(subject, _), .. } => Some(subject),
            At::Identifying { .. }
            | At::Asking { .. }
            | At::Tapping { .. }
            | At::Finding { .. }
            | At::Referring { .. }
            | At::Closed { .. } => None,
        }
    }

    fn tapped(&self) -> Option<&Tapped> {
        if let At::Finding { tapped } | At::Referring { tapped, .. } | At::Closed { last: Last::Referred(tapped, _), .. } = &self.at {
            return Some(tapped);
        }
        self.subject().map(|subject| &subject.tapped)
    }

    fn who(&self) -> Option<&Identified> {
        if let At::Asking { who } | At::Tapping { who } = &self.at { Some(who) } else { self.tapped().map(|tapped| &tapped.who) }
    }

    fn number(&self) -> Option<&CentreNumber> {
        if let At::Vouchering { number, .. } | At::Closed { last: Last::Done(_, number), .. } = &self.at { Some(number) } else { None }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match &self.at {
            At::Identifying { .. } => 0,
            At::Asking { .. } | At::Tapping { .. } => 1,
            At::Finding { .. } | At::Reviewing { .. } | At::Referring { .. } => 2,
            At::Reserving { .. } | At::Settling { .. } | At::HalfSlip { .. } | At::Half { .. } => 3,
            At::Vouchering { .. } => 4,
            At::Closed { .. } => STEPS.len(),
        };
        let mut strip = self.who().map(Identified::strip).unwrap_or_default();
        if let Some(tapped) = self.tapped() {
            strip.push(Shown::plain("卡号", masked_card(&tapped.card.card_no)));
        }
        let mut remark = self.half_done().cloned();
        if let Some(subject) = self.subject() {
            strip.insert(0, Shown::plain("姓名", mask::name(&subject.person.name)));
            let card = subject.person.cards.iter().find(|card| card.card_no == subject.tapped.card.card_no);
            strip.extend(card.into_iter().flat_map(|card| card.functions.iter().map(function)));
            remark = remark.or_else(|| subject.terms.warning.clone());
        }
        let mut result = Vec::new();
        if let Some(number) = self.number() {
            result.push(Shown::toned("办理结果", self.done(), Tone::Good));
            result.push(Shown::plain("中心确认号", confirmation(number)));
        }
        let mut give_back = Vec::new();
        if self.who().is_some() {
            give_back.push("证件原件".to_owned());
        }
        if self.tapped().is_some() {
            give_back.push("客户的卡".to_owned());
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.number().map(|_| format!("{}。", self.done())),
            result,
            give_back,
            remark,
        }
    }

    fn done(&self) -> &'static str {
        match self.purpose {
            Purpose::Release => "已解挂，恢复使用",
            Purpose::Found => "已交还持卡人",
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
        if let Some(tapped) = self.tapped() {
            facts.pair("卡号", mask::card_on_paper(tapped.card.card_no.as_str()));
        }
        match paper {
            Paper::Voucher => {
                facts.pair("办理结果", self.done());
                if let Some(number) = self.number() {
                    facts.pair("中心确认号", confirmation(number));
                }
                if let Some(warning) = self.subject().and_then(|subject| subject.terms.warning.as_ref()) {
                    facts.line(warning.text());
                }
                facts.signature = Some("持卡人签字".to_owned());
            }
            Paper::PendingSlip => {
                facts.pair("银行状态", "已解挂");
                facts.pair("人社状态", "未同步");
                if let Some(message) = self.half_done() {
                    facts.line(message.text());
                }
                facts.signature = Some("持卡人签字".to_owned());
            }
            Paper::GuidanceSlip => {
                if let At::Referring { message, .. } | At::Closed { last: Last::Referred(_, message), .. } = &self.at {
                    facts.pair("答复", message.text());
                }
                facts.texts.push("loss.lines");
            }
            Paper::Receipt | Paper::RefundVoucher | Paper::AcceptanceSlip | Paper::BagLabel | Paper::OneTimeNotice => {}
        }
        facts
    }
}
