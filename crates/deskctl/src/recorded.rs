//! A recording of a card: commands with their answers, asked again as if the card lay there.
//!
//! Recordings come from many programs. A command that was sent with another length byte, a file that was selected by its
//! identifier first, or all records in one answer are found all the same.

use desk_card::code::{Code, Message};
use serde_json::Value;

use crate::card::invalid;

/// One command and its answer, status word included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub command: Vec<u8>,
    pub answer: Vec<u8>,
}

/// A file's content without the exchanges around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseFile {
    pub command: Vec<u8>,
    pub content: Vec<u8>,
}

/// Everything that a recording holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    pub exchanges: Vec<Exchange>,
    pub files: Vec<LooseFile>,
    /// Records of the log without the exchanges around them.
    pub log: Vec<Vec<u8>>,
    /// Journeys without the exchanges around them.
    pub trips: Vec<Vec<u8>>,
    pub warnings: Vec<Message>,
}

/// Exchanges of one recording at most.
const MOST: usize = 100_000;

impl Recording {
    /// # Errors
    /// `TranscriptInvalid` where the text is no JSON object of a known form, or holds nothing readable.
    pub fn parse(text: &str) -> Result<Self, Message> {
        let value: Value = serde_json::from_str(text).map_err(|error| invalid(format!("不是 JSON（第 {} 行）", error.line())))?;
        let mut recording = Self::default();
        let list = |name: &str| -> Result<Vec<Value>, Message> {
            match value.get(name) {
                None => Ok(Vec::new()),
                Some(Value::Array(items)) if items.len() <= MOST => Ok(items.clone()),
                Some(_) => Err(invalid(format!("{name} 不是数组"))),
            }
        };
        let mut known = false;
        for (index, item) in list("exchanges")?.iter().enumerate() {
            known = true;
            match pair(item) {
                Some(exchange) => recording.exchanges.push(exchange),
                None => recording.skipped(index),
            }
        }
        for (index, item) in list("files")?.iter().enumerate() {
            known = true;
            let part = |name: &str| item.get(name).and_then(Value::as_str).and_then(|text| hex::decode(text).ok());
            match (part("apdu"), part("hex")) {
                (Some(command), Some(content)) => recording.files.push(LooseFile { command, content }),
                _ => recording.skipped(index),
            }
        }
        let file = value.get("file").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
        for name in ["log18", "trip1E", "records"] {
            for (index, item) in list(name)?.iter().enumerate() {
                known = true;
                let record = item.as_str().or_else(|| item.get("hex").and_then(Value::as_str)).and_then(|text| hex::decode(text).ok());
                match record {
                    Some(record) if name == "trip1E" || (name == "records" && file.ends_with("1E")) => recording.trips.push(record),
                    Some(record) if name == "log18" || file.ends_with("18") => recording.log.push(record),
                    Some(_) | None => recording.skipped(index),
                }
            }
        }
        if !known {
            return Err(invalid("没有 exchanges"));
        }
        if recording.exchanges.is_empty() && recording.files.is_empty() && recording.log.is_empty() && recording.trips.is_empty() {
            return Err(invalid("没有一条可读"));
        }
        Ok(recording)
    }

    fn skipped(&mut self, index: usize) {
        self.warnings.push(Message::new(Code::TranscriptLine).with("line", index + 1));
    }
}

/// Command of four bytes or more, answer of two or more.
fn pair(item: &Value) -> Option<Exchange> {
    let [command, answer] = item.as_array()?.as_slice() else {
        return None;
    };
    let bytes = |value: &Value| hex::decode(value.as_str()?).ok();
    let exchange = Exchange { command: bytes(command)?, answer: bytes(answer)? };
    (exchange.command.len() >= 4 && exchange.answer.len() >= 2).then_some(exchange)
}

/// The card of a recording: answers what it answered then.
pub struct RecordedCard<'a> {
    exchanges: &'a [Exchange],
    /// The part of the recording in which the application that is selected now was talked to.
    from: usize,
    until: usize,
    /// The exchange that was answered last; GET RESPONSE goes on behind it.
    last: usize,
}

impl<'a> RecordedCard<'a> {
    #[must_use]
    pub fn new(exchanges: &'a [Exchange]) -> Self {
        let until = next_application(exchanges, 0);
        Self { exchanges, from: 0, until, last: 0 }
    }

