//! Reading and writing whole cards: what a clerk meets on a normal and on a bad day.

use crate::bench::{Bench, JOBS, Job, SEED, Who, make, noon, row};
use chrono::NaiveDate;
use desk_card::{
    begin,
    card::{RefundMethod, WriteEnd, WriteIntent},
    code::Code,
    issuer::IssuerRequest,
    link::{CardReader, Presence},
    money::Fen,
    profile::LinePurpose,
    read::ReadEnd,
};
use desk_cardsim::{
    SimCard,
    faults::What,
    memory::{BalanceParts, ProveRule, Switches, UnloadRule, Unwritten},
};
use issuer_keys::{KeyService, MasterKeys, ReleaseRecord};

/// Number of the command that moves the money: two names tried, two files, four balances and INITIALIZE come before it.
const COMMIT: u32 = 9;

fn written(end: WriteEnd) -> desk_card::card::WriteProof {
    match end {
        WriteEnd::Written(proof) => proof,
        WriteEnd::NotWritten { .. } | WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => panic!("{end:?}"),
    }
}

fn reason(end: WriteEnd) -> Code {
    match end {
        WriteEnd::NotWritten { reason } => reason,
        WriteEnd::Written(_) | WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => panic!("{end:?}"),
    }
}

#[tokio::test]
async fn a_purse_is_read_whole() {
    let mut bench = Bench::new(Job::Unload);
    let image = bench.read().await.unwrap();
    assert_eq!(image.family, "tunion-unload");
    assert_eq!(image.card_no.as_str(), "3104999000000000101");
    assert_eq!((image.issuer.as_str(), image.serial.as_str()), ("99993040FFFFFFFF", "4999000000000101"));
    assert_eq!((image.holder_class, image.blank), (2, false));
    assert_eq!(image.valid_until, NaiveDate::from_ymd_opt(2026, 11, 30));
    let purse = image.purse.unwrap();
    assert_eq!((purse.balance, purse.online_counter, purse.offline_counter), (Fen(3650), 1, 0));
    assert_eq!((purse.refund_method, purse.incomplete_trip), (RefundMethod::Unload, false));
    assert_eq!(image.log.len(), 1);
    assert_eq!((image.log[0].sequence, image.log[0].kind, image.log[0].amount), (1, 2, Fen(3650)));
    assert!(bench.keys.asked.is_empty(), "reading needs no key");
}

#[tokio::test]
async fn reading_twice_changes_nothing() {
    for job in JOBS {
        let mut bench = Bench::new(job);
        assert_eq!(bench.read().await, bench.read().await);
    }
}

#[tokio::test]
async fn an_education_card_and_a_blank() {
    let image = Bench::new(Job::Validate).read().await.unwrap();
    assert_eq!((image.family.as_str(), image.holder_class, image.blank), ("education", 2, false));
    assert_eq!((image.card_no.as_str(), image.purse), ("2150999000000001", None));
    let blank = Bench::new(Job::Personalise).read().await.unwrap();
    assert!(blank.blank);
    assert_eq!((blank.card_no.as_str(), blank.serial.as_str()), ("0000000000000000", "2150999000009001"));
    assert_eq!((blank.valid_from, blank.valid_until), (None, None));
}

#[tokio::test]
async fn everything_that_is_no_readable_card_has_its_code() {
    let mut bench = Bench::new(Job::Unload);
    let code = |presence: Presence| ReadEnd::of_presence(&presence).map(|end| end.code());
    assert_eq!(code(bench.reader.presence().await), None);
    bench.tray.take_off();
    assert_eq!(code(bench.reader.presence().await), Some(Code::NoCard));
    bench.tray.put_several();
    assert_eq!(code(bench.reader.presence().await), Some(Code::TwoCards));
    bench.tray.put_mute();
    assert_eq!(code(bench.reader.presence().await), Some(Code::CardMute));
    bench.tray.unplug();
    assert_eq!(code(bench.reader.presence().await), Some(Code::ReaderMissing));
    bench.tray.stop_service();
    assert_eq!(code(bench.reader.presence().await), Some(Code::ReaderServiceDown));
    bench.tray.add("foreign", SimCard::unknown());
    bench.tray.put("foreign");
    assert_eq!(bench.read().await, Err(Code::CardFamilyUnknown));
    bench.tray.put("card");
    bench.tray.plan(1, What::Mute);
    assert_eq!(bench.read().await, Err(Code::CardMute));
    bench.tray.put("card");
    bench.tray.plan(4, What::TearAfter);
    assert_eq!(bench.read().await, Err(Code::CardPulled));
}

