//! Reads the rule sets of an installation.

use std::path::Path;

use desk_domain::{
    code::Message,
    ruleset::{RuleFile, RuleSets},
};

use crate::config::invalid;

/// Every `*.toml` of the folder that is a rule file, in the order of their names.
///
/// # Errors
/// `RULE_SET_INVALID` with file, line and field of the first fault; the others are in the log.
pub(crate) fn load(folder: &Path) -> Result<RuleSets, Message> {
    let unreadable = || invalid("rules_dir");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|_| unreadable())? {
        let path = entry.map_err(|_| unreadable())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|_| unreadable())?;
            if is_rule_file(&text) {
                files.push((name, text));
            }
        }
    }
    files.sort();
    let files: Vec<RuleFile<'_>> = files.iter().map(|(name, text)| RuleFile { name, text }).collect();
    RuleSets::load(&files).map_err(|problems| {
        for problem in &problems {
            tracing::error!(%problem, "rule file");
        }
        problems.first().map_or_else(unreadable, desk_domain::ruleset::Problem::message)
    })
}

/// Lists of demonstration cards lie in the same folder and say nothing of rules; a file that cannot be read at all must
/// be found faulty.
fn is_rule_file(text: &str) -> bool {
    text.parse::<toml::Table>().map_or(true, |table| !table.contains_key("card"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_that_ship_load() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        assert!(load(&folder).unwrap().all().len() >= 2);
    }

    #[test]
    fn a_faulty_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("broken.toml"), "kind = \"programme\"\nversion = [").unwrap();
        let message = load(folder.path()).unwrap_err();
        assert_eq!(message.code, desk_domain::code::Code::RuleSetInvalid);
        assert!(message.text().contains("broken.toml"), "{}", message.text());
    }
}
