//! Which of the system's readers are the desk's, and how patient it is with them.

use std::time::Duration;

/// Settings of one [`crate::PcscReader`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderConfig {
    /// Parts of reader names, without regard to ASCII case; only these readers are looked at. Empty means every reader but
    /// virtual ones and slots for SIM and SAM cards, which are taken only where they are named.
    pub only: Vec<String>,
    /// Parts of reader names that are never looked at (SIM slots, virtual readers, the staff's own reader).
    pub ignore: Vec<String>,
    /// How long a card may take for one command. A contactless card may ask for more time again and again, but a purse
    /// command that takes longer than this is no longer expected to end well.
    pub command_limit: Duration,
    /// How long powering a card may take.
    pub connect_limit: Duration,
    /// A session without a command for this long is ended: the card is not held while nobody works.
    pub idle_limit: Duration,
}

/// Parts of names of readers that hold no citizen's card: played ones, and slots of telephones' and security modules' cards.
const NOT_BY_ITSELF: [&str; 3] = ["virtual", "sim", "sam"];

impl Default for ReaderConfig {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            ignore: Vec::new(),
            command_limit: Duration::from_secs(3),
            connect_limit: Duration::from_secs(3),
            idle_limit: Duration::from_secs(60),
        }
    }
}

impl ReaderConfig {
    /// Whether the reader of this name is one of the desk's.
    #[must_use]
    pub fn admits(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let named = |parts: &[String]| parts.iter().any(|part| name.contains(&part.to_ascii_lowercase()));
        let by_itself = !NOT_BY_ITSELF.iter().any(|part| name.contains(part));
        let chosen = if self.only.is_empty() { by_itself } else { named(&self.only) };
        chosen && !named(&self.ignore)
    }
}

#[cfg(test)]
mod tests {
    use super::ReaderConfig;

    #[test]
    fn names_choose_and_exclude() {
        let all = ReaderConfig::default();
        assert!(all.admits("ACS ACR122U PICC 00 00"));
        for name in ["Virtual PCD 00 00", "Broadcom SIM 00 00", "ACS ACR1281 SAM 00 00"] {
            assert!(!all.admits(name), "{name} is not taken by itself");
        }

        let config = ReaderConfig {
            only: vec!["acr".to_owned(), "Virtual".to_owned()],
            ignore: vec!["SAM".to_owned(), "00 01".to_owned()],
            ..ReaderConfig::default()
        };
        assert!(config.admits("ACS ACR1281 PICC 00 00"));
        assert!(config.admits("Virtual PCD 00 00"));
        assert!(!config.admits("Virtual PCD 00 01"), "ignored slot");
        assert!(!config.admits("ACS ACR1281 SAM 00 00"), "ignored although named");
        assert!(!config.admits("Broadcom SIM"), "not named");
    }
}
