//! Command-line tool of support and head office
fn main() {}
