//! Rights: one open claim, one settled claim an epoch, MACs for the reservation only, nobody paid twice.

use chrono::{Duration, NaiveDate};
use desk_domain::{
    card::{CardImage, RefundMethod, TearEvidence, Terminal, WriteEnd, WriteIntent, WriteProof},
    claim::{Claim, Settlement},
    code::Code,
    id::{CardNo, CaseId, CellId, CentreNumber, OperatorId, PersonId, ProgrammeId, SessionToken},
    issuer::{CardKeySource, CounterLine, IssuerAnswer, IssuerRequest, LineKey, ReleasedTo},
    money::Fen,
    person::{CardStatus, Lookup},
    pin::Pin,
    posting::Account,
    replacement::Ground,
};
use desk_wire::v1::{OpenWrite, Reply, Request, Secret};

use super::world::{
    EDUCATION, HOME, PUPIL_CARD, PURSE, SMALL_PURSE, TRANSIT, World, card, case, confirmed, date, image, key_source, noon, refund_claim,
    refusal, refused, reserve, reserved, unload_ask, unloaded,
};

pub fn unload_intent(number: &str, amount: i64, counter: u16) -> WriteIntent {
    let Claim::PurseRefund { card, .. } = refund_claim(number, amount, counter) else {
        panic!("not a refund");
    };
    WriteIntent::Unload {
        before: card,
        amount: Fen(amount),
        terminal: Terminal { number: "999900000001".to_owned(), sequence: 1, at: noon().naive_utc() },
    }
}

fn confirm(case: CaseId, reservation: &CentreNumber, amount: i64, proof: WriteProof) -> Request {
    Request::Confirm { case, reservation: reservation.clone(), settlement: Settlement::PurseRefunded { amount: Fen(amount), proof } }
}

fn issuer(case: CaseId, reservation: &CentreNumber, ask: IssuerRequest) -> Request {
    Request::Issuer { case, reservation: reservation.clone(), ask }
}

async fn find_card(world: &World, number: &str) -> desk_domain::person::CardFacts {
    let session = world.sign_in(1, "1002").await;
    let find = Request::FindCard { case: case(99), lookup: Lookup::CardNo { card_no: CardNo::new(number) } };
    let reply = world.ask(1, &session, find).await;
    let Reply::Card { card } = reply else {
        panic!("{reply:?}");
    };
    *card
}

async fn balanced(world: &World) {
    let mut tx = world.centre.store().begin().await.unwrap();
    let sum = tx.imbalance(&CellId::new(super::world::COUNTER)).await.unwrap();
    assert_eq!(sum, 0);
}

async fn refunds(world: &World) -> Fen {
    let mut tx = world.centre.store().begin().await.unwrap();
    let totals =
        tx.totals(&CellId::new(super::world::COUNTER), &desk_domain::id::OutletId::new("DEMO"), date("2026-11-24"), None).await.unwrap();
    totals.settled_refunds
}

pub async fn refund_whole_way(world: World) {
    let session = world.sign_in(1, "1001").await;
    let claim = refund_claim(PURSE, 3650, 7);
    let reservation = reserved(world.reserve(1, &session, case(1), claim.clone(), None).await);
    let lines = reservation.on_confirm.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().any(|line| { matches!(line.account, Account::PurseFloat { .. }) && line.amount == Fen(3650) }));
    assert!(lines.iter().any(|line| { matches!(line.account, Account::RefundPayable { .. }) && line.amount == Fen(-3650) }));
    // The same case asking anew holds the same reservation.
    let again = reserved(world.reserve(1, &session, case(1), claim, None).await);
    assert_eq!(again, reservation);
    let asked = issuer(case(1), &reservation.number, unload_ask(PURSE, 3650, 7, "cafe0001", 1));
    let answer = world.ask(1, &session, asked).await;
    assert!(matches!(answer, Reply::Issuer { .. }), "{answer:?}");
    let settle = confirm(case(1), &reservation.number, 3650, unloaded(PURSE, 3650, 7, Some("cafe0001"), 1));
    let number = confirmed(world.ask(1, &session, settle.clone()).await);
    assert_eq!(confirmed(world.ask(1, &session, settle).await), number);
    assert_eq!(refunds(&world).await, Fen(3650));
    balanced(&world).await;
    assert_eq!(find_card(&world, PURSE).await.last_balance, Some(Fen::ZERO));
}

