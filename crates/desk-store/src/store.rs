//! Writing: every act is one commit, and a failed one leaves nothing.

use async_trait::async_trait;
use chrono::NaiveDate;
use desk_app::ports::{Draft, Movement, Opening, Period, Store, StoreFailure, Stored};
use desk_domain::{
    case::{CaseHeader, Ending},
    code::Code,
    id::CaseId,
    journal::RowHeader,
    money::Fen,
    posting::Account,
};
use desk_wire::v1::{Batch, Operator};
use sqlx::{Connection, Row, SqliteConnection};

use crate::{
    chain::{self, Head, Link, Origin},
    failure::{broken, database},
    number,
    open::SqliteStore,
    read,
    seal::PayloadKey,
};

/// Commits between two checkpoints, which are made when the centre acknowledges.
const COMMITS_PER_CHECKPOINT: u32 = 256;

#[async_trait]
impl Store for SqliteStore {
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure> {
        let mut head = self.take_head().await?;
        let mut transaction = self.connection.begin().await.map_err(database)?;
        let mut headers = Vec::with_capacity(rows.len());
        for draft in &rows {
            let key = key_for(&mut transaction, draft, self.entropy.as_mut()).await?;
            let link = head.follow(&self.origin, draft, &key, self.entropy.as_mut()).map_err(|error| broken(error.to_string()))?;
            insert(&mut transaction, draft.day, &link).await?;
            headers.push(link.header);
        }
        if let Some((case, ending)) = closes {
            close_case(&mut transaction, case, &ending, &headers).await?;
        }
        move_head(&mut transaction, &head).await?;
        transaction.commit().await.map_err(database)?;
        self.committed(head);
        Ok(headers)
    }

    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure> {
        let mut head = self.take_head().await?;
        let mut transaction = self.connection.begin().await.map_err(database)?;
        let sequence: u32 = sqlx::query_scalar(
            "INSERT INTO case_numbers (day, last) VALUES (?, 1) \
             ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last",
        )
        .bind(opening.day.to_string())
        .fetch_one(&mut *transaction)
        .await
        .map_err(database)?;
        let mut header = opening.header;
        header.number = number::case_number(&header, opening.day, opening.generation, sequence)
            .ok_or_else(|| broken("case numbers of the day are used up"))?;
        let draft = chain::opening_draft(&header, opening.day).map_err(|error| broken(error.to_string()))?;
        let key = PayloadKey::draw(self.entropy.as_mut());
        insert_key(&mut transaction, header.id, &key).await?;
        let link = head.follow(&self.origin, &draft, &key, self.entropy.as_mut()).map_err(|error| broken(error.to_string()))?;
        insert(&mut transaction, opening.day, &link).await?;
        sqlx::query("INSERT INTO cases (case_id, day, number, header, opened_by) VALUES (?, ?, ?, ?, ?)")
            .bind(&header.id.0[..])
            .bind(opening.day.to_string())
            .bind(header.number.as_str())
            .bind(serde_json::to_string(&header).map_err(|error| broken(error.to_string()))?)
            .bind(signed(link.header.sequence)?)
            .execute(&mut *transaction)
            .await
            .map_err(database)?;
        move_head(&mut transaction, &head).await?;
        transaction.commit().await.map_err(database)?;
        self.committed(head);
        Ok(header)
    }

    async fn case(&mut self, case: CaseId) -> Result<Vec<Stored>, StoreFailure> {
        read::of_case(&mut self.connection, &self.origin, case).await
    }

    async fn unfinished(&mut self) -> Result<Vec<CaseHeader>, StoreFailure> {
        read::unfinished(&mut self.connection).await
    }

    async fn cases_of(&mut self, day: NaiveDate) -> Result<Vec<(CaseHeader, Option<Ending>)>, StoreFailure> {
        read::cases_of(&mut self.connection, day).await
    }

    async fn loose(&mut self, day: NaiveDate) -> Result<Vec<Stored>, StoreFailure> {
        read::of_no_case(&mut self.connection, &self.origin, day).await
    }

