//! Full years of age. A year is completed on the birthday itself; who was born on 29 February completes it on the 28th
//! of a common year.

use chrono::{Datelike, NaiveDate};

/// Full years on `day`; 0 before the first birthday, also for a birth in the future.
#[must_use]
pub fn full_years(birth: NaiveDate, day: NaiveDate) -> u32 {
    let years = day.year() - birth.year();
    let reached = birthday(birth, day.year()).is_some_and(|birthday| birthday <= day);
    u32::try_from(if reached { years } else { years - 1 }).unwrap_or(0)
}

/// The birthday in a year; 28 February stands in for a 29th that the year has not.
fn birthday(birth: NaiveDate, year: i32) -> Option<NaiveDate> {
    birth.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, birth.month(), 28))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_is_full_on_the_birthday() {
        let born = day("2019-11-22");
        assert_eq!(full_years(born, day("2026-11-21")), 6);
        assert_eq!(full_years(born, day("2026-11-22")), 7);
        let leap = day("2020-02-29");
        assert_eq!(full_years(leap, day("2027-02-27")), 6);
        assert_eq!(full_years(leap, day("2027-02-28")), 7);
        assert_eq!(full_years(leap, day("2028-02-28")), 7);
        assert_eq!(full_years(leap, day("2028-02-29")), 8);
        assert_eq!(full_years(day("2027-01-01"), day("2026-11-22")), 0);
    }
}
