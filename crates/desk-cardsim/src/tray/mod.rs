//! A tray of cards on disk: one file a card, so that its memory outlives every program that plays it.

pub mod console;
mod facts;
mod field;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{BadCard, CardRow, Seed, SimCard, StaffRow};

pub use facts::Facts;
pub use field::{Faults, FieldCard, Side};

/// The cards of the demonstration, as the centre's demonstration data list them too.
pub const DEMONSTRATION: &str = include_str!("../../../../rules/demonstration-cards.toml");

const SUFFIX: &str = "json";

/// Why a tray cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum TrayError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: no card in this file: {source}")]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("list of cards: {0}")]
    List(#[from] toml::de::Error),
    #[error("{name}: {source}")]
    Card { name: String, source: BadCard },
    #[error("{0}: a card's name is made of a-z, 0-9 and -")]
    Name(String),
    #[error("{0} holds cards already; they are not overwritten")]
    NotEmpty(PathBuf),
    #[error("{0} holds no card")]
    Empty(PathBuf),
}

/// One card as it lies on the disk.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredCard {
    /// Place in the tray, from 1.
    pub position: usize,
    pub row: CardRow,
    pub card: SimCard,
}

#[derive(Deserialize)]
struct List {
    card: Vec<CardRow>,
}

/// Makes the cards that `list` describes (the form of `rules/demonstration-cards.toml`) and stores them in `directory`.
/// The same list and seed make the same cards.
///
/// # Errors
/// [`TrayError`]; cards that lie there already are never overwritten.
pub fn make(directory: &Path, seed: &Seed, list: &str) -> Result<usize, TrayError> {
    let list: List = toml::from_str(list)?;
    fs::create_dir_all(directory).map_err(|source| file_error(directory, source))?;
    if !files(directory)?.is_empty() {
        return Err(TrayError::NotEmpty(directory.to_owned()));
    }
    let mut made = Vec::new();
    for (index, row) in list.card.into_iter().enumerate() {
        if !is_name(&row.name) {
            return Err(TrayError::Name(row.name));
        }
        let card = SimCard::make(seed, &row).map_err(|source| TrayError::Card { name: row.name.clone(), source })?;
        made.push(StoredCard { position: index + 1, row, card });
    }
    for stored in &made {
        let path = path_of(directory, &stored.row.name);
        save(&path, &text_of(stored)).map_err(|source| file_error(&path, source))?;
    }
    Ok(made.len())
}

/// Adds a staff card to the cards of a directory.
///
/// # Errors
/// [`TrayError`]
pub fn add_staff(directory: &Path, text: &str) -> Result<(), TrayError> {
    let damaged = |source| TrayError::Damaged { path: directory.to_owned(), source };
    let made: StaffRow = serde_json::from_str(text).map_err(damaged)?;
    let name = format!("staff-{}", made.operator);
    if !is_name(&name) {
        return Err(TrayError::Name(name));
    }
    let card = SimCard::staff(&made).map_err(|source| TrayError::Card { name: name.clone(), source })?;
    let row = CardRow {
        name: name.clone(),
        family: "staff".to_owned(),
        card_no: made.operator,
        issuer: String::new(),
        serial: String::new(),
        holder_class: 0,
        balance_fen: 0,
        valid_until: String::new(),
    };
    let path = path_of(directory, &name);
    let position = files(directory)?.len() + 1;
    save(&path, &text_of(&StoredCard { position, row, card })).map_err(|source| file_error(&path, source))
}

/// All cards of one directory.
pub struct Tray {
    cards: BTreeMap<String, Arc<FieldCard>>,
}

impl Tray {
    /// Opens the cards in `directory`; `faults` strike whichever of them lies on a reader.
    ///
    /// # Errors
    /// [`TrayError`] where a file cannot be read or there is none.
    pub fn open(directory: &Path, faults: &Arc<Faults>) -> Result<Self, TrayError> {
        let mut cards = BTreeMap::new();
        for path in files(directory)? {
            let text = fs::read_to_string(&path).map_err(|source| file_error(&path, source))?;
            let stored: StoredCard = serde_json::from_str(&text).map_err(|source| TrayError::Damaged { path: path.clone(), source })?;
            cards.insert(stored.row.name.clone(), Arc::new(FieldCard::new(path, stored, Arc::clone(faults))));
        }
        if cards.is_empty() {
            return Err(TrayError::Empty(directory.to_owned()));
        }
        Ok(Self { cards })
    }

    #[must_use]
    pub fn card(&self, name: &str) -> Option<&Arc<FieldCard>> {
        self.cards.get(name)
    }

    /// In the order of the tray.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Arc<FieldCard>> {
        let mut cards: Vec<_> = self.cards.values().collect();
        cards.sort_by_key(|card| card.position());
        cards
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn path_of(directory: &Path, name: &str) -> PathBuf {
    directory.join(name).with_extension(SUFFIX)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, TrayError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(|source| file_error(directory, source))? {
        let path = entry.map_err(|source| file_error(directory, source))?.path();
        if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_error(path: &Path, source: io::Error) -> TrayError {
    TrayError::File { path: path.to_owned(), source }
}

/// One card as text; the same card gives the same text.
fn text_of(stored: &StoredCard) -> String {
    // A card is plain data with string keys, which always serialises; an empty text would be refused at the next start.
    serde_json::to_string(stored).unwrap_or_default()
}

/// Replaces the file as a whole: a kill leaves the old card or the new one.
fn save(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&beside, path)
}
