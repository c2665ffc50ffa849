//! Machine-readable zones (ICAO 9303): passports (TD3, two lines of 44) and permits of card size (TD1, three lines of 30),
//! checked by all their digits.

use chrono::{Datelike, NaiveDate};

use crate::{
    code::{Code, Message},
    normalise,
};

/// What a zone states, all of it checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    pub layout: Layout,
    /// `P`, `CR`, …; without fillers.
    pub kind: String,
    pub issuer: String,
    pub number: String,
    pub nationality: String,
    /// Absent where the document states it in part only.
    pub birth: Option<NaiveDate>,
    /// `M`, `F`, or nothing where it is not stated.
    pub sex: Option<char>,
    /// Last day of validity.
    pub expiry: NaiveDate,
    /// Latin letters: surname, a space, given names.
    pub name: String,
}

impl std::fmt::Debug for Mrz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mrz").field("layout", &self.layout).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Card size: three lines of 30.
    Td1,
    /// Passport: two lines of 44.
    Td3,
}

/// Whether this is meant as a zone: long, and with fillers.
#[must_use]
pub fn is_zone(raw: &str) -> bool {
    let zone = compact(raw);
    zone.len() > 40 && zone.contains('<')
}

fn compact(raw: &str) -> String {
    normalise::text(raw).chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// Reads and checks a zone as typed or scanned; lines may be separated or run together.
///
/// # Errors
/// `MRZ_FORMAT` for other lengths, characters or dates that do not exist; `MRZ_CHECKSUM` with the first part whose check
/// digit is wrong.
pub fn check(raw: &str, today: NaiveDate) -> Result<Mrz, Message> {
    let zone = compact(raw);
    if !zone.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'<') {
        return Err(malformed());
    }
    match zone.len() {
        88 => td3(&zone, today),
        90 => td1(&zone, today),
        _ => Err(malformed()),
    }
}

/// The check digit over a field: weights 7, 3, 1, letters from 10, the filler 0. `None` for any other character.
#[must_use]
pub fn check_digit(field: &str) -> Option<char> {
    let sum = field.bytes().zip([7, 3, 1].into_iter().cycle()).try_fold(0_u32, |sum, (byte, weight)| {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - b'A') + 10,
            b'<' => 0,
            _ => return None,
        };
        Some(sum + value * weight)
    })?;
    char::from_digit(sum % 10, 10)
}

fn td3(zone: &str, today: NaiveDate) -> Result<Mrz, Message> {
    let (first, second) = zone.split_at_checked(44).ok_or_else(malformed)?;
    if !first.starts_with('P') {
        return Err(malformed());
    }
    let number = proved(second, 0..9, "证件号码")?;
    let birth = proved(second, 13..19, "出生日期")?;
    let expiry = proved(second, 21..27, "有效期")?;
    // Nothing in the optional field may be marked by a filler in the place of its digit.
    let optional = part(second, 28..42)?;
    if !(is_blank(optional) && part(second, 42..43)? == "<") {
        proved(second, 28..42, "附加资料")?;
    }
    let whole: String = [part(second, 0..10)?, part(second, 13..20)?, part(second, 21..43)?].concat();
    composite(&whole, part(second, 43..44)?)?;
    Ok(Mrz {
        layout: Layout::Td3,
        kind: stripped(part(first, 0..2)?),
        issuer: stripped(part(first, 2..5)?),
        number: stripped(number),
        nationality: stripped(part(second, 10..13)?),
        birth: birth_of(birth, today)?,
        sex: sex_of(part(second, 20..21)?)?,
        expiry: expiry_of(expiry, today)?,
        name: name_of(part(first, 5..44)?),
    })
}

fn td1(zone: &str, today: NaiveDate) -> Result<Mrz, Message> {
    let (first, rest) = zone.split_at_checked(30).ok_or_else(malformed)?;
    let (second, third) = rest.split_at_checked(30).ok_or_else(malformed)?;
    if !first.starts_with(['A', 'C', 'I']) {
        return Err(malformed());
    }
    let number = if part(first, 14..15)? == "<" {
        // A number of more than nine characters goes on in the optional field and has its digit there.
        let (more, _) = part(first, 15..30)?.split_once('<').ok_or_else(malformed)?;
        let (more, digit) = more.split_at_checked(more.len().saturating_sub(1)).ok_or_else(malformed)?;
        let number = [part(first, 5..14)?, more].concat();
        is_digit(&number, digit, "证件号码")?;
        number
    } else {
        stripped(proved(first, 5..14, "证件号码")?)
    };
    let birth = proved(second, 0..6, "出生日期")?;
    let expiry = proved(second, 8..14, "有效期")?;
    let whole: String = [part(first, 5..30)?, part(second, 0..7)?, part(second, 8..15)?, part(second, 18..29)?].concat();
    composite(&whole, part(second, 29..30)?)?;
    Ok(Mrz {
        layout: Layout::Td1,
        kind: stripped(part(first, 0..2)?),
        issuer: stripped(part(first, 2..5)?),
        number,
        nationality: stripped(part(second, 15..18)?),
        birth: birth_of(birth, today)?,
        sex: sex_of(part(second, 7..8)?)?,
        expiry: expiry_of(expiry, today)?,
        name: name_of(third),
    })
}

fn malformed() -> Message {
    Message::new(Code::MrzFormat)
}

fn part(line: &str, at: std::ops::Range<usize>) -> Result<&str, Message> {
    line.get(at).ok_or_else(malformed)
}

