//! The line is down: what works, what is accepted with a slip, what is refused and where it points; and nothing accepted is
//! lost when the power fails at any write, before or after its commit.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;

use chrono::TimeDelta;
use desk_app::view::{AskView, Stage, View};
use desk_domain::code::Code;
use desk_testkit::{
    books::{Centre, FLOAT, Journal},
    counter::{Counter, Rest},
    link_faults::LineFault,
    mortal_store::{Cut, Fuse},
    script::Hands,
    tally::Tally,
    world::World,
};

/// Service, the customer's card, the right at stake, fen out, fen in.
const ACCEPTED: [(&str, Option<&str>, &str, i64, i64); 3] = [
    ("refund_readable", Some("purse-unload"), "purse:3104999000000000101", 3_650, 0),
    ("reissue_lost", None, "reissue:pupil-0001", 0, 2_000),
    ("password_reset", None, "password:pupil-0001", 0, 0),
];

/// A desk whose day is open and whose line is down.
async fn cut_off(world: &Arc<World>, card: Option<&str>) -> Counter {
    let mut counter = Counter::at(world, 1, "1001").await.expect("desk");
    counter.hands = card.map_or_else(Hands::default, Hands::with_card);
    counter.work(None).await.expect("day open");
    counter.rig.line.set_down(true);
    counter.until_line(false).await.expect("line lost");
    counter
}

#[tokio::test(start_paused = true)]
async fn queries_work_and_validation_points_elsewhere() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = cut_off(&world, Some("education-current")).await;
    counter.work(Some("card_query")).await.expect("query");
    assert!(counter.ended.last().is_some_and(|end| end.offline), "the query says that it is offline");
    let Ok(Rest::Blocked(message)) = counter.work(Some("validation")).await else {
        panic!("validation was begun without the line");
    };
    assert_eq!(message.code, "OFFLINE_VALIDATION");
    assert!(message.text.contains("增效机") && !message.remedy.is_empty(), "{message:?}");
}

#[tokio::test(start_paused = true)]
async fn the_known_clerk_signs_in_without_the_line_and_nobody_else() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = cut_off(&world, None).await;
    counter.kill();
    counter.work(None).await.expect("signed in by the cached verifier");
    let mut stranger = Counter::at(&world, 2, "1002").await.expect("desk");
    stranger.rig.line.set_down(true);
    assert!(stranger.work(None).await.is_err(), "nobody knows this clerk here");
    assert!(stranger.told.iter().any(|message| message.code.starts_with("CENTRE_") && !message.remedy.is_empty()), "{:?}", stranger.told);
}

/// Accepts one case offline with the power failing at write `at`, lets the line return, and carries it to its end.
async fn accept(index: usize, cut: Option<(usize, Cut)>, tally: &mut Tally) -> usize {
    let (service, card, right, out, fee) = ACCEPTED[index];
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = cut_off(&world, card).await;
    let fuse = cut.map_or_else(Fuse::sound, |(at, cut)| Fuse::at(at, cut));
    counter.arm(fuse.clone());
    let mut violations = Vec::new();
    if let Err(waited) = counter.work(Some(service)).await {
        violations.push(waited.0);
    }
    let before = Journal::of(&counter.rig, &world).await.expect("journal");
    if before.count("fact.accepted_offline") != 1 {
        violations.push(format!("accepted {} times", before.count("fact.accepted_offline")));
    } else {
        tally.saw("accepted");
    }
    if before.count("fact.paid_out") + before.count("fact.money_in") + before.count("fact.confirmed") + before.count("intent.write_card")
        > 0
    {
        violations.push("money or a card moved without the line".to_owned());
    }
    if counter.rig.papers.sheets().iter().any(|sheet| sheet.marks.iter().any(|mark| mark.contains("离线受理"))) {
        tally.saw("slip marked 离线受理");
    } else {
        violations.push("no slip marked 离线受理".to_owned());
    }
    counter.rig.line.set_down(false);
    // A planned death of a later write may hit while the case settles; the desk lives on.
    counter.come_back();
    let settled = async {
        counter.work(None).await?;
        counter.kill();
        counter.until_line(true).await?;
        counter.come_back();
        counter.work(None).await?;
        counter.drain().await
    };
    if let Err(waited) = settled.await {
        violations.push(waited.0);
    }
    let writes = fuse.writes().len();
    for _ in 0..counter.deaths {
        tally.saw("power cut");
    }
    let journal = Journal::of(&counter.rig, &world).await.expect("journal");
    violations.extend(journal.breaches());
    let centre = Centre::of(&world, &counter.rig, right).await.expect("centre");
    if centre.settled == 1 && centre.open.is_none() && journal.unfinished == 0 {
        tally.saw("settled after the line returned");
    } else {
        violations.push(format!("settled {}, {} stuck open", centre.settled, journal.unfinished));
    }
    if journal.till() != FLOAT - out + fee || centre.till != journal.till() || centre.refunds != out {
        violations.push(format!("till {} here, {} at the centre, refunds {}", journal.till(), centre.till, centre.refunds));
    }
    tally.points += 1;
    tally.case(&format!("{service} {cut:?}"), violations);
    writes
}

#[tokio::test(start_paused = true)]
async fn accepted_cases_survive_every_power_cut_and_settle() {
    let mut tally = Tally::new("accepted offline", &["accepted", "slip marked 离线受理", "power cut", "settled after the line returned"]);
    for index in 0..ACCEPTED.len() {
        let writes = accept(index, None, &mut tally).await;
        for at in 1..=writes {
            for cut in [Cut::Before, Cut::After] {
                accept(index, Some((at, cut)), &mut tally).await;
            }
        }
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

#[tokio::test(start_paused = true)]
async fn signing_in_without_the_line_ends_after_three_days() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = cut_off(&world, None).await;
    counter.kill();
    world.clock.set_off(TimeDelta::hours(73));
    assert!(counter.work(None).await.is_err(), "an old verifier still opens");
    assert!(
        counter.told.iter().any(|message| message.code == "SIGN_IN_OFFLINE_EXPIRED" && !message.remedy.is_empty()),
        "{:?}",
        counter.told
    );
}

#[tokio::test(start_paused = true)]
async fn while_an_answer_is_awaited_the_clerk_is_told_not_to_repeat() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.hands = Hands::with_card("purse-unload");
    counter.work(None).await.expect("day open");
    let mut lost = 2;
    counter.rig.line.plan(move |request| {
        if request.name() == "confirm" && lost > 0 {
            lost -= 1;
            LineFault::AnswerLost
        } else {
            LineFault::None
        }
    });
    let mut watcher = counter.clerk().expect("desk").beside();
    let asks = |view: &View| matches!(&view.stage, Stage::Case(case) if matches!(&case.question.ask, AskView::Busy { .. }) && case.question.title == Code::AskingServer.text());
    let (work, seen) = tokio::join!(counter.work(Some("refund_readable")), watcher.until("asking again", asks));
    work.expect("refund ends");
    seen.expect("told");
}
