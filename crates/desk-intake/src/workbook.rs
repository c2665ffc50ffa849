//! A list as an XLSX workbook: its first sheet, cell by cell. Nothing is evaluated: a formula stays one and is refused with its
//! row, whatever value the file keeps beside it; macros are refused as a whole.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use chrono::NaiveDate;
use desk_domain::code::Message;

use crate::list::{List, too_long, unreadable};

/// Bytes of all files inside, unpacked; a workbook of 2,000 people needs a twentieth of it. Counted by unpacking: what the
/// archive says of itself is not believed.
pub const MOST_UNPACKED: u64 = 32 * 1024 * 1024;
/// Files inside.
const MOST_FILES: usize = 500;
/// Columns that are looked at; what stands beyond counts as surplus.
const MOST_COLUMNS: usize = 64;
/// Whole numbers up to here stand in a cell without a loss; a longer number was spoilt by the spreadsheet.
const LARGEST_WHOLE: f64 = 999_999_999_999_999.0;

pub(crate) fn read(bytes: &[u8], list: &mut List) -> Result<(), Message> {
    unpacked(bytes)?;
    let broken = || unreadable("工作簿损坏或不是 XLSX");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let Some(first) = book.sheet_names().first().cloned() else {
        return Err(unreadable("没有内容"));
    };
    let mut cells = book.worksheet_cells_reader(&first).map_err(|_| broken())?;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|_| broken())? {
        let (line, column) = cell.pos;
        if line < at {
            return Err(broken());
        }
        if line > at {
            flush(list, at, &mut row)?;
            at = line;
        }
        let text = if cell.formula.is_some() { "=公式".to_owned() } else { text(&cell.value) };
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(MOST_COLUMNS).min(MOST_COLUMNS);
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        if let Some(place) = row.get_mut(column) {
            *place = text;
        }
    }
    flush(list, at, &mut row)
}

fn flush(list: &mut List, at: u32, row: &mut Vec<String>) -> Result<(), Message> {
    if !row.is_empty() {
        list.row(u64::from(at) + 1, &row.iter().map(String::as_str).collect::<Vec<_>>())?;
        row.clear();
    }
    Ok(())
}

/// Unpacks everything once, into nowhere.
fn unpacked(bytes: &[u8]) -> Result<(), Message> {
    let broken = || unreadable("工作簿损坏或不是 XLSX");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > MOST_FILES {
        return Err(too_long("32 MB（展开后）"));
    }
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|_| broken())?;
        if file.name().map_err(|_| broken())?.to_ascii_lowercase().contains("vbaproject") {
            return Err(unreadable("是含宏的工作簿，须另存为不含宏的 XLSX"));
        }
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(read).ok_or_else(|| too_long("32 MB（展开后）"))?;
    }
    Ok(())
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(whole) => whole.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() <= LARGEST_WHOLE => format!("{number:.0}"),
        // Eighteen digits as a number: the last ones are gone. It must not pass for what was typed.
        DataRef::Float(number) => format!("{number:E}"),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).map_or_else(String::new, |day| day.to_string())
        }
        DataRef::Error(error) => format!("#{error}"),
    }
}
