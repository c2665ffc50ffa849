//! A resident-card reader as the other end of a serial line: the security module's answers, with documents put on and taken
//! off and the faults that real ones have. Frames are built here a second time, so that reader and simulator cannot agree
//! on a mistake.

/// A document whose chip this module opens.
#[derive(Debug, Clone)]
pub struct SamDocument {
    /// 256 bytes of UCS-2 text.
    pub text: Vec<u8>,
}

/// Text fields by their byte offset, padded with spaces to 256 bytes; what does not fit is left out.
#[must_use]
pub fn text(fields: &[(usize, &str)]) -> Vec<u8> {
    let mut bytes = [0x20, 0x00].repeat(128);
    for (at, value) in fields {
        for (place, unit) in (*at..).step_by(2).zip(value.encode_utf16()) {
            if let Some(room) = bytes.get_mut(place..place + 2) {
                room.copy_from_slice(&unit.to_le_bytes());
            }
        }
    }
    bytes
}

/// What goes wrong with the next answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamFault {
    /// The module does not answer.
    Silent,
    /// Selecting the chip fails (another card type lies there).
    SelectFails,
    /// Chip and module do not recognise each other.
    Unauthentic,
    /// One bit of the answer turns over on the line.
    BitError,
    /// The answer ends in the middle.
    Cut,
}

/// State of the module between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chip {
    Away,
    Lying,
    Found,
    Selected,
    /// Read; it has to leave the field before it is found again.
    Done,
}

/// The module with at most one document.
#[derive(Debug)]
pub struct Sam {
    document: Option<SamDocument>,
    chip: Chip,
    pub fault: Option<SamFault>,
    heard: Vec<u8>,
}

impl Default for Sam {
    fn default() -> Self {
        Self { document: None, chip: Chip::Away, fault: None, heard: Vec::new() }
    }
}

impl Sam {
    pub fn put(&mut self, document: SamDocument) {
        self.document = Some(document);
        self.chip = Chip::Lying;
    }

    pub fn take_off(&mut self) {
        self.document = None;
        self.chip = Chip::Away;
    }

    /// Bytes from the line; the bytes that answer them.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some(start) = self.heard.windows(5).position(|window| window == [0xAA, 0xAA, 0xAA, 0x96, 0x69]) {
            let Some([_, length]) = self.heard.get(start + 5..start + 7) else {
                break;
            };
            let end = start + 7 + usize::from(*length);
            let Some(body) = self.heard.get(start + 5..end).map(<[u8]>::to_vec) else {
                break;
            };
            self.heard.drain(..end);
            said.extend(self.obey(&body));
        }
        said
    }

    fn obey(&mut self, body: &[u8]) -> Vec<u8> {
        if self.fault == Some(SamFault::Silent) {
            return Vec::new();
        }
        let [_, _, command, parameter, check] = body else {
            return reply(0x11, &[]);
        };
        if body.iter().take(4).fold(0, |all, byte| all ^ byte) != *check {
            return reply(0x10, &[]);
        }
        let mut answer = match (command, parameter) {
            (0x20, 0x01) if matches!(self.chip, Chip::Lying | Chip::Found) => {
                self.chip = Chip::Found;
                reply(0x9F, &[0; 4])
            }
            (0x20, 0x01) => reply(0x80, &[]),
            (0x20, 0x02) if self.chip == Chip::Found && self.fault != Some(SamFault::SelectFails) => {
                self.chip = Chip::Selected;
                reply(0x90, &[0; 8])
            }
            (0x20, 0x02) => reply(0x81, &[]),
            (0x30, 0x01) if self.fault == Some(SamFault::Unauthentic) => reply(0x31, &[]),
            (0x30, 0x01) => match &self.document {
                Some(document) if self.chip == Chip::Selected => {
                    self.chip = Chip::Done;
                    reply(0x90, &[&[0x01, 0x00, 0x04, 0x00][..], &document.text, &[0x57; 1024]].concat())
                }
                Some(_) | None => reply(0x41, &[]),
            },
            (0x12, 0xFF) => reply(0x90, &[0x05; 16]),
            _ => reply(0x24, &[]),
        };
        match self.fault {
            Some(SamFault::BitError) => {
                if let Some(byte) = answer.last_mut() {
                    *byte ^= 0x10;
                }
            }
            Some(SamFault::Cut) => answer.truncate(answer.len() / 2),
            Some(SamFault::Silent | SamFault::SelectFails | SamFault::Unauthentic) | None => {}
        }
        answer
    }
}

fn reply(status: u8, data: &[u8]) -> Vec<u8> {
    let size = u16::try_from(data.len() + 4).unwrap_or(u16::MAX).to_be_bytes();
    let counted = [&size[..], &[0x00, 0x00, status], data].concat();
    let check = counted.iter().fold(0, |all, byte| all ^ byte);
    [&[0xAA, 0xAA, 0xAA, 0x96, 0x69][..], &counted, &[check]].concat()
}
