//! Every step of every service fails once and runs twice: each call to the centre, each paper, each write to the disk, each
//! command to the card, each click. The end is the same, and so is the money.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a proof ends where its scene cannot be set, and prints its figures")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use desk_app::view::{Act, AskView, Stage};
use desk_cardsim::faults::What;
use desk_testkit::{
    books::after_good_end,
    clerk::Move,
    link_faults::LineFault,
    mortal_store::{Cut, Fuse, MortalStore},
    rig::Rig,
    shift::{JOBS, Job, Shift, report},
    tally::Tally,
    world::World,
};
use desk_wire::v1::Request;

/// Late papers and uploads have had their time by then.
const LATER: Duration = Duration::from_secs(70);

async fn place(job: &Job) -> (Arc<World>, Rig) {
    let world = Arc::new(World::for_job(job).await.expect("world"));
    let rig = Rig::at(&world, 1).await.expect("rig");
    (world, rig)
}

/// Uploads go on while the clerk works.
fn paced<'a>(job: &'a Job, rig: &'a Rig) -> Shift<'a> {
    let mut shift = Shift::new(job, rig);
    shift.pace = Duration::from_millis(700);
    shift
}

/// The supervisor's report after late papers had their time, and all that must be true.
async fn settle(job: &Job, world: &World, rig: &mut Rig, papers: usize) -> Vec<String> {
    tokio::time::sleep(LATER).await;
    let mut clerk = match rig.start() {
        Ok(clerk) => clerk,
        Err(error) => return vec![error.to_string()],
    };
    let view = match report(&mut clerk).await {
        Ok(view) => view,
        Err(waited) => return vec![waited.0],
    };
    let mut wrong = after_good_end(job, world, rig, &view).await;
    let mut names: Vec<String> = rig.papers.sheets().into_iter().map(|sheet| sheet.name).collect();
    names.sort();
    names.dedup();
    if names.len() != papers {
        wrong.push(format!("papers {names:?} instead of {papers}"));
    }
    if !view.exceptions.is_empty() {
        wrong.push(format!("report: {:?}", view.exceptions));
    }
    wrong
}

/// What a run without faults does.
struct Base {
    calls: Vec<String>,
    writes: usize,
    papers: usize,
    commands: usize,
}

async fn base(job: &Job) -> Base {
    let (world, mut rig) = place(job).await;
    let calls = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (heard, tray, armed, sent) = (Arc::clone(&calls), rig.tray.clone(), AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&sent);
    rig.line.plan(move |request: &Request| {
        if !matches!(request, Request::Ping) {
            heard.lock().expect("calls").push(request.name().to_owned());
        }
        if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
            let _before = tray.take_sent();
        }
        if matches!(request, Request::Confirm { .. }) {
            count.fetch_add(tray.take_sent().len(), Ordering::SeqCst);
        }
        LineFault::None
    });
    let fuse = Fuse::sound();
    let mut clerk = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("disk");
    paced(job, &rig).work(&mut clerk).await.expect("base run");
    let calls = calls.lock().expect("calls").clone();
    let papers = rig.papers.sheets().len();
    let wrong = settle(job, &world, &mut rig, papers).await;
    assert!(wrong.is_empty(), "{}: {wrong:#?}", job.name);
    Base { calls, writes: fuse.writes().len(), papers, commands: sent.load(Ordering::SeqCst) }
}

