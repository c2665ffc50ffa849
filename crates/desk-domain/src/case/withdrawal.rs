//! S-25 without the line: a case that was accepted and still lies in this desk's own queue is withdrawn. The centre never heard
//! of it, so nothing is reversed; the customer's slip comes back, and a bagged card goes back.

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper,
    context::stale,
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Question},
};
use crate::{code::Message, reversal::OldPaper};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// The acceptance slip comes back.
    TakingBack,
    Slip {
        old: OldPaper,
    },
    Closed {
        old: OldPaper,
    },
}

impl Withdrawal {
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::TakingBack => Question::new(
                "old_paper",
                "收回客户的受理单",
                Ask::Choice { options: Choice::numbered(OldPaper::ALL.map(|old| (old.as_str(), old.label()))) },
            )
            .help("已装袋留存的卡片，当面交还客户。")
            .into(),
            Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::Reversal }),
            Self::Closed { .. } => Next::Ended(Ending::Withdrawn),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input) -> Result<Fact, Message> {
        match (self, input) {
            (Self::TakingBack, Input::Answer(Answer::Choose { option })) => {
                let old = OldPaper::ALL.into_iter().find(|old| old.as_str() == option).ok_or_else(stale)?;
                Ok(Fact::OldPaperSeen { old })
            }
            (Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::Reversal, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: &Fact) -> Result<Self, Misplaced> {
        match (self, fact) {
            (Self::TakingBack, Fact::OldPaperSeen { old }) => Ok(Self::Slip { old: *old }),
            (Self::Slip { old }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Ok(Self::Closed { old }),
            (Self::TakingBack | Self::Slip { .. } | Self::Closed { .. }, fact) => Err(Misplaced { state: self.name(), fact: fact.name() }),
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TakingBack => "withdrawal.taking_back",
            Self::Slip { .. } => "withdrawal.slip",
            Self::Closed { .. } => "withdrawal.closed",
        }
    }

    /// What is added to the withdrawn case's own facts on its red paper.
    pub fn on_paper(&self, facts: &mut PaperFacts) {
        facts.pair("冲正", "离线受理已撤回，未曾生效");
        if let Self::Slip { old } | Self::Closed { old } = self {
            facts.pair("原受理单", old.label());
        }
        facts.line("本次受理未上传中心，未收取费用；留存的卡片已当面交还。");
        facts.signature = Some("客户签字".to_owned());
    }
}
