//! Unit batch (单位批量): the papers of the unit's agent, and the list of its people row by row.
//!
//! Every row ends in exactly one of two lists, with everything that is wrong with it at once; one bad row stops no other.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    age,
    code::{Code, Message},
    document, normalise, photo,
    ruleset::{DocumentKind, Hotline, RuleSet},
};

/// Hotlines whose id begins so are those of the cooperating banks.
pub(crate) const BANKS: &str = "bank.";
/// Characters; the longest names of the civil registry stay below.
const LONGEST_NAME: usize = 50;

/// What the unit's agent has laid on the counter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Papers {
    /// Unified social credit code of the certificate, as typed; absent where no certificate was shown.
    pub credit_code: Option<String>,
    /// The unit's letter of authorisation.
    pub letter: bool,
    /// The agent's own identity document, in the original.
    pub agent_original: bool,
}

/// Certificate or letter, and in both cases the agent's own document in the original.
///
/// # Errors
/// `UNIT_DOC_MISSING`. A certificate whose code fails its check character counts for nothing.
pub fn papers(rules: &RuleSet, shown: &Papers) -> Result<(), Message> {
    let certificate = shown.credit_code.as_deref().is_some_and(credit_code);
    if (certificate || shown.letter) && shown.agent_original { Ok(()) } else { Err(rules.message(None, Code::UnitDocMissing)) }
}

/// Is this a unified social credit code: 18 characters of its alphabet, the last one the check character (GB 32100-2015)?
#[must_use]
pub fn credit_code(raw: &str) -> bool {
    /// No I, O, S, V and Z.
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let code = normalise::id_number(raw);
    let values: Option<Vec<usize>> = code.chars().map(|c| ALPHABET.find(c)).collect();
    let Some([body @ .., check]) = values.as_deref() else {
        return false;
    };
    // A region of six digits begins with the third character.
    let region = code.chars().skip(2).take(6).all(|c| c.is_ascii_digit());
    body.len() == WEIGHTS.len() && region && {
        let sum: usize = body.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        *check == (31 - sum % 31) % 31
    }
}

/// One row of the list as it was read, nothing evaluated. `Debug` shows the line only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Where it begins in the file, from 1.
    pub line: u64,
    pub name: String,
    /// Label of a document kind, or its id.
    pub document: String,
    pub number: String,
    /// May be empty where the number holds it.
    pub birth: String,
    pub phone: String,
    /// Label or id of a cooperating bank.
    pub bank: String,
    /// File name; empty where there is none.
    pub photo: String,
    /// Has more cells than the list has columns: a comma too many moves everything after it.
    pub surplus: bool,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Row {
    /// The cells with the names of their columns.
    fn cells(&self) -> [(&'static str, &str); 7] {
        [
            ("姓名", &self.name),
            ("证件类型", &self.document),
            ("证件号码", &self.number),
            ("出生日期", &self.birth),
            ("手机号码", &self.phone),
            ("银行", &self.bank),
            ("照片", &self.photo),
        ]
    }
}

/// What lies in the folder under the name that a row gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoFile {
    Missing,
    /// A path, a hidden file, or nothing that a plain file could be called.
    BadName,
    Found(photo::Facts),
}

/// A row that can be submitted. `Debug` shows the line only.
#[derive(Clone, PartialEq, Eq)]
pub struct Ready {
    pub line: u64,
    pub name: String,
    /// Id of the document kind.
    pub document: String,
    pub number: String,
    pub birth: NaiveDate,
    pub phone: String,
    /// Id of the bank's hotline.
    pub bank: String,
    /// File name, where a photo goes along.
    pub photo: Option<String>,
    /// The photo's tag of the resolution has to be corrected when it is taken.
    pub correct_dpi: bool,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").field("line", &self.line).finish_non_exhaustive()
    }
}

/// A row that cannot, and everything that stands against it; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub line: u64,
    pub messages: Vec<Message>,
}

/// Every row of the list in one of the two, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    pub ready: Vec<Ready>,
    pub refused: Vec<Refused>,
}

/// Checks every row. `photo_file` says what lies under a file name and is asked at most once a row.
pub fn check(rules: &RuleSet, today: NaiveDate, rows: &[Row], mut photo_file: impl FnMut(&str) -> PhotoFile) -> Checked {
    let mut checked = Checked::default();
    for (row, repeated) in rows.iter().zip(repeats(rules, today, rows)) {
        match judge(rules, today, row, repeated, &mut photo_file) {
            Ok(ready) => checked.ready.push(ready),
            Err(refused) => checked.refused.push(refused),
        }
    }
    checked
}

