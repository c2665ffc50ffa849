//! Work on a card's PIN: tries left, the last one kept, every command torn, another card slipped in. Whatever happens, what is
//! said of the PIN is true, and the PIN stands in no intent.

use desk_card::{
    WorkOnPin,
    code::Code,
    driver::drive,
    issuer::IssuerRequest,
    pin::{Pin, PinEnd, PinIntent, PinWork},
    transaction::{Reply, Step, Transaction},
};
use desk_cardsim::faults::What;

use crate::bench::{Bench, Job};

const WORKS: [PinWork; 3] = [PinWork::Verify, PinWork::Reload, PinWork::Unblock];
const TEARS: [What; 4] = [What::LoseCommand, What::LoseAnswer, What::TearBefore, What::TearAfter];
const OLD: [u8; 3] = [0x12, 0x34, 0x56];
const NEW: [u8; 3] = [0x65, 0x43, 0x21];

fn pin(digits: &str) -> Pin {
    Pin::typed(digits).unwrap()
}

/// The PIN that the holder enters for this work: the one that stands there, or the new one.
fn entered(work: PinWork) -> Pin {
    pin(if work == PinWork::Verify { "123456" } else { "654321" })
}

async fn prepared(work: PinWork) -> (Bench, PinIntent) {
    let mut bench = Bench::new(Job::Unload);
    let before = bench.read().await.unwrap();
    if work == PinWork::Unblock {
        // The holder has tried three times.
        for left in [Some(3), Some(3), None] {
            let end = run(&mut bench, &PinIntent { before: before.clone(), work: PinWork::Verify }, pin("0000"), left).await;
            assert!(matches!(end, PinEnd::Wrong { .. } | PinEnd::Locked), "{end:?}");
        }
        assert_eq!(bench.tray.card("card").unwrap().pin().map(|(_, left)| left), Some(0));
    }
    let _ = bench.tray.take_sent();
    (bench, PinIntent { before, work })
}

async fn run(bench: &mut Bench, intent: &PinIntent, pin: Pin, tries_left: Option<u8>) -> PinEnd {
    let mut work = WorkOnPin::new(&bench.profiles, intent, pin, tries_left).unwrap();
    drive_it(bench, &mut work).await
}

async fn drive_it(bench: &mut Bench, work: &mut WorkOnPin) -> PinEnd {
    use desk_card::link::CardReader;
    bench.reader.connect().await;
    let keys = &mut bench.keys;
    drive(work, &mut bench.reader, &mut |ask| keys.answer(ask)).await
}

/// Whether the PIN that was to stand there stands there.
fn stands(bench: &Bench, work: PinWork) -> bool {
    let card = bench.tray.card("card").unwrap();
    card.pin().map(|(value, _)| value) == Some(if work == PinWork::Verify { &OLD } else { &NEW })
}

#[tokio::test]
async fn tries_are_told_and_the_last_one_is_kept() {
    let (mut bench, intent) = prepared(PinWork::Verify).await;
    assert_eq!(run(&mut bench, &intent, pin("1111"), None).await, PinEnd::Wrong { tries_left: 2 });
    assert_eq!(run(&mut bench, &intent, pin("1111"), Some(2)).await, PinEnd::Wrong { tries_left: 1 });
    let refused = WorkOnPin::new(&bench.profiles, &intent, pin("123456"), Some(1)).err().unwrap();
    assert_eq!(refused.code, Code::PinLastTry);
    // Setting it anew gives the tries back.
    let set = PinIntent { work: PinWork::Reload, ..intent.clone() };
    assert_eq!(run(&mut bench, &set, pin("654321"), Some(1)).await, PinEnd::Done);
    assert_eq!(bench.tray.card("card").unwrap().pin(), Some((&NEW[..], 3)));
    assert_eq!(run(&mut bench, &intent, pin("654321"), None).await, PinEnd::Done);
}

#[tokio::test]
async fn a_locked_pin_is_unlocked_with_a_new_one() {
    let (mut bench, intent) = prepared(PinWork::Unblock).await;
    let verify = PinIntent { work: PinWork::Verify, ..intent.clone() };
    assert_eq!(run(&mut bench, &verify, pin("123456"), None).await, PinEnd::Locked);
    assert_eq!(run(&mut bench, &intent, pin("654321"), None).await, PinEnd::Done);
    assert_eq!(bench.tray.card("card").unwrap().pin(), Some((&NEW[..], 3)));
}

#[tokio::test]
async fn families_without_a_pin_and_unknown_ones_are_refused() {
    let mut bench = Bench::new(Job::Validate);
    let before = bench.read().await.unwrap();
    let refused = |intent: &PinIntent| WorkOnPin::new(&bench.profiles, intent, pin("1234"), None).err().map(|message| message.code);
    let intent = PinIntent { before, work: PinWork::Verify };
    assert_eq!(refused(&intent), Some(Code::ProfileMismatch));
    let mut other = intent;
    "nobody".clone_into(&mut other.before.family);
    assert_eq!(refused(&other), Some(Code::CardFamilyUnknown));
}

