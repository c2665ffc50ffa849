//! The desk: one actor, its ports, and the running of cases. No window, database, card driver or network in here.

mod authorise;
mod card_session;
mod clock_trust;
mod day;
pub mod day_close;
mod day_papers;
pub mod desk;
pub mod doctor;
mod documents;
mod elsewhere;
mod exceptions;
mod field;
mod guide;
mod hall;
mod line;
mod lists;
mod loose;
mod menu;
mod papers;
pub mod ports;
mod present;
mod press;
mod report;
mod reprint;
mod resume;
mod reveal;
mod run;
mod session;
mod staff;
mod start;
mod upload;
pub mod view;

pub use desk::{Desk, DeskHandle, Parts};
