//! Every right is had once: a purse that is topped up is refunded again, and two desks that claim the same money, the same
//! new card or the same reset, online and offline, over lines that lose and repeat, never have it twice.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use desk_app::ports::{Answered, CentreLink, LinkFailure};
use desk_cardsim::kiosk::top_up;
use desk_domain::{
    case::{Ending, context::local},
    code::Code,
    id::{RequestId, SessionToken},
};
use desk_testkit::{
    books::{Centre, FLOAT, Journal},
    counter::{Counter, Rest, carry},
    entropy::Seeded,
    link_faults::{FaultyLine, LineFault},
    mortal_store::{Cut, Fuse},
    script::Hands,
    tally::Tally,
    world::{PUPIL_CARD, World},
};
use desk_wire::v1::Request;

const SEEDS: u64 = 200;

/// A right that two desks go for.
struct Right {
    name: &'static str,
    service: &'static str,
    card: Option<&'static str>,
    right: &'static str,
    out: i64,
}

const RIGHTS: [Right; 4] = [
    Right {
        name: "purse that unloads",
        service: "refund_readable",
        card: Some("purse-unload"),
        right: "purse:3104999000000000101",
        out: 3_650,
    },
    Right {
        name: "purse that refuses to unload",
        service: "refund_readable",
        card: Some("purse-refuses-unload"),
        right: "purse:3104999000000000202",
        out: 12_800,
    },
    Right { name: "reissue", service: "reissue_lost", card: None, right: "reissue:pupil-0001", out: 0 },
    Right { name: "password reset", service: "password_reset", card: None, right: "password:pupil-0001", out: 0 },
];

/// Two desks that the same customer goes to, each with blanks of its own.
async fn two(world: &Arc<World>, right: &Right) -> (Counter, Counter) {
    let mut here = Counter::at(world, 1, "1001").await.expect("desk 1");
    let mut there = Counter::at(world, 2, "1002").await.expect("desk 2");
    for (counter, blanks) in [(&mut here, ["blank-1", "blank-3"].as_slice()), (&mut there, &["blank-2"])] {
        counter.hands = right.card.map_or_else(Hands::default, Hands::with_card);
        counter.hands.blanks = blanks.iter().map(|name| (*name).to_owned()).collect();
    }
    (here, there)
}

/// What both desks, the centre and the card hold of the right.
struct Sum {
    paid: i64,
    confirmed: usize,
    fees: i64,
    accepted: usize,
    settled: u32,
    refunds: i64,
    violations: Vec<String>,
    conflicts: usize,
    suspended: usize,
}

