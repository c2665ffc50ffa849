//! The end of a clerk's day: counted blind, differences booked for what they are, handed over, and the same three ways.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use desk_app::view::{Act, AskView, DayCloseView, Stage, View};
use desk_domain::posting::Account;
use desk_testkit::{
    books::{Centre, FLOAT, Journal},
    clerk::{Clerk, Move, Waited},
    mortal_store::{Cut, Fuse, MortalStore},
    rig::Rig,
    script::Hands,
    world::World,
};

/// 463.50 yuan in notes and coins: what a float of 500.00 leaves after a refund of 36.50.
const AFTER_REFUND: [(&str, &str); 4] = [("10000", "4"), ("5000", "1"), ("1000", "１"), ("50", "7")];

fn count(pieces: &[(&str, &str)], blanks: &str, spoiled: &str, reason: &str) -> Act {
    Act::CountDay {
        pieces: pieces.iter().map(|(id, number)| ((*id).to_owned(), (*number).to_owned())).collect(),
        blanks: blanks.to_owned(),
        spoiled: spoiled.to_owned(),
        reason: reason.to_owned(),
    }
}

fn closing(view: &View) -> Option<&DayCloseView> {
    match &view.stage {
        Stage::DayClose(close) => Some(close),
        _ => None,
    }
}

async fn until_close(clerk: &mut Clerk, what: &str, fits: impl Fn(&DayCloseView) -> bool) -> DayCloseView {
    let view = clerk.until(what, |view| closing(view).is_some_and(&fits)).await.expect("day close");
    closing(&view).cloned().expect("day close")
}

async fn until_told(clerk: &mut Clerk, code: &str) -> DayCloseView {
    until_close(clerk, code, |close| close.message.as_ref().is_some_and(|message| message.code == code)).await
}

/// Signed in, day open.
async fn open(rig: &mut Rig, operator: &str) -> Clerk {
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in(operator, &format!("pass-{operator}")).await.expect("signed in");
    let view = clerk.open_day("500", "20").await.expect("day open");
    assert!(matches!(view.stage, Stage::Home(_)), "{:?}", view.stage);
    clerk
}

async fn refund(clerk: &mut Clerk, rig: &Rig) {
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == "refund_readable").expect("refund");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
    let mut hands = Hands::with_card("purse-unload");
    let end = clerk.drive(|case| hands.answer(case, &rig.tray)).await.expect("refund ends");
    assert!(matches!(end.question.ask, AskView::Ended { good: true, .. }), "{end:#?}");
    clerk.send(Act::Home);
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
}

async fn begin_close(clerk: &mut Clerk) -> DayCloseView {
    clerk.send(Act::CloseDay);
    until_close(clerk, "day close", |_| true).await
}

/// Everything reached the centre and all three sums are there.
async fn closed(clerk: &mut Clerk) -> DayCloseView {
    until_close(clerk, "closed", |close| close.closed && !close.busy).await
}

