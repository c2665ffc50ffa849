//! What is wrong with a rule file, with file, line and field.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::code::{Code, Message};

/// One fault of one rule file. A load collects all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Dotted path with positions from 1, for example `outlets[3].holiday`.
    pub field: String,
    /// In Chinese.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 第 {} 行 {}：{}", self.file, self.line, self.field, self.what)
    }
}

impl Problem {
    /// The refusal that a desk shows for it.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new(Code::RuleSetInvalid).with("where", self)
    }
}