async fn sum(world: &Arc<World>, counters: [&mut Counter; 2], right: &Right) -> Sum {
    let mut sum =
        Sum { paid: 0, confirmed: 0, fees: 0, accepted: 0, settled: 0, refunds: 0, violations: Vec::new(), conflicts: 0, suspended: 0 };
    let (mut tills, mut journals) = (0, Vec::new());
    let mut first = None;
    for counter in counters {
        if let Err(waited) = counter.drain().await {
            sum.violations.push(format!("{}: {}", counter.rig.station.device, waited.0));
        }
        match Journal::of(&counter.rig, world).await {
            Ok(journal) => journals.push(journal),
            Err(error) => sum.violations.push(error),
        }
        first.get_or_insert(&*counter);
    }
    for journal in &journals {
        sum.violations.extend(journal.breaches());
        sum.paid += journal.paid_out();
        tills += journal.till();
        let floats = i64::try_from(journal.count("day_opened")).unwrap_or_default() * FLOAT;
        sum.fees += journal.till() + journal.paid_out() - floats;
        sum.accepted += journal.count("fact.accepted_offline");
        if journal.waiting > 0 {
            sum.violations.push(format!("{} rows never reached the centre", journal.waiting));
        }
        for (header, ending, rows) in &journal.cases {
            let kinds: Vec<&str> = rows.iter().map(|row| row.header.kind.as_str()).collect();
            sum.confirmed += usize::from(kinds.contains(&"fact.confirmed"));
            let accepted = kinds.contains(&"fact.accepted_offline");
            match ending {
                None => sum.violations.push(format!("{} stuck open after {:?}", header.number, kinds.last())),
                Some(Ending::Suspended { .. }) => sum.suspended += 1,
                // Given back because the card had moved on: its money is still on it.
                Some(Ending::Cancelled) if accepted && !kinds.contains(&"fact.released") => {
                    sum.violations.push(format!("{} was accepted and lost", header.number))
                }
                Some(Ending::Refused { message }) if matches!(message.code, Code::ClaimConflict | Code::RightReserved) => {
                    sum.conflicts += 1;
                    let told = |name: &str| message.params.iter().any(|(param, value)| param == name && !value.is_empty());
                    if !["outlet", "window", "time", "no"].into_iter().all(told) || message.text().contains('{') {
                        sum.violations.push(format!("{}: conflict without who, where or when: {}", header.number, message.text()));
                    }
                }
                Some(Ending::Done | Ending::Refused { .. } | Ending::Referred { .. } | Ending::Cancelled | Ending::Withdrawn) => {}
            }
        }
    }
    if let Some(counter) = first {
        match Centre::of(world, &counter.rig, right.right).await {
            Err(error) => sum.violations.push(error.to_string()),
            Ok(centre) => {
                sum.settled = centre.settled;
                sum.refunds = centre.refunds;
                if centre.imbalance != 0 {
                    sum.violations.push(format!("ledger out by {}", centre.imbalance));
                }
                if centre.till != tills {
                    sum.violations.push(format!("the centre's tills {} and the desks' {tills}", centre.till));
                }
                if centre.open.is_some() && sum.suspended == 0 {
                    sum.violations.push("a claim is left open".to_owned());
                }
            }
        }
    }
    if sum.paid != sum.refunds {
        sum.violations.push(format!("desks paid {} and the centre confirmed {}", sum.paid, sum.refunds));
    }
    let confirmed = u32::try_from(sum.confirmed).unwrap_or(u32::MAX);
    if confirmed != sum.settled {
        sum.violations.push(format!("desks hold {confirmed} confirmations, the centre {}", sum.settled));
    }
    match right.service {
        "reissue_lost" => {
            if sum.fees != 2_000 * i64::from(sum.settled) {
                sum.violations.push(format!("fees {} for {} cards", sum.fees, sum.settled));
            }
            match Centre::cards(world).await {
                Ok((1, replaced)) if replaced <= 1 && replaced == sum.confirmed => {}
                cards => sum.violations.push(format!("active and replaced cards {cards:?}")),
            }
        }
        "password_reset" => {
            let resets = world.platform().0.get(PUPIL_CARD).map_or(0, |account| account.orders.len());
            if resets != sum.confirmed {
                sum.violations.push(format!("the platform did {resets} resets, {} confirmed", sum.confirmed));
            }
        }
        _ => {}
    }
    sum
}

fn now(world: &World) -> chrono::NaiveDateTime {
    local(desk_app::ports::Clock::now(&*world.clock))
}

fn balance(counter: &Counter, card: &str) -> i64 {
    counter.rig.tray.card(card).and_then(|card| card.balance()).map_or(-1, i64::from)
}

