//! Published and computed vectors: validation, identity numbers, opening, money; and properties over dates and money.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use desk_domain::{
    capitals::capitals,
    code::Code,
    document::{self, NumberForm},
    hours,
    id::OutletId,
    money::Fen,
    ruleset::NumberFormat,
    validity,
};
use proptest::prelude::*;

use crate::support;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn validation_ends() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let validity = rules.validity.as_ref().expect("validity rules");
    for (written, end, days) in [
        ("2026-11-01", "2026-11-30", 30),
        ("2026-11-20", "2026-11-30", 11),
        ("2026-11-21", "2026-12-31", 41),
        ("2026-11-30", "2026-12-31", 32),
        ("2026-12-20", "2026-12-31", 12),
        ("2026-12-21", "2027-01-31", 42),
        ("2026-12-31", "2027-01-31", 32),
        ("2027-01-21", "2027-02-28", 39),
        ("2027-01-31", "2027-02-28", 29),
        ("2027-02-20", "2027-02-28", 9),
        ("2027-02-21", "2027-03-31", 39),
        ("2027-02-28", "2027-03-31", 32),
        ("2028-01-21", "2028-02-29", 40),
        ("2028-02-20", "2028-02-29", 10),
        ("2028-02-21", "2028-03-31", 40),
        ("2028-02-29", "2028-03-31", 32),
        ("2026-04-30", "2026-05-31", 32),
        ("2026-07-21", "2026-08-31", 42),
    ] {
        let found = validity::end_for(validity, day(written)).expect("in range");
        assert_eq!(found, day(end), "{written}");
        assert_eq!((found - day(written)).num_days() + 1, days, "{written}");
    }
    let extend = |old: &str, tap: &str| validity::extend(rules, Some(day(old)), day(tap));
    assert_eq!(extend("2026-12-31", "2026-12-05").expect_err("unchanged").code, Code::AlreadyValidated);
    assert_eq!(extend("2026-11-30", "2026-11-25"), Ok(day("2026-12-31")));
    assert_eq!(extend("2026-08-31", "2026-11-10"), Ok(day("2026-11-30")));
    assert_eq!(extend("2027-03-31", "2026-11-25").expect_err("too far").code, Code::ValidityAhead);
    // Two taps on one day are one write.
    let first = validity::extend(rules, None, day("2026-11-21")).expect("a write");
    assert!(validity::extend(rules, Some(first), day("2026-11-21")).is_err());
    assert_eq!(validity::hint(validity, day("2026-11-14")), None);
    assert!(validity::hint(validity, day("2026-11-15")).is_some());
    assert!(validity::hint(validity, day("2026-11-20")).is_some());
    assert_eq!(validity::hint(validity, day("2026-11-21")), None);
    let shown = |end: &str| validity::shown(validity, Some(day(end)), day("2026-11-24"));
    assert_eq!(shown("2026-11-30"), validity::Shown::Valid);
    assert_eq!(shown("2026-11-29"), validity::Shown::Ending);
    assert_eq!(shown("2026-11-24"), validity::Shown::Ending);
    assert_eq!(shown("2026-11-23"), validity::Shown::Expired);
}

/// Days on which the card does not work, for somebody who validates on one day of every month for 36 months.
#[test]
fn unusable_days_over_three_years() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let validity = rules.validity.as_ref().expect("validity rules");
    let start = day("2026-01-01");
    let unusable = |on: u32| {
        let first = start.with_day(on).expect("a day");
        let last = start.checked_add_months(chrono::Months::new(36)).and_then(|last| last.with_day(on)).expect("a day");
        let mut end: Option<NaiveDate> = None;
        first
            .iter_days()
            .take_while(|today| *today < last)
            .filter(|today| {
                if today.day() == on {
                    let new = validity::end_for(validity, *today).expect("in range");
                    assert!(end.is_none_or(|old| new >= old), "never earlier");
                    end = Some(new);
                }
                end.is_none_or(|end| end < *today)
            })
            .count()
    };
    assert_eq!(unusable(1), 0);
    assert_eq!(unusable(21), 0);
    assert_eq!(unusable(28), 0);
    assert_eq!(unusable(20), 36 * 19);
}

