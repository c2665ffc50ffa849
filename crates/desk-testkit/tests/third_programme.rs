//! The made-up third programme at a counter of its own: real desk, real centre, simulated cards, and no line of Rust for it.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;

use desk_app::view::{Act, AskView, CaseView, HomeView, Stage};
use desk_testkit::{
    clerk::Clerk,
    rig::Rig,
    script::Hands,
    world::{Setting, World},
};

const LAKESIDE: &str = include_str!("../../../examples/lakeside.toml");

/// The demonstration's purses under the example's issuer.
async fn lakeside(outlet: &'static str) -> Arc<World> {
    let cards = include_str!("../../../rules/demonstration-cards.toml").replace("99993040FFFFFFFF", "99999901FFFFFFFF");
    let setting = Setting { rules: &[("lakeside.toml", LAKESIDE)], cards: &cards, outlet };
    Arc::new(World::of(setting).await.expect("world"))
}

async fn home(clerk: &mut Clerk) -> HomeView {
    let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    let Stage::Home(home) = view.stage else { unreachable!() };
    home
}

async fn serve(clerk: &mut Clerk, rig: &Rig, service: &str, hands: &mut Hands) -> CaseView {
    let home = home(clerk).await;
    let button = home.services.iter().find(|button| button.service == service).unwrap_or_else(|| panic!("{service}: {:#?}", home.services));
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    clerk.until("the case", |view| matches!(view.stage, Stage::Case(_))).await.expect("case opens");
    clerk.drive(|case| hands.answer(case, &rig.tray)).await.expect("case ends")
}

fn good(case: &CaseView) -> bool {
    matches!(case.question.ask, AskView::Ended { good: true, .. })
}

/// Refunded, topped up in its own steps under its own cap, and looked at, to the fen; its words stand on its papers.
#[tokio::test(start_paused = true)]
async fn its_services_run_with_its_own_fees_and_caps() {
    let world = lakeside("LH1").await;
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("800", "50").await.expect("day open");
    for (service, balance, till) in [("refund_readable", 0, "763.50"), ("top_up", 5_000, "813.50"), ("card_query", 5_000, "813.50")] {
        let end = serve(&mut clerk, &rig, service, &mut Hands::with_card("purse-unload")).await;
        assert!(good(&end), "{service}: {end:#?}");
        assert_eq!(rig.tray.card("purse-unload").and_then(|card| card.balance()), Some(balance), "{service}");
        clerk.send(Act::Home);
        let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
        assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some(till), "{service}");
    }
    let report = desk_testkit::shift::report(&mut clerk).await.expect("report");
    assert!(report.agree, "{:?} {:?}", report.totals, report.message);
    let papers: Vec<String> = rig.papers.sheets().iter().map(|sheet| format!("{sheet:?}")).collect();
    assert!(papers.iter().any(|paper| paper.contains("临湖市民通服务中心（虚构）")), "its issuer stands on the papers: {papers:#?}");
    assert!(!papers.iter().any(|paper| paper.contains("962026") || paper.contains("0519")), "and nobody else's hotline");
}

/// Its boat queries and validates at weekends, and does nothing else; its hall is open now and knows no passwords.
#[tokio::test(start_paused = true)]
async fn its_outlets_do_what_its_file_says() {
    for (outlet, till, blanks, query, refund) in
        [("LH1", "800", "50", None, None), ("LH2", "0", "0", Some("OUTSIDE_HOURS"), Some("OUTLET_NOT_AUTHORIZED"))]
    {
        let world = lakeside(outlet).await;
        let mut rig = Rig::at(&world, 1).await.expect("rig");
        let mut clerk = rig.start().expect("the disk is this desk's");
        clerk.sign_in("1001", "pass-1001").await.expect("signed in");
        clerk.open_day(till, blanks).await.expect("day open");
        let home = home(&mut clerk).await;
        let blocked = |service: &str| {
            let button = home.services.iter().find(|button| button.service == service).unwrap_or_else(|| panic!("no {service}"));
            button.blocked.as_ref().map(|message| message.code.clone())
        };
        assert_eq!(blocked("card_query").as_deref(), query, "{outlet}");
        assert_eq!(blocked("refund_readable").as_deref(), refund, "{outlet}");
        assert!(!home.services.iter().any(|button| button.service == "password_reset"), "the programme has no passwords");
    }
}