/// Every command, four tears, process alive or killed; the card is back here, back elsewhere with nothing but the intent, moved
/// on, or never back.
#[tokio::test]
async fn tear_matrix_of_pins() {
    println!("{:<10}{:>8}{:>8}{:>9}{:>9}{:>12}{:>12}", "", "points", "cases", "stands", "not set", "never back", "violations");
    for work in WORKS {
        let (mut bench, intent) = prepared(work).await;
        assert_eq!(run(&mut bench, &intent, entered(work), None).await, PinEnd::Done);
        let count = u32::try_from(bench.tray.take_sent().len()).unwrap();
        let (mut cases, mut set, mut not_set, mut never) = (0, 0, 0, 0);
        let mut violations = Vec::new();
        for (at, tear) in (1..=count).flat_map(|at| TEARS.map(|tear| (at, tear))) {
            for (killed, fate) in [false, true].into_iter().flat_map(|killed| (0..4).map(move |fate| (killed, fate))) {
                let case = format!("{work:?} command {at} of {count}, {tear:?}, killed {killed}, fate {fate}");
                let (mut bench, intent) = prepared(work).await;
                bench.tray.plan(at, tear.clone());
                let first = if killed {
                    die(&mut bench, &intent, work, at).await;
                    PinEnd::Unknown
                } else {
                    run(&mut bench, &intent, entered(work), None).await
                };
                let truth = stands(&bench, work);
                cases += 1;
                bench.tray.clear_faults();
                if fate == 3 {
                    never += 1;
                    continue;
                }
                if fate == 2 {
                    bench.top_up(500);
                }
                bench.tray.put("card");
                let told: PinIntent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
                if fate == 1 {
                    bench.reader = bench.tray.reader();
                }
                let decided = match first {
                    PinEnd::Unknown => {
                        let mut work = WorkOnPin::decide(&bench.profiles, &told, entered(work)).unwrap();
                        drive_it(&mut bench, &mut work).await
                    }
                    end @ (PinEnd::Done | PinEnd::Wrong { .. } | PinEnd::Locked | PinEnd::Not { .. } | PinEnd::WrongCard { .. }) => end,
                };
                match (&decided, truth) {
                    (PinEnd::Done, true) => set += 1,
                    (PinEnd::Wrong { .. } | PinEnd::Locked, false) => not_set += 1,
                    // Nothing that counts was sent.
                    (PinEnd::Not { .. }, _) if truth == (work == PinWork::Verify) => not_set += 1,
                    _ => violations.push(format!("{case}: {decided:?}, stands {truth}")),
                }
                // Done once more it ends well, whatever happened, with all tries.
                let end = run(&mut bench, &told, entered(work), None).await;
                let card = bench.tray.card("card").unwrap();
                if end != PinEnd::Done || !stands(&bench, work) || card.pin().map(|(_, left)| left) != Some(3) {
                    violations.push(format!("{case}: again {end:?}, {:?}", card.pin()));
                }
            }
        }
        let name = format!("{work:?}");
        println!("{name:<10}{count:>8}{cases:>8}{set:>9}{not_set:>9}{never:>12}{:>12}", violations.len());
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// Until so many commands were answered, then nothing is remembered.
async fn die(bench: &mut Bench, intent: &PinIntent, work: PinWork, most: u32) {
    use desk_card::link::CardReader;
    let mut doing = WorkOnPin::new(&bench.profiles, intent, entered(work), None).unwrap();
    bench.reader.connect().await;
    let mut reply = Reply::Begin;
    let mut sent = 0;
    loop {
        reply = match doing.step(reply) {
            Step::Send(_) if sent == most => return,
            Step::Send(command) => {
                sent += 1;
                Reply::Card(bench.reader.transmit(&command).await)
            }
            Step::AskIssuer(ask) => Reply::Issuer(bench.keys.answer(ask).unwrap()),
            Step::Done(_) => return,
        };
    }
}

#[tokio::test]
async fn another_card_keeps_its_pin_and_its_tries() {
    for work in WORKS {
        let (mut bench, intent) = prepared(work).await;
        run(&mut bench, &intent, entered(work), None).await;
        let count = u32::try_from(bench.tray.take_sent().len()).unwrap();
        for at in 1..=count {
            let (mut bench, intent) = prepared(work).await;
            let pin_before = bench.tray.card("other").unwrap().pin().map(|(value, left)| (value.to_vec(), left));
            bench.tray.plan(at, What::Swap("other".to_owned()));
            let end = run(&mut bench, &intent, entered(work), None).await;
            let other = bench.tray.card("other").unwrap();
            assert_eq!(other.pin().map(|(value, left)| (value.to_vec(), left)), pin_before, "{work:?} at {at}: {end:?}");
            assert!(end != PinEnd::Done || stands(&bench, work), "{work:?} at {at}");
        }
        // From the beginning: both tails are told.
        let (mut bench, intent) = prepared(work).await;
        bench.tray.put("other");
        let end = run(&mut bench, &intent, entered(work), None).await;
        assert_eq!(end, PinEnd::WrongCard { expected_tail: "0101".to_owned(), seen_tail: "0901".to_owned() }, "{work:?}");
    }
}

#[tokio::test]
async fn the_pin_stands_in_no_intent_and_in_no_print() {
    let (mut bench, intent) = prepared(PinWork::Reload).await;
    run(&mut bench, &intent, entered(PinWork::Reload), None).await;
    let asked = format!("{:?}", bench.keys.asked);
    assert!(matches!(bench.keys.asked.last(), Some(IssuerRequest::PinReload { .. })));
    for text in [asked, format!("{intent:?}"), serde_json::to_string(&intent).unwrap()] {
        assert!(!text.contains("654321"), "{text}");
    }
}

#[tokio::test]
async fn the_line_is_down() {
    for work in [PinWork::Reload, PinWork::Unblock] {
        let (mut bench, intent) = prepared(work).await;
        bench.keys.down = true;
        let end = run(&mut bench, &intent, entered(work), None).await;
        assert_eq!(end, PinEnd::Not { reason: Code::CentreUnreachable });
        assert!(!stands(&bench, work));
    }
}
