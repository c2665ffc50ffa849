//! What `docs/architecture.md` claims to be tested is tested.

use std::{fs, path::Path};

fn rust_sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            rust_sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push_str(&fs::read_to_string(&path).expect("source"));
        }
    }
}

#[test]
fn every_invariant_names_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/architecture.md")).expect("architecture");
    let section = text.split("## Invariants").nth(1).expect("the invariants").split("\n## ").next().unwrap_or_default();
    let mut sources = String::new();
    for folder in ["crates", "src-tauri", "tests"] {
        rust_sources(&root.join(folder), &mut sources);
    }
    let (mut invariants, mut missing) = (0, Vec::new());
    for line in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| What")) {
        invariants += 1;
        let names: Vec<&str> = line.rsplit('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {line}");
        missing.extend(names.into_iter().filter(|name| !["(", "<"].iter().any(|end| sources.contains(&format!("fn {name}{end}")))));
    }
    assert!(missing.is_empty(), "no such test: {missing:?}");
    assert!(invariants >= 20, "only {invariants} invariants found");
}

#[test]
fn the_code_map_names_every_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/architecture.md")).expect("architecture");
    for entry in fs::read_dir(root.join("crates")).expect("crates") {
        let name = entry.expect("entry").file_name().to_string_lossy().into_owned();
        assert!(text.contains(&format!("| `crates/{name}` |")), "{name} is not on the map");
    }
}
