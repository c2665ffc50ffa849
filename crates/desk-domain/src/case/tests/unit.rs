//! A unit's list: checked in parts, sent in portions, one bad row stops no other.

use super::*;

#[test]
fn a_unit_is_told_every_fault_and_one_bad_row_stops_no_other() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.preview");
    let listing = table.case.listing(0, 100).unwrap();
    assert_eq!((listing.total, listing.rows.len()), (62, 62), "no row is lost");
    assert_eq!(listing.rows[0].cells[0], "8", "the faulty ones stand first");
    assert!(listing.rows[0].cells[3].contains("ID_FORMAT"), "{:?}", listing.rows[0]);
    assert_eq!(table.case.listing(60, 8).unwrap().rows.len(), 2);
    assert_eq!(table.until("-"), Some(Ending::Done));
    let sent = table.facts().iter().filter(|fact| **fact == "rows_submitted").count();
    assert_eq!(sent, 54_usize.div_ceil(PORTION), "in portions");
    assert_eq!(table.facts().iter().filter(|fact| **fact == "rows_checked").count(), 2, "in parts");
    let errors = table.case.paper(Paper::ErrorList);
    assert_eq!(errors.lines.len(), 9, "{:?}", errors.lines);
    assert_eq!(errors.lines[0], "第 8 行　ID_FORMAT　证件号码格式不对，请逐位核对。");
    assert!(errors.lines[1].starts_with("第 9 行　PERSON_NOT_FOUND"), "{:?}", errors.lines);
    let slip = table.case.paper(Paper::AcceptanceSlip);
    assert!(slip.pairs.contains(&("已提交制卡".to_owned(), "53 人".to_owned())), "{:?}", slip.pairs);
    let longest = table.journal.iter().map(|entry| serde_json::to_string(entry).unwrap().len()).max().unwrap();
    assert!(longest < 64 * 1024, "a journal row has {longest} bytes");
}

#[test]
fn a_unit_without_papers_hears_everything_that_is_missing() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    let with = |code: &str, letter: &str, original: &str, expiry: &str| Answer::Fill {
        values: [
            ("unit", "示例单位"),
            ("credit_code", code),
            ("letter", letter),
            ("document", "resident_id"),
            ("number", "320500201503150012"),
            ("expiry", expiry),
            ("original", original),
            ("consent", "true"),
        ]
        .map(|(id, value)| (id.to_owned(), value.to_owned()))
        .to_vec(),
    };
    let codes = |message: Message| message.each().map(|message| message.code).collect::<Vec<_>>();
    assert_eq!(codes(table.answer(with("", "false", "true", "长期")).unwrap_err()), [Code::UnitDocMissing]);
    assert_eq!(
        codes(table.answer(with("91350100M000100Y44", "false", "false", "20200101")).unwrap_err()),
        [Code::FieldInvalid, Code::UnitDocMissing, Code::IdExpired]
    );
    assert_eq!(codes(table.answer(with("", "true", "false", "20331231")).unwrap_err()), [Code::UnitDocMissing]);
    table.answer(with("", "true", "true", "20331231")).unwrap();
}

#[test]
fn a_list_that_changes_or_goes_is_begun_anew_and_lost_photos_cost_their_rows_only() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.checking");
    let message = Message::new(Code::ListUnreadable).with("what", "检查到一半时文件被改动");
    table.take(Input::Outcome(Outcome::Failed { message })).unwrap();
    assert_eq!(table.case.state(), "unit_batch.looking");
    table.until("unit_batch.choosing");
    assert_eq!(table.case.picture().remark.map(|remark| remark.code), Some(Code::ListUnreadable));
    table.until("unit_batch.sending");
    let lost = vec![Lost { line: 3, message: Message::new(Code::PhotoChanged) }];
    table.take(Input::Outcome(Outcome::PhotosSent { lost })).unwrap();
    let Next::Do(Effect::SubmitRows { portion, .. }) = table.next() else { panic!("{:?}", table.next()) };
    assert_eq!(portion.rows.len(), PORTION - 1);
    // An answer for other rows than those that were sent is none.
    let other = Outcome::RowsSubmitted { results: results(&portion.rows[1..]) };
    assert_eq!(table.take(Input::Outcome(other)).unwrap_err().code, Code::CentreGarbled);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.paper(Paper::ErrorList).lines[0].contains("第 3 行　PHOTO_CHANGED"));
}

#[test]
fn a_list_that_is_accepted_offline_goes_when_the_line_is_back() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Offline);
    table.until("unit_batch.accepted");
    assert!(table.case.waits_for_line());
    let Next::Ask(question) = table.next() else { panic!("{:?}", table.next()) };
    assert_eq!(question.ask, question::Ask::WaitForLine);
    table.online = true;
    // Nothing goes to the centre before the case knows that it can.
    assert_eq!(table.next(), Next::Do(Effect::FindLists));
    table.until("unit_batch.submitting");
    assert!(!table.case.waits_for_line());
    let Next::Do(Effect::SubmitRows { portion, .. }) = table.next() else { panic!("{:?}", table.next()) };
    assert!(portion.accepted_at.is_some());
    assert_eq!(table.until("-"), Some(Ending::Done));
    let papers = table.facts().iter().filter(|fact| **fact == "printed").count();
    assert_eq!(papers, 2, "the slip when it was accepted, the errors when it was submitted");
}

#[test]
fn a_list_with_no_good_row_is_given_back_with_its_errors() {
    let mut table = Table::new(Service::UnitBatch, LineMode::Online);
    table.until("unit_batch.preview");
    table.answer(Answer::Choose { option: "back".to_owned() }).unwrap();
    let Some(Ending::Refused { message }) = table.until("-") else { panic!("{}", table.case.state()) };
    assert_eq!(message.code, Code::UnitListFaulty);
    assert_eq!(message.text(), "名单没有提交：8 行有错，见错误清单。");
    assert!(table.facts().iter().all(|fact| *fact != "rows_submitted"));
}
