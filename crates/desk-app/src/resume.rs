//! Start of the desk: every unfinished case is rebuilt from its rows, and from nothing else.
//!
//! An intent without a result is looked into by its kind: a request goes out again under its own id, a print is marked as
//! a reprint, and a card write is decided by the tear rule once the card is back.

use desk_domain::{
    case::{Effect, Entry, context::local, replay},
    code::Code,
    id::CaseId,
};

use crate::{
    clock_trust::Limits,
    desk::{Desk, Place},
    ports::StoreFailure,
    run::Running,
    session::Door,
};

/// Durable value: the newest moment that the desk has seen.
pub(crate) const LAST_SEEN: &str = "clock.last_seen";

impl Running {
    /// It was unfinished when the program started and nobody has touched it since.
    pub(crate) fn recovered_at_start(&self) -> bool {
        self.left_over
    }
}

impl Desk {
    pub(crate) async fn wake(&mut self) -> Result<(), StoreFailure> {
        let (sequence, _) = self.store.head().await?;
        self.sequence = sequence;
        self.waiting = self.store.waiting().await?;
        self.recall_published().await?;
        let now = self.now();
        if let Some(limits) = self.rules.current(self.today()).first().map(|rules| Limits::from(&rules.offline)) {
            self.clock_trust.limit(limits);
        }
        if let Some(latest) = self.store.recall(LAST_SEEN).await?.and_then(|text| text.parse().ok()) {
            self.clock_trust.remembered(latest, now);
        }
        self.store.remember(LAST_SEEN, &now.to_rfc3339()).await?;
        self.day.date = local(now).date();
        for header in self.store.unfinished().await? {
            let id = header.id;
            let running = self.rebuild(id, header).await?;
            self.cases.insert(id, running);
        }
        self.recall_late_papers().await?;
        self.recall_reader().await?;
        tracing::info!(unfinished = self.cases.len(), rows = sequence, "journal read");
        self.place = Place::Door(Door::sign_in());
        Ok(())
    }

    pub(crate) async fn rebuild(&mut self, id: CaseId, header: desk_domain::case::CaseHeader) -> Result<Running, StoreFailure> {
        let broken = |detail: String| StoreFailure { code: Code::JournalBroken, detail };
        let rows = self.store.case(id).await?;
        // The first row is the header itself.
        let entries = rows
            .iter()
            .skip(1)
            .map(|row| serde_json::from_str::<Entry>(&row.payload))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| broken(format!("case {id}: {error}")))?;
        let replayed = replay(header.service, entries).map_err(|error| broken(format!("case {id}: {error}")))?;
        let recovered = replayed.begun.as_ref().is_some_and(|effect| match effect {
            Effect::WriteCard { .. } | Effect::Print { .. } => true,
            Effect::ReadCard { .. }
            | Effect::TryCard
            | Effect::FindPerson { .. }
            | Effect::FindCard { .. }
            | Effect::Inquire { .. }
            | Effect::FindOwed { .. }
            | Effect::FindUncollected
            | Effect::TakePhoto { .. }
            | Effect::FindLists
            | Effect::TakeRows { .. }
            | Effect::SendPhotos { .. }
            | Effect::SubmitRows { .. }
            | Effect::Reserve { .. }
            | Effect::Release { .. }
            | Effect::ResolveWrite { .. }
            | Effect::ReportUnknown { .. }
            | Effect::Confirm { .. } => false,
        });
        let mut running = Running::of(header, replayed.case);
        running.steps = replayed.steps;
        running.begun = replayed.begun;
        running.recovered = recovered;
        running.left_over = true;
        Ok(running)
    }
}
