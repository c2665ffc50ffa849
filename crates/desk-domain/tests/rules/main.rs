//! Rule sets and decisions against the shipped rule files.

mod catalogue;
mod malformed;
mod shipped;
mod support;
mod table;
mod vectors;
