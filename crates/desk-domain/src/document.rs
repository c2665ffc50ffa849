//! Identity document numbers: how they are built, what they prove, and their check digit (GB 11643, MOD 11-2).

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    age,
    code::{Code, Message},
    mrz, normalise,
    person::HolderClass,
    ruleset::NumberFormat,
};

/// End of a document's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// Valid through this day.
    Until(NaiveDate),
    /// 长期
    LongTerm,
}

impl Expiry {
    /// Still valid on `day`; the last day counts.
    #[must_use]
    pub fn covers(self, day: NaiveDate) -> bool {
        match self {
            Self::Until(last) => day <= last,
            Self::LongTerm => true,
        }
    }
}

/// A number that has passed its checks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedNumber {
    /// Normalised, without separators, X in upper case. An old 15-digit number is brought to its 18 characters.
    pub number: String,
    pub form: NumberForm,
    /// The number itself holds it in every form but travel documents and the old permanent residence card.
    pub birth: Option<NaiveDate>,
}

impl std::fmt::Debug for CheckedNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckedNumber").field("form", &self.form).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// 18 characters of a mainland resident.
    Mainland,
    /// First-generation card, 15 digits, no check digit.
    MainlandOld,
    /// Residence permit of a Hong Kong, Macao or Taiwan resident.
    Hmt,
    /// Permanent residence card since 2023-12-01.
    Foreign,
    /// Permanent residence card before: 3 letters and 12 digits.
    ForeignOld,
    /// Passport or travel permit.
    Travel,
}

impl NumberForm {
    /// Whose number it can be; a travel document says nothing.
    #[must_use]
    pub fn class(self) -> Option<HolderClass> {
        match self {
            Self::Mainland | Self::MainlandOld => Some(HolderClass::Domestic),
            Self::Hmt => Some(HolderClass::Hmt),
            Self::Foreign | Self::ForeignOld => Some(HolderClass::Foreign),
            Self::Travel => None,
        }
    }
}

/// Checks a number as typed against the format of its document kind.
///
/// # Errors
/// `FIELD_REQUIRED` for nothing, `ID_FORMAT` for a wrong length, character or region of the form, `ID_BIRTH_INVALID` for
/// a date that does not exist, lies in the future or before 1900, `ID_CHECKSUM` for a wrong check digit. Of a travel document
/// the whole machine-readable zone is taken as well: `MRZ_FORMAT`, `MRZ_CHECKSUM`, and `ID_EXPIRED` by the zone's own date.
pub fn check(raw: &str, format: NumberFormat, today: NaiveDate) -> Result<CheckedNumber, Message> {
    let number = normalise::id_number(raw);
    if number.is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", "证件号码"));
    }
    match format {
        NumberFormat::ResidentId => match number.len() {
            15 => old_resident(&number, today),
            _ => eighteen(number, today, NumberForm::Mainland),
        },
        NumberFormat::HmtResidence => eighteen(number, today, NumberForm::Hmt),
        NumberFormat::ForeignResidence => match number.len() {
            15 => old_foreign(number),
            _ => eighteen(number, today, NumberForm::Foreign),
        },
        NumberFormat::TravelDocument if mrz::is_zone(raw) => of_zone(raw, today),
        NumberFormat::TravelDocument => travel(number),
    }
}

/// The number that a machine-readable zone states, whole as a scanner types it; all its digits are checked.
fn of_zone(raw: &str, today: NaiveDate) -> Result<CheckedNumber, Message> {
    let zone = mrz::check(raw, today)?;
    if zone.expiry < today {
        return Err(Message::new(Code::IdExpired).with("date", zone.expiry));
    }
    let checked = travel(zone.number)?;
    Ok(CheckedNumber { birth: zone.birth, ..checked })
}

/// Checks a resident, residence-permit or permanent-residence number whose document kind is not known yet.
///
/// # Errors
/// As [`check`].
pub fn check_any(raw: &str, today: NaiveDate) -> Result<CheckedNumber, Message> {
    let number = normalise::id_number(raw);
    let format = match number.as_bytes() {
        [b'9', ..] if number.len() == 18 => NumberFormat::ForeignResidence,
        [b'8', b'1'..=b'3', ..] if number.len() == 18 => NumberFormat::HmtResidence,
        [first, ..] if number.len() == 15 && first.is_ascii_alphabetic() => NumberFormat::ForeignResidence,
        _ => NumberFormat::ResidentId,
    };
    check(&number, format, today)
}

/// Whether a resident identity card can end on this day where only that was typed: none runs longer than twenty years
/// (P-31). Whether 长期 is right only the day of issue tells: [`plausible_validity`].
///
/// # Errors
/// `ID_VALIDITY_ODD`.
pub fn plausible_expiry(expiry: Expiry, today: NaiveDate) -> Result<(), Message> {
    let possible = match expiry {
        Expiry::LongTerm => true,
        Expiry::Until(last) => today.checked_add_months(Months::new(12 * 20)).is_none_or(|furthest| last <= furthest),
    };
    if possible { Ok(()) } else { Err(Message::new(Code::IdValidityOdd)) }
}