#[tokio::test]
async fn a_blocked_application_is_refused_with_its_status() {
    for (block, sw) in [("temporary", "6A81"), ("permanent", "9303")] {
        let mut bench = Bench::new(Job::Unload);
        let text = serde_json::to_string(&bench.tray.card("card").unwrap()).unwrap();
        let blocked = text.replace("\"block\":\"open\"", &format!("\"block\":\"{block}\""));
        assert_ne!(text, blocked);
        bench.tray.add("card", serde_json::from_str(&blocked).unwrap());
        bench.tray.put("card");
        // The clerk sees the very status word; the family stays known.
        bench.reader.connect().await;
        let end =
            desk_card::driver::drive(&mut desk_card::ReadCard::new(&bench.profiles), &mut bench.reader, &mut |_| unreachable!()).await;
        let message = end.unwrap_err().0;
        assert_eq!((message.code, message.params[0].1.as_str()), (Code::CardRefused, sw));
    }
}

#[tokio::test]
async fn an_overdrawn_purse_is_negative_and_a_contradictory_one_is_refused() {
    let mut bench = Bench::new(Job::Unload);
    let text = serde_json::to_string(&bench.tray.card("card").unwrap()).unwrap();
    bench.tray.add("card", serde_json::from_str(&text.replace("\"limit\":0", "\"limit\":4000")).unwrap());
    bench.tray.put("card");
    let image = bench.read().await.unwrap();
    assert_eq!(image.purse.clone().unwrap().balance, Fen(-350));
    let intent = Job::Unload.intent(image);
    assert_eq!(begin(&intent, &bench.profiles).map(|_| ()).unwrap_err().code, Code::AmountInvalid);
    bench.tray.put("card");
    // The fourth balance answers something that the first three exclude.
    bench.tray.plan(5, What::Answer(vec![0, 0, 0x10, 0, 0x90, 0]));
    assert_eq!(bench.read().await, Err(Code::BalanceInconsistent));
}

#[tokio::test]
async fn cards_that_know_less_are_read_all_the_same() {
    let mut bench = Bench::new(Job::Unload);
    let plain = bench.read().await.unwrap();
    bench.tray.with_card("card", |card| card.switches_mut().balance_parts = BalanceParts::Unknown);
    assert_eq!(bench.read().await.unwrap(), plain);
    bench.tray.with_card("card", |card| card.switches_mut().unwritten_record = Unwritten::Zeros);
    assert_eq!(bench.read().await.unwrap(), plain);
}

#[tokio::test]
async fn a_journey_that_was_not_ended_is_seen() {
    let mut bench = Bench::new(Job::Unload);
    bench.tray.with_card("card", |card| card.begin_trip(noon(23)));
    assert!(bench.read().await.unwrap().purse.unwrap().incomplete_trip);
    bench.tray.with_card("card", |card| card.end_trip(noon(23)));
    assert!(!bench.read().await.unwrap().purse.unwrap().incomplete_trip);
}

#[tokio::test]
async fn refunded_topped_up_and_refunded_again() {
    for job in [Job::Unload, Job::Purchase] {
        let mut bench = Bench::new(job);
        for (round, amount) in [(1_u16, None), (2, Some(500)), (3, Some(500))] {
            if let Some(fen) = amount {
                bench.top_up(fen);
                bench.tray.put("card");
            }
            let before = bench.read().await.unwrap();
            let proof = written(bench.write(&job.intent(before)).await);
            let purse = proof.after.purse.unwrap();
            assert_eq!(purse.balance, Fen::ZERO);
            let expected = match job {
                Job::Unload => round * 2,
                Job::Load
                | Job::UnloadPart
                | Job::Purchase
                | Job::Validate
                | Job::HolderClass
                | Job::Holder
                | Job::Personalise
                | Job::Block
                | Job::BlockForGood
                | Job::BlockCard
                | Job::Unblock
                | Job::BlockToRefund => round,
            };
            assert_eq!(proof.counter, Some(expected), "{job:?}");
            let release = bench.keys.record.iter().rev().find_map(|(_, ask)| ReleaseRecord::of(ask)).unwrap();
            let service = KeyService::new(MasterKeys::from_seed(SEED)).unwrap();
            let text = proof.proof.unwrap();
            assert_eq!(service.settles(&release, &text), Ok(true));
            assert_eq!(service.settles(&release, "00000000"), Ok(false));
        }
    }
}

