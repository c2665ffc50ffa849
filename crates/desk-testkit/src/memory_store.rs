//! The store in memory: the same acts, refusals and numbers as the encrypted file, and nothing left to chance.
//!
//! A [`MemoryDisk`] outlives the store on it, so a test kills a desk by dropping it and starts another on the same disk.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::NaiveDate;
use desk_app::ports::{Draft, Movement, Opening, Period, Station, Store, StoreFailure, Stored};
use desk_domain::{
    case::{CaseHeader, Ending},
    code::Code,
    id::CaseId,
    journal::{self, RowHeader},
    money::Fen,
    posting::Account,
};
use desk_store::{
    OpenFailure,
    chain::{self, Head, Link, Origin, SUITE},
    may_end, number,
    seal::PayloadKey,
};
use desk_wire::v1::{Batch, Operator, Row};

use crate::entropy::Seeded;

/// What survives a kill.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Content>>);

#[derive(Debug, Clone, Default)]
struct Content {
    rows: Vec<Kept>,
    keys: BTreeMap<CaseId, PayloadKey>,
    numbers: BTreeMap<NaiveDate, u32>,
    cases: Vec<KeptCase>,
    operators: BTreeMap<String, Operator>,
    memory: BTreeMap<String, String>,
    acknowledged: u64,
    origin: Option<Origin>,
}

#[derive(Debug, Clone)]
struct Kept {
    header: RowHeader,
    hash: String,
    day: NaiveDate,
    sealed: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct KeptCase {
    header: CaseHeader,
    day: NaiveDate,
    ending: Option<Ending>,
}

impl MemoryDisk {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the disk as it is now, to be put back later: a restored image.
    #[must_use]
    pub fn image(&self) -> Self {
        Self(Arc::new(Mutex::new(self.content().clone())))
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.content().rows.len()
    }

    /// Kinds of all rows, oldest first.
    #[must_use]
    pub fn kinds(&self) -> Vec<String> {
        let content = self.content();
        content.rows.iter().map(|row| row.header.kind.clone()).collect()
    }

    /// Changes the amount-free kind of one row behind the store's back, as a broken disk or a forger would.
    pub fn damage(&self, sequence: u64) {
        for row in &mut self.content().rows {
            if row.header.sequence == sequence {
                row.header.kind.push('x');
            }
        }
    }
}

/// A store on a [`MemoryDisk`].
pub struct MemoryStore {
    disk: MemoryDisk,
    origin: Origin,
    entropy: Seeded,
}

impl MemoryStore {
    /// A new disk and the store on it; the same `seed` gives the same keys and nonces.
    #[must_use]
    pub fn create(station: &Station, seed: u64) -> Self {
        let disk = MemoryDisk::default();
        let origin = Origin::of(station);
        disk.content().origin = Some(origin.clone());
        Self { disk, origin, entropy: Seeded::new(seed) }
    }

    /// Opens what a killed desk left behind.
    ///
    /// # Errors
    /// [`OpenFailure::OtherStation`], [`OpenFailure::Chain`] or [`OpenFailure::Differs`].
    pub fn open(disk: MemoryDisk, station: &Station, seed: u64) -> Result<Self, OpenFailure> {
        let origin = Origin::of(station);
        if disk.content().origin.as_ref() != Some(&origin) {
            return Err(OpenFailure::OtherStation);
        }
        let store = Self { disk, origin, entropy: Seeded::new(seed) };
        store.verify()?;
        Ok(store)
    }

    #[must_use]
    pub fn disk(&self) -> MemoryDisk {
        self.disk.clone()
    }

    /// # Errors
    /// [`OpenFailure::Chain`] or [`OpenFailure::Differs`].
    pub fn verify(&self) -> Result<(), OpenFailure> {
        let content = self.disk.content();
        let mut head = (0, journal::genesis());
        for row in &content.rows {
            head = journal::verify(head, [&row.header])?;
            let differs = |what| OpenFailure::Differs { sequence: row.header.sequence, what };
            if head.1 != row.hash {
                return Err(differs("hash"));
            }
            if row.sealed.as_deref().is_some_and(|sealed| journal::payload_hash(sealed) != row.header.payload_hash) {
                return Err(differs("payload"));
            }
        }
        Ok(())
    }

