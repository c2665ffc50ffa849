//! Every service from the first key to the last paper, on the real desk, the real centre and simulated cards.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;

use desk_app::view::{Act, AskView, CaseView, Stage};
use desk_testkit::{clerk::Clerk, rig::Rig, script::Hands, world::World};

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
