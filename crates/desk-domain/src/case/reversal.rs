//! S-25 冲正/返销: a top-up of today is taken off the card again, and then the cash goes back.
//!
//! Money out is the last thing that happens: there is no path to [`Fact::MoneyBack`] that does not pass [`Fact::Confirmed`].
//! The mistaken case stays as it is; this one names it. A reversal is itself a movement of the purse, and no movement of that
//! kind is ever taken back.

mod face;

use super::{
    Answer, Effect, Ending, Input, Outcome, Paper, booked_list,
    context::{Cx, local, stale},
    fact::{Authorisation, Fact, Misplaced, Moment},
    paper::PaperFacts,
    question::{Ask, Choice, Next, Picture, Progress, Question, Shown, Tone},
    words::{confirmation, masked_card, purse_card, when, yuan},
    writing::{Step, Writing},
};
use crate::{
    booked::Booked,
    card::{CardImage, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::CentreNumber,
    person::{CardFacts, Lookup},
    reversal::{self, Kind, Mistake, OldPaper},
    ruleset::Level,
};

/// The card, and what the centre has on its books for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub card: CardImage,
    pub facts: Box<CardFacts>,
}

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub seen: Seen,
    pub of: Box<Booked>,
}

/// Why, in the clerk's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub chosen: Chosen,
    pub mistake: Mistake,
}

/// The right is held for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub named: Named,
    pub authorisation: Authorisation,
    pub reservation: Reservation,
}

