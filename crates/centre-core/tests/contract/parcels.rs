//! Cards that are made centrally in place of others: picked up or sent, brought back, sent again, and sent back to the centre.

use centre_core::{
    neighbours::{System, Trouble},
    upstream::{MadeCard, NoticeMatter},
};
use chrono::Duration;
use desk_domain::{
    card::CardImage,
    centre_act::{CentreAct, Replacement},
    claim::{Claim, Reservation, Settlement},
    code::Code,
    id::{CardNo, CellId, CentreNumber, OutletId, PersonId, ProgrammeId, SessionToken},
    inquiry::{Inquired, Inquiry},
    money::Fen,
    order::{Contact, Delivery, Progress, Uncollected},
    person::{CardStatus, Lookup},
    replacement::Ground,
};
use desk_wire::v1::{Reply, Request};

use super::world::{EDUCATION, HOME, PUPIL_CARD, World, card, case, confirmed, date, image, refusal, reserved};

const NEW: &str = "2150999000000099";

/// Plastic of the programme at production, behind some of another.
fn plastic(world: &World) {
    let made = |number: &str, programme: &str| {
        let made = card(number, programme, None);
        let card = MadeCard { card_no: made.card_no, family: made.family, issuer: made.issuer, serial: made.serial };
        (ProgrammeId::new(programme), card)
    };
    world.neighbours.books().plastic = vec![made("3104999000000000699", super::world::TRANSIT), made(NEW, EDUCATION)];
}

fn new_card() -> CardImage {
    image(&card(NEW, EDUCATION, None), None)
}

fn act(act: CentreAct) -> Claim {
    Claim::Act { cell: CellId::new(HOME), programme: ProgrammeId::new(EDUCATION), act }
}

fn contact() -> Contact {
    Contact { phone: "13800000001".to_owned(), address: "虚构路1号".to_owned() }
}

fn replace(ground: Ground, delivery: Delivery, courier: i64) -> Claim {
    act(CentreAct::Replace(Box::new(Replacement {
        person: PersonId::new("p1"),
        old_card: CardNo::new(PUPIL_CARD),
        ground,
        delivery,
        contact: contact(),
        courier: Fen(courier),
        accepted_at: None,
    })))
}

fn hand_over(order: &CentreNumber) -> Claim {
    act(CentreAct::HandOver { person: PersonId::new("p1"), order: order.clone(), card: new_card() })
}

fn send_again(order: &CentreNumber, courier: i64) -> Claim {
    act(CentreAct::SendAgain { person: PersonId::new("p1"), order: order.clone(), contact: contact(), courier: Fen(courier) })
}

fn send_back(order: &CentreNumber) -> Claim {
    act(CentreAct::SendBack { order: order.clone(), card_no: CardNo::new(NEW) })
}

fn confirm(reservation: &Reservation, number: u8) -> Request {
    Request::Confirm { case: case(number), reservation: reservation.number.clone(), settlement: Settlement::Act }
}

/// Ordered in case 1.
async fn ordered(world: &World, session: &SessionToken, delivery: Delivery, courier: i64) -> CentreNumber {
    let held = reserved(world.reserve(1, session, case(1), replace(Ground::Lost, delivery, courier), None).await);
    assert_eq!(held.due, Some(date("2026-12-09")), "the promised day");
    confirmed(world.ask(1, session, confirm(&held, 1)).await);
    confirmed(world.ask(1, session, confirm(&held, 1)).await);
    held.number
}

async fn status(world: &World, number: &str) -> Option<CardStatus> {
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.card_anywhere(&CardNo::new(number)).await.unwrap().map(|card| card.status)
}

async fn progress(world: &World, session: &SessionToken) -> Progress {
    let lookup = Lookup::CardNo { card_no: CardNo::new(PUPIL_CARD) };
    let reply = world.ask(1, session, Request::Inquire { case: case(9), lookup, inquiry: Inquiry::Orders }).await;
    let Reply::Inquired { found: Inquired::Orders { orders, .. }, .. } = reply else { panic!("{reply:?}") };
    orders.last().unwrap().state.clone()
}

async fn uncollected(world: &World, session: &SessionToken) -> Vec<Uncollected> {
    let reply = world.ask(1, session, Request::FindUncollected { case: case(9), programme: ProgrammeId::new(EDUCATION) }).await;
    let Reply::Uncollected { cards } = reply else { panic!("{reply:?}") };
    cards
}

async fn follow(world: &World) -> u32 {
    world.centre.follow_parcels(world.now()).await.unwrap()
}

