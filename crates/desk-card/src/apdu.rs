//! Command APDUs of purse cards, and answers split into data and status word.

use chrono::NaiveDateTime;
use desk_domain::card::BlockState;

use crate::{bcd, link::Answer, status::Sw};

/// A whole answer of the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub data: Vec<u8>,
    pub sw: Sw,
}

impl Response {
    /// None for fewer than two bytes: then the outcome is unknown.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, sw) = bytes.split_last_chunk::<2>()?;
        Some(Self { data: data.to_vec(), sw: Sw(u16::from_be_bytes(*sw)) })
    }
}

/// What a purse is opened for; the P1 of INITIALIZE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initialize {
    Load,
    Purchase,
    Unload,
}

/// SELECT by DF name.
#[must_use]
pub fn select(name: &[u8]) -> Vec<u8> {
    let mut command = with_data([0x00, 0xA4, 0x04, 0x00], name);
    command.push(0x00);
    command
}

/// SELECT by the two bytes of a file identifier; 3F00 is the master file.
#[must_use]
pub fn select_file(id: &[u8]) -> Vec<u8> {
    with_data([0x00, 0xA4, 0x00, 0x00], id)
}

/// GET DATA of an object with a tag of two bytes.
#[must_use]
pub fn get_data(tag: u16) -> Vec<u8> {
    let [high, low] = tag.to_be_bytes();
    vec![0x80, 0xCA, high, low, 0x00]
}

/// READ BINARY by short file identifier.
#[must_use]
pub fn read_binary(sfi: u8, length: u8) -> Vec<u8> {
    vec![0x00, 0xB0, 0x80 | sfi, 0x00, length]
}

/// READ RECORD by number and short file identifier.
#[must_use]
pub fn read_record(sfi: u8, number: u8, length: u8) -> Vec<u8> {
    vec![0x00, 0xB2, number, (sfi << 3) | 0x04, length]
}

/// GET BALANCE: four bytes in fen.
#[must_use]
pub fn get_balance(p1: u8, purse: u8) -> Vec<u8> {
    vec![0x80, 0x5C, p1, purse, 0x04]
}

/// GET CHALLENGE; the challenge lives for exactly the next command.
#[must_use]
pub fn get_challenge(length: u8) -> Vec<u8> {
    vec![0x00, 0x84, 0x00, 0x00, length]
}

/// INITIALIZE FOR LOAD, PURCHASE or UNLOAD: writes nothing on the card. `amount` in fen.
#[must_use]
pub fn initialize(what: Initialize, purse: u8, key_index: u8, amount: u32, terminal: [u8; 6]) -> Vec<u8> {
    let (p1, le) = match what {
        Initialize::Load => (0x00, 0x10),
        Initialize::Purchase => (0x01, 0x0F),
        Initialize::Unload => (0x05, 0x10),
    };
    let mut data = vec![key_index];
    data.extend(amount.to_be_bytes());
    data.extend(terminal);
    let mut command = with_data([0x80, 0x50, p1, purse], &data);
    command.push(le);
    command
}

/// CREDIT FOR LOAD; answers the TAC. None where the time does not fit the card's form.
#[must_use]
pub fn credit_for_load(at: NaiveDateTime, mac2: [u8; 4]) -> Option<Vec<u8>> {
    let mut data = bcd::pack_date_time(at)?;
    data.extend(mac2);
    let mut command = with_data([0x80, 0x52, 0x00, 0x00], &data);
    command.push(0x04);
    Some(command)
}

/// DEBIT FOR UNLOAD; answers MAC3. None where the time does not fit the card's form.
#[must_use]
pub fn debit_for_unload(at: NaiveDateTime, mac2: [u8; 4]) -> Option<Vec<u8>> {
    let mut data = bcd::pack_date_time(at)?;
    data.extend(mac2);
    let mut command = with_data([0x80, 0x54, 0x03, 0x00], &data);
    command.push(0x04);
    Some(command)
}

