//! Every service from the first key to the last paper, on the real desk, the real centre and simulated cards.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;

use desk_app::view::{Act, AskView, CaseView, Stage};
use desk_testkit::{
    clerk::{Clerk, Move},
    rig::Rig,
    script::Hands,
    world::World,
};

async fn open(rig: &mut Rig) -> Clerk {
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    let view = clerk.open_day("500", "20").await.expect("day open");
    assert!(matches!(view.stage, Stage::Home(_)), "{:?}", view.stage);
    clerk
}

async fn serve(clerk: &mut Clerk, rig: &Rig, service: &str, hands: &mut Hands) -> CaseView {
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == service).unwrap_or_else(|| panic!("{service}: {:#?}", home.services));
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    clerk.drive(|case| hands.answer(case, &rig.tray)).await.expect("case ends")
}

fn good(case: &CaseView) -> bool {
    matches!(case.question.ask, AskView::Ended { good: true, .. })
}

#[tokio::test(start_paused = true)]
async fn refund_of_a_purse_that_unloads() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "refund_readable", &mut Hands::with_card("purse-unload")).await;
    assert!(good(&end), "{end:#?}");
    assert_eq!(rig.tray.card("purse-unload").and_then(|card| card.balance()), Some(0));
}

/// Refunded, topped up by the counter itself, and refunded again: the same purse, two rights, to the fen.
#[tokio::test(start_paused = true)]
async fn a_purse_is_refunded_topped_up_and_refunded_again() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    for (service, balance, till) in [("refund_readable", 0, "463.50"), ("top_up", 5_000, "513.50"), ("refund_readable", 0, "463.50")] {
        let end = serve(&mut clerk, &rig, service, &mut Hands::with_card("purse-unload")).await;
        assert!(good(&end), "{end:#?}");
        assert_eq!(rig.tray.card("purse-unload").and_then(|card| card.balance()), Some(balance));
        clerk.send(Act::Home);
        let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
        assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some(till));
    }
    let report = desk_testkit::shift::report(&mut clerk).await.expect("report");
    assert!(report.agree, "{:?} {:?}", report.totals, report.message);
}

#[tokio::test(start_paused = true)]
async fn refund_of_a_purse_that_refuses_to_unload() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "refund_readable", &mut Hands::with_card("purse-refuses-unload")).await;
    assert!(good(&end), "{end:#?}");
    assert_eq!(rig.tray.card("purse-refuses-unload").and_then(|card| card.balance()), Some(0));
}

#[tokio::test(start_paused = true)]
async fn refund_above_the_limit_takes_a_second_person() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let mut asked = false;
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = &view.stage else { unreachable!() };
    let button = home.services.iter().find(|button| button.service == "refund_readable").expect("button");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let mut hands = Hands::with_card("purse-above-limit");
    let end = clerk
        .drive(|case| {
            asked |= matches!(case.question.ask, AskView::Authorise { .. });
            hands.answer(case, &rig.tray)
        })
        .await
        .expect("case ends");
    assert!(asked, "nobody was asked to authorise 268.00");
    assert!(good(&end), "{end:#?}");
}

#[tokio::test(start_paused = true)]
async fn reissue_of_a_lost_card() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "reissue_lost", &mut Hands::default()).await;
    assert!(good(&end), "{end:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_damaged_card_is_replaced_for_a_fee_and_a_faulty_one_for_none() {
    for (service, till) in [("replace_damaged", "520.00"), ("replace_faulty", "500.00")] {
        let world = Arc::new(World::demonstration().await.expect("world"));
        let mut rig = Rig::at(&world, 1).await.expect("rig");
        let mut clerk = open(&mut rig).await;
        let end = serve(&mut clerk, &rig, service, &mut Hands::default()).await;
        assert!(good(&end), "{end:#?}");
        assert!(end.papers.iter().any(|paper| paper.title == "坏卡袋签"), "{:?}", end.papers);
        let view = clerk.view().expect("view");
        assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some(till), "{service}");
    }
}