pub async fn refund_refusals(world: World) {
    let session = world.sign_in(1, "1001").await;
    let mut tx = world.centre.store().begin().await.unwrap();
    for (number, change) in
        [("3104999000000000901", CardStatus::Lost), ("3104999000000000902", CardStatus::Replaced { by_tail: "4321".to_owned() })]
    {
        let mut made = card(number, TRANSIT, None);
        made.status = change;
        tx.put_card(&made).await.unwrap();
    }
    let mut today = card("3104999000000000903", TRANSIT, None);
    today.issued_on = date("2026-11-24");
    tx.put_card(&today).await.unwrap();
    let mut closed = card("3104999000000000904", TRANSIT, None);
    closed.transit_open = false;
    tx.put_card(&closed).await.unwrap();
    let mut moved = card("3104999000000000905", TRANSIT, None);
    moved.last_online_counter = Some(8);
    tx.put_card(&moved).await.unwrap();
    tx.commit().await.unwrap();

    let with = |change: fn(&mut CardImage)| {
        let Claim::PurseRefund { cell, programme, mut card, .. } = refund_claim(PURSE, 3650, 7) else {
            panic!("not a refund");
        };
        change(&mut card);
        let amount = card.purse.as_ref().map_or(Fen::ZERO, |purse| purse.balance);
        Claim::PurseRefund { cell, programme, card, amount, payee: None }
    };
    fn purse(image: &mut CardImage) -> &mut desk_domain::card::PurseImage {
        image.purse.as_mut().unwrap()
    }
    let mut part = refund_claim(PURSE, 3650, 7);
    if let Claim::PurseRefund { amount, .. } = &mut part {
        *amount = Fen(1000);
    }
    let mut elsewhere = refund_claim(PURSE, 3650, 7);
    if let Claim::PurseRefund { cell, .. } = &mut elsewhere {
        *cell = CellId::new("another");
    }
    let mut other_programme = refund_claim(PURSE, 3650, 7);
    if let Claim::PurseRefund { programme, .. } = &mut other_programme {
        *programme = ProgrammeId::new(EDUCATION);
    }
    let table = [
        (refund_claim("3104999000000000901", 100, 1), Code::CardBlacklisted),
        (refund_claim("3104999000000000902", 100, 1), Code::CardReplaced),
        (refund_claim("3104999000000000903", 100, 1), Code::PurseSoldToday),
        (refund_claim("3104999000000000904", 100, 1), Code::TransitNotOpened),
        (refund_claim("3104999000000000905", 100, 7), Code::CardMovedOn),
        (refund_claim("3104999000000000999", 100, 1), Code::CardNotFound),
        (with(|image| purse(image).balance = Fen(0)), Code::PurseEmpty),
        (with(|image| purse(image).balance = Fen(-50)), Code::OverdraftFirst),
        (with(|image| purse(image).incomplete_trip = true), Code::IncompleteTrip),
        (with(|image| image.purse = None), Code::RefundUnsupported),
        (with(|image| image.serial = "0000000000000000".to_owned()), Code::ProfileMismatch),
        (with(|image| image.family = "other".to_owned()), Code::ProfileMismatch),
        (part, Code::AmountInvalid),
        (elsewhere, Code::ProfileMismatch),
        (other_programme, Code::DirectOutletOnly),
    ];
    for (nth, (claim, code)) in table.into_iter().enumerate() {
        let reply = world.reserve(1, &session, case(1), claim, None).await;
        assert_eq!(refusal(reply), code, "{nth}");
    }
    // None of them left anything behind.
    confirmed(world.refund(1, &session, case(1), refund_claim(PURSE, 3650, 7)).await);
}

pub async fn second_claimant(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &first, case(1), refund_claim(PURSE, 3650, 7), None).await);
    let message = refused(world.reserve(2, &second, case(2), refund_claim(PURSE, 3650, 7), None).await);
    assert_eq!(message.code, Code::RightReserved);
    assert!(message.text().contains("DEMO") && message.text().contains("W01"));
    // Another case of the same desk is somebody else too.
    let same_desk = world.reserve(1, &first, case(3), refund_claim(PURSE, 3650, 7), None).await;
    assert_eq!(refusal(same_desk), Code::RightReserved);
    // Nor may another desk or case use the reservation.
    let stolen = issuer(case(1), &held.number, unload_ask(PURSE, 3650, 7, "cafe0001", 2));
    assert_eq!(refusal(world.ask(2, &second, stolen).await), Code::KeySourceInvalid);
    let wrong_case = Request::Release { case: case(2), reservation: held.number };
    assert_eq!(refusal(world.ask(1, &first, wrong_case).await), Code::KeySourceInvalid);
    confirmed(world.refund(1, &first, case(1), refund_claim(PURSE, 3650, 7)).await);
    let message = refused(world.reserve(2, &second, case(4), refund_claim(PURSE, 3650, 7), None).await);
    assert_eq!(message.code, Code::ClaimConflict);
    let text = message.text();
    assert!(text.contains("W01") && text.contains("2026-11-24 10:00"), "{text}");
    assert_eq!(refunds(&world).await, Fen(3650));
}

pub async fn refund_again_after_top_up(world: World) {
    let session = world.sign_in(1, "1001").await;
    confirmed(world.refund(1, &session, case(1), refund_claim(PURSE, 3650, 7)).await);
    // The unload took the counter to 8, a top-up to 9: a new epoch.
    confirmed(world.refund(1, &session, case(2), refund_claim(PURSE, 5000, 9)).await);
    for (number, counter) in [(3, 7), (4, 9)] {
        let reply = world.reserve(1, &session, case(number), refund_claim(PURSE, 5000, counter), None).await;
        assert_eq!(refusal(reply), Code::ClaimConflict);
    }
    assert_eq!(refunds(&world).await, Fen(8650));
    balanced(&world).await;
}

pub async fn purchase_of_rest(world: World) {
    let session = world.sign_in(1, "1001").await;
    let mut claim = refund_claim(PURSE, 12_800, 7);
    if let Claim::PurseRefund { card, .. } = &mut claim {
        card.purse.as_mut().unwrap().refund_method = RefundMethod::PurchaseOfRest;
    }
    let held = reserved(world.reserve(1, &session, case(1), claim, None).await);
    let ask = |offline_counter| IssuerRequest::Purchase {
        card: key_source(PURSE),
        algorithm: 0,
        key_version: 1,
        random: "0badcafe".to_owned(),
        offline_counter,
        old_balance: Fen(12_800),
        amount: Fen(12_800),
        terminal: "999900000001".to_owned(),
        terminal_sequence: 1,
        at: noon().naive_utc(),
    };
    let wrong = world.ask(1, &session, issuer(case(1), &held.number, ask(41))).await;
    assert_eq!(refusal(wrong), Code::CardMovedOn);
    let good = world.ask(1, &session, issuer(case(1), &held.number, ask(40))).await;
    assert!(matches!(good, Reply::Issuer { .. }));
    let mut proof = unloaded(PURSE, 12_800, 6, Some("0badcafe"), 1);
    proof.counter = Some(41);
    confirmed(world.ask(1, &session, confirm(case(1), &held.number, 12_800, proof)).await);
}

