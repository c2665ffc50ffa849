//! Putting right at real desks: a top-up of today taken back, a load that the card does not have written once more, a case that
//! waits for the line withdrawn. The card is torn at every command of both writes, at a desk that lives and at one that dies.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a proof ends where its scene cannot be set, and prints its figures")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use desk_app::view::{AskView, Stage};
use desk_cardsim::{faults::What, kiosk};
use desk_domain::case::{Ending, context::local};
use desk_testkit::{
    books::{Centre, FLOAT, Journal, after_good_end},
    clerk::Move,
    counter::{Counter, Rest, carry},
    link_faults::LineFault,
    mortal_store::{Cut, Fuse},
    script::Hands,
    shift::{JOBS, Job, report},
    tally::Tally,
    world::{RESIDENT_CARD, World},
};
use desk_wire::v1::Request;

const CARD: &str = "purse-unload";

fn right() -> String {
    format!("purse:{RESIDENT_CARD}")
}

async fn counter(world: &Arc<World>, number: u8, operator: &str) -> Counter {
    let mut counter = Counter::at(world, number, operator).await.expect("desk");
    counter.hands = Hands::with_card(CARD);
    counter
}

fn balance(counter: &Counter) -> i64 {
    counter.rig.tray.card(CARD).and_then(|card| card.balance()).map_or(-1, i64::from)
}

async fn ended(counter: &Counter, world: &Arc<World>) -> Vec<Option<Ending>> {
    let journal = Journal::of(&counter.rig, world).await.expect("journal");
    assert!(journal.breaches().is_empty(), "{:?}", journal.breaches());
    journal.cases.into_iter().map(|(_, ending, _)| ending).collect()
}

async fn till(counter: &Counter, world: &Arc<World>) -> i64 {
    Journal::of(&counter.rig, world).await.expect("journal").till()
}

/// The code that ended the last case.
fn told(counter: &Counter) -> String {
    counter.ended.last().and_then(|end| end.message.as_ref()).map(|message| message.code.clone()).unwrap_or_default()
}

async fn agrees(counter: &mut Counter) {
    let clerk = counter.clerk().expect("clerk");
    let report = report(clerk).await.expect("report");
    assert!(report.agree, "{:?} {:?}", report.totals, report.message);
}

/// 50.00 by mistake: taken off the card again, the cash back, the red paper, and the books agree three ways. The reversal itself
/// is no business that could be taken back, and then the right amount is put on.
#[tokio::test(start_paused = true)]
async fn a_mistaken_top_up_is_taken_back_and_done_right() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut desk = counter(&world, 1, "1001").await;
    for (service, on_card, in_till) in [("top_up", 8_650, FLOAT + 5_000), ("reversal", 3_650, FLOAT), ("top_up", 8_650, FLOAT + 5_000)] {
        desk.work(Some(service)).await.expect(service);
        assert_eq!((balance(&desk), till(&desk, &world).await), (on_card, in_till), "{service}: {:?}", desk.told.last());
        if service == "reversal" {
            desk.work(Some("reversal")).await.expect("a second one");
            assert_eq!(told(&desk), "REVERSAL_FORBIDDEN");
        }
    }
    let red: Vec<_> = desk.rig.papers.sheets().into_iter().filter(|sheet| sheet.title == "冲正凭证").collect();
    assert_eq!(red.len(), 1);
    assert!(red[0].marks.iter().any(|mark| mark == "红字冲正"), "{:?}", red[0].marks);
    desk.drain().await.expect("drained");
    agrees(&mut desk).await;
}

