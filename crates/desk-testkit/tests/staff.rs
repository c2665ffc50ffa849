//! Staff cards: sign-in, unlocking and authorisation by a card and its PIN, with and without the line, with one reader.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::{sync::Arc, time::Duration};

use chrono::{Days, NaiveDate};
use desk_app::view::{Act, AskView, CaseView, Stage, View};
use desk_cardsim::{SimCard, StaffRow};
use desk_centre::{authority::Authority, staff::PlayedCard};
use desk_domain::id::{CellId, OperatorId};
use desk_testkit::{
    clerk::{Clerk, Move},
    counter::{Counter, Rest},
    rig::Rig,
    script::Hands,
    world::{COUNTER, World, authority},
};

const PIN: &str = "246810";

/// A card of this authority, made valid for its operator; on the tray under `name`.
async fn issue(world: &World, rig: &Rig, name: &str, operator: &str, by: &Authority, days: [NaiveDate; 2], known: bool) {
    let made = PlayedCard::make(by, &OperatorId::new(operator), PIN, days).expect("card");
    if known {
        let centre = world.centre();
        let mut tx = centre.store().begin().await.expect("store");
        let mut record = tx.operator(&CellId::new(COUNTER), &OperatorId::new(operator)).await.expect("read").expect("operator");
        record.staff_card = Some(made.serial.clone());
        tx.put_operator(&record).await.expect("kept");
        tx.commit().await.expect("kept");
    }
    let row = StaffRow { operator: made.operator, pin: made.pin, certificate: made.certificate, key: made.key };
    rig.tray.add(name, SimCard::staff(&row).expect("card"));
}

fn these_days(world: &World) -> [NaiveDate; 2] {
    use desk_app::ports::Clock;
    let today = world.clock.now().date_naive();
    [today - Days::new(30), today + Days::new(300)]
}

async fn at_the_door(world: &Arc<World>) -> (Rig, Clerk) {
    let mut rig = Rig::at(world, 1).await.expect("desk");
    let mut clerk = rig.start().expect("desk");
    clerk.until("door", |view| matches!(view.stage, Stage::SignIn { busy: false, .. })).await.expect("door");
    (rig, clerk)
}

fn code(view: &View) -> Option<&str> {
    match &view.stage {
        Stage::SignIn { message, busy: false } | Stage::Locked { message, busy: false, .. } => {
            message.as_ref().map(|message| message.code.as_str())
        }
        _ => None,
    }
}

/// Lays a card on and gives a PIN; what is said at the door, or nothing where it opened.
async fn knock(rig: &Rig, clerk: &mut Clerk, card: &str, pin: &str) -> Option<String> {
    rig.tray.put(card);
    // The desk has seen the card before somebody types.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = clerk.until("now", |_| true).await.expect("view").revision;
    clerk.send(Act::SignInByCard { pin: pin.to_owned() });
    let view = clerk.until("answer", |view| view.revision > before && (code(view).is_some() || inside(view))).await.expect("answered");
    code(&view).map(str::to_owned)
}

fn inside(view: &View) -> bool {
    !matches!(view.stage, Stage::SignIn { .. } | Stage::Locked { .. } | Stage::Starting { .. })
}

#[tokio::test(start_paused = true)]
async fn the_card_and_its_pin_open_the_door_and_nothing_else_does() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let (rig, mut clerk) = at_the_door(&world).await;
    let days = these_days(&world);
    issue(&world, &rig, "staff", "2001", authority(), days, true).await;
    issue(&world, &rig, "old", "2001", authority(), days, false).await;
    issue(&world, &rig, "expired", "3001", authority(), [days[0] - Days::new(400), days[0]], true).await;
    issue(&world, &rig, "forged", "1001", &Authority::make().expect("another authority"), days, true).await;

    assert_eq!(knock(&rig, &mut clerk, "purse-unload", PIN).await.as_deref(), Some("STAFF_CARD_MISSING"));
    assert_eq!(knock(&rig, &mut clerk, "staff", "12").await.as_deref(), Some("FIELD_INVALID"));
    assert_eq!(knock(&rig, &mut clerk, "staff", "111111").await.as_deref(), Some("STAFF_PIN_WRONG"));
    assert_eq!(knock(&rig, &mut clerk, "old", PIN).await.as_deref(), Some("STAFF_CARD_REVOKED"));
    assert_eq!(knock(&rig, &mut clerk, "expired", PIN).await.as_deref(), Some("STAFF_CARD_EXPIRED"));
    assert_eq!(knock(&rig, &mut clerk, "forged", PIN).await.as_deref(), Some("STAFF_CARD_INVALID"));
    assert_eq!(knock(&rig, &mut clerk, "staff", PIN).await, None, "the right PIN gave the tries back");

    // Locked, only the same person's card unlocks.
    issue(&world, &rig, "clerk", "1001", authority(), days, true).await;
    clerk.send(Act::Lock);
    clerk.until("locked", |view| matches!(view.stage, Stage::Locked { .. })).await.expect("locked");
    assert_eq!(knock(&rig, &mut clerk, "clerk", PIN).await.as_deref(), Some("STAFF_CARD_OTHER"));
    assert_eq!(knock(&rig, &mut clerk, "staff", PIN).await, None);
}

