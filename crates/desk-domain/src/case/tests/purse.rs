//! Money for a purse and out of it: caps, handling fees, purses that only block.

use super::*;

#[test]
fn money_taken_for_a_purse_reaches_it_or_goes_back() {
    let held = |table: &Table| -> i64 {
        let facts = table.journal.iter().filter_map(|entry| match entry {
            Entry::Fact { fact } => Some(fact.postings()),
            Entry::Intent { .. } | Entry::Trail { .. } => None,
        });
        facts
            .flat_map(|postings| postings.lines().to_vec())
            .filter(|line| matches!(line.account, Account::TopUpHeld { .. }))
            .map(|line| line.amount.0)
            .sum()
    };
    // Onto the card.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!((table.till, held(&table)), (Fen(55_000), 0));
    // The centre says no after the cash was taken.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.reserving");
    assert_eq!((table.till, held(&table)), (Fen(55_000), -5_000));
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::PurseCap) })).unwrap();
    assert!(table.answer(Answer::Go).is_err(), "Enter gives no money back");
    assert!(table.answer(Answer::Cancel).is_err(), "nobody walks away with the money");
    assert!(matches!(table.until("-"), Some(Ending::Refused { .. })));
    assert_eq!((table.till, held(&table)), (Fen(50_000), 0));
    // Proved that nothing was written.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(Answer::Choose { option: "again".to_owned() }).unwrap();
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(Answer::Choose { option: "stop".to_owned() }).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
    assert_eq!((table.till, held(&table)), (Fen(50_000), 0));
}

#[test]
fn what_a_purse_takes() {
    for (typed, code) in [
        ("5", Code::AmountInvalid),
        ("15", Code::AmountInvalid),
        ("10.50", Code::AmountInvalid),
        ("0", Code::AmountInvalid),
        ("-10", Code::AmountInvalid),
        ("", Code::FieldRequired),
        ("970", Code::PurseCap),
    ] {
        let mut table = Table::new(Service::TopUp, LineMode::Online);
        table.until("top_up.offered");
        let refused = table.answer(Answer::Fill { values: vec![("amount".to_owned(), typed.to_owned())] });
        assert_eq!(refused.map_err(|message| message.code), Err(code), "{typed}");
        assert_eq!(table.case.state(), "top_up.offered");
    }
    for typed in ["10", "２０", "960"] {
        let mut table = Table::new(Service::TopUp, LineMode::Online);
        table.until("top_up.offered");
        table.answer(Answer::Fill { values: vec![("amount".to_owned(), typed.to_owned())] }).unwrap();
        assert_eq!(table.case.state(), "top_up.paying");
    }
    // A till that is full takes no more, and without the line no money is taken at all.
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.paying");
    let tendered = || Answer::Fill { values: vec![("tendered".to_owned(), "50".to_owned())] };
    table.online = false;
    assert_eq!(table.answer(tendered()).map_err(|message| message.code), Err(Code::OnlineOnly));
    table.online = true;
    table.till = table.rules.till.most;
    assert_eq!(table.answer(tendered()).map_err(|message| message.code), Err(Code::TillFull));
}

fn only_blocks() -> Table {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    table.on_reader.purse.as_mut().unwrap().refund_method = RefundMethod::BlockThenBackOffice;
    table
}

#[test]
fn a_purse_that_only_blocks_is_promised_and_never_paid_here() {
    let mut table = only_blocks();
    // What the till holds does not matter.
    table.till = Fen::ZERO;
    table.until("refund.writing");
    let Next::Do(Effect::WriteCard { intent, .. }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert!(matches!(intent, WriteIntent::Block { to: BlockState::Temporary, .. }));
    table.until("refund.promise_signing");
    let slip = table.case.paper(Paper::AcceptanceSlip);
    assert!(slip.pairs.iter().any(|(label, value)| label == "付款日期" && value == "2026年12月1日 起"), "{:?}", slip.pairs);
    assert!(slip.texts.contains(&"refund.later"));
    assert_eq!(table.answer(Answer::Act).unwrap_err().code, Code::StaleAnswer, "there is nothing to pay here");
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen::ZERO);
    let facts = table.facts();
    assert!(facts.contains(&"identity") && facts.contains(&"signed") && !facts.contains(&"paid_out"), "{facts:?}");
}

