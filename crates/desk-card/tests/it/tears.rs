//! A tear at every command of every write, before and after the card executed it, and what is decided afterwards.
//! Whatever happens, "written" and "not written" must be true.

use std::collections::BTreeMap;

use crate::bench::{Bench, JOBS, Job, Truth};
use desk_card::card::{TearEvidence, WriteEnd, WriteIntent};
use desk_cardsim::faults::What;

/// What happens between the tear and the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meanwhile {
    CardBack,
    CardBackLineDown,
    OtherCard,
    CardAway,
    ToppedUp,
    ToppedUpLineDown,
    Ridden,
    /// So often that the log has forgotten.
    RiddenLong,
    /// Once at the kiosk, and then so often ridden that the log has forgotten.
    Overwritten,
}

const MEANWHILE: [Meanwhile; 9] = [
    Meanwhile::CardBack,
    Meanwhile::CardBackLineDown,
    Meanwhile::OtherCard,
    Meanwhile::CardAway,
    Meanwhile::ToppedUp,
    Meanwhile::ToppedUpLineDown,
    Meanwhile::Ridden,
    Meanwhile::RiddenLong,
    Meanwhile::Overwritten,
];

#[derive(Default)]
struct Counts {
    runs: u32,
    written: u32,
    not_written: u32,
    away: u32,
    moved_on: u32,
    wrong_card: u32,
}

impl Counts {
    fn count(&mut self, end: &WriteEnd) {
        self.runs += 1;
        match end {
            WriteEnd::Written(_) => self.written += 1,
            WriteEnd::NotWritten { .. } => self.not_written += 1,
            WriteEnd::Unknown { evidence: TearEvidence::CardAway } => self.away += 1,
            WriteEnd::Unknown { evidence: TearEvidence::MovedOn { .. } } => self.moved_on += 1,
            WriteEnd::WrongCard { .. } => self.wrong_card += 1,
        }
    }
}

#[derive(Default)]
struct Table(BTreeMap<String, Counts>);

impl Table {
    fn count(&mut self, row: impl Into<String>, end: &WriteEnd) {
        self.0.entry(row.into()).or_default().count(end);
    }

    fn print(&self, title: &str) {
        println!("{title}");
        println!("{:<34}{:>7}{:>9}{:>9}{:>7}{:>9}{:>11}", "", "runs", "written", "not wr.", "away", "moved on", "wrong card");
        for (row, counts) in &self.0 {
            println!(
                "{row:<34}{:>7}{:>9}{:>9}{:>7}{:>9}{:>11}",
                counts.runs, counts.written, counts.not_written, counts.away, counts.moved_on, counts.wrong_card
            );
        }
    }
}

/// The one thing that must never be: a decision that is not true.
fn never_wrong(end: &WriteEnd, truth: Truth, case: &str) {
    match end {
        WriteEnd::Written(proof) => {
            assert_eq!(truth, Truth::Written, "{case}: called written");
            if let (Some(purse), Some(_)) = (&proof.after.purse, proof.counter) {
                assert!(purse.balance.0 >= 0, "{case}");
            }
        }
        WriteEnd::NotWritten { .. } => assert_eq!(truth, Truth::NotWritten, "{case}: called not written"),
        WriteEnd::WrongCard { .. } | WriteEnd::Unknown { .. } => {}
    }
}

async fn prepared(job: Job) -> (Bench, WriteIntent) {
    Bench::prepared(job).await
}

/// How many commands the undisturbed write sends.
async fn commands(job: Job) -> u32 {
    let (mut bench, intent) = prepared(job).await;
    let end = bench.write(&intent).await;
    assert!(matches!(end, WriteEnd::Written(_)), "{job:?}: {end:?}");
    assert_eq!(bench.truth(job), Truth::Written);
    u32::try_from(bench.tray.take_sent().len()).unwrap()
}

