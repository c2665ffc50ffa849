//! What clerks and input methods type, brought into one form before any check: full-width digits and letters, a small x
//! at the end of a number, spaces and hyphens inside numbers, the many dots of names.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use crate::{
    code::{Code, Message},
    document::Expiry,
};

/// NFKC, without spaces at the ends.
#[must_use]
pub fn text(raw: &str) -> String {
    raw.nfkc().collect::<String>().trim().to_owned()
}

/// A document number: NFKC, upper case, without spaces, hyphens and dots.
#[must_use]
pub fn id_number(raw: &str) -> String {
    compact(raw).to_uppercase()
}

/// A card number: NFKC, without spaces and hyphens.
///
/// # Errors
/// `FIELD_REQUIRED` when nothing is left, `FIELD_INVALID` when anything but digits is, or fewer than 8 or more than 20.
pub fn card_number(raw: &str) -> Result<String, Message> {
    let digits = compact(raw);
    if digits.is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", "卡号"));
    }
    if (8..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(Message::new(Code::FieldInvalid).with("field", "卡号"))
    }
}

/// A count of things (blank cards); `field` names it in the message. Only spaces are left out: a sign or a decimal point
/// would change what was counted.
///
/// # Errors
/// `FIELD_REQUIRED` when empty, `FIELD_INVALID` when not a whole number of at most six digits.
pub fn count(raw: &str, field: &str) -> Result<u32, Message> {
    let digits: String = raw.nfkc().filter(|letter| !letter.is_whitespace()).collect();
    if digits.is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", field));
    }
    if digits.len() <= 6
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(count) = digits.parse()
    {
        return Ok(count);
    }
    Err(Message::new(Code::FieldInvalid).with("field", field))
}

/// A person's name for comparison: NFKC, single spaces, and every kind of middle dot as U+00B7.
#[must_use]
pub fn name(raw: &str) -> String {
    // Before NFKC, which turns some of these into full stops.
    let dotted: String = raw.chars().map(|c| if is_middle_dot(c) { '·' } else { c }).collect();
    let folded: String = dotted.nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Are these the same name, whatever was typed for the dots and widths?
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    name(one).to_uppercase() == name(other).to_uppercase()
}

/// A day as clerks write it: `2026-11-22`, `20261122`, `2026.11.22`, `2026年11月22日`.
#[must_use]
pub fn date(raw: &str) -> Option<NaiveDate> {
    let text = text(raw);
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [year, month, day] => {
            NaiveDate::from_ymd_opt((year.len() == 4).then(|| year.parse().ok())??, month.parse().ok()?, day.parse().ok()?)
        }
        [all] if all.len() == 8 => {
            NaiveDate::from_ymd_opt(all.get(..4)?.parse().ok()?, all.get(4..6)?.parse().ok()?, all.get(6..)?.parse().ok()?)
        }
        _ => None,
    }
}

/// The end of a document's validity: a day, or 长期.
///
/// # Errors
/// `FIELD_REQUIRED` when empty, `FIELD_INVALID` when neither.
pub fn expiry(raw: &str) -> Result<Expiry, Message> {
    let text = text(raw);
    if text.is_empty() {
        return Err(Message::new(Code::FieldRequired).with("field", "有效期限"));
    }
    if text == "长期" || text == "長期" {
        return Ok(Expiry::LongTerm);
    }
    date(&text).map(Expiry::Until).ok_or_else(|| Message::new(Code::FieldInvalid).with("field", "有效期限"))
}

fn compact(raw: &str) -> String {
    raw.nfkc().filter(|c| !c.is_whitespace() && !is_hyphen(*c) && !is_middle_dot(*c)).collect()
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' | '\u{30FC}' | '_')
}

fn is_middle_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '∙' | '⋅' | '・' | '･' | '．' | '●' | '\u{16EB}' | '\u{2E31}' | '\u{A78F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_width_case_and_separators() {
        assert_eq!(id_number(" ３２０５００２０１６０９０１０１９ｘ "), "32050020160901019X");
        assert_eq!(id_number("320500 20160901-019x"), "32050020160901019X");
        assert_eq!(id_number("ｅ１２３４５６７８"), "E12345678");
        assert_eq!(card_number("2150 9990—0000 0001").unwrap(), "2150999000000001");
        assert_eq!(card_number("２１５０９９９０００００００01").unwrap(), "2150999000000001");
        assert_eq!(card_number("  ").unwrap_err().code, Code::FieldRequired);
        assert_eq!(card_number("2150 99A0").unwrap_err().code, Code::FieldInvalid);
        assert_eq!(card_number("1234567").unwrap_err().code, Code::FieldInvalid);
        assert_eq!(count("２０", "空白卡").unwrap(), 20);
        assert_eq!(count("-1x", "空白卡").unwrap_err().code, Code::FieldInvalid);
        assert_eq!(count("", "空白卡").unwrap_err().code, Code::FieldRequired);
    }

    #[test]
    fn names_keep_rare_characters_and_unify_dots() {
        for dot in ["·", "•", "‧", "∙", "・", "．", "･"] {
            assert_eq!(name(&format!("买买提{dot}艾力")), "买买提·艾力");
        }
        assert!(same_name("欧阳𬱖", " 欧阳𬱖"));
        assert!(same_name("ＡＮＮＡ  Smith", "Anna Smith"));
        assert!(!same_name("张三", "张叁"));
        assert_eq!(name("𠅤"), "𠅤");
    }

    #[test]
    fn days_in_the_forms_that_are_written() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        for raw in ["2026-11-22", "20261122", "2026.11.22", "2026/11/22", "２０２６年１１月２２日"] {
            assert_eq!(date(raw), Some(day), "{raw}");
        }
        for raw in ["2026-02-30", "26-11-22", "2026-11", "", "2026112"] {
            assert_eq!(date(raw), None, "{raw}");
        }
        assert_eq!(expiry("长期").unwrap(), Expiry::LongTerm);
        assert_eq!(expiry(" 2026.11.22 ").unwrap(), Expiry::Until(day));
        assert_eq!(expiry("").unwrap_err().code, Code::FieldRequired);
        assert_eq!(expiry("明年").unwrap_err().code, Code::FieldInvalid);
    }
}
