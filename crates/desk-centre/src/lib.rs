//! The centre as a program: PostgreSQL store, key service, transport, enrolment, upstream systems, demonstration data.

pub mod authority;
pub mod backup;
pub mod clock;
pub mod command;
pub mod config;
pub mod demonstration;
pub mod enrol_code;
pub mod evidence;
pub mod fault;
pub mod http;
pub mod keys;
pub mod open;
pub mod passwords;
pub mod secrets;
pub mod staff;
pub mod store;
pub mod upstream;