/// DEBIT FOR PURCHASE; answers TAC and MAC2. None where the time does not fit the card's form.
#[must_use]
pub fn debit_for_purchase(terminal_sequence: u32, at: NaiveDateTime, mac1: [u8; 4]) -> Option<Vec<u8>> {
    let mut data = terminal_sequence.to_be_bytes().to_vec();
    data.extend(bcd::pack_date_time(at)?);
    data.extend(mac1);
    let mut command = with_data([0x80, 0x54, 0x01, 0x00], &data);
    command.push(0x08);
    Some(command)
}

/// GET TRANSACTION PROVE. `counter` is the value **after** the transaction; the value before it may answer with the
/// previous transaction's proof.
#[must_use]
pub fn get_transaction_prove(kind: u8, counter: u16) -> Vec<u8> {
    let mut command = with_data([0x80, 0x5A, 0x00, kind], &counter.to_be_bytes());
    command.push(0x08);
    command
}

/// Header of UPDATE BINARY with line protection, its length byte counting the MAC. None where it is too long.
#[must_use]
pub fn update_binary_header(sfi: u8, offset: u8, data: &[u8]) -> Option<[u8; 5]> {
    let length = u8::try_from(data.len().checked_add(4)?).ok()?;
    Some([0x04, 0xD6, 0x80 | sfi, offset, length])
}

/// Header of the command that takes a card to this state: APPLICATION UNBLOCK, APPLICATION BLOCK or CARD BLOCK. Its data
/// are the MAC alone.
#[must_use]
pub fn block_header(to: BlockState) -> [u8; 5] {
    match to {
        BlockState::Open => [0x84, 0x18, 0x00, 0x00, 0x04],
        BlockState::Temporary => [0x84, 0x1E, 0x00, 0x00, 0x04],
        BlockState::Permanent => [0x84, 0x1E, 0x00, 0x01, 0x04],
        BlockState::Card => [0x84, 0x16, 0x00, 0x00, 0x04],
    }
}

/// VERIFY: the PIN in the clear, so this command is shown to nobody.
#[must_use]
pub fn verify(id: u8, pin: &[u8]) -> Vec<u8> {
    with_data([0x00, 0x20, 0x00, id], pin)
}

/// READ BINARY of the selected file from an offset on.
#[must_use]
pub fn read_on(offset: usize, length: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(offset).unwrap_or(u16::MAX).to_be_bytes();
    vec![0x00, 0xB0, high & 0x7F, low, u8::try_from(length).unwrap_or(u8::MAX)]
}

/// INTERNAL AUTHENTICATE: the card signs the challenge.
#[must_use]
pub fn internal_authenticate(challenge: &[u8; 32]) -> Vec<u8> {
    let mut command = with_data([0x00, 0x88, 0x00, 0x00], challenge);
    command.push(0x40);
    command
}

/// RELOAD PIN: the new PIN in the clear, with its MAC.
#[must_use]
pub fn reload_pin(pin: &[u8], mac: &[u8]) -> Vec<u8> {
    with_data([0x80, 0x5E, 0x00, 0x00], &[pin, mac].concat())
}

/// Header of PIN UNBLOCK, its length byte counting the MAC.
pub const UNBLOCK_PIN: [u8; 5] = [0x84, 0x24, 0x00, 0x00, 0x0C];

/// PIN UNBLOCK with the enciphered PIN and the MAC.
#[must_use]
pub fn unblock_pin(data: &[u8]) -> Vec<u8> {
    let mut command = UNBLOCK_PIN.to_vec();
    command.extend(data);
    command
}

/// Serial number of the chip: answered by the reader (PC/SC part 3), not by the card.
#[must_use]
pub fn chip_serial() -> Vec<u8> {
    vec![0xFF, 0xCA, 0x00, 0x00, 0x00]
}

/// Puts a protected command together.
#[must_use]
pub fn protected(header: [u8; 5], data: &[u8], mac: [u8; 4]) -> Vec<u8> {
    let mut command = header.to_vec();
    command.extend(data);
    command.extend(mac);
    command
}