/// Checks one row; `repeated` is what [`repeats`] says of it.
///
/// # Errors
/// Everything that stands against the row.
pub fn judge(
    rules: &RuleSet,
    today: NaiveDate,
    row: &Row,
    repeated: Vec<Message>,
    mut photo_file: impl FnMut(&str) -> PhotoFile,
) -> Result<Ready, Refused> {
    let mut messages = Vec::new();
    let ready = one(rules, today, row, &mut photo_file, &mut messages);
    messages.extend(repeated);
    match ready {
        Some(ready) if messages.is_empty() => Ok(ready),
        Some(_) | None => Err(Refused { line: row.line, messages }),
    }
}

/// For each row what it repeats of a row before it. The row that came first stands, and the repetition says where it is.
#[must_use]
pub fn repeats(rules: &RuleSet, today: NaiveDate, rows: &[Row]) -> Vec<Vec<Message>> {
    // First row of each number and of each photo.
    let mut numbers = BTreeMap::new();
    let mut photos = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let mut messages = Vec::new();
            // The old form of a number and the new one are the same person.
            let number = person(rules, today, row, &mut Vec::new()).map_or_else(|| normalise::id_number(&row.number), |person| person.1);
            twice(&mut numbers, number, row.line, "证件号码", &mut messages);
            twice(&mut photos, row.photo.trim().to_owned(), row.line, "照片", &mut messages);
            messages
        })
        .collect()
}

fn twice(seen: &mut BTreeMap<String, u64>, key: String, line: u64, field: &str, messages: &mut Vec<Message>) {
    if key.is_empty() {
        return;
    }
    let first = *seen.entry(key).or_insert(line);
    if first != line {
        messages.push(Message::new(Code::RowRepeated).with("field", field).with("line", first));
    }
}

/// `None` where a message was added that leaves nothing to build from; there may be messages beside a `Some`, too.
fn one(
    rules: &RuleSet,
    today: NaiveDate,
    row: &Row,
    photo_file: &mut impl FnMut(&str) -> PhotoFile,
    messages: &mut Vec<Message>,
) -> Option<Ready> {
    if row.surplus {
        messages.push(invalid("列数"));
    }
    for (field, cell) in row.cells() {
        // A spreadsheet would evaluate it, here or wherever the error list is opened.
        if cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            messages.push(Message::new(Code::CellFormula).with("field", field));
        }
    }
    let name = normalise::name(&row.name);
    if name.is_empty() {
        messages.push(required("姓名"));
    } else if name.chars().count() > LONGEST_NAME || !name.chars().all(named) {
        messages.push(invalid("姓名"));
    }
    let phone = normalise::id_number(&row.phone);
    if phone.is_empty() {
        messages.push(required("手机号码"));
    } else if !mobile(&phone) {
        messages.push(invalid("手机号码"));
    }
    let bank = bank(rules, &row.bank).map_err(|message| messages.push(message)).ok();
    let person = person(rules, today, row, messages);
    let (photo, correct_dpi) = photo_of(rules, today, row, person.as_ref().map(|person| person.2), photo_file, messages);
    let (kind, number, birth) = person?;
    Some(Ready { line: row.line, name, document: kind.id.clone(), number, birth, phone, bank: bank?.id.clone(), photo, correct_dpi })
}

/// Document, number and birth; `None` with the reasons among the messages.
fn person<'a>(
    rules: &'a RuleSet,
    today: NaiveDate,
    row: &Row,
    messages: &mut Vec<Message>,
) -> Option<(&'a DocumentKind, String, NaiveDate)> {
    let typed = normalise::text(&row.document);
    let list = || rules.documents.iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join("、");
    let kind = rules.documents.iter().find(|kind| kind.label == typed || kind.id == typed);
    if kind.is_none() {
        messages.push(if typed.is_empty() {
            required("证件类型")
        } else {
            rules.message(None, Code::DocNotAccepted).with("list", list())
        });
    }
    let written = normalise::date(&row.birth).filter(|birth| *birth <= today);
    if written.is_none() && !row.birth.trim().is_empty() {
        messages.push(invalid("出生日期"));
    }
    let kind = kind?;
    let number = document::check(&row.number, kind.number, today).map_err(|message| messages.push(message)).ok()?;
    let by_kind = |code| if kind.rule.is_empty() { rules.message(None, code) } else { rules.by_rule(code, &kind.rule) };
    if !document::belongs(&number, &kind.persons) {
        messages.push(by_kind(kind.wrong_person).with("list", list()));
    }
    if number.birth.zip(written).is_some_and(|(in_number, written)| in_number != written) {
        messages.push(Message::new(Code::AgeMismatch));
    }
    let Some(birth) = number.birth.or(written) else {
        if row.birth.trim().is_empty() {
            messages.push(required("出生日期"));
        }
        return None;
    };
    if kind.below_age.is_some_and(|below| age::full_years(birth, today) >= below) {
        messages.push(by_kind(Code::HukouNotAccepted));
    }
    Some((kind, number.number, birth))
}

