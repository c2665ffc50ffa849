//! What was said to a card stands in its case's journal, masked, and support reads it without the desk.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::{io::Write, os::fd::AsRawFd, sync::Arc};

use desk_app::ports::{Draft, Store};
use desk_cardsim::faults::What;
use desk_compose::{
    config::Config,
    entropy::SystemEntropy,
    journal,
    passphrase::FromDescriptor,
    secrets::{Rest, RestingPlace, Secrets},
    station::StationFile,
};
use desk_domain::{
    case::{Entry, LineMode},
    code::Code,
    id::CaseNumber,
    trail::Exchanged,
};
use desk_store::{SqliteStore, StoreKey};
use desk_testkit::{
    books::Journal,
    counter::Counter,
    entropy::Seeded,
    script::Hands,
    stations::{draw_case, opening, plain_row, station},
    world::World,
};

const PURSE: &str = "3104999000000000101";

/// Every exchange of every case at this desk.
async fn exchanges(counter: &Counter, world: &World) -> Vec<Exchanged> {
    let journal = Journal::of(&counter.rig, world).await.expect("journal");
    let rows = journal.cases.iter().flat_map(|(_, _, rows)| rows);
    rows.filter_map(|row| match serde_json::from_str(&row.payload) {
        Ok(Entry::Trail { exchanges }) => Some(exchanges),
        Ok(Entry::Intent { .. } | Entry::Fact { .. }) | Err(_) => None,
    })
    .flatten()
    .collect()
}

fn commits(said: &[Exchanged]) -> Vec<&Exchanged> {
    said.iter().filter(|one| one.command.starts_with("8054")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refund_leaves_its_whole_conversation_and_no_number() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.hands = Hands::with_card("purse-unload");
    counter.work(Some("refund_readable")).await.expect("refunded");
    let said = exchanges(&counter, &world).await;
    // Read for the case; checked, written and read back.
    assert!(said.len() > 20, "{}", said.len());
    let [debit] = commits(&said)[..] else {
        panic!("one commit");
    };
    assert!(debit.answer.as_deref().is_some_and(|answer| answer.ends_with("9000")));
    let text = format!("{said:?}");
    assert!(!text.contains(PURSE), "the number stands there whole");
    assert!(text.contains("***0101"), "its tail stands there");
    // The rows mean nothing to the case: it is rebuilt from them like any other.
    let journal = Journal::of(&counter.rig, &world).await.expect("journal");
    assert_eq!((journal.unfinished, journal.breaches().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_torn_write_is_seen_in_the_trail_before_and_after_a_kill() {
    let world = Arc::new(World::demonstration().await.expect("world"));
    let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
    counter.hands = Hands::with_card("purse-unload");
    counter.work(None).await.expect("day open");
    let before = {
        // How many commands come before the commit of an undisturbed refund.
        let world = Arc::new(World::demonstration().await.expect("world"));
        let mut counter = Counter::at(&world, 1, "1001").await.expect("desk");
        counter.hands = Hands::with_card("purse-unload");
        counter.work(Some("refund_readable")).await.expect("refunded");
        let sent = counter.rig.tray.take_sent();
        sent.iter().position(|command| command.starts_with(&[0x80, 0x54])).expect("a commit")
    };
    let planned = u32::try_from(before + 1).expect("few") - u32::try_from(counter.rig.tray.take_sent().len()).unwrap_or(0);
    counter.rig.tray.plan(planned, What::TearAfter);
    counter.work(Some("refund_readable")).await.expect("decided and refunded");
    let said = exchanges(&counter, &world).await;
    assert!(said.iter().any(|one| one.answer.is_none()), "the lost answer stands there");
    assert_eq!(commits(&said).len(), 1, "written once, whatever was lost");
    let rows = exchanges(&counter, &world).await.len();
    counter.kill();
    counter.work(None).await.expect("up again");
    assert!(exchanges(&counter, &world).await.len() >= rows, "a kill takes nothing away");
}

/// A data folder as an enrolment leaves it, with one case that talked to a card.
async fn desk_folder(folder: &std::path::Path) -> (Config, CaseNumber) {
    let at = station();
    let place = RestingPlace::choose(folder, Rest::SealedFile, &mut SystemEntropy).expect("place");
    let secrets = Secrets::draw(&mut SystemEntropy).with_identifier_key(&at.identifier_key);
    place.save(folder, &secrets, "口令 of the test", &mut SystemEntropy).expect("kept");
    place.settle(folder).expect("settled");
    let file = StationFile {
        cell: at.cell.clone(),
        outlet: at.outlet.clone(),
        window: at.window.clone(),
        device: at.device.clone(),
        generation: at.generation,
        terminal: at.terminal.clone(),
        certificate: String::new(),
        publishing_key: String::new(),
    };
    std::fs::write(folder.join("station.toml"), toml::to_string(&file).expect("TOML")).expect("station");
    let key = StoreKey(secrets.store_key().expect("key"));
    let mut store = SqliteStore::create(&folder.join("journal.db"), &key, &at, Box::new(Seeded::new(1))).await.expect("store");
    let header = store.open_case(opening(&at, draw_case(&mut Seeded::new(2)), LineMode::Online)).await.expect("case");
    let said = Exchanged { at: 0, took: 4, command: "805C000204".to_owned(), answer: Some("000003209000".to_owned()) };
    let entry = Entry::Trail { exchanges: vec![said] };
    let row = plain_row(Some(header.id), &entry.kind(), &serde_json::to_string(&entry).expect("JSON"));
    store.append(vec![Draft { ..row }], None).await.expect("appended");
    store.close().await.expect("closed");
    std::fs::create_dir(folder.join("rules")).expect("rules");
    std::fs::write(folder.join("ca.pem"), "").expect("authority");
    let text = "data_dir = \".\"\nrules_dir = \"rules\"\n[centre]\naddress = \"https://localhost:1\"\nauthority = \"ca.pem\"\n";
    std::fs::write(folder.join("desk.toml"), text).expect("configuration");
    (Config::read(&folder.join("desk.toml")).expect("configuration"), header.number)
}

/// A pipe's end whose first line is the passphrase.
fn typed(text: &str) -> std::fs::File {
    let mut file = tempfile::tempfile().expect("file");
    writeln!(file, "{text}").expect("line");
    file
}

#[tokio::test]
async fn support_reads_it_from_the_desks_folder() {
    let folder = tempfile::tempdir().expect("folder");
    let (config, number) = desk_folder(folder.path()).await;
    let ask = |text: &str, number: CaseNumber| {
        let file = typed(text);
        let descriptor = FromDescriptor(u32::try_from(file.as_raw_fd()).expect("descriptor"));
        let config = config.clone();
        async move {
            let found = journal::case(&config, Box::new(descriptor), &number).await;
            drop(file);
            found
        }
    };
    let (header, rows) = ask("口令 of the test", number.clone()).await.expect("opened").expect("the case");
    assert_eq!((header.number, rows.last().map(|row| row.header.kind.as_str())), (number.clone(), Some("trail")));
    assert!(ask("口令 of the test", CaseNumber::new("DEMO2026112401109999")).await.expect("opened").is_none());
    let refused = ask("another", number).await.expect_err("no key");
    assert_eq!(refused.code, Code::PassphraseWrong);
}
