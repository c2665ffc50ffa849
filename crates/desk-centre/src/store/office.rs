//! What head office published and did; append-only.

use centre_core::{record::OfficeAct, store::Stored};
use desk_domain::{
    id::{CellId, CentreNumber, DeviceId, OperatorId, ProgrammeId},
    ruleset::Edition,
};
use desk_wire::publication::Publication;
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{get, json, number, text, to_json, wide, word},
};

pub(super) async fn add_act(db: &mut PgConnection, act: &OfficeAct) -> Stored<()> {
    sqlx::query("INSERT INTO office_acts VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9)")
        .bind(act.cell.as_str())
        .bind(act.number.as_str())
        .bind(act.what.subject())
        .bind(to_json(&act.what)?)
        .bind(act.operator.as_str())
        .bind(act.second.as_str())
        .bind(&act.reason)
        .bind(act.device.as_str())
        .bind(act.at)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn act(db: &mut PgConnection, subject: &str) -> Stored<Option<OfficeAct>> {
    let row =
        sqlx::query("SELECT cell, number, what::text AS what, operator, second, reason, device, at FROM office_acts WHERE subject = $1")
            .bind(subject)
            .fetch_optional(db)
            .await
            .map_err(failed)?;
    row.as_ref()
        .map(|row| {
            Ok(OfficeAct {
                cell: CellId::new(text(row, "cell")?),
                number: CentreNumber::new(text(row, "number")?),
                what: json(row, "what")?,
                operator: OperatorId::new(text(row, "operator")?),
                second: OperatorId::new(text(row, "second")?),
                reason: text(row, "reason")?,
                device: DeviceId::new(text(row, "device")?),
                at: get(row, "at")?,
            })
        })
        .transpose()
}

pub(super) async fn last_publication(db: &mut PgConnection, cell: &CellId) -> Stored<u64> {
    let row = sqlx::query("SELECT coalesce(max(number), 0) AS last FROM publications WHERE cell = $1")
        .bind(cell.as_str())
        .fetch_one(db)
        .await
        .map_err(failed)?;
    number(&row, "last")
}

pub(super) async fn publications(db: &mut PgConnection, cell: &CellId, after: u64) -> Stored<Vec<Publication>> {
    let rows = sqlx::query("SELECT * FROM publications WHERE cell = $1 AND number > $2 ORDER BY number")
        .bind(cell.as_str())
        .bind(wide(after)?)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(to_publication).collect()
}

fn to_publication(row: &PgRow) -> Stored<Publication> {
    Ok(Publication {
        cell: CellId::new(text(row, "cell")?),
        number: number(row, "number")?,
        edition: Edition {
            kind: word(&text(row, "kind")?, "kind")?,
            programme: ProgrammeId::new(text(row, "programme")?),
            version: text(row, "version")?,
            effective: get(row, "effective")?,
        },
        name: text(row, "name")?,
        text: text(row, "text")?,
        published_by: OperatorId::new(text(row, "published_by")?),
        approved_by: OperatorId::new(text(row, "approved_by")?),
        at: get(row, "at")?,
        signature: text(row, "signature")?,
    })
}

pub(super) async fn add_publication(db: &mut PgConnection, publication: &Publication) -> Stored<()> {
    let Publication { cell, number, edition, name, text, published_by, approved_by, at, signature } = publication;
    sqlx::query("INSERT INTO publications VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(cell.as_str())
        .bind(wide(*number)?)
        .bind(edition.kind.as_str())
        .bind(edition.programme.as_str())
        .bind(&edition.version)
        .bind(edition.effective)
        .bind(name)
        .bind(text)
        .bind(published_by.as_str())
        .bind(approved_by.as_str())
        .bind(at)
        .bind(signature)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}
