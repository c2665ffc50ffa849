//! A unit's list: photos first, rows in portions, every row with its own result, and nobody ordered twice.

use centre_core::{
    neighbours::{System, Trouble},
    record::Person,
};
use chrono::Duration;
use desk_domain::{
    application::{PurseSeen, Wish},
    centre_act::{CentreAct, Order, Ordered},
    claim::Claim,
    code::Code,
    id::{CaseNumber, CellId, OperatorId, PersonId, ProgrammeId, WindowId},
    order::{Contact, Delivery, Form, Photo},
    person::HolderClass,
    unit_batch::{PORTION, Portion, RowResult, UnitRow},
};
use desk_wire::v1::{Reply, Request};

use super::world::{HOME, TRANSIT, World, card, case, date, pupil, refusal, reserved};

/// Numbers of a region that does not exist.
fn number(serial: u32) -> String {
    let body = format!("19990119900101{serial:03}");
    let check = desk_domain::document::check_character(&body).unwrap();
    format!("{body}{check}")
}

fn photo(serial: u32) -> Photo {
    Photo(super::world::hex(format!("photo {serial}").as_bytes()))
}

/// Ten people: 3 has a card, 4 is the clerk, 5 is named and 6 was born otherwise.
async fn people(world: &World) {
    let mut tx = world.centre.store().begin().await.unwrap();
    for serial in 0..10_u32 {
        let person = Person {
            programme: ProgrammeId::new(TRANSIT),
            name: if serial == 5 { "测・试".to_owned() } else { "测·试".to_owned() },
            birth: Some(if serial == 6 { date("1991-01-01") } else { date("1990-01-01") }),
            staff: (serial == 4).then(|| OperatorId::new("1001")),
            ..pupil(&format!("u{serial}"), HolderClass::Domestic, Some(&number(serial)), None)
        };
        tx.put_person(&person).await.unwrap();
    }
    let mut held = card("3104999000000000611", TRANSIT, Some("u3"));
    held.functions = vec![desk_domain::function::FunctionFacts {
        function: desk_domain::function::Function::SocialSecurity,
        state: desk_domain::function::FunctionState::Normal,
        bank: None,
        as_of: super::world::noon(),
    }];
    tx.put_card(&held).await.unwrap();
    tx.commit().await.unwrap();
}

fn row(serial: u32, name: &str) -> UnitRow {
    UnitRow {
        line: u64::from(serial) + 2,
        name: name.to_owned(),
        document: "resident_id".to_owned(),
        number: number(serial),
        birth: date("1990-01-01"),
        phone: "13800000001".to_owned(),
        bank: "bank.A".to_owned(),
        photo: photo(serial).sha256(),
    }
}

fn portion(rows: Vec<UnitRow>) -> Portion {
    Portion {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(TRANSIT),
        credit_code: Some("91350100M000100Y43".to_owned()),
        letter: false,
        consent: true,
        accepted_at: None,
        rows,
    }
}

fn submit(portion: Portion) -> Request {
    Request::SubmitRows {
        case: case(1),
        number: CaseNumber::new("DEMO20261124W0110001"),
        window: WindowId::new("W01"),
        portion: Box::new(portion),
    }
}

fn keep(serial: u32) -> Request {
    Request::KeepPhoto { case: case(1), sha256: photo(serial).sha256().unwrap(), photo: photo(serial) }
}

fn results(reply: Reply) -> Vec<RowResult> {
    let Reply::RowsSubmitted { results } = reply else { panic!("{reply:?}") };
    results
}

/// Line, and the code of a refusal or of a warning.
fn told(results: &[RowResult]) -> Vec<(u64, bool, Option<Code>)> {
    results
        .iter()
        .map(|result| match result {
            RowResult::Ordered { line, warning, .. } => (*line, true, warning.as_ref().map(|warning| warning.code)),
            RowResult::Refused { line, message } => (*line, false, Some(message.code)),
        })
        .collect()
}

async fn orders(world: &World, serial: u32) -> Vec<String> {
    let mut tx = world.centre.store().begin().await.unwrap();
    let orders = tx.orders_of(&CellId::new(HOME), &PersonId::new(format!("u{serial}"))).await.unwrap();
    orders.iter().map(|order| order.number.to_string()).collect()
}

pub async fn a_units_rows_become_orders_once(world: World) {
    people(&world).await;
    let session = world.sign_in(1, "1001").await;
    for serial in 0..3 {
        assert_eq!(world.ask(1, &session, keep(serial)).await, Reply::PhotoKept);
        // Sent again, it is the same photo.
        assert_eq!(world.ask(1, &session, keep(serial)).await, Reply::PhotoKept);
    }
    let rows: Vec<UnitRow> = (0..3).map(|serial| row(serial, "测·试")).collect();
    let first = world.envelope(1, Some(&session), world.id(), submit(portion(rows.clone())));
    let ordered = results(world.send(&first).await);
    assert_eq!(told(&ordered), [(2, true, None), (3, true, None), (4, true, None)]);
    // The same request, and the same rows under another id: nobody is ordered twice, and the numbers are the same.
    assert_eq!(results(world.send(&first).await), ordered);
    assert_eq!(results(world.ask(1, &session, submit(portion(rows))).await), ordered);
    for serial in 0..3 {
        assert_eq!(orders(&world, serial).await.len(), 1);
    }
    assert_eq!(world.neighbours.books().made.len(), 3);
    let mut tx = world.centre.store().begin().await.unwrap();
    let order = tx.orders_of(&CellId::new(HOME), &PersonId::new("u0")).await.unwrap().remove(0);
    assert!(matches!(&order.order, Ordered::Applied(applied) if applied.photo == Some(photo(0))));
    assert!(tx.unit_photo(&CellId::new(super::world::COUNTER), case(1), &photo(0).sha256().unwrap()).await.unwrap().is_none());
}

