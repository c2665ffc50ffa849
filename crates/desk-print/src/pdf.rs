//! Pages as PDF by printpdf, with the characters used as an embedded subset and the same bytes for the same input.

use chrono::{DateTime, Utc};
use desk_app::ports::Sheet;
use printpdf::{
    FontId, Line, LineDashPattern, LinePoint, Mm, Op, PaintMode, PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt,
    Rect, TextItem, TextRenderingMode,
};

use crate::{
    ink::{Ink, MM_PER_PT, Weight},
    page::Page,
    typeface::{LACKING_LABEL, Run, Typeface, code_point, lacking_em},
};

/// Program named in the document's properties.
const PRODUCER: &str = "CardDesk";

pub(crate) fn write(sheet: &Sheet, pages: &[Page], face: &Typeface, at: DateTime<Utc>) -> Option<Vec<u8>> {
    let mut document = PdfDocument::new(&sheet.title);
    let info = &mut document.metadata.info;
    let date = printpdf::DateTime::from_unix_timestamp(at.timestamp()).ok()?;
    info.creation_date = date;
    info.modification_date = date;
    info.metadata_date = date;
    info.author.clone_from(&sheet.issuer);
    info.creator = PRODUCER.to_owned();
    info.producer = PRODUCER.to_owned();
    info.identifier.clone_from(&sheet.name);

    let fonts: Vec<FontId> = (0..face.faces.len()).map(|index| FontId(format!("T{index}"))).collect();
    for (id, face) in fonts.iter().zip(&face.faces) {
        document.resources.fonts.map.insert(id.clone(), PdfFont::new(face.clone()));
    }
    let set = pages
        .iter()
        .map(|page| {
            let pen = Pen { face, fonts: &fonts, height: page.height };
            let ops = page.ink.iter().flat_map(|ink| pen.draw(ink)).collect();
            PdfPage::new(Mm(page.width), Mm(page.height), ops)
        })
        .collect();
    let mut bytes = document.with_pages(set).save(&PdfSaveOptions::default(), &mut Vec::new());
    fix_identifier(&mut bytes, &sheet.name).then_some(bytes)
}

/// Draws ink on a page `height` mm high, whose own origin is its bottom-left corner.
struct Pen<'a> {
    face: &'a Typeface,
    fonts: &'a [FontId],
    height: f32,
}

impl Pen<'_> {
    fn draw(&self, ink: &Ink) -> Vec<Op> {
        match ink {
            Ink::Text { x, y, size, weight, text } => self.text(*x, *y, *size, *weight, text),
            Ink::Line { x0, x1, y, thick, dashed } => {
                let pattern = if *dashed { LineDashPattern::new(0.0, &[2.0, 2.0]) } else { LineDashPattern::solid() };
                let ends = [*x0, *x1].map(|x| LinePoint { p: self.point(x, *y), bezier: false });
                vec![
                    Op::SetLineDashPattern { dash: pattern },
                    Op::SetOutlineThickness { pt: Pt(thick / MM_PER_PT) },
                    Op::DrawLine { line: Line { points: ends.to_vec(), is_closed: false } },
                ]
            }
            Ink::Area { x, y, width, height } => vec![self.rectangle(*x, *y, *width, *height, PaintMode::Fill)],
            Ink::Frame { x, y, width, height, thick } => vec![
                Op::SetLineDashPattern { dash: LineDashPattern::solid() },
                Op::SetOutlineThickness { pt: Pt(thick / MM_PER_PT) },
                self.rectangle(*x, *y, *width, *height, PaintMode::Stroke),
            ],
        }
    }

    fn point(&self, x: f32, y: f32) -> Point {
        Point::new(Mm(x), Mm(self.height - y))
    }

    fn rectangle(&self, x: f32, y: f32, width: f32, height: f32, mode: PaintMode) -> Op {
        let corner = self.point(x, y + height);
        Op::DrawRectangle {
            rectangle: Rect {
                x: corner.x,
                y: corner.y,
                width: Pt(width / MM_PER_PT),
                height: Pt(height / MM_PER_PT),
                mode: Some(mode),
                winding_order: None,
            },
        }
    }

    fn text(&self, x: f32, y: f32, size: f32, weight: Weight, text: &str) -> Vec<Op> {
        let mut ops = Vec::new();
        let mut at = x;
        for run in self.face.runs(text) {
            match run {
                Run::Drawn { face, text } => {
                    let width = self.face.width(&text, size);
                    ops.extend(self.fonts.get(face).map(|font| self.show(font, at, y, size, weight, text)).unwrap_or_default());
                    at += width;
                }
                Run::Lacking(character) => {
                    let em = size * MM_PER_PT;
                    ops.extend(self.draw(&Ink::Frame {
                        x: at + 0.05 * em,
                        y: y - 0.83 * em,
                        width: 0.9 * em,
                        height: 0.9 * em,
                        thick: 0.2,
                    }));
                    let label = code_point(character);
                    ops.extend(self.text(at + 1.02 * em, y, size * LACKING_LABEL, Weight::Regular, &label));
                    at += lacking_em(character) * em;
                }
            }
        }
        ops
    }

    fn show(&self, font: &FontId, x: f32, y: f32, size: f32, weight: Weight, text: String) -> Vec<Op> {
        let (mode, thick) = match weight {
            Weight::Regular => (TextRenderingMode::Fill, 0.0),
            Weight::Bold => (TextRenderingMode::FillStroke, size * 0.032),
        };
        vec![
            Op::SetLineDashPattern { dash: LineDashPattern::solid() },
            Op::SetOutlineThickness { pt: Pt(thick) },
            Op::StartTextSection,
            Op::SetTextRenderingMode { mode },
            Op::SetTextCursor { pos: self.point(x, y) },
            Op::SetFont { font: PdfFontHandle::External(font.clone()), size: Pt(size) },
            Op::ShowText { items: vec![TextItem::Text(text)] },
            Op::EndTextSection,
        ]
    }
}

/// Replaces the two random file identifiers of the trailer by one made from the sheet's name (FNV-1a), in place. `false`
/// when the trailer is not as expected.
fn fix_identifier(bytes: &mut [u8], name: &str) -> bool {
    const LENGTH: usize = 32;
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let identifier = format!("{hash:016x}{:016x}", hash.rotate_left(29) ^ 0x4361_7264_4465_736b);
    let Some(start) = bytes.windows(3).rposition(|window| window == b"/ID") else {
        return false;
    };
    let mut replaced = 0;
    let mut at = start;
    while replaced < 2 {
        let Some(open) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'(')) else {
            return false;
        };
        at += open + 1;
        let Some(place) = bytes.get_mut(at..at + LENGTH) else {
            return false;
        };
        place.copy_from_slice(identifier.as_bytes());
        at += LENGTH;
        replaced += 1;
    }
    true
}