/// Another clerk's, one that was ridden with since, one after which something else was done, and what was paid out.
#[tokio::test(start_paused = true)]
async fn what_the_card_or_the_books_say_against_it() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut here = counter(&world, 1, "1001").await;
    let mut there = counter(&world, 2, "1002").await;
    here.work(Some("top_up")).await.expect("top-up");
    carry(CARD, &here.rig, &there.rig);
    there.work(Some("reversal")).await.expect("another clerk");
    assert_eq!(told(&there), "REVERSAL_NOT_OWN");
    carry(CARD, &there.rig, &here.rig);
    let now = local(desk_app::ports::Clock::now(&*world.clock));
    here.rig.tray.with_card(CARD, |card| kiosk::fare(card, 200, now)).expect("card").expect("fare");
    here.work(Some("reversal")).await.expect("ridden with");
    assert_eq!(told(&here), "CARD_MOVED_ON");
    here.work(Some("refund_readable")).await.expect("refund");
    // The newest is the refund, paid in cash; the one before is not the last any more.
    here.work(Some("reversal")).await.expect("paid out");
    assert_eq!(told(&here), "REVERSAL_FORBIDDEN");
    let mut hands = here.hands.clone();
    let tray = here.rig.tray.clone();
    here.work_with(Some("reversal"), |case| {
        let older = if let AskView::Choice { options } = &case.question.ask { options.get(1).cloned() } else { None };
        match older {
            Some(older) if case.question.id.ends_with("booked") => Move::Choose(older.id),
            Some(_) | None => hands.answer(case, &tray),
        }
    })
    .await
    .expect("not the last");
    assert_eq!(told(&here), "REVERSAL_NOT_LATEST");
    assert_eq!(balance(&here), 0);
    here.drain().await.expect("drained");
    agrees(&mut here).await;
}

/// The customer pays, the card leaves in the middle, and turns up at the next window: the load is written there once, the first
/// desk hears of it and gives its receipt, and the customer pays nothing again.
#[tokio::test(start_paused = true)]
async fn a_load_that_tore_at_one_desk_is_written_at_another() {
    for (what, written) in [(What::TearBefore, false), (What::TearAfter, true)] {
        let world = Arc::new(World::demonstration().await.expect("world"));
        let mut here = counter(&world, 1, "1001").await;
        let mut there = counter(&world, 2, "1002").await;
        // CREDIT FOR LOAD itself: the last command before the reading back.
        let (armed, tray) = (AtomicBool::new(false), here.rig.tray.clone());
        let of_credit = what.clone();
        here.rig.line.plan(move |request: &Request| {
            if matches!(request, Request::Issuer { .. }) && !armed.swap(true, Ordering::SeqCst) {
                tray.plan(1, of_credit.clone());
            }
            LineFault::None
        });
        let mut hands = here.hands.clone();
        let tray = here.rig.tray.clone();
        let rest = here
            .work_with(Some("top_up"), |case| match &case.question.ask {
                AskView::PutCard { .. } if case.question.id.contains("resolve_write") && case.can_cancel => Move::Cancel,
                AskView::PutCard { .. } if case.question.id.contains("resolve_write") => Move::Park,
                _ if case.question.id.is_empty() => Move::Wait,
                AskView::Choice { .. }
                | AskView::Form { .. }
                | AskView::Go { .. }
                | AskView::Act { .. }
                | AskView::PutCard { .. }
                | AskView::Authorise { .. }
                | AskView::Busy { .. }
                | AskView::Again { .. }
                | AskView::Ended { .. } => hands.answer(case, &tray),
            })
            .await
            .expect("top-up torn");
        assert!(matches!(rest, Rest::Home { waiting: 1 }), "the case waits for its card");
        assert_eq!(till(&here, &world).await, FLOAT + 5_000);
        carry(CARD, &here.rig, &there.rig);
        there.work(Some("rewrite")).await.expect("re-write");
        if written {
            assert_eq!(told(&there), "REWRITE_NOT_ALLOWED");
            assert!(there.told.iter().any(|told| told.text.contains("计数器")), "{:?}", there.told);
        } else {
            assert!(
                there.ended.last().is_some_and(|end| matches!(end.question.ask, AskView::Ended { good: true, .. })),
                "{:?}",
                there.told
            );
        }
        assert_eq!(balance(&there), 8_650, "once, whoever wrote it");
        assert_eq!(till(&there, &world).await, FLOAT, "no money moves at the second desk");
        // Back at the first window: its case ends by what the other desk did, or by what the card shows.
        if written {
            carry(CARD, &there.rig, &here.rig);
        }
        here.come_back();
        here.drain().await.expect("drained");
        assert_eq!(ended(&here, &world).await, [Some(Ending::Done)], "{:?}", here.told);
        assert_eq!(till(&here, &world).await, FLOAT + 5_000);
        there.drain().await.expect("drained");
        let centre = Centre::of(&world, &here.rig, &right()).await.expect("centre");
        assert_eq!((centre.settled, centre.imbalance, centre.suspended), (1, 0, false));
        assert!(centre.open.is_none());
        agrees(&mut here).await;
    }
}

