//! S-20 单位批量: the unit's papers and its agent, a list from the intake folder checked row by row, all faults at once; the
//! agent signs for the rows that stand; they go to the centre in portions, photos first, and each row has its own result.
//! One bad row stops no other. Whatever is not submitted is on the list of errors.

mod face;
mod papers;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Effect, Ending, Input, LineMode, Outcome, Paper, Writing,
    context::{Cx, stale},
    fact::{Fact, Misplaced},
    paper::PaperFacts,
    question::{Ask, Choice, Field, FieldKind, Next, Picture, Question, Shown, Tone},
};
use crate::{
    card::CardImage,
    code::{Code, Message},
    mask, normalise, unit,
    unit_batch::{Listed, Lost, PORTION, Part, PhotoToSend, Portion, RowResult, Unit, UnitRow},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitBatch {
    Presenting,
    /// Which lists lie in the folder?
    Looking {
        unit: Unit,
        told: Option<Message>,
    },
    Choosing {
        unit: Unit,
        lists: Vec<String>,
        told: Option<Message>,
    },
    Checking {
        batch: Batch,
    },
    Preview {
        batch: Batch,
    },
    AcceptedSlip {
        batch: Batch,
        at: DateTime<Utc>,
    },
    Accepted {
        batch: Batch,
        at: DateTime<Utc>,
    },
    /// The photos of the next portion go first.
    Sending {
        batch: Batch,
    },
    Submitting {
        batch: Batch,
        lost: Vec<Lost>,
    },
    Slip {
        batch: Batch,
    },
    Errors {
        batch: Batch,
    },
    Closed {
        last: Option<Box<Batch>>,
        ending: Ending,
    },
}

/// A list and everything that is known of its rows. Every row is in `ready` or in `refused`; every ready one that was
/// submitted has its result, in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub unit: Unit,
    /// Name of the file.
    pub list: String,
    /// Of the file, as soon as a part of it was read.
    read: Option<(String, u32)>,
    pub ready: Vec<Ready>,
    pub refused: Vec<Faulty>,
    pub results: Vec<RowResult>,
    /// The agent takes the list back.
    returned: bool,
    /// Set where it was accepted without the line.
    accepted_at: Option<DateTime<Utc>>,
}

/// A row that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    pub row: UnitRow,
    /// Name of its photo's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
}

/// A row that does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faulty {
    pub line: u64,
    /// Masked.
    pub who: String,
    /// Everything that stands against it.
    pub messages: Vec<Message>,
}

impl Batch {
    fn of(unit: Unit, list: String) -> Self {
        Self { unit, list, read: None, ready: Vec::new(), refused: Vec::new(), results: Vec::new(), returned: false, accepted_at: None }
    }

    fn checked(&self) -> u32 {
        u32::try_from(self.ready.len() + self.refused.len()).unwrap_or(u32::MAX)
    }

    /// The rows that go next.
    fn portion(&self) -> &[Ready] {
        let rest = self.ready.get(self.results.len()..).unwrap_or_default();
        rest.get(..PORTION).unwrap_or(rest)
    }

    fn photos(&self) -> Vec<PhotoToSend> {
        let photo = |ready: &Ready| {
            let (name, sha256) = ready.photo.clone().zip(ready.row.photo.clone())?;
            Some(PhotoToSend { line: ready.row.line, name, sha256 })
        };
        self.portion().iter().filter_map(photo).collect()
    }

    fn rows(&self, lost: &[Lost]) -> Vec<UnitRow> {
        let there = |ready: &&Ready| !lost.iter().any(|lost| lost.line == ready.row.line);
        self.portion().iter().filter(there).map(|ready| ready.row.clone()).collect()
    }

    /// Puts down what became of the portion: `results` of the rows that were sent, and the lost ones between them.
    fn settled(&mut self, lost: &[Lost], results: Vec<RowResult>) {
        let lost = lost.iter().map(|lost| RowResult::Refused { line: lost.line, message: lost.message.clone() });
        let mut all: Vec<RowResult> = results.into_iter().chain(lost).collect();
        all.sort_by_key(RowResult::line);
        self.results.append(&mut all);
    }

    /// People of whom a card is made.
    #[must_use]
    pub fn ordered(&self) -> usize {
        self.results.iter().filter(|result| matches!(result, RowResult::Ordered { .. })).count()
    }

    /// Rows that somebody has to look at.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.refused.len() + self.results.len() - self.ordered()
    }

    fn remarks(&self) -> bool {
        self.faults() > 0 || self.results.iter().any(|result| matches!(result, RowResult::Ordered { warning: Some(_), .. }))
    }

    /// Nothing of it is at the centre.
    fn ending(&self) -> Ending {
        if self.ordered() > 0 {
            Ending::Done
        } else {
            Ending::Refused { message: Message::new(Code::UnitListFaulty).with("n", self.faults()) }
        }
    }
}

