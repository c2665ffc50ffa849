//! Cards that are made centrally.

use centre_core::{
    record::{HandedOver, OrderRecord},
    store::Stored,
};
use desk_domain::id::{CardNo, CellId, CentreNumber, OutletId, PersonId, ProgrammeId};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{get, json, maybe_json, text, to_json},
};

const COLUMNS: &str = "cell, number, person, programme, what::text AS what, outlet, ordered_at, \
     parcel::text AS parcel, sent_back_at, handed_card, handed_over_at";

pub(super) async fn one(db: &mut PgConnection, number: &CentreNumber) -> Stored<Option<OrderRecord>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM orders WHERE number = $1 FOR UPDATE")))
        .bind(number.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_order).transpose()
}

pub(super) async fn of_person(db: &mut PgConnection, cell: &CellId, person: &PersonId) -> Stored<Vec<OrderRecord>> {
    let asked = format!("SELECT {COLUMNS} FROM orders WHERE cell = $1 AND person = $2 ORDER BY ordered_at, number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(asked)).bind(cell.as_str()).bind(person.as_str()).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(to_order).collect()
}

pub(super) async fn open(db: &mut PgConnection, outlet: Option<&OutletId>) -> Stored<Vec<OrderRecord>> {
    let asked = format!(
        "SELECT {COLUMNS} FROM orders WHERE handed_card IS NULL AND sent_back_at IS NULL AND ($1::text IS NULL OR outlet = $1)
         ORDER BY ordered_at, number"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(asked)).bind(outlet.map(OutletId::as_str)).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(to_order).collect()
}

fn to_order(row: &PgRow) -> Stored<OrderRecord> {
    let card: Option<String> = get(row, "handed_card")?;
    Ok(OrderRecord {
        cell: CellId::new(text(row, "cell")?),
        number: CentreNumber::new(text(row, "number")?),
        person: PersonId::new(text(row, "person")?),
        programme: ProgrammeId::new(text(row, "programme")?),
        order: json(row, "what")?,
        outlet: OutletId::new(text(row, "outlet")?),
        ordered_at: get(row, "ordered_at")?,
        parcel: maybe_json(row, "parcel")?,
        sent_back_at: get(row, "sent_back_at")?,
        handed_over: match card {
            None => None,
            Some(card) => Some(HandedOver { card_no: CardNo::new(card), at: get(row, "handed_over_at")? }),
        },
    })
}

pub(super) async fn put(db: &mut PgConnection, order: &OrderRecord) -> Stored<()> {
    let handed = order.handed_over.as_ref();
    sqlx::query(
        "INSERT INTO orders (cell, number, person, programme, what, outlet, ordered_at, handed_card, handed_over_at, parcel, sent_back_at)
         VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10::jsonb, $11)
         ON CONFLICT (cell, number) DO UPDATE SET handed_card = $8, handed_over_at = $9, parcel = $10::jsonb, sent_back_at = $11",
    )
    .bind(order.cell.as_str())
    .bind(order.number.as_str())
    .bind(order.person.as_str())
    .bind(order.programme.as_str())
    .bind(to_json(&order.order)?)
    .bind(order.outlet.as_str())
    .bind(order.ordered_at)
    .bind(handed.map(|handed| handed.card_no.as_str()))
    .bind(handed.map(|handed| handed.at))
    .bind(order.parcel.as_ref().map(to_json).transpose()?)
    .bind(order.sent_back_at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
