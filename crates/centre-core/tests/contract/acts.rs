//! Acts of the centre alone: loss by function with a half-done end, release, tickets, codes, found cards.

use centre_core::{
    neighbours::{KeptCard, System, Trouble},
    upstream::IssueRecord,
};
use chrono::Duration;
use desk_domain::{
    centre_act::{CentreAct, Matter},
    claim::{Claim, Reservation, Settlement},
    code::Code,
    function::{Function, FunctionFacts, FunctionState, LossChannel},
    id::{CardNo, CellId, PersonId, ProgrammeId, SessionToken},
    inquiry::{Delivery, Inquired, Inquiry, IssueClass, IssueState, Sent},
    person::{CardStatus, HolderClass, Lookup, PersonFacts},
    replacement::Ground,
};
use desk_wire::v1::{Reply, Request};

use super::world::{
    EDUCATION, HOME, PUPIL_CARD, TRANSIT, World, card, case, confirmed, date, image, noon, pupil, refusal, refused, reserved,
};

const LOSABLE: &str = "3104999000000000501";
const OF_ANOTHER_BANK: &str = "3104999000000000502";
const RESIDENT: &str = "r1";

fn functions(bank: &str, state: &FunctionState) -> Vec<FunctionFacts> {
    let facts = |function, bank: Option<&str>| FunctionFacts {
        function,
        state: state.clone(),
        bank: bank.map(str::to_owned),
        as_of: noon() - Duration::days(3),
    };
    vec![facts(Function::SocialSecurity, None), facts(Function::Bank, Some(bank))]
}

fn kept(state: &FunctionState) -> KeptCard {
    KeptCard { social_security: state.clone(), bank: state.clone(), held_back: None }
}

/// A resident with a card of the counter's bank and one of another bank's.
async fn resident(world: &World, state: &FunctionState) {
    let mut person = pupil(RESIDENT, HolderClass::Domestic, Some("320500199001010017"), None);
    person.programme = ProgrammeId::new(TRANSIT);
    let mut tx = world.centre.store().begin().await.unwrap();
    tx.put_person(&person).await.unwrap();
    for (number, bank) in [(LOSABLE, "bank.A"), (OF_ANOTHER_BANK, "bank.B")] {
        let mut made = card(number, TRANSIT, Some(RESIDENT));
        made.functions = functions(bank, state);
        tx.put_card(&made).await.unwrap();
        world.neighbours.books().cards.insert(CardNo::new(number), kept(state));
    }
    tx.commit().await.unwrap();
}

fn act(programme: &str, act: CentreAct) -> Claim {
    Claim::Act { cell: CellId::new(HOME), programme: ProgrammeId::new(programme), act }
}

fn report(number: &str, functions: &[Function]) -> Claim {
    act(
        TRANSIT,
        CentreAct::ReportLoss {
            person: PersonId::new(RESIDENT),
            card_no: CardNo::new(number),
            functions: functions.to_vec(),
            accepted_at: None,
        },
    )
}

fn release(number: &str) -> Claim {
    act(TRANSIT, CentreAct::ReleaseLoss { person: PersonId::new(RESIDENT), card: image(&card(number, TRANSIT, None), None) })
}

fn confirm(reservation: &Reservation, number: u8) -> Request {
    Request::Confirm { case: case(number), reservation: reservation.number.clone(), settlement: Settlement::Act }
}

const BOTH: [Function; 2] = [Function::SocialSecurity, Function::Bank];

async fn inquire(world: &World, session: &SessionToken, number: &str, programme: &str, inquiry: Inquiry) -> (Box<PersonFacts>, Inquired) {
    let lookup = Lookup::IdNumber { programme: ProgrammeId::new(programme), number: number.to_owned() };
    let reply = world.ask(1, session, Request::Inquire { case: case(90), lookup, inquiry }).await;
    let Reply::Inquired { person, found } = reply else {
        panic!("{reply:?}");
    };
    (person, found)
}

async fn states(world: &World, session: &SessionToken) -> Vec<FunctionState> {
    let (person, _) = inquire(world, session, "320500199001010017", TRANSIT, Inquiry::Functions).await;
    let card = person.cards.iter().find(|card| card.card_no.as_str() == LOSABLE).unwrap();
    card.functions.iter().map(|facts| facts.state.clone()).collect()
}