pub async fn no_proof_no_confirmation(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), refund_claim(PURSE, 3650, 7), None).await);
    // No MAC was let out: an empty purse proves nothing, and neither does a log record.
    let proof = unloaded(PURSE, 3650, 7, Some("cafe0001"), 1);
    let settle = confirm(case(1), &held.number, 3650, proof);
    assert_eq!(refusal(world.ask(1, &session, settle).await), Code::WriteUnknown);
    let ask = unload_ask(PURSE, 3650, 7, "cafe0001", 1);
    world.ask(1, &session, issuer(case(1), &held.number, ask)).await;
    let mut forged = unloaded(PURSE, 3650, 7, Some("ffffffff"), 1);
    forged.after.log.clear();
    let settle = confirm(case(1), &held.number, 3650, forged);
    assert_eq!(refusal(world.ask(1, &session, settle).await), Code::WriteUnknown);
    let mut foreign = unloaded(PURSE, 3650, 7, None, 2);
    foreign.after.log.truncate(1);
    let settle = confirm(case(1), &held.number, 3650, foreign);
    assert_eq!(refusal(world.ask(1, &session, settle).await), Code::WriteUnknown);
    let less = confirm(case(1), &held.number, 3600, unloaded(PURSE, 3650, 7, Some("cafe0001"), 1));
    assert_eq!(refusal(world.ask(1, &session, less).await), Code::AmountInvalid);
    let other = confirm(case(1), &held.number, 3650, unloaded(SMALL_PURSE, 3650, 7, Some("cafe0001"), 1));
    assert_eq!(refusal(world.ask(1, &session, other).await), Code::WrongCard);
    assert_eq!(refunds(&world).await, Fen::ZERO);
    // The card's own log record with our terminal is proof enough where the card gives no other.
    let logged = confirm(case(1), &held.number, 3650, unloaded(PURSE, 3650, 7, None, 1));
    confirmed(world.ask(1, &session, logged).await);
}

pub async fn macs_only_for_the_reservation(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), refund_claim(PURSE, 3650, 7), None).await);
    let mut wrong_serial = unload_ask(PURSE, 3650, 7, "cafe0001", 1);
    if let IssuerRequest::Unload { card, .. } = &mut wrong_serial {
        card.serial = key_source(SMALL_PURSE).serial;
    }
    let line = IssuerRequest::LineMac {
        card: key_source(PURSE),
        key: LineKey::Maintenance,
        challenge: "00".to_owned(),
        header: "04d69c0008".to_owned(),
        data: "00".to_owned(),
    };
    let mut bad_mac = unload_ask(PURSE, 3650, 7, "cafe0001", 1);
    if let IssuerRequest::Unload { mac1, .. } = &mut bad_mac {
        "bad".clone_into(mac1);
    }
    let pin = Pin::typed("2468").unwrap();
    for (ask, code) in [
        (unload_ask(SMALL_PURSE, 3650, 7, "cafe0001", 1), Code::WrongCard),
        (wrong_serial, Code::WrongCard),
        (unload_ask(PURSE, 3649, 7, "cafe0001", 1), Code::AmountInvalid),
        (unload_ask(PURSE, 3650, 8, "cafe0001", 1), Code::CardMovedOn),
        (unload_ask(PURSE, 3650, 7, "cafe0001", 2), Code::DeviceUnknown),
        (bad_mac, Code::KeySourceInvalid),
        (line, Code::KeySourceInvalid),
        (IssuerRequest::PinReload { card: key_source(PURSE), pin: pin.clone() }, Code::KeySourceInvalid),
        (IssuerRequest::PinUnblock { card: key_source(PURSE), challenge: "A1B2C3D4".to_owned(), pin }, Code::KeySourceInvalid),
    ] {
        let reply = world.ask(1, &session, issuer(case(1), &held.number, ask)).await;
        assert_eq!(refusal(reply), code);
    }
    let mut tx = world.centre.store().begin().await.unwrap();
    let releases = tx.releases(&CellId::new(HOME), &CardNo::new(PURSE)).await.unwrap();
    assert!(releases.is_empty());
    drop(tx);
    let asked = issuer(case(1), &held.number, unload_ask(PURSE, 3650, 7, "cafe0001", 1));
    let reply = world.ask(1, &session, asked.clone()).await;
    assert!(matches!(reply, Reply::Issuer { .. }));
    let mut tx = world.centre.store().begin().await.unwrap();
    let releases = tx.releases(&CellId::new(HOME), &CardNo::new(PURSE)).await.unwrap();
    drop(tx);
    let [release] = releases.as_slice() else {
        panic!("{releases:?}");
    };
    assert_eq!(release.case, case(1));
    assert_eq!(release.counter, Some(7));
    assert_eq!(release.random.as_deref(), Some("cafe0001"));
    // After the reservation is given back nothing more goes out.
    let back = Request::Release { case: case(1), reservation: held.number };
    assert_eq!(world.ask(1, &session, back).await, Reply::Released);
    assert_eq!(refusal(world.ask(1, &session, asked).await), Code::KeySourceInvalid);
}