    async fn movements(&mut self, period: Period) -> Result<Vec<Movement>, StoreFailure> {
        read::movements(&mut self.connection, &period).await
    }

    async fn balance(&mut self, account: &Account) -> Result<Fen, StoreFailure> {
        read::balance(&mut self.connection, account).await
    }

    async fn next_batch(&mut self, most: u32) -> Result<Option<Batch>, StoreFailure> {
        read::next_batch(&mut self.connection, &self.origin, most).await
    }

    async fn acknowledge(&mut self, sequence: u64) -> Result<(), StoreFailure> {
        let head = self.known_head().await?.sequence;
        if sequence > head {
            return Err(StoreFailure {
                code: Code::DeviceRollback,
                detail: format!("the centre has row {sequence}, this store ends at {head}"),
            });
        }
        // An old answer that comes late takes nothing back.
        sqlx::query("UPDATE position SET acknowledged = ?1 WHERE acknowledged < ?1")
            .bind(signed(sequence)?)
            .execute(&mut self.connection)
            .await
            .map_err(database)?;
        if self.commits_since_checkpoint >= COMMITS_PER_CHECKPOINT {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut self.connection).await.map_err(database)?;
            self.commits_since_checkpoint = 0;
        }
        Ok(())
    }

    async fn waiting(&mut self) -> Result<u32, StoreFailure> {
        let waiting: i64 = sqlx::query_scalar("SELECT head_sequence - acknowledged FROM position")
            .fetch_one(&mut self.connection)
            .await
            .map_err(database)?;
        u32::try_from(waiting).map_err(|_| broken("outbox position"))
    }

    async fn head(&mut self) -> Result<(u64, String), StoreFailure> {
        let head = self.known_head().await?;
        Ok((head.sequence, head.hash))
    }

    async fn remember_operator(&mut self, operator: &Operator) -> Result<(), StoreFailure> {
        let record = serde_json::to_string(operator).map_err(|error| broken(error.to_string()))?;
        sqlx::query(
            "INSERT INTO operators (id, record) VALUES (?, ?) \
             ON CONFLICT (id) DO UPDATE SET record = excluded.record",
        )
        .bind(operator.id.as_str())
        .bind(record)
        .execute(&mut self.connection)
        .await
        .map_err(database)?;
        Ok(())
    }

    async fn operator(&mut self, id: &str) -> Result<Option<Operator>, StoreFailure> {
        let record: Option<String> = sqlx::query_scalar("SELECT record FROM operators WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(database)?;
        record.map(|record| serde_json::from_str(&record).map_err(|_| broken("operator record"))).transpose()
    }

    async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreFailure> {
        sqlx::query(
            "INSERT INTO memory (key, value) VALUES (?, ?) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .execute(&mut self.connection)
        .await
        .map_err(database)?;
        Ok(())
    }

    async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreFailure> {
        sqlx::query_scalar("SELECT value FROM memory WHERE key = ?").bind(key).fetch_optional(&mut self.connection).await.map_err(database)
    }
}

impl SqliteStore {
    /// The head to go on from. It stays away until the commit that uses it succeeds: after a failure the next act reads
    /// back from the file what really is there.
    async fn take_head(&mut self) -> Result<Head, StoreFailure> {
        match self.head.take() {
            Some(head) => Ok(head),
            None => read::head(&mut self.connection).await,
        }
    }

    async fn known_head(&mut self) -> Result<Head, StoreFailure> {
        let head = self.take_head().await?;
        self.head = Some(head.clone());
        Ok(head)
    }

    fn committed(&mut self, head: Head) {
        self.head = Some(head);
        self.commits_since_checkpoint += 1;
    }
}

pub(crate) fn signed(sequence: u64) -> Result<i64, StoreFailure> {
    i64::try_from(sequence).map_err(|_| broken("sequence out of range"))
}

/// A case has its key from its opening; a day gets one with its first row.
async fn key_for(
    connection: &mut SqliteConnection,
    draft: &Draft,
    entropy: &mut dyn desk_app::ports::Entropy,
) -> Result<PayloadKey, StoreFailure> {
    let owner = chain::key_owner(draft);
    match (read::key(connection, owner).await?, draft.case) {
        (Some(key), _) => Ok(key),
        (None, Some(_)) => Err(broken("row of a case that is not open or was forgotten")),
        (None, None) => {
            let key = PayloadKey::draw(entropy);
            insert_key(connection, owner, &key).await?;
            Ok(key)
        }
    }
}

async fn insert_key(connection: &mut SqliteConnection, owner: CaseId, key: &PayloadKey) -> Result<(), StoreFailure> {
    sqlx::query("INSERT INTO case_keys (owner, key) VALUES (?, ?)")
        .bind(&owner.0[..])
        .bind(key.bytes())
        .execute(connection)
        .await
        .map_err(database)?;
    Ok(())
}

async fn insert(connection: &mut SqliteConnection, day: NaiveDate, link: &Link) -> Result<(), StoreFailure> {
    let header = &link.header;
    let sequence = signed(header.sequence)?;
    let postings = serde_json::to_string(&header.postings).map_err(|error| broken(error.to_string()))?;
    sqlx::query(
        "INSERT INTO journal (sequence, at_micros, case_id, day, kind, code, postings, payload_hash, previous, hash, sealed) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(sequence)
    .bind(header.at.timestamp_micros())
    .bind(header.case.as_ref().map(|case| &case.0[..]))
    .bind(day.to_string())
    .bind(&header.kind)
    .bind(&header.code)
    .bind(postings)
    .bind(&header.payload_hash)
    .bind(&header.previous)
    .bind(&link.hash)
    .bind(&link.sealed)
    .execute(&mut *connection)
    .await
    .map_err(database)?;
    for (line, posting) in (0_i64..).zip(header.postings.lines()) {
        sqlx::query("INSERT INTO postings (sequence, line, day, account, amount) VALUES (?, ?, ?, ?, ?)")
            .bind(sequence)
            .bind(line)
            .bind(day.to_string())
            .bind(read::account_text(&posting.account)?)
            .bind(posting.amount.0)
            .execute(&mut *connection)
            .await
            .map_err(database)?;
    }
    Ok(())
}

/// A case ends once; only one that was suspended may end again, when its card has come back.
async fn close_case(connection: &mut SqliteConnection, case: CaseId, ending: &Ending, headers: &[RowHeader]) -> Result<(), StoreFailure> {
    let ended_by =
        headers.iter().rev().find(|header| header.case == Some(case)).ok_or_else(|| broken("a case ends with a row of its own"))?.sequence;
    let before = sqlx::query("SELECT ending FROM cases WHERE case_id = ?")
        .bind(&case.0[..])
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get::<Option<String>, _>("ending"))
        .map_err(database)?
        .map(|text| read::ending(&text))
        .transpose()?;
    if !may_end(before.as_ref()) {
        return Err(broken("case has ended before"));
    }
    sqlx::query("UPDATE cases SET ended_by = ?, ending = ? WHERE case_id = ?")
        .bind(signed(ended_by)?)
        .bind(serde_json::to_string(ending).map_err(|error| broken(error.to_string()))?)
        .bind(&case.0[..])
        .execute(connection)
        .await
        .map_err(database)?;
    Ok(())
}

/// Whether a case with this ending, or none, may still end.
#[must_use]
pub fn may_end(before: Option<&Ending>) -> bool {
    match before {
        None | Some(Ending::Suspended { .. }) => true,
        Some(Ending::Done | Ending::Refused { .. } | Ending::Referred { .. } | Ending::Cancelled | Ending::Withdrawn) => false,
    }
}

async fn move_head(connection: &mut SqliteConnection, head: &Head) -> Result<(), StoreFailure> {
    sqlx::query("UPDATE position SET head_sequence = ?, head_hash = ?")
        .bind(signed(head.sequence)?)
        .bind(&head.hash)
        .execute(connection)
        .await
        .map_err(database)?;
    Ok(())
}

pub(crate) fn origin_context(origin: &Origin, sequence: u64) -> Vec<u8> {
    desk_domain::journal::seal_context(&origin.device, origin.generation, sequence)
}
