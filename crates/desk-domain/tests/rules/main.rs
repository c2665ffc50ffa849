//! Rule sets and decisions against the shipped rule files.

mod catalogue;
mod days;
// What head office reads is asserted where the rules are.
#[path = "../../../deskctl/src/ruleset/explain.rs"]
mod explain;
mod listing;
mod malformed;
mod shipped;
mod support;
mod table;
mod vectors;
