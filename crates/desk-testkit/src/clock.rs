//! Simulated time: tokio's paused clock on top of a fixed date. Time passes only where everybody waits.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use desk_app::ports::Clock;
use tokio::time::Instant;

/// Needs a current-thread runtime with the clock paused (`#[tokio::test(start_paused = true)]`).
pub struct SimClock {
    base: Mutex<DateTime<Utc>>,
    start: Instant,
}

impl SimClock {
    #[must_use]
    pub fn starting(base: DateTime<Utc>) -> Self {
        Self { base: Mutex::new(base), start: Instant::now() }
    }

    /// Tuesday 2026-11-24, 10:00 in Asia/Shanghai: the moment at which demonstrations begin.
    ///
    /// # Panics
    /// Never: the date exists.
    #[must_use]
    pub fn tuesday_ten() -> Self {
        Self::starting(DateTime::from_timestamp(1_795_485_600, 0).unwrap_or_default())
    }

    /// Moves the wall clock (not the monotonic one), as a person or a dead battery would.
    pub fn set_off(&self, by: TimeDelta) {
        if let Ok(mut base) = self.base.lock() {
            *base += by;
        }
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        let base = self.base.lock().map(|base| *base).unwrap_or_default();
        base + TimeDelta::from_std(self.start.elapsed()).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn begins_on_a_tuesday_at_ten_and_runs() {
        let clock = SimClock::tuesday_ten();
        assert_eq!(clock.now().to_rfc3339(), "2026-11-24T02:00:00+00:00");
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().to_rfc3339(), "2026-11-24T03:00:00+00:00");
    }
}