pub async fn whose_step_it_was(world: World) {
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), refund_claim(PURSE, 3650, 7), None).await);
    let step = |counter| IssuerRequest::CheckStep { card: key_source(PURSE), line: CounterLine::Online, counter };
    let to = async |counter| {
        let reply = world.ask(1, &session, issuer(case(1), &held.number, step(counter))).await;
        let Reply::Issuer { answer: IssuerAnswer::Stepped { to } } = reply else {
            panic!("{reply:?}");
        };
        to
    };
    assert_eq!(to(7).await, ReleasedTo::Nobody);
    world.ask(1, &session, issuer(case(1), &held.number, unload_ask(PURSE, 3650, 7, "cafe0001", 1))).await;
    assert_eq!((to(7).await, to(8).await), (ReleasedTo::ThisCase, ReleasedTo::Nobody));
    // The card went on, and its log and its proof have been overwritten. A log that still names somebody else decides.
    let mut silent = unloaded(PURSE, 3650, 7, None, 1);
    silent.after.purse.as_mut().unwrap().online_counter = 9;
    silent.after.log.clear();
    let mut theirs = silent.clone();
    theirs.after.log = unloaded(PURSE, 3650, 7, None, 2).after.log;
    let mut behind = silent.clone();
    behind.after.purse.as_mut().unwrap().online_counter = 7;
    for wrong in [theirs, behind] {
        let reply = world.ask(1, &session, confirm(case(1), &held.number, 3650, wrong)).await;
        assert_eq!(refusal(reply), Code::WriteUnknown);
    }
    // A kiosk of the issuer got a MAC at the same counter: nobody can say whose step it was.
    let mut tx = world.centre.store().begin().await.unwrap();
    let mut kiosk = tx.releases(&CellId::new(HOME), &CardNo::new(PURSE)).await.unwrap().remove(0);
    kiosk.id = "kiosk/1".to_owned();
    kiosk.reservation = CentreNumber::new("kiosk");
    kiosk.case = case(9);
    tx.add_release(&kiosk).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(to(7).await, ReleasedTo::Several);
    let reply = world.ask(1, &session, confirm(case(1), &held.number, 3650, silent.clone())).await;
    assert_eq!(refusal(reply), Code::WriteUnknown);
    // Another purse, where nobody else got one.
    let claim = refund_claim(SMALL_PURSE, 1200, 7);
    let held = reserved(world.reserve(1, &session, case(2), claim, None).await);
    let ask = unload_ask(SMALL_PURSE, 1200, 7, "cafe0002", 1);
    assert!(matches!(world.ask(1, &session, issuer(case(2), &held.number, ask)).await, Reply::Issuer { .. }));
    let mut silent = unloaded(SMALL_PURSE, 1200, 7, None, 1);
    silent.after.purse.as_mut().unwrap().online_counter = 9;
    silent.after.log.clear();
    confirmed(world.ask(1, &session, confirm(case(2), &held.number, 1200, silent)).await);
    balanced(&world).await;
}

pub async fn unknown_write_holds_the_card(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &first, case(1), refund_claim(PURSE, 3650, 7), None).await);
    let asked = issuer(case(1), &held.number, unload_ask(PURSE, 3650, 7, "cafe0001", 1));
    world.ask(1, &first, asked).await;
    let report = Request::ReportUnknown { case: case(1), reservation: held.number.clone(), intent: unload_intent(PURSE, 3650, 7) };
    assert_eq!(world.ask(1, &first, report).await, Reply::Reported);
    assert!(find_card(&world, PURSE).await.suspended_by.is_some());
    balanced(&world).await;
    // A week later, at another desk, even with a new counter.
    world.wait(Duration::hours(7));
    let reply = world.reserve(2, &second, case(2), refund_claim(PURSE, 5000, 9), None).await;
    assert_eq!(refusal(reply), Code::CaseSuspended);
    // The card came back to the first desk: written. Settled without a session, because the desk itself answers for it.
    let settle = world.envelope(1, None, world.id(), confirm(case(1), &held.number, 3650, unloaded(PURSE, 3650, 7, Some("cafe0001"), 1)));
    confirmed(world.send(&settle).await);
    assert!(find_card(&world, PURSE).await.suspended_by.is_none());
    assert_eq!(refunds(&world).await, Fen(3650));
    balanced(&world).await;
    reserved(world.reserve(2, &second, case(2), refund_claim(PURSE, 5000, 9), None).await);
}

async fn open_write(world: &World, desk: u8, session: &SessionToken, card: &str) -> Option<OpenWrite> {
    let reply = world.ask(desk, session, Request::OpenWrite { card: CardNo::new(card) }).await;
    let Reply::OpenWrite { open } = reply else {
        panic!("{reply:?}");
    };
    open.map(|open| *open)
}

async fn write_end(world: &World, session: &SessionToken, number: u8, reservation: &CentreNumber) -> Option<WriteEnd> {
    let reply = world.ask(1, session, Request::WriteEnd { case: case(number), reservation: reservation.clone() }).await;
    let Reply::WriteEnd { end } = reply else {
        panic!("{reply:?}");
    };
    end.map(|end| *end)
}

