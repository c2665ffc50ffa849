//! S-05 遗失补卡, S-06 损坏换卡, S-07 质量换卡: the old card dies, the fee is taken, a blank becomes the new card and is
//! validated in the same case; or the card is made centrally and picked up or sent. An old card that is there is handed in
//! first, and lies in a bag with the case's number.
//!
//! No new card leaves without the centre's confirmation. A blank that cannot be written is spoiled and the next one taken,
//! without a second fee; a fee that earned no card is given back in the same case.

mod central;
mod face;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper,
    context::{Cx, stale},
    fact::{Fact, Misplaced, Moment, PersonTerms},
    first_validation::{FirstStep, FirstValidation},
    hand_in::{HandIn, HandInStep, OldCard, Wanted},
    identity::{Identified, Identity, IdentityStep},
    keeping::{Kept, KeptFor},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, day, masked_card, when, yuan},
    writing::{Step, Writing},
};
use crate::{
    card::{CardImage, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    fee,
    id::{CardNo, CentreNumber},
    mask,
    money::Fen,
    order::{Contact, Delivery},
    person::{Lookup, PersonFacts},
    posting::Balanced,
    reissue::{CourierFee, Ways},
    replacement::Ground,
};

pub use self::central::{Central, Ordered, reached};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reissue {
    /// What is wrong is asked after who it is; nothing where the card is lost.
    Identifying {
        identity: Identity,
        wanted: Option<Wanted>,
    },
    HandingIn {
        who: Identified,
        hand_in: HandIn,
    },
    Finding {
        asked: Asked,
    },
    AcceptedSlip {
        asked: Asked,
        at: DateTime<Utc>,
    },
    AcceptedBag {
        asked: Asked,
        at: DateTime<Utc>,
    },
    Accepted {
        asked: Asked,
        at: DateTime<Utc>,
    },
    /// Written here, or made centrally?
    Choosing {
        subject: Subject,
    },
    /// Made centrally: whom to reach, and where it goes.
    Contacting {
        subject: Subject,
        delivery: Delivery,
    },
    Warning {
        subject: Subject,
    },
    Reserving {
        subject: Subject,
    },
    Paying {
        held: Held,
    },
    Blank {
        paid: Paid,
        attempt: u32,
    },
    Ready {
        paid: Paid,
        blank: CardImage,
        attempt: u32,
    },
    Writing {
        paid: Paid,
        writing: Writing,
    },
    Settling {
        paid: Paid,
        proof: WriteProof,
    },
    Validating {
        issued: Issued,
        validation: FirstValidation,
    },
    /// Paid for and made centrally.
    Central {
        central: Central,
    },
    /// The old card goes into its bag.
    Bagging {
        issued: Issued,
    },
    Vouchering {
        issued: Issued,
    },
    Receipting {
        issued: Issued,
    },
    MoneyBack {
        paid: Paid,
        ending: Ending,
    },
    Releasing {
        held: Held,
        ending: Ending,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// Whose card, and why a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub who: Identified,
    pub old: OldCard,
}

/// Which card, at what fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub asked: Asked,
    pub person: Box<PersonFacts>,
    pub old_card: CardNo,
    pub fee: Fen,
    fee_label: String,
    ways: Ways,
    made: Made,
    validate: bool,
    /// Set where the case was accepted without the line.
    accepted_at: Option<DateTime<Utc>>,
}

/// How the new card comes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    Here,
    Centrally {
        delivery: Delivery,
        contact: Contact,
        /// What the customer has to hear.
        told: Option<Message>,
    },
}

impl Subject {
    /// For sending it; of one order, and only where it is sent.
    fn courier(&self) -> Fen {
        self.courier_fee().map_or(Fen::ZERO, |fee| fee.amount)
    }

    fn courier_fee(&self) -> Option<&CourierFee> {
        match &self.made {
            Made::Centrally { delivery: Delivery::Courier, .. } => self.ways.central.as_ref()?.courier.as_ref(),
            Made::Centrally { delivery: Delivery::PickUp, .. } | Made::Here => None,
        }
    }

