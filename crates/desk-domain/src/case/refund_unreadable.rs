//! S-10 不可读退值, first half: a card that gives no answer is tried, named by its printed number, kept in a bag with this
//! case's number, and owed what clearing says it held. Nothing is paid here; there is no path to a pay-out.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, local, stale},
    fact::{Authorisation, Fact, Misplaced},
    identity::{Identified, Identity, IdentityStep},
    keeping::{Kept, KeptFor},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Progress, Question, Shown, Tone},
    trial::{Trial, TrialStep},
    words::{confirmation, day, when},
};
use crate::{
    card::CardImage,
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::{Code, Message},
    id::{CardNo, CellId, CentreNumber},
    mask,
    money::Fen,
    normalise,
    person::Lookup,
    refund_unreadable::{self, Payee},
    ruleset::Level,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundUnreadable {
    Identifying { identity: Identity },
    Testing { who: Identified, trial: Trial },
    Naming { who: Identified, failed: u32 },
    Finding { taken: Taken },
    AcceptedSlip { taken: Taken, at: DateTime<Utc> },
    AcceptedBag { taken: Taken, at: DateTime<Utc> },
    Accepted { taken: Taken, at: DateTime<Utc> },
    Reviewing { known: Known, level: Level },
    Authorising { known: Known, level: Level },
    Reserving { known: Known, authorisation: Authorisation },
    Settling { held: Held },
    Bagging { owed: Owed },
    Slip { owed: Owed },
    Signing { owed: Owed },
    Closed { last: Last, ending: Ending },
}

/// Whose card, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub who: Identified,
    pub card_no: CardNo,
    /// Tries without an answer.
    pub failed: u32,
}

/// The centre knows the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub taken: Taken,
    cell: CellId,
    /// It lies in its bag since the case was accepted without the line.
    bagged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub known: Known,
    pub authorisation: Authorisation,
    pub reservation: Reservation,
    due: NaiveDate,
}

/// The centre owes what the card held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub held: Held,
    pub number: CentreNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Taken(Box<Taken>),
    Owed(Box<Owed>),
}

const STEPS: &[&str] = &["核验身份", "试读", "收卡", "核对登记", "中心登记", "装袋", "签字"];