    /// The recorded answer, or what a card says that lacks what was asked for.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let found = match command.get(1) {
            Some(0xA4) => self.select(command),
            Some(0xC0) => self.exchanges.get(self.last + 1).filter(|exchange| exchange.command.get(1) == Some(&0xC0)).map(|exchange| {
                self.last += 1;
                exchange.answer.clone()
            }),
            Some(_) | None => self.find(command),
        };
        found.unwrap_or_else(|| match command.get(1) {
            Some(0xA4 | 0xB0) => vec![0x6A, 0x82],
            Some(0xB2) => vec![0x6A, 0x83],
            Some(_) | None => vec![0x6D, 0x00],
        })
    }

    fn select(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let asked = Parts::of(command);
        let same = |exchange: &Exchange| {
            let recorded = Parts::of(&exchange.command);
            recorded.header == asked.header && recorded.data == asked.data
        };
        // A card answers to the beginning of its name, so a recording under a longer name serves as well.
        let longer = |exchange: &Exchange| {
            let recorded = Parts::of(&exchange.command);
            recorded.header == asked.header
                && asked.header.get(2) == Some(&0x04)
                && recorded.data.starts_with(asked.data)
                && is_ok(exchange)
        };
        let at = self.exchanges.iter().position(same).or_else(|| self.exchanges.iter().position(longer))?;
        let exchange = self.exchanges.get(at)?;
        if is_ok(exchange) {
            self.from = at + 1;
            self.until = next_application(self.exchanges, at + 1);
        }
        self.last = at;
        Some(exchange.answer.clone())
    }

    fn find(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let part = self.exchanges.get(self.from..self.until)?;
        let asked = Parts::of(command);
        let without_length = |exchange: &Exchange| {
            let recorded = Parts::of(&exchange.command);
            recorded.header == asked.header && recorded.data == asked.data
        };
        let at = part.iter().position(|exchange| exchange.command == command).or_else(|| part.iter().position(without_length));
        if let Some(at) = at {
            self.last = self.from + at;
            return part.get(at).map(|exchange| exchange.answer.clone());
        }
        match *asked.header {
            [0x00, 0xB0, p1, 0x00] if p1 & 0x80 != 0 => read_by_identifier(part, p1 & 0x1F),
            [0x00, 0xB2, number, p2] => one_of_all_records(part, number, p2, usize::from(*command.get(4)?)),
            _ => None,
        }
    }
}

/// The file was selected by its identifier and read without one.
fn read_by_identifier(part: &[Exchange], sfi: u8) -> Option<Vec<u8>> {
    part.windows(2).find_map(|pair| {
        let [select, read] = pair else {
            return None;
        };
        let selected = Parts::of(&select.command);
        let meant = selected.header.starts_with(&[0x00, 0xA4, 0x00]) && selected.data == [0x00, sfi] && is_ok(select);
        (meant && read.command.starts_with(&[0x00, 0xB0, 0x00, 0x00])).then(|| read.answer.clone())
    })
}

/// All records came in one answer (P2 = file, reading mode 5).
fn one_of_all_records(part: &[Exchange], number: u8, p2: u8, length: usize) -> Option<Vec<u8>> {
    let all = part.iter().find(|exchange| exchange.command.starts_with(&[0x00, 0xB2, 0x01, (p2 & 0xF8) | 0x05]) && is_ok(exchange))?;
    let data = all.answer.get(..all.answer.len().checked_sub(2)?)?;
    let start = usize::from(number).checked_sub(1)?.checked_mul(length)?;
    let mut record = data.get(start..start.checked_add(length)?).filter(|record| !record.is_empty())?.to_vec();
    record.extend([0x90, 0x00]);
    Some(record)
}

fn is_ok(exchange: &Exchange) -> bool {
    exchange.answer.ends_with(&[0x90, 0x00]) || exchange.answer.iter().rev().nth(1) == Some(&0x61)
}

/// Where the next application is selected; a file inside one is none.
fn next_application(exchanges: &[Exchange], from: usize) -> usize {
    let elsewhere = |exchange: &Exchange| {
        let parts = Parts::of(&exchange.command);
        let file = parts.header.get(2) == Some(&0x00) && parts.data.first() == Some(&0x00);
        parts.header.get(1) == Some(&0xA4) && is_ok(exchange) && !file
    };
    exchanges.iter().enumerate().skip(from).find(|(_, exchange)| elsewhere(exchange)).map_or(exchanges.len(), |(at, _)| at)
}