    /// Everything that is taken now. Both are fees of a rule set, far from the end of the range.
    fn due(&self) -> Fen {
        self.fee.plus(self.courier()).unwrap_or(self.fee)
    }

    /// The lines of it that are not zero.
    fn lines(&self) -> Vec<(&str, Fen)> {
        let courier = self.courier_fee().map(|fee| (fee.label.as_str(), fee.amount));
        [Some((self.fee_label.as_str(), self.fee)), courier].into_iter().flatten().filter(|(_, amount)| amount.is_positive()).collect()
    }

    /// 补卡工本费 20.00 元 + 快递费 12.00 元 = 32.00 元
    fn sum(&self) -> String {
        let lines = self.lines();
        let parts: Vec<String> = lines.iter().map(|(label, amount)| format!("{label} {} 元", yuan(*amount))).collect();
        if lines.len() > 1 { format!("{} = {} 元", parts.join(" + "), yuan(self.due())) } else { parts.join("") }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub subject: Subject,
    pub reservation: Reservation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub held: Held,
    pub tendered: Fen,
    pub change: Fen,
}

/// The centre made the new card the valid one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub paid: Paid,
    pub card: CardImage,
    pub number: CentreNumber,
    pub validated: Option<NaiveDate>,
    /// Why it left without validation.
    pub remark: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Subject(Box<Subject>),
    Issued(Box<Issued>),
    Ordered(Box<Ordered>),
}

const STEPS: &[&str] = &["核验身份", "核对登记", "收费", "空白卡", "写卡", "中心确认", "增效", "打印"];

impl Reissue {
    #[must_use]
    pub fn of_lost() -> Self {
        Self::Identifying { identity: Identity::begin(), wanted: None }
    }

