//! Reading: replays, totals, the outbox.

use chrono::{DateTime, NaiveDate, Utc};
use desk_app::ports::{Movement, Period, StoreFailure, Stored};
use desk_domain::{
    case::{CaseHeader, Ending},
    id::{CaseId, Id128},
    journal::RowHeader,
    money::Fen,
    posting::{Account, Balanced, Posting},
};
use desk_wire::v1::{Batch, Row as WireRow};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    chain::{Head, Origin, SUITE},
    failure::{broken, database},
    seal::PayloadKey,
    store::{origin_context, signed},
};

pub(crate) const COLUMNS: &str = "sequence, at_micros, case_id, day, kind, code, postings, payload_hash, previous, hash, sealed";

/// A row of the file before its payload is opened.
pub(crate) struct Record {
    pub header: RowHeader,
    pub day: NaiveDate,
    pub hash: String,
    pub sealed: Option<Vec<u8>>,
}

pub(crate) fn record(origin: &Origin, row: &SqliteRow) -> Result<Record, StoreFailure> {
    let at: i64 = row.try_get("at_micros").map_err(database)?;
    let postings: Vec<Posting> = parsed(row, "postings")?;
    Ok(Record {
        header: RowHeader {
            cell: origin.cell.clone(),
            device: origin.device.clone(),
            generation: origin.generation,
            sequence: sequence(row)?,
            at: DateTime::from_timestamp_micros(at).ok_or_else(|| broken("time of a row"))?,
            case: row.try_get::<Option<Vec<u8>>, _>("case_id").map_err(database)?.map(case_id).transpose()?,
            kind: row.try_get("kind").map_err(database)?,
            code: row.try_get("code").map_err(database)?,
            postings: Balanced::checked(postings).map_err(|_| broken("postings of a row"))?,
            payload_hash: row.try_get("payload_hash").map_err(database)?,
            previous: row.try_get("previous").map_err(database)?,
        },
        day: day(row)?,
        hash: row.try_get("hash").map_err(database)?,
        sealed: row.try_get("sealed").map_err(database)?,
    })
}

pub(crate) async fn head(connection: &mut SqliteConnection) -> Result<Head, StoreFailure> {
    let row = sqlx::query("SELECT head_sequence AS sequence, head_hash FROM position").fetch_one(connection).await.map_err(database)?;
    Ok(Head { sequence: sequence(&row)?, hash: row.try_get("head_hash").map_err(database)? })
}

pub(crate) async fn key(connection: &mut SqliteConnection, owner: CaseId) -> Result<Option<PayloadKey>, StoreFailure> {
    let bytes: Option<Vec<u8>> = sqlx::query_scalar("SELECT key FROM case_keys WHERE owner = ?")
        .bind(&owner.0[..])
        .fetch_optional(connection)
        .await
        .map_err(database)?;
    bytes.map(|bytes| PayloadKey::from_bytes(&bytes).map_err(|error| broken(error.to_string()))).transpose()
}

/// Payloads of a forgotten case come back empty.
pub(crate) async fn of_case(connection: &mut SqliteConnection, origin: &Origin, case: CaseId) -> Result<Vec<Stored>, StoreFailure> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM journal WHERE case_id = ? ORDER BY sequence")))
        .bind(&case.0[..])
        .fetch_all(&mut *connection)
        .await
        .map_err(database)?;
    let key = key(connection, case).await?;
    opened(origin, &rows, key.as_ref())
}

pub(crate) async fn of_no_case(connection: &mut SqliteConnection, origin: &Origin, day: NaiveDate) -> Result<Vec<Stored>, StoreFailure> {
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM journal WHERE case_id IS NULL AND day = ? ORDER BY sequence")))
            .bind(day.to_string())
            .fetch_all(&mut *connection)
            .await
            .map_err(database)?;
    let key = key(connection, desk_domain::journal::day_key_owner(day)).await?;
    opened(origin, &rows, key.as_ref())
}

fn opened(origin: &Origin, rows: &[SqliteRow], key: Option<&PayloadKey>) -> Result<Vec<Stored>, StoreFailure> {
    rows.iter()
        .map(|row| {
            let record = record(origin, row)?;
            let payload = match (&record.sealed, key) {
                (Some(sealed), Some(key)) => {
                    key.open(&origin_context(origin, record.header.sequence), sealed).map_err(|error| broken(error.to_string()))?
                }
                (None, None) => String::new(),
                (Some(_), None) | (None, Some(_)) => return Err(broken("payload without its key")),
            };
            Ok(Stored { header: record.header, day: record.day, payload })
        })
        .collect()
}

pub(crate) async fn unfinished(connection: &mut SqliteConnection) -> Result<Vec<CaseHeader>, StoreFailure> {
    sqlx::query("SELECT header FROM cases WHERE ending IS NULL ORDER BY opened_by")
        .fetch_all(connection)
        .await
        .map_err(database)?
        .iter()
        .map(|row| parsed(row, "header"))
        .collect()
}

