//! Journals read back whole: for export, for checking, and for forgetting what retention has ended.

use centre_core::{
    record::{KeptRow, SignedHead},
    store::Stored,
};
use chrono::NaiveDate;
use desk_domain::{
    id::{CellId, DeviceId, Id128, OutletId},
    journal::RowHeader,
    posting::Balanced,
};
use desk_wire::{
    export::{FORMAT, Line},
    v1::Row,
};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    Postgres, failed,
    row::{damaged, get, json, number, text, wide},
};

/// Rows read at a time: a year of one desk is no list to hold in memory.
const STRETCH: i64 = 2000;

/// One journal that the centre keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
}

pub(super) async fn add_head(db: &mut PgConnection, head: &SignedHead) -> Stored<()> {
    sqlx::query("INSERT INTO journal_heads VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(head.cell.as_str())
        .bind(head.device.as_str())
        .bind(i64::from(head.generation))
        .bind(wide(head.sequence)?)
        .bind(&head.hash)
        .bind(&head.suite)
        .bind(&head.public_key)
        .bind(&head.signature)
        .bind(head.at)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn heads(db: &mut PgConnection, cell: &CellId, device: &DeviceId, generation: u32) -> Stored<Vec<SignedHead>> {
    let rows = sqlx::query("SELECT * FROM journal_heads WHERE cell = $1 AND device = $2 AND generation = $3 ORDER BY sequence")
        .bind(cell.as_str())
        .bind(device.as_str())
        .bind(i64::from(generation))
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| {
            Ok(SignedHead {
                cell: CellId::new(text(row, "cell")?),
                device: DeviceId::new(text(row, "device")?),
                generation: number(row, "generation")?,
                sequence: number(row, "sequence")?,
                hash: text(row, "hash")?,
                suite: text(row, "suite")?,
                public_key: text(row, "public_key")?,
                signature: text(row, "signature")?,
                at: get(row, "at")?,
            })
        })
        .collect()
}

pub(super) async fn of_day(db: &mut PgConnection, cell: &CellId, outlet: &OutletId, day: NaiveDate) -> Stored<Vec<KeptRow>> {
    let rows = sqlx::query(
        "SELECT cell, device, generation, sequence, at, case_id, kind, code, postings::text AS postings, payload_hash, previous, sealed, hash
         FROM journal WHERE cell = $1 AND outlet = $2 AND day = $3 ORDER BY device COLLATE \"C\", generation, sequence",
    )
    .bind(cell.as_str())
    .bind(outlet.as_str())
    .bind(day)
    .fetch_all(db)
    .await
    .map_err(failed)?;
    rows.iter()
        .map(|row| {
            let sealed: Option<String> = get(row, "sealed")?;
            let row_of = Row { header: header(row)?, sealed: sealed.unwrap_or_default() };
            Ok(KeptRow { row: row_of, hash: text(row, "hash")?, outlet: outlet.clone(), day })
        })
        .collect()
}

impl Postgres {
    /// Every journal of every desk and generation.
    ///
    /// # Errors
    /// [`centre_core::store::StoreFailure`].
    pub async fn journals(&self) -> Stored<Vec<Kept>> {
        let rows = sqlx::query("SELECT DISTINCT cell, device, generation FROM journal ORDER BY cell, device, generation")
            .fetch_all(self.pool())
            .await
            .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(Kept {
                    cell: CellId::new(text(row, "cell")?),
                    device: DeviceId::new(text(row, "device")?),
                    generation: number(row, "generation")?,
                })
            })
            .collect()
    }

    /// One journal, line by line, in the form of [`desk_wire::export`].
    ///
    /// # Errors
    /// [`centre_core::store::StoreFailure`], or what `line` says.
    pub async fn export<E: From<centre_core::store::StoreFailure>>(
        &self,
        journal: &Kept,
        mut line: impl FnMut(&Line) -> Result<(), E>,
    ) -> Result<(), E> {
        let Kept { cell, device, generation } = journal.clone();
        line(&Line::Journal { format: FORMAT, cell, device, generation })?;
        let mut after: i64 = 0;
        loop {
            let rows = sqlx::query(
                "SELECT cell, device, generation, sequence, at, case_id, kind, code, postings::text AS postings, payload_hash, previous, sealed
                 FROM journal WHERE cell = $1 AND device = $2 AND generation = $3 AND sequence > $4 ORDER BY sequence LIMIT $5",
            )
            .bind(journal.cell.as_str())
            .bind(journal.device.as_str())
            .bind(i64::from(journal.generation))
            .bind(after)
            .bind(STRETCH)
            .fetch_all(self.pool())
            .await
            .map_err(failed)?;
            let Some(last) = rows.last() else {
                break;
            };
            after = get(last, "sequence")?;
            for row in &rows {
                line(&Line::Row { header: header(row)?, sealed: get(row, "sealed")? })?;
            }
        }
        let mut connection = self.pool().acquire().await.map_err(failed)?;
        for head in heads(&mut connection, &journal.cell, &journal.device, journal.generation).await? {
            let SignedHead { sequence, hash, suite, public_key, signature, at, .. } = head;
            line(&Line::Head { sequence, hash, suite, public_key, signature, at })?;
        }
        Ok(())
    }

    /// Rows of the ledger's desk book that are not those of the journal: missing, added or changed.
    ///
    /// # Errors
    /// [`centre_core::store::StoreFailure`].
    pub async fn stray_postings(&self) -> Stored<i64> {
        sqlx::query_scalar(
            "WITH said AS (
                 SELECT j.cell, j.device || '/' || j.generation || '/' || j.sequence AS source, (line.number - 1)::int AS line,
                        (line.posting ->> 'amount')::bigint AS amount, line.posting - 'amount' AS account
                 FROM journal j, jsonb_array_elements(j.postings) WITH ORDINALITY AS line (posting, number)),
             kept AS (SELECT cell, source, line, amount, account FROM postings WHERE book = 'desk')
             SELECT (SELECT count(*) FROM (TABLE said EXCEPT TABLE kept) missing)
                  + (SELECT count(*) FROM (TABLE kept EXCEPT TABLE said) added)",
        )
        .fetch_one(self.pool())
        .await
        .map_err(failed)
    }

    /// Erases payloads and keys of rows whose business day is before `day`; headers, amounts and hashes stay. Connected as
    /// the owner. Answers how many payloads went.
    ///
    /// # Errors
    /// [`centre_core::store::StoreFailure`].
    pub async fn forget_payloads(&self, day: NaiveDate) -> Stored<u64> {
        let mut transaction = self.pool().begin().await.map_err(failed)?;
        // A case that goes on after `day` keeps its key, and with it what it still needs.
        sqlx::query(
            "DELETE FROM case_keys k WHERE EXISTS (SELECT 1 FROM journal j WHERE j.cell = k.cell AND j.case_id = k.case_id)
             AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.cell = k.cell AND j.case_id = k.case_id AND j.day >= $1)",
        )
        .bind(day)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let gone = sqlx::query(
            "UPDATE journal j SET sealed = NULL WHERE sealed IS NOT NULL AND day < $1
             AND NOT EXISTS (SELECT 1 FROM journal later WHERE later.cell = j.cell AND later.case_id = j.case_id AND later.day >= $1)",
        )
        .bind(day)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(gone.rows_affected())
    }
}

fn header(row: &PgRow) -> Stored<RowHeader> {
    let case: Option<String> = get(row, "case_id")?;
    let postings: Balanced = json(row, "postings")?;
    Ok(RowHeader {
        cell: CellId::new(text(row, "cell")?),
        device: DeviceId::new(text(row, "device")?),
        generation: number(row, "generation")?,
        sequence: number(row, "sequence")?,
        at: get(row, "at")?,
        case: case.map(|case| case.parse::<Id128>().map_err(|_| damaged("case_id"))).transpose()?,
        kind: text(row, "kind")?,
        code: get(row, "code")?,
        postings,
        payload_hash: text(row, "payload_hash")?,
        previous: text(row, "previous")?,
    })
}
