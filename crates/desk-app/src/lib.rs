//! The desk: one actor, its ports, and the running of cases. No window, database, card driver or network in here.

pub mod ports;
pub mod view;
