//! S-24 空白卡出入: blanks that a window takes from the outlet's store, or gives back. Numbers are a range; the count must fit
//! it. A difference is the supervisor's matter and has its note.

use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
};
use crate::{
    card::CardImage,
    code::{Code, Message},
    money::Fen,
    normalise, privacy,
    ruleset::Level,
};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// 领入
    In,
    /// 交回
    Out,
}

impl Direction {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::In => "领入空白卡",
            Self::Out => "交回空白卡",
        }
    }
}

/// Blanks that changed hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub direction: Direction,
    pub count: u32,
    /// First and last printed number.
    pub first: String,
    pub last: String,
    pub note: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlankStock {
    Asking,
    Counting {
        direction: Direction,
    },
    /// The numbers and the count differ: the manager has to know.
    Authorising {
        moved: Moved,
    },
    Vouchering {
        moved: Moved,
    },
    Closed {
        last: Option<Moved>,
        ending: Ending,
    },
}

const STEPS: &[&str] = &["领入或交回", "清点", "打印凭证"];
/// More than any drawer holds.
const MOST: u32 = 5_000;

impl BlankStock {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Asking => Question::new(
                "direction",
                format!("空白卡（本窗口现有 {} 张）", cx.blanks),
                Ask::Choice { options: Choice::numbered([Direction::In, Direction::Out].map(|way| (way.as_str(), way.label()))) },
            )
            .into(),
            Self::Counting { direction } => Question::new(
                "count",
                format!("{}：清点后录入", direction.label()),
                Ask::Form {
                    fields: vec![
                        Field::new("first", "起始卡号", FieldKind::Digits),
                        Field::new("last", "终止卡号", FieldKind::Digits),
                        Field::new("count", COUNT, FieldKind::Digits),
                        Field::new("note", "差异说明", FieldKind::Text).optional().hint("张数与号段不符时必填"),
                    ],
                    submit: "登记".to_owned(),
                },
            )
            .into(),
            Self::Authorising { moved } => Question::new(
                "authorise",
                format!("张数与号段不符，须{}授权", Level::Manager.label()),
                Ask::Authorise { level: Level::Manager, amount: Fen::ZERO, reason: moved.note.clone() },
            )
            .into(),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Asking | Self::Counting { .. } | Self::Authorising { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Asking, Input::Answer(Answer::Choose { option })) => {
                let known = [Direction::In, Direction::Out].into_iter().find(|way| way.as_str() == option);
                Ok(Fact::StockWay { direction: known.ok_or_else(stale)? })
            }
            (Self::Counting { direction }, Input::Answer(Answer::Fill { values })) => {
                let moved = counted(*direction, &values, cx)?;
                privacy::remark(cx.rules, &moved.note)?;
                let differs = range(&moved.first, &moved.last) != Some(u64::from(moved.count));
                if differs && moved.note.is_empty() {
                    return Err(cx.refuse(Code::StockDiff).with("n", difference(&moved)));
                }
                Ok(if differs { Fact::StockDiffers { moved } } else { Fact::StockMoved { moved } })
            }
            (Self::Authorising { moved }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                // Checks who agrees and to what; the fact that it leads to carries the blanks.
                cx.authorised(by, number, amount, Fen::ZERO)?;
                Ok(Fact::StockMoved { moved: moved.clone() })
            }
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
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
            (Self::Asking, Fact::StockWay { direction }) => Self::Counting { direction },
            (Self::Counting { .. }, Fact::StockDiffers { moved }) => Self::Authorising { moved },
            (Self::Counting { .. } | Self::Authorising { .. }, Fact::StockMoved { moved }) => Self::Vouchering { moved },
            (Self::Vouchering { moved }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Some(moved), ending: Ending::Done }
            }
            (Self::Asking | Self::Counting { .. } | Self::Authorising { .. }, fact) => {
                Self::Closed { last: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            (Self::Vouchering { .. } | Self::Closed { .. }, _) => return Err(misplaced()),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asking => "stock.asking",
            Self::Counting { .. } => "stock.counting",
            Self::Authorising { .. } => "stock.authorising",
            Self::Vouchering { .. } => "stock.vouchering",
            Self::Closed { .. } => "stock.closed",
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

    fn moved(&self) -> Option<&Moved> {
        match self {
            Self::Authorising { moved } | Self::Vouchering { moved } => Some(moved),
            Self::Closed { last, .. } => last.as_ref(),
            Self::Asking | Self::Counting { .. } => None,
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Asking => 0,
            Self::Counting { .. } | Self::Authorising { .. } => 1,
            Self::Vouchering { .. } => 2,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        let mut result = Vec::new();
        if let Some(moved) = self.moved() {
            strip.push(Shown::plain("号段", format!("{}—{}", moved.first, moved.last)));
            result.push(Shown::toned(moved.direction.label(), format!("{} 张", moved.count), Tone::Good));
        }
        Picture { progress: Progress { steps: STEPS, now }, strip, say: None, result, give_back: Vec::new(), remark: None }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let (Paper::Voucher, Some(moved)) = (paper, self.moved()) {
            facts.pair("办理结果", moved.direction.label());
            facts.pair("起始卡号", moved.first.clone());
            facts.pair("终止卡号", moved.last.clone());
            facts.pair("张数", moved.count.to_string());
            if !moved.note.is_empty() {
                facts.pair("差异说明", moved.note.clone());
            }
            facts.signature = Some("交接双方签字".to_owned());
        }
        facts
    }
}

const COUNT: &str = "实点张数";

fn counted(direction: Direction, values: &[(String, String)], cx: &Cx<'_>) -> Result<Moved, Message> {
    let value = |id: &str| values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.trim());
    let number = |id: &str, label: &str| {
        let digits = normalise::text(value(id)).replace(' ', "");
        let good = !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if good { Ok(digits) } else { Err(Message::new(Code::FieldInvalid).with("field", label)) }
    };
    let count = normalise::count(value("count"), COUNT)?;
    if count == 0 || count > MOST {
        return Err(Message::new(Code::FieldInvalid).with("field", COUNT));
    }
    if direction == Direction::Out && count > cx.blanks {
        return Err(cx.refuse(Code::StockDiff).with("n", i64::from(cx.blanks) - i64::from(count)));
    }
    Ok(Moved {
        direction,
        count,
        first: number("first", "起始卡号")?,
        last: number("last", "终止卡号")?,
        note: normalise::text(value("note")),
    })
}

/// Cards from the first to the last number; none where they make no range.
fn range(first: &str, last: &str) -> Option<u64> {
    if first.len() != last.len() {
        return None;
    }
    let (first, last) = (first.parse::<u128>().ok()?, last.parse::<u128>().ok()?);
    u64::try_from(last.checked_sub(first)?).ok()?.checked_add(1)
}

fn difference(moved: &Moved) -> String {
    match range(&moved.first, &moved.last).and_then(|cards| i64::try_from(cards).ok()) {
        Some(cards) => (i64::from(moved.count) - cards).to_string(),
        None => "号段有误".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_counts_both_ends_and_needs_equal_lengths() {
        assert_eq!(range("0000000000000001", "0000000000000020"), Some(20));
        assert_eq!(range("7", "7"), Some(1));
        assert_eq!(range("8", "7"), None);
        assert_eq!(range("99", "100"), None);
        assert_eq!(range("00000000000000000000", "99999999999999999999"), None, "more than any store holds");
    }
}
