//! The old card of a replacement, as a sub-machine: what is wrong with it, tried on this reader where a free card hangs on
//! it, and which card it is. It stays here (换卡须交回旧卡).

use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Input, Outcome,
    context::{Cx, all, stale},
    fact::{Fact, Misplaced},
    question::{Ask, Field, FieldKind, Next, Question},
    trial::{Trial, TrialStep},
};
use crate::{
    code::{Code, Message},
    id::CardNo,
    normalise,
    replacement::{self, Cause, Ground, ReadTests},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandIn {
    /// What is to be seen on it?
    Inspecting { wanted: Wanted },
    /// It is tried on the reader.
    Testing { trial: Trial },
    /// Which card is it, and does it stay?
    Naming { ground: Ground },
    /// It says so itself.
    Tapping { ground: Ground },
}

/// What the customer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Damage,
    Quality,
}

/// Why a new card is made, and for which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldCard {
    pub ground: Ground,
    /// Absent where neither chip nor print could be read: then it is the one that the holder has.
    pub card_no: Option<CardNo>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandInStep {
    Still(HandIn),
    Done(OldCard),
}

const CAUSE: &str = "cause.";
const SURRENDERED: &str = "旧卡已收回";

impl HandIn {
    #[must_use]
    pub fn begin(wanted: Wanted) -> Self {
        Self::Inspecting { wanted }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Inspecting { wanted } => {
                let causes = cx.rules.replacement.as_ref().map(|rule| rule.causes.as_slice()).unwrap_or_default();
                let fields = (1_u32..)
                    .zip(causes)
                    .map(|(at, cause)| Field::new(format!("{CAUSE}{at}"), cause.clone(), FieldKind::Tick).optional())
                    .collect();
                let (title, submit) = match wanted {
                    Wanted::Damage => ("旧卡怎么坏的？至少勾选一项", "下一步"),
                    Wanted::Quality => ("旧卡外观有没有人为损坏？有的勾选", "外观完好，开始试读"),
                };
                Question::new("damage", title, Ask::Form { fields, submit: submit.to_owned() }).into()
            }
            Self::Testing { trial } => trial.next(needed(cx)),
            Self::Naming { ground } => {
                let mut number = Field::new("card_no", "卡面卡号", FieldKind::CardNumber).optional();
                if ground.readable() {
                    number = number.hint("读得出的卡留空，放上读卡器");
                }
                let fields = vec![
                    number,
                    Field::new("illegible", "芯片读不出，卡号也无法辨认", FieldKind::Tick).optional(),
                    Field::new("surrendered", SURRENDERED, FieldKind::Tick).optional(),
                ];
                Question::new("old_card", "收回旧卡，核对卡号", Ask::Form { fields, submit: "下一步".to_owned() }).into()
            }
            Self::Tapping { .. } => Next::Do(Effect::ReadCard { expect: None }),
        }
    }

    /// # Errors
    /// What is wrong with the answer; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (_, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Inspecting { wanted }, Input::Answer(Answer::Fill { values })) => inspected(*wanted, &values, cx),
            (Self::Testing { trial }, input) => trial.decide(input, needed(cx), cx.refuse(Code::QualityNotProven)),
            (Self::Naming { ground }, Input::Answer(Answer::Fill { values })) => named(ground, &values, cx),
            (Self::Tapping { .. }, Input::Outcome(Outcome::CardRead { card })) => {
                if card.blank || !cx.rules.owns(&card) {
                    return Err(cx.refuse(Code::ProfileMismatch));
                }
                Ok(Fact::CardKept { card_no: Some(card.card_no) })
            }
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong here.
    pub fn apply(self, fact: Fact) -> Result<HandInStep, Misplaced> {
        let name = fact.name();
        Ok(match (self, fact) {
            (Self::Inspecting { .. }, Fact::GroundGiven { ground: Ground::Quality { .. } }) => {
                HandInStep::Still(Self::Testing { trial: Trial::begin() })
            }
            (Self::Inspecting { .. }, Fact::GroundGiven { ground }) => HandInStep::Still(Self::Naming { ground }),
            (Self::Testing { trial }, fact) => HandInStep::Still(match trial.apply(&fact)? {
                TrialStep::Still(trial) => Self::Testing { trial },
                TrialStep::Done { failed } => Self::Naming { ground: Ground::Quality { tests: ReadTests { failed, passed: 0 } } },
            }),
            (Self::Naming { ground }, Fact::ToBeTapped) => HandInStep::Still(Self::Tapping { ground }),
            (Self::Naming { ground } | Self::Tapping { ground }, Fact::CardKept { card_no }) => {
                HandInStep::Done(OldCard { ground, card_no })
            }
            (Self::Inspecting { .. } | Self::Naming { .. } | Self::Tapping { .. }, _) => {
                return Err(Misplaced { state: "hand_in", fact: name });
            }
        })
    }
}

fn ticked(values: &[(String, String)], id: &str) -> bool {
    values.iter().any(|(field, value)| field == id && matches!(value.trim(), "true" | "1" | "on" | "yes"))
}

fn inspected(wanted: Wanted, values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    let causes = cx.rules.replacement.as_ref().map(|rule| rule.causes.as_slice()).unwrap_or_default();
    let found: Vec<String> =
        (1_u32..).zip(causes).filter(|(at, _)| ticked(values, &format!("{CAUSE}{at}"))).map(|(_, cause)| cause.clone()).collect();
    let cause = match wanted {
        Wanted::Damage => Cause::Damage,
        Wanted::Quality => Cause::Quality,
    };
    replacement::inspected(cx.rules, Some(cx.header.service), cause, &found)?;
    Ok(Fact::GroundGiven {
        ground: match wanted {
            Wanted::Damage => Ground::Damage { ticked: found },
            Wanted::Quality => Ground::Quality { tests: ReadTests::default() },
        },
    })
}

/// Tries that a free card needs.
fn needed(cx: &Cx<'_>) -> u32 {
    cx.rules.replacement.as_ref().map_or(0, |rule| rule.failed_reads)
}

fn named(ground: &Ground, values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    replacement::decide(cx.rules, ground.facts(cx.header.service, ticked(values, "surrendered"))).map_err(all)?;
    let typed = values.iter().find(|(field, _)| field == "card_no").map_or("", |(_, value)| value.trim());
    if !typed.is_empty() {
        return Ok(Fact::CardKept { card_no: Some(CardNo::new(normalise::card_number(typed)?)) });
    }
    if ticked(values, "illegible") {
        return Ok(Fact::CardKept { card_no: None });
    }
    if ground.readable() {
        return Ok(Fact::ToBeTapped);
    }
    Err(Message::new(Code::FieldRequired).with("field", "卡面卡号"))
}
