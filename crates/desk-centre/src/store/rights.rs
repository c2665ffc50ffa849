//! What the serving role may do to each table. Tables belong to the owner, who migrates and forgets; the centre that
//! answers desks connects as a role that can add evidence and change none of it.

use centre_core::store::{StoreFailure, Stored};
use sqlx::{AssertSqlSafe, PgPool};

use super::{MIGRATIONS, Postgres, failed};

/// What the serving role does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Evidence: rows are added and read.
    Append,
    /// State: rows are added and changed, and stay.
    Keep,
    /// Rows that end: kept replies with personal data.
    Pass,
}

impl Access {
    fn privileges(self) -> &'static str {
        match self {
            Self::Append => "SELECT, INSERT",
            // FOR UPDATE asks for the right to update, so state needs it even where it is only locked.
            Self::Keep => "SELECT, INSERT, UPDATE",
            Self::Pass => "SELECT, INSERT, UPDATE, DELETE",
        }
    }
}

/// Every table of the schema; one that is missing here can be read by nobody but the owner.
pub const TABLES: &[(&str, Access)] = &[
    ("authorisations", Access::Keep),
    ("blacklist", Access::Keep),
    ("cards", Access::Keep),
    ("case_keys", Access::Append),
    ("claims", Access::Keep),
    ("decided_writes", Access::Append),
    ("devices", Access::Keep),
    ("enrolments", Access::Keep),
    ("half_done", Access::Keep),
    ("journal", Access::Append),
    ("journal_heads", Access::Append),
    ("office_acts", Access::Append),
    ("operators", Access::Keep),
    ("orders", Access::Keep),
    ("payouts", Access::Keep),
    ("persons", Access::Keep),
    ("postings", Access::Append),
    ("publications", Access::Append),
    ("releases", Access::Append),
    ("requests", Access::Pass),
    ("series", Access::Keep),
    ("sessions", Access::Keep),
    ("unit_photos", Access::Pass),
];

impl Postgres {
    /// Gives the serving role its rights and takes every other away; makes the role where it is missing. Connected as the
    /// owner. Run after every migration: a new table begins without rights.
    ///
    /// # Errors
    /// [`StoreFailure`] where the owner may not make roles, or the names are none that SQL takes.
    pub async fn grant(&self, role: &str, password: Option<&str>) -> Stored<()> {
        let pool = self.pool();
        let name = identifier(role)?;
        let known: Option<i32> =
            sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1").bind(role).fetch_optional(pool).await.map_err(failed)?;
        if known.is_none() {
            let secret = password.map(literal).transpose()?.map_or(String::new(), |secret| format!(" PASSWORD {secret}"));
            execute(pool, format!("CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{secret}")).await?;
        }
        let schema: String = sqlx::query_scalar("SELECT current_schema()").fetch_one(pool).await.map_err(failed)?;
        let schema = identifier(&schema)?;
        execute(pool, format!("GRANT USAGE ON SCHEMA {schema} TO {name}")).await?;
        execute(pool, format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}")).await?;
        for (table, access) in TABLES {
            execute(pool, format!("GRANT {} ON {schema}.{table} TO {name}", access.privileges())).await?;
        }
        // Serving checks that its tables are the newest.
        execute(pool, format!("GRANT SELECT ON {schema}._sqlx_migrations TO {name}")).await
    }

    /// Whether every migration of this program has run, and no other.
    ///
    /// # Errors
    /// [`StoreFailure`] that says what is to be done.
    pub async fn check_migrated(&self) -> Stored<()> {
        let mut ran: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(self.pool())
            .await
            .map_err(|_| StoreFailure::Failed("the tables are not there; run `desk-centre migrate`".to_owned()))?;
        let mut own: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        ran.sort_unstable();
        own.sort_unstable();
        if ran == own {
            return Ok(());
        }
        let newer = ran.iter().any(|version| !own.contains(version));
        Err(StoreFailure::Failed(if newer {
            "the tables are of a newer version than this program".to_owned()
        } else {
            "the tables are of an older version; run `desk-centre migrate`".to_owned()
        }))
    }
}

async fn execute(pool: &PgPool, sql: String) -> Stored<()> {
    sqlx::query(AssertSqlSafe(sql)).execute(pool).await.map_err(failed)?;
    Ok(())
}

/// A name in double quotes; only plain names are taken, so nothing can leave the quotes.
fn identifier(name: &str) -> Stored<String> {
    let plain = !name.is_empty() && name.len() < 64 && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain { Ok(format!("\"{name}\"")) } else { Err(StoreFailure::Failed("role or schema: letters, digits and _ only".to_owned())) }
}

fn literal(text: &str) -> Stored<String> {
    if text.contains(['\0', '\\']) {
        return Err(StoreFailure::Failed("the role's password has characters that cannot be set here".to_owned()));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}