/// The trap: the transaction before had the same amount and type, and its proof still lies on the card.
#[tokio::test]
async fn the_proof_of_the_refund_before_does_not_pass_for_this_one() {
    let mut bench = Bench::new(Job::Unload);
    let before = bench.read().await.unwrap();
    written(bench.write(&Job::Unload.intent(before)).await);
    bench.top_up(3650);
    bench.tray.put("card");
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    let _ = bench.tray.take_sent();
    // Torn on the commit, before the card executed it.
    bench.tray.plan(COMMIT, What::TearBefore);
    assert!(matches!(bench.write(&intent).await, WriteEnd::Unknown { .. }));
    assert_eq!(bench.tray.take_sent().last().map(|command| command[1]), Some(0x54), "the tear was meant for the commit");
    bench.tray.put("card");
    assert_eq!(reason(bench.resolve(&intent).await), Code::CardPulled);
}

#[tokio::test]
async fn without_a_proof_slot_the_log_record_decides() {
    for job in [Job::Unload, Job::Purchase] {
        let mut bench = Bench::new(job);
        bench.tray.with_card("card", |card| card.switches_mut().prove = ProveRule::Missing);
        let intent = job.intent(bench.read().await.unwrap());
        bench.tray.plan(COMMIT, What::TearAfter);
        assert!(matches!(bench.write(&intent).await, WriteEnd::Unknown { .. }));
        bench.tray.put("card");
        let proof = written(bench.resolve(&intent).await);
        assert_eq!(proof.proof, None);
        assert!(!bench.keys.asked.iter().any(|ask| matches!(ask, IssuerRequest::CheckProof { .. })));
    }
}

#[tokio::test]
async fn a_written_end_stands_even_if_the_card_leaves_before_it_is_read_back() {
    let mut bench = Bench::new(Job::Unload);
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    bench.tray.plan(COMMIT + 1, What::TearBefore);
    let proof = written(bench.write(&intent).await);
    assert!(proof.proof.is_some());
    assert_eq!(proof.after.purse.unwrap().balance, Fen::ZERO);
    assert_eq!(proof.after.warnings, [Code::CardPulled]);
}

#[tokio::test]
async fn another_card_is_told_by_both_tails_and_gets_nothing() {
    for job in JOBS {
        let mut bench = Bench::new(job);
        let intent = job.intent(bench.read().await.unwrap());
        bench.tray.put("other");
        let before = bench.tray.card("other").unwrap();
        match bench.write(&intent).await {
            WriteEnd::WrongCard { expected_tail, seen_tail } => {
                assert_ne!(expected_tail, seen_tail, "{job:?}");
                assert_eq!(expected_tail.len(), 4);
            }
            end @ (WriteEnd::Written(_) | WriteEnd::NotWritten { .. } | WriteEnd::Unknown { .. }) => panic!("{job:?}: {end:?}"),
        }
        assert_eq!(before.public_file(), bench.tray.card("other").unwrap().public_file());
        assert!(bench.keys.asked.is_empty(), "{job:?}: no MAC for a wrong card");
    }
}

#[tokio::test]
async fn a_purse_that_moved_since_it_was_read_is_not_touched() {
    for job in [Job::Unload, Job::Purchase] {
        let mut bench = Bench::new(job);
        let intent = job.intent(bench.read().await.unwrap());
        bench.top_up(100);
        bench.tray.put("card");
        assert_eq!(reason(bench.write(&intent).await), Code::CardMovedOn);
        assert!(!bench.keys.record.iter().any(|(who, _)| *who == Who::Desk));
        // Even where the balance came back to the same amount: the counter tells.
        let mut bench = Bench::new(job);
        let intent = job.intent(bench.read().await.unwrap());
        bench.fare(650);
        bench.top_up(650);
        bench.tray.put("card");
        assert_eq!(reason(bench.write(&intent).await), Code::CardMovedOn);
    }
}

