//! Lists and photos as units bring them, good and bad.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod bounds;
mod lists;
mod photos;
mod workbooks;
