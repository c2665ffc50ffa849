//! The published and worked card vectors, where they lie beside the project: each stands in the tests of the key service and,
//! apart from it, in those of the simulator.

use std::{fs, path::Path};

/// Results of a line: the last words that are hexadecimal, of the parts on cards and keys.
fn results(text: &str) -> Vec<String> {
    let numbered = |line: &str| line.strip_prefix("--- ").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    let mut part = 0;
    let mut results = Vec::new();
    for line in text.lines() {
        if let Some(number) = numbered(line) {
            part = number;
        } else if (1..=7).contains(&part) {
            let mut words = line.trim_end_matches("ok").trim_end().trim_end_matches("[public]").split_whitespace().rev();
            results.extend(words.find(|word| word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit())).map(str::to_owned));
        }
    }
    results
}

/// Whether a result stands in a source, as bytes in a text or as a number with its strokes.
fn stands(result: &str, source: &str) -> bool {
    // A protected command ends with its MAC, which is what was computed.
    let mac = result.len().checked_sub(8).and_then(|at| result.get(at..)).unwrap_or(result);
    [result, mac].iter().any(|digits| source.contains(digits))
}

#[test]
fn every_worked_vector_stands_on_both_sides() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = fs::read_to_string(root.join("../shared/fixtures/worked-examples.txt")) else {
        println!("SKIPPED worked vectors: they do not lie beside the project");
        return;
    };
    let results = results(&text);
    assert!(results.len() >= 25, "{} vectors", results.len());
    for file in ["crates/issuer-keys/src/vectors.rs", "crates/desk-cardsim/src/vectors.rs"] {
        let source = fs::read_to_string(root.join(file)).expect("vectors").replace('_', "");
        let missing: Vec<_> = results.iter().filter(|result| !stands(result, &source)).collect();
        assert!(missing.is_empty(), "{file} lacks {missing:?}");
    }
    println!("vectors: {} worked ones, each on both sides", results.len());
}
