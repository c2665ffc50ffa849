//! A card in the hand goes back into use, to its holder, or out of use: S-16 解挂 through the channel of the report, the return of
//! a found card (S-29), a made card that is picked up (S-23), a card that is given up (S-22). The holder shows a document, the
//! card is tapped, the centre does the rest; nothing is written but the validity of a new card.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Service, Writing,
    context::{Cx, all, local, stale},
    fact::{Fact, Misplaced, PersonTerms},
    first_validation::{FirstStep, FirstValidation},
    identity::{Identified, Identity, IdentityStep},
    keeping::{Kept, KeptFor},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, day, function, masked_card},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    closing::{self, Reason},
    code::{Code, Message},
    found,
    id::CentreNumber,
    inquiry::{Inquired, Inquiry},
    loss, mask, order,
    person::{Lookup, PersonFacts},
};

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Release,
    Found,
    PickUp,
    Return,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandBack {
    purpose: Purpose,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
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
        reason: Option<Reason>,
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
    /// The new card is validated before the holder gets it.
    Validating {
        subject: Subject,
        number: CentreNumber,
        validation: FirstValidation,
    },
    /// A card that was given up goes into its bag.
    Bagging {
        subject: Subject,
        number: CentreNumber,
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
    /// Why it is given up, where it is.
    reason: Option<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    tapped: Tapped,
    person: Box<PersonFacts>,
    terms: HandBackTerms,
    /// Until when the new card was validated.
    validated: Option<NaiveDate>,
    /// Why it left without validation.
    left: Option<Message>,
}

/// What the rules said, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBackTerms {
    /// What stands against using the card although it goes back to its holder.
    pub warning: Option<Message>,
    /// The order under which the card was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CentreNumber>,
    /// The card stays here.
    #[serde(default)]
    pub stays: bool,
    /// The new card is validated before it is handed over.
    #[serde(default)]
    pub validate: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    Nothing,
    Referred(Tapped, Message),
    Subject(Box<Subject>),
    Done(Box<Subject>, CentreNumber),
}

