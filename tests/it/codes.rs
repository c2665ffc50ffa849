//! Every message code is raised by somebody, or stands in the list of those that wait for their service.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use desk_domain::code::Code;

/// Codes of services that are not built yet, or of which the decision stands and no case asks for it. A code that gains a raiser
/// has to leave this list.
const LATER_SERVICES: &[&str] = &[];

/// Every source of the product: its path and its text without tests.
fn sources(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            if !["tests", "target", "desk-testkit"].iter().any(|name| path.ends_with(name)) {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "toml") && !path.ends_with("desk-domain/src/code.rs") {
            let text = fs::read_to_string(&path).expect("source");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            into.push((path, text));
        }
    }
}

/// The text of everything that a clerk can come to. A decision of the domain that nothing calls raises nothing, whatever
/// codes it names.
fn reachable(all: &[(PathBuf, String)]) -> String {
    let called = |path: &Path| {
        let decision = path.parent().is_some_and(|folder| folder.ends_with("desk-domain/src"));
        let name = format!("{}::", path.file_stem().unwrap_or_default().to_string_lossy());
        !decision || all.iter().any(|(other, text)| other != path && text.contains(&name))
    };
    all.iter().filter(|(path, _)| called(path)).map(|(_, text)| text.as_str()).collect()
}

/// A code is raised where Rust names its variant or a rule file names the code.
fn raised(code: Code, sources: &str) -> bool {
    let variant = format!("Code::{code:?}");
    let whole =
        |found: usize| sources.get(found + variant.len()..).and_then(|rest| rest.chars().next()).is_none_or(|next| !next.is_alphanumeric());
    sources.match_indices(&variant).any(|(found, _)| whole(found)) || sources.contains(&format!("\"{}\"", code.as_str()))
}

#[test]
fn every_code_has_a_raiser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["crates", "src-tauri", "rules"] {
        sources(&root.join(folder), &mut all);
    }
    let text = reachable(&all);
    let silent: BTreeSet<&str> = Code::ALL.iter().filter(|code| !raised(**code, &text)).map(|code| code.as_str()).collect();
    let later: BTreeSet<&str> = LATER_SERVICES.iter().copied().collect();
    println!("codes: {} in all, {} raised, {} wait for later services", Code::ALL.len(), Code::ALL.len() - silent.len(), silent.len());
    let forgotten: Vec<_> = silent.difference(&later).collect();
    let outdated: Vec<_> = later.difference(&silent).collect();
    assert!(forgotten.is_empty(), "nobody raises {forgotten:?}");
    assert!(outdated.is_empty(), "raised by now, or gone from the catalogue: {outdated:?}");
}

/// Told only where the centre's books were changed behind the program's back; `every_change_is_found` does that to a journal.
const ONLY_BY_DAMAGE: &[&str] = &["SERVER_DIFF"];

/// Everything that runs as a test: sources under `tests` and the test parts of others.
fn proofs(folder: &Path, inside: bool, into: &mut String) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let named = |name: &str| path.file_stem().is_some_and(|stem| stem == name);
        if path.is_dir() {
            if !named("target") {
                proofs(&path, inside || named("tests"), into);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("source");
            let tests =
                if inside || named("tests") { Some(text.as_str()) } else { text.split_once("#[cfg(test)]").map(|(_, tests)| tests) };
            into.push_str(tests.unwrap_or_default());
        }
    }
}

#[test]
fn every_code_is_met_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = fs::read_to_string(root.join("tests/rules.toml")).expect("rows");
    text.push_str(&fs::read_to_string(root.join("docs/services.md")).expect("what services answer"));
    proofs(&root.join("crates"), false, &mut text);
    for entry in fs::read_dir(root.join("tests/transcripts")).expect("folder") {
        let path = entry.expect("entry").path();
        text.push_str(&fs::read_to_string(path).unwrap_or_default());
    }
    let words: BTreeSet<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let met = |code: &Code| words.contains(code.as_str()) || words.contains(format!("{code:?}").as_str());
    let unmet: Vec<&str> = Code::ALL.iter().filter(|code| !met(code)).map(|code| code.as_str()).collect();
    println!("codes: {} in all, {} met by a test", Code::ALL.len(), Code::ALL.len() - unmet.len());
    let unproved: Vec<&&str> = unmet.iter().filter(|code| !LATER_SERVICES.contains(code) && !ONLY_BY_DAMAGE.contains(code)).collect();
    assert!(unproved.is_empty(), "no test meets {unproved:?}");
}
