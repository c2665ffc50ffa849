//! From the blocks of a sheet to strips of ink, one below the other.

use desk_app::ports::{Block, SheetFormat};

use crate::{
    breaking::lines,
    figures::{code, share},
    ink::{Ink, MM_PER_PT, Strip, Weight},
    typeface::Typeface,
};

/// Measures of a paper; lengths in mm, sizes in pt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) page: f32,
    pub(crate) margin: f32,
    pub(crate) title: f32,
    pub(crate) body: f32,
    pub(crate) small: f32,
    pub(crate) amount: f32,
    /// Label and value pairs beside each other.
    pub(crate) pair_columns: usize,
    pub(crate) code: f32,
    pub(crate) wide: bool,
}

impl Style {
    pub(crate) fn of(format: SheetFormat) -> Self {
        match format {
            SheetFormat::Roll80 => {
                Self { page: 80.0, margin: 4.0, title: 15.0, body: 9.0, small: 7.5, amount: 16.0, pair_columns: 1, code: 20.0, wide: false }
            }
            SheetFormat::A4 => Self {
                page: 210.0,
                margin: 18.0,
                title: 18.0,
                body: 10.0,
                small: 8.5,
                amount: 17.0,
                pair_columns: 2,
                code: 22.0,
                wide: true,
            },
        }
    }

    pub(crate) fn width(&self) -> f32 {
        self.page - 2.0 * self.margin
    }
}

/// Height of a line of `size` pt.
pub(crate) fn leading(size: f32) -> f32 {
    size * MM_PER_PT * 1.5
}

/// Base line of a text that stands in the middle of a line of `height` mm (the em box of Chinese faces reaches from 0.88
/// above to 0.12 below it).
pub(crate) fn base(height: f32, size: f32) -> f32 {
    height / 2.0 + 0.38 * size * MM_PER_PT
}

pub(crate) struct Flow<'a> {
    pub(crate) face: &'a Typeface,
    pub(crate) style: Style,
}