/// Every fen of the purse is somewhere: paid, kept as the fee, or still owed.
fn refund_with_fee(taken: FeeTaken) -> Table {
    let mut table = Table::new(Service::RefundReadable, LineMode::Online);
    let purse = table.rules.purse.as_mut().unwrap();
    (purse.refund_fee, purse.refund_fee_taken) = (Fen(150), taken);
    table
}

#[test]
fn a_handling_fee_is_deducted_or_taken_to_the_fen() {
    for (taken, paid, label) in [(FeeTaken::Deducted, 3_500, "已扣手续费"), (FeeTaken::Cash, 3_650, "另收手续费")] {
        let mut table = refund_with_fee(taken);
        table.till = Fen(3_650);
        table.until("refund.paying");
        let voucher = table.case.paper(Paper::RefundVoucher);
        assert!(voucher.pairs.iter().any(|(name, value)| name == label && value == "1.50"), "{:?}", voucher.pairs);
        assert_eq!(voucher.amount, Some(("退值金额".to_owned(), Fen(paid))));
        let Fact::PaidOut { amount, .. } = table.answer(Answer::Act).unwrap() else { panic!() };
        assert_eq!(amount, Fen(paid));
        assert_eq!(table.until("-"), Some(Ending::Done));
        assert_eq!(table.till, Fen(150), "either way the till keeps the fee");
        assert_eq!(moved(&table, |account| matches!(account, Account::FeeIncome { .. })), Fen(-150));
        assert_eq!(moved(&table, |account| matches!(account, Account::RefundPayable { .. })), Fen::ZERO);
        assert_eq!(moved(&table, |account| matches!(account, Account::PurseFloat { .. })), Fen(3_650));
    }
    // A purse that holds no more than the fee is not emptied for it.
    let mut table = refund_with_fee(FeeTaken::Deducted);
    table.rules.purse.as_mut().unwrap().refund_fee = Fen(3_650);
    let fact = table.take(Input::Outcome(Outcome::CardRead { card: table.on_reader.clone() })).unwrap();
    assert_eq!(fact.code(), Some(Code::PurseEmpty));
    // A purse that is paid later is told the fee, and pays it when it is paid.
    let mut table = Table::new(Service::RefundDue, LineMode::Online);
    table.rules.purse.as_mut().unwrap().refund_fee = Fen(150);
    table.until("due.finding");
    let Next::Do(effect) = table.next() else { panic!() };
    let Outcome::OwedFound { mut owed } = table.well(&effect) else { panic!() };
    (owed.held, owed.cleared) = (Some(Fen(3_650)), Some(Fen(3_700)));
    table.take(Input::Outcome(Outcome::OwedFound { owed })).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(50_000 - 3_500));
    assert_eq!(moved(&table, |account| matches!(account, Account::RefundPayable { .. })), Fen::ZERO);
}

#[test]
fn a_purse_that_only_blocks_needs_line_rule_and_promise() {
    // Without the line it is not taken in.
    let mut table = only_blocks();
    table.header.line = LineMode::Offline;
    table.online = false;
    table.until("refund.read");
    let Next::Ask(question) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert!(matches!(&question.ask, question::Ask::Choice { options } if options.len() == 1));
    assert_eq!(table.answer(Answer::Choose { option: "keep".to_owned() }).unwrap_err().code, Code::OnlineOnly);
    // The programme has no back office for it.
    let mut table = only_blocks();
    table.rules.purse.as_mut().unwrap().back_office = None;
    table.take(Input::Outcome(Outcome::CardRead { card: table.on_reader.clone() })).unwrap();
    let Next::Ended(Ending::Refused { message }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert_eq!(message.code, Code::RefundUnsupported);
    // A reservation that says something else than the card is none.
    for blocks in [false, true] {
        let mut table = if blocks { only_blocks() } else { Table::new(Service::RefundReadable, LineMode::Online) };
        table.until("refund.reserving");
        let Next::Do(Effect::Reserve { claim, .. }) = table.next() else {
            panic!("{:?}", table.next());
        };
        let mut reservation = table.reservation(&claim);
        let promise = PaidLater { block: BlockState::Temporary, from: "2026-12-01".parse().unwrap() };
        reservation.later = if blocks { None } else { Some(promise) };
        assert_eq!(table.take(Input::Outcome(Outcome::Reserved { reservation })).unwrap_err().code, Code::CentreGarbled);
    }
}
