//! Masking of personal data for screen, paper and log: one table, cut by character and never by byte or UTF-16 unit.

/// A name: `张*`, `张*三`, `欧**明`; of a name in parts (`买买提·艾力`, `Anna Smith`) the first part stays.
#[must_use]
pub fn name(full: &str) -> String {
    let trimmed = full.trim();
    if let Some(at) = trimmed.find(['·', ' ']).filter(|at| *at > 0) {
        let (first, rest) = trimmed.split_at(at);
        let separator: String = rest.chars().take(1).collect();
        let hidden = rest.chars().count().saturating_sub(1);
        return format!("{first}{separator}{}", stars(hidden));
    }
    let characters: Vec<char> = trimmed.chars().collect();
    match characters.as_slice() {
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", stars(middle.len())),
    }
}

/// A document number: of 18 characters the first four and last four, of others the first and the last three.
#[must_use]
pub fn id_number(number: &str) -> String {
    let length = number.chars().count();
    if length >= 18 { keep(number, 4, 4) } else { keep(number, 1, 3) }
}

/// A telephone number: `138****5678`.
#[must_use]
pub fn phone(number: &str) -> String {
    keep(number, 3, 4)
}

/// A card number on the screen: first six and last four, in groups of four.
#[must_use]
pub fn card_on_screen(number: &str) -> String {
    let masked: Vec<char> = keep(number, 6, 4).chars().collect();
    masked.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// A card number on paper: last four.
#[must_use]
pub fn card_on_paper(number: &str) -> String {
    keep(number, 0, 4)
}

/// An address: up to and with its district, county or city.
#[must_use]
pub fn address(full: &str) -> String {
    let end = full.char_indices().find(|(_, c)| matches!(c, '区' | '县' | '市')).map_or(0, |(at, c)| at + c.len_utf8());
    let (shown, hidden) = full.split_at(end);
    if hidden.is_empty() { shown.to_owned() } else { format!("{shown}***") }
}

/// Keeps `head` and `tail` characters; where that would show more than half of it, hides all but the last.
fn keep(text: &str, head: usize, tail: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len();
    if length == 0 {
        return String::new();
    }
    let (head, tail) = if length > head + tail { (head, tail) } else { (0, usize::from(length > 1)) };
    let hidden = length - head - tail;
    characters
        .iter()
        .take(head)
        .copied()
        .chain(std::iter::repeat_n('*', hidden))
        .chain(characters.iter().skip(length - tail).copied())
        .collect()
}

fn stars(count: usize) -> String {
    "*".repeat(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_character() {
        assert_eq!(name("张三"), "张*");
        assert_eq!(name("张小三"), "张*三");
        assert_eq!(name("欧阳修明"), "欧**明");
        assert_eq!(name("欧阳𬱖"), "欧*𬱖");
        assert_eq!(name("𠅤"), "*");
        assert_eq!(name("买买提·艾力"), "买买提·**");
        assert_eq!(name("Anna Smith"), "Anna *****");
        assert_eq!(name(""), "");
    }

    #[test]
    fn numbers_show_little() {
        assert_eq!(id_number("320500201503150012"), "3205**********0012");
        assert_eq!(id_number("E12345678"), "E*****678");
        assert_eq!(phone("13800005678"), "138****5678");
        assert_eq!(card_on_screen("2150999000000001"), "2150 99** **** 0001");
        assert_eq!(card_on_paper("2150999000000001"), "************0001");
        assert_eq!(id_number("AB1"), "**1");
        assert_eq!(phone("7"), "*");
        assert_eq!(address("姑苏区干将西路498号"), "姑苏区***");
        assert_eq!(address("干将西路"), "***");
    }
}