/// Both desks hold the load at once: the one that cannot give it back hears of it, and no cash goes back for money on the card.
#[tokio::test(start_paused = true)]
async fn nobody_gives_back_what_another_desk_writes() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut here = counter(&world, 1, "1001").await;
    let mut there = counter(&world, 2, "1001").await;
    // The customer takes the card away before it is written, and the clerk leaves the case at that question.
    let mut hands = here.hands.clone();
    let tray = here.rig.tray.clone();
    let (armed, off) = (AtomicBool::new(false), here.rig.tray.clone());
    here.rig.line.plan(move |request: &Request| {
        if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
            off.take_off();
        }
        LineFault::None
    });
    here.work_with(Some("top_up"), |case| {
        let of_write = case.question.id.contains("write_card") || case.question.id.contains("write_again");
        if of_write && case.can_park { Move::Park } else { hands.answer(case, &tray) }
    })
    .await
    .expect("left");
    carry(CARD, &here.rig, &there.rig);
    there.work(Some("rewrite")).await.expect("re-write");
    assert_eq!(balance(&there), 8_650);
    here.come_back();
    let mut asked = false;
    here.work_with(None, |case| {
        asked |= matches!(case.question.ask, AskView::Act { .. });
        if case.question.id.contains("write_again") {
            return Move::Choose("stop".to_owned());
        }
        if case.can_cancel && case.question.id.contains("write_card") { Move::Cancel } else { Move::Wait }
    })
    .await
    .expect("resumed");
    here.drain().await.expect("drained");
    assert!(!asked, "the desk offered to give the cash back");
    assert_eq!(till(&here, &world).await, FLOAT + 5_000);
    assert_eq!(ended(&here, &world).await, [Some(Ending::Done)], "{:?}", here.told);
    agrees(&mut here).await;
}

/// Accepted without the line and withdrawn before it comes back: the centre hears of a case that never was, and of no money.
#[tokio::test(start_paused = true)]
async fn what_waits_for_the_line_is_withdrawn() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut desk = counter(&world, 1, "1001").await;
    desk.work(None).await.expect("day open");
    desk.rig.line.set_down(true);
    desk.until_line(false).await.expect("offline");
    desk.work(Some("refund_readable")).await.expect("accepted");
    desk.come_back();
    let case = {
        let clerk = desk.clerk().expect("clerk");
        let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
        let Stage::Home(home) = view.stage else { unreachable!() };
        home.unfinished.first().map(|left| left.case.clone()).expect("the case waits")
    };
    desk.send(desk_app::view::Act::Resume { case });
    {
        let clerk = desk.clerk().expect("clerk");
        let view = clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case");
        let Stage::Case(case) = view.stage else { unreachable!() };
        assert!(case.can_cancel, "{:?}", case.question);
        clerk.send(desk_app::view::Act::Cancel { question: case.question.id.clone() });
        clerk
            .until("the slip", |view| matches!(&view.stage, Stage::Case(case) if case.question.id.ends_with("old_paper")))
            .await
            .expect("slip asked for");
    }
    desk.work(None).await.expect("withdrawn");
    assert_eq!(ended(&desk, &world).await, [Some(Ending::Withdrawn)]);
    desk.rig.line.set_down(false);
    desk.until_line(true).await.expect("online");
    desk.drain().await.expect("drained");
    let centre = Centre::of(&world, &desk.rig, &right()).await.expect("centre");
    assert_eq!((centre.settled, centre.imbalance), (0, 0));
    assert!(centre.open.is_none());
    assert_eq!(balance(&desk), 3_650);
    agrees(&mut desk).await;
}

