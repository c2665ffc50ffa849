//! A photo file as facts. Opened by a JPG library, by its content and never by its name, and never larger than it should be.

use std::{fs, path::Path};

use desk_domain::{
    code::{Code, Message},
    order::Photo,
    photo::{Facts, Opened, Picture, Pixels, Taken},
    unit::PhotoFile,
};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{density, list::bounded};

/// Bytes of a file that are read at all; a longer one is refused by its length.
pub const MOST_BYTES: u64 = 1024 * 1024;
/// Pixels of a picture that are looked at; a larger one is refused by its dimensions. 12 MB of memory.
const MOST_PIXELS: u32 = 4 * 1024 * 1024;
/// Brightest and darkest of a pixel's three colours are further apart: it has a hue. JPG itself makes a few.
const HUE: u8 = 16;

/// Is this the name of a file in the folder itself, and of none that is hidden?
pub(crate) fn plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0']) && !name.chars().any(char::is_control)
}

/// What lies under a file name in a folder. The name comes from a list that somebody else wrote: it names a plain file in
/// that very folder and nothing else.
#[must_use]
pub fn find(folder: &Path, name: &str, white_from: u32) -> PhotoFile {
    if !plain(name) {
        return PhotoFile::BadName;
    }
    let path = folder.join(name);
    // A link leads out of the folder; a device or a pipe never ends.
    let Ok(about) = fs::symlink_metadata(&path) else {
        return PhotoFile::Missing;
    };
    if !about.is_file() {
        return PhotoFile::BadName;
    }
    match bounded(&path, MOST_BYTES) {
        Ok(Some(bytes)) => PhotoFile::Found(facts(&bytes, white_from)),
        Ok(None) => PhotoFile::Found(Facts { bytes: about.len().max(MOST_BYTES + 1), picture: Picture::NotOpened }),
        Err(_) => PhotoFile::Missing,
    }
}

/// A photo out of a folder, with what it is and its bytes under the right tag.
///
/// # Errors
/// `PHOTO_FILE_MISSING` where no plain file of this name lies in that very folder.
pub fn take(folder: &Path, name: &str, white_from: u32, dpi: u16) -> Result<Taken, Message> {
    let missing = || Message::new(Code::PhotoFileMissing);
    match find(folder, name, white_from) {
        PhotoFile::Missing | PhotoFile::BadName => Err(missing()),
        PhotoFile::Found(facts) => {
            let bytes = bounded(&folder.join(name), MOST_BYTES).map_err(|_| missing())?.unwrap_or_default();
            let tagged = density::corrected(&bytes, dpi).unwrap_or(bytes);
            Ok(Taken { facts, photo: Photo(hex::encode(tagged)) })
        }
    }
}

/// What lies under a file name, and the SHA-256 (hexadecimal digits) of the photo as [`take`] would give it.
#[must_use]
pub fn seen(folder: &Path, name: &str, white_from: u32, dpi: u16) -> (PhotoFile, Option<String>) {
    let file = find(folder, name, white_from);
    let sha256 = match file {
        PhotoFile::Found(_) => take(folder, name, white_from, dpi).ok().and_then(|taken| taken.photo.sha256()),
        PhotoFile::Missing | PhotoFile::BadName => None,
    };
    (file, sha256)
}

/// The facts of a photo in these bytes; `white_from` is the programme's.
#[must_use]
pub fn facts(bytes: &[u8], white_from: u32) -> Facts {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Facts { bytes: length, picture: picture(bytes, white_from) }
}

fn picture(bytes: &[u8], white_from: u32) -> Picture {
    if !bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Picture::NotJpeg;
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    if decoder.decode_headers().is_err() {
        return Picture::Broken;
    }
    let Some(info) = decoder.info() else {
        return Picture::Broken;
    };
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let mut pixels = None;
    if info.components == 3 && width * height <= MOST_PIXELS {
        let Ok(rgb) = decoder.decode() else {
            return Picture::Broken;
        };
        pixels = counted(&rgb, width, height, white_from);
        if pixels.is_none() {
            return Picture::Broken;
        }
    }
    Picture::Opened(Opened { width, height, dpi: density::tagged(bytes), components: info.components, pixels })
}

/// Counts over all pixels, and over the border: a twentieth along the top, and along both sides down to the middle, where
/// shoulders may begin.
fn counted(rgb: &[u8], width: u32, height: u32, white_from: u32) -> Option<Pixels> {
    let row_bytes = usize::try_from(width).ok()?.checked_mul(3)?;
    if row_bytes == 0 || rgb.len() != row_bytes.checked_mul(usize::try_from(height).ok()?)? {
        return None;
    }
    let (edge_x, edge_y) = ((width / 20).max(1), (height / 20).max(1));
    let (mut all, mut coloured, mut border, mut white) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (y, row) in (0_u32..).zip(rgb.chunks_exact(row_bytes)) {
        for (x, pixel) in (0_u32..).zip(row.chunks_exact(3)) {
            let (darkest, brightest) = (pixel.iter().min()?, pixel.iter().max()?);
            all += 1;
            coloured += u64::from(brightest - darkest > HUE);
            if y < edge_y || (y < height / 2 && (x < edge_x || x >= width - edge_x)) {
                border += 1;
                white += u64::from(u32::from(*darkest) >= white_from);
            }
        }
    }
    let of_thousand = |part: u64, whole: u64| u32::try_from((part * 1000).checked_div(whole)?).ok();
    Some(Pixels { white_border: of_thousand(white, border)?, coloured: of_thousand(coloured, all)? })
}
