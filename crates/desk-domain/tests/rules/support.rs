//! The rule files of the repository, loaded once for a test.

use desk_domain::{
    code::Message,
    ruleset::{RuleFile, RuleSet, RuleSets},
};

/// Outlets that only tests use: an agency without refund, and one that belongs to neither.
const EXTRA: &str = r#"
kind = "outlets"
name = "测试"

[[outlets]]
id = "AGENCY"
name = "测试代理网点"
address = "虚构路2号"
hours = { "1-7" = ["08:30-17:00"] }
holiday = "open"
synthetic = true
programmes = { changzhou-one-card = "agency" }

[[outlets]]
id = "BANK"
name = "测试银行网点"
address = "虚构路3号"
hours = { "1-7" = ["08:30-17:00"] }
holiday = "open"
synthetic = true
bank = "bank.JSB"
programmes = { changzhou-one-card = "bank" }

[[outlets]]
id = "HALL"
name = "测试社会保障卡服务网点"
address = "虚构路4号"
hours = { "1-7" = ["08:30-17:00"] }
holiday = "open"
synthetic = true
programmes = { changzhou-one-card = "social_security" }
"#;

pub fn text(name: &str) -> String {
    let path = format!("{}/../../rules/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn sets() -> RuleSets {
    let names = ["suzhou-education.toml", "changzhou-one-card.toml", "demonstration.toml"];
    let texts = names.map(text);
    let mut files: Vec<RuleFile<'_>> = names.iter().zip(&texts).map(|(name, text)| RuleFile { name, text }).collect();
    files.push(RuleFile { name: "extra.toml", text: EXTRA });
    RuleSets::load(&files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

pub fn programme<'a>(sets: &'a RuleSets, name: &str) -> &'a RuleSet {
    sets.all().iter().find(|set| set.programme.as_str() == name).unwrap_or_else(|| panic!("no programme {name}"))
}

pub fn codes(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(|message| message.code.as_str()).collect()
}
