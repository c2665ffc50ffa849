//! A card stays at the outlet, in a bag with this case's number: S-24 坏卡 and S-29 拾获卡. The label is printed first; a found
//! card is then made known to the centre, which tells its holder, as soon as the line is there. The finder learns nothing.

use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    words::confirmation,
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::{CardNo, CentreNumber},
    mask, normalise,
};

/// Why a card is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptFor {
    Damaged,
    Fault,
    Returned,
    Found,
    Void,
}

impl KeptFor {
    const BAD: [Self; 4] = [Self::Damaged, Self::Fault, Self::Returned, Self::Void];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Fault => "fault",
            Self::Returned => "returned",
            Self::Found => "found",
            Self::Void => "void",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Damaged => "损坏",
            Self::Fault => "质量",
            Self::Returned => "退卡",
            Self::Found => "拾获",
            Self::Void => "作废",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// Why is it kept?
    Asking,
    /// How is it known: tapped, or by its printed number?
    Seeing {
        why: KeptFor,
    },
    Tapping {
        why: KeptFor,
    },
    Labelling {
        kept: Kept,
    },
    /// In the bag; the centre has to hear of it.
    Bagged {
        kept: Kept,
    },
    Reserving {
        kept: Kept,
    },
    Settling {
        kept: Kept,
        reservation: Reservation,
    },
    Closed {
        last: Option<(Kept, Option<CentreNumber>)>,
        ending: Ending,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub why: KeptFor,
    /// Absent where neither chip nor print could be read.
    pub card_no: Option<CardNo>,
}

impl Kept {
    /// What the label of its bag says.
    pub fn on_label(&self, facts: &mut PaperFacts) {
        facts.pair("原因", self.why.label());
        facts.pair("卡号", self.card_no.as_ref().map_or_else(|| "无法辨认".to_owned(), |number| mask::card_on_paper(number.as_str())));
        facts.line("袋号即业务单号；交接时逐袋核对。");
        facts.signature = Some("封袋人".to_owned());
    }
}

const STEPS: &[&str] = &["登记原因", "认卡", "装袋贴签", "中心登记"];

impl Keeping {
    #[must_use]
    pub fn bad() -> Self {
        Self::Asking
    }

