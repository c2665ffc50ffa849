//! The process dies at every single write of every service, before the commit and after it; the next life ends the work
//! from the journal, the card and the centre alone.

use async_trait::async_trait;
use chrono::NaiveDate;
use desk_app::{
    ports::{Draft, Movement, Opening, Period, Store, StoreFailure, Stored},
    view::{AskView, Stage},
};
use desk_domain::{
    case::{CaseHeader, Ending},
    id::CaseId,
    journal::RowHeader,
    money::Fen,
    posting::Account,
};
use desk_testkit::{clerk::Move, memory_store::MemoryStore, stations};
use desk_wire::v1::{Batch, Operator};
use tokio::sync::watch;

use crate::world::{EDUCATION, PURSE, Window, World, case_on_screen, good, willing};

/// Hangs for ever at write number `at`, so that the desk can be killed exactly there.
struct Stopping {
    inner: MemoryStore,
    at: u32,
    after: bool,
    written: u32,
    stopped: watch::Sender<bool>,
}

impl Stopping {
    async fn before(&mut self) {
        self.written += 1;
        if self.written == self.at && !self.after {
            self.stop().await;
        }
    }

    async fn committed(&self) {
        if self.written == self.at && self.after {
            self.stop().await;
        }
    }

    async fn stop(&self) {
        self.stopped.send_replace(true);
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Store for Stopping {
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure> {
        self.before().await;
        let done = self.inner.append(rows, closes).await;
        self.committed().await;
        done
    }

    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure> {
        self.before().await;
        let done = self.inner.open_case(opening).await;
        self.committed().await;
        done
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

async fn sign_in(window: &mut Window) {
    window.clerk.sign_in("1001", "pass-1001").await.unwrap();
    window.clerk.open_day("500", "20").await.unwrap();
}

/// Every answer of a willing clerk, who is also a guardian where one is asked for.
fn answers(world: &World, service: &str, card: &'static str) -> impl FnMut(&desk_app::view::CaseView) -> Move + use<> {
    let mut willing = willing(&world.tray, card);
    let reset = service == "password_reset";
    move |view| match &view.question.ask {
        AskView::Choice { .. } if reset => crate::services::guardian(view),
        _ => willing(view),
    }
}

async fn die_everywhere(service: &str, programme: &str, card: &'static str, once: &str, times: usize) {
    for after in [false, true] {
        for at in 1.. {
            let mut world = World::new().await;
            let stopped = watch::Sender::new(false);
            let mut seen = stopped.subscribe();
            // Sign-in and day open are the first two writes of a life.
            let inner = MemoryStore::open(world.disk.clone(), &stations::station(), 77).unwrap();
            let store = Stopping { inner, at: at + 2, after, written: 0, stopped };
            let mut window = world.start_on(Box::new(store));
            sign_in(&mut window).await;
            let mut script = answers(&world, service, card);
            let finished = tokio::select! {
                biased;
                _ = seen.wait_for(|stopped| *stopped) => false,
                end = async {
                    window.begin(service, programme).await;
                    window.clerk.drive(&mut script).await
                } => { assert!(good(&end.unwrap())); true }
            };
            window.kill().await;
            let mut window = world.start();
            sign_in(&mut window).await;
            let view = window.clerk.until("a stage", |view| matches!(view.stage, Stage::Case(_) | Stage::Home(_))).await.unwrap();
            if case_on_screen(&view).is_none() && world.count(once) == 0 {
                window.begin(service, programme).await;
            }
            let view = window.clerk.view().unwrap();
            if case_on_screen(&view).is_some() {
                let end = window.clerk.drive(answers(&world, service, card)).await;
                let end = end.unwrap_or_else(|error| panic!("{service} {at} {after}: {error:?}"));
                assert!(good(&end), "{service} {at} {after}: {end:#?}");
            }
            assert_eq!(world.count(once), times, "{service} {at} {after}");
            assert_eq!(window.clerk.view().unwrap().status.unwrap().unfinished, 0, "{service} {at} {after}");
            window.kill().await;
            if finished {
                assert!(at > 4, "{service}: {at} writes");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_survives_a_kill_at_every_write() {
    die_everywhere("refund_readable", PURSE, "purse", "fact.paid_out", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_refund_by_purchase_survives_a_kill_at_every_write() {
    die_everywhere("refund_readable", PURSE, "purchase", "fact.paid_out", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_reissue_survives_a_kill_at_every_write() {
    die_everywhere("reissue_lost", EDUCATION, "blank-1", "fact.money_in", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_validation_survives_a_kill_at_every_write() {
    die_everywhere("validation", EDUCATION, "pupil", "fact.confirmed", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_password_reset_survives_a_kill_at_every_write() {
    die_everywhere("password_reset", EDUCATION, "pupil", "fact.confirmed", 1).await;
}
