//! Journals of desks: taken once, in order, signed; a fork locks the desk.

use chrono::Duration;
use desk_domain::{
    code::Code,
    id::{CellId, OperatorId, OutletId},
    journal::{RowHeader, genesis, payload_hash},
    money::Fen,
    posting::{Account, Balanced, Posting},
};
use desk_wire::v1::{Batch, Reply, Request, Row};
use ed25519_dalek::Signer;

use super::world::{COUNTER, World, case, date, device_id, noon, refusal, signing_key};

fn till() -> Account {
    Account::Till { outlet: OutletId::new("DEMO"), operator: OperatorId::new("1001") }
}

fn vault() -> Account {
    Account::Vault { outlet: OutletId::new("DEMO") }
}

fn rows(desk: u8, after: (u64, String), kinds: &[(&str, i64)]) -> Vec<Row> {
    let (mut sequence, mut previous) = after;
    kinds
        .iter()
        .map(|(kind, amount)| {
            sequence += 1;
            let sealed = format!("{kind} {sequence}").into_bytes();
            let header = RowHeader {
                cell: CellId::new(COUNTER),
                device: device_id(desk),
                generation: 1,
                sequence,
                at: noon() + Duration::seconds(i64::try_from(sequence).unwrap()),
                case: (*kind == "opened").then(|| case(u8::try_from(sequence).unwrap())),
                kind: (*kind).to_owned(),
                code: None,
                postings: if *amount == 0 { Balanced::none() } else { Balanced::transfer(vault(), till(), Fen(*amount)) },
                payload_hash: payload_hash(&sealed),
                previous: previous.clone(),
            };
            previous = header.hash();
            Row { header, sealed: hex::encode(sealed) }
        })
        .collect()
}

fn batch(desk: u8, rows: Vec<Row>) -> Batch {
    let head = rows.last().map_or_else(genesis, |row| row.header.hash());
    Batch {
        device: device_id(desk),
        generation: 1,
        suite: "intl".to_owned(),
        case_keys: rows.iter().filter_map(|row| Some((row.header.case?, "ab".repeat(32)))).collect(),
        signature: hex::encode(signing_key(desk).sign(head.as_bytes()).to_bytes()),
        head,
        rows,
    }
}

async fn upload(world: &World, desk: u8, batch: Batch) -> Reply {
    let envelope = world.envelope(desk, None, world.id(), Request::Upload { batch });
    world.send(&envelope).await
}

fn head(rows: &[Row]) -> (u64, String) {
    let last = rows.last().unwrap();
    (last.header.sequence, last.header.hash())
}

fn uploaded(rows: &[Row]) -> Reply {
    let (up_to, head) = head(rows);
    Reply::Uploaded { up_to, head }
}

pub async fn batch_is_taken_once(world: World) {
    let first = rows(1, (0, genesis()), &[("signed_in", 0), ("float", 50_000), ("opened", 0)]);
    assert_eq!(upload(&world, 1, batch(1, first.clone())).await, uploaded(&first));
    // The same again, and a longer batch that begins with it.
    assert_eq!(upload(&world, 1, batch(1, first.clone())).await, uploaded(&first));
    let mut more = first.clone();
    more.extend(rows(1, head(&first), &[("opened", 0), ("fact.paid", -3650)]));
    assert_eq!(upload(&world, 1, batch(1, more.clone())).await, uploaded(&more));
    // A late repeat of the short one says how far the centre is.
    assert_eq!(upload(&world, 1, batch(1, first)).await, uploaded(&more));
    assert_eq!(upload(&world, 1, batch(1, Vec::new())).await, uploaded(&more));
    let session = world.sign_in(1, "1001").await;
    let ask = Request::DayTotals { outlet: OutletId::new("DEMO"), day: date("2026-11-24"), device: None };
    let reply = world.ask(1, &session, ask).await;
    let Reply::DayTotals { totals, cases, .. } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(cases, 2);
    let whole = [Posting { account: till(), amount: Fen(46_350) }, Posting { account: vault(), amount: Fen(-46_350) }];
    assert_eq!(totals, whole);
    // One window of the outlet is asked for by its device.
    for (desk, has) in [(1, &whole[..]), (2, &[])] {
        let ask = Request::DayTotals { outlet: OutletId::new("DEMO"), day: date("2026-11-24"), device: Some(device_id(desk)) };
        let Reply::DayTotals { totals, .. } = world.ask(1, &session, ask).await else { panic!("desk {desk}") };
        assert_eq!(totals, has, "desk {desk}");
    }
}

pub async fn gap_waits(world: World) {
    let first = rows(1, (0, genesis()), &[("a", 0), ("b", 0)]);
    let second = rows(1, head(&first), &[("c", 0)]);
    let id = world.id();
    let late = world.envelope(1, None, id, Request::Upload { batch: batch(1, second.clone()) });
    assert_eq!(refusal(world.send(&late).await), Code::DeviceRollback);
    assert_eq!(upload(&world, 1, batch(1, first.clone())).await, uploaded(&first));
    // Overtaken, not refused for ever.
    assert_eq!(world.send(&late).await, uploaded(&second));
}

pub async fn fork_locks(world: World) {
    let first = rows(1, (0, genesis()), &[("a", 0), ("b", 0), ("c", 0)]);
    upload(&world, 1, batch(1, first.clone())).await;
    // A disk restored to row 2 goes on writing.
    let restored = rows(1, head(&first[..2]), &[("other", 0), ("d", 0)]);
    assert_eq!(refusal(upload(&world, 1, batch(1, restored)).await), Code::DeviceRollback);
    let good = rows(1, head(&first), &[("d", 0)]);
    assert_eq!(refusal(upload(&world, 1, batch(1, good)).await), Code::DeviceRollback);
    let ping = world.envelope(1, None, world.id(), Request::Ping);
    assert_eq!(refusal(world.send(&ping).await), Code::DeviceRollback);
    // The other desk works on.
    world.sign_in(2, "1002").await;
}

