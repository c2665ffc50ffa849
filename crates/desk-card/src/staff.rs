//! The conversation with a staff card: certificate, PIN, signature. Changes nothing but the card's own count of tries.

use desk_domain::{
    code::{Code, Message},
    pin::Pin,
    staff::StaffProof,
};

use crate::{
    apdu::{self, Response},
    flow::{Act, Event, Flow, Wired},
    status::Sw,
    transaction::{Reply, Step, Transaction},
};

/// Name of the application.
pub const STAFF_APPLICATION: &[u8] = &[0xF0, b'C', b'A', b'R', b'D', b'D', b'E', b'S', b'K', 0x01];
/// File of the certificate, DER.
pub const CERTIFICATE_FILE: [u8; 2] = [0x00, 0x01];
/// Number of the PIN.
pub const STAFF_PIN: u8 = 0;
/// Bytes asked for at once.
const PART: usize = 0xE0;
/// No certificate of ours comes near.
const LONGEST: usize = 2048;

/// Proves whose card lies there: selects the application, reads the certificate, gives the PIN, has the challenge signed.
///
/// Ends with `STAFF_CARD_MISSING` (no card of staff), `STAFF_PIN_WRONG` with the tries that are left, `STAFF_PIN_LOCKED`,
/// `CARD_PULLED` or `CARD_REFUSED`.
pub struct ProveStaff(Wired<Proving>);

impl ProveStaff {
    #[must_use]
    pub fn new(pin: Pin, challenge: [u8; 32]) -> Self {
        Self(Wired::new(Proving { pin, challenge, at: At::Start }))
    }
}

impl Transaction for ProveStaff {
    type End = Result<StaffProof, Message>;

    fn step(&mut self, reply: Reply) -> Step<Self::End> {
        self.0.step(reply)
    }
}

struct Proving {
    pin: Pin,
    challenge: [u8; 32],
    at: At,
}

enum At {
    Start,
    Application,
    File,
    Head,
    Certificate { read: Vec<u8>, length: usize },
    Pin { certificate: Vec<u8> },
    Signing { certificate: Vec<u8> },
    Over,
}

type End = Result<StaffProof, Message>;

fn ends(code: Code) -> Act<End> {
    Act::Done(Err(Message::new(code)))
}

/// Length of a DER object by its first four bytes; certificates need the long form.
fn length(head: &[u8]) -> Option<usize> {
    match *head {
        [0x30, 0x82, high, low] => Some(usize::from(u16::from_be_bytes([high, low])) + 4).filter(|length| *length <= LONGEST),
        _ => None,
    }
}

impl Proving {
    fn send(&mut self, at: At, command: Vec<u8>) -> Act<End> {
        self.at = at;
        Act::Send(command)
    }

    fn more(&mut self, read: Vec<u8>, length: usize) -> Act<End> {
        if read.len() >= length {
            let command = apdu::verify(STAFF_PIN, &self.pin.bytes());
            return self.send(At::Pin { certificate: read }, command);
        }
        let command = apdu::read_on(read.len(), PART.min(length - read.len()));
        self.send(At::Certificate { read, length }, command)
    }

    fn heard(&mut self, at: At, response: Response) -> Act<End> {
        match (at, response.sw) {
            (At::Application, Sw::OK) => self.send(At::File, apdu::select_file(&CERTIFICATE_FILE)),
            (At::Application, _) => ends(Code::StaffCardMissing),
            (At::File, Sw::OK) => self.send(At::Head, apdu::read_on(0, 4)),
            (At::Head, Sw::OK) => match length(&response.data) {
                Some(length) => self.more(Vec::new(), length),
                None => ends(Code::StaffCardInvalid),
            },
            (At::Certificate { mut read, length }, Sw::OK) if !response.data.is_empty() => {
                read.extend(response.data);
                self.more(read, length)
            }
            (At::Pin { certificate }, Sw::OK) => {
                let command = apdu::internal_authenticate(&self.challenge);
                self.send(At::Signing { certificate }, command)
            }
            (At::Pin { .. }, Sw(0x6983 | 0x63C0)) => ends(Code::StaffPinLocked),
            (At::Pin { .. }, Sw(sw @ 0x63C1..=0x63CF)) => {
                Act::Done(Err(Message::new(Code::StaffPinWrong).with("left", sw.to_be_bytes()[1] & 0x0F)))
            }
            (At::Signing { certificate }, Sw::OK) if response.data.len() == 64 => {
                Act::Done(Ok(StaffProof { certificate: hex::encode(certificate), signature: hex::encode(response.data) }))
            }
            (_, sw) => Act::Done(Err(sw.refusal())),
        }
    }
}

impl Flow for Proving {
    type End = End;

    fn next(&mut self, event: Event) -> Act<End> {
        match (std::mem::replace(&mut self.at, At::Over), event) {
            (At::Start, Event::Begin) => self.send(At::Application, apdu::select(STAFF_APPLICATION)),
            (
                at @ (At::Application | At::File | At::Head | At::Certificate { .. } | At::Pin { .. } | At::Signing { .. }),
                Event::Card(response),
            ) => self.heard(at, response),
            _ => ends(Code::CardPulled),
        }
    }
}
