//! What runs inside `scripts/isolated`.

mod card;
mod daemon;
mod pins;
mod writes;

use std::time::Duration;

use card::{Fault, TestCard, put, reader_port, second_port};
use daemon::Pcscd;
use desk_card::link::{Answer, CardReader, Presence};
use desk_reader::{PcscReader, ReaderConfig};

const LONG: Duration = Duration::from_secs(8);
const BALANCE: [u8; 5] = [0x80, 0x5C, 0x00, 0x02, 0x04];
const DEBIT: [u8; 5] = [0x80, 0x54, 0x01, 0x00, 0x00];
const ECHO: [u8; 5] = [0x80, 0xCA, 0x00, 0x00, 0x20];

fn first_slot() -> ReaderConfig {
    ReaderConfig { only: vec!["Virtual PCD 00 00".to_owned()], ..ReaderConfig::default() }
}

/// Virtual readers are taken only where they are named.
fn every_slot() -> ReaderConfig {
    ReaderConfig { only: vec!["Virtual PCD".to_owned()], ..ReaderConfig::default() }
}

fn start(config: ReaderConfig) -> PcscReader {
    PcscReader::start(config).expect("reader starts")
}

/// Waits until `wanted` is seen, through however many changes.
async fn until(reader: &mut PcscReader, wanted: impl Fn(&Presence) -> bool) -> Presence {
    let mut now = reader.presence().await;
    for _ in 0..40 {
        if wanted(&now) {
            return now;
        }
        now = reader.changed(Duration::from_millis(500)).await;
    }
    panic!("not seen within 20 s; at last {now:?}");
}

fn is_card(presence: &Presence) -> bool {
    matches!(presence, Presence::Card { .. })
}

fn is_empty(presence: &Presence) -> bool {
    *presence == Presence::Empty
}

