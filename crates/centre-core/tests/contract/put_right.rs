//! Putting right: a top-up taken back by whoever did it, and a load that the card does not have written once more, never twice.

use chrono::Duration;
use desk_domain::{
    booked::{Movement, Stands},
    card::{CardImage, LogRecord, WriteEnd, WriteIntent, WriteProof},
    claim::{Claim, Reservation, Settlement},
    code::Code,
    id::{CardNo, CaseId, CellId, CentreNumber, OperatorId, ProgrammeId, SessionToken},
    issuer::IssuerRequest,
    money::Fen,
    person::{CardFacts, Lookup},
    posting::Account,
};
use desk_wire::v1::{Reply, Request, Secret};

use super::world::{
    COUNTER, HOME, PURSE, TRANSIT, World, card, case, confirmed, image, key_source, noon, purse, refund_claim, refusal, refused, reserved,
    unload_ask,
};

fn shown(balance: i64, counter: u16) -> CardImage {
    image(&card(PURSE, TRANSIT, None), Some(purse(balance, counter)))
}

fn top_up(balance: i64, amount: i64, counter: u16) -> Claim {
    Claim::TopUp { cell: CellId::new(HOME), programme: ProgrammeId::new(TRANSIT), card: shown(balance, counter), amount: Fen(amount) }
}

fn reversal(of: &CentreNumber, balance: i64, amount: i64, counter: u16) -> Claim {
    Claim::Reversal {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        card: shown(balance, counter),
        of: of.clone(),
        amount: Fen(amount),
    }
}

fn rewrite(of: &CentreNumber, balance: i64, amount: i64, counter: u16) -> Claim {
    Claim::Rewrite {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        card: shown(balance, counter),
        of: of.clone(),
        amount: Fen(amount),
    }
}

fn mac(of: CaseId, reservation: &CentreNumber, amount: i64, counter: u16, random: &str, desk: u8) -> Request {
    Request::Issuer {
        case: of,
        reservation: reservation.clone(),
        ask: IssuerRequest::Load {
            card: key_source(PURSE),
            purse: 2,
            algorithm: 0,
            key_version: 1,
            random: random.to_owned(),
            online_counter: counter,
            old_balance: Fen(3_650),
            amount: Fen(amount),
            terminal: format!("99990000000{desk}"),
            mac1: "good".to_owned(),
            at: noon().naive_utc(),
        },
    }
}

/// What a card shows after a movement that took it from `counter` to the next.
fn moved(balance: i64, amount: i64, counter: u16, kind: u8, proof: &str, desk: u8) -> WriteProof {
    let mut after = shown(balance, counter + 1);
    after.log = vec![LogRecord {
        sequence: counter + 1,
        amount: Fen(amount),
        kind,
        terminal: format!("99990000000{desk}"),
        at: Some(noon().naive_utc()),
    }];
    WriteProof { after, proof: Some(proof.to_owned()), counter: Some(counter + 1) }
}

fn load_proof(balance: i64, amount: i64, counter: u16, proof: &str, desk: u8) -> WriteProof {
    moved(balance + amount, amount, counter, 2, proof, desk)
}

fn confirm(of: CaseId, reservation: &CentreNumber, settlement: Settlement) -> Request {
    Request::Confirm { case: of, reservation: reservation.clone(), settlement }
}

fn release(of: CaseId, reservation: &CentreNumber) -> Request {
    Request::Release { case: of, reservation: reservation.clone() }
}

async fn agreed(world: &World, desk: u8, session: &SessionToken, of: CaseId, amount: i64) -> CentreNumber {
    let request = Request::Authorise {
        case: of,
        supervisor: OperatorId::new("2001"),
        password: Secret("pass-2001".to_owned()),
        amount: Fen(amount),
        reason: "办错".to_owned(),
    };
    let Reply::Authorised { number } = world.ask(desk, session, request).await else {
        panic!("not agreed");
    };
    number
}

async fn listed(world: &World, desk: u8, session: &SessionToken) -> CardFacts {
    let find = Request::FindCard { case: case(99), lookup: Lookup::Purse { card_no: CardNo::new(PURSE) } };
    let Reply::Card { card } = world.ask(desk, session, find).await else {
        panic!("no card");
    };
    *card
}

