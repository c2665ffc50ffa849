//! Vectors of dates, photos and amounts beside those of `vectors.rs`; and every day of eight years for what depends on days.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Weekday};
use desk_domain::{
    age,
    capitals::capitals,
    code::Code,
    courier, fee, first_issue, hours,
    money::Fen,
    photo, purse,
    replacement::{self, Cause, ReadTests},
    ruleset::{HolidayMode, RuleSets},
    validity,
};
use proptest::prelude::*;

use crate::support;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// 2024 to 2031: two leap years, and every weekday on every date.
fn eight_years() -> impl Iterator<Item = NaiveDate> {
    day("2024-01-01").iter_days().take_while(|day| day.year() < 2032)
}

#[test]
fn promised_days() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    for (received, until) in [
        ("2026-09-10", "2026-10-25"),
        ("2026-08-31", "2026-10-15"),
        ("2026-12-31", "2027-02-15"),
        ("2027-01-31", "2027-03-15"),
        ("2028-01-31", "2028-03-15"),
        ("2027-01-15", "2027-03-02"),
    ] {
        assert_eq!(first_issue::promised(rules, day(received)), Some(day(until)), "{received}");
    }
    eprintln!("vectors: 6 promised days");
}

#[test]
fn photos_and_amounts() {
    let sets = support::sets();
    let rules = support::programme(&sets, "changzhou-one-card");
    let good = photo::Opened {
        width: 358,
        height: 441,
        dpi: Some(350),
        components: 3,
        pixels: Some(photo::Pixels { white_border: 1000, coloured: 500 }),
    };
    let opened = |bytes, opened| photo::Facts { bytes, picture: photo::Picture::Opened(opened) };
    let vectors = [
        (opened(15_359, good), Some(Code::PhotoSize)),
        (opened(15_360, good), None),
        (opened(102_400, good), None),
        (opened(102_401, good), Some(Code::PhotoSize)),
        (opened(40_000, good), None),
        (opened(40_000, photo::Opened { width: 441, height: 358, ..good }), Some(Code::PhotoDimension)),
        (opened(40_000, photo::Opened { components: 1, pixels: None, ..good }), Some(Code::PhotoNotColor)),
        (photo::Facts { bytes: 40_000, picture: photo::Picture::NotJpeg }, Some(Code::PhotoNotJpeg)),
    ];
    for (facts, code) in &vectors {
        let defects = photo::check(rules, facts).defects;
        assert_eq!(defects.is_empty(), code.is_none(), "{facts:?}: {defects:?}");
        assert!(code.is_none_or(|code| defects.iter().any(|defect| defect.code == code)), "{facts:?}: {defects:?}");
    }
    let words = [
        (2000, "贰拾元整"),
        (1200, "壹拾贰元整"),
        (3200, "叁拾贰元整"),
        (2005, "贰拾元零伍分"),
        (2050, "贰拾元伍角"),
        (10_001, "壹佰元零壹分"),
        (100_500, "壹仟零伍元整"),
        (1_000_000, "壹万元整"),
        (12_345_678, "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
        (1, "壹分"),
    ];
    for (fen, said) in words {
        assert_eq!(capitals(Fen(fen)), said);
    }
    eprintln!("vectors: {} photos, {} amounts in words", vectors.len(), words.len());
}

#[test]
fn ages_of_the_vectors() {
    let vectors = [
        ("2019-11-24", "2026-11-23", 6),
        ("2019-11-24", "2026-11-24", 7),
        ("2020-02-29", "2027-02-27", 6),
        ("2020-02-29", "2027-02-28", 7),
        ("2016-12-01", "2032-11-30", 15),
        ("2016-12-01", "2032-12-01", 16),
        ("2012-06-30", "2026-06-29", 13),
        ("2012-06-30", "2026-06-30", 14),
    ];
    for (birth, on, years) in vectors {
        assert_eq!(age::full_years(day(birth), day(on)), years, "{birth} on {on}");
    }
    eprintln!("vectors: {} ages", vectors.len());
}

/// The promise and the validation against an own count of days, on each of 2922 days.
#[test]
fn every_day_of_eight_years_for_promise_and_validation() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let validity = rules.validity.as_ref().expect("validity rules");
    let month_length = |year: i32, month: u32| match month {
        2 if year % 4 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let after = |date: NaiveDate| if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    let mut days = 0;
    for today in eight_years() {
        days += 1;
        let (year, month) = after(today);
        let clamped = today.day().min(month_length(year, month));
        let promised = NaiveDate::from_ymd_opt(year, month, clamped).and_then(|day| day.checked_add_days(Days::new(15)));
        assert_eq!(first_issue::promised(rules, today), promised, "{today}");
        let (year, month) = if today.day() <= 20 { (today.year(), today.month()) } else { after(today) };
        let end = NaiveDate::from_ymd_opt(year, month, month_length(year, month));
        assert_eq!(validity::end_for(validity, today), end, "{today}");
    }
    assert_eq!(days, 2922);
}

/// Ages of the photo and of the household register, for somebody born on each of the days.
#[test]
fn every_day_of_eight_years_for_ages() {
    let sets = support::sets();
    let rules = support::programme(&sets, "changzhou-one-card");
    for birth in eight_years() {
        for years in [7_u32, 14, 16] {
            // Who was born on 29 February completes the year on the 28th of a common year.
            let year = birth.year() + i32::try_from(years).expect("few years");
            let full = NaiveDate::from_ymd_opt(year, birth.month(), birth.day())
                .or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
                .expect("a birthday");
            let eve = full.pred_opt().expect("a day before");
            assert_eq!((age::full_years(birth, eve), age::full_years(birth, full)), (years - 1, years), "{birth}");
            if years == 7 {
                assert!(photo::needed(rules, birth, eve, false).is_ok(), "{birth}");
                assert_eq!(photo::needed(rules, birth, full, false).map_err(|m| m.code), Err(Code::PhotoRequired), "{birth}");
                assert!(photo::needed(rules, birth, full, true).is_ok());
            }
        }
    }
}

/// Every outlet on every day: open at a moment exactly where one of the weekday's sessions holds it, unless a holiday of the
/// table says otherwise; and the next opening is a moment at which it is open.
#[test]
fn every_day_of_eight_years_for_hours() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let minutes = |today: NaiveDate, minute: u32| today.and_hms_opt(minute / 60, minute % 60, 0).expect("a minute");
    let mut asked = 0_u32;
    for today in eight_years() {
        for outlet in &rules.outlets {
            let holiday = rules.holidays.name(today).is_some();
            let sessions = outlet.weekly.on(today.weekday());
            for minute in [0, 509, 510, 539, 540, 689, 690, 749, 750, 779, 780, 989, 990, 1019, 1020, 1439] {
                let at: NaiveDateTime = minutes(today, minute);
                let by_table = sessions.iter().any(|session| session.from <= at.time() && at.time() < session.to);
                let expected = match (holiday, outlet.holiday) {
                    (false, _) | (true, HolidayMode::Open) => by_table,
                    (true, HolidayMode::Closed | HolidayMode::SeparateNotice) => false,
                };
                let found = hours::open(rules, outlet, at);
                assert_eq!(found.is_ok(), expected, "{} {at}: {found:?}", outlet.id);
                asked += 1;
            }
            let next = hours::next_opening(outlet, &rules.holidays, minutes(today, 1439)).expect("some day");
            assert!(next.date() > today && hours::open(rules, outlet, next).is_ok(), "{} after {today}: {next}", outlet.id);
        }
        let hotline = rules.hotline().expect("a hotline");
        for (minute, open) in [(539, false), (540, true), (1019, true), (1020, false)] {
            assert_eq!(hours::hotline_open(rules, hotline, minutes(today, minute)).is_ok(), open, "{today}");
        }
    }
    let open = |name: &str, weekday: Weekday| {
        let outlet = rules.outlets.iter().find(|outlet| outlet.id.as_str() == name).expect("an outlet");
        !outlet.weekly.on(weekday).is_empty()
    };
    assert!(open("GJX", Weekday::Sat) && !open("GJX", Weekday::Sun) && open("MY", Weekday::Sun) && !open("MY", Weekday::Sat));
    eprintln!("hours: {asked} moments of 2922 days asked");
}

