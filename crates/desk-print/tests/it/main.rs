//! Papers set and printed for real: text, pictures, files and the printing system.

mod cups;
mod files;
mod papers;
mod sheets;
