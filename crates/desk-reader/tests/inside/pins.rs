//! Work on a card's PIN through pcscd and the virtual reader: undisturbed, and with the card or the service gone at the command
//! that counts. The card lies there again afterwards, and the holder's PIN tells.

use desk_card::{
    WorkOnPin,
    card::WriteIntent,
    driver::drive,
    link::{CardReader, Presence},
    pin::{Pin, PinEnd, PinIntent, PinWork},
};
use desk_reader::PcscReader;

use super::{
    daemon::Pcscd,
    first_slot, is_card, start, until,
    writes::{At, Job, Scene, killer},
};

const OLD: &[u8] = &[0x12, 0x34, 0x56];
const NEW: &[u8] = &[0x65, 0x43, 0x21];

fn entered(work: PinWork) -> Pin {
    Pin::typed(if work == PinWork::Verify { "123456" } else { "654321" }).expect("digits")
}

async fn set(reader: PcscReader, work: PinWork) -> (Scene, PinIntent) {
    let (mut scene, intent) = Scene::set(reader, Job::Unload).await;
    let WriteIntent::Unload { before, .. } = intent else {
        unreachable!("an unload");
    };
    let intent = PinIntent { before, work };
    if work == PinWork::Unblock {
        let verify = PinIntent { work: PinWork::Verify, ..intent.clone() };
        for _ in 0..3 {
            let wrong = WorkOnPin::new(&scene.profiles, &verify, Pin::typed("0000").expect("digits"), None).expect("possible");
            run(&mut scene, wrong).await;
        }
    }
    (scene, intent)
}

async fn run(scene: &mut Scene, mut work: WorkOnPin) -> PinEnd {
    assert!(is_card(&scene.reader.connect().await));
    let keys = &mut scene.keys;
    let end = drive(&mut work, &mut scene.reader, &mut |ask| keys.answer(ask)).await;
    scene.reader.disconnect().await;
    end
}

async fn work(scene: &mut Scene, intent: &PinIntent) -> PinEnd {
    let work = WorkOnPin::new(&scene.profiles, intent, entered(intent.work), None).expect("possible");
    run(scene, work).await
}

/// The card lies there again: what its PIN says must be so, and done once more it ends well.
async fn decided(scene: &mut Scene, intent: &PinIntent, happened: bool) {
    scene.put().await;
    let decide = WorkOnPin::decide(&scene.profiles, intent, entered(intent.work)).expect("possible");
    let end = run(scene, decide).await;
    match end {
        PinEnd::Done => assert!(happened || intent.work == PinWork::Verify, "{intent:?}"),
        PinEnd::Wrong { .. } | PinEnd::Locked => assert!(!happened, "{intent:?}"),
        PinEnd::Not { .. } | PinEnd::Unknown | PinEnd::WrongCard { .. } => panic!("{intent:?}: {end:?}"),
    }
    assert_eq!(work(scene, intent).await, PinEnd::Done);
    let expected = if intent.work == PinWork::Verify { OLD } else { NEW };
    assert_eq!(scene.card.card().pin(), Some((expected, 3)), "{intent:?}");
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn away_and_killed_at_the_command_that_counts() {
    let mut reader = start(first_slot());
    let mut services = Vec::new();
    for kind in [PinWork::Verify, PinWork::Reload, PinWork::Unblock] {
        let (mut scene, intent) = set(reader, kind).await;
        assert_eq!(work(&mut scene, &intent).await, PinEnd::Done, "{kind:?}");
        reader = scene.leave().await;
        for (at, happened) in [(At::AwayBefore, false), (At::AwayAfter, true)] {
            let (mut scene, intent) = set(reader, kind).await;
            scene.card.plan(at);
            assert_eq!(work(&mut scene, &intent).await, PinEnd::Unknown, "{kind:?}");
            decided(&mut scene, &intent, happened).await;
            reader = scene.leave().await;
        }
        let (mut scene, intent) = set(reader, kind).await;
        scene.card.plan(At::Slow);
        let killer = killer(&scene.card);
        assert_eq!(work(&mut scene, &intent).await, PinEnd::Unknown, "{kind:?}");
        killer.join().expect("killed");
        scene.there = None;
        until(&mut scene.reader, |seen| *seen == Presence::NoService).await;
        services.push(Pcscd::start());
        decided(&mut scene, &intent, true).await;
        reader = scene.leave().await;
    }
    reader.close().await;
}
