//! Refunds that the back office pays: the card is put out of use, the money is owed from a day on and paid once.

use centre_core::{
    neighbours::{ClearedPurse, System, Trouble},
    payout::{NotPaid, pay_out},
    record::Payout,
};
use chrono::Duration;
use desk_domain::{
    card::{BlockState, RefundMethod, WriteEnd, WriteIntent, WriteProof},
    centre_act::CentreAct,
    claim::{Claim, Reservation, Settlement},
    code::Code,
    id::{CardNo, CaseId, CellId, CentreNumber, OutletId, ProgrammeId, SessionToken},
    issuer::IssuerRequest,
    money::Fen,
    posting::Account,
    refund_unreadable::{Payee, Slip},
};
use desk_wire::v1::{Reply, Request};

use super::world::{
    COUNTER, HOME, PURSE, TRANSIT, World, card, case, confirmed, date, image, key_source, refund_claim, refusal, reserved, unload_ask,
};

const BEARER: &str = "320500199001010017";

fn claim(balance: i64, counter: u16) -> Claim {
    let mut claim = refund_claim(PURSE, balance, counter);
    if let Claim::PurseRefund { card, .. } = &mut claim {
        card.purse.as_mut().unwrap().refund_method = RefundMethod::BlockThenBackOffice;
    }
    claim
}

fn block(to: BlockState) -> IssuerRequest {
    IssuerRequest::Block { card: key_source(PURSE), to, challenge: "01020304".to_owned(), chip: "9A9B9C9D".to_owned() }
}

/// Out of use it shows its public file and nothing else.
fn blocked() -> WriteProof {
    WriteProof { after: image(&card(PURSE, TRANSIT, None), None), proof: None, counter: None }
}

fn confirm(case: CaseId, reservation: &CentreNumber, amount: i64) -> Request {
    Request::Confirm {
        case,
        reservation: reservation.clone(),
        settlement: Settlement::PurseRefunded { amount: Fen(amount), proof: blocked() },
    }
}

async fn ask(world: &World, session: &SessionToken, case: CaseId, held: &Reservation, ask: IssuerRequest) -> Reply {
    world.ask(1, session, Request::Issuer { case, reservation: held.number.clone(), ask }).await
}

async fn payouts(world: &World) -> Vec<Payout> {
    world.centre.store().begin().await.unwrap().payouts().await.unwrap()
}

/// What the centre booked itself on an account.
async fn booked(world: &World, day: &str) -> (Fen, i64) {
    let mut tx = world.centre.store().begin().await.unwrap();
    let totals = tx.totals(&CellId::new(COUNTER), &OutletId::new("DEMO"), date(day), None).await.unwrap();
    (totals.settled_refunds, tx.imbalance(&CellId::new(COUNTER)).await.unwrap())
}

/// Reserved, blocked, confirmed.
async fn owed(world: &World) -> Reservation {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), claim(3650, 7), None).await);
    assert!(matches!(ask(world, &session, case(1), &held, block(BlockState::Temporary)).await, Reply::Issuer { .. }));
    confirmed(world.ask(1, &session, confirm(case(1), &held.number, 3650)).await);
    held
}

/// The same for somebody whose document was shown, with the purse in the books of clearing.
async fn owed_to(world: &World, cleared: i64) -> Reservation {
    world.neighbours.books().purses.insert(CardNo::new(PURSE), ClearedPurse { balance: Fen(cleared), ..ClearedPurse::default() });
    let session = world.sign_in(1, "1001").await;
    let mut claim = claim(3650, 7);
    if let Claim::PurseRefund { payee, .. } = &mut claim {
        *payee = Some(Payee(BEARER.to_owned()));
    }
    let held = reserved(world.reserve(1, &session, case(1), claim, None).await);
    assert!(matches!(ask(world, &session, case(1), &held, block(BlockState::Temporary)).await, Reply::Issuer { .. }));
    // Clearing is silent: the card is out of use, nothing is owed yet, and the desk asks again.
    world.neighbours.books().trouble.insert(System::Clearing, Trouble::AnswerLost);
    assert_eq!(refusal(world.ask(1, &session, confirm(case(1), &held.number, 3650)).await), Code::UpstreamSilent);
    assert!(payouts(world).await.is_empty());
    world.neighbours.books().trouble.remove(&System::Clearing);
    confirmed(world.ask(1, &session, confirm(case(1), &held.number, 3650)).await);
    held
}

