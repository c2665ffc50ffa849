//! The other services of the counter, each on its allowed path and with what stands against it.

use desk_app::view::{Act, AskView, Stage};
use desk_testkit::clerk::Move;

use crate::world::{EDUCATION, PURSE, World, good, start, willing};

#[tokio::test(start_paused = true)]
async fn a_card_is_validated_by_one_tap() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    world.tray.put("pupil");
    window.begin("validation", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert!(good(&end), "{end:#?}");
    assert!(end.say.unwrap().contains("2026年12月31日"));
    window.handle.send(Act::Home);
    let view = window.clerk.until("card read", |view| matches!(&view.stage, Stage::Home(home) if home.card.is_some())).await.unwrap();
    let Stage::Home(home) = view.stage else { unreachable!() };
    assert_eq!(home.card.unwrap().valid_until.as_deref(), Some("2026-12-31"));
    // The second tap writes nothing.
    window.begin("validation", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert!(good(&end));
    assert_eq!(end.message.unwrap().code, "ALREADY_VALIDATED");
    assert_eq!(world.count("intent.write_card"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_card_is_replaced_paid_and_validated() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("reissue_lost", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "blank-1")).await.unwrap();
    assert!(good(&end), "{end:#?}");
    assert_eq!(world.titles(), ["业务凭证", "收据"]);
    let status = window.clerk.view().unwrap().status.unwrap();
    assert_eq!(status.till.as_deref(), Some("520.00"));
    assert_eq!(status.blanks, Some(19));
    let figures: Vec<_> = match &end.question.ask {
        AskView::Ended { figures, .. } => figures.iter().map(|figure| (figure.label.as_str(), figure.value.as_str())).collect(),
        _ => panic!(),
    };
    assert!(figures.contains(&("有效期至", "2026年12月31日")), "{figures:?}");
    assert!(figures.contains(&("找零", "30.00")), "{figures:?}");
    // The old card is dead now.
    window.handle.send(Act::Home);
    window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    world.tray.put("pupil");
    window.begin("validation", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "pupil")).await.unwrap();
    assert_eq!(end.message.unwrap().code, "CARD_REPLACED");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_card_is_no_blank_and_a_spoiled_blank_costs_nothing() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("reissue_lost", EDUCATION).await;
    let tray = world.tray.clone();
    let mut first = willing(&world.tray, "purse");
    let view = window
        .clerk
        .drive(|view| match &view.question.ask {
            AskView::PutCard { wrong: Some(wrong), .. } => {
                assert_eq!(wrong.code, "CARD_NOT_BLANK");
                Move::Stop
            }
            _ => first(view),
        })
        .await
        .unwrap();
    assert!(matches!(view.question.ask, AskView::PutCard { .. }));
    let mut second = willing(&world.tray, "blank-1");
    let mut torn = false;
    let mut next = false;
    let end = window
        .clerk
        .drive(|view| match &view.question.ask {
            AskView::PutCard { .. } => {
                tray.put(if next { "blank-2" } else { "blank-1" });
                Move::Wait
            }
            AskView::Act { .. } if !torn => {
                torn = true;
                tray.plan(3, desk_cardsim::faults::What::Mute);
                Move::Do
            }
            AskView::Choice { options } if options.iter().any(|option| option.id == "next") => {
                next = true;
                tray.clear_faults();
                tray.take_off();
                Move::Choose("next".to_owned())
            }
            _ => second(view),
        })
        .await
        .unwrap();
    assert!(good(&end), "{end:#?}");
    assert_eq!(world.count("fact.money_in"), 1, "no second fee");
    let status = window.clerk.view().unwrap().status.unwrap();
    assert_eq!(status.till.as_deref(), Some("520.00"));
}

#[tokio::test(start_paused = true)]
async fn a_password_is_reset_by_the_guardian() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("password_reset", EDUCATION).await;
    let end = window.clerk.drive(guardian).await.unwrap();
    assert!(good(&end), "{end:#?}");
    assert_eq!(world.titles(), ["业务凭证"]);
    let sheets = format!("{:?}", world.paper.sheets.lock().unwrap());
    assert!(!sheets.contains("150012"), "no digits of a password on paper");
}

