//! A unit's list as CSV, in UTF-8 or GB 18030 (what Chinese spreadsheets save), with its columns in any order.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use csv::{ReaderBuilder, StringRecord};
use desk_domain::{
    code::{Code, Message},
    normalise,
    unit::Row,
};
use encoding_rs::GB18030;

/// People in one list.
pub const MOST_ROWS: usize = 2_000;
/// Bytes of a list; 2,000 people need a tenth of it.
pub const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// Characters of a cell; no cell of a person needs more.
const LONGEST_CELL: usize = 200;

const COLUMNS: [&str; 7] = ["姓名", "证件类型", "证件号码", "出生日期", "手机号码", "银行", "照片"];

/// Reads the list of a chosen file.
///
/// # Errors
/// `LIST_UNREADABLE` where the file cannot be read or is no such list, `LIST_TOO_LONG` above [`MOST_BYTES`] or
/// [`MOST_ROWS`]. No more than the bound is ever held.
pub fn read(file: &Path) -> Result<Vec<Row>, Message> {
    let bytes = bounded(file, MOST_BYTES).map_err(|error| unreadable(format!("无法打开（{}）", error.kind())))?;
    parse(&bytes.ok_or_else(|| too_long("4 MB"))?)
}

/// The list in these bytes.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8]) -> Result<Vec<Row>, Message> {
    if u64::try_from(bytes.len()).map_or(true, |length| length > MOST_BYTES) {
        return Err(too_long("4 MB"));
    }
    // Counted by one kind of line end, or the lines told would not be those that a spreadsheet shows.
    let text = decoded(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    if !next(&mut reader, &mut record)? {
        return Err(unreadable("没有内容"));
    }
    let columns = columns(&record)?;
    let width = record.len();
    let mut rows = Vec::new();
    while next(&mut reader, &mut record)? {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(too_long("2000 行"));
        }
        rows.push(row(&record, &columns, width)?);
    }
    if rows.is_empty() { Err(unreadable("没有人员")) } else { Ok(rows) }
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord) -> Result<bool, Message> {
    reader.read_record(record).map_err(|_| unreadable("格式有误"))
}

/// The whole file, or nothing where it is longer than `most` bytes; a length that the file system tells is not believed.
pub(crate) fn bounded(file: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(u64::try_from(bytes.len()).is_ok_and(|length| length <= most).then_some(bytes))
}

fn decoded(bytes: &[u8]) -> Result<String, Message> {
    const WORKBOOK: &[u8] = b"PK\x03\x04";
    const OLD_WORKBOOK: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];
    if bytes.starts_with(WORKBOOK) || bytes.starts_with(OLD_WORKBOOK) {
        return Err(unreadable("是工作簿，须另存为 CSV"));
    }
    if bytes.contains(&0) {
        return Err(unreadable("编码须为 UTF-8 或 GB 18030"));
    }
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| unreadable("编码须为 UTF-8 或 GB 18030"))
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &StringRecord) -> Result<[usize; 7], Message> {
    let names: Vec<String> = header.iter().map(normalise::text).collect();
    let mut found = [0; 7];
    let mut wrong = Vec::new();
    for (place, column) in found.iter_mut().zip(COLUMNS) {
        let mut places = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
        match (places.next(), places.next()) {
            (Some(at), None) => *place = at,
            (None, _) => wrong.push(format!("缺少“{column}”列")),
            (Some(_), Some(_)) => wrong.push(format!("“{column}”列出现两次")),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(unreadable(wrong.join("，"))) }
}

fn row(record: &StringRecord, columns: &[usize; 7], width: usize) -> Result<Row, Message> {
    let line = record.position().map_or(0, csv::Position::line);
    let [name, document, number, birth, phone, bank, photo] = columns.map(|at| record.get(at).unwrap_or_default());
    if [name, document, number, birth, phone, bank, photo].iter().any(|cell| cell.chars().count() > LONGEST_CELL) {
        // A quotation mark that is never closed swallows the rows after it: they would be lost silently.
        return Err(unreadable(format!("第 {line} 行有过长的单元格，可能少了引号")));
    }
    Ok(Row {
        line,
        name: name.to_owned(),
        document: document.to_owned(),
        number: number.to_owned(),
        birth: birth.to_owned(),
        phone: phone.to_owned(),
        bank: bank.to_owned(),
        photo: photo.to_owned(),
        surplus: record.iter().skip(width).any(|cell| !cell.trim().is_empty()),
    })
}

fn unreadable(what: impl ToString) -> Message {
    Message::new(Code::ListUnreadable).with("what", what)
}

fn too_long(most: &str) -> Message {
    Message::new(Code::ListTooLong).with("most", most)
}