/// Commands that the card gets between the first reservation and the confirmation.
async fn commands(job: &Job) -> u32 {
    let world = Arc::new(World::for_job(job).await.expect("world"));
    let mut desk = counter(&world, 1, "1001").await;
    let (tray, armed, sent) = (desk.rig.tray.clone(), AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&sent);
    desk.rig.line.plan(move |request: &Request| {
        if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
            let _before = tray.take_sent();
        }
        if matches!(request, Request::Confirm { .. }) {
            count.fetch_add(tray.take_sent().len(), Ordering::SeqCst);
        }
        LineFault::None
    });
    desk.work(Some(job.service)).await.expect("base run");
    u32::try_from(sent.load(Ordering::SeqCst)).expect("few")
}

async fn torn(job: &Job) {
    let commands = commands(job).await;
    let mut tally = Tally::new(job.name, &["torn at a desk that lives", "torn at a desk that dies", "cash waits for the centre"]);
    tally.points = commands as usize;
    for at in 1..=commands {
        for what in [What::TearBefore, What::TearAfter] {
            for killed in [false, true] {
                let world = Arc::new(World::for_job(job).await.expect("world"));
                let mut desk = counter(&world, 1, "1001").await;
                let (tray, armed) = (desk.rig.tray.clone(), Arc::new(AtomicBool::new(false)));
                let (arming, of) = (Arc::clone(&armed), what.clone());
                desk.rig.line.plan(move |request: &Request| {
                    if matches!(request, Request::Reserve { .. }) && !arming.swap(true, Ordering::SeqCst) {
                        tray.plan(at, of.clone());
                    }
                    LineFault::None
                });
                if killed {
                    let (armed, tray) = (Arc::clone(&armed), desk.rig.tray.clone());
                    desk.arm(Fuse::when(move || armed.load(Ordering::SeqCst) && tray.pending_faults() == 0, Cut::Before));
                }
                let mut wrong = Vec::new();
                if let Err(waited) = desk.work(Some(job.service)).await {
                    wrong.push(waited.0);
                }
                if let Err(waited) = desk.drain().await {
                    wrong.push(waited.0);
                }
                let journal = Journal::of(&desk.rig, &world).await.expect("journal");
                let place = |kind: &str| journal.kinds.iter().position(|seen| seen == kind);
                if let Some(back) = place("fact.money_back") {
                    tally.saw("cash waits for the centre");
                    if place("fact.confirmed").is_none_or(|confirmed| confirmed > back) {
                        wrong.push("cash before the centre confirmed".to_owned());
                    }
                } else if job.service == "rewrite" {
                    tally.saw("cash waits for the centre");
                }
                match report(desk.clerk().expect("clerk")).await {
                    Ok(view) => wrong.extend(after_good_end(job, &world, &desk.rig, &view).await),
                    Err(waited) => wrong.push(waited.0),
                }
                tally.saw(if killed { "torn at a desk that dies" } else { "torn at a desk that lives" });
                tally.case(&format!("{at} {what:?} killed {killed}"), wrong);
            }
        }
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

#[tokio::test(start_paused = true)]
async fn a_reversal_torn_at_every_command() {
    torn(&JOBS[32]).await;
}

#[tokio::test(start_paused = true)]
async fn a_re_write_torn_at_every_command() {
    torn(&JOBS[33]).await;
}