fn with_data(header: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut command = header.to_vec();
    // Every caller's data is short; a longer one would be cut by the card with 6700, never by us.
    command.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
    command.extend(data);
    command
}

/// One command with what the transport makes of it: 61xx fetches the rest, 6Cxx repeats with the right length.
#[derive(Debug)]
pub struct Exchange {
    command: Vec<u8>,
    data: Vec<u8>,
    rounds: u8,
}

/// What an answer means for the exchange.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Send this as well.
    Again(Vec<u8>),
    Complete(Response),
    Lost,
}

/// A card that keeps saying "more" is not followed for ever.
const MOST_ROUNDS: u8 = 8;

impl Exchange {
    #[must_use]
    pub fn new(command: Vec<u8>) -> Self {
        Self { command, data: Vec::new(), rounds: 0 }
    }

    pub fn hear(&mut self, answer: &Answer) -> Heard {
        let Answer::Response(bytes) = answer else {
            return Heard::Lost;
        };
        let Some(response) = Response::parse(bytes) else {
            return Heard::Lost;
        };
        self.rounds = self.rounds.saturating_add(1);
        let [sw1, sw2] = response.sw.0.to_be_bytes();
        match sw1 {
            0x61 if self.rounds < MOST_ROUNDS => {
                self.data.extend(response.data);
                Heard::Again(vec![0x00, 0xC0, 0x00, 0x00, sw2])
            }
            0x6C if self.rounds < MOST_ROUNDS => {
                let mut command = self.command.clone();
                if let Some(le) = command.last_mut() {
                    *le = sw2;
                }
                Heard::Again(command)
            }
            _ => {
                self.data.extend(response.data);
                Heard::Complete(Response { data: std::mem::take(&mut self.data), sw: response.sw })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(hex_text: &str) -> Answer {
        Answer::Response(hex::decode(hex_text).unwrap())
    }

    #[test]
    fn commands_have_the_published_bytes() {
        let at = bcd::date_time(&hex::decode("20250102030405").unwrap()).unwrap();
        assert_eq!(hex::encode_upper(debit_for_unload(at, [0x0B, 0xC3, 0x3F, 0xA9]).unwrap()), "805403000B202501020304050BC33FA904");
        assert_eq!(hex::encode_upper(get_transaction_prove(3, 9)), "805A000302000908");
        assert_eq!(hex::encode_upper(initialize(Initialize::Load, 2, 1, 1, [0; 6])), "805000020B010000000100000000000010");
        let data = [0x20, 0x27, 0x01, 0x01];
        let header = update_binary_header(0x15, 0x18, &data).unwrap();
        assert_eq!(hex::encode_upper(protected(header, &data, [0xB8, 0xF8, 0x3D, 0xB3])), "04D695180820270101B8F83DB3");
    }

    #[test]
    fn more_data_is_fetched_and_a_wrong_length_repeated() {
        let mut exchange = Exchange::new(vec![0x00, 0xB0, 0x95, 0x00, 0x00]);
        assert_eq!(exchange.hear(&said("6C1E")), Heard::Again(vec![0x00, 0xB0, 0x95, 0x00, 0x1E]));
        assert_eq!(exchange.hear(&said("AABB6102")), Heard::Again(vec![0x00, 0xC0, 0x00, 0x00, 0x02]));
        assert_eq!(exchange.hear(&said("CCDD9000")), Heard::Complete(Response { data: vec![0xAA, 0xBB, 0xCC, 0xDD], sw: Sw::OK }));
    }

    #[test]
    fn a_single_byte_is_no_answer() {
        assert_eq!(Exchange::new(vec![]).hear(&said("90")), Heard::Lost);
        assert_eq!(Exchange::new(vec![]).hear(&Answer::Lost), Heard::Lost);
    }

    #[test]
    fn a_card_that_never_ends_is_left() {
        let mut exchange = Exchange::new(vec![0x00]);
        let rounds = (0..20).take_while(|_| matches!(exchange.hear(&said("6101")), Heard::Again(_))).count();
        assert_eq!(rounds, usize::from(MOST_ROUNDS) - 1);
    }
}
