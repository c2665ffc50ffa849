//! The encrypted store under faults: what does not open and why, kills in the middle, and system calls that fail.
#![expect(clippy::unwrap_used, reason = "a test ends where its preparations fail")]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use desk_app::ports::{Period, Store};
use desk_domain::{case::LineMode, code::Code, journal};
use desk_store::{OpenFailure, SqliteStore, StoreKey};
use desk_testkit::{
    entropy::Seeded,
    stations::{business_day, draw_case, money_row, opening, plain_row, station},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use zeroize::Zeroizing;

const WORKER: &str = env!("CARGO_BIN_EXE_store-worker");

fn key(byte: u8) -> StoreKey {
    StoreKey(Zeroizing::new([byte; 32]))
}

async fn open(file: &Path) -> Result<SqliteStore, OpenFailure> {
    SqliteStore::open(file, &key(7), &station(), Box::new(Seeded::new(2))).await
}

/// A store with a case, money and a loose row.
async fn filled(folder: &Path) -> PathBuf {
    let file = folder.join("journal.db");
    let mut store = SqliteStore::create(&file, &key(7), &station(), Box::new(Seeded::new(1))).await.unwrap();
    let case = store.open_case(opening(&station(), draw_case(&mut Seeded::new(3)), LineMode::Online)).await.unwrap();
    for turn in 0..5 {
        let rows = vec![money_row(&station(), Some(case.id), 100 + turn, "甲乙丙"), plain_row(None, "line.lost", "{}")];
        store.append(rows, None).await.unwrap();
    }
    store.close().await.unwrap();
    file
}

/// Changes the file with its own key, as somebody with the key or a fault below the cipher would.
async fn tamper(file: &Path, statements: &[&'static str]) {
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(file)
        .pragma("key", format!("\"x'{}'\"", "07".repeat(32)))
        .foreign_keys(false)
        .connect()
        .await
        .unwrap();
    for trigger in ["journal_keeps_rows", "journal_keeps_headers", "journal_only_forgets"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&mut connection).await.unwrap();
    }
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_does_not_open_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let station = station();
    assert_eq!(open(&file).await.err(), Some(OpenFailure::Missing));
    assert!(!file.exists(), "opening makes no file");
    let file = filled(folder.path()).await;
    // Never a new key over an existing store.
    let over = SqliteStore::create(&file, &key(8), &station, Box::new(Seeded::new(1))).await;
    assert_eq!(over.err(), Some(OpenFailure::Exists));
    let wrong = SqliteStore::open(&file, &key(8), &station, Box::new(Seeded::new(1))).await;
    assert_eq!(wrong.err(), Some(OpenFailure::WrongKey));
    let mut next_generation = station.clone();
    next_generation.generation = 2;
    let other = SqliteStore::open(&file, &key(7), &next_generation, Box::new(Seeded::new(1))).await;
    assert_eq!(other.err(), Some(OpenFailure::OtherStation));
    let held = open(&file).await.unwrap();
    assert_eq!(open(&file).await.err(), Some(OpenFailure::InUse));
    held.close().await.unwrap();
    tamper(
        &file,
        &["INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', 1, x'00', 0)"],
    )
    .await;
    assert_eq!(open(&file).await.err(), Some(OpenFailure::Newer { version: 99 }));
    let codes =
        [OpenFailure::Missing, OpenFailure::WrongKey, OpenFailure::InUse, OpenFailure::Newer { version: 99 }].map(|failure| failure.code());
    assert_eq!(codes, [Code::StoreMissing, Code::StoreKeyWrong, Code::StoreInUse, Code::StoreNewer]);
}

#[tokio::test]
async fn every_change_behind_the_journals_back_is_found() {
    for (name, statement) in [
        ("kind", "UPDATE journal SET kind = 'fact.other' WHERE sequence = 4"),
        ("amount", "UPDATE journal SET postings = replace(postings, '101', '102') WHERE sequence = 4"),
        ("time", "UPDATE journal SET at_micros = at_micros + 1 WHERE sequence = 1"),
        ("payload", "UPDATE journal SET sealed = zeroblob(length(sealed)) WHERE sequence = 3"),
        ("row taken out", "DELETE FROM journal WHERE sequence = 5"),
        ("last row taken out", "DELETE FROM journal WHERE sequence = 11"),
        ("last row changed", "UPDATE journal SET kind = 'x' WHERE sequence = 11"),
        ("last row and its hash", "UPDATE journal SET kind = 'x', hash = 'x' WHERE sequence = 11"),
        ("projected amount", "UPDATE postings SET amount = amount + 1 WHERE sequence = 2 AND line = 0"),
        ("projected day", "UPDATE postings SET day = '2026-11-25' WHERE sequence = 2"),
        ("posting lost", "DELETE FROM postings WHERE sequence = 10 AND line = 1"),
        ("posting invented", "INSERT INTO postings VALUES (11, 0, '2026-11-24', '{}', 5)"),
        ("case lost", "DELETE FROM cases"),
        ("case renumbered", "UPDATE cases SET header = replace(header, '0001', '0009')"),
        ("key lost", "DELETE FROM case_keys WHERE owner = (SELECT case_id FROM cases)"),
        ("ending without a row", "UPDATE cases SET ended_by = 3, ending = '{\"ending\":\"done\"}'"),
        ("head", "UPDATE position SET head_sequence = 10"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = filled(folder.path()).await;
        tamper(&file, &[statement]).await;
        let failure = open(&file).await.err().unwrap_or_else(|| panic!("{name} was not noticed"));
        assert_eq!(failure.code(), Code::JournalBroken, "{name}: {failure}");
    }
    // The same way in and out without a change is no damage.
    let folder = tempfile::tempdir().unwrap();
    let file = filled(folder.path()).await;
    tamper(&file, &[]).await;
    assert!(open(&file).await.is_ok());
}

#[tokio::test]
async fn nothing_can_be_read_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let mut store = SqliteStore::create(&file, &key(7), &station(), Box::new(Seeded::new(1))).await.unwrap();
    store.append(vec![plain_row(None, "canary.kind", "canary-payload-3104888877776666")], None).await.unwrap();
    let log = std::fs::read(folder.path().join("journal.db-wal")).unwrap();
    store.close().await.unwrap();
    let main = std::fs::read(&file).unwrap();
    assert!(!main.starts_with(b"SQLite format 3"));
    for canary in ["canary-payload", "canary.kind", "DEMO", "desk-1"] {
        for bytes in [&main, &log] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{canary}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_a_code_and_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    let file = filled(folder.path()).await;
    let before = std::fs::metadata(&file).unwrap().len();
    let mut store = open(&file).await.unwrap();
    let head = store.head().await.unwrap();
    // More than the page cache and the log hold, so that the limit bites in the middle of the transaction.
    let failure = limited(&file, store).await;
    assert_eq!(failure, Code::StoreBroken);
    let mut store = open(&file).await.unwrap();
    assert_eq!(store.head().await.unwrap(), head);
    assert!(std::fs::metadata(&file).unwrap().len() <= before + 4096);
    store.append(vec![plain_row(None, "line.back", "{}")], None).await.unwrap();
}

/// Runs one append with no page left and answers its code.
async fn limited(file: &Path, store: SqliteStore) -> Code {
    store.close().await.unwrap();
    let mut store = open(file).await.unwrap();
    store.limit_pages().await.unwrap();
    let rows = (0..200).map(|_| plain_row(None, "line.lost", &"x".repeat(500))).collect();
    let failure = store.append(rows, None).await.unwrap_err();
    // The head in memory is not believed after a failure.
    assert_eq!(store.loose(business_day()).await.unwrap().len(), 5);
    store.close().await.unwrap();
    failure.code
}

/// What a worker said before it ended.
struct Said {
    acknowledged: u64,
    failed: Option<String>,
}

fn listen(reader: impl BufRead, stop_after: usize) -> Said {
    let mut said = Said { acknowledged: 0, failed: None };
    for (number, line) in reader.lines().map_while(Result::ok).enumerate() {
        if let Some(sequence) = line.strip_prefix("ack ") {
            said.acknowledged = sequence.parse().unwrap();
        } else if let Some(code) = line.strip_prefix("failed ") {
            said.failed = Some(code.to_owned());
        }
        if number >= stop_after {
            break;
        }
    }
    said
}

/// The chain verifies, every acknowledged row is there, no commit is there in half, and the money is in balance.
async fn check(file: &Path, said: &Said) -> u64 {
    let mut store = open(file).await.unwrap();
    let (head, _) = store.head().await.unwrap();
    assert!(head >= said.acknowledged, "row {} was acknowledged, {head} is there", said.acknowledged);
    let batch = store.next_batch(100_000).await.unwrap();
    let rows = batch.map(|batch| batch.rows).unwrap_or_default();
    let (sequence, _) = journal::verify((0, journal::genesis()), rows.iter().map(|row| &row.header)).unwrap();
    assert_eq!(sequence, head);
    let of = |kind: &str| rows.iter().filter(|row| row.header.kind == kind).count();
    assert_eq!(of("fact.money"), of("intent.next"), "a commit is whole or absent");
    let movements = store.movements(Period { day: business_day() }).await.unwrap();
    assert_eq!(movements.len(), 2 * of("fact.money"));
    assert_eq!(movements.iter().map(|movement| movement.posting.amount.0).sum::<i64>(), 0);
    let cases = store.cases_of(business_day()).await.unwrap();
    let mut numbers: Vec<_> = cases.iter().map(|(header, _)| header.number.clone()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), cases.len());
    assert_eq!(of("opened"), cases.len());
    store.close().await.unwrap();
    head
}

/// `kill -9` in the middle of appends, again and again on the same file.
#[tokio::test]
async fn kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = filled_by_worker(folder.path());
    let mut chance = Seeded::new(20_261_124);
    let mut before = check(&file, &Said { acknowledged: 0, failed: None }).await;
    for round in 0..20_u64 {
        let seed = 100 + round;
        let mut worker =
            Command::new(WORKER).arg(&file).args([&seed.to_string(), "open", "100000"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut reader = BufReader::new(worker.stdout.take().unwrap());
        let lines = usize::try_from(2 + chance.below(40)).unwrap();
        let heard = listen(&mut reader, lines);
        worker.kill().unwrap();
        // What it still managed to say before it died counts as well.
        let rest = listen(reader, usize::MAX);
        worker.wait().unwrap();
        let said = Said { acknowledged: heard.acknowledged.max(rest.acknowledged), failed: None };
        let head = check(&file, &said).await;
        assert!(head > before);
        before = head;
    }
}

fn filled_by_worker(folder: &Path) -> PathBuf {
    let file = folder.join("journal.db");
    let made = Command::new(WORKER).arg(&file).args(["1", "create", "3"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    file
}

fn strace_is_missing(check: &str) -> bool {
    let works = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).status();
    if works.is_ok_and(|status| status.success()) {
        return false;
    }
    // Past the capture of the test harness.
    let _ = writeln!(std::io::stderr(), "SKIPPED desk-testkit {check}: strace is missing or may not trace");
    true
}

/// Runs a worker under strace with one fault and answers what it said and whether the fault came.
fn with_fault(file: &Path, folder: &Path, fault: &str) -> (Said, bool) {
    let log = folder.join("strace.log");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .args(["-e", "trace=pwrite64,fdatasync,fsync,ftruncate", "-e", &format!("inject={fault}"), "--", WORKER])
        .arg(file)
        .args(["500", "open", "3"])
        .output()
        .unwrap();
    let came = std::fs::read_to_string(&log).unwrap_or_default().contains("(INJECTED)");
    (listen(BufReader::new(&output.stdout[..]), usize::MAX), came)
}

/// The N-th write and the N-th sync fail, once and ever after, N = 1, 2, 3 … until a run ends without a fault.
#[tokio::test]
async fn every_failing_system_call_is_a_code_and_nothing_half() {
    if strace_is_missing("failing writes and syncs of the store") {
        return;
    }
    let (mut points, mut failed) = (0, 0);
    for (call, error, ever_after) in
        [("pwrite64", "EIO", ""), ("pwrite64", "ENOSPC", "+"), ("fdatasync", "EIO", ""), ("fdatasync", "EIO", "+")]
    {
        for at in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let file = filled_by_worker(folder.path());
            let (said, came) = with_fault(&file, folder.path(), &format!("{call}:error={error}:when={at}{ever_after}"));
            check(&file, &said).await;
            if !came {
                assert!(said.failed.is_none());
                break;
            }
            points += 1;
            if let Some(code) = said.failed {
                assert_eq!(code, "STORE_BROKEN", "{call} {at}");
                failed += 1;
            }
            assert!(at < 200, "no end of faults");
        }
    }
    let _ = writeln!(std::io::stderr(), "points {points}, refused {failed}, violations 0");
    assert!(points >= 20 && failed >= 16, "{points} points, {failed} refused");
}

/// One append costs one sync: sixty more appends, sixty more syncs.
#[test]
fn one_append_is_one_sync() {
    if strace_is_missing("syncs of an append") {
        return;
    }
    let syncs = |count: u32| {
        let folder = tempfile::tempdir().unwrap();
        let file = filled_by_worker(folder.path());
        let log = folder.path().join("strace.log");
        let ran = Command::new("strace")
            .args(["-f", "-qq", "-o"])
            .arg(&log)
            .args(["-e", "trace=fdatasync,fsync,sync_file_range", "--", WORKER])
            .arg(&file)
            .args(["9", "open", &count.to_string()])
            .output()
            .unwrap();
        assert!(ran.status.success());
        std::fs::read_to_string(&log).unwrap().lines().filter(|line| line.contains("sync")).count()
    };
    assert_eq!(syncs(70) - syncs(10), 60);
}
