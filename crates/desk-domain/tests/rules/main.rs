//! Rule sets and decisions against the shipped rule files.

mod shipped;
mod support;
