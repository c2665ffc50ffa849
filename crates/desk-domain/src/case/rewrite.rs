//! S-12 补写卡: money was taken for a load that the card does not have; the card gets that load, once.
//!
//! The load keeps its own case and its own reservation. This case holds a token for one more write of it: while the token is
//! out, nobody else gets a MAC for the load and nobody gives its money back, and once the card has proved the write, the load
//! itself is settled and its own desk learns of it. No money moves here.

mod face;

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, booked_list,
    context::{Cx, local, stale},
    fact::{Authorisation, Fact, Misplaced, Moment},
    paper::PaperFacts,
    question::{Ask, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, masked_card, purse_card, when, yuan},
    writing::{Step, Writing},
};
use crate::{
    booked::Booked,
    card::{CardImage, TearEvidence, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::CentreNumber,
    person::{CardFacts, Lookup},
    rewrite,
    ruleset::Level,
};

/// The card, and what the centre has on its books for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub card: CardImage,
    pub facts: Box<CardFacts>,
}

/// The load that the card does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub seen: Seen,
    pub of: Box<Booked>,
}

/// The token is held for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub chosen: Chosen,
    pub authorisation: Option<Authorisation>,
    pub token: Reservation,
}

/// The load stands on the card and the centre confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub held: Held,
    pub proof: WriteProof,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    Tapping,
    Read {
        card: CardImage,
    },
    Listing {
        seen: Seen,
    },
    Authorising {
        chosen: Chosen,
        level: Level,
    },
    /// The one-time token is fetched.
    Reserving {
        chosen: Chosen,
        authorisation: Option<Authorisation>,
    },
    Writing {
        held: Held,
        writing: Writing,
    },
    /// Proved that nothing was written: the token goes back.
    Releasing {
        held: Held,
        writing: Writing,
    },
    Settling {
        held: Held,
        proof: WriteProof,
    },
    Vouchering {
        confirmed: Confirmed,
    },
    Closed {
        last: Last,
        ending: Ending,
    },
}

/// What a closed case still shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Card(CardImage),
    Chosen(Chosen),
    Held(Held),
    Confirmed(Confirmed),
}

const STEPS: &[&str] = &["读卡", "选写卡记录", "核对条件", "一次性令牌", "写卡", "中心确认"];

