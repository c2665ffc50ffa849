//! A store behind which the power fails at a chosen write: the write that dies never answers, and the test then kills the
//! desk that waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use tokio::sync::watch;

/// What happens at the chosen write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The power fails before the commit.
    Before,
    /// The power fails after the commit, before anybody hears of it.
    After,
    /// The disk refuses this one write; the power stays.
    Refuse,
}

/// Counts writes and knows at which one the power fails. Clones share it.
#[derive(Clone)]
pub struct Fuse {
    state: Arc<Mutex<State>>,
    blown: watch::Sender<bool>,
}

struct State {
    /// One name a write, in order.
    writes: Vec<String>,
    at: Option<(When, Cut)>,
}

enum When {
    /// Write number, from 1.
    Number(usize),
    /// The first write at which this holds.
    Holds(Box<dyn Fn() -> bool + Send>),
}

impl Fuse {
    /// Never blows; only counts.
    #[must_use]
    pub fn sound() -> Self {
        Self::new(None)
    }

    /// Blows at write number `at`, from 1.
    #[must_use]
    pub fn at(at: usize, cut: Cut) -> Self {
        Self::new(Some((When::Number(at), cut)))
    }

    /// Blows at the first write at which `holds`.
    #[must_use]
    pub fn when(holds: impl Fn() -> bool + Send + 'static, cut: Cut) -> Self {
        Self::new(Some((When::Holds(Box::new(holds)), cut)))
    }

    fn new(at: Option<(When, Cut)>) -> Self {
        Self { state: Arc::new(Mutex::new(State { writes: Vec::new(), at })), blown: watch::Sender::new(false) }
    }

    /// Names of the writes so far.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        self.state().writes.clone()
    }

    #[must_use]
    pub fn is_blown(&self) -> bool {
        *self.blown.borrow()
    }

    /// Ends when the power has failed.
    pub async fn blown(&self) {
        let mut blown = self.blown.subscribe();
        // The sender lives in `self`.
        let _ = blown.wait_for(|blown| *blown).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, what: String) -> Option<Cut> {
        let mut state = self.state();
        state.writes.push(what);
        let number = state.writes.len();
        let due = state.at.take_if(|(at, _)| match at {
            When::Number(at) => *at == number,
            When::Holds(holds) => holds(),
        });
        due.map(|(_, cut)| cut)
    }

    async fn blow(&self) {
        self.blown.send_replace(true);
        std::future::pending().await
    }
}

/// Every durable write passes the fuse, also acknowledgements and small values.
pub struct MortalStore {
    inner: Box<dyn Store>,
    fuse: Fuse,
}

impl MortalStore {
    #[must_use]
    pub fn new(inner: Box<dyn Store>, fuse: &Fuse) -> Self {
        Self { inner, fuse: fuse.clone() }
    }

    /// True where the power fails after this write.
    async fn before(&mut self, what: String) -> Result<bool, StoreFailure> {
        match self.fuse.count(what) {
            None => Ok(false),
            Some(Cut::After) => Ok(true),
            Some(Cut::Before) => {
                self.fuse.blow().await;
                Ok(false)
            }
            Some(Cut::Refuse) => {
                self.fuse.blown.send_replace(true);
                Err(StoreFailure { code: Code::StoreBroken, detail: "disk refuses".to_owned() })
            }
        }
    }

    async fn after(&mut self, dies: bool) {
        if dies {
            self.fuse.blow().await;
        }
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure> {
        let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
        let dies = self.before(kinds.join("+")).await?;
        let headers = self.inner.append(rows, closes).await?;
        self.after(dies).await;
        Ok(headers)
    }

    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure> {
        let dies = self.before("opened".to_owned()).await?;
        let header = self.inner.open_case(opening).await?;
        self.after(dies).await;
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
        let dies = self.before("acknowledge".to_owned()).await?;
        self.inner.acknowledge(sequence).await?;
        self.after(dies).await;
        Ok(())
    }

    async fn waiting(&mut self) -> Result<u32, StoreFailure> {
        self.inner.waiting().await
    }

    async fn head(&mut self) -> Result<(u64, String), StoreFailure> {
        self.inner.head().await
    }

    async fn remember_operator(&mut self, operator: &Operator) -> Result<(), StoreFailure> {
        let dies = self.before("remember_operator".to_owned()).await?;
        self.inner.remember_operator(operator).await?;
        self.after(dies).await;
        Ok(())
    }

    async fn operator(&mut self, id: &str) -> Result<Option<Operator>, StoreFailure> {
        self.inner.operator(id).await
    }

    async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreFailure> {
        let dies = self.before(format!("remember.{key}")).await?;
        self.inner.remember(key, value).await?;
        self.after(dies).await;
        Ok(())
    }

    async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.inner.recall(key).await
    }
}
