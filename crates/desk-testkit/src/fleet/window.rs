//! One window of the fleet through a day: its errands in their order, what goes wrong at each, and the end of the day at
//! which everything is carried to its end.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use centre_core::store::StoreFailure;
use chrono::TimeDelta;
use desk_app::{
    ports::Station,
    view::{AskView, CaseView, Stage},
};
use desk_cardsim::{faults::What, kiosk};

use super::{
    town::{self, Shared, Town},
    weather::{Seen, Stormy},
};
use crate::{
    clerk::Move,
    clock::Drifting,
    counter::{Counter, Rest},
    entropy::Seeded,
    memory_store::MemoryDisk,
    mortal_store::{Cut, Fuse},
    script::Hands,
    world::World,
};

/// Somebody comes for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    pub service: &'static str,
    /// Card that is brought along.
    pub card: Option<String>,
    /// ID number that is shown.
    pub number: Option<String>,
    /// Fen that a kiosk loads before.
    pub kiosk: u32,
}

/// Simulated time within which a locked desk has noticed it.
const MOST_ROUNDS: u32 = 40;

/// The blanks of a desk: each case has its own until it is spoilt.
#[derive(Debug, Default)]
struct Drawer {
    desk: u8,
    used: u32,
    of_case: BTreeMap<String, String>,
}

impl Drawer {
    fn blank_for(&mut self, case: &str) -> String {
        let (desk, used) = (self.desk, &mut self.used);
        self.of_case
            .entry(case.to_owned())
            .or_insert_with(|| {
                *used += 1;
                town::blank(desk, *used)
            })
            .clone()
    }

    fn spoilt(&mut self, case: &str) {
        self.of_case.remove(case);
    }
}

/// How often a clerk gives the same answer to a question that is refused.
const MOST_ASKED: u32 = 4;

pub struct Window {
    pub number: u8,
    pub counter: Counter,
    /// What could not be, by rights; each is a violation.
    pub wrong: Vec<String>,
    /// Errands that nobody could serve (the customer was at another desk all day).
    pub unserved: usize,
    /// Fen that kiosks loaded, by card.
    pub loaded: BTreeMap<String, i64>,
    /// Disks of desks that stood here before, each as it was when it was last sound.
    pub past: Vec<(Station, MemoryDisk)>,
    world: Arc<World>,
    town: Shared,
    errands: VecDeque<(Errand, u8)>,
    /// Case → the errand that it serves.
    cases: BTreeMap<String, Errand>,
    chance: Seeded,
    seen: Seen,
    calm: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
    clock: Arc<Drifting>,
    drawer: Drawer,
    /// One errand in so many meets a fault of each kind; 0: none does.
    rarity: u64,
}

impl Window {
    /// # Errors
    /// Where the demonstration does not load.
    pub async fn open(
        world: &Arc<World>,
        town: &Shared,
        number: u8,
        errands: Vec<Errand>,
        seed: u64,
        rarity: u64,
        seen: &Seen,
    ) -> Result<Self, String> {
        let mut chance = Seeded::new(seed);
        let mut counter = Counter::at(world, number, &town::operator(number)).await?;
        let drift = i32::try_from(chance.below(401)).unwrap_or_default() - 200;
        let (ahead, drift) = if rarity == 0 { (0, 0) } else { (i64::try_from(chance.below(90)).unwrap_or_default() - 45, drift) };
        if drift != 0 {
            seen.note("clock drifts");
        }
        let clock = Arc::new(Drifting::of(&world.clock, TimeDelta::seconds(ahead), drift));
        counter.rig.clock = clock.clone();
        let mut window = Self {
            number,
            counter,
            wrong: Vec::new(),
            unserved: 0,
            loaded: BTreeMap::new(),
            past: Vec::new(),
            world: Arc::clone(world),
            town: Arc::clone(town),
            errands: errands.into_iter().map(|errand| (errand, 0)).collect(),
            cases: BTreeMap::new(),
            chance,
            seen: seen.clone(),
            calm: Arc::new(AtomicBool::new(rarity == 0)),
            down: Arc::default(),
            clock,
            drawer: Drawer { desk: number, ..Drawer::default() },
            rarity,
        };
        window.storm();
        Ok(window)
    }

