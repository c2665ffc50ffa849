//! The centre's store on PostgreSQL: SQL only. Times, numbers and decisions come in as arguments.

mod book;
mod claim;
mod half;
pub mod journal;
mod office;
mod order;
mod payout;
mod people;
mod request;
pub mod rights;
mod row;
mod tx;
mod unit;

use std::str::FromStr;

use async_trait::async_trait;
use centre_core::store::{CentreStore, StoreFailure, Stored, Tx};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use tx::PostgresTx;

/// Embedded migrations, run by `desk-centre migrate` and before serving.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Postgres(PgPool);

impl Postgres {
    /// Connects to the database of a URL.
    ///
    /// # Errors
    /// [`StoreFailure`] where the database cannot be reached or the URL is wrong.
    pub async fn connect(url: &str, connections: u32) -> Stored<Self> {
        // A request that waits longer than a desk does is of no use to anybody.
        let settings =
            [("lock_timeout", "4s"), ("statement_timeout", "8s"), ("idle_in_transaction_session_timeout", "20s"), ("timezone", "UTC")];
        let options = PgConnectOptions::from_str(url).map_err(failed)?.application_name("desk-centre").options(settings);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(std::time::Duration::from_secs(5))
            .connect_with(options)
            .await
            .map_err(failed)?;
        Ok(Self(pool))
    }

    /// # Errors
    /// [`StoreFailure`] where a migration fails or was changed after it ran.
    pub async fn migrate(&self) -> Stored<()> {
        MIGRATIONS.run(&self.0).await.map_err(|error| StoreFailure::Failed(error.to_string()))
    }

    fn pool(&self) -> &PgPool {
        &self.0
    }

    /// Whether the database answers and takes writes.
    pub async fn is_writable(&self) -> bool {
        let recovering: Result<bool, sqlx::Error> = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&self.0).await;
        recovering.is_ok_and(|recovering| !recovering)
    }

    /// Whether no table is there.
    ///
    /// # Errors
    /// [`StoreFailure`] where the database cannot be asked.
    pub async fn is_empty(&self) -> Stored<bool> {
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()")
            .fetch_one(&self.0)
            .await
            .map_err(failed)?;
        Ok(tables == 0)
    }

    /// Connections open, and of these idle.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        (self.0.size(), u32::try_from(self.0.num_idle()).unwrap_or(u32::MAX))
    }

    pub async fn close(&self) {
        self.0.close().await;
    }
}

#[async_trait]
impl CentreStore for Postgres {
    async fn begin(&self) -> Stored<Box<dyn Tx>> {
        Ok(Box::new(PostgresTx::new(self.0.begin().await.map_err(failed)?)))
    }
}

/// Another transaction was in the way: unique key, serialisation, deadlock, lock time-out.
const BUSY: [&str; 4] = ["23505", "40001", "40P01", "55P03"];

/// Says what went wrong without saying what was in the row.
pub(crate) fn failed(error: sqlx::Error) -> StoreFailure {
    if let sqlx::Error::Database(inner) = &error {
        let code = inner.code().unwrap_or_default();
        let place = inner.constraint().or(inner.table()).unwrap_or_default();
        if BUSY.contains(&code.as_ref()) {
            return StoreFailure::Busy(format!("{code} {place}"));
        }
        return StoreFailure::Failed(format!("{code} {place}: {}", inner.message()));
    }
    StoreFailure::Failed(error.to_string())
}
