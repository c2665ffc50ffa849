//! A sheet as pages: the roll is one page as long as its content, A4 is cut between strips and counts its pages.

use chrono::{DateTime, Utc};
use desk_app::ports::{Block, Sheet, SheetFormat};
use desk_domain::code::{Code, Message};

use crate::{
    figures::code,
    flow::{Flow, Style, base, leading},
    ink::{Ink, Strip, Weight},
    pdf,
    typeface::Typeface,
};

/// Size in mm and everything on it, from the top-left corner.
pub(crate) struct Page {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) ink: Vec<Ink>,
}

/// Sets a sheet as PDF. `at` is the date in the document's properties; the same sheet and date give the same bytes.
///
/// # Errors
/// `INTERNAL` when the PDF cannot be written.
pub fn render(sheet: &Sheet, face: &Typeface, at: DateTime<Utc>) -> Result<Vec<u8>, Message> {
    let flow = Flow { face, style: Style::of(sheet.format) };
    let pages = match sheet.format {
        SheetFormat::Roll80 => vec![roll(sheet, &flow)],
        SheetFormat::A4 => a4(sheet, &flow),
    };
    pdf::write(sheet, &pages, face, at).ok_or_else(|| Message::new(Code::Internal).with("where", "pdf"))
}

/// Length of a roll's paper in whole mm.
pub(crate) fn length(sheet: &Sheet, face: &Typeface) -> String {
    let flow = Flow { face, style: Style::of(sheet.format) };
    format!("{:.0}", roll(sheet, &flow).height)
}

/// Every text a sheet shows, for the check of its characters.
pub(crate) fn texts(sheet: &Sheet) -> Vec<&str> {
    let mut texts = vec![sheet.title.as_str(), sheet.issuer.as_str()];
    texts.extend(sheet.marks.iter().chain(&sheet.footer).map(String::as_str));
    for block in &sheet.blocks {
        match block {
            Block::Rule => {}
            Block::Pairs { pairs } => texts.extend(pairs.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()])),
            Block::Text { lines } => texts.extend(lines.iter().map(String::as_str)),
            Block::Amount { label, figures, capitals } => texts.extend([label.as_str(), figures, capitals]),
            Block::Table { head, rows, .. } => texts.extend(head.iter().chain(rows.iter().flatten()).map(String::as_str)),
            Block::Bars { title, bars } => texts.extend([title.as_str()].into_iter().chain(bars.iter().map(|(label, _)| label.as_str()))),
            Block::Signature { label } => texts.push(label),
            Block::Code { text } => texts.push(text),
        }
    }
    texts
}

fn roll(sheet: &Sheet, flow: &Flow<'_>) -> Page {
    let style = flow.style;
    let mut strips = vec![Strip::gap(3.0)];
    strips.extend(flow.centred(&sheet.issuer, style.body, Weight::Regular));
    strips.push(Strip::gap(0.6));
    strips.extend(flow.centred(&sheet.title, style.title, Weight::Bold));
    strips.push(Strip::gap(1.8));
    strips.extend(flow.marks(&sheet.marks));
    for block in &sheet.blocks {
        strips.extend(flow.block(block));
    }
    if !sheet.footer.is_empty() {
        strips.extend(flow.block(&Block::Rule));
        for line in &sheet.footer {
            strips.extend(flow.centred(line, style.small, Weight::Regular));
        }
    }
    // Room for the cutter.
    strips.push(Strip::gap(6.0));
    let mut ink = Vec::new();
    let mut y = 0.0;
    for strip in &strips {
        ink.extend(strip.ink.iter().map(|one| one.moved(style.margin, y)));
        y += strip.height;
    }
    Page { width: style.page, height: y.ceil(), ink }
}

/// Strips of a block that may be moved to the next page as a whole.
const SHORT: usize = 8;
const A4_HEIGHT: f32 = 297.0;

