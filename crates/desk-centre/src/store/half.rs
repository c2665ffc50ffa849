//! Half-done claims.

use centre_core::{record::HalfDone, store::Stored};
use desk_domain::id::{CaseNumber, CellId, CentreNumber};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{damaged, get, number, text, to_word, word},
};

pub(super) async fn one(db: &mut PgConnection, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<HalfDone>> {
    let row = sqlx::query("SELECT * FROM half_done WHERE cell = $1 AND reservation = $2")
        .bind(cell.as_str())
        .bind(reservation.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_half).transpose()
}

pub(super) async fn open(db: &mut PgConnection) -> Stored<Vec<HalfDone>> {
    let rows =
        sqlx::query("SELECT * FROM half_done WHERE ended_at IS NULL ORDER BY since, reservation").fetch_all(db).await.map_err(failed)?;
    rows.iter().map(to_half).collect()
}

fn to_half(row: &PgRow) -> Stored<HalfDone> {
    Ok(HalfDone {
        cell: CellId::new(text(row, "cell")?),
        reservation: CentreNumber::new(text(row, "reservation")?),
        case: text(row, "case_id")?.parse().map_err(|_| damaged("case_id"))?,
        case_number: CaseNumber::new(text(row, "case_number")?),
        code: word(&text(row, "code")?, "code")?,
        since: get(row, "since")?,
        tries: number(row, "tries")?,
        last_tried: get(row, "last_tried")?,
        ended_at: get(row, "ended_at")?,
    })
}

pub(super) async fn put(db: &mut PgConnection, half: &HalfDone) -> Stored<()> {
    sqlx::query(
        "INSERT INTO half_done (cell, reservation, case_id, case_number, code, since, tries, last_tried, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (cell, reservation) DO UPDATE SET code = $5, tries = $7, last_tried = $8, ended_at = $9",
    )
    .bind(half.cell.as_str())
    .bind(half.reservation.as_str())
    .bind(half.case.to_string())
    .bind(half.case_number.as_str())
    .bind(to_word(&half.code)?)
    .bind(half.since)
    .bind(i64::from(half.tries))
    .bind(half.last_tried)
    .bind(half.ended_at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
