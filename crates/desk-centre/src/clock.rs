//! The one place where the centre reads the computer's clock and its randomness.

use centre_core::ports::Entropy;
use chrono::{DateTime, Duration, SubsecRound, Utc};

/// The computer's clock, moved for demonstrations.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    offset: Duration,
}

impl Clock {
    #[must_use]
    pub fn new(offset_seconds: i64) -> Self {
        Self { offset: Duration::try_seconds(offset_seconds).unwrap_or_default() }
    }

    /// In microseconds, as PostgreSQL keeps them.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.checked_add_signed(self.offset).unwrap_or(now).trunc_subsecs(6)
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Without randomness no number may be given out; Linux gives it or does not start.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// Fresh random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes);
    bytes
}
