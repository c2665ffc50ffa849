//! Photo of an applicant (电子照片): when one is needed, and everything that is wrong with it at once.
//!
//! Whoever opens the file hands over what it is; nothing here decodes. What only an eye can judge (clothes, glasses, a
//! natural look) is the clerk's tick: [`seen`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    age,
    code::{Code, Message},
    order::Photo,
    ruleset::{PhotoRules, RuleSet},
};

/// A photo file as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Length of the file.
    pub bytes: u64,
    pub picture: Picture,
}

/// A photo that was taken from the folder: what it is, and its bytes with the right tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub facts: Facts,
    pub photo: Photo,
}

/// What the content of the file is, whatever its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    NotJpeg,
    /// Begins as a JPG, but cannot be opened to its end.
    Broken,
    /// Too long a file to be opened at all; its length already says no.
    NotOpened,
    Opened(Opened),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Dots per inch as the file's tag says, where it has one.
    pub dpi: Option<u32>,
    /// 3 in a true-colour picture, 1 in a grey one, 4 in one for printing presses.
    pub components: u8,
    /// Absent where the pixels were not looked at: another number of components, or too large a picture.
    pub pixels: Option<Pixels>,
}

/// Counted over the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pixels {
    /// Of a thousand border pixels, how many are as bright as [`PhotoRules::white_from`] in red, green and blue.
    pub white_border: u32,
    /// Of a thousand pixels, how many have a hue.
    pub coloured: u32,
}

/// Fewer pixels of a thousand with a hue than this: a grey scan that was saved in colour.
const LEAST_COLOURED: u32 = 10;

/// What a photo has against it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// In the order in which a clerk would tell them; empty where the photo is good.
    pub defects: Vec<Message>,
    /// The tag of the resolution is missing or wrong. It is corrected without loss when the photo is taken.
    pub correct_dpi: bool,
}

/// Must somebody born then bring a photo?
///
/// # Errors
/// `PHOTO_REQUIRED` from the rule set's age on, where none was brought.
pub fn needed(rules: &RuleSet, birth: NaiveDate, today: NaiveDate, brought: bool) -> Result<(), Message> {
    match &rules.photo {
        Some(photo) if !brought && age::full_years(birth, today) >= photo.from_age => Err(rules.message(None, Code::PhotoRequired)),
        Some(_) | None => Ok(()),
    }
}

/// What only an eye can judge, as the clerk ticked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Neither a uniform nor a white top.
    pub clothes: bool,
    /// Glasses are worn by somebody who usually wears them.
    pub glasses: bool,
    /// Recent, clear, natural, not distorted.
    pub natural: bool,
}

/// The defects that the clerk saw, in the order of the rules.
#[must_use]
pub fn seen(rules: &RuleSet, seen: Seen) -> Vec<Message> {
    [(seen.clothes, Code::PhotoClothes), (seen.glasses, Code::PhotoGlasses), (seen.natural, Code::PhotoQuality)]
        .into_iter()
        .filter(|(good, _)| !good)
        .map(|(_, code)| rules.message(None, code))
        .collect()
}

/// Nobody is asked for a photo that the system has.
#[must_use]
pub fn on_file(rules: &RuleSet) -> Message {
    rules.message(None, Code::PhotoOnFile)
}

/// What the clerk hears where the tag of the resolution was put right.
#[must_use]
pub fn corrected(rules: &RuleSet, verdict: &Verdict) -> Option<Message> {
    verdict.correct_dpi.then(|| rules.message(None, Code::PhotoDpi))
}

/// Everything that is wrong with a photo. A programme without photo rules refuses none.
#[must_use]
pub fn check(rules: &RuleSet, facts: &Facts) -> Verdict {
    let Some(photo) = &rules.photo else {
        return Verdict::default();
    };
    let mut verdict = Verdict::default();
    if !(u64::from(photo.least_bytes)..=u64::from(photo.most_bytes)).contains(&facts.bytes) {
        verdict.defects.push(rules.message(None, Code::PhotoSize).with("n", facts.bytes.div_ceil(1024)));
    }
    match &facts.picture {
        Picture::NotJpeg => verdict.defects.insert(0, rules.message(None, Code::PhotoNotJpeg)),
        Picture::Broken => verdict.defects.insert(0, Message::new(Code::PhotoBroken)),
        Picture::NotOpened => {}
        Picture::Opened(opened) => opened_picture(rules, photo, opened, &mut verdict),
    }
    verdict
}

fn opened_picture(rules: &RuleSet, photo: &PhotoRules, opened: &Opened, verdict: &mut Verdict) {
    let mut defect = |code| verdict.defects.push(rules.message(None, code));
    if (opened.width, opened.height) != (photo.width, photo.height) {
        defect(Code::PhotoDimension);
    }
    if opened.components != 3 {
        defect(Code::PhotoDepth);
    }
    let grey = opened.components == 1 || opened.pixels.is_some_and(|pixels| pixels.coloured < LEAST_COLOURED);
    if grey {
        defect(Code::PhotoNotColor);
    }
    if opened.pixels.is_some_and(|pixels| pixels.white_border < photo.white_share * 10) {
        defect(Code::PhotoBackground);
    }
    verdict.correct_dpi = opened.dpi != Some(photo.dpi);
}