/// Whether first and last day of a resident identity card, as its chip states them, fit the holder's age (P-31).
///
/// # Errors
/// `ID_VALIDITY_ODD`.
pub fn plausible_validity(from: NaiveDate, expiry: Expiry, birth: NaiveDate) -> Result<(), Message> {
    let at_issue = age::full_years(birth, from);
    let fits = match expiry {
        Expiry::LongTerm => at_issue >= LONG_TERM_FROM,
        Expiry::Until(last) => {
            TERMS.iter().any(|(ages, years)| ages.contains(&at_issue) && from.checked_add_months(Months::new(12 * years)) == Some(last))
        }
    };
    if fits && from >= birth { Ok(()) } else { Err(Message::new(Code::IdValidityOdd)) }
}

/// Age at issue and years of validity; from [`LONG_TERM_FROM`] on there is no end.
const TERMS: [(std::ops::RangeInclusive<u32>, u32); 3] = [(0..=15, 5), (16..=25, 10), (26..=45, 20)];
const LONG_TERM_FROM: u32 = 46;

/// What kind of travel document a number is by its build (card-protocol §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TravelKind {
    /// 港澳居民来往内地通行证: H or M and 8 digits, on older ones 2 more for the renewal.
    HongKongMacao,
    /// 台湾居民来往大陆通行证: 8 digits.
    Taiwan,
    /// Passport, or an older permit of 10 digits that looks like one.
    Other,
}

/// The build of a normalised travel document number.
#[must_use]
pub fn travel_kind(number: &str) -> TravelKind {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match number.strip_prefix(['H', 'M']) {
        Some(rest) if digits(rest) && matches!(rest.len(), 8 | 10) => TravelKind::HongKongMacao,
        Some(_) => TravelKind::Other,
        None if digits(number) && number.len() == 8 => TravelKind::Taiwan,
        None => TravelKind::Other,
    }
}

/// Can this be the number of a document that only these people have? A travel document's number says it by its build alone: a
/// permit of Hong Kong, Macao or Taiwan residents is told apart, a passport may look like anything.
#[must_use]
pub fn belongs(number: &CheckedNumber, persons: &[HolderClass]) -> bool {
    if let Some(class) = number.form.class() {
        return persons.contains(&class);
    }
    let old_permit = number.number.len() == 10 && number.number.bytes().all(|byte| byte.is_ascii_digit());
    persons != [HolderClass::Hmt] || old_permit || travel_kind(&number.number) != TravelKind::Other
}

/// The check character of the first seventeen digits; `None` where they are not seventeen digits.
#[must_use]
pub fn check_character(first_seventeen: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    if first_seventeen.chars().count() != WEIGHTS.len() {
        return None;
    }
    let sum = first_seventeen.chars().zip(WEIGHTS).try_fold(0, |sum, (digit, weight)| Some(sum + digit.to_digit(10)? * weight))?;
    CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

fn malformed() -> Message {
    Message::new(Code::IdFormat)
}

fn eighteen(number: String, today: NaiveDate, form: NumberForm) -> Result<CheckedNumber, Message> {
    let body = number.get(..17).ok_or_else(malformed)?;
    let last = number.chars().nth(17).ok_or_else(malformed)?;
    if number.len() != 18 || !body.bytes().all(|byte| byte.is_ascii_digit()) || !(last.is_ascii_digit() || last == 'X') {
        return Err(malformed());
    }
    let region = match form {
        NumberForm::Hmt => ["81", "82", "83"].iter().any(|start| body.starts_with(start)),
        NumberForm::Foreign => body.starts_with('9'),
        NumberForm::Mainland | NumberForm::MainlandOld | NumberForm::ForeignOld | NumberForm::Travel => {
            body.bytes().next().is_some_and(|first| (b'1'..=b'8').contains(&first))
        }
    };
    if !region {
        return Err(malformed());
    }
    // The form of a mainland document is also that of a permit whose number the register or record holds.
    let form = match (form, body.get(..2)) {
        (NumberForm::Mainland, Some("81" | "82" | "83")) => NumberForm::Hmt,
        (form, _) => form,
    };
    let birth = birth_of(number.get(6..14).ok_or_else(malformed)?, today)?;
    if check_character(body) != Some(last) {
        return Err(Message::new(Code::IdChecksum));
    }
    Ok(CheckedNumber { number, form, birth: Some(birth) })
}

fn old_resident(number: &str, today: NaiveDate) -> Result<CheckedNumber, Message> {
    let (region, rest) = number.split_at_checked(6).ok_or_else(malformed)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) || region.starts_with(['0', '9']) {
        return Err(malformed());
    }
    let body = format!("{region}19{rest}");
    let birth = birth_of(body.get(6..14).ok_or_else(malformed)?, today)?;
    let last = check_character(&body).ok_or_else(malformed)?;
    Ok(CheckedNumber { number: format!("{body}{last}"), form: NumberForm::MainlandOld, birth: Some(birth) })
}

