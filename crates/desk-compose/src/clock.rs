//! The one clock of the desk.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use desk_app::ports::Clock;

/// The system's clock, moved by a fixed offset for demonstrations.
pub struct SystemClock {
    offset: TimeDelta,
    start: Instant,
    /// Milliseconds; what [`Clock::monotonic`] last answered.
    last: AtomicU64,
}

impl SystemClock {
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn with_offset(offset: TimeDelta) -> Self {
        Self { offset, start: Instant::now(), last: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.checked_add_signed(self.offset).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        let now = since_boot().unwrap_or_else(|| self.start.elapsed());
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let before = self.last.fetch_max(now, Ordering::Relaxed);
        Duration::from_millis(before.max(now))
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Time since the start of the computer, sleep included: [`Instant`] stands still meanwhile on Linux, and the desk would
/// take waking up for a clock that was moved.
fn since_boot() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_moves_the_wall_and_not_the_monotonic_clock() {
        let (plain, moved) = (SystemClock::with_offset(TimeDelta::zero()), SystemClock::with_offset(TimeDelta::days(2)));
        let now = plain.now();
        let ahead = moved.now() - now;
        assert!(ahead >= TimeDelta::days(2) && ahead < TimeDelta::days(2) + TimeDelta::minutes(1));
        let apart = moved.monotonic().abs_diff(plain.monotonic());
        assert!(apart < Duration::from_secs(60));
    }

    #[test]
    fn monotonic_never_goes_back() {
        let clock = SystemClock::with_offset(TimeDelta::zero());
        let ahead = clock.monotonic() + Duration::from_secs(3600);
        clock.last.store(u64::try_from(ahead.as_millis()).unwrap(), Ordering::Relaxed);
        assert_eq!(clock.monotonic().as_millis(), ahead.as_millis());
    }
}