/// Works the job to its end whatever the desk says on the way.
async fn carry(job: &Job, rig: &mut Rig, set: impl FnOnce(&mut Shift<'_>)) -> Result<(), String> {
    let mut clerk = rig.start().map_err(|error| error.to_string())?;
    let mut shift = paced(job, rig);
    set(&mut shift);
    shift.work(&mut clerk).await.map(|_| ()).map_err(|waited| waited.0)
}

async fn finish(job: &Job, world: &World, rig: &mut Rig, base: &Base, done: Result<(), String>) -> Vec<String> {
    match done {
        Ok(()) => settle(job, world, rig, base.papers).await,
        Err(error) => vec![error],
    }
}

/// One call, or several in a row from it on, meets a fault.
async fn calls(job: &Job, base: &Base, tally: &mut Tally) {
    use LineFault::{AnswerLost, CentreError, Garbled, Repeated, RequestLost};
    for (at, name) in base.calls.iter().enumerate() {
        tally.points += 1;
        let own = !matches!(name.as_str(), "sign_in" | "upload" | "day_totals" | "sign_out");
        let once = [RequestLost, AnswerLost, CentreError, Garbled, Repeated].map(|fault| (fault, 1));
        let long = [(RequestLost, 5), (AnswerLost, 5)];
        for (fault, times) in once.into_iter().chain(long.into_iter().filter(|_| own)) {
            let (world, mut rig) = place(job).await;
            let (mut heard, met) = (0, Arc::new(AtomicUsize::new(0)));
            let hits = Arc::clone(&met);
            rig.line.plan(move |request: &Request| {
                if matches!(request, Request::Ping) {
                    return LineFault::None;
                }
                heard += 1;
                if heard > at && heard <= at + times {
                    hits.fetch_add(1, Ordering::SeqCst);
                    fault
                } else {
                    LineFault::None
                }
            });
            let done = carry(job, &mut rig, |_| {}).await;
            let mut wrong = finish(job, &world, &mut rig, base, done).await;
            if met.load(Ordering::SeqCst) == 0 {
                wrong.push("the fault did not come".to_owned());
            }
            tally.saw(&format!("call: {fault:?} × {times}"));
            tally.case(&format!("call {at} {name} {fault:?} × {times}"), wrong);
        }
    }
}

/// A paper does not come out at its first try.
async fn papers(job: &Job, base: &Base, tally: &mut Tally) {
    for at in 1..=base.papers {
        tally.points += 1;
        let (world, mut rig) = place(job).await;
        rig.papers.fail_at(u32::try_from(at).expect("few papers"));
        let done = carry(job, &mut rig, |_| {}).await;
        let wrong = finish(job, &world, &mut rig, base, done).await;
        tally.saw("paper: not at the first try");
        tally.case(&format!("paper {at}"), wrong);
    }
}

/// The disk refuses a write: the desk blocks, and goes on from its journal after a new start.
async fn writes(job: &Job, base: &Base, tally: &mut Tally) {
    for at in 1..=base.writes {
        tally.points += 1;
        let (world, mut rig) = place(job).await;
        let fuse = Fuse::at(at, Cut::Refuse);
        let mut wrong = Vec::new();
        let mut clerk = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).expect("disk");
        let first = paced(job, &rig).work(&mut clerk).await.map(|_| ());
        tokio::time::sleep(LATER).await;
        if !clerk.view().is_some_and(|view| matches!(view.stage, Stage::Blocked { .. })) {
            wrong.push(format!("a refused write did not block the desk: {first:?}"));
        }
        let done = carry(job, &mut rig, |_| {}).await;
        wrong.extend(finish(job, &world, &mut rig, base, done).await);
        tally.saw("disk: refused once");
        tally.case(&format!("write {at} refused"), wrong);
    }
}

/// A command of a write meets a mute card, a short answer, another status or another card.
async fn commands(job: &Job, base: &Base, tally: &mut Tally) {
    let other = if job.card.is_some_and(|card| card.starts_with("purse")) { "purse-empty" } else { "education-expired" };
    let faults = [
        ("mute", What::Mute),
        ("no byte", What::Cut(0)),
        ("one byte", What::Cut(1)),
        ("6F00", What::Answer(vec![0x6F, 0x00])),
        ("another card", What::Swap(other.to_owned())),
    ];
    for at in 1..=base.commands {
        tally.points += 1;
        for (name, what) in &faults {
            let (world, mut rig) = place(job).await;
            let (tray, what, armed) = (rig.tray.clone(), what.clone(), AtomicBool::new(false));
            rig.line.plan(move |request: &Request| {
                if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
                    tray.plan(u32::try_from(at).expect("few commands"), what.clone());
                }
                LineFault::None
            });
            let done = carry(job, &mut rig, |_| {}).await;
            let wrong = finish(job, &world, &mut rig, base, done).await;
            tally.saw(&format!("card: {name}"));
            tally.case(&format!("command {at} {name}"), wrong);
        }
    }
}

