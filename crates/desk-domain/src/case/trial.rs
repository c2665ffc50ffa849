//! A card that is said to give no answer is tried on this reader, as often as the rules want, each time put down anew.

use super::{
    Answer, Effect, Input, Outcome,
    context::stale,
    fact::{Fact, Misplaced},
    question::{Ask, Next, Question, Shown},
};
use crate::code::Message;

/// Tries so far, all without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    Waiting { failed: u32 },
    Trying { failed: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialStep {
    Still(Trial),
    Done { failed: u32 },
}

impl Trial {
    #[must_use]
    pub fn begin() -> Self {
        Self::Waiting { failed: 0 }
    }

    fn failed(self) -> u32 {
        match self {
            Self::Waiting { failed } | Self::Trying { failed } => failed,
        }
    }

    /// `needed`: tries that the rules want.
    #[must_use]
    pub fn next(self, needed: u32) -> Next {
        match self {
            Self::Waiting { failed } => {
                let time = failed.saturating_add(1);
                Question::new(
                    format!("test.{time}"),
                    format!("第 {time} 次试读：把卡平放在读卡器上，放好后按 F6"),
                    Ask::Act {
                        key: "F6",
                        label: "试读".to_owned(),
                        detail: vec![Shown::plain("已读不出", format!("{failed} / {needed} 次"))],
                    },
                )
                .help("每次都拿起来重新放平；只要有一次读得出，就不按读不出办理。")
                .into()
            }
            Self::Trying { .. } => Next::Do(Effect::TryCard),
        }
    }

    /// `readable`: what is said where the card answers.
    ///
    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(self, input: Input, needed: u32, readable: Message) -> Result<Fact, Message> {
        match (self, input) {
            (_, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Waiting { .. }, Input::Answer(Answer::Act)) => Ok(Fact::TestOrdered),
            (Self::Trying { .. }, Input::Outcome(Outcome::CardTried { failed: None })) => Ok(super::no(readable)),
            (Self::Trying { .. }, Input::Outcome(Outcome::CardTried { failed })) => {
                Ok(Fact::ReadTested { failed, enough: self.failed().saturating_add(1) >= needed })
            }
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong here.
    pub fn apply(self, fact: &Fact) -> Result<TrialStep, Misplaced> {
        Ok(match (self, fact) {
            (Self::Waiting { failed }, Fact::TestOrdered) => TrialStep::Still(Self::Trying { failed }),
            (Self::Trying { failed }, Fact::ReadTested { enough: true, .. }) => TrialStep::Done { failed: failed.saturating_add(1) },
            (Self::Trying { failed }, Fact::ReadTested { enough: false, .. }) => {
                TrialStep::Still(Self::Waiting { failed: failed.saturating_add(1) })
            }
            (Self::Waiting { .. } | Self::Trying { .. }, _) => return Err(Misplaced { state: "trial", fact: fact.name() }),
        })
    }
}
