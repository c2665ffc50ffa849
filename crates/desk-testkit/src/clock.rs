//! Simulated time: tokio's paused clock on top of a fixed date. Time passes only where everybody waits.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

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

/// One computer's clock: the world's time, ahead or behind, and going a little too fast or too slow.
pub struct Drifting {
    world: Arc<SimClock>,
    since: Instant,
    ahead: Mutex<TimeDelta>,
    /// Millionths too fast; negative: too slow.
    drift: i32,
}

impl Drifting {
    #[must_use]
    pub fn of(world: &Arc<SimClock>, ahead: TimeDelta, drift: i32) -> Self {
        Self { world: Arc::clone(world), since: Instant::now(), ahead: Mutex::new(ahead), drift }
    }

    /// Moves this clock, as a person or a dead battery would.
    pub fn set_off(&self, by: TimeDelta) {
        if let Ok(mut ahead) = self.ahead.lock() {
            *ahead += by;
        }
    }
}

#[async_trait]
impl Clock for Drifting {
    fn now(&self) -> DateTime<Utc> {
        let ahead = self.ahead.lock().map(|ahead| *ahead).unwrap_or_default();
        let micros = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.world.now() + ahead + TimeDelta::microseconds(micros / 1_000_000 * i64::from(self.drift))
    }

    fn monotonic(&self) -> Duration {
        self.world.monotonic()
    }

    async fn sleep(&self, time: Duration) {
        self.world.sleep(time).await;
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