    /// Puts the weather between the desk and the centre.
    fn storm(&mut self) {
        let inner = self.world.line(&self.counter.rig.station);
        let rarity = self.rarity.max(1) * 3;
        let line = Stormy::new(inner, self.chance.next(), rarity, &self.calm, &self.down, &self.seen);
        self.counter.rig.line = Arc::new(crate::link_faults::FaultyLine::new(Arc::new(line)));
    }

    fn befalls(&mut self, times: u64) -> bool {
        self.rarity > 0 && self.chance.below(self.rarity * times) == 0
    }

    /// Works through the errands, faults and all.
    pub async fn day(&mut self) {
        let mut partition = 0_u64;
        let mut image = None;
        while let Some((errand, tries)) = self.errands.pop_front() {
            let pause = Duration::from_secs(5 + self.chance.below(60));
            tokio::time::sleep(pause).await;
            if partition > 0 {
                partition -= 1;
                if partition == 0 {
                    self.down.store(false, Ordering::SeqCst);
                }
            } else if self.befalls(2) {
                self.seen.note("line partitioned");
                partition = 1 + self.chance.below(4);
                self.down.store(true, Ordering::SeqCst);
            }
            if self.befalls(1) {
                let (cut, kind) = if self.chance.below(2) == 0 {
                    (Cut::Before, "power cut before a write")
                } else {
                    (Cut::After, "power cut after a write")
                };
                self.seen.note(kind);
                let at = 1 + self.chance.below(14);
                self.counter.arm(Fuse::at(usize::try_from(at).unwrap_or(1), cut));
            } else if self.befalls(3) {
                self.seen.note("desk crashed");
                self.counter.kill();
            }
            if self.befalls(4) {
                self.seen.note("clock set off");
                let by = i64::try_from(self.chance.below(600)).unwrap_or_default() - 300;
                self.clock.set_off(TimeDelta::seconds(by));
            }
            if self.befalls(3) {
                self.seen.note("printer without paper");
                self.counter.rig.papers.set_missing(true);
            }
            if partition == 0 && self.befalls(6) {
                match image.take() {
                    None => image = self.image().await,
                    Some(earlier) => self.restored(earlier).await,
                }
            }
            self.serve(errand, tries).await;
            self.counter.rig.papers.set_missing(false);
        }
        self.down.store(false, Ordering::SeqCst);
    }

    async fn serve(&mut self, errand: Errand, tries: u8) {
        if let Some(card) = &errand.card {
            let Some(mut held) = self.town.take(card) else {
                // The customer is at another desk, or was left standing there with an open case.
                if tries < 12 {
                    self.errands.push_back((errand, tries + 1));
                } else {
                    self.unserved += 1;
                }
                return;
            };
            if errand.kiosk > 0 {
                let at = desk_domain::case::context::local(desk_app::ports::Clock::now(&*self.world.clock));
                if kiosk::top_up(&mut held, errand.kiosk, at).is_ok() {
                    self.seen.note("purse loaded by a kiosk");
                    *self.loaded.entry(card.clone()).or_default() += i64::from(errand.kiosk);
                }
            }
            self.counter.rig.tray.add(card, held);
        }
        let tray = self.counter.rig.tray.clone();
        if errand.card.is_some() && self.befalls(1) {
            let at = u32::try_from(1 + self.chance.below(24)).unwrap_or(1);
            let (what, kind) = match self.chance.below(5) {
                0 => (What::Mute, "card mute"),
                1 | 2 => (What::TearBefore, "card torn before a command"),
                _ => (What::TearAfter, "card torn after a command"),
            };
            self.seen.note(kind);
            tray.plan(at, what);
        }
        let leaves = self.befalls(2);
        self.work(Some(&errand), leaves).await;
        tray.clear_faults();
        self.pocket();
    }

    /// Every card goes back to its holder; whoever has an open case here comes back for it.
    fn pocket(&mut self) {
        let tray = &self.counter.rig.tray;
        tray.take_off();
        for errand in self.cases.values() {
            if let Some(name) = &errand.card
                && let Some(card) = tray.remove(name)
            {
                self.town.keep(name, card);
            }
        }
        for name in self.drawer.of_case.values() {
            if let Some(card) = tray.remove(name) {
                self.town.keep(name, card);
            }
        }
    }

