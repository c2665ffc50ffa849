//! One suite for every store of the desk: the encrypted file and the one in memory answer alike.
#![expect(clippy::unwrap_used, reason = "a test ends where its preparations fail")]

use async_trait::async_trait;
use desk_app::ports::{Period, Store, StoreFailure};
use desk_domain::{
    case::{Ending, LineMode},
    code::{Code, Message},
    id::{CaseId, OperatorId},
    journal,
    money::Fen,
};
use desk_store::{OpenFailure, SqliteStore, StoreKey, seal::PayloadKey};
use desk_testkit::{
    entropy::Seeded,
    memory_store::MemoryStore,
    stations::{business_day, draw_case, money_row, opening, plain_row, station, ten_o_clock},
};
use desk_wire::v1::{Operator, Role};
use zeroize::Zeroizing;

/// What a suite needs beside the port.
#[async_trait]
trait Shelf: Send {
    type Kind: Store;
    async fn fresh() -> (Self, Self::Kind)
    where
        Self: Sized;
    async fn again(&mut self, old: Self::Kind) -> Result<Self::Kind, OpenFailure>;
    async fn forget(store: &mut Self::Kind, case: CaseId) -> Result<(), StoreFailure>;
}

struct InMemory;

#[async_trait]
impl Shelf for InMemory {
    type Kind = MemoryStore;

    async fn fresh() -> (Self, MemoryStore) {
        (Self, MemoryStore::create(&station(), 1))
    }

    async fn again(&mut self, old: MemoryStore) -> Result<MemoryStore, OpenFailure> {
        MemoryStore::open(old.disk(), &station(), 2)
    }

    async fn forget(store: &mut MemoryStore, case: CaseId) -> Result<(), StoreFailure> {
        store.forget(case)
    }
}

struct InFile(tempfile::TempDir);

fn key(byte: u8) -> StoreKey {
    StoreKey(Zeroizing::new([byte; 32]))
}

fn entropy(seed: u64) -> Box<Seeded> {
    Box::new(Seeded::new(seed))
}

#[async_trait]
impl Shelf for InFile {
    type Kind = SqliteStore;

    async fn fresh() -> (Self, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let store = SqliteStore::create(&file, &key(7), &station(), entropy(1)).await.unwrap();
        (Self(folder), store)
    }

    async fn again(&mut self, old: SqliteStore) -> Result<SqliteStore, OpenFailure> {
        old.close().await.unwrap();
        SqliteStore::open(&self.0.path().join("journal.db"), &key(7), &station(), entropy(2)).await
    }

    async fn forget(store: &mut SqliteStore, case: CaseId) -> Result<(), StoreFailure> {
        store.forget(case).await
    }
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $name() { super::$name::<super::InMemory>().await; })*
        }
        mod in_file {
            $(#[tokio::test] async fn $name() { super::$name::<super::InFile>().await; })*
        }
    };
}

on_both!(
    rows_come_back_as_they_went_in,
    the_chain_goes_on_after_reopening,
    numbers_are_drawn_once_and_never_again,
    a_refused_append_leaves_nothing,
    a_case_ends_once_unless_it_was_suspended,
    loose_rows_belong_to_their_day,
    movements_are_the_postings,
    the_outbox_moves_forward_only,
    a_batch_opens_with_its_keys,
    forgetting_leaves_a_chain_that_verifies,
    operators_and_memory_are_kept,
    every_row_names_its_device,
    finer_than_a_microsecond_is_cut,
);