pub async fn loss_by_function(world: World) {
    resident(&world, &FunctionState::Normal).await;
    let session = world.sign_in(1, "1001").await;
    let refused_as = |claim, code| {
        let (world, session) = (&world, &session);
        async move { assert_eq!(refusal(world.reserve(1, session, case(1), claim, None).await), code) }
    };
    refused_as(report(LOSABLE, &[]), Code::LossByFunction).await;
    refused_as(report(LOSABLE, &[Function::Bank, Function::Transit]), Code::TransitNoLoss).await;
    refused_as(report(OF_ANOTHER_BANK, &BOTH), Code::WrongBank).await;
    refused_as(report("3104999000000000101", &BOTH), Code::CardNotFound).await;
    refused_as(release(LOSABLE), Code::NoLossStands).await;

    let held = reserved(world.reserve(1, &session, case(1), report(LOSABLE, &BOTH), None).await);
    let second = world.sign_in(2, "1002").await;
    assert_eq!(refusal(world.reserve(2, &second, case(2), report(LOSABLE, &BOTH), None).await), Code::RightReserved);
    assert_eq!(refusal(world.reserve(2, &second, case(2), release(LOSABLE), None).await), Code::RightReserved);
    let number = confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    // Asked again under another request: the same.
    assert_eq!(confirmed(world.ask(1, &session, confirm(&held, 1)).await), number);
    assert!(states(&world, &session).await[..2].iter().all(FunctionState::is_formal_loss));
    assert_eq!(refusal(world.reserve(1, &session, case(3), report(LOSABLE, &BOTH), None).await), Code::LossStands);

    // The same way back, with the card.
    let mut other_chip = image(&card(LOSABLE, TRANSIT, None), None);
    other_chip.serial = "0000000000000000".to_owned();
    let stolen = act(TRANSIT, CentreAct::ReleaseLoss { person: PersonId::new(RESIDENT), card: other_chip });
    refused_as(stolen, Code::ProfileMismatch).await;
    let back = reserved(world.reserve(1, &session, case(4), release(LOSABLE), None).await);
    confirmed(world.ask(1, &session, confirm(&back, 4)).await);
    assert!(states(&world, &session).await.iter().all(|state| *state == FunctionState::Normal));
}

pub async fn loss_of_one_function_leaves_the_other(world: World) {
    resident(&world, &FunctionState::Normal).await;
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), report(LOSABLE, &[Function::SocialSecurity]), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    let states = states(&world, &session).await;
    assert!(states[0].is_formal_loss());
    assert_eq!(states[1], FunctionState::Normal);
}

pub async fn release_goes_the_way_of_the_report(world: World) {
    let channel = LossChannel::Hotline { line: "hr".to_owned() };
    resident(&world, &FunctionState::FormalLoss { channel, since: noon() }).await;
    let session = world.sign_in(1, "1001").await;
    assert_eq!(refusal(world.reserve(1, &session, case(1), release(LOSABLE), None).await), Code::ReleaseOriginalChannel);
    let mut tx = world.centre.store().begin().await.unwrap();
    let mut replaced = card(LOSABLE, TRANSIT, Some(RESIDENT));
    replaced.status = CardStatus::Replaced { by_tail: "0502".to_owned() };
    tx.put_card(&replaced).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refusal(world.reserve(1, &session, case(1), release(LOSABLE), None).await), Code::ReleaseForbidden);
}

pub async fn half_done_loss_is_pursued(world: World) {
    resident(&world, &FunctionState::Normal).await;
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), report(LOSABLE, &BOTH), None).await);
    world.neighbours.books().trouble.insert(System::Bank, Trouble::NotPassedOn);
    let ask = world.envelope(1, Some(&session), world.id(), confirm(&held, 1));
    assert_eq!(refusal(world.send(&ask).await), Code::LossNotSynced);
    let now = states(&world, &session).await;
    assert_eq!(now[0], FunctionState::Normal);
    assert!(now[1].is_formal_loss(), "the bank has done its part");
    // On record, and still open: the centre goes on asking, and nobody else gets the right.
    let mut entropy = World::entropy();
    assert_eq!(world.centre.pursue(world.now(), &mut entropy).await.unwrap(), 0);
    let halves = world.centre.store().begin().await.unwrap().halves().await.unwrap();
    assert_eq!(halves.len(), 1);
    assert_eq!((halves[0].code, halves[0].tries, halves[0].case), (Code::LossNotSynced, 2, case(1)));
    let second = world.sign_in(2, "1002").await;
    assert_eq!(refusal(world.reserve(2, &second, case(2), report(LOSABLE, &BOTH), None).await), Code::RightReserved);
    // A bank that is not there: the same as before.
    world.neighbours.books().pass_on();
    world.neighbours.books().trouble.insert(System::Bank, Trouble::Down);
    assert_eq!(world.centre.pursue(world.now(), &mut entropy).await.unwrap(), 0);
    world.neighbours.books().trouble.clear();
    assert_eq!(world.centre.pursue(world.now(), &mut entropy).await.unwrap(), 1);
    assert!(world.centre.store().begin().await.unwrap().halves().await.unwrap().is_empty());
    assert_eq!(world.centre.pursue(world.now(), &mut entropy).await.unwrap(), 0);
    // The desk asks again under its old request and hears that it is done.
    confirmed(world.send(&ask).await);
    assert!(states(&world, &session).await[..2].iter().all(FunctionState::is_formal_loss));
}