#[tokio::test(start_paused = true)]
async fn three_wrong_pins_lock_the_card_and_the_password_still_opens() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let (rig, mut clerk) = at_the_door(&world).await;
    issue(&world, &rig, "staff", "2001", authority(), these_days(&world), true).await;
    for expected in ["STAFF_PIN_WRONG", "STAFF_PIN_WRONG", "STAFF_PIN_LOCKED", "STAFF_PIN_LOCKED"] {
        assert_eq!(knock(&rig, &mut clerk, "staff", "111111").await.as_deref(), Some(expected));
    }
    assert_eq!(knock(&rig, &mut clerk, "staff", PIN).await.as_deref(), Some("STAFF_PIN_LOCKED"));
    clerk.send(Act::SignIn { operator: "2001".to_owned(), password: "pass-2001".to_owned() });
    clerk.until("in", inside).await.expect("in by the password");
}

#[tokio::test(start_paused = true)]
async fn without_the_line_the_cached_operators_card_opens() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let (mut rig, mut clerk) = at_the_door(&world).await;
    let days = these_days(&world);
    issue(&world, &rig, "staff", "2001", authority(), days, true).await;
    issue(&world, &rig, "stranger", "3001", authority(), days, true).await;
    assert_eq!(knock(&rig, &mut clerk, "staff", PIN).await, None, "with the line");
    issue(&world, &rig, "newer", "2001", authority(), days, false).await;
    rig.kill();
    let mut clerk = rig.start().expect("desk");
    rig.line.set_down(true);
    clerk.until("door", |view| matches!(view.stage, Stage::SignIn { .. })).await.expect("door");
    assert!(knock(&rig, &mut clerk, "stranger", PIN).await.is_some_and(|code| code.starts_with("CENTRE_")), "nobody knows this one here");
    assert_eq!(knock(&rig, &mut clerk, "newer", PIN).await.as_deref(), Some("STAFF_CARD_REVOKED"), "not the card that was valid last");
    assert_eq!(knock(&rig, &mut clerk, "staff", PIN).await, None, "the card that was valid last");
}

/// What the counter does with a refund that needs a supervisor.
fn needs_supervisor(case: &CaseView) -> Option<String> {
    matches!(case.question.ask, AskView::Authorise { busy: false, .. }).then(|| case.question.id.clone())
}

#[tokio::test(start_paused = true)]
async fn one_reader_citizens_card_off_staff_card_on_the_same_card_back() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    let days = these_days(&world);
    issue(&world, &counter.rig, "staff", "2001", authority(), days, true).await;
    issue(&world, &counter.rig, "own", "1001", authority(), days, true).await;
    counter.hands = Hands::with_card("purse-above-limit");
    let mut hands = Hands::with_card("purse-above-limit");
    let tray = counter.rig.tray.clone();
    let rest = counter
        .work_with(Some("refund_readable"), |case| if needs_supervisor(case).is_some() { Move::Stop } else { hands.answer(case, &tray) })
        .await
        .expect("up to the supervisor");
    let Rest::Stopped(case) = rest else {
        panic!("{rest:?}");
    };
    let clerk = counter.clerk().expect("desk");
    let authorise =
        |case: &CaseView, pin: &str| Act::AuthoriseByCard { question: needs_supervisor(case).expect("question"), pin: pin.to_owned() };
    let mut said = Vec::new();
    let mut now = *case;
    // The citizen's card still lies there; then the clerk's own; then the supervisor's with a wrong PIN.
    for (card, pin) in [("purse-above-limit", PIN), ("own", PIN), ("staff", "111111")] {
        tray.put(card);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = clerk.until("now", |_| true).await.expect("view").revision;
        clerk.send(authorise(&now, pin));
        let refused = |view: &View| view.revision > before && asks(view).is_some_and(|(busy, message)| !busy && message.is_some());
        let view = clerk.until("no", refused).await.expect("refused");
        said.push(asks(&view).and_then(|(_, message)| message).unwrap_or_default());
        now = case_of(&view).expect("case").clone();
    }
    assert_eq!(said, ["STAFF_CARD_MISSING", "SELF_AUTH_FORBIDDEN", "STAFF_PIN_WRONG"]);
    tray.put("staff");
    clerk.send(authorise(&now, PIN));
    clerk
        .until("authorised", |view| case_of(view).is_some_and(|case| needs_supervisor(case).is_none() && !busy_asking(view)))
        .await
        .expect("authorised");
    // The staff card still lies there: the case waits for the citizen's and tries nothing on it.
    let _ = tray.take_sent();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let view = clerk.until("put card", |view| case_of(view).is_some_and(|case| matches!(case.question.ask, AskView::PutCard { .. }))).await;
    assert!(view.is_ok() && tray.take_sent().is_empty(), "{view:?}");
    // Another citizen's card instead of the first: nothing is written on it.
    let other = tray.card("purse-unload").and_then(|card| card.balance());
    tray.put("purse-unload");
    clerk.send(Act::Home);
    let mut put_back = false;
    let rest = counter
        .work_with(Some("refund_readable"), |case| {
            if !put_back {
                put_back = true;
                return Move::Wait;
            }
            hands.answer(case, &tray)
        })
        .await
        .expect("done");
    assert_eq!(tray.card("purse-unload").and_then(|card| card.balance()), other, "the other card is as it was");
    assert_eq!(tray.card("purse-above-limit").and_then(|card| card.balance()), Some(0), "{rest:?}");
}

fn case_of(view: &View) -> Option<&CaseView> {
    match &view.stage {
        Stage::Case(case) => Some(case),
        _ => None,
    }
}

fn asks(view: &View) -> Option<(bool, Option<String>)> {
    let case = case_of(view)?;
    match &case.question.ask {
        AskView::Authorise { busy, .. } => Some((*busy, case.message.as_ref().map(|message| message.code.clone()))),
        _ => None,
    }
}

fn busy_asking(view: &View) -> bool {
    asks(view).is_some_and(|(busy, _)| busy)
}
