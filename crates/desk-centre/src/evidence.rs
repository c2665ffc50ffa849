//! Journals as evidence: checked where they lie, exported for others to check, forgotten when their time is over.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use centre_core::store::CentreStore;
use chrono::{Months, NaiveDate};
use desk_domain::id::CellId;
use desk_wire::export::{Check, Line, Sound};

use crate::{
    fault::Fault,
    store::{Postgres, journal::Kept},
};

/// Law asks for half a year at least; what is younger is not forgotten, whoever asks.
const SHORTEST_RETENTION: Months = Months::new(6);

/// Checks every journal: chain, payloads, balance, signatures; that the ledger says what the journals say, and that it sums to
/// nothing in each cell.
///
/// # Errors
/// [`Fault`] with the journal and the row where the first one is not sound.
pub async fn verify(store: &Postgres) -> Result<Vec<Sound>, Fault> {
    let mut sound = Vec::new();
    let mut cells: Vec<CellId> = Vec::new();
    for journal in store.journals().await? {
        let mut check = Check::default();
        store.export(&journal, |line| put(&mut check, &journal, line)).await?;
        sound.push(check.end().map_err(|unsound| told(&journal, &unsound))?);
        if !cells.contains(&journal.cell) {
            cells.push(journal.cell);
        }
    }
    let strays = store.stray_postings().await?;
    if strays != 0 {
        return Err(Fault::new(format!("the ledger has {strays} postings that the journals do not have, or lacks as many")));
    }
    let mut tx = store.begin().await?;
    for cell in cells {
        let imbalance = tx.imbalance(&cell).await?;
        if imbalance != 0 {
            return Err(Fault::new(format!("cell {cell}: the ledger is out of balance by {imbalance} fen")));
        }
    }
    Ok(sound)
}

fn put(check: &mut Check, journal: &Kept, line: &Line) -> Result<(), Fault> {
    let text = serde_json::to_string(line).map_err(|error| Fault::new(error.to_string()))?;
    check.line(&text).map_err(|unsound| told(journal, &unsound))
}

fn told(journal: &Kept, unsound: &desk_wire::export::Unsound) -> Fault {
    Fault::new(format!("journal of {} generation {}: {unsound}", journal.device, journal.generation))
}

/// Writes each journal into a file of its own; a file is whole when it has its name. Answers the files.
///
/// # Errors
/// [`Fault`] where a file cannot be written.
pub async fn export(store: &Postgres, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    fs::create_dir_all(folder).map_err(|error| Fault::of(folder, error.kind()))?;
    let mut files = Vec::new();
    for journal in store.journals().await? {
        let file = folder.join(format!("{}-{}-{}.journal", journal.cell, journal.device, journal.generation));
        let half = file.with_extension("part");
        let failed = |error: std::io::Error| Fault::of(&half, error.kind());
        let mut out = BufWriter::new(File::create(&half).map_err(failed)?);
        store
            .export(&journal, |line| {
                serde_json::to_writer(&mut out, line).map_err(|error| Fault::new(error.to_string()))?;
                out.write_all(b"\n").map_err(failed)
            })
            .await?;
        out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        fs::rename(&half, &file).map_err(failed)?;
        files.push(file);
    }
    Ok(files)
}

/// Forgets the payloads of business days before `before`; the chains stay sound. Answers how many went.
///
/// # Errors
/// [`Fault`] where `before` is younger than the shortest retention, or a journal is not sound afterwards.
pub async fn forget(owner: &Postgres, before: NaiveDate, today: NaiveDate) -> Result<u64, Fault> {
    let latest = today.checked_sub_months(SHORTEST_RETENTION).unwrap_or(NaiveDate::MIN);
    if before > latest {
        return Err(Fault::new(format!("payloads are kept for six months: {latest} is the latest day")));
    }
    let gone = owner.forget_payloads(before).await?;
    verify(owner).await?;
    Ok(gone)
}
