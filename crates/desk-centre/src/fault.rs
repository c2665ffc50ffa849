//! Why the centre does not start or a command does not do its work; for the administrator's eyes.

use std::path::Path;

/// One line, no personal data, no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl Fault {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Something about a file.
    pub fn of(file: &Path, what: impl std::fmt::Display) -> Self {
        Self(format!("{}: {what}", file.display()))
    }
}

impl From<centre_core::store::StoreFailure> for Fault {
    fn from(failure: centre_core::store::StoreFailure) -> Self {
        Self(failure.to_string())
    }
}

impl From<centre_core::ports::PortFailure> for Fault {
    fn from(failure: centre_core::ports::PortFailure) -> Self {
        Self(failure.to_string())
    }
}
