//! Tears, kills, lost lines and missing paper: nothing is lost, nothing is paid twice, nothing is guessed.

use desk_app::view::{Act, AskView, Stage};
use desk_cardsim::faults::What;
use desk_testkit::{clerk::Move, link_faults::LineFault};
use desk_wire::v1::Request;

use crate::world::{EDUCATION, PURSE, World, case_on_screen, good, willing};

/// A torn write waits for the same card, whichever command was torn; the money comes out exactly once.
#[tokio::test(start_paused = true)]
async fn every_torn_command_of_a_refund_ends_well_once_the_card_is_back() {
    for at in 1..=24 {
        for what in [What::TearBefore, What::TearAfter] {
            let mut world = World::new().await;
            let mut window = world.open().await;
            window.begin("refund_readable", PURSE).await;
            let mut armed = false;
            let tray = world.tray.clone();
            let mut usual = willing(&world.tray, "purse");
            let end = window
                .clerk
                .drive(|view| {
                    if view.question.id.ends_with("agree") && !armed {
                        armed = true;
                        tray.plan(at, what.clone());
                    }
                    usual(view)
                })
                .await
                .unwrap_or_else(|error| panic!("{at} {what:?}: {error:?}"));
            assert!(good(&end), "{at} {what:?}: {end:#?}");
            assert_eq!(world.balance("purse"), 0, "{at} {what:?}");
            assert_eq!(world.count("fact.paid_out"), 1, "{at} {what:?}");
        }
    }
}

