//! S-10 不可读退值, second half, and S-09 of a purse that could only be put out of use: the customer comes back with the slip
//! and the document that was shown. What clearing came to is paid once. Money out is the last thing that happens: identify, find, agree, reserve, confirm, sign, pay.

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, local, stale},
    fact::{Authorisation, Fact, Misplaced},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    refund_readable::fee_shown,
    words::{confirmation, yuan},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::{CaseNumber, CentreNumber},
    mask,
    money::Fen,
    normalise,
    refund::{self, HandlingFee},
    refund_unreadable::{self, Owed, Payee, Slip},
    ruleset::{FeeTaken, Level},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundDue {
    Identifying { identity: Identity },
    Asking { who: Identified },
    Finding { who: Identified, slip: CaseNumber },
    Offered { due: Due, level: Option<Level> },
    Authorising { due: Due, level: Level },
    Reserving { due: Due, authorisation: Option<Authorisation> },
    Settling { held: Held },
    Vouchering { confirmed: Confirmed },
    Signing { confirmed: Confirmed },
    Paying { confirmed: Confirmed },
    Receipting { confirmed: Confirmed },
    Closed { last: Last, ending: Ending },
}

/// What is owed, to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub who: Identified,
    pub slip: CaseNumber,
    pub owed: Box<Owed>,
    pub amount: Fen,
    pub fee: Option<HandlingFee>,
}

impl Due {
    /// What the customer gets.
    fn paid(&self) -> Fen {
        refund::paid(self.amount, self.fee)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub due: Due,
    pub authorisation: Option<Authorisation>,
    pub reservation: Reservation,
}

/// The centre booked it as paid at this window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub held: Held,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Due(Box<Due>),
    Paid(Box<Confirmed>),
}

const STEPS: &[&str] = &["核验身份", "核对凭单", "确认金额", "中心确认", "签字", "付款"];

