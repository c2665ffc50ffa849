//! Lists as XLSX workbooks: the same rows as from CSV, formulas refused by row, and nothing that unpacks without end.

use std::io::{Cursor, Write};

use chrono::NaiveDate;
use desk_domain::{
    code::{Code, Message},
    ruleset::{RuleFile, RuleSets},
    unit::{self, PhotoFile, Row},
};
use desk_intake::list::{self, MOST_ROWS};
use zip::{ZipWriter, write::SimpleFileOptions};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="名单" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Style 1 is a day.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
const HEADER: [&str; 7] = ["姓名", "证件类型", "证件号码", "出生日期", "手机号码", "银行", "照片"];

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn book_of(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    files.extend_from_slice(more);
    packed(&files)
}

fn sheet(rows: &str) -> String {
    let head: String = HEADER.iter().map(|name| text(name)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">{head}</row>{rows}</sheetData></worksheet>"#
    )
}

fn text(value: &str) -> String {
    format!(r#"<c t="inlineStr"><is><t>{value}</t></is></c>"#)
}

fn person(line: u64, name: &str) -> String {
    let cells: String = [name, "resident_id", "199901198001010011"].iter().map(|value| text(value)).collect();
    // A day as a spreadsheet keeps it, and a telephone number as a number.
    format!(
        r#"<row r="{line}">{cells}<c s="1"><v>29221</v></c><c><v>13900000000</v></c>{}{}</row>"#,
        text("ICBC"),
        text(&format!("{line}.jpg"))
    )
}

fn parse(bytes: &[u8]) -> Result<Vec<Row>, Message> {
    list::parse(bytes, MOST_ROWS)
}

fn refused(bytes: &[u8]) -> Message {
    parse(bytes).unwrap_err()
}

/// The codes of the rows that are refused, by line.
fn codes(rows: &[Row]) -> Vec<(u64, Vec<Code>)> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/changzhou-one-card.toml")).unwrap();
    let sets = RuleSets::load(&[RuleFile { name: "rules", text: &text }]).unwrap();
    let checked = unit::check(&sets.all()[0], NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(), rows, |_| PhotoFile::Missing);
    checked.refused.iter().map(|refused| (refused.line, refused.messages.iter().map(|message| message.code).collect())).collect()
}

#[test]
fn a_workbook_gives_the_rows_that_the_same_list_gives_as_text() {
    let book = book_of(&sheet(&format!("{}{}", person(2, "测试甲"), person(5, "测试𠅤"))), &[]);
    let csv = "姓名,证件类型,证件号码,出生日期,手机号码,银行,照片\n测试甲,resident_id,199901198001010011,1980-01-01,13900000000,ICBC,2.jpg\n,\n,\n测试𠅤,resident_id,199901198001010011,1980-01-01,13900000000,ICBC,5.jpg\n";
    assert_eq!(parse(&book).unwrap(), parse(csv.as_bytes()).unwrap());
}

#[test]
fn a_formula_is_an_error_of_its_row_whatever_it_came_to() {
    let formula = format!(
        r#"<row r="2">{}{}<c><f>HYPERLINK("http://x")</f><v>199901198001010011</v></c>{}</row>"#,
        text("测试甲"),
        text("resident_id"),
        text("1980-01-01")
    );
    let rows = parse(&book_of(&sheet(&format!("{formula}{}", person(3, "测试乙"))), &[])).unwrap();
    assert_eq!(rows[0].number, "=公式");
    let codes = codes(&rows);
    assert!(codes.iter().any(|(line, codes)| *line == 2 && codes.contains(&Code::CellFormula)), "{codes:?}");
    assert!(!codes.iter().any(|(line, codes)| *line == 3 && codes.contains(&Code::CellFormula)), "{codes:?}");
}

#[test]
fn a_number_that_the_spreadsheet_has_spoilt_does_not_pass_for_what_was_typed() {
    let spoilt = format!("<row r=\"2\">{}{}<c><v>199901198001010011</v></c></row>", text("测试甲"), text("resident_id"));
    let rows = parse(&book_of(&sheet(&spoilt), &[])).unwrap();
    assert!(rows[0].number.contains('E'), "{}", rows[0].number);
    assert!(codes(&rows)[0].1.contains(&Code::IdFormat), "{:?}", codes(&rows));
}

#[test]
fn macros_and_what_is_no_workbook_are_refused_as_a_whole() {
    let whole = sheet(&person(2, "测试甲"));
    let with_macro = book_of(&whole, &[("xl/vbaProject.bin", b"x")]);
    assert!(refused(&with_macro).text().contains("含宏"), "{}", refused(&with_macro).text());
    let good = book_of(&whole, &[]);
    for cut in [4, 30, good.len() / 2, good.len() - 3] {
        assert_eq!(refused(&good[..cut]).code, Code::ListUnreadable, "cut at {cut}");
    }
    assert_eq!(refused(&packed(&[("a.txt", b"a")])).code, Code::ListUnreadable);
    assert_eq!(refused(&book_of("<worksheet><sheetData><row><c", &[])).code, Code::ListUnreadable);
    assert_eq!(refused(&book_of(&sheet(""), &[])).code, Code::ListUnreadable);
    assert_eq!(refused(b"\xD0\xCF\x11\xE0 an old one").code, Code::ListUnreadable);
    let row = person(2, "测试甲").replace("证件", "");
    assert_eq!(parse(&book_of(&sheet(&row), &[])).unwrap().len(), 1);
}

#[test]
fn rows_above_the_bound_and_cells_far_away_take_no_room() {
    let rows: String = (2..=2_002).map(|line| person(line, "测试甲")).collect();
    assert_eq!(refused(&book_of(&sheet(&rows), &[])).code, Code::ListTooLong);
    assert_eq!(list::parse(&book_of(&sheet(&rows), &[]), 5).unwrap_err().text(), "名单过长，最多 5 行。");
    // The last cell of the largest sheet there is: a table as wide and as long would take 17 thousand million cells.
    let far = format!("{}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", person(2, "测试甲"));
    let rows = parse(&book_of(&sheet(&far), &[])).unwrap();
    assert_eq!(rows.iter().map(|row| (row.line, row.surplus)).collect::<Vec<_>>(), [(2, false), (1_048_576, true)]);
}

#[test]
fn what_unpacks_without_end_is_stopped_by_counting_and_not_by_its_word() {
    let zeros = vec![b' '; 48 * 1024 * 1024];
    let bomb = book_of(&sheet(&person(2, "测试甲")), &[("xl/media/image1.png", &zeros)]);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(refused(&bomb).code, Code::ListTooLong);
    // The same, and it says of itself that it is small.
    let mut liar = bomb.clone();
    let real = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<usize> = liar.windows(4).enumerate().filter(|(_, four)| *four == real).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        liar[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let code = refused(&liar).code;
    assert!(matches!(code, Code::ListTooLong | Code::ListUnreadable), "{code:?}");
}