impl UnitBatch {
    #[must_use]
    pub fn begin() -> Self {
        Self::Presenting
    }

    #[must_use]
    pub fn next(&self, cx: &Cx<'_>) -> Next {
        match self {
            Self::Presenting => papers::question(cx).into(),
            Self::Looking { .. } => Next::Do(Effect::FindLists),
            Self::Choosing { lists, .. } if lists.is_empty() => Question::new(
                "no_list",
                "收件文件夹里没有名单（CSV 或 XLSX）",
                Ask::Choice { options: Choice::numbered([("again", "已放入名单，再找一次")]) },
            )
            .into(),
            Self::Choosing { lists, .. } => Question::new(
                "list",
                "选择单位名单",
                Ask::Form {
                    fields: vec![
                        Field::new("list", "名单文件", FieldKind::Choice)
                            .options(Choice::numbered(lists.iter().map(|name| (name.as_str(), name.as_str())))),
                    ],
                    submit: "逐行检查".to_owned(),
                },
            )
            .help("只读收件文件夹；公式和宏不执行。")
            .into(),
            Self::Checking { batch } => Next::Do(Effect::TakeRows {
                list: batch.list.clone(),
                from: batch.checked(),
                sha256: batch.read.as_ref().map(|(sha256, _)| sha256.clone()),
            }),
            Self::Preview { batch } => preview(batch, cx).into(),
            Self::AcceptedSlip { .. } | Self::Slip { .. } => Next::Do(Effect::Print { paper: Paper::AcceptanceSlip }),
            // The folder first: nothing of it is at the centre as long as the case can still be withdrawn.
            Self::Accepted { .. } => {
                if cx.online {
                    Next::Do(Effect::FindLists)
                } else {
                    Question::new("wait_line", "已离线受理，等待线路恢复", Ask::WaitForLine).into()
                }
            }
            Self::Sending { batch } => Next::Do(Effect::SendPhotos { photos: batch.photos() }),
            Self::Submitting { batch, lost } => submit(batch, lost, cx),
            Self::Errors { .. } => Next::Do(Effect::Print { paper: Paper::ErrorList }),
            Self::Closed { ending, .. } => Next::Ended(ending.clone()),
        }
    }