#[tokio::test(start_paused = true)]
async fn a_purse_topped_up_is_refunded_again_and_never_twice_for_the_same_money() {
    let mut tally = Tally::new("refund, top-up, refund again", &["paid out", "empty purse refused", "topped up between desks"]);
    for right in &RIGHTS[..2] {
        let card = right.card.expect("a purse");
        let world = Arc::new(World::demonstration().await.expect("world"));
        let (mut here, mut there) = two(&world, right).await;
        let mut due = right.out;
        let mut violations = Vec::new();
        for (round, fen) in [0_u32, 5_000, 1, 19_999].into_iter().enumerate() {
            if fen > 0 {
                here.rig.tray.take_off();
                here.rig.tray.with_card(card, |card| top_up(card, fen, now(&world))).expect("card").expect("topped up");
                due += i64::from(fen);
            }
            tally.points += 1;
            here.work(Some(right.service)).await.expect("refund");
            tally.saw("paid out");
            // The same card again, here and at the other desk: nothing is left to pay.
            here.work(Some(right.service)).await.expect("second try here");
            carry(card, &here.rig, &there.rig);
            there.work(Some(right.service)).await.expect("second try there");
            for counter in [&here, &there] {
                if counter.ended.last().and_then(|end| end.message.as_ref()).is_some_and(|message| message.code == "PURSE_EMPTY") {
                    tally.saw("empty purse refused");
                } else {
                    violations.push(format!("round {round}: {:?}", counter.ended.last().map(|end| &end.message)));
                }
            }
            there.rig.tray.with_card(card, |card| top_up(card, 700, now(&world))).expect("card").expect("topped up");
            due += 700;
            there.work(Some(right.service)).await.expect("refund there");
            tally.saw("topped up between desks");
            carry(card, &there.rig, &here.rig);
        }
        let left = balance(&here, card);
        let sum = sum(&world, [&mut here, &mut there], right).await;
        violations.extend(sum.violations);
        if sum.paid != due || left != 0 {
            violations.push(format!("paid {} of {due}, {left} left on the card", sum.paid));
        }
        tally.case(right.name, violations);
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

/// How the two desks stand to the centre when they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    BothUp,
    BothDown,
    FirstDown,
}

/// What the two desks hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holding {
    /// The same card wanders from desk to desk.
    Carried,
    /// Each has a copy of the same state: a clone, or a customer who was quicker than the books.
    Copies,
}

