//! The fleet: real desks, real card logic and the real centre in one thread, on simulated time, disks and lines. A seed
//! decides who comes where and what goes wrong; the same seed gives the same run, to the byte.

mod check;
pub mod town;
pub mod weather;
pub mod window;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use desk_app::ports::Clock as _;
use serde::Serialize;

use self::{
    town::Town,
    weather::Seen,
    window::{Errand, Window},
};
use crate::{entropy::Seeded, world::World};

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub desks: u8,
    /// Business days of 200 cases each.
    pub days: u32,
    pub cases: u32,
    pub seed: u64,
    /// One errand in so many meets each kind of fault; 0 for fine weather.
    pub rarity: u64,
}

impl Plan {
    /// Three desks, one business day, 200 cases.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { desks: 3, days: 1, cases: 200, seed, rarity: 6 }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub seed: u64,
    pub violations: Vec<String>,
    /// Cases that were opened.
    pub cases: usize,
    /// How often each kind of fault came.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often each fact stood in a journal, and how cases ended.
    pub states: BTreeMap<String, u64>,
    /// Seconds of simulated time.
    pub simulated: u64,
    /// SHA-256 over every journal row, every card and every count; the same seed gives the same.
    pub digest: String,
}

/// Runs a plan. Needs a current-thread runtime with its clock paused; [`run_alone`] makes one.
///
/// # Errors
/// Where the demonstration's files do not load.
pub async fn run(plan: Plan) -> Result<Outcome, String> {
    let world = Arc::new(World::demonstration().await.map_err(|error| error.to_string())?);
    let mut chance = Seeded::new(plan.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xF1EE7);
    let (residents, pupils) = (plan.cases * plan.days / 4 + 4, plan.cases * plan.days / 5 + 4);
    let town = Town::settle(&world, residents, pupils, plan.desks, chance.next()).await.map_err(|error| error.to_string())?;
    let town = Arc::new(town);
    let seen = Seen::default();
    let mut agendas = agendas(plan, &town, &mut chance, &seen);
    let mut windows = Vec::new();
    for number in 1..=plan.desks {
        let errands = agendas.remove(&number).unwrap_or_default();
        windows.push(Window::open(&world, &town, number, errands, chance.next(), plan.rarity, &seen).await?);
    }
    let begun = world.clock.monotonic();
    let mut days = tokio::task::JoinSet::new();
    let local = tokio::task::LocalSet::new();
    let mut windows = local
        .run_until(async move {
            for mut window in windows {
                days.spawn_local(async move {
                    window.day().await;
                    window
                });
            }
            let mut done = Vec::new();
            while let Some(window) = days.join_next().await {
                match window {
                    Ok(window) => done.push(window),
                    Err(error) => return Err(error.to_string()),
                }
            }
            done.sort_by_key(|window: &Window| window.number);
            Ok(done)
        })
        .await?;
    // Whoever has an open case at one desk may still stand at another: twice around, and everything comes to its end.
    for _ in 0..3 {
        for window in &mut windows {
            window.evening().await;
        }
        // Late repeats of requests are still on their way.
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    for window in &mut windows {
        window.close().await;
    }
    let simulated = (world.clock.monotonic() - begun).as_secs();
    Ok(check::checked(plan, &world, &town, &windows, &seen, simulated).await)
}

/// Runs a plan in a runtime of its own.
///
/// # Errors
/// As [`run`].
pub fn run_alone(plan: Plan) -> Result<Outcome, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?
        .block_on(run(plan))
}

/// Who comes to which desk for what.
fn agendas(plan: Plan, town: &Town, chance: &mut Seeded, seen: &Seen) -> BTreeMap<u8, Vec<Errand>> {
    let mut agendas: BTreeMap<u8, Vec<Errand>> = BTreeMap::new();
    let desk = |chance: &mut Seeded| 1 + u8::try_from(chance.below(u64::from(plan.desks))).unwrap_or_default();
    let pick = |chance: &mut Seeded, of: usize| usize::try_from(chance.below(of as u64)).unwrap_or_default();
    let mut served = 0;
    while served < plan.cases * plan.days {
        served += 1;
        let at = desk(chance);
        let errand = match chance.below(20) {
            0..=7 => {
                let resident = &town.residents[pick(chance, town.residents.len())];
                let kiosk = if chance.below(4) == 0 { u32::try_from(100 + chance.below(3_000)).unwrap_or(100) } else { 0 };
                Errand { service: "refund_readable", card: Some(resident.card.clone()), number: None, kiosk }
            }
            8..=11 => {
                let pupil = &town.pupils[pick(chance, town.pupils.len())];
                Errand { service: "validation", card: Some(pupil.card.clone()), number: None, kiosk: 0 }
            }
            12..=14 => {
                let pupil = &town.pupils[pick(chance, town.pupils.len())];
                let errand = Errand { service: "reissue_lost", card: None, number: Some(pupil.id_number.clone()), kiosk: 0 };
                if plan.rarity > 0 && plan.desks > 1 && chance.below(3) == 0 {
                    // Both parents, each at a desk.
                    seen.note("two desks, one citizen");
                    let other = 1 + at % plan.desks;
                    agendas.entry(other).or_default().push(errand.clone());
                    served += 1;
                }
                errand
            }
            15..=17 => {
                let pupil = &town.pupils[pick(chance, town.pupils.len())];
                Errand { service: "password_reset", card: None, number: Some(pupil.id_number.clone()), kiosk: 0 }
            }
            _ => {
                let card = if chance.below(2) == 0 {
                    town.residents[pick(chance, town.residents.len())].card.clone()
                } else {
                    town.pupils[pick(chance, town.pupils.len())].card.clone()
                };
                Errand { service: "card_query", card: Some(card), number: None, kiosk: 0 }
            }
        };
        agendas.entry(at).or_default().push(errand);
    }
    // A forger's copies: the same card at two desks, each with the money on it.
    if plan.rarity > 0 && plan.desks > 1 {
        for number in 0..2_usize.min(town.residents.len()) {
            let Some(card) = town.card(&town.residents[number].card) else {
                continue;
            };
            let copy = format!("{}-copy", town.residents[number].card);
            town.keep(&copy, card);
            seen.note("copy of a card at two desks");
            // Where copies are loaded apart, only clearing tells: here both hold the same money.
            for errand in agendas.values_mut().flatten().filter(|errand| errand.card.as_ref() == Some(&town.residents[number].card)) {
                errand.kiosk = 0;
            }
            let at = desk(chance);
            let errand = Errand { service: "refund_readable", card: Some(copy), number: None, kiosk: 0 };
            let agenda = agendas.entry(at).or_default();
            let place = pick(chance, agenda.len() + 1);
            agenda.insert(place, errand);
        }
    }
    agendas
}
