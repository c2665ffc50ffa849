//! Cards that are made centrally, and cards that are given up.

use centre_core::neighbours::{KeptCard, System, Trouble};
use chrono::Duration;
use desk_domain::{
    application::{PurseSeen, Wish},
    card::CardImage,
    centre_act::{CentreAct, Order},
    claim::{Claim, Reservation, Settlement},
    closing::Reason,
    code::Code,
    function::{Function, FunctionFacts, FunctionState},
    id::{CardNo, CellId, CentreNumber, PersonId, ProgrammeId, SessionToken},
    inquiry::{Inquired, Inquiry},
    money::Fen,
    order::{Contact, Delivery, Form, OrderFacts, Photo, Progress},
    person::{CardStatus, HolderClass, Lookup},
};
use desk_wire::v1::{Reply, Request};

use super::world::{EDUCATION, HOME, PUPIL_CARD, TRANSIT, World, card, case, confirmed, date, image, noon, pupil, refusal, reserved};

const OLD: &str = "3104999000000000601";
const NEW: &str = "3104999000000000699";
const HOLDER: &str = "r1";
const NUMBER: &str = "320500199001010017";

/// A resident with a card, and plastic at production.
async fn resident(world: &World, with_card: bool) {
    let mut person = pupil(HOLDER, HolderClass::Domestic, Some(NUMBER), None);
    person.programme = ProgrammeId::new(TRANSIT);
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.put_person(&person).await.unwrap();
    if with_card {
        let mut old = card(OLD, TRANSIT, Some(HOLDER));
        let facts = |function, bank: Option<&str>| FunctionFacts {
            function,
            state: FunctionState::Normal,
            bank: bank.map(str::to_owned),
            as_of: noon(),
        };
        old.functions = vec![facts(Function::SocialSecurity, None), facts(Function::Bank, Some("bank.A"))];
        tx.put_card(&old).await.unwrap();
        let kept = KeptCard { social_security: FunctionState::Normal, bank: FunctionState::Normal, held_back: None };
        world.neighbours.books().cards.insert(CardNo::new(OLD), kept);
    }
    tx.commit().await.unwrap();
    let made = card(NEW, TRANSIT, None);
    world.neighbours.books().plastic = vec![(
        ProgrammeId::new(TRANSIT),
        centre_core::upstream::MadeCard { card_no: made.card_no, family: made.family, issuer: made.issuer, serial: made.serial },
    )];
}

fn new_card() -> CardImage {
    image(&card(NEW, TRANSIT, None), None)
}

fn order(wish: Wish, purse: PurseSeen, consent: bool) -> Claim {
    act(
        TRANSIT,
        CentreAct::Order(Box::new(Order {
            person: PersonId::new(HOLDER),
            wish,
            form: Form {
                bank: "bank.A".to_owned(),
                contact: Contact { phone: "13800000001".to_owned(), address: String::new() },
                delivery: Delivery::PickUp,
                consent,
                benefits: false,
            },
            photo: Some(Photo("ffd8ff".to_owned())),
            purse,
            accepted_at: None,
        })),
    )
}

fn hand_over(order: &CentreNumber, card: CardImage) -> Claim {
    act(TRANSIT, CentreAct::HandOver { person: PersonId::new(HOLDER), order: order.clone(), card })
}

fn act(programme: &str, act: CentreAct) -> Claim {
    Claim::Act { cell: CellId::new(HOME), programme: ProgrammeId::new(programme), act }
}

fn confirm(reservation: &Reservation, number: u8) -> Request {
    Request::Confirm { case: case(number), reservation: reservation.number.clone(), settlement: Settlement::Act }
}

async fn orders(world: &World, session: &SessionToken) -> (Vec<OrderFacts>, bool) {
    let lookup = Lookup::IdNumber { programme: ProgrammeId::new(TRANSIT), number: NUMBER.to_owned() };
    let reply = world.ask(1, session, Request::Inquire { case: case(9), lookup, inquiry: Inquiry::Orders }).await;
    let Reply::Inquired { found: Inquired::Orders { orders, photo_on_file }, .. } = reply else {
        panic!("{reply:?}");
    };
    (orders, photo_on_file)
}