async fn balance(reader: &mut PcscReader) -> u32 {
    match reader.transmit(&BALANCE).await {
        Answer::Response(data) => u32::from_be_bytes(data[..4].try_into().expect("four bytes")),
        Answer::Lost => panic!("balance lost"),
    }
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn card_on_and_off() {
    let mut reader = start(first_slot());
    assert_eq!(until(&mut reader, is_empty).await, Presence::Empty);
    assert_eq!(reader.connect().await, Presence::Empty, "nothing to connect to");
    assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost, "no session");

    let card = TestCard::new();
    for _ in 0..3 {
        let there = put(reader_port(), &card);
        let atr = card.atr_bytes();
        assert_eq!(reader.changed(LONG).await, Presence::Card { atr: atr.clone() });
        assert_eq!(reader.connect().await, Presence::Card { atr });
        assert_eq!(balance(&mut reader).await, 10_000);
        reader.disconnect().await;
        drop(there);
        assert_eq!(until(&mut reader, is_empty).await, Presence::Empty);
    }
    let quiet = tokio::time::Instant::now();
    assert_eq!(reader.changed(Duration::from_millis(300)).await, Presence::Empty);
    assert!(quiet.elapsed() >= Duration::from_millis(290), "patience is kept");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn swap_is_a_change() {
    let mut reader = start(first_slot());
    let first = TestCard::new();
    let second = TestCard::new();
    second.set_balance(77);
    let there = put(reader_port(), &first);
    until(&mut reader, is_card).await;
    reader.connect().await;
    assert_eq!(balance(&mut reader).await, 10_000);
    drop(there);
    until(&mut reader, is_empty).await;
    let _there = put(reader_port(), &second);
    until(&mut reader, is_card).await;
    assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost, "the session was the first card's");
    assert!(is_card(&reader.connect().await));
    assert_eq!(balance(&mut reader).await, 77);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn commands_and_sessions() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    for round in 0..3 {
        assert!(is_card(&reader.connect().await));
        assert_eq!(reader.transmit(&[0x00, 0x99, 0, 0]).await, Answer::Response(vec![0x6D, 0x00]));
        assert_eq!(reader.transmit(&DEBIT).await, Answer::Response(vec![0x90, 0x00]));
        assert_eq!(balance(&mut reader).await, 10_000 - 100 * (round + 1));
        let Answer::Response(echo) = reader.transmit(&ECHO).await else {
            panic!("echo lost");
        };
        assert_eq!(echo.len(), 0x22);
        let resets = card.resets();
        reader.disconnect().await;
        assert!(card.resets() > resets, "volatile state ends with the session");
        assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost, "session has ended");
    }
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn tear_before_and_after_execution() {
    for (fault, left) in [(Fault::TearBefore, 10_000), (Fault::TearAfter, 9_900)] {
        let mut reader = start(first_slot());
        let card = TestCard::new();
        let there = put(reader_port(), &card);
        until(&mut reader, is_card).await;
        reader.connect().await;
        card.next_debit(fault);
        assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
        assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost, "the session has ended");
        drop(there);
        until(&mut reader, is_empty).await;
        // The card comes back: its own memory says what happened.
        let there = put(reader_port(), &card);
        until(&mut reader, is_card).await;
        assert!(is_card(&reader.connect().await));
        assert_eq!(balance(&mut reader).await, left, "{fault:?}");
        drop(there);
        until(&mut reader, is_empty).await;
        reader.close().await;
    }
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn short_answer_is_lost() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    card.next_debit(Fault::OneByte);
    assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
    assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost);
    assert!(is_card(&reader.connect().await), "the card is still there");
    assert_eq!(balance(&mut reader).await, 9_900);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn silent_card_times_out_and_the_reader_recovers() {
    let mut reader = start(ReaderConfig { command_limit: Duration::from_millis(400), ..first_slot() });
    let card = TestCard::new();
    let there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    card.next_debit(Fault::Silent);
    let asked = tokio::time::Instant::now();
    assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
    assert!(asked.elapsed() < Duration::from_secs(2), "the desk does not hang");
    assert_eq!(reader.hanging(), 1, "the driver does");
    assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost);

    drop(there);
    until(&mut reader, is_empty).await;
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    assert!(is_card(&reader.connect().await), "a new session with the card that came back");
    assert_eq!(balance(&mut reader).await, 9_900);
    for _ in 0..100 {
        if reader.hanging() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(reader.hanging(), 0, "the abandoned session ended when the driver let go");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn many_silent_cards_do_not_pile_up() {
    let mut reader =
        start(ReaderConfig { command_limit: Duration::from_millis(50), connect_limit: Duration::from_millis(50), ..first_slot() });
    let card = TestCard::new();
    let there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    card.next_debit(Fault::Silent);
    assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
    for _ in 0..30 {
        assert_eq!(reader.connect().await, Presence::Mute);
    }
    assert!(reader.hanging() <= 8, "{} sessions hang", reader.hanging());
    drop(there);
    until(&mut reader, is_empty).await;
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    for _ in 0..50 {
        if is_card(&reader.connect().await) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(balance(&mut reader).await, 9_900);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn mute_card() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    card.set_mute(true);
    let there = put(reader_port(), &card);
    assert_eq!(until(&mut reader, |seen| *seen == Presence::Mute).await, Presence::Mute);
    assert_eq!(reader.connect().await, Presence::Mute);
    drop(there);
    until(&mut reader, is_empty).await;
    card.set_mute(false);
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    assert!(is_card(&reader.connect().await));
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn cards_on_two_readers() {
    let mut reader = start(every_slot());
    let first = TestCard::new();
    let second = TestCard::new();
    second.set_balance(5);
    let there = put(reader_port(), &first);
    until(&mut reader, is_card).await;
    let _other = put(second_port(), &second);
    until(&mut reader, |seen| *seen == Presence::Several).await;
    assert_eq!(reader.connect().await, Presence::Several, "nobody can tell which is meant");
    drop(there);
    until(&mut reader, is_card).await;
    assert!(is_card(&reader.connect().await), "the case goes on at the other reader");
    assert_eq!(balance(&mut reader).await, 5);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn filter_leaves_a_slot_out() {
    let mut reader = start(first_slot());
    let mut nothing = start(ReaderConfig { only: vec!["No such reader".to_owned()], ..ReaderConfig::default() });
    let card = TestCard::new();
    let _there = put(second_port(), &card);
    let mut both = start(every_slot());
    until(&mut both, is_card).await;
    assert_eq!(reader.presence().await, Presence::Empty);
    assert_eq!(nothing.presence().await, Presence::NoReader);
    assert_eq!(nothing.connect().await, Presence::NoReader);
    reader.close().await;
    both.close().await;
    nothing.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn service_restarts() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    assert_eq!(balance(&mut reader).await, 10_000);
    let mut services = Vec::new();
    for _ in 0..2 {
        Pcscd::kill();
        assert_eq!(until(&mut reader, |seen| *seen == Presence::NoService).await, Presence::NoService);
        assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost);
        assert_eq!(reader.connect().await, Presence::NoService);
        let service = Pcscd::start();
        until(&mut reader, is_empty).await;
        let _there = put(reader_port(), &card);
        until(&mut reader, is_card).await;
        assert!(is_card(&reader.connect().await));
        assert_eq!(balance(&mut reader).await, 10_000);
        services.push(service);
    }
    drop(there);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn service_dies_within_a_command() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    card.next_debit(Fault::Slow(Duration::from_millis(700)));
    let killer = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(200));
        Pcscd::kill();
    });
    assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
    killer.join().expect("killed");
    until(&mut reader, |seen| *seen == Presence::NoService).await;
    let _daemon = Pcscd::start();
    until(&mut reader, is_empty).await;
    let _again = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    assert!(is_card(&reader.connect().await));
    assert_eq!(balance(&mut reader).await, 9_900, "the card had executed it");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn no_service_at_start() {
    Pcscd::kill();
    let mut reader = start(first_slot());
    assert_eq!(reader.presence().await, Presence::NoService);
    assert_eq!(reader.connect().await, Presence::NoService);
    let _daemon = Pcscd::start();
    until(&mut reader, is_empty).await;
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn idle_session_ends() {
    let mut reader = start(ReaderConfig { idle_limit: Duration::from_millis(200), ..first_slot() });
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    assert_eq!(balance(&mut reader).await, 10_000);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(card::share(pcsc::ShareMode::Exclusive), Ok(()), "the card is free for others");
    assert_eq!(reader.transmit(&DEBIT).await, Answer::Lost);
    assert!(is_card(&reader.connect().await));
    assert_eq!(balance(&mut reader).await, 10_000, "nothing was sent");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn cancelled_command_does_not_answer_the_next() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    card.next_debit(Fault::Slow(Duration::from_millis(300)));
    let given_up = tokio::time::timeout(Duration::from_millis(50), reader.transmit(&DEBIT)).await;
    assert!(given_up.is_err());
    assert_eq!(reader.transmit(&BALANCE).await, Answer::Lost, "not the answer of the debit");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(is_card(&reader.connect().await));
    assert_eq!(balance(&mut reader).await, 9_900);
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn another_program_on_the_card() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;

    let other = card::hold(pcsc::ShareMode::Shared);
    assert!(is_card(&reader.connect().await), "shared with a program that was first");
    assert_eq!(balance(&mut reader).await, 10_000);
    reader.disconnect().await;
    drop(other);

    assert!(is_card(&reader.connect().await));
    assert_eq!(card::share(pcsc::ShareMode::Shared), Err(pcsc::Error::SharingViolation), "alone with the card within a session");
    reader.disconnect().await;
    assert_eq!(card::share(pcsc::ShareMode::Shared), Ok(()), "free between sessions");

    let _other = card::hold(pcsc::ShareMode::Exclusive);
    assert_eq!(reader.connect().await, Presence::InUse, "somebody else holds it alone");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn close_is_clean() {
    for _ in 0..10 {
        let mut reader = start(first_slot());
        until(&mut reader, is_empty).await;
        let closing = tokio::time::Instant::now();
        reader.close().await;
        assert!(closing.elapsed() < Duration::from_millis(1500), "{:?}", closing.elapsed());
    }
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    assert!(threads < 12, "{threads} threads are left");
    drop(start(first_slot()));
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn commands_are_not_slowed_down() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    reader.connect().await;
    let begun = tokio::time::Instant::now();
    for _ in 0..500 {
        assert!(matches!(reader.transmit(&ECHO).await, Answer::Response(_)));
    }
    let each = begun.elapsed() / 500;
    // One delayed acknowledgement alone would be 40 ms.
    assert!(each < Duration::from_millis(15), "{each:?} for each command");
    reader.close().await;
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn keeps_its_own_card() {
    let mut reader = start(first_slot());
    let card = TestCard::new();
    let mine = 1_000 + std::process::id();
    card.set_balance(mine);
    let _there = put(reader_port(), &card);
    until(&mut reader, is_card).await;
    for _ in 0..10 {
        assert!(is_card(&reader.connect().await));
        assert_eq!(balance(&mut reader).await, mine);
        reader.disconnect().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reader.close().await;
}
