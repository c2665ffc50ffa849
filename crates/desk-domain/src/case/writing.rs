//! One card write of a case, from its intent to a proved end: the sub-machine that every card service shares.
//!
//! Nothing of value may follow before [`Step::Written`]. An unknown end is decided from the same card and never guessed;
//! the clerk may leave it, which prints a pending slip and reports it to the centre, and the case waits for the card.

use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    question::{Ask, Choice, Next, Question},
};
use crate::{
    card::{TearEvidence, WriteEnd, WriteIntent, WriteProof},
    code::{Code, Message},
    id::CentreNumber,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writing {
    /// From 1; a repeat of a write that is proved not to have happened is a new attempt.
    pub attempt: u32,
    pub reservation: CentreNumber,
    pub intent: WriteIntent,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// To be written, or begun.
    Due,
    /// Proved: nothing happened.
    Not { reason: Code },
    /// Wait for the same card and decide.
    Doubt { evidence: TearEvidence },
    /// The customer left: the slip is due.
    Slip { evidence: TearEvidence },
    /// The slip was dealt with: the centre is to be told.
    Report { evidence: TearEvidence },
    /// Waits for the card, which may come back on another day.
    Suspended { evidence: TearEvidence },
}

/// What became of a write after a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Still(Writing),
    Written(WriteProof),
    /// Proved not to have happened, and not to be tried again.
    Abandoned {
        attempt: u32,
        reason: Code,
    },
    /// Once more; the service makes the new intent.
    Again {
        attempt: u32,
        at: super::fact::Moment,
    },
}

impl Writing {
    #[must_use]
    pub fn begin(attempt: u32, reservation: CentreNumber, intent: WriteIntent) -> Self {
        Self { attempt, reservation, intent, phase: Phase::Due }
    }

    /// The centre does not take the right back: somebody else ends this write, and the case waits to hear how.
    #[must_use]
    pub fn elsewhere(self, evidence: TearEvidence) -> Self {
        Self { phase: Phase::Suspended { evidence }, ..self }
    }

