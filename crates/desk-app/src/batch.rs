//! A unit's list beside the actor: files are read, checked for what repeats, and photos sent, all in tasks of their own; what came
//! of it comes by mail.

use std::sync::Arc;

use desk_domain::{
    case::{CaseHeader, Input, Outcome},
    code::{Code, Message},
    id::{CaseId, SessionToken},
    ruleset::RuleSet,
    unit,
    unit_batch::{CHECKED_AT_ONCE, Listed, Lost, MOST_LISTS, Part, PhotoToSend},
};
use desk_wire::v1::{Reply, Request};

use crate::{
    desk::{Desk, Errand, Mail},
    ports::{Answered, CentreLink, Intake, LinkFailure, StoreFailure},
};

/// People in a list where the programme says nothing.
const MOST_ROWS: usize = 2_000;
/// Rows of a list on one page of the screen.
pub(crate) const PAGE: usize = 8;

/// How white a photo's ground is, and which tag its file gets.
#[derive(Clone, Copy)]
struct Look {
    white_from: u32,
    dpi: u16,
}

impl Look {
    fn of(rules: &RuleSet) -> Self {
        let photo = rules.photo.as_ref();
        Self {
            white_from: photo.map_or(0, |photo| photo.white_from),
            dpi: photo.map_or(0, |photo| u16::try_from(photo.dpi).unwrap_or_default()),
        }
    }
}

impl Desk {
    pub(crate) fn find_lists(&mut self, case: CaseId, steps: u32) {
        let intake = Arc::clone(&self.intake);
        self.beside(case, steps, async move {
            match intake.lists(MOST_LISTS).await {
                Ok(lists) => Outcome::ListsFound { lists },
                Err(message) => Outcome::Failed { message },
            }
        });
    }

    pub(crate) fn take_rows(&mut self, (case, steps): (CaseId, u32), header: &CaseHeader, list: String, from: u32, before: Option<String>) {
        let Some(rules) = self.rules_of(header).cloned() else {
            return;
        };
        let (intake, today) = (Arc::clone(&self.intake), self.today());
        self.beside(case, steps, async move {
            match part(&*intake, &rules, today, &list, from, before.as_deref()).await {
                Ok(part) => Outcome::RowsTaken { part: Box::new(part) },
                Err(message) => Outcome::Failed { message },
            }
        });
    }

    /// One after the other; the first call that does not succeed ends it, and its end is that of the whole errand.
    pub(crate) fn send_photos(&mut self, case: CaseId, steps: u32, header: &CaseHeader, photos: Vec<PhotoToSend>) {
        let Some(look) = self.rules_of(header).map(Look::of) else {
            return;
        };
        let ticket = self.ticket(Errand::Case { case, steps });
        let token = self.session.as_ref().and_then(|session| session.token.clone());
        let (intake, link, tell) = (Arc::clone(&self.intake), Arc::clone(&self.link), self.tell.clone());
        self.tasks.spawn(async move {
            let mail = match sent(&*intake, &*link, case, token.as_ref(), photos, look).await {
                Sent::Stopped(end) => Mail::Link { ticket, end },
                Sent::All(outcome) => Mail::Beside { case, steps, ticket: Some(ticket), outcome: Box::new(outcome) },
            };
            tell.send(mail).ok();
        });
    }

    fn beside(&mut self, case: CaseId, steps: u32, work: impl Future<Output = Outcome> + Send + 'static) {
        let tell = self.tell.clone();
        self.tasks.spawn(async move {
            let outcome = Box::new(work.await);
            tell.send(Mail::Beside { case, steps, ticket: None, outcome }).ok();
        });
    }

    pub(crate) async fn beside_ended(&mut self, case: CaseId, steps: u32, outcome: Outcome) -> Result<(), StoreFailure> {
        let Some(running) = self.cases.get_mut(&case).filter(|running| running.steps == steps) else {
            return Ok(());
        };
        running.busy = false;
        self.input(case, Input::Outcome(outcome)).await
    }

    pub(crate) fn turn_page(&mut self, question: &str, page: u32) {
        if let Some((case, _)) = self.asked(question)
            && let Some(running) = self.cases.get_mut(&case)
        {
            running.page = usize::try_from(page).unwrap_or_default();
        }
    }
}

/// Some rows of the list, with what lies under the names of their photos.
async fn part(
    intake: &dyn Intake,
    rules: &RuleSet,
    today: chrono::NaiveDate,
    list: &str,
    from: u32,
    before: Option<&str>,
) -> Result<Part, Message> {
    let most = rules.unit.as_ref().map_or(MOST_ROWS, |unit| usize::try_from(unit.most_rows).unwrap_or(MOST_ROWS));
    let (rows, sha256) = intake.list(list, most).await?;
    if before.is_some_and(|before| before != sha256) {
        return Err(Message::new(Code::ListUnreadable).with("what", "检查到一半时文件被改动，须重新检查"));
    }
    let look = Look::of(rules);
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let here: Vec<_> = rows.iter().zip(unit::repeats(rules, today, &rows)).skip(from).take(CHECKED_AT_ONCE).collect();
    let names = here.iter().map(|(row, _)| row.photo.trim().to_owned()).collect();
    let files = intake.photo_files(names, look.white_from, look.dpi).await;
    let listed = here.into_iter().zip(files).map(|((row, repeated), (photo, sha256))| Listed { row: row.clone(), photo, sha256, repeated });
    Ok(Part { sha256, total: u32::try_from(rows.len()).unwrap_or(u32::MAX), rows: listed.collect() })
}

enum Sent {
    All(Outcome),
    /// By a call that came to nothing, or to a no that is about no photo.
    Stopped(Result<Answered, LinkFailure>),
}

async fn sent(
    intake: &dyn Intake,
    link: &dyn CentreLink,
    case: CaseId,
    token: Option<&SessionToken>,
    photos: Vec<PhotoToSend>,
    look: Look,
) -> Sent {
    // A stick that was pulled out makes no row faulty: it is put back, and the same photos are sent again.
    if let Err(message) = intake.lists(1).await {
        return Sent::All(Outcome::Failed { message });
    }
    let mut lost = Vec::new();
    for PhotoToSend { line, name, sha256 } in photos {
        let taken = match intake.photo(&name, look.white_from, look.dpi).await {
            Ok(taken) => taken,
            Err(message) => {
                lost.push(Lost { line, message });
                continue;
            }
        };
        if taken.photo.sha256().as_ref() != Some(&sha256) {
            lost.push(Lost { line, message: Message::new(Code::PhotoChanged) });
            continue;
        }
        let request = Request::KeepPhoto { case, sha256: sha256.clone(), photo: taken.photo };
        // The same photo of the same case has the same id for ever.
        let id = desk_domain::case::context::request_id(case, &format!("keep_photo.{sha256}"), 1);
        let end = link.call(id, token, &request).await;
        if let Ok(Answered { reply, .. }) = &end {
            if *reply == Reply::PhotoKept {
                continue;
            }
            if let Reply::Refused { message } = reply
                && message.code == Code::PhotoChanged
            {
                lost.push(Lost { line, message: message.clone() });
                continue;
            }
        }
        return Sent::Stopped(end);
    }
    Sent::All(Outcome::PhotosSent { lost })
}