/// A command without its expected length.
struct Parts<'a> {
    header: &'a [u8; 4],
    data: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(command: &'a [u8]) -> Self {
        const NONE: [u8; 4] = [0; 4];
        let Some((header, rest)) = command.split_first_chunk::<4>() else {
            return Self { header: &NONE, data: &[] };
        };
        let data = match rest.split_first() {
            Some((length, data)) => data.get(..usize::from(*length)).unwrap_or_default(),
            None => &[],
        };
        Self { header, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchanges(pairs: &[(&str, &str)]) -> Vec<Exchange> {
        let bytes = |text: &str| hex::decode(text).unwrap();
        pairs.iter().map(|(command, answer)| Exchange { command: bytes(command), answer: bytes(answer) }).collect()
    }

    fn asked(card: &mut RecordedCard<'_>, command: &str) -> String {
        hex::encode_upper(card.answer(&hex::decode(command).unwrap()))
    }

    #[test]
    fn each_application_answers_for_itself() {
        let said = exchanges(&[
            ("00B0840004", "112233449000"),
            ("00A4040005A00000000100", "6F009000"),
            ("805C000204", "000000019000"),
            ("00A4040005A00000000200", "6F009000"),
            ("805C000204", "000000029000"),
        ]);
        let mut card = RecordedCard::new(&said);
        assert_eq!(asked(&mut card, "00B0840020"), "112233449000", "another length");
        assert_eq!(asked(&mut card, "805C000204"), "6D00", "no application yet");
        assert_eq!(asked(&mut card, "00A4040005A000000002"), "6F009000");
        assert_eq!(asked(&mut card, "805C000204"), "000000029000");
        assert_eq!(asked(&mut card, "00A4040005A000000001"), "6F009000");
        assert_eq!(asked(&mut card, "805C000204"), "000000019000");
        assert_eq!(asked(&mut card, "00A4040005A000000003"), "6A82");
        assert_eq!(asked(&mut card, "00B0840020"), "6A82", "the master file is gone");
    }

    #[test]
    fn files_by_identifier_and_records_in_one_answer() {
        let said = exchanges(&[
            ("00A4040005A00000000100", "6F009000"),
            ("00A4000002001500", "6F009000"),
            ("00B0000000", "AABB9000"),
            ("00B201C500", "01020304059000"),
        ]);
        let mut card = RecordedCard::new(&said);
        asked(&mut card, "00A4040005A000000001");
        assert_eq!(asked(&mut card, "00B095001E"), "AABB9000");
        assert_eq!(asked(&mut card, "00B201C402"), "01029000");
        assert_eq!(asked(&mut card, "00B202C402"), "03049000");
        assert_eq!(asked(&mut card, "00B203C402"), "6A83");
    }

    #[test]
    fn more_data_goes_on_where_it_was() {
        let said = exchanges(&[("00A4040005A0000000010000", "6104"), ("00C0000004", "6F0284009000")]);
        let mut card = RecordedCard::new(&said);
        assert_eq!(asked(&mut card, "00A4040005A000000001"), "6104");
        assert_eq!(asked(&mut card, "00C0000004"), "6F0284009000");
        assert_eq!(asked(&mut card, "00C0000004"), "6D00");
    }

    #[test]
    fn what_is_no_recording_is_said() {
        let code = |text: &str| Recording::parse(text).unwrap_err().code;
        for text in ["", "[]", "{}", "null", "{\"exchanges\":3}", "{\"exchanges\":[]}", "{\"exchanges\":[[\"zz\",\"9000\"]]}"] {
            assert_eq!(code(text), Code::TranscriptInvalid, "{text}");
        }
        let odd = Recording::parse("{\"exchanges\":[[\"00B08400020\",\"6A82\"],[\"805C000204\",\"000000019000\"]]}").unwrap();
        assert_eq!((odd.exchanges.len(), odd.warnings.len()), (1, 1));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_and_the_others_count() {
        let recording = Recording::parse("{\"exchanges\":[[\"00B0840004\",\"112233449000\"],[\"zz\",\"9000\"]]}").unwrap();
        assert_eq!(recording.exchanges.len(), 1);
        assert_eq!(recording.warnings, [Message::new(Code::TranscriptLine).with("line", 2)]);
    }
}