pub async fn rows_of_a_unit_that_are_refused(world: World) {
    people(&world).await;
    let session = world.sign_in(1, "1001").await;
    let apply = CentreAct::Order(Box::new(Order {
        person: PersonId::new("u7"),
        wish: Wish::First,
        form: Form {
            bank: "bank.A".to_owned(),
            contact: Contact { phone: "13800000001".to_owned(), address: String::new() },
            delivery: Delivery::PickUp,
            consent: true,
            benefits: false,
        },
        photo: None,
        purse: PurseSeen::NotOpened,
        accepted_at: None,
    }));
    let claim = Claim::Act { cell: CellId::new(HOME), programme: ProgrammeId::new(TRANSIT), act: apply };
    let session2 = world.sign_in(2, "1002").await;
    reserved(world.reserve(2, &session2, case(7), claim, None).await);
    for serial in (0..10).filter(|serial| *serial != 8) {
        world.ask(1, &session, keep(serial)).await;
    }
    let rows: Vec<UnitRow> = [0, 3, 4, 5, 6, 7, 8, 9].map(|serial| row(serial, if serial == 9 { "测试改" } else { "测·试" })).to_vec();
    let unknown = UnitRow { line: 99, ..row(77, "测·试") };
    let got = results(world.ask(1, &session, submit(portion(rows.into_iter().chain([unknown]).collect()))).await);
    assert_eq!(
        told(&got),
        [
            (2, true, None),
            (5, false, Some(Code::ProvincialCardExists)),
            (6, false, Some(Code::SelfServiceForbidden)),
            (7, true, None),
            (8, false, Some(Code::AgeMismatch)),
            (9, false, Some(Code::RightReserved)),
            (10, false, Some(Code::PhotoFileMissing)),
            (11, true, Some(Code::NameDiffers)),
            (99, false, Some(Code::PersonNotFound)),
        ]
    );
    // The same person once more, from another list.
    let again = UnitRow { line: 50, ..row(0, "测·试") };
    world.ask(1, &session, keep(0)).await;
    assert_eq!(told(&results(world.ask(1, &session, submit(portion(vec![again]))).await)), [(50, false, Some(Code::ReissueInProgress))]);
    // What is wrong with the whole is refused as a whole.
    let one = || vec![row(1, "测·试")];
    let no_paper = Portion { credit_code: Some("91350100M000100Y44".to_owned()), ..portion(one()) };
    assert_eq!(refusal(world.ask(1, &session, submit(no_paper)).await), Code::UnitDocMissing);
    assert_eq!(refusal(world.ask(1, &session, submit(Portion { consent: false, ..portion(one()) })).await), Code::ConsentRequired);
    let many = (0..=u32::try_from(PORTION).unwrap()).map(|serial| row(serial, "测·试")).collect();
    assert_eq!(refusal(world.ask(1, &session, submit(portion(many))).await), Code::ListTooLong);
    let other = Request::KeepPhoto { case: case(1), sha256: photo(1).sha256().unwrap(), photo: photo(2) };
    assert_eq!(refusal(world.ask(1, &session, other).await), Code::PhotoChanged);
    assert_eq!(orders(&world, 1).await.len(), 0);
}

/// Production falls silent: the desk asks again under the same id, and what was ordered before is not ordered again.
pub async fn a_units_rows_wait_for_a_silent_production(world: World) {
    people(&world).await;
    let session = world.sign_in(1, "1001").await;
    for serial in 0..2 {
        world.ask(1, &session, keep(serial)).await;
    }
    let rows = submit(portion((0..2).map(|serial| row(serial, "测·试")).collect()));
    let envelope = world.envelope(1, Some(&session), world.id(), rows);
    // It does nothing, or it does it and the answer is lost: the desk cannot tell which.
    for trouble in [Trouble::Down, Trouble::AnswerLost] {
        world.neighbours.books().trouble.insert(System::Production, trouble);
        assert_eq!(refusal(world.send(&envelope).await), Code::UpstreamSilent);
        assert!(orders(&world, 0).await.is_empty());
    }
    world.neighbours.books().trouble.remove(&System::Production);
    assert_eq!(told(&results(world.send(&envelope).await)), [(2, true, None), (3, true, None)]);
    assert_eq!(world.neighbours.books().made.len(), 2);
}

pub async fn photos_that_were_left_behind_are_forgotten(world: World) {
    let session = world.sign_in(1, "1001").await;
    world.ask(1, &session, keep(1)).await;
    let mut tx = world.centre.store().begin().await.unwrap();
    assert_eq!(tx.forget_unit_photos(world.now()).await.unwrap(), 0);
    assert_eq!(tx.forget_unit_photos(world.now() + Duration::days(1)).await.unwrap(), 1);
}
