//! Papers in a folder.

use desk_app::ports::Printer;
use desk_domain::code::Code;
use desk_print::FilePrinter;

use crate::sheets::{StandingClock, face, receipt};

#[tokio::test]
async fn a_paper_is_written_whole_under_the_sheets_name_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut printer = FilePrinter::new(folder.path().join("papers"), face(), StandingClock::new());
    let first = printer.print(&receipt()).await.unwrap();
    let second = printer.print(&receipt()).await.unwrap();
    assert!(first.0.ends_with("/DEMO-01-20261124-1-0007-receipt.pdf"), "{first:?}");
    assert!(second.0.ends_with("/DEMO-01-20261124-1-0007-receipt-2.pdf"), "{second:?}");
    assert_eq!(std::fs::read(&first.0).unwrap(), std::fs::read(&second.0).unwrap());
    assert_eq!(std::fs::read_dir(folder.path().join("papers")).unwrap().count(), 2, "nothing partial is left");
}

#[tokio::test]
async fn a_name_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut printer = FilePrinter::new(folder.path().join("papers"), face(), StandingClock::new());
    for name in ["../../escape", "/etc/x", "", "..", "a\nb"] {
        let mut sheet = receipt();
        sheet.name = name.into();
        let path = std::path::PathBuf::from(printer.print(&sheet).await.unwrap().0);
        assert_eq!(path.parent().unwrap(), folder.path().join("papers"), "{name:?}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_missing_printer() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, b"").unwrap();
    let mut printer = FilePrinter::new(blocked.join("papers"), face(), StandingClock::new());
    assert_eq!(printer.print(&receipt()).await.unwrap_err().code, Code::PrinterMissing);
}

#[test]
fn the_clerk_is_told_before_a_character_is_missing() {
    let printer = FilePrinter::new("papers".into(), face(), StandingClock::new());
    assert_eq!(printer.check(&receipt()), None);
    let mut sheet = receipt();
    sheet.title.push('\u{F0000}');
    assert_eq!(printer.check(&sheet).unwrap().code, Code::PaperGlyphMissing);
}
