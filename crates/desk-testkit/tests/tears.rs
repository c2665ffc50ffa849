//! The card is torn at every command of every card write, before and after it is executed, at a desk that lives and at one
//! whose power fails in the same moment. Then the card comes back, turns up at another desk, is topped up at a kiosk, or
//! never returns. No cash while anybody doubts, never twice, and what cannot be known stands in suspense for all to see.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a proof ends where its scene cannot be set, prints its figures, and names the questions that it is about"
)]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use desk_app::view::{Act, AskView, CaseView};
use desk_cardsim::{faults::What, kiosk};
use desk_domain::{card::BlockState, case::Ending};
use desk_testkit::{
    books::{Centre, Journal, after_good_end},
    clerk::{Clerk, Move},
    link_faults::LineFault,
    mortal_store::{Cut, Fuse, MortalStore},
    rig::Rig,
    shift::{JOBS, Job, Shift, report},
    tally::Tally,
    world::World,
};
use desk_wire::v1::Request;

/// Fen that the kiosk loads.
const TOP_UP: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Here,
    Elsewhere,
    Kiosk,
    Never,
}

#[derive(Debug, Clone)]
struct Plan {
    /// Command after the first reservation, from 1.
    at: u32,
    what: What,
    killed: bool,
    fate: Fate,
}

struct Story<'a> {
    job: &'a Job,
    plan: Option<Plan>,
    world: Arc<World>,
    rig: Rig,
    armed: Arc<AtomicBool>,
    tally: &'a mut Tally,
    wrong: Vec<String>,
    /// Fen that the kiosk put on.
    loaded: i64,
}

/// The clerk at the torn desk. `away`: the customer went off with the card.
struct Torn<'a> {
    story: &'a Story<'a>,
    hands: desk_testkit::script::Hands,
    away: bool,
    stop_at_tear: bool,
    tries: u32,
}

impl Torn<'_> {
    fn fired(&self) -> bool {
        self.story.fired()
    }

    fn answer(&mut self, case: &CaseView) -> Move {
        if self.stop_at_tear && self.fired() {
            return Move::Stop;
        }
        let id = &case.question.id;
        let of_write = id.contains("write_card") || id.contains("resolve_write");
        match &case.question.ask {
            AskView::PutCard { .. } if of_write && self.away && self.fired() => {
                if case.can_cancel {
                    Move::Cancel
                } else {
                    Move::Stop
                }
            }
            AskView::PutCard { wrong: Some(_), .. } if of_write && self.fired() && self.tries > 3 => {
                if case.can_cancel {
                    Move::Cancel
                } else {
                    Move::Stop
                }
            }
            AskView::PutCard { wrong, .. } if self.fired() => {
                self.tries += 1;
                if wrong.as_ref().is_some_and(|wrong| wrong.code == "CARD_NOT_BLANK") && self.hands.blanks.len() > 1 {
                    self.hands.blanks.remove(0);
                }
                self.hands.answer(case, &self.story.rig.tray)
            }
            AskView::Choice { .. } if id.contains("write_again") || id.contains("blank_again") => {
                self.tries += 1;
                let stop = if id.contains("write_again") { "stop" } else { "next" };
                let option = if self.away || self.tries > 3 { stop } else { "again" };
                if option == "next" && self.hands.blanks.len() > 1 {
                    self.hands.blanks.remove(0);
                }
                Move::Choose(option.to_owned())
            }
            _ => self.hands.answer(case, &self.story.rig.tray),
        }
    }
}