/// Loads 50.00 onto 36.50 at counter 7, from the reservation to the confirmation.
async fn topped_up(world: &World, session: &SessionToken) -> Reservation {
    let held = reserved(world.reserve(1, session, case(1), top_up(3_650, 5_000, 7), None).await);
    world.ask(1, session, mac(case(1), &held.number, 5_000, 7, "cafe0001", 1)).await;
    let settle = Settlement::PurseLoaded { amount: Fen(5_000), proof: load_proof(3_650, 5_000, 7, "cafe0001", 1) };
    confirmed(world.ask(1, session, confirm(case(1), &held.number, settle)).await);
    world.wait(Duration::seconds(1));
    held
}

async fn balanced(world: &World) {
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
}

async fn write_end(world: &World, desk: u8, session: &SessionToken, of: CaseId, reservation: &CentreNumber) -> Option<WriteEnd> {
    let reply = world.ask(desk, session, Request::WriteEnd { case: of, reservation: reservation.clone() }).await;
    let Reply::WriteEnd { end } = reply else {
        panic!("{reply:?}");
    };
    end.map(|end| *end)
}

pub async fn a_top_up_is_taken_back_once(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = topped_up(&world, &session).await;
    let booked = listed(&world, 1, &session).await.booked;
    assert_eq!(
        booked.iter().map(|one| (one.kind, one.stands, one.amount)).collect::<Vec<_>>(),
        [(Movement::TopUp, Stands::Settled, Fen(5_000))]
    );
    let claim = reversal(&held.number, 8_650, 5_000, 8);
    assert_eq!(refusal(world.reserve(1, &session, case(2), claim.clone(), None).await), Code::AuthorisationNeeded);
    let number = agreed(&world, 1, &session, case(2), 5_000).await;
    let back = reserved(world.reserve(1, &session, case(2), claim.clone(), Some(number)).await);
    let lines = back.on_confirm.lines();
    assert!(lines.iter().any(|line| matches!(line.account, Account::TopUpHeld { .. }) && line.amount == Fen(-5_000)));
    assert!(lines.iter().any(|line| matches!(line.account, Account::PurseFloat { .. }) && line.amount == Fen(5_000)));
    // A MAC for this amount and this counter only.
    let ask = |amount, counter| Request::Issuer {
        case: case(2),
        reservation: back.number.clone(),
        ask: unload_ask(PURSE, amount, counter, "cafe0002", 1),
    };
    assert_eq!(refusal(world.ask(1, &session, ask(8_650, 8)).await), Code::AmountInvalid);
    assert_eq!(refusal(world.ask(1, &session, ask(5_000, 7)).await), Code::CardMovedOn);
    assert!(matches!(world.ask(1, &session, ask(5_000, 8)).await, Reply::Issuer { .. }));
    let settle = Settlement::PurseRefunded { amount: Fen(5_000), proof: moved(3_650, 5_000, 8, 3, "cafe0002", 1) };
    let number = confirmed(world.ask(1, &session, confirm(case(2), &back.number, settle.clone())).await);
    assert_eq!(confirmed(world.ask(1, &session, confirm(case(2), &back.number, settle)).await), number);
    balanced(&world).await;
    // The top-up stands beside its reversal, and neither is taken back again.
    let booked = listed(&world, 1, &session).await.booked;
    assert_eq!(booked.iter().map(|one| one.kind).collect::<Vec<_>>(), [Movement::Reversal, Movement::TopUp]);
    let again = async |of: &CentreNumber| {
        let number = agreed(&world, 1, &session, case(3), 5_000).await;
        refusal(world.reserve(1, &session, case(3), reversal(of, 3_650, 5_000, 9), Some(number)).await)
    };
    assert_eq!(again(&held.number).await, Code::ReversalNotLatest);
    assert_eq!(again(&back.number).await, Code::ReversalForbidden);
    // What is left can be refunded.
    confirmed(world.refund(1, &session, case(4), refund_claim(PURSE, 3_650, 9)).await);
    balanced(&world).await;
}