    /// True while nobody can say whether the card was written.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        match &self.phase {
            Phase::Due | Phase::Not { .. } => false,
            Phase::Doubt { .. } | Phase::Slip { .. } | Phase::Report { .. } | Phase::Suspended { .. } => true,
        }
    }

    /// Why the last attempt is proved not to have written anything, while it waits for what to do next.
    #[must_use]
    pub fn not_written(&self) -> Option<Code> {
        match &self.phase {
            Phase::Not { reason } => Some(*reason),
            Phase::Due | Phase::Doubt { .. } | Phase::Slip { .. } | Phase::Report { .. } | Phase::Suspended { .. } => None,
        }
    }

    /// True when the customer left and only the returning card can move the case on.
    #[must_use]
    pub fn suspended(&self) -> bool {
        matches!(self.phase, Phase::Suspended { .. })
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match &self.phase {
            Phase::Due => {
                Next::Do(Effect::WriteCard { attempt: self.attempt, reservation: self.reservation.clone(), intent: self.intent.clone() })
            }
            Phase::Not { reason } => Question::new(
                format!("write_again.{}", self.attempt),
                format!("没有写入：{}", reason.text()),
                Ask::Choice {
                    options: Choice::numbered([("again", "再写一次（同一张卡）"), ("stop", "不写了，撤销本次业务")])
                },
            )
            .help("卡内数据没有变化，可以放心重写。")
            .into(),
            Phase::Doubt { .. } => Next::Do(self.resolve()),
            Phase::Suspended { evidence } => match evidence {
                TearEvidence::CardAway => Next::Do(self.resolve()),
                TearEvidence::MovedOn { .. } => Next::Ended(Ending::Suspended { message: self.unknown() }),
            },
            Phase::Slip { .. } => Next::Do(Effect::Print { paper: Paper::PendingSlip }),
            Phase::Report { .. } => Next::Do(Effect::ReportUnknown {
                request: cx.request("report_unknown", self.attempt),
                reservation: self.reservation.clone(),
                intent: self.intent.clone(),
            }),
        }
    }

    fn resolve(&self) -> Effect {
        Effect::ResolveWrite { attempt: self.attempt, reservation: self.reservation.clone(), intent: self.intent.clone() }
    }

    fn unknown(&self) -> Message {
        Message::new(Code::WriteUnknown).with("tail", self.intent.before().card_no.tail())
    }

    /// # Errors
    /// The message to show while the write stays where it is.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (&self.phase, input) {
            (Phase::Due | Phase::Doubt { .. } | Phase::Suspended { .. }, Input::Outcome(Outcome::Write { end })) => self.ended(end),
            (Phase::Not { .. }, Input::Answer(Answer::Go)) => Ok(Fact::WriteAgain { moment: cx.moment() }),
            (Phase::Not { .. }, Input::Answer(Answer::Choose { option })) => match option.as_str() {
                "again" => Ok(Fact::WriteAgain { moment: cx.moment() }),
                "stop" => Ok(Fact::WriteAbandoned),
                _ => Err(stale()),
            },
            (Phase::Not { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::WriteAbandoned),
            (Phase::Doubt { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::LeftUnknown),
            (Phase::Slip { .. }, Input::Outcome(Outcome::Printed { copy })) => Ok(Fact::Printed { paper: Paper::PendingSlip, copy }),
            (Phase::Slip { .. }, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => {
                Ok(Fact::PrintPending { paper: Paper::PendingSlip, code: message.code })
            }
            // A centre that refuses the report knows better than the desk; the case waits for the card all the same.
            (Phase::Report { .. }, Input::Outcome(Outcome::Reported | Outcome::Refused { .. })) => Ok(Fact::UnknownReported),
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    fn ended(&self, end: WriteEnd) -> Result<Fact, Message> {
        match end {
            WriteEnd::Written(proof) => Ok(Fact::Written { proof }),
            WriteEnd::NotWritten { reason } => Ok(Fact::NotWritten { reason }),
            WriteEnd::Unknown { evidence } => match &self.phase {
                Phase::Doubt { evidence: known } | Phase::Suspended { evidence: known } if *known == evidence => Err(self.unknown()),
                Phase::Due
                | Phase::Not { .. }
                | Phase::Doubt { .. }
                | Phase::Slip { .. }
                | Phase::Report { .. }
                | Phase::Suspended { .. } => Ok(Fact::WriteUnknown { evidence }),
            },
            WriteEnd::WrongCard { expected_tail, seen_tail } => {
                Err(Message::new(Code::WrongCard).with("a", expected_tail).with("b", seen_tail))
            }
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong here.
    pub fn apply(self, fact: Fact) -> Result<Step, Misplaced> {
        let Self { attempt, reservation, intent, phase } = self;
        let still = |phase| Ok(Step::Still(Self { attempt, reservation, intent, phase }));
        match (phase, fact) {
            (Phase::Due | Phase::Doubt { .. } | Phase::Suspended { .. }, Fact::Written { proof }) => Ok(Step::Written(proof)),
            (Phase::Due | Phase::Doubt { .. } | Phase::Suspended { .. }, Fact::NotWritten { reason }) => still(Phase::Not { reason }),
            (Phase::Due | Phase::Doubt { .. }, Fact::WriteUnknown { evidence }) => still(Phase::Doubt { evidence }),
            (Phase::Suspended { .. }, Fact::WriteUnknown { evidence }) => still(Phase::Suspended { evidence }),
            (Phase::Not { .. }, Fact::WriteAgain { moment }) => Ok(Step::Again { attempt: attempt.saturating_add(1), at: moment }),
            (Phase::Not { reason }, Fact::WriteAbandoned) => Ok(Step::Abandoned { attempt, reason }),
            (Phase::Doubt { evidence }, Fact::LeftUnknown) => still(Phase::Slip { evidence }),
            (Phase::Slip { evidence }, Fact::Printed { .. } | Fact::PrintPending { .. }) => still(Phase::Report { evidence }),
            (Phase::Report { evidence }, Fact::UnknownReported) => still(Phase::Suspended { evidence }),
            (_, fact) => Err(Misplaced { state: "writing", fact: fact.name() }),
        }
    }
}