/// The money is off the card and the centre confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    pub held: Held,
    pub proof: WriteProof,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reversal {
    Asking,
    Tapping,
    Read {
        card: CardImage,
    },
    Listing {
        seen: Seen,
    },
    Naming {
        chosen: Chosen,
    },
    Authorising {
        named: Named,
    },
    Reserving {
        named: Named,
        authorisation: Authorisation,
    },
    Writing {
        held: Held,
        writing: Writing,
    },
    /// Proved that nothing was written.
    Releasing {
        held: Held,
    },
    Settling {
        held: Held,
        proof: WriteProof,
    },
    Returning {
        confirmed: Confirmed,
    },
    /// The customer's old paper comes back.
    TakingBack {
        confirmed: Confirmed,
    },
    Slip {
        confirmed: Confirmed,
        old: OldPaper,
    },
    /// Too late for this counter: a slip asks the centre to correct it.
    Correcting {
        chosen: Chosen,
        message: Message,
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
    Done(Confirmed, OldPaper),
}

const STEPS: &[&str] = &["选业务", "读卡", "选原笔", "原因", "授权", "写卡退出", "中心确认", "退现金", "收回原单", "冲正凭证"];

impl Reversal {
    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Asking => Question::new(
                "kind",
                "要冲正哪一类业务？",
                Ask::Choice { options: Choice::numbered(Kind::ALL.map(|kind| (kind.as_str(), kind.label()))) },
            )
            .help("离线受理还没有上传的，在“未完业务”里打开原单，按取消键撤回。")
            .into(),
            Self::Tapping => Next::Do(Effect::ReadCard { expect: None }),
            Self::Read { card } => Next::Do(Effect::FindCard { lookup: Lookup::Purse { card_no: card.card_no.clone() } }),
            Self::Listing { seen } => booked_list::question("冲正哪一笔？".to_owned(), &seen.facts.booked).into(),
            Self::Naming { chosen } => Question::new(
                "mistake",
                format!("冲正 {}：错在哪里？", booked_list::line(&chosen.of)),
                Ask::Choice { options: Choice::numbered(Mistake::ALL.map(|mistake| (mistake.as_str(), mistake.label()))) },
            )
            .into(),
            Self::Authorising { named } => Question::new(
                "authorise",
                format!("冲正充值 {} 元，请主管授权", yuan(named.chosen.of.amount)),
                Ask::Authorise {
                    level: Level::Supervisor,
                    amount: named.chosen.of.amount,
                    reason: format!("冲正 {}：{}", named.chosen.of.case, named.mistake.label()),
                },
            )
            .into(),
            Self::Reserving { named, authorisation } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: claim(&named.chosen, cx),
                authorisation: Some(authorisation.number.clone()),
            }),
            Self::Writing { writing, .. } => writing.next(cx),
            Self::Releasing { held } => {
                Next::Do(Effect::Release { request: cx.request("release", 1), reservation: held.reservation.number.clone() })
            }
            Self::Settling { held, proof } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::PurseRefunded { amount: held.amount(), proof: proof.clone() },
            }),
            Self::Returning { confirmed } => Question::new(
                "return",
                format!("退还现金 {} 元", yuan(confirmed.held.amount())),
                Ask::Act {
                    key: "F5",
                    label: "记账退还".to_owned(),
                    detail: vec![
                        Shown::toned("退还金额", yuan(confirmed.held.amount()), Tone::Warn),
                        Shown::plain("中心确认号", confirmation(&confirmed.number)),
                    ],
                },
            )
            .help("先按 F5 记账，再把现金交还客户；回车不退款。")
            .into(),
            Self::TakingBack { confirmed } => Question::new(
                "old_paper",
                format!("收回原业务单 {} 的收据", confirmed.held.named.chosen.of.case),
                Ask::Choice { options: Choice::numbered(OldPaper::ALL.map(|old| (old.as_str(), old.label()))) },
            )
            .help("原收据加盖作废章，附在冲正凭证后面。")
            .into(),
            Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::Reversal }),
            Self::Correcting { .. } => Next::Do(Effect::Print { paper: Paper::GuidanceSlip }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (Self::Asking, Input::Answer(Answer::Choose { option })) => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == option).ok_or_else(stale)?;
                Ok(match reversal::kind(cx.rules, kind) {
                    Ok(()) => Fact::ToBeTapped,
                    Err(message) => Fact::Refused { message },
                })
            }
            (Self::Tapping, Input::Outcome(Outcome::CardRead { card })) => Ok(match reversal::card(cx.rules, facts(cx, &card, None)) {
                Ok(()) => Fact::CardRead { card },
                Err(message) => Fact::Refused { message },
            }),
            (Self::Read { card }, Input::Outcome(Outcome::CardFound { card: found })) => {
                let judged = reversal::card(cx.rules, facts(cx, card, Some(&found)));
                Ok(match judged {
                    Ok(()) if found.booked.is_empty() => Fact::Refused { message: cx.refuse(Code::ReversalNotLatest) },
                    Ok(()) => Fact::CardKnown { card: found, until: None, authorise: None, fee: None, moment: cx.moment() },
                    Err(message) => Fact::Refused { message },
                })
            }
            (Self::Read { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Listing { seen }, Input::Answer(Answer::Choose { option })) => {
                let chosen = booked_list::chosen(&seen.facts.booked, &option)?;
                match reversal::decide(cx.rules, facts(cx, &seen.card, Some(&seen.facts)), &chosen) {
                    Ok(of) => {
                        if cx.till < of.amount {
                            return Err(cx.refuse(Code::TillShort));
                        }
                        Ok(Fact::MovementChosen { of: Box::new(of.clone()), authorise: Some(Level::Supervisor), moment: cx.moment() })
                    }
                    Err(message) if message.code == Code::ReversalNotSameDay => {
                        let of = seen.facts.booked.iter().find(|movement| movement.reservation == chosen).ok_or_else(stale)?;
                        Ok(Fact::CorrectionDue { of: Box::new(of.clone()), message })
                    }
                    Err(message) => Ok(Fact::Refused { message }),
                }
            }
            (Self::Naming { .. }, Input::Answer(Answer::Choose { option })) => {
                let mistake = Mistake::ALL.into_iter().find(|mistake| mistake.as_str() == option).ok_or_else(stale)?;
                Ok(Fact::MistakeNamed { mistake })
            }
            (Self::Authorising { named }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, named.chosen.of.amount)
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Refused { message })) => super::final_refusal(message),
            (Self::Writing { writing, .. }, input) => writing.decide(input, cx),
            (Self::Releasing { .. }, Input::Outcome(Outcome::Released | Outcome::Refused { .. })) => Ok(Fact::Released),
            (Self::Settling { held, .. }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            // The card stands lower and the centre will not say so: its exception list owns it.
            (Self::Settling { .. }, Input::Outcome(Outcome::Refused { message })) => Ok(Fact::Refused { message }),
            (Self::Returning { confirmed }, Input::Answer(Answer::Act)) => {
                let amount = confirmed.held.amount();
                if cx.till < amount {
                    return Err(cx.refuse(Code::TillShort));
                }
                Ok(Fact::MoneyBack { amount, postings: cx.top_up_back(amount) })
            }
            (Self::TakingBack { .. }, Input::Answer(Answer::Choose { option })) => {
                let old = OldPaper::ALL.into_iter().find(|old| old.as_str() == option).ok_or_else(stale)?;
                Ok(Fact::OldPaperSeen { old })
            }
            (Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::Reversal, outcome),
            (Self::Correcting { .. }, Input::Outcome(outcome)) => super::printed(Paper::GuidanceSlip, outcome),
            (
                Self::Asking | Self::Tapping | Self::Read { .. } | Self::Listing { .. } | Self::Naming { .. } | Self::Authorising { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
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
            (Self::Asking, Fact::ToBeTapped) => Self::Tapping,
            (Self::Tapping, Fact::CardRead { card }) => Self::Read { card },
            (Self::Asking | Self::Tapping, fact) => close(Last::Nothing, fact)?,
            (Self::Read { card }, Fact::CardKnown { card: facts, .. }) => Self::Listing { seen: Seen { card, facts } },
            (Self::Listing { seen }, Fact::MovementChosen { of, .. }) => Self::Naming { chosen: Chosen { seen, of } },
            (Self::Listing { seen }, Fact::CorrectionDue { of, message }) => Self::Correcting { chosen: Chosen { seen, of }, message },
            (Self::Read { card } | Self::Listing { seen: Seen { card, .. } }, fact) => close(Last::Card(card), fact)?,
            (Self::Naming { chosen }, Fact::MistakeNamed { mistake }) => Self::Authorising { named: Named { chosen, mistake } },
            (Self::Naming { chosen }, fact) => close(Last::Chosen(chosen), fact)?,
            (Self::Authorising { named }, Fact::Authorised { authorisation, .. }) => Self::Reserving { named, authorisation },
            (Self::Reserving { named, authorisation }, Fact::Reserved { reservation, moment }) => {
                Self::write(Held { named, authorisation, reservation }, 1, &moment)
            }
            (Self::Authorising { named } | Self::Reserving { named, .. }, fact) => close(Last::Chosen(named.chosen), fact)?,
            (Self::Writing { held, writing }, fact) => match writing.apply(fact)? {
                Step::Still(writing) => Self::Writing { held, writing },
                Step::Written(proof) => Self::Settling { held, proof },
                Step::Again { attempt, at } => Self::write(held, attempt, &at),
                Step::Abandoned { .. } => Self::Releasing { held },
            },
            (Self::Releasing { held }, Fact::Released) => Self::Closed { last: Last::Held(held), ending: Ending::Cancelled },
            (Self::Settling { held, proof }, Fact::Confirmed { number, .. }) => {
                Self::Returning { confirmed: Confirmed { held, proof, number } }
            }
            (Self::Settling { held, .. }, Fact::Refused { message }) => {
                Self::Closed { last: Last::Held(held), ending: Ending::Suspended { message } }
            }
            (Self::Returning { confirmed }, Fact::MoneyBack { .. }) => Self::TakingBack { confirmed },
            (Self::TakingBack { confirmed }, Fact::OldPaperSeen { old }) => Self::Slip { confirmed, old },
            (Self::Slip { confirmed, old }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Done(confirmed, old), ending: Ending::Done }
            }
            (Self::Correcting { chosen, message }, Fact::Printed { .. } | Fact::PrintPending { .. }) => {
                Self::Closed { last: Last::Chosen(chosen), ending: Ending::Refused { message } }
            }
            (
                Self::Releasing { .. }
                | Self::Settling { .. }
                | Self::Returning { .. }
                | Self::TakingBack { .. }
                | Self::Slip { .. }
                | Self::Correcting { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    fn write(held: Held, attempt: u32, moment: &Moment) -> Self {
        let intent =
            WriteIntent::Unload { before: held.named.chosen.seen.card.clone(), amount: held.amount(), terminal: moment.terminal() };
        Self::Writing { writing: Writing::begin(attempt, held.reservation.number.clone(), intent), held }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asking => "reversal.asking",
            Self::Tapping => "reversal.tapping",
            Self::Read { .. } => "reversal.read",
            Self::Listing { .. } => "reversal.listing",
            Self::Naming { .. } => "reversal.naming",
            Self::Authorising { .. } => "reversal.authorising",
            Self::Reserving { .. } => "reversal.reserving",
            Self::Writing { .. } => "reversal.writing",
            Self::Releasing { .. } => "reversal.releasing",
            Self::Settling { .. } => "reversal.settling",
            Self::Returning { .. } => "reversal.returning",
            Self::TakingBack { .. } => "reversal.taking_back",
            Self::Slip { .. } => "reversal.slip",
            Self::Correcting { .. } => "reversal.correcting",
            Self::Closed { .. } => "reversal.closed",
        }
    }

    fn chosen(&self) -> Option<&Chosen> {
        match self {
            Self::Asking
            | Self::Tapping
            | Self::Read { .. }
            | Self::Listing { .. }
            | Self::Closed { last: Last::Nothing | Last::Card(_), .. } => None,
            Self::Naming { chosen } | Self::Correcting { chosen, .. } | Self::Closed { last: Last::Chosen(chosen), .. } => Some(chosen),
            Self::Authorising { named } | Self::Reserving { named, .. } => Some(&named.chosen),
            Self::Writing { .. }
            | Self::Releasing { .. }
            | Self::Settling { .. }
            | Self::Returning { .. }
            | Self::TakingBack { .. }
            | Self::Slip { .. }
            | Self::Closed { last: Last::Held(_) | Last::Done(..), .. } => self.held().map(|held| &held.named.chosen),
        }
    }

    fn held(&self) -> Option<&Held> {
        match self {
            Self::Writing { held, .. }
            | Self::Releasing { held }
            | Self::Settling { held, .. }
            | Self::Closed { last: Last::Held(held), .. } => Some(held),
            Self::Returning { confirmed }
            | Self::TakingBack { confirmed }
            | Self::Slip { confirmed, .. }
            | Self::Closed { last: Last::Done(confirmed, _), .. } => Some(&confirmed.held),
            Self::Asking
            | Self::Tapping
            | Self::Read { .. }
            | Self::Listing { .. }
            | Self::Naming { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Correcting { .. }
            | Self::Closed { last: Last::Nothing | Last::Card(_) | Last::Chosen(_), .. } => None,
        }
    }

    fn confirmed(&self) -> Option<&Confirmed> {
        if let Self::Returning { confirmed }
        | Self::TakingBack { confirmed }
        | Self::Slip { confirmed, .. }
        | Self::Closed { last: Last::Done(confirmed, _), .. } = self
        {
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

impl Held {
    fn amount(&self) -> crate::money::Fen {
        self.named.chosen.of.amount
    }
}

fn facts<'a>(cx: &'a Cx<'_>, card: &'a CardImage, centre: Option<&'a CardFacts>) -> reversal::Facts<'a> {
    reversal::Facts { outlet: &cx.header.outlet, at: local(cx.now), clerk: cx.operator, card, centre }
}

fn claim(chosen: &Chosen, cx: &Cx<'_>) -> Claim {
    Claim::Reversal {
        cell: chosen.seen.facts.cell.clone(),
        programme: cx.header.programme.clone(),
        card: chosen.seen.card.clone(),
        of: chosen.of.reservation.clone(),
        amount: chosen.of.amount,
    }
}