    /// Erases the payloads and the key of a case, as the encrypted store does.
    ///
    /// # Errors
    /// `STORE_BROKEN` for a case that is not known, has not ended for good, or has rows that the centre does not have.
    pub fn forget(&mut self, case: CaseId) -> Result<(), StoreFailure> {
        let mut content = self.disk.content();
        let known = content.cases.iter().find(|kept| kept.header.id == case).ok_or_else(|| broken("no such case"))?;
        if may_end(known.ending.as_ref()) {
            return Err(broken("a case that has not ended cannot be forgotten"));
        }
        let acknowledged = content.acknowledged;
        if content.rows.iter().any(|row| row.header.case == Some(case) && row.header.sequence > acknowledged) {
            return Err(broken("rows that the centre does not have cannot be forgotten"));
        }
        for row in &mut content.rows {
            if row.header.case == Some(case) {
                row.sealed = None;
            }
        }
        content.keys.remove(&case);
        Ok(())
    }
}

impl Content {
    fn head(&self) -> Head {
        self.rows.last().map_or_else(Head::genesis, |row| Head { sequence: row.header.sequence, hash: row.hash.clone() })
    }

    fn keep(&mut self, day: NaiveDate, link: Link) -> RowHeader {
        self.rows.push(Kept { header: link.header.clone(), hash: link.hash, day, sealed: Some(link.sealed) });
        link.header
    }

    fn key_for(&mut self, draft: &Draft, entropy: &mut Seeded) -> Result<PayloadKey, StoreFailure> {
        let owner = chain::key_owner(draft);
        if let Some(key) = self.keys.get(&owner) {
            return Ok(key.clone());
        }
        if draft.case.is_some() {
            return Err(broken("row of a case that is not open or was forgotten"));
        }
        let key = PayloadKey::draw(entropy);
        self.keys.insert(owner, key.clone());
        Ok(key)
    }