    async fn work(&mut self, errand: Option<&Errand>, leaves: bool) {
        let tray = self.counter.rig.tray.clone();
        let (town, seen) = (Arc::clone(&self.town), self.seen.clone());
        let mut cases = std::mem::take(&mut self.cases);
        if let Some(errand) = errand {
            // A card that was read and put back without a case is still somebody's.
            cases.insert(format!("now-{}", self.number), errand.clone());
        }
        let mut drawer = std::mem::take(&mut self.drawer);
        let (mut asked_for_card, mut asked) = (0, BTreeMap::new());
        let rest = self
            .counter
            .work_with(errand.map(|errand| errand.service), |case| {
                let serves = match (cases.get(&case.case), errand) {
                    (Some(known), _) => known.clone(),
                    (None, Some(errand)) => {
                        cases.insert(case.case.clone(), errand.clone());
                        errand.clone()
                    }
                    (None, None) => return Move::Park,
                };
                if matches!(case.question.ask, AskView::Authorise { busy: true, .. } | AskView::Busy { .. }) {
                    return Move::Wait;
                }
                // A no that stays a no (an empty till, say): the clerk tells the customer and ends the case.
                let times = asked.entry((case.case.clone(), case.question.id.clone())).or_insert(0_u32);
                *times += 1;
                let alone = matches!(case.question.ask, AskView::Authorise { .. });
                if *times > MOST_ASKED && (case.message.is_some() || alone) {
                    return if case.can_cancel { Move::Cancel } else { Move::Park };
                }
                if case.question.id.contains("blank_again") {
                    tray.take_off();
                    drawer.spoilt(&case.case);
                }
                if case.question.id.ends_with("write_again.3") {
                    return Move::Choose("stop".to_owned());
                }
                if matches!(case.question.ask, AskView::PutCard { .. }) {
                    return lay(case, &serves, &tray, &town, &seen, leaves, &mut drawer, &mut asked_for_card);
                }
                let mut hands = Hands { card: serves.card.clone(), ..Hands::default() };
                if let Some(number) = &serves.number {
                    hands.number.clone_from(number);
                }
                hands.answer(case, &tray)
            })
            .await;
        self.drawer = drawer;
        // A case that the power took before anybody saw it is still this customer's.
        if let (Some(errand), Some(disk)) = (errand, self.counter.rig.disk()) {
            for case in disk.cases() {
                cases.entry(case.to_string()).or_insert_with(|| errand.clone());
            }
        }
        self.cases = cases;
        match rest {
            Ok(Rest::Home { .. } | Rest::Blocked(_) | Rest::Stopped(_)) => {}
            // Nobody gets in while the line is down and the clock has stepped back: tried again when it is up.
            Err(_) if self.down.load(Ordering::SeqCst) && self.at_the_door() => self.unserved += 1,
            Err(waited) => {
                let place = self.counter.view().map(|view| {
                    if let Stage::Case(case) = view.stage {
                        let wrong =
                            if let AskView::PutCard { wrong: Some(wrong), .. } = &case.question.ask { wrong.text.as_str() } else { "" };
                        format!("{} {} {} {} {wrong}", case.service, case.number, case.question.id, case.question.title)
                    } else {
                        "elsewhere".to_owned()
                    }
                });
                self.wrong.push(format!("desk {}: {} ({place:?})", self.number, waited.0.chars().take(60).collect::<String>()));
            }
        }
    }

    /// A copy of the disk at a moment at which the centre has everything and no case is open.
    async fn image(&mut self) -> Option<MemoryDisk> {
        self.counter.kill();
        self.calm.store(true, Ordering::SeqCst);
        self.counter.come_back();
        self.finish().await;
        let quiet = self.counter.drain().await.is_ok() && self.open_cases() == 0;
        self.calm.store(false, Ordering::SeqCst);
        self.counter.kill();
        quiet.then(|| self.counter.rig.disk().map(|disk| disk.image())).flatten()
    }

