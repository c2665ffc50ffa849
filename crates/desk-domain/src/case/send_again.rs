//! S-23 退件重寄: a parcel that came back is sent once more. The holder shows a document, says where it is to go, and pays the
//! courier again; only then the courier gets it. A fee that sent nothing is given back in the same case.

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, all, local, stale},
    fact::{Fact, Misplaced, PersonTerms},
    identity::{Identified, Identity, IdentityStep},
    paper::PaperFacts,
    question::{Ask, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    reissue,
    words::{confirmation, yuan},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    fee,
    id::CentreNumber,
    inquiry::{Inquired, Inquiry},
    loss, mask,
    money::Fen,
    order::{self, Contact, Delivery, Returned},
    person::{Lookup, PersonFacts},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendAgain {
    Identifying { identity: Identity },
    Finding { who: Identified },
    Contacting { known: Known },
    Reserving { asked: Asked },
    Paying { held: Held },
    Ordering { paid: Paid },
    Slip { sent: Sent },
    Receipting { sent: Sent },
    MoneyBack { paid: Paid, ending: Ending },
    Releasing { held: Held, ending: Ending },
    Closed { last: Last, ending: Ending },
}

/// Whose card came back, and what sending it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub who: Identified,
    pub person: Box<PersonFacts>,
    pub returned: Returned,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub known: Known,
    contact: Contact,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub asked: Asked,
    pub reservation: Reservation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub held: Held,
    pub tendered: Fen,
    pub change: Fen,
}

/// The courier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub paid: Paid,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Known(Box<Known>),
    Sent(Box<Sent>),
}

const STEPS: &[&str] = &["核验身份", "核对退件", "邮寄地址", "收费", "中心确认", "打印"];