/// Before a card is laid on, the reader shows every trouble it has; and another card lies there when the write begins.
async fn reader(job: &Job, base: &Base, tally: &mut Tally) {
    let other = if job.card.is_some_and(|card| card.starts_with("purse")) { "purse-empty" } else { "education-expired" };
    let troubles = ["nothing", "unplugged", "service down", "several", "mute", "another card at the write"];
    for trouble in troubles {
        tally.points += 1;
        let (world, mut rig) = place(job).await;
        let tray = rig.tray.clone();
        if trouble == "another card at the write" {
            let (tray, armed) = (tray.clone(), AtomicBool::new(false));
            rig.line.plan(move |request: &Request| {
                if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
                    tray.put(other);
                }
                LineFault::None
            });
        }
        let mut clerk = rig.start().expect("disk");
        let mut hands = job.hands();
        let mut asked = String::new();
        let done = {
            let mut shift = Shift::new(job, &rig);
            shift
                .work_with(&mut clerk, |case| {
                    if matches!(case.question.ask, AskView::PutCard { .. }) && asked != case.question.id {
                        asked.clone_from(&case.question.id);
                        match trouble {
                            "nothing" => tray.take_off(),
                            "unplugged" => tray.unplug(),
                            "service down" => tray.stop_service(),
                            "several" => tray.put_several(),
                            "mute" => tray.put_mute(),
                            _ => return hands.answer(case, &tray),
                        }
                        return Move::Wait;
                    }
                    hands.answer(case, &tray)
                })
                .await
                .map(|_| ())
                .map_err(|waited| waited.0)
        };
        let wrong = finish(job, &world, &mut rig, base, done).await;
        tally.saw(&format!("reader: {trouble}"));
        tally.case(&format!("reader {trouble}"), wrong);
    }
}

/// Every act three times, every act of before again after each, and both.
async fn clicks(job: &Job, base: &Base, tally: &mut Tally) {
    for (clicks, stale) in [(3, false), (1, true), (3, true)] {
        tally.points += 1;
        let (world, mut rig) = place(job).await;
        let done = carry(job, &mut rig, |shift| {
            shift.clicks = clicks;
            shift.stale = stale;
        })
        .await;
        let wrong = finish(job, &world, &mut rig, base, done).await;
        tally.saw(if stale { "clicks: stale" } else { "clicks: three times" });
        tally.case(&format!("clicks {clicks} stale {stale}"), wrong);
    }
}

async fn prove(job: &Job) {
    let base = base(job).await;
    let mut tally = Tally::new(job.name, &["disk: refused once", "clicks: stale", "clicks: three times"]);
    calls(job, &base, &mut tally).await;
    papers(job, &base, &mut tally).await;
    writes(job, &base, &mut tally).await;
    commands(job, &base, &mut tally).await;
    if job.card.is_some() || base.commands > 0 {
        reader(job, &base, &mut tally).await;
    }
    clicks(job, &base, &mut tally).await;
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

/// A double click on a wrong float is no second count: the difference is shown, and only a later press books it.
#[tokio::test(start_paused = true)]
async fn a_double_click_books_no_difference() {
    let (_world, mut rig) = place(&JOBS[0]).await;
    let mut clerk = rig.start().expect("disk");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    let count = Act::OpenDay { float: "400".to_owned(), blanks: "20".to_owned() };
    for _ in 0..3 {
        clerk.send(count.clone());
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let view = clerk.view().expect("a view");
    let told = matches!(&view.stage, Stage::DayOpen { message: Some(message), .. } if message.code == "FLOAT_DIFFERS");
    assert!(told, "{:?}", view.stage);
    clerk.send(count);
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("day open");
    assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some("400.00"));
}

macro_rules! proofs {
    ($($name:ident: $index:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                prove(&JOBS[$index]).await;
            }
        )*
    };
}

proofs! {
    day_open: 0;
    refund_by_unload: 1;
    refund_by_purchase_of_rest: 2;
    refund_above_the_limit: 3;
    reissue: 4;
    validation: 5;
    password_reset: 6;
    card_query: 7;
    temporary_loss: 8;
    formal_loss: 9;
    loss_release: 10;
    first_issue: 11;
    text_codes: 12;
    found_card: 13;
    bad_card: 14;
    blank_stock: 15;
    top_up: 16;
    refund_by_block: 17;
    damaged_card: 18;
    faulty_card: 19;
    refund_without_an_answer: 20;
    application: 21;
    pick_up: 22;
    card_given_up: 23;
    refund_due: 24;
    refund_due_of_a_blocked_purse: 25;
    reissue_made_centrally: 26;
    reissue_sent: 27;
    damaged_card_made_centrally: 28;
    pick_up_validated: 29;
    sent_again: 30;
    nobody_came: 31;
    reversal: 32;
    rewrite: 33;
    unit_batch: 34;
}
