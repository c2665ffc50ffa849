//! Masks what is personal or secret in a conversation with a card, by the structure of its commands: PINs, the holder's file,
//! journeys, and card numbers but for their last digits.

use desk_domain::trail::Exchanged;

use crate::{link::Answer, profile::Profiles, tlv};

/// A command, its answer and their times in milliseconds, as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub at: u32,
    pub took: u32,
    pub command: Vec<u8>,
    pub answer: Answer,
}

/// Digits of a card number that stay.
const TAIL: usize = 4;
/// Shorter numbers are none.
const SHORTEST: usize = 8;

/// The conversation without what nobody else may know.
#[must_use]
pub fn redacted(profiles: &Profiles, said: &[Said]) -> Vec<Exchanged> {
    let holders: Vec<u8> = profiles.layouts().filter_map(|layout| Some(layout.holder.as_ref()?.sfi)).collect();
    let trips: Vec<u8> = profiles.layouts().filter_map(|layout| Some(layout.trip.as_ref()?.sfi)).collect();
    let numbers = numbers(profiles, said);
    let mask_numbers = |digits: String| numbers.iter().fold(digits, |digits, number| without_number(&digits, number));
    let shown = |one: &Said| {
        let hides = Hides::of(&one.command, &holders, &trips);
        let command = match hides {
            Hides::CommandData | Hides::Both => masked(&one.command, 5.min(one.command.len()), one.command.len()),
            Hides::Nothing | Hides::AnswerData => mask_numbers(hex::encode_upper(&one.command)),
        };
        let answer = match &one.answer {
            Answer::Lost => None,
            Answer::Response(bytes) => Some(match hides {
                Hides::AnswerData | Hides::Both => masked(bytes, 0, bytes.len().saturating_sub(2)),
                Hides::Nothing | Hides::CommandData => mask_numbers(hex::encode_upper(bytes)),
            }),
        };
        Exchanged { at: one.at, took: one.took, command, answer }
    };
    said.iter().map(shown).collect()
}

/// What of an exchange is hidden whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hides {
    Nothing,
    CommandData,
    AnswerData,
    Both,
}

impl Hides {
    fn of(command: &[u8], holders: &[u8], trips: &[u8]) -> Self {
        match *command {
            // VERIFY, CHANGE and RELOAD PIN, PIN UNBLOCK.
            [_, 0x20 | 0x24 | 0x2C | 0x5E, ..] => Self::Both,
            [_, 0xD6, p1, ..] if p1 & 0x80 != 0 && holders.contains(&(p1 & 0x1F)) => Self::CommandData,
            [_, 0xB0, p1, ..] if p1 & 0x80 != 0 && holders.contains(&(p1 & 0x1F)) => Self::AnswerData,
            // Where a person was.
            [_, 0xB2, _, p2, ..] if trips.contains(&(p2 >> 3)) => Self::AnswerData,
            _ => Self::Nothing,
        }
    }
}

fn masked(bytes: &[u8], from: usize, to: usize) -> String {
    let show = |(at, byte): (usize, &u8)| if (from..to).contains(&at) { "**".to_owned() } else { format!("{byte:02X}") };
    bytes.iter().enumerate().map(show).collect()
}

/// Every card number that a family sees in these answers, and in what was written.
fn numbers(profiles: &Profiles, said: &[Said]) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for one in said {
        let Answer::Response(answer) = &one.answer else {
            continue;
        };
        let content = answer.strip_suffix(&[0x90, 0x00]).unwrap_or(answer);
        for file in tlv::find(content, 0x9F0C).into_iter().chain([content]) {
            let seen = profiles.layouts().filter(|layout| layout.fits(file)).filter_map(|layout| layout.facts(file));
            numbers.extend(seen.map(|facts| facts.image.card_no.as_str().to_owned()));
        }
        if let [0x04, 0xD6, _, 0x00, _, data @ ..] = one.command.as_slice() {
            // A number that is written onto a blank stands at the beginning of its file.
            numbers.push(hex::encode(data.get(..data.len().saturating_sub(4)).unwrap_or_default()));
        }
    }
    numbers.retain(|number| number.len() >= SHORTEST && number.bytes().any(|digit| digit != b'0'));
    numbers.sort_by_key(|number| std::cmp::Reverse(number.len()));
    numbers.dedup();
    numbers
}

/// Digits in BCD are the digits of the text, so a number is found at either half of a byte.
fn without_number(digits: &str, number: &str) -> String {
    let hidden = format!("{}{}", "*".repeat(number.len() - TAIL), number.get(number.len() - TAIL..).unwrap_or_default());
    digits.replace(&number.to_uppercase(), &hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str, answer: &str) -> Said {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let answer = if answer.is_empty() { Answer::Lost } else { Answer::Response(bytes(answer)) };
        Said { at: 7, took: 3, command: bytes(command), answer }
    }

    fn shown(said: &[Said]) -> Vec<(String, Option<String>)> {
        redacted(&Profiles::built_in().unwrap(), said).into_iter().map(|one| (one.command, one.answer)).collect()
    }

    #[test]
    fn numbers_are_cut_to_their_tail_wherever_they_stand() {
        let file = format!("02009998FFFFFFFF020103109999900000000013{}0000", "2024010120440101");
        let fci = format!("6F318408A000000632010105A5259F0801029F0C1E{file}9000");
        let all = shown(&[said("00A4040008A000000632010105", &fci), said("00B095001E", &format!("{file}9000")), said("805C000204", "")]);
        for (_, answer) in all.iter().take(2) {
            let answer = answer.as_deref().unwrap();
            assert!(answer.contains("***0013") && !answer.contains("99999000000000"), "{answer}");
            assert!(answer.ends_with("9000"));
        }
        assert_eq!(all[2], ("805C000204".to_owned(), None));
    }

    #[test]
    fn secrets_are_hidden_by_their_command() {
        let all = shown(&[
            said("0020000003123456", "63C2"),
            said("805E0000071234563DE8778F", "9000"),
            said("842400000C86E4F9FA768CB0D0CD1BEDAC", "9000"),
            said("00B0960037", "0000B2E2CAD4BCD700009000"),
            said("04D6960218B2E2CAD4BCD70000000000000000000000000000AABBCCDD", "9000"),
            said("00B201F430", "04000000009000"),
        ]);
        let [(verify, tries), (reload, _), (unblock, _), (_, holder), (update, _), (_, trip)] = all.as_slice() else {
            panic!("six");
        };
        assert_eq!((verify.as_str(), tries.as_deref()), ("0020000003******", Some("63C2")));
        assert_eq!(reload, "805E000007**************");
        assert!(unblock.starts_with("842400000C**") && unblock.ends_with("**"));
        assert_eq!(holder.as_deref(), Some("********************9000"));
        assert!(update.starts_with("04D6960218**") && !update.contains("B2E2"));
        assert_eq!(trip.as_deref(), Some("**********9000"));
    }
}