pub async fn what_is_not_taken_back(world: World) {
    let session = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = topped_up(&world, &session).await;
    let reserve = async |desk: u8, session: &SessionToken, claim: Claim| {
        let number = agreed(&world, desk, session, case(2), 5_000).await;
        refusal(world.reserve(desk, session, case(2), claim, Some(number)).await)
    };
    assert_eq!(reserve(2, &second, reversal(&held.number, 8_650, 5_000, 8)).await, Code::ReversalNotOwn);
    for (claim, code) in [
        (reversal(&CentreNumber::new("R-NONE"), 8_650, 5_000, 8), Code::ReversalNotLatest),
        (reversal(&held.number, 8_450, 5_000, 8), Code::CardMovedOn),
        (reversal(&held.number, 8_650, 5_000, 9), Code::CardMovedOn),
        (reversal(&held.number, 8_650, 4_000, 8), Code::AmountInvalid),
    ] {
        assert_eq!(reserve(1, &session, claim).await, code);
    }
    world.wait(Duration::hours(14));
    let session = world.sign_in(1, "1001").await;
    let number = agreed(&world, 1, &session, case(2), 5_000).await;
    let reply = world.reserve(1, &session, case(2), reversal(&held.number, 8_650, 5_000, 8), Some(number)).await;
    assert_eq!(refusal(reply), Code::ReversalNotSameDay);
    // A refund is money in the customer's hand.
    let refund = world.reserve(1, &session, case(3), refund_claim(PURSE, 8_650, 8), None).await;
    let refund = reserved(refund);
    world
        .ask(
            1,
            &session,
            Request::Issuer { case: case(3), reservation: refund.number.clone(), ask: unload_ask(PURSE, 8_650, 8, "cafe0003", 1) },
        )
        .await;
    let settle = Settlement::PurseRefunded { amount: Fen(8_650), proof: moved(0, 8_650, 8, 3, "cafe0003", 1) };
    confirmed(world.ask(1, &session, confirm(case(3), &refund.number, settle)).await);
    let number = agreed(&world, 1, &session, case(4), 8_650).await;
    let reply = world.reserve(1, &session, case(4), reversal(&refund.number, 0, 8_650, 9), Some(number)).await;
    assert_eq!(refusal(reply), Code::ReversalForbidden);
    balanced(&world).await;
}

/// Torn, reported, and found written or not: the money stands in suspense meanwhile.
pub async fn torn_reversals_are_suspense(world: World) {
    let session = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = topped_up(&world, &session).await;
    for written in [false, true] {
        let of = case(if written { 3 } else { 2 });
        let number = agreed(&world, 1, &session, of, 5_000).await;
        let back = reserved(world.reserve(1, &session, of, reversal(&held.number, 8_650, 5_000, 8), Some(number)).await);
        let random = if written { "cafe0003" } else { "cafe0002" };
        let ask = unload_ask(PURSE, 5_000, 8, random, 1);
        world.ask(1, &session, Request::Issuer { case: of, reservation: back.number.clone(), ask }).await;
        let intent = WriteIntent::Unload {
            before: shown(8_650, 8),
            amount: Fen(5_000),
            terminal: desk_domain::card::Terminal { number: "999900000001".to_owned(), sequence: 1, at: noon().naive_utc() },
        };
        let report = Request::ReportUnknown { case: of, reservation: back.number.clone(), intent };
        assert_eq!(world.ask(1, &session, report).await, Reply::Reported);
        assert!(listed(&world, 2, &second).await.suspended_by.is_some());
        balanced(&world).await;
        if written {
            let end = WriteEnd::Written(moved(3_650, 5_000, 8, 3, random, 1));
            let decide = Request::DecideWrite { case: of, reservation: back.number.clone(), end: end.clone() };
            assert_eq!(world.ask(2, &second, decide).await, Reply::Reported);
            assert_eq!(write_end(&world, 1, &session, of, &back.number).await, Some(end));
            let settle = Settlement::PurseRefunded { amount: Fen(5_000), proof: moved(3_650, 5_000, 8, 3, random, 1) };
            confirmed(world.ask(1, &session, confirm(of, &back.number, settle)).await);
        } else {
            assert_eq!(world.ask(1, &session, release(of, &back.number)).await, Reply::Released);
        }
        assert!(listed(&world, 2, &second).await.suspended_by.is_none());
        balanced(&world).await;
    }
}

