//! The reader of identity documents beside the identity question: while the clerk is asked for a document, one that is laid
//! down fills the form; typing stays possible all the time. Nothing of it is kept but what the case itself keeps.

use std::{sync::Arc, time::Duration};

use desk_domain::{
    case::{Next, question::Ask},
    code::{Code, Message},
    document::{self, Expiry},
    eligibility,
    id::CaseId,
    mask, normalise,
    person::PersonFacts,
    read_document::{ChipLayout, ReadDocument},
};
use tokio::sync::{mpsc, watch};

use crate::{
    desk::{Desk, Mail},
    ports::{Clock, IdReader},
    run::Running,
    self_test::Device,
};

/// Pause between two looks at the reader.
const LOOK: Duration = Duration::from_millis(400);
/// The same while it is not connected.
const LOOK_ABSENT: Duration = Duration::from_secs(3);
/// The form of the identity question, and its fields that a chip fills.
const FORM: &str = "papers";
const AGENT: &str = "agent_number";

/// The self-test of day open.
pub(crate) struct Test;

/// For which state of which case a document is looked for.
pub(crate) type Wanted = Option<(CaseId, u32)>;

/// The documents that were read for one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadPapers {
    steps: u32,
    holder: ReadDocument,
    agent: Option<ReadDocument>,
}

impl ReadPapers {
    /// The first document is the holder's; where an agent's is asked for as well, another one is the agent's.
    fn add(before: Option<Self>, steps: u32, read: ReadDocument, asks_agent: bool) -> Self {
        match before.filter(|before| before.steps == steps && asks_agent && before.holder.number != read.number) {
            Some(before) => Self { agent: Some(read), ..before },
            None => Self { steps, holder: read, agent: None },
        }
    }

    fn of_field(&self, field: &str) -> Option<(&ReadDocument, bool)> {
        match field {
            "number" => Some((&self.holder, true)),
            "expiry" => Some((&self.holder, false)),
            AGENT => Some((self.agent.as_ref()?, true)),
            "agent_expiry" => Some((self.agent.as_ref()?, false)),
            _ => None,
        }
    }
}

/// The reader's own task. Ends when the desk is gone, and at once where there is no reader.
pub(crate) async fn run(
    mut reader: Box<dyn IdReader>,
    clock: Arc<dyn Clock>,
    mut wanted: watch::Receiver<Wanted>,
    mut tests: mpsc::UnboundedReceiver<Test>,
    tell: mpsc::UnboundedSender<Mail>,
) {
    if !reader.present() {
        return;
    }
    // A document that cannot be read is told once, not twice a second.
    let mut told: Option<(CaseId, u32, Code)> = None;
    loop {
        let now = *wanted.borrow_and_update();
        let Some((case, steps)) = now else {
            tokio::select! {
                changed = wanted.changed() => if changed.is_err() {
                    return;
                },
                Some(Test) = tests.recv() => {
                    let end = reader.module().await;
                    if tell.send(Mail::DeviceTested { device: Device::IdReader, end }).is_err() {
                        return;
                    }
                }
            }
            continue;
        };
        let end = reader.read().await;
        let code = end.as_ref().err().map(|message| message.code);
        let again = code.map(|code| (case, steps, code));
        if code != Some(Code::IdReaderNoCard)
            && (again.is_none() || again != told)
            && tell.send(Mail::Document { case, steps, end }).is_err()
        {
            return;
        }
        told = again;
        let pause = if code == Some(Code::IdReaderMissing) { LOOK_ABSENT } else { LOOK };
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() {
                return;
            },
            () = clock.sleep(pause) => {}
        }
    }
}

impl Desk {
    /// Looks for a document exactly while the form for it is on the screen.
    pub(crate) fn look_for_document(&self) {
        let wanted = self.front().and_then(|id| {
            let running = self.cases.get(&id)?;
            let asked = matches!(self.next_of(id), Some(Next::Ask(question)) if question.id == FORM);
            (asked && self.session.is_some() && !running.busy).then_some((id, running.steps))
        });
        self.documents.send_if_modified(|before| std::mem::replace(before, wanted) != wanted);
    }

    pub(crate) fn document_read(&mut self, case: CaseId, steps: u32, end: Result<ReadDocument, Message>) {
        let asks_agent = match self.next_of(case) {
            Some(Next::Ask(question)) => match question.ask {
                Ask::Form { fields, .. } => fields.iter().any(|field| field.id == AGENT),
                Ask::Choice { .. } | Ask::Go { .. } | Ask::Act { .. } | Ask::Authorise { .. } | Ask::WaitForLine => false,
            },
            Some(Next::Do(_) | Next::Ended(_)) | None => false,
        };
        self.touched = self.clock.monotonic();
        let Some(running) = self.cases.get_mut(&case).filter(|running| running.steps == steps) else {
            return;
        };
        match end {
            Err(message) => running.message = Some(message),
            Ok(read) => {
                running.message = match read.layout {
                    ChipLayout::Citizen => document::plausible_validity(read.from, read.expiry, read.birth).err(),
                    ChipLayout::HmtPermit | ChipLayout::Foreign2017 | ChipLayout::Foreign2023 => None,
                };
                running.read = Some(ReadPapers::add(running.read.take(), steps, read, asks_agent));
            }
        }
    }

    /// Marks the values as read where the number is the chip's own (读取); a corrected one counts as typed (手工).
    pub(crate) fn marked(&self, mut values: Vec<(String, String)>) -> Vec<(String, String)> {
        values.retain(|(field, _)| field != "read");
        let read = self.front().and_then(|id| self.cases.get(&id)).and_then(|running| Some((running.read.as_ref()?, running.steps)));
        if let Some((read, steps)) = read
            && read.steps == steps
            && values.iter().any(|(field, value)| field == "number" && same(value, &read.holder.number))
        {
            values.push(("read".to_owned(), "yes".to_owned()));
        }
        values
    }
}

impl Desk {
    /// The number is what counts; the clerk is told to look at the name (P-38).
    pub(crate) fn compare_name(&mut self, case: CaseId, person: &PersonFacts) {
        let Some(running) = self.cases.get(&case) else {
            return;
        };
        let Some(read) = running.read.as_ref().filter(|read| read.holder.number.ends_with(&person.id_tail)) else {
            return;
        };
        let rules = self.rules_of(&running.header);
        let differs = rules.and_then(|rules| eligibility::name_differs(rules, running.header.service, &read.holder.name, &person.name));
        if let Some(running) = self.cases.get_mut(&case) {
            running.name_differs = differs;
        }
    }
}

fn same(typed: &str, read: &str) -> bool {
    normalise::id_number(typed) == normalise::id_number(read)
}

/// What a chip fills into a field of the form, and what stands beside it.
pub(crate) fn filled(running: &Running, field: &str) -> Option<(String, Option<String>)> {
    let read = running.read.as_ref().filter(|read| read.steps == running.steps)?;
    let (document, number) = read.of_field(field)?;
    Some(if number {
        (document.number.clone(), Some(format!("读取：{}", mask::name(&document.name))))
    } else {
        let last = match document.expiry {
            Expiry::LongTerm => "长期".to_owned(),
            Expiry::Until(last) => last.to_string(),
        };
        (last, None)
    })
}
