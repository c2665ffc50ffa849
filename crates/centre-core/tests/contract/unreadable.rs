//! Cards that give no answer: taken in with a second person's agreement, owed as clearing has it, paid once to who brought it.

use centre_core::neighbours::{ClearedPurse, System, Trouble};
use chrono::Duration;
use desk_domain::{
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::Code,
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, OutletId, ProgrammeId, SessionToken},
    money::Fen,
    refund_unreadable::{Owed, Payee, Slip},
};
use desk_wire::v1::{Reply, Request, Secret};

use super::world::{COUNTER, HOME, PURSE, SMALL_PURSE, TRANSIT, World, case, confirmed, date, refund_claim, refusal, reserved};

const BEARER: &str = "320500199001010017";

fn act(act: CentreAct) -> Claim {
    Claim::Act { cell: CellId::new(HOME), programme: ProgrammeId::new(TRANSIT), act }
}

fn take_in(card: &str) -> Claim {
    act(CentreAct::TakeInUnreadable { card_no: CardNo::new(card), payee: Payee(BEARER.to_owned()) })
}

fn pay_out(owed: &Owed, payee: &str, amount: i64) -> Claim {
    act(CentreAct::PayOut {
        owed: owed.reservation.clone(),
        card_no: owed.card_no.clone(),
        payee: Payee(payee.to_owned()),
        amount: Fen(amount),
    })
}

fn confirm(case: CaseId, reservation: &Reservation) -> Request {
    Request::Confirm { case, reservation: reservation.number.clone(), settlement: Settlement::Act }
}

async fn agreed(world: &World, session: &SessionToken, case: CaseId, fen: i64) -> CentreNumber {
    let ask = Request::Authorise {
        case,
        supervisor: desk_domain::id::OperatorId::new("2001"),
        password: Secret("pass-2001".to_owned()),
        amount: Fen(fen),
        reason: "unreadable".to_owned(),
    };
    let reply = world.ask(1, session, ask).await;
    let Reply::Authorised { number } = reply else {
        panic!("{reply:?}");
    };
    number
}

async fn taken(world: &World, session: &SessionToken, card: &str, balance: i64, remote: bool) -> Reservation {
    let purse = ClearedPurse { balance: Fen(balance), remote, closed_at: None };
    world.neighbours.books().purses.insert(CardNo::new(card), purse);
    let agreement = agreed(world, session, case(1), 0).await;
    let held = reserved(world.reserve(1, session, case(1), take_in(card), Some(agreement)).await);
    confirmed(world.ask(1, session, confirm(case(1), &held)).await);
    held
}

/// The business number that [`World::reserve`] gives a case.
async fn slip(world: &World) -> CaseNumber {
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.payouts().await.unwrap()[0].case_number.clone()
}

async fn find(world: &World, session: &SessionToken, number: &CaseNumber, payee: &str) -> Reply {
    let slip = Slip { number: number.clone(), payee: Payee(payee.to_owned()) };
    world.ask(1, session, Request::FindOwed { case: case(2), slip }).await
}

async fn owed(world: &World, session: &SessionToken, number: &CaseNumber) -> Owed {
    let reply = find(world, session, number, BEARER).await;
    let Reply::Owed { owed } = reply else {
        panic!("{reply:?}");
    };
    *owed
}

pub async fn taken_in_cleared_and_paid_once(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = taken(&world, &session, PURSE, 3_650, false).await;
    assert_eq!(held.due, Some(date("2026-12-01")));
    assert!(held.on_confirm.lines().is_empty(), "nobody knows yet how much");
    // A repeat owes nothing more; the purse is nobody else's; a second card of the same number is not taken in.
    confirmed(world.ask(1, &session, confirm(case(1), &held)).await);
    assert_eq!(refusal(world.reserve(1, &session, case(3), refund_claim(PURSE, 3_650, 7), None).await), Code::CardBlacklisted);
    let agreement = agreed(&world, &session, case(3), 0).await;
    assert_eq!(refusal(world.reserve(1, &session, case(3), take_in(PURSE), Some(agreement)).await), Code::ClaimConflict);
    let number = slip(&world).await;
    let early = owed(&world, &session, &number).await;
    assert_eq!(early.cleared, None);
    assert_eq!(refusal(world.reserve(1, &session, case(2), pay_out(&early, BEARER, 3_650), None).await), Code::PayoutNotReady);

    world.wait(Duration::days(8));
    let session = world.sign_in(1, "1001").await;
    let due = owed(&world, &session, &number).await;
    assert_eq!(due.cleared, Some(Fen(3_650)));
    // Another document, another slip, another amount.
    assert_eq!(refusal(find(&world, &session, &number, "320500199001010025").await), Code::PayoutUnknown);
    assert_eq!(refusal(find(&world, &session, &CaseNumber::new("NONE"), BEARER).await), Code::PayoutUnknown);
    assert_eq!(refusal(world.reserve(1, &session, case(2), pay_out(&due, "somebody", 3_650), None).await), Code::PayoutUnknown);
    assert_eq!(refusal(world.reserve(1, &session, case(2), pay_out(&due, BEARER, 3_651), None).await), Code::AmountInvalid);
    let paying = reserved(world.reserve(1, &session, case(2), pay_out(&due, BEARER, 3_650), None).await);
    // While it is open nobody else gets it.
    assert_eq!(refusal(world.reserve(1, &session, case(4), pay_out(&due, BEARER, 3_650), None).await), Code::RightReserved);
    confirmed(world.ask(1, &session, confirm(case(2), &paying)).await);
    confirmed(world.ask(1, &session, confirm(case(2), &paying)).await);
    assert_eq!(refusal(world.reserve(1, &session, case(4), pay_out(&due, BEARER, 3_650), None).await), Code::ClaimConflict);
    assert_eq!(refusal(find(&world, &session, &number, BEARER).await), Code::ClaimConflict);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert!(tx.payouts().await.unwrap().is_empty());
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
    let totals = tx.totals(&CellId::new(COUNTER), &OutletId::new("DEMO"), date("2026-12-02"), None).await.unwrap();
    assert_eq!(totals.settled_refunds, Fen(3_650));
}

