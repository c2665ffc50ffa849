//! Recordings of cards decode to what they state: our own ones, which are made up, and the public ones where they lie beside
//! the project.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Exit code and object of `deskctl card decode`.
fn decoded(file: &Path, families: Option<&Path>) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskctl"));
    command.args(["card", "decode"]).arg(file);
    if let Some(folder) = families {
        command.arg("--profiles").arg(folder);
    }
    let answer = command.output().expect("deskctl runs");
    let object = serde_json::from_slice(&answer.stdout).expect("one JSON object, whatever the recording is");
    (answer.status.code().expect("no signal"), object)
}

/// Checks of one recording: how many statements it makes, and those that do not hold.
#[derive(Default)]
struct Findings {
    stated: usize,
    wrong: Vec<String>,
}

impl Findings {
    fn compare(&mut self, what: &str, stated: &Value, told: &Value) {
        self.stated += 1;
        if !holds(stated, told) {
            self.wrong.push(format!("{what}: stated {stated}, told {told}"));
        }
    }
}

/// Objects may hold more than is stated; dates are stated with and without strokes, record types with a word behind them.
fn holds(stated: &Value, told: &Value) -> bool {
    match (stated, told) {
        (Value::Object(stated), Value::Object(told)) => {
            stated.iter().all(|(name, stated)| told.get(name).is_some_and(|told| holds(stated, told)))
        }
        (Value::Array(stated), Value::Array(told)) => {
            stated.len() == told.len() && stated.iter().zip(told).all(|(stated, told)| holds(stated, told))
        }
        (Value::String(stated), Value::String(told)) => {
            stated == told || *stated == told.replace('-', "") || stated.split(' ').next() == Some(told)
        }
        (stated, told) => stated == told,
    }
}

fn check(file: &Path) -> Findings {
    let text = fs::read_to_string(file).expect("recording");
    let recording: Value = serde_json::from_str(&text).expect("JSON");
    let expect = &recording["expect"];
    let families = recording["families"].as_str().map(|name| file.with_file_name(name));
    let (exit, told) = decoded(file, families.as_deref());
    let mut findings = Findings::default();
    findings.compare("exit", &expect.get("exit").cloned().unwrap_or_else(|| 0.into()), &exit.into());
    let records = told["records"].as_array().cloned().unwrap_or_default();
    let record = |index: usize, field: &str| records.get(index).map_or(Value::Null, |record| record[field].clone());
    for (name, stated) in expect.as_object().into_iter().flatten() {
        let told = match name.as_str() {
            "exit" | "stated_by" => continue,
            "decoded" => told.clone(),
            "warning" => {
                let codes: Vec<&Value> = told["warnings"].as_array().into_iter().flatten().map(|warning| &warning["code"]).collect();
                findings.stated += 1;
                if !codes.contains(&stated) {
                    findings.wrong.push(format!("{stated} is not among {codes:?}"));
                }
                continue;
            }
            "non_empty_transactions" => records.len().into(),
            "trips" => told["trips"].as_array().map_or(0, Vec::len).into(),
            "first_terminal" => record(0, "terminal"),
            "first_amount_signed_fen" => record(0, "amount_signed_fen"),
            "second_terminal" => record(1, "terminal"),
            "second_amount_signed_fen" => record(1, "amount_signed_fen"),
            plain => told[plain].clone(),
        };
        findings.compare(name, stated, &told);
    }
    each(&mut findings, &recording["log18"], &told["records"]);
    each(&mut findings, &recording["trip1E"], &told["trips"]);
    journeys(&mut findings, &recording, &told);
    for (index, file) in recording["files"].as_array().into_iter().flatten().enumerate() {
        file_holds(&mut findings, file, &told["files"][index]);
    }
    findings
}

/// Loose records with an expectation each.
fn each(findings: &mut Findings, stated: &Value, told: &Value) {
    for (index, record) in stated.as_array().into_iter().flatten().enumerate() {
        findings.compare(&format!("record {index}"), &record["expect"], &told[index]);
    }
}

/// Journeys without expectations: each is told, and its city and acquirer are the digits that stand in it.
fn journeys(findings: &mut Findings, recording: &Value, told: &Value) {
    for (index, record) in recording["records"].as_array().into_iter().flatten().enumerate() {
        let digits = record["hex"].as_str().expect("hex");
        findings.compare(&format!("city of {index}"), &digits[64..68].into(), &told["trips"][index]["city"]);
        findings.compare(&format!("acquirer of {index}"), &digits[68..84].into(), &told["trips"][index]["acquirer"]);
    }
}