pub(crate) async fn cases_of(connection: &mut SqliteConnection, day: NaiveDate) -> Result<Vec<(CaseHeader, Option<Ending>)>, StoreFailure> {
    sqlx::query("SELECT header, ending FROM cases WHERE day = ? ORDER BY opened_by")
        .bind(day.to_string())
        .fetch_all(connection)
        .await
        .map_err(database)?
        .iter()
        .map(|row| {
            let text: Option<String> = row.try_get("ending").map_err(database)?;
            Ok((parsed(row, "header")?, text.map(|text| ending(&text)).transpose()?))
        })
        .collect()
}

pub(crate) async fn movements(connection: &mut SqliteConnection, period: &Period) -> Result<Vec<Movement>, StoreFailure> {
    sqlx::query(
        "SELECT p.account, p.amount, j.kind, j.case_id, j.at_micros \
         FROM postings p JOIN journal j ON j.sequence = p.sequence \
         WHERE p.day = ? ORDER BY p.sequence, p.line",
    )
    .bind(period.day.to_string())
    .fetch_all(connection)
    .await
    .map_err(database)?
    .iter()
    .map(|row| {
        let at: i64 = row.try_get("at_micros").map_err(database)?;
        Ok(Movement {
            posting: Posting { account: parsed(row, "account")?, amount: Fen(row.try_get("amount").map_err(database)?) },
            kind: row.try_get("kind").map_err(database)?,
            case: row.try_get::<Option<Vec<u8>>, _>("case_id").map_err(database)?.map(case_id).transpose()?,
            at: DateTime::<Utc>::from_timestamp_micros(at).ok_or_else(|| broken("time of a row"))?,
        })
    })
    .collect()
}

pub(crate) async fn balance(connection: &mut SqliteConnection, account: &Account) -> Result<Fen, StoreFailure> {
    let sum: Option<i64> = sqlx::query_scalar("SELECT sum(amount) FROM postings WHERE account = ?")
        .bind(account_text(account)?)
        .fetch_one(connection)
        .await
        .map_err(database)?;
    Ok(Fen(sum.unwrap_or_default()))
}

pub(crate) async fn next_batch(connection: &mut SqliteConnection, origin: &Origin, most: u32) -> Result<Option<Batch>, StoreFailure> {
    let records = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM journal WHERE sequence > (SELECT acknowledged FROM position) \
         ORDER BY sequence LIMIT ?"
    )))
    .bind(most)
    .fetch_all(&mut *connection)
    .await
    .map_err(database)?
    .iter()
    .map(|row| record(origin, row))
    .collect::<Result<Vec<_>, _>>()?;
    let Some(head) = records.last().map(|record| record.hash.clone()) else {
        return Ok(None);
    };
    let mut case_keys: Vec<(CaseId, String)> = Vec::new();
    for record in &records {
        let owner = record.header.case.unwrap_or_else(|| desk_domain::journal::day_key_owner(record.day));
        if case_keys.iter().any(|(known, _)| *known == owner) {
            continue;
        }
        if let Some(key) = key(connection, owner).await? {
            case_keys.push((owner, hex::encode(key.bytes())));
        }
    }
    Ok(Some(Batch {
        device: origin.device.clone(),
        generation: origin.generation,
        suite: SUITE.to_owned(),
        rows: records
            .into_iter()
            .map(|record| WireRow { header: record.header, sealed: hex::encode(record.sealed.unwrap_or_default()) })
            .collect(),
        case_keys,
        head,
        signature: String::new(),
    }))
}

pub(crate) fn account_text(account: &Account) -> Result<String, StoreFailure> {
    serde_json::to_string(account).map_err(|error| broken(error.to_string()))
}

pub(crate) fn ending(text: &str) -> Result<Ending, StoreFailure> {
    serde_json::from_str(text).map_err(|_| broken("ending of a case"))
}

pub(crate) fn sequence(row: &SqliteRow) -> Result<u64, StoreFailure> {
    let sequence: i64 = row.try_get("sequence").map_err(database)?;
    u64::try_from(sequence).map_err(|_| broken("sequence of a row"))
}

pub(crate) fn bind_sequence(sequence: u64) -> Result<i64, StoreFailure> {
    signed(sequence)
}

fn day(row: &SqliteRow) -> Result<NaiveDate, StoreFailure> {
    row.try_get::<String, _>("day").map_err(database)?.parse().map_err(|_| broken("day of a row"))
}

fn case_id(bytes: Vec<u8>) -> Result<CaseId, StoreFailure> {
    bytes.try_into().map(Id128).map_err(|_| broken("case of a row"))
}

fn parsed<T: serde::de::DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<T, StoreFailure> {
    let text: String = row.try_get(column).map_err(database)?;
    // Serde's own message could quote the text.
    serde_json::from_str(&text).map_err(|_| broken(column))
}