pub async fn another_desk_decides(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    // Torn at desk 1, found written at desk 2.
    let held = reserved(world.reserve(1, &first, case(1), refund_claim(PURSE, 3650, 7), None).await);
    world.ask(1, &first, issuer(case(1), &held.number, unload_ask(PURSE, 3650, 7, "cafe0001", 1))).await;
    assert_eq!(open_write(&world, 2, &second, PURSE).await, None, "nothing is known of it yet");
    let early =
        Request::DecideWrite { case: case(1), reservation: held.number.clone(), end: WriteEnd::NotWritten { reason: Code::CardPulled } };
    assert_eq!(refusal(world.ask(2, &second, early).await), Code::KeySourceInvalid, "the claim is not in doubt");
    let report = Request::ReportUnknown { case: case(1), reservation: held.number.clone(), intent: unload_intent(PURSE, 3650, 7) };
    world.ask(1, &first, report).await;
    assert_eq!(open_write(&world, 1, &first, PURSE).await, None, "a desk knows its own");
    let open = open_write(&world, 2, &second, PURSE).await.unwrap();
    assert_eq!((open.case, &open.reservation, &open.intent), (case(1), &held.number, &unload_intent(PURSE, 3650, 7)));
    let step = IssuerRequest::CheckStep { card: key_source(PURSE), line: CounterLine::Online, counter: 7 };
    let reply = world.ask(2, &second, issuer(open.case, &open.reservation, step)).await;
    assert_eq!(reply, Reply::Issuer { answer: IssuerAnswer::Stepped { to: ReleasedTo::ThisCase } });
    let mac = issuer(open.case, &open.reservation, unload_ask(PURSE, 3650, 7, "cafe0002", 2));
    assert_eq!(refusal(world.ask(2, &second, mac).await), Code::KeySourceInvalid, "no MAC for another desk's case");
    let decide = |end| Request::DecideWrite { case: open.case, reservation: open.reservation.clone(), end };
    let mut forged = unloaded(PURSE, 3650, 7, Some("ffffffff"), 1);
    forged.after.log.clear();
    assert_eq!(refusal(world.ask(2, &second, decide(WriteEnd::Written(forged))).await), Code::WriteUnknown);
    let unknown = WriteEnd::Unknown { evidence: TearEvidence::CardAway };
    assert_eq!(world.ask(2, &second, decide(unknown)).await, Reply::Reported);
    assert!(find_card(&world, PURSE).await.suspended_by.is_some(), "nothing was decided");
    assert_eq!(write_end(&world, &first, 1, &held.number).await, None);
    let end = WriteEnd::Written(unloaded(PURSE, 3650, 7, Some("cafe0001"), 1));
    assert_eq!(world.ask(2, &second, decide(end.clone())).await, Reply::Reported);
    assert!(find_card(&world, PURSE).await.suspended_by.is_none());
    assert_eq!(open_write(&world, 2, &second, PURSE).await, None);
    assert_eq!(refunds(&world).await, Fen(3650));
    balanced(&world).await;
    // The first desk learns of it and gets the confirmation that was made.
    assert_eq!(write_end(&world, &first, 1, &held.number).await, Some(end));
    confirmed(world.ask(1, &first, confirm(case(1), &held.number, 3650, unloaded(PURSE, 3650, 7, Some("cafe0001"), 1))).await);
    assert_eq!(refunds(&world).await, Fen(3650));

    // Torn at desk 1, found not written at desk 2, which then refunds it itself.
    let held = reserved(world.reserve(1, &first, case(2), refund_claim(SMALL_PURSE, 1200, 7), None).await);
    let report = Request::ReportUnknown { case: case(2), reservation: held.number.clone(), intent: unload_intent(SMALL_PURSE, 1200, 7) };
    world.ask(1, &first, report).await;
    let open = open_write(&world, 2, &second, SMALL_PURSE).await.unwrap();
    let end = WriteEnd::NotWritten { reason: Code::CardPulled };
    let decide = Request::DecideWrite { case: open.case, reservation: open.reservation, end: end.clone() };
    assert_eq!(world.ask(2, &second, decide).await, Reply::Reported);
    balanced(&world).await;
    confirmed(world.refund(2, &second, case(3), refund_claim(SMALL_PURSE, 1200, 7)).await);
    assert_eq!(write_end(&world, &first, 2, &held.number).await, Some(end));
    let release = Request::Release { case: case(2), reservation: held.number.clone() };
    assert_eq!(world.ask(1, &first, release).await, Reply::Released);
    let late = confirm(case(2), &held.number, 1200, unloaded(SMALL_PURSE, 1200, 7, Some("cafe0001"), 1));
    assert_eq!(refusal(world.ask(1, &first, late).await), Code::ClaimConflict);
    assert_eq!(refunds(&world).await, Fen(4850));
    balanced(&world).await;
}

pub async fn release_frees(world: World) {
    let first = world.sign_in(1, "1001").await;
    let second = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &first, case(1), refund_claim(PURSE, 3650, 7), None).await);
    let report = Request::ReportUnknown { case: case(1), reservation: held.number.clone(), intent: unload_intent(PURSE, 3650, 7) };
    world.ask(1, &first, report).await;
    let release = Request::Release { case: case(1), reservation: held.number.clone() };
    assert_eq!(world.ask(1, &first, release.clone()).await, Reply::Released);
    assert_eq!(world.ask(1, &first, release).await, Reply::Released);
    balanced(&world).await;
    let settle = confirm(case(1), &held.number, 3650, unloaded(PURSE, 3650, 7, Some("cafe0001"), 1));
    assert_eq!(refusal(world.ask(1, &first, settle).await), Code::ClaimConflict);
    confirmed(world.refund(2, &second, case(2), refund_claim(PURSE, 3650, 7)).await);
}

