//! A new card is validated before it is handed over (增效), as a sub-machine: wanted or not, under a right of its own, and
//! never what the new card hangs on: it is issued already, and any machine can make the validation up.

use chrono::NaiveDate;

use super::{
    Answer, Effect, Input, Outcome, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    question::{Ask, Choice, Next, Question},
    writing::Step,
};
use crate::{
    card::{CardImage, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::CellId,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstValidation {
    Asking,
    Reserving { until: NaiveDate },
    Writing { until: NaiveDate, reservation: Reservation, writing: Writing },
    Releasing { reservation: Reservation, message: Message },
    Settling { until: NaiveDate, reservation: Reservation, proof: WriteProof },
}

/// What a fact made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstStep {
    Still(FirstValidation),
    /// The card leaves without validation.
    Left {
        message: Option<Message>,
    },
    Done {
        until: NaiveDate,
        card: CardImage,
    },
}

impl FirstValidation {
    /// `card` was issued a moment ago; `cell` is its home.
    #[must_use]
    pub fn next(&self, card: &CardImage, cell: &CellId, cx: &Cx<'_>) -> Next {
        match self {
            Self::Asking => Question::new(
                "validate",
                "新卡已启用，现在增效？",
                Ask::Choice { options: Choice::numbered([("now", "立即增效"), ("later", "暂不增效")]) },
            )
            .into(),
            Self::Reserving { until } => Next::Do(Effect::Reserve {
                request: cx.request("reserve_validation", 1),
                claim: Claim::Validation { cell: cell.clone(), programme: cx.header.programme.clone(), card: card.clone(), until: *until },
                authorisation: None,
            }),
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { reservation, .. } => {
                Next::Do(Effect::Release { request: cx.request("release_validation", 1), reservation: reservation.number.clone() })
            }
            Self::Settling { until, reservation, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm_validation", 1),
                reservation: reservation.number.clone(),
                settlement: Settlement::Validated { until: *until, proof: proof.clone() },
            }),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, card: &CardImage, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Asking, Input::Answer(answer)) => wanted(card, &answer, cx),
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Reserving { .. } | Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => {
                Ok(Fact::ValidationLeft { message: Some(message) })
            }
            (Self::Writing { writing, .. }, input) => {
                let fact = writing.decide(input, cx)?;
                // The card is issued already; its validation can be made up for at any machine.
                Ok(if fact == Fact::LeftUnknown {
                    Fact::ValidationLeft { message: Some(Message::new(Code::WriteUnknown).with("tail", card.card_no.tail())) }
                } else {
                    fact
                })
            }
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
            (Self::Settling { reservation, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: reservation.on_confirm.clone() })
            }
            (_, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => Err(message),
            (_, Input::Answer(_) | Input::Outcome(_)) => Err(stale()),
        }
    }

    /// # Errors
    /// [`Misplaced`] where the fact does not belong to this state.
    pub fn apply(self, card: &CardImage, fact: Fact) -> Result<FirstStep, Misplaced> {
        let (state, name) = (self.name(), fact.name());
        Ok(match (self, fact) {
            (Self::Asking, Fact::ValidationWanted { until }) => FirstStep::Still(Self::Reserving { until }),
            (Self::Asking | Self::Reserving { .. } | Self::Settling { .. }, Fact::ValidationLeft { message }) => {
                FirstStep::Left { message }
            }
            (Self::Reserving { until }, Fact::Reserved { reservation, .. }) => FirstStep::Still(write(card, until, reservation, 1)),
            (Self::Writing { reservation, .. }, Fact::ValidationLeft { message }) => FirstStep::Still(Self::Releasing {
                reservation,
                message: message.unwrap_or_else(|| Message::new(Code::HandoverNotValidated)),
            }),
            (Self::Writing { until, reservation, writing }, fact) => FirstStep::Still(match writing.apply(fact)? {
                Step::Still(writing) => Self::Writing { until, reservation, writing },
                Step::Written(proof) => Self::Settling { until, reservation, proof },
                Step::Again { attempt, .. } => write(card, until, reservation, attempt),
                Step::Abandoned { reason, .. } => Self::Releasing { reservation, message: Message::new(reason) },
            }),
            (Self::Releasing { message, .. }, Fact::Released) => FirstStep::Left { message: Some(message) },
            (Self::Settling { until, proof, .. }, Fact::Confirmed { .. }) => FirstStep::Done { until, card: proof.after },
            (Self::Asking | Self::Reserving { .. } | Self::Releasing { .. } | Self::Settling { .. }, _) => {
                return Err(Misplaced { state, fact: name });
            }
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asking => "first_validation.asking",
            Self::Reserving { .. } => "first_validation.reserving",
            Self::Writing { .. } => "first_validation.writing",
            Self::Releasing { .. } => "first_validation.releasing",
            Self::Settling { .. } => "first_validation.settling",
        }
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        if let Self::Writing { writing, .. } = self { Some(writing) } else { None }
    }
}

fn write(card: &CardImage, until: NaiveDate, reservation: Reservation, attempt: u32) -> FirstValidation {
    let intent = WriteIntent::Validate { before: card.clone(), until };
    FirstValidation::Writing { until, writing: Writing::begin(attempt, reservation.number.clone(), intent), reservation }
}

fn wanted(card: &CardImage, answer: &Answer, cx: &Cx<'_>) -> Result<Fact, Message> {
    let wanted = match answer {
        Answer::Choose { option } => match option.as_str() {
            "now" => true,
            "later" => false,
            _ => return Err(stale()),
        },
        Answer::Go => true,
        Answer::Cancel => false,
        Answer::Fill { .. } | Answer::Act | Answer::Authorised { .. } | Answer::Again | Answer::Park => {
            return Err(stale());
        }
    };
    if !wanted {
        return Ok(Fact::ValidationLeft { message: Some(cx.refuse(Code::HandoverNotValidated)) });
    }
    Ok(match cx.validation_of_new(card) {
        Ok(until) => Fact::ValidationWanted { until },
        Err(message) => Fact::ValidationLeft { message: Some(message) },
    })
}
