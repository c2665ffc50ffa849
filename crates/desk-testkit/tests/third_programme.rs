//! The made-up third programme at a counter of its own: real desk, real centre, simulated cards, and no line of Rust for it.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::sync::Arc;

use desk_app::view::{Act, AskView, CaseView, HomeView, LineView, Stage};
use desk_testkit::{
    clerk::Clerk,
    rig::Rig,
    script::Hands,
    world::{LOSER, Setting, World},
};

const LAKESIDE: &str = include_str!("../../../examples/lakeside.toml");

/// The demonstration's purses and blanks under the example's issuers.
async fn lakeside(outlet: &'static str) -> Arc<World> {
    let cards = include_str!("../../../rules/demonstration-cards.toml").replace("99993040FFFFFFFF", "99999901FFFFFFFF");
    let cards = cards.replace("99993050FFFFFFFF", "99999902FFFFFFFF");
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
    for (service, balance, till) in [("refund_readable", 0, "764.50"), ("top_up", 5_000, "814.50"), ("card_query", 5_000, "814.50")] {
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
    let fee = papers.iter().find(|paper| paper.contains("已扣手续费")).expect("the fee stands on the voucher");
    assert!(fee.contains("1.00") && fee.contains("35.50"), "{fee}");
    assert!(!papers.iter().any(|paper| paper.contains("962026") || paper.contains("0519")), "and nobody else's hotline");
}

/// A lost card at its hall: written on the spot for its own fee, or made centrally and sent for its own two; one of a person at
/// a time, with its own words, and picked up under its own rules.
#[tokio::test(start_paused = true)]
async fn its_lost_cards_are_written_here_or_made_centrally() {
    for (way, till, label) in [("counter", "808.80", "原卡已作废"), ("pick_up", "808.80", "到本网点领卡"), ("courier", "815.40", "船递费")]
    {
        let world = lakeside("LH1").await;
        let mut rig = Rig::at(&world, 1).await.expect("rig");
        let mut clerk = rig.start().expect("the disk is this desk's");
        clerk.sign_in("1001", "pass-1001").await.expect("signed in");
        clerk.open_day("800", "50").await.expect("day open");
        let mut hands = Hands { way, ..Hands::default() };
        let end = serve(&mut clerk, &rig, "reissue_lost", &mut hands).await;
        assert!(good(&end), "{way}: {end:#?}");
        clerk.send(Act::Home);
        let view = clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
        assert_eq!(view.status.and_then(|status| status.till).as_deref(), Some(till), "{way}");
        let papers: Vec<String> = rig.papers.sheets().iter().map(|sheet| format!("{sheet:?}")).collect();
        assert!(papers.iter().any(|paper| paper.contains(label)), "{way}: {papers:#?}");
        if way == "courier" {
            assert!(papers.iter().any(|paper| paper.contains("补卡工本费 8.80 元 + 船递费 6.60 元 = 15.40 元")), "{papers:#?}");
            assert!(papers.iter().any(|paper| paper.contains("码头签收")), "its own words stand on the slip");
        }
        rig.tray.take_off();
        // The second one has to wait for the first, whichever way that was made.
        let again = serve(&mut clerk, &rig, "reissue_lost", &mut Hands { way: "pick_up", ..Hands::default() }).await;
        let told = again.message.as_ref().map(|message| message.code.as_str());
        assert!(if way == "counter" { good(&again) } else { told == Some("REISSUE_IN_PROGRESS") }, "{way}: {again:#?}");
        let report = desk_testkit::shift::report(&mut clerk).await.expect("report");
        assert!(report.agree, "{way}: {:?} {:?}", report.totals, report.message);
    }
    // The card of another order lies ready: handed over without a validation, for its file asks for none.
    let world = lakeside("LH1").await;
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("800", "50").await.expect("day open");
    let mut hands = Hands::with_card("purse-made");
    hands.number = LOSER.to_owned();
    let end = serve(&mut clerk, &rig, "pick_up", &mut hands).await;
    assert!(good(&end), "{end:#?}");
}

/// Without the line it looks at cards, and does nothing else: what it does not do says so with its own rule.
#[tokio::test(start_paused = true)]
async fn without_the_line_it_does_what_its_file_says() {
    let world = lakeside("LH1").await;
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut clerk = rig.start().expect("the disk is this desk's");
    clerk.sign_in("1001", "pass-1001").await.expect("signed in");
    clerk.open_day("800", "50").await.expect("day open");
    rig.line.set_down(true);
    let lost = |view: &desk_app::view::View| {
        view.status.as_ref().is_some_and(|status| status.line != LineView::Online) && matches!(view.stage, Stage::Home(_))
    };
    let view = clerk.until("the line is lost", lost).await.expect("lost");
    let Stage::Home(home) = view.stage else { unreachable!() };
    let blocked = |service: &str| {
        let button = home.services.iter().find(|button| button.service == service).unwrap_or_else(|| panic!("no {service}"));
        button.blocked.as_ref().map(|message| (message.code.clone(), format!("{message:?}")))
    };
    assert_eq!(blocked("card_query"), None);
    for (service, words) in [("reissue_lost", "补卡须当场联网"), ("refund_readable", "退值须联网"), ("pick_up", "启用新卡须联网")]
    {
        let (code, message) = blocked(service).unwrap_or_else(|| panic!("{service} is open"));
        assert!(message.contains(words), "{service}: {code} {message}");
    }
    let end = serve(&mut clerk, &rig, "card_query", &mut Hands::with_card("purse-unload")).await;
    assert!(good(&end) && end.offline, "{end:#?}");
    clerk.send(Act::Home);
    rig.line.set_down(false);
    let back = |view: &desk_app::view::View| view.status.as_ref().is_some_and(|status| status.line == LineView::Online);
    clerk.until("the line is back", back).await.expect("back");
    let end = serve(&mut clerk, &rig, "refund_readable", &mut Hands::with_card("purse-unload")).await;
    assert!(good(&end), "{end:#?}");
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
