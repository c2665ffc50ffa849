//! What a proof saw: points, cases, violations, and how often each kind occurred. A kind that never occurred is a failure,
//! because then the proof did not try it.

use std::{collections::BTreeMap, fmt};

#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub name: String,
    pub points: usize,
    pub cases: usize,
    pub violations: Vec<String>,
    kinds: BTreeMap<String, usize>,
}

impl Tally {
    /// `kinds` are those that have to occur.
    #[must_use]
    pub fn new(name: &str, kinds: &[&str]) -> Self {
        Self { name: name.to_owned(), kinds: kinds.iter().map(|kind| ((*kind).to_owned(), 0)).collect(), ..Self::default() }
    }

    pub fn saw(&mut self, kind: &str) {
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    /// One case is over.
    pub fn case(&mut self, label: &str, violations: Vec<String>) {
        self.cases += 1;
        self.violations.extend(violations.into_iter().map(|violation| format!("{label}: {violation}")));
    }

    #[must_use]
    pub fn count(&self, kind: &str) -> usize {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    pub fn add(&mut self, other: Self) {
        self.points += other.points;
        self.cases += other.cases;
        self.violations.extend(other.violations);
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
    }

    /// True where cases ran, nothing was violated and every kind occurred.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.cases > 0 && self.violations.is_empty() && self.kinds.values().all(|count| *count > 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: points {}, cases {}, violations {}", self.name, self.points, self.cases, self.violations.len())?;
        for (kind, count) in &self.kinds {
            writeln!(f, "  {count:>6}  {kind}")?;
        }
        for violation in self.violations.iter().take(12) {
            writeln!(f, "  VIOLATION {violation}")?;
        }
        Ok(())
    }
}