async fn decide(bench: &mut Bench, job: Job, intent: &WriteIntent, meanwhile: Meanwhile) -> WriteEnd {
    bench.tray.clear_faults();
    bench.keys.down = matches!(meanwhile, Meanwhile::CardBackLineDown | Meanwhile::ToppedUpLineDown);
    match meanwhile {
        Meanwhile::CardBack | Meanwhile::CardBackLineDown => {}
        Meanwhile::OtherCard => {
            bench.tray.put("other");
            return bench.resolve(intent).await;
        }
        Meanwhile::CardAway => {
            bench.tray.take_off();
            return bench.resolve(intent).await;
        }
        // The very amount that the desk took, so that the balance looks untouched.
        Meanwhile::ToppedUp | Meanwhile::ToppedUpLineDown if job.rides() => bench.top_up(3650),
        Meanwhile::Ridden if job.rides() => bench.fare(0),
        Meanwhile::RiddenLong if job.rides() => bench.ride(11),
        Meanwhile::Overwritten if job.rides() => {
            bench.top_up(3650);
            bench.ride(11);
        }
        Meanwhile::ToppedUp | Meanwhile::ToppedUpLineDown | Meanwhile::Ridden | Meanwhile::RiddenLong | Meanwhile::Overwritten => {}
    }
    bench.tray.put("card");
    let end = bench.resolve(intent).await;
    bench.keys.down = false;
    end
}

/// What becomes of the card after the tear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    BackHere,
    /// The intent reached another desk through the centre.
    BackElsewhere,
    /// A kiosk and a gate had it in between.
    MovedOn,
    /// They had it so often that log and proof are overwritten.
    Overwritten,
    NeverBack,
}

const FATES: [Fate; 5] = [Fate::BackHere, Fate::BackElsewhere, Fate::MovedOn, Fate::Overwritten, Fate::NeverBack];

const TEARS: [What; 4] = [What::LoseCommand, What::LoseAnswer, What::TearBefore, What::TearAfter];

#[derive(Default)]
struct Matrix {
    points: u32,
    cases: u32,
    written: u32,
    not_written: u32,
    never_back: u32,
    overwritten: u32,
    violations: Vec<String>,
}

impl Matrix {
    fn judge(&mut self, end: &WriteEnd, truth: Truth, fate: Fate, case: &str) {
        self.cases += 1;
        match (end, truth) {
            (WriteEnd::Written(_), Truth::Written) => self.written += 1,
            (WriteEnd::NotWritten { .. }, Truth::NotWritten) => self.not_written += 1,
            (WriteEnd::Unknown { .. }, _) if fate == Fate::NeverBack => self.never_back += 1,
            (WriteEnd::Unknown { evidence: TearEvidence::MovedOn { .. } }, _) if fate == Fate::Overwritten => self.overwritten += 1,
            (end, truth) => self.violations.push(format!("{case}: {truth:?}, decided {end:?}")),
        }
    }
}

async fn decided_by_fate(bench: &mut Bench, job: Job, intent: &WriteIntent, fate: Fate) -> WriteEnd {
    bench.tray.clear_faults();
    if fate == Fate::NeverBack {
        return WriteEnd::Unknown { evidence: TearEvidence::CardAway };
    }
    if job.rides() && matches!(fate, Fate::MovedOn | Fate::Overwritten) {
        bench.top_up(3650);
        bench.ride(if fate == Fate::Overwritten { 11 } else { 1 });
    }
    bench.tray.put("card");
    if fate == Fate::BackElsewhere {
        // All that another desk has is what was written down.
        let told = serde_json::from_str(&serde_json::to_string(intent).unwrap()).unwrap();
        bench.reader = bench.tray.reader();
        return bench.resolve(&told).await;
    }
    bench.resolve(intent).await
}

/// The tear matrix of the documentation: every command of every write, four tears, the process alive or killed, five fates.
#[tokio::test]
async fn tear_matrix() {
    let mut table: BTreeMap<String, Matrix> = BTreeMap::new();
    for job in JOBS {
        let count = commands(job).await;
        let row = table.entry(format!("{job:?}")).or_default();
        row.points = count;
        for (at, tear) in (1..=count).flat_map(|at| TEARS.map(|tear| (at, tear))) {
            for (killed, fate) in [false, true].into_iter().flat_map(|killed| FATES.map(|fate| (killed, fate))) {
                let case = format!("{job:?} command {at} of {count}, {tear:?}, killed {killed}, {fate:?}");
                let (mut bench, intent) = prepared(job).await;
                bench.tray.plan(at, tear.clone());
                let first = if killed {
                    bench.write_and_die(&intent, at).await;
                    WriteEnd::Unknown { evidence: TearEvidence::CardAway }
                } else {
                    bench.write(&intent).await
                };
                assert_eq!(bench.tray.pending_faults(), 0, "{case}: the tear did not come");
                let truth = bench.truth(job);
                let end = match first {
                    WriteEnd::Unknown { .. } => decided_by_fate(&mut bench, job, &intent, fate).await,
                    decided @ (WriteEnd::Written(_) | WriteEnd::NotWritten { .. } | WriteEnd::WrongCard { .. }) => decided,
                };
                row.judge(&end, truth, fate, &case);
            }
        }
    }
    println!("tear matrix: 4 tears, process alive or killed, 5 fates at every command");
    println!(
        "{:<14}{:>8}{:>8}{:>9}{:>9}{:>12}{:>13}{:>12}",
        "", "points", "cases", "written", "not wr.", "never back", "overwritten", "violations"
    );
    for (job, row) in &table {
        println!(
            "{job:<14}{:>8}{:>8}{:>9}{:>9}{:>12}{:>13}{:>12}",
            row.points,
            row.cases,
            row.written,
            row.not_written,
            row.never_back,
            row.overwritten,
            row.violations.len()
        );
    }
    let violations: Vec<&String> = table.values().flat_map(|row| &row.violations).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    // Where a purse's own memory is gone, only a counter that nothing but the key service steps still tells.
    for (job, row) in &table {
        let purse = ["Load", "Unload", "UnloadPart", "Purchase"].contains(&job.as_str());
        assert_eq!(row.overwritten > 0, purse, "{job}");
    }
}

