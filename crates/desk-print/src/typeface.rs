//! The Chinese typeface: where its file is looked for, what it can draw, how wide a text is.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use desk_domain::code::{Code, Message};
use printpdf::ParsedFont;
use serde::{Deserialize, Serialize};

/// One face: a font file and, in a collection, its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FontFile {
    pub path: PathBuf,
    /// Face in a `.ttc` collection, 0 for a single font.
    #[serde(default)]
    pub face: usize,
}

/// No usable font was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontProblem {
    #[error("no font file found; looked for {0:?}")]
    Missing(Vec<PathBuf>),
    #[error("not a usable font: {0}")]
    Unusable(PathBuf),
}

/// Where a Chinese face is looked for when the configuration names none, best first: beside the program (`fonts/`), then
/// where the distributions' packages of Noto Sans CJK put it.
#[must_use]
pub fn default_fonts(beside: &Path) -> Vec<FontFile> {
    let at = |path: &str, face| FontFile { path: PathBuf::from(path), face };
    vec![
        FontFile { path: beside.join("fonts/NotoSansSC-Regular.ttf"), face: 0 },
        at("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
        at("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
        at("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
        at("/usr/share/fonts/truetype/noto/NotoSansSC-Regular.ttf", 0),
        at("/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf", 0),
        // A reserve for characters beyond the first plane that the faces above lack; used only where it is installed.
        at("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", 0),
    ]
}

/// The face papers are set in, and reserve faces for what it lacks.
#[derive(Debug)]
pub struct Typeface {
    pub(crate) faces: Vec<ParsedFont>,
}

/// A stretch of text in one face, or one character that no face has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    Drawn { face: usize, text: String },
    Lacking(char),
}

impl Typeface {
    /// Opens the first usable face of the list, and behind it the faces of reserve (those of another family: a reserve
    /// is worth its memory only for characters the first lacks, so at most one is kept).
    ///
    /// # Errors
    /// [`FontProblem`] when no file of the list exists or none can be read as a font.
    pub fn open(list: &[FontFile]) -> Result<Self, FontProblem> {
        let mut faces = Vec::new();
        let mut unusable = None;
        for (index, file) in list.iter().enumerate() {
            let reserve = index + 1 == list.len();
            if !faces.is_empty() && !reserve {
                continue;
            }
            let Ok(bytes) = std::fs::read(&file.path) else {
                continue;
            };
            match ParsedFont::from_bytes(&bytes, file.face, &mut Vec::new()) {
                Some(face) => faces.push(face),
                None => unusable = Some(file.path.clone()),
            }
        }
        if faces.is_empty() {
            return Err(match unusable {
                Some(path) => FontProblem::Unusable(path),
                None => FontProblem::Missing(list.iter().map(|file| file.path.clone()).collect()),
            });
        }
        Ok(Self { faces })
    }

    /// Characters of `text` that no face can draw.
    #[must_use]
    pub fn lacking(&self, text: &str) -> BTreeSet<char> {
        text.chars().filter(|c| self.face_of(*c).is_none()).collect()
    }

    /// The warning for characters that have to be written by hand, if there are any.
    #[must_use]
    pub fn warning(&self, texts: &[&str]) -> Option<Message> {
        let lacking: BTreeSet<char> = texts.iter().flat_map(|text| self.lacking(text)).collect();
        (!lacking.is_empty()).then(|| {
            let chars: Vec<String> = lacking.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
            Message::new(Code::PaperGlyphMissing).with("chars", chars.join("、"))
        })
    }

    fn face_of(&self, character: char) -> Option<(usize, u16)> {
        self.faces
            .iter()
            .enumerate()
            .find_map(|(index, face)| face.lookup_glyph_index(u32::from(character)).filter(|glyph| *glyph != 0).map(|glyph| (index, glyph)))
    }

    /// Width of a character in em; a character no face has takes the place of its blank box and code point.
    pub(crate) fn em(&self, character: char) -> f32 {
        match self.face_of(character) {
            Some((index, glyph)) => self
                .faces
                .get(index)
                .map_or(1.0, |face| f32::from(face.get_horizontal_advance(glyph)) / f32::from(face.font_metrics.units_per_em.max(1))),
            None => lacking_em(character),
        }
    }

    /// Width of a text in mm at `size` pt.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.em(c)).sum::<f32>() * size * super::ink::MM_PER_PT
    }

    pub(crate) fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for character in text.chars() {
            let Some((face, _)) = self.face_of(character) else {
                runs.push(Run::Lacking(character));
                continue;
            };
            match runs.last_mut() {
                Some(Run::Drawn { face: last, text }) if *last == face => text.push(character),
                Some(Run::Drawn { .. } | Run::Lacking(_)) | None => runs.push(Run::Drawn { face, text: character.to_string() }),
            }
        }
        runs
    }
}

/// Label of a character that cannot be drawn.
pub(crate) fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// A blank box of one em to write in, and the code point at 0.45 em beside it (digits are about 0.6 em wide).
pub(crate) fn lacking_em(character: char) -> f32 {
    let digits = if u32::from(character) > 0xF_FFFF {
        8.0
    } else if u32::from(character) > 0xFFFF {
        7.0
    } else {
        6.0
    };
    1.1 + digits * 0.62 * LACKING_LABEL
}

/// Size of the code point's label relative to the text.
pub(crate) const LACKING_LABEL: f32 = 0.45;