async fn three_ways(world: &World, rig: &Rig, over: i64, short: i64, cash: i64) {
    let journal = Journal::of(rig, world).await.expect("journal");
    assert_eq!(journal.breaches(), Vec::<String>::new());
    assert_eq!(journal.till(), 0, "the till is empty");
    assert_eq!(journal.sum(|account| matches!(account, Account::CashOver { .. })), -over);
    assert_eq!(journal.sum(|account| matches!(account, Account::CashShort { .. })), short);
    assert_eq!(journal.sum(|account| matches!(account, Account::Vault { .. })), cash - FLOAT);
    assert_eq!(journal.count("day_closed"), 1);
    let centre = Centre::of(world, rig, "none:").await.expect("centre");
    assert_eq!((centre.imbalance, centre.till), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_day_is_counted_blind_handed_over_and_closed_for_good() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    refund(&mut clerk, &rig).await;
    let view = begin_close(&mut clerk).await;
    assert!(view.compared.is_empty() && view.totals.is_empty(), "the books show before the count");
    assert_eq!(view.denominations.len(), 11);
    clerk.send(count(&[("10000", "x")], "20", "0", ""));
    let told = until_told(&mut clerk, "FIELD_INVALID").await;
    assert!(told.compared.is_empty(), "a wrong field shows the books");
    clerk.send(count(&AFTER_REFUND, "20", "0", ""));
    let end = closed(&mut clerk).await;
    assert!(end.agree && !end.provisional && !end.forced, "{end:#?}");
    assert!(end.compared.iter().all(|row| row.equal), "{:?}", end.compared);
    three_ways(&world, &rig, 0, 0, 46_350).await;
    clerk.send(Act::PrintDay);
    until_close(&mut clerk, "printed", |close| close.printed).await;
    let titles: Vec<String> = rig.papers.sheets().into_iter().map(|sheet| sheet.title).collect();
    for title in ["日结单", "现金盘点表", "库存核对表"] {
        assert!(titles.iter().any(|printed| printed == title), "{titles:?}");
    }
    clerk.send(Act::Home);
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let blocked: Vec<_> = home.services.iter().map(|button| button.blocked.as_ref().map(|message| message.code.as_str())).collect();
    assert!(blocked.iter().all(|code| *code == Some("DAY_CLOSED")), "{blocked:?}");
    // Nor does the same clerk open it again by coming back.
    clerk.send(Act::SignOut);
    let view = clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    assert!(matches!(view.stage, Stage::Home(_)), "{:?}", view.stage);
    // Another clerk finds the blanks that were counted.
    clerk.send(Act::SignOut);
    let view = clerk.sign_in("1002", "pass-1002").await.expect("signed in");
    assert!(matches!(view.stage, Stage::DayOpen { expected_blanks: 20, .. }), "{:?}", view.stage);
}

#[tokio::test(start_paused = true)]
async fn long_and_short_take_a_second_count_and_a_reason() {
    for (pieces, over, short, x) in [
        ([("10000", "4"), ("5000", "1"), ("1000", "1"), ("10", "30")], 0, 50, "-0.50"),
        ([("10000", "4"), ("5000", "1"), ("1000", "1"), ("1", "351")], 1, 0, "+0.01"),
    ] {
        let world = Arc::new(World::demonstration().await.expect("world"));
        let mut rig = Rig::at(&world, 1).await.expect("rig");
        let mut clerk = open(&mut rig, "1001").await;
        refund(&mut clerk, &rig).await;
        begin_close(&mut clerk).await;
        clerk.send(count(&pieces, "20", "0", "找零差错"));
        let told = until_told(&mut clerk, "CASH_DIFF").await;
        assert_eq!(told.compared[0].difference, x);
        // A second click at once is no second count.
        clerk.send(count(&pieces, "20", "0", "找零差错"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(clerk.view().as_ref().and_then(closing).is_some_and(|close| !close.closed));
        tokio::time::sleep(Duration::from_secs(2)).await;
        clerk.send(count(&pieces, "20", "0", " "));
        until_told(&mut clerk, "FIELD_REQUIRED").await;
        clerk.send(count(&pieces, "20", "0", "找零差错"));
        let end = closed(&mut clerk).await;
        assert!(end.agree, "{end:#?}");
        three_ways(&world, &rig, over, short, 46_350 + over - short).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cards_that_are_missing_are_told_and_booked() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    begin_close(&mut clerk).await;
    clerk.send(count(&[("10000", "5")], "19", "1", ""));
    let told = until_told(&mut clerk, "STOCK_DIFF").await;
    assert_eq!((told.compared[1].difference.as_str(), told.compared[2].difference.as_str()), ("-1", "+1"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    clerk.send(count(&[("10000", "5")], "19", "1", "卡片破损"));
    closed(&mut clerk).await;
    three_ways(&world, &rig, 0, 0, 50_000).await;
    clerk.send(Act::SignOut);
    let view = clerk.sign_in("1002", "pass-1002").await.expect("signed in");
    assert!(matches!(view.stage, Stage::DayOpen { expected_blanks: 19, .. }), "{:?}", view.stage);
}

#[tokio::test(start_paused = true)]
async fn a_case_in_hand_comes_first() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == "reissue_lost").expect("reissue");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let case = clerk.drive(|_| Move::Stop).await.expect("case");
    clerk.send(Act::Park { question: case.question.id.clone() });
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    clerk.send(Act::CloseDay);
    let told =
        |view: &View| matches!(&view.stage, Stage::Home(home) if home.message.as_ref().is_some_and(|message| message.code == "OPEN_CASES"));
    clerk.until("open cases", told).await.expect("told");
}

#[tokio::test(start_paused = true)]
async fn without_the_line_the_close_is_provisional_and_its_figures_stay() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    rig.line.set_down(true);
    clerk
        .until("line lost", |view| view.status.as_ref().is_some_and(|status| status.line != desk_app::view::LineView::Online))
        .await
        .expect("offline");
    begin_close(&mut clerk).await;
    clerk.send(count(&[("10000", "5")], "20", "0", ""));
    let end = closed(&mut clerk).await;
    assert!(end.provisional && !end.agree, "{end:#?}");
    assert_eq!(end.message.as_ref().map(|message| message.code.as_str()), Some("UNSYNCED"));
    clerk.send(Act::PrintDay);
    until_close(&mut clerk, "printed", |close| close.printed).await;
    assert!(
        rig.papers.sheets().iter().filter(|sheet| sheet.title == "日结单").all(|sheet| sheet.marks.iter().any(|mark| mark == "预日结"))
    );
    rig.line.set_down(false);
    clerk
        .until("line is back", |view| {
            view.status.as_ref().is_some_and(|status| status.line == desk_app::view::LineView::Online && status.waiting == 0)
        })
        .await
        .expect("online");
    clerk.send(Act::Home);
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    begin_close(&mut clerk).await;
    let end = closed(&mut clerk).await;
    assert!(end.agree && !end.provisional, "{end:#?}");
    three_ways(&world, &rig, 0, 0, 50_000).await;
}

#[tokio::test(start_paused = true)]
async fn a_day_that_was_forgotten_is_closed_before_the_next_begins() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    refund(&mut clerk, &rig).await;
    rig.kill();
    world.clock.set_off(TimeDelta::days(1));
    let mut clerk = rig.start().expect("started");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    let told = until_told(&mut clerk, "PREVIOUS_DAY_OPEN").await;
    assert_eq!(told.day, "2026年11月24日");
    // Leaving does not get around it.
    clerk.send(Act::Home);
    until_told(&mut clerk, "PREVIOUS_DAY_OPEN").await;
    clerk.send(count(&AFTER_REFUND, "20", "0", ""));
    let end = closed(&mut clerk).await;
    assert!(end.agree, "{end:#?}");
    clerk.send(Act::Home);
    clerk.until("day open", |view| matches!(view.stage, Stage::DayOpen { expected_blanks: 20, .. })).await.expect("today can begin");
    clerk.send(Act::OpenDay { float: "500".to_owned(), blanks: "20".to_owned() });
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some("500.00"));
    begin_close(&mut clerk).await;
    clerk.send(count(&[("10000", "5")], "20", "0", ""));
    assert!(closed(&mut clerk).await.agree);
    // The third day finds nothing left behind.
    rig.kill();
    world.clock.set_off(TimeDelta::days(1));
    let mut clerk = rig.start().expect("started");
    let view = clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    assert!(matches!(view.stage, Stage::DayOpen { .. }), "{:?}", view.stage);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_closes_the_till_that_was_left() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig, "1001").await;
    refund(&mut clerk, &rig).await;
    clerk.send(Act::SignOut);
    clerk.sign_in("3001", "pass-3001").await.expect("signed in");
    let view = begin_close(&mut clerk).await;
    assert!(view.forced && view.operator == "1001", "{view:#?}");
    clerk.send(count(&AFTER_REFUND, "20", "0", ""));
    let end = closed(&mut clerk).await;
    assert!(end.forced && end.agree, "{end:#?}");
    three_ways(&world, &rig, 0, 0, 46_350).await;
    clerk.send(Act::SignOut);
    let view = clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    assert!(matches!(view.stage, Stage::Home(_)), "the clerk is closed: {:?}", view.stage);
}

