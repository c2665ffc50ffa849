//! Every message code is raised by somebody, or stands in the list of those that wait for their service.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use desk_domain::code::Code;

/// Codes of services that are not built yet, or of which the decision stands and no case asks for it. A code that gains a raiser
/// has to leave this list.
const LATER_SERVICES: &[&str] = &[
    "COURIER_NOT_SELECTED",
    "DEVICE_FAIL",
    "NAME_DIFFERS",
    "REVERSAL_NOT_LATEST",
    "REVERSAL_NOT_OWN",
    "REVERSAL_NOT_SAME_DAY",
    "REWRITE_NOT_ALLOWED",
];

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