pub async fn agreement_above_limit(world: World) {
    let session = world.sign_in(1, "1001").await;
    let claim = refund_claim(PURSE, 26_800, 7);
    let needed = refused(world.reserve(1, &session, case(1), claim.clone(), None).await);
    assert_eq!(needed.code, Code::AuthorisationNeeded);
    let agree = |number: u8, amount| Request::Authorise {
        case: case(number),
        supervisor: OperatorId::new("2001"),
        password: Secret("pass-2001".to_owned()),
        amount: Fen(amount),
        reason: "超额".to_owned(),
    };
    let number = async |request| {
        let reply = world.ask(1, &session, request).await;
        let Reply::Authorised { number } = reply else {
            panic!("{reply:?}");
        };
        number
    };
    for wrong in [agree(2, 26_800), agree(1, 26_801)] {
        let other = number(wrong).await;
        let reply = world.reserve(1, &session, case(1), claim.clone(), Some(other)).await;
        assert_eq!(refusal(reply), Code::AuthorisationRefused);
    }
    let late = number(agree(1, 26_800)).await;
    world.wait(Duration::minutes(6));
    let reply = world.reserve(1, &session, case(1), claim.clone(), Some(late)).await;
    assert_eq!(refusal(reply), Code::AuthorisationRefused);
    let good = number(agree(1, 26_800)).await;
    let held = reserved(world.reserve(1, &session, case(1), claim.clone(), Some(good.clone())).await);
    let release = Request::Release { case: case(1), reservation: held.number };
    world.ask(1, &session, release).await;
    // Used once.
    let reply = world.reserve(1, &session, case(1), claim, Some(good)).await;
    assert_eq!(refusal(reply), Code::AuthorisationRefused);
    // A supervisor does not reach to 500 yuan and more.
    let reply = world.ask(1, &session, agree(1, 60_000)).await;
    assert_eq!(refusal(reply), Code::RoleMissing);
}

fn reissue(person: &str, old: &str) -> Claim {
    Claim::Reissue {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(EDUCATION),
        person: PersonId::new(person),
        old_card: CardNo::new(old),
        ground: Ground::Lost,
        accepted_at: None,
    }
}

fn written(number: &CardNo, serial: &str, until: NaiveDate) -> WriteProof {
    let mut after = image(&card(PUPIL_CARD, EDUCATION, None), None);
    after.card_no = number.clone();
    serial.clone_into(&mut after.serial);
    after.valid_until = Some(until);
    WriteProof { after, proof: None, counter: None }
}

async fn issue(world: &World, session: &SessionToken, number: u8, old: &str, serial: &str) -> CardNo {
    let held = reserved(world.reserve(1, session, case(number), reissue("p1", old), None).await);
    let data = held.card_data.unwrap();
    let settle = Request::Confirm {
        case: case(number),
        reservation: held.number,
        settlement: Settlement::CardIssued { new_card: data.card_no.clone(), proof: written(&data.card_no, serial, data.valid_until) },
    };
    confirmed(world.ask(1, session, settle).await);
    data.card_no
}

pub async fn reissue_whole_way(world: World) {
    let session = world.sign_in(1, "1001").await;
    let other = world.sign_in(2, "1002").await;
    let held = reserved(world.reserve(1, &session, case(1), reissue("p1", PUPIL_CARD), None).await);
    let data = held.card_data.clone().unwrap();
    assert_eq!(data.card_no.as_str().len(), 16);
    assert_eq!(data.valid_from, date("2026-11-24"));
    // Not valid until it is validated.
    assert_eq!(data.valid_until, date("2026-10-31"));
    let reply = world.reserve(2, &other, case(2), reissue("p1", PUPIL_CARD), None).await;
    assert_eq!(refusal(reply), Code::RightReserved);
    let line_of = |number: &str, serial: &str, data: &str| IssuerRequest::LineMac {
        card: CardKeySource {
            family: "family".to_owned(),
            card_no: CardNo::new(number),
            issuer: "99993040FFFFFFFF".to_owned(),
            serial: serial.to_owned(),
        },
        key: LineKey::Maintenance,
        challenge: "0011223344556677".to_owned(),
        header: "04d6950010".to_owned(),
        data: data.to_owned(),
    };
    let own = format!("number {}", data.card_no.as_str());
    let line = |number: &str, serial: &str| line_of(number, serial, &own);
    let blank = "0000000000000000";
    for (ask, code) in [
        (line_of(blank, "2150999000009001", "number 2150999000000004"), Some(Code::CardLineUnknown)),
        (line_of(blank, "2150999000009001", "until 2026-12-31"), Some(Code::CardLineUnknown)),
        (line_of(blank, "2150999000009001", "balance 5"), Some(Code::CardLineUnknown)),
        // Another pupil's card, by number or by keys.
        (line("2150999000000004", "2150999000000004"), Some(Code::CardNotBlank)),
        (line("0000000000000000", "2150999000000004"), Some(Code::CardNotBlank)),
        (line("0000000000000000", "2150999000009001"), None),
        (line(data.card_no.as_str(), "2150999000009001"), None),
    ] {
        let reply = world.ask(1, &session, issuer(case(1), &held.number, ask)).await;
        match code {
            Some(code) => assert_eq!(refusal(reply), code),
            None => assert!(matches!(reply, Reply::Issuer { .. }), "{reply:?}"),
        }
    }
    let settle = |number: &CardNo, serial: &str| Request::Confirm {
        case: case(1),
        reservation: held.number.clone(),
        settlement: Settlement::CardIssued { new_card: number.clone(), proof: written(number, serial, data.valid_until) },
    };
    let reply = world.ask(1, &session, settle(&CardNo::new("2150999088888888"), "2150999000009001")).await;
    assert_eq!(refusal(reply), Code::WrongCard);
    let reply = world.ask(1, &session, settle(&data.card_no, "2150999000009001")).await;
    confirmed(reply);
    let old = find_card(&world, PUPIL_CARD).await;
    assert_eq!(old.status, CardStatus::Replaced { by_tail: data.card_no.tail().to_owned() });
    let new = find_card(&world, data.card_no.as_str()).await;
    assert_eq!(new.status, CardStatus::Active);
    assert_eq!(new.holder, Some(PersonId::new("p1")));
    // The old one is dead; the new one can be lost in its turn, and a blank serves once.
    let reply = world.reserve(1, &session, case(3), reissue("p1", PUPIL_CARD), None).await;
    assert_eq!(refusal(reply), Code::ClaimConflict);
    let third = issue(&world, &session, 4, data.card_no.as_str(), "2150999000009002").await;
    assert_ne!(third, data.card_no);
}

