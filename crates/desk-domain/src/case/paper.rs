//! Which facts of a case a paper shows. Everything here is masked already; issuer, outlet, window, case number, hotline
//! and marks are added where the sheet is made.

use crate::money::Fen;

/// The case's own part of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaperFacts {
    pub pairs: Vec<(String, String)>,
    /// Shown in figures and in capitals.
    pub amount: Option<(String, Fen)>,
    pub lines: Vec<String>,
    /// Names of texts of the rule set that follow the lines.
    pub texts: Vec<&'static str>,
    /// Label of the line to sign on.
    pub signature: Option<String>,
}

impl PaperFacts {
    pub fn pair(&mut self, label: &str, value: impl Into<String>) {
        self.pairs.push((label.to_owned(), value.into()));
    }

    pub fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }
}
