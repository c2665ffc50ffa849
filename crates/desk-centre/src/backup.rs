//! Backup and restore by PostgreSQL's own tools. A restore is not done until every journal in it has been checked.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::{evidence, fault::Fault, store::Postgres};

/// Writes the whole database into one file (custom format of `pg_dump`); whole when it has its name.
///
/// # Errors
/// [`Fault`] where the tool is missing or says no.
pub async fn backup(url: &str, file: &Path) -> Result<(), Fault> {
    let half = file.with_extension("part");
    run("pg_dump", url, |command| command.arg("--format=custom").arg("--no-privileges").arg("--file").arg(&half)).await?;
    std::fs::File::open(&half)
        .and_then(|written| written.sync_all())
        .and_then(|()| std::fs::rename(&half, file))
        .map_err(|error| Fault::of(file, error.kind()))
}

/// Fills an empty database from a backup, all or nothing, then checks every journal and the ledger. Answers the rows checked.
///
/// # Errors
/// [`Fault`] where the database is not empty, the tool says no, or what was restored is not sound.
pub async fn restore(url: &str, file: &Path) -> Result<u64, Fault> {
    if !file.is_file() {
        return Err(Fault::of(file, "no such file"));
    }
    let store = Postgres::connect(url, 2).await?;
    if !store.is_empty().await? {
        return Err(Fault::new("restore: the database has tables already; make an empty one"));
    }
    run("pg_restore", url, |command| command.arg("--exit-on-error").arg("--single-transaction").arg("--no-owner").arg(file)).await?;
    store.check_migrated().await?;
    let rows = evidence::verify(&store).await?.iter().map(|sound| sound.rows).sum();
    store.close().await;
    Ok(rows)
}

async fn run(tool: &str, url: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), Fault> {
    let mut command = Command::new(tool);
    // The URL may hold a password; as an argument every user of the machine would see it.
    let (url, password) = parted(url);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let ended = arguments(command.arg("--dbname").arg(url))
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| Fault::new(format!("{tool}: {}", error.kind())))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(Fault::new(format!("{tool}: {}", said.lines().next().unwrap_or("failed"))))
}

/// The URL without its password, and the password.
fn parted(url: &str) -> (String, Option<String>) {
    let password = crate::open::password(url);
    let bare = url.split_once("://").and_then(|(scheme, rest)| {
        let (user, rest) = rest.split_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}@{rest}"))
    });
    (bare.unwrap_or_else(|| url.to_owned()), password)
}
