//! The photo of an application: whether one is needed, and everything that is wrong with the one that was brought.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    age,
    code::{Code, Message},
    ruleset::RuleSet,
};

/// Whether an application needs a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The system has one; the message says that none is asked for.
    OnFile(Message),
    /// None may be demanded; one may be given.
    Optional,
    Required,
}

/// What a photo file is, as its decoder found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoFacts {
    pub bytes: u32,
    /// Nothing where the content, whatever its name, is no whole JPEG.
    pub picture: Option<Picture>,
    /// A supervisor has agreed to a file outside the usual sizes.
    pub size_agreed: bool,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Dots per inch; nothing where the file states none.
    pub dpi: Option<u32>,
    pub components: u8,
    /// Bits of one component.
    pub bits: u8,
    /// Every pixel is grey, however it is stored.
    pub grey: bool,
    /// Thousandths of the border's pixels that are white in the programme's sense.
    pub white_permille: u32,
    pub seen: Seen,
}

/// What only the clerk's eye can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Neither uniform nor white top.
    pub clothes: bool,
    /// Glasses are worn by those who usually wear them.
    pub glasses: bool,
    /// Recent, clear, natural, not distorted.
    pub natural: bool,
}

/// Whether the application of somebody born on `birth`, made on `day`, needs a photo. A photo that the system holds is
/// never demanded again.
#[must_use]
pub fn need(rules: &RuleSet, birth: NaiveDate, day: NaiveDate, on_file: bool) -> Need {
    let Some(photo) = &rules.photo else {
        return Need::Optional;
    };
    if on_file {
        Need::OnFile(rules.message(None, Code::PhotoOnFile))
    } else if age::full_years(birth, day) >= photo.from_age {
        Need::Required
    } else {
        Need::Optional
    }
}

/// Refuses an application without the photo that it needs.
///
/// # Errors
/// `PHOTO_REQUIRED`.
pub fn brought(rules: &RuleSet, need: &Need, brought: bool) -> Result<(), Message> {
    match need {
        Need::Required if !brought => Err(rules.message(None, Code::PhotoRequired)),
        Need::Required | Need::Optional | Need::OnFile(_) => Ok(()),
    }
}

/// Checks a photo file. What is put right without the citizen, the resolution that the file states, comes back as a warning.
///
/// # Errors
/// Every defect at once, so that nobody has to come back twice: `PHOTO_NOT_JPEG`, `PHOTO_SIZE`, `PHOTO_DIMENSION`,
/// `PHOTO_DEPTH`, `PHOTO_NOT_COLOR`, `PHOTO_BACKGROUND`, `PHOTO_CLOTHES`, `PHOTO_GLASSES`, `PHOTO_QUALITY`.
pub fn check(rules: &RuleSet, facts: &PhotoFacts) -> Result<Vec<Message>, Vec<Message>> {
    let Some(photo) = &rules.photo else {
        return Ok(Vec::new());
    };
    let say = |code| rules.message(None, code);
    let mut defects = Vec::new();
    if !(photo.least_bytes..=photo.most_bytes).contains(&facts.bytes) && !facts.size_agreed {
        // Rounded away from the limits: one byte too many must not read as the limit itself.
        let kib = if facts.bytes > photo.most_bytes { facts.bytes.div_ceil(1024) } else { facts.bytes / 1024 };
        defects.push(say(Code::PhotoSize).with("n", kib));
    }
    let Some(picture) = &facts.picture else {
        defects.insert(0, say(Code::PhotoNotJpeg));
        return Err(defects);
    };
    let wrong = [
        (picture.width != photo.width || picture.height != photo.height, Code::PhotoDimension),
        (picture.components != 3 || picture.bits != 8, Code::PhotoDepth),
        (picture.grey, Code::PhotoNotColor),
        (picture.white_permille < photo.white_permille, Code::PhotoBackground),
        (!picture.seen.clothes, Code::PhotoClothes),
        (!picture.seen.glasses, Code::PhotoGlasses),
        (!picture.seen.natural, Code::PhotoQuality),
    ];
    defects.extend(wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, code)| say(code)));
    if !defects.is_empty() {
        return Err(defects);
    }
    Ok(if picture.dpi == Some(photo.dpi) { Vec::new() } else { vec![say(Code::PhotoDpi)] })
}