/// Closes the day, taking up from wherever the power failed.
async fn close_through(clerk: &mut Clerk) -> Result<(), Waited> {
    let mut seen = None;
    loop {
        let view = clerk.until("anything new", |view| Some(view.revision) != seen).await?;
        seen = Some(view.revision);
        match &view.stage {
            Stage::SignIn { busy: false, .. } => clerk.send(Act::SignIn { operator: "1001".to_owned(), password: "pass-1001".to_owned() }),
            Stage::DayOpen { .. } => clerk.send(Act::OpenDay { float: "500".to_owned(), blanks: "20".to_owned() }),
            Stage::Home(_) => clerk.send(Act::CloseDay),
            Stage::DayClose(close) if !close.closed => clerk.send(count(&[("10000", "5")], "20", "0", "")),
            Stage::DayClose(close) if close.printed && !close.busy => return Ok(()),
            Stage::DayClose(close) if !close.busy => clerk.send(Act::PrintDay),
            Stage::Blocked { message } => panic!("{message:?}"),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_write_the_day_is_closed_once() {
    let mut points = 0;
    for at in 1.. {
        let mut blown = false;
        for cut in [Cut::Before, Cut::After] {
            let world = Arc::new(World::demonstration().await.expect("world"));
            let mut rig = Rig::at(&world, 1).await.expect("rig");
            let fuse = Fuse::at(at, cut);
            let mut clerk = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("started");
            let cut_off = tokio::select! {
                biased;
                () = fuse.blown() => true,
                end = close_through(&mut clerk) => { end.expect("closed"); false }
            };
            if cut_off {
                blown = true;
                rig.kill();
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                let mut clerk = rig.start().expect("started");
                close_through(&mut clerk).await.expect("closed");
                points += 1;
            }
            three_ways(&world, &rig, 0, 0, 50_000).await;
        }
        if !blown {
            break;
        }
    }
    println!("day close: {points} power cuts");
    assert!(points >= 8, "only {points} power cuts");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_agree_is_told_by_its_own_code() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    // Nobody opened a day that could be closed.
    let mut supervisor = rig.start().expect("the disk is this desk's");
    supervisor.sign_in("3001", "pass-3001").await.expect("signed in");
    supervisor.send(Act::CloseDay);
    let not_open =
        |view: &View| matches!(&view.stage, Stage::Home(home) if home.message.as_ref().is_some_and(|told| told.code == "DAY_NOT_OPEN"));
    supervisor.until("nothing to close", not_open).await.expect("told");
    supervisor.send(Act::SignOut);
    // Another number of blanks than was handed over.
    let mut clerk = supervisor;
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.send(Act::OpenDay { float: "500".to_owned(), blanks: "19".to_owned() });
    let differ = |view: &View| matches!(&view.stage, Stage::DayOpen { message: Some(told), .. } if told.code == "BLANKS_DIFFER");
    clerk.until("blanks differ", differ).await.expect("told");
    clerk.send(Act::OpenDay { float: "500".to_owned(), blanks: "20".to_owned() });
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
}