/// Money from one card onto another, torn at every command of both writes: it arrives once.
#[tokio::test]
async fn transfer_over_two_cards() {
    let (mut bench, out, into) = transfer().await;
    let count = {
        let first = bench.write(&out).await;
        bench.tray.put("other");
        let second = bench.write(&into).await;
        assert!(matches!((first, second), (WriteEnd::Written(_), WriteEnd::Written(_))));
        u32::try_from(bench.tray.take_sent().len()).unwrap()
    };
    let mut cases = 0;
    for (at, tear) in (1..=count).flat_map(|at| TEARS.map(|tear| (at, tear))) {
        for killed in [false, true] {
            let (mut bench, out, into) = transfer().await;
            bench.tray.plan(at, tear.clone());
            for (name, intent) in [("card", &out), ("other", &into)] {
                let mut end = WriteEnd::NotWritten { reason: desk_card::code::Code::NoCard };
                for _ in 0..4 {
                    bench.tray.put(name);
                    end = match end {
                        WriteEnd::Written(_) => break,
                        WriteEnd::NotWritten { .. } => {
                            let end = bench.write(intent).await;
                            let torn = bench.tray.pending_faults() == 0;
                            // A killed process remembers the intent alone.
                            if killed && torn { bench.resolve_anew(intent, name).await } else { end }
                        }
                        WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => bench.resolve(intent).await,
                    };
                    let held = |name: &str| bench.tray.card(name).and_then(|card| card.balance()).unwrap_or_default();
                    // In between the money is nowhere but with the counter, and never twice.
                    assert!(held("card") + held("other") <= 7300, "command {at}, {tear:?}, killed {killed}");
                }
                assert!(matches!(end, WriteEnd::Written(_)), "command {at}, {tear:?}, killed {killed}: {end:?}");
            }
            let (from, to) = (bench.tray.card("card").unwrap(), bench.tray.card("other").unwrap());
            assert_eq!((from.balance(), to.balance()), (Some(0), Some(7300)), "command {at}, {tear:?}, killed {killed}");
            assert_eq!((from.counters(), to.counters()), (Some((2, 0)), Some((2, 0))), "one step each");
            cases += 1;
        }
    }
    println!("transfer: {count} points, {cases} cases, 0 violations");
}

async fn transfer() -> (Bench, WriteIntent, WriteIntent) {
    let mut bench = Bench::new(Job::Unload);
    bench.tray.put("other");
    let to = bench.read().await.unwrap();
    bench.tray.put("card");
    let out = Job::Unload.intent(bench.read().await.unwrap());
    let WriteIntent::Unload { amount, terminal, .. } = out.clone() else {
        unreachable!("an unload");
    };
    let _ = bench.tray.take_sent();
    (bench, out, WriteIntent::Load { before: to, amount, terminal })
}

