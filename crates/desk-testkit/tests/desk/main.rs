//! The desk actor against the simulated card and the centre's own decisions, in one process and in simulated time.

mod disturbed;
mod refund;
mod services;
mod world;
