//! The centre as a program: PostgreSQL store, key service, transport, enrolment, upstream systems.

pub mod store;
