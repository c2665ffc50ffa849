//! A store that fails, or takes the process with it, at a chosen write.

use std::path::PathBuf;

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

/// What happens at the chosen write. `append` and `open_case` count, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written and the caller is told so.
    Refuse,
    /// Nothing is written from here on.
    RefuseEverAfter,
    /// The process ends before the commit.
    DieBefore,
    /// The process ends after the commit and before the caller hears of it.
    DieAfter,
}

/// Hands everything on to the store inside until write number `at`.
pub struct FaultyStore {
    inner: Box<dyn Store>,
    at: u32,
    fault: Fault,
    written: u32,
    /// Where somebody outside lays the next fault.
    orders: Option<PathBuf>,
}

impl FaultyStore {
    #[must_use]
    pub fn new(inner: Box<dyn Store>, at: u32, fault: Fault) -> Self {
        Self { inner, at, fault, written: 0, orders: None }
    }

    /// Takes its faults from a file, looked for before every write: `before N` or `after N` dies at the N-th write from
    /// then on, N 0 never. The file goes when it is taken.
    #[must_use]
    pub fn armed_by(inner: Box<dyn Store>, orders: PathBuf) -> Self {
        Self { inner, at: 0, fault: Fault::DieBefore, written: 0, orders: Some(orders) }
    }

    fn take_orders(&mut self) {
        let Some(file) = &self.orders else { return };
        let Ok(text) = std::fs::read_to_string(file) else { return };
        let _gone = std::fs::remove_file(file);
        let order = text.trim().split_once(' ').and_then(|(when, at)| {
            let fault = match when {
                "before" => Fault::DieBefore,
                "after" => Fault::DieAfter,
                _ => return None,
            };
            Some((fault, at.parse().ok()?))
        });
        if let Some((fault, at)) = order {
            (self.fault, self.at, self.written) = (fault, at, 0);
        }
    }

    #[must_use]
    pub fn into_inner(self) -> Box<dyn Store> {
        self.inner
    }

    fn before(&mut self) -> Result<(), StoreFailure> {
        self.take_orders();
        self.written += 1;
        let refused = || StoreFailure { code: Code::StoreBroken, detail: "fault of a test".to_owned() };
        match self.fault {
            Fault::Refuse if self.written == self.at => Err(refused()),
            Fault::RefuseEverAfter if self.written >= self.at => Err(refused()),
            Fault::DieBefore if self.written == self.at => std::process::abort(),
            Fault::Refuse | Fault::RefuseEverAfter | Fault::DieBefore | Fault::DieAfter => Ok(()),
        }
    }

    fn after(&self) {
        if self.fault == Fault::DieAfter && self.written == self.at {
            std::process::abort();
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure> {
        self.before()?;
        let headers = self.inner.append(rows, closes).await?;
        self.after();
        Ok(headers)
    }

    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure> {
        self.before()?;
        let header = self.inner.open_case(opening).await?;
        self.after();
        Ok(header)
    }

    async fn case(&mut self, case: CaseId) -> Result<Vec<Stored>, StoreFailure> {
        self.inner.case(case).await
    }

    async fn unfinished(&mut self) -> Result<Vec<CaseHeader>, StoreFailure> {
        self.inner.unfinished().await
    }

    async fn cases_of(&mut self, day: NaiveDate) -> Result<Vec<(CaseHeader, Option<Ending>)>, StoreFailure> {
        self.inner.cases_of(day).await
    }

    async fn loose(&mut self, day: NaiveDate) -> Result<Vec<Stored>, StoreFailure> {
        self.inner.loose(day).await
    }

    async fn movements(&mut self, period: Period) -> Result<Vec<Movement>, StoreFailure> {
        self.inner.movements(period).await
    }

    async fn balance(&mut self, account: &Account) -> Result<Fen, StoreFailure> {
        self.inner.balance(account).await
    }

    async fn next_batch(&mut self, most: u32) -> Result<Option<Batch>, StoreFailure> {
        self.inner.next_batch(most).await
    }

    async fn acknowledge(&mut self, sequence: u64) -> Result<(), StoreFailure> {
        self.inner.acknowledge(sequence).await
    }

    async fn waiting(&mut self) -> Result<u32, StoreFailure> {
        self.inner.waiting().await
    }

    async fn head(&mut self) -> Result<(u64, String), StoreFailure> {
        self.inner.head().await
    }

    async fn remember_operator(&mut self, operator: &Operator) -> Result<(), StoreFailure> {
        self.inner.remember_operator(operator).await
    }

    async fn operator(&mut self, id: &str) -> Result<Option<Operator>, StoreFailure> {
        self.inner.operator(id).await
    }

    async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreFailure> {
        self.inner.remember(key, value).await
    }

    async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.inner.recall(key).await
    }
}
