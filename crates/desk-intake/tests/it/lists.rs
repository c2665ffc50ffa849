//! Lists of units: encodings, formulas, repeats, sizes; every row has its own errors.

use desk_domain::{
    code::{Code, Message},
    unit::Row,
};
use desk_intake::list::{self, MOST_BYTES, MOST_ROWS};

const HEADER: &str = "姓名,证件类型,证件号码,出生日期,手机号码,银行,照片\r\n";
const ROW: &str = "测试甲,resident_id,199901198001010011,1980-01-01,13900000000,ICBC,a.jpg\r\n";

fn parse(bytes: &[u8]) -> Result<Vec<Row>, Message> {
    list::parse(bytes, MOST_ROWS)
}

fn read(file: &std::path::Path) -> Result<Vec<Row>, Message> {
    list::read(file, MOST_ROWS)
}

fn code(bytes: &[u8]) -> Code {
    parse(bytes).unwrap_err().code
}

#[test]
fn the_same_list_in_every_encoding_that_spreadsheets_save() {
    let text = format!("{HEADER}{ROW}");
    let plain = parse(text.as_bytes()).unwrap();
    assert_eq!((plain.len(), plain[0].line, plain[0].name.as_str()), (1, 2, "测试甲"));
    assert_eq!(parse(format!("\u{FEFF}{text}").as_bytes()).unwrap(), plain);
    let (gb, ..) = encoding_rs::GB18030.encode(&text);
    assert!(std::str::from_utf8(&gb).is_err());
    assert_eq!(parse(&gb).unwrap(), plain);
    // A character that only the four-byte part of GB 18030 holds.
    let rare = text.replace("测试甲", "测试𠅤");
    let (gb, ..) = encoding_rs::GB18030.encode(&rare);
    assert_eq!(parse(&gb).unwrap()[0].name, "测试𠅤");
}

#[test]
fn what_is_no_such_list_is_refused_as_a_whole() {
    let utf16: Vec<u8> = format!("\u{FEFF}{HEADER}{ROW}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(code(&utf16), Code::ListUnreadable);
    assert_eq!(code(b"PK\x03\x04 a workbook"), Code::ListUnreadable);
    assert_eq!(code(b""), Code::ListUnreadable);
    assert_eq!(code(HEADER.as_bytes()), Code::ListUnreadable);
    assert_eq!(code(&[HEADER.as_bytes(), b"\xFF\xFF\xFF,\r\n"].concat()), Code::ListUnreadable);
    let missing = parse("姓名,证件号码\r\n".as_bytes()).unwrap_err();
    assert!(missing.text().contains("缺少“证件类型”列") && missing.text().contains("缺少“照片”列"), "{}", missing.text());
    let twice = format!("姓名,{HEADER}{ROW}");
    assert!(parse(twice.as_bytes()).unwrap_err().text().contains("“姓名”列出现两次"));
}

#[test]
fn columns_come_in_any_order_and_a_moved_row_is_marked() {
    let text = "备注,照片,银行,手机号码,出生日期,证件号码,证件类型,姓名\n,a.jpg,ICBC,1,2,3,4,测试甲\n一,二,a.jpg,ICBC,1,2,3,4,测试乙\n,,,,,,,\n,b.jpg\n";
    let rows = parse(text.as_bytes()).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].name.as_str(), rows[0].photo.as_str(), rows[0].surplus), ("测试甲", "a.jpg", false));
    assert!(rows[1].surplus);
    assert_eq!((rows[2].line, rows[2].photo.as_str(), rows[2].name.as_str()), (5, "b.jpg", ""));
}

#[test]
fn formulas_stay_what_was_written() {
    let text = format!("{HEADER}\"=HYPERLINK(\"\"x\"\")\",+1,-1,@a,1,2,3\n");
    let rows = parse(text.as_bytes()).unwrap();
    assert_eq!(rows[0].name, "=HYPERLINK(\"x\")");
    assert_eq!((rows[0].document.as_str(), rows[0].number.as_str(), rows[0].birth.as_str()), ("+1", "-1", "@a"));
}

#[test]
fn a_list_is_read_up_to_its_bounds_and_no_further() {
    let full = format!("{HEADER}{}", ROW.repeat(MOST_ROWS));
    assert_eq!(parse(full.as_bytes()).unwrap().len(), MOST_ROWS);
    assert_eq!(code(format!("{full}{ROW}").as_bytes()), Code::ListTooLong);
    let length = usize::try_from(MOST_BYTES).unwrap();
    assert_eq!(code(&vec![b'a'; length + 1]), Code::ListTooLong);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.csv");
    // A file of a terabyte that takes no room.
    std::fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(read(&file).unwrap_err().code, Code::ListTooLong);
    assert_eq!(read(&folder.path().join("none.csv")).unwrap_err().code, Code::ListUnreadable);
    // A pipe or a device that never ends is read up to the bound as well.
    #[cfg(unix)]
    assert_eq!(read(std::path::Path::new("/dev/zero")).unwrap_err().code, Code::ListTooLong);
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_no_row() {
    let text = format!("{HEADER}\"测试甲,resident_id\n{}", ROW.repeat(50));
    assert_eq!(code(text.as_bytes()), Code::ListUnreadable);
}
