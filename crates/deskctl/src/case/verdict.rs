//! The answer of `deskctl case eval`.

use chrono::NaiveDate;
use desk_domain::{
    code::{Kind, Message},
    ruleset::{Level, OfflineClass, RuleSet},
};
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Verdict(Box<Verdict>),
    Unreadable { error: String },
}

#[derive(Debug, Serialize)]
pub struct Verdict {
    pub verdict: Word,
    /// Neutral name of the service.
    pub service: String,
    pub programme: String,
    /// Version of the rule set that decided.
    pub version: String,
    /// Why not, gravest first; or what is to be read before going on.
    pub messages: Vec<Said>,
    /// Everything that is missing, as one list for the one-time notice.
    pub missing: Vec<String>,
    pub fees: Vec<FeeLine>,
    /// Papers that come out.
    pub papers: Vec<&'static str>,
    pub offline: Offline,
    /// Second person's agreement that is needed.
    pub authorisation: Option<Authorisation>,
    /// What is paid out, where the service pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payout_fen: Option<i64>,
    /// End of validity that is written, where the service writes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Allowed,
    /// Accepted with a slip; takes effect when the centre says so.
    AcceptedOffline,
    Refused,
    /// Somebody else does it.
    Referred,
}

#[derive(Debug, Clone, Serialize)]
pub struct Said {
    pub code: String,
    pub kind: Kind,
    pub text: String,
    pub cause: String,
    pub remedy: String,
    /// Id of the rule, where one says so.
    pub rule: Option<String>,
    /// The phrase of the notice.
    pub phrase: Option<String>,
}

impl Said {
    pub fn of(rules: &RuleSet, message: &Message) -> Self {
        let words = rules.wording(message);
        // A programme's own code goes by its own name.
        let own = message.params.iter().find(|(name, _)| name == "code").map(|(_, name)| name.clone());
        let code = own.filter(|name| rules.own_codes.contains_key(name)).unwrap_or_else(|| message.code.as_str().to_owned());
        Self {
            code,
            kind: message.code.kind(),
            text: words.text,
            cause: words.cause,
            remedy: words.remedy,
            rule: message.rule.as_ref().map(|rule| rule.id.clone()),
            phrase: message.rule.as_ref().map(|rule| rule.phrase.clone()),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct FeeLine {
    pub label: String,
    pub amount_fen: i64,
    pub rule: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Offline {
    /// `A`, `B`, `C` or `D`.
    pub class: &'static str,
    /// What the clerk tells while the line is down.
    pub message: Option<Said>,
}

pub fn class(class: OfflineClass) -> &'static str {
    match class {
        OfflineClass::Full => "A",
        OfflineClass::Records => "B",
        OfflineClass::Accept => "C",
        OfflineClass::Forbidden => "D",
    }
}

#[derive(Debug, Serialize)]
pub struct Authorisation {
    pub level: Level,
    pub label: &'static str,
    pub why: Option<String>,
}
