//! Journal rows, payload keys and the ledger; append-only.

use std::collections::BTreeMap;

use centre_core::{
    record::{Book, Entry, KeptRow, Totals},
    store::Stored,
};
use chrono::NaiveDate;
use desk_domain::{
    id::{CaseId, CellId, DeviceId, OutletId},
    money::Fen,
    posting::{Account, Posting},
};
use sqlx::PgConnection;

use super::{
    failed,
    row::{damaged, get, json, to_json, wide},
};

pub(super) async fn add_rows(db: &mut PgConnection, rows: &[KeptRow]) -> Stored<()> {
    for kept in rows {
        let header = &kept.row.header;
        sqlx::query(
            "INSERT INTO journal
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15)",
        )
        .bind(header.cell.as_str())
        .bind(header.device.as_str())
        .bind(i64::from(header.generation))
        .bind(wide(header.sequence)?)
        .bind(header.at)
        .bind(kept.outlet.as_str())
        .bind(kept.day)
        .bind(header.case.map(|case| case.to_string()))
        .bind(&header.kind)
        .bind(&header.code)
        .bind(to_json(&header.postings)?)
        .bind(&header.payload_hash)
        .bind(&header.previous)
        .bind(&kept.hash)
        .bind(&kept.row.sealed)
        .execute(&mut *db)
        .await
        .map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn row_hash(
    db: &mut PgConnection,
    cell: &CellId,
    device: &DeviceId,
    generation: u32,
    sequence: u64,
) -> Stored<Option<String>> {
    sqlx::query_scalar("SELECT hash FROM journal WHERE cell = $1 AND device = $2 AND generation = $3 AND sequence = $4")
        .bind(cell.as_str())
        .bind(device.as_str())
        .bind(i64::from(generation))
        .bind(wide(sequence)?)
        .fetch_optional(db)
        .await
        .map_err(failed)
}

pub(super) async fn put_case_key(db: &mut PgConnection, cell: &CellId, case: CaseId, key: &str) -> Stored<()> {
    sqlx::query("INSERT INTO case_keys VALUES ($1, $2, $3) ON CONFLICT (cell, case_id) DO NOTHING")
        .bind(cell.as_str())
        .bind(case.to_string())
        .bind(key)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn case_key(db: &mut PgConnection, cell: &CellId, case: CaseId) -> Stored<Option<String>> {
    sqlx::query_scalar("SELECT key FROM case_keys WHERE cell = $1 AND case_id = $2")
        .bind(cell.as_str())
        .bind(case.to_string())
        .fetch_optional(db)
        .await
        .map_err(failed)
}

pub(super) async fn post(db: &mut PgConnection, entries: &[Entry]) -> Stored<()> {
    for entry in entries {
        sqlx::query("INSERT INTO postings VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10)")
            .bind(entry.cell.as_str())
            .bind(&entry.source)
            .bind(i32::from(entry.line))
            .bind(entry.book.name())
            .bind(entry.outlet.as_str())
            .bind(entry.day)
            .bind(entry.at)
            .bind(entry.case.map(|case| case.to_string()))
            .bind(to_json(&entry.posting.account)?)
            .bind(entry.posting.amount.0)
            .execute(&mut *db)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn totals(
    db: &mut PgConnection,
    cell: &CellId,
    outlet: &OutletId,
    day: NaiveDate,
    device: Option<&DeviceId>,
) -> Stored<Totals> {
    let device = device.map(DeviceId::as_str);
    let rows = sqlx::query(
        "SELECT account::text AS account, sum(amount)::bigint AS amount FROM postings
         WHERE cell = $1 AND outlet = $2 AND day = $3 AND book = $4
         AND ($5::text IS NULL OR split_part(source, '/', 1) = $5) GROUP BY account",
    )
    .bind(cell.as_str())
    .bind(outlet.as_str())
    .bind(day)
    .bind(Book::Desk.name())
    .bind(device)
    .fetch_all(&mut *db)
    .await
    .map_err(failed)?;
    let mut accounts: BTreeMap<Account, Fen> = BTreeMap::new();
    for row in &rows {
        accounts.insert(json(row, "account")?, Fen(get(row, "amount")?));
    }
    let cases: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM journal WHERE cell = $1 AND outlet = $2 AND day = $3 AND kind = 'opened' AND ($4::text IS NULL OR device = $4)",
    )
        .bind(cell.as_str())
        .bind(outlet.as_str())
        .bind(day)
        .bind(device)
        .fetch_one(&mut *db)
        .await
        .map_err(failed)?;
    let refunds: i64 = sqlx::query_scalar(
        "SELECT coalesce(-sum(amount), 0)::bigint FROM postings
         WHERE cell = $1 AND outlet = $2 AND day = $3 AND book = $4 AND account ->> 'account' = 'refund_payable'",
    )
    .bind(cell.as_str())
    .bind(outlet.as_str())
    .bind(day)
    .bind(Book::Centre.name())
    .fetch_one(db)
    .await
    .map_err(failed)?;
    Ok(Totals {
        postings: accounts.into_iter().map(|(account, amount)| Posting { account, amount }).collect(),
        cases: u32::try_from(cases).map_err(|_| damaged("cases"))?,
        settled_refunds: Fen(refunds),
    })
}

pub(super) async fn imbalance(db: &mut PgConnection, cell: &CellId) -> Stored<i64> {
    sqlx::query_scalar("SELECT coalesce(sum(amount), 0)::bigint FROM postings WHERE cell = $1")
        .bind(cell.as_str())
        .fetch_one(db)
        .await
        .map_err(failed)
}