async fn rows_come_back_as_they_went_in<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let station = station();
    let header = store.open_case(opening(&station, draw_case(&mut Seeded::new(9)), LineMode::Online)).await.unwrap();
    let mut refusal = plain_row(Some(header.id), "fact.refused", r#"{"why":"测试 𬭎"}"#);
    refusal.code = Some(Code::PurseEmpty);
    let written = store.append(vec![money_row(&station, Some(header.id), 3650, "{}"), refusal], None).await.unwrap();
    assert_eq!(written[1].code.as_deref(), Some("PURSE_EMPTY"));
    for _ in 0..2 {
        let rows = store.case(header.id).await.unwrap();
        let kinds: Vec<&str> = rows.iter().map(|row| row.header.kind.as_str()).collect();
        assert_eq!(kinds, ["opened", "fact.money", "fact.refused"]);
        assert_eq!(desk_store::chain::opened_header(&rows[0].payload).unwrap(), header);
        assert_eq!(rows[2].payload, r#"{"why":"测试 𬭎"}"#);
        assert_eq!([&rows[1].header, &rows[2].header], [&written[0], &written[1]]);
        let head = journal::verify((0, journal::genesis()), rows.iter().map(|row| &row.header)).unwrap();
        assert_eq!(head, store.head().await.unwrap());
        assert_eq!(store.unfinished().await.unwrap(), std::slice::from_ref(&header));
        store = shelf.again(store).await.unwrap();
    }
}

async fn the_chain_goes_on_after_reopening<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    assert_eq!(store.head().await.unwrap(), (0, journal::genesis()));
    let first = store.append(vec![plain_row(None, "day.opened", "{}")], None).await.unwrap();
    let mut store = shelf.again(store).await.unwrap();
    let second = store.append(vec![plain_row(None, "line.lost", "{}")], None).await.unwrap();
    assert_eq!((second[0].sequence, &second[0].previous), (2, &first[0].hash()));
    assert_eq!(store.head().await.unwrap(), (2, second[0].hash()));
}

async fn numbers_are_drawn_once_and_never_again<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let (station, mut ids) = (station(), Seeded::new(3));
    let mut numbers = Vec::new();
    for line in [LineMode::Online, LineMode::Offline] {
        let header = store.open_case(opening(&station, draw_case(&mut ids), line)).await.unwrap();
        numbers.push(header.number.0);
    }
    // The same case again draws nothing.
    let twice = draw_case(&mut ids);
    store.open_case(opening(&station, twice, LineMode::Online)).await.unwrap();
    assert!(store.open_case(opening(&station, twice, LineMode::Online)).await.is_err());
    let mut store = shelf.again(store).await.unwrap();
    let header = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    numbers.push(header.number.0);
    let mut tomorrow = opening(&station, draw_case(&mut ids), LineMode::Online);
    tomorrow.day = tomorrow.day.succ_opt().unwrap();
    numbers.push(store.open_case(tomorrow).await.unwrap().number.0);
    assert_eq!(numbers, ["DEMO20261124W0310001", "DEMO20261124W031F0002", "DEMO20261124W0310004", "DEMO20261125W0310001"]);
}

async fn a_refused_append_leaves_nothing<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let (station, stranger) = (station(), draw_case(&mut Seeded::new(4)));
    store.append(vec![plain_row(None, "day.opened", "{}")], None).await.unwrap();
    let before = store.head().await.unwrap();
    let failure =
        store.append(vec![money_row(&station, None, 5, "{}"), plain_row(Some(stranger), "fact.any", "{}")], None).await.unwrap_err();
    assert_eq!(failure.code, Code::StoreBroken);
    let case = store.open_case(opening(&station, stranger, LineMode::Online)).await.unwrap();
    // An ending without a row of its case.
    assert!(store.append(vec![money_row(&station, None, 5, "{}")], Some((case.id, Ending::Done))).await.is_err());
    assert_eq!(store.head().await.unwrap().0, before.0 + 1);
    assert_eq!(store.loose(business_day()).await.unwrap().len(), 1);
    assert!(store.movements(Period { day: business_day() }).await.unwrap().is_empty());
    let mut store = shelf.again(store).await.unwrap();
    let next = store.append(vec![plain_row(None, "line.lost", "{}")], None).await.unwrap();
    assert_eq!(next[0].sequence, before.0 + 2);
}

async fn a_case_ends_once_unless_it_was_suspended<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let (station, mut ids) = (station(), Seeded::new(5));
    let case = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    let row = |kind| vec![plain_row(Some(case.id), kind, "{}")];
    let suspended = Ending::Suspended { message: Message::new(Code::WriteUnknown) };
    store.append(row("fact.suspended"), Some((case.id, suspended.clone()))).await.unwrap();
    assert!(store.unfinished().await.unwrap().is_empty());
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.cases_of(business_day()).await.unwrap(), [(case.clone(), Some(suspended))]);
    store.append(row("fact.written"), Some((case.id, Ending::Done))).await.unwrap();
    assert!(store.append(row("fact.more"), Some((case.id, Ending::Cancelled))).await.is_err());
    // A late print is still written down.
    store.append(row("fact.printed"), None).await.unwrap();
    assert_eq!(store.cases_of(business_day()).await.unwrap(), [(case.clone(), Some(Ending::Done))]);
    let kinds: Vec<String> = store.case(case.id).await.unwrap().into_iter().map(|row| row.header.kind).collect();
    assert_eq!(kinds, ["opened", "fact.suspended", "fact.written", "fact.printed"]);
}