    fn stored(&self, origin: &Origin, owner: CaseId, row: &Kept) -> Result<Stored, StoreFailure> {
        let context = journal::seal_context(&origin.device, origin.generation, row.header.sequence);
        let payload = match (&row.sealed, self.keys.get(&owner)) {
            (Some(sealed), Some(key)) => key.open(&context, sealed).map_err(|error| broken(&error.to_string()))?,
            (None, None) => String::new(),
            (Some(_), None) | (None, Some(_)) => return Err(broken("payload without its key")),
        };
        Ok(Stored { header: row.header.clone(), day: row.day, payload })
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure> {
        let mut disk = self.disk.content();
        // Worked out on a copy and put in place at once: a refused act leaves nothing.
        let mut content = disk.clone();
        let mut head = content.head();
        let mut headers = Vec::with_capacity(rows.len());
        for draft in &rows {
            let key = content.key_for(draft, &mut self.entropy)?;
            let link = head.follow(&self.origin, draft, &key, &mut self.entropy).map_err(|error| broken(&error.to_string()))?;
            headers.push(content.keep(draft.day, link));
        }
        if let Some((case, ending)) = closes {
            if !headers.iter().any(|header| header.case == Some(case)) {
                return Err(broken("a case ends with a row of its own"));
            }
            let kept = content.cases.iter_mut().find(|kept| kept.header.id == case).ok_or_else(|| broken("no such case"))?;
            if !may_end(kept.ending.as_ref()) {
                return Err(broken("case has ended before"));
            }
            kept.ending = Some(ending);
        }
        *disk = content;
        Ok(headers)
    }

    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure> {
        let mut content = self.disk.content();
        let sequence = content.numbers.get(&opening.day).copied().unwrap_or(0) + 1;
        let mut header = opening.header;
        header.number = number::case_number(&header, opening.day, opening.generation, sequence)
            .ok_or_else(|| broken("case numbers of the day are used up"))?;
        if content.keys.contains_key(&header.id) {
            return Err(broken("case is open already"));
        }
        let draft = chain::opening_draft(&header, opening.day).map_err(|error| broken(&error.to_string()))?;
        let key = PayloadKey::draw(&mut self.entropy);
        let link = content.head().follow(&self.origin, &draft, &key, &mut self.entropy).map_err(|error| broken(&error.to_string()))?;
        content.numbers.insert(opening.day, sequence);
        content.keys.insert(header.id, key);
        content.keep(opening.day, link);
        content.cases.push(KeptCase { header: header.clone(), day: opening.day, ending: None });
        Ok(header)
    }

    async fn case(&mut self, case: CaseId) -> Result<Vec<Stored>, StoreFailure> {
        let content = self.disk.content();
        content.rows.iter().filter(|row| row.header.case == Some(case)).map(|row| content.stored(&self.origin, case, row)).collect()
    }

    async fn unfinished(&mut self) -> Result<Vec<CaseHeader>, StoreFailure> {
        Ok(self.disk.content().cases.iter().filter(|kept| kept.ending.is_none()).map(|kept| kept.header.clone()).collect())
    }

    async fn cases_of(&mut self, day: NaiveDate) -> Result<Vec<(CaseHeader, Option<Ending>)>, StoreFailure> {
        Ok(self.disk.content().cases.iter().filter(|kept| kept.day == day).map(|kept| (kept.header.clone(), kept.ending.clone())).collect())
    }

    async fn loose(&mut self, day: NaiveDate) -> Result<Vec<Stored>, StoreFailure> {
        let content = self.disk.content();
        content
            .rows
            .iter()
            .filter(|row| row.header.case.is_none() && row.day == day)
            .map(|row| content.stored(&self.origin, journal::day_key_owner(day), row))
            .collect()
    }

    async fn movements(&mut self, period: Period) -> Result<Vec<Movement>, StoreFailure> {
        Ok(self
            .disk
            .content()
            .rows
            .iter()
            .filter(|row| row.day == period.day)
            .flat_map(|row| {
                row.header.postings.lines().iter().map(|posting| Movement {
                    posting: posting.clone(),
                    kind: row.header.kind.clone(),
                    case: row.header.case,
                    at: row.header.at,
                })
            })
            .collect())
    }

    async fn balance(&mut self, account: &Account) -> Result<Fen, StoreFailure> {
        let content = self.disk.content();
        let lines = content.rows.iter().flat_map(|row| row.header.postings.lines());
        Fen::sum(lines.filter(|line| line.account == *account).map(|line| line.amount)).map_err(|_| broken("balance out of range"))
    }

    async fn next_batch(&mut self, most: u32) -> Result<Option<Batch>, StoreFailure> {
        let content = self.disk.content();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let rows: Vec<&Kept> = content.rows.iter().filter(|row| row.header.sequence > content.acknowledged).take(most).collect();
        let Some(head) = rows.last().map(|row| row.hash.clone()) else {
            return Ok(None);
        };
        let mut case_keys: Vec<(CaseId, String)> = Vec::new();
        for row in &rows {
            let owner = row.header.case.unwrap_or_else(|| journal::day_key_owner(row.day));
            if case_keys.iter().any(|(known, _)| *known == owner) {
                continue;
            }
            if let Some(key) = content.keys.get(&owner) {
                case_keys.push((owner, hex::encode(key.bytes())));
            }
        }
        Ok(Some(Batch {
            device: self.origin.device.clone(),
            generation: self.origin.generation,
            suite: SUITE.to_owned(),
            rows: rows
                .into_iter()
                .map(|row| Row { header: row.header.clone(), sealed: hex::encode(row.sealed.as_deref().unwrap_or_default()) })
                .collect(),
            case_keys,
            head,
            signature: String::new(),
        }))
    }

    async fn acknowledge(&mut self, sequence: u64) -> Result<(), StoreFailure> {
        let mut content = self.disk.content();
        let head = content.head().sequence;
        if sequence > head {
            return Err(StoreFailure {
                code: Code::DeviceRollback,
                detail: format!("the centre has row {sequence}, this store ends at {head}"),
            });
        }
        content.acknowledged = content.acknowledged.max(sequence);
        Ok(())
    }

    async fn waiting(&mut self) -> Result<u32, StoreFailure> {
        let content = self.disk.content();
        u32::try_from(content.head().sequence - content.acknowledged).map_err(|_| broken("outbox position"))
    }

    async fn head(&mut self) -> Result<(u64, String), StoreFailure> {
        let head = self.disk.content().head();
        Ok((head.sequence, head.hash))
    }

    async fn remember_operator(&mut self, operator: &Operator) -> Result<(), StoreFailure> {
        self.disk.content().operators.insert(operator.id.0.clone(), operator.clone());
        Ok(())
    }

    async fn operator(&mut self, id: &str) -> Result<Option<Operator>, StoreFailure> {
        Ok(self.disk.content().operators.get(id).cloned())
    }

    async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreFailure> {
        self.disk.content().memory.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreFailure> {
        Ok(self.disk.content().memory.get(key).cloned())
    }
}

fn broken(detail: &str) -> StoreFailure {
    StoreFailure { code: Code::StoreBroken, detail: detail.to_owned() }
}
