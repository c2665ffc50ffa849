//! GA 450 frames: `AA AA AA 96 69 | length | body | xor`. The length counts body and xor; the xor runs over everything after
//! the preamble.

pub(crate) const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];
/// A reply with text, photograph and fingerprint is 2 321 bytes; nothing longer is believed.
const LONGEST: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Find,
    Select,
    /// Text and photograph.
    ReadBase,
    /// Identity number of the module; the doctor's question.
    SamId,
}

impl Command {
    pub(crate) fn frame(self) -> Vec<u8> {
        let [command, parameter] = match self {
            Self::Find => [0x20, 0x01],
            Self::Select => [0x20, 0x02],
            Self::ReadBase => [0x30, 0x01],
            Self::SamId => [0x12, 0xFF],
        };
        let body = [0x00, 0x03, command, parameter];
        [&PREAMBLE[..], &body, &[xor(&body)]].concat()
    }
}

/// A reply whose frame is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Third status byte; the first two are zero.
    pub status: u8,
    pub data: Vec<u8>,
}

/// What the bytes received so far are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// At least this many more bytes belong to the frame.
    More(usize),
    Whole(Reply),
    /// Length, xor or status contradict the frame.
    Garbled,
}

/// Looks for one frame; whatever stands before the preamble is noise of the line.
pub(crate) fn receive(bytes: &[u8]) -> Received {
    let Some(start) = bytes.windows(PREAMBLE.len()).position(|window| window == PREAMBLE) else {
        return if bytes.len() > LONGEST { Received::Garbled } else { Received::More(1) };
    };
    let Some((length, rest)) = bytes.get(start + PREAMBLE.len()..).and_then(<[u8]>::split_first_chunk::<2>) else {
        return Received::More(1);
    };
    let size = usize::from(u16::from_be_bytes(*length));
    if !(4..=LONGEST).contains(&size) {
        return Received::Garbled;
    }
    let Some(body) = rest.get(..size) else {
        return Received::More(size - rest.len());
    };
    match body {
        [0x00, 0x00, status, data @ .., check] if xor(length) ^ xor(&body[..size - 1]) == *check => {
            Received::Whole(Reply { status: *status, data: data.to_vec() })
        }
        _ => Received::Garbled,
    }
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |all, byte| all ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn published_commands() {
        for (command, frame) in [
            (Command::Find, "AAAAAA96690003200122"),
            (Command::Select, "AAAAAA96690003200221"),
            (Command::ReadBase, "AAAAAA96690003300132"),
            (Command::SamId, "AAAAAA9669000312FFEE"),
        ] {
            assert_eq!(command.frame(), bytes(frame), "{command:?}");
        }
    }

    #[test]
    fn published_replies() {
        for (frame, status, data) in [
            ("AAAAAA96690004000080 84", 0x80, 0),
            ("AAAAAA96690004000081 85", 0x81, 0),
            ("AAAAAA96690004000041 45", 0x41, 0),
            ("AAAAAA9669000800009F00000000 97", 0x9F, 4),
            ("AAAAAA9669000C0000900000000000000000 9C", 0x90, 8),
        ] {
            let whole = bytes(&frame.replace(' ', ""));
            assert_eq!(receive(&whole), Received::Whole(Reply { status, data: vec![0; data] }), "{frame}");
            for cut in 0..whole.len() {
                assert!(matches!(receive(&whole[..cut]), Received::More(1..)), "{frame} after {cut}");
            }
            for at in 5..whole.len() {
                let mut wrong = whole.clone();
                wrong[at] ^= 0x01;
                assert!(!matches!(receive(&wrong), Received::Whole(_)), "{frame}: byte {at} is not believed");
            }
            let noisy = [&[0x00, 0xAA, 0xAA][..], &whole].concat();
            assert!(matches!(receive(&noisy), Received::Whole(_)), "noise before it");
        }
        assert_eq!(receive(&bytes("AAAAAA9669FFFF")), Received::Garbled);
        assert_eq!(receive(&bytes("AAAAAA96690000")), Received::Garbled);
        assert_eq!(receive(&vec![0x55; LONGEST + 1]), Received::Garbled, "an endless line");
    }
}
