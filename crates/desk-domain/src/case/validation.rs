//! S-13 增效: the end of validity is moved on by one tap. Pays nothing and takes nothing; repeating it is harmless.

use chrono::NaiveDate;

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper,
    context::{Cx, stale},
    fact::{Fact, Misplaced, Moment},
    paper::PaperFacts,
    question::{Next, Picture, Progress, Shown, Tone},
    words::{day, masked_card},
    writing::{Step, Writing},
};
use crate::{
    card::{CardImage, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::CellId,
    person::Lookup,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    Tapping,
    Read { card: CardImage },
    Reserving { card: CardImage, cell: CellId, until: NaiveDate },
    Writing { held: Held, writing: Writing },
    Releasing { held: Held, ending: Ending },
    Settling { held: Held, proof: WriteProof },
    Closed { card: Option<CardImage>, until: Option<NaiveDate>, remark: Option<Message>, ending: Ending },
}

/// The claim is held for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub card: CardImage,
    pub until: NaiveDate,
    pub reservation: Reservation,
}

impl Held {
    fn write(self, attempt: u32) -> Validation {
        let intent = WriteIntent::Validate { before: self.card.clone(), until: self.until };
        Validation::Writing { writing: Writing::begin(attempt, self.reservation.number.clone(), intent), held: self }
    }

    fn close(self, ending: Ending) -> Validation {
        Validation::Closed { card: Some(self.card), until: None, remark: None, ending }
    }
}

const STEPS: &[&str] = &["读卡", "中心核对", "写卡", "中心确认"];

impl Validation {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { card } => Next::Do(Effect::FindCard { lookup: Lookup::CardNo { card_no: card.card_no.clone() } }),
            Self::Reserving { card, cell, until } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Validation { cell: cell.clone(), programme: cx.header.programme.clone(), card: card.clone(), until: *until },
                authorisation: None,
            }),
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { held, .. } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.reservation.number.clone() })
            }
            Self::Settling { held, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::Validated { until: held.until, proof: proof.clone() },
            }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => Ok(match cx.validation(&card, None) {
                Ok(_) => Fact::CardRead { card },
                Err(message) => unchanged(message),
            }),
            (Self::Read { card }, Input::Outcome(Outcome::CardFound { card: facts })) => Ok(match cx.validation(card, Some(&facts)) {
                Ok(until) => Fact::CardKnown { card: facts, until: Some(until), fee: None, authorise: None, moment: cx.moment() },
                Err(message) => unchanged(message),
            }),
            (Self::Read { .. } | Self::Reserving { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Writing { writing, .. }, input) => writing.decide(input, cx),
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
            (Self::Settling { held, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            (Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Tapping | Self::Read { .. }, Input::Answer(Answer::Cancel)) => Ok(Fact::Cancelled),
            (_, Input::Outcome(Outcome::Failed { message })) => Err(message),
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
            (Self::Read { card }, Fact::CardKnown { card: facts, until: Some(until), .. }) => {
                Self::Reserving { card, cell: facts.cell, until }
            }
            (Self::Tapping, Fact::Shown { message }) => Self::Closed { card: None, until: None, remark: message, ending: Ending::Done },
            (Self::Read { card }, Fact::Shown { message }) => {
                Self::Closed { card: Some(card), until: None, remark: message, ending: Ending::Done }
            }
            (Self::Tapping, fact) => {
                Self::Closed { card: None, until: None, remark: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            (Self::Reserving { card, until, .. }, Fact::Reserved { reservation, .. }) => Held { card, until, reservation }.write(1),
            (Self::Read { card } | Self::Reserving { card, .. }, fact) => {
                Self::Closed { card: Some(card), until: None, remark: None, ending: super::ending_of(fact).ok_or_else(misplaced)? }
            }
            // Nothing hangs on a validation that nobody can prove: it is given back and may be done again anywhere.
            (Self::Writing { held, .. }, Fact::LeftUnknown) => Self::Releasing {
                ending: Ending::Suspended { message: Message::new(Code::WriteUnknown).with("tail", held.card.card_no.tail()) },
                held,
            },
            (Self::Writing { held, writing }, fact) => match writing.apply(fact)? {
                Step::Still(writing) => Self::Writing { held, writing },
                Step::Written(proof) => Self::Settling { held, proof },
                Step::Again { attempt, at: Moment { .. } } => held.write(attempt),
                Step::Abandoned { .. } => Self::Releasing { held, ending: Ending::Cancelled },
            },
            (Self::Releasing { held, ending }, Fact::Released) => held.close(ending),
            (Self::Settling { held, proof }, Fact::Confirmed { .. }) => {
                Self::Closed { card: Some(proof.after), until: Some(held.until), remark: None, ending: Ending::Done }
            }
            (Self::Settling { held, .. }, Fact::Refused { message }) => held.close(Ending::Suspended { message }),
            (Self::Releasing { .. } | Self::Settling { .. } | Self::Closed { .. }, _) => return Err(misplaced()),
        })
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tapping => "validation.tapping",
            Self::Read { .. } => "validation.read",
            Self::Reserving { .. } => "validation.reserving",
            Self::Writing { .. } => "validation.writing",
            Self::Releasing { .. } => "validation.releasing",
            Self::Settling { .. } => "validation.settling",
            Self::Closed { .. } => "validation.closed",
        }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        match self {
            Self::Tapping => None,
            Self::Read { card } | Self::Reserving { card, .. } => Some(card),
            Self::Writing { held, .. } | Self::Releasing { held, .. } => Some(&held.card),
            Self::Settling { proof, .. } => Some(&proof.after),
            Self::Closed { card, .. } => card.as_ref(),
        }
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        if let Self::Writing { writing, .. } = self { Some(writing) } else { None }
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Tapping => 0,
            Self::Read { .. } | Self::Reserving { .. } => 1,
            Self::Writing { .. } | Self::Releasing { .. } => 2,
            Self::Settling { .. } => 3,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(card) = self.card() {
            strip.push(Shown::plain("卡号", masked_card(&card.card_no)));
        }
        let mut result = Vec::new();
        let mut say = None;
        let mut remark = None;
        match self {
            Self::Writing { writing, .. } if writing.in_doubt() => say = Some("请把刚才那张卡放回读卡器。".to_owned()),
            Self::Writing { .. } => say = Some("请勿移动卡片。".to_owned()),
            Self::Closed { until: Some(until), .. } => {
                result.push(Shown::toned("有效期至", day(*until), Tone::Good));
                say = Some(format!("增效成功，有效期至{}。", day(*until)));
            }
            Self::Closed { remark: known, card, .. } => {
                remark.clone_from(known);
                if let Some(until) = card.as_ref().and_then(|card| card.valid_until) {
                    result.push(Shown::toned("有效期至", day(until), Tone::Good));
                }
                say = known.as_ref().map(Message::text);
            }
            Self::Tapping | Self::Read { .. } | Self::Reserving { .. } | Self::Releasing { .. } | Self::Settling { .. } => {}
        }
        Picture { progress: Progress { steps: STEPS, now }, strip, say, result, give_back: vec!["客户的卡".to_owned()], remark }
    }

    #[must_use]
    pub fn paper(&self, _paper: Paper) -> PaperFacts {
        PaperFacts::default()
    }
}

/// Already validated is no refusal: the card is good as it is.
fn unchanged(message: Message) -> Fact {
    if message.code == Code::AlreadyValidated { Fact::Shown { message: Some(message) } } else { Fact::Refused { message } }
}