    #[must_use]
    pub fn found() -> Self {
        Self::Seeing { why: KeptFor::Found }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Asking => Question::new(
                "why",
                "为什么收存这张卡？",
                Ask::Choice { options: Choice::numbered(KeptFor::BAD.map(|why| (why.as_str(), why.label()))) },
            )
            .into(),
            Self::Seeing { why } => {
                let fields = vec![
                    Field::new("card_no", "卡面卡号", FieldKind::CardNumber).optional().hint("读得出的卡留空，放上读卡器"),
                    Field::new("illegible", "芯片读不出，卡号也无法辨认", FieldKind::Tick).optional(),
                ];
                let submit = if *why == KeptFor::Found { "登记拾获卡" } else { "登记坏卡" };
                Question::new("card", "录入卡号，或留空后刷卡", Ask::Form { fields, submit: submit.to_owned() }).into()
            }
            Self::Tapping { .. } => Next::Do(Effect::ReadCard { expect: None }),
            Self::Labelling { .. } => Next::Do(Effect::Print { paper: Paper::BagLabel }),
            Self::Bagged { kept } => {
                if cx.online {
                    Next::Do(reserve(kept, cx))
                } else {
                    Question::new("wait_line", "已装袋，等待线路恢复后登记到中心", Ask::WaitForLine).into()
                }
            }
            Self::Reserving { kept } => Next::Do(reserve(kept, cx)),
            Self::Settling { reservation, .. } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Asking | Self::Seeing { .. } | Self::Tapping { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Asking, Input::Answer(Answer::Choose { option })) => {
                let why = KeptFor::BAD.into_iter().find(|why| why.as_str() == option).ok_or_else(stale)?;
                Ok(Fact::KeptFor { why })
            }
            (Self::Seeing { .. }, Input::Answer(Answer::Fill { values })) => {
                let typed = values.iter().find(|(field, _)| field == "card_no").map_or("", |(_, value)| value.trim());
                let illegible = values.iter().any(|(field, value)| field == "illegible" && value.trim() == "true");
                if typed.is_empty() {
                    return Ok(if illegible { Fact::CardKept { card_no: None } } else { Fact::ToBeTapped });
                }
                Ok(Fact::CardKept { card_no: Some(CardNo::new(normalise::card_number(typed)?)) })
            }
            (Self::Tapping { .. }, Input::Outcome(Outcome::CardRead { card })) => {
                if card.blank || !cx.rules.owns(&card) {
                    return Err(cx.refuse(Code::ProfileMismatch));
                }
                Ok(Fact::CardKept { card_no: Some(card.card_no) })
            }
            (Self::Labelling { .. }, Input::Outcome(outcome)) => super::printed(Paper::BagLabel, outcome),
            (Self::Bagged { .. } | Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            // The bag is here all the same; why the centre will not have it is on record.
            (Self::Bagged { .. } | Self::Reserving { .. } | Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => {
                if super::passing(&message) {
                    Err(message)
                } else {
                    Ok(Fact::Shown { message: Some(message) })
                }
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
            (Self::Asking, Fact::KeptFor { why }) => Self::Seeing { why },
            (Self::Seeing { why }, Fact::ToBeTapped) => Self::Tapping { why },
            (Self::Seeing { why } | Self::Tapping { why }, Fact::CardKept { card_no }) => Self::Labelling { kept: Kept { why, card_no } },
            (Self::Labelling { kept }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                if kept.why == KeptFor::Found && kept.card_no.is_some() {
                    Self::Bagged { kept }
                } else {
                    Self::Closed { last: Some((kept, None)), ending: Ending::Done }
                }
            }
            (Self::Bagged { kept } | Self::Reserving { kept }, Fact::Reserved { reservation, .. }) => Self::Settling { kept, reservation },
            (Self::Settling { kept, .. }, Fact::Confirmed { number, .. }) => {
                Self::Closed { last: Some((kept, Some(number))), ending: Ending::Done }
            }
            (Self::Bagged { kept } | Self::Reserving { kept } | Self::Settling { kept, .. }, Fact::Shown { message: Some(message) }) => {
                Self::Closed { last: Some((kept, None)), ending: Ending::Refused { message } }
            }
            (Self::Asking | Self::Seeing { .. } | Self::Tapping { .. }, fact) => {
                Self::Closed { last: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            (Self::Labelling { .. } | Self::Bagged { .. } | Self::Reserving { .. } | Self::Settling { .. } | Self::Closed { .. }, _) => {
                return Err(misplaced());
            }
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asking => "keeping.asking",
            Self::Seeing { .. } => "keeping.seeing",
            Self::Tapping { .. } => "keeping.tapping",
            Self::Labelling { .. } => "keeping.labelling",
            Self::Bagged { .. } => "keeping.bagged",
            Self::Reserving { .. } => "keeping.reserving",
            Self::Settling { .. } => "keeping.settling",
            Self::Closed { .. } => "keeping.closed",
        }
    }

    /// In the bag, and not yet known to the centre.
    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::Bagged { .. })
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        None
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    /// What lies in the bag.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        match self {
            Self::Labelling { kept } | Self::Bagged { kept } | Self::Reserving { kept } | Self::Settling { kept, .. } => Some(kept),
            Self::Closed { last, .. } => last.as_ref().map(|(kept, _)| kept),
            Self::Asking | Self::Seeing { .. } | Self::Tapping { .. } => None,
        }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Asking => 0,
            Self::Seeing { .. } | Self::Tapping { .. } => 1,
            Self::Labelling { .. } => 2,
            Self::Bagged { .. } | Self::Reserving { .. } | Self::Settling { .. } => 3,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        let mut result = Vec::new();
        if let Some(kept) = self.kept() {
            strip.push(Shown::plain("原因", kept.why.label()));
            strip.push(Shown::plain("卡尾号", kept.card_no.as_ref().map_or("无法辨认", CardNo::tail)));
        }
        if let Self::Closed { last: Some((kept, number)), .. } = self {
            result.push(Shown::toned("已装袋", kept.why.label(), Tone::Good));
            if let Some(number) = number {
                result.push(Shown::plain("中心登记号", confirmation(number)));
            }
        }
        let found = self.kept().is_some_and(|kept| kept.why == KeptFor::Found);
        Picture {
            progress: Progress { steps: STEPS, now },
            strip,
            say: found.then(|| "谢谢，我们会通知持卡人。".to_owned()),
            result,
            give_back: Vec::new(),
            remark: None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if let (Paper::BagLabel, Some(kept)) = (paper, self.kept()) {
            kept.on_label(&mut facts);
        }
        facts
    }
}

/// The home cell of a found card is the programme's: the finder's card says nothing else.
fn reserve(kept: &Kept, cx: &Cx<'_>) -> Effect {
    Effect::Reserve {
        request: cx.request("reserve", 1),
        claim: Claim::Act {
            cell: cx.rules.cell.clone(),
            programme: cx.header.programme.clone(),
            act: CentreAct::TakeIn { card_no: kept.card_no.clone().unwrap_or_else(|| CardNo::new("")) },
        },
        authorisation: None,
    }
}