/// Answers the tree on to the reset: whatever does not send the customer elsewhere.
pub fn guardian(view: &desk_app::view::CaseView) -> Move {
    match &view.question.ask {
        AskView::Choice { options } => {
            let wanted = ["yes", "guardian", "id_card", "resident_id", "original", "tried"];
            let option = options
                .iter()
                .find(|option| option.id == "guardian")
                .or_else(|| options.iter().find(|option| wanted.contains(&option.id.as_str())))
                .unwrap_or(&options[0]);
            Move::Choose(option.id.clone())
        }
        AskView::Form { .. } | AskView::Go { .. } => willing(&desk_cardsim::in_process::SimTray::new(), "none")(view),
        _ => Move::Wait,
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_is_looked_up() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    world.tray.put("purse");
    window.clerk.until("card", |view| matches!(&view.stage, Stage::Home(home) if home.card.is_some())).await.unwrap();
    // The key of the other programme's query was pressed; the card says whose it is.
    window.begin("card_query", EDUCATION).await;
    let end = window.clerk.drive(willing(&world.tray, "purse")).await.unwrap();
    assert!(good(&end), "{end:#?}");
    assert!(end.strip.iter().any(|figure| figure.label == "中心状态" && figure.value == "正常"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_refunded_says_why() {
    for (card, code) in [("empty", "PURSE_EMPTY"), ("pupil", "PROFILE_MISMATCH")] {
        let mut world = World::new().await;
        let mut window = world.open().await;
        window.begin("refund_readable", PURSE).await;
        let end = window.clerk.drive(willing(&world.tray, card)).await.unwrap();
        assert!(!good(&end));
        assert_eq!(end.message.unwrap().code, code);
    }
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    world.tray.put("strange");
    let view = window
        .clerk
        .until("unknown family", |view| {
            crate::world::case_on_screen(view).is_some_and(
                |case| matches!(&case.question.ask, AskView::PutCard { wrong: Some(wrong), .. } if wrong.code == "CARD_FAMILY_UNKNOWN"),
            )
        })
        .await
        .unwrap();
    let question = crate::world::case_on_screen(&view).unwrap().question.id.clone();
    window.handle.send(Act::Cancel { question });
    window
        .clerk
        .until("ended", |view| crate::world::case_on_screen(view).is_some_and(|case| matches!(case.question.ask, AskView::Ended { .. })))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_works_without_sign_in_or_day() {
    let mut world = World::new().await;
    let mut window = world.start();
    window.handle.send(start("refund_readable", PURSE));
    window.handle.send(Act::SignIn { operator: "1001".to_owned(), password: "wrong".to_owned() });
    let view =
        window.clerk.until("wrong password", |view| matches!(&view.stage, Stage::SignIn { message: Some(_), busy: false })).await.unwrap();
    let Stage::SignIn { message, .. } = view.stage else { unreachable!() };
    assert_eq!(message.unwrap().code, "PASSWORD_WRONG");
    window.clerk.sign_in("１００１", "pass-1001").await.unwrap();
    window.handle.send(start("refund_readable", PURSE));
    window.handle.send(Act::OpenDay { float: "４９９".to_owned(), blanks: "20".to_owned() });
    let view = window.clerk.until("difference", |view| matches!(&view.stage, Stage::DayOpen { message: Some(_), .. })).await.unwrap();
    let Stage::DayOpen { message, .. } = view.stage else { unreachable!() };
    assert_eq!(message.unwrap().code, "FLOAT_DIFFERS");
    // The clerk reads it; a press within the same second would be a double click.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    window.handle.send(Act::OpenDay { float: "499".to_owned(), blanks: "20".to_owned() });
    let view = window.clerk.until("home", |view| matches!(&view.stage, Stage::Home(_))).await.unwrap();
    assert_eq!(view.status.unwrap().till.as_deref(), Some("499.00"));
    window.handle.send(Act::Lock);
    window.clerk.until("locked", |view| matches!(&view.stage, Stage::Locked { .. })).await.unwrap();
    window.handle.send(Act::Unlock { password: "pass-1001".to_owned() });
    window.clerk.until("home", |view| matches!(&view.stage, Stage::Home(_))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_day_agrees_three_ways() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    for (service, programme, card) in [("refund_readable", PURSE, "purse"), ("reissue_lost", EDUCATION, "blank-1")] {
        world.tray.take_off();
        window.begin(service, programme).await;
        let end = window.clerk.drive(willing(&world.tray, card)).await.unwrap();
        assert!(good(&end), "{end:#?}");
        window.handle.send(Act::Home);
        window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    }
    window.handle.send(Act::SignOut);
    window.clerk.sign_in("2001", "pass-2001").await.unwrap();
    window.handle.send(Act::Report);
    let view = window.clerk.until("report", |view| matches!(&view.stage, Stage::Report(report) if !report.busy)).await.unwrap();
    let Stage::Report(report) = view.stage else { unreachable!() };
    assert!(report.agree, "{report:#?}");
    assert_eq!(report.lines.len(), 2);
    let payable = report.totals.iter().find(|total| total.label.starts_with("应付退值")).unwrap();
    assert_eq!((payable.desk.as_str(), payable.centre.as_str()), ("0.00", "0.00"), "what was confirmed was paid");
    assert!(report.exceptions.is_empty(), "{:?}", report.exceptions);
    window.handle.send(Act::PrintReport);
    window.clerk.until("printed", |view| matches!(&view.stage, Stage::Report(report) if report.printed)).await.unwrap();
    assert!(world.titles().contains(&"日结报表".to_owned()));
    window.handle.send(Act::Home);
    window.clerk.until("home", |view| matches!(&view.stage, Stage::Home(_))).await.unwrap();
}