#[tokio::test]
async fn refusals_of_card_and_key_service() {
    // The issuer of this card allows no unload after all.
    let mut bench = Bench::new(Job::Unload);
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    bench.tray.with_card("card", |card| *card.switches_mut() = Switches { unload: UnloadRule::Refused, ..Switches::default() });
    assert_eq!(reason(bench.write(&intent).await), Code::RefundUnsupported);
    // The line is down: nothing was released, nothing was written.
    let mut bench = Bench::new(Job::Unload);
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    bench.keys.down = true;
    assert_eq!(reason(bench.write(&intent).await), Code::CentreUnreachable);
    // A card made under other keys: its MAC1 is wrong, so no MAC2 leaves.
    let mut bench = Bench::new(Job::Unload);
    let false_card = SimCard::make(
        &desk_cardsim::Seed(b"another seed".to_vec()),
        &row("tunion-unload", "3104999000000000101", "4999000000000101", 3650),
    );
    bench.tray.add("card", false_card.unwrap());
    bench.tray.put("card");
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    assert_eq!(reason(bench.write(&intent).await), Code::CardMacWrong);
    assert!(!bench.keys.record.iter().any(|(who, _)| *who == Who::Desk));
    // An SM4 card.
    let mut bench = Bench::new(Job::Unload);
    let text = serde_json::to_string(&bench.tray.card("card").unwrap()).unwrap();
    bench.tray.add("card", serde_json::from_str(&text.replace("\"algorithm\":0", "\"algorithm\":4")).unwrap());
    bench.tray.put("card");
    let intent = Job::Unload.intent(bench.read().await.unwrap());
    assert_eq!(reason(bench.write(&intent).await), Code::KeyAlgorithmUnsupported);
}

/// A part is taken off, the rest stays, and nobody takes off more than there is.
#[tokio::test]
async fn a_part_is_unloaded_and_the_rest_stays() {
    let mut bench = Bench::new(Job::UnloadPart);
    let before = bench.read().await.unwrap();
    let proof = written(bench.write(&Job::UnloadPart.intent(before.clone())).await);
    assert_eq!(proof.after.purse.unwrap().balance, Fen(1_650));
    let mut more = Job::UnloadPart.intent(before);
    if let WriteIntent::Unload { amount, .. } = &mut more {
        *amount = Fen(3_651);
    }
    assert_eq!(begin(&more, &bench.profiles).map(|_| ()).unwrap_err().code, Code::AmountInvalid);
}

#[tokio::test]
async fn intents_that_cannot_be() {
    let mut bench = Bench::new(Job::Purchase);
    let purse = bench.read().await.unwrap();
    let refused = |intent: &WriteIntent, bench: &Bench| begin(intent, &bench.profiles).map(|_| ()).unwrap_err().code;
    assert_eq!(refused(&Job::Unload.intent(purse.clone()), &bench), Code::RefundUnsupported);
    assert_eq!(refused(&Job::Validate.intent(purse.clone()), &bench), Code::ProfileMismatch);
    assert_eq!(refused(&Job::Personalise.intent(purse.clone()), &bench), Code::CardNotBlank);
    let mut other = purse.clone();
    other.family = "nothing".to_owned();
    assert_eq!(refused(&Job::Purchase.intent(other), &bench), Code::CardFamilyUnknown);
    let mut bad = Job::Purchase.intent(purse);
    if let WriteIntent::PurchaseOfRest { amount, .. } = &mut bad {
        *amount = Fen(100);
    }
    assert_eq!(refused(&bad, &bench), Code::AmountInvalid, "all or nothing");
}

#[tokio::test]
async fn validation_moves_the_date_and_nothing_else() {
    let mut bench = Bench::new(Job::Validate);
    let before = bench.read().await.unwrap();
    let proof = written(bench.write(&Job::Validate.intent(before.clone())).await);
    assert_eq!(proof.after.valid_until, NaiveDate::from_ymd_opt(2026, 12, 31));
    assert_eq!(desk_card::card::CardImage { valid_until: before.valid_until, ..proof.after }, before);
    assert_eq!(bench.keys.asked.len(), 1);
    let service = KeyService::new(MasterKeys::from_seed(SEED)).unwrap();
    assert_eq!(
        service.line_purpose(&bench.keys.asked[0]),
        Ok(Some(LinePurpose::ValidUntil(NaiveDate::from_ymd_opt(2026, 12, 31).unwrap())))
    );
    // Another machine validated it to a third date meanwhile.
    let stale = WriteIntent::Validate { before, until: NaiveDate::from_ymd_opt(2027, 1, 31).unwrap() };
    assert_eq!(reason(bench.write(&stale).await), Code::CardMovedOn);
}

#[tokio::test]
async fn a_blank_becomes_a_card_that_reads_as_ordered() {
    let mut bench = Bench::new(Job::Personalise);
    let intent = Job::Personalise.intent(bench.read().await.unwrap());
    let proof = written(bench.write(&intent).await);
    assert_eq!((proof.after.card_no.as_str(), proof.after.holder_class, proof.after.blank), ("2150999000000777", 2, false));
    assert_eq!(bench.read().await.unwrap(), proof.after);
    assert_eq!(bench.keys.asked.len(), 3, "dates, class, number");
    // A second intent finds a card, not a blank.
    let mut other = intent.clone();
    if let WriteIntent::Personalise { data, .. } = &mut other {
        data.card_no = desk_card::id::CardNo::new("2150999000000778");
    }
    assert_eq!(reason(bench.write(&other).await), Code::CardNotBlank);
    // And it validates with its own keys.
    let again = WriteIntent::Validate { before: proof.after, until: NaiveDate::from_ymd_opt(2027, 1, 31).unwrap() };
    written(bench.write(&again).await);
}

