//! Two-dimensional codes and bars as areas of ink.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::ink::Ink;

/// A two-dimensional code of `text` with its top-left corner at (0, 0), `side` mm wide; its quiet zone is not drawn.
/// Neighbouring dark modules of a row are one area. Nothing for a text that does not fit a code.
pub(crate) fn code(text: &str, side: f32) -> Vec<Ink> {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return Vec::new();
    };
    let modules = code.size();
    let mut areas = Vec::new();
    let (mut y, mut row) = (0.0_f32, 0);
    let module = side / modules_as_mm(modules);
    while row < modules {
        let (mut column, mut x, mut start) = (0, 0.0_f32, None);
        while column <= modules {
            match (column < modules && code.get_module(column, row), start) {
                (true, None) => start = Some(x),
                (false, Some(from)) => {
                    areas.push(Ink::Area { x: from, y, width: x - from, height: module });
                    start = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
            column += 1;
            x += module;
        }
        row += 1;
        y += module;
    }
    areas
}

/// The side of a code is at most 177 modules, so the conversion is exact.
fn modules_as_mm(modules: i32) -> f32 {
    i16::try_from(modules).map_or(1.0, f32::from)
}

/// Share of the longest bar, 0 to 1. Values are shown exactly beside the bar; the bar itself needs no more than this.
pub(crate) fn share(value: i64, longest: u64) -> f32 {
    let per_mille = u128::from(value.unsigned_abs()) * 1000 / u128::from(longest.max(1));
    u16::try_from(per_mille.min(1000)).map_or(1.0, |n| f32::from(n) / 1000.0)
}
