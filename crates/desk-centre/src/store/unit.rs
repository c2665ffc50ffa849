//! Photos of a unit's people, until their rows come.

use centre_core::{record::UnitPhoto, store::Stored};
use chrono::{DateTime, Utc};
use desk_domain::{
    id::{CaseId, CellId},
    order::Photo,
};
use sqlx::{PgConnection, Row};

use super::failed;

pub(super) async fn put(db: &mut PgConnection, photo: &UnitPhoto) -> Stored<()> {
    sqlx::query(
        "INSERT INTO unit_photos (cell, case_id, sha256, photo, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (cell, case_id, sha256) DO UPDATE SET at = $5",
    )
    .bind(photo.cell.as_str())
    .bind(photo.case.to_string())
    .bind(&photo.sha256)
    .bind(&photo.photo.0)
    .bind(photo.at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn one(db: &mut PgConnection, cell: &CellId, case: CaseId, sha256: &str) -> Stored<Option<Photo>> {
    let row = sqlx::query("SELECT photo FROM unit_photos WHERE cell = $1 AND case_id = $2 AND sha256 = $3")
        .bind(cell.as_str())
        .bind(case.to_string())
        .bind(sha256)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.map(|row| row.try_get("photo").map(Photo).map_err(failed)).transpose()
}

pub(super) async fn discard(db: &mut PgConnection, cell: &CellId, case: CaseId, sha256: &[String]) -> Stored<()> {
    sqlx::query("DELETE FROM unit_photos WHERE cell = $1 AND case_id = $2 AND sha256 = ANY($3)")
        .bind(cell.as_str())
        .bind(case.to_string())
        .bind(sha256)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn forget(db: &mut PgConnection, before: DateTime<Utc>) -> Stored<u64> {
    let gone = sqlx::query("DELETE FROM unit_photos WHERE at < $1").bind(before).execute(db).await.map_err(failed)?;
    Ok(gone.rows_affected())
}
