//! What stands on the papers, read back by poppler.

use desk_app::ports::{Block, Sheet, SheetFormat};
use desk_domain::code::Code;
use desk_print::{FontFile, FontProblem, Typeface, render};

use crate::sheets::{at, face, receipt, refund, report, slip, text_of, voucher};

/// Texts that have to be found; poppler may put spaces between columns, so spaces do not count.
fn shows(sheet: &Sheet, wanted: &[&str]) -> String {
    let pdf = render(sheet, &face(), at()).unwrap();
    // Left in target/tmp/papers for the eye.
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/papers");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/{}.pdf", sheet.name), &pdf).unwrap();
    assert!(pdf.len() < 80_000, "{} is {} bytes", sheet.title, pdf.len());
    let text = text_of(&pdf);
    let dense: String = text.split_whitespace().collect();
    for want in wanted {
        let want: String = want.split_whitespace().collect();
        assert!(dense.contains(&want), "{want} is missing on\n{text}");
    }
    text
}

#[test]
fn receipt_shows_amount_in_figures_and_capitals_with_place_and_case() {
    shows(
        &receipt(),
        &[
            "收据",
            "示范市民卡服务中心",
            "￥20.00",
            "大写",
            "人民币贰拾元整",
            "张*𬭎",
            "DEMO-01-20261124-1-0007",
            "服务热线 400-000-0000",
            "找零",
            "30.00 元",
        ],
    );
}

#[test]
fn refund_voucher_keeps_masks_and_has_a_line_to_sign() {
    let text =
        shows(&refund(), &["退款凭证", "买买提·艾*", "**** **** **** 2158", "人民币贰佰陆拾捌元整", "领款人签名", "C-20261124-000031"]);
    assert!(!text.contains('\u{FFFD}'));
}

#[test]
fn voucher_has_rare_characters_and_breaks_long_text() {
    shows(&voucher(), &["业务凭证", "欧阳*㛃", "䶮*𠅤（监护人，母亲）", "3205**********001X", "申请人签名", "第 1 页，共 1 页"]);
}

#[test]
fn slip_shows_its_marks() {
    shows(&slip(), &["受理单", "离线受理", "补打 第1次", "练习", "未生效"]);
}

#[test]
fn day_report_runs_over_pages_and_repeats_the_head_of_its_table() {
    let text = shows(
        &report(70),
        &[
            "日结单",
            "各时段办理笔数",
            "9f3c1e7a5b60d24f88c1d37e2a6b9950c4e8f1a23d5b7096e4c2a1f0b8d6e573",
            "人民币贰佰叁拾伍元伍角整",
            "主管签名",
        ],
    );
    let pages = text.matches('\u{c}').count();
    assert_eq!(pages, 3);
    assert_eq!(text.matches("业务单号").count(), 2, "every page of the list has its head\n{text}");
    let last = text.split('\u{c}').nth(2).unwrap();
    assert!(last.contains("流水摘要") && last.contains("营业员签名"), "nobody signs an empty page\n{last}");
    for n in 1..=70 {
        assert_eq!(text.matches(&format!("DEMO-01-20261124-1-{n:04}")).count(), 1);
    }
    assert!(text.contains("第 3 页，共 3 页"));
}

#[test]
fn roll_is_as_long_as_its_content() {
    let length = |sheet: &Sheet| {
        let pdf = render(sheet, &face(), at()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.pdf");
        std::fs::write(&path, pdf).unwrap();
        let output = std::process::Command::new("pdfinfo").arg(&path).output().unwrap();
        let info = String::from_utf8(output.stdout).unwrap();
        let size = info.lines().find(|line| line.starts_with("Page size:")).unwrap().to_owned();
        assert!(size.contains("226.772 x"), "80 mm wide: {size}");
        assert!(info.contains("Pages:           1"));
        assert!(info.contains("2026"), "dated from the argument: {info}");
        size.split_whitespace().nth(4).unwrap().parse::<f64>().unwrap()
    };
    let mut long = receipt();
    long.blocks.push(Block::Text { lines: vec!["一行附注。".to_owned(); 40] });
    assert!(length(&long) > length(&receipt()) + 400.0);
}

#[test]
fn same_sheet_and_date_give_the_same_bytes() {
    for sheet in [receipt(), voucher(), report(40)] {
        let first = render(&sheet, &face(), at()).unwrap();
        let second = render(&sheet, &face(), at()).unwrap();
        assert!(first == second, "{}", sheet.title);
    }
}

#[test]
fn rare_characters_are_drawn_and_a_character_without_glyph_is_reported_and_boxed() {
    let face = face();
    for rare in ["𬭎", "䶮", "㛃", "𠅤", "堃", "·", "￥", "（", "零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整"] {
        assert!(face.lacking(rare).is_empty(), "{rare}");
    }
    let mut sheet = receipt();
    sheet.blocks.push(Block::Text { lines: vec!["姓名：赵\u{F0000}".to_owned()] });
    let message = face.warning(&["赵\u{F0000}"]).unwrap();
    assert_eq!(message.code, Code::PaperGlyphMissing);
    assert!(message.text().contains("U+F0000"));
    shows(&sheet, &["姓名：赵", "U+F0000"]);
}

#[test]
fn nothing_leaves_the_paper() {
    let mut sheet = refund();
    sheet.marks = vec!["补打 第12次（原件遗失，经主管同意补打，须与存根联核对后方可作为凭据使用）".to_owned()];
    sheet.blocks.push(Block::Table {
        head: ["业务", "名称很长很长很长的一列", "备注也很长很长很长很长", "金额"].map(str::to_owned).to_vec(),
        rows: vec![
            ["一卡通可读退值及其后续处理", "AVERYLONGWORDTHATNEVERENDSANDGOESON0123456789", "须持原卡于次日起办理", "12345.67"]
                .map(str::to_owned)
                .to_vec(),
        ],
        right: vec![3],
    });
    let pdf = render(&sheet, &face(), at()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = std::process::Command::new("pdftotext").arg("-bbox").arg(&path).arg("-").output().unwrap();
    let boxes = String::from_utf8(output.stdout).unwrap();
    let mut words = 0;
    for line in boxes.lines().filter(|line| line.contains("<word")) {
        let value = |name: &str| line.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap();
        assert!(value("xMin") >= 10.0 && value("xMax") <= 217.0, "{line}");
        words += 1;
    }
    assert!(words > 40);
}

#[test]
fn a_missing_or_broken_font_is_an_answer() {
    let nowhere = FontFile { path: "/nowhere/font.ttf".into(), face: 0 };
    assert!(matches!(Typeface::open(&[nowhere]), Err(FontProblem::Missing(_))));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("font.ttf");
    std::fs::write(&path, b"not a font").unwrap();
    assert!(matches!(Typeface::open(&[FontFile { path, face: 0 }]), Err(FontProblem::Unusable(_))));
}

#[test]
fn an_empty_sheet_is_a_paper_too() {
    for format in [SheetFormat::Roll80, SheetFormat::A4] {
        let sheet = Sheet {
            title: "指引单".into(),
            issuer: String::new(),
            name: "x".into(),
            format,
            blocks: vec![],
            marks: vec![],
            footer: vec![],
        };
        assert!(text_of(&render(&sheet, &face(), at()).unwrap()).contains("指引单"));
    }
}
