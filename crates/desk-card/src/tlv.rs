//! BER-TLV as cards send it: lengths that count filler, filler between objects, templates cut short.

/// Finds the value of the first object with `tag`, looking into templates. Filler bytes 00 and FF between objects are
/// skipped, and a length that runs past the end is cut to what is there: real cards do both.
#[must_use]
pub fn find(bytes: &[u8], tag: u16) -> Option<&[u8]> {
    find_within(bytes, tag, 4)
}

fn find_within(mut rest: &[u8], wanted: u16, depth: u8) -> Option<&[u8]> {
    while let Some((&first, after)) = rest.split_first() {
        if first == 0x00 || first == 0xFF {
            rest = after;
            continue;
        }
        let (tag, after) = if first & 0x1F == 0x1F {
            let (&second, after) = after.split_first()?;
            (u16::from_be_bytes([first, second]), after)
        } else {
            (u16::from(first), after)
        };
        let (&short, after) = after.split_first()?;
        let (length, after) = match short {
            0x81 => {
                let (&long, after) = after.split_first()?;
                (usize::from(long), after)
            }
            0x82 => {
                let (long, after) = after.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*long)), after)
            }
            short if short < 0x80 => (usize::from(short), after),
            _ => return None,
        };
        let (value, after) = after.split_at(length.min(after.len()));
        if tag == wanted {
            return Some(value);
        }
        if first & 0x20 != 0
            && depth > 0
            && let Some(found) = find_within(value, wanted, depth - 1)
        {
            return Some(found);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_issuer_data_of_an_fci_behind_filler() {
        let fci = hex::decode("6F1A8408A000000632010105A50C9F0802003000009F0C021122000000").unwrap();
        assert_eq!(find(&fci, 0x9F0C), Some(&[0x11, 0x22][..]));
        assert_eq!(find(&fci, 0x84).map(hex::encode), Some("a000000632010105".into()));
        assert_eq!(find(&fci, 0x87), None);
    }

    #[test]
    fn a_template_cut_short_still_gives_what_is_there() {
        let fci = hex::decode("6F40840411223344").unwrap();
        assert_eq!(find(&fci, 0x84), Some(&[0x11, 0x22, 0x33, 0x44][..]));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, tag: u16) {
            let _ = find(&bytes, tag);
        }
    }
}