#[tokio::test]
async fn every_command_of_every_write_torn() {
    let mut table = Table::default();
    for job in JOBS {
        let count = commands(job).await;
        for at in 1..=count {
            for tear in [What::TearBefore, What::TearAfter] {
                for meanwhile in MEANWHILE {
                    let case = format!("{job:?} command {at} of {count}, {tear:?}, {meanwhile:?}");
                    let (mut bench, intent) = prepared(job).await;
                    bench.tray.plan(at, tear.clone());
                    let first = bench.write(&intent).await;
                    let truth = bench.truth(job);
                    never_wrong(&first, truth, &case);
                    assert!(!matches!(first, WriteEnd::WrongCard { .. }), "{case}");
                    let end = match first {
                        WriteEnd::Unknown { .. } => decide(&mut bench, job, &intent, meanwhile).await,
                        decided @ (WriteEnd::Written(_) | WriteEnd::NotWritten { .. } | WriteEnd::WrongCard { .. }) => decided,
                    };
                    never_wrong(&end, truth, &case);
                    // A card that can no longer say its number is known by the key service alone: it waits for the line.
                    let end = match (&end, meanwhile, job) {
                        (
                            WriteEnd::Unknown { .. },
                            Meanwhile::CardBackLineDown | Meanwhile::ToppedUpLineDown,
                            Job::BlockForGood | Job::BlockCard | Job::BlockToRefund,
                        ) => decide(&mut bench, job, &intent, Meanwhile::CardBack).await,
                        _ => end,
                    };
                    never_wrong(&end, truth, &case);
                    let unknown = matches!(end, WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. });
                    let may_stay_unknown = match meanwhile {
                        Meanwhile::CardBack | Meanwhile::CardBackLineDown => false,
                        Meanwhile::OtherCard | Meanwhile::CardAway => true,
                        // The log still holds the step.
                        Meanwhile::ToppedUp | Meanwhile::ToppedUpLineDown | Meanwhile::Ridden => false,
                        // A gate steps the offline counter without asking anybody.
                        Meanwhile::RiddenLong => job == Job::Purchase,
                        Meanwhile::Overwritten => job.has_purse(),
                    };
                    assert!(!unknown || may_stay_unknown, "{case}: {end:?}");
                    table.count(format!("{job:?} / {meanwhile:?}"), &end);
                }
            }
        }
    }
    table.print("tears: one tear, then the decision");
}

#[tokio::test]
async fn every_command_of_every_decision_torn() {
    let mut table = Table::default();
    for job in JOBS {
        let count = commands(job).await;
        for at in 1..=count {
            for tear in [What::TearBefore, What::TearAfter] {
                for second in 1..40 {
                    let (mut bench, intent) = prepared(job).await;
                    bench.tray.plan(at, tear.clone());
                    if !matches!(bench.write(&intent).await, WriteEnd::Unknown { .. }) {
                        break;
                    }
                    let truth = bench.truth(job);
                    let case = format!("{job:?} command {at}, {tear:?}, decision torn at {second}");
                    bench.tray.clear_faults();
                    bench.tray.put("card");
                    bench.tray.plan(second, What::TearAfter);
                    let torn = bench.resolve(&intent).await;
                    never_wrong(&torn, truth, &case);
                    let ended = !matches!(torn, WriteEnd::Unknown { .. });
                    let end = decide(&mut bench, job, &intent, Meanwhile::CardBack).await;
                    never_wrong(&end, truth, &case);
                    assert!(!matches!(end, WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. }), "{case}: {end:?}");
                    table.count(format!("{job:?}"), &end);
                    if ended {
                        break;
                    }
                }
            }
        }
    }
    table.print("tears: the write torn, the decision torn, decided at last");
}

#[tokio::test]
async fn killed_at_every_command() {
    let mut table = Table::default();
    for job in JOBS {
        let count = commands(job).await;
        for at in 0..=count {
            let (mut bench, intent) = prepared(job).await;
            bench.write_and_die(&intent, at).await;
            bench.tray.put("card");
            let end = bench.resolve(&intent).await;
            let case = format!("{job:?} killed after command {at}");
            never_wrong(&end, bench.truth(job), &case);
            assert!(!matches!(end, WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. }), "{case}: {end:?}");
            table.count(format!("{job:?}"), &end);
        }
    }
    table.print("kills: the process forgets, the intent decides");
}

#[tokio::test]
async fn garbled_answers_at_every_command() {
    let mut table = Table::default();
    let faults = [
        What::Cut(0),
        What::Cut(1),
        What::Cut(2),
        What::Cut(3),
        What::Answer(vec![0x6F, 0x00]),
        What::Answer(vec![0x90, 0x00]),
        What::Answer(vec![0x61, 0x10]),
        What::Answer(vec![0x6C, 0x10]),
        What::Mute,
    ];
    for job in JOBS {
        let count = commands(job).await;
        for at in 1..=count {
            for fault in &faults {
                let case = format!("{job:?} command {at}, {fault:?}");
                let (mut bench, intent) = prepared(job).await;
                bench.tray.plan(at, fault.clone());
                let first = bench.write(&intent).await;
                let truth = bench.truth(job);
                never_wrong(&first, truth, &case);
                let end = match first {
                    WriteEnd::Unknown { .. } => decide(&mut bench, job, &intent, Meanwhile::CardBack).await,
                    decided @ (WriteEnd::Written(_) | WriteEnd::NotWritten { .. } | WriteEnd::WrongCard { .. }) => decided,
                };
                never_wrong(&end, truth, &case);
                assert!(!matches!(end, WriteEnd::Unknown { .. }), "{case}: {end:?}");
                assert!(!matches!(end, WriteEnd::WrongCard { .. }) || truth == Truth::NotWritten, "{case}: hides a write");
                table.count(format!("{job:?}"), &end);
            }
        }
    }
    table.print("garbled answers");
}

