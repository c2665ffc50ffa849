//! The reader's doctor at a desk: counts what happens, remembers it over a restart, says it in the clerk's words.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set the stage fails; of the screens it looks for one"
)]

use std::{sync::Arc, time::Duration};

use desk_app::view::{Act, DoctorView, Stage};
use desk_cardsim::faults::What;
use desk_testkit::{counter::Counter, script::Hands, world::World};

async fn doctor(counter: &mut Counter) -> DoctorView {
    let clerk = counter.clerk().expect("desk");
    clerk.until("home", |view| matches!(view.stage, Stage::Home(_))).await.expect("home");
    clerk.send(Act::Doctor);
    let view = clerk.until("doctor", |view| matches!(view.stage, Stage::Doctor(_))).await.expect("doctor");
    clerk.send(Act::Home);
    match view.stage {
        Stage::Doctor(doctor) => *doctor,
        _ => unreachable!("waited for it"),
    }
}

fn codes(doctor: &DoctorView) -> Vec<&str> {
    doctor.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn taps_and_failures_are_counted_and_kept() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.hands = Hands::default();
    counter.work(None).await.expect("day open");
    assert_eq!(codes(&doctor(&mut counter).await), ["READER_HEALTHY"]);
    let tray = counter.rig.tray.clone();
    for tap in 0..40 {
        if tap % 10 == 9 {
            // Taken away while it is read.
            let _ = tray.take_sent();
            tray.plan(1, What::TearAfter);
        }
        tray.put("purse-unload");
        tokio::time::sleep(Duration::from_secs(2)).await;
        tray.clear_faults();
        tray.take_off();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let seen = doctor(&mut counter).await;
    let today = seen.days.first().expect("today");
    assert_eq!((today.tries, today.failed, today.pulled), (40, 4, 4), "{today:?}");
    assert_eq!(codes(&seen), ["READER_FAILING", "READER_PULLED_OFTEN"]);
    assert!(seen.findings.iter().all(|finding| !finding.remedy.is_empty()));
    assert!(seen.findings[0].text.contains("10%") && seen.findings[0].text.contains("4/40"), "{:?}", seen.findings[0].text);
    // Written down within a minute, and there again after a restart.
    tokio::time::sleep(Duration::from_secs(90)).await;
    counter.kill();
    counter.work(None).await.expect("up again");
    assert_eq!(doctor(&mut counter).await.days, seen.days);
}

#[tokio::test(start_paused = true)]
async fn what_stands_against_the_reader_comes_first() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.work(None).await.expect("day open");
    counter.rig.tray.unplug();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(codes(&doctor(&mut counter).await), ["READER_LOST"]);
    counter.rig.tray.stop_service();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = doctor(&mut counter).await;
    assert_eq!((codes(&seen)[0], seen.days.first().map(|day| day.gone)), ("READER_SERVICE_DOWN", Some(2)));
}
