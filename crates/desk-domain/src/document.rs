//! Identity document numbers: how they are built, what they prove, and their check digit (GB 11643, MOD 11-2).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    code::{Code, Message},
    normalise,
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
/// a date that does not exist, lies in the future or before 1900, `ID_CHECKSUM` for a wrong check digit.
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
        NumberFormat::TravelDocument => travel(number),
    }
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