fn a4(sheet: &Sheet, flow: &Flow<'_>) -> Vec<Page> {
    let style = flow.style;
    let head = a4_head(sheet, flow);
    let mut blocks = Vec::new();
    let mut code_in_head = true;
    let mut start = 0;
    for block in &sheet.blocks {
        // The first code stands in the corner of every page's head.
        if matches!(block, Block::Code { .. }) && std::mem::take(&mut code_in_head) {
            continue;
        }
        // Nobody signs an empty page: a line to sign on stays with what is signed.
        if matches!(block, Block::Signature { .. }) {
            blocks.iter_mut().skip(start).for_each(|strip: &mut Strip| strip.with_next = true);
        }
        let next = blocks.len();
        blocks.extend(flow.block(block));
        if blocks.len() - next <= SHORT {
            start = next;
        } else {
            start = blocks.len();
        }
    }
    let foot_row = leading(style.small);
    let foot_rows: Vec<Strip> = sheet.footer.iter().flat_map(|line| flow.centred(line, style.small, Weight::Regular)).collect();
    let foot: f32 = foot_rows.iter().map(|strip| strip.height).sum::<f32>() + foot_row + 3.0;
    let top = style.margin - 4.0 + head.height;
    let bottom = A4_HEIGHT - 12.0 - foot;

    let mut bodies: Vec<Vec<Ink>> = vec![Vec::new()];
    let mut y = top;
    for (index, strip) in blocks.iter().enumerate() {
        let bound = blocks.iter().skip(index).position(|strip| !strip.with_next).unwrap_or(0);
        let needed: f32 = blocks.iter().skip(index).take(bound + 1).map(|strip| strip.height).sum();
        let fresh = y <= top + 0.01;
        if y + needed > bottom && !fresh {
            bodies.push(Vec::new());
            y = top;
            if strip.is_gap() {
                continue;
            }
            if let (Some(head), Some(body)) = (&strip.head, bodies.last_mut()) {
                body.extend(head.iter().map(|one| one.moved(style.margin, y)));
                y += strip.head_height;
            }
        }
        if let Some(body) = bodies.last_mut() {
            body.extend(strip.ink.iter().map(|one| one.moved(style.margin, y)));
        }
        y += strip.height;
    }
    // A trailing gap alone opens no page.
    if bodies.len() > 1 && bodies.last().is_some_and(Vec::is_empty) {
        bodies.pop();
    }

    let count = bodies.len();
    bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| {
            let mut ink: Vec<Ink> = head.ink.iter().map(|one| one.moved(style.margin, style.margin - 4.0)).collect();
            ink.extend(body);
            let mut y = A4_HEIGHT - 12.0 - foot + 1.5;
            ink.push(Ink::Line { x0: style.margin, x1: style.page - style.margin, y, thick: 0.15, dashed: false });
            y += 1.0;
            for strip in &foot_rows {
                ink.extend(strip.ink.iter().map(|one| one.moved(style.margin, y)));
                y += strip.height;
            }
            let label = format!("第 {} 页，共 {count} 页", index + 1);
            for strip in flow.centred(&label, style.small, Weight::Regular) {
                ink.extend(strip.ink.iter().map(|one| one.moved(style.margin, y)));
            }
            Page { width: style.page, height: A4_HEIGHT, ink }
        })
        .collect()
}

/// Head of every A4 page: issuer, title and marks in the middle, the case's code at the right.
fn a4_head(sheet: &Sheet, flow: &Flow<'_>) -> Strip {
    let style = flow.style;
    let mut strips = flow.centred(&sheet.issuer, style.body, Weight::Regular);
    strips.push(Strip::gap(1.0));
    strips.extend(flow.centred(&sheet.title, style.title, Weight::Bold));
    strips.push(Strip::gap(1.5));
    strips.extend(flow.marks(&sheet.marks));
    let mut ink = Vec::new();
    let mut y = 0.0;
    for strip in &strips {
        ink.extend(strip.ink.iter().map(|one| one.moved(0.0, y)));
        y += strip.height;
    }
    let first = sheet.blocks.iter().find_map(|block| match block {
        Block::Code { text } => Some(text),
        Block::Rule
        | Block::Pairs { .. }
        | Block::Text { .. }
        | Block::Amount { .. }
        | Block::Table { .. }
        | Block::Bars { .. }
        | Block::Signature { .. } => None,
    });
    if let Some(text) = first {
        let x = style.width() - style.code;
        ink.extend(code(text, style.code).iter().map(|area| area.moved(x, 0.0)));
        let (size, row) = (style.small - 1.5, leading(style.small - 1.5));
        let at = style.width() - flow.face.width(text, size);
        ink.push(Ink::Text { x: at, y: style.code + 0.8 + base(row, size), size, weight: Weight::Regular, text: text.clone() });
        y = y.max(style.code + 0.8 + row);
    }
    Strip::of(y + 3.0, ink)
}