/// The process dies after every single row; the next life ends the case from the journal alone.
#[tokio::test(start_paused = true)]
async fn killed_after_any_row_the_next_life_ends_the_refund() {
    let mut rows = 0;
    loop {
        rows += 1;
        let mut world = World::new().await;
        let mut window = world.open().await;
        let opened = world.disk.rows();
        window.begin("refund_readable", PURSE).await;
        let mut usual = willing(&world.tray, "purse");
        let disk = world.disk.clone();
        let ended = window.clerk.drive(|view| if disk.rows() >= opened + rows { Move::Stop } else { usual(view) }).await.unwrap();
        let finished = good(&ended);
        window.kill().await;
        let mut window = world.start();
        window.clerk.sign_in("1001", "pass-1001").await.unwrap();
        if !finished {
            let view = window.clerk.until("a stage", |view| matches!(view.stage, Stage::Case(_) | Stage::Home(_))).await.unwrap();
            assert!(case_on_screen(&view).is_some(), "{rows}: opens on the unfinished case");
            let end = window.clerk.drive(willing(&world.tray, "purse")).await.unwrap_or_else(|error| panic!("{rows}: {error:?}"));
            assert!(good(&end), "{rows}: {end:#?}");
        }
        assert_eq!(world.count("fact.paid_out"), 1, "{rows}");
        assert_eq!(world.balance("purse"), 0);
        window.kill().await;
        if finished {
            assert!(rows > 8, "{rows}");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_card_gets_nothing() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    let tray = world.tray.clone();
    let mut usual = willing(&world.tray, "purse");
    let mut swapped = false;
    let mut wrong = Vec::new();
    let end = window
        .clerk
        .drive(|view| {
            if view.question.id.ends_with("agree") && !swapped {
                swapped = true;
                tray.take_off();
                tray.put("rich");
            }
            if let AskView::PutCard { wrong: Some(message), .. } = &view.question.ask {
                wrong.push(message.code.clone());
            }
            usual(view)
        })
        .await
        .unwrap();
    assert!(good(&end), "{end:#?}");
    assert_eq!(wrong.first().map(String::as_str), Some("WRONG_CARD"));
    assert_eq!(world.balance("rich"), 26_800);
    assert_eq!(world.balance("purse"), 0);
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_asked_for_again_under_the_same_id() {
    for lost in ["reserve", "issuer", "confirm"] {
        let mut world = World::new().await;
        let mut window = world.open().await;
        let mut losses = 2;
        world.line.plan(move |request: &Request| {
            if request.name() == lost && losses > 0 {
                losses -= 1;
                LineFault::AnswerLost
            } else {
                LineFault::None
            }
        });
        window.begin("refund_readable", PURSE).await;
        let end = window.clerk.drive(willing(&world.tray, "purse")).await.unwrap_or_else(|error| panic!("{lost}: {error:?}"));
        assert!(good(&end), "{lost}: {end:#?}");
        assert_eq!(world.count("fact.paid_out"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_write_pays_nothing_and_waits_for_its_card() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    let tray = world.tray.clone();
    let mut usual = willing(&world.tray, "purse");
    let mut armed = false;
    let view = window
        .clerk
        .drive(|view| {
            if view.question.id.ends_with("agree") && !armed {
                armed = true;
                // Somewhere in the write after the card has executed its last command.
                for at in 1..=30 {
                    tray.plan(at, What::TearAfter);
                }
            }
            match &view.question.ask {
                AskView::PutCard { .. } if armed => Move::Stop,
                _ => usual(view),
            }
        })
        .await
        .unwrap();
    tray.clear_faults();
    assert!(matches!(view.question.ask, AskView::PutCard { .. } | AskView::Choice { .. }), "{view:#?}");
    assert_eq!(world.count("fact.paid_out"), 0);
}

#[tokio::test(start_paused = true)]
async fn paper_that_is_out_does_not_undo_a_case_and_comes_later() {
    let mut world = World::new().await;
    *world.paper.out.lock().unwrap() = true;
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    let end = window.clerk.drive(willing(&world.tray, "purse")).await.unwrap();
    assert!(good(&end), "{end:#?}");
    assert!(end.papers.iter().all(|paper| paper.pending), "{:?}", end.papers);
    *world.paper.out.lock().unwrap() = false;
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    assert_eq!(world.titles().len(), 2);
    assert_eq!(world.count("fact.printed"), 2);
}

#[tokio::test(start_paused = true)]
async fn offline_a_reset_is_accepted_and_done_when_the_line_returns() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    world.line.set_down(true);
    window
        .clerk
        .until("offline", |view| matches!(view.status.as_ref().map(|status| &status.line), Some(desk_app::view::LineView::Offline { .. })))
        .await
        .unwrap();
    let view = window.clerk.view().unwrap();
    let Stage::Home(home) = &view.stage else { panic!("{view:#?}") };
    let of = |service: &str| home.services.iter().find(|button| button.service == service).unwrap();
    assert_eq!(of("validation").blocked.as_ref().unwrap().code, "OFFLINE_VALIDATION");
    assert_eq!(of("password_reset").note.as_deref(), Some("离线受理"));
    window.begin("password_reset", EDUCATION).await;
    let view = window
        .clerk
        .drive(|view| match &view.question.ask {
            AskView::Choice { options } if options.iter().any(|option| option.id == "accept") => Move::Choose("accept".to_owned()),
            AskView::Go { .. } if view.question.id.ends_with("wait_line") => Move::Stop,
            _ => crate::services::guardian(view),
        })
        .await
        .unwrap();
    assert!(view.offline);
    assert_eq!(world.titles(), ["受理单"]);
    window.handle.send(Act::Home);
    window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    // Nothing accepted is lost by a kill.
    window.kill().await;
    let mut window = world.start();
    window.clerk.sign_in("1001", "pass-1001").await.unwrap();
    let view = window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    assert_eq!(view.status.unwrap().unfinished, 1);
    world.line.set_down(false);
    window.clerk.until("asked for the password", |view| matches!(view.stage, Stage::Locked { .. })).await.unwrap();
    window.handle.send(Act::Unlock { password: "pass-1001".to_owned() });
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert_eq!(world.titles(), ["受理单", "业务凭证"]);
    assert_eq!(world.count("fact.confirmed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_blocks_the_desk_with_its_code() {
    for at in 3..=8 {
        let mut world = World::new().await;
        let inner = desk_testkit::memory_store::MemoryStore::open(world.disk.clone(), &desk_testkit::stations::station(), 5).unwrap();
        let store = desk_testkit::faulty_store::FaultyStore::new(Box::new(inner), at, desk_testkit::faulty_store::Fault::Refuse);
        let mut window = world.start_on(Box::new(store));
        window.clerk.sign_in("1001", "pass-1001").await.unwrap();
        window.clerk.open_day("500", "20").await.unwrap();
        window.handle.send(crate::world::start("refund_readable", PURSE));
        let tray = world.tray.clone();
        let mut usual = willing(&tray, "purse");
        loop {
            let view = window.clerk.until("blocked", |view| matches!(view.stage, Stage::Case(_) | Stage::Blocked { .. })).await.unwrap();
            match &view.stage {
                Stage::Blocked { message } => {
                    assert_eq!(message.code, "STORE_BROKEN");
                    break;
                }
                Stage::Case(case) => {
                    let question = case.question.id.clone();
                    match usual(case) {
                        Move::Go => {
                            window.handle.send(Act::Go { question });
                        }
                        Move::Do => {
                            window.handle.send(Act::Do { question });
                        }
                        _ => {}
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                }
                _ => {}
            }
        }
        assert_eq!(world.count("fact.paid_out"), 0);
    }
}