pub async fn reissue_refusals(world: World) {
    let session = world.sign_in(1, "1001").await;
    let mut tx = world.centre.store().begin().await.unwrap();
    let mut ordered = super::world::pupil("p6", desk_domain::person::HolderClass::Domestic, None, None);
    ordered.open_order = Some("WX1".to_owned());
    tx.put_person(&ordered).await.unwrap();
    tx.put_card(&card("2150999000000006", EDUCATION, Some("p6"))).await.unwrap();
    let mut lost = card("2150999000000041", EDUCATION, Some("p4"));
    lost.status = CardStatus::Lost;
    tx.put_card(&lost).await.unwrap();
    tx.commit().await.unwrap();
    for (claim, code) in [
        (reissue("p1", "2150999000000004"), Code::CardNotFound),
        (reissue("p8", PUPIL_CARD), Code::PersonNotFound),
        (reissue("p5", "2150999000000005"), Code::SelfServiceForbidden),
        (reissue("p6", "2150999000000006"), Code::ReissueInProgress),
        (reissue("p4", "2150999000000041"), Code::ActiveCardExists),
    ] {
        let reply = world.reserve(1, &session, case(1), claim, None).await;
        assert_eq!(refusal(reply), code);
    }
    // A blank that became somebody's card cannot become another's.
    issue(&world, &session, 2, PUPIL_CARD, "2150999000009001").await;
    let held = reserved(world.reserve(1, &session, case(3), reissue("p4", "2150999000000004"), None).await);
    let data = held.card_data.unwrap();
    let settle = Request::Confirm {
        case: case(3),
        reservation: held.number,
        settlement: Settlement::CardIssued {
            new_card: data.card_no.clone(),
            proof: written(&data.card_no, "2150999000009001", data.valid_until),
        },
    };
    assert_eq!(refusal(world.ask(1, &session, settle).await), Code::CardNotBlank);
}

pub async fn validation(world: World) {
    let session = world.sign_in(1, "1001").await;
    let claim = |number: &str, from: &str, until: &str| {
        let mut before = image(&card(number, EDUCATION, None), None);
        before.valid_until = Some(date(from));
        Claim::Validation { cell: CellId::new(HOME), programme: ProgrammeId::new(EDUCATION), card: before, until: date(until) }
    };
    for (claim, code) in [
        (claim(PUPIL_CARD, "2026-12-31", "2026-12-31"), Code::AlreadyValidated),
        (claim(PUPIL_CARD, "2026-10-31", "2027-01-31"), Code::ClockUntrusted),
        (claim("2150999000000004", "2026-10-31", "2026-12-31"), Code::NoLongerEntitled),
    ] {
        let reply = world.reserve(1, &session, case(1), claim, None).await;
        assert_eq!(refusal(reply), code);
    }
    let mut adult = claim(PUPIL_CARD, "2026-10-31", "2026-12-31");
    if let Claim::Validation { card, .. } = &mut adult {
        card.holder_class = 1;
    }
    let reply = world.reserve(1, &session, case(1), adult, None).await;
    assert_eq!(refusal(reply), Code::NotStudentCard);
    // 24 November is after the 20th: to the end of December. Twice does no harm.
    for number in [2, 3] {
        let held = reserved(world.reserve(1, &session, case(number), claim(PUPIL_CARD, "2026-10-31", "2026-12-31"), None).await);
        for (data, released) in [("until 2027-01-31", false), ("until 2026-12-31", true)] {
            let ask = IssuerRequest::LineMac {
                card: key_source(PUPIL_CARD),
                key: LineKey::Maintenance,
                challenge: "00112233".to_owned(),
                header: "04d6950810".to_owned(),
                data: data.to_owned(),
            };
            let reply = world.ask(1, &session, issuer(case(number), &held.number, ask)).await;
            assert_eq!(matches!(reply, Reply::Issuer { .. }), released, "{reply:?}");
        }
        let settle = |until: &str| Request::Confirm {
            case: case(number),
            reservation: held.number.clone(),
            settlement: Settlement::Validated {
                until: date("2026-12-31"),
                proof: written(&CardNo::new(PUPIL_CARD), "2150999000000001", date(until)),
            },
        };
        let reply = world.ask(1, &session, settle("2026-10-31")).await;
        assert_eq!(refusal(reply), Code::WriteUnknown);
        confirmed(world.ask(1, &session, settle("2026-12-31")).await);
    }
}