/// Loaded once for all the cases of a property.
static SETS: LazyLock<RuleSets> = LazyLock::new(support::sets);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_amount_but_the_rules_own_is_ever_a_fee(amount in -100_000_i64..1_000_000) {
                let education = support::programme(&SETS, "suzhou-education");
        let one_card = support::programme(&SETS, "changzhou-one-card");
        let fixed = |rules, service| fee::fixed(rules, service, Fen(amount)).is_ok();
        prop_assert_eq!(fixed(education, desk_domain::case::Service::ReissueLost), amount == 2000);
        prop_assert_eq!(fixed(education, desk_domain::case::Service::Validation), amount == 0);
        prop_assert_eq!(fixed(one_card, desk_domain::case::Service::RefundReadable), amount == 0);
        for (rules, mailed, due) in [(education, true, 1200), (education, false, 0), (one_card, true, 0), (one_card, false, 0)] {
            prop_assert_eq!(courier::fixed(rules, None, mailed, Fen(amount)).is_ok(), amount == due);
        }
    }

    #[test]
    fn a_replacement_is_free_only_with_every_proof(
        passed in 0_u32..4,
        failed in 0_u32..6,
        surrendered in any::<bool>(),
        ticked in any::<bool>(),
    ) {
                let rules = support::programme(&SETS, "suzhou-education");
        let ticked: Vec<String> = ticked.then(|| "磨损".to_owned()).into_iter().collect();
        let tests = ReadTests { failed, passed };
        let facts = replacement::Facts { service: None, cause: Cause::Quality, ticked: &ticked, tests, surrendered };
        let free = passed == 0 && failed >= 3 && surrendered && ticked.is_empty();
        match replacement::decide(rules, facts) {
            Ok(fee) => prop_assert!(free && fee.amount == Fen::ZERO),
            Err(messages) => prop_assert!(!free && !messages.is_empty()),
        }
        let damage = replacement::decide(rules, replacement::Facts { cause: Cause::Damage, ..facts });
        prop_assert_eq!(damage.map(|fee| fee.amount).ok(), (surrendered && !ticked.is_empty()).then_some(Fen(2000)));
    }

    #[test]
    fn a_purse_never_goes_over_its_cap(balance in -5_000_i64..120_000, amount in -100_i64..120_000) {
                let rules = support::programme(&SETS, "changzhou-one-card");
        match purse::room(rules, Fen(balance), Fen(amount)) {
            Ok(after) => prop_assert!(amount > 0 && after == Fen(balance + amount) && after <= Fen(100_000)),
            Err(message) => {
                let code = if amount <= 0 { Code::AmountInvalid } else { Code::PurseCap };
                prop_assert_eq!(message.code, code);
                prop_assert!(amount <= 0 || balance + amount > 100_000);
            }
        }
    }
}
