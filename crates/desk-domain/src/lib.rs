//! The rules of a citizen-card counter: money, identifiers, documents, rule sets, cases and message codes.
//!
//! Nothing in this crate performs IO, reads a clock or draws randomness; everything that varies comes in as an
//! argument. No city is named here: a card programme is data (see [`ruleset`]).

pub mod card;
pub mod case;
pub mod claim;
pub mod code;
pub mod id;
pub mod issuer;
pub mod journal;
pub mod money;
pub mod person;
pub mod posting;
