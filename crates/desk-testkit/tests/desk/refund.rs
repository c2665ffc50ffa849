//! The readable refund from sign-in to cash, and what happens where it is disturbed.

use desk_app::view::{Act, AskView, Stage};
use desk_testkit::clerk::Move;

use crate::world::{PURSE, World, case_on_screen, good, willing};

#[tokio::test(start_paused = true)]
async fn a_purse_is_read_emptied_confirmed_and_paid() {
    for (card, amount, till) in [("purse", 3650, "463.50"), ("purchase", 12_800, "372.00")] {
        let mut world = World::new().await;
        let mut window = world.open().await;
        assert_eq!(world.balance(card), amount);
        window.begin("refund_readable", PURSE).await;
        let end = window.clerk.drive(willing(&world.tray, card)).await.unwrap();
        assert!(good(&end), "{:#?}", end);
        assert_eq!(world.balance(card), 0);
        assert_eq!(world.titles(), ["退款凭证", "收据"]);
        let view = window.clerk.view().unwrap();
        assert_eq!(view.status.unwrap().till.unwrap(), till);
        assert_eq!(world.count("fact.paid_out"), 1);
        window.handle.send(Act::Home);
        window.clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_refund_needs_somebody_else() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    window.begin("refund_readable", PURSE).await;
    let mut own = true;
    let mut asked = Vec::new();
    let mut willing = willing(&world.tray, "rich");
    let end = window
        .clerk
        .drive(|view| {
            if let AskView::Authorise { level, amount, .. } = &view.question.ask {
                asked.push((level.clone(), amount.clone(), view.message.as_ref().map(|message| message.code.clone())));
                if std::mem::take(&mut own) {
                    return Move::Authorise { supervisor: "1001".to_owned(), password: "pass-1001".to_owned() };
                }
            }
            willing(view)
        })
        .await
        .unwrap();
    assert!(good(&end), "{end:#?}");
    assert_eq!(asked[0], ("值班主管".to_owned(), "268.00".to_owned(), None));
    assert_eq!(asked[1].2.as_deref(), Some("SELF_AUTH_FORBIDDEN"));
    assert_eq!(world.balance("rich"), 0);
}

#[tokio::test(start_paused = true)]
async fn stale_and_double_answers_do_nothing() {
    let mut world = World::new().await;
    let mut window = world.open().await;
    world.tray.put("purse");
    window.begin("refund_readable", PURSE).await;
    let view =
        window.clerk.until("agree", |view| case_on_screen(view).is_some_and(|case| case.question.id.ends_with("agree"))).await.unwrap();
    let question = case_on_screen(&view).unwrap().question.id.clone();
    for _ in 0..20 {
        window.handle.send(Act::Go { question: question.clone() });
        window.handle.send(Act::Do { question: question.clone() });
    }
    let view =
        window.clerk.until("sign", |view| case_on_screen(view).is_some_and(|case| case.question.id.ends_with("sign"))).await.unwrap();
    assert_eq!(world.count("fact.agreed"), 1);
    let question = case_on_screen(&view).unwrap().question.id.clone();
    window.handle.send(Act::Go { question });
    let view = window.clerk.until("pay", |view| case_on_screen(view).is_some_and(|case| case.question.id.ends_with("pay"))).await.unwrap();
    let question = case_on_screen(&view).unwrap().question.id.clone();
    // Enter never pays.
    for _ in 0..5 {
        window.handle.send(Act::Go { question: question.clone() });
    }
    for _ in 0..20 {
        window.handle.send(Act::Do { question: question.clone() });
    }
    window.clerk.until("ended", |view| case_on_screen(view).is_some_and(good)).await.unwrap();
    assert_eq!(world.count("fact.paid_out"), 1);
}