async fn loose_rows_belong_to_their_day<S: Shelf>() {
    let (_shelf, mut store) = S::fresh().await;
    let mut tomorrow = plain_row(None, "day.opened", r#"{"day":2}"#);
    tomorrow.day = business_day().succ_opt().unwrap();
    store.append(vec![plain_row(None, "day.opened", r#"{"day":1}"#), tomorrow.clone()], None).await.unwrap();
    store.append(vec![plain_row(None, "line.lost", "{}")], None).await.unwrap();
    let payloads = |rows: Vec<desk_app::ports::Stored>| rows.into_iter().map(|row| row.payload).collect::<Vec<_>>();
    assert_eq!(payloads(store.loose(business_day()).await.unwrap()), [r#"{"day":1}"#, "{}"]);
    assert_eq!(payloads(store.loose(tomorrow.day).await.unwrap()), [r#"{"day":2}"#]);
}

async fn movements_are_the_postings<S: Shelf>() {
    let (_shelf, mut store) = S::fresh().await;
    let (station, mut ids) = (station(), Seeded::new(6));
    let case = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    let mut tomorrow = money_row(&station, None, 9, "{}");
    tomorrow.day = business_day().succ_opt().unwrap();
    store
        .append(vec![money_row(&station, None, 50_000, "{}"), money_row(&station, Some(case.id), -2_000, "{}"), tomorrow], None)
        .await
        .unwrap();
    let movements = store.movements(Period { day: business_day() }).await.unwrap();
    let seen: Vec<(Fen, Option<CaseId>)> = movements.iter().map(|movement| (movement.posting.amount, movement.case)).collect();
    assert_eq!(seen, [(Fen(50_000), None), (Fen(-50_000), None), (Fen(-2_000), Some(case.id)), (Fen(2_000), Some(case.id))]);
    assert!(movements.iter().all(|movement| movement.kind == "fact.money" && movement.at == ten_o_clock()));
}

async fn the_outbox_moves_forward_only<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    assert!(store.next_batch(10).await.unwrap().is_none());
    for turn in 0..5 {
        store.append(vec![plain_row(None, "line.lost", &turn.to_string())], None).await.unwrap();
    }
    assert_eq!(store.waiting().await.unwrap(), 5);
    let batch = store.next_batch(3).await.unwrap().unwrap();
    assert_eq!(batch.rows.iter().map(|row| row.header.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(batch.head, batch.rows[2].header.hash());
    // Not acknowledged: the same stretch again, bit for bit.
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.next_batch(3).await.unwrap().unwrap(), batch);
    store.acknowledge(3).await.unwrap();
    store.acknowledge(1).await.unwrap();
    assert_eq!(store.waiting().await.unwrap(), 2);
    let rest = store.next_batch(10).await.unwrap().unwrap();
    assert_eq!(journal::verify((3, batch.head), rest.rows.iter().map(|row| &row.header)).unwrap().0, 5);
    // The centre knows rows that this disk never wrote: it was put back from an older copy.
    assert_eq!(store.acknowledge(6).await.unwrap_err().code, Code::DeviceRollback);
    store.acknowledge(5).await.unwrap();
    assert!(store.next_batch(10).await.unwrap().is_none());
    assert_eq!(shelf.again(store).await.unwrap().waiting().await.unwrap(), 0);
}

async fn a_batch_opens_with_its_keys<S: Shelf>() {
    let (_shelf, mut store) = S::fresh().await;
    let (station, mut ids) = (station(), Seeded::new(8));
    let one = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    let two = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    store
        .append(
            vec![
                plain_row(Some(one.id), "fact.one", "第一"),
                plain_row(Some(two.id), "fact.two", "第二"),
                plain_row(None, "line.lost", "线路"),
            ],
            None,
        )
        .await
        .unwrap();
    let batch = store.next_batch(100).await.unwrap().unwrap();
    assert_eq!(batch.case_keys.len(), 3);
    let key_of = |owner: CaseId| {
        let (_, key) = batch.case_keys.iter().find(|(id, _)| *id == owner).unwrap();
        PayloadKey::from_bytes(&hex::decode(key).unwrap()).unwrap()
    };
    let mut opened = Vec::new();
    for row in &batch.rows[2..] {
        let header = &row.header;
        let sealed = hex::decode(&row.sealed).unwrap();
        assert_eq!(journal::payload_hash(&sealed), header.payload_hash);
        let owner = header.case.unwrap_or_else(|| journal::day_key_owner(business_day()));
        let context = journal::seal_context(&header.device, header.generation, header.sequence);
        opened.push(key_of(owner).open(&context, &sealed).unwrap());
        // Neither another case's key nor another place in the chain opens it.
        let stranger = if owner == one.id { two.id } else { one.id };
        assert!(key_of(stranger).open(&context, &sealed).is_err());
        let elsewhere = journal::seal_context(&header.device, header.generation, header.sequence + 1);
        assert!(key_of(owner).open(&elsewhere, &sealed).is_err());
    }
    assert_eq!(opened, ["第一", "第二", "线路"]);
}

async fn forgetting_leaves_a_chain_that_verifies<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let (station, mut ids) = (station(), Seeded::new(10));
    let gone = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    let kept = store.open_case(opening(&station, draw_case(&mut ids), LineMode::Online)).await.unwrap();
    store.append(vec![plain_row(Some(kept.id), "fact.kept", "留下")], None).await.unwrap();
    // Neither unfinished nor unsent is forgotten.
    assert!(S::forget(&mut store, gone.id).await.is_err());
    store.append(vec![money_row(&station, Some(gone.id), 700, "忘掉")], Some((gone.id, Ending::Done))).await.unwrap();
    assert!(S::forget(&mut store, gone.id).await.is_err());
    let head = store.head().await.unwrap();
    store.acknowledge(head.0).await.unwrap();
    assert!(S::forget(&mut store, draw_case(&mut ids)).await.is_err());
    S::forget(&mut store, gone.id).await.unwrap();
    S::forget(&mut store, gone.id).await.unwrap();
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), head);
    let rows = store.case(gone.id).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.payload.as_str()).collect::<Vec<_>>(), ["", ""]);
    assert_eq!(store.movements(Period { day: business_day() }).await.unwrap().len(), 2);
    assert_eq!(store.case(kept.id).await.unwrap()[1].payload, "留下");
    // Nothing can be added to what was forgotten.
    assert!(store.append(vec![plain_row(Some(gone.id), "fact.late", "{}")], None).await.is_err());
}

async fn operators_and_memory_are_kept<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let mut clerk = Operator {
        id: OperatorId::new("1001"),
        roles: vec![Role::Clerk],
        offline_verifier: "$argon2id$one".to_owned(),
        offline_until: ten_o_clock(),
        staff_card: None,
    };
    store.remember_operator(&clerk).await.unwrap();
    clerk.roles.push(Role::Supervisor);
    store.remember_operator(&clerk).await.unwrap();
    store.remember("clock.offset", "1").await.unwrap();
    store.remember("clock.offset", "2").await.unwrap();
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.operator("1001").await.unwrap(), Some(clerk));
    assert_eq!(store.operator("1002").await.unwrap(), None);
    assert_eq!(store.recall("clock.offset").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.recall("clock.trusted").await.unwrap(), None);
}

async fn every_row_names_its_device<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    store.append(vec![plain_row(None, "day.opened", "{}")], None).await.unwrap();
    let before = store.head().await.unwrap();
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), before);
    let next = store.append(vec![plain_row(None, "day.closed", "{}")], None).await.unwrap();
    assert_eq!((&next[0].device, next[0].generation), (&station().device, 1));
}

async fn finer_than_a_microsecond_is_cut<S: Shelf>() {
    let (mut shelf, mut store) = S::fresh().await;
    let mut row = plain_row(None, "day.opened", "{}");
    row.at += chrono::TimeDelta::nanoseconds(1_234_567);
    let written = store.append(vec![row], None).await.unwrap();
    let mut store = shelf.again(store).await.unwrap();
    assert_eq!(store.loose(business_day()).await.unwrap()[0].header, written[0]);
    assert_eq!(written[0].at, ten_o_clock() + chrono::TimeDelta::microseconds(1_234));
}
