//! BER-TLV as cards send it: lengths that count filler, filler between objects, templates cut short.

/// Finds the value of the first object with `tag`, looking into templates. Filler bytes 00 and FF between objects are
/// skipped, and a length that runs past the end is cut to what is there: real cards do both.
#[must_use]
pub fn find(bytes: &[u8], tag: u16) -> Option<&[u8]> {
    let mut found = None;
    walk(bytes, DEEPEST, &mut |seen, value| {
        if seen == tag {
            found = Some(value);
        }
        found.is_none()
    });
    found
}

/// The values of all objects with `tag`, in order; under the same leniency as [`find`].
#[must_use]
pub fn find_all(bytes: &[u8], tag: u16) -> Vec<&[u8]> {
    let mut found = Vec::new();
    walk(bytes, DEEPEST, &mut |seen, value| {
        if seen == tag {
            found.push(value);
        }
        true
    });
    found
}

/// Templates within templates that are still looked into.
const DEEPEST: u8 = 4;

/// Shows every object to `visit` until it answers false. Answers whether it went to the end.
fn walk<'a>(mut rest: &'a [u8], depth: u8, visit: &mut dyn FnMut(u16, &'a [u8]) -> bool) -> bool {
    while let Some(object) = next(&mut rest) {
        if !visit(object.tag, object.value) || (object.template && depth > 0 && !walk(object.value, depth - 1, visit)) {
            return false;
        }
    }
    true
}

struct Object<'a> {
    tag: u16,
    template: bool,
    value: &'a [u8],
}

/// The object at the beginning of `rest`, behind filler; none where nothing more can be read.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Object<'a>> {
    let filler = rest.iter().take_while(|byte| matches!(byte, 0x00 | 0xFF)).count();
    let (&first, after) = rest.get(filler..)?.split_first()?;
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
    *rest = after;
    Some(Object { tag, template: first & 0x20 != 0, value })
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

    #[test]
    fn all_objects_of_a_directory() {
        let directory = hex::decode("BF0C1161064F04A000000161074F05A00000000200").unwrap();
        assert_eq!(find_all(&directory, 0x4F), [&[0xA0, 0, 0, 1][..], &[0xA0, 0, 0, 0, 2][..]]);
        assert!(find_all(&directory, 0x50).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, tag: u16) {
            let all = find_all(&bytes, tag);
            proptest::prop_assert_eq!(find(&bytes, tag), all.first().copied());
        }
    }
}
