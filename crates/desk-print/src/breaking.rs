//! Line breaking by measured widths: Chinese breaks anywhere but beside its punctuation, words and numbers stay whole.

use crate::typeface::Typeface;

/// Must not start a line.
const NEVER_FIRST: &str = "，。、；：？！）】》〉」』”’·…—,.;:?!)]}%％‰℃元";
/// Must not end a line.
const NEVER_LAST: &str = "（【《〈「『“‘([{¥￥№";

/// Breaks `text` into lines of at most `width` mm at `size` pt. A word wider than a line is cut where it must be.
pub(crate) fn lines(face: &Typeface, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for piece in pieces(paragraph) {
            let candidate = format!("{line}{piece}");
            if face.width(candidate.trim_end(), size) <= width {
                line = candidate;
                continue;
            }
            if !line.trim().is_empty() {
                lines.push(line.trim_end().to_owned());
            }
            line = String::new();
            for character in piece.trim_start().chars() {
                let longer = format!("{line}{character}");
                if !line.is_empty() && face.width(longer.trim_end(), size) > width {
                    lines.push(std::mem::take(&mut line));
                    line.push(character);
                } else {
                    line = longer;
                }
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Cuts a paragraph into pieces between which a line may end.
fn pieces(paragraph: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut previous: Option<char> = None;
    for character in paragraph.chars() {
        let cut = previous.is_none_or(|before| may_break(before, character));
        match pieces.last_mut() {
            Some(piece) if !cut => piece.push(character),
            Some(_) | None => pieces.push(character.to_string()),
        }
        previous = Some(character);
    }
    pieces
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' || NEVER_FIRST.contains(after) || NEVER_LAST.contains(before) {
        return false;
    }
    if before == ' ' {
        return true;
    }
    !(is_word(before) && is_word(after))
}

/// Letters, digits and what holds numbers and file names together.
fn is_word(character: char) -> bool {
    character.is_ascii_graphic() || ('\u{00C0}'..='\u{024F}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn numbers_and_words_stay_whole_and_punctuation_stays_with_its_word() {
        assert_eq!(pieces("单号 2026-0017，请保管"), ["单", "号 ", "2026-0017，", "请", "保", "管"]);
        assert_eq!(pieces("买买提·艾力（代办）"), ["买", "买", "提·", "艾", "力", "（代", "办）"]);
        assert_eq!(pieces("实收 20.00元"), ["实", "收 ", "20.00元"]);
    }
}
