//! Refunds that the back office pays.

use centre_core::{
    record::{PaidOut, Payout},
    store::Stored,
};
use desk_domain::{
    id::{CardNo, CaseNumber, CellId, CentreNumber, ProgrammeId},
    money::Fen,
    refund_unreadable::Payee,
};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{damaged, get, text},
};

pub(super) async fn one(db: &mut PgConnection, reservation: &CentreNumber) -> Stored<Option<Payout>> {
    let row = sqlx::query("SELECT * FROM payouts WHERE reservation = $1 FOR UPDATE")
        .bind(reservation.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_payout).transpose()
}

pub(super) async fn of_case(db: &mut PgConnection, number: &CaseNumber) -> Stored<Option<Payout>> {
    let row = sqlx::query("SELECT * FROM payouts WHERE case_number = $1").bind(number.as_str()).fetch_optional(db).await.map_err(failed)?;
    row.as_ref().map(to_payout).transpose()
}

pub(super) async fn open(db: &mut PgConnection) -> Stored<Vec<Payout>> {
    let rows = sqlx::query("SELECT * FROM payouts WHERE paid_number IS NULL ORDER BY due_from, reservation")
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(to_payout).collect()
}

fn to_payout(row: &PgRow) -> Stored<Payout> {
    let number: Option<String> = get(row, "paid_number")?;
    let paid = match number {
        None => None,
        Some(number) => {
            Some(PaidOut { number: CentreNumber::new(number), amount: Fen(get(row, "paid_amount")?), at: get(row, "paid_at")? })
        }
    };
    Ok(Payout {
        cell: CellId::new(text(row, "cell")?),
        reservation: CentreNumber::new(text(row, "reservation")?),
        case: text(row, "case_id")?.parse().map_err(|_| damaged("case_id"))?,
        case_number: CaseNumber::new(text(row, "case_number")?),
        programme: ProgrammeId::new(text(row, "programme")?),
        card_no: CardNo::new(text(row, "card_no")?),
        amount: get::<Option<i64>>(row, "amount")?.map(Fen),
        payee: get::<Option<String>>(row, "payee")?.map(Payee),
        from: get(row, "due_from")?,
        since: get(row, "since")?,
        paid,
    })
}

pub(super) async fn put(db: &mut PgConnection, payout: &Payout) -> Stored<()> {
    let paid = payout.paid.as_ref();
    sqlx::query(
        "INSERT INTO payouts (cell, reservation, case_id, case_number, programme, card_no, amount, due_from, since,
                              paid_number, paid_amount, paid_at, payee)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (cell, reservation) DO UPDATE SET paid_number = $10, paid_amount = $11, paid_at = $12",
    )
    .bind(payout.cell.as_str())
    .bind(payout.reservation.as_str())
    .bind(payout.case.to_string())
    .bind(payout.case_number.as_str())
    .bind(payout.programme.as_str())
    .bind(payout.card_no.as_str())
    .bind(payout.amount.map(|amount| amount.0))
    .bind(payout.from)
    .bind(payout.since)
    .bind(paid.map(|paid| paid.number.as_str()))
    .bind(paid.map(|paid| paid.amount.0))
    .bind(paid.map(|paid| paid.at))
    .bind(payout.payee.as_ref().map(|payee| payee.0.as_str()))
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
