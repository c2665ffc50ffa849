//! `docs/rules.md`: every rule of the shipped programmes with the fields of its file, its rows and what they end in.
//! `UPDATE=1` writes it anew.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    support,
    table::{Table, read_table},
};

/// Path of every text in a file that is exactly a rule's id, or one of the given values: `services.card.reissue.fee.rule`.
fn fields(value: &toml::Value, path: &str, into: &mut BTreeMap<String, Vec<String>>) {
    match value {
        toml::Value::String(text) => into.entry(text.clone()).or_default().push(path.to_owned()),
        toml::Value::Table(table) => {
            for (key, value) in table.iter().filter(|(key, _)| !(path.is_empty() && *key == "rules")) {
                fields(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, into);
            }
        }
        toml::Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let named = ["id", "capability", "name"].iter().find_map(|key| value.get(key)?.as_str());
                fields(value, &format!("{path}[{}]", named.map_or_else(|| (index + 1).to_string(), str::to_owned)), into);
            }
        }
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) | toml::Value::Datetime(_) => {}
    }
}

fn rows(table: &Table, rule: &str) -> Vec<String> {
    let cases = table.case.iter().filter(|row| row.rule == rule).map(|row| {
        let service = if row.service.is_empty() { String::new() } else { format!(" {}", row.service) };
        format!("`{}`{service}: {} refused, {} allowed → {}", row.decision, row.violating.len(), row.allowed.len(), row.expect)
    });
    let informs = table.informs.iter().filter(|row| row.rule == rule).map(|row| format!("`{}` says “{}”", row.text, row.says.join("…")));
    let elsewhere = table.elsewhere.iter().filter(|row| row.rule == rule).map(|row| format!("test `{}` → {}", row.test, row.expect));
    cases.chain(informs).chain(elsewhere).collect()
}

fn listing() -> String {
    let table = read_table();
    let mut out = String::from(
        "# Rules\n\nEvery rule of the shipped programmes, as `tests/rules.toml` runs it. Written by the test \
         `the_listing_of_rules_is_up_to_date` (`UPDATE=1`).\n",
    );
    for file in ["suzhou-education.toml", "changzhou-one-card.toml"] {
        let value: toml::Value = toml::from_str(&support::text(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut of = BTreeMap::new();
        fields(&value, "", &mut of);
        let sets = support::sets();
        let programme = value.get("programme").and_then(toml::Value::as_str).unwrap_or_default();
        let set = support::programme(&sets, programme);
        let _never = write!(
            out,
            "\n## {} ({})\n\n| Rule | Fields of `rules/{file}` | Rows and results |\n| --- | --- | --- |\n",
            set.name, set.version
        );
        for id in set.rules.keys() {
            let mut fields: Vec<String> = of.get(id).cloned().unwrap_or_default();
            fields.extend(
                table
                    .informs
                    .iter()
                    .filter(|row| row.rule == *id && !set.text(&row.text).is_empty())
                    .map(|row| format!("texts.{}", row.text)),
            );
            fields.sort();
            fields.dedup();
            let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", field.trim_end_matches(".rule"))).collect();
            let cell = |parts: Vec<String>| if parts.is_empty() { "–".to_owned() } else { parts.join("<br>").replace('|', "\\|") };
            let _never = writeln!(out, "| {id} | {} | {} |", cell(fields), cell(rows(&table, id)));
        }
    }
    out
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no configuration file; UPDATE is how the file is written anew")]
fn the_listing_of_rules_is_up_to_date() {
    let path = format!("{}/../../docs/rules.md", env!("CARGO_MANIFEST_DIR"));
    let listing = listing();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &listing).expect("docs/rules.md");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == listing, "docs/rules.md is out of date: run this test with UPDATE=1");
}
