//! Forgetting: when retention ends, a case's payloads and key go and the chain still verifies.

use desk_app::ports::StoreFailure;
use desk_domain::{case::Ending, id::CaseId};
use sqlx::{Connection, Row};

use crate::{
    failure::{broken, database},
    open::SqliteStore,
    read,
    store::may_end,
};

impl SqliteStore {
    /// Erases the payloads and the key of a case. Header, amounts and hashes stay. Repeating it is harmless.
    ///
    /// # Errors
    /// `STORE_BROKEN` for a case that is not known, has not ended for good, or has rows that the centre does not have.
    pub async fn forget(&mut self, case: CaseId) -> Result<(), StoreFailure> {
        let mut transaction = self.connection.begin().await.map_err(database)?;
        let row = sqlx::query(
            "SELECT ending, (SELECT max(sequence) FROM journal WHERE case_id = ?1) \
                 > (SELECT acknowledged FROM position) AS waits FROM cases WHERE case_id = ?1",
        )
        .bind(&case.0[..])
        .fetch_optional(&mut *transaction)
        .await
        .map_err(database)?
        .ok_or_else(|| broken("no such case"))?;
        let ending: Option<Ending> =
            row.try_get::<Option<String>, _>("ending").map_err(database)?.map(|text| read::ending(&text)).transpose()?;
        if may_end(ending.as_ref()) {
            return Err(broken("a case that has not ended cannot be forgotten"));
        }
        if row.try_get::<bool, _>("waits").map_err(database)? {
            return Err(broken("rows that the centre does not have cannot be forgotten"));
        }
        sqlx::query("UPDATE journal SET sealed = NULL WHERE case_id = ?")
            .bind(&case.0[..])
            .execute(&mut *transaction)
            .await
            .map_err(database)?;
        sqlx::query("DELETE FROM case_keys WHERE owner = ?").bind(&case.0[..]).execute(&mut *transaction).await.map_err(database)?;
        transaction.commit().await.map_err(database)?;
        // Older page images in the write-ahead log still hold what was erased.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection).await.map_err(database)?;
        Ok(())
    }
}
