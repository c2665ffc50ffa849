//! The desk: one actor, its ports, and the running of cases. No window, database, card driver or network in here.

pub mod desk;
pub mod ports;
pub mod view;

pub use desk::{Desk, DeskHandle, Parts};
