//! S-09 可读退值: the purse of a readable card is brought to zero and paid out in cash.
//!
//! Money out is the last thing that happens: read, agree, reserve, write, confirm, sign, pay. There is no path to
//! [`Fact::PaidOut`] that does not pass [`Fact::Confirmed`].
//!
//! A purse that the counter can only put out of use is not paid here at all: read, agree, reserve, block, confirm, sign.
//! The centre then owes it from a day on, to whoever was here; there is no path from [`Promised`] to [`Fact::PaidOut`]. It is
//! paid in a case of its own (`refund_due`), on the slip of this one.

mod face;

use chrono::{DateTime, Utc};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper,
    context::{Cx, stale},
    fact::{Authorisation, Fact, Misplaced, Moment},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, day, masked_card, when, yuan},
    writing::{Step, Writing},
};
use crate::{
    card::{CardImage, RefundMethod, WriteIntent, WriteProof},
    claim::{Claim, PaidLater, Reservation, Settlement},
    code::{Code, Message},
    id::CentreNumber,
    money::Fen,
    person::{CardFacts, Lookup},
    refund::{self, HandlingFee},
    refund_unreadable::Payee,
    ruleset::{FeeTaken, Level},
};

/// What is to be refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    pub card: CardImage,
    pub amount: Fen,
    /// Known from the moment on which the centre knows the card.
    pub fee: Option<HandlingFee>,
    method: RefundMethod,
    /// What the centre said of the card; absent while it could not be asked.
    pub facts: Option<Box<CardFacts>>,
    /// Who holds the card, where the amount makes it a matter of record.
    pub bearer: Option<Identified>,
}

/// The right is held for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub purse: Purse,
    pub authorisation: Option<Authorisation>,
    pub reservation: Reservation,
}

/// The card stands at zero and the centre confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub held: Held,
    pub proof: WriteProof,
    pub number: CentreNumber,
}

