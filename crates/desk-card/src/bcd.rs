//! Packed BCD as cards hold it: digits, dates (YYYYMMDD) and times (hhmmss).

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// All nibbles of `bytes` as digits; none where a nibble is no decimal digit.
#[must_use]
pub fn digits(bytes: &[u8]) -> Option<String> {
    let text = hex::encode(bytes);
    text.bytes().all(|digit| digit.is_ascii_digit()).then_some(text)
}

/// Packs an even number of decimal digits.
#[must_use]
pub fn pack(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    hex::decode(digits).ok()
}

/// A date of four bytes; none where the bytes are empty, short or no date.
#[must_use]
pub fn date(bytes: &[u8]) -> Option<NaiveDate> {
    let text = digits(bytes.get(..4)?)?;
    NaiveDate::from_ymd_opt(text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..8)?.parse().ok()?)
}

/// Date and time of seven bytes.
#[must_use]
pub fn date_time(bytes: &[u8]) -> Option<NaiveDateTime> {
    let day = date(bytes.get(..4)?)?;
    let text = digits(bytes.get(4..7)?)?;
    day.and_hms_opt(text.get(..2)?.parse().ok()?, text.get(2..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?)
}

/// Four bytes of a date; none outside the years 0–9999.
#[must_use]
pub fn pack_date(date: NaiveDate) -> Option<Vec<u8>> {
    let year = u16::try_from(date.year()).ok().filter(|y| *y <= 9999)?;
    pack(&format!("{year:04}{:02}{:02}", date.month(), date.day()))
}

/// Seven bytes of date and time.
#[must_use]
pub fn pack_date_time(at: NaiveDateTime) -> Option<Vec<u8>> {
    let mut bytes = pack_date(at.date())?;
    bytes.extend(pack(&format!("{:02}{:02}{:02}", at.hour(), at.minute(), at.second()))?);
    Some(bytes)
}
