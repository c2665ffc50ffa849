//! The 256 bytes of text on the chip (UCS-2, little endian, padded with spaces) in its four layouts.

use std::ops::Range;

use chrono::NaiveDate;
use desk_domain::{
    document::Expiry,
    normalise,
    read_document::{ChipLayout, ReadDocument},
};

/// Length of the text part.
pub(crate) const LENGTH: usize = 256;
const TYPE: Range<usize> = 248..250;

/// Where the fields of a layout stand.
struct Places {
    name: Range<usize>,
    /// Where the name may stand instead.
    other_name: Option<Range<usize>>,
    number: Range<usize>,
    birth: Range<usize>,
    from: Range<usize>,
    to: Range<usize>,
}

impl Places {
    fn of(layout: ChipLayout) -> Self {
        let citizen = Self { name: 0..30, other_name: None, number: 122..158, birth: 36..52, from: 188..204, to: 204..220 };
        match layout {
            ChipLayout::Citizen | ChipLayout::HmtPermit => citizen,
            ChipLayout::Foreign2023 => Self { other_name: Some(52..122), ..citizen },
            ChipLayout::Foreign2017 => {
                Self { name: 158..188, other_name: Some(0..120), number: 122..152, birth: 220..236, from: 188..204, to: 204..220 }
            }
        }
    }
}

/// Reads the text; `None` where a field of it is not what the layout says.
pub(crate) fn decode(bytes: &[u8]) -> Option<ReadDocument> {
    if bytes.len() != LENGTH {
        return None;
    }
    let layout = match field(bytes, TYPE)?.as_str() {
        "" => ChipLayout::Citizen,
        "J" => ChipLayout::HmtPermit,
        "I" => ChipLayout::Foreign2017,
        "Y" => ChipLayout::Foreign2023,
        _ => return None,
    };
    let places = Places::of(layout);
    let mut name = field(bytes, places.name)?;
    if name.is_empty()
        && let Some(other) = places.other_name
    {
        name = field(bytes, other)?;
    }
    let number = field(bytes, places.number)?;
    let birth = field(bytes, places.birth)?;
    if name.is_empty() || number.is_empty() || (number.len() == 18 && number.get(6..14) != Some(birth.as_str())) {
        return None;
    }
    let to = field(bytes, places.to)?;
    Some(ReadDocument {
        layout,
        number,
        name,
        birth: day(&birth)?,
        from: day(&field(bytes, places.from)?)?,
        expiry: if to == "长期" { Expiry::LongTerm } else { Expiry::Until(day(&to)?) },
    })
}

fn day(digits: &str) -> Option<NaiveDate> {
    (digits.len() == 8).then(|| normalise::date(digits))?
}

/// A field without its padding; `None` for bytes that are no text.
fn field(bytes: &[u8], at: Range<usize>) -> Option<String> {
    let units = bytes.get(at)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    // Some modules pad with zeros.
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    Some(text.trim_matches([' ', '\0']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &[(usize, &str)]) -> Vec<u8> {
        let mut bytes: Vec<u8> = " ".repeat(LENGTH / 2).encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (at, value) in fields {
            for (index, unit) in value.encode_utf16().enumerate() {
                bytes[at + 2 * index..at + 2 * index + 2].copy_from_slice(&unit.to_le_bytes());
            }
        }
        bytes
    }

    #[test]
    fn four_layouts() {
        let common = [(36, "19800101"), (122, "34052419800101001X"), (188, "20160301"), (204, "20360301")];
        let with = |more: &[(usize, &str)]| decode(&text(&[&common[..], more].concat()));
        let citizen = with(&[(0, "买买提·艾力"), (52, "某省某市")]).unwrap();
        assert_eq!((citizen.layout, citizen.name.as_str()), (ChipLayout::Citizen, "买买提·艾力"));
        assert_eq!(citizen.number, "34052419800101001X");
        assert_eq!(citizen.expiry, Expiry::Until(NaiveDate::from_ymd_opt(2036, 3, 1).unwrap()));
        assert_eq!(with(&[(0, "欧阳𬱖")]).unwrap().name, "欧阳𬱖", "beyond the first plane");
        assert_eq!(with(&[(0, "张三"), (204, "长期      ")]).unwrap().expiry, Expiry::LongTerm);
        assert_eq!(with(&[(0, "陈某"), (220, "H12345678"), (248, "J")]).unwrap().layout, ChipLayout::HmtPermit);
        let newer = with(&[(52, "DOE JANE"), (248, "Y")]).unwrap();
        assert_eq!((newer.layout, newer.name.as_str()), (ChipLayout::Foreign2023, "DOE JANE"));
        assert_eq!(with(&[(0, "简多"), (52, "DOE JANE"), (248, "Y")]).unwrap().name, "简多");
        let older = decode(&text(&[
            (0, "DOE JANE"),
            (122, "USA123456789012"),
            (188, "20180101"),
            (204, "20280101"),
            (220, "19800101"),
            (248, "I"),
        ]))
        .unwrap();
        assert_eq!((older.layout, older.number.as_str()), (ChipLayout::Foreign2017, "USA123456789012"));
        assert_eq!(older.birth, NaiveDate::from_ymd_opt(1980, 1, 1).unwrap());
        assert!(!format!("{older:?}").contains("USA"), "nothing personal in a log");
    }

    #[test]
    fn nonsense_is_no_document() {
        let good = [(0, "张三"), (36, "19800101"), (122, "34052419800101001X"), (188, "20160301"), (204, "20360301")];
        assert!(decode(&text(&good)).is_some());
        for (at, value) in [(36, "19800102"), (188, "20161301"), (204, "2036    "), (248, "Q"), (0, "  "), (122, " ".repeat(18).as_str())] {
            assert!(decode(&text(&[&good[..], &[(at, value)]].concat())).is_none(), "{at} {value}");
        }
        let mut torn = text(&good);
        torn[0..2].copy_from_slice(&0xD800_u16.to_le_bytes());
        assert!(decode(&torn).is_none(), "half a character");
        assert!(decode(&torn[..255]).is_none());
        assert!(decode(&[0xFF; LENGTH]).is_none());
    }
}