pub async fn wrong_signature(world: World) {
    let first = rows(1, (0, genesis()), &[("a", 0)]);
    let mut forged = batch(1, first.clone());
    forged.signature = batch(2, first.clone()).signature;
    let mut short = batch(1, first.clone());
    short.signature.truncate(10);
    let mut suite = batch(1, first.clone());
    "none".clone_into(&mut suite.suite);
    let mut generation = batch(1, first.clone());
    generation.generation = 2;
    for bad in [forged, short, suite, generation] {
        assert_eq!(refusal(upload(&world, 1, bad).await), Code::JournalBroken);
    }
    assert_eq!(upload(&world, 1, batch(1, first.clone())).await, uploaded(&first));
}

pub async fn tampered_rows(world: World) {
    let good = rows(1, (0, genesis()), &[("a", 0), ("float", 100), ("c", 0)]);
    let mut payload = good.clone();
    payload[1].sealed = hex::encode(b"something else");
    let mut garbage = good.clone();
    "xyz".clone_into(&mut garbage[1].sealed);
    let mut other_desk = good.clone();
    other_desk[0].header.device = device_id(2);
    let mut unbalanced = good.clone();
    unbalanced[1].header.postings =
        serde_json::from_value(serde_json::json!([{"account": "vault", "outlet": "DEMO", "amount": 5}])).unwrap();
    for bad in [payload, garbage, other_desk, unbalanced] {
        assert_eq!(refusal(upload(&world, 1, batch(1, bad)).await), Code::JournalBroken);
    }
    let mut key = batch(1, good.clone());
    key.case_keys.push((case(1), "short".to_owned()));
    assert_eq!(refusal(upload(&world, 1, key).await), Code::JournalBroken);
    let mut head = batch(1, good.clone());
    head.rows.pop();
    assert_eq!(refusal(upload(&world, 1, head).await), Code::JournalBroken);
    assert_eq!(upload(&world, 1, batch(1, good.clone())).await, uploaded(&good));
}

pub async fn totals_agree(world: World) {
    for desk in [1, 2] {
        let mut all = Vec::new();
        let mut at = (0, genesis());
        for turn in 0..5 {
            let next = rows(desk, at, &[("opened", 0), ("x", 100 + turn)]);
            at = head(&next);
            all.extend(next);
        }
        for stretch in all.chunks(3) {
            let reply = upload(&world, desk, batch(desk, stretch.to_vec())).await;
            assert_eq!(reply, uploaded(stretch));
        }
    }
    let mut tx = world.centre.store().begin().await.unwrap();
    let totals = tx.totals(&CellId::new(COUNTER), &OutletId::new("DEMO"), date("2026-11-24"), None).await.unwrap();
    assert_eq!(totals.cases, 10);
    assert_eq!(totals.postings[0].amount, Fen(2 * 510));
    assert_eq!(tx.imbalance(&CellId::new(COUNTER)).await.unwrap(), 0);
    let other_day = tx.totals(&CellId::new(COUNTER), &OutletId::new("DEMO"), date("2026-11-23"), None).await.unwrap();
    assert!(other_day.postings.is_empty());
}

pub async fn an_outlets_day_is_the_sum_of_its_windows(world: World) {
    for (desk, paid) in [(1, -3_650), (2, -1_200)] {
        let all = rows(
            desk,
            (0, genesis()),
            &[
                ("day_opened", 50_000),
                ("opened", 0),
                ("fact.authorised", 0),
                ("fact.paid_out", paid),
                ("opened", 0),
                ("fact.money_in", 2_000),
            ],
        );
        assert_eq!(upload(&world, desk, batch(desk, all.clone())).await, uploaded(&all));
    }
    let day = date("2026-11-24");
    let clerk = world.sign_in(1, "1001").await;
    assert_eq!(refusal(world.ask(1, &clerk, Request::OutletDay { day }).await), Code::RoleMissing);
    let supervisor = world.sign_in(1, "2001").await;
    let reply = world.ask(1, &supervisor, Request::OutletDay { day }).await;
    let Reply::OutletDay { day: found } = reply else {
        panic!("{reply:?}");
    };
    let windows: Vec<_> = found.windows.iter().map(|window| (window.window.as_str(), window.cases, window.authorisations)).collect();
    assert_eq!(windows, [("W01", 2, 1), ("W02", 2, 1)]);
    for (window, paid) in found.windows.iter().zip([3_650, 1_200]) {
        let line = window.cash.iter().find(|line| line.kind == "fact.paid_out").unwrap();
        assert_eq!((line.count, line.taken, line.given), (1, Fen::ZERO, Fen(paid)));
        assert_eq!(window.totals[0].amount, Fen(52_000 - paid));
        assert_eq!(window.opened, 1);
    }
    // The ledger is summed by itself, and agrees.
    let sum: i64 =
        found.windows.iter().flat_map(|window| &window.totals).filter(|line| line.account == till()).map(|line| line.amount.0).sum();
    assert_eq!(found.ledger, [Posting { account: till(), amount: Fen(sum) }, Posting { account: vault(), amount: Fen(-sum) }]);
    let other = world.ask(1, &supervisor, Request::OutletDay { day: date("2026-11-23") }).await;
    assert!(matches!(other, Reply::OutletDay { day } if day.windows.is_empty() && day.ledger.is_empty()));
}
