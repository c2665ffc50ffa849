//! Reads the tree and `cargo metadata` and fails where the house rules are broken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Value {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    serde_json::from_slice(&answer.stdout).expect("metadata is JSON")
}

/// Crate → the crates of this workspace that it may use; `tests` crates may use everything.
const EDGES: &[(&str, &[&str])] = &[
    ("desk-domain", &[]),
    ("desk-card", &["desk-domain"]),
    ("desk-wire", &["desk-domain"]),
    ("issuer-keys", &["desk-card", "desk-domain"]),
    ("centre-core", &["desk-domain", "desk-wire"]),
    ("desk-intake", &["desk-domain"]),
    ("desk-reader", &["desk-card", "desk-domain"]),
    ("desk-cardsim", &["desk-card", "desk-domain"]),
    ("desk-app", &["desk-domain", "desk-card", "desk-wire"]),
    ("desk-store", &["desk-app", "desk-domain", "desk-wire"]),
    ("desk-link", &["desk-app", "desk-domain", "desk-wire"]),
    ("desk-print", &["desk-app", "desk-domain"]),
    (
        "desk-compose",
        &["desk-app", "desk-card", "desk-domain", "desk-intake", "desk-link", "desk-print", "desk-reader", "desk-store", "desk-wire"],
    ),
    ("desk-centre", &["centre-core", "issuer-keys", "desk-domain", "desk-wire"]),
    ("deskctl", &["desk-card", "desk-domain", "desk-intake", "desk-reader", "desk-wire", "desk-compose"]),
    ("demo-tray", &["desk-cardsim"]),
    ("carddesk", &["desk-app", "desk-compose", "desk-domain"]),
];

/// External packages that belong to one room: package → the crates that may depend on it.
const ROOMS: &[(&str, &[&str])] = &[
    ("pcsc", &["desk-reader"]),
    ("serialport", &["desk-reader"]),
    ("zune-jpeg", &["desk-intake"]),
    ("calamine", &["desk-intake"]),
    ("zip", &["desk-intake"]),
    ("reqwest", &["desk-link"]),
    ("printpdf", &["desk-print"]),
    ("keyring", &["desk-compose"]),
    ("tauri", &["carddesk", "demo-tray"]),
    ("axum", &["desk-centre"]),
    ("libsqlite3-sys", &["desk-store"]),
    ("sqlx", &["desk-store", "desk-centre"]),
    ("des", &["issuer-keys", "desk-cardsim"]),
];

#[test]
fn crates_depend_in_one_direction() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = EDGES.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("name");
        if name == "desk-testkit" {
            continue;
        }
        let Some(allowed) = allowed.get(name) else {
            wrong.push(format!("{name}: not in the table of edges"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("name");
            let for_tests = dependency["kind"] == "dev";
            if ours.contains(used) && !for_tests && !allowed.contains(used) {
                wrong.push(format!("{name} must not use {used}"));
            }
            if let Some((_, rooms)) = ROOMS.iter().find(|(room, _)| *room == used)
                && !for_tests
                && !rooms.contains(&name)
            {
                wrong.push(format!("{name} must not use {used}: it belongs to {rooms:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The shipped programs: no test kit and no simulator inside.
#[test]
fn shipped_programs_hold_no_test_code() {
    let answer = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--prefix=none",
            "--edges=normal",
            "-p",
            "carddesk",
            "-p",
            "desk-centre",
            "-p",
            "desk-compose",
            "-p",
            "deskctl",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    let tree = String::from_utf8_lossy(&answer.stdout);
    assert!(tree.contains("desk-domain"), "cargo tree answered: {}", String::from_utf8_lossy(&answer.stderr));
    for name in ["desk-testkit", "desk-cardsim"] {
        assert!(!tree.lines().any(|line| line.starts_with(name)), "{name} is inside a shipped program");
    }
}

#[test]
fn versions_stand_once_in_the_workspace() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("crates")).expect("crates") {
        let manifest = entry.expect("entry").path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("manifest");
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") && !line.contains("path = \".\"") {
                wrong.push(format!("{}: {line}", manifest.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "versions belong to [workspace.dependencies]:\n{}", wrong.join("\n"));
}

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join("crates"), root().join("src-tauri"), root().join("tests")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 50, "the search for Rust files found {}", found.len());
    found
}

/// Tests may name what the product must not.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem == "tests")
        || path.to_string_lossy().contains("desk-testkit")
}

fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn every_file_says_what_it_is_for() {
    let wrong: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| path.file_name().is_none_or(|name| name != "build.rs"))
        .filter(|path| !fs::read_to_string(path).expect("source").starts_with("//!"))
        .collect();
    assert!(wrong.is_empty(), "no header: {wrong:?}");
}

#[test]
fn names_are_the_fields_own() {
    let vague = ["Manager", "Helper", "Util", "Utils", "Misc"];
    let mut wrong = Vec::new();
    for path in rust_files() {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if ["manager", "service", "helper", "helpers", "util", "utils", "misc", "common"].contains(&stem.as_str())
            && !path.ends_with("ruleset/service.rs")
        {
            wrong.push(format!("{}: vague file name", path.display()));
        }
        let text = fs::read_to_string(&path).expect("source");
        for line in before_tests(&text).lines() {
            let mut words = line.split_whitespace().skip_while(|word| !["struct", "enum", "trait", "type"].contains(word)).skip(1);
            if let Some(name) = words.next()
                && vague.iter().any(|word| name.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(word))
            {
                wrong.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A card programme is data: no city in the sources.
#[test]
fn no_city_stands_in_the_code() {
    let cities = ["suzhou", "changzhou", "lakeside", "苏州", "常州", "临湖"];
    let mut wrong = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(&path).expect("source");
        for (number, line) in before_tests(&text).lines().enumerate() {
            let lower = line.to_lowercase();
            if cities.iter().any(|city| lower.contains(city)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Time comes in through a port: only these files may ask the computer for it.
#[test]
fn only_the_clock_rooms_read_the_clock() {
    let rooms = ["desk-compose/src/clock.rs", "desk-centre/src/clock.rs"];
    let pure = [
        "desk-domain",
        "desk-card/",
        "desk-wire",
        "issuer-keys",
        "centre-core",
        "desk-app",
        "desk-print",
        "desk-store",
        "desk-link",
        "desk-compose",
        "desk-centre",
    ];
    let mut wrong = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test(path)) {
        let name = path.to_string_lossy().into_owned();
        if rooms.iter().any(|room| name.ends_with(room)) || !pure.iter().any(|part| name.contains(&format!("crates/{part}"))) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("source");
        for (number, line) in before_tests(&text).lines().enumerate() {
            if ["Utc::now", "Local::now", "SystemTime::now"].iter().any(|call| line.contains(call)) {
                wrong.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_asks_no_clock() {
    let mut wrong = Vec::new();
    let mut open = vec![root().join("crates")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "sql" || ending == "rs") && !is_test(&path) {
                let text = fs::read_to_string(&path).expect("source").to_lowercase();
                if ["now()", "current_timestamp", "datetime('now'", "clock_timestamp"].iter().any(|call| {
                    text.lines().any(|line| {
                        line.contains(call)
                            && !line.trim_start().starts_with("//")
                            && (path.extension().is_some_and(|e| e == "sql") || line.contains('"') && line.contains("select"))
                    })
                }) {
                    wrong.push(path);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
