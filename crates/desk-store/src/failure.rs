//! What can be wrong with a store, as codes.

use desk_app::ports::StoreFailure;
use desk_domain::{code::Code, journal::ChainBreak};

/// Why a store does not open. Nothing is changed or repaired on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailure {
    #[error("no store file")]
    Missing,
    /// A store is never created over another.
    #[error("a store file is already there")]
    Exists,
    #[error("wrong key, or the first page is damaged")]
    WrongKey,
    #[error("another process holds the store")]
    InUse,
    #[error("journal: {0}")]
    Chain(#[from] ChainBreak),
    /// A payload, the stored head or a projection is not what the journal says.
    #[error("journal and store differ at row {sequence}: {what}")]
    Differs { sequence: u64, what: &'static str },
    #[error("schema {version} is newer than this program")]
    Newer { version: i64 },
    #[error("the store belongs to another station")]
    OtherStation,
    #[error("{0}")]
    Database(String),
}

impl OpenFailure {
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Missing => Code::StoreMissing,
            Self::WrongKey => Code::StoreKeyWrong,
            Self::InUse => Code::StoreInUse,
            Self::Chain(_) | Self::Differs { .. } => Code::JournalBroken,
            Self::Newer { .. } => Code::StoreNewer,
            Self::OtherStation | Self::Exists | Self::Database(_) => Code::StoreBroken,
        }
    }
}

impl From<OpenFailure> for StoreFailure {
    fn from(failure: OpenFailure) -> Self {
        Self { code: failure.code(), detail: failure.to_string() }
    }
}

/// SQLite's primary result codes that mean something to us.
const BUSY: &str = "5";
const NOT_A_DATABASE: &str = "26";

impl From<sqlx::Error> for OpenFailure {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        match code.as_deref() {
            Some(BUSY) => Self::InUse,
            Some(NOT_A_DATABASE) => Self::WrongKey,
            Some(_) | None => Self::Database(describe(&error)),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for OpenFailure {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        if let sqlx::migrate::MigrateError::VersionMissing(version) = error {
            return Self::Newer { version };
        }
        if let sqlx::migrate::MigrateError::Execute(error) = error {
            return error.into();
        }
        Self::Database(error.to_string())
    }
}

/// Result code and SQLite's own words, which hold names of tables and never their contents.
fn describe(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(
        || "no answer of the database".to_owned(),
        |error| {
            let code = error.code().unwrap_or_default();
            format!("sqlite {code}: {}", error.message())
        },
    )
}

pub(crate) fn broken(detail: impl Into<String>) -> StoreFailure {
    StoreFailure { code: Code::StoreBroken, detail: detail.into() }
}

pub(crate) fn database(error: sqlx::Error) -> StoreFailure {
    broken(describe(&error))
}
