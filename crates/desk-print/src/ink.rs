//! What can stand on a page, in millimetres from its top-left corner.

/// Millimetres in a typographic point.
pub(crate) const MM_PER_PT: f32 = 25.4 / 72.0;

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    /// Drawn with an outline, so that a paper carries one font and not two.
    Bold,
}

/// Position and lengths in mm; text sizes in pt; `y` of a text is its base line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ink {
    Text {
        x: f32,
        y: f32,
        size: f32,
        weight: Weight,
        text: String,
    },
    Line {
        x0: f32,
        x1: f32,
        y: f32,
        thick: f32,
        dashed: bool,
    },
    /// Black area.
    Area {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
    /// Outline.
    Frame {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        thick: f32,
    },
}

impl Ink {
    pub(crate) fn moved(&self, dx: f32, dy: f32) -> Self {
        match self {
            Self::Text { x, y, size, weight, text } => {
                Self::Text { x: x + dx, y: y + dy, size: *size, weight: *weight, text: text.clone() }
            }
            Self::Line { x0, x1, y, thick, dashed } => Self::Line { x0: x0 + dx, x1: x1 + dx, y: y + dy, thick: *thick, dashed: *dashed },
            Self::Area { x, y, width, height } => Self::Area { x: x + dx, y: y + dy, width: *width, height: *height },
            Self::Frame { x, y, width, height, thick } => {
                Self::Frame { x: x + dx, y: y + dy, width: *width, height: *height, thick: *thick }
            }
        }
    }
}

/// A horizontal piece of a paper that is never cut by the end of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Strip {
    pub(crate) height: f32,
    pub(crate) ink: Vec<Ink>,
    /// Strip to be repeated above this one where it starts a page (the head of its table).
    pub(crate) head: Option<Vec<Ink>>,
    pub(crate) head_height: f32,
    /// Stays on the page of the next strip.
    pub(crate) with_next: bool,
}

impl Strip {
    pub(crate) fn gap(height: f32) -> Self {
        Self { height, ..Self::default() }
    }

    pub(crate) fn of(height: f32, ink: Vec<Ink>) -> Self {
        Self { height, ink, ..Self::default() }
    }

    pub(crate) fn is_gap(&self) -> bool {
        self.ink.is_empty()
    }
}