    /// # Errors
    /// The message to show; the question stays.
    pub fn decide(&self, input: Input, cx: &Cx<'_>) -> Result<Fact, Message> {
        match (self, input) {
            (
                Self::Presenting
                | Self::Looking { .. }
                | Self::Choosing { .. }
                | Self::Checking { .. }
                | Self::Preview { .. }
                | Self::Accepted { .. },
                Input::Answer(Answer::Cancel),
            ) => Ok(Fact::Cancelled),
            (Self::Presenting, Input::Answer(Answer::Fill { values })) => {
                papers::shown(&values, cx).map(|unit| Fact::UnitKnown { unit: Box::new(unit) })
            }
            (Self::Looking { .. } | Self::Accepted { .. }, Input::Outcome(Outcome::ListsFound { lists })) => Ok(Fact::ListsFound { lists }),
            (Self::Choosing { lists, .. }, Input::Answer(Answer::Choose { option })) if lists.is_empty() && option == "again" => {
                Ok(Fact::AnotherList)
            }
            (Self::Choosing { lists, .. }, Input::Answer(Answer::Fill { values })) => {
                let chosen = values.iter().find(|(field, _)| field == "list").map_or("", |(_, value)| value.as_str());
                // Only what the folder was seen to hold.
                match lists.iter().find(|name| *name == chosen) {
                    Some(list) => Ok(Fact::ListChosen { list: list.clone() }),
                    None => Err(Message::new(Code::FieldRequired).with("field", "名单文件")),
                }
            }
            (Self::Checking { .. }, Input::Outcome(Outcome::RowsTaken { part })) => Ok(checked(*part, cx)),
            (Self::Checking { .. }, Input::Outcome(Outcome::Failed { message } | Outcome::Refused { message })) => {
                Ok(Fact::ListRefused { message })
            }
            (Self::Preview { batch }, Input::Answer(Answer::Choose { option })) => answered(batch, &option, cx),
            (Self::Sending { .. }, Input::Outcome(Outcome::PhotosSent { lost })) => Ok(Fact::PhotosSent { lost }),
            (Self::Submitting { batch, lost }, Input::Outcome(Outcome::RowsSubmitted { results })) => told(&batch.rows(lost), results),
            // A no to the whole portion is a no to each of its rows; the next portion is asked for all the same.
            (Self::Submitting { batch, lost }, Input::Outcome(Outcome::Refused { message })) => refused(&batch.rows(lost), message),
            (Self::AcceptedSlip { .. } | Self::Slip { .. }, Input::Outcome(outcome)) => super::printed(Paper::AcceptanceSlip, outcome),
            (Self::Errors { .. }, Input::Outcome(outcome)) => super::printed(Paper::ErrorList, outcome),
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
            (Self::Presenting, Fact::UnitKnown { unit }) => Self::Looking { unit: *unit, told: None },
            (Self::Looking { unit, told }, Fact::ListsFound { lists }) => Self::Choosing { unit, lists, told },
            (Self::Choosing { unit, .. }, Fact::AnotherList) => Self::Looking { unit, told: None },
            (Self::Choosing { unit, .. }, Fact::ListChosen { list }) => Self::Checking { batch: Batch::of(unit, list) },
            (Self::Checking { batch }, Fact::ListRefused { message }) => Self::Looking { unit: batch.unit, told: Some(message) },
            (Self::Checking { mut batch }, Fact::RowsChecked { sha256, total, ready, refused }) => {
                batch.read = Some((sha256, total));
                let none = ready.is_empty() && refused.is_empty();
                batch.ready.extend(ready);
                batch.refused.extend(refused);
                if none || batch.checked() >= total { Self::Preview { batch } } else { Self::Checking { batch } }
            }
            (Self::Preview { batch }, Fact::AnotherList) => Self::Looking { unit: batch.unit, told: None },
            (Self::Preview { batch }, Fact::ListReturned) => Self::Errors { batch: Batch { returned: true, ..batch } },
            (Self::Preview { batch }, Fact::Signed) => Self::on(batch),
            (Self::Preview { batch }, Fact::AcceptedOffline { at, .. }) => Self::AcceptedSlip { batch, at },
            (Self::AcceptedSlip { batch, at }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::Accepted { batch, at },
            (Self::Accepted { mut batch, at }, Fact::ListsFound { .. }) => {
                batch.accepted_at = Some(at);
                Self::on(batch)
            }
            (Self::Sending { batch }, Fact::PhotosSent { lost }) => Self::sent(batch, lost),
            (Self::Submitting { mut batch, lost }, Fact::RowsSubmitted { results }) => {
                batch.settled(&lost, results);
                Self::on(batch)
            }
            (Self::Slip { batch }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::listed(batch),
            (Self::Errors { batch }, Fact::Printed { .. } | Fact::PrintPending { .. }) => Self::closed(batch),
            (Self::Presenting | Self::Looking { .. } | Self::Choosing { .. }, fact) => close(None, fact)?,
            (Self::Checking { batch } | Self::Preview { batch } | Self::Accepted { batch, .. }, fact) => {
                close(Some(Box::new(batch)), fact)?
            }
            (
                Self::AcceptedSlip { .. }
                | Self::Sending { .. }
                | Self::Submitting { .. }
                | Self::Slip { .. }
                | Self::Errors { .. }
                | Self::Closed { .. },
                _,
            ) => return Err(misplaced()),
        })
    }

    /// The next portion, or the papers where none is left.
    fn on(batch: Batch) -> Self {
        if batch.portion().is_empty() {
            // Who left while the line was down has a slip.
            return if batch.accepted_at.is_some() { Self::listed(batch) } else { Self::Slip { batch } };
        }
        if batch.photos().is_empty() { Self::Submitting { batch, lost: Vec::new() } } else { Self::Sending { batch } }
    }

    /// The photos of a portion are at the centre, but for the lost ones.
    fn sent(mut batch: Batch, lost: Vec<Lost>) -> Self {
        if batch.rows(&lost).is_empty() {
            batch.settled(&lost, Vec::new());
            return Self::on(batch);
        }
        Self::Submitting { batch, lost }
    }

    fn listed(batch: Batch) -> Self {
        if batch.remarks() { Self::Errors { batch } } else { Self::closed(batch) }
    }

    fn closed(batch: Batch) -> Self {
        let ending = batch.ending();
        Self::Closed { last: Some(Box::new(batch)), ending }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Presenting => "unit_batch.presenting",
            Self::Looking { .. } => "unit_batch.looking",
            Self::Choosing { .. } => "unit_batch.choosing",
            Self::Checking { .. } => "unit_batch.checking",
            Self::Preview { .. } => "unit_batch.preview",
            Self::AcceptedSlip { .. } => "unit_batch.accepted_slip",
            Self::Accepted { .. } => "unit_batch.accepted",
            Self::Sending { .. } => "unit_batch.sending",
            Self::Submitting { .. } => "unit_batch.submitting",
            Self::Slip { .. } => "unit_batch.slip",
            Self::Errors { .. } => "unit_batch.errors",
            Self::Closed { .. } => "unit_batch.closed",
        }
    }

