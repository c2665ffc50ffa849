//! Cards that are made centrally: paid once, sent, returned, listed.

use super::*;

/// Taken to the question how the card is made, and answered.
fn centrally(service: Service, way: &str) -> Table {
    let mut table = Table::new(service, LineMode::Online);
    table.until("reissue.choosing");
    table.answer(Answer::Choose { option: way.to_owned() }).unwrap();
    table
}

#[test]
fn a_card_that_is_made_centrally_is_paid_once_with_the_courier_of_one_order() {
    for (service, way, fee, courier) in [
        (Service::ReissueLost, "pick_up", 2_000, 0),
        (Service::ReissueLost, "courier", 2_000, 1_200),
        (Service::ReplaceDamaged, "courier", 2_000, 1_200),
        (Service::ReplaceFaulty, "courier", 0, 1_200),
        (Service::ReplaceFaulty, "pick_up", 0, 0),
    ] {
        let mut table = centrally(service, way);
        table.until("reissue.warning");
        let told = table.case.picture().remark.map(|remark| remark.code);
        assert_eq!(told, (way == "pick_up").then_some(Code::CourierNotSelected), "{way}");
        table.until("reissue.ordering");
        assert_eq!(table.till, Fen(50_000 + fee + courier), "{service:?} {way}");
        let Next::Do(Effect::Confirm { settlement: Settlement::Act, .. }) = table.next() else { panic!("{:?}", table.next()) };
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.till, Fen(50_000 + fee + courier), "taken once");
        assert_eq!(moved(&table, |account| matches!(account, Account::FeeIncome { .. })), Fen(-fee - courier));
        let slip = table.case.paper(Paper::AcceptanceSlip);
        assert!(slip.pairs.iter().any(|(label, value)| label == "最迟完成" && value == "2026年12月1日"), "{:?}", slip.pairs);
        assert_eq!(slip.pairs.iter().any(|(label, _)| label == "邮寄地址"), way == "courier");
        assert_eq!(table.case.papers().contains_key(&Paper::BagLabel), service != Service::ReissueLost);
        assert_eq!(table.case.papers().contains_key(&Paper::Receipt), fee + courier > 0);
        if fee > 0 && courier > 0 {
            let receipt = table.case.paper(Paper::Receipt);
            assert_eq!(receipt.amount, Some(("合计".to_owned(), Fen(3_200))));
            assert!(
                receipt.lines.iter().any(|line| line.contains("20.00") && line.contains("+ 快递费 12.00 元 = 32.00 元")),
                "{receipt:?}"
            );
        }
    }
}

#[test]
fn an_order_that_is_refused_gives_fee_and_courier_back() {
    let mut table = centrally(Service::ReissueLost, "courier");
    table.until("reissue.ordering");
    // Silence is no refusal.
    let silent = Outcome::Refused { message: Message::new(Code::UpstreamSilent) };
    assert_eq!(table.take(Input::Outcome(silent)).unwrap_err().code, Code::UpstreamSilent);
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::ReissueInProgress) })).unwrap();
    assert_eq!(table.case.state(), "reissue.money_back");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!(table.till, Fen(50_000));
    // Neither a telephone nor an address is guessed.
    let mut table = centrally(Service::ReissueLost, "courier");
    let with = |phone: &str, address: &str| Answer::Fill {
        values: vec![("phone".to_owned(), phone.to_owned()), ("address".to_owned(), address.to_owned())],
    };
    assert_eq!(table.answer(with("1380", "虚构路1号")).unwrap_err().code, Code::FieldInvalid);
    assert_eq!(table.answer(with("13800000040", " ")).unwrap_err().code, Code::FieldRequired);
    table.answer(with("13800000040", "虚构路1号")).unwrap();
    table.answer(Answer::Cancel).unwrap();
    assert!(table.case.papers().is_empty());
    // Accepted while the line was down: the slip of then is not printed again under the same name.
    let mut table = Table::new(Service::ReplaceDamaged, LineMode::Offline);
    table.until("reissue.finding");
    table.answer(Answer::Choose { option: "accept".to_owned() }).unwrap();
    table.until("reissue.accepted");
    table.online = true;
    table.until("reissue.choosing");
    table.answer(Answer::Choose { option: "pick_up".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.papers().contains_key(&Paper::Voucher));
}

#[test]
fn a_made_card_is_validated_when_it_is_handed_over() {
    for (answer, validated) in [("now", true), ("later", false)] {
        let mut table = Table::new(Service::PickUp, LineMode::Online);
        table.rules = rules(EDUCATION);
        table.header.programme = table.rules.programme.clone();
        table.on_reader = card(None);
        table.until("hand_back.finding");
        let Inquired::Orders { mut orders, .. } = found(Inquiry::Orders) else { panic!() };
        orders[0].state = Progress::Returned { card_no: card(None).card_no, place: "01".to_owned(), on: "2026-11-20".parse().unwrap() };
        let person = Box::new(person(&table.rules));
        table.take(Input::Outcome(Outcome::Inquired { person, found: Inquired::Orders { orders, photo_on_file: false } })).unwrap();
        table.until("first_validation.asking");
        table.answer(Answer::Choose { option: answer.to_owned() }).unwrap();
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.facts().contains(&"written"), validated);
        let voucher = table.case.paper(Paper::Voucher);
        assert_eq!(voucher.pairs.iter().any(|(label, value)| label == "有效期至" && value == "2026年12月31日"), validated, "{voucher:?}");
    }
}

#[test]
fn a_parcel_that_came_back_is_sent_again_for_another_fee() {
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(51_200));
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    table.until("send_again.ordering");
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::OrderSent) })).unwrap();
    assert!(table.answer(Answer::Go).is_err(), "Enter never pays");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!(table.till, Fen(50_000));
    let mut table = Table::new(Service::SendAgain, LineMode::Online);
    table.until("send_again.finding");
    let person = Box::new(table.holder());
    let fact = table.take(Input::Outcome(Outcome::Inquired { person, found: found(Inquiry::Orders) })).unwrap();
    assert_eq!(fact.code(), Some(Code::OrderUnknown), "it never went out");
}

#[test]
fn cards_that_nobody_came_for_are_listed_and_go_back() {
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.until("uncollected.listing");
    // Only the one whose time is over goes back.
    assert_eq!(table.answer(Answer::Choose { option: "R8".to_owned() }).unwrap_err().code, Code::StaleAnswer);
    table.answer(Answer::Choose { option: "R7".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert!(table.case.papers().contains_key(&Paper::BagLabel) && table.case.papers().contains_key(&Paper::Voucher));
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.until("uncollected.listing");
    table.answer(Answer::Choose { option: "done".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.case.paper(Paper::GuidanceSlip).lines.len(), 2);
    let mut table = Table::new(Service::Uncollected, LineMode::Online);
    table.take(Input::Outcome(Outcome::UncollectedFound { cards: Vec::new() })).unwrap();
    assert_eq!(table.next(), Next::Ended(Ending::Done));
}
