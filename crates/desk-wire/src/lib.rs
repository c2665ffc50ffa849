//! Versioned messages between desk and centre. Version 1 is [`v1`].

pub mod v1;