/// A file may be of several families: one of them must tell everything that is stated.
fn file_holds(findings: &mut Findings, file: &Value, told: &Value) {
    let what = file["what"].as_str().unwrap_or_default();
    let mut expect = file["expect"].clone();
    for remark in ["stated_by", "confidence"] {
        expect.as_object_mut().expect("expectation").remove(remark);
    }
    if let Some(apps) = expect.get("apps") {
        let stated: Vec<Value> = apps
            .as_array()
            .into_iter()
            .flatten()
            .map(|app| serde_json::json!({"aid": app[0], "label": app[1], "priority": app[2]}))
            .collect();
        findings.compare(what, &stated.into(), &told["applications"]);
        return;
    }
    findings.stated += 1;
    let may_be = told["may_be"].as_array().cloned().unwrap_or_default();
    let told_so = [told, &told["kind"]].into_iter().chain(&may_be).any(|told| holds(&expect, told));
    if !told_so {
        findings.wrong.push(format!("{what}: stated {expect}, told {told}"));
    }
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("entry").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    files
}

fn all_hold(files: &[PathBuf]) -> usize {
    let mut stated = 0;
    let mut wrong = Vec::new();
    for file in files {
        let findings = check(file);
        let name = file.file_name().unwrap_or_default().display().to_string();
        assert!(findings.stated > 1, "{name} states nothing");
        stated += findings.stated;
        wrong.extend(findings.wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stated
}

#[test]
fn our_recordings_decode_to_what_they_state() {
    let files = recordings(&root().join("tests/transcripts"));
    let stated = all_hold(&files);
    println!("recordings: {} of our own, {stated} statements, all hold", files.len());
    assert!(files.len() >= 25);
}

#[test]
fn public_recordings_decode_to_what_they_state() {
    const PUBLIC: usize = 9;
    let files = recordings(&root().join("../shared/fixtures/dumps"));
    let stated = all_hold(&files);
    println!("recordings: {} of {PUBLIC} public ones present, {stated} statements, all hold", files.len());
    if files.len() < PUBLIC {
        println!("SKIPPED public recordings: {} of {PUBLIC} lie beside the project", files.len());
    }
}

/// A family without a recording could be read wrongly and nobody would notice.
#[test]
fn every_family_has_a_recording() {
    let told: BTreeSet<String> = recordings(&root().join("tests/transcripts"))
        .iter()
        .filter_map(|file| {
            let recording: Value = serde_json::from_str(&fs::read_to_string(file).expect("recording")).expect("JSON");
            Some(recording["expect"]["family"].as_str()?.to_owned())
        })
        .collect();
    let answer = Command::new(env!("CARGO_BIN_EXE_deskctl")).args(["card", "families"]).output().expect("deskctl runs");
    let listed: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    let families = listed["families"].as_array().expect("families");
    let without: Vec<_> = families.iter().filter_map(|family| family["family"].as_str()).filter(|family| !told.contains(*family)).collect();
    assert!(!families.is_empty() && without.is_empty(), "no recording of {without:?}");
}

/// Nonsense ends with 2 and a code, and says so in one object.
#[test]
fn nonsense_ends_with_a_code() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [
        ("empty", &b""[..]),
        ("no-json", b"{"),
        ("no-object", b"[1]"),
        ("no-exchanges", b"{\"exchanges\":[]}"),
        ("numbers", b"{\"exchanges\":[[1,2]]}"),
        ("half-a-byte", b"{\"exchanges\":[[\"0\",\"9\"]]}"),
        ("no-text", b"\xFF\xFE\x00"),
        ("deep", &[b'['; 4000]),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("file");
        let (exit, told) = decoded(&file, None);
        assert_eq!((exit, told["code"].as_str()), (2, Some("TRANSCRIPT_INVALID")), "{name}");
        assert!(["text", "cause", "remedy"].iter().all(|part| told[part].as_str().is_some_and(|text| !text.is_empty())), "{name}");
    }
    let (exit, told) = decoded(&folder.path().join("not-there"), None);
    assert_eq!((exit, told["code"].as_str()), (2, Some("TRANSCRIPT_INVALID")));
}

/// A journal that cannot be opened is told by code as well.
#[test]
fn a_trail_without_a_desk_ends_with_a_code() {
    let folder = tempfile::tempdir().expect("folder");
    let answer = Command::new(env!("CARGO_BIN_EXE_deskctl"))
        .args(["card", "trail", "DEMO2026112401100001", "--config"])
        .arg(folder.path().join("desk.toml"))
        .output()
        .expect("deskctl runs");
    let told: Value = serde_json::from_slice(&answer.stdout).expect("one JSON object");
    assert_eq!((answer.status.code(), told["code"].as_str()), (Some(2), Some("CONFIG_INVALID")));
}

/// Whatever is plugged in here, the doctor says something and a code for it.
#[test]
fn the_doctor_always_has_an_answer() {
    let answer = Command::new(env!("CARGO_BIN_EXE_deskctl")).arg("doctor").output().expect("deskctl runs");
    let told: Value = serde_json::from_slice(&answer.stdout).expect("one JSON object");
    let findings = told["findings"].as_array().expect("findings");
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding["code"].is_string() && finding["remedy"].is_string()));
    let well = findings.iter().all(|finding| finding["code"] == "READER_HEALTHY");
    assert_eq!(answer.status.code(), Some(i32::from(!well)), "{told}");
}