async fn find_owed(world: &World, session: &SessionToken, payee: &str) -> Reply {
    let slip = Slip { number: payouts(world).await[0].case_number.clone(), payee: Payee(payee.to_owned()) };
    world.ask(2, session, Request::FindOwed { case: case(5), slip }).await
}

fn pay_out_here(owed: &CentreNumber, amount: i64) -> Claim {
    Claim::Act {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        act: CentreAct::PayOut { owed: owed.clone(), card_no: CardNo::new(PURSE), payee: Payee(BEARER.to_owned()), amount: Fen(amount) },
    }
}

/// Paid at another window than the one that put it out of use, as clearing has it, once, and not by the back office as well.
pub async fn blocked_then_paid_at_a_window(world: World) {
    let held = owed_to(&world, 3450).await;
    let session = world.sign_in(2, "1002").await;
    assert_eq!(refusal(find_owed(&world, &session, "somebody else").await), Code::PayoutUnknown);
    assert_eq!(refusal(world.reserve(2, &session, case(5), pay_out_here(&held.number, 3450), None).await), Code::PayoutNotReady);
    world.wait(Duration::days(7));
    let session = world.sign_in(2, "1002").await;
    let Reply::Owed { owed } = find_owed(&world, &session, BEARER).await else { panic!("nothing is owed") };
    assert_eq!((owed.cleared, owed.held, owed.due()), (Some(Fen(3450)), Some(Fen(3650)), Some(Fen(3450))));
    assert_eq!(refusal(world.reserve(2, &session, case(5), pay_out_here(&held.number, 3650), None).await), Code::AmountInvalid);
    let paying = reserved(world.reserve(2, &session, case(5), pay_out_here(&held.number, 3450), None).await);
    let confirm = Request::Confirm { case: case(5), reservation: paying.number.clone(), settlement: Settlement::Act };
    confirmed(world.ask(2, &session, confirm.clone()).await);
    confirmed(world.ask(2, &session, confirm).await);
    assert_eq!(refusal(world.reserve(2, &session, case(6), pay_out_here(&held.number, 3450), None).await), Code::ClaimConflict);
    assert!(matches!(pay(&world, &held.number, 3650).await, Err(NotPaid::Paid(Fen(3450), _))));
    assert!(payouts(&world).await.is_empty());
    // What was set aside is used up: paid, and kept for journeys that came in late.
    let due: i64 = paying
        .on_confirm
        .lines()
        .iter()
        .chain(held.on_confirm.lines())
        .filter(|line| matches!(line.account, Account::PayoutDue { .. }))
        .map(|line| line.amount.0)
        .sum();
    assert_eq!(due, 0);
    assert_eq!(booked(&world, "2026-12-01").await, (Fen(3450), 0));
}

async fn pay(world: &World, reservation: &CentreNumber, fen: i64) -> Result<CentreNumber, NotPaid> {
    pay_out(world.centre.store(), reservation, Fen(fen), world.now(), &mut World::entropy()).await
}

pub async fn blocked_then_paid_once(world: World) {
    let held = owed(&world).await;
    let later = held.later.unwrap();
    assert_eq!((later.block, later.from), (BlockState::Temporary, date("2026-12-01")));
    let lines = held.on_confirm.lines();
    assert!(lines.iter().any(|line| matches!(line.account, Account::PayoutDue { .. }) && line.amount == Fen(-3650)));
    let due = payouts(&world).await;
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].amount, due[0].from, &due[0].reservation, due[0].card_no.as_str()),
        (Some(Fen(3650)), later.from, &held.number, PURSE)
    );
    // Nothing that a window had to pay was confirmed.
    assert_eq!(booked(&world, "2026-11-24").await, (Fen::ZERO, 0));
    // A repeat owes nothing more, and the purse is not refunded a second time whatever it shows.
    let session = world.sign_in(1, "1001").await;
    confirmed(world.ask(1, &session, confirm(case(1), &held.number, 3650)).await);
    for again in [claim(3650, 7), claim(3650, 8), refund_claim(PURSE, 3650, 9)] {
        assert_eq!(refusal(world.reserve(1, &session, case(2), again, None).await), Code::CardBlacklisted);
    }
    assert_eq!(payouts(&world).await.len(), 1);
    // Not before its day; then once.
    assert!(matches!(pay(&world, &held.number, 3650).await, Err(NotPaid::Early(day)) if day == later.from));
    world.wait(Duration::days(7));
    let number = pay(&world, &held.number, 3650).await.unwrap();
    assert_eq!(pay(&world, &held.number, 3650).await.unwrap(), number);
    assert!(matches!(pay(&world, &held.number, 3649).await, Err(NotPaid::Paid(Fen(3650), _))));
    assert!(payouts(&world).await.is_empty());
    assert_eq!(booked(&world, "2026-12-01").await, (Fen::ZERO, 0));
    assert!(matches!(pay(&world, &CentreNumber::new("R-none"), 1).await, Err(NotPaid::Unknown)));
}

