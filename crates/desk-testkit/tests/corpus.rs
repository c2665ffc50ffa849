//! Every input that the fuzz targets start from, and every finding that was mended, read again by the same functions.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot set the stage fails; a reading that asks is a finding")]

#[path = "../../../fuzz/bodies.rs"]
mod bodies;

use std::{fs, path::Path};

type Body = fn(&[u8]);

const TARGETS: [(&str, Body); 7] = [
    ("objects", bodies::objects),
    ("records", bodies::records),
    ("reading", bodies::reading),
    ("typed", bodies::typed),
    ("resident", bodies::resident),
    ("list", bodies::list),
    ("photo", bodies::photo),
];

/// The inputs of a target by their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).expect("corpus").map(|entry| entry.expect("entry").path());
    files.map(|file| (file.display().to_string(), fs::read(&file).expect("input"))).collect()
}

#[test]
fn the_corpus_is_read_again() {
    for (target, body) in TARGETS {
        let inputs = corpus(target);
        assert!(inputs.len() >= 5, "{target} starts from {} inputs", inputs.len());
        for (name, bytes) in &inputs {
            println!("{name}");
            body(bytes);
            // Cut at every place, as a line or a reader would cut it.
            (0..bytes.len().min(600)).for_each(|end| body(bytes.get(..end).unwrap_or_default()));
        }
        println!("corpus {target}: {} inputs", inputs.len());
    }
}

/// A target that no longer stands in the fuzz workspace would be replayed and never fuzzed.
#[test]
fn every_target_is_fuzzed_and_replayed() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut built: Vec<_> = fs::read_dir(fuzz.join("targets"))
        .expect("targets")
        .map(|entry| entry.expect("entry").path().file_stem().expect("name").to_string_lossy().into_owned())
        .collect();
    built.sort();
    let mut replayed = TARGETS.map(|(name, _)| name.to_owned()).to_vec();
    replayed.sort();
    assert_eq!(built, replayed);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("manifest");
    let script = fs::read_to_string(fuzz.join("../scripts/fuzz")).expect("script");
    for name in built {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name} is not built");
        assert!(script.contains(&name), "{name} is not run");
    }
}
