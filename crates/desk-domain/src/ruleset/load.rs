//! Reading rule files.

use super::{Problem, RuleFile, RuleSets};

impl RuleSets {
    /// Reads programme files and adds the outlets of overlay files to them.
    ///
    /// # Errors
    /// Every fault of every file, sorted by file and line; never empty.
    pub fn load(files: &[RuleFile<'_>]) -> Result<Self, Vec<Problem>> {
        Err(files
            .iter()
            .map(|file| Problem {
                file: file.name.to_owned(),
                line: 1,
                field: String::new(),
                what: "未能读取".to_owned(),
            })
            .collect())
    }
}