#[tokio::test(start_paused = true)]
async fn two_desks_at_once_have_it_once() {
    let mut tally = Tally::new("two desks, one right", &["online", "accepted offline", "told who, where, when", "had once"]);
    for right in &RIGHTS {
        for lines in [Lines::BothUp, Lines::BothDown, Lines::FirstDown] {
            for first_back in [false, true] {
                let world = Arc::new(World::demonstration().await.expect("world"));
                let (mut here, mut there) = two(&world, right).await;
                // Signed in while the line works.
                here.work(None).await.expect("day open");
                there.work(None).await.expect("day open");
                let down = [lines != Lines::BothUp, lines == Lines::BothDown];
                for (counter, down) in [&mut here, &mut there].into_iter().zip(down) {
                    if down {
                        counter.rig.line.set_down(true);
                        counter.until_line(false).await.expect("line lost");
                    }
                }
                let service = Some(right.service);
                // The desk that is online takes its turn a moment after the other has accepted.
                let later = async {
                    tokio::time::sleep(Duration::from_secs(if lines == Lines::BothUp { 0 } else { 2 })).await;
                    there.work(service).await
                };
                let (a, b) = tokio::join!(here.work(service), later);
                let mut violations: Vec<String> = [a, b].into_iter().filter_map(|rest| rest.err().map(|waited| waited.0)).collect();
                tally.points += 1;
                tally.saw(if lines == Lines::BothUp { "online" } else { "accepted offline" });
                let order = if first_back { [&mut here, &mut there] } else { [&mut there, &mut here] };
                for counter in order {
                    counter.rig.line.set_down(false);
                    counter.until_line(true).await.expect("line back");
                    counter.come_back();
                    if let Err(waited) = counter.work(None).await {
                        violations.push(waited.0);
                    }
                }
                let sum = sum(&world, [&mut here, &mut there], right).await;
                violations.extend(sum.violations);
                let down = usize::from(down[0]) + usize::from(down[1]);
                if sum.accepted != down {
                    violations.push(format!("{} accepted offline instead of {down}", sum.accepted));
                }
                if sum.settled == 1 && sum.paid == right.out {
                    tally.saw("had once");
                } else {
                    violations.push(format!("had {} times, {} paid, {} conflicts", sum.settled, sum.paid, sum.conflicts));
                }
                for _ in 0..sum.conflicts {
                    tally.saw("told who, where, when");
                }
                tally.case(&format!("{} {lines:?} {first_back}", right.name), violations);
            }
        }
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

/// A line that takes its time, and loses, repeats and garbles by a seed until it is told to stop.
struct SlowLine {
    inner: Arc<dyn CentreLink>,
    seeded: Mutex<Seeded>,
    calm: Arc<AtomicBool>,
}

impl SlowLine {
    fn below(&self, bound: u64) -> u64 {
        self.seeded.lock().map(|mut seeded| seeded.below(bound)).unwrap_or_default()
    }
}

#[async_trait]
impl CentreLink for SlowLine {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        if self.calm.load(Ordering::SeqCst) {
            return self.inner.call(id, session, request).await;
        }
        tokio::time::sleep(Duration::from_millis(self.below(900))).await;
        let answered = self.inner.call(id, session, request).await;
        tokio::time::sleep(Duration::from_millis(self.below(900))).await;
        answered
    }
}

fn disturb(counter: &mut Counter, seed: u64, calm: &Arc<AtomicBool>, seen: &Arc<Mutex<Vec<LineFault>>>) {
    let slow = SlowLine {
        inner: Arc::clone(&counter.rig.line) as Arc<dyn CentreLink>,
        seeded: Mutex::new(Seeded::new(seed)),
        calm: Arc::clone(calm),
    };
    let faulty = FaultyLine::new(Arc::new(slow));
    let (mut fates, calm, seen) = (Seeded::new(seed ^ 0xFA7E), Arc::clone(calm), Arc::clone(seen));
    faulty.plan(move |_| {
        let fault = match fates.below(24) {
            _ if calm.load(Ordering::SeqCst) => LineFault::None,
            0 | 1 => LineFault::RequestLost,
            2 | 3 => LineFault::AnswerLost,
            4 | 5 => LineFault::Repeated,
            6 => LineFault::CentreError,
            7 => LineFault::Garbled,
            _ => LineFault::None,
        };
        if let Ok(mut seen) = seen.lock() {
            seen.push(fault);
        }
        fault
    });
    counter.rig.line = Arc::new(faulty);
}

#[tokio::test(start_paused = true)]
async fn random_faults_never_pay_twice_and_lose_nothing() {
    let mut tally = Tally::new(
        "two desks under random faults",
        &[
            "request lost",
            "answer lost",
            "request repeated",
            "centre error",
            "answer garbled",
            "accepted offline",
            "power cut",
            "topped up meanwhile",
            "card carried to the other desk",
            "copies of one card",
            "told who, where, when",
            "settled",
        ],
    );
    for seed in 0..SEEDS {
        one_seed(seed, &mut tally).await;
    }
    println!("{tally}");
    assert!(tally.holds(), "{tally}");
}

async fn one_seed(seed: u64, tally: &mut Tally) {
    let mut chance = Seeded::new(seed.wrapping_mul(0x9E37_79B9) ^ 0x0CE);
    let right = &RIGHTS[usize::try_from(seed % 4).unwrap_or_default()];
    let holding = if chance.below(2) == 0 { Holding::Carried } else { Holding::Copies };
    let world = Arc::new(World::demonstration().await.expect("world"));
    let (mut here, mut there) = two(&world, right).await;
    let calm = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut violations = Vec::new();
    let mut due = right.out;
    here.work(None).await.expect("day open");
    there.work(None).await.expect("day open");
    for counter in [&mut here, &mut there] {
        counter.kill();
        disturb(counter, chance.next(), &calm, &seen);
        if chance.below(2) == 0 {
            let cut = if chance.below(2) == 0 { Cut::Before } else { Cut::After };
            counter.arm(Fuse::at(usize::try_from(2 + chance.below(16)).unwrap_or(2), cut));
        }
        if chance.below(3) == 0 {
            counter.rig.line.set_down(true);
        }
    }
    let service = Some(right.service);
    let copies = holding == Holding::Copies || right.card.is_none();
    if copies {
        if right.card.is_some() {
            tally.saw("copies of one card");
        }
        let (a, b) = tokio::join!(here.work(service), there.work(service));
        violations.extend([a, b].into_iter().filter_map(|rest| rest.err().map(|waited| waited.0)));
    } else if let Some(card) = right.card {
        for round in 0..2 {
            let (now_at, next_at) = if round == 0 { (&mut here, &mut there) } else { (&mut there, &mut here) };
            if let Err(waited) = now_at.work(service).await {
                violations.push(waited.0);
            }
            carry(card, &now_at.rig, &next_at.rig);
            tally.saw("card carried to the other desk");
            if chance.below(2) == 0 {
                let fen = u32::try_from(1 + chance.below(3_000)).unwrap_or(1);
                next_at.rig.tray.with_card(card, |card| top_up(card, fen, now(&world))).expect("card").expect("topped up");
                due += i64::from(fen);
                tally.saw("topped up meanwhile");
            }
        }
    }
    // The lines come back, the faults go on for a while, and then stop.
    for round in 0..4 {
        if round == 1 {
            calm.store(true, Ordering::SeqCst);
            here.kill();
            there.kill();
        }
        for first in [true, false] {
            let (now_at, next_at) = if first { (&mut here, &mut there) } else { (&mut there, &mut here) };
            now_at.rig.line.set_down(false);
            if round >= 1
                && let Err(waited) = now_at.until_line(true).await
            {
                violations.push(waited.0);
            }
            now_at.come_back();
            if let Err(waited) = now_at.work(None).await {
                violations.push(waited.0);
            }
            if let Some(card) = right.card.filter(|_| !copies) {
                carry(card, &now_at.rig, &next_at.rig);
            }
        }
    }
    // Whoever still has money on the card asks for it once more.
    if let Some(card) = right.card.filter(|_| !copies)
        && balance(&here, card) > 0
    {
        match here.work(service).await {
            Ok(Rest::Home { .. }) => {}
            other => violations.push(format!("last refund: {other:?}")),
        }
    }
    let left = right.card.map_or(0, |card| balance(&here, card));
    let sum = sum(&world, [&mut here, &mut there], right).await;
    violations.extend(sum.violations);
    if let Some(card) = right.card {
        if copies && sum.paid > right.out {
            violations.push(format!("{} paid for {} ({card})", sum.paid, right.out));
        }
        if !copies && sum.suspended == 0 && sum.paid + left != due {
            violations.push(format!("paid {} and {left} left of {due}", sum.paid));
        }
    }
    if sum.suspended > 0 {
        violations.push(format!("{} left in suspense though the card came back", sum.suspended));
    }
    for fault in seen.lock().map(|seen| seen.clone()).unwrap_or_default() {
        match fault {
            LineFault::None => {}
            LineFault::RequestLost => tally.saw("request lost"),
            LineFault::AnswerLost => tally.saw("answer lost"),
            LineFault::Repeated => tally.saw("request repeated"),
            LineFault::CentreError => tally.saw("centre error"),
            LineFault::Garbled => tally.saw("answer garbled"),
        }
        tally.points += usize::from(fault != LineFault::None);
    }
    for _ in 0..sum.accepted {
        tally.saw("accepted offline");
    }
    for _ in 0..sum.conflicts {
        tally.saw("told who, where, when");
    }
    for _ in 0..sum.settled {
        tally.saw("settled");
    }
    for _ in 0..here.deaths + there.deaths {
        tally.saw("power cut");
    }
    tally.case(&format!("seed {seed}, {}, {holding:?}", right.name), violations);
}
