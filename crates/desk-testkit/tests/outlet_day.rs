//! The day of an outlet: opened with devices that test themselves, and summed over all windows at its end.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::sync::Arc;

use desk_app::view::{Act, AskView, OutletReportView, Stage, View};
use desk_testkit::{books::Journal, clerk::Clerk, rig::Rig, script::Hands, world::World};

fn report(view: &View) -> Option<&OutletReportView> {
    match &view.stage {
        Stage::OutletReport(report) => Some(report),
        _ => None,
    }
}

async fn open(rig: &mut Rig, operator: &str) -> Clerk {
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in(operator, &format!("pass-{operator}")).await.expect("signed in");
    clerk.open_day("500", "20").await.expect("day open");
    clerk
}

async fn refund(clerk: &mut Clerk, rig: &Rig, card: &str) {
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { panic!("home") };
    let button = home.services.iter().find(|button| button.service == "refund_readable").expect("refund");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    let mut hands = Hands::with_card(card);
    let end = clerk.drive(|case| hands.answer(case, &rig.tray)).await.expect("refund ends");
    assert!(matches!(end.question.ask, AskView::Ended { good: true, .. }), "{end:#?}");
    clerk.send(Act::Home);
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
}

/// The supervisor's report of the outlet, once the centre has answered.
async fn whole_day(clerk: &mut Clerk, day: &str) -> OutletReportView {
    // From home, so that an older report is not taken for this one.
    clerk.send(Act::Home);
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    clerk.send(Act::OutletReport { day: day.to_owned() });
    let view = clerk.until("the outlet's day", |view| report(view).is_some_and(|report| !report.busy)).await.expect("report");
    report(&view).cloned().expect("report")
}

#[tokio::test(start_paused = true)]
async fn a_device_that_fails_is_named_and_the_day_opens_all_the_same() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    rig.papers.set_missing(true);
    let mut clerk = rig.start().expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    let view = clerk
        .until("the printer has failed", |view| {
            matches!(&view.stage, Stage::DayOpen { warning: Some(warning), .. }
                if warning.code == "DEVICE_FAIL" && warning.kind == "warn" && warning.text.contains("打印机"))
        })
        .await
        .expect("warned");
    let Stage::DayOpen { devices, message: None, .. } = &view.stage else { panic!("{:?}", view.stage) };
    let tones: Vec<_> = devices.iter().map(|device| (device.label.as_str(), device.tone.as_str())).collect();
    // This window has neither a reader of documents nor a second screen: nothing is said of them.
    assert_eq!(tones, [("读卡器", "good"), ("打印机", "warn")]);
    clerk.open_day("500", "20").await.expect("the day opens");
    let journal = Journal::of(&rig, &world).await.expect("journal");
    assert_eq!((journal.count("day_opened"), journal.breaches().len()), (1, 0));
    // The row says it, and names the device.
    let mut store = desk_testkit::memory_store::MemoryStore::open(rig.disk().expect("disk"), &rig.station, 9).expect("disk");
    let rows = {
        use desk_app::ports::Store as _;
        store.loose(desk_testkit::stations::business_day()).await.expect("rows")
    };
    let opened = rows.iter().find(|row| row.header.kind == "day_opened").expect("row");
    assert_eq!(opened.header.code.as_deref(), Some("DEVICE_FAIL"));
    assert!(opened.payload.contains("打印机"), "{}", opened.payload);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_not_there_is_named_until_it_is_plugged_in() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    rig.tray.unplug();
    let mut clerk = rig.start().expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk
        .until("no reader", |view| matches!(&view.stage, Stage::DayOpen { warning: Some(warning), .. } if warning.text.contains("读卡器")))
        .await
        .expect("warned");
    rig.tray.take_off();
    clerk.until("plugged in", |view| matches!(&view.stage, Stage::DayOpen { warning: None, .. })).await.expect("all good");
}

#[tokio::test(start_paused = true)]
async fn the_outlets_day_agrees_with_its_windows_and_the_centre() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut first = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut first, "1001").await;
    refund(&mut clerk, &first, "purse-unload").await;
    clerk.send(Act::OutletReport { day: String::new() });
    clerk.until("refused", |view| view.notice.as_ref().is_some_and(|notice| notice.code == "ROLE_MISSING")).await.expect("refused");
    let mut second = Rig::at(&world, 2).await.expect("rig");
    let mut supervisor = open(&mut second, "2001").await;
    let mut day = whole_day(&mut supervisor, "").await;
    // The other window sends on its own; until it has, the day is what the centre has of it.
    for _ in 0..20 {
        if day.windows.len() == 2 && !day.services.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        day = whole_day(&mut supervisor, "").await;
    }
    assert!(day.agree, "{day:#?}");
    assert_eq!(day.windows, ["W01", "W02"]);
    let refunds = day.services.iter().find(|line| line.cells == ["1", "0"]).expect("one refund at the first window");
    assert_eq!(refunds.sum, "1");
    let paid = day.cash.iter().find(|line| line.label == "付出退值").expect("paid out");
    assert_eq!((paid.cells[0].as_str(), paid.cells[1].as_str(), paid.sum.as_str()), ("-36.50", "0.00", "-36.50"));
    let floats = day.cash.iter().find(|line| line.label == "领备用金").expect("floats");
    assert_eq!(floats.sum, "1000.00");
    for total in &day.totals {
        assert!(total.equal && total.sum == total.centre, "{total:?}");
    }
    // It agrees with what each window says of itself.
    let own: i64 = Journal::of(&first, &world).await.expect("journal").till() + Journal::of(&second, &world).await.expect("journal").till();
    assert_eq!(own, 2 * 50_000 - 3_650);
    supervisor.send(Act::PrintOutletReport);
    supervisor.until("printed", |view| report(view).is_some_and(|report| report.printed)).await.expect("printed");
    let sheet = second.papers.sheets().into_iter().find(|sheet| sheet.title == "网点日报").expect("on paper");
    assert_eq!(sheet.name, "DEMO-2026-11-24-outlet-report");
    // Printing wrote a row; the next look counts it and still agrees. Another day has nothing.
    assert!(whole_day(&mut supervisor, "").await.agree);
    let empty = whole_day(&mut supervisor, "2026-11-23").await;
    assert!(empty.windows.is_empty() && empty.totals.is_empty() && empty.agree);
    second.line.set_down(true);
    supervisor
        .until("offline", |view| matches!(view.status.as_ref().map(|status| &status.line), Some(desk_app::view::LineView::Offline { .. })))
        .await
        .expect("offline");
    supervisor.send(Act::OutletReport { day: String::new() });
    let view = supervisor
        .until("no centre", |view| report(view).is_some_and(|report| !report.busy && report.message.is_some()))
        .await
        .expect("told");
    assert!(!report(&view).expect("report").agree);
}