impl RefundDue {
    #[must_use]
    pub fn begin() -> Self {
        Self::Identifying { identity: Identity::begin() }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Identifying { identity } => identity.next(cx),
            Self::Asking { .. } => Question::new(
                "slip",
                "录入待退凭单（受理单）的业务单号",
                Ask::Form { fields: vec![Field::new("slip", "业务单号", FieldKind::Text)], submit: "查询".to_owned() },
            )
            .into(),
            Self::Finding { who, slip } => Next::Do(Effect::FindOwed { slip: Slip { number: slip.clone(), payee: payee(who) } }),
            Self::Offered { due, .. } => Question::new(
                "agree",
                format!("清算余额 {} 元，{}", yuan(due.amount), of_fee(due)),
                Ask::Go { label: "客户同意".to_owned() },
            )
            .into(),
            Self::Authorising { due, level } => Question::new(
                "authorise",
                format!("退值 {} 元须{}授权", yuan(due.amount), level.label()),
                Ask::Authorise { level: *level, amount: due.amount, reason: "退值金额超过柜员限额".to_owned() },
            )
            .into(),
            Self::Reserving { due, authorisation } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act {
                    cell: due.owed.cell.clone(),
                    programme: cx.header.programme.clone(),
                    act: CentreAct::PayOut {
                        owed: due.owed.reservation.clone(),
                        card_no: due.owed.card_no.clone(),
                        payee: payee(&due.who),
                        amount: due.amount,
                    },
                },
                authorisation: authorisation.as_ref().map(|given| given.number.clone()),
            }),
            Self::Settling { held } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::RefundVoucher }),
            Self::Signing { confirmed } => Question::new(
                "sign",
                format!("请客户在退款凭证上签字（{} 元），收回受理单", yuan(confirmed.held.due.paid())),
                Ask::Go { label: "客户已签字".to_owned() },
            )
            .into(),
            Self::Paying { confirmed } => Question::new(
                "pay",
                format!("付现金 {} 元", yuan(confirmed.held.due.paid())),
                Ask::Act {
                    key: "F5",
                    label: "记账付款".to_owned(),
                    detail: [Shown::toned("付款金额", yuan(confirmed.held.due.paid()), Tone::Good)]
                        .into_iter()
                        .chain(confirmed.held.due.fee.map(fee_shown))
                        .chain([Shown::plain("中心确认号", confirmation(&confirmed.number))])
                        .collect(),
                },
            )
            .help("先按 F5 记账，再点清现金交给客户；回车不付款。")
            .into(),
            Self::Receipting { .. } => Next::Do(Effect::Print { paper: Paper::Receipt }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Identifying { .. } | Self::Asking { .. } | Self::Finding { .. } | Self::Offered { .. } | Self::Authorising { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity }, input) => identity.decide(input, cx),
            (Self::Asking { .. }, Input::Answer(Answer::Fill { values })) => {
                let typed = values.iter().find(|(field, _)| field == "slip").map_or("", |(_, value)| value.as_str());
                let number = normalise::text(typed).to_uppercase();
                if number.is_empty() {
                    return Err(Message::new(Code::FieldRequired).with("field", "业务单号"));
                }
                Ok(Fact::SlipGiven { number: CaseNumber::new(number) })
            }
            (Self::Finding { .. }, Input::Outcome(Outcome::OwedFound { owed })) => {
                Ok(match refund_unreadable::payable(cx.rules, &cx.header.outlet, local(cx.now), &owed) {
                    Ok(payable) => Fact::OwedKnown {
                        owed,
                        amount: payable.amount,
                        fee: payable.fee,
                        authorise: payable.authorise,
                        moment: cx.moment(),
                    },
                    Err(message) => Fact::Refused { message },
                })
            }
            (Self::Finding { .. } | Self::Reserving { .. } | Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => {
                super::final_refusal(message)
            }
            (Self::Offered { due, level }, Input::Answer(Answer::Go)) => {
                cx.till_holds(due.paid())?;
                Ok(Fact::Agreed { authorise: *level, identify: false, moment: cx.moment() })
            }
            (Self::Authorising { due, .. }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, due.amount)
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { held }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::RefundVoucher, outcome),
            (Self::Signing { .. }, Input::Answer(Answer::Go)) => Ok(Fact::Signed),
            (Self::Paying { confirmed }, Input::Answer(Answer::Act)) => {
                let due = &confirmed.held.due;
                let amount = due.paid();
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::PaidOut { amount, postings: cx.refund_out_less(due.amount, due.fee) })
            }
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::printed(Paper::Receipt, outcome),
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
                IdentityStep::Done(who) => Self::Asking { who },
            },
            (Self::Asking { who }, Fact::SlipGiven { number }) => Self::Finding { who, slip: number },
            (Self::Finding { who, slip }, Fact::OwedKnown { owed, amount, fee, authorise, .. }) => {
                Self::Offered { due: Due { who, slip, owed, amount, fee }, level: authorise }
            }
            (Self::Offered { due, .. }, Fact::Agreed { authorise: Some(level), .. }) => Self::Authorising { due, level },
            (Self::Offered { due, .. }, Fact::Agreed { authorise: None, .. }) => Self::Reserving { due, authorisation: None },
            (Self::Authorising { due, .. }, Fact::Authorised { authorisation, .. }) => {
                Self::Reserving { due, authorisation: Some(authorisation) }
            }
            (Self::Reserving { due, authorisation }, Fact::Reserved { reservation, .. }) => {
                Self::Settling { held: Held { due, authorisation, reservation } }
            }
            (Self::Settling { held }, Fact::Confirmed { number, .. }) => Self::Vouchering { confirmed: Confirmed { held, number } },
            (Self::Vouchering { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Signing { confirmed },
            (Self::Signing { confirmed }, Fact::Signed) => Self::Paying { confirmed },
            (Self::Paying { confirmed }, Fact::PaidOut { .. }) => Self::Receipting { confirmed },
            (Self::Receipting { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Paid(Box::new(confirmed)), ending: Ending::Done }
            }
            (Self::Identifying { .. } | Self::Asking { .. } | Self::Finding { .. }, fact) => close(Last::Nothing, fact)?,
            (Self::Offered { due, .. } | Self::Authorising { due, .. } | Self::Reserving { due, .. }, fact) => {
                close(Last::Due(Box::new(due)), fact)?
            }
            (Self::Settling { held }, fact) => close(Last::Due(Box::new(held.due)), fact)?,
            (Self::Vouchering { .. } | Self::Signing { .. } | Self::Paying { .. } | Self::Receipting { .. } | Self::Closed { .. }, _) => {
                return Err(misplaced());
            }
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identifying { .. } => "due.identifying",
            Self::Asking { .. } => "due.asking",
            Self::Finding { .. } => "due.finding",
            Self::Offered { .. } => "due.offered",
            Self::Authorising { .. } => "due.authorising",
            Self::Reserving { .. } => "due.reserving",
            Self::Settling { .. } => "due.settling",
            Self::Vouchering { .. } => "due.vouchering",
            Self::Signing { .. } => "due.signing",
            Self::Paying { .. } => "due.paying",
            Self::Receipting { .. } => "due.receipting",
            Self::Closed { .. } => "due.closed",
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

    fn confirmed(&self) -> Option<&Confirmed> {
        match self {
            Self::Vouchering { confirmed } | Self::Signing { confirmed } | Self::Paying { confirmed } | Self::Receipting { confirmed } => {
                Some(confirmed)
            }
            Self::Closed { last: Last::Paid(confirmed), .. } => Some(confirmed),
            Self::Identifying { .. }
            | Self::Asking { .. }
            | Self::Finding { .. }
            | Self::Offered { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Closed { .. } => None,
        }
    }

    fn due(&self) -> Option<&Due> {
        match self {
            Self::Identifying { .. } | Self::Asking { .. } | Self::Finding { .. } => None,
            Self::Offered { due, .. } | Self::Authorising { due, .. } | Self::Reserving { due, .. } => Some(due),
            Self::Settling { held } => Some(&held.due),
            Self::Vouchering { confirmed } | Self::Signing { confirmed } | Self::Paying { confirmed } | Self::Receipting { confirmed } => {
                Some(&confirmed.held.due)
            }
            Self::Closed { last, .. } => match last {
                Last::Nothing => None,
                Last::Due(due) => Some(due),
                Last::Paid(confirmed) => Some(&confirmed.held.due),
            },
        }
    }

    fn who(&self) -> Option<&Identified> {
        if let Self::Asking { who } | Self::Finding { who, .. } = self { Some(who) } else { self.due().map(|due| &due.who) }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Identifying { .. } => 0,
            Self::Asking { .. } | Self::Finding { .. } => 1,
            Self::Offered { .. } | Self::Authorising { .. } => 2,
            Self::Reserving { .. } | Self::Settling { .. } => 3,
            Self::Vouchering { .. } | Self::Signing { .. } => 4,
            Self::Paying { .. } => 5,
            Self::Receipting { .. } | Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(who) = self.who() {
            strip.extend(who.strip());
        }
        if let Some(due) = self.due() {
            strip.push(Shown::plain("凭单号", due.slip.to_string()));
            strip.push(Shown::plain("卡尾号", due.owed.card_no.tail()));
            strip.push(Shown::toned("退款金额", yuan(due.paid()), Tone::Good));
            strip.extend(due.fee.map(fee_shown));
        }
        let mut result = Vec::new();
        if let Some(confirmed) = self.confirmed() {
            result.push(Shown::toned("已退金额", yuan(confirmed.held.due.paid()), Tone::Good));
            result.push(Shown::plain("中心确认号", confirmation(&confirmed.number)));
        }
        let say = match self {
            Self::Offered { due, .. } => Some(format!("清算后余额 {} 元，{}。", yuan(due.amount), of_fee(due))),
            Self::Signing { .. } => Some("请在退款凭证上签字。".to_owned()),
            Self::Paying { confirmed } => Some(format!("请当面点清 {} 元。", yuan(confirmed.held.due.paid()))),
            Self::Identifying { .. }
            | Self::Asking { .. }
            | Self::Finding { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Vouchering { .. }
            | Self::Receipting { .. }
            | Self::Closed { .. } => None,
        };
        let give_back = if self.who().is_some() { vec!["证件原件".to_owned()] } else { Vec::new() };
        Picture { progress: Progress { steps: STEPS, now }, strip, say, result, give_back, remark: None }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        let Some(due) = self.due() else {
            return facts;
        };
        facts.pair("卡号", mask::card_on_paper(due.owed.card_no.as_str()));
        facts.pair("受理单号", due.slip.to_string());
        due.who.on_paper(&mut facts);
        if let Some(fee) = due.fee {
            let shown = fee_shown(fee);
            facts.pair("清算余额", yuan(due.amount));
            facts.pair(&shown.label, shown.value);
        }
        facts.amount = Some(("退值金额".to_owned(), due.paid()));
        if let Some(confirmed) = self.confirmed() {
            if let Some(given) = &confirmed.held.authorisation {
                facts.pair("授权人工号", given.by.to_string());
                facts.pair("授权号", given.number.to_string());
            }
            facts.pair("中心确认号", confirmation(&confirmed.number));
        }
        if paper == Paper::RefundVoucher {
            facts.line("受理单已收回；余额以清算为准，本笔已结清。");
            facts.signature = Some("客户签字（已核对金额）".to_owned());
            facts.texts.push("refund.next_steps");
        } else {
            facts.pair("付款方式", "现金");
        }
        facts
    }
}

fn of_fee(due: &Due) -> String {
    match due.fee {
        None => "全部以现金退还".to_owned(),
        Some(HandlingFee { amount, taken: FeeTaken::Deducted }) => {
            format!("扣手续费 {} 元，退还 {} 元", yuan(amount), yuan(due.paid()))
        }
        Some(HandlingFee { amount, taken: FeeTaken::Cash }) => format!("全额退还，另收手续费 {} 元", yuan(amount)),
    }
}

fn payee(who: &Identified) -> Payee {
    Payee(who.papers.presenter().to_owned())
}
