//! Publishing: which file may become a programme's next version, and what a notice of days looks like as a file.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Problem, RuleFile, RuleSets, days::without, load::edition};
use crate::{
    code::{Code, Message},
    id::{OutletId, ProgrammeId},
};

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditionKind {
    /// A programme's rules.
    Programme,
    /// Holidays, and hours of single days at single outlets.
    Days,
}

impl EditionKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Programme => "programme",
            Self::Days => "days",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Programme => "规则",
            Self::Days => "节假日与临时营业时间",
        }
    }
}

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    pub kind: EditionKind,
    pub programme: ProgrammeId,
    pub version: String,
    /// First local day on which new cases are begun under it.
    pub effective: NaiveDate,
}

/// Why a file is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPublished {
    /// The same faults that a check of the file tells.
    Faulty(Vec<Problem>),
    Refused(Message),
}

impl RuleSets {
    /// What this file publishes on a local day, and everything as it would be then. `published` holds what the centre has
    /// published; the installation's own files count as well.
    ///
    /// # Errors
    /// [`NotPublished`]: faults with file, line and field; `RULE_SET_OLDER`; `RULE_SET_IN_PAST`.
    pub fn publish(&self, file: RuleFile<'_>, published: &[Edition], today: NaiveDate) -> Result<(Edition, Self), NotPublished> {
        let edition = edition(&file).map_err(NotPublished::Faulty)?;
        let own = self.sets.iter().filter(|set| edition.kind == EditionKind::Programme && set.programme == edition.programme);
        let own = own.filter_map(|set| Some((without(&set.version)?, set.effective)));
        let before = published.iter().filter(|other| (other.kind, &other.programme) == (edition.kind, &edition.programme));
        let known: Vec<(&str, NaiveDate)> = before.map(|other| (other.version.as_str(), other.effective)).chain(own).collect();
        if let Some((version, effective)) = known.iter().max_by_key(|(_, effective)| *effective)
            && (*effective > edition.effective || known.iter().any(|(version, _)| *version == edition.version))
        {
            let older = Message::new(Code::RuleSetOlder).with("version", &edition.version).with("newest", version);
            return Err(NotPublished::Refused(older.with("date", effective)));
        }
        if edition.effective < today {
            let past = Message::new(Code::RuleSetInPast).with("date", edition.effective);
            return Err(NotPublished::Refused(past));
        }
        let together = self.and(&[file]).map_err(NotPublished::Faulty)?;
        Ok((edition, together))
    }
}

/// One more thing that a notice decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Hours of one day at one outlet, like `09:00-12:00 13:00-16:00`; empty for closed.
    Hours { outlet: OutletId, date: NaiveDate, hours: String },
    /// A statutory holiday, both days included.
    Holiday { name: String, from: NaiveDate, to: NaiveDate },
}

/// A file of days that says what the file before it said, and one thing more. A day that was said before is said anew.
#[must_use]
pub fn days_file(before: Option<&str>, edition: &Edition, notice: &Notice) -> String {
    let mut text = format!(
        "kind = \"days\"\nprogramme = {}\nversion = {}\neffective = {}\n",
        quoted(edition.programme.as_str()),
        quoted(&edition.version),
        edition.effective
    );
    let kept = before.and_then(|before| before.get(before.find("\n[[")?..)).unwrap_or_default();
    text.push_str(kept.trim_end());
    text.push_str(&match notice {
        Notice::Hours { outlet, date, hours } => {
            let sessions = hours.split([' ', ',', '，', '、']).filter(|part| !part.is_empty());
            let sessions: Vec<String> = sessions.map(quoted).collect();
            format!("\n\n[[days]]\noutlet = {}\ndate = {date}\nhours = [{}]\n", quoted(outlet.as_str()), sessions.join(", "))
        }
        Notice::Holiday { name, from, to } => {
            format!("\n\n[[holidays]]\nname = {}\nfrom = {from}\nto = {to}\n", quoted(name))
        }
    });
    text
}

fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|character| !character.is_control() && !matches!(character, '"' | '\\')).collect();
    format!("\"{plain}\"")
}