impl RefundUnreadable {
    #[must_use]
    pub fn begin() -> Self {
        Self::Identifying { identity: Identity::begin() }
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Identifying { identity } => identity.next(cx),
            Self::Testing { trial, .. } => trial.next(tries(cx)),
            Self::Naming { .. } => {
                let fields = vec![
                    Field::new("card_no", "卡面卡号", FieldKind::CardNumber).optional(),
                    Field::new("card_no_again", "再次录入卡号", FieldKind::CardNumber).optional().hint("对着卡面重新录一遍"),
                    Field::new("illegible", "卡面卡号无法辨认", FieldKind::Tick).optional(),
                    Field::new("surrendered", KEPT, FieldKind::Tick).optional(),
                ];
                Question::new("old_card", "录入卡面卡号，收存卡片", Ask::Form { fields, submit: "下一步".to_owned() }).into()
            }
            Self::Finding { taken } => match cx.header.line {
                LineMode::Online => Next::Do(find(taken)),
                LineMode::Offline => Question::new(
                    "accept_offline",
                    "离线：现在查不到卡片登记",
                    Ask::Choice {
                        options: Choice::numbered([("accept", "留卡受理，线路恢复后登记"), ("later", "改日再来，不受理")])
                    },
                )
                .into(),
            },
            Self::AcceptedSlip { .. } | Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            Self::AcceptedBag { .. } | Self::Bagging { .. } => Next::Do(Effect::Print { paper: Paper::BagLabel }),
            Self::Accepted { taken, .. } => {
                if cx.online {
                    Next::Do(find(taken))
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Reviewing { known, .. } => Question::new(
                "agree",
                format!("卡片（尾号 {}）留下，余额以清算为准", known.taken.card_no.tail()),
                Ask::Go { label: "客户同意留卡，到期领款".to_owned() },
            )
            .help(cx.rules.text("refund.unreadable").join(" "))
            .into(),
            Self::Authorising { level, .. } => Question::new(
                "authorise",
                format!("不可读退值须{}授权", level.label()),
                Ask::Authorise { level: *level, amount: Fen::ZERO, reason: "卡片读不出，金额以清算为准".to_owned() },
            )
            .into(),
            Self::Reserving { known, authorisation } => Next::Do(Effect::Reserve {
                request: cx.request("reserve", 1),
                claim: Claim::Act {
                    cell: known.cell.clone(),
                    programme: cx.header.programme.clone(),
                    act: CentreAct::TakeInUnreadable {
                        card_no: known.taken.card_no.clone(),
                        payee: Payee(known.taken.who.papers.presenter().to_owned()),
                    },
                },
                authorisation: Some(authorisation.number.clone()),
            }),
            Self::Settling { held } => Next::Do(Effect::Confirm {
                request: cx.request("confirm", 1),
                reservation: held.reservation.number.clone(),
                settlement: Settlement::Act,
            }),
            Self::Signing { owed } => Question::new(
                "sign_later",
                format!("请客户在受理单上签字（{} 起领款）", day(owed.held.due)),
                Ask::Go { label: "客户已签字".to_owned() },
            )
            .help("本次不付款；到期凭受理单和登记的证件来领。")
            .into(),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Identifying { .. }
                | Self::Naming { .. }
                | Self::Finding { .. }
                | Self::Accepted { .. }
                | Self::Reviewing { .. }
                | Self::Authorising { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Identifying { identity }, input) => identity.decide(input, cx),
            (Self::Testing { trial, .. }, input) => trial.decide(input, tries(cx), cx.refuse(Code::CardReadable)),
            (Self::Naming { .. }, Input::Answer(Answer::Fill { values })) => named(&values, cx),
            (Self::Finding { .. }, Input::Answer(Answer::Choose { option })) if cx.offline_case() => match option.as_str() {
                "accept" => {
                    cx.room_to_accept()?;
                    Ok(Fact::AcceptedOffline { at: cx.now, card_kept: true })
                }
                "later" => Ok(Fact::Cancelled),
                _ => Err(stale()),
            },
            (Self::Finding { .. } | Self::Accepted { .. }, Input::Outcome(Outcome::CardFound { card })) => {
                Ok(match refund_unreadable::take_in(cx.rules, &cx.header.outlet, local(cx.now), &card) {
                    Ok(level) => Fact::CardKnown { card, until: None, fee: None, authorise: Some(level), moment: cx.moment() },
                    Err(message) => Fact::Refused { message },
                })
            }
            (
                Self::Finding { .. } | Self::Accepted { .. } | Self::Reserving { .. } | Self::Settling { .. },
                Input::Outcome(Outcome::Refused { message }),
            ) => super::final_refusal(message),
            (Self::AcceptedSlip { .. } | Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::AcceptedBag { .. } | Self::Bagging { .. }, Input::Outcome(outcome)) => super::printed(Paper::BagLabel, outcome),
            (Self::Reviewing { .. }, Input::Answer(Answer::Go)) => {
                Ok(Fact::Agreed { authorise: None, identify: false, moment: cx.moment() })
            }
            (Self::Authorising { .. }, Input::Answer(Answer::Authorised { by, number, amount })) => {
                cx.authorised(by, number, amount, Fen::ZERO)
            }
            (Self::Reserving { .. }, Input::Outcome(Outcome::Reserved { reservation })) => {
                if reservation.due.is_none() {
                    return Err(Message::new(Code::CentreGarbled));
                }
                Ok(Fact::Reserved { reservation, moment: cx.moment() })
            }
            (Self::Settling { held }, Input::Outcome(Outcome::Confirmed { number })) => {
                Ok(Fact::Confirmed { number, postings: held.reservation.on_confirm.clone() })
            }
            (Self::Signing { .. }, Input::Answer(Answer::Go)) => Ok(Fact::Signed),
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
        let close = |last, fact| super::ending_of(fact).map(|ending| Self::Closed { last, ending }).ok_or_else(misplaced);
        Ok(match (self, fact) {
            (Self::Identifying { identity }, Fact::Identity { given }) => match identity.apply(given)? {
                IdentityStep::Still(identity) => Self::Identifying { identity },
                IdentityStep::Done(who) => Self::Testing { who, trial: Trial::begin() },
            },
            (Self::Testing { .. }, fact) if super::ends(&fact) => close(Last::Nothing, fact)?,
            (Self::Testing { who, trial }, fact) => match trial.apply(&fact)? {
                TrialStep::Still(trial) => Self::Testing { who, trial },
                TrialStep::Done { failed } => Self::Naming { who, failed },
            },
            (Self::Naming { who, failed }, Fact::CardKept { card_no: Some(card_no) }) => {
                Self::Finding { taken: Taken { who, card_no, failed } }
            }
            (Self::Finding { taken }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { taken, at },
            (Self::AcceptedSlip { taken, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::AcceptedBag { taken, at },
            (Self::AcceptedBag { taken, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { taken, at },
            (Self::Finding { taken }, Fact::CardKnown { card, authorise: Some(level), .. }) => {
                Self::Reviewing { known: Known { taken, cell: card.cell, bagged: false }, level }
            }
            // The customer agreed when the card was taken in.
            (Self::Accepted { taken, .. }, Fact::CardKnown { card, authorise: Some(level), .. }) => {
                Self::Authorising { known: Known { taken, cell: card.cell, bagged: true }, level }
            }
            (Self::Reviewing { known, level }, Fact::Agreed { .. }) => Self::Authorising { known, level },
            (Self::Authorising { known, .. }, Fact::Authorised { authorisation, .. }) => Self::Reserving { known, authorisation },
            (Self::Reserving { known, authorisation }, Fact::Reserved { reservation, .. }) => {
                let due = reservation.due.ok_or_else(misplaced)?;
                Self::Settling { held: Held { known, authorisation, reservation, due } }
            }
            (Self::Settling { held }, Fact::Confirmed { number, .. }) => {
                let owed = Owed { held, number };
                // Who left his card while the line was down has its slip, and signed then.
                if owed.held.known.bagged { Self::done(owed) } else { Self::Bagging { owed } }
            }
            (Self::Bagging { owed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Slip { owed },
            (Self::Slip { owed }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Signing { owed },
            (Self::Signing { owed }, Fact::Signed) => Self::done(owed),
            (Self::Identifying { .. } | Self::Naming { .. }, fact) => close(Last::Nothing, fact)?,
            (Self::Finding { taken } | Self::Accepted { taken, .. }, fact) => close(Last::Taken(Box::new(taken)), fact)?,
            (Self::Reviewing { known, .. } | Self::Authorising { known, .. } | Self::Reserving { known, .. }, fact) => {
                close(Last::Taken(Box::new(known.taken)), fact)?
            }
            (Self::Settling { held }, fact) => close(Last::Taken(Box::new(held.known.taken)), fact)?,
            (
                Self::AcceptedSlip { .. }
                | Self::AcceptedBag { .. }
                | Self::Bagging { .. }
                | Self::Slip { .. }
                | Self::Signing { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    fn done(owed: Owed) -> Self {
        Self::Closed { last: Last::Owed(Box::new(owed)), ending: Ending::Done }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identifying { .. } => "unreadable.identifying",
            Self::Testing { .. } => "unreadable.testing",
            Self::Naming { .. } => "unreadable.naming",
            Self::Finding { .. } => "unreadable.finding",
            Self::AcceptedSlip { .. } => "unreadable.accepted_slip",
            Self::AcceptedBag { .. } => "unreadable.accepted_bag",
            Self::Accepted { .. } => "unreadable.accepted",
            Self::Reviewing { .. } => "unreadable.reviewing",
            Self::Authorising { .. } => "unreadable.authorising",
            Self::Reserving { .. } => "unreadable.reserving",
            Self::Settling { .. } => "unreadable.settling",
            Self::Bagging { .. } => "unreadable.bagging",
            Self::Slip { .. } => "unreadable.slip",
            Self::Signing { .. } => "unreadable.signing",
            Self::Closed { .. } => "unreadable.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::AcceptedBag { .. } | Self::Accepted { .. })
    }

    #[must_use]
    pub fn card(&self) -> Option<&CardImage> {
        None
    }

    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        None
    }

    fn taken(&self) -> Option<&Taken> {
        match self {
            Self::Identifying { .. } | Self::Testing { .. } | Self::Naming { .. } => None,
            Self::Finding { taken } | Self::AcceptedSlip { taken, .. } | Self::AcceptedBag { taken, .. } | Self::Accepted { taken, .. } => {
                Some(taken)
            }
            Self::Reviewing { known, .. } | Self::Authorising { known, .. } | Self::Reserving { known, .. } => Some(&known.taken),
            Self::Settling { held } => Some(&held.known.taken),
            Self::Bagging { owed } | Self::Slip { owed } | Self::Signing { owed } => Some(&owed.held.known.taken),
            Self::Closed { last, .. } => match last {
                Last::Nothing => None,
                Last::Taken(taken) => Some(taken),
                Last::Owed(owed) => Some(&owed.held.known.taken),
            },
        }
    }

    fn owed(&self) -> Option<&Owed> {
        match self {
            Self::Bagging { owed } | Self::Slip { owed } | Self::Signing { owed } => Some(owed),
            Self::Closed { last: Last::Owed(owed), .. } => Some(owed),
            Self::Identifying { .. }
            | Self::Testing { .. }
            | Self::Naming { .. }
            | Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::AcceptedBag { .. }
            | Self::Accepted { .. }
            | Self::Reviewing { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Closed { .. } => None,
        }
    }

    fn who(&self) -> Option<&Identified> {
        if let Self::Testing { who, .. } | Self::Naming { who, .. } = self {
            return Some(who);
        }
        self.taken().map(|taken| &taken.who)
    }

    #[must_use]
    pub fn picture(&self) -> Picture {
        let now = match self {
            Self::Identifying { .. } => 0,
            Self::Testing { .. } => 1,
            Self::Naming { .. } => 2,
            Self::Finding { .. }
            | Self::AcceptedSlip { .. }
            | Self::AcceptedBag { .. }
            | Self::Accepted { .. }
            | Self::Reviewing { .. }
            | Self::Authorising { .. } => 3,
            Self::Reserving { .. } | Self::Settling { .. } => 4,
            Self::Bagging { .. } => 5,
            Self::Slip { .. } | Self::Signing { .. } => 6,
            Self::Closed { .. } => STEPS.len(),
        };
        let mut strip = Vec::new();
        if let Some(who) = self.who() {
            strip.extend(who.strip());
        }
        if let Some(taken) = self.taken() {
            strip.push(Shown::plain("卡尾号", taken.card_no.tail()));
            strip.push(Shown::plain("试读", format!("{} 次均读不出", taken.failed)));
        }
        let mut result = Vec::new();
        if let Some(owed) = self.owed() {
            result.push(Shown::plain("退款金额", "以清算为准"));
            result.push(Shown::toned("付款日期", format!("{} 起", day(owed.held.due)), Tone::Good));
            result.push(Shown::plain("中心确认号", confirmation(&owed.number)));
        }
        let kept = self.owed().is_some() || self.waits_for_line();
        let mut give_back = Vec::new();
        if self.who().is_some() {
            give_back.push("证件原件".to_owned());
            if !kept {
                give_back.push("客户的卡".to_owned());
            }
        }
        Picture { progress: Progress { steps: STEPS, now }, strip, say: self.say(), result, give_back, remark: None }
    }

    fn say(&self) -> Option<String> {
        match self {
            Self::Testing { .. } => Some("我再试几次，看卡片还能不能读出来。".to_owned()),
            Self::Reviewing { .. } => Some("卡片读不出，余额要等后台清算；卡片由我们收存，到期凭受理单和证件来领款。".to_owned()),
            Self::AcceptedSlip { .. } | Self::AcceptedBag { .. } | Self::Accepted { .. } => {
                Some("离线受理，尚未登记；请保留回执，线路恢复后通知您。".to_owned())
            }
            Self::Signing { owed } => Some(format!("{} 起凭受理单和证件来领款，请保留受理单。", day(owed.held.due))),
            Self::Identifying { .. }
            | Self::Naming { .. }
            | Self::Finding { .. }
            | Self::Authorising { .. }
            | Self::Reserving { .. }
            | Self::Settling { .. }
            | Self::Bagging { .. }
            | Self::Slip { .. }
            | Self::Closed { .. } => None,
        }
    }

    #[must_use]
    pub fn paper(&self, paper: Paper) -> PaperFacts {
        let mut facts = PaperFacts::default();
        let Some(taken) = self.taken() else {
            return facts;
        };
        if paper == Paper::BagLabel {
            Kept { why: KeptFor::Fault, card_no: Some(taken.card_no.clone()) }.on_label(&mut facts);
            return facts;
        }
        facts.pair("卡号", mask::card_on_paper(taken.card_no.as_str()));
        taken.who.on_paper(&mut facts);
        facts.pair("试读", format!("{} 次均读不出", taken.failed));
        if let Some(owed) = self.owed() {
            facts.pair("授权人工号", owed.held.authorisation.by.to_string());
            facts.pair("中心确认号", confirmation(&owed.number));
            facts.pair("付款日期", format!("{} 起", day(owed.held.due)));
            facts.line("卡片已装袋收存，本次未付款；余额以清算为准。");
            facts.texts.push("refund.later");
        } else {
            if let Self::AcceptedSlip { at, .. } | Self::AcceptedBag { at, .. } | Self::Accepted { at, .. } = self {
                facts.pair("受理时间", when(*at));
            }
            facts.line("卡片已装袋收存，袋号同业务单号；尚未登记，未付款。");
            facts.texts.push("offline.slip");
        }
        facts.signature = Some("客户签字".to_owned());
        facts
    }
}

const KEPT: &str = "卡片已收存";

fn tries(cx: &Cx<'_>) -> u32 {
    refund_unreadable::tries(cx.rules).unwrap_or(u32::MAX)
}

fn named(values: &[(String, String)], cx: &Cx<'_>) -> Result<Fact, Message> {
    let value = |id: &str| values.iter().find(|(field, _)| field == id).map_or("", |(_, value)| value.trim());
    let ticked = |id: &str| matches!(value(id), "true" | "1" | "on" | "yes");
    if !ticked("surrendered") {
        return Err(Message::new(Code::FieldRequired).with("field", KEPT));
    }
    let legible = !ticked("illegible");
    if legible && value("card_no").is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", "卡面卡号"));
    }
    let number = |id| if legible { normalise::card_number(value(id)) } else { Ok(String::new()) };
    let (first, second) = (number("card_no")?, number("card_no_again")?);
    match refund_unreadable::number(cx.rules, legible, &first, &second) {
        Ok(number) => Ok(Fact::CardKept { card_no: Some(CardNo::new(number)) }),
        Err(message) if legible => Err(message),
        Err(message) => Ok(Fact::Refused { message }),
    }
}

fn find(taken: &Taken) -> Effect {
    Effect::FindCard { lookup: Lookup::CardNo { card_no: taken.card_no.clone() } }
}
