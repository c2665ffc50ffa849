//! Outlets, their hours, and the holiday table, as a rule set holds them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::{id::OutletId, money::Fen, ruleset::Capability};

/// A service outlet as one programme knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlet {
    pub id: OutletId,
    pub name: String,
    pub address: String,
    /// Id of an [`OutletKind`] of the programme.
    pub kind: String,
    pub weekly: Weekly,
    pub holiday: HolidayMode,
    /// Days that the weekly hours and the holiday mode do not decide.
    pub overrides: BTreeMap<NaiveDate, Vec<Session>>,
    pub capabilities: BTreeSet<Capability>,
    /// Bank whose branch it is, by its line in the programme's file (`bank.…`).
    pub bank: Option<String>,
    /// New cards are written at the counter.
    pub counter_writing: bool,
    /// What a till begins the day with, in fen.
    pub till_float: Fen,
    /// Blank cards that a window begins with; the count of the day before replaces it.
    pub blanks: u32,
    /// Rule that states the outlet's place and hours; empty where no notice lists it.
    pub rule: String,
    /// Made up for demonstration and tests.
    pub synthetic: bool,
}

/// A kind of outlet of a programme (直营网点, 代理网点, …) and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletKind {
    pub id: String,
    pub label: String,
    pub capabilities: BTreeSet<Capability>,
}

/// Opening sessions by weekday, Monday first; an empty day is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weekly(pub [Vec<Session>; 7]);

impl Weekly {
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[Session] {
        let index = usize::try_from(day.num_days_from_monday()).unwrap_or_default();
        self.0.get(index).map_or(&[], Vec::as_slice)
    }
}

/// Local time; the end is no longer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub from: NaiveTime,
    pub to: NaiveTime,
}

impl Session {
    #[must_use]
    pub fn holds(self, time: NaiveTime) -> bool {
        self.from <= time && time < self.to
    }
}

/// What a statutory holiday does to an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayMode {
    /// 节假日另行通知: unknown until an override is entered.
    SeparateNotice,
    /// 法定节假日休息
    Closed,
    /// 全年无休
    Open,
}

/// Statutory holidays by year. Make-up working days change nothing without an override.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    pub off: BTreeMap<NaiveDate, String>,
    pub make_up: BTreeSet<NaiveDate>,
}

impl Holidays {
    #[must_use]
    pub fn name(&self, day: NaiveDate) -> Option<&str> {
        self.off.get(&day).map(String::as_str)
    }
}

/// A telephone line that citizens are referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotline {
    /// What it is for: `general`, `transit`, `medical`, …
    pub id: String,
    pub label: String,
    pub phone: String,
    /// Empty on every day where the source gives no hours.
    pub weekly: Option<Weekly>,
    pub rule: String,
}
