//! Appends to a store file and says what was acknowledged, for tests that kill it or fail its system calls.
//!
//! `store-worker FILE SEED create|open COUNT`: one line `opened HEAD`, then `ack SEQUENCE` after each append; a refusal
//! is `failed CODE` and ends the program.

use std::{io::Write, path::Path, process::ExitCode};

use desk_app::ports::Store;
use desk_domain::case::LineMode;
use desk_store::{SqliteStore, StoreKey};
use desk_testkit::{
    entropy::Seeded,
    stations::{draw_case, money_row, opening, plain_row, station},
};
use zeroize::Zeroizing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, seed, how, count] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let (Ok(seed), Ok(count)) = (seed.parse::<u64>(), count.parse::<u32>()) else {
        return ExitCode::from(2);
    };
    match work(Path::new(file), seed, how == "create", count).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => {
            say(&format!("failed {code}"));
            ExitCode::FAILURE
        }
    }
}

async fn work(file: &Path, seed: u64, create: bool, count: u32) -> Result<(), &'static str> {
    let key = StoreKey(Zeroizing::new([7; 32]));
    let station = station();
    let mut entropy = Seeded::new(seed);
    let own = Box::new(Seeded::new(seed.wrapping_add(1)));
    let mut store =
        if create { SqliteStore::create(file, &key, &station, own).await } else { SqliteStore::open(file, &key, &station, own).await }
            .map_err(|failure| failure.code().as_str())?;
    let (head, _) = store.head().await.map_err(|failure| failure.code.as_str())?;
    say(&format!("opened {head}"));
    let case =
        store.open_case(opening(&station, draw_case(&mut entropy), LineMode::Online)).await.map_err(|failure| failure.code.as_str())?;
    say(&format!("case {}", case.number));
    for turn in 0..count {
        // Two rows a commit, as a money step has: the result of one effect and the intent of the next.
        let headers = store
            .append(
                vec![
                    money_row(&station, Some(case.id), 100, &format!("{{\"turn\":{turn}}}")),
                    plain_row(Some(case.id), "intent.next", "{}"),
                ],
                None,
            )
            .await
            .map_err(|failure| failure.code.as_str())?;
        if let Some(last) = headers.last() {
            say(&format!("ack {}", last.sequence));
        }
    }
    // The connection's thread must be done before the process takes libcrypto down.
    store.close().await.map_err(|failure| failure.code.as_str())
}

/// A reader that is gone is no reason to stop.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}