/// The card is out of use, and the centre confirmed that the back office owes what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    pub held: Held,
    pub number: CentreNumber,
    pub later: PaidLater,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundReadable {
    Tapping,
    Read {
        purse: Purse,
    },
    Offered {
        purse: Purse,
        level: Option<Level>,
    },
    /// Above an amount the bearer's identity is recorded.
    Identifying {
        purse: Purse,
        level: Option<Level>,
        identity: Identity,
    },
    Authorising {
        purse: Purse,
        level: Level,
    },
    AcceptedSlip {
        purse: Purse,
        at: DateTime<Utc>,
    },
    Accepted {
        purse: Purse,
        at: DateTime<Utc>,
    },
    Reserving {
        purse: Purse,
        authorisation: Option<Authorisation>,
    },
    Writing {
        held: Held,
        writing: Writing,
    },
    Releasing {
        held: Held,
        ending: Ending,
    },
    Settling {
        held: Held,
        proof: WriteProof,
    },
    Vouchering {
        confirmed: Confirmed,
    },
    Signing {
        confirmed: Confirmed,
    },
    Paying {
        confirmed: Confirmed,
    },
    Receipting {
        confirmed: Confirmed,
    },
    PromiseSlip {
        promised: Promised,
    },
    PromiseSigning {
        promised: Promised,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// What a closed case still shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Purse(Purse),
    Held(Held),
    Confirmed(Confirmed),
    Promised(Promised),
}

const STEPS: &[&str] = &["读卡", "确认金额", "中心预留", "写卡", "中心确认", "签字", "付款"];
const STEPS_PAID_LATER: &[&str] = &["读卡", "确认金额", "中心预留", "锁卡", "中心确认", "签字"];

impl RefundReadable {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { purse } => match cx.header.line {
                LineMode::Online => Next::Do(find(purse)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    format!("离线：卡内 {} 元现在不能付款", yuan(purse.amount)),
                    Ask::Choice { options: Choice::numbered(offline_ways(purse)) },
                )
                .help("退值须中心确认后才能付款；留卡受理打印受理单，未生效。")
                .into(),
            },
            Self::Offered { purse, .. } if purse.paid_later() => Question::new(
                "agree_later",
                format!("卡内 {} 元，锁卡后到期退还", yuan(purse.amount)),
                Ask::Go { label: "客户同意锁卡，到期领款".to_owned() },
            )
            .help(later_help(cx))
            .into(),
            Self::Offered { purse, .. } => Question::new(
                "agree",
                format!("卡内 {} 元，{}", yuan(purse.amount), of_fee(purse)),
                Ask::Go { label: if purse.fee.is_some() { "客户同意退还" } else { "客户同意全额退还" }.to_owned() },
            )
            .into(),
            Self::Identifying { identity, .. } => identity.next(cx),
            Self::Authorising { purse, level } => authorise(purse, *level).into(),
            Self::AcceptedSlip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::Accepted { purse, .. } => {
                if cx.online {
                    Next::Do(find(purse))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Reserving { purse, authorisation } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: claim(purse, cx),
                authorisation: authorisation.as_ref().map(|given| given.number.clone()),
            }),
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { held, .. } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.reservation.number.clone() })
            }
            Self::Settling { held, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::PurseRefunded { amount: held.purse.amount, proof: proof.clone() },
            }),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::RefundVoucher }),
            Self::Signing { confirmed } => Question::new(
                "sign",
                format!("请客户在退款凭证上签字（{} 元）", yuan(confirmed.held.purse.paid())),
                Ask::Go { label: "客户已签字".to_owned() },
            )
            .into(),
            Self::Paying { confirmed } => Question::new(
                "pay",
                format!("付现金 {} 元", yuan(confirmed.held.purse.paid())),
                Ask::Act {
                    key: "F5",
                    label: "记账付款".to_owned(),
                    detail: [Shown::toned("付款金额", yuan(confirmed.held.purse.paid()), Tone::Good)]
                        .into_iter()
                        .chain(confirmed.held.purse.fee.map(fee_shown))
                        .chain([Shown::plain("中心确认号", confirmation(&confirmed.number))])
                        .collect(),
                },
            )
            .help("先按 F5 记账，再点清现金交给客户；回车不付款。")
            .into(),
            Self::Receipting { .. } => Next::Do(Effect::Print { paper: Paper::Receipt }),
            Self::PromiseSlip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::PromiseSigning { promised } => Question::new(
                "sign_later",
                format!("请客户在受理单上签字（{} 起领款）", day(promised.later.from)),
                Ask::Go { label: "客户已签字".to_owned() },
            )
            .help("本次不付款；到期凭受理单和登记的证件，到任一直营网点领款。")
            .into(),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => match cx.refund(&card, None) {
                Ok(_) => Ok(Fact::CardRead { card }),
                Err(message) => Ok(Fact::Refused { message }),
            },
            (Self::Read { purse } | Self::Accepted { purse, .. }, Input::Outcome(Outcome::CardFound { card })) => {
                match cx.refund(&purse.card, Some(&card)) {
                    Ok(terms) => Ok(Fact::CardKnown { card, until: None, fee: terms.fee, authorise: terms.authorise, moment: cx.moment() }),
                    Err(message) => Ok(Fact::Refused { message }),
                }
            }
            (Self::Read { .. } | Self::Accepted { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Read { purse }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "keep" if purse.paid_later() => Err(cx.refuse(Code::OnlineOnly)),
                "keep" => {
                    cx.room_to_accept()?;
                    Ok(Fact::AcceptedOffline { at: cx.now, card_kept: true })
                }
                "later" => Ok(Fact::Cancelled),
                _ => Err(stale()),
            },
            (Self::Offered { purse, level }, Input::Answer(Answer::Go)) => {
                if !purse.paid_later() {
                    cx.till_holds(purse.paid())?;
                }
                let terms = cx.refund(&purse.card, purse.facts.as_deref())?;
                Ok(Fact::Agreed { authorise: *level, identify: terms.identify && !cx.documents().is_empty(), moment: cx.moment() })
            }
            (Self::Identifying { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Identifying { identity, .. }, input) => identity.decide(input, cx),
            (Self::Authorising { purse, .. }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, purse.amount)
            }
            (Self::Reserving { purse, .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                if purse.paid_later() != reservation.later.is_some() {
                    return Err(Message::new(Code::CentreGarbled));
                }
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Writing { writing, .. }, input) => writing.decide(input, cx),
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
            (Self::Settling { held, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            // The purse is at zero and the centre will not say so: its exception list owns it, and nothing is paid.
            (Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => super::final_refusal(message),
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::RefundVoucher, outcome),
            (Self::AcceptedSlip { .. } | Self::PromiseSlip { .. }, Input::Outcome(outcome)) => {
                super::printed(Paper::AcceptanceSlip, outcome)
            }
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::printed(Paper::Receipt, outcome),
            (Self::Signing { .. } | Self::PromiseSigning { .. }, Input::Answer(Answer::Go)) => Ok(Fact::Signed),
            (Self::Paying { confirmed }, Input::Answer(Answer::Act)) => {
                let purse = &confirmed.held.purse;
                let amount = purse.paid();
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::PaidOut { amount, postings: cx.refund_out_less(purse.amount, purse.fee) })
            }
            (
                Self::Tapping | Self::Read { .. } | Self::Offered { .. } | Self::Authorising { .. } | Self::Accepted { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let state = self.name();
        let fact_name = fact.name();
        let misplaced = || Misplaced { state, fact: fact_name };
        Ok(match (self, fact) {
            (Self::Tapping, Fact::CardRead { card }) => Self::Read { purse: Purse::of(card).ok_or_else(misplaced)? },
            (Self::Tapping, fact) => Self::end(Last::Nothing, fact).ok_or_else(misplaced)?,
            (Self::Read { purse }, Fact::CardKnown { card, fee, authorise, .. }) => {
                Self::Offered { purse: purse.known(card, fee), level: authorise }
            }
            (Self::Read { purse }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { purse, at },
            (Self::AcceptedSlip { purse, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { purse, at },
            (Self::Accepted { purse, .. }, Fact::CardKnown { card, fee, authorise, .. }) => Self::agreed(purse.known(card, fee), authorise),
            (Self::Offered { purse, .. }, Fact::Agreed { authorise, identify, .. }) => {
                if identify {
                    Self::Identifying { purse, level: authorise, identity: Identity::begin() }
                } else {
                    Self::agreed(purse, authorise)
                }
            }
            (Self::Identifying { purse, level, identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => Self::Identifying { purse, level, identity },
                IdentityStep::Done(bearer) => Self::agreed(Purse { bearer: Some(bearer), ..purse }, level),
            },
            (Self::Authorising { purse, .. }, Fact::Authorised { authorisation, .. }) => {
                Self::Reserving { purse, authorisation: Some(authorisation) }
            }
            (
                Self::Read { purse }
                | Self::Accepted { purse, .. }
                | Self::Offered { purse, .. }
                | Self::Identifying { purse, .. }
                | Self::Authorising { purse, .. },
                fact,
            ) => Self::end(Last::Purse(purse), fact).ok_or_else(misplaced)?,
            (Self::Reserving { purse, authorisation }, Fact::Reserved { reservation, moment }) => {
                let held = Held { purse, authorisation, reservation };
                Self::write(held, 1, moment).ok_or_else(misplaced)?
            }
            (Self::Reserving { purse, .. }, fact) => Self::end(Last::Purse(purse), fact).ok_or_else(misplaced)?,
            (Self::Writing { held, writing }, fact) => match writing.apply(fact)? {
                Step::Still(writing) => Self::Writing { held, writing },
                Step::Written(proof) => Self::Settling { held, proof },
                Step::Again { attempt, at } => Self::write(held, attempt, at).ok_or_else(misplaced)?,
                Step::Abandoned { .. } => Self::Releasing { held, ending: Ending::Cancelled },
            },
            (Self::Releasing { held, ending }, Fact::Released) => Self::Closed { last: Last::Held(held), ending },
            (Self::Settling { held, proof }, Fact::Confirmed { number, .. }) => match held.reservation.later {
                None => Self::Vouchering { confirmed: Confirmed { held, proof, number } },
                Some(later) => Self::PromiseSlip { promised: Promised { held, number, later } },
            },
            (Self::PromiseSlip { promised }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::PromiseSigning { promised },
            (Self::PromiseSigning { promised }, Fact::Signed) => Self::Closed { last: Last::Promised(promised), ending: Ending::Done },
            (Self::Settling { held, .. }, Fact::Refused { message }) => {
                Self::Closed { last: Last::Held(held), ending: Ending::Suspended { message } }
            }
            (Self::Vouchering { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Signing { confirmed },
            (Self::Signing { confirmed }, Fact::Signed) => Self::Paying { confirmed },
            (Self::Paying { confirmed }, Fact::PaidOut { .. }) => Self::Receipting { confirmed },
            (Self::Receipting { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Confirmed(confirmed), ending: Ending::Done }
            }
            (
                Self::AcceptedSlip { .. }
                | Self::Releasing { .. }
                | Self::Settling { .. }
                | Self::Vouchering { .. }
                | Self::Signing { .. }
                | Self::Paying { .. }
                | Self::Receipting { .. }
                | Self::PromiseSlip { .. }
                | Self::PromiseSigning { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    fn agreed(purse: Purse, level: Option<Level>) -> Self {
        match level {
            Some(level) => Self::Authorising { purse, level },
            None => Self::Reserving { purse, authorisation: None },
        }
    }

    /// Nothing where the reservation does not say how far the card is to be put out of use.
    fn write(held: Held, attempt: u32, moment: Moment) -> Option<Self> {
        let before = held.purse.card.clone();
        let amount = held.purse.amount;
        let terminal = moment.terminal();
        let intent = match held.purse.method {
            RefundMethod::Unload => WriteIntent::Unload { before, amount, terminal },
            RefundMethod::PurchaseOfRest => WriteIntent::PurchaseOfRest { before, amount, terminal },
            RefundMethod::BlockThenBackOffice => WriteIntent::Block { before, to: held.reservation.later?.block },
        };
        Some(Self::Writing { writing: Writing::begin(attempt, held.reservation.number.clone(), intent), held })
    }

    fn end(last: Last, fact: Fact) -> Option<Self> {
        super::ending_of(fact).map(|ending| Self::Closed { last, ending })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tapping => "refund.tapping",
            Self::Read { .. } => "refund.read",
            Self::Offered { .. } => "refund.offered",
            Self::Identifying { .. } => "refund.identifying",
            Self::Authorising { .. } => "refund.authorising",
            Self::AcceptedSlip { .. } => "refund.accepted_slip",
            Self::Accepted { .. } => "refund.accepted",
            Self::Reserving { .. } => "refund.reserving",
            Self::Writing { .. } => "refund.writing",
            Self::Releasing { .. } => "refund.releasing",
            Self::Settling { .. } => "refund.settling",
            Self::Vouchering { .. } => "refund.vouchering",
            Self::Signing { .. } => "refund.signing",
            Self::Paying { .. } => "refund.paying",
            Self::Receipting { .. } => "refund.receipting",
            Self::PromiseSlip { .. } => "refund.promise_slip",
            Self::PromiseSigning { .. } => "refund.promise_signing",
            Self::Closed { .. } => "refund.closed",
        }
    }

    fn purse(&self) -> Option<&Purse> {
        match self {
            Self::Tapping => None,
            Self::Read { purse }
            | Self::Offered { purse, .. }
            | Self::Identifying { purse, .. }
            | Self::Authorising { purse, .. }
            | Self::AcceptedSlip { purse, .. }
            | Self::Accepted { purse, .. }
            | Self::Reserving { purse, .. } => Some(purse),
            Self::Writing { held, .. } | Self::Releasing { held, .. } | Self::Settling { held, .. } => Some(&held.purse),
            Self::Vouchering { confirmed } | Self::Signing { confirmed } | Self::Paying { confirmed } | Self::Receipting { confirmed } => {
                Some(&confirmed.held.purse)
            }
            Self::PromiseSlip { promised } | Self::PromiseSigning { promised } => Some(&promised.held.purse),
            Self::Closed { last, .. } => last.purse(),
        }
    }

    fn held(&self) -> Option<&Held> {
        match self {
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Identifying { .. }
            | Self::Authorising { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Reserving { .. } => None,
            Self::Writing { held, .. } | Self::Releasing { held, .. } | Self::Settling { held, .. } => Some(held),
            Self::Vouchering { confirmed } | Self::Signing { confirmed } | Self::Paying { confirmed } | Self::Receipting { confirmed } => {
                Some(&confirmed.held)
            }
            Self::PromiseSlip { promised } | Self::PromiseSigning { promised } => Some(&promised.held),
            Self::Closed { last, .. } => match last {
                Last::Nothing | Last::Purse(_) => None,
                Last::Held(held) => Some(held),
                Last::Confirmed(confirmed) => Some(&confirmed.held),
                Last::Promised(promised) => Some(&promised.held),
            },
        }
    }

    /// What the back office owes, where the case has come that far.
    #[must_use]
    pub fn promised(&self) -> Option<&Promised> {
        if let Self::PromiseSlip { promised } | Self::PromiseSigning { promised } | Self::Closed { last: Last::Promised(promised), .. } =
            self
        {
            Some(promised)
        } else {
            None
        }
    }

    /// The confirmed refund, where the case has come that far.
    #[must_use]
    pub fn confirmed(&self) -> Option<&Confirmed> {
        match self {
            Self::Vouchering { confirmed }
            | Self::Signing { confirmed }
            | Self::Paying { confirmed }
            | Self::Receipting { confirmed }
            | Self::Closed { last: Last::Confirmed(confirmed), .. } => Some(confirmed),
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Identifying { .. }
            | Self::Authorising { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Reserving { .. }
            | Self::Writing { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::PromiseSlip { .. }
            | Self::PromiseSigning { .. }
            | Self::Closed { .. } => None,
        }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        match self.confirmed() {
            Some(confirmed) => Some(&confirmed.proof.after),
            None => self.purse().map(|purse| &purse.card),
        }
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        match self {
            Self::Writing { writing, .. } => Some(writing),
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Identifying { .. }
            | Self::Authorising { .. }
            | Self::AcceptedSlip { .. }
            | Self::Accepted { .. }
            | Self::Reserving { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::Vouchering { .. }
            | Self::Signing { .. }
            | Self::Paying { .. }
            | Self::Receipting { .. }
            | Self::PromiseSlip { .. }
            | Self::PromiseSigning { .. }
            | Self::Closed { .. } => None,
        }
    }
}

impl Purse {
    /// Nothing where the card has no purse.
    fn of(card: CardImage) -> Option<Self> {
        let image = card.purse.as_ref()?;
        Some(Self { amount: image.balance, fee: None, method: image.refund_method, facts: None, bearer: None, card })
    }

    /// The counter can only put it out of use; the back office pays.
    fn paid_later(&self) -> bool {
        self.method == RefundMethod::BlockThenBackOffice
    }

    fn known(mut self, facts: Box<CardFacts>, fee: Option<HandlingFee>) -> Self {
        self.facts = Some(facts);
        self.fee = fee;
        self
    }

    /// What the bearer gets.
    fn paid(&self) -> Fen {
        refund::paid(self.amount, self.fee)
    }
}

impl Last {
    fn purse(&self) -> Option<&Purse> {
        match self {
            Self::Nothing => None,
            Self::Purse(purse) => Some(purse),
            Self::Held(held) => Some(&held.purse),
            Self::Confirmed(confirmed) => Some(&confirmed.held.purse),
            Self::Promised(promised) => Some(&promised.held.purse),
        }
    }
}

/// A purse that is paid later is not taken in without the line: who holds it is not known to the centre then.
fn offline_ways(purse: &Purse) -> Vec<(&'static str, &'static str)> {
    let later = ("later", "改日再来，不受理");
    if purse.paid_later() { vec![later] } else { vec![("keep", "留卡受理（装袋编号，线路恢复后办理）"), later] }
}

fn later_help(cx: &Cx<'_>) -> String {
    match cx.rules.purse.as_ref().and_then(|purse| purse.back_office) {
        Some(rule) => format!("该卡不能在柜面清零：锁卡后满 {} 天凭受理单和登记的证件领款，本次不付款。", rule.days),
        None => String::new(),
    }
}

/// What becomes of the balance, in words.
fn of_fee(purse: &Purse) -> String {
    match purse.fee {
        None => "全额退还".to_owned(),
        Some(HandlingFee { amount, taken: FeeTaken::Deducted }) => {
            format!("扣手续费 {} 元，退还 {} 元", yuan(amount), yuan(purse.paid()))
        }
        Some(HandlingFee { amount, taken: FeeTaken::Cash }) => format!("全额退还，另收手续费 {} 元", yuan(amount)),
    }
}

/// The fee as its own line.
pub(super) fn fee_shown(fee: HandlingFee) -> Shown {
    let label = match fee.taken {
        FeeTaken::Deducted => "已扣手续费",
        FeeTaken::Cash => "另收手续费",
    };
    Shown::toned(label, yuan(fee.amount), Tone::Warn)
}

fn find(purse: &Purse) -> Effect {
    Effect::FindCard { lookup: Lookup::CardNo { card_no: purse.card.card_no.clone() } }
}

fn claim(purse: &Purse, cx: &Cx<'_>) -> Claim {
    Claim::PurseRefund {
        cell: purse.facts.as_ref().map_or_else(|| cx.rules.cell.clone(), |facts| facts.cell.clone()),
        programme: cx.header.programme.clone(),
        card: purse.card.clone(),
        amount: purse.amount,
        payee: purse.bearer.as_ref().filter(|_| purse.paid_later()).map(|bearer| Payee(bearer.papers.presenter().to_owned())),
    }
}

fn authorise(purse: &Purse, level: Level) -> Question {
    Question::new(
        "authorise",
        format!("退值 {} 元须{}授权", yuan(purse.amount), level.label()),
        Ask::Authorise { level, amount: purse.amount, reason: "退值金额超过柜员限额".to_owned() },
    )
}
