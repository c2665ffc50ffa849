//! The fleet over many seeds: three desks, one business day of 200 cases each, everything going wrong.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::collections::BTreeMap;

use desk_testkit::fleet::{Outcome, Plan, run_alone, weather::KINDS};

/// Seeds of a usual run; `FLEET_SEEDS` asks for more, `FLEET_FROM` begins elsewhere.
const SEEDS: u64 = 12;

#[expect(clippy::disallowed_methods, reason = "how many seeds is the caller's choice")]
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let from = number("FLEET_FROM", 0);
    from..from + number("FLEET_SEEDS", SEEDS)
}

fn run(seed: u64) -> Outcome {
    run_alone(Plan::seeded(seed)).expect("a world")
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_byte() {
    for seed in [1, 2] {
        assert_eq!(run(seed), run(seed));
    }
    assert_ne!(run(1).digest, run(2).digest);
}

#[test]
fn in_fine_weather_everybody_is_served() {
    let outcome = run_alone(Plan { rarity: 0, ..Plan::seeded(7) }).expect("a world");
    assert_eq!(outcome.violations, Vec::<String>::new());
    assert!(outcome.faults.keys().all(|kind| *kind == "purse loaded by a kiosk"), "{:?}", outcome.faults);
    assert!(outcome.cases >= 200, "{}", outcome.cases);
}

#[test]
fn no_seed_loses_a_fen_or_a_row() {
    let range = seeds();
    let halves = [(range.start, 2), (range.start + 1, 2)];
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = halves
            .into_iter()
            .map(|(from, step)| {
                let end = range.end;
                scope.spawn(move || (from..end).step_by(step).map(run).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    let mut faults: BTreeMap<&str, u64> = KINDS.iter().map(|kind| (*kind, 0)).collect();
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut cases, mut simulated, mut violations) = (0, 0, Vec::new());
    for outcome in &outcomes {
        cases += outcome.cases;
        simulated += outcome.simulated;
        violations.extend(outcome.violations.iter().map(|what| format!("seed {}: {what}", outcome.seed)));
        for (kind, count) in &outcome.faults {
            *faults.entry(kind).or_default() += count;
        }
        for (state, count) in &outcome.states {
            *states.entry(state).or_default() += count;
        }
    }
    println!("fleet: {} seeds, {cases} cases, {simulated} simulated seconds, {} violations", outcomes.len(), violations.len());
    for (kind, count) in &faults {
        println!("  fault  {count:>8}  {kind}");
    }
    for (state, count) in &states {
        println!("  state  {count:>8}  {state}");
    }
    for violation in violations.iter().take(40) {
        println!("  {violation}");
    }
    assert!(violations.is_empty(), "{} violations", violations.len());
    let never: Vec<_> = faults.iter().filter(|(_, count)| **count == 0).map(|(kind, _)| *kind).collect();
    assert!(never.is_empty(), "never came: {never:?}");
}
