//! Papers as PDF, and their way to a printer.
//!
//! A [`desk_app::ports::Sheet`] says what a paper shows; this crate says how: [`render`] sets it with an embedded subset
//! of a Chinese typeface, [`FilePrinter`] leaves it in a folder, [`CupsPrinter`] hands it to the printing system.
//! Nothing here masks, counts or decides: what stands in the sheet is printed as it stands.

mod breaking;
mod cups;
mod figures;
mod file;
mod flow;
mod ink;
mod page;
mod pdf;
mod typeface;

pub use cups::{CupsPrinter, CupsQueue};
pub use file::FilePrinter;
pub use page::render;
pub use typeface::{FontFile, FontProblem, Typeface, default_fonts};
