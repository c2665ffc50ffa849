//! Reversal, re-write and withdrawal: money is put right once, and only by what the card says.

use super::*;

fn refused(table: &Table) -> Code {
    let Next::Ended(Ending::Refused { message }) = table.next() else {
        panic!("{:?}", table.next());
    };
    message.code
}

/// What the centre has on its books, in place of the usual.
fn listed(service: Service, state: &str, booked: Vec<Booked>) -> Table {
    let mut table = Table::new(service, LineMode::Online);
    table.until(state);
    let facts = CardFacts { booked, ..facts_of(&table.on_reader, &table.rules) };
    table.take(Input::Outcome(Outcome::CardFound { card: Box::new(facts) })).unwrap();
    table
}

fn choose(option: &str) -> Answer {
    Answer::Choose { option: option.to_owned() }
}

#[test]
fn a_reversal_pays_after_the_card_was_written_and_the_centre_said_so() {
    let mut table = Table::new(Service::Reversal, LineMode::Online);
    assert_eq!(table.until("reversal.reserving"), None);
    let Next::Do(Effect::Reserve { claim: Claim::Reversal { of, amount, .. }, authorisation: Some(_), .. }) = table.next() else {
        panic!("{:?}", table.next());
    };
    assert_eq!((of.as_str(), amount), ("R0", Fen(2_000)));
    table.until("reversal.returning");
    assert_eq!(table.till, Fen(50_000));
    assert_eq!(table.answer(Answer::Go).unwrap_err().code, Code::StaleAnswer, "Enter pays nothing");
    table.till = Fen(1_999);
    assert_eq!(table.answer(Answer::Act).unwrap_err().code, Code::TillShort);
    table.till = Fen(50_000);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(48_000));
    assert_eq!(table.case.card().and_then(|card| card.purse.as_ref()).map(|purse| purse.balance), Some(Fen(1_650)));
    let facts = table.facts();
    let place = |name: &str| facts.iter().position(|fact| *fact == name).unwrap();
    assert!(place("confirmed") < place("money_back") && place("money_back") < place("old_paper_seen"), "{facts:?}");
    let red = table.case.paper(Paper::Reversal);
    assert!(red.pairs.iter().any(|(label, value)| label == "原业务单号" && value == "DEMO20261124W0310000"), "{:?}", red.pairs);
    // Nothing pays while nobody knows what the card holds, and nothing pays for a write that is proved not to have been.
    let mut table = Table::new(Service::Reversal, LineMode::Online);
    table.until("reversal.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(choose("stop")).unwrap();
    assert_eq!(table.until("-"), Some(Ending::Cancelled));
    assert_eq!(table.till, Fen(50_000));
}

#[test]
fn what_is_not_taken_back() {
    for kind in crate::reversal::Kind::ALL.into_iter().filter(|kind| kind.forbidden().is_some()) {
        let mut table = Table::new(Service::Reversal, LineMode::Online);
        table.answer(choose(kind.as_str())).unwrap();
        assert_eq!(refused(&table), Code::ReversalForbidden, "{kind:?}");
    }
    let of = top_up(Stands::Settled);
    let other = |change: fn(&mut Booked)| {
        let mut of = top_up(Stands::Settled);
        change(&mut of);
        vec![of]
    };
    let refund = Booked { reservation: CentreNumber::new("R9"), kind: Movement::Refund, ..of.clone() };
    for (booked, code) in [
        (vec![refund, of.clone()], Code::ReversalNotLatest),
        (other(|of| of.kind = Movement::Reversal), Code::ReversalForbidden),
        (other(|of| of.operator = OperatorId::new("1002")), Code::ReversalNotOwn),
        (other(|of| of.before.as_mut().unwrap().offline_counter = 39), Code::CardMovedOn),
        (other(|of| of.before.as_mut().unwrap().online_counter = 5), Code::CardMovedOn),
    ] {
        let mut table = listed(Service::Reversal, "reversal.read", booked);
        table.answer(choose("R0")).unwrap();
        assert_eq!(refused(&table), code);
    }
    // Nothing at all on the books.
    assert_eq!(refused(&listed(Service::Reversal, "reversal.read", Vec::new())), Code::ReversalNotLatest);
    // The till is asked before anybody is.
    let mut table = listed(Service::Reversal, "reversal.read", vec![of]);
    table.till = Fen(1_999);
    assert_eq!(table.answer(choose("R0")).unwrap_err().code, Code::TillShort);
    // After its day the centre corrects it, on a slip.
    let mut table = listed(Service::Reversal, "reversal.read", other(|of| of.at -= TimeDelta::days(1)));
    let fact = table.answer(choose("R0")).unwrap();
    assert_eq!(fact.code(), Some(Code::ReversalNotSameDay));
    table.until("-");
    assert!(table.case.papers().contains_key(&Paper::GuidanceSlip));
    assert_eq!(refused(&table), Code::ReversalNotSameDay);
}

