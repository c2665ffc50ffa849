//! The check at every opening: the chain, what hangs on it, and the projections against a replay.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use desk_domain::{case::CaseHeader, id::CaseId, journal};
use sqlx::{Row, SqliteConnection};

use crate::{
    chain::{Head, OPENED, Origin, opened_header},
    failure::OpenFailure,
    read::{self, COLUMNS, Record},
    store::origin_context,
};

/// Rows read at a time.
const STRETCH: u32 = 2000;

/// Reads the whole journal once, in order, and compares everything that was derived from it.
pub(crate) async fn whole_store(connection: &mut SqliteConnection, origin: &Origin) -> Result<Head, OpenFailure> {
    let mut replay = Replay::default();
    let mut head = Head::genesis();
    loop {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM journal WHERE sequence > ? ORDER BY sequence LIMIT {STRETCH}")))
                .bind(read::bind_sequence(head.sequence).map_err(internal)?)
                .fetch_all(&mut *connection)
                .await?;
        if rows.is_empty() {
            break;
        }
        let after = head.sequence;
        for row in &rows {
            let sequence = read::sequence(row).map_err(internal)?;
            let record = read::record(origin, row).map_err(|_| OpenFailure::Differs { sequence, what: "row" })?;
            let (sequence, hash) = journal::verify((head.sequence, head.hash), [&record.header])?;
            head = Head { sequence, hash };
            replay.take(connection, origin, &record, &head).await?;
        }
        compare_postings(connection, after, head.sequence, &replay).await?;
        replay.postings.clear();
    }
    compare_totals(connection, &head, &replay).await?;
    Ok(head)
}

/// What the journal says should be in the projections.
#[derive(Default)]
struct Replay {
    /// Account and amount by (row, line); of the stretch being read.
    postings: BTreeMap<(i64, i64), (NaiveDate, String, i64)>,
    lines: i64,
    opened: i64,
}

impl Replay {
    async fn take(&mut self, connection: &mut SqliteConnection, origin: &Origin, record: &Record, head: &Head) -> Result<(), OpenFailure> {
        let differs = |what| OpenFailure::Differs { sequence: head.sequence, what };
        if record.hash != head.hash {
            return Err(differs("hash"));
        }
        if let Some(sealed) = &record.sealed
            && journal::payload_hash(sealed) != record.header.payload_hash
        {
            return Err(differs("payload"));
        }
        let sequence = read::bind_sequence(head.sequence).map_err(internal)?;
        for (line, posting) in (0_i64..).zip(record.header.postings.lines()) {
            let account = read::account_text(&posting.account).map_err(internal)?;
            self.postings.insert((sequence, line), (record.day, account, posting.amount.0));
            self.lines += 1;
        }
        if record.header.kind == OPENED
            && let Some(case) = record.header.case
        {
            self.opened += 1;
            compare_opening(connection, origin, record, case).await?.then_some(()).ok_or_else(|| differs("case"))?;
        }
        Ok(())
    }
}

/// The projected case stands on this row and, unless it was forgotten, has the header that was sealed into it.
async fn compare_opening(connection: &mut SqliteConnection, origin: &Origin, record: &Record, case: CaseId) -> Result<bool, OpenFailure> {
    let Some(row) = sqlx::query("SELECT header, day, opened_by AS sequence FROM cases WHERE case_id = ?")
        .bind(&case.0[..])
        .fetch_optional(&mut *connection)
        .await?
    else {
        return Ok(false);
    };
    let header: Option<CaseHeader> = serde_json::from_str(&row.try_get::<String, _>("header")?).ok();
    let day: String = row.try_get("day")?;
    if read::sequence(&row).map_err(internal)? != record.header.sequence || day != record.day.to_string() {
        return Ok(false);
    }
    let key = read::key(connection, case).await.map_err(internal)?;
    Ok(match (&record.sealed, key) {
        (Some(sealed), Some(key)) => key
            .open(&origin_context(origin, record.header.sequence), sealed)
            .is_ok_and(|payload| header.is_some() && opened_header(&payload) == header),
        (None, None) => header.is_some_and(|header| header.id == case),
        (Some(_), None) | (None, Some(_)) => false,
    })
}

async fn compare_postings(connection: &mut SqliteConnection, after: u64, up_to: u64, replay: &Replay) -> Result<(), OpenFailure> {
    let rows = sqlx::query(
        "SELECT sequence, line, day, account, amount FROM postings \
         WHERE sequence > ? AND sequence <= ? ORDER BY sequence, line",
    )
    .bind(read::bind_sequence(after).map_err(internal)?)
    .bind(read::bind_sequence(up_to).map_err(internal)?)
    .fetch_all(connection)
    .await?;
    let mut expected = replay.postings.iter();
    for row in &rows {
        let sequence = read::sequence(row).map_err(internal)?;
        let key: (i64, i64) = (row.try_get("sequence")?, row.try_get("line")?);
        let same = expected.next().is_some_and(|(at, (day, account, amount))| {
            *at == key
                && row.try_get::<String, _>("day").is_ok_and(|stored| stored == day.to_string())
                && row.try_get::<String, _>("account").is_ok_and(|stored| stored == *account)
                && row.try_get::<i64, _>("amount").is_ok_and(|stored| stored == *amount)
        });
        if !same {
            return Err(OpenFailure::Differs { sequence, what: "postings" });
        }
    }
    expected.next().map_or(Ok(()), |_| Err(OpenFailure::Differs { sequence: up_to, what: "postings" }))
}

async fn compare_totals(connection: &mut SqliteConnection, head: &Head, replay: &Replay) -> Result<(), OpenFailure> {
    let differs = |what| OpenFailure::Differs { sequence: head.sequence, what };
    if read::head(connection).await.map_err(internal)? != *head {
        return Err(differs("head"));
    }
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM postings) AS lines, (SELECT count(*) FROM cases) AS opened, \
         (SELECT count(*) FROM cases c WHERE c.ended_by IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM journal j WHERE j.sequence = c.ended_by AND j.case_id = c.case_id)) AS strays",
    )
    .fetch_one(connection)
    .await?;
    if row.try_get::<i64, _>("lines")? != replay.lines {
        return Err(differs("postings"));
    }
    if row.try_get::<i64, _>("opened")? != replay.opened {
        return Err(differs("cases"));
    }
    if row.try_get::<i64, _>("strays")? != 0 {
        return Err(differs("endings"));
    }
    Ok(())
}

fn internal(failure: desk_app::ports::StoreFailure) -> OpenFailure {
    OpenFailure::Database(failure.detail)
}
