//! How a card reader does from day to day, and what a clerk should do about it. Counts only: no card, no person.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::code::{Code, Message};

/// Days that are remembered.
const KEPT: usize = 14;
/// Fewer taps say nothing about a reader.
const ENOUGH: u32 = 20;
/// From this share of failed taps on a reader is failing, in percent.
const FAILING: u32 = 5;
/// From this share of failures on one cause is meant, in percent.
const MOSTLY: u32 = 70;
/// A command takes longer than this on average, in milliseconds: something between card and desk is slow.
const SLOW: u64 = 300;
/// So often another program held the card in a day.
const OFTEN: u32 = 3;

/// What happened at the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderEvent {
    /// A card was opened.
    Tap,
    /// Something lay there and did not answer.
    Mute,
    /// The card went within a command.
    Pulled,
    /// Another program held the card.
    InUse,
    ReaderGone,
    ServiceGone,
    /// A command was answered, after so many milliseconds.
    Answered(u32),
}

/// One day of one desk's reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReaderDay {
    pub taps: u32,
    pub mute: u32,
    pub pulled: u32,
    pub in_use: u32,
    pub reader_gone: u32,
    pub service_gone: u32,
    pub commands: u32,
    /// Sum over all commands, in milliseconds.
    pub took: u64,
}

impl ReaderDay {
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.mute.saturating_add(self.pulled)
    }

    /// Opened or not.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.taps.saturating_add(self.mute)
    }

    /// Failed tries in percent, rounded; none where nobody tried.
    #[must_use]
    pub fn percent(&self) -> Option<u32> {
        (u64::from(self.failed()) * 100 + u64::from(self.tries()) / 2)
            .checked_div(self.tries().into())
            .and_then(|percent| percent.try_into().ok())
    }

    /// Milliseconds a command; none where there was none.
    #[must_use]
    pub fn average(&self) -> Option<u64> {
        self.took.checked_div(self.commands.into())
    }

    fn count(&mut self, event: ReaderEvent) {
        let one = |of: &mut u32| *of = of.saturating_add(1);
        match event {
            ReaderEvent::Tap => one(&mut self.taps),
            ReaderEvent::Mute => one(&mut self.mute),
            ReaderEvent::Pulled => one(&mut self.pulled),
            ReaderEvent::InUse => one(&mut self.in_use),
            ReaderEvent::ReaderGone => one(&mut self.reader_gone),
            ReaderEvent::ServiceGone => one(&mut self.service_gone),
            ReaderEvent::Answered(took) => {
                one(&mut self.commands);
                self.took = self.took.saturating_add(took.into());
            }
        }
    }

    fn with(mut self, other: &Self) -> Self {
        self.taps = self.taps.saturating_add(other.taps);
        self.mute = self.mute.saturating_add(other.mute);
        self.pulled = self.pulled.saturating_add(other.pulled);
        self.in_use = self.in_use.saturating_add(other.in_use);
        self.reader_gone = self.reader_gone.saturating_add(other.reader_gone);
        self.service_gone = self.service_gone.saturating_add(other.service_gone);
        self.commands = self.commands.saturating_add(other.commands);
        self.took = self.took.saturating_add(other.took);
        self
    }
}

/// The last days of a desk's reader.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReaderHistory(pub BTreeMap<NaiveDate, ReaderDay>);

