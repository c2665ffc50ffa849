//! The power fails at every write of every service, before and after its commit, once and twice in a row. Each time the
//! desk starts again on its disk, the clerk takes the case up from where it stands, and every book has to agree to the fen.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a proof ends where its scene cannot be set, and prints its figures")]

use std::{sync::Arc, time::Duration};

use desk_testkit::{
    books::after_good_end,
    mortal_store::{Cut, Fuse, MortalStore},
    rig::Rig,
    shift::{JOBS, Job, Shift, report},
    tally::Tally,
    world::World,
};

/// Works until the power fails or the job is done. True where the job was done.
async fn live(rig: &mut Rig, job: &Job, fuse: &Fuse) -> Result<bool, String> {
    let mut clerk = rig.start_with(|store| Box::new(MortalStore::new(Box::new(store), fuse))).map_err(|error| format!("start: {error}"))?;
    let done = {
        let mut shift = Shift::new(job, rig);
        shift.pace = Duration::from_millis(700);
        tokio::select! {
            biased;
            () = fuse.blown() => Ok(false),
            end = shift.work(&mut clerk) => end.map(|_| true).map_err(|waited| waited.0),
        }
    };
    if !matches!(done, Ok(true)) {
        rig.kill();
        // What was under way in other tasks dies with the desk.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    done
}

struct Ran {
    violations: Vec<String>,
    writes: Vec<String>,
    /// Writes of the last life.
    last: usize,
    blown: usize,
    resumed: bool,
}

/// One case: the desk dies at each of `cuts` in turn and then lives on.
async fn run(job: &Job, cuts: &[(usize, Cut)]) -> Ran {
    let world = Arc::new(World::for_job(job).await.expect("world"));
    let mut rig = Rig::at(&world, 1).await.expect("rig");
    let mut ran = Ran { violations: Vec::new(), writes: Vec::new(), last: 0, blown: 0, resumed: false };
    let fuses = cuts.iter().map(|(at, cut)| Fuse::at(*at, *cut)).chain([Fuse::sound()]);
    for fuse in fuses {
        let open = rig.disk().is_some_and(|disk| disk.kinds().iter().any(|kind| kind == "opened"));
        let lived = live(&mut rig, job, &fuse).await;
        ran.last = fuse.writes().len();
        ran.writes.extend(fuse.writes());
        ran.blown += usize::from(fuse.is_blown());
        ran.resumed |= open && !matches!(lived, Ok(false));
        match lived {
            Ok(false) => {}
            Ok(true) => break,
            Err(error) => {
                ran.violations.push(error);
                return ran;
            }
        }
    }
    let mut clerk = rig.start().expect("the disk is this desk's");
    match report(&mut clerk).await {
        Ok(view) => ran.violations.extend(after_good_end(job, &world, &rig, &view).await),
        Err(waited) => ran.violations.push(waited.0),
    }
    ran
}

async fn prove(job: &Job, pairs: usize) {
    let base = run(job, &[]).await;
    assert!(base.violations.is_empty(), "{}: {:#?}", job.name, base.violations);
    let mut tally =
        Tally::new(job.name, &["cut before the commit", "cut after the commit", "cut twice", "cut at an acknowledgement of the centre"]);
    if !job.service.is_empty() {
        tally.saw("case resumed from its journal");
    }
    tally.points = base.writes.len();
    for (at, write) in (1..).zip(&base.writes) {
        for cut in [Cut::Before, Cut::After] {
            let ran = run(job, &[(at, cut)]).await;
            tally.saw(if cut == Cut::Before { "cut before the commit" } else { "cut after the commit" });
            if write == "acknowledge" {
                tally.saw("cut at an acknowledgement of the centre");
            }
            if ran.resumed {
                tally.saw("case resumed from its journal");
            }
            let mut violations = ran.violations;
            if ran.blown != 1 {
                violations.push("the power did not fail".to_owned());
            }
            tally.case(&format!("write {at} ({write}) {cut:?}"), violations);
            for again in 1..=ran.last.min(pairs) {
                let second = if (at + again) % 2 == 0 { Cut::Before } else { Cut::After };
                let ran = run(job, &[(at, cut), (again, second)]).await;
                if ran.blown == 2 {
                    tally.saw("cut twice");
                }
                tally.case(&format!("write {at} ({write}) {cut:?}, then write {again} {second:?}"), ran.violations);
            }
        }
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

macro_rules! proofs {
    ($($name:ident: $index:expr, $pairs:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                prove(&JOBS[$index], $pairs).await;
            }
        )*
    };
}

proofs! {
    day_open: 0, 2;
    refund_by_unload: 1, 3;
    refund_by_purchase_of_rest: 2, 1;
    refund_above_the_limit: 3, 1;
    reissue: 4, 1;
    validation: 5, 1;
    password_reset: 6, 1;
    card_query: 7, 1;
    temporary_loss: 8, 1;
    formal_loss: 9, 1;
    loss_release: 10, 1;
    first_issue: 11, 1;
    text_codes: 12, 1;
    found_card: 13, 1;
    bad_card: 14, 1;
    blank_stock: 15, 1;
    top_up: 16, 1;
    refund_by_block: 17, 1;
    damaged_card: 18, 1;
    faulty_card: 19, 1;
    refund_without_an_answer: 20, 1;
    application: 21, 1;
    pick_up: 22, 1;
    card_given_up: 23, 1;
    refund_due: 24, 1;
    refund_due_of_a_blocked_purse: 25, 1;
    reissue_made_centrally: 26, 1;
    reissue_sent: 27, 1;
    damaged_card_made_centrally: 28, 1;
    pick_up_validated: 29, 1;
    sent_again: 30, 1;
    nobody_came: 31, 1;
    reversal: 32, 1;
    rewrite: 33, 1;
    unit_batch: 34, 1;
}