impl Story<'_> {
    fn fired(&self) -> bool {
        self.armed.load(Ordering::SeqCst) && self.rig.tray.pending_faults() == 0
    }

    async fn work(&self, clerk: &mut Clerk, away: bool, stop_at_tear: bool) -> Result<Option<CaseView>, String> {
        let mut torn = Torn { story: self, hands: self.job.hands(), away, stop_at_tear, tries: 0 };
        let mut shift = Shift::new(self.job, &self.rig);
        shift.work_with(clerk, |case| torn.answer(case)).await.map_err(|waited| waited.0)
    }

    fn sees(&mut self, what: &str) {
        self.tally.saw(what);
    }

    fn demand(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.wrong.push(what.into());
        }
    }

    fn purse(&self) -> bool {
        self.job.service == "refund_readable"
    }

    /// What the customer can spend of the card.
    fn balance(&self) -> i64 {
        let card = self.job.card.and_then(|card| self.rig.tray.card(card));
        card.filter(|card| card.block() == BlockState::Open).and_then(|card| card.balance()).map_or(0, i64::from)
    }

    fn out_of_use(&self) -> bool {
        self.job.card.and_then(|card| self.rig.tray.card(card)).is_some_and(|card| card.block() != BlockState::Open)
    }

    async fn journal(&mut self) -> Journal {
        Journal::of(&self.rig, &self.world).await.expect("journal reads")
    }

    async fn centre(&self) -> Centre {
        Centre::of(&self.world, &self.rig, self.job.right.unwrap_or("none:")).await.expect("centre reads")
    }

    /// Lives at desk 1 until the tear and, where the desk dies there, the next life.
    async fn tear(&mut self) -> Result<(Clerk, bool), String> {
        let plan = self.plan.clone().expect("plan");
        let (armed, tray) = (Arc::clone(&self.armed), self.rig.tray.clone());
        self.rig.line.plan(move |request: &Request| {
            if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
                tray.plan(plan.at, plan.what.clone());
            }
            LineFault::None
        });
        let (armed, tray) = (Arc::clone(&self.armed), self.rig.tray.clone());
        let fuse = match plan.killed {
            true => Fuse::when(move || armed.load(Ordering::SeqCst) && tray.pending_faults() == 0, Cut::Before),
            false => Fuse::sound(),
        };
        let mut clerk =
            self.rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), &fuse))).map_err(|error| error.to_string())?;
        let away = plan.fate != Fate::Here;
        let ended = tokio::select! {
            biased;
            () = fuse.blown() => Ok(None),
            ended = self.work(&mut clerk, away, plan.killed) => ended,
        };
        if !plan.killed {
            let ended = ended?;
            return Ok((clerk, ended.is_some()));
        }
        ended?;
        self.rig.kill();
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        self.sees("desk died at the tear");
        Ok((clerk, false))
    }

    async fn tell(&mut self) -> Result<(), String> {
        let plan = self.plan.clone().expect("plan");
        let (mut clerk, _) = self.tear().await?;
        self.demand(self.fired(), "the tear did not come");
        let during = self.journal().await;
        let confirmed = during.count("fact.confirmed") > 0;
        self.demand(confirmed || during.paid_out() == 0, "cash before a confirmation");
        if plan.fate == Fate::Kiosk && self.purse() {
            let at = desk_domain::case::context::local(desk_app::ports::Clock::now(&*self.world.clock));
            let card = self.job.card.unwrap_or_default();
            let refuses = self.out_of_use();
            let loaded = self.rig.tray.with_card(card, |card| kiosk::top_up(card, TOP_UP, at));
            let as_it_should = match &loaded {
                Some(Ok(_)) => !refuses,
                Some(Err(_)) => refuses,
                None => false,
            };
            self.demand(as_it_should, format!("kiosk: {loaded:?}"));
            self.loaded = if refuses { 0 } else { i64::from(TOP_UP) };
        }
        let mut elsewhere = None;
        if plan.fate == Fate::Elsewhere {
            elsewhere = Some(self.at_another_desk().await?);
        }
        // The card is back at the first desk, or never comes.
        let away = plan.fate == Fate::Never;
        if plan.killed {
            clerk = self.rig.start().map_err(|error| error.to_string())?;
            self.work(&mut clerk, away, false).await?;
        } else if plan.fate != Fate::Here && !away {
            clerk.send(Act::Home);
            self.work(&mut clerk, false, false).await?;
        }
        let view = report(&mut clerk).await.map_err(|waited| waited.0)?;
        self.end(&view, elsewhere).await;
        Ok(())
    }

    /// The customer tries the same at the next window; answers what was paid there and whether the case ended well.
    async fn at_another_desk(&mut self) -> Result<(i64, bool), String> {
        let before = self.centre().await;
        let mut other = Rig::beside(&self.world, 2, &self.rig.tray).await.map_err(|error| error.to_string())?;
        self.rig.tray.take_off();
        let mut clerk = other.start().map_err(|error| error.to_string())?;
        let mut code = String::new();
        let mut hands = self.job.hands();
        // A reissue at the other desk takes a blank of its own.
        hands.blanks = vec!["blank-3".to_owned()];
        let tray = other.tray.clone();
        let done = {
            let mut shift = Shift::new(self.job, &other);
            let end = shift
                .work_with(&mut clerk, |case| {
                    if let Some(message) = &case.message {
                        code.clone_from(&message.code);
                    }
                    match &case.question.ask {
                        AskView::PutCard { wrong: Some(wrong), .. } if case.can_cancel => {
                            code.clone_from(&wrong.code);
                            Move::Cancel
                        }
                        _ => hands.answer(case, &tray),
                    }
                })
                .await
                .map_err(|waited| format!("other desk: {}", waited.0))?;
            if let Some(message) = end.as_ref().and_then(|end| end.message.as_ref()) {
                code.clone_from(&message.code);
            }
            end.is_some_and(|end| matches!(end.question.ask, AskView::Ended { good: true, .. }))
        };
        let journal = Journal::of(&other, &self.world).await?;
        let after = self.centre().await;
        let cases: Vec<_> = journal.cases.iter().map(|(header, _, _)| header.id).collect();
        if before.suspended && self.job.right.is_some_and(|right| right.starts_with("purse:") || right.starts_with("validity:")) {
            // The centre knows of the doubt and this desk has the card: it decides for the first desk, then goes on.
            self.demand(!after.suspended, "the other desk had the card and did not decide");
            self.demand(journal.paid_out() == 0 || after.settled == 1, "paid on a right that is not settled");
            self.sees("another desk decided");
        } else if before.open.is_some() {
            self.demand(!after.released_to.iter().any(|case| cases.contains(case)), "another desk got a MAC while the claim was open");
            self.demand(journal.paid_out() == 0, "another desk paid while the claim was open");
            let told = matches!(code.as_str(), "CASE_SUSPENDED" | "RIGHT_RESERVED" | "PURSE_EMPTY" | "CARD_MOVED_ON")
                || (self.out_of_use() && code == "CARD_REFUSED");
            if self.purse() {
                self.demand(told, format!("another desk was told {code:?}"));
            }
            self.sees("another desk was refused");
        }
        other.tray.take_off();
        let mut settled = other.start().map_err(|error| error.to_string())?;
        report(&mut settled).await.map_err(|waited| waited.0)?;
        Ok((journal.paid_out(), done))
    }

    /// Everything that must be true at the end, by how it ended.
    async fn end(&mut self, view: &desk_app::view::ReportView, elsewhere: Option<(i64, bool)>) {
        let fate = self.plan.as_ref().map_or(Fate::Here, |plan| plan.fate);
        let journal = self.journal().await;
        let centre = self.centre().await;
        for breach in journal.breaches() {
            self.demand(false, breach);
        }
        self.demand(centre.imbalance == 0, format!("ledger out by {}", centre.imbalance));
        let (paid_there, good_there) = elsewhere.unwrap_or_default();
        let paid = journal.paid_out() + paid_there;
        let loaded = self.loaded;
        let held = paid + self.balance() + centre.owed;
        let worth = self.job.out + self.job.later();
        let ending = journal.cases.first().and_then(|(_, ending, _)| ending.clone());
        let done = ending == Some(Ending::Done);
        let suspended = matches!(&ending, None | Some(Ending::Suspended { .. }));
        self.demand(journal.count("fact.paid_out") <= 1 && paid <= self.job.out, format!("paid {paid}"));
        self.demand(paid <= centre.refunds, format!("paid {paid}, confirmed {}", centre.refunds));
        if self.purse() {
            self.demand(held <= worth + loaded, format!("customer holds {held}"));
            self.demand(suspended || held == worth + loaded, format!("customer holds {held}, case {ending:?}"));
            self.demand(centre.owed == 0 || self.out_of_use(), "owed for a card that is in use");
        }
        if done {
            self.sees("ended well");
            let spoiled = journal.count("fact.blank_spoiled") > 0;
            if fate == Fate::Here {
                for wrong in after_good_end(self.job, &self.world, &self.rig, view).await {
                    // A spoiled blank stays with the clerk and may carry the number.
                    self.demand(spoiled && wrong.contains("blanks were written"), wrong);
                }
            }
            self.demand(centre.open.is_none() && !centre.suspended, "done and still held");
        } else if suspended && self.purse() {
            self.sees("stands in suspense");
            self.demand(journal.paid_out() == 0, "paid in suspense");
            self.demand(centre.suspended, "the centre does not know of the suspense");
            self.demand(centre.open.is_some(), "no claim holds the suspended card");
            self.demand(!view.exceptions.is_empty(), "the report does not name the suspended case");
            self.demand(fate != Fate::Here && fate != Fate::Elsewhere, format!("{fate:?} and still in suspense"));
        } else if suspended {
            self.sees("unknown and given back");
            self.demand(fate != Fate::Here, format!("{fate:?} and {ending:?}"));
            self.demand(centre.open.is_none(), "given back and still held");
        } else {
            self.sees("proved not written, given back");
            self.demand(matches!(ending, Some(Ending::Cancelled | Ending::Refused { .. })), format!("{ending:?}"));
            self.demand(journal.till() == desk_testkit::books::FLOAT, "money moved in a cancelled case");
            self.demand(centre.open.is_none() && !centre.suspended, "cancelled and still held");
            self.demand(u32::from(good_there) >= centre.settled, format!("cancelled and {} settled", centre.settled));
            self.demand(fate != Fate::Here, "the card came back and the case was cancelled");
        }
    }
}