pub async fn made_centrally_and_picked_up(world: World) {
    plastic(&world);
    let session = world.sign_in(1, "1001").await;
    // Whoever picks it up pays no courier, and whoever has it sent pays what the rules say, per order.
    for (delivery, fee, code) in [
        (Delivery::PickUp, 1_200, Code::CourierNotSelected),
        (Delivery::Courier, 0, Code::FeeFixed),
        (Delivery::Courier, 2_400, Code::FeeFixed),
    ] {
        assert_eq!(refusal(world.reserve(1, &session, case(1), replace(Ground::Lost, delivery, fee), None).await), code);
    }
    let order = ordered(&world, &session, Delivery::PickUp, 0).await;
    // The old card is out of use at once, and neither counter nor production replaces it again.
    assert_eq!(status(&world, PUPIL_CARD).await, Some(CardStatus::Closed));
    let mut tx = world.centre.store().begin().await.unwrap();
    assert!(tx.is_blacklisted(&CellId::new(HOME), &CardNo::new(PUPIL_CARD)).await.unwrap());
    drop(tx);
    let again = world.reserve(1, &session, case(2), replace(Ground::Lost, Delivery::PickUp, 0), None).await;
    assert_eq!(refusal(again), Code::ClaimConflict);
    let here = Claim::Reissue {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(EDUCATION),
        person: PersonId::new("p1"),
        old_card: CardNo::new(PUPIL_CARD),
        ground: Ground::Lost,
        accepted_at: None,
    };
    assert_eq!(refusal(world.reserve(1, &session, case(2), here, None).await), Code::ClaimConflict);
    assert_eq!(refusal(world.reserve(1, &session, case(3), hand_over(&order), None).await), Code::InProduction);
    world.wait(Duration::days(6));
    let session = world.sign_in(1, "1001").await;
    assert!(matches!(progress(&world, &session).await, Progress::Ready { card_no, .. } if card_no.as_str() == NEW));
    let giving = reserved(world.reserve(1, &session, case(3), hand_over(&order), None).await);
    confirmed(world.ask(1, &session, confirm(&giving, 3)).await);
    assert_eq!(status(&world, NEW).await, Some(CardStatus::Active));
    assert!(matches!(status(&world, PUPIL_CARD).await, Some(CardStatus::Replaced { .. })));
    // It is validated like any card.
    let validation =
        Claim::Validation { cell: CellId::new(HOME), programme: ProgrammeId::new(EDUCATION), card: new_card(), until: date("2026-11-30") };
    reserved(world.reserve(1, &session, case(4), validation, None).await);
}

/// Production or courier without an answer: nothing is done yet, and the same order is placed once.
pub async fn a_silent_courier_is_asked_again(world: World) {
    plastic(&world);
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), replace(Ground::Lost, Delivery::Courier, 1_200), None).await);
    for system in [System::Production, System::Courier] {
        for trouble in [Trouble::Down, Trouble::AnswerLost] {
            world.neighbours.books().trouble.insert(system, trouble);
            assert_eq!(refusal(world.ask(1, &session, confirm(&held, 1)).await), Code::UpstreamSilent);
            assert_eq!(status(&world, PUPIL_CARD).await, Some(CardStatus::Active));
        }
        world.neighbours.books().trouble.remove(&system);
    }
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    let placed = {
        let books = world.neighbours.books();
        (books.made.len(), books.parcels.len())
    };
    assert_eq!(placed, (1, 1));
    // The sweep that follows parcels waits for a silent courier too.
    world.wait(Duration::days(9));
    world.neighbours.books().trouble.insert(System::Courier, Trouble::Down);
    assert_eq!(follow(&world).await, 0);
    world.neighbours.books().trouble.remove(&System::Courier);
    assert_eq!(follow(&world).await, 1);
    assert_eq!(follow(&world).await, 0);
}

pub async fn sent_and_delivered(world: World) {
    plastic(&world);
    let session = world.sign_in(1, "1001").await;
    let order = ordered(&world, &session, Delivery::Courier, 1_200).await;
    world.wait(Duration::days(6));
    let session = world.sign_in(1, "1001").await;
    assert!(matches!(progress(&world, &session).await, Progress::Sent { .. }));
    assert_eq!(refusal(world.reserve(1, &session, case(3), hand_over(&order), None).await), Code::OrderSent);
    assert_eq!(refusal(world.reserve(1, &session, case(3), send_again(&order, 1_200), None).await), Code::OrderSent);
    assert_eq!(follow(&world).await, 0);
    world.wait(Duration::days(2));
    // The courier says that the holder has it: from now on it is the valid card.
    assert_eq!(follow(&world).await, 1);
    assert_eq!(status(&world, NEW).await, Some(CardStatus::Active));
    assert!(matches!(status(&world, PUPIL_CARD).await, Some(CardStatus::Replaced { .. })));
    let session = world.sign_in(1, "1001").await;
    assert_eq!(progress(&world, &session).await, Progress::HandedOver);
    assert!(world.neighbours.books().notices.is_empty());
}

