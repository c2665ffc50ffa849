//! Claims, releases, authorisations and number series.

use centre_core::{
    record::{Authorisation, ClaimRecord, ClaimState, DecidedWrite, Release},
    store::Stored,
};
use chrono::{DateTime, Utc};
use desk_domain::{
    id::{CardNo, CellId, CentreNumber, DeviceId, OperatorId},
    money::Fen,
};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{damaged, get, json, text, to_json, to_word, word},
};

const CLAIM: &str = "SELECT cell, number, right_key, epoch, claim::text AS claim, reservation::text AS reservation,
    claimant::text AS claimant, reserved_at, detail::text AS detail FROM claims";

pub(super) async fn open(db: &mut PgConnection, cell: &CellId, right: &str) -> Stored<Option<ClaimRecord>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CLAIM} WHERE cell = $1 AND right_key = $2 AND state IN ('open', 'unknown')")))
        .bind(cell.as_str())
        .bind(right)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_claim).transpose()
}

pub(super) async fn settled(db: &mut PgConnection, cell: &CellId, right: &str, epoch: &str) -> Stored<Option<ClaimRecord>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CLAIM} WHERE cell = $1 AND right_key = $2 AND epoch = $3 AND state = 'settled'")))
        .bind(cell.as_str())
        .bind(right)
        .bind(epoch)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_claim).transpose()
}

pub(super) async fn on(db: &mut PgConnection, cell: &CellId, right: &str, most: u32) -> Stored<Vec<ClaimRecord>> {
    let text = format!("{CLAIM} WHERE cell = $1 AND right_key = $2 ORDER BY reserved_at DESC, number DESC LIMIT $3");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(text)).bind(cell.as_str()).bind(right).bind(i64::from(most)).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(to_claim).collect()
}

pub(super) async fn settled_count(db: &mut PgConnection, cell: &CellId, right: &str, since: Option<DateTime<Utc>>) -> Stored<u32> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM claims
         WHERE cell = $1 AND right_key = $2 AND state = 'settled' AND ($3::timestamptz IS NULL OR settled_at >= $3)",
    )
    .bind(cell.as_str())
    .bind(right)
    .bind(since)
    .fetch_one(db)
    .await
    .map_err(failed)?;
    u32::try_from(count).map_err(|_| damaged("count"))
}

pub(super) async fn by_number(db: &mut PgConnection, number: &CentreNumber) -> Stored<Option<ClaimRecord>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CLAIM} WHERE number = $1")))
        .bind(number.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_claim).transpose()
}

pub(super) async fn undecided(db: &mut PgConnection) -> Stored<Vec<ClaimRecord>> {
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(format!("{CLAIM} WHERE state IN ('open', 'unknown') ORDER BY reserved_at, number COLLATE \"C\"")))
            .fetch_all(db)
            .await
            .map_err(failed)?;
    rows.iter().map(to_claim).collect()
}

pub(super) async fn released_for(db: &mut PgConnection, reservation: &CentreNumber) -> Stored<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM releases WHERE reservation = $1)")
        .bind(reservation.as_str())
        .fetch_one(db)
        .await
        .map_err(failed)
}

fn to_claim(row: &PgRow) -> Stored<ClaimRecord> {
    Ok(ClaimRecord {
        cell: CellId::new(text(row, "cell")?),
        number: CentreNumber::new(text(row, "number")?),
        right: text(row, "right_key")?,
        epoch: text(row, "epoch")?,
        claim: json(row, "claim")?,
        reservation: json(row, "reservation")?,
        by: json(row, "claimant")?,
        reserved_at: get(row, "reserved_at")?,
        state: json(row, "detail")?,
    })
}

