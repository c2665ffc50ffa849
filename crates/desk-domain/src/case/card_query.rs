//! S-02 卡查询: what the card says and what the centre says of it. Changes nothing; works without the line.

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Next, Picture, Progress, Question, Shown, Tone},
    words::{masked_card, yuan},
};
use crate::{
    advice,
    card::CardImage,
    code::{Code, Message},
    person::{CardFacts, CardStatus, Lookup},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardQuery {
    Tapping,
    Read {
        card: CardImage,
    },
    /// The card alone speaks: offline, or the centre does not know it.
    Alone {
        card: CardImage,
        message: Option<Message>,
    },
    Known {
        card: CardImage,
        facts: Box<CardFacts>,
    },
    Closed {
        card: Option<CardImage>,
        facts: Option<Box<CardFacts>>,
        ending: Ending,
    },
}

const STEPS: &[&str] = &["读卡", "中心状态", "查看"];

impl CardQuery {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { card } => match cx.header.line {
                LineMode::Online => Next::Do(Effect::FindCard { lookup: Lookup::CardNo { card_no: card.card_no.clone() } }),
                LineMode::Offline => look("离线：只显示卡内数据").into(),
            },
            Self::Alone { .. } => look("只显示卡内数据").into(),
            Self::Known { card, facts } => {
                let told = advice::of_card(cx.rules, Some(cx.header.service), card, Some(facts), cx.today());
                let told: Vec<String> = told.iter().map(|message| cx.rules.wording(message).text).collect();
                let question = look("卡片信息");
                if told.is_empty() { question } else { question.help(told.join(" ")) }.into()
            }
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => {
                if cx.rules.owns(&card) {
                    Ok(Fact::CardRead { card })
                } else {
                    Ok(Fact::Refused { message: cx.refuse(Code::ProfileMismatch) })
                }
            }
            (Self::Read { .. }, Input::Outcome(Outcome::CardFound { card })) => {
                Ok(Fact::CardKnown { card, until: None, fee: None, authorise: None, moment: cx.moment() })
            }
            (Self::Read { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::CardAlone { message: Some(message) }),
            (Self::Read { .. } | Self::Alone { .. } | Self::Known { .. }, Input::Answer(Answer::Go)) => Ok(Fact::Shown { message: None }),
            (Self::Tapping | Self::Read { .. } | Self::Alone { .. } | Self::Known { .. }, Input::Answer(Answer::Cancel)) => {
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
        let name = fact.name();
        let misplaced = || Misplaced { state, fact: name };
        Ok(match (self, fact) {
            (Self::Tapping, Fact::CardRead { card }) => Self::Read { card },
            (Self::Read { card }, Fact::CardKnown { card: facts, .. }) => Self::Known { card, facts },
            (Self::Read { card }, Fact::CardAlone { message }) => Self::Alone { card, message },
            (Self::Read { card } | Self::Alone { card, .. }, Fact::Shown { .. }) => {
                Self::Closed { card: Some(card), facts: None, ending: Ending::Done }
            }
            (Self::Known { card, facts }, Fact::Shown { .. }) => {
                Self::Closed { card: Some(card), facts: Some(facts), ending: Ending::Done }
            }
            (Self::Tapping, fact) => Self::Closed { card: None, facts: None, ending: super::ending_of(fact).ok_or_else(misplaced)? },
            (Self::Read { card } | Self::Alone { card, .. } | Self::Known { card, .. }, fact) => {
                Self::Closed { card: Some(card), facts: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            (Self::Closed { .. }, _) => return Err(misplaced()),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tapping => "query.tapping",
            Self::Read { .. } => "query.read",
            Self::Alone { .. } => "query.alone",
            Self::Known { .. } => "query.known",
            Self::Closed { .. } => "query.closed",
        }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        match self {
            Self::Tapping => None,
            Self::Read { card } | Self::Alone { card, .. } | Self::Known { card, .. } => Some(card),
            Self::Closed { card, .. } => card.as_ref(),
        }
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tapping => 0,
            Self::Read { .. } => 1,
            Self::Alone { .. } | Self::Known { .. } => 2,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(card) = self.card() {
            strip.push(Shown::plain("卡号", masked_card(&card.card_no)));
            if let Some(purse) = &card.purse {
                strip.push(Shown::plain("卡内余额", yuan(purse.balance)));
            }
            if let Some(until) = card.valid_until {
                strip.push(Shown::plain("有效期至", super::words::day(until)));
            }
        }
        let mut remark = None;
        match self {
            Self::Known { facts, .. } | Self::Closed { facts: Some(facts), .. } => {
                strip.push(status(&facts.status));
                strip.push(Shown::plain("发卡日期", super::words::day(facts.issued_on)));
                if facts.functions.is_empty() {
                    strip.push(Shown::plain("交通功能", if facts.transit_open { "已开通" } else { "未开通" }));
                }
                strip.extend(facts.functions.iter().map(super::words::function));
                if let Some(case) = &facts.suspended_by {
                    remark = Some(Message::new(Code::CaseSuspended).with("no", case));
                }
            }
            Self::Alone { message, .. } => remark.clone_from(message),
            Self::Tapping | Self::Read { .. } | Self::Closed { .. } => {}
        }
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: None,
            result: Vec::new(),
            give_back: if self.card().is_some() { vec!["客户的卡".to_owned()] } else { Vec::new() },
            remark,
        }
    }

    #[must_use]
    pub fn paper(&self, _paper: Paper) -> PaperFacts {
        PaperFacts::default()
    }
}

fn look(title: &str) -> Question {
    Question::new("look", title, Ask::Go { label: "查询结束".to_owned() })
}

fn status(status: &CardStatus) -> Shown {
    let (text, tone) = match status {
        CardStatus::Stock => ("未发出".to_owned(), Tone::Warn),
        CardStatus::Active => ("正常".to_owned(), Tone::Good),
        CardStatus::Lost => ("已挂失".to_owned(), Tone::Bad),
        CardStatus::Blacklisted => ("已列入黑名单".to_owned(), Tone::Bad),
        CardStatus::Replaced { by_tail } => (format!("已补办作废，新卡尾号 {by_tail}"), Tone::Bad),
        CardStatus::Closed => ("已注销".to_owned(), Tone::Bad),
    };
    Shown::toned("中心状态", text, tone)
}
