//! State of the line, with hysteresis, so that a flapping line does not switch the clerk's screen.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};

const FAILURES: usize = 3;
const FAILURES_WITHIN: Duration = Duration::from_secs(10);
const GOOD: usize = 3;
const GOOD_WITHIN: Duration = Duration::from_secs(30);
const PING_GOOD: Duration = Duration::from_secs(10);
const PING_DOUBTFUL: Duration = Duration::from_secs(3);

/// Three failures within 10 s: offline. Three good answers within 30 s: online again. The very first answer decides at
/// once, because before it nothing was promised to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    state: State,
    failures: VecDeque<Duration>,
    good: VecDeque<Duration>,
    last: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Unknown,
    Online,
    Offline { since: DateTime<Utc> },
}

/// The line changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Lost,
    Back,
}

impl Default for Line {
    fn default() -> Self {
        Self { state: State::Unknown, failures: VecDeque::new(), good: VecDeque::new(), last: None }
    }
}

impl Line {
    #[must_use]
    pub fn online(&self) -> bool {
        match self.state {
            State::Online => true,
            State::Unknown | State::Offline { .. } => false,
        }
    }

    /// Since when the line is known to be lost.
    #[must_use]
    pub fn lost_since(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::Unknown | State::Online => None,
            State::Offline { since } => Some(since),
        }
    }

    /// A call was answered at this monotonic moment.
    pub fn answered(&mut self, at: Duration) -> Option<Turn> {
        self.last = Some(at);
        self.failures.clear();
        match self.state {
            State::Online => None,
            State::Unknown => {
                self.state = State::Online;
                None
            }
            State::Offline { .. } => {
                count(&mut self.good, at, GOOD_WITHIN);
                (self.good.len() >= GOOD).then(|| {
                    self.good.clear();
                    self.state = State::Online;
                    Turn::Back
                })
            }
        }
    }

    /// A call failed at this monotonic moment; `now` dates the loss.
    pub fn failed(&mut self, at: Duration, now: DateTime<Utc>) -> Option<Turn> {
        self.last = Some(at);
        self.good.clear();
        let lost = match self.state {
            State::Offline { .. } => false,
            State::Unknown => true,
            State::Online => {
                count(&mut self.failures, at, FAILURES_WITHIN);
                self.failures.len() >= FAILURES
            }
        };
        lost.then(|| {
            self.failures.clear();
            self.state = State::Offline { since: now };
            Turn::Lost
        })
    }

    /// Is it time to ask whether the centre is there?
    #[must_use]
    pub fn ping_due(&self, at: Duration) -> bool {
        let pause = match self.state {
            State::Online if self.failures.is_empty() => PING_GOOD,
            State::Online | State::Unknown | State::Offline { .. } => PING_DOUBTFUL,
        };
        self.last.is_none_or(|last| at.saturating_sub(last) >= pause)
    }
}

fn count(moments: &mut VecDeque<Duration>, at: Duration, within: Duration) {
    moments.push_back(at);
    while moments.front().is_some_and(|first| at.saturating_sub(*first) > within) {
        moments.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn online() -> Line {
        let mut line = Line::default();
        assert_eq!(line.answered(secs(0)), None);
        assert!(line.online());
        line
    }

    #[test]
    fn three_failures_in_ten_seconds_lose_it() {
        let now = DateTime::UNIX_EPOCH;
        let mut line = online();
        assert_eq!(line.failed(secs(1), now), None);
        assert_eq!(line.failed(secs(5), now), None);
        assert_eq!(line.failed(secs(10), now), Some(Turn::Lost));
        assert!(!line.online());
        let mut slow = online();
        for at in [1, 8, 15, 22, 29] {
            assert_eq!(slow.failed(secs(at), now), None, "{at}");
        }
    }

    #[test]
    fn three_good_answers_in_thirty_seconds_bring_it_back() {
        let now = DateTime::UNIX_EPOCH;
        let mut line = online();
        for at in 1..=3 {
            line.failed(secs(at), now);
        }
        assert_eq!(line.answered(secs(10)), None);
        assert_eq!(line.answered(secs(20)), None);
        assert_eq!(line.failed(secs(21), now), None);
        assert_eq!(line.answered(secs(22)), None);
        assert_eq!(line.answered(secs(32)), None);
        assert_eq!(line.answered(secs(42)), Some(Turn::Back));
    }

    #[test]
    fn a_flapping_line_does_not_switch() {
        let now = DateTime::UNIX_EPOCH;
        let mut line = online();
        for at in (1..600).step_by(2) {
            assert_eq!(line.failed(secs(at), now), None);
            assert_eq!(line.answered(secs(at + 1)), None);
        }
        assert!(line.online());
    }

    #[test]
    fn the_first_answer_decides() {
        let mut line = Line::default();
        assert!(line.ping_due(secs(0)));
        assert_eq!(line.failed(secs(0), DateTime::UNIX_EPOCH), Some(Turn::Lost));
        assert!(!line.ping_due(secs(1)));
        assert!(line.ping_due(secs(3)));
    }
}
