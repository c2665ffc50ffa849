//! Puts the adapters behind the desk actor, without a window. The shell and the headless desk start the same way.

pub mod clock;
pub mod compose;
pub mod config;
pub mod enrol;
pub mod entropy;
pub mod headless;
mod intake;
pub mod journal;
pub mod logging;
mod no_printer;
pub mod passphrase;
mod practice;
mod rules;
pub mod screens;
pub mod secrets;
mod staff;
pub mod station;
pub mod verifier;

pub use compose::Composition;
pub use config::Config;
