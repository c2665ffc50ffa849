//! Rule sets and days that the centre publishes: told by the heartbeat, believed by their signature alone, kept on the
//! disk, and in force between cases. A case ends with the version it began with: versions never change, new ones are added.

use std::time::Duration;

use desk_domain::{
    code::{Code, Message},
    ruleset::{Edition, RuleFile, RuleSets},
};
use desk_wire::{
    publication::Publication,
    v1::{Reply, Request},
};

use crate::{
    desk::{Desk, Errand, Place},
    loose::Loose,
    ports::{Answered, LinkFailure, StoreFailure},
};

/// Pause before what was refused is asked for again.
const PAUSE: Duration = Duration::from_secs(60);
/// Durable value: how many publications are kept; each has a value of its own.
const KEPT: &str = "rules.published";

fn place(number: u64) -> String {
    format!("rules.publication.{number}")
}

/// What this desk has of what was published.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The installation's own files.
    own: RuleSets,
    /// In order, from number 1.
    pub kept: Vec<Publication>,
    /// Own files and publications, waiting for the running case to end.
    next: Option<RuleSets>,
    /// What was refused last, so that it is told once, and when (monotonic).
    refused: Option<(u64, Code, Duration)>,
}

impl Published {
    pub(crate) fn on(own: RuleSets) -> Self {
        Self { own, ..Self::default() }
    }

    /// Everything that is kept, and one more.
    fn with(&self, more: Option<&Publication>) -> Result<RuleSets, Message> {
        let files: Vec<RuleFile<'_>> =
            self.kept.iter().chain(more).map(|publication| RuleFile { name: &publication.name, text: &publication.text }).collect();
        self.own.and(&files).map_err(|problems| {
            problems.first().map_or_else(|| Message::new(Code::RuleSetInvalid).with("where", "—"), desk_domain::ruleset::Problem::message)
        })
    }
}

impl Desk {
    /// What was kept is in force again; what the disk has spoilt is fetched anew.
    pub(crate) async fn recall_published(&mut self) -> Result<(), StoreFailure> {
        let many: u64 = self.store.recall(KEPT).await?.and_then(|text| text.parse().ok()).unwrap_or_default();
        for number in 1..=many {
            let text = self.store.recall(&place(number)).await?;
            let publication = text.and_then(|text| serde_json::from_str::<Publication>(&text).ok());
            let good = publication.filter(|found| self.is_next(found).is_ok());
            let Some(good) = good.filter(|found| self.published.with(Some(found)).is_ok()) else {
                tracing::error!(number, "a kept publication is damaged");
                break;
            };
            self.published.kept.push(good);
        }
        if !self.published.kept.is_empty()
            && let Ok(rules) = self.published.with(None)
        {
            self.rules = rules;
        }
        Ok(())
    }

    /// The heartbeat tells the number of the newest publication; what is missing here is asked for.
    pub(crate) fn pong_heard(&mut self, end: &Result<Answered, LinkFailure>) {
        if let Ok(Answered { reply: Reply::Pong { published }, .. }) = end
            && *published > self.last_kept()
        {
            self.ask_published();
        }
    }

    pub(crate) fn ask_published(&mut self) {
        let now = self.clock.monotonic();
        let refused = self.published.refused.is_some_and(|(_, _, at)| now.saturating_sub(at) < PAUSE);
        if refused || self.calling(|errand| matches!(errand, Errand::Published)) {
            return;
        }
        let after = self.last_kept();
        let id = self.draw();
        self.call(Errand::Published, id, Request::Publications { after });
    }

    fn last_kept(&self) -> u64 {
        self.published.kept.last().map_or(0, |last| last.number)
    }

    /// Is it the centre's, for this cell, and the one after the last?
    fn is_next(&self, publication: &Publication) -> Result<(), Message> {
        publication.verify(&self.station.publishing_key)?;
        if publication.cell == self.station.cell && publication.number == self.last_kept() + 1 {
            return Ok(());
        }
        Err(Message::new(Code::RuleSetSignatureWrong).with("version", &publication.edition.version))
    }

    pub(crate) async fn published_heard(&mut self, end: Result<Answered, LinkFailure>) -> Result<(), StoreFailure> {
        let Ok(Answered { reply: Reply::Publications { publications }, .. }) = end else {
            return Ok(());
        };
        for publication in publications {
            // An answer that was overtaken by another brings nothing new.
            if publication.number <= self.last_kept() {
                continue;
            }
            if let Err(message) = self.take(&publication).await? {
                self.refuse_published(&publication, message).await?;
                break;
            }
        }
        self.change_rules();
        Ok(())
    }

    /// Keeps a publication: first its text, then the row that says so, then the count that makes it found again. Cut off in
    /// between it is fetched once more.
    async fn take(&mut self, publication: &Publication) -> Result<Result<(), Message>, StoreFailure> {
        let rules = match self.is_next(publication).and_then(|()| self.published.with(Some(publication))) {
            Ok(rules) => rules,
            Err(message) => return Ok(Err(message)),
        };
        let text = crate::run::json(publication)?;
        self.store.remember(&place(publication.number), &text).await?;
        let Edition { programme, version, effective, .. } = publication.edition.clone();
        tracing::info!(number = publication.number, version, "publication taken");
        self.note(&Loose::RulesTaken { number: publication.number, programme, version, effective }).await?;
        self.store.remember(KEPT, &publication.number.to_string()).await?;
        self.published.kept.push(publication.clone());
        self.published.next = Some(rules);
        self.published.refused = None;
        Ok(Ok(()))
    }

    /// The versions before stay. It is asked for again after a pause, and told once.
    async fn refuse_published(&mut self, publication: &Publication, message: Message) -> Result<(), StoreFailure> {
        let told = self.published.refused.is_some_and(|(number, code, _)| (number, code) == (publication.number, message.code));
        self.published.refused = Some((publication.number, message.code, self.clock.monotonic()));
        if told {
            return Ok(());
        }
        tracing::error!(number = publication.number, code = message.code.as_str(), "publication refused");
        self.note(&Loose::RulesRefused { version: publication.edition.version.clone(), code: message.code }).await?;
        self.notice = Some(message);
        Ok(())
    }

    /// Between cases, never within one.
    pub(crate) fn change_rules(&mut self) {
        if matches!(self.place, Place::Case(_)) {
            return;
        }
        if let Some(rules) = self.published.next.take() {
            self.rules = rules;
        }
    }
}
