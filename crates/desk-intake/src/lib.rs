//! What somebody brings on a stick: a unit its list of people and their photos, head office its rule files. Everything is read within bounds, nothing is
//! evaluated, and what a row or a photo means is decided in `desk_domain::unit` and `desk_domain::photo`.

pub mod density;
pub mod list;
pub mod photo;
pub mod rules;
mod workbook;