/// A free card hangs on the reader: what it reads is no fault, what was broken is none, and what is not handed in is none.
#[tokio::test(start_paused = true)]
async fn a_free_card_needs_every_proof() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let mut hands = Hands::default();
    let (mut tests, mut said): (u32, Vec<String>) = (0, Vec::new());
    let begin = |clerk: &Clerk| {
        let view = clerk.view().expect("view");
        let Stage::Home(home) = &view.stage else { unreachable!() };
        let button = home.services.iter().find(|button| button.service == "replace_faulty").expect("button");
        clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    };
    begin(&clerk);
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let end = clerk
        .drive(|case| {
            said.extend(case.message.iter().map(|message| message.code.clone()));
            let id = case.question.id.as_str();
            let not_yet = |code: &str| !said.iter().any(|said| said == code);
            if id.contains("damage") && not_yet("CAUSE_CONFLICT") {
                return Move::Fill(vec![("cause.1".to_owned(), "true".to_owned())]);
            }
            if id.contains("old_card") && not_yet("OLD_CARD_REQUIRED") {
                return Move::Fill(vec![("illegible".to_owned(), "true".to_owned())]);
            }
            tests += u32::from(id.contains("test."));
            hands.answer(case, &rig.tray)
        })
        .await
        .expect("case ends");
    assert!(good(&end), "{end:#?}");
    assert_eq!(tests, 3);
    clerk.send(Act::Home);
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    // It answers: no fault.
    begin(&clerk);
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    let end = clerk
        .drive(|case| {
            if case.question.id.contains("test.") {
                rig.tray.put("education-current");
                return Move::Do;
            }
            hands.answer(case, &rig.tray)
        })
        .await
        .expect("case ends");
    assert_eq!(end.message.map(|message| message.code).as_deref(), Some("QUALITY_NOT_PROVEN"));
    let AskView::Ended { give_back, .. } = &end.question.ask else { panic!("{:?}", end.question) };
    assert!(!give_back.contains(&"新卡".to_owned()), "{give_back:?}");
}

/// Taken in at one desk, cleared, and paid at another when its day has come: once, to who brought it.
#[tokio::test(start_paused = true)]
async fn a_card_without_an_answer_is_taken_in_and_paid_when_it_is_cleared() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let mut hands = Hands::default();
    let end = serve(&mut clerk, &rig, "refund_unreadable", &mut hands).await;
    assert!(good(&end), "{end:#?}");
    hands.slip = end.number.clone();
    // Nobody refunds it meanwhile, though it answers again.
    clerk.send(Act::Home);
    let end = serve(&mut clerk, &rig, "refund_readable", &mut Hands::with_card("purse-unload")).await;
    assert!(!good(&end));
    rig.tray.take_off();
    clerk.send(Act::Home);
    let end = serve(&mut clerk, &rig, "refund_due", &mut hands).await;
    assert_eq!(end.message.map(|message| message.code).as_deref(), Some("PAYOUT_NOT_READY"));
    drop(clerk);
    rig.kill();
    world.clock.set_off(chrono::TimeDelta::days(8));
    let mut other = Rig::at(&world, 2).await.expect("rig");
    let mut clerk = open(&mut other).await;
    let mut stranger = Hands { number: desk_testkit::world::LOSER.to_owned(), ..hands.clone() };
    let end = serve(&mut clerk, &other, "refund_due", &mut stranger).await;
    assert_eq!(end.message.map(|message| message.code).as_deref(), Some("PAYOUT_UNKNOWN"));
    clerk.send(Act::Home);
    let end = serve(&mut clerk, &other, "refund_due", &mut hands).await;
    assert!(good(&end), "{end:#?}");
    assert_eq!(clerk.view().and_then(|view| view.status).and_then(|status| status.till).as_deref(), Some("463.50"));
    clerk.send(Act::Home);
    let end = serve(&mut clerk, &other, "refund_due", &mut hands).await;
    assert_eq!(end.message.map(|message| message.code).as_deref(), Some("CLAIM_CONFLICT"));
    let report = desk_testkit::shift::report(&mut clerk).await.expect("report");
    assert!(report.agree, "{:?} {:?}", report.totals, report.message);
}

#[tokio::test(start_paused = true)]
async fn password_reset_for_a_guardian() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "password_reset", &mut Hands::default()).await;
    assert!(good(&end), "{end:#?}");
    let account = world.platform().0.get(desk_testkit::world::PUPIL_CARD).cloned().expect("account");
    assert!(account.must_change);
    assert_eq!(account.credential.as_deref(), Some("plain:150012"));
}

#[tokio::test(start_paused = true)]
async fn monthly_validation() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "validation", &mut Hands::with_card("education-current")).await;
    assert!(good(&end), "{end:#?}");
}

#[tokio::test(start_paused = true)]
async fn card_query() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = open(&mut rig).await;
    let end = serve(&mut clerk, &rig, "card_query", &mut Hands::with_card("education-current")).await;
    assert!(good(&end), "{end:#?}");
}
