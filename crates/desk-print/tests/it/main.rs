//! Papers set and printed for real: text, pictures, files and the printing system.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helping functions too")]

mod cups;
mod files;
mod papers;
mod sheets;
