//! The tray of cards: made the same every time, kept on disk through kills, played through the real pcscd.

#![expect(clippy::unwrap_used, reason = "a test that cannot set the stage fails")]

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use desk_card::{
    driver::drive,
    link::{CardReader, Presence},
    profile::Profiles,
    read::ReadCard,
};
use desk_cardsim::{
    Seed,
    tray::{
        DEMONSTRATION, Faults, Tray, TrayError,
        console::{Console, Heard},
        make,
    },
};
use desk_reader::{PcscReader, ReaderConfig};
use serde_json::Value;

const SEED: &str = "000102030405060708090a0b0c0d0e0f";
const NOBODY_LISTENS: u16 = 1;

fn seed() -> Seed {
    Seed::from_hex(SEED).unwrap()
}

fn made() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), &seed(), DEMONSTRATION).unwrap();
    directory
}

fn console(directory: &Path) -> Console {
    let faults = Arc::new(Faults::default());
    Console::new(Tray::open(directory, &faults).unwrap(), faults, NOBODY_LISTENS)
}

fn say(console: &mut Console, line: &str) -> String {
    match console.hear(line) {
        Heard::Answer(text) => text,
        Heard::Quit => panic!("quits"),
    }
}

fn data(answer: &str) -> Value {
    serde_json::from_str(answer.strip_prefix("ok ").unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

#[test]
fn demonstration_cards_are_as_listed() {
    let directory = made();
    let list = data(&say(&mut console(directory.path()), "list"));
    let seen: Vec<_> = list["cards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|card| {
            let facts = &card["facts"];
            (
                card["name"].as_str().unwrap().to_owned(),
                facts["readable"].as_bool().unwrap(),
                facts["blank"].as_bool().unwrap(),
                facts["number"].as_str().unwrap().to_owned(),
                facts["balance_fen"].as_i64(),
                facts["valid_until"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let listed: toml::Table = DEMONSTRATION.parse().unwrap();
    let expected: Vec<_> = listed["card"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let known = text("family") != "unknown";
            let blank = known && text("card_no").bytes().all(|digit| digit == b'0');
            (
                text("name"),
                known,
                blank,
                text("card_no"),
                text("family").starts_with("tunion").then(|| row["balance_fen"].as_integer().unwrap()),
                text("valid_until"),
            )
        })
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(seen.len(), 14);
}

#[test]
fn same_seed_same_cards_and_never_overwritten() {
    let (first, second, other) = (made(), made(), tempfile::tempdir().unwrap());
    make(other.path(), &Seed::from_hex("ff00").unwrap(), DEMONSTRATION).unwrap();
    let text = |directory: &tempfile::TempDir| std::fs::read_to_string(directory.path().join("purse-unload.json")).unwrap();
    assert_eq!(text(&first), text(&second));
    assert_ne!(text(&first), text(&other), "other keys");
    assert!(matches!(make(first.path(), &seed(), DEMONSTRATION), Err(TrayError::NotEmpty(_))));
}

#[test]
fn damaged_and_missing_cards_are_refused() {
    let faults = Arc::new(Faults::default());
    let directory = made();
    std::fs::write(directory.path().join("blank-1.json"), "{}").unwrap();
    assert!(matches!(Tray::open(directory.path(), &faults), Err(TrayError::Damaged { .. })));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Tray::open(empty.path(), &faults), Err(TrayError::Empty(_))));
    let bad = DEMONSTRATION.replacen("education-current", "../../etc", 1);
    assert!(matches!(make(empty.path(), &seed(), &bad), Err(TrayError::Name(_))));
}

#[test]
fn commands_and_their_refusals() {
    let directory = made();
    let mut tray = console(directory.path());
    for (line, answer) in [
        ("", "no nothing said"),
        ("dance", "no not understood: dance"),
        ("put nobody", "no no card of this name: nobody"),
        ("put blank-1 3", "no slots are 1 and 2"),
        ("tear sideways 1", "no before or after"),
        ("tear before 0", "no commands are counted from 1"),
        ("slow down", "no milliseconds are a number"),
        ("load purse-unload much", "no fen are a whole number"),
        ("off", "ok"),
        ("off 2", "ok"),
        ("mute on", "ok"),
        ("slow 20", "ok"),
        ("tear after 3", "ok"),
    ] {
        assert_eq!(say(&mut tray, line), answer, "{line}");
    }
    assert!(say(&mut tray, "put blank-1").starts_with("no no reader: "));
    let list = data(&say(&mut tray, "list"));
    assert_eq!(list["mute"], true);
    assert_eq!(list["slow_ms"], 20);
    assert_eq!(list["tear"]["in_commands"], 3);
    assert_eq!(say(&mut tray, "calm"), "ok");
    assert_eq!(data(&say(&mut tray, "list"))["tear"], Value::Null);
    assert_eq!(tray.hear("quit"), Heard::Quit);
}

#[test]
fn a_top_up_outlives_the_program() {
    let directory = made();
    assert_eq!(data(&say(&mut console(directory.path()), "load purse-unload 2000"))["balance_fen"], 5650);
    let mut again = console(directory.path());
    assert_eq!(data(&say(&mut again, "show purse-unload"))["facts"]["balance_fen"], 5650);
    assert!(say(&mut again, "load education-current 100").starts_with("no the kiosk was refused"));
    assert!(say(&mut again, "load unknown-family 100").starts_with("no the kiosk was refused"));
}

#[test]
fn through_the_real_service() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/isolated");
    let output = Command::new(script)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "inside_its_own_service"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(77) {
        let _ = writeln!(std::io::stderr(), "SKIPPED desk-cardsim through_the_real_service: {}", err.trim());
        return;
    }
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

struct Program {
    child: Child,
    socket: std::path::PathBuf,
}

impl Program {
    fn start(directory: &Path) -> Self {
        let socket = directory.join("socket");
        let mut child = Command::new(env!("CARGO_BIN_EXE_cardsim"))
            .arg("--tray")
            .arg(directory)
            .arg("--socket")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "READY\n");
        Self { child, socket }
    }

    fn say(&self, line: &str) -> String {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        writeln!(stream, "{line}").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn until(reader: &mut PcscReader, wanted: impl Fn(&Presence) -> bool) {
    for _ in 0..40 {
        if wanted(&reader.changed(Duration::from_millis(250)).await) {
            return;
        }
    }
    panic!("not seen within 10 s: {:?}", reader.presence().await);
}

fn is_card(presence: &Presence) -> bool {
    matches!(presence, Presence::Card { .. })
}

async fn read(reader: &mut PcscReader) -> Option<(String, Option<i64>)> {
    assert!(is_card(&reader.connect().await));
    let profiles = Profiles::built_in().unwrap();
    let mut no_keys = |_| unreachable!("reading asks for no key");
    let image = drive(&mut ReadCard::new(&profiles), reader, &mut no_keys).await;
    reader.disconnect().await;
    let image = image.ok()?;
    Some((image.card_no.as_str().to_owned(), image.purse.map(|purse| purse.balance.0)))
}

#[tokio::test]
#[ignore = "runs inside scripts/isolated"]
async fn inside_its_own_service() {
    let directory = made();
    let program = Program::start(directory.path());
    let mut reader = PcscReader::start(ReaderConfig { only: vec!["Virtual PCD".to_owned()], ..ReaderConfig::default() }).unwrap();
    until(&mut reader, |seen| *seen == Presence::Empty).await;

    assert_eq!(program.say("put purse-unload"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await, Some(("3104999000000000101".to_owned(), Some(3650))));

    // In place of another card: the reader sees the first one go.
    assert_eq!(program.say("put education-current"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await, Some(("2150999000000001".to_owned(), None)));

    assert_eq!(program.say("put unknown-family"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await, None, "a card, but no known one");

    assert_eq!(program.say("put purse-unload 2"), "ok");
    until(&mut reader, |seen| *seen == Presence::Several).await;
    assert_eq!(program.say("off 1"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await.unwrap().1, Some(3650), "on the second reader");

    // Torn within the reading: gone from the reader, whole when it comes back.
    let before = data(&program.say("show purse-unload"))["commands"].as_u64().unwrap();
    assert_eq!(program.say("tear after 2"), "ok");
    assert_eq!(read(&mut reader).await, None);
    until(&mut reader, |seen| *seen == Presence::Empty).await;
    let torn = data(&program.say("show purse-unload"));
    assert_eq!(torn["torn"], true);
    assert_eq!(torn["slot"], Value::Null);
    assert_eq!(torn["commands"], before + 2);
    assert_eq!(program.say("put purse-unload"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await.unwrap().1, Some(3650));

    // The simulator is killed: the card is off, and its memory is what it was.
    assert_eq!(data(&program.say("load purse-unload 50"))["balance_fen"], 3700);
    program.kill();
    until(&mut reader, |seen| *seen == Presence::Empty).await;
    let program = Program::start(directory.path());
    assert_eq!(program.say("put purse-unload"), "ok");
    until(&mut reader, is_card).await;
    assert_eq!(read(&mut reader).await.unwrap().1, Some(3700));

    assert_eq!(program.say("off"), "ok");
    until(&mut reader, |seen| *seen == Presence::Empty).await;
    assert_eq!(program.say("mute on"), "ok");
    assert_eq!(program.say("put purse-unload"), "ok");
    until(&mut reader, |seen| *seen == Presence::Mute).await;
    assert_eq!(program.say("quit"), "", "ends without an answer");
    reader.close().await;
}