pub async fn taking_in_needs_a_second_person_and_a_card_in_order(world: World) {
    let session = world.sign_in(1, "1001").await;
    assert_eq!(refusal(world.reserve(1, &session, case(1), take_in(PURSE), None).await), Code::AuthorisationNeeded);
    let agreement = agreed(&world, &session, case(1), 0).await;
    assert_eq!(refusal(world.reserve(1, &session, case(1), take_in("3104999999999999999"), Some(agreement)).await), Code::CardNotFound);
    // While a refund runs at another window the card is not taken in.
    let other = world.sign_in(2, "1002").await;
    reserved(world.reserve(2, &other, case(5), refund_claim(SMALL_PURSE, 5_000, 3), None).await);
    let agreement = agreed(&world, &session, case(1), 0).await;
    assert_eq!(refusal(world.reserve(1, &session, case(1), take_in(SMALL_PURSE), Some(agreement)).await), Code::RightReserved);
}

pub async fn journeys_out_of_town_are_waited_for(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = taken(&world, &session, PURSE, 30_000, true).await;
    assert_eq!(held.due, Some(date("2026-12-15")));
    let number = slip(&world).await;
    world.wait(Duration::days(9));
    let session = world.sign_in(1, "1001").await;
    assert_eq!(owed(&world, &session, &number).await.cleared, None);
    world.wait(Duration::days(14));
    let session = world.sign_in(1, "1001").await;
    let due = owed(&world, &session, &number).await;
    assert_eq!(due.cleared, Some(Fen(30_000)));
    // The usual limits hold for what clearing came to.
    assert_eq!(refusal(world.reserve(1, &session, case(2), pay_out(&due, BEARER, 30_000), None).await), Code::AuthorisationNeeded);
    let agreement = agreed(&world, &session, case(2), 30_000).await;
    reserved(world.reserve(1, &session, case(2), pay_out(&due, BEARER, 30_000), Some(agreement)).await);
}

pub async fn clearing_that_is_silent_is_asked_again(world: World) {
    let session = world.sign_in(1, "1001").await;
    let agreement = agreed(&world, &session, case(1), 0).await;
    world.neighbours.books().trouble.insert(System::Clearing, Trouble::Down);
    let reply = world.reserve(1, &session, case(1), take_in(PURSE), Some(agreement.clone())).await;
    assert_eq!(refusal(reply), Code::UpstreamSilent);
    world.neighbours.books().trouble.remove(&System::Clearing);
    let held = reserved(world.reserve(1, &session, case(1), take_in(PURSE), Some(agreement)).await);
    // It closes the account and its answer is lost: the same order again closes nothing twice.
    world.neighbours.books().trouble.insert(System::Clearing, Trouble::AnswerLost);
    assert_eq!(refusal(world.ask(1, &session, confirm(case(1), &held)).await), Code::UpstreamSilent);
    let closed = world.neighbours.books().purses.get(&CardNo::new(PURSE)).and_then(|purse| purse.closed_at);
    world.neighbours.books().trouble.remove(&System::Clearing);
    world.wait(Duration::hours(1));
    let session = world.sign_in(1, "1001").await;
    confirmed(world.ask(1, &session, confirm(case(1), &held)).await);
    assert_eq!(world.neighbours.books().purses.get(&CardNo::new(PURSE)).and_then(|purse| purse.closed_at), closed);
}