#[test]
fn a_rewrite_moves_no_money_and_is_refused_with_its_reason() {
    let mut table = Table::new(Service::Rewrite, LineMode::Online);
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(50_000));
    assert_eq!(table.case.card().and_then(|card| card.purse.as_ref()).map(|purse| purse.balance), Some(Fen(5_650)));
    assert!(table.journal.iter().all(|entry| match entry {
        Entry::Fact { fact } => fact.postings().lines().is_empty(),
        Entry::Intent { .. } | Entry::Trail { .. } => true,
    }));
    // Another clerk took the money: a second person agrees.
    let mut other = top_up(Stands::Open);
    other.operator = OperatorId::new("1002");
    let mut table = listed(Service::Rewrite, "rewrite.read", vec![other]);
    table.answer(choose("R0")).unwrap();
    assert_eq!(table.case.state(), "rewrite.authorising");
    let reason = |change: fn(&mut Booked)| {
        let mut of = top_up(Stands::Unknown);
        change(&mut of);
        let mut table = listed(Service::Rewrite, "rewrite.read", vec![of]);
        table.answer(choose("R0")).unwrap();
        let Next::Ended(Ending::Refused { message }) = table.next() else {
            panic!("{:?}", table.next());
        };
        assert_eq!(message.code, Code::RewriteNotAllowed);
        message.text()
    };
    for (change, why) in [
        ((|of| of.stands = Stands::Settled) as fn(&mut Booked), "已证明写入"),
        (|of| of.stands = Stands::Released, "已撤销"),
        (|of| of.kind = Movement::Refund, "不是充值"),
        (|of| of.at -= TimeDelta::days(1), "不是当日"),
        (|of| of.before.as_mut().unwrap().online_counter = 6, "计数器"),
        (|of| of.before.as_mut().unwrap().balance = Fen(1), "余额"),
        (|of| of.before = None, "记录"),
    ] {
        let text = reason(change);
        assert!(text.contains(why), "{text}");
    }
}

/// Two cases hold one load: whoever cannot give it back waits to hear how it ended, and pays nothing meanwhile.
#[test]
fn money_is_not_given_back_while_the_load_is_written_elsewhere() {
    let mut table = Table::new(Service::TopUp, LineMode::Online);
    table.until("top_up.writing");
    table.take(Input::Outcome(Outcome::Write { end: WriteEnd::NotWritten { reason: Code::CardPulled } })).unwrap();
    table.answer(choose("stop")).unwrap();
    assert_eq!(table.case.state(), "top_up.releasing");
    table.take(Input::Outcome(Outcome::Refused { message: Message::new(Code::ClaimConflict) })).unwrap();
    assert!(table.case.writing().is_some_and(Writing::suspended), "{}", table.case.state());
    assert_eq!(table.till, Fen(55_000));
    // The other desk had the card; this one ends its case with the money where it belongs.
    assert_eq!(table.until("-"), Some(Ending::Done));
    assert_eq!(table.till, Fen(55_000));
    assert!(!table.facts().contains(&"money_back"));
}

#[test]
fn what_waits_for_the_line_is_withdrawn_and_nothing_else() {
    for service in [Service::Application, Service::ReissueLost, Service::RefundReadable, Service::RefundUnreadable, Service::FormalLoss] {
        let mut table = Table::new(service, LineMode::Offline);
        for _ in 0..40 {
            match table.next() {
                Next::Ask(Question { ask: question::Ask::WaitForLine, .. }) => break,
                Next::Ask(question) => {
                    let answer = match &question.ask {
                        question::Ask::Choice { options } if options.iter().any(|option| option.id == "keep") => choose("keep"),
                        question::Ask::Choice { .. }
                        | question::Ask::Form { .. }
                        | question::Ask::Go { .. }
                        | question::Ask::Act { .. }
                        | question::Ask::Authorise { .. }
                        | question::Ask::WaitForLine => table.willing(&question),
                    };
                    table.answer(answer).unwrap_or_else(|message| panic!("{service:?} {}: {message:?}", question.id));
                }
                Next::Do(effect) => {
                    let outcome = table.well(&effect);
                    table.take(Input::Outcome(outcome)).unwrap();
                }
                Next::Ended(ending) => panic!("{service:?}: {ending:?}"),
            }
        }
        assert!(table.case.waits_for_line() && table.case.state_allows_cancel(), "{service:?}: {}", table.case.state());
        // Once the line is back the centre hears of it, and nothing is withdrawn any more.
        let mut late = Table { case: table.case.clone(), journal: table.journal.clone(), ..Table::new(service, LineMode::Offline) };
        late.online = true;
        assert!(!matches!(late.answer(Answer::Cancel), Ok(Fact::Withdrawn { .. })), "{service:?}");
        table.answer(Answer::Cancel).unwrap();
        assert!(!table.case.waits_for_line());
        assert!(table.answer(Answer::Go).is_err(), "the slip comes back first");
        assert_eq!(table.until("-"), Some(Ending::Withdrawn), "{service:?}");
        assert!(table.case.papers().contains_key(&Paper::Reversal));
        assert_eq!(table.till, Fen(50_000));
    }
}