/// A field whose check digit follows it.
fn proved<'a>(line: &'a str, at: std::ops::Range<usize>, name: &str) -> Result<&'a str, Message> {
    let field = part(line, at.clone())?;
    is_digit(field, part(line, at.end..at.end + 1)?, name)?;
    Ok(field)
}

fn is_digit(field: &str, digit: &str, name: &str) -> Result<(), Message> {
    if check_digit(field).is_some_and(|right| digit.chars().eq([right])) {
        Ok(())
    } else {
        Err(Message::new(Code::MrzChecksum).with("part", name))
    }
}

fn composite(whole: &str, digit: &str) -> Result<(), Message> {
    is_digit(whole, digit, "总")
}

fn is_blank(field: &str) -> bool {
    field.bytes().all(|byte| byte == b'<')
}

fn stripped(field: &str) -> String {
    field.trim_end_matches('<').to_owned()
}

fn sex_of(field: &str) -> Result<Option<char>, Message> {
    match field {
        "M" => Ok(Some('M')),
        "F" => Ok(Some('F')),
        "<" | "X" => Ok(None),
        _ => Err(malformed()),
    }
}

fn name_of(field: &str) -> String {
    field.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn date(field: &str, century: i32) -> Option<NaiveDate> {
    let number = |at: std::ops::Range<usize>| field.get(at)?.parse::<u32>().ok();
    NaiveDate::from_ymd_opt(century + i32::try_from(number(0..2)?).ok()?, number(2..4)?, number(4..6)?)
}

/// The newest day that is not in the future; nothing where parts of it are unknown to the issuer.
fn birth_of(field: &str, today: NaiveDate) -> Result<Option<NaiveDate>, Message> {
    if field.contains('<') {
        return Ok(None);
    }
    let this = date(field, 2000).filter(|day| *day <= today);
    this.or_else(|| date(field, 1900)).map(Some).ok_or_else(malformed)
}

/// No document runs for more than fifty years.
fn expiry_of(field: &str, today: NaiveDate) -> Result<NaiveDate, Message> {
    let this = date(field, 2000).filter(|day| day.year() <= today.year() + 50);
    this.or_else(|| date(field, 1900)).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two specimens of ICAO 9303, parts 4 and 5.
    const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const CARD: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
    }

    #[test]
    fn published_specimens() {
        for (zone, layout, number) in [(PASSPORT, Layout::Td3, "L898902C3"), (CARD, Layout::Td1, "D23145890")] {
            let mrz = check(zone, today()).unwrap();
            assert_eq!((mrz.layout, mrz.number.as_str()), (layout, number));
            assert_eq!((mrz.issuer.as_str(), mrz.nationality.as_str(), mrz.sex), ("UTO", "UTO", Some('F')));
            assert_eq!(mrz.birth, NaiveDate::from_ymd_opt(1974, 8, 12));
            assert_eq!(mrz.expiry, NaiveDate::from_ymd_opt(2012, 4, 15).unwrap());
            assert_eq!(mrz.name, "ERIKSSON ANNA MARIA");
            assert!(!format!("{mrz:?}").contains(number), "no number in a log");
        }
        assert!(check(&PASSPORT.replace('\n', "").to_lowercase(), today()).is_ok(), "run together, small letters");
    }

    #[test]
    fn every_wrong_digit_is_found() {
        for zone in [PASSPORT, CARD] {
            let last = zone.find('\n').unwrap() + 1;
            let lines = if zone == CARD { 0..last + 30 } else { last..zone.len() };
            let mut tried = 0;
            for (at, c) in zone.char_indices().filter(|(at, c)| lines.contains(at) && c.is_ascii_digit()) {
                for digit in ('0'..='9').filter(|digit| *digit != c) {
                    let mut wrong = zone.to_owned();
                    wrong.replace_range(at..=at, &digit.to_string());
                    let message = check(&wrong, today()).unwrap_err();
                    assert!(matches!(message.code, Code::MrzChecksum | Code::MrzFormat), "{wrong}");
                    tried += 1;
                }
            }
            assert!(tried > 150, "{tried}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let code = |zone: &str| check(zone, today()).unwrap_err().code;
        assert_eq!(code(""), Code::MrzFormat);
        assert_eq!(code(&PASSPORT[1..]), Code::MrzFormat);
        assert_eq!(code(&PASSPORT.replace("ERIKSSON", "ERIKSS0Ö")), Code::MrzFormat);
        assert_eq!(code(&PASSPORT.replacen('P', "V", 1)), Code::MrzFormat, "a visa");
        let wrong = check(&PASSPORT.replace("7408122", "7408123"), today()).unwrap_err();
        assert!(wrong.text().contains("出生日期"), "{}", wrong.text());
    }

    #[test]
    fn a_long_number_and_an_unknown_birthday() {
        let number = "D23145890734";
        let digit = check_digit(number).unwrap();
        let first = format!("{:<<30}", format!("I<UTO{}<{}{digit}", &number[..9], &number[9..]));
        let birth = "74<<<<";
        let body = format!("{birth}{}F1204159UTO<<<<<<<<<<<", check_digit(birth).unwrap());
        let whole = [&first[5..], &body[..7], &body[8..15], &body[18..29]].concat();
        let zone = format!("{first}{body}{}ERIKSSON<<ANNA<MARIA<<<<<<<<<<", check_digit(&whole).unwrap());
        let mrz = check(&zone, today()).unwrap();
        assert_eq!(mrz.number, number);
        assert_eq!(mrz.birth, None);
    }
}