    #[must_use]
    pub fn of_handed_in(wanted: Wanted) -> Self {
        Self::Identifying { identity: Identity::begin(), wanted: Some(wanted) }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Identifying { identity, .. } => identity.next(cx),
            Self::HandingIn { hand_in, .. } => hand_in.next(cx),
            Self::Finding { asked } => match cx.header.line {
                LineMode::Online => Next::Do(find(&asked.who, cx)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    "离线：现在不能写新卡，也不收费",
                    Ask::Choice {
                        options: Choice::numbered([("accept", "离线受理，领卡时收费"), ("later", "改日再来，不受理")])
                    },
                )
                .into(),
            },
            Self::AcceptedSlip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::AcceptedBag { .. } | Self::Bagging { .. } => Next::Do(Effect::Print { paper: Paper::BagLabel }),
            Self::Accepted { asked, .. } => {
                if cx.online {
                    Next::Do(find(&asked.who, cx))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Choosing { subject } => central::way(subject).into(),
            Self::Contacting { delivery, .. } => central::contact(*delivery).into(),
            Self::Warning { subject } => Question::new(
                "warn",
                format!("旧卡（尾号 {}）作废后不能恢复", subject.old_card.tail()),
                Ask::Go {
                    label: if subject.asked.old.ground.is_lost() {
                        "已告知，客户同意补卡"
                    } else {
                        "已告知，客户同意换卡"
                    }
                    .to_owned(),
                },
            )
            .help(cx.rules.text("reissue.warning").join(" "))
            .into(),
            Self::Reserving { subject } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: match &subject.made {
                    Made::Here => Claim::Reissue {
                        cell: subject.person.cell.clone(),
                        programme: cx.header.programme.clone(),
                        person: subject.person.person.clone(),
                        old_card: subject.old_card.clone(),
                        ground: subject.asked.old.ground.clone(),
                        accepted_at: subject.accepted_at,
                    },
                    Made::Centrally { delivery, contact, .. } => central::claim(subject, *delivery, contact, cx),
                },
                authorisation: None,
            }),
            Self::Paying { held } => Question::new(
                "fee",
                format!("收{}", held.subject.sum()),
                Ask::Form { fields: vec![Field::new("tendered", "实收现金（元）", FieldKind::Amount)], submit: "收款".to_owned() },
            )
            .into(),
            Self::Blank { .. } => Next::Do(Effect::ReadCard { expect: None }),
            Self::Ready { paid, attempt, .. } => Question::new(
                format!("write.{attempt}"),
                "空白卡已放好，写新卡",
                Ask::Act {
                    key: "F3",
                    label: "写卡".to_owned(),
                    detail: vec![
                        Shown::plain("旧卡尾号", paid.held.subject.old_card.tail()),
                        Shown::plain("持卡人", mask::name(&paid.held.subject.person.name)),
                    ],
                },
            )
            .help("按 F3 写卡；回车不写卡。")
            .into(),
            Self::Writing { writing, .. } => match writing.not_written() {
                Some(reason) => Question::new(
                    format!("blank_again.{}", writing.attempt),
                    format!("没有写好：{}", reason.text()),
                    Ask::Choice {
                        options: Choice::numbered([("again", "同一张卡再写一次"), ("next", "这张作废，换一张空白卡（不再收费）")]),
                    },
                )
                .into(),
                None => writing.next(cx),
            },
            Self::Settling { paid, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: paid.held.reservation.number.clone(),
                settlement: Settlement::CardIssued { new_card: proof.after.card_no.clone(), proof: proof.clone() },
            }),
            Self::Validating { issued, validation } => validation.next(&issued.card, &issued.paid.held.subject.person.cell, cx),
            Self::Central { central } => central.next(cx),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Receipting { .. } => Next::Do(Effect::Print { paper: Paper::Receipt }),
            Self::MoneyBack { paid, .. } => Question::new(
                "money_back",
                format!("退还{}", paid.held.subject.sum()),
                Ask::Act {
                    key: "F5",
                    label: "记账退款".to_owned(),
                    detail: vec![Shown::toned("退还金额", yuan(paid.held.subject.due()), Tone::Warn)],
                },
            )
            .into(),
            Self::Releasing { held, .. } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.reservation.number.clone() })
            }
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Identifying { .. }
                | Self::HandingIn { .. }
                | Self::Finding { .. }
                | Self::Accepted { .. }
                | Self::Choosing { .. }
                | Self::Contacting { .. }
                | Self::Warning { .. }
                | Self::Paying { .. }
                | Self::Blank { .. }
                | Self::Ready { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity, .. }, input) => identity.decide(input, cx),
            (Self::HandingIn { hand_in, .. }, input) => hand_in.decide(input, cx),
            (Self::Finding { asked }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "accept" => {
                    cx.room_to_accept()?;
                    Ok(Fact::AcceptedOffline { at: cx.now, card_kept: !asked.old.ground.is_lost() })
                }
                "later" => Ok(Fact::Cancelled),
                _ => Err(stale()),
            },
            (Self::Finding { asked } | Self::Accepted { asked, .. }, Input::Outcome(Outcome::PersonFound { person })) => {
                Self::known(&asked.old, person, cx)
            }
            (
                Self::Finding { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => Ok(Fact::Refused { message }),
            (Self::AcceptedSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::AcceptedBag { .. } | Self::Bagging { .. }, Input::Outcome(outcome)) => super::printed(Paper::BagLabel, outcome),
            (Self::Choosing { subject }, Input::Answer(Answer::Choose { option })) => central::chosen(subject, &option),
            (Self::Contacting { delivery, .. }, Input::Answer(Answer::Fill { values })) => {
                let told = (*delivery == Delivery::PickUp && cx.rules.courier.is_some()).then(|| cx.refuse(Code::CourierNotSelected));
                Ok(Fact::ContactGiven { contact: central::reached(*delivery, &values)?, told })
            }
            (Self::Central { central }, input) => central.decide(input),
            (Self::Validating { issued, validation }, input) => validation.decide(&issued.card, input, cx),
            (Self::Warning { subject }, Input::Answer(Answer::Go)) => {
                if cx.blanks == 0 && subject.made == Made::Here {
                    return Err(cx.refuse(Code::StockEmpty));
                }
                Ok(Fact::Agreed { authorise: None, identify: false, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Paying { held }, Input::Answer(Answer::Fill { values })) => {
                let typed = values.iter().find(|(field, _)| field == "tendered").map_or("", |(_, value)| value.as_str());
                let due = held.subject.due();
                let tendered = Fen::parse_yuan(typed)?;
                let postings =
                    held.subject.lines().into_iter().fold(Balanced::none(), |postings, (_, amount)| postings.and(cx.fee_in(amount)));
                Ok(Fact::MoneyIn { fee: due, tendered, change: fee::change(due, tendered)?, postings })
            }
            (Self::Blank { .. }, Input::Outcome(Outcome::CardRead { card })) => {
                if card.blank && cx.rules.card_families.iter().any(|known| known.family == card.family) {
                    Ok(Fact::BlankRead { card })
                } else {
                    Err(Message::new(Code::CardNotBlank))
                }
            }
            (Self::Ready { .. }, Input::Answer(Answer::Act)) => Ok(Fact::WriteOrdered { moment: cx.moment() }),
            (Self::Writing { writing, .. }, input) => Self::blank_written(writing, input, cx),
            (Self::Settling { paid, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: paid.held.reservation.on_confirm.clone() })
            }
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::printed(Paper::Receipt, outcome),
            (Self::MoneyBack { paid, .. }, Input::Answer(Answer::Act)) => {
                let amount = paid.held.subject.due();
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::MoneyBack { amount, postings: cx.fee_back(amount) })
            }
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn known(old: &OldCard, person: Box<PersonFacts>, cx: &Cx<'_>) -> Result<Fact, Message> {
        Ok(match cx.reissue(&person, old) {
            Ok(terms) => Fact::PersonKnown {
                terms: PersonTerms::Reissue {
                    old_card: terms.old_card,
                    fee: terms.fee,
                    fee_label: terms.fee_label,
                    validate: terms.validate,
                    ways: terms.ways,
                },
                person,
                authorise: None,
                moment: cx.moment(),
            },
            Err(message) => Fact::Refused { message },
        })
    }

    fn blank_written(writing: &Writing, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        if let Some(reason) = writing.not_written() {
            return match input {
                Input::Answer(Answer::Choose { option }) => match option.as_str() {
                    "again" => Ok(Fact::WriteAgain { moment: cx.moment() }),
                    "next" => Ok(Fact::BlankSpoiled { reason }),
                    _ => Err(stale()),
                },
                Input::Answer(
                    Answer::Fill { .. }
                    | Answer::Go
                    | Answer::Act
                    | Answer::Authorised { .. }
                    | Answer::Again
                    | Answer::Park
                    | Answer::Cancel,
                )
                | Input::Outcome(_) => Err(stale()),
            };
        }
        let fact = writing.decide(input, cx)?;
        // A blank in doubt stays in the clerk's hands: it goes to the bad stock and the next one is taken.
        Ok(if fact == Fact::LeftUnknown { Fact::BlankSpoiled { reason: Code::WriteUnknown } } else { fact })
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        let close = |last, fact| super::ending_of(fact).map(|ending| Self::Closed { last, ending }).ok_or_else(misplaced);
        Ok(match (self, fact) {
            (Self::Identifying { identity, wanted }, Fact::Identity { given }) => match (identity.apply(given)?, wanted) {
                (IdentityStep::Still(identity), wanted) => Self::Identifying { identity, wanted },
                (IdentityStep::Done(who), Some(wanted)) => Self::HandingIn { who, hand_in: HandIn::begin(wanted) },
                (IdentityStep::Done(who), None) => {
                    Self::Finding { asked: Asked { who, old: OldCard { ground: Ground::Lost, card_no: None } } }
                }
            },
            (Self::HandingIn { .. }, fact) if super::ends(&fact) => close(Last::Nothing, fact)?,
            (Self::HandingIn { who, hand_in }, fact) => match hand_in.apply(fact)? {
                HandInStep::Still(hand_in) => Self::HandingIn { who, hand_in },
                HandInStep::Done(old) => Self::Finding { asked: Asked { who, old } },
            },
            (Self::Finding { asked }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { asked, at },
            (Self::AcceptedSlip { asked, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                if asked.old.ground.is_lost() {
                    Self::Accepted { asked, at }
                } else {
                    Self::AcceptedBag { asked, at }
                }
            }
            (Self::AcceptedBag { asked, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { asked, at },
            (Self::Finding { asked }, Fact::PersonKnown { person, terms, .. }) => {
                Self::subject_of(asked, person, terms, None).ok_or_else(misplaced)?
            }
            (Self::Accepted { asked, at }, Fact::PersonKnown { person, terms, .. }) => {
                Self::subject_of(asked, person, terms, Some(at)).ok_or_else(misplaced)?
            }
            (Self::Choosing { subject }, Fact::WayChosen { way }) => match way.delivery() {
                None => Self::Warning { subject },
                Some(delivery) => Self::Contacting { subject, delivery },
            },
            (Self::Contacting { subject, delivery }, Fact::ContactGiven { contact, told }) => {
                Self::Warning { subject: Subject { made: Made::Centrally { delivery, contact, told }, ..subject } }
            }
            (Self::Central { central }, fact) => central.apply(fact)?,
            (Self::Validating { mut issued, validation }, fact) => match validation.apply(&issued.card, fact)? {
                FirstStep::Still(validation) => Self::Validating { issued, validation },
                FirstStep::Left { message } => {
                    issued.remark = message;
                    Self::wrapped_up(issued)
                }
                FirstStep::Done { until, card } => {
                    issued.card = card;
                    issued.validated = Some(until);
                    Self::wrapped_up(issued)
                }
            },
            (Self::Warning { subject }, Fact::Agreed { .. }) => Self::Reserving { subject },
            (Self::Reserving { subject }, Fact::Reserved { reservation, .. }) => Self::held(Held { subject, reservation }),
            (Self::Paying { held }, Fact::MoneyIn { tendered, change, .. }) => Self::made(Paid { held, tendered, change }),
            (Self::Paying { held }, Fact::Cancelled) => Self::Releasing { held, ending: Ending::Cancelled },
            (Self::Blank { paid, attempt }, Fact::BlankRead { card }) => Self::Ready { paid, blank: card, attempt },
            (Self::Blank { paid, .. } | Self::Ready { paid, .. }, Fact::Cancelled) => Self::give_back(paid, Ending::Cancelled),
            (Self::Ready { paid, blank, attempt }, Fact::WriteOrdered { .. }) => {
                Self::personalise(paid, blank, attempt).ok_or_else(misplaced)?
            }
            (Self::Writing { paid, writing }, Fact::BlankSpoiled { .. }) => {
                Self::Blank { paid, attempt: writing.attempt.saturating_add(1) }
            }
            (Self::Writing { paid, writing }, fact) => {
                let blank = writing.intent.before().clone();
                match writing.apply(fact)? {
                    Step::Still(writing) => Self::Writing { paid, writing },
                    Step::Written(proof) => Self::Settling { paid, proof },
                    Step::Again { attempt, at: Moment { .. } } => Self::personalise(paid, blank, attempt).ok_or_else(misplaced)?,
                    Step::Abandoned { .. } => return Err(misplaced()),
                }
            }
            (Self::Settling { paid, proof }, Fact::Confirmed { number, .. }) => {
                Self::issued(Issued { paid, card: proof.after, number, validated: None, remark: None })
            }
            (Self::Settling { paid, .. }, Fact::Refused { message }) => Self::give_back(paid, Ending::Refused { message }),
            (Self::Bagging { issued }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Vouchering { issued },
            (Self::Vouchering { issued }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                if issued.paid.held.subject.fee.is_positive() { Self::Receipting { issued } } else { Self::done(issued) }
            }
            (Self::Receipting { issued }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::done(issued),
            (Self::MoneyBack { paid, ending }, Fact::MoneyBack { .. }) => Self::Releasing { held: paid.held, ending },
            (Self::Releasing { held, ending }, Fact::Released) => Self::Closed { last: Last::Subject(Box::new(held.subject)), ending },
            (Self::Identifying { .. } | Self::Finding { .. } | Self::Accepted { .. }, fact) => close(Last::Nothing, fact)?,
            (
                Self::Choosing { subject } | Self::Contacting { subject, .. } | Self::Warning { subject } | Self::Reserving { subject },
                fact,
            ) => close(Last::Subject(Box::new(subject)), fact)?,
            (
                Self::AcceptedSlip { .. }
                | Self::AcceptedBag { .. }
                | Self::Paying { .. }
                | Self::Blank { .. }
                | Self::Ready { .. }
                | Self::Settling { .. }
                | Self::Bagging { .. }
                | Self::Vouchering { .. }
                | Self::Receipting { .. }
                | Self::MoneyBack { .. }
                | Self::Releasing { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    fn subject_of(asked: Asked, person: Box<PersonFacts>, terms: PersonTerms, accepted_at: Option<DateTime<Utc>>) -> Option<Self> {
        let PersonTerms::Reissue { old_card, fee, fee_label, validate, ways } = terms else {
            return None;
        };
        let choice = ways.central.is_some();
        let subject = Subject { asked, person, old_card, fee, fee_label, ways, made: Made::Here, validate, accepted_at };
        Some(if choice { Self::Choosing { subject } } else { Self::Warning { subject } })
    }

    fn held(held: Held) -> Self {
        if held.subject.made == Made::Here && held.reservation.card_data.is_none() {
            // Without the data of the new card nothing can be written; no fee was taken yet.
            return Self::Releasing { held, ending: Ending::Refused { message: Message::new(Code::CentreGarbled) } };
        }
        if held.subject.due().is_positive() {
            Self::Paying { held }
        } else {
            Self::made(Paid { held, tendered: Fen::ZERO, change: Fen::ZERO })
        }
    }

    /// The fee is in the till, or there is none: a blank is written, or the card is ordered.
    fn made(paid: Paid) -> Self {
        match &paid.held.subject.made {
            Made::Here => Self::Blank { paid, attempt: 1 },
            Made::Centrally { .. } => Self::Central { central: Central::Ordering { paid } },
        }
    }

    fn personalise(paid: Paid, blank: CardImage, attempt: u32) -> Option<Self> {
        let data = paid.held.reservation.card_data.clone()?;
        let intent = WriteIntent::Personalise { before: blank, data };
        Some(Self::Writing { writing: Writing::begin(attempt, paid.held.reservation.number.clone(), intent), paid })
    }

    fn issued(issued: Issued) -> Self {
        if issued.paid.held.subject.validate {
            Self::Validating { issued, validation: FirstValidation::Asking }
        } else {
            Self::wrapped_up(issued)
        }
    }

    /// The new card is as it will be: the old one goes into its bag, unless it lies there since the case was accepted.
    fn wrapped_up(issued: Issued) -> Self {
        let subject = &issued.paid.held.subject;
        if subject.asked.old.ground.is_lost() || subject.accepted_at.is_some() {
            Self::Vouchering { issued }
        } else {
            Self::Bagging { issued }
        }
    }

    fn give_back(paid: Paid, ending: Ending) -> Self {
        if paid.held.subject.due().is_positive() { Self::MoneyBack { paid, ending } } else { Self::Releasing { held: paid.held, ending } }
    }

    fn done(issued: Issued) -> Self {
        Self::Closed { last: Last::Issued(Box::new(issued)), ending: Ending::Done }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identifying { .. } => "reissue.identifying",
            Self::HandingIn { .. } => "reissue.handing_in",
            Self::Finding { .. } => "reissue.finding",
            Self::AcceptedSlip { .. } => "reissue.accepted_slip",
            Self::AcceptedBag { .. } => "reissue.accepted_bag",
            Self::Accepted { .. } => "reissue.accepted",
            Self::Choosing { .. } => "reissue.choosing",
            Self::Contacting { .. } => "reissue.contacting",
            Self::Warning { .. } => "reissue.warning",
            Self::Reserving { .. } => "reissue.reserving",
            Self::Paying { .. } => "reissue.paying",
            Self::Blank { .. } => "reissue.blank",
            Self::Ready { .. } => "reissue.ready",
            Self::Writing { .. } => "reissue.writing",
            Self::Settling { .. } => "reissue.settling",
            Self::Validating { validation, .. } => validation.name(),
            Self::Central { central } => central.name(),
            Self::Bagging { .. } => "reissue.bagging",
            Self::Vouchering { .. } => "reissue.vouchering",
            Self::Receipting { .. } => "reissue.receipting",
            Self::MoneyBack { .. } => "reissue.money_back",
            Self::Releasing { .. } => "reissue.releasing",
            Self::Closed { .. } => "reissue.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::AcceptedBag { .. } | Self::Accepted { .. })
    }

    fn held_now(&self) -> Option<&Held> {
        match self {
            Self::Paying { held } | Self::Releasing { held, .. } => Some(held),
            Self::Blank { paid, .. }
            | Self::Ready { paid, .. }
            | Self::Writing { paid, .. }
            | Self::Settling { paid, .. }
            | Self::MoneyBack { paid, .. } => Some(&paid.held),
            Self::Central { central } => Some(&central.paid().held),
            Self::Closed { last: Last::Ordered(ordered), .. } => Some(&ordered.paid.held),
            Self::Validating { .. } | Self::Bagging { .. } | Self::Vouchering { .. } | Self::Receipting { .. } | Self::Closed { .. } => {
                self.issued_now().map(|issued| &issued.paid.held)
            }
            Self::Identifying { .. }
            | Self::HandingIn { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::AcceptedBag { .. }
            | Self::Accepted { .. }
            | Self::Choosing { .. }
            | Self::Contacting { .. }
            | Self::Warning { .. }
            | Self::Reserving { .. } => None,
        }
    }

    /// The order, where the centre has placed it.
    fn ordered(&self) -> Option<&Ordered> {
        if let Self::Central { central } = self {
            return central.ordered();
        }
        if let Self::Closed { last: Last::Ordered(ordered), .. } = self { Some(ordered) } else { None }
    }

    /// The new card, where the centre confirmed it.
    #[must_use]
    pub fn issued_now(&self) -> Option<&Issued> {
        if let Self::Validating { issued, .. } | Self::Bagging { issued } | Self::Vouchering { issued } | Self::Receipting { issued } = self
        {
            return Some(issued);
        }
        if let Self::Closed { last: Last::Issued(issued), .. } = self { Some(issued) } else { None }
    }

    fn subject(&self) -> Option<&Subject> {
        if let Self::Choosing { subject } | Self::Contacting { subject, .. } | Self::Warning { subject } | Self::Reserving { subject } =
            self
        {
            return Some(subject);
        }
        if let Self::Closed { last: Last::Subject(subject), .. } = self {
            return Some(subject);
        }
        self.held_now().map(|held| &held.subject)
    }

    fn asked(&self) -> Option<&Asked> {
        if let Self::Finding { asked } | Self::AcceptedSlip { asked, .. } | Self::AcceptedBag { asked, .. } | Self::Accepted { asked, .. } =
            self
        {
            return Some(asked);
        }
        self.subject().map(|subject| &subject.asked)
    }

    pub(super) fn who(&self) -> Option<&Identified> {
        if let Self::HandingIn { who, .. } = self {
            return Some(who);
        }
        self.asked().map(|asked| &asked.who)
    }

    /// The old card, where it is here.
    fn handed_in(&self) -> Option<Kept> {
        let asked = self.asked()?;
        let why = match &asked.old.ground {
            Ground::Lost => return None,
            Ground::Damage { .. } => KeptFor::Damaged,
            Ground::Quality { .. } => KeptFor::Fault,
        };
        let card_no = asked.old.card_no.clone().or_else(|| self.subject().map(|subject| subject.old_card.clone()));
        Some(Kept { why, card_no })
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        if let Self::Ready { blank, .. } = self {
            return Some(blank);
        }
        self.issued_now().map(|issued| &issued.card)
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        if let Self::Validating { validation, .. } = self {
            return validation.writing();
        }
        if let Self::Writing { writing, .. } = self { Some(writing) } else { None }
    }
}

fn find(who: &Identified, cx: &Cx<'_>) -> Effect {
    Effect::FindPerson { lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number: who.papers.number.number.clone() } }
}