fn old_foreign(number: String) -> Result<CheckedNumber, Message> {
    let letters = number.bytes().take(3).all(|byte| byte.is_ascii_uppercase());
    let digits = number.bytes().skip(3).all(|byte| byte.is_ascii_digit());
    if number.len() == 15 && letters && digits {
        Ok(CheckedNumber { number, form: NumberForm::ForeignOld, birth: None })
    } else {
        Err(malformed())
    }
}

fn travel(number: String) -> Result<CheckedNumber, Message> {
    let characters = number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
    if (5..=15).contains(&number.len()) && characters && has_digit {
        Ok(CheckedNumber { number, form: NumberForm::Travel, birth: None })
    } else {
        Err(malformed())
    }
}

fn birth_of(digits: &str, today: NaiveDate) -> Result<NaiveDate, Message> {
    normalise::date(digits).filter(|birth| *birth <= today && birth.year() >= 1900).ok_or_else(|| Message::new(Code::IdBirthInvalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn published_numbers_and_their_forms() {
        let today = day("2026-11-22");
        for (number, form) in [
            ("34052419800101001X", NumberForm::Mainland),
            ("610122198310134420", NumberForm::Mainland),
            ("810000199408230021", NumberForm::Hmt),
            ("830000199201300022", NumberForm::Hmt),
            ("ABC123456789012", NumberForm::ForeignOld),
        ] {
            assert_eq!(check_any(number, today).unwrap().form, form, "{number}");
        }
        // A sample that circulates and is wrong.
        assert_eq!(check_any("15000019970319128X", today).unwrap_err().code, Code::IdChecksum);
        assert_eq!(check_any("840000199408230021", today).map(|checked| checked.form), Err(Message::new(Code::IdChecksum)));
        let body = "91184019900101123";
        let foreign = format!("{body}{}", check_character(body).unwrap());
        assert_eq!(check_any(&foreign, today).unwrap().form, NumberForm::Foreign);
        // Every single wrong digit is found.
        for place in 0..17 {
            for digit in '0'..='9' {
                let wrong: String = "610122198310134420".chars().enumerate().map(|(at, c)| if at == place { digit } else { c }).collect();
                assert_eq!(wrong == "610122198310134420", check_any(&wrong, today).is_ok(), "{wrong}");
            }
        }
    }

    #[test]
    fn validity_fits_the_age_at_issue() {
        let birth = day("2000-06-15");
        let until = |text| Expiry::Until(day(text));
        for (from, expiry, fits) in [
            ("2015-01-10", until("2020-01-10"), true),
            ("2015-01-10", until("2025-01-10"), false),
            ("2016-06-15", until("2026-06-15"), true),
            ("2016-06-14", until("2026-06-14"), false),
            ("2026-06-14", until("2036-06-14"), true),
            ("2026-06-15", until("2046-06-15"), true),
            ("2026-06-15", Expiry::LongTerm, false),
            ("2046-06-15", Expiry::LongTerm, true),
            ("1999-06-15", until("2004-06-15"), false),
        ] {
            assert_eq!(plausible_validity(day(from), expiry, birth).is_ok(), fits, "{from} {expiry:?}");
        }
    }

    #[test]
    fn a_keyed_end_that_no_card_can_have() {
        let today = day("2026-11-22");
        for (expiry, fits) in [
            (Expiry::Until(day("2046-11-22")), true),
            (Expiry::Until(day("2046-11-23")), false),
            (Expiry::Until(day("2233-05-21")), false),
            (Expiry::LongTerm, true),
        ] {
            assert_eq!(plausible_expiry(expiry, today).is_ok(), fits, "{expiry:?}");
        }
    }

    #[test]
    fn a_whole_zone_stands_for_its_number() {
        let today = day("2012-01-01");
        let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let checked = check(zone, NumberFormat::TravelDocument, today).unwrap();
        assert_eq!((checked.number.as_str(), checked.birth), ("L898902C3", Some(day("1974-08-12"))));
        // As a scanner types it: in one run, small letters, full-width digits.
        let typed = zone.replace('\n', "").to_lowercase().replace('8', "８");
        assert_eq!(check(&typed, NumberFormat::TravelDocument, today).unwrap().number, "L898902C3");
        let code = |raw: &str, on: &str| check(raw, NumberFormat::TravelDocument, day(on)).unwrap_err().code;
        assert_eq!(code(&zone.replace("L898902C36", "L898902C46"), "2012-01-01"), Code::MrzChecksum);
        assert_eq!(code(zone, "2012-04-16"), Code::IdExpired);
        assert_eq!(check("L898902C3", NumberFormat::TravelDocument, today).unwrap().birth, None);
    }

    #[test]
    fn travel_numbers_by_their_build() {
        for (number, kind) in [
            ("H12345678", TravelKind::HongKongMacao),
            ("M1234567801", TravelKind::HongKongMacao),
            ("H1234567", TravelKind::Other),
            ("12345678", TravelKind::Taiwan),
            ("1234567890", TravelKind::Other),
            ("E12345678", TravelKind::Other),
        ] {
            assert_eq!(travel_kind(number), kind, "{number}");
        }
    }
}
