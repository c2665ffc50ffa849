//! The tag of a JPG's resolution, corrected without touching the picture.

const START: [u8; 2] = [0xFF, 0xD8];
const APP0: [u8; 2] = [0xFF, 0xE0];
const JFIF: &[u8] = b"JFIF\0";
const DOTS_PER_INCH: u8 = 1;
const DOTS_PER_CENTIMETRE: u8 = 2;

/// Dots per inch as the tag says; `None` where there is no tag, or one that is no resolution.
#[must_use]
pub fn tagged(jpeg: &[u8]) -> Option<u32> {
    let rest = jpeg.strip_prefix(&START)?.strip_prefix(&APP0)?;
    let [unit, x1, x2, y1, y2] = *rest.get(9..14)?.first_chunk::<5>()?;
    if rest.get(2..7) != Some(JFIF) || (x1, x2) != (y1, y2) {
        return None;
    }
    let density = u32::from(u16::from_be_bytes([x1, x2]));
    match unit {
        DOTS_PER_INCH => Some(density),
        // 138 per centimetre are 350 per inch, 350.5 to be exact.
        DOTS_PER_CENTIMETRE => Some(density * 254 / 100),
        _ => None,
    }
}

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
