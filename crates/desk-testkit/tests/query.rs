//! What a card shows at the desk: everything, foreign cards too, and nothing of the journeys is written down.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::sync::Arc;

use chrono::NaiveDate;
use desk_app::view::{Act, AskView, CardView, Stage, View};
use desk_testkit::{books::Journal, counter::Counter, script::Hands, world::World};

fn on_home(view: &View) -> Option<&CardView> {
    match &view.stage {
        Stage::Home(home) => home.card.as_ref(),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_query_shows_log_journeys_and_balances_and_keeps_no_journey() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.hands = Hands::with_card("purse-unload");
    let morning = NaiveDate::from_ymd_opt(2026, 11, 23).and_then(|day| day.and_hms_opt(7, 41, 0)).expect("time");
    counter.rig.tray.with_card("purse-unload", |card| {
        card.begin_trip(morning);
        card.end_trip(morning + chrono::TimeDelta::minutes(20));
    });
    counter.work(None).await.expect("day open");
    counter.rig.tray.put("purse-unload");
    let clerk = counter.clerk().expect("desk");
    let view = clerk.until("card", |view| on_home(view).is_some()).await.expect("shown at home");
    let Stage::Home(home) = &view.stage else { unreachable!("waited for it") };
    let button = home.services.iter().find(|button| button.service == "card_query").expect("the query is offered");
    clerk.send(Act::Start { service: button.service.clone(), programme: button.programme.clone() });
    let looked = |view: &View| matches!(&view.stage, Stage::Case(case) if case.question.id.ends_with(".look") && case.card.is_some());
    // The centre is asked what it knows before the clerk looks.
    let view = clerk.until("look", looked).await.expect("on the screen");
    let Stage::Case(case) = view.stage else { unreachable!("waited for it") };
    let card = case.card.expect("the card stands on the screen");
    clerk.send(Act::Go { question: case.question.id });
    clerk
        .until("end", |view| matches!(&view.stage, Stage::Case(case) if matches!(case.question.ask, AskView::Ended { .. })))
        .await
        .expect("end");
    assert_eq!((card.balance.as_deref(), card.unverified), (Some("36.50"), false));
    assert!(card.balances.len() >= 2, "usable money and limit: {:?}", card.balances);
    assert!(card.log.iter().any(|row| row.amount == "36.50"), "{:?}", card.log);
    assert!(!card.trips.is_empty() && card.trips.iter().any(|trip| trip.at.starts_with("2026-11-23")), "{:?}", card.trips);
    // Where a person was stands in no row, not even in the masked conversation.
    let journal = Journal::of(&counter.rig, &world).await.expect("journal");
    let rows: Vec<&str> = journal.cases.iter().flat_map(|(_, _, rows)| rows.iter().map(|row| row.payload.as_str())).collect();
    assert!(rows.iter().any(|payload| payload.contains("00B201F4") && payload.contains("****")), "the journeys' file was read, and masked");
    assert!(!rows.iter().any(|payload| payload.contains("20261123074")), "a journey is written down");
}

#[tokio::test(start_paused = true)]
async fn a_card_of_another_city_is_shown_with_its_warning() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.work(None).await.expect("day open");
    // The same purse under an issuer that no rule set names.
    counter.rig.tray.add("foreign", foreign());
    counter.rig.tray.put("foreign");
    let clerk = counter.clerk().expect("desk");
    let view = clerk.until("card", |view| on_home(view).is_some()).await.expect("shown");
    let card = on_home(&view).expect("card");
    assert_eq!((card.family.as_str(), card.balance.as_deref(), card.programme.as_str()), ("交通联合卡", Some("12.00"), ""));
    assert_eq!(card.warnings.first().map(|warning| warning.code.as_str()), Some("CARD_FOREIGN"));
    assert!(card.city.is_some());
}

fn foreign() -> desk_cardsim::SimCard {
    let row = desk_cardsim::CardRow {
        name: String::new(),
        family: "tunion-unload".to_owned(),
        card_no: "3104111000000000901".to_owned(),
        issuer: "02002900FFFFFFFF".to_owned(),
        serial: "4111000000000901".to_owned(),
        holder_class: 1,
        balance_fen: 1_200,
        valid_until: "2035-12-31".to_owned(),
    };
    desk_cardsim::SimCard::make(&desk_cardsim::Seed(desk_testkit::world::SEED.to_vec()), &row).expect("card")
}
