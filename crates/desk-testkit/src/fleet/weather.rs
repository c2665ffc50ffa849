//! What goes wrong in a fleet, by chance and by seed, and how often it did.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use desk_app::ports::{Answered, CentreLink, LinkFailure};
use desk_domain::{
    code::Code,
    id::{RequestId, SessionToken},
};
use desk_wire::v1::Request;

use crate::entropy::Seeded;

/// Every kind of fault; a run of many seeds in which one never came proves nothing about it.
pub const KINDS: &[&str] = &[
    "request dropped",
    "answer dropped",
    "request delayed",
    "request repeated",
    "request repeated late and out of order",
    "centre error",
    "answer garbled",
    "line partitioned",
    "power cut before a write",
    "power cut after a write",
    "desk crashed",
    "disk restored from an earlier image",
    "clock set off",
    "clock drifts",
    "card torn before a command",
    "card torn after a command",
    "card mute",
    "customer left with a torn card",
    "purse loaded by a kiosk",
    "two desks, one citizen",
    "copy of a card at two desks",
    "printer without paper",
];

/// How often each kind came; shared by everything in one world.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Seen {
    pub fn note(&self, kind: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += 1;
    }

    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A line that drops, delays, repeats, reorders and garbles by a seed, until it is told to be calm.
pub struct Stormy {
    inner: Arc<dyn CentreLink>,
    chance: Mutex<Seeded>,
    calm: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
    seen: Seen,
    /// One call in so many meets a fault.
    rarity: u64,
}

impl Stormy {
    #[must_use]
    pub fn new(inner: Arc<dyn CentreLink>, seed: u64, rarity: u64, calm: &Arc<AtomicBool>, down: &Arc<AtomicBool>, seen: &Seen) -> Self {
        Self { inner, chance: Mutex::new(Seeded::new(seed)), calm: Arc::clone(calm), down: Arc::clone(down), seen: seen.clone(), rarity }
    }

    fn below(&self, bound: u64) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).below(bound)
    }

    fn lost(&self, kind: &'static str, code: Code) -> Result<Answered, LinkFailure> {
        self.seen.note(kind);
        Err(LinkFailure { code, detail: kind.to_owned() })
    }
}

#[async_trait]
impl CentreLink for Stormy {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        if self.calm.load(Ordering::SeqCst) {
            return self.inner.call(id, session, request).await;
        }
        if self.down.load(Ordering::SeqCst) {
            return Err(LinkFailure { code: Code::CentreUnreachable, detail: "line partitioned".to_owned() });
        }
        tokio::time::sleep(Duration::from_millis(5 + self.below(60))).await;
        if self.below(self.rarity) > 0 {
            return self.inner.call(id, session, request).await;
        }
        match self.below(7) {
            0 => self.lost("request dropped", Code::CentreLate),
            1 => {
                let _unheard = self.inner.call(id, session, request).await;
                self.lost("answer dropped", Code::CentreLate)
            }
            2 => {
                self.seen.note("request delayed");
                tokio::time::sleep(Duration::from_millis(200 + self.below(4_000))).await;
                self.inner.call(id, session, request).await
            }
            3 => {
                self.seen.note("request repeated");
                let _first = self.inner.call(id, session, request).await;
                self.inner.call(id, session, request).await
            }
            4 => {
                self.seen.note("request repeated late and out of order");
                let (inner, session_again, again) = (Arc::clone(&self.inner), session.cloned(), request.clone());
                let late = Duration::from_secs(1 + self.below(90));
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let _nobody_waits = inner.call(id, session_again.as_ref(), &again).await;
                });
                self.inner.call(id, session, request).await
            }
            5 => self.lost("centre error", Code::CentreError),
            _ => self.lost("answer garbled", Code::CentreGarbled),
        }
    }
}