const HERE: [(&str, &str); 2] = [("here", "卡在这里"), ("absent", "没有卡")];
const STEPS: &[&str] = &["核验身份", "读卡", "核对状态", "中心确认", "打印凭证"];
const STEPS_VALIDATED: &[&str] = &["核验身份", "读卡", "核对状态", "中心确认", "增效", "打印凭证"];

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
            Purpose::PickUp => Service::PickUp,
            Purpose::Return => Service::CardReturn,
        }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match &self.at {
            At::Identifying { identity } => identity.next(cx),
            At::Asking { .. } => {
                let (title, options) = match self.purpose {
                    Purpose::Release => ("持卡人带了要解挂的原卡吗？", HERE.to_vec()),
                    Purpose::Found => ("从袋中取出该卡了吗？", HERE.to_vec()),
                    Purpose::PickUp => ("从卡盒取出待领的卡了吗？", HERE.to_vec()),
                    Purpose::Return => {
                        let reasons = Reason::ALL.iter().map(|reason| (reason.as_str(), reason.label()));
                        ("为什么退卡？卡要交回网点", reasons.chain([("absent", "没有带卡")]).collect())
                    }
                };
                Question::new("card_here", title, Ask::Choice { options: Choice::numbered(options) }).into()
            }
            At::Tapping { .. } => Next::Do(Effect::ReadCard { expect: None }),
            At::Finding { tapped } => {
                let number = tapped.who.papers.number.number.clone();
                Next::Do(Effect::Inquire {
                    lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number },
                    inquiry: match self.purpose {
                        Purpose::Release | Purpose::Found => Inquiry::Functions,
                        Purpose::PickUp => Inquiry::Orders,
                        Purpose::Return => Inquiry::Closing,
                    },
                })
            }
            At::Reviewing { subject } => {
                let tail = subject.tapped.card.card_no.tail();
                let (title, label) = match self.purpose {
                    Purpose::Release => (format!("解挂卡尾号 {tail}，恢复使用"), "持卡人确认，办理解挂"),
                    Purpose::Found => (format!("把卡尾号 {tail} 交还持卡人"), "持卡人确认，交还"),
                    Purpose::PickUp => (format!("启用卡尾号 {tail} 并交给持卡人"), "持卡人确认，启用新卡"),
                    Purpose::Return if subject.terms.stays => (format!("注销卡尾号 {tail}，卡片由网点收回"), "持卡人确认，注销"),
                    Purpose::Return => (format!("关闭卡尾号 {tail} 的交通功能"), "持卡人确认，关闭"),
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
                            Purpose::PickUp => CentreAct::HandOver {
                                person,
                                order: subject.terms.order.clone().unwrap_or_else(|| CentreNumber::new("")),
                                card,
                            },
                            Purpose::Return => CentreAct::CloseCard { person, card, reason: subject.tapped.reason.unwrap_or(Reason::Wish) },
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
            At::Validating { subject, validation, .. } => validation.next(&subject.tapped.card, &subject.person.cell, cx),
            At::Bagging { .. } => Next::Do(Effect::Print { paper: Paper::BagLabel }),
            At::Half { message, .. } => Question::new(
                "half",
                match self.purpose {
                    Purpose::PickUp => "新卡已启用，等待人社系统平移",
                    Purpose::Release | Purpose::Found | Purpose::Return => "银行已解挂，等待人社系统同步",
                },
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
                reason if Reason::ALL.iter().any(|known| known.as_str() == reason) => {
                    Ok(Fact::TreeAnswered { question: "reason".to_owned(), option, leads: super::fact::Leads::On })
                }
                _ => Err(stale()),
            },
            (At::Tapping { .. }, Input::Outcome(Outcome::CardRead { card })) => {
                if card.blank || !cx.rules.owns(&card) {
                    return Err(cx.refuse(Code::ProfileMismatch));
                }
                Ok(Fact::CardRead { card })
            }
            (At::Finding { tapped }, Input::Outcome(Outcome::Inquired { person, found })) => Ok(self.known(tapped, person, &found, cx)),
            (
                At::Finding { .. } | At::Reserving { .. } | At::Settling { .. } | At::Half { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => {
                if matches!(message.code, Code::ReleaseNotSynced | Code::HrMigrationPending) {
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
            (At::Validating { subject, validation, .. }, input) => validation.decide(&subject.tapped.card, input, cx),
            (At::HalfSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::PendingSlip, outcome),
            (At::Bagging { .. }, Input::Outcome(outcome)) => super::printed(Paper::BagLabel, outcome),
            (At::Half { .. }, Input::Answer(Answer::Choose { option })) if option == "again" => {
                Ok(Fact::AskedAgain { moment: cx.moment() })
            }
            (At::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (At::Referring { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn known(&self, tapped: &Tapped, person: Box<PersonFacts>, found: &Inquired, cx: &Cx<'_>) -> Fact {
        let facts = loss::Facts { outlet: &cx.header.outlet, clerk: cx.operator, at: local(cx.now), person: &person };
        let garbled = || vec![Message::new(Code::CentreGarbled)];
        let back = |warning| HandBackTerms { warning, order: None, stays: false, validate: false };
        let validate = cx.rules.validity.as_ref().is_some_and(|rule| rule.new_card);
        let decided = match (self.purpose, found) {
            (Purpose::Release, _) => loss::release(cx.rules, facts, &tapped.card).map(|_| back(None)),
            (Purpose::Found, _) => found::back(cx.rules, facts, &tapped.card).map(back),
            (Purpose::PickUp, Inquired::Orders { orders, .. }) => order::hand_over(cx.rules, facts, orders, &tapped.card)
                .map(|(order, warning)| HandBackTerms { order: Some(order), validate, ..back(warning) }),
            (Purpose::Return, Inquired::Closing { loans }) => closing::close(cx.rules, facts, &tapped.card, *loans)
                .map(|warning| HandBackTerms { stays: warning.is_none(), ..back(warning) }),
            (Purpose::PickUp | Purpose::Return, _) => Err(garbled()),
        };
        match decided {
            Ok(terms) => Fact::PersonKnown { person, terms: PersonTerms::HandBack(terms), authorise: None, moment: cx.moment() },
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
            (At::Asking { who }, Fact::TreeAnswered { option, .. }) => {
                At::Tapping { who, reason: Reason::ALL.into_iter().find(|reason| reason.as_str() == option) }
            }
            (At::Tapping { who, reason }, Fact::CardRead { card }) => At::Finding { tapped: Tapped { who, card, reason } },
            (At::Finding { tapped }, Fact::PersonKnown { person, terms: PersonTerms::HandBack(terms), .. }) => {
                At::Reviewing { subject: Subject { tapped, person, terms, validated: None, left: None } }
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
            (At::Settling { subject, .. }, Fact::Confirmed { number, .. }) if subject.terms.stays => At::Bagging { subject, number },
            (At::Settling { subject, .. }, Fact::Confirmed { number, .. }) if subject.terms.validate => {
                At::Validating { subject, number, validation: FirstValidation::Asking }
            }
            (At::Validating { mut subject, number, validation }, fact) => match validation.apply(&subject.tapped.card, fact)? {
                FirstStep::Still(validation) => At::Validating { subject, number, validation },
                FirstStep::Left { message } => {
                    subject.left = message;
                    At::Vouchering { subject, number }
                }
                FirstStep::Done { until, card } => {
                    subject.tapped.card = card;
                    subject.validated = Some(until);
                    At::Vouchering { subject, number }
                }
            },
            (At::Settling { subject, .. }, Fact::Confirmed { number, .. }) => At::Vouchering { subject, number },
            (At::Bagging { subject, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => At::Vouchering { subject, number },
            (At::Vouchering { subject, number }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                At::Closed { last: Last::Done(Box::new(subject), number), ending: Ending::Done }
            }
            (At::Identifying { .. } | At::Asking { .. } | At::Tapping { .. } | At::Finding { .. }, fact) => close(Last::Nothing, fact)?,
            (At::Reviewing { subject } | At::Reserving { subject } | At::Settling { subject, .. }, fact) => {
                close(Last::Subject(Box::new(subject)), fact)?
            }
            (
                At::HalfSlip { .. }
                | At::Half { .. }
                | At::Bagging { .. }
                | At::Vouchering { .. }
                | At::Referring { .. }
                | At::Closed { .. },
                _,
            ) => return Err(misplaced()),
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
            At::Validating { validation, .. } => validation.name(),
            At::Bagging { .. } => "hand_back.bagging",
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
        if let At::Validating { validation, .. } = &self.at { validation.writing() } else { None }
    }

    fn subject(&self) -> Option<&Subject> {
        match &self.at {
            At::Reviewing { subject }
            | At::Reserving { subject }
            | At::Settling { subject, .. }
            | At::HalfSlip { subject, .. }
            | At::Half { subject, .. }
            | At::Validating { subject, .. }
            | At::Bagging { subject, .. }
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

    pub(super) fn who(&self) -> Option<&Identified> {
        if let At::Asking { who } | At::Tapping { who, .. } = &self.at { Some(who) } else { self.tapped().map(|tapped| &tapped.who) }
    }

    fn number(&self) -> Option<&CentreNumber> {
        if let At::Validating { number, .. }
        | At::Bagging { number, .. }
        | At::Vouchering { number, .. }
        | At::Closed { last: Last::Done(_, number), .. } = &self.at
        {
            Some(number)
        } else {
            None
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let steps = if self.subject().is_some_and(|subject| subject.terms.validate) { STEPS_VALIDATED } else { STEPS };
        let now = match &self.at {
            At::Identifying { .. } => 0,
            At::Asking { .. } | At::Tapping { .. } => 1,
            At::Finding { .. } | At::Reviewing { .. } | At::Referring { .. } => 2,
            At::Reserving { .. } | At::Settling { .. } | At::HalfSlip { .. } | At::Half { .. } => 3,
            At::Validating { .. } => 4,
            At::Bagging { .. } | At::Vouchering { .. } => steps.len().saturating_sub(1),
            At::Closed { .. } => steps.len(),
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
            remark = remark.or_else(|| subject.left.clone()).or_else(|| subject.terms.warning.clone());
        }
        let mut result = Vec::new();
        if let Some(number) = self.number() {
            result.push(Shown::toned("办理结果", self.done(), Tone::Good));
            let until = self.subject().and_then(|subject| subject.validated);
            result.extend(until.map(|until| Shown::toned("有效期至", day(until), Tone::Good)));
            result.push(Shown::plain("中心确认号", confirmation(number)));
        }
        let mut give_back = Vec::new();
        if self.who().is_some() {
            give_back.push("证件原件".to_owned());
        }
        let stays = self.number().is_some() && self.subject().is_some_and(|subject| subject.terms.stays);
        if self.tapped().is_some() && !stays && (self.purpose != Purpose::PickUp || self.number().is_some()) {
            give_back.push(if self.purpose == Purpose::PickUp { "新卡" } else { "客户的卡" }.to_owned());
        }
        Picture {
            progress: Progress { steps, now },
            strip,
            say: match &self.at {
                At::Validating { validation, .. } if validation.writing().is_some() => Some("正在写卡，请稍候。".to_owned()),
                At::Validating { .. }
                | At::Identifying { .. }
                | At::Asking { .. }
                | At::Tapping { .. }
                | At::Finding { .. }
                | At::Reviewing { .. }
                | At::Reserving { .. }
                | At::Settling { .. }
                | At::HalfSlip { .. }
                | At::Half { .. }
                | At::Bagging { .. }
                | At::Vouchering { .. }
                | At::Referring { .. }
                | At::Closed { .. } => self.number().map(|_| format!("{}。", self.done())),
            },
            result,
            give_back,
            remark,
        }
    }

    fn done(&self) -> &'static str {
        match self.purpose {
            Purpose::Release => "已解挂，恢复使用",
            Purpose::Found => "已交还持卡人",
            Purpose::PickUp => "新卡已启用并交给持卡人",
            Purpose::Return if self.subject().is_some_and(|subject| subject.terms.stays) => "卡已注销，由网点收回",
            Purpose::Return => "交通功能已关闭",
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
                if let Some(reason) = self.tapped().and_then(|tapped| tapped.reason) {
                    facts.pair("退卡原因", reason.label());
                }
                if let Some(number) = self.number() {
                    facts.pair("中心确认号", confirmation(number));
                }
                if let Some(subject) = self.subject().filter(|subject| subject.terms.validate) {
                    match subject.validated {
                        Some(until) => facts.pair("有效期至", day(until)),
                        None => facts.line("新卡尚未增效。"),
                    }
                }
                if let Some(warning) = self.subject().and_then(|subject| subject.terms.warning.as_ref()) {
                    facts.line(warning.text());
                }
                facts.signature = Some("持卡人签字".to_owned());
            }
            Paper::PendingSlip => {
                match self.purpose {
                    Purpose::PickUp => facts.pair("新卡", "已启用"),
                    Purpose::Release | Purpose::Found | Purpose::Return => facts.pair("银行状态", "已解挂"),
                }
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
            Paper::BagLabel => {
                let mut label = PaperFacts::default();
                if let Some(tapped) = self.tapped() {
                    Kept { why: KeptFor::Returned, card_no: Some(tapped.card.card_no.clone()) }.on_label(&mut label);
                }
                return label;
            }
            Paper::Receipt | Paper::RefundVoucher | Paper::AcceptanceSlip | Paper::Reversal | Paper::OneTimeNotice | Paper::ErrorList => {}
        }
        facts
    }
}
