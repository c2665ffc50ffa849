//! The centre as those meet it who run it: rights in the database, limits at the door, readiness, metrics, an end that
//! loses nothing.

use std::collections::BTreeSet;

use chrono::Duration;
use desk_centre::{
    backup, evidence, open,
    store::rights::{Access, TABLES},
};
use desk_domain::{
    id::{Id128, OperatorId},
    journal::{RowHeader, genesis, payload_hash},
    money::Fen,
    posting::{Account, Balanced},
};
use desk_wire::{
    export::Check,
    v1::{Reply, Request, Row},
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    cluster,
    counter::{Counter, date, refunded},
};

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned)).unwrap_or_else(|| error.to_string())
}

/// "insufficient_privilege", said by a right or by a trigger.
const NO_RIGHT: &str = "42501";

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_added_and_never_changed() {
    let Some(counter) = Counter::open("evidence_is_added_and_never_changed").await else {
        return;
    };
    let card = counter.read("purse-unload").await;
    assert!(matches!(refunded(&counter, 1, &card).await, Reply::Confirmed { .. }));
    let owner = PgPool::connect(counter.config().database_owner.as_ref().unwrap()).await.unwrap();
    let serving = PgPool::connect(&counter.config().database).await.unwrap();

    let rows = sqlx::query_scalar::<_, String>(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let there: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    assert_eq!(there, known, "every table has its rights in store/rights.rs");

    let mut tried = 0;
    for (table, access) in TABLES {
        let column: String = sqlx::query_scalar(
            "SELECT column_name::text FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position LIMIT 1",
        )
        .bind(table)
        .fetch_one(&owner)
        .await
        .unwrap();
        let mut forbidden = vec![format!("TRUNCATE {table}"), format!("DROP TABLE {table}"), format!("ALTER TABLE {table} ADD x INT")];
        match access {
            Access::Append => forbidden.extend([format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")]),
            Access::Keep => forbidden.push(format!("DELETE FROM {table}")),
            Access::Pass => {}
        }
        for sql in forbidden {
            let refused = sqlx::query(AssertSqlSafe(sql.clone())).execute(&serving).await.unwrap_err();
            assert_eq!(code(&refused), NO_RIGHT, "{sql}");
            tried += 1;
        }
    }
    println!("rights: {} tables, {tried} forbidden statements refused", TABLES.len());

    // The owner itself is held by triggers.
    for sql in [
        "UPDATE postings SET amount = amount + 1",
        "DELETE FROM postings",
        "TRUNCATE postings",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "UPDATE journal SET kind = 'other'",
        "UPDATE journal SET sealed = '00'",
    ] {
        let changed = sqlx::query(sql).execute(&owner).await;
        match changed {
            Err(refused) => assert_eq!(code(&refused), NO_RIGHT, "{sql}"),
            Ok(done) => assert!(sql.contains("journal") && done.rows_affected() == 0, "{sql} changed {} rows", done.rows_affected()),
        }
    }
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_starts_on_its_own_tables_only() {
    let Some(counter) = Counter::open("a_centre_starts_on_its_own_tables_only").await else {
        return;
    };
    let owner = PgPool::connect(counter.config().database_owner.as_ref().unwrap()).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 9000 WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .execute(&owner)
        .await
        .unwrap();
    let newer = desk_centre::open::server(counter.config()).await.err().unwrap().to_string();
    assert!(newer.contains("newer version"), "{newer}");
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9000").execute(&owner).await.unwrap();
    let older = desk_centre::open::server(counter.config()).await.err().unwrap().to_string();
    assert!(older.contains("run `desk-centre migrate`"), "{older}");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_asks_too_much_is_turned_away_and_let_in_again() {
    let limits = "[limits]\ndesk_per_second = 20\ndesk_burst = 20\nenrol_per_minute = 3";
    let Some(counter) = Counter::limited("a_desk_that_asks_too_much_is_turned_away_and_let_in_again", limits).await else {
        return;
    };
    let mut turned_away = 0;
    for _ in 0..60 {
        let body = serde_json::to_vec(&counter.envelope(Request::Ping)).unwrap();
        match counter.raw("/v1/request", body).await {
            200 => {}
            429 => turned_away += 1,
            status => panic!("{status}"),
        }
    }
    assert!(turned_away > 0, "nothing was turned away");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(counter.ask(Request::Ping).await, Reply::Pong { published: 0 });
    // A code is not guessed by trying: the counter itself has enrolled once.
    let mut refused = 0;
    for seed in 50..56 {
        if counter.enrol("0000-0000-0000-0000", seed).await.is_err_and(|code| code != desk_domain::code::Code::EnrolRefused) {
            refused += 1;
        }
    }
    assert_eq!(refused, 4);
    let (_, text) = counter.page("/metrics").await;
    assert!(text.contains("carddesk_centre_turned_away_total{why=\"desk\"}"), "{text}");
    assert!(text.contains("carddesk_centre_turned_away_total{why=\"enrolments\"} 4"), "{text}");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_run_it_see_whether_it_can_work() {
    let Some(counter) = Counter::open("those_who_run_it_see_whether_it_can_work").await else {
        return;
    };
    let totals = Request::DayTotals { outlet: counter.outlet(), day: date("2026-11-24"), device: None };
    assert!(matches!(counter.ask(totals).await, Reply::DayTotals { .. }));
    assert_eq!(counter.page("/live").await.0, 200);
    assert_eq!(counter.page("/ready").await.0, 200);
    let (status, text) = counter.page("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "carddesk_centre_requests_total{request=\"sign_in\",result=\"ok\"} 1",
        "carddesk_centre_requests_total{request=\"day_totals\",result=\"ok\"} 1",
        "carddesk_centre_request_seconds_count 2",
        "carddesk_centre_database_connections",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    // Labels name requests and codes, nobody.
    for private in ["1001", "DEMO", counter.outlet().as_str()] {
        assert!(!text.contains(private), "{private} in metrics");
    }
    counter.close().await;
}

/// Rows `from..=to` of the counter's journal; each moves one yuan, each third belongs to a case.
fn rows(counter: &Counter, after: (u64, String), to: u64) -> Vec<Row> {
    let (station, outlet) = (counter.station(), counter.outlet());
    let (from, mut previous) = after;
    (from + 1..=to)
        .map(|sequence| {
            let sealed = format!("sealed {sequence}").into_bytes();
            let till = Account::Till { outlet: outlet.clone(), operator: OperatorId::new("1001") };
            let header = RowHeader {
                cell: station.cell.clone(),
                device: station.device.clone(),
                generation: station.generation,
                sequence,
                at: counter.now() - Duration::days(400 - i64::try_from(sequence).unwrap()),
                case: (sequence % 3 == 0).then(|| Id128([u8::try_from(sequence / 6).unwrap(); 16])),
                kind: "opened".to_owned(),
                code: None,
                postings: Balanced::transfer(Account::Vault { outlet: outlet.clone() }, till, Fen(100)),
                payload_hash: payload_hash(&sealed),
                previous: previous.clone(),
            };
            previous = header.hash();
            Row { header, sealed: hex::encode(sealed) }
        })
        .collect()
}

fn head(rows: &[Row]) -> (u64, String) {
    rows.last().map(|row| (row.header.sequence, row.header.hash())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_checked_exported_forgotten_backed_up_and_restored() {
    let Some(counter) = Counter::open("a_journal_is_checked_exported_forgotten_backed_up_and_restored").await else {
        return;
    };
    let first = rows(&counter, (0, genesis()), 30);
    let second = rows(&counter, head(&first), 50);
    for part in [first, second] {
        let reply = counter.ask(Request::Upload { batch: counter.batch(part) }).await;
        assert!(matches!(reply, Reply::Uploaded { .. }), "{reply:?}");
    }
    let owner = open::owner(counter.config()).await.unwrap();
    let sound = evidence::verify(&owner).await.unwrap();
    let [one] = sound.as_slice() else { panic!("{sound:?}") };
    assert_eq!((one.rows, one.forgotten, one.heads, one.unsigned, one.moved), (50, 0, 2, 0, Fen(5000)));

    // A young payload is not forgotten, an old one is, and the chain stands.
    let today = date("2026-11-24");
    let young = evidence::forget(&owner, date("2026-06-01"), today).await.unwrap_err().to_string();
    assert!(young.contains("2026-05-24"), "{young}");
    // Row 20 is the day 380 days ago; of its neighbours those go whose case ends before it.
    let before = today - Duration::days(380);
    let gone = evidence::forget(&owner, before, today).await.unwrap();
    assert!((15..20).contains(&gone), "{gone}");
    assert_eq!(evidence::forget(&owner, before, today).await.unwrap(), 0);
    let sound = evidence::verify(&owner).await.unwrap();
    assert_eq!((sound[0].rows, sound[0].forgotten), (50, gone));

    let folder = tempfile::tempdir().unwrap();
    let files = evidence::export(&owner, folder.path()).await.unwrap();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let mut check = Check::default();
    text.lines().try_for_each(|line| check.line(line)).unwrap();
    assert_eq!(check.end().unwrap(), sound[0]);

    // Backup, and restore into a database of its own: the same journal, the same ledger; a second time it is refused.
    let file = folder.path().join("centre.backup");
    backup::backup(counter.config().owner_url(), &file).await.unwrap();
    let empty = cluster::database().await.unwrap();
    assert_eq!(backup::restore(&empty, &file).await.unwrap(), 50);
    let again = backup::restore(&empty, &file).await.unwrap_err().to_string();
    assert!(again.contains("tables already"), "{again}");
    let restored = desk_centre::store::Postgres::connect(&empty, 2).await.unwrap();
    assert_eq!(evidence::verify(&restored).await.unwrap(), sound);
    let (here, there) = (PgPool::connect(counter.config().owner_url()).await.unwrap(), PgPool::connect(&empty).await.unwrap());
    for (table, _) in TABLES {
        let digest = format!("SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {table} t");
        let (ours, theirs): (String, String) = (
            sqlx::query_scalar(AssertSqlSafe(digest.clone())).fetch_one(&here).await.unwrap(),
            sqlx::query_scalar(AssertSqlSafe(digest)).fetch_one(&there).await.unwrap(),
        );
        assert_eq!(ours, theirs, "{table} differs after the restore");
    }
    // Half a backup restores nothing.
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let other = cluster::database().await.unwrap();
    assert!(backup::restore(&other, &file).await.is_err());
    assert!(desk_centre::store::Postgres::connect(&other, 2).await.unwrap().is_empty().await.unwrap());

    // Whoever gets past the triggers is found.
    for change in [
        "UPDATE journal SET kind = 'closed' WHERE sequence = 7",
        "UPDATE journal SET sealed = '00' WHERE sequence = 45",
        "DELETE FROM journal WHERE sequence = 9",
        "UPDATE journal_heads SET signature = repeat('00', 64) WHERE sequence = 30",
        "UPDATE postings SET amount = amount + 1 WHERE line = 0",
        // In balance, and still not what the desk wrote.
        "UPDATE postings SET amount = amount * 2 WHERE source LIKE '%/7'",
        "DELETE FROM postings WHERE source LIKE '%/8'",
    ] {
        let mut tx = there.begin().await.unwrap();
        for table in ["journal", "journal_heads", "postings"] {
            sqlx::query(AssertSqlSafe(format!("ALTER TABLE {table} DISABLE TRIGGER ALL"))).execute(&mut *tx).await.unwrap();
        }
        sqlx::query(change).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(evidence::verify(&restored).await.is_err(), "{change} was not found");
        // Undo for the next: a fresh restore.
        sqlx::query("DROP SCHEMA public CASCADE").execute(&there).await.unwrap();
        sqlx::query("CREATE SCHEMA public").execute(&there).await.unwrap();
        std::fs::write(&file, &bytes).unwrap();
        backup::restore(&empty, &file).await.unwrap();
    }
    counter.close().await;
}