pub(super) async fn put(db: &mut PgConnection, record: &ClaimRecord) -> Stored<()> {
    let settled_at = match &record.state {
        ClaimState::Settled { at, .. } => Some(*at),
        ClaimState::Open | ClaimState::Unknown { .. } | ClaimState::Released { .. } => None,
    };
    sqlx::query(
        "INSERT INTO claims VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11::jsonb, $12)
         ON CONFLICT (cell, number) DO UPDATE SET state = $5, detail = $11::jsonb, settled_at = $12",
    )
    .bind(record.cell.as_str())
    .bind(record.number.as_str())
    .bind(&record.right)
    .bind(&record.epoch)
    .bind(record.state.name())
    .bind(record.by.case.to_string())
    .bind(to_json(&record.claim)?)
    .bind(to_json(&record.reservation)?)
    .bind(to_json(&record.by)?)
    .bind(record.reserved_at)
    .bind(to_json(&record.state)?)
    .bind(settled_at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn add_release(db: &mut PgConnection, release: &Release) -> Stored<()> {
    sqlx::query("INSERT INTO releases VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11)")
        .bind(release.cell.as_str())
        .bind(&release.id)
        .bind(release.case.to_string())
        .bind(release.device.as_str())
        .bind(release.reservation.as_str())
        .bind(release.card_no.as_str())
        .bind(release.counter.map(i32::from))
        .bind(&release.random)
        .bind(to_json(&release.ask)?)
        .bind(release.mac_at)
        .bind(release.released_at)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn releases(db: &mut PgConnection, cell: &CellId, card_no: &CardNo) -> Stored<Vec<Release>> {
    let rows = sqlx::query(
        "SELECT cell, id, case_id, device, reservation, card_no, counter, random, ask::text AS ask, mac_at, released_at
         FROM releases WHERE cell = $1 AND card_no = $2 ORDER BY released_at, id",
    )
    .bind(cell.as_str())
    .bind(card_no.as_str())
    .fetch_all(db)
    .await
    .map_err(failed)?;
    rows.iter()
        .map(|row| {
            let counter: Option<i32> = get(row, "counter")?;
            Ok(Release {
                cell: CellId::new(text(row, "cell")?),
                id: text(row, "id")?,
                case: text(row, "case_id")?.parse().map_err(|_| damaged("case_id"))?,
                device: DeviceId::new(text(row, "device")?),
                reservation: CentreNumber::new(text(row, "reservation")?),
                card_no: CardNo::new(text(row, "card_no")?),
                counter: counter.map(u16::try_from).transpose().map_err(|_| damaged("counter"))?,
                random: get(row, "random")?,
                ask: json(row, "ask")?,
                mac_at: get(row, "mac_at")?,
                released_at: get(row, "released_at")?,
            })
        })
        .collect()
}

pub(super) async fn add_decided_write(db: &mut PgConnection, decided: &DecidedWrite) -> Stored<()> {
    sqlx::query("INSERT INTO decided_writes VALUES ($1, $2, $3, $4, $5::jsonb, $6)")
        .bind(decided.cell.as_str())
        .bind(decided.reservation.as_str())
        .bind(decided.case.to_string())
        .bind(decided.device.as_str())
        .bind(to_json(&decided.end)?)
        .bind(decided.at)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn decided_write(db: &mut PgConnection, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<DecidedWrite>> {
    let row = sqlx::query(
        "SELECT cell, reservation, case_id, device, write_end::text AS write_end, decided_at FROM decided_writes
         WHERE cell = $1 AND reservation = $2",
    )
    .bind(cell.as_str())
    .bind(reservation.as_str())
    .fetch_optional(db)
    .await
    .map_err(failed)?;
    row.as_ref()
        .map(|row| {
            Ok(DecidedWrite {
                cell: CellId::new(text(row, "cell")?),
                reservation: CentreNumber::new(text(row, "reservation")?),
                case: text(row, "case_id")?.parse().map_err(|_| damaged("case_id"))?,
                device: DeviceId::new(text(row, "device")?),
                end: json(row, "write_end")?,
                at: get(row, "decided_at")?,
            })
        })
        .transpose()
}

pub(super) async fn authorisation(db: &mut PgConnection, cell: &CellId, number: &CentreNumber) -> Stored<Option<Authorisation>> {
    let row = sqlx::query("SELECT * FROM authorisations WHERE cell = $1 AND number = $2 FOR UPDATE")
        .bind(cell.as_str())
        .bind(number.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref()
        .map(|row| {
            let used_for: Option<String> = get(row, "used_for")?;
            Ok(Authorisation {
                cell: CellId::new(text(row, "cell")?),
                number: CentreNumber::new(text(row, "number")?),
                case: text(row, "case_id")?.parse().map_err(|_| damaged("case_id"))?,
                amount: Fen(get(row, "amount")?),
                supervisor: OperatorId::new(text(row, "supervisor")?),
                role: word(&text(row, "role")?, "role")?,
                operator: OperatorId::new(text(row, "operator")?),
                reason: text(row, "reason")?,
                at: get(row, "given_at")?,
                used_for: used_for.map(CentreNumber::new),
            })
        })
        .transpose()
}

pub(super) async fn put_authorisation(db: &mut PgConnection, authorisation: &Authorisation) -> Stored<()> {
    sqlx::query(
        "INSERT INTO authorisations VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (cell, number) DO UPDATE SET used_for = $10",
    )
    .bind(authorisation.cell.as_str())
    .bind(authorisation.number.as_str())
    .bind(authorisation.case.to_string())
    .bind(authorisation.amount.0)
    .bind(authorisation.supervisor.as_str())
    .bind(to_word(&authorisation.role)?)
    .bind(authorisation.operator.as_str())
    .bind(&authorisation.reason)
    .bind(authorisation.at)
    .bind(authorisation.used_for.as_ref().map(CentreNumber::as_str))
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn draw(db: &mut PgConnection, cell: &CellId, series: &str) -> Stored<u64> {
    let drawn: i64 = sqlx::query_scalar(
        "INSERT INTO series VALUES ($1, $2, 1)
         ON CONFLICT (cell, name) DO UPDATE SET value = series.value + 1 RETURNING value",
    )
    .bind(cell.as_str())
    .bind(series)
    .fetch_one(db)
    .await
    .map_err(failed)?;
    u64::try_from(drawn).map_err(|_| damaged("value"))
}
