//! A unit's list: CSV in UTF-8 or GB 18030 (what Chinese spreadsheets save), or an XLSX workbook; its columns in any order.

use std::{
    fs::{self, File},
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
use sha2::{Digest, Sha256};

use crate::{photo::plain, workbook};

/// People in one list, whatever a programme says.
pub const MOST_ROWS: usize = 2_000;
/// Bytes of a list; 2,000 people need a tenth of it.
pub const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// Characters of a cell; no cell of a person needs more.
const LONGEST_CELL: usize = 200;
/// Files of the folder that are looked at.
const MOST_FILES: usize = 20_000;

const COLUMNS: [&str; 7] = ["姓名", "证件类型", "证件号码", "出生日期", "手机号码", "银行", "照片"];

/// A list, and which file it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub rows: Vec<Row>,
    /// Of the file, hexadecimal digits.
    pub sha256: String,
}

/// Names of the lists in a folder, in order; at most so many.
///
/// # Errors
/// `LIST_UNREADABLE` where the folder cannot be read.
pub fn names(folder: &Path, most: usize) -> Result<Vec<String>, Message> {
    let failed = |error: io::Error| unreadable(format!("收件文件夹打不开（{}）", error.kind()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(MOST_FILES) {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let list = name.rsplit_once('.').is_some_and(|(_, ending)| ["csv", "xlsx"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
        if list && plain(&name) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.truncate(most);
    Ok(names)
}

/// Reads a list by its name in a folder: a plain file in that very folder and nothing else.
///
/// # Errors
/// As [`read`].
pub fn take(folder: &Path, name: &str, most_rows: usize) -> Result<Taken, Message> {
    let path = folder.join(name);
    let there = plain(name) && fs::symlink_metadata(&path).is_ok_and(|about| about.is_file());
    if !there {
        return Err(unreadable("不在收件文件夹中"));
    }
    let bytes = whole(&path)?;
    Ok(Taken { rows: parse(&bytes, most_rows)?, sha256: hex::encode(Sha256::digest(&bytes)) })
}

/// Reads the list of a chosen file.
///
/// # Errors
/// `LIST_UNREADABLE` where the file cannot be read or is no such list, `LIST_TOO_LONG` above [`MOST_BYTES`] or `most_rows`.
/// No more than the bound is ever held.
pub fn read(file: &Path, most_rows: usize) -> Result<Vec<Row>, Message> {
    parse(&whole(file)?, most_rows)
}

fn whole(file: &Path) -> Result<Vec<u8>, Message> {
    let bytes = bounded(file, MOST_BYTES).map_err(|error| unreadable(format!("无法打开（{}）", error.kind())))?;
    bytes.ok_or_else(|| too_long("4 MB"))
}

/// The list in these bytes.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], most_rows: usize) -> Result<Vec<Row>, Message> {
    const OLD_WORKBOOK: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];
    if u64::try_from(bytes.len()).map_or(true, |length| length > MOST_BYTES) {
        return Err(too_long("4 MB"));
    }
    let mut list = List::new(most_rows.min(MOST_ROWS));
    if bytes.starts_with(b"PK\x03\x04") {
        workbook::read(bytes, &mut list)?;
    } else if bytes.starts_with(OLD_WORKBOOK) {
        return Err(unreadable("是旧格式工作簿，须另存为 XLSX 或 CSV"));
    } else {
        text(bytes, &mut list)?;
    }
    list.end()
}

fn text(bytes: &[u8], list: &mut List) -> Result<(), Message> {
    // Counted by one kind of line end, or the lines told would not be those that a spreadsheet shows.
    let text = decoded(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| unreadable("格式有误"))? {
        let line = record.position().map_or(0, csv::Position::line);
        list.row(line, &record.iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The whole file, or nothing where it is longer than `most` bytes; a length that the file system tells is not believed.
pub(crate) fn bounded(file: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(u64::try_from(bytes.len()).is_ok_and(|length| length <= most).then_some(bytes))
}

fn decoded(bytes: &[u8]) -> Result<String, Message> {
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

/// A list in the making: the first row that is not empty names the columns.
pub(crate) struct List {
    most_rows: usize,
    /// Where each of [`COLUMNS`] stands, and how many there are.
    header: Option<([usize; 7], usize)>,
    rows: Vec<Row>,
}

impl List {
    fn new(most_rows: usize) -> Self {
        Self { most_rows, header: None, rows: Vec::new() }
    }

    /// Cells of the next row, whatever is in them.
    pub(crate) fn row(&mut self, line: u64, cells: &[&str]) -> Result<(), Message> {
        let Some((columns, width)) = self.header else {
            self.header = Some((columns(cells)?, cells.len()));
            return Ok(());
        };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if self.rows.len() == self.most_rows {
            return Err(too_long(&format!("{} 行", self.most_rows)));
        }
        let [name, document, number, birth, phone, bank, photo] = columns.map(|at| cells.get(at).copied().unwrap_or_default());
        if [name, document, number, birth, phone, bank, photo].iter().any(|cell| cell.chars().count() > LONGEST_CELL) {
            // A quotation mark that is never closed swallows the rows after it: they would be lost silently.
            return Err(unreadable(format!("第 {line} 行有过长的单元格，可能少了引号")));
        }
        self.rows.push(Row {
            line,
            name: name.to_owned(),
            document: document.to_owned(),
            number: number.to_owned(),
            birth: birth.to_owned(),
            phone: phone.to_owned(),
            bank: bank.to_owned(),
            photo: photo.to_owned(),
            surplus: cells.iter().skip(width).any(|cell| !cell.trim().is_empty()),
        });
        Ok(())
    }

    fn end(self) -> Result<Vec<Row>, Message> {
        if self.header.is_none() {
            return Err(unreadable("没有内容"));
        }
        if self.rows.is_empty() { Err(unreadable("没有人员")) } else { Ok(self.rows) }
    }
}

fn columns(header: &[&str]) -> Result<[usize; 7], Message> {
    let names: Vec<String> = header.iter().map(|name| normalise::text(name)).collect();
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

pub(crate) fn unreadable(what: impl ToString) -> Message {
    Message::new(Code::ListUnreadable).with("what", what)
}

pub(crate) fn too_long(most: &str) -> Message {
    Message::new(Code::ListTooLong).with("most", most)
}