    #[must_use]
    pub fn waits_for_line(&self) -> bool {
        matches!(self, Self::AcceptedSlip { .. } | Self::Accepted { .. })
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
    pub fn batch(&self) -> Option<&Batch> {
        match self {
            Self::Checking { batch }
            | Self::Preview { batch }
            | Self::AcceptedSlip { batch, .. }
            | Self::Accepted { batch, .. }
            | Self::Sending { batch }
            | Self::Submitting { batch, .. }
            | Self::Slip { batch }
            | Self::Errors { batch } => Some(batch),
            Self::Closed { last, .. } => last.as_deref(),
            Self::Presenting | Self::Looking { .. } | Self::Choosing { .. } => None,
        }
    }

    fn unit(&self) -> Option<&Unit> {
        if let Self::Looking { unit, .. } | Self::Choosing { unit, .. } = self {
            return Some(unit);
        }
        self.batch().map(|batch| &batch.unit)
    }
}

fn preview(batch: &Batch, cx: &Cx<'_>) -> Question {
    let mut options = Vec::new();
    let (ready, refused) = (batch.ready.len(), batch.refused.len());
    if ready > 0 {
        options.push(("sign", format!("经办人已签字，提交可受理的 {ready} 人")));
    }
    if refused > 0 {
        options.push(("back", "打印错误清单交单位改正，都不提交".to_owned()));
    }
    options.push(("another", "换一份名单".to_owned()));
    let help = if cx.offline_case() {
        "离线受理：先留名单，线路恢复后逐行提交；照片请留在收件文件夹。"
    } else {
        ""
    };
    let title = format!("共 {} 行：可受理 {ready} 行，有错 {refused} 行", ready + refused);
    Question::new("preview", title, Ask::Choice { options: Choice::numbered(options) }).help(help)
}

fn answered(batch: &Batch, option: &str, cx: &Cx<'_>) -> Result<Fact, Message> {
    match option {
        "sign" if batch.ready.is_empty() => Err(stale()),
        "sign" => match cx.header.line {
            LineMode::Online => Ok(Fact::Signed),
            LineMode::Offline => {
                cx.room_to_accept()?;
                Ok(Fact::AcceptedOffline { at: cx.now, card_kept: false })
            }
        },
        "back" if !batch.refused.is_empty() => Ok(Fact::ListReturned),
        "another" => Ok(Fact::AnotherList),
        _ => Err(stale()),
    }
}

/// Every row of the part is ready or refused, with everything that is wrong with it.
fn checked(part: Part, cx: &Cx<'_>) -> Fact {
    let (mut ready, mut refused) = (Vec::new(), Vec::new());
    for Listed { row, photo, sha256, repeated } in part.rows {
        match unit::judge(cx.rules, cx.today(), &row, repeated, |_| photo) {
            Ok(stands) => ready.push(Ready {
                row: UnitRow {
                    line: stands.line,
                    name: stands.name,
                    document: stands.document,
                    number: stands.number,
                    birth: stands.birth,
                    phone: stands.phone,
                    bank: stands.bank,
                    photo: stands.photo.as_ref().and(sha256),
                },
                photo: stands.photo,
            }),
            Err(faulty) => {
                let shown: String = normalise::name(&row.name).chars().take(20).collect();
                refused.push(Faulty { line: faulty.line, who: mask::name(&shown), messages: faulty.messages });
            }
        }
    }
    Fact::RowsChecked { sha256: part.sha256, total: part.total, ready, refused }
}

/// The centre's answer names each row that was sent, once and in order; anything else is none.
fn told(rows: &[UnitRow], results: Vec<RowResult>) -> Result<Fact, Message> {
    if rows.iter().map(|row| row.line).eq(results.iter().map(RowResult::line)) {
        Ok(Fact::RowsSubmitted { results })
    } else {
        Err(Message::new(Code::CentreGarbled))
    }
}

fn refused(rows: &[UnitRow], message: Message) -> Result<Fact, Message> {
    if super::passing(&message) {
        return Err(message);
    }
    let results = rows.iter().map(|row| RowResult::Refused { line: row.line, message: message.clone() }).collect();
    Ok(Fact::RowsSubmitted { results })
}

fn submit(batch: &Batch, lost: &[Lost], cx: &Cx<'_>) -> Next {
    // The same rows have the same id for ever, whatever was answered before.
    let at = u32::try_from(batch.results.len()).unwrap_or(u32::MAX);
    Next::Do(Effect::SubmitRows {
        request: cx.request("submit_rows", at),
        portion: Box::new(Portion {
            cell: cx.rules.cell.clone(),
            programme: cx.header.programme.clone(),
            credit_code: batch.unit.credit_code.clone(),
            letter: batch.unit.letter,
            consent: true,
            accepted_at: batch.accepted_at,
            rows: batch.rows(lost),
        }),
    })
}
