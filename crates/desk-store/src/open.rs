//! Making and opening the file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use desk_app::ports::{Entropy, Station, StoreFailure};
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};
use zeroize::Zeroizing;

use crate::{
    chain::{Head, Origin},
    failure::{OpenFailure, database},
    verify,
};

/// Raw 256-bit key of the file. Never derived from a passphrase, never kept beside the file.
#[derive(Clone)]
pub struct StoreKey(pub Zeroizing<[u8; 32]>);

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// The store of an enrolled desk: one SQLCipher file, held exclusively by one connection.
pub struct SqliteStore {
    pub(crate) connection: SqliteConnection,
    pub(crate) origin: Origin,
    /// Absent after a failure, until it is read back.
    pub(crate) head: Option<Head>,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) commits_since_checkpoint: u32,
}

/// How long a second program waits for the file before it gives up.
const PATIENCE: Duration = Duration::from_millis(300);

/// A checkpoint in the middle of a money step would cost further syncs; they are made while rows are acknowledged. This
/// many pages are the stop for a desk that stays offline.
const LAST_RESORT_CHECKPOINT_PAGES: &str = "4000";

impl SqliteStore {
    /// Makes the store of a newly enrolled station. The file appears under its name only when it is complete.
    ///
    /// # Errors
    /// [`OpenFailure::Exists`] where a file is already there; [`OpenFailure::Database`].
    pub async fn create(path: &Path, key: &StoreKey, station: &Station, entropy: Box<dyn Entropy>) -> Result<Self, OpenFailure> {
        if path.exists() {
            return Err(OpenFailure::Exists);
        }
        let unfinished = sibling(path, "new");
        for left_over in [unfinished.clone(), sibling(&unfinished, "wal"), sibling(&unfinished, "shm")] {
            match std::fs::remove_file(&left_over) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(OpenFailure::Database(error.to_string()));
                }
                Ok(()) | Err(_) => {}
            }
        }
        let mut connection = options(&unfinished, key).create_if_missing(true).connect().await?;
        migrate(&mut connection).await?;
        let mut transaction = connection.begin().await?;
        sqlx::query("INSERT INTO station (one, cell, device, generation, outlet, window) VALUES (1, ?, ?, ?, ?, ?)")
            .bind(station.cell.as_str())
            .bind(station.device.as_str())
            .bind(station.generation)
            .bind(station.outlet.as_str())
            .bind(station.window.as_str())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO position (one, head_sequence, head_hash, acknowledged) VALUES (1, 0, ?, 0)")
            .bind(Head::genesis().hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        connection.close().await?;
        put_in_place(&unfinished, path)?;
        Self::open(path, key, station, entropy).await
    }

    /// Opens and checks everything: chain, payload hashes, stored head, projections against a replay.
    ///
    /// # Errors
    /// Any [`OpenFailure`] but `Exists`.
    pub async fn open(path: &Path, key: &StoreKey, station: &Station, entropy: Box<dyn Entropy>) -> Result<Self, OpenFailure> {
        if !path.is_file() {
            return Err(OpenFailure::Missing);
        }
        let mut connection = options(path, key).connect().await?;
        migrate(&mut connection).await?;
        let origin = Origin::of(station);
        let row = sqlx::query("SELECT cell, device, generation FROM station").fetch_one(&mut connection).await?;
        if (row.try_get::<String, _>("cell")?, row.try_get::<String, _>("device")?, row.try_get::<u32, _>("generation")?)
            != (origin.cell.0.clone(), origin.device.0.clone(), origin.generation)
        {
            return Err(OpenFailure::OtherStation);
        }
        let head = verify::whole_store(&mut connection, &origin).await?;
        Ok(Self { connection, origin, head: Some(head), entropy, commits_since_checkpoint: 0 })
    }

    /// Checks the whole store again, as [`SqliteStore::open`] does.
    ///
    /// # Errors
    /// [`OpenFailure::Chain`], [`OpenFailure::Differs`] or [`OpenFailure::Database`].
    pub async fn verify(&mut self) -> Result<(), OpenFailure> {
        verify::whole_store(&mut self.connection, &self.origin).await?;
        Ok(())
    }

    /// Lets the file grow no further, as a full disk would.
    ///
    /// # Errors
    /// `STORE_BROKEN`.
    pub async fn limit_pages(&mut self) -> Result<(), StoreFailure> {
        // Less than there are now means: as many as there are now.
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut self.connection).await.map_err(database)?;
        Ok(())
    }

    /// Writes everything into the main file and lets go of it. A store that is only dropped loses nothing.
    ///
    /// # Errors
    /// `STORE_BROKEN`.
    pub async fn close(self) -> Result<(), StoreFailure> {
        self.connection.close().await.map_err(database)
    }
}

fn options(path: &Path, key: &StoreKey) -> SqliteConnectOptions {
    let digits = Zeroizing::new(hex::encode(key.0.as_slice()));
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .pragma("key", format!("\"x'{}'\"", *digits))
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", LAST_RESORT_CHECKPOINT_PAGES)
        // The first statement holds the key.
        .disable_statement_logging()
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(ending);
    PathBuf::from(name)
}

fn put_in_place(from: &Path, to: &Path) -> Result<(), OpenFailure> {
    let sync = || {
        std::fs::File::open(from)?.sync_all()?;
        std::fs::rename(from, to)?;
        to.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
    };
    sync().map_err(|error: std::io::Error| OpenFailure::Database(error.to_string()))
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), sqlx::migrate::MigrateError> {
    // `run` takes anything that can be acquired from, and its future then cannot be sent to another thread.
    sqlx::migrate!("./migrations").run_direct(None, connection, false).await
}
