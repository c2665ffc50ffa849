//! The tag of a JPG's resolution, corrected without touching the picture.

const START: [u8; 2] = [0xFF, 0xD8];
const APP0: [u8; 2] = [0xFF, 0xE0];
const JFIF: &[u8] = b"JFIF\0";
const DOTS_PER_INCH: u8 = 1;

/// The same picture with this many dots per inch in its tag; `None` where these bytes are no JPG.
#[must_use]
pub fn corrected(jpeg: &[u8], dpi: u16) -> Option<Vec<u8>> {
    let rest = jpeg.strip_prefix(&START)?;
    let [high, low] = dpi.to_be_bytes();
    let tag = [DOTS_PER_INCH, high, low, high, low];
    let mut new = START.to_vec();
    // Marker, length, name, version of two bytes, then the tag of five.
    if rest.starts_with(&APP0) && rest.get(4..9) == Some(JFIF) && rest.len() >= 16 {
        new.extend_from_slice(rest.get(..11)?);
        new.extend_from_slice(&tag);
        new.extend_from_slice(rest.get(16..)?);
    } else {
        new.extend_from_slice(&APP0);
        new.extend_from_slice(&[0, 16]);
        new.extend_from_slice(JFIF);
        new.extend_from_slice(&[1, 1]);
        new.extend_from_slice(&tag);
        new.extend_from_slice(&[0, 0]);
        new.extend_from_slice(rest);
    }
    Some(new)
}