pub async fn a_missing_load_is_written_once(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    // Desk 1 took the money and got its MAC; then it died. Nobody knows how far it came, but the card does.
    let load = reserved(world.reserve(1, &first, case(1), top_up(3_650, 5_000, 7), None).await);
    world.ask(1, &first, mac(case(1), &load.number, 5_000, 7, "cafe0001", 1)).await;
    let claim = rewrite(&load.number, 3_650, 5_000, 7);
    // Another clerk's: a second person agrees.
    assert_eq!(refusal(world.reserve(2, &second, case(2), claim.clone(), None).await), Code::AuthorisationNeeded);
    assert!(listed(&world, 2, &second).await.suspended_by.is_none(), "a refused token holds nothing");
    let number = agreed(&world, 2, &second, case(2), 5_000).await;
    let token = reserved(world.reserve(2, &second, case(2), claim.clone(), Some(number)).await);
    assert!(token.on_confirm.lines().is_empty(), "no money moves with a token");
    assert!(listed(&world, 2, &second).await.suspended_by.is_some());
    balanced(&world).await;
    // While the token is out, the first desk neither writes nor gives back, and there is no second token.
    assert_eq!(refusal(world.ask(1, &first, mac(case(1), &load.number, 5_000, 7, "cafe0003", 1)).await), Code::CaseSuspended);
    assert_eq!(refusal(world.ask(1, &first, release(case(1), &load.number)).await), Code::CaseSuspended);
    let number = agreed(&world, 1, &first, case(3), 5_000).await;
    assert_eq!(refusal(world.reserve(1, &first, case(3), claim.clone(), Some(number)).await), Code::RightReserved);
    // For this amount, this counter and this desk.
    assert_eq!(refusal(world.ask(2, &second, mac(case(2), &token.number, 5_100, 7, "cafe0002", 2)).await), Code::AmountInvalid);
    assert_eq!(refusal(world.ask(2, &second, mac(case(2), &token.number, 5_000, 8, "cafe0002", 2)).await), Code::CardMovedOn);
    assert!(matches!(world.ask(2, &second, mac(case(2), &token.number, 5_000, 7, "cafe0002", 2)).await, Reply::Issuer { .. }));
    let proof = load_proof(3_650, 5_000, 7, "cafe0002", 2);
    let settle = Settlement::PurseLoaded { amount: Fen(5_000), proof: proof.clone() };
    let number = confirmed(world.ask(2, &second, confirm(case(2), &token.number, settle.clone())).await);
    assert_eq!(confirmed(world.ask(2, &second, confirm(case(2), &token.number, settle)).await), number);
    // The first desk learns of it; its money is on the card, once, and nothing goes back.
    assert_eq!(write_end(&world, 1, &first, case(1), &load.number).await, Some(WriteEnd::Written(proof.clone())));
    let settle = Settlement::PurseLoaded { amount: Fen(5_000), proof };
    confirmed(world.ask(1, &first, confirm(case(1), &load.number, settle)).await);
    assert_eq!(refusal(world.ask(1, &first, release(case(1), &load.number)).await), Code::ClaimConflict);
    let facts = listed(&world, 2, &second).await;
    assert!(facts.suspended_by.is_none());
    assert_eq!(facts.booked.iter().map(|one| (one.kind, one.stands)).collect::<Vec<_>>(), [(Movement::TopUp, Stands::Settled)]);
    // Nobody writes it a third time.
    let number = agreed(&world, 2, &second, case(4), 5_000).await;
    let reply = world.reserve(2, &second, case(4), rewrite(&load.number, 8_650, 5_000, 8), Some(number)).await;
    assert!(matches!(refusal(reply), Code::ClaimConflict | Code::RewriteNotAllowed));
    balanced(&world).await;
}

