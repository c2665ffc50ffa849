//! The centre as those meet it who run it: rights in the database, limits at the door, readiness, metrics, an end that
//! loses nothing.

use std::collections::BTreeSet;

use desk_centre::store::rights::{Access, TABLES};
use desk_wire::v1::{Reply, Request};
use sqlx::{AssertSqlSafe, PgPool};

use crate::counter::{Counter, date, refunded};

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
    assert_eq!(counter.ask(Request::Ping).await, Reply::Pong);
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