pub async fn brought_back_and_sent_again(world: World) {
    plastic(&world);
    world.neighbours.books().trouble.insert(System::Courier, Trouble::Undeliverable);
    let session = world.sign_in(1, "1001").await;
    let order = ordered(&world, &session, Delivery::Courier, 1_200).await;
    world.neighbours.books().trouble.remove(&System::Courier);
    world.wait(Duration::days(12));
    // Messages are silent: the holder is told on a later round, once.
    world.neighbours.books().trouble.insert(System::Messages, Trouble::Down);
    assert_eq!(follow(&world).await, 0);
    world.neighbours.books().trouble.remove(&System::Messages);
    assert_eq!((follow(&world).await, follow(&world).await), (1, 0));
    let notices = world.neighbours.books().notices.clone();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].matter, NoticeMatter::ParcelReturned { outlet: OutletId::new("DEMO") });
    let session = world.sign_in(1, "1001").await;
    assert!(matches!(progress(&world, &session).await, Progress::Returned { card_no, .. } if card_no.as_str() == NEW));
    // It lies in the box: handed over without another fee, or sent again with one.
    for fee in [0, 2_400] {
        assert_eq!(refusal(world.reserve(1, &session, case(3), send_again(&order, fee), None).await), Code::FeeFixed);
    }
    let giving = reserved(world.reserve(1, &session, case(4), hand_over(&order), None).await);
    assert_eq!(refusal(world.reserve(1, &session, case(3), send_again(&order, 1_200), None).await), Code::RightReserved);
    let release = Request::Release { case: case(4), reservation: giving.number };
    assert!(matches!(world.ask(1, &session, release).await, Reply::Released));
    let sending = reserved(world.reserve(1, &session, case(3), send_again(&order, 1_200), None).await);
    confirmed(world.ask(1, &session, confirm(&sending, 3)).await);
    confirmed(world.ask(1, &session, confirm(&sending, 3)).await);
    assert_eq!(world.neighbours.books().parcels.len(), 2);
    assert_eq!(refusal(world.reserve(1, &session, case(5), send_again(&order, 1_200), None).await), Code::OrderSent);
    world.wait(Duration::days(3));
    assert_eq!(follow(&world).await, 1);
    assert_eq!(status(&world, NEW).await, Some(CardStatus::Active));
}

pub async fn lies_too_long_and_goes_back(world: World) {
    plastic(&world);
    let session = world.sign_in(1, "1001").await;
    let order = ordered(&world, &session, Delivery::PickUp, 0).await;
    world.wait(Duration::days(5 + 90));
    let session = world.sign_in(1, "1001").await;
    assert!(uncollected(&world, &session).await.is_empty(), "ninety days are not more than ninety");
    world.wait(Duration::days(1));
    let session = world.sign_in(1, "1001").await;
    let cards = uncollected(&world, &session).await;
    assert_eq!(cards.iter().map(|card| (card.days, card.back)).collect::<Vec<_>>(), [(91, false)]);
    assert_eq!(refusal(world.reserve(1, &session, case(3), send_back(&order), None).await), Code::OrderUnknown);
    world.wait(Duration::days(90));
    let session = world.sign_in(1, "1001").await;
    let cards = uncollected(&world, &session).await;
    assert_eq!(cards.iter().map(|card| (card.days, card.back)).collect::<Vec<_>>(), [(181, true)]);
    let back = reserved(world.reserve(1, &session, case(3), send_back(&order), None).await);
    // Whoever comes for it now is too late by one key.
    assert_eq!(refusal(world.reserve(1, &session, case(4), hand_over(&order), None).await), Code::RightReserved);
    confirmed(world.ask(1, &session, confirm(&back, 3)).await);
    confirmed(world.ask(1, &session, confirm(&back, 3)).await);
    assert!(uncollected(&world, &session).await.is_empty());
    assert_eq!(refusal(world.reserve(1, &session, case(4), hand_over(&order), None).await), Code::OrderSentBack);
    assert_eq!(progress(&world, &session).await, Progress::SentBack { on: date("2027-05-29") });
}
