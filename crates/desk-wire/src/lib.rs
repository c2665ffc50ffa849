//! Versioned messages between desk and centre. Version 1 is [`v1`].

pub mod export;
pub mod office;
pub mod outlet_day;
pub mod publication;
pub mod seal;
pub mod staff;
pub mod suite;
pub mod v1;