pub async fn a_silent_keeper_is_asked_again(world: World) {
    resident(&world, &FunctionState::Normal).await;
    let session = world.sign_in(1, "1001").await;
    world.neighbours.books().trouble.insert(System::SocialSecurity, Trouble::Down);
    // What was heard last, with its age.
    let (person, _) = inquire(&world, &session, "320500199001010017", TRANSIT, Inquiry::Functions).await;
    let card = person.cards.iter().find(|card| card.card_no.as_str() == LOSABLE).unwrap();
    assert_eq!(card.functions[0].as_of, noon() - Duration::days(3));
    assert_eq!(card.functions[1].as_of, noon());
    let wanted = super::world::reserve(1, case(1), report(LOSABLE, &BOTH), None);
    let ask = world.envelope(1, Some(&session), world.id(), wanted);
    assert_eq!(refusal(world.send(&ask).await), Code::UpstreamSilent);
    world.neighbours.books().trouble.clear();
    let held = reserved(world.send(&ask).await);
    // The answer of the bank is lost after it did its part: once more, and it was done once.
    world.neighbours.books().trouble.insert(System::Bank, Trouble::AnswerLost);
    let settle = world.envelope(1, Some(&session), world.id(), confirm(&held, 1));
    assert_eq!(refusal(world.send(&settle).await), Code::UpstreamSilent);
    world.neighbours.books().trouble.clear();
    confirmed(world.send(&settle).await);
}

