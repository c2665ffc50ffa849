//! The desk actor against the simulated card and the centre's own decisions, in one process and in simulated time.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the questions that it is about")]

#[cfg(test)]
mod disturbed;
#[cfg(test)]
mod guidance;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod refund;
#[cfg(test)]
mod services;
#[cfg(test)]
mod world;
