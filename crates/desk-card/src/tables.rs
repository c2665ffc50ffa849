//! Public names of city and line codes, as data in `tables/`. A code without a name is shown as a code.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

const CITIES: &str = include_str!("../tables/cities.toml");
const LINES: &str = include_str!("../tables/lines.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    line: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    city: String,
    mode: String,
    code: String,
    name: String,
}

/// A test keeps both files readable, so that nothing falls back to an empty table unseen.
static CITY_NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| toml::from_str(CITIES).unwrap_or_default());
static LINE_NAMES: LazyLock<Vec<Line>> = LazyLock::new(|| toml::from_str::<Lines>(LINES).map(|lines| lines.line).unwrap_or_default());

/// Name of a city by its code of four hexadecimal digits.
#[must_use]
pub fn city(code: &str) -> Option<&'static str> {
    CITY_NAMES.get(code).map(String::as_str)
}

/// Name of a line: city code, mode byte and the bytes of line and station, all as upper-case hexadecimal digits.
#[must_use]
pub fn line(city: &str, mode: &str, line_and_station: &str) -> Option<&'static str> {
    LINE_NAMES
        .iter()
        .filter(|line| line.city == city && line.mode == mode && line_and_station.starts_with(&line.code))
        .max_by_key(|line| line.code.len())
        .map(|line| line.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_readable() {
        let cities: BTreeMap<String, String> = toml::from_str(CITIES).unwrap();
        let hex = |text: &str| text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
        assert!(cities.len() > 40 && cities.keys().all(|code| code.len() == 4 && hex(code)));
        let lines: Lines = toml::from_str(LINES).unwrap();
        for line in &lines.line {
            assert!(cities.contains_key(&line.city), "{line:?}");
            assert!(line.mode.len() == 2 && hex(&line.mode) && !line.code.is_empty() && hex(&line.code), "{line:?}");
        }
        assert_eq!(LINE_NAMES.len(), lines.line.len());
    }

    #[test]
    fn names_and_codes_without_one() {
        assert_eq!(city("3010"), Some("南京"));
        assert_eq!(city("FFFF"), None);
        assert_eq!(line("2900", "01", "00180022000000"), Some("18号线"));
        assert_eq!(line("2900", "02", "00180022000000"), None);
        assert_eq!(line("0000", "01", ""), None);
    }
}