pub async fn what_is_not_written_again(world: World) {
    let session = world.sign_in(1, "1001").await;
    let refused_with = async |claim: Claim, why: &str| {
        let message = refused(world.reserve(1, &session, case(9), claim, None).await);
        assert_eq!(message.code, Code::RewriteNotAllowed);
        assert!(message.text().contains(why), "{}", message.text());
    };
    let settled = topped_up(&world, &session).await;
    // The card has proved it, whatever it shows now.
    refused_with(rewrite(&settled.number, 3_650, 5_000, 7), "已证明写入").await;
    refused_with(rewrite(&CentreNumber::new("R-NONE"), 8_650, 5_000, 8), "没有这笔").await;
    let given_back = reserved(world.reserve(1, &session, case(2), top_up(8_650, 1_000, 8), None).await);
    assert_eq!(world.ask(1, &session, release(case(2), &given_back.number)).await, Reply::Released);
    world.wait(Duration::seconds(1));
    refused_with(rewrite(&given_back.number, 8_650, 1_000, 8), "已撤销").await;
    let open = reserved(world.reserve(1, &session, case(3), top_up(8_650, 1_000, 8), None).await);
    refused_with(rewrite(&open.number, 9_650, 1_000, 9), "计数器").await;
    refused_with(rewrite(&open.number, 8_450, 1_000, 8), "余额").await;
    assert_eq!(refusal(world.reserve(1, &session, case(9), rewrite(&open.number, 8_650, 1_001, 8), None).await), Code::AmountInvalid);
    world.wait(Duration::hours(14));
    let session = world.sign_in(1, "1001").await;
    let message = refused(world.reserve(1, &session, case(9), rewrite(&open.number, 8_650, 1_000, 8), None).await);
    assert!(message.text().contains("不是当日"), "{}", message.text());
    balanced(&world).await;
}

/// Torn under the token, or under the load: whoever finds the step on the card ends both, and the money moves once.
pub async fn a_load_ends_at_whichever_desk(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1001").await;
    let load = reserved(world.reserve(1, &first, case(1), top_up(3_650, 5_000, 7), None).await);
    world.ask(1, &first, mac(case(1), &load.number, 5_000, 7, "cafe0001", 1)).await;
    let token = reserved(world.reserve(2, &second, case(2), rewrite(&load.number, 3_650, 5_000, 7), None).await);
    world.ask(2, &second, mac(case(2), &token.number, 5_000, 7, "cafe0002", 2)).await;
    // The token's desk lost the card; the first desk has it now, and its proof is of the token's MAC.
    let proof = load_proof(3_650, 5_000, 7, "cafe0002", 2);
    let settle = Settlement::PurseLoaded { amount: Fen(5_000), proof: proof.clone() };
    let number = confirmed(world.ask(1, &first, confirm(case(1), &load.number, settle.clone())).await);
    assert_eq!(write_end(&world, 2, &second, case(2), &token.number).await, Some(WriteEnd::Written(proof)));
    let other = confirmed(world.ask(2, &second, confirm(case(2), &token.number, settle)).await);
    assert_ne!(number, other);
    assert!(listed(&world, 2, &second).await.suspended_by.is_none());
    balanced(&world).await;
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.settled_count(&CellId::new(HOME), &format!("purse:{PURSE}"), None).await.unwrap(), 1);
}

pub async fn a_rewrite_that_failed_leaves_the_load_as_it_was(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1001").await;
    let load = reserved(world.reserve(1, &first, case(1), top_up(3_650, 5_000, 7), None).await);
    let token = reserved(world.reserve(2, &second, case(2), rewrite(&load.number, 3_650, 5_000, 7), None).await);
    assert_eq!(world.ask(2, &second, release(case(2), &token.number)).await, Reply::Released);
    balanced(&world).await;
    // Once more, and then a third desk's card says that nothing was written: both are over, and the money goes back once.
    let token = reserved(world.reserve(2, &second, case(3), rewrite(&load.number, 3_650, 5_000, 7), None).await);
    let end = WriteEnd::NotWritten { reason: Code::CardPulled };
    let decide = Request::DecideWrite { case: case(1), reservation: load.number.clone(), end: end.clone() };
    assert_eq!(world.ask(2, &second, decide).await, Reply::Reported);
    assert_eq!(write_end(&world, 2, &second, case(3), &token.number).await, Some(end.clone()));
    assert_eq!(write_end(&world, 1, &first, case(1), &load.number).await, Some(end));
    assert_eq!(world.ask(1, &first, release(case(1), &load.number)).await, Reply::Released);
    let late =
        confirm(case(3), &token.number, Settlement::PurseLoaded { amount: Fen(5_000), proof: load_proof(3_650, 5_000, 7, "cafe0002", 2) });
    assert_eq!(refusal(world.ask(2, &second, late).await), Code::ClaimConflict);
    assert!(listed(&world, 2, &second).await.suspended_by.is_none());
    balanced(&world).await;
}