pub async fn paid_as_clearing_has_it(world: World) {
    let held = owed(&world).await;
    world.wait(Duration::days(8));
    for wrong in [3651, -1] {
        assert!(matches!(pay(&world, &held.number, wrong).await, Err(NotPaid::Amount(Fen(3650)))), "{wrong}");
    }
    // Two yuan had been ridden and came in late.
    pay(&world, &held.number, 3450).await.unwrap();
    assert!(payouts(&world).await.is_empty());
    assert_eq!(booked(&world, "2026-12-02").await.1, 0);
}

pub async fn nothing_but_the_block_is_let_out(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), claim(3650, 7), None).await);
    // What is paid later is not taken off the card as well, and the card is not put out of use otherwise than was said.
    for other in [unload_ask(PURSE, 3650, 7, "cafe0001", 1), block(BlockState::Permanent), block(BlockState::Card), block(BlockState::Open)]
    {
        assert_eq!(refusal(ask(&world, &session, case(1), &held, other).await), Code::RefundUnsupported);
    }
    assert!(matches!(ask(&world, &session, case(1), &held, block(BlockState::Temporary)).await, Reply::Issuer { .. }));
    // A purse that the window empties is not put out of use.
    let release = Request::Release { case: case(1), reservation: held.number };
    assert!(matches!(world.ask(1, &session, release).await, Reply::Released));
    let here = reserved(world.reserve(1, &session, case(2), refund_claim(PURSE, 3650, 7), None).await);
    assert!(here.later.is_none());
    assert_eq!(refusal(ask(&world, &session, case(2), &here, block(BlockState::Temporary)).await), Code::RefundUnsupported);
}

pub async fn a_block_nobody_was_let_do_is_suspense(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), claim(3650, 7), None).await);
    assert_eq!(refusal(world.ask(1, &session, confirm(case(1), &held.number, 3650)).await), Code::WriteUnknown);
    assert!(payouts(&world).await.is_empty());
    let mut tx = world.centre.store().begin().await.unwrap();
    let registered = tx.card_anywhere(&card(PURSE, TRANSIT, None).card_no).await.unwrap().unwrap();
    assert!(registered.suspended.is_some());
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
}

pub async fn another_desk_finds_the_block(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &first, case(1), claim(3650, 7), None).await);
    assert!(matches!(ask(&world, &first, case(1), &held, block(BlockState::Temporary)).await, Reply::Issuer { .. }));
    let Claim::PurseRefund { card: before, .. } = claim(3650, 7) else {
        panic!("a refund");
    };
    let intent = WriteIntent::Block { before, to: BlockState::Temporary };
    let report = Request::ReportUnknown { case: case(1), reservation: held.number.clone(), intent };
    assert!(matches!(world.ask(1, &first, report).await, Reply::Reported));
    let decide = Request::DecideWrite { case: case(1), reservation: held.number.clone(), end: WriteEnd::Written(blocked()) };
    assert!(matches!(world.ask(2, &second, decide).await, Reply::Reported));
    assert_eq!(payouts(&world).await.len(), 1);
    confirmed(world.ask(1, &first, confirm(case(1), &held.number, 3650)).await);
    assert_eq!(payouts(&world).await.len(), 1);
}
