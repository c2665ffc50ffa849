//! Ten thousand situations through `deskctl case eval`, over reading the same input as JSON and nothing else.
//!
//! Run by `make bench` (`scripts/bench case_eval`). Printed: time of a situation in the batch, of the floor, and their ratio; the
//! time of the program includes its start and the loading of the rule set.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot set the stage stops; its figures are what it is for"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

const BATCH: usize = 10_000;
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("situations.json");
    // Every rule file that ships; the situation is of the programme with a purse.
    let mut files: Vec<PathBuf> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules"))
        .expect("the rule files")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| fs::read_to_string(path).expect("a rule file").contains("\nkind = "))
        .collect();
    files.sort();
    let programme = files
        .iter()
        .find(|path| fs::read_to_string(path).expect("a rule file").contains("\n[purse]"))
        .and_then(|path| path.file_stem()?.to_str())
        .expect("a programme with a purse");
    let situation = format!(
        r#"{{"service": "refund_readable", "outlet": "DEMO", "moment": "2026-11-24 10:00", "programme": "{programme}",
            "card": {{"balance_fen": 3650, "issued_on": "2026-01-01"}}}}"#
    );
    let batch = format!("[{}]", vec![situation; BATCH].join(","));
    fs::write(&input, &batch).expect("the input");
    let (mut whole, mut floor) = (Vec::new(), Vec::new());
    for _round in 0..ROUNDS {
        let begun = Instant::now();
        let parsed: serde_json::Value = serde_json::from_str(&fs::read_to_string(&input).expect("the input")).expect("JSON");
        assert_eq!(parsed.as_array().map(Vec::len), Some(BATCH));
        floor.push(begun.elapsed());
        let begun = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_deskctl"))
            .args(["case", "eval", "--ruleset"])
            .args(&files)
            .arg("--input")
            .arg(&input)
            .stderr(Stdio::inherit())
            .output()
            .expect("deskctl");
        whole.push(begun.elapsed());
        assert!(output.status.success(), "{}", output.status);
        assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), BATCH);
    }
    whole.sort();
    floor.sort();
    let each = |times: &[std::time::Duration]| times.get(ROUNDS / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6) / 10_000.0;
    let (whole, floor) = (each(&whole), each(&floor));
    println!("case eval: {whole:.1} us a situation in a batch of {BATCH}; parsing alone {floor:.1} us; ratio {:.1}", whole / floor);
}
