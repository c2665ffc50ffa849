//! S-18 监护人手机变更: the counter never changes a guardian's number. It says who does, and prints the slip.

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Leads, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question},
};
use crate::{
    card::CardImage,
    code::{Code, Message},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardianPhone {
    Asking,
    /// The slip that says what the school has to be asked for.
    Referring {
        reason: String,
        message: Message,
    },
    Closed {
        reason: Option<String>,
        ending: Ending,
    },
}

const STEPS: &[&str] = &["情形", "指引单"];

/// Why the number on record is of no use: id and label.
const REASONS: &[(&str, &str)] = &[("changed", "号码已变更"), ("disabled", "号码已停用"), ("none", "从未登记")];

impl GuardianPhone {
    #[must_use]
    pub fn next(&self, _cx: &Cx<'_>) -> Next {
        match self {
            Self::Asking => {
                let options = Choice::numbered(REASONS.iter().copied());
                Question::new("reason", "预留手机号是哪种情形？", Ask::Choice { options })
                    .help("柜面不能添加或修改监护人手机，也不得代收新号码；请打印指引单，由家长联系学校。")
                    .into()
            }
            Self::Referring { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Asking, Input::Answer(Answer::Choose { option })) if label(&option).is_some() => {
                let leads = Leads::Refer { message: cx.refuse(Code::PhoneViaSchool) };
                Ok(Fact::TreeAnswered { question: "reason".to_owned(), option, leads })
            }
            (Self::Asking, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (Self::Referring { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, fact: Fact) -> Result<Self, Misplaced> {
        let misplaced = Misplaced { state: self.name(), fact: fact.name() };
        Ok(match (self, fact) {
            (Self::Asking, Fact::TreeAnswered { option, leads: Leads::Refer { message }, .. }) => {
                Self::Referring { reason: option, message }
            }
            (Self::Referring { reason, message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { reason: Some(reason), ending: Ending::Referred { message } }
            }
            (Self::Asking, fact) => Self::Closed { reason: None, ending: super::ending_of(fact).ok_or(misplaced)? },
            (Self::Referring { .. } | Self::Closed { .. }, _) => return Err(misplaced),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asking => "phone.asking",
            Self::Referring { .. } => "phone.referring",
            Self::Closed { .. } => "phone.closed",
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

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Asking => 0,
            Self::Referring { .. } => 1,
            Self::Closed { .. } => STEPS.len(),
        };
        let say = match self {
            Self::Asking => None,
            Self::Referring { .. } | Self::Closed { .. } => Some("请联系学校添加或修改第一监护人联系方式，改好后再用短信找回密码。"),
        };
        Picture {
            progress: Progress { steps: STEPS, now },
            strip: Vec::new(),
            say: say.map(str::to_owned),
            result: Vec::new(),
            give_back: Vec::new(),
            remark: None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        if paper != Paper::GuidanceSlip {
            return facts;
        }
        match self {
            Self::Asking => {}
            Self::Referring { reason, .. } | Self::Closed { reason: Some(reason), .. } => {
                facts.pair("情形", label(reason).unwrap_or_default());
                facts.texts.push("guide.guardian.phone");
            }
            Self::Closed { reason: None, .. } => {}
        }
        facts
    }
}

fn label(reason: &str) -> Option<&'static str> {
    REASONS.iter().find(|(id, _)| *id == reason).map(|(_, label)| *label)
}