#[tokio::test]
async fn every_card_of_the_demonstration_can_be_made_and_read() {
    #[derive(serde::Deserialize)]
    struct List {
        card: Vec<desk_cardsim::CardRow>,
    }
    let list: List = toml::from_str(include_str!("../../../../rules/demonstration-cards.toml")).unwrap();
    for row in &list.card {
        let mut bench = Bench::new(Job::Unload);
        bench.tray.add("card", make(row));
        bench.tray.put("card");
        let read = bench.read().await;
        if row.family == "unknown" {
            assert_eq!(read, Err(Code::CardFamilyUnknown), "{}", row.name);
            continue;
        }
        let image = read.unwrap();
        assert_eq!((&image.family, image.card_no.as_str()), (&row.family, row.card_no.as_str()), "{}", row.name);
        assert_eq!((&image.issuer, &image.serial), (&row.issuer, &row.serial), "{}", row.name);
        assert_eq!(image.valid_until.map(|day| day.to_string()).unwrap_or_default(), row.valid_until, "{}", row.name);
        assert_eq!(image.purse.map_or(0, |purse| purse.balance.0), i64::from(row.balance_fen), "{}", row.name);
        assert_eq!(image.blank, row.card_no.chars().all(|digit| digit == '0'), "{}", row.name);
    }
}

/// The commands of the logged public cards: an FCI with filler and a two-byte version, no file behind it.
#[test]
fn an_fci_with_filler_gives_the_number_where_the_file_cannot_be_read() {
    use desk_card::{
        ReadCard,
        link::Answer,
        transaction::{Reply, Step, Transaction},
    };
    let profiles = desk_card::profile::Profiles::built_in().unwrap();
    let mut reading = ReadCard::new(&profiles);
    let public = "99993010FFFFFFFF020103104999000000000555202001012030123100 00".replace(' ', "");
    let mut sent = Vec::new();
    let mut reply = Reply::Begin;
    for _ in 0..60 {
        match reading.step(reply) {
            Step::Send(command) => {
                let text = hex::encode_upper(&command);
                let answer = if text.starts_with("00A4040008A000000632010105") {
                    format!("6F408408A000000632010105A52E9F080200309F0C1E{public}00000000009000")
                } else if text.starts_with("805C0002") {
                    "000000FA9000".to_owned()
                } else if text.starts_with("8050") {
                    "000000FA0007010011223344AABBCCDD9000".to_owned()
                } else {
                    "6A86".to_owned()
                };
                sent.push(text);
                reply = Reply::Card(Answer::Response(hex::decode(answer).unwrap()));
            }
            Step::AskIssuer(_) => panic!("reading asks nobody"),
            Step::Done(end) => {
                let image = end.unwrap();
                assert_eq!(image.card_no.as_str(), "3104999000000000555");
                let purse = image.purse.unwrap();
                assert_eq!((purse.balance, purse.online_counter), (Fen(250), 7));
                return;
            }
        }
    }
    panic!("never ended: {sent:?}");
}

/// An application that is out of use for the time being still tells whose it is; nothing else does.
#[tokio::test]
async fn a_locked_card_tells_its_number() {
    use desk_card::{ReadLocked, card::BlockState};
    for (job, number) in
        [(Job::BlockToRefund, "3104999000000000303"), (Job::Unload, "3104999000000000101"), (Job::Validate, "2150999000000001")]
    {
        for (state, told) in
            [(BlockState::Open, None), (BlockState::Temporary, Some(number)), (BlockState::Permanent, None), (BlockState::Card, None)]
        {
            let mut bench = Bench::new(job);
            bench.tray.with_card("card", |card| card.set_block(state));
            bench.reader.connect().await;
            let keys = &mut bench.keys;
            let seen =
                desk_card::driver::drive(&mut ReadLocked::new(&bench.profiles), &mut bench.reader, &mut |ask| keys.answer(ask)).await;
            assert_eq!(seen.as_ref().map(|number| number.as_str()), told, "{job:?} {state:?}");
        }
    }
}
