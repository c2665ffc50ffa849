//! Who is asking, was it asked before, what may be known.

use chrono::Duration;
use desk_domain::{
    code::Code,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{CardNo, CellId, DeviceId, OperatorId, ProgrammeId},
    money::Fen,
    person::{HolderClass, InitialPassword, Lookup},
    staff::{self, StaffProof, StaffPurpose},
};
use desk_wire::v1::{Reply, Request, Secret};

use super::world::{
    COUNTER, EDUCATION, PUPIL_CARD, PURSE, SMALL_PURSE, TRANSIT, World, card, case, confirmed, device_id, hex, noon, pupil, refund_claim,
    refusal, reserve, reserved, sign_in,
};

pub async fn unknown_device(world: World) {
    let mut entropy = super::world::World::entropy();
    let envelope = world.envelope(1, None, world.id(), Request::Ping);
    // The certificate says another desk than the envelope.
    let response = world.centre.handle(&envelope, &device_id(2), world.now(), &mut entropy).await.unwrap();
    assert_eq!(refusal(response.reply), Code::DeviceUnknown);
    let mut stranger = world.envelope(1, None, world.id(), Request::Ping);
    stranger.device = DeviceId::new("desk-9");
    assert_eq!(refusal(world.send(&stranger).await), Code::DeviceUnknown);
    assert_eq!(world.send(&envelope).await, Reply::Pong { published: 0 });
}

pub async fn old_generation(world: World) {
    let mut envelope = world.envelope(1, None, world.id(), Request::Ping);
    envelope.generation = 0;
    assert_eq!(refusal(world.send(&envelope).await), Code::DeviceRollback);
    envelope.generation = 2;
    assert_eq!(refusal(world.send(&envelope).await), Code::DeviceUnknown);
}

pub async fn sign_in_and_out(world: World) {
    let session = world.sign_in(1, "1001").await;
    let totals = Request::DayTotals { outlet: desk_domain::id::OutletId::new("DEMO"), day: super::world::date("2026-11-24"), device: None };
    let reply = world.ask(1, &session, totals.clone()).await;
    assert!(matches!(reply, Reply::DayTotals { .. }), "{reply:?}");
    // A token is of use at its own desk only.
    assert_eq!(refusal(world.ask(2, &session, totals.clone()).await), Code::NotSignedIn);
    assert_eq!(world.ask(1, &session, Request::SignOut).await, Reply::SignedOut);
    assert_eq!(refusal(world.ask(1, &session, totals).await), Code::NotSignedIn);
}

