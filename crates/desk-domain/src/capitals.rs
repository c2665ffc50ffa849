//! Amounts in Chinese capitals (大写), as receipts and vouchers show them beside the figures.

use crate::money::Fen;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 5] = ["", "万", "亿", "兆", "京"];

/// `32.00` → 叁拾贰元整, `20.05` → 贰拾元零伍分; a negative amount begins with 负.
#[must_use]
pub fn capitals(amount: Fen) -> String {
    let fen = amount.0.unsigned_abs();
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut out = String::new();
    if amount.0 < 0 {
        out.push('负');
    }
    if yuan > 0 {
        out.push_str(&whole(yuan));
        out.push('元');
    }
    match (jiao, fen) {
        (0, 0) if yuan == 0 => out.push_str("零元整"),
        (0, 0) => out.push('整'),
        (0, fen) => {
            if yuan > 0 {
                out.push('零');
            }
            out.push(digit(fen));
            out.push('分');
        }
        (jiao, fen) => {
            out.push(digit(jiao));
            out.push('角');
            if fen > 0 {
                out.push(digit(fen));
                out.push('分');
            }
        }
    }
    out
}

fn digit(value: u64) -> char {
    usize::try_from(value).ok().and_then(|index| DIGITS.get(index).copied()).unwrap_or('零')
}

/// A whole number in groups of four digits; a run of zeros is read once, and not at all at the end of a group.
fn whole(number: u64) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (group, name) in GROUPS.iter().enumerate().rev() {
        let value = u32::try_from(group).ok().and_then(|group| 10_000_u64.checked_pow(group)).map_or(0, |unit| number / unit % 10_000);
        if value == 0 {
            gap = gap || !out.is_empty();
            continue;
        }
        for (place, unit) in PLACES.iter().enumerate().rev() {
            let digit_value = u32::try_from(place).ok().map_or(0, |place| value / 10_u64.pow(place) % 10);
            if digit_value == 0 {
                gap = gap || !out.is_empty();
                continue;
            }
            if gap {
                out.push('零');
                gap = false;
            }
            out.push(digit(digit_value));
            out.push_str(unit);
        }
        out.push_str(name);
        // Zeros at the end of a group are not read; the next group's own leading zeros are.
        gap = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_vouchers_write_them() {
        for (fen, words) in [
            (2000, "贰拾元整"),
            (1200, "壹拾贰元整"),
            (3200, "叁拾贰元整"),
            (2005, "贰拾元零伍分"),
            (2050, "贰拾元伍角"),
            (10_001, "壹佰元零壹分"),
            (100_500, "壹仟零伍元整"),
            (1_000_000, "壹万元整"),
            (12_345_678, "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
            (1, "壹分"),
            (0, "零元整"),
            (-3650, "负叁拾陆元伍角"),
            (10_000_100, "壹拾万零壹元整"),
            (100_010_000, "壹佰万零壹佰元整"),
            (101_000, "壹仟零壹拾元整"),
            (10_100_000, "壹拾万壹仟元整"),
            (1_000_000_000_100, "壹佰亿零壹元整"),
            (10_050_000, "壹拾万零伍佰元整"),
            (36_51, "叁拾陆元伍角壹分"),
        ] {
            assert_eq!(capitals(Fen(fen)), words, "{fen}");
        }
    }
}