fn story<'a>(job: &'a Job, plan: Option<Plan>, world: &Arc<World>, rig: Rig, tally: &'a mut Tally) -> Story<'a> {
    Story { job, plan, world: Arc::clone(world), rig, armed: Arc::default(), tally, wrong: Vec::new(), loaded: 0 }
}

/// How many commands the card gets between the first reservation and the last confirmation.
async fn commands(job: &Job) -> u32 {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let (tray, armed, sent) = (rig.tray.clone(), AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&sent);
    rig.line.plan(move |request: &Request| {
        if matches!(request, Request::Reserve { .. }) && !armed.swap(true, Ordering::SeqCst) {
            let _before = tray.take_sent();
        }
        if matches!(request, Request::Confirm { .. }) {
            count.fetch_add(tray.take_sent().len(), Ordering::SeqCst);
        }
        LineFault::None
    });
    let mut clerk = rig.start().expect("disk");
    Shift::new(job, &rig).work(&mut clerk).await.expect("base run");
    u32::try_from(sent.load(Ordering::SeqCst)).expect("count")
}

async fn prove(job: &Job, fates: &[Fate], kinds: &[&str]) {
    let mut tally = Tally::new(job.name, kinds);
    let commands = commands(job).await;
    tally.points = commands as usize;
    for at in 1..=commands {
        for what in [What::TearBefore, What::TearAfter] {
            for killed in [false, true] {
                for fate in fates {
                    let plan = Plan { at, what: what.clone(), killed, fate: *fate };
                    let label = format!("{at} {what:?} killed {killed} {fate:?}");
                    let world = Arc::new(World::demonstration().await.expect("world"));
                    let rig = Rig::at(&world, 1).await.expect("rig");
                    let mut story = story(job, Some(plan), &world, rig, &mut tally);
                    if let Err(error) = story.tell().await {
                        story.wrong.push(error);
                    }
                    let wrong = std::mem::take(&mut story.wrong);
                    tally.case(&label, wrong);
                }
            }
        }
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

const PURSE: &[&str] =
    &["desk died at the tear", "ended well", "stands in suspense", "proved not written, given back", "another desk was refused"];

#[tokio::test(start_paused = true)]
async fn refund_by_unload() {
    prove(&JOBS[1], &[Fate::Here, Fate::Elsewhere, Fate::Kiosk, Fate::Never], PURSE).await;
}

#[tokio::test(start_paused = true)]
async fn refund_by_purchase_of_rest() {
    prove(&JOBS[2], &[Fate::Here, Fate::Elsewhere, Fate::Kiosk, Fate::Never], PURSE).await;
}

/// The card is put out of use and the back office owes what it held.
#[tokio::test(start_paused = true)]
async fn refund_by_block_then_back_office() {
    let kinds = [PURSE, &["another desk decided"]].concat();
    prove(&JOBS[17], &[Fate::Here, Fate::Elsewhere, Fate::Kiosk, Fate::Never], &kinds).await;
}

#[tokio::test(start_paused = true)]
async fn reissue() {
    prove(&JOBS[4], &[Fate::Here, Fate::Elsewhere, Fate::Never], &["desk died at the tear", "ended well", "another desk was refused"])
        .await;
}

#[tokio::test(start_paused = true)]
async fn validation() {
    prove(&JOBS[5], &[Fate::Here, Fate::Elsewhere, Fate::Never], &["desk died at the tear", "ended well", "unknown and given back"]).await;
}