impl Rewrite {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { card } => Next::Do(Effect::FindCard { lookup: Lookup::Purse { card_no: card.card_no.clone() } }),
            Self::Listing { seen } => booked_list::question("补写哪一笔？".to_owned(), &seen.facts.booked).into(),
            Self::Authorising { chosen, level } => Question::new(
                "authorise",
                format!("补写工号 {} 收款的充值 {} 元，请主管授权", chosen.of.operator, yuan(chosen.of.amount)),
                Ask::Authorise { level: *level, amount: chosen.of.amount, reason: format!("补写 {}", chosen.of.case) },
            )
            .into(),
            Self::Reserving { chosen, authorisation } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: claim(chosen, cx),
                authorisation: authorisation.as_ref().map(|given| given.number.clone()),
            }),
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { held, .. } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.token.number.clone() })
            }
            Self::Settling { held, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.token.number.clone(),
                settlement: Settlement::PurseLoaded { amount: held.chosen.of.amount, proof: proof.clone() },
            }),
            Self::Vouchering { .. } => Next::Do(Effect::Print { paper: Paper::Voucher }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => Ok(match rewrite::card(cx.rules, facts(cx, &card, None)) {
                Ok(()) => Fact::CardRead { card },
                Err(message) => Fact::Refused { message },
            }),
            (Self::Read { card }, Input::Outcome(Outcome::CardFound { card: found })) => {
                let judged = rewrite::card(cx.rules, facts(cx, card, Some(&found)));
                Ok(match judged {
                    Ok(()) if found.booked.is_empty() => {
                        Fact::Refused { message: cx.refuse(Code::RewriteNotAllowed).with("reason", "中心没有这张卡的写卡") }
                    }
                    Ok(()) => Fact::CardKnown { card: found, until: None, authorise: None, fee: None, moment: cx.moment() },
                    Err(message) => Fact::Refused { message },
                })
            }
            (Self::Read { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Listing { seen }, Input::Answer(Answer::Choose { option })) => {
                let chosen = booked_list::chosen(&seen.facts.booked, &option)?;
                Ok(match rewrite::decide(cx.rules, facts(cx, &seen.card, Some(&seen.facts)), &chosen) {
                    Ok(terms) => Fact::MovementChosen { of: Box::new(terms.of.clone()), authorise: terms.authorise, moment: cx.moment() },
                    Err(message) => Fact::Refused { message },
                })
            }
            (Self::Authorising { chosen, .. }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, chosen.of.amount)
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Refused { message })) => super::final_refusal(message),
            (Self::Writing { writing, .. }, input) => writing.decide(input, cx),
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released)) => Ok(Fact::Released),
            // The load came to its end elsewhere meanwhile: the centre says how.
            (Self::Releasing { .. }, Input::Outcome(Outcome::Refused { .. })) => {
                Ok(Fact::WriteUnknown { evidence: TearEvidence::CardAway })
            }
            (Self::Settling { held, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.token.on_confirm.clone() })
            }
            // The money is on the card and the centre will not say so: its exception list owns it.
            (Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Vouchering { .. }, Input::Outcome(outcome)) => super::printed(Paper::Voucher, outcome),
            (Self::Tapping | Self::Read { .. } | Self::Listing { .. } | Self::Authorising { .. }, Input::Answer(Answer::Cancel)) => {
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
        let fact_name = fact.name();
        let misplaced = || Misplaced { state, fact: fact_name };
        let close = |last: Last, fact: Fact| super::ending_of(fact).map(|ending| Self::Closed { last, ending }).ok_or_else(misplaced);
        Ok(match (self, fact) {
            (Self::Tapping, Fact::CardRead { card }) => Self::Read { card },
            (Self::Tapping, fact) => close(Last::Nothing, fact)?,
            (Self::Read { card }, Fact::CardKnown { card: facts, .. }) => Self::Listing { seen: Seen { card, facts } },
            (Self::Listing { seen }, Fact::MovementChosen { of, authorise, .. }) => {
                let chosen = Chosen { seen, of };
                match authorise {
                    Some(level) => Self::Authorising { chosen, level },
                    None => Self::Reserving { chosen, authorisation: None },
                }
            }
            (Self::Read { card } | Self::Listing { seen: Seen { card, .. } }, fact) => close(Last::Card(card), fact)?,
            (Self::Authorising { chosen, .. }, Fact::Authorised { authorisation, .. }) => {
                Self::Reserving { chosen, authorisation: Some(authorisation) }
            }
            (Self::Reserving { chosen, authorisation }, Fact::Reserved { reservation, moment }) => {
                Self::write(Held { chosen, authorisation, token: reservation }, 1, &moment)
            }
            (Self::Authorising { chosen, .. } | Self::Reserving { chosen, .. }, fact) => close(Last::Chosen(chosen), fact)?,
            (Self::Writing { held, writing }, fact) => {
                let before = writing.clone();
                match writing.apply(fact)? {
                    Step::Still(writing) => Self::Writing { held, writing },
                    Step::Written(proof) => Self::Settling { held, proof },
                    Step::Again { attempt, at } => Self::write(held, attempt, &at),
                    Step::Abandoned { .. } => Self::Releasing { held, writing: before },
                }
            }
            (Self::Releasing { held, .. }, Fact::Released) => Self::Closed { last: Last::Held(held), ending: Ending::Cancelled },
            (Self::Releasing { held, writing }, Fact::WriteUnknown { evidence }) => {
                Self::Writing { held, writing: writing.elsewhere(evidence) }
            }
            (Self::Settling { held, proof }, Fact::Confirmed { number, .. }) => {
                Self::Vouchering { confirmed: Confirmed { held, proof, number } }
            }
            (Self::Settling { held, .. }, Fact::Refused { message }) => {
                Self::Closed { last: Last::Held(held), ending: Ending::Suspended { message } }
            }
            (Self::Vouchering { confirmed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Confirmed(confirmed), ending: Ending::Done }
            }
            (Self::Releasing { .. } | Self::Settling { .. } | Self::Vouchering { .. } | Self::Closed { .. }, _) => {
                return Err(misplaced());
            }
        })
    }

    fn write(held: Held, attempt: u32, moment: &Moment) -> Self {
        let chosen = &held.chosen;
        let intent = WriteIntent::Load { before: chosen.seen.card.clone(), amount: chosen.of.amount, terminal: moment.terminal() };
        Self::Writing { writing: Writing::begin(attempt, held.token.number.clone(), intent), held }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tapping => "rewrite.tapping",
            Self::Read { .. } => "rewrite.read",
            Self::Listing { .. } => "rewrite.listing",
            Self::Authorising { .. } => "rewrite.authorising",
            Self::Reserving { .. } => "rewrite.reserving",
            Self::Writing { .. } => "rewrite.writing",
            Self::Releasing { .. } => "rewrite.releasing",
            Self::Settling { .. } => "rewrite.settling",
            Self::Vouchering { .. } => "rewrite.vouchering",
            Self::Closed { .. } => "rewrite.closed",
        }
    }

    fn held(&self) -> Option<&Held> {
        match self {
            Self::Writing { held, .. }
            | Self::Releasing { held, .. }
            | Self::Settling { held, .. }
            | Self::Closed { last: Last::Held(held), .. } => Some(held),
            Self::Vouchering { confirmed } | Self::Closed { last: Last::Confirmed(confirmed), .. } => Some(&confirmed.held),
            Self::Tapping
            | Self::Read { .. }
            | Self::Listing { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Closed { last: Last::Nothing | Last::Card(_) | Last::Chosen(_), .. } => None,
        }
    }

    fn chosen(&self) -> Option<&Chosen> {
        if let Self::Authorising { chosen, .. } | Self::Reserving { chosen, .. } | Self::Closed { last: Last::Chosen(chosen), .. } = self {
            return Some(chosen);
        }
        self.held().map(|held| &held.chosen)
    }

    fn confirmed(&self) -> Option<&Confirmed> {
        if let Self::Vouchering { confirmed } | Self::Closed { last: Last::Confirmed(confirmed), .. } = self {
            Some(confirmed)
        } else {
            None
        }
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        if let Some(confirmed) = self.confirmed() {
            return Some(&confirmed.proof.after);
        }
        if let Self::Read { card } | Self::Listing { seen: Seen { card, .. } } | Self::Closed { last: Last::Card(card), .. } = self {
            return Some(card);
        }
        self.chosen().map(|chosen| &chosen.seen.card)
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        if let Self::Writing { writing, .. } = self { Some(writing) } else { None }
    }
}

fn facts<'a>(cx: &'a Cx<'_>, card: &'a CardImage, centre: Option<&'a CardFacts>) -> rewrite::Facts<'a> {
    rewrite::Facts { outlet: &cx.header.outlet, at: local(cx.now), clerk: cx.operator, card, centre }
}

fn claim(chosen: &Chosen, cx: &Cx<'_>) -> Claim {
    Claim::Rewrite {
        cell: chosen.seen.facts.cell.clone(),
        programme: cx.header.programme.clone(),
        card: chosen.seen.card.clone(),
        of: chosen.of.reservation.clone(),
        amount: chosen.of.amount,
    }
}