#[test]
fn identity_numbers() {
    let today = day("2026-11-24");
    for (number, form, birth) in [
        ("320500201503150012", NumberForm::Mainland, "2015-03-15"),
        ("320500201503150020", NumberForm::Mainland, "2015-03-15"),
        ("320400201908230031", NumberForm::Mainland, "2019-08-23"),
        ("320500201612010051", NumberForm::Mainland, "2016-12-01"),
        ("32050020160901019X", NumberForm::Mainland, "2016-09-01"),
        ("810000201401020048", NumberForm::Hmt, "2014-01-02"),
        ("910844200012310016", NumberForm::Foreign, "2000-12-31"),
    ] {
        let checked = document::check_any(number, today).unwrap_or_else(|m| panic!("{number}: {m:?}"));
        assert_eq!(checked.number, number);
        assert_eq!(checked.form, form);
        assert_eq!(checked.birth, Some(day(birth)));
        // Every other last character is wrong.
        let body = number.get(..17).expect("17 digits");
        for last in "0123456789X".chars().filter(|last| !number.ends_with(*last)) {
            let code = document::check_any(&format!("{body}{last}"), today).expect_err("wrong check character").code;
            assert_eq!(code, Code::IdChecksum);
        }
    }
    let lower = document::check_any("３２０５００２０１６０９０１０１９ｘ", today).expect("normalised");
    assert_eq!(lower.number.get(12..), Some("01019X"));
    for (number, code) in [
        ("320500201503150011", Code::IdChecksum),
        ("320500201502300015", Code::IdBirthInvalid),
        ("320500202703150011", Code::IdBirthInvalid),
        ("32050020150315001", Code::IdFormat),
        ("3205OO201503150012", Code::IdFormat),
        ("", Code::FieldRequired),
        ("　", Code::FieldRequired),
        ("三二〇五〇〇二〇一五〇三一五〇〇一二", Code::IdFormat),
    ] {
        assert_eq!(document::check_any(number, today).expect_err(number).code, code, "{number}");
    }
    let old = document::check_any("320500850315001", today).expect("15 digits");
    assert_eq!(old.form, NumberForm::MainlandOld);
    assert_eq!(old.birth, Some(day("1985-03-15")));
    assert_eq!(old.number.len(), 18);
    assert!(document::check_any(&old.number, today).is_ok());
    assert_eq!(document::check_any("CHN123456789012", today).expect("old form").form, NumberForm::ForeignOld);
    for (number, format) in [
        ("320500201503150012", NumberFormat::HmtResidence),
        ("320500201503150012", NumberFormat::ForeignResidence),
        ("910844200012310016", NumberFormat::ResidentId),
        ("AB", NumberFormat::TravelDocument),
        ("ABCDEFGH", NumberFormat::TravelDocument),
    ] {
        assert_eq!(document::check(number, format, today).expect_err(number).code, Code::IdFormat, "{number} {format:?}");
    }
}

#[test]
fn opening() {
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
    for (outlet, when, code) in [
        ("GJX", "2026-11-21 08:30", None),
        ("GJX", "2026-11-21 17:00", Some(Code::OutsideHours)),
        ("GJX", "2026-11-22 10:00", Some(Code::OutsideHours)),
        ("MY", "2026-11-21 10:00", Some(Code::OutsideHours)),
        ("MY", "2026-11-22 10:00", None),
        ("XCSP", "2026-11-21 11:29", None),
        ("XCSP", "2026-11-21 11:30", Some(Code::LunchBreak)),
        ("XCSP", "2026-11-21 12:59", Some(Code::LunchBreak)),
        ("XCSP", "2026-11-21 13:00", None),
        ("XCSP", "2026-11-21 16:29", None),
        ("XCSP", "2026-11-21 16:30", Some(Code::OutsideHours)),
        ("XCSP", "2026-11-24 16:59", None),
        ("PXZX", "2026-11-24 12:30", None),
        ("PXZX", "2026-11-21 12:30", Some(Code::OutsideHours)),
        ("HCZ", "2026-10-01 10:00", None),
        ("XCSP", "2026-10-01 10:00", Some(Code::HolidayClosed)),
        ("PXZX", "2026-10-01 10:00", Some(Code::HolidayClosed)),
        ("GJX", "2026-10-01 10:00", Some(Code::HolidayNoticeNeeded)),
        ("PXZX", "2026-10-10 10:00", Some(Code::OutsideHours)),
    ] {
        let outlet = rules.outlet(&OutletId::new(outlet)).expect("an outlet");
        let found = hours::open(rules, outlet, at(when)).err().map(|m| m.code);
        assert_eq!(found, code, "{} {when}", outlet.id);
    }
    let next = |outlet: &str, when: &str| {
        let outlet = rules.outlet(&OutletId::new(outlet)).expect("an outlet");
        hours::next_opening(outlet, &rules.holidays, at(when)).expect("some day")
    };
    assert_eq!(next("GJX", "2026-11-21 17:00"), at("2026-11-23 08:30"));
    assert_eq!(next("XCSP", "2026-11-24 11:30"), at("2026-11-24 13:00"));
    assert_eq!(next("PXZX", "2026-09-30 17:00"), at("2026-10-08 09:00"));
    assert_eq!(next("HCZ", "2026-10-01 17:00"), at("2026-10-02 08:30"));

    // An override decides, on a holiday and on a make-up day.
    let mut changed = rules.clone();
    let outlet = changed.outlets.iter_mut().find(|outlet| outlet.id.as_str() == "GJX").expect("GJX");
    let monday = outlet.weekly.on(chrono::Weekday::Mon).to_vec();
    outlet.overrides.insert(day("2026-10-01"), monday);
    outlet.overrides.insert(day("2026-11-24"), Vec::new());
    let outlet = outlet.clone();
    assert!(hours::open(&changed, &outlet, at("2026-10-01 10:00")).is_ok());
    assert!(hours::open(&changed, &outlet, at("2026-11-24 10:00")).is_err());

    // Nobody is sent to an outlet that is closed then.
    let saturday = hours::open_outlets(rules, desk_domain::ruleset::Capability::CardReissue, at("2026-11-21 10:00"));
    let names: Vec<&str> = saturday.iter().map(|outlet| outlet.id.as_str()).collect();
    assert_eq!(names, ["GJX", "XH", "MD", "WZ", "XCSP", "HCZ", "DEMO"]);
}

