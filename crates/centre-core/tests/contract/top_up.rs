//! Money onto a purse: under the cap, by the card's own proof, and into suspense where the proof does not hold.

use desk_domain::{
    card::{CardImage, LogRecord, WriteProof},
    claim::{Claim, Settlement},
    code::Code,
    id::{CaseId, CellId, CentreNumber, ProgrammeId},
    issuer::IssuerRequest,
    money::Fen,
    posting::Account,
};
use desk_wire::v1::{Reply, Request};

use super::world::{
    COUNTER, HOME, PURSE, TRANSIT, World, card, case, confirmed, image, key_source, noon, purse, refund_claim, refusal, reserved,
};

fn claim(balance: i64, amount: i64, counter: u16) -> Claim {
    Claim::TopUp {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        card: image(&card(PURSE, TRANSIT, None), Some(purse(balance, counter))),
        amount: Fen(amount),
    }
}

fn ask(reservation: &CentreNumber, amount: i64, counter: u16) -> Request {
    Request::Issuer {
        case: case(1),
        reservation: reservation.clone(),
        ask: IssuerRequest::Load {
            card: key_source(PURSE),
            purse: 2,
            algorithm: 0,
            key_version: 1,
            random: "cafe0001".to_owned(),
            online_counter: counter,
            old_balance: Fen(3_650),
            amount: Fen(amount),
            terminal: "999900000001".to_owned(),
            mac1: "good".to_owned(),
            at: noon().naive_utc(),
        },
    }
}

fn loaded(balance: i64, amount: i64, counter: u16, tac: &str) -> WriteProof {
    let mut after: CardImage = image(&card(PURSE, TRANSIT, None), Some(purse(balance + amount, counter + 1)));
    after.log = vec![LogRecord {
        sequence: counter + 1,
        amount: Fen(amount),
        kind: 2,
        terminal: "999900000009".to_owned(),
        at: Some(noon().naive_utc()),
    }];
    WriteProof { after, proof: Some(tac.to_owned()), counter: Some(counter + 1) }
}

fn confirm(of: CaseId, reservation: &CentreNumber, amount: i64, proof: WriteProof) -> Request {
    Request::Confirm { case: of, reservation: reservation.clone(), settlement: Settlement::PurseLoaded { amount: Fen(amount), proof } }
}

pub async fn load_whole_way(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), claim(3_650, 5_000, 7), None).await);
    let lines = held.on_confirm.lines();
    assert!(lines.iter().any(|line| matches!(line.account, Account::TopUpHeld { .. }) && line.amount == Fen(5_000)));
    assert!(lines.iter().any(|line| matches!(line.account, Account::PurseFloat { .. }) && line.amount == Fen(-5_000)));
    // A refund of the same purse waits meanwhile, and no MAC is let out for another amount.
    assert_eq!(refusal(world.reserve(1, &session, case(2), refund_claim(PURSE, 3_650, 7), None).await), Code::RightReserved);
    assert_eq!(refusal(world.ask(1, &session, ask(&held.number, 6_000, 7)).await), Code::AmountInvalid);
    assert_eq!(refusal(world.ask(1, &session, ask(&held.number, 5_000, 8)).await), Code::CardMovedOn);
    let answer = world.ask(1, &session, ask(&held.number, 5_000, 7)).await;
    assert!(matches!(answer, Reply::Issuer { .. }), "{answer:?}");
    let settle = confirm(case(1), &held.number, 5_000, loaded(3_650, 5_000, 7, "cafe0001"));
    let number = confirmed(world.ask(1, &session, settle.clone()).await);
    assert_eq!(confirmed(world.ask(1, &session, settle).await), number);
    // What was put on can be refunded, at the card's next counter only.
    assert_eq!(refusal(world.reserve(1, &session, case(2), refund_claim(PURSE, 3_650, 7), None).await), Code::ClaimConflict);
    confirmed(world.refund(1, &session, case(3), refund_claim(PURSE, 8_650, 8)).await);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
}

pub async fn load_refusals(world: World) {
    let session = world.sign_in(1, "1001").await;
    for (of, code) in [
        (claim(3_650, 96_351, 7), Code::PurseCap),
        (claim(3_650, 0, 7), Code::AmountInvalid),
        (claim(3_650, -100, 7), Code::AmountInvalid),
        (claim(3_650, i64::MAX, 7), Code::PurseCap),
    ] {
        assert_eq!(refusal(world.reserve(1, &session, case(1), of, None).await), code);
    }
    reserved(world.reserve(1, &session, case(1), claim(3_650, 96_350, 7), None).await);
}

/// A write that was begun and whose proof does not hold: the money stands in suspense and the card is held, until its own
/// case brings the proof.
pub async fn refused_proof_is_suspense(world: World) {
    let session = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &session, case(1), claim(3_650, 5_000, 7), None).await);
    world.ask(1, &session, ask(&held.number, 5_000, 7)).await;
    let forged = confirm(case(1), &held.number, 5_000, loaded(3_650, 5_000, 7, "ffffffff"));
    assert_eq!(refusal(world.ask(1, &session, forged).await), Code::WriteUnknown);
    let elsewhere = world.reserve(2, &second, case(2), refund_claim(PURSE, 8_650, 8), None).await;
    assert_eq!(refusal(elsewhere), Code::CaseSuspended);
    confirmed(world.ask(1, &session, confirm(case(1), &held.number, 5_000, loaded(3_650, 5_000, 7, "cafe0001"))).await);
    confirmed(world.refund(2, &second, case(2), refund_claim(PURSE, 8_650, 8)).await);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
}