impl Flow<'_> {
    fn text(x: f32, y: f32, size: f32, text: &str) -> Ink {
        Ink::Text { x, y, size, weight: Weight::Regular, text: text.to_owned() }
    }

    fn bold(x: f32, y: f32, size: f32, text: &str) -> Ink {
        Ink::Text { x, y, size, weight: Weight::Bold, text: text.to_owned() }
    }

    /// Lines in the middle of the paper.
    pub(crate) fn centred(&self, text: &str, size: f32, weight: Weight) -> Vec<Strip> {
        let height = leading(size);
        lines(self.face, text, size, self.style.width())
            .into_iter()
            .map(|line| {
                let x = (self.style.width() - self.face.width(&line, size)) / 2.0;
                Strip::of(height, vec![Ink::Text { x, y: base(height, size), size, weight, text: line }])
            })
            .collect()
    }

    /// Marks that must be seen: framed, bold, side by side as far as they fit.
    pub(crate) fn marks(&self, marks: &[String]) -> Vec<Strip> {
        let size = self.style.body + 2.0;
        let (inside, gap, height) = (2.0, 2.5, leading(size) + 1.0);
        let mut rows: Vec<(f32, Vec<(f32, String)>)> = Vec::new();
        for mark in marks {
            for line in lines(self.face, mark, size, self.style.width() - 2.0 * inside) {
                let width = self.face.width(&line, size) + 2.0 * inside;
                match rows.last_mut() {
                    Some((used, row)) if *used + gap + width <= self.style.width() => {
                        *used += gap + width;
                        row.push((width, line));
                    }
                    Some(_) | None => rows.push((width, vec![(width, line)])),
                }
            }
        }
        let mut strips = Vec::new();
        for (used, row) in rows {
            let mut x = (self.style.width() - used) / 2.0;
            let mut ink = Vec::new();
            for (width, line) in row {
                ink.push(Ink::Frame { x, y: 0.0, width, height, thick: 0.45 });
                ink.push(Self::bold(x + inside, base(height, size), size, &line));
                x += width + gap;
            }
            strips.push(Strip::of(height, ink));
            strips.push(Strip::gap(1.6));
        }
        strips
    }

    pub(crate) fn block(&self, block: &Block) -> Vec<Strip> {
        match block {
            Block::Rule => self.rule(),
            Block::Pairs { pairs } => self.pairs(pairs),
            Block::Text { lines } => self.paragraphs(lines),
            Block::Amount { label, figures, capitals } => self.amount(label, figures, capitals),
            Block::Table { head, rows, right } => self.table(head, rows, right),
            Block::Bars { title, bars } => self.bars(title, bars),
            Block::Signature { label } => self.signature(label),
            Block::Code { text } => self.code(text),
        }
    }

    fn rule(&self) -> Vec<Strip> {
        let line = Ink::Line { x0: 0.0, x1: self.style.width(), y: 1.6, thick: 0.25, dashed: !self.style.wide };
        vec![Strip::of(3.2, vec![line])]
    }

    fn paragraphs(&self, texts: &[String]) -> Vec<Strip> {
        let size = self.style.body;
        let height = leading(size);
        texts
            .iter()
            .flat_map(|text| lines(self.face, text, size, self.style.width()))
            .map(|line| Strip::of(height, vec![Self::text(0.0, base(height, size), size, &line)]))
            .collect()
    }

    fn pairs(&self, pairs: &[(String, String)]) -> Vec<Strip> {
        let size = self.style.body;
        let height = leading(size);
        let gutter = 6.0;
        let columns = self.style.pair_columns.max(1);
        let cells = u16::try_from(columns).map_or(1.0, f32::from);
        let cell = (self.style.width() - gutter * (cells - 1.0)) / cells;
        let widest = pairs.iter().map(|(label, _)| self.face.width(label, size)).fold(0.0, f32::max);
        let value_at = (widest + 2.5).min(cell * 0.45);
        let mut strips = Vec::new();
        let mut rest = pairs;
        while let Some((first, _)) = rest.split_first() {
            // A value that needs the whole width has a row of its own.
            let alone = self.face.width(&first.1, size) > cell - value_at;
            let take = if alone { 1 } else { columns };
            let row: Vec<&(String, String)> = rest
                .iter()
                .take(take)
                .enumerate()
                .take_while(|(index, pair)| *index == 0 || self.face.width(&pair.1, size) <= cell - value_at)
                .map(|(_, pair)| pair)
                .collect();
            let mut ink = Vec::new();
            let mut depth: f32 = 0.0;
            let mut x = 0.0;
            for (label, value) in &row {
                let room = if alone { self.style.width() } else { cell };
                let labels = lines(self.face, label, size, value_at - 1.0);
                let values = lines(self.face, value, size, room - value_at);
                for (at, texts) in [(x, &labels), (x + value_at, &values)] {
                    let mut y = base(height, size);
                    for text in texts {
                        ink.push(Self::text(at, y, size, text));
                        y += height;
                    }
                    depth = depth.max(y - base(height, size));
                }
                x += cell + gutter;
            }
            rest = rest.get(row.len()..).unwrap_or_default();
            strips.push(Strip::of(depth, ink));
        }
        strips
    }

    /// Label small, figures large at the right, capitals in full below, all in one frame.
    fn amount(&self, label: &str, figures: &str, capitals: &str) -> Vec<Strip> {
        let (body, large, inside) = (self.style.body, self.style.amount, 2.2);
        let room = self.style.width() - 2.0 * inside;
        let big = leading(large);
        let mut ink = vec![Self::text(inside, 1.0 + base(big, body), body, label)];
        let figures_at = self.style.width() - inside - self.face.width(figures, large);
        ink.push(Self::bold(figures_at, 1.0 + base(big, large), large, figures));
        let row = leading(body);
        let mut y = 1.0 + big;
        let heading = "大写";
        let offset = self.face.width(heading, body) + 2.5;
        ink.push(Self::text(inside, y + base(row, body), body, heading));
        let capitals = lines(self.face, capitals, body, room - offset);
        for line in &capitals {
            let x = self.style.width() - inside - self.face.width(line, body);
            ink.push(Self::bold(x, y + base(row, body), body, line));
            y += row;
        }
        y += 1.2;
        ink.push(Ink::Frame { x: 0.0, y: 0.0, width: self.style.width(), height: y, thick: 0.35 });
        vec![Strip::gap(1.2), Strip::of(y, ink), Strip::gap(1.8)]
    }

    fn table(&self, head: &[String], rows: &[Vec<String>], right: &[usize]) -> Vec<Strip> {
        let size = if self.style.wide { self.style.small + 0.5 } else { self.style.small };
        let widths = self.columns(head, rows, size);
        let (row_height, head_ink) = self.row(head, &widths, right, size, Weight::Bold);
        let head_height = row_height + 1.0;
        let mut with_line = head_ink;
        with_line.push(Ink::Line { x0: 0.0, x1: self.style.width(), y: row_height + 0.3, thick: 0.3, dashed: false });
        let mut strips = vec![Strip { height: head_height, ink: with_line.clone(), with_next: true, ..Strip::default() }];
        for row in rows {
            let (height, mut ink) = self.row(row, &widths, right, size, Weight::Regular);
            if self.style.wide {
                ink.push(Ink::Line { x0: 0.0, x1: self.style.width(), y: height + 0.2, thick: 0.08, dashed: false });
            }
            strips.push(Strip { height: height + 0.4, ink, head: Some(with_line.clone()), head_height, with_next: false });
        }
        strips.push(Strip::gap(1.2));
        strips
    }

    /// Column widths: as wide as their text wants; too much is taken from the widest, room left over goes to all.
    fn columns(&self, head: &[String], rows: &[Vec<String>], size: f32) -> Vec<f32> {
        let count = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
        let mut widths: Vec<f32> = (0..count)
            .map(|column| {
                rows.iter()
                    .map(Vec::as_slice)
                    .chain([head])
                    .filter_map(|row| row.get(column))
                    .map(|cell| self.face.width(cell, size))
                    .fold(0.0, f32::max)
            })
            .collect();
        let columns = u16::try_from(count.max(1)).map_or(1.0, f32::from);
        let room = self.style.width() - COLUMN_GAP * (columns - 1.0);
        let least = 4.0 * size * MM_PER_PT;
        for _ in 0..64 {
            let total: f32 = widths.iter().sum();
            if total <= room + 0.01 {
                break;
            }
            let widest = widths.iter().copied().fold(0.0, f32::max);
            let below = widths.iter().copied().filter(|width| *width < widest - 0.01).fold(least, f32::max);
            let among = widths.iter().filter(|width| **width >= widest - 0.01).count();
            let among = u16::try_from(among).map_or(1.0, f32::from);
            let shorter = (widest - (total - room) / among).max(below.min(widest - 0.05));
            for width in widths.iter_mut().filter(|width| **width >= widest - 0.01) {
                *width = shorter;
            }
        }
        let spare = (room - widths.iter().sum::<f32>()).max(0.0) / columns;
        widths.iter().map(|width| width + spare).collect()
    }

    fn row(&self, cells: &[String], widths: &[f32], right: &[usize], size: f32, weight: Weight) -> (f32, Vec<Ink>) {
        let height = leading(size);
        let mut ink = Vec::new();
        let mut depth = height;
        let mut x = 0.0;
        for (column, width) in widths.iter().enumerate() {
            if let Some(cell) = cells.get(column) {
                let mut y = 0.0;
                for line in lines(self.face, cell, size, width + 0.05) {
                    let at = if right.contains(&column) { x + width - self.face.width(&line, size) } else { x };
                    ink.push(Ink::Text { x: at, y: y + base(height, size), size, weight, text: line });
                    y += height;
                }
                depth = depth.max(y);
            }
            x += width + COLUMN_GAP;
        }
        (depth, ink)
    }

    fn bars(&self, title: &str, bars: &[(String, i64)]) -> Vec<Strip> {
        let size = self.style.small;
        let height = leading(size);
        let mut strips: Vec<Strip> =
            self.paragraphs(&[title.to_owned()]).into_iter().map(|strip| Strip { with_next: true, ..strip }).collect();
        let label_room = bars.iter().map(|(label, _)| self.face.width(label, size)).fold(0.0, f32::max).min(self.style.width() * 0.4);
        let value_room = bars.iter().map(|(_, value)| self.face.width(&value.to_string(), size)).fold(0.0, f32::max);
        let longest = bars.iter().map(|(_, value)| value.unsigned_abs()).max().unwrap_or(0);
        let room = self.style.width() - label_room - value_room - 5.0;
        for (label, value) in bars {
            let mut ink = Vec::new();
            let mut y = 0.0;
            for line in lines(self.face, label, size, label_room + 0.05) {
                ink.push(Self::text(0.0, y + base(height, size), size, &line));
                y += height;
            }
            let (x, top, thick) = (label_room + 2.5, height * 0.27, height * 0.46);
            let width = room * share(*value, longest);
            // The axis the bars stand on.
            ink.push(Ink::Area { x: x - 0.3, y: 0.0, width: 0.15, height });
            if *value > 0 {
                ink.push(Ink::Area { x, y: top, width, height: thick });
            } else if *value < 0 {
                ink.push(Ink::Frame { x, y: top, width, height: thick, thick: 0.25 });
            }
            let text = value.to_string();
            let at = self.style.width() - self.face.width(&text, size);
            ink.push(Self::text(at, base(height, size), size, &text));
            strips.push(Strip::of(y.max(height), ink));
        }
        strips.push(Strip::gap(1.6));
        strips
    }

    fn signature(&self, label: &str) -> Vec<Strip> {
        let size = self.style.body;
        let height = leading(size) + 8.0;
        let y = height - 2.2;
        let from = self.face.width(label, size) + 2.0;
        let to = if self.style.wide { (from + 70.0).min(self.style.width()) } else { self.style.width() };
        vec![Strip::of(
            height,
            vec![Self::text(0.0, y, size, label), Ink::Line { x0: from, x1: to, y: y + 0.8, thick: 0.2, dashed: false }],
        )]
    }

    /// The code with its text, in the middle of the paper.
    fn code(&self, text: &str) -> Vec<Strip> {
        let (side, size) = (self.style.code, self.style.small);
        let quiet = 2.0;
        let row = leading(size);
        let x = (self.style.width() - side) / 2.0;
        let mut ink: Vec<Ink> = code(text, side).iter().map(|area| area.moved(x, quiet)).collect();
        let text_at = (self.style.width() - self.face.width(text, size)) / 2.0;
        ink.push(Self::text(text_at, side + quiet + 1.0 + base(row, size), size, text));
        vec![Strip::of(side + quiet + 1.0 + row, ink)]
    }
}

/// Between two columns of a table.
const COLUMN_GAP: f32 = 2.5;
