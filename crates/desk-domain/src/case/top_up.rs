//! S-11 充值: cash is taken, then the same amount is put onto the purse.
//!
//! Money comes in before the write, so a case that does not reach the card owes it: there is no path from
//! [`Fact::MoneyIn`] to an end but through [`Fact::Confirmed`] or [`Fact::MoneyBack`], or into suspense at the centre.

mod face;

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper,
    context::{Cx, stale},
    fact::{Fact, Misplaced, Moment},
    paper::PaperFacts,
    question::{Ask, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, masked_card, yuan},
    writing::{Step, Writing},
};
use crate::{
    card::{CardImage, TearEvidence, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    fee,
    id::CentreNumber,
    money::Fen,
    person::{CardFacts, Lookup},
    top_up,
};

/// The card that money is put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    pub card: CardImage,
    pub balance: Fen,
    /// What the centre said of the card.
    pub facts: Option<Box<CardFacts>>,
}

/// Customer and clerk agree on an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub purse: Purse,
    pub amount: Fen,
}

/// The cash lies in the till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub order: Order,
    pub tendered: Fen,
    pub change: Fen,
}

/// The right is held for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub paid: Paid,
    pub reservation: Reservation,
}

/// The money stands on the card and the centre confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub held: Held,
    pub proof: WriteProof,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopUp {
    Tapping,
    Read {
        purse: Purse,
    },
    Offered {
        purse: Purse,
    },
    Paying {
        order: Order,
    },
    Reserving {
        paid: Paid,
    },
    Writing {
        held: Held,
        writing: Writing,
    },
    /// Proved that nothing was written: the right goes back, then the money.
    Releasing {
        held: Held,
        writing: Writing,
        ending: Ending,
    },
    Returning {
        paid: Paid,
        ending: Ending,
    },
    ReturnedSlip {
        paid: Paid,
        ending: Ending,
    },
    Settling {
        held: Held,
        proof: WriteProof,
    },
    Receipting {
        confirmed: Confirmed,
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
    /// The money went back to the customer.
    Returned(Paid),
    Held(Held),
    Confirmed(Confirmed),
}

const STEPS: &[&str] = &["读卡", "选金额", "收款", "中心预留", "写卡", "中心确认"];

impl TopUp {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { purse } => Next::Do(Effect::FindCard { lookup: Lookup::CardNo { card_no: purse.card.card_no.clone() } }),
            Self::Offered { purse } => Question::new(
                "amount",
                format!("卡内 {} 元，充值多少？", yuan(purse.balance)),
                Ask::Form { fields: vec![Field::new("amount", "充值金额（元）", FieldKind::Amount)], submit: "确定".to_owned() },
            )
            .help(
                cx.top_up(&purse.card, purse.facts.as_deref()).map(|most| format!("本次最多可充 {} 元。", yuan(most))).unwrap_or_default(),
            )
            .into(),
            Self::Paying { order } => Question::new(
                "cash",
                format!("收现金 {} 元", yuan(order.amount)),
                Ask::Form { fields: vec![Field::new("tendered", "实收现金（元）", FieldKind::Amount)], submit: "收款".to_owned() },
            )
            .into(),
            Self::Reserving { paid } => {
                Next::Do(Effect::Reserve { request: cx.request("reserve", 1), claim: claim(&paid.order, cx), authorisation: None })
            }
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { held, .. } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.reservation.number.clone() })
            }
            Self::Returning { paid, .. } => Question::new(
                "return",
                format!("没有充上，退还现金 {} 元", yuan(paid.order.amount)),
                Ask::Act {
                    key: "F5",
                    label: "记账退还".to_owned(),
                    detail: vec![Shown::toned("退还金额", yuan(paid.order.amount), Tone::Warn)],
                },
            )
            .help("先按 F5 记账，再把现金交还客户；回车不退款。")
            .into(),
            Self::ReturnedSlip { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Settling { held, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::PurseLoaded { amount: held.paid.order.amount, proof: proof.clone() },
            }),
            Self::Receipting { .. } => Next::Do(Effect::Print { paper: Paper::Receipt }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => match cx.top_up(&card, None) {
                Ok(_) => Ok(Fact::CardRead { card }),
                Err(message) => Ok(Fact::Refused { message }),
            },
            (Self::Read { purse }, Input::Outcome(Outcome::CardFound { card })) => match cx.top_up(&purse.card, Some(&card)) {
                Ok(_) => Ok(Fact::CardKnown { card, until: None, fee: None, authorise: None, moment: cx.moment() }),
                Err(message) => Ok(Fact::Refused { message }),
            },
            (Self::Read { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Offered { purse }, Input::Answer(Answer::Fill { values })) => {
                Ok(Fact::AmountChosen { amount: top_up::amount(cx.rules, purse.balance, field(&values, "amount"))? })
            }
            (Self::Paying { order }, Input::Answer(Answer::Fill { values })) => {
                if !cx.online {
                    return Err(cx.refuse(Code::OnlineOnly));
                }
                let tendered = Fen::parse_yuan(field(&values, "tendered"))?;
                let change = fee::change(order.amount, tendered)?;
                cx.till_takes(order.amount)?;
                Ok(Fact::MoneyIn { fee: order.amount, tendered, change, postings: cx.top_up_in(order.amount) })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Writing { writing, .. }, input) => writing.decide(input, cx),
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released)) => Ok(Fact::Released),
            // Somebody writes, or wrote, this very load (补写卡): no cash goes back before the centre says how it ended.
            (Self::Releasing { .. }, Input::Outcome(Outcome::Refused { .. })) => {
                Ok(Fact::WriteUnknown { evidence: TearEvidence::CardAway })
            }
            (Self::Returning { paid, .. }, Input::Answer(Answer::Act)) => {
                let amount = paid.order.amount;
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::MoneyBack { amount, postings: cx.top_up_back(amount) })
            }
            (Self::ReturnedSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::Settling { held, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            // The money is on the card and the centre will not say so: its exception list owns it.
            (Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Receipting { .. }, Input::Outcome(outcome)) => super::printed(Paper::Receipt, outcome),
            (Self::Tapping | Self::Read { .. } | Self::Offered { .. } | Self::Paying { .. }, Input::Answer(Answer::Cancel)) => {
                Ok(Fact::Cancelled)
            }
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
            (Self::Read { purse }, Fact::CardKnown { card, .. }) => Self::Offered { purse: Purse { facts: Some(card), ..purse } },
            (Self::Offered { purse }, Fact::AmountChosen { amount }) => Self::Paying { order: Order { purse, amount } },
            (Self::Read { purse } | Self::Offered { purse }, fact) => Self::end(Last::Purse(purse), fact).ok_or_else(misplaced)?,
            (Self::Paying { order }, Fact::MoneyIn { tendered, change, .. }) => Self::Reserving { paid: Paid { order, tendered, change } },
            (Self::Paying { order }, fact) => Self::end(Last::Purse(order.purse), fact).ok_or_else(misplaced)?,
            (Self::Reserving { paid }, Fact::Reserved { reservation, moment }) => Self::write(Held { paid, reservation }, 1, &moment),
            (Self::Reserving { paid }, Fact::Refused { message }) => Self::Returning { paid, ending: Ending::Refused { message } },
            (Self::Writing { held, writing }, fact) => {
                let before = writing.clone();
                match writing.apply(fact)? {
                    Step::Still(writing) => Self::Writing { held, writing },
                    Step::Written(proof) => Self::Settling { held, proof },
                    Step::Again { attempt, at } => Self::write(held, attempt, &at),
                    Step::Abandoned { .. } => Self::Releasing { held, writing: before, ending: Ending::Cancelled },
                }
            }
            (Self::Releasing { held, ending, .. }, Fact::Released) => Self::Returning { paid: held.paid, ending },
            (Self::Releasing { held, writing, .. }, Fact::WriteUnknown { evidence }) => {
                Self::Writing { held, writing: writing.elsewhere(evidence) }
            }
            (Self::Returning { paid, ending }, Fact::MoneyBack { .. }) => Self::ReturnedSlip { paid, ending },
            (Self::ReturnedSlip { paid, ending }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Returned(paid), ending }
            }
            (Self::Settling { held, proof }, Fact::Confirmed { number, .. }) => {
                Self::Receipting { confirmed: Confirmed { held, proof, number } }
            }
            (Self::Settling { held, .. }, Fact::Refused { message }) => {
                Self::Closed { last: Last::Held(held), ending: Ending::Suspended { message } }
            }
            (Self::Receipting { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Confirmed(confirmed), ending: Ending::Done }
            }
            (
                Self::Reserving { .. }
                | Self::Releasing { .. }
                | Self::Returning { .. }
                | Self::ReturnedSlip { .. }
                | Self::Settling { .. }
                | Self::Receipting { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    fn write(held: Held, attempt: u32, moment: &Moment) -> Self {
        let order = &held.paid.order;
        let intent = WriteIntent::Load { before: order.purse.card.clone(), amount: order.amount, terminal: moment.terminal() };
        Self::Writing { writing: Writing::begin(attempt, held.reservation.number.clone(), intent), held }
    }

    fn end(last: Last, fact: Fact) -> Option<Self> {
        super::ending_of(fact).map(|ending| Self::Closed { last, ending })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tapping => "top_up.tapping",
            Self::Read { .. } => "top_up.read",
            Self::Offered { .. } => "top_up.offered",
            Self::Paying { .. } => "top_up.paying",
            Self::Reserving { .. } => "top_up.reserving",
            Self::Writing { .. } => "top_up.writing",
            Self::Releasing { .. } => "top_up.releasing",
            Self::Returning { .. } => "top_up.returning",
            Self::ReturnedSlip { .. } => "top_up.returned_slip",
            Self::Settling { .. } => "top_up.settling",
            Self::Receipting { .. } => "top_up.receipting",
            Self::Closed { .. } => "top_up.closed",
        }
    }

    fn purse(&self) -> Option<&Purse> {
        match self {
            Self::Tapping | Self::Closed { last: Last::Nothing, .. } => None,
            Self::Read { purse } | Self::Offered { purse } | Self::Closed { last: Last::Purse(purse), .. } => Some(purse),
            Self::Paying { order } => Some(&order.purse),
            Self::Reserving { .. }
            | Self::Writing { .. }
            | Self::Releasing { .. }
            | Self::Returning { .. }
            | Self::ReturnedSlip { .. }
            | Self::Settling { .. }
            | Self::Receipting { .. }
            | Self::Closed { last: Last::Returned(_) | Last::Held(_) | Last::Confirmed(_), .. } => {
                self.paid().map(|paid| &paid.order.purse)
            }
        }
    }

    fn paid(&self) -> Option<&Paid> {
        match self {
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Paying { .. }
            | Self::Closed { last: Last::Nothing | Last::Purse(_), .. } => None,
            Self::Reserving { paid }
            | Self::Returning { paid, .. }
            | Self::ReturnedSlip { paid, .. }
            | Self::Closed { last: Last::Returned(paid), .. } => Some(paid),
            Self::Writing { held, .. }
            | Self::Releasing { held, .. }
            | Self::Settling { held, .. }
            | Self::Closed { last: Last::Held(held), .. } => Some(&held.paid),
            Self::Receipting { confirmed } | Self::Closed { last: Last::Confirmed(confirmed), .. } => Some(&confirmed.held.paid),
        }
    }

    /// The confirmed top-up, where the case has come that far.
    #[must_use]
    pub fn confirmed(&self) -> Option<&Confirmed> {
        match self {
            Self::Receipting { confirmed } | Self::Closed { last: Last::Confirmed(confirmed), .. } => Some(confirmed),
            Self::Tapping
            | Self::Read { .. }
            | Self::Offered { .. }
            | Self::Paying { .. }
            | Self::Reserving { .. }
            | Self::Writing { .. }
            | Self::Releasing { .. }
            | Self::Returning { .. }
            | Self::ReturnedSlip { .. }
            | Self::Settling { .. }
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
        if let Self::Writing { writing, .. } = self { Some(writing) } else { None }
    }
}

impl Purse {
    fn of(card: CardImage) -> Option<Self> {
        Some(Self { balance: card.purse.as_ref()?.balance, facts: None, card })
    }
}

fn field<'a>(values: &'a [(String, String)], id: &str) -> &'a str {
    values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.as_str())
}

fn claim(order: &Order, cx: &Cx<'_>) -> Claim {
    Claim::TopUp {
        cell: order.purse.facts.as_ref().map_or_else(|| cx.rules.cell.clone(), |facts| facts.cell.clone()),
        programme: cx.header.programme.clone(),
        card: order.purse.card.clone(),
        amount: order.amount,
    }
}