pub async fn a_late_message_undoes_nothing(world: World) {
    resident(&world, &FunctionState::Normal).await;
    let session = world.sign_in(1, "1001").await;
    let held = reserved(world.reserve(1, &session, case(1), report(LOSABLE, &BOTH), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    let accepted_at = world.now();
    world.wait(Duration::minutes(5));
    let back = reserved(world.reserve(1, &session, case(2), release(LOSABLE), None).await);
    confirmed(world.ask(1, &session, confirm(&back, 2)).await);
    let late = act(
        TRANSIT,
        CentreAct::ReportLoss {
            person: PersonId::new(RESIDENT),
            card_no: CardNo::new(LOSABLE),
            functions: BOTH.to_vec(),
            accepted_at: Some(accepted_at),
        },
    );
    let message = refused(world.reserve(1, &session, case(3), late, None).await);
    assert_eq!(message.code, Code::ClaimConflict);
}

fn record(state: IssueState, received: &str) -> IssueRecord {
    IssueRecord {
        state,
        class: Some(IssueClass::FirstGrade),
        received_on: Some(date(received)),
        confirm_by: None,
        reminder: Some(Sent { at: noon(), delivery: Delivery::Delivered }),
    }
}

pub async fn one_ticket_for_one_broken_promise(world: World) {
    let session = world.sign_in(1, "1002").await;
    let person = PersonId::new("p1");
    let ticket = |matter| act(EDUCATION, CentreAct::Ticket { person: person.clone(), matter });
    let overdue = || ticket(Matter::OverdueIssue);
    assert_eq!(refusal(world.reserve(1, &session, case(1), overdue(), None).await), Code::NotConfirmed);
    world.neighbours.books().issues.insert(person.clone(), record(IssueState::InProduction, "2026-10-10"));
    // 10 October, a month and fifteen days: until the 25th of November.
    assert_eq!(refusal(world.reserve(1, &session, case(1), overdue(), None).await), Code::InProduction);
    world.neighbours.books().issues.insert(person.clone(), record(IssueState::InProduction, "2026-10-08"));
    let (_, found) = inquire(&world, &session, "320500201503150012", EDUCATION, Inquiry::FirstIssue).await;
    let Inquired::FirstIssue { issue } = found else { panic!("{found:?}") };
    assert_eq!((issue.state, issue.ticket), (IssueState::InProduction, None));
    let held = reserved(world.reserve(1, &session, case(1), overdue(), None).await);
    world.neighbours.books().trouble.insert(System::Tickets, Trouble::AnswerLost);
    let settle = world.envelope(1, Some(&session), world.id(), confirm(&held, 1));
    assert_eq!(refusal(world.send(&settle).await), Code::UpstreamSilent);
    world.neighbours.books().trouble.clear();
    let number = confirmed(world.send(&settle).await);
    assert_eq!(world.neighbours.books().tickets.len(), 1, "sent twice, taken once");
    assert_eq!(refusal(world.reserve(1, &session, case(2), overdue(), None).await), Code::ClaimConflict);
    let (_, found) = inquire(&world, &session, "320500201503150012", EDUCATION, Inquiry::FirstIssue).await;
    let Inquired::FirstIssue { issue } = found else { panic!("{found:?}") };
    assert_eq!(issue.ticket, Some(number));
    assert_eq!(refusal(world.reserve(1, &session, case(3), ticket(Matter::CardFound), None).await), Code::KeySourceInvalid);
    let school = reserved(world.reserve(1, &session, case(4), ticket(Matter::GuardianContact), None).await);
    confirmed(world.ask(1, &session, confirm(&school, 4)).await);
    assert_eq!(world.neighbours.books().tickets.last().map(|ticket| ticket.school.clone()).as_deref(), Some("示例小学"));
}

pub async fn codes_are_limited(world: World) {
    let session = world.sign_in(1, "1002").await;
    let resend = || act(EDUCATION, CentreAct::ResendCode { person: PersonId::new("p1") });
    for nth in 1..=5 {
        let held = reserved(world.reserve(1, &session, case(nth), resend(), None).await);
        confirmed(world.ask(1, &session, confirm(&held, nth)).await);
        assert_eq!(refusal(world.reserve(1, &session, case(nth + 50), resend(), None).await), Code::CodeTooOften, "within the minute");
        world.wait(Duration::seconds(61));
    }
    assert_eq!(refusal(world.reserve(1, &session, case(20), resend(), None).await), Code::CodeTooOften, "five a day");
    world.wait(Duration::hours(22));
    let session = world.sign_in(1, "1002").await;
    let (_, found) = inquire(&world, &session, "320500201503150012", EDUCATION, Inquiry::Codes).await;
    let Inquired::Codes { codes } = found else { panic!("{found:?}") };
    assert_eq!(codes.today, 0);
    reserved(world.reserve(1, &session, case(21), resend(), None).await);
    let own = act(EDUCATION, CentreAct::ResendCode { person: PersonId::new("p5") });
    let as_self = world.sign_in(1, "1001").await;
    assert_eq!(refusal(world.reserve(1, &as_self, case(22), own, None).await), Code::SelfServiceForbidden);
}

pub async fn found_card_goes_back_once(world: World) {
    let session = world.sign_in(1, "1002").await;
    let take_in = |number: &str| act(EDUCATION, CentreAct::TakeIn { card_no: CardNo::new(number) });
    let chip = image(&card(PUPIL_CARD, EDUCATION, None), None);
    let back = |person: &str| act(EDUCATION, CentreAct::HandBack { person: PersonId::new(person), card: chip.clone() });
    assert_eq!(refusal(world.reserve(1, &session, case(1), take_in("2150999000009999"), None).await), Code::CardNotFound);
    assert_eq!(refusal(world.reserve(1, &session, case(1), back("p1"), None).await), Code::FoundNotKnown);
    let held = reserved(world.reserve(1, &session, case(1), take_in(PUPIL_CARD), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 1)).await);
    let told = world.neighbours.books().tickets.last().cloned().unwrap();
    assert_eq!((told.matter, told.person.as_str()), (Matter::CardFound, "p1"));
    assert_eq!(refusal(world.reserve(1, &session, case(2), back("p2"), None).await), Code::WrongHolder);
    let held = reserved(world.reserve(1, &session, case(2), back("p1"), None).await);
    confirmed(world.ask(1, &session, confirm(&held, 2)).await);
    assert_eq!(refusal(world.reserve(1, &session, case(3), back("p1"), None).await), Code::FoundNotKnown);
}

/// An order that only the platform knows stops a reissue as well.
pub async fn order_of_another_channel(world: World) {
    let session = world.sign_in(1, "1002").await;
    world.platform.lock().unwrap().0.get_mut("E000000001").unwrap().card_order = Some("WX1".to_owned());
    let claim = Claim::Reissue {
        cell: CellId::new(HOME),
        programme: ProgrammeId::new(EDUCATION),
        person: PersonId::new("p1"),
        old_card: CardNo::new(PUPIL_CARD),
        ground: Ground::Lost,
        accepted_at: None,
    };
    let message = refused(world.reserve(1, &session, case(1), claim, None).await);
    assert_eq!(message.code, Code::ReissueInProgress);
    assert!(message.text().contains("WX1"));
}
