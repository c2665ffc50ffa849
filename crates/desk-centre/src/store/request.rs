//! Requests, devices and enrolments.

use centre_core::{
    record::{Device, Enrolment, FirstReply, Keep, RequestKey},
    store::Stored,
};
use chrono::{DateTime, Utc};
use desk_domain::id::{CellId, DeviceId, OutletId, WindowId};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{get, number, text, wide},
};

/// The insert waits for another transaction with the same id, so a repeat never overtakes its first.
pub(super) async fn take(db: &mut PgConnection, key: &RequestKey, body: &str) -> Stored<Option<FirstReply>> {
    let fresh = sqlx::query(
        "INSERT INTO requests (cell, device, id, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (cell, device, id) DO NOTHING",
    )
    .bind(key.cell.as_str())
    .bind(key.device.as_str())
    .bind(key.id.to_string())
    .bind(body)
    .execute(&mut *db)
    .await
    .map_err(failed)?;
    if fresh.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query("SELECT body, reply FROM requests WHERE cell = $1 AND device = $2 AND id = $3 FOR UPDATE")
        .bind(key.cell.as_str())
        .bind(key.device.as_str())
        .bind(key.id.to_string())
        .fetch_one(db)
        .await
        .map_err(failed)?;
    let reply: Option<String> = get(&row, "reply")?;
    let body = text(&row, "body")?;
    Ok(reply.map(|reply| FirstReply { body, reply }))
}

pub(super) async fn keep(db: &mut PgConnection, key: &RequestKey, first: &FirstReply, keep: Keep, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query(
        "UPDATE requests SET body = $4, reply = $5, personal = $6, replied_at = $7
         WHERE cell = $1 AND device = $2 AND id = $3",
    )
    .bind(key.cell.as_str())
    .bind(key.device.as_str())
    .bind(key.id.to_string())
    .bind(&first.body)
    .bind(&first.reply)
    .bind(keep == Keep::Shortly)
    .bind(at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn forget(db: &mut PgConnection, before: DateTime<Utc>) -> Stored<u64> {
    let gone = sqlx::query("DELETE FROM requests WHERE personal AND replied_at < $1").bind(before).execute(db).await.map_err(failed)?;
    Ok(gone.rows_affected())
}

pub(super) async fn device(db: &mut PgConnection, cell: &CellId, device: &DeviceId, lock: bool) -> Stored<Option<Device>> {
    let plain = "SELECT * FROM devices WHERE cell = $1 AND device = $2";
    let locking = "SELECT * FROM devices WHERE cell = $1 AND device = $2 FOR UPDATE";
    let row = sqlx::query(if lock { locking } else { plain })
        .bind(cell.as_str())
        .bind(device.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_device).transpose()
}

fn to_device(row: &PgRow) -> Stored<Device> {
    Ok(Device {
        cell: CellId::new(text(row, "cell")?),
        device: DeviceId::new(text(row, "device")?),
        generation: number(row, "generation")?,
        outlet: OutletId::new(text(row, "outlet")?),
        window: WindowId::new(text(row, "window_id")?),
        terminal: text(row, "terminal")?,
        public_key: text(row, "public_key")?,
        head: (number(row, "head_sequence")?, text(row, "head_hash")?),
        locked_at: get(row, "locked_at")?,
    })
}

pub(super) async fn put_device(db: &mut PgConnection, device: &Device) -> Stored<()> {
    sqlx::query(
        "INSERT INTO devices VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (cell, device) DO UPDATE SET generation = $3, outlet = $4, window_id = $5,
             terminal = $6, public_key = $7, head_sequence = $8, head_hash = $9, locked_at = $10",
    )
    .bind(device.cell.as_str())
    .bind(device.device.as_str())
    .bind(i64::from(device.generation))
    .bind(device.outlet.as_str())
    .bind(device.window.as_str())
    .bind(&device.terminal)
    .bind(&device.public_key)
    .bind(wide(device.head.0)?)
    .bind(&device.head.1)
    .bind(device.locked_at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn enrolment(db: &mut PgConnection, code: &str) -> Stored<Option<Enrolment>> {
    let row = sqlx::query("SELECT * FROM enrolments WHERE code = $1 FOR UPDATE").bind(code).fetch_optional(db).await.map_err(failed)?;
    row.as_ref()
        .map(|row| {
            Ok(Enrolment {
                cell: CellId::new(text(row, "cell")?),
                code: text(row, "code")?,
                device: DeviceId::new(text(row, "device")?),
                generation: number(row, "generation")?,
                outlet: OutletId::new(text(row, "outlet")?),
                window: WindowId::new(text(row, "window_id")?),
                terminal: text(row, "terminal")?,
                expires_at: get(row, "expires_at")?,
                used_by: get(row, "used_by")?,
            })
        })
        .transpose()
}

pub(super) async fn put_enrolment(db: &mut PgConnection, enrolment: &Enrolment) -> Stored<()> {
    sqlx::query(
        "INSERT INTO enrolments VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (cell, code) DO UPDATE SET device = $3, generation = $4, outlet = $5,
             window_id = $6, terminal = $7, expires_at = $8, used_by = $9",
    )
    .bind(enrolment.cell.as_str())
    .bind(&enrolment.code)
    .bind(enrolment.device.as_str())
    .bind(i64::from(enrolment.generation))
    .bind(enrolment.outlet.as_str())
    .bind(enrolment.window.as_str())
    .bind(&enrolment.terminal)
    .bind(enrolment.expires_at)
    .bind(&enrolment.used_by)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