impl ReaderHistory {
    pub fn count(&mut self, day: NaiveDate, event: ReaderEvent) {
        self.0.entry(day).or_default().count(event);
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// What there is to say, the worst first; that all is well where there is nothing. `now` is what stands against the reader
    /// at this moment.
    #[must_use]
    pub fn findings(&self, today: NaiveDate, now: Option<Message>) -> Vec<Message> {
        let mut said: Vec<Message> = now.into_iter().collect();
        if let Some((since, days)) = self.failing(today) {
            let figures = Message::new(Code::ReaderFailing)
                .with("since", named(since, today))
                .with("percent", days.percent().unwrap_or_default())
                .with("failed", days.failed())
                .with("tries", days.tries());
            said.push(figures);
            let share = |part: u32| part.saturating_mul(100) >= days.failed().saturating_mul(MOSTLY);
            if share(days.mute) {
                said.push(Message::new(Code::ReaderAntenna));
            } else if share(days.pulled) {
                said.push(Message::new(Code::ReaderPulledOften));
            }
        }
        let week = self.since(today, 7);
        if let Some(average) = week.average().filter(|average| *average > SLOW && week.commands >= ENOUGH) {
            said.push(Message::new(Code::ReaderSlow).with("ms", average));
        }
        let of_today = self.0.get(&today).copied().unwrap_or_default();
        if of_today.in_use >= OFTEN {
            said.push(Message::new(Code::ReaderShared).with("n", of_today.in_use));
        }
        if of_today.reader_gone.saturating_add(of_today.service_gone) >= OFTEN {
            said.push(Message::new(Code::ReaderUnsteady).with("n", of_today.reader_gone.saturating_add(of_today.service_gone)));
        }
        if said.is_empty() {
            said.push(Message::new(Code::ReaderHealthy));
        }
        said
    }

    fn since(&self, today: NaiveDate, days: u64) -> ReaderDay {
        let from = today.checked_sub_days(Days::new(days - 1)).unwrap_or(today);
        self.0.range(from..=today).fold(ReaderDay::default(), |sum, (_, day)| sum.with(day))
    }

    /// The first of the days that fail without a better one up to today, and all of them together.
    fn failing(&self, today: NaiveDate) -> Option<(NaiveDate, ReaderDay)> {
        let tried = self.0.range(..=today).rev().filter(|(_, day)| day.tries() > 0);
        let bad = tried.take_while(|(_, day)| day.percent().is_some_and(|percent| percent >= FAILING));
        let (since, days) = bad.fold((None, ReaderDay::default()), |(_, sum), (date, day)| (Some(*date), sum.with(day)));
        since.map(|since| (since, days)).filter(|(_, days)| days.tries() >= ENOUGH)
    }
}

/// A day as a clerk says it.
fn named(day: NaiveDate, today: NaiveDate) -> String {
    const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    match (today - day).num_days() {
        0 => "今天".to_owned(),
        1..=6 => format!("自{}", usize::try_from(day.weekday().num_days_from_monday()).ok().and_then(|at| DAYS.get(at)).unwrap_or(&"")),
        _ => format!("自 {}", day.format("%m-%d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn history(days: &[(u32, u32, u32, u32)]) -> ReaderHistory {
        let mut history = ReaderHistory::default();
        for (at, taps, mute, pulled) in days {
            for (event, times) in [(ReaderEvent::Tap, taps), (ReaderEvent::Mute, mute), (ReaderEvent::Pulled, pulled)] {
                (0..*times).for_each(|_| history.count(day(*at), event));
            }
        }
        history
    }

    fn codes(history: &ReaderHistory, now: Option<Code>) -> Vec<Code> {
        history.findings(day(26), now.map(Message::new)).iter().map(|message| message.code).collect()
    }

    #[test]
    fn a_reader_that_fails_since_monday() {
        // Friday was well; Monday, Tuesday and Thursday fail, on Wednesday nobody came.
        let failing = history(&[(20, 100, 1, 0), (23, 94, 6, 0), (24, 95, 5, 1), (26, 94, 6, 0)]);
        let said = failing.findings(day(26), None);
        assert_eq!(said[0].code, Code::ReaderFailing);
        let text = said[0].text();
        assert!(text.contains("自周一") && text.contains("6%") && text.contains("18/300"), "{text}");
        assert_eq!(said[1].code, Code::ReaderAntenna, "nearly all did not answer");
    }

    #[test]
    fn causes_and_what_is_no_cause() {
        assert_eq!(codes(&history(&[(26, 100, 0, 10)]), None), [Code::ReaderFailing, Code::ReaderPulledOften]);
        assert_eq!(codes(&history(&[(26, 95, 5, 4)]), None), [Code::ReaderFailing], "both, so neither is named");
        assert_eq!(codes(&history(&[(26, 10, 3, 0)]), None), [Code::ReaderHealthy], "too few to say anything");
        assert_eq!(codes(&history(&[(25, 80, 20, 0), (26, 100, 1, 0)]), None), [Code::ReaderHealthy], "better since today");
        assert_eq!(codes(&ReaderHistory::default(), Some(Code::ReaderMissing)), [Code::ReaderMissing]);
        assert_eq!(codes(&ReaderHistory::default(), None), [Code::ReaderHealthy]);
    }

    #[test]
    fn slow_shared_and_unsteady() {
        let mut history = history(&[(26, 30, 0, 0)]);
        (0..30).for_each(|_| history.count(day(26), ReaderEvent::Answered(400)));
        (0..3).for_each(|_| history.count(day(26), ReaderEvent::InUse));
        (0..2).for_each(|_| history.count(day(26), ReaderEvent::ServiceGone));
        history.count(day(26), ReaderEvent::ReaderGone);
        assert_eq!(codes(&history, None), [Code::ReaderSlow, Code::ReaderShared, Code::ReaderUnsteady]);
    }

    #[test]
    fn two_weeks_are_kept_and_read_back() {
        let mut history = ReaderHistory::default();
        (1..=30).for_each(|at| history.count(day(at), ReaderEvent::Tap));
        assert_eq!((history.0.len(), history.0.first_key_value().map(|(day, _)| *day)), (14, Some(day(17))));
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<ReaderHistory>(&text).unwrap(), history);
    }
}