pub async fn ordered_made_and_handed_over(world: World) {
    resident(&world, true).await;
    let session = world.sign_in(1, "1001").await;
    assert_eq!(orders(&world, &session).await, (Vec::new(), false));
    let held = reserved(world.reserve(1, &session, case(1), order(Wish::Exchange, PurseSeen::Holds(Fen::ZERO), true), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    // A repeat orders nothing more, and nobody orders a second one beside it.
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    let again = world.reserve(1, &session, case(2), order(Wish::Exchange, PurseSeen::Closed, true), None).await;
    assert_eq!(refusal(again), Code::ReissueInProgress);
    let (known, on_file) = orders(&world, &session).await;
    assert!(on_file, "the photo is on file from now on");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].state, Progress::InProduction { ready_on: date("2026-11-29") });
    assert_eq!(refusal(world.reserve(1, &session, case(3), hand_over(&held.number, new_card()), None).await), Code::InProduction);

    world.wait(Duration::days(6));
    let session = world.sign_in(1, "1001").await;
    let wrong = image(&card(OLD, TRANSIT, None), None);
    assert_eq!(refusal(world.reserve(1, &session, case(3), hand_over(&held.number, wrong), None).await), Code::WrongCard);
    let other = CardImage { serial: "0000000000000000".to_owned(), ..new_card() };
    assert_eq!(refusal(world.reserve(1, &session, case(3), hand_over(&held.number, other), None).await), Code::WrongCard);
    let giving = reserved(world.reserve(1, &session, case(3), hand_over(&held.number, new_card()), None).await);
    confirmed(world.ask(1, &session, confirm(&giving, 3)).await);
    confirmed(world.ask(1, &session, confirm(&giving, 3)).await);
    let mut tx = world.centre.store().begin().await.unwrap();
    let old = tx.card_anywhere(&CardNo::new(OLD)).await.unwrap().unwrap();
    assert!(matches!(old.status, CardStatus::Replaced { .. }));
    let new = tx.card_anywhere(&CardNo::new(NEW)).await.unwrap().unwrap();
    assert_eq!((&new.status, new.bank()), (&CardStatus::Active, Some("bank.A")));
    drop(tx);
    assert_eq!(orders(&world, &session).await.0[0].state, Progress::HandedOver);
    assert_eq!(refusal(world.reserve(1, &session, case(4), hand_over(&held.number, new_card()), None).await), Code::ClaimConflict);
}

pub async fn orders_that_are_refused(world: World) {
    resident(&world, true).await;
    let session = world.sign_in(1, "1001").await;
    for (wish, purse, consent, code) in [
        (Wish::First, PurseSeen::NotOpened, true, Code::ProvincialCardExists),
        (Wish::Exchange, PurseSeen::Holds(Fen(3_650)), true, Code::RefundFirst),
        (Wish::Exchange, PurseSeen::Unreadable, true, Code::BalanceUnknown),
        // The desk says it is closed, and the centre's books say it is not.
        (Wish::Damage, PurseSeen::Closed, true, Code::BalanceUnknown),
        (Wish::Lost, PurseSeen::NotOpened, true, Code::FormalLossFirst),
        (Wish::MovedInside, PurseSeen::NotOpened, true, Code::NoChangeNeeded),
        (Wish::MovedAway, PurseSeen::NotOpened, true, Code::ReferDestination),
        (Wish::Exchange, PurseSeen::Holds(Fen::ZERO), false, Code::ConsentRequired),
    ] {
        assert_eq!(refusal(world.reserve(1, &session, case(1), order(wish, purse, consent), None).await), code, "{wish:?}");
    }
    let unknown = CentreNumber::new("R-none");
    assert_eq!(refusal(world.reserve(1, &session, case(1), hand_over(&unknown, new_card()), None).await), Code::OrderUnknown);
}

/// Social security does not show the new card yet: the holder has it all the same, and the centre goes on asking.
pub async fn a_move_that_is_not_shown_yet_is_pursued(world: World) {
    resident(&world, false).await;
    let session = world.sign_in(1, "1001").await;
    world.neighbours.books().trouble.insert(System::SocialSecurity, Trouble::NotPassedOn);
    let held = reserved(world.reserve(1, &session, case(1), order(Wish::First, PurseSeen::NotOpened, true), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    world.wait(Duration::days(6));
    let session = world.sign_in(1, "1001").await;
    let giving = reserved(world.reserve(1, &session, case(2), hand_over(&held.number, new_card()), None).await);
    assert_eq!(refusal(world.ask(1, &session, confirm(&giving, 2)).await), Code::HrMigrationPending);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.card_anywhere(&CardNo::new(NEW)).await.unwrap().unwrap().status, CardStatus::Active);
    assert_eq!(tx.halves().await.unwrap().len(), 1);
    drop(tx);
    world.neighbours.books().trouble.remove(&System::SocialSecurity);
    world.neighbours.books().pass_on();
    assert_eq!(world.centre.pursue(world.now(), &mut World::entropy()).await.unwrap(), 1);
    confirmed(world.ask(1, &session, confirm(&giving, 2)).await);
    assert!(world.centre.store().begin().await.unwrap().halves().await.unwrap().is_empty());
}

pub async fn a_card_is_given_up_without_books_and_money(world: World) {
    let session = world.sign_in(1, "1001").await;
    let close = |card: CardImage| act(EDUCATION, CentreAct::CloseCard { person: PersonId::new("p1"), card, reason: Reason::Left });
    let held = image(&card(PUPIL_CARD, EDUCATION, None), None);
    world.neighbours.books().loans.insert(CardNo::new(PUPIL_CARD), 1);
    assert_eq!(refusal(world.reserve(1, &session, case(1), close(held.clone()), None).await), Code::LibraryLoanOpen);
    world.neighbours.books().loans.clear();
    let closing = reserved(world.reserve(1, &session, case(1), close(held.clone()), None).await);
    confirmed(world.ask(1, &session, confirm(&closing, 1)).await);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.card_anywhere(&CardNo::new(PUPIL_CARD)).await.unwrap().unwrap().status, CardStatus::Closed);
    drop(tx);
    assert_eq!(refusal(world.reserve(1, &session, case(2), close(held), None).await), Code::CardNotInUse);
}
