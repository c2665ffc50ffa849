//! Opening: is an outlet (or a hotline) open at a local moment, why not, and when next.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use crate::{
    case::Service,
    code::{Code, Message},
    id::OutletId,
    ruleset::{Capability, HolidayMode, Holidays, Hotline, Outlet, RuleSet, Session},
};

/// How far ahead a next opening is looked for.
const LOOK_AHEAD_DAYS: u64 = 60;

/// What the day's table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day<'a> {
    Sessions(&'a [Session]),
    HolidayClosed,
    /// Holiday by separate notice, and no override was entered.
    NoticeNeeded,
}

fn day<'a>(outlet: &'a Outlet, holidays: &Holidays, date: NaiveDate) -> Day<'a> {
    if let Some(sessions) = outlet.overrides.get(&date) {
        return Day::Sessions(sessions);
    }
    let weekly = || Day::Sessions(outlet.weekly.on(chrono::Datelike::weekday(&date)));
    match (holidays.name(date), outlet.holiday) {
        (None, _) | (Some(_), HolidayMode::Open) => weekly(),
        (Some(_), HolidayMode::Closed) => Day::HolidayClosed,
        (Some(_), HolidayMode::SeparateNotice) => Day::NoticeNeeded,
    }
}

/// May a new case be begun at this outlet at this local moment? A running case may always end.
///
/// # Errors
/// `LUNCH_BREAK`, `OUTSIDE_HOURS`, `HOLIDAY_CLOSED` with the next opening, or `HOLIDAY_NOTICE_NEEDED` (a warning: nobody
/// knows).
pub fn open(rules: &RuleSet, outlet: &Outlet, at: NaiveDateTime) -> Result<(), Message> {
    let refuse = |code| {
        if outlet.rule.is_empty() { rules.message(None, code) } else { rules.by_rule(code, &outlet.rule) }
    };
    match day(outlet, &rules.holidays, at.date()) {
        Day::Sessions(sessions) => {
            if sessions.iter().any(|session| session.holds(at.time())) {
                return Ok(());
            }
            let begun = sessions.iter().any(|session| session.to <= at.time());
            let later = sessions.iter().find(|session| at.time() < session.from);
            if let (true, Some(session)) = (begun, later) {
                return Err(rules.message(None, Code::LunchBreak).with("time", session.from.format("%H:%M")));
            }
            Err(refuse(Code::OutsideHours).with("time", next_text(rules, outlet, at)))
        }
        Day::HolidayClosed => Err(rules.message(None, Code::HolidayClosed).with("date", next_text(rules, outlet, at))),
        Day::NoticeNeeded => Err(rules.message(None, Code::HolidayNoticeNeeded)),
    }
}

/// Next moment at which the outlet opens, after `at`; holidays by separate notice are passed over.
#[must_use]
pub fn next_opening(outlet: &Outlet, holidays: &Holidays, at: NaiveDateTime) -> Option<NaiveDateTime> {
    (0..LOOK_AHEAD_DAYS).find_map(|ahead| {
        let date = at.date().checked_add_days(Days::new(ahead))?;
        match day(outlet, holidays, date) {
            Day::Sessions(sessions) => sessions.iter().map(|session| date.and_time(session.from)).filter(|opening| *opening > at).min(),
            Day::HolidayClosed | Day::NoticeNeeded => None,
        }
    })
}

fn next_text(rules: &RuleSet, outlet: &Outlet, at: NaiveDateTime) -> String {
    next_opening(outlet, &rules.holidays, at).map_or_else(|| "以通知为准".to_owned(), |next| next.format("%Y-%m-%d %H:%M").to_string())
}

/// The day's opening as people write it: `08:30-17:00`, `当日休息`, `以通知为准`.
#[must_use]
pub fn on_day(outlet: &Outlet, holidays: &Holidays, date: NaiveDate) -> String {
    match day(outlet, holidays, date) {
        Day::Sessions([]) | Day::HolidayClosed => "当日休息".to_owned(),
        Day::NoticeNeeded => "以通知为准".to_owned(),
        Day::Sessions(sessions) => sessions
            .iter()
            .map(|session| format!("{}-{}", session.from.format("%H:%M"), session.to.format("%H:%M")))
            .collect::<Vec<_>>()
            .join("、"),
    }
}

/// Is somebody answering the hotline now?
///
/// # Errors
/// `HOTLINE_CLOSED` with the time at which it opens next.
pub fn hotline_open(rules: &RuleSet, hotline: &Hotline, at: NaiveDateTime) -> Result<(), Message> {
    let Some(weekly) = &hotline.weekly else {
        return Ok(());
    };
    let sessions = weekly.on(chrono::Datelike::weekday(&at.date()));
    if sessions.iter().any(|session| session.holds(at.time())) {
        return Ok(());
    }
    let next = (0..8)
        .find_map(|ahead| {
            let date = at.date().checked_add_days(Days::new(ahead))?;
            weekly.on(chrono::Datelike::weekday(&date)).iter().map(|session| session.from).find(|from| date.and_time(*from) > at)
        })
        .unwrap_or(NaiveTime::MIN);
    Err(rules.message(None, Code::HotlineClosed).with("phone", &hotline.phone).with("time", next.format("%H:%M")))
}

/// Outlets with a capability that are open at a local moment: the only ones that anybody is referred to.
#[must_use]
pub fn open_outlets(rules: &RuleSet, capability: Capability, at: NaiveDateTime) -> Vec<&Outlet> {
    rules
        .outlets
        .iter()
        .filter(|outlet| outlet.capabilities.contains(&capability))
        .filter(|outlet| open(rules, outlet, at).is_ok())
        .collect()
}

/// May this outlet do this service at all?
///
/// # Errors
/// The service's own refusal (`OUTLET_NOT_AUTHORIZED`, `DIRECT_OUTLET_ONLY`) with the outlets that may and are open now.
pub fn offered(rules: &RuleSet, service: Service, outlet: &OutletId, at: NaiveDateTime) -> Result<(), Message> {
    let of_service = rules.service(service)?;
    if rules.outlet(outlet).is_some_and(|outlet| outlet.capabilities.contains(&of_service.capability)) {
        return Ok(());
    }
    let names: Vec<&str> = open_outlets(rules, of_service.capability, at).into_iter().take(5).map(|outlet| outlet.name.as_str()).collect();
    let list = if names.is_empty() {
        rules.hotline().map_or_else(|| "暂无".to_owned(), |hotline| format!("请致电 {} 查询", hotline.phone))
    } else {
        names.join("、")
    };
    Err(rules.message(Some(service), of_service.outlet_refusal).with("list", list))
}