fn photo_of(
    rules: &RuleSet,
    today: NaiveDate,
    row: &Row,
    birth: Option<NaiveDate>,
    photo_file: &mut impl FnMut(&str) -> PhotoFile,
    messages: &mut Vec<Message>,
) -> (Option<String>, bool) {
    let file = row.photo.trim();
    if let Some(birth) = birth
        && let Err(message) = photo::needed(rules, birth, today, !file.is_empty())
    {
        messages.push(message);
    }
    if file.is_empty() {
        return (None, false);
    }
    let mut correct_dpi = false;
    match photo_file(file) {
        PhotoFile::Missing => messages.push(Message::new(Code::PhotoFileMissing)),
        PhotoFile::BadName => messages.push(invalid("照片")),
        PhotoFile::Found(facts) => {
            let verdict = photo::check(rules, &facts);
            correct_dpi = verdict.correct_dpi;
            messages.extend(verdict.defects);
        }
    }
    (Some(file.to_owned()), correct_dpi)
}

fn bank<'a>(rules: &'a RuleSet, raw: &str) -> Result<&'a Hotline, Message> {
    let typed = normalise::text(raw);
    if typed.is_empty() {
        return Err(required("银行"));
    }
    let banks = rules.hotlines.iter().filter_map(|hotline| Some((hotline, hotline.id.strip_prefix(BANKS)?)));
    banks
        .into_iter()
        .find(|(hotline, id)| hotline.label == typed || id.eq_ignore_ascii_case(&typed))
        .map(|(hotline, _)| hotline)
        .ok_or_else(|| rules.message(None, Code::BankNotCooperating))
}