    /// Somebody puts an earlier image back: the centre notices, the desk is locked, and its window gets a new one.
    async fn restored(&mut self, earlier: MemoryDisk) {
        let Some(now) = self.image().await else {
            return;
        };
        if now.rows() <= earlier.rows() + 2 {
            return;
        }
        self.seen.note("disk restored from an earlier image");
        self.calm.store(true, Ordering::SeqCst);
        if let Some(disk) = self.counter.rig.disk() {
            disk.restore(&earlier);
        }
        // What an old disk believes still has to be printed was printed long ago; nobody takes these papers.
        self.counter.rig.papers.set_missing(true);
        let mut locked = false;
        for _ in 0..MOST_ROUNDS {
            // Whatever the restored desk tries, it is not to get anywhere.
            let _tried = tokio::time::timeout(Duration::from_secs(60), self.counter.work_with(Some("card_query"), |_| Move::Cancel)).await;
            tokio::time::sleep(Duration::from_secs(15)).await;
            locked = self.is_locked().await.unwrap_or(false);
            if locked {
                break;
            }
        }
        if !locked {
            self.wrong.push(format!("desk {}: a restored disk was not noticed", self.number));
        }
        self.counter.kill();
        self.counter.rig.papers.set_missing(false);
        self.past.push((self.counter.rig.station.clone(), now));
        if let Err(error) = self.counter.rig.enrol_anew(self.number).await {
            self.wrong.push(format!("desk {}: {error}", self.number));
        }
        self.counter.begin_again();
        self.calm.store(false, Ordering::SeqCst);
        self.storm();
    }

    async fn is_locked(&self) -> Result<bool, StoreFailure> {
        let centre = self.world.centre();
        let mut tx = centre.store().begin().await?;
        let station = &self.counter.rig.station;
        Ok(tx.device(&station.cell, &station.device).await?.is_some_and(|device| device.locked_at.is_some()))
    }

    fn at_the_door(&self) -> bool {
        self.counter.view().is_some_and(|view| matches!(view.stage, Stage::SignIn { .. } | Stage::Locked { .. }))
    }

    fn open_cases(&self) -> usize {
        self.counter.view().map_or(usize::MAX, |view| if let Stage::Home(home) = view.stage { home.unfinished.len() } else { usize::MAX })
    }

    /// Carries on whatever is on the list, with the cards of those who are called back.
    async fn finish(&mut self) {
        self.counter.come_back();
        self.work(None, false).await;
        self.pocket();
    }

    /// The weather is fine, every card is there, and everything is carried to its end.
    pub async fn evening(&mut self) {
        self.down.store(false, Ordering::SeqCst);
        self.counter.rig.tray.clear_faults();
        self.counter.kill();
        self.calm.store(true, Ordering::SeqCst);
        if let Err(waited) = self.counter.until_line(true).await {
            self.wrong.push(format!("desk {}: no line in the evening: {}", self.number, waited.0));
        }
        self.finish().await;
    }

    /// The last look: nothing waits, nothing is open.
    pub async fn close(&mut self) {
        if let Err(waited) = self.counter.drain().await {
            self.wrong.push(format!("desk {}: not drained: {}", self.number, waited.0));
        }
    }
}

/// Lays the card on the reader that the question asks for: the customer's, or the next blank of the drawer.
#[expect(clippy::too_many_arguments, reason = "what a clerk has at hand; borrowed apart while the counter works")]
fn lay(
    case: &CaseView,
    errand: &Errand,
    tray: &desk_cardsim::SimTray,
    town: &Town,
    seen: &Seen,
    leaves: bool,
    drawer: &mut Drawer,
    asked: &mut u32,
) -> Move {
    *asked += 1;
    let name = match &errand.card {
        Some(card) => {
            // Read once, then pulled away: the customer does not wait for the end.
            if leaves && *asked > 1 && case.can_park {
                seen.note("customer left with a torn card");
                tray.take_off();
                return Move::Park;
            }
            card.clone()
        }
        None => drawer.blank_for(&case.case),
    };
    if tray.card(&name).is_none()
        && let Some(card) = town.take(&name)
    {
        tray.add(&name, card);
    }
    if !tray.put(&name) && case.can_park {
        tray.take_off();
        return Move::Park;
    }
    Move::Wait
}
