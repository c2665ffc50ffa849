//! S-23 待领超期: made cards that lie at the outlet longer than the programme's list wants. The clerk sees the list; a card whose
//! whole time is over goes back to the centre, one a case, in a bag with the case's number.

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, day},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::Message,
    id::CentreNumber,
    mask,
    order::Uncollected as Lying,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncollected {
    Finding,
    Listing {
        cards: Vec<Lying>,
    },
    Reserving {
        cards: Vec<Lying>,
        card: Lying,
    },
    Settling {
        cards: Vec<Lying>,
        card: Lying,
        reservation: Reservation,
    },
    Labelling {
        back: Back,
    },
    Vouchering {
        back: Back,
    },
    /// Nothing goes back: the list itself is printed.
    ListSlip {
        cards: Vec<Lying>,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// A card on its way back to the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    pub cards: Vec<Lying>,
    pub card: Lying,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Listed(Vec<Lying>),
    Back(Box<Back>),
}

const STEPS: &[&str] = &["查询", "清单", "中心确认", "打印"];
const DONE: &str = "done";

impl Uncollected {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Finding => Next::Do(Effect::FindUncollected),
            Self::Listing { cards } => {
                let back = cards.iter().filter(|card| card.back);
                let options = back.map(|card| (card.order.as_str().to_owned(), format!("退回中心：{}", line(card))));
                let (days, most) = cx.rules.production.map_or((0, 0), |rule| (rule.list_days, rule.return_days));
                Question::new(
                    "uncollected",
                    format!("超过 {days} 天未领 {} 张", cards.len()),
                    Ask::Choice { options: Choice::numbered(options.chain([(DONE.to_owned(), "打印清单，结束".to_owned())])) },
                )
                .help(format!("{}。超过 {most} 天的退回中心，每次一张。", cards.iter().map(line).collect::<Vec<_>>().join("；")))
                .into()
            }
            Self::Reserving { card, .. } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act {
                    cell: cx.rules.cell.clone(),
                    programme: cx.header.programme.clone(),
                    act: CentreAct::SendBack { order: card.order.clone(), card_no: card.card_no.clone() },
                },
                authorisation: None,
            }),
            Self::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Labelling { .. } => Next::Do(Effect::Print { paper: Paper::BagLabel }),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::ListSlip { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Finding | Self::Listing { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Finding, Input::Outcome(Outcome::UncollectedFound { cards })) => Ok(Fact::UncollectedKnown { cards }),
            (Self::Listing { .. }, Input::Answer(Answer::Choose { option })) if option == DONE => Ok(Fact::Shown { message: None }),
            (Self::Listing { cards }, Input::Answer(Answer::Choose { option })) => {
                let card = cards.iter().find(|card| card.back && card.order.as_str() == option).ok_or_else(stale)?;
                Ok(Fact::SentBackChosen { order: card.order.clone() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Finding | Self::Reserving { .. } | Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => {
                super::final_refusal(message)
            }
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (Self::Labelling { .. }, Input::Outcome(outcome)) => super::printed(Paper::BagLabel, outcome),
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::ListSlip { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
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
            (Self::Finding, Fact::UncollectedKnown { cards }) if cards.is_empty() => {
                Self::Closed { last: Last::Listed(cards), ending: Ending::Done }
            }
            (Self::Finding, Fact::UncollectedKnown { cards }) => Self::Listing { cards },
            (Self::Listing { cards }, Fact::Shown { .. }) => Self::ListSlip { cards },
            (Self::Listing { cards }, Fact::SentBackChosen { order }) => {
                let card = cards.iter().find(|card| card.order == order).cloned().ok_or_else(misplaced)?;
                Self::Reserving { cards, card }
            }
            (Self::Reserving { cards, card }, Fact::Reserved { reservation, .. }) => Self::Settling { cards, card, reservation },
            (Self::Settling { cards, card, .. }, Fact::Confirmed { number, .. }) => Self::Labelling { back: Back { cards, card, number } },
            (Self::Labelling { back }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Vouchering { back },
            (Self::Vouchering { back }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Back(Box::new(back)), ending: Ending::Done }
            }
            (Self::ListSlip { cards }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Listed(cards), ending: Ending::Done }
            }
            (Self::Finding, fact) => close(Last::Nothing, fact)?,
            (Self::Listing { cards } | Self::Reserving { cards, .. } | Self::Settling { cards, .. }, fact) => {
                close(Last::Listed(cards), fact)?
            }
            (Self::Labelling { .. } | Self::Vouchering { .. } | Self::ListSlip { .. } | Self::Closed { .. }, _) => {
                return Err(misplaced());
            }
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Finding => "uncollected.finding",
            Self::Listing { .. } => "uncollected.listing",
            Self::Reserving { .. } => "uncollected.reserving",
            Self::Settling { .. } => "uncollected.settling",
            Self::Labelling { .. } => "uncollected.labelling",
            Self::Vouchering { .. } => "uncollected.vouchering",
            Self::ListSlip { .. } => "uncollected.list_slip",
            Self::Closed { .. } => "uncollected.closed",
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

    fn back(&self) -> Option<&Back> {
        if let Self::Labelling { back } | Self::Vouchering { back } = self {
            return Some(back);
        }
        if let Self::Closed { last: Last::Back(back), .. } = self { Some(back) } else { None }
    }

    fn cards(&self) -> &[Lying] {
        match self {
            Self::Listing { cards }
            | Self::Reserving { cards, .. }
            | Self::Settling { cards, .. }
            | Self::ListSlip { cards }
            | Self::Closed { last: Last::Listed(cards), .. } => cards,
            Self::Finding | Self::Labelling { .. } | Self::Vouchering { .. } | Self::Closed { .. } => {
                self.back().map(|back| back.cards.as_slice()).unwrap_or_default()
            }
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Finding => 0,
            Self::Listing { .. } => 1,
            Self::Reserving { .. } | Self::Settling { .. } => 2,
            Self::Labelling { .. } | Self::Vouchering { .. } | Self::ListSlip { .. } => 3,
            Self::Closed { .. } => STEPS.len(),
        };
        let strip = match self {
            Self::Listing { .. } => self.cards().iter().map(shown).collect(),
            Self::Reserving { card, .. } | Self::Settling { card, .. } => vec![shown(card)],
            Self::Finding | Self::Labelling { .. } | Self::Vouchering { .. } | Self::ListSlip { .. } | Self::Closed { .. } => Vec::new(),
        };
        let mut result = Vec::new();
        if let Some(back) = self.back() {
            result.push(Shown::toned("办理结果", "退回中心", Tone::Good));
            result.push(shown(&back.card));
            result.push(Shown::plain("中心确认号", confirmation(&back.number)));
        } else if let Self::Closed { last: Last::Listed(cards), ending: Ending::Done } = self {
            result.push(Shown::plain("超期未领", format!("{} 张", cards.len())));
            result.extend(cards.iter().map(shown));
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: self.back().map(|_| "请把卡从卡盒取出，装袋贴签，随交接退回中心。".to_owned()),
            result,
            give_back: Vec::new(),
            remark: None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        match (paper, self.back()) {
            (Paper::BagLabel | Paper::Voucher, Some(back)) => {
                facts.pair("原因", "逾期未领，退回中心");
                facts.pair("卡号", mask::card_on_paper(back.card.card_no.as_str()));
                facts.pair("卡盒", back.card.place.clone());
                facts.pair("到网点日期", day(back.card.since));
                facts.pair("制卡订单号", confirmation(&back.card.order));
                facts.pair("中心确认号", confirmation(&back.number));
                if paper == Paper::Voucher {
                    facts.signature = Some("经办人签字".to_owned());
                }
            }
            (Paper::GuidanceSlip, _) => {
                facts.pair("超期未领", format!("{} 张", self.cards().len()));
                for card in self.cards() {
                    facts.line(line(card));
                }
                facts.signature = Some("核对人签字".to_owned());
            }
            (
                Paper::BagLabel
                | Paper::Voucher
                | Paper::Receipt
                | Paper::RefundVoucher
                | Paper::AcceptanceSlip
                | Paper::PendingSlip
                | Paper::Reversal
                | Paper::OneTimeNotice
                | Paper::ErrorList,
                _,
            ) => {}
        }
        facts
    }
}

/// 卡盒 031，卡尾号 6001，2026年8月1日到，已放 115 天
fn line(card: &Lying) -> String {
    format!("卡盒 {}，卡尾号 {}，{} 到，已放 {} 天", card.place, card.card_no.tail(), day(card.since), card.days)
}

fn shown(card: &Lying) -> Shown {
    let tone = if card.back { Tone::Bad } else { Tone::Warn };
    Shown::toned(format!("卡盒 {}", card.place), format!("尾号 {} · {} 天", card.card_no.tail(), card.days), tone)
}
