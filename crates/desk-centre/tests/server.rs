//! The centre as a desk meets it: TLS, enrolment, real keys, simulated cards, PostgreSQL, the platform's sandbox.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod counter;
#[cfg(test)]
mod operations;

use desk_centre::demonstration::{id_number, pupil_id};
use desk_domain::{
    card::{WriteEnd, WriteIntent},
    claim::{Claim, Settlement},
    code::Code,
    id::{CardNo, CellId, Id128, ProgrammeId},
    money::Fen,
    person::{CardStatus, InitialPassword, Lookup},
    replacement::Ground,
};
use desk_wire::v1::{Reply, Request};

use counter::{Counter, date, refund, refunded, refusal, reserved};

#[tokio::test(flavor = "multi_thread")]
async fn a_purse_is_refunded_loaded_and_refunded_again() {
    let Some(counter) = Counter::open("a_purse_is_refunded_loaded_and_refunded_again").await else {
        return;
    };
    let first = counter.read("purse-unload").await;
    assert_eq!(first.purse.as_ref().unwrap().balance, Fen(3650));
    let reply = refunded(&counter, 1, &first).await;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    // The image of before is worth nothing any more.
    let again = counter.reserve(2, refund(&counter, &first), None).await;
    assert_eq!(refusal(again), Code::ClaimConflict);
    let empty = counter.read("purse-unload").await;
    let nothing = counter.reserve(3, refund(&counter, &empty), None).await;
    assert!(matches!(refusal(nothing), Code::PurseEmpty | Code::AmountInvalid));
    counter.top_up("purse-unload", 5000);
    let second = counter.read("purse-unload").await;
    assert_eq!(second.purse.as_ref().unwrap().balance, Fen(5000));
    let reply = refunded(&counter, 4, &second).await;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    let totals = counter.ask(Request::DayTotals { outlet: counter.outlet(), day: date("2026-11-24"), device: None }).await;
    let Reply::DayTotals { settled_refunds, .. } = totals else {
        panic!("{totals:?}");
    };
    assert_eq!(settled_refunds, Fen(8650));
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purse_that_refuses_unload_is_spent_to_zero() {
    let Some(counter) = Counter::open("a_purse_that_refuses_unload_is_spent_to_zero").await else {
        return;
    };
    let card = counter.read("purse-refuses-unload").await;
    let amount = card.purse.as_ref().unwrap().balance;
    let held = reserved(counter.reserve(1, refund(&counter, &card), None).await);
    let intent = WriteIntent::PurchaseOfRest { before: card, amount, terminal: counter.terminal() };
    let end = counter.write(1, &held.number, &intent).await;
    let WriteEnd::Written(proof) = end else {
        panic!("{end:?}");
    };
    let reply = counter
        .ask(Request::Confirm { case: Id128([1; 16]), reservation: held.number, settlement: Settlement::PurseRefunded { amount, proof } })
        .await;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_card_is_reissued_and_validated() {
    let Some(counter) = Counter::open("a_lost_card_is_reissued_and_validated").await else {
        return;
    };
    let (cell, programme): (CellId, ProgrammeId) = (counter.pupils.cell.clone(), counter.pupils.programme.clone());
    let old_card = CardNo::new("2150999000000010");
    let claim = Claim::Reissue {
        cell: cell.clone(),
        programme: programme.clone(),
        person: pupil_id(10),
        old_card: old_card.clone(),
        ground: Ground::Lost,
        accepted_at: None,
    };
    let held = reserved(counter.reserve(1, claim, None).await);
    let data = held.card_data.clone().unwrap();
    let intent = WriteIntent::Personalise { before: counter.read("blank-1").await, data: data.clone() };
    let end = counter.write(1, &held.number, &intent).await;
    let WriteEnd::Written(proof) = end else {
        panic!("{end:?}");
    };
    assert_eq!(proof.after.card_no, data.card_no);
    let reply = counter
        .ask(Request::Confirm {
            case: Id128([1; 16]),
            reservation: held.number,
            settlement: Settlement::CardIssued { new_card: data.card_no.clone(), proof },
        })
        .await;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    let new = counter.read("blank-1").await;
    let claim = Claim::Validation { cell, programme, card: new.clone(), until: date("2026-12-31") };
    let held = reserved(counter.reserve(1, claim, None).await);
    let intent = WriteIntent::Validate { before: new, until: date("2026-12-31") };
    let end = counter.write(1, &held.number, &intent).await;
    let WriteEnd::Written(proof) = end else {
        panic!("{end:?}");
    };
    let reply = counter
        .ask(Request::Confirm {
            case: Id128([1; 16]),
            reservation: held.number,
            settlement: Settlement::Validated { until: date("2026-12-31"), proof },
        })
        .await;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    assert_eq!(counter.read("blank-1").await.valid_until, Some(date("2026-12-31")));
    let reply = counter.ask(Request::FindCard { case: Id128([2; 16]), lookup: Lookup::CardNo { card_no: old_card } }).await;
    let Reply::Card { card } = reply else {
        panic!("{reply:?}");
    };
    assert!(matches!(card.status, CardStatus::Replaced { .. }));
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_initial_password_lets_in_once_then_must_change() {
    let Some(counter) = Counter::open("the_initial_password_lets_in_once_then_must_change").await else {
        return;
    };
    let number = id_number(11);
    let reply = counter
        .ask(Request::FindPerson {
            case: Id128([1; 16]),
            lookup: Lookup::IdNumber { programme: counter.pupils.programme.clone(), number: number.clone() },
        })
        .await;
    let Reply::Person { person } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(person.initial_password, InitialPassword::LastSixOfIdNumber);
    let initial = &number[12..];
    let account = "9900000011";
    assert_eq!(counter.log_in(account, initial).await, "refused");
    let held = reserved(
        counter
            .reserve(
                1,
                Claim::PasswordReset {
                    cell: person.cell.clone(),
                    programme: person.programme.clone(),
                    person: person.person.clone(),
                    accepted_at: counter.now(),
                },
                None,
            )
            .await,
    );
    let confirm = Request::Confirm { case: Id128([1; 16]), reservation: held.number, settlement: Settlement::PasswordReset };
    // The platform is down, then does it without saying so; the same request again settles, and it was done once.
    let id = Id128([77; 16]);
    for fault in ["down", "garbled"] {
        counter.platform_fault(fault).await;
        let failed = counter.try_ask(id, &confirm).await.unwrap_err();
        assert_eq!(failed.code, Code::CentreError, "{fault}");
    }
    counter.platform_fault("none").await;
    let reply = counter.try_ask(id, &confirm).await.unwrap().reply;
    assert!(matches!(reply, Reply::Confirmed { .. }), "{reply:?}");
    assert_eq!(counter.try_ask(id, &confirm).await.unwrap().reply, reply);

    assert_eq!(counter.log_in(account, "000000").await, "refused");
    assert_eq!(counter.log_in(account, initial).await, "must_change");
    assert_eq!(counter.log_in(account, initial).await, "refused");
    assert!(!counter.change(account, initial, initial).await);
    assert!(counter.change(account, initial, "a better one").await);
    assert_eq!(counter.log_in(account, "a better one").await, "in");
    assert_eq!(counter.log_in(account, initial).await, "refused");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_code_serves_one_key() {
    let Some(counter) = Counter::open("an_enrolment_code_serves_one_key").await else {
        return;
    };
    let code = counter.code("W07").await;
    let first = counter.enrol(&code, 41).await.unwrap();
    assert_eq!(first.generation, 1);
    // The answer was lost: the same key asks again, as a person may have typed it.
    let typed = code.to_lowercase().replace('-', " ");
    let again = counter.enrol(&typed, 41).await.unwrap();
    assert_eq!(again.device, first.device);
    assert_eq!(counter.enrol(&code, 42).await.unwrap_err(), Code::EnrolRefused);
    assert_eq!(counter.enrol("0000-0000-0000-0000", 43).await.unwrap_err(), Code::EnrolRefused);
    // A new code for the same window is its next generation; the old certificate lets nobody in.
    assert_eq!(counter.ping(&first, 41).await.unwrap(), Reply::Pong { published: 0 });
    let code = counter.code("W07").await;
    let second = counter.enrol(&code, 44).await.unwrap();
    assert_eq!(second.generation, 2);
    assert_eq!(second.terminal, first.terminal);
    assert_eq!(refusal(counter.ping(&first, 41).await.unwrap()), Code::DeviceRollback);
    let mut forged = first.clone();
    forged.generation = 2;
    assert!(counter.ping(&forged, 41).await.is_err());
    assert_eq!(counter.ping(&second, 44).await.unwrap(), Reply::Pong { published: 0 });
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_and_nothing_stops() {
    let Some(counter) = Counter::open("bad_input_is_answered_and_nothing_stops").await else {
        return;
    };
    let good = serde_json::to_vec(&counter.envelope(Request::Ping)).unwrap();
    let mut bodies: Vec<Vec<u8>> =
        vec![Vec::new(), b"{}".to_vec(), b"[[[[".to_vec(), vec![b'['; 100_000], vec![0xFF; 1000], good[..good.len() / 2].to_vec()];
    for cut in (0..good.len()).step_by(7) {
        let mut broken = good.clone();
        broken[cut] = b'\0';
        bodies.push(broken);
    }
    for body in bodies {
        let status = counter.raw("/v1/request", body).await;
        assert!(matches!(status, 400 | 403), "{status}");
    }
    assert_eq!(counter.raw("/v1/request", good).await, 200);
    match counter.sent("/v1/request", vec![b' '; 9 << 20]).await {
        Ok(status) => assert_eq!(status, 413),
        // The centre answered and shut the door before everything was sent; the client saw only the door.
        Err(error) => assert!(error.is_request() && !error.is_timeout(), "{error:?}"),
    }
    assert_eq!(counter.raw("/v1/nothing", Vec::new()).await, 404);
    assert_eq!(counter.raw("/v1/health", Vec::new()).await, 405);
    assert_eq!(counter.raw("/v1/enrol", b"{}".to_vec()).await, 400);
    assert_eq!(counter.stranger("/v1/request").await, 401);
    counter.not_tls().await;
    // Numbers that no column holds, and text that no database takes.
    let reply =
        counter.ask(Request::FindCard { case: Id128([1; 16]), lookup: Lookup::CardNo { card_no: CardNo::new("9".repeat(5000)) } }).await;
    assert_eq!(refusal(reply), Code::CardNotFound);
    let nul = Request::FindCard { case: Id128([1; 16]), lookup: Lookup::CardNo { card_no: CardNo::new("1\0") } };
    let outcome = counter.try_ask(Id128([78; 16]), &nul).await;
    assert!(outcome.is_err() || matches!(outcome, Ok(answered) if matches!(answered.reply, Reply::Refused { .. })));
    assert_eq!(counter.ask(Request::Ping).await, Reply::Pong { published: 0 });
    counter.close().await;
}
