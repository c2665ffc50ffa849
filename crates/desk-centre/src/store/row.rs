//! Between columns and types. What cannot be read back is damage and says where.

use centre_core::store::{StoreFailure, Stored};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row as _, postgres::PgRow};

use super::failed;

pub(super) fn get<'r, T>(row: &'r PgRow, column: &str) -> Stored<T>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(failed)
}

pub(super) fn text(row: &PgRow, column: &str) -> Stored<String> {
    get(row, column)
}

/// An integer column in its narrower type.
pub(super) fn number<T: TryFrom<i64>>(row: &PgRow, column: &str) -> Stored<T> {
    let wide: i64 = get(row, column)?;
    T::try_from(wide).map_err(|_| damaged(column))
}

/// An `INTEGER` column in its narrower type.
pub(super) fn small<T: TryFrom<i32>>(row: &PgRow, column: &str) -> Stored<T> {
    let wide: i32 = get(row, column)?;
    T::try_from(wide).map_err(|_| damaged(column))
}

/// A column read as text and parsed as JSON (select it with `::text`).
pub(super) fn json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Stored<T> {
    serde_json::from_str(&text(row, column)?).map_err(|_| damaged(column))
}

pub(super) fn maybe_json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Stored<Option<T>> {
    let text: Option<String> = get(row, column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| damaged(column))).transpose()
}

/// For a `$n::jsonb` parameter.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Stored<String> {
    serde_json::to_string(value).map_err(|_| damaged("json"))
}

/// A unit variant by its name, without the quotes of JSON.
pub(super) fn to_word<T: Serialize>(value: &T) -> Stored<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(damaged("word")),
    }
}

pub(super) fn word<T: DeserializeOwned>(text: &str, column: &str) -> Stored<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| damaged(column))
}

/// For a `BIGINT` parameter.
pub(super) fn wide(number: u64) -> Stored<i64> {
    i64::try_from(number).map_err(|_| damaged("number"))
}

pub(super) fn damaged(column: &str) -> StoreFailure {
    StoreFailure::Failed(format!("column {column} cannot be read"))
}