/// A signature over one request serves for nothing else; a card that was replaced or is nobody's opens nothing.
pub async fn staff_cards(world: World) {
    let proof_for = |desk: u8, id, purpose: &StaffPurpose, certificate: &str| StaffProof {
        certificate: certificate.to_owned(),
        signature: hex(&staff::challenge(&CellId::new(COUNTER), &device_id(desk), &id, purpose)),
    };
    let valid = |serial: Option<&str>| {
        let serial = serial.map(str::to_owned);
        let world = &world;
        async move {
            let mut tx = world.centre.store().begin().await.unwrap();
            let mut record = tx.operator(&CellId::new(COUNTER), &OperatorId::new("2001")).await.unwrap().unwrap();
            record.staff_card = serial;
            tx.put_operator(&record).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    let knock = |certificate: &'static str| {
        let id = world.id();
        world.envelope(1, None, id, Request::SignInByCard { proof: proof_for(1, id, &StaffPurpose::SignIn, certificate) })
    };
    assert_eq!(refusal(world.send(&knock("2001 aa")).await), Code::StaffCardRevoked, "no card is known yet");
    valid(Some("aa")).await;
    let entered = knock("2001 aa");
    let Reply::SignedIn { operator, .. } = world.send(&entered).await else {
        panic!("signed in");
    };
    assert_eq!((operator.id.as_str(), operator.staff_card.as_deref()), ("2001", Some("aa")));
    for (certificate, code) in
        [("2001 bb", Code::StaffCardRevoked), ("9999 aa", Code::StaffCardRevoked), ("nonsense", Code::StaffCardInvalid)]
    {
        assert_eq!(refusal(world.send(&knock(certificate)).await), code, "{certificate}");
    }
    // The same proof under another id, at another desk, for another purpose.
    let Request::SignInByCard { proof } = entered.request.clone() else {
        panic!("a knock");
    };
    for (desk, request) in [(1, entered.request.clone()), (2, entered.request.clone())] {
        assert_eq!(refusal(world.send(&world.envelope(desk, None, world.id(), request)).await), Code::StaffCardInvalid);
    }
    let clerk = world.sign_in(1, "1001").await;
    let authorise =
        |proof: StaffProof, amount| Request::AuthoriseByCard { case: case(1), proof, amount: Fen(amount), reason: "大额".to_owned() };
    assert_eq!(refusal(world.ask(1, &clerk, authorise(proof, 26_800)).await), Code::StaffCardInvalid);
    let id = world.id();
    let purpose = StaffPurpose::Authorise { case: case(1), amount: Fen(26_800) };
    let proof = proof_for(1, id, &purpose, "2001 aa");
    let more = world.envelope(1, Some(&clerk), id, authorise(proof.clone(), 26_900));
    assert_eq!(refusal(world.send(&more).await), Code::StaffCardInvalid, "another amount");
    let id = world.id();
    let agreed = world.envelope(1, Some(&clerk), id, authorise(proof_for(1, id, &purpose, "2001 aa"), 26_800));
    let first = world.send(&agreed).await;
    assert!(matches!(first, Reply::Authorised { .. }), "{first:?}");
    assert_eq!(world.send(&agreed).await, first, "asked again it is the same one");
    // Never one's own case, and never after the card was given up.
    let own = world.sign_in(1, "2001").await;
    let id = world.id();
    let request = authorise(proof_for(1, id, &purpose, "2001 aa"), 26_800);
    assert_eq!(refusal(world.send(&world.envelope(1, Some(&own), id, request)).await), Code::SelfAuthForbidden);
    valid(None).await;
    assert_eq!(refusal(world.send(&knock("2001 aa")).await), Code::StaffCardRevoked);
}

pub async fn lock_out(world: World) {
    let wrong = world.envelope(1, None, world.id(), sign_in("1001", "nope"));
    assert_eq!(refusal(world.send(&wrong).await), Code::PasswordWrong);
    for _ in 0..6 {
        // The same request again is not another attempt.
        assert_eq!(refusal(world.send(&wrong).await), Code::PasswordWrong);
    }
    for attempt in 2..=5 {
        let wrong = world.envelope(1, None, world.id(), sign_in("1001", "nope"));
        let code = refusal(world.send(&wrong).await);
        assert_eq!(code == Code::OperatorLocked, attempt == 5, "{attempt}");
    }
    let right = world.envelope(1, None, world.id(), sign_in("1001", "pass-1001"));
    assert_eq!(refusal(world.send(&right).await), Code::OperatorLocked);
    // Nobody else is locked, and an unknown number is told nothing.
    world.sign_in(1, "1002").await;
    let nobody = world.envelope(1, None, world.id(), sign_in("9999", "nope"));
    assert_eq!(refusal(world.send(&nobody).await), Code::PasswordWrong);
}

pub async fn session_needed(world: World) {
    let lookup = Lookup::CardNo { card_no: CardNo::new(PUPIL_CARD) };
    let find = Request::FindCard { case: case(1), lookup };
    let mut envelope = world.envelope(1, None, world.id(), find);
    assert_eq!(refusal(world.send(&envelope).await), Code::NotSignedIn);
    // Said for now, not for ever: the same request works after signing in.
    envelope.session = Some(world.sign_in(1, "1001").await);
    assert!(matches!(world.send(&envelope).await, Reply::Card { .. }));
    world.wait(Duration::hours(13));
    envelope.id = world.id();
    assert_eq!(refusal(world.send(&envelope).await), Code::NotSignedIn);
}

pub async fn repeat_gives_first_reply(world: World) {
    let sign = world.envelope(1, None, world.id(), sign_in("1001", "pass-1001"));
    let first = world.send(&sign).await;
    assert_eq!(world.send(&sign).await, first);
    let Reply::SignedIn { session, .. } = first else {
        panic!("not signed in");
    };
    let supervised = world.sign_in(2, "2001").await;
    let mut requests = vec![
        Request::FindCard { case: case(1), lookup: Lookup::CardNo { card_no: CardNo::new(PURSE) } },
        Request::FindPerson { case: case(1), lookup: Lookup::CardNo { card_no: CardNo::new(PUPIL_CARD) } },
        Request::Authorise {
            case: case(1),
            supervisor: OperatorId::new("2001"),
            password: Secret("pass-2001".to_owned()),
            amount: Fen(26_800),
            reason: "超额".to_owned(),
        },
        reserve(1, case(1), refund_claim(PURSE, 3650, 7), None),
        reserve(1, case(2), refund_claim(PURSE, 3650, 7), None),
        Request::DayTotals { outlet: desk_domain::id::OutletId::new("DEMO"), day: super::world::date("2026-11-24"), device: None },
    ];
    let other = world.reserve(1, &session, case(5), refund_claim(SMALL_PURSE, 100, 3), None).await;
    let number = reserved(other).number;
    requests.extend([
        Request::Issuer { case: case(5), reservation: number.clone(), ask: super::world::unload_ask(SMALL_PURSE, 100, 3, "0a0b0c0d", 1) },
        Request::ReportUnknown { case: case(5), reservation: number.clone(), intent: super::claims::unload_intent(SMALL_PURSE, 100, 3) },
        Request::Release { case: case(5), reservation: number },
        Request::SignOut,
    ]);
    let mut seen = Vec::new();
    for request in requests {
        let envelope = world.envelope(1, Some(&session), world.id(), request);
        let first = world.send(&envelope).await;
        seen.push((envelope, first));
    }
    // Later, from another session, in another order: the first reply, whatever has happened since.
    world.wait(Duration::minutes(30));
    for (mut envelope, first) in seen.into_iter().rev() {
        envelope.session = Some(supervised.clone());
        envelope.sent_at = world.now();
        assert_eq!(world.send(&envelope).await, first);
    }
}

pub async fn changed_body(world: World) {
    let session = world.sign_in(1, "1001").await;
    let id = world.id();
    let first = world.envelope(1, Some(&session), id, reserve(1, case(1), refund_claim(PURSE, 3650, 7), None));
    reserved(world.send(&first).await);
    let changed = world.envelope(1, Some(&session), id, reserve(1, case(1), refund_claim(PURSE, 3651, 7), None));
    assert_eq!(refusal(world.send(&changed).await), Code::RequestChanged);
    reserved(world.send(&first).await);
    // Another desk's ids are its own.
    let session = world.sign_in(2, "1002").await;
    let elsewhere = world.envelope(2, Some(&session), id, Request::SignOut);
    assert_eq!(world.send(&elsewhere).await, Reply::SignedOut);
}

pub async fn finds_people_and_cards(world: World) {
    let session = world.sign_in(1, "1001").await;
    let by_number = |number: &str| Request::FindPerson {
        case: case(1),
        lookup: Lookup::IdNumber { programme: ProgrammeId::new(EDUCATION), number: number.to_owned() },
    };
    let reply = world.ask(1, &session, by_number("320500201503150012")).await;
    let Reply::Person { person } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(person.name, "测·试");
    assert_eq!(person.id_tail, "0012");
    assert_eq!(person.guardian_phone.as_deref(), Some("138****5678"));
    assert_eq!(person.initial_password, InitialPassword::LastSixOfIdNumber);
    assert_eq!(person.cards.len(), 1);
    assert_eq!(refusal(world.ask(1, &session, by_number("320500201503150099")).await), Code::PersonNotFound);
    assert_eq!(refusal(world.ask(1, &session, by_number("3205")).await), Code::QueryTooWide);
    let card = |number: &str| Request::FindCard { case: case(1), lookup: Lookup::CardNo { card_no: CardNo::new(number) } };
    let reply = world.ask(1, &session, card("2150999000000004")).await;
    let Reply::Card { card: graduate } = reply else {
        panic!("{reply:?}");
    };
    assert!(!graduate.entitled);
    assert_eq!(refusal(world.ask(1, &session, card("1")).await), Code::CardNotFound);
    let mut without = pupil("p9", HolderClass::Foreign, Some("TEST00009"), None);
    without.ecard_number = Some("E12".to_owned());
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.put_person(&without).await.unwrap();
    tx.commit().await.unwrap();
    let reply = world.ask(1, &session, by_number("TEST00009")).await;
    let Reply::Person { person } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(person.initial_password, InitialPassword::NoEcardNumber);
}

/// What other systems keep of a card comes back as it was put, and transit from the card's own record.
pub async fn functions_of_a_card(world: World) {
    let session = world.sign_in(1, "1001").await;
    let functions = vec![
        FunctionFacts {
            function: Function::SocialSecurity,
            state: FunctionState::TemporaryLoss {
                channel: LossChannel::Hotline { line: "hr".to_owned() },
                since: noon(),
                until: Some(noon() + Duration::days(7)),
            },
            bank: None,
            as_of: noon(),
        },
        FunctionFacts {
            function: Function::Bank,
            state: FunctionState::FormalLoss { channel: LossChannel::Bank { bank: "bank.A".to_owned() }, since: noon() },
            bank: Some("bank.A".to_owned()),
            as_of: noon(),
        },
    ];
    let mut tx = world.centre.store().begin().await.unwrap();
    let mut lost = card("3104999000000000777", TRANSIT, None);
    lost.transit_open = false;
    lost.functions.clone_from(&functions);
    tx.put_card(&lost).await.unwrap();
    tx.commit().await.unwrap();
    let find = |number: &str| Request::FindCard { case: case(1), lookup: Lookup::CardNo { card_no: CardNo::new(number) } };
    let reply = world.ask(1, &session, find("3104999000000000777")).await;
    let Reply::Card { card } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(card.functions[..2], functions);
    assert_eq!(card.functions[2].function, Function::Transit);
    assert_eq!(card.functions[2].state, FunctionState::NotOpened);
    assert_eq!(card.bank(), Some("bank.A"));
    assert!(!card.formally_lost());
    let reply = world.ask(1, &session, find(PUPIL_CARD)).await;
    let Reply::Card { card } = reply else {
        panic!("{reply:?}");
    };
    assert!(card.functions.is_empty());
}

pub async fn replies_with_people_are_forgotten(world: World) {
    let session = world.sign_in(1, "1001").await;
    let find = Request::FindPerson { case: case(1), lookup: Lookup::CardNo { card_no: CardNo::new(PUPIL_CARD) } };
    world.ask(1, &session, find).await;
    let held = world.envelope(1, Some(&session), world.id(), reserve(1, case(1), refund_claim(PURSE, 3650, 7), None));
    let first = world.send(&held).await;
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.forget_replies(noon()).await.unwrap(), 0);
    let later = noon() + Duration::days(1);
    assert_eq!(tx.forget_replies(later).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(world.send(&held).await, first);
}

pub async fn authorisation(world: World) {
    let session = world.sign_in(1, "2001").await;
    let ask = |supervisor: &str, password: &str, amount| Request::Authorise {
        case: case(1),
        supervisor: OperatorId::new(supervisor),
        password: Secret(password.to_owned()),
        amount: Fen(amount),
        reason: "超额".to_owned(),
    };
    let own = world.ask(1, &session, ask("2001", "pass-2001", 26_800)).await;
    assert_eq!(refusal(own), Code::SelfAuthForbidden);
    let session = world.sign_in(1, "1001").await;
    let clerk = world.ask(1, &session, ask("1002", "pass-1002", 26_800)).await;
    assert_eq!(refusal(clerk), Code::RoleMissing);
    let above = world.ask(1, &session, ask("2001", "pass-2001", 50_001)).await;
    assert_eq!(refusal(above), Code::RoleMissing);
    let wrong = world.ask(1, &session, ask("2001", "nope", 26_800)).await;
    assert_eq!(refusal(wrong), Code::PasswordWrong);
    let good = world.ask(1, &session, ask("2001", "pass-2001", 50_000)).await;
    assert!(matches!(good, Reply::Authorised { .. }));
    let manager = world.ask(1, &session, ask("3001", "pass-3001", 50_001)).await;
    assert!(matches!(manager, Reply::Authorised { .. }));
    // Confirmed elsewhere is not agreed here.
    let refund = world.refund(1, &session, case(2), refund_claim(SMALL_PURSE, 100, 3)).await;
    confirmed(refund);
}
