//! May the wall clock be trusted? It is compared with the centre's time and with the monotonic clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use desk_domain::ruleset::OfflineLimits;

/// Limits in seconds; a programme's rule set gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub drift: i64,
    pub back: i64,
    pub age: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { drift: 120, back: 60, age: 24 * 3600 }
    }
}

impl From<&OfflineLimits> for Limits {
    fn from(limits: &OfflineLimits) -> Self {
        Self {
            drift: i64::from(limits.clock_drift_seconds),
            back: i64::from(limits.clock_back_seconds),
            age: i64::from(limits.clock_hours) * 3600,
        }
    }
}

/// What is known of the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClockTrust {
    limits: Limits,
    /// Wall and monotonic clock at the last look.
    last: Option<(DateTime<Utc>, Duration)>,
    /// Wall clock minus the centre's, and when that was learnt.
    centre: Option<(TimeDelta, DateTime<Utc>)>,
    stepped_back: bool,
}

impl ClockTrust {
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Looks at both clocks; answers the size of a step back in seconds that just made the clock untrusted.
    pub fn look(&mut self, now: DateTime<Utc>, monotonic: Duration) -> Option<i64> {
        let before = self.last.replace((now, monotonic));
        let (then, mark) = before?;
        let passed = TimeDelta::from_std(monotonic.saturating_sub(mark)).unwrap_or(TimeDelta::MAX);
        let step = (now - then - passed).num_seconds();
        if step < -self.limits.back && !self.stepped_back {
            self.stepped_back = true;
            return Some(step);
        }
        None
    }

    /// The centre answered with its own time; agreement heals an earlier step.
    pub fn centre_said(&mut self, centre: DateTime<Utc>, now: DateTime<Utc>) {
        let offset = now - centre;
        self.centre = Some((offset, now));
        self.stepped_back = self.stepped_back && offset.num_seconds().abs() > self.limits.drift;
    }

    /// The newest moment that a former run of the program had seen.
    pub fn remembered(&mut self, latest: DateTime<Utc>, now: DateTime<Utc>) {
        self.stepped_back = self.stepped_back || (latest - now).num_seconds() > self.limits.back;
    }

    #[must_use]
    pub fn stepped_back(&self) -> bool {
        self.stepped_back
    }

    #[must_use]
    pub fn trusted(&self, now: DateTime<Utc>) -> bool {
        !self.stepped_back
            && self.centre.is_some_and(|(offset, learnt)| {
                offset.num_seconds().abs() <= self.limits.drift && (now - learnt).num_seconds() <= self.limits.age
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn trusted_only_near_the_centres_time() {
        let mut clock = ClockTrust::default();
        assert!(!clock.trusted(at(0)), "nobody has confirmed it yet");
        clock.centre_said(at(1000), at(1100));
        assert!(clock.trusted(at(1100)));
        clock.centre_said(at(1000), at(1121));
        assert!(!clock.trusted(at(1121)));
        clock.centre_said(at(2000), at(2000));
        assert!(!clock.trusted(at(2000 + 24 * 3600 + 1)), "the comparison is too old");
    }

    #[test]
    fn a_step_back_is_seen_once_and_healed_by_the_centre() {
        let mut clock = ClockTrust::default();
        clock.centre_said(at(1000), at(1000));
        assert_eq!(clock.look(at(1000), Duration::from_secs(1)), None);
        assert_eq!(clock.look(at(1010), Duration::from_secs(11)), None);
        assert_eq!(clock.look(at(900), Duration::from_secs(12)), Some(-111));
        assert!(!clock.trusted(at(900)));
        assert_eq!(clock.look(at(901), Duration::from_secs(13)), None);
        clock.centre_said(at(1013), at(902));
        assert!(clock.trusted(at(902)), "within the drift again");
    }

    #[test]
    fn a_clock_behind_the_last_run_is_not_trusted() {
        let mut clock = ClockTrust::default();
        clock.remembered(at(5000), at(4000));
        clock.centre_said(at(5001), at(4000));
        assert!(!clock.trusted(at(4000)));
    }
}