#[test]
fn initial_password_and_fees_of_the_files() {
    use desk_domain::person::{HolderClass, InitialPassword};
    let sets = support::sets();
    let rules = support::programme(&sets, "suzhou-education");
    let password = rules.password.as_ref().expect("password rules");
    assert_eq!(password.initial(HolderClass::Domestic), InitialPassword::LastSixOfIdNumber);
    assert_eq!(password.initial(HolderClass::Foreign), InitialPassword::LastSixOfEcardNumber);
    let fee = desk_domain::fee::of(rules, desk_domain::case::Service::ReissueLost).expect("a fee");
    assert_eq!(fee.amount, Fen(2000));
    assert_eq!(desk_domain::fee::change(Fen(2000), Fen(5000)), Ok(Fen(3000)));
    let short = desk_domain::fee::change(Fen(2000), Fen(1950)).expect_err("short");
    assert_eq!(short.text(), "实收不足，还差 0.50 元。");
}

#[test]
fn a_purse_holds_no_more_than_its_cap() {
    let sets = support::sets();
    let rules = support::programme(&sets, "changzhou-one-card");
    let room = |balance, amount| desk_domain::purse::room(rules, Fen(balance), Fen(amount));
    assert_eq!(room(95_000, 5_000), Ok(Fen(100_000)));
    let refused = room(95_000, 5_001).expect_err("above the cap");
    assert_eq!(refused.code, Code::PurseCap);
    assert_eq!(refused.rule.as_ref().map(|rule| rule.id.as_str()), Some("R-CZ-63"));
    assert_eq!(rules.wording(&refused).text, "余额上限 1000.00 元，本次最多可充 50.00 元。");
    assert!(room(100_000, 1).expect_err("full").text().contains("0.00"));
    assert_eq!(room(0, 0).expect_err("nothing").code, Code::AmountInvalid);
    assert_eq!(room(0, i64::MAX).expect_err("too much").code, Code::PurseCap);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_validation_never_shortens_and_repeats_harmlessly(
        tap in 0_i64..4000,
        old in proptest::option::of(-400_i64..4400),
    ) {
        let sets = support::sets();
        let rules = support::programme(&sets, "suzhou-education");
        let base = day("2024-01-01");
        let tap = base + chrono::Duration::days(tap);
        let old = old.map(|old| base + chrono::Duration::days(old));
        match validity::extend(rules, old, tap) {
            Ok(new) => {
                prop_assert!(old.is_none_or(|old| new > old));
                prop_assert!(new >= tap);
                prop_assert!((9..=42).contains(&((new - tap).num_days() + 1)));
                prop_assert!(new.succ_opt().is_some_and(|next| next.day() == 1));
                prop_assert_eq!(
                    validity::extend(rules, Some(new), tap).map_err(|m| m.code),
                    Err(Code::AlreadyValidated)
                );
            }
            Err(message) => {
                prop_assert!(matches!(message.code, Code::AlreadyValidated | Code::ValidityAhead));
                prop_assert!(old.is_some_and(|old| old >= tap));
            }
        }
    }

    #[test]
    fn ends_never_go_back_in_time(from in 0_i64..4500) {
        let sets = support::sets();
        let rules = support::programme(&sets, "suzhou-education");
        let validity = rules.validity.as_ref().expect("validity rules");
        let today = day("2024-01-01") + chrono::Duration::days(from);
        let tomorrow = today + chrono::Duration::days(1);
        prop_assert!(validity::end_for(validity, today) <= validity::end_for(validity, tomorrow));
    }

    #[test]
    fn amounts_survive_typing(fen in 0_i64..1_000_000_000) {
        let shown = Fen(fen).to_string();
        prop_assert_eq!(Fen::parse_yuan(&shown), Ok(Fen(fen)));
        let wide: String = shown
            .chars()
            .map(|c| match c {
                '.' => '．',
                digit => char::from_u32(u32::from(digit) - 0x30 + 0xFF10).unwrap_or(digit),
            })
            .collect();
        prop_assert_eq!(Fen::parse_yuan(&wide), Ok(Fen(fen)));
    }

    #[test]
    fn capitals_read_back(fen in 0_i64..10_000_000_000_000) {
        prop_assert_eq!(read_back(&capitals(Fen(fen))), Some(fen), "{}", capitals(Fen(fen)));
    }

    #[test]
    fn anything_typed_is_answered_without_panic(text in ".{0,40}") {
        let today = day("2026-11-24");
        let _ = document::check_any(&text, today);
        for format in [
            NumberFormat::ResidentId,
            NumberFormat::HmtResidence,
            NumberFormat::ForeignResidence,
            NumberFormat::TravelDocument,
        ] {
            let _ = document::check(&text, format, today);
        }
        let _ = Fen::parse_yuan(&text);
        let _ = desk_domain::normalise::date(&text);
        let _ = desk_domain::normalise::card_number(&text);
        let masked = desk_domain::mask::name(&text);
        prop_assert!(masked.chars().count() <= text.chars().count());
    }

    #[test]
    fn one_wrong_digit_is_always_found(number in "[1-7][0-9]{5}19[5-9][0-9]0[1-9][0-2][1-8][0-9]{3}", at in 14_usize..17, by in 1_u32..10) {
        let today = day("2026-11-24");
        let body: String = number.chars().take(17).collect();
        let last = document::check_character(&body).expect("digits");
        let whole = format!("{body}{last}");
        prop_assert!(document::check(&whole, NumberFormat::ResidentId, today).is_ok(), "{}", whole);
        let wrong: String = whole
            .chars()
            .enumerate()
            .map(|(index, c)| match c.to_digit(10) {
                Some(digit) if index == at => char::from_digit((digit + by) % 10, 10).unwrap_or(c),
                _ => c,
            })
            .collect();
        prop_assert_eq!(
            document::check(&wrong, NumberFormat::ResidentId, today).map_err(|m| m.code),
            Err(Code::IdChecksum)
        );
    }
}

/// Reads capitals back into fen, to hold against them.
fn read_back(text: &str) -> Option<i64> {
    let digit = |c: char| "零壹贰叁肆伍陆柒捌玖".chars().position(|d| d == c);
    let (yuan, rest) = match text.split_once('元') {
        Some((yuan, rest)) => (yuan, rest),
        None => ("", text),
    };
    let (mut total, mut group, mut last) = (0_i64, 0_i64, 0_i64);
    for c in yuan.chars() {
        match c {
            '拾' | '佰' | '仟' => {
                group += last
                    * match c {
                        '拾' => 10,
                        '佰' => 100,
                        _ => 1000,
                    };
                last = 0;
            }
            '万' | '亿' => {
                let unit = if c == '万' { 10_000 } else { 100_000_000 };
                total += (group + last) * unit;
                (group, last) = (0, 0);
            }
            c => last = i64::try_from(digit(c)?).ok()?,
        }
    }
    let mut fen = (total + group + last) * 100;
    let mut pending = 0;
    for c in rest.chars().filter(|c| *c != '整') {
        match c {
            '角' => fen += pending * 10,
            '分' => fen += pending,
            c => pending = i64::try_from(digit(c)?).ok()?,
        }
    }
    Some(fen)
}