fn reset(world: &World, person: &str) -> Claim {
    Claim::PasswordReset {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(EDUCATION),
        person: PersonId::new(person),
        accepted_at: world.now(),
    }
}

async fn reset_done(world: &World, session: &SessionToken, number: u8, person: &str) {
    let held = reserved(world.reserve(1, session, case(number), reset(world, person), None).await);
    let settle = Request::Confirm { case: case(number), reservation: held.number, settlement: Settlement::PasswordReset };
    confirmed(world.ask(1, session, settle.clone()).await);
    confirmed(world.ask(1, session, settle).await);
}

pub async fn password_reset(world: World) {
    let session = world.sign_in(1, "1001").await;
    reset_done(&world, &session, 1, "p1").await;
    reset_done(&world, &session, 2, "p2").await;
    {
        let accounts = world.platform.lock().unwrap();
        // Last six of the identity number; of the E-card number for a foreign pupil. Once each, however often confirmed.
        for (account, password) in [("E000000001", "150012"), ("E000000002", "000002")] {
            let held = &accounts.0[account];
            assert_eq!(held.credential, Some(format!("plain:{password}")));
            assert!(held.must_change);
            assert_eq!(held.orders.len(), 1);
        }
    }
    for (person, code) in [("p3", Code::NoIdOnRecord), ("p5", Code::SelfServiceForbidden), ("p7", Code::PersonNotFound)] {
        let reply = world.reserve(1, &session, case(3), reset(&world, person), None).await;
        assert_eq!(refusal(reply), code);
    }
}

pub async fn reset_not_over_another_channel(world: World) {
    let session = world.sign_in(1, "1001").await;
    let accepted = reset(&world, "p1");
    let held = reserved(world.reserve(1, &session, case(1), accepted.clone(), None).await);
    world.wait(Duration::minutes(10));
    world.platform.lock().unwrap().change("E000000001", "plain:own".to_owned(), world.now());
    let settle = Request::Confirm { case: case(1), reservation: held.number, settlement: Settlement::PasswordReset };
    assert_eq!(refusal(world.ask(1, &session, settle).await), Code::ClaimConflict);
    let reply = world.reserve(1, &session, case(2), accepted, None).await;
    assert_eq!(refusal(reply), Code::ClaimConflict);
    assert_eq!(world.platform.lock().unwrap().0["E000000001"].credential, Some("plain:own".to_owned()));
    // Accepted afresh it may be done: the refused claim holds nothing.
    reset_done(&world, &session, 3, "p1").await;
}

pub async fn third_reset_needs_agreement(world: World) {
    let session = world.sign_in(1, "1001").await;
    for number in [1, 2] {
        reset_done(&world, &session, number, "p1").await;
        world.wait(Duration::minutes(1));
    }
    let claim = reset(&world, "p1");
    let reply = world.reserve(1, &session, case(3), claim.clone(), None).await;
    assert_eq!(refusal(reply), Code::AuthorisationNeeded);
    let agree = Request::Authorise {
        case: case(3),
        supervisor: OperatorId::new("2001"),
        password: Secret("pass-2001".to_owned()),
        amount: Fen::ZERO,
        reason: "多次重置".to_owned(),
    };
    let Reply::Authorised { number } = world.ask(1, &session, agree).await else {
        panic!("not authorised");
    };
    reserved(world.reserve(1, &session, case(3), claim, Some(number)).await);
}

/// Two desks, twenty rounds, at the same moment: one of them gets it.
pub async fn claims_race(world: World) {
    let world = std::sync::Arc::new(world);
    let sessions = [world.sign_in(1, "1001").await, world.sign_in(2, "1002").await];
    let mut paid = 0;
    for round in 0_u8..20 {
        let counter = 10 + 2 * u16::from(round);
        let mut claims = tokio::task::JoinSet::new();
        for (desk, session) in [1_u8, 2].into_iter().zip(&sessions) {
            let request = reserve(desk, case(100 + round * 2 + desk), refund_claim(PURSE, 3650, counter), None);
            let envelope = world.envelope(desk, Some(session), world.id(), request);
            let world = world.clone();
            // The impatient desk sends twice.
            for _ in 0..2 {
                let (world, envelope) = (world.clone(), envelope.clone());
                claims.spawn(async move { (desk, world.send(&envelope).await) });
            }
        }
        let replies = claims.join_all().await;
        let mut winners: Vec<(u8, CentreNumber)> = replies
            .into_iter()
            .filter_map(|(desk, reply)| {
                if let Reply::Reserved { reservation } = reply {
                    return Some((desk, reservation.number));
                }
                assert_eq!(refusal(reply), Code::RightReserved, "round {round}");
                None
            })
            .collect();
        winners.dedup();
        winners.sort();
        winners.dedup();
        let [(desk, number)] = winners.as_slice() else {
            panic!("round {round}: {winners:?}");
        };
        let held = case(100 + round * 2 + desk);
        let session = &sessions[usize::from(*desk) - 1];
        let random = format!("{round:08x}");
        let ask = unload_ask(PURSE, 3650, counter, &random, *desk);
        let reply = world.ask(*desk, session, issuer(held, number, ask)).await;
        assert!(matches!(reply, Reply::Issuer { .. }), "{reply:?}");
        let proof = unloaded(PURSE, 3650, counter, Some(&random), *desk);
        confirmed(world.ask(*desk, session, confirm(held, number, 3650, proof)).await);
        paid += 3650;
    }
    assert_eq!(refunds(&world).await, Fen(paid));
    balanced(&world).await;
}
