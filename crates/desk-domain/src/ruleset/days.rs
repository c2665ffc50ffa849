//! Days that a notice decides otherwise: statutory holidays, and the hours of one day at one outlet. A file of days holds all
//! of them that are wanted from its day on; the newest one replaces the one before.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Holidays, Problem, RuleSet, Session,
    load::{Place, no_date, problem},
    programme::holidays,
    reader::Table,
};
use crate::id::{OutletId, ProgrammeId};

/// Between the version of a programme and that of its days.
const AND: char = '+';

pub(super) struct Days {
    pub programme: ProgrammeId,
    pub version: String,
    pub effective: NaiveDate,
    holidays: Holidays,
    /// Outlet, day, hours (none: closed), and where that is said.
    hours: Vec<(OutletId, NaiveDate, Vec<Session>, Place)>,
}

pub(super) fn read(root: &Table<'_, '_>, text: &str) -> Days {
    let version = root.text("version");
    if version.contains(AND) {
        root.fault("version", format!("不能含“{AND}”"));
    }
    Days {
        programme: ProgrammeId::new(root.text("programme")),
        version,
        effective: root.date("effective").unwrap_or_else(no_date),
        holidays: holidays(root),
        hours: root.each("days", |table| {
            let outlet = OutletId::new(table.text("outlet"));
            let date = table.date("date");
            let hours = table.sessions("hours");
            let line = 1 + text.bytes().take(table.position("outlet")).filter(|byte| *byte == b'\n').count();
            Some((outlet, date?, hours, Place { field: table.field("outlet"), line }))
        }),
    }
}

/// Each version as it was, followed by one for every file of days.
pub(super) fn applied(sets: Vec<RuleSet>, notices: &[(&str, Days)], problems: &mut Vec<Problem>) -> Vec<RuleSet> {
    let mut seen: BTreeMap<(&ProgrammeId, &str), &str> = BTreeMap::new();
    for (file, days) in notices {
        let of_programme = || sets.iter().filter(|set| set.programme == days.programme);
        if of_programme().next().is_none() {
            problems.push(problem(file, 1, "programme", format!("没有加载方案“{}”", days.programme)));
            continue;
        }
        if seen.insert((&days.programme, days.version.as_str()), *file).is_some() {
            problems.push(problem(file, 1, "version", format!("版本 {} 已由另一文件定义", days.version)));
        }
        for (outlet, _, _, place) in &days.hours {
            if of_programme().all(|set| set.outlet(outlet).is_none()) {
                problems.push(problem(file, place.line, &place.field, format!("方案 {} 没有网点 {outlet}", days.programme)));
            }
        }
    }
    let mut all = Vec::with_capacity(sets.len());
    for set in sets {
        let with_days: Vec<RuleSet> =
            notices.iter().filter(|(_, days)| days.programme == set.programme).map(|(_, days)| with(&set, days)).collect();
        all.push(set);
        all.extend(with_days);
    }
    all
}

fn with(set: &RuleSet, days: &Days) -> RuleSet {
    let mut set = set.clone();
    set.version = format!("{}{AND}{}", set.version, days.version);
    set.effective = set.effective.max(days.effective);
    set.holidays.off.extend(days.holidays.off.iter().map(|(day, name)| (*day, name.clone())));
    set.holidays.make_up.extend(&days.holidays.make_up);
    for (id, day, hours, _) in &days.hours {
        if let Some(outlet) = set.outlets.iter_mut().find(|outlet| outlet.id == *id) {
            outlet.overrides.insert(*day, hours.clone());
        }
    }
    set
}

/// The version of the programme's own file: a version with days names both.
pub(super) fn without(version: &str) -> Option<&str> {
    (!version.contains(AND)).then_some(version)
}