/// A mainland mobile number: 11 digits beginning 13 to 19.
pub(crate) fn mobile(phone: &str) -> bool {
    phone.len() == 11 && phone.bytes().all(|byte| byte.is_ascii_digit()) && matches!(phone.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// A character that a name can hold. Private-use characters look different on every computer, and U+FFFD is what is left
/// of a character that was lost before.
fn named(c: char) -> bool {
    let private = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}');
    (c.is_alphabetic() || matches!(c, '·' | ' ' | '.' | '\'' | '-' | '〇')) && !private && c != '\u{FFFD}'
}

fn required(field: &str) -> Message {
    Message::new(Code::FieldRequired).with("field", field)
}

fn invalid(field: &str) -> Message {
    Message::new(Code::FieldInvalid).with("field", field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::{RuleFile, RuleSets};

    const FILE: &str = "changzhou-one-card.toml";

    fn rules() -> RuleSet {
        let text = std::fs::read_to_string(format!("{}/../../rules/{FILE}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        RuleSets::load(&[RuleFile { name: FILE, text: &text }]).unwrap().all()[0].clone()
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    /// A synthetic number of a region that does not exist.
    fn number(serial: u32) -> String {
        let body = format!("19990119800101{:03}", serial % 1000);
        format!("{body}{}", document::check_character(&body).unwrap())
    }

    fn row(line: u64, serial: u32) -> Row {
        Row {
            line,
            name: format!("测试{}", ['甲', '乙', '丙'][usize::try_from(serial % 3).unwrap()]),
            document: "resident_id".into(),
            number: number(serial),
            birth: "1980-01-01".into(),
            phone: "13900000000".into(),
            bank: "ICBC".into(),
            photo: format!("{serial}.jpg"),
            surplus: false,
        }
    }

    fn good(_: &str) -> PhotoFile {
        PhotoFile::Found(photo::Facts {
            bytes: 40_000,
            picture: photo::Picture::Opened(photo::Opened {
                width: 358,
                height: 441,
                dpi: Some(350),
                components: 3,
                pixels: Some(photo::Pixels { white_border: 1000, coloured: 500 }),
            }),
        })
    }

    fn codes(checked: &Checked) -> Vec<(u64, Vec<Code>)> {
        checked.refused.iter().map(|refused| (refused.line, refused.messages.iter().map(|message| message.code).collect())).collect()
    }

    #[test]
    fn every_fault_of_a_row_is_told_at_once_and_stops_no_other_row() {
        let bad = Row {
            name: "=cmd|' /C calc'!A0".into(),
            document: "借书证".into(),
            birth: "2030-01-01".into(),
            phone: "+8613900000000".into(),
            bank: "测试银行".into(),
            photo: "missing.jpg".into(),
            surplus: true,
            ..row(3, 2)
        };
        let files = |name: &str| if name == "missing.jpg" { PhotoFile::Missing } else { good(name) };
        let checked = check(&rules(), today(), &[row(2, 1), bad, row(4, 3)], files);
        assert_eq!(checked.ready.iter().map(|ready| ready.line).collect::<Vec<_>>(), [2, 4]);
        let expected = vec![
            Code::FieldInvalid,
            Code::CellFormula,
            Code::CellFormula,
            Code::FieldInvalid,
            Code::FieldInvalid,
            Code::BankNotCooperating,
            Code::DocNotAccepted,
            Code::FieldInvalid,
            Code::PhotoFileMissing,
        ];
        assert_eq!(codes(&checked), [(3, expected)]);
        let empty = Row { line: 2, ..Row::default() };
        let nothing = check(&rules(), today(), &[empty], good);
        assert_eq!(codes(&nothing), [(2, vec![Code::FieldRequired; 4])]);
    }

    #[test]
    fn cells_that_a_spreadsheet_would_evaluate_are_refused() {
        for start in ["=", "+", "-", "@", " =", "\t@", "＝", "－"] {
            let formula = Row { name: format!("{start}测试"), ..row(2, 1) };
            let checked = check(&rules(), today(), &[formula], good);
            assert!(codes(&checked)[0].1.contains(&Code::CellFormula), "{start}");
        }
    }

    #[test]
    fn what_repeats_a_row_is_refused_and_the_first_stands() {
        let again = Row { line: 9, photo: "other.jpg".into(), number: number(1).to_lowercase(), ..row(9, 1) };
        let same_photo = Row { photo: "1.jpg".into(), ..row(10, 2) };
        let checked = check(&rules(), today(), &[row(2, 1), again, same_photo], good);
        assert_eq!(checked.ready.len(), 1);
        assert_eq!(codes(&checked), [(9, vec![Code::RowRepeated]), (10, vec![Code::RowRepeated])]);
        assert_eq!(checked.refused[0].messages[0].text(), "证件号码与第 2 行重复。");
    }

    #[test]
    fn birth_and_document_have_to_agree() {
        let other_day = Row { birth: "1980-01-02".into(), ..row(2, 1) };
        assert_eq!(codes(&check(&rules(), today(), &[other_day], good)), [(2, vec![Code::AgeMismatch])]);
        let from_number = Row { birth: String::new(), ..row(2, 1) };
        assert_eq!(check(&rules(), today(), &[from_number], good).ready[0].birth, NaiveDate::from_ymd_opt(1980, 1, 1).unwrap());
        let passport = Row { document: "passport".into(), number: "X1234567".into(), birth: String::new(), ..row(2, 1) };
        assert_eq!(codes(&check(&rules(), today(), &[passport], good)), [(2, vec![Code::FieldRequired])]);
        let right = number(1);
        let last = if right.ends_with('0') { "1" } else { "0" };
        let wrong_digit = Row { number: format!("{}{last}", &right[..17]), ..row(2, 1) };
        assert_eq!(codes(&check(&rules(), today(), &[wrong_digit], good)), [(2, vec![Code::IdChecksum])]);
    }

    #[test]
    fn names_that_another_computer_shows_otherwise_are_refused() {
        for name in ["测试\u{E000}", "测试\u{FFFD}", "测试1", &"测".repeat(51)] {
            let rare = Row { name: name.into(), ..row(2, 1) };
            assert_eq!(codes(&check(&rules(), today(), &[rare], good)), [(2, vec![Code::FieldInvalid])], "{name}");
        }
        for name in ["测试𠅤", "买买提·测试", "TEST O'NEIL", "〇测试"] {
            let rare = Row { name: name.into(), ..row(2, 1) };
            assert_eq!(check(&rules(), today(), &[rare], good).ready.len(), 1, "{name}");
        }
    }

    #[test]
    fn nothing_of_a_long_list_is_lost() {
        let rows: Vec<Row> = (0..900).map(|serial| row(u64::from(serial) + 2, serial)).collect();
        let files = |name: &str| if name.starts_with('7') { PhotoFile::Missing } else { good(name) };
        let checked = check(&rules(), today(), &rows, files);
        let mut lines: Vec<u64> =
            checked.ready.iter().map(|ready| ready.line).chain(checked.refused.iter().map(|refused| refused.line)).collect();
        lines.sort_unstable();
        assert_eq!(lines, (2..902).collect::<Vec<_>>());
        assert_eq!(checked.refused.len(), 111);
    }

    #[test]
    fn social_credit_codes_are_proven_by_their_last_character() {
        assert!(credit_code("91350100M000100Y43"));
        let code = "91350100M000100Y43";
        for place in 0..code.len() {
            for other in "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().filter(|other| code.chars().nth(place) != Some(*other)) {
                let changed: String = code.chars().enumerate().map(|(at, c)| if at == place { other } else { c }).collect();
                assert!(!credit_code(&changed), "{changed}");
            }
        }
        assert!(!credit_code(""));
    }
}