#[tokio::test]
async fn swapped_cards_at_every_command() {
    let mut table = Table::default();
    for job in JOBS {
        let count = commands(job).await;
        for at in 1..=count {
            let case = format!("{job:?} another card at command {at}");
            let (mut bench, intent) = prepared(job).await;
            bench.tray.plan(at, What::Swap("other".to_owned()));
            let first = bench.write(&intent).await;
            never_wrong(&first, bench.truth(job), &case);
            assert!(!matches!(first, WriteEnd::WrongCard { .. }) || bench.truth(job) == Truth::NotWritten, "{case}: hides a write");
            let other = bench.tray.card("other").unwrap();
            assert_eq!(job.truth(&other), Truth::NotWritten, "{case}: the other card was written");
            assert_eq!(other.balance(), job.other_card().balance(), "{case}");
            let end = decide(&mut bench, job, &intent, Meanwhile::CardBack).await;
            never_wrong(&end, bench.truth(job), &case);
            assert!(!matches!(end, WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. }), "{case}: {end:?}");
            table.count(format!("{job:?}"), &first);
        }
    }
    table.print("another card slipped in, end of the write");
}

#[tokio::test]
async fn a_write_repeated_after_not_written_is_done_once() {
    for job in JOBS {
        let count = commands(job).await;
        for at in 1..=count {
            let (mut bench, intent) = prepared(job).await;
            bench.tray.plan(at, What::TearBefore);
            let mut end = bench.write(&intent).await;
            for _ in 0..3 {
                bench.tray.clear_faults();
                bench.tray.put("card");
                end = match end {
                    WriteEnd::Written(_) => break,
                    WriteEnd::NotWritten { .. } => bench.write(&intent).await,
                    WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => bench.resolve(&intent).await,
                };
            }
            assert!(matches!(end, WriteEnd::Written(_)), "{job:?} torn at {at}: {end:?}");
            assert_eq!(bench.truth(job), Truth::Written);
            if job.has_purse() {
                let (online, offline) = bench.tray.card("card").unwrap().counters().unwrap();
                assert_eq!(online + offline, 2, "{job:?} torn at {at}: one load at making, one debit");
            }
        }
    }
}

#[tokio::test]
async fn a_write_begun_again_after_it_was_done_is_still_one_write() {
    for job in JOBS {
        let (mut bench, intent) = prepared(job).await;
        let first = bench.write(&intent).await;
        let card = bench.tray.card("card").unwrap();
        let second = bench.write(&intent).await;
        match (first, second) {
            (WriteEnd::Written(first), WriteEnd::Written(second)) => {
                assert_eq!((first.proof, first.counter), (second.proof, second.counter), "{job:?}");
            }
            ends => panic!("{job:?}: {ends:?}"),
        }
        let again = bench.tray.card("card").unwrap();
        assert_eq!((card.balance(), card.counters()), (again.balance(), again.counters()), "{job:?}");
        assert_eq!(card.public_file(), again.public_file(), "{job:?}");
    }
}

/// What the back office will pay is what the purse holds when it is put out of use.
#[tokio::test]
async fn a_purse_that_moved_is_not_blocked_for_the_old_amount() {
    for moved in [|bench: &mut Bench| bench.fare(200), |bench: &mut Bench| bench.fare(0), |bench: &mut Bench| bench.top_up(1)] {
        let (mut bench, intent) = prepared(Job::BlockToRefund).await;
        moved(&mut bench);
        bench.tray.put("card");
        let end = bench.write(&intent).await;
        assert!(matches!(end, WriteEnd::NotWritten { reason: desk_card::code::Code::CardMovedOn }), "{end:?}");
        assert_eq!(bench.truth(Job::BlockToRefund), Truth::NotWritten);
        assert!(bench.keys.record.iter().all(|(who, _)| *who == crate::bench::Who::Kiosk), "no MAC for it");
    }
}