impl SendAgain {
    #[must_use]
    pub fn begin() -> Self {
        Self::Identifying { identity: Identity::begin() }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Identifying { identity } => identity.next(cx),
            Self::Finding { who } => {
                let number = who.papers.number.number.clone();
                Next::Do(Effect::Inquire {
                    lookup: Lookup::IdNumber { programme: cx.header.programme.clone(), number },
                    inquiry: Inquiry::Orders,
                })
            }
            Self::Contacting { known } => {
                let fields = vec![
                    Field::new("phone", "手机号码", FieldKind::Digits).hint("再次退回时发短信"),
                    Field::new("address", "邮寄地址", FieldKind::Text),
                ];
                Question::new(
                    "contact",
                    format!("重新邮寄，{} {} 元", known.returned.courier.label, yuan(known.returned.courier.amount)),
                    Ask::Form { fields, submit: "下一步".to_owned() },
                )
                .help(format!("退件在卡盒 {}；客户也可以现在领走，不另收费。", known.returned.place))
                .into()
            }
            Self::Reserving { asked } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act {
                    cell: asked.known.person.cell.clone(),
                    programme: cx.header.programme.clone(),
                    act: CentreAct::SendAgain {
                        person: asked.known.person.person.clone(),
                        order: asked.known.returned.order.clone(),
                        contact: asked.contact.clone(),
                        courier: asked.fee(),
                    },
                },
                authorisation: None,
            }),
            Self::Paying { held } => Question::new(
                "fee",
                format!("收{} {} 元", held.asked.known.returned.courier.label, yuan(held.asked.fee())),
                Ask::Form { fields: vec![Field::new("tendered", "实收现金（元）", FieldKind::Amount)], submit: "收款".to_owned() },
            )
            .into(),
            Self::Ordering { paid } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: paid.held.reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Receipting { .. } => Next::Do(Effect::Print { paper: Paper::Receipt }),
            Self::MoneyBack { paid, .. } => Question::new(
                "money_back",
                format!("退还{} {} 元", paid.held.asked.known.returned.courier.label, yuan(paid.held.asked.fee())),
                Ask::Act {
                    key: "F5",
                    label: "记账退款".to_owned(),
                    detail: vec![Shown::toned("退还金额", yuan(paid.held.asked.fee()), Tone::Warn)],
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
                Self::Identifying { .. } | Self::Finding { .. } | Self::Contacting { .. } | Self::Paying { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity }, input) => identity.decide(input, cx),
            (Self::Finding { .. }, Input::Outcome(Outcome::Inquired { person, found })) => Ok(known(person, &found, cx)),
            (Self::Finding { .. } | Self::Reserving { .. } | Self::Ordering { .. }, Input::Outcome(Outcome::Refused { message })) => {
                super::final_refusal(message)
            }
            (Self::Contacting { .. }, Input::Answer(Answer::Fill { values })) => {
                Ok(Fact::ContactGiven { contact: reissue::reached(Delivery::Courier, &values)?, told: None })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Paying { held }, Input::Answer(Answer::Fill { values })) => {
                let typed = values.iter().find(|(field, _)| field == "tendered").map_or("", |(_, value)| value.as_str());
                let due = held.asked.fee();
                let tendered = Fen::parse_yuan(typed)?;
                Ok(Fact::MoneyIn { fee: due, tendered, change: fee::change(due, tendered)?, postings: cx.fee_in(due) })
            }
            (Self::Ordering { paid }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: paid.held.reservation.on_confirm.clone() })
            }
            (Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::printed(Paper::Receipt, outcome),
            (Self::MoneyBack { paid, .. }, Input::Answer(Answer::Act)) => {
                let amount = paid.held.asked.fee();
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::MoneyBack { amount, postings: cx.fee_back(amount) })
            }
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
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
                IdentityStep::Done(who) => Self::Finding { who },
            },
            (Self::Finding { who }, Fact::PersonKnown { person, terms: PersonTerms::SendAgain(returned), .. }) => {
                Self::Contacting { known: Known { who, person, returned } }
            }
            (Self::Contacting { known }, Fact::ContactGiven { contact, .. }) => Self::Reserving { asked: Asked { known, contact } },
            (Self::Reserving { asked }, Fact::Reserved { reservation, .. }) => {
                let held = Held { asked, reservation };
                if held.asked.fee().is_positive() {
                    Self::Paying { held }
                } else {
                    Self::Ordering { paid: Paid { held, tendered: Fen::ZERO, change: Fen::ZERO } }
                }
            }
            (Self::Paying { held }, Fact::MoneyIn { tendered, change, .. }) => Self::Ordering { paid: Paid { held, tendered, change } },
            (Self::Paying { held }, Fact::Cancelled) => Self::Releasing { held, ending: Ending::Cancelled },
            (Self::Ordering { paid }, Fact::Confirmed { number, .. }) => Self::Slip { sent: Sent { paid, number } },
            (Self::Ordering { paid }, fact) => {
                let ending = super::ending_of(fact).ok_or_else(misplaced)?;
                if paid.held.asked.fee().is_positive() {
                    Self::MoneyBack { paid, ending }
                } else {
                    Self::Releasing { held: paid.held, ending }
                }
            }
            (Self::Slip { sent }, Fact::Printed { .. } | Fact::PrintPending { .. }) if sent.paid.held.asked.fee().is_positive() => {
                Self::Receipting { sent }
            }
            (Self::Slip { sent } | Self::Receipting { sent }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Sent(Box::new(sent)), ending: Ending::Done }
            }
            (Self::MoneyBack { paid, ending }, Fact::MoneyBack { .. }) => Self::Releasing { held: paid.held, ending },
            (Self::Releasing { held, ending }, Fact::Released) => Self::Closed { last: Last::Known(Box::new(held.asked.known)), ending },
            (Self::Identifying { .. } | Self::Finding { .. }, fact) => close(Last::Nothing, fact)?,
            (Self::Contacting { known }, fact) => close(Last::Known(Box::new(known)), fact)?,
            (Self::Reserving { asked }, fact) => close(Last::Known(Box::new(asked.known)), fact)?,
            (
                Self::Paying { .. }
                | Self::Slip { .. }
                | Self::Receipting { .. }
                | Self::MoneyBack { .. }
                | Self::Releasing { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identifying { .. } => "send_again.identifying",
            Self::Finding { .. } => "send_again.finding",
            Self::Contacting { .. } => "send_again.contacting",
            Self::Reserving { .. } => "send_again.reserving",
            Self::Paying { .. } => "send_again.paying",
            Self::Ordering { .. } => "send_again.ordering",
            Self::Slip { .. } => "send_again.slip",
            Self::Receipting { .. } => "send_again.receipting",
            Self::MoneyBack { .. } => "send_again.money_back",
            Self::Releasing { .. } => "send_again.releasing",
            Self::Closed { .. } => "send_again.closed",
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

    pub(super) fn who(&self) -> Option<&Identified> {
        if let Self::Finding { who } = self { Some(who) } else { self.known().map(|known| &known.who) }
    }

    fn sent(&self) -> Option<&Sent> {
        if let Self::Slip { sent } | Self::Receipting { sent } = self {
            return Some(sent);
        }
        if let Self::Closed { last: Last::Sent(sent), .. } = self { Some(sent) } else { None }
    }

    fn asked(&self) -> Option<&Asked> {
        match self {
            Self::Reserving { asked } => Some(asked),
            Self::Paying { held } | Self::Releasing { held, .. } => Some(&held.asked),
            Self::Ordering { paid } | Self::MoneyBack { paid, .. } => Some(&paid.held.asked),
            Self::Identifying { .. }
            | Self::Finding { .. }
            | Self::Contacting { .. }
            | Self::Slip { .. }
            | Self::Receipting { .. }
            | Self::Closed { .. } => self.sent().map(|sent| &sent.paid.held.asked),
        }
    }

    fn known(&self) -> Option<&Known> {
        if let Self::Contacting { known } = self {
            return Some(known);
        }
        if let Self::Closed { last: Last::Known(known), .. } = self {
            return Some(known);
        }
        self.asked().map(|asked| &asked.known)
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Identifying { .. } => 0,
            Self::Finding { .. } => 1,
            Self::Contacting { .. } => 2,
            Self::Reserving { .. } | Self::Paying { .. } | Self::MoneyBack { .. } | Self::Releasing { .. } => 3,
            Self::Ordering { .. } => 4,
            Self::Slip { .. } | Self::Receipting { .. } => 5,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(known) = self.known() {
            strip.push(Shown::plain("姓名", mask::name(&known.person.name)));
            strip.extend(known.who.strip());
            strip.push(Shown::toned("退件卡盒", known.returned.place.clone(), Tone::Warn));
            strip.push(Shown::plain(known.returned.courier.label.clone(), yuan(known.returned.courier.amount)));
        }
        let mut result = Vec::new();
        if let Some(sent) = self.sent() {
            result.push(Shown::toned("办理结果", "已交快递重新邮寄", Tone::Good));
            result.push(Shown::plain("已收", yuan(sent.paid.held.asked.fee())));
            result.push(Shown::plain("找零", yuan(sent.paid.change)));
            result.push(Shown::plain("中心确认号", confirmation(&sent.number)));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: match self {
                Self::Contacting { .. } => Some("请告诉我新的邮寄地址和手机号码。".to_owned()),
                Self::Paying { held } => Some(format!("{} {} 元。", held.asked.known.returned.courier.label, yuan(held.asked.fee()))),
                Self::Slip { .. } | Self::Receipting { .. } => Some("已交快递，请核对地址后签字。".to_owned()),
                Self::Identifying { .. }
                | Self::Finding { .. }
                | Self::Reserving { .. }
                | Self::Ordering { .. }
                | Self::MoneyBack { .. }
                | Self::Releasing { .. }
                | Self::Closed { .. } => None,
            },
            result,
            give_back: if self.who().is_some() { vec!["证件原件".to_owned()] } else { Vec::new() },
            remark: None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        let Some(asked) = self.asked() else {
            return facts;
        };
        facts.pair("姓名", mask::name(&asked.known.person.name));
        asked.known.who.on_paper(&mut facts);
        facts.pair("制卡订单号", confirmation(&asked.known.returned.order));
        match paper {
            Paper::Receipt => {
                if let Some(sent) = self.sent() {
                    facts.amount = Some((asked.known.returned.courier.label.clone(), asked.fee()));
                    facts.pair("实收", yuan(sent.paid.tendered));
                    facts.pair("找零", yuan(sent.paid.change));
                    facts.pair("付款方式", "现金");
                }
                facts.texts.push("receipt.lines");
            }
            Paper::Voucher => {
                facts.pair("办理结果", "退件重新邮寄");
                facts.pair("邮寄地址", mask::address(&asked.contact.address));
                facts.pair("联系电话", mask::phone(&asked.contact.phone));
                if let Some(sent) = self.sent() {
                    facts.pair("中心确认号", confirmation(&sent.number));
                }
                facts.signature = Some("申请人签字（已核对地址）".to_owned());
            }
            Paper::RefundVoucher
            | Paper::AcceptanceSlip
            | Paper::PendingSlip
            | Paper::GuidanceSlip
            | Paper::BagLabel
            | Paper::Reversal
            | Paper::OneTimeNotice
            | Paper::ErrorList => {}
        }
        facts
    }
}

impl Asked {
    fn fee(&self) -> Fen {
        self.known.returned.courier.amount
    }
}

fn known(person: Box<PersonFacts>, found: &Inquired, cx: &Cx<'_>) -> Fact {
    let Inquired::Orders { orders, .. } = found else {
        return super::no(Message::new(Code::CentreGarbled));
    };
    let facts = loss::Facts { outlet: &cx.header.outlet, clerk: cx.operator, at: local(cx.now), person: &person };
    match order::send_again(cx.rules, facts, orders) {
        Ok(returned) => Fact::PersonKnown { person, terms: PersonTerms::SendAgain(returned), authorise: None, moment: cx.moment() },
        Err(reasons) => super::no(all(reasons)),
    }
}
