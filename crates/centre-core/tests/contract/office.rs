//! Head office: what is published under four eyes and never changed, what is given back because nothing can have happened,
//! and what is written off and comes back when the card turns up.

use centre_core::record::OfficeWhat;
use chrono::Duration;
use desk_domain::{
    card::{WriteEnd, WriteIntent},
    claim::{Claim, Reservation},
    code::Code,
    id::{CentreNumber, OperatorId, SessionToken},
    money::Fen,
    posting::Account,
};
use desk_wire::{
    office::{Second, Standing, Undecided},
    publication::Publication,
    v1::{Reply, Request, Secret},
};

use super::world::{
    COUNTER, PURSE, SMALL_PURSE, TRANSIT, World, card, case, confirmed, date, image, publishing, refund_claim, refusal, reserved,
    unload_ask, unloaded,
};

const RULES: &str = include_str!("../../../../rules/suzhou-education.toml");
const VERSION: &str = "SZ-2025-08-25";

fn second(operator: &str) -> Second {
    Second { operator: OperatorId::new(operator), password: Secret(format!("pass-{operator}")) }
}

/// The shipped file as another version.
fn rules(version: &str, effective: &str) -> String {
    RULES.replacen(VERSION, version, 1).replacen("effective = 2025-08-25", &format!("effective = {effective}"), 1)
}

fn publish(text: &str, by: Option<Second>) -> Request {
    Request::Publish { name: "next.toml".to_owned(), text: text.to_owned(), second: by }
}

fn published(reply: Reply) -> Publication {
    let Reply::Published { publication } = reply else {
        panic!("{reply:?}");
    };
    *publication
}

async fn publications(world: &World, after: u64) -> Vec<Publication> {
    let envelope = world.envelope(2, None, world.id(), Request::Publications { after });
    let reply = world.send(&envelope).await;
    let Reply::Publications { publications } = reply else {
        panic!("{reply:?}");
    };
    publications
}

async fn undecided(world: &World, session: &SessionToken) -> Vec<Undecided> {
    let reply = world.ask(1, session, Request::Undecided).await;
    let Reply::Undecided { undecided } = reply else {
        panic!("{reply:?}");
    };
    undecided
}

fn acted(reply: Reply) -> CentreNumber {
    let Reply::Acted { number } = reply else {
        panic!("{reply:?}");
    };
    number
}

fn give_back(reservation: &CentreNumber, reason: &str, by: Second) -> Request {
    Request::GiveBack { reservation: reservation.clone(), reason: reason.to_owned(), second: by }
}

fn write_off(reservation: &CentreNumber, reason: &str, by: Second) -> Request {
    Request::WriteOff { reservation: reservation.clone(), reason: reason.to_owned(), second: by }
}

pub async fn published_by_two_and_signed(world: World) {
    let session = world.sign_in(1, "9001").await;
    let text = rules("SZ-2026-12-01", "2026-12-01");
    // Checked, nothing done.
    let Reply::Checked { checked } = world.ask(1, &session, publish(&text, None)).await else {
        panic!("checked");
    };
    assert_eq!((checked.edition.version.as_str(), checked.edition.effective), ("SZ-2026-12-01", date("2026-12-01")));
    assert!(checked.rules > 0 && checked.services > 0 && checked.outlets > 0);
    assert!(publications(&world, 0).await.is_empty());
    // Nobody agrees with himself, with a wrong password, or without the role.
    assert_eq!(refusal(world.ask(1, &session, publish(&text, Some(second("9001")))).await), Code::SelfAuthForbidden);
    assert_eq!(refusal(world.ask(1, &session, publish(&text, Some(second("2001")))).await), Code::RoleMissing);
    let wrong = Second { password: Secret("no".to_owned()), ..second("9002") };
    assert_eq!(refusal(world.ask(1, &session, publish(&text, Some(wrong))).await), Code::PasswordWrong);
    for clerk in ["1001", "2001", "3001"] {
        let other = world.sign_in(2, clerk).await;
        assert_eq!(refusal(world.ask(2, &other, publish(&text, Some(second("9002")))).await), Code::RoleMissing);
    }
    assert!(publications(&world, 0).await.is_empty());
    // Published once, however often it is asked.
    let envelope = world.envelope(1, Some(&session), world.id(), publish(&text, Some(second("9002"))));
    let first = published(world.send(&envelope).await);
    assert_eq!(published(world.send(&envelope).await), first);
    assert_eq!((first.number, first.text.as_str()), (1, text.as_str()));
    assert_eq!((first.published_by.as_str(), first.approved_by.as_str()), ("9001", "9002"));
    first.verify(&publishing().public()).unwrap();
    assert_eq!(refusal(world.ask(1, &session, publish(&text, Some(second("9002")))).await), Code::RuleSetOlder);
    // Every desk gets it as it was signed, and hears of it in the heartbeat.
    assert_eq!(publications(&world, 0).await, std::slice::from_ref(&first));
    assert!(publications(&world, 1).await.is_empty());
    let ping = world.envelope(2, None, world.id(), Request::Ping);
    assert_eq!(world.send(&ping).await, Reply::Pong { published: 1 });
    // On record, once.
    let mut tx = world.centre.store().begin().await.unwrap();
    let act = tx.office_act(&OfficeWhat::Published { publication: 1 }.subject()).await.unwrap().unwrap();
    assert_eq!((act.operator.as_str(), act.second.as_str()), ("9001", "9002"));
    assert!(tx.add_publication(&first).await.is_err());
}

