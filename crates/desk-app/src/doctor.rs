//! 读卡器诊断: what stands against the reader now, how it did on the last days, and what to do about it.

use desk_card::read::ReadEnd;
use desk_domain::{
    code::{Code, Message},
    reader_health::{ReaderEvent, ReaderHistory},
};

use crate::{
    desk::{Desk, Place},
    ports::{Presence, StoreFailure},
    view::{DoctorDayView, DoctorView},
};

/// Durable value: the last days of this desk's reader.
pub const READER_HISTORY: &str = "reader.history";
/// Counts are written down this often at most: each is a sync.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(60);

/// The reader as this desk has seen it.
#[derive(Debug, Default)]
pub(crate) struct Doctor {
    pub history: ReaderHistory,
    /// Name of the reader that was used last.
    pub reader: Option<String>,
    /// It was there in this life of the program and is not any more.
    lost: bool,
    /// Counted since it was written down last.
    unsaved: bool,
    saved: std::time::Duration,
}

/// What a job with the card says about the reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub reader: Option<String>,
    pub events: Vec<ReaderEvent>,
}

impl Heard {
    /// The event that opening a card came to, where it says something about the reader.
    pub(crate) fn opened(&mut self, presence: &Presence) {
        match presence {
            Presence::Card { .. } => self.events.push(ReaderEvent::Tap),
            Presence::Mute => self.events.push(ReaderEvent::Mute),
            Presence::InUse => self.events.push(ReaderEvent::InUse),
            Presence::Empty | Presence::Several | Presence::NoReader | Presence::NoService => {}
        }
    }
}

impl Desk {
    pub(crate) async fn recall_reader(&mut self) -> Result<(), StoreFailure> {
        // What cannot be read is no loss: it counts anew.
        self.doctor.history =
            self.store.recall(READER_HISTORY).await?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(())
    }

    pub(crate) fn reader_heard(&mut self, heard: Heard) {
        let today = self.today();
        self.doctor.reader = heard.reader.or_else(|| self.doctor.reader.take());
        for event in heard.events {
            self.doctor.history.count(today, event);
            self.doctor.unsaved = true;
        }
    }

    /// A reader or its service that goes is counted when it goes.
    pub(crate) fn reader_seen(&mut self, before: &Presence) {
        self.doctor.lost = match (&self.presence, before) {
            (Presence::NoReader | Presence::NoService, Presence::NoReader | Presence::NoService) => self.doctor.lost,
            (Presence::NoReader | Presence::NoService, _) => true,
            (Presence::Empty | Presence::Card { .. } | Presence::Several | Presence::Mute | Presence::InUse, _) => false,
        };
        let gone = match (&self.presence, before) {
            (Presence::NoReader, Presence::NoReader) | (Presence::NoService, Presence::NoService) => None,
            (Presence::NoReader, _) => Some(ReaderEvent::ReaderGone),
            (Presence::NoService, _) => Some(ReaderEvent::ServiceGone),
            (Presence::Empty | Presence::Card { .. } | Presence::Several | Presence::Mute | Presence::InUse, _) => None,
        };
        if let Some(event) = gone {
            self.reader_heard(Heard { reader: None, events: vec![event] });
        }
    }

    pub(crate) async fn keep_reader(&mut self) -> Result<(), StoreFailure> {
        let now = self.clock.monotonic();
        if !self.doctor.unsaved || now.saturating_sub(self.doctor.saved) < PAUSE {
            return Ok(());
        }
        let text = crate::run::json(&self.doctor.history)?;
        self.store.remember(READER_HISTORY, &text).await?;
        self.doctor.unsaved = false;
        self.doctor.saved = now;
        Ok(())
    }

    /// Why no card can be read now, whatever lies there.
    pub(crate) fn reader_trouble(&self) -> Option<Message> {
        match &self.presence {
            Presence::Empty | Presence::Card { .. } => None,
            Presence::NoReader if self.doctor.lost => Some(Message::new(Code::ReaderLost)),
            presence @ (Presence::NoService | Presence::NoReader | Presence::Several | Presence::Mute | Presence::InUse) => {
                ReadEnd::of_presence(presence).map(|end| end.0)
            }
        }
    }

    pub(crate) fn open_doctor(&mut self) {
        if matches!(self.place, Place::Home { .. }) {
            self.place = Place::Doctor;
        }
    }

    pub(crate) fn doctor_view(&self) -> DoctorView {
        let against = self.reader_trouble();
        let history = &self.doctor.history;
        let findings = history.findings(self.today(), against);
        DoctorView {
            reader: self.doctor.reader.clone(),
            findings: findings.iter().map(|finding| self.message(None, finding)).collect(),
            days: history
                .0
                .iter()
                .rev()
                .map(|(date, day)| DoctorDayView {
                    day: date.to_string(),
                    tries: day.tries(),
                    failed: day.failed(),
                    percent: day.percent().map(|percent| format!("{percent}%")).unwrap_or_default(),
                    mute: day.mute,
                    pulled: day.pulled,
                    in_use: day.in_use,
                    gone: day.reader_gone.saturating_add(day.service_gone),
                    average: day.average().map(|ms| format!("{ms} 毫秒")).unwrap_or_default(),
                })
                .collect(),
        }
    }
}