pub async fn what_is_not_published(world: World) {
    let session = world.sign_in(1, "9001").await;
    let ask = |text: String| world.ask(1, &session, publish(&text, Some(second("9002"))));
    // The same faults that a check tells: file, line and field.
    let Reply::Faulty { problems } = ask(rules("SZ-2", "2026-12-01").replacen("boundary_day = 20", "boundary_day = 31", 1)).await else {
        panic!("faulty");
    };
    assert!(problems.iter().any(|problem| problem.file == "next.toml" && problem.line > 1 && problem.field == "validity.boundary_day"));
    assert!(matches!(ask("kind = [".to_owned()).await, Reply::Faulty { .. }));
    assert!(matches!(ask("kind = \"outlets\"\nname = \"x\"\n".to_owned()).await, Reply::Faulty { .. }));
    assert!(matches!(ask("x".repeat((1 << 20) + 1)).await, Reply::Faulty { .. }));
    assert_eq!(refusal(ask(rules("SZ-2", "2026-11-23")).await), Code::RuleSetInPast);
    published(ask(rules("SZ-2", "2026-12-01")).await);
    assert_eq!(refusal(ask(rules("SZ-3", "2026-11-30")).await), Code::RuleSetOlder);
    assert_eq!(refusal(ask(rules("SZ-2", "2026-12-05")).await), Code::RuleSetOlder);
    // Days of an outlet that nobody knows.
    let days = "kind = \"days\"\nprogramme = \"suzhou-education\"\nversion = \"D1\"\neffective = 2026-11-24\n[[days]]\noutlet = \"NONE\"\n\
                date = 2027-01-01\nhours = []\n";
    let Reply::Faulty { problems } = ask(days.to_owned()).await else {
        panic!("faulty");
    };
    assert!(problems[0].what.contains("NONE") && problems[0].line == 6, "{problems:?}");
    published(ask(days.replace("NONE", "GJX")).await);
    assert_eq!(publications(&world, 0).await.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
}

async fn held(world: &World, desk: u8, clerk: &str, number: u8, card: &str) -> (SessionToken, Reservation) {
    let session = world.sign_in(desk, clerk).await;
    let held = reserved(world.reserve(desk, &session, case(number), refund_claim(card, 3650, 7), None).await);
    (session, held)
}

pub async fn given_back_only_where_nothing_can_have_happened(world: World) {
    let (clerk, untouched) = held(&world, 2, "1002", 1, PURSE).await;
    let (_, touched) = held(&world, 2, "1002", 2, SMALL_PURSE).await;
    let ask = unload_ask(SMALL_PURSE, 3650, 7, "cafe0001", 2);
    let issuer = Request::Issuer { case: case(2), reservation: touched.number.clone(), ask };
    assert!(matches!(world.ask(2, &clerk, issuer).await, Reply::Issuer { .. }));
    world.wait(Duration::hours(3));
    let session = world.sign_in(1, "9001").await;
    let list = undecided(&world, &session).await;
    let standings: Vec<_> = list.iter().map(|one| (one.reservation.clone(), one.standing.clone(), one.amount)).collect();
    assert!(standings.contains(&(untouched.number.clone(), Standing::Untouched, Some(Fen(3650)))));
    assert!(standings.contains(&(touched.number.clone(), Standing::MayHaveActed, Some(Fen(3650)))));
    // Only head office, two of them, and a reason.
    assert_eq!(refusal(world.ask(2, &clerk, Request::Undecided).await), Code::RoleMissing);
    assert_eq!(refusal(world.ask(2, &clerk, give_back(&untouched.number, "设备报废", second("9002"))).await), Code::RoleMissing);
    assert_eq!(refusal(world.ask(1, &session, give_back(&untouched.number, " ", second("9002"))).await), Code::FieldRequired);
    assert_eq!(refusal(world.ask(1, &session, give_back(&untouched.number, "设备报废", second("9001"))).await), Code::SelfAuthForbidden);
    // A key was let out: never.
    assert_eq!(
        refusal(world.ask(1, &session, give_back(&touched.number, "设备报废", second("9002"))).await),
        Code::ReservationMayHaveWritten
    );
    let number = acted(world.ask(1, &session, give_back(&untouched.number, "设备报废", second("9002"))).await);
    assert_eq!(acted(world.ask(1, &session, give_back(&untouched.number, "设备报废", second("9002"))).await), number);
    assert_eq!(undecided(&world, &session).await.len(), 1);
    // From now on no key goes out for it, and the right is free.
    let late = Request::Issuer { case: case(1), reservation: untouched.number.clone(), ask: unload_ask(PURSE, 3650, 7, "cafe0002", 2) };
    assert_eq!(refusal(world.ask(2, &clerk, late).await), Code::KeySourceInvalid);
    confirmed(world.refund(2, &clerk, case(3), refund_claim(PURSE, 3650, 7)).await);
    assert_eq!(refusal(world.ask(1, &session, give_back(&CentreNumber::new("R-none"), "无", second("9002"))).await), Code::MatterSettled);
    let mut tx = world.centre.store().begin().await.unwrap();
    let act = tx.office_act(&OfficeWhat::GaveBack { reservation: untouched.number }.subject()).await.unwrap().unwrap();
    assert_eq!((act.operator.as_str(), act.second.as_str(), act.reason.as_str(), act.number), ("9001", "9002", "设备报废", number));
}

/// Sum of an account in the centre's own book, from the entries of every day.
async fn suspense_and_written_off(world: &World) -> i64 {
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.imbalance(&desk_domain::id::CellId::new(COUNTER)).await.unwrap()
}

pub async fn written_off_and_back_when_the_card_turns_up(world: World) {
    let (clerk, held) = held(&world, 2, "1002", 1, PURSE).await;
    let ask = unload_ask(PURSE, 3650, 7, "cafe0001", 2);
    let issuer = Request::Issuer { case: case(1), reservation: held.number.clone(), ask };
    assert!(matches!(world.ask(2, &clerk, issuer).await, Reply::Issuer { .. }));
    let session = world.sign_in(1, "9001").await;
    // An open claim has nothing in suspense.
    assert_eq!(refusal(world.ask(1, &session, write_off(&held.number, "卡未归还", second("9002"))).await), Code::NothingToWriteOff);
    let Claim::PurseRefund { card: before, amount, .. } = refund_claim(PURSE, 3650, 7) else {
        panic!("a refund");
    };
    let terminal = desk_domain::card::Terminal { number: "999900000002".to_owned(), sequence: 0, at: world.now().naive_utc() };
    let intent = WriteIntent::Unload { before, amount, terminal };
    let report = Request::ReportUnknown { case: case(1), reservation: held.number.clone(), intent };
    assert!(matches!(world.ask(2, &clerk, report).await, Reply::Reported));
    assert_eq!(undecided(&world, &session).await[0].standing, Standing::Unknown);
    assert_eq!(refusal(world.ask(1, &session, give_back(&held.number, "卡未归还", second("9002"))).await), Code::ReservationMayHaveWritten);
    assert_eq!(refusal(world.ask(1, &session, write_off(&held.number, "卡未归还", second("9001"))).await), Code::SelfAuthForbidden);
    assert_eq!(refusal(world.ask(1, &session, write_off(&held.number, "", second("9002"))).await), Code::FieldRequired);
    let number = acted(world.ask(1, &session, write_off(&held.number, "卡未归还", second("9002"))).await);
    assert_eq!(acted(world.ask(1, &session, write_off(&held.number, "再来一次", second("9002"))).await), number);
    assert_eq!(suspense_and_written_off(&world).await, 0);
    assert_eq!(undecided(&world, &session).await[0].standing, Standing::WrittenOff { number: number.clone() });
    let act = {
        let mut tx = world.centre.store().begin().await.unwrap();
        tx.office_act(&OfficeWhat::write_off_of(&held.number)).await.unwrap().unwrap()
    };
    let OfficeWhat::WroteOff { into, amount, .. } = act.what else {
        panic!("a write-off");
    };
    assert!(matches!(into, Account::WrittenOff { .. }) && amount == Fen(3650));
    // The card is still held for its own case, and decides in the end: the money comes back first.
    let other = world.sign_in(1, "1001").await;
    assert_eq!(refusal(world.reserve(1, &other, case(9), refund_claim(PURSE, 3650, 7), None).await), Code::CaseSuspended);
    let decide = Request::DecideWrite {
        case: case(1),
        reservation: held.number.clone(),
        end: WriteEnd::Written(unloaded(PURSE, 3650, 7, Some("cafe0001"), 2)),
    };
    assert!(matches!(world.ask(1, &other, decide).await, Reply::Reported));
    assert!(undecided(&world, &session).await.is_empty());
    assert_eq!(suspense_and_written_off(&world).await, 0);
    assert_eq!(refusal(world.ask(1, &session, give_back(&held.number, "晚了", second("9002"))).await), Code::MatterSettled);
    let registered = image(&card(PURSE, TRANSIT, None), None);
    let mut tx = world.centre.store().begin().await.unwrap();
    assert!(tx.card_anywhere(&registered.card_no).await.unwrap().unwrap().suspended.is_none());
}
