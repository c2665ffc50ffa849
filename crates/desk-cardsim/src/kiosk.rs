//! Somebody else's terminal: tops a purse up or takes a fare, outside any desk, through the card's own commands.

use chrono::NaiveDateTime;
use desk_card::bcd;

use crate::{
    card::SimCard,
    crypto::{CardKey, offline_session, online_session, short_mac},
    memory::KeyUse,
};

/// The card said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KioskRefusal {
    #[error("status {0:04X}")]
    Status(u16),
    #[error("the card has no such key")]
    NoKey,
    #[error("the card's answer does not verify")]
    NotGenuine,
    #[error("the time does not fit a card")]
    Time,
}

const TERMINAL: [u8; 6] = [0x99, 0x00, 0x00, 0x00, 0x00, 0x01];

/// Loads `fen` at `at` and answers the new balance. A card that lies on a reader stays there, as after a reset.
///
/// # Errors
/// [`KioskRefusal`]; nothing was loaded then.
pub fn top_up(card: &mut SimCard, fen: u32, at: NaiveDateTime) -> Result<u32, KioskRefusal> {
    opened(card, |card| load(card, fen, at))
}

/// Takes `fen` as a gate does and answers the new balance.
///
/// # Errors
/// [`KioskRefusal`]; nothing was taken then.
pub fn fare(card: &mut SimCard, fen: u32, at: NaiveDateTime) -> Result<u32, KioskRefusal> {
    opened(card, |card| pay(card, fen, at))
}

fn opened(card: &mut SimCard, work: impl FnOnce(&mut SimCard) -> Result<u32, KioskRefusal>) -> Result<u32, KioskRefusal> {
    let powered = card.powered();
    card.reset();
    let name = card.memory.application.name.clone();
    let done = send(card, &[0x00, 0xA4, 0x04, 0x00], &name).and_then(|_| work(card));
    if powered {
        card.reset();
    } else {
        card.power_off();
    }
    done
}

fn load(card: &mut SimCard, fen: u32, at: NaiveDateTime) -> Result<u32, KioskRefusal> {
    let time = bcd::pack_date_time(at).ok_or(KioskRefusal::Time)?;
    let answer = send(card, &[0x80, 0x50, 0x00, 0x02], &opening(fen))?;
    let key = key(card, KeyUse::Load)?;
    let counter = u16::try_from(number(&answer, 4..6)).map_err(|_| KioskRefusal::NotGenuine)?;
    let session = online_session(key, number(&answer, 8..12), counter);
    let order = [&fen.to_be_bytes()[..], &[0x02], &TERMINAL].concat();
    let claimed = [answer.get(..4).unwrap_or_default(), &order].concat();
    if answer.get(12..16) != Some(&short_mac(session, &claimed)[..]) {
        return Err(KioskRefusal::NotGenuine);
    }
    let mac2 = short_mac(session, &[&order[..], &time].concat());
    send(card, &[0x80, 0x52, 0x00, 0x00], &[&time[..], &mac2].concat())?;
    balance(card)
}

fn pay(card: &mut SimCard, fen: u32, at: NaiveDateTime) -> Result<u32, KioskRefusal> {
    let time = bcd::pack_date_time(at).ok_or(KioskRefusal::Time)?;
    let answer = send(card, &[0x80, 0x50, 0x01, 0x02], &opening(fen))?;
    let key = key(card, KeyUse::Purchase)?;
    let counter = u16::try_from(number(&answer, 4..6)).map_err(|_| KioskRefusal::NotGenuine)?;
    let ticket: u32 = 1;
    let session = offline_session(key, number(&answer, 11..15), counter, ticket);
    let order = [&fen.to_be_bytes()[..], &[0x06], &TERMINAL, &time].concat();
    let mac1 = short_mac(session, &order);
    let data = [&ticket.to_be_bytes()[..], &time, &mac1].concat();
    send(card, &[0x80, 0x54, 0x01, 0x00], &data)?;
    balance(card)
}

fn opening(fen: u32) -> Vec<u8> {
    [&[0x01][..], &fen.to_be_bytes(), &TERMINAL].concat()
}

fn balance(card: &SimCard) -> Result<u32, KioskRefusal> {
    card.balance().ok_or(KioskRefusal::NoKey)
}

fn key(card: &SimCard, purpose: KeyUse) -> Result<CardKey, KioskRefusal> {
    card.memory.application.key(purpose, 1).and_then(|key| CardKey::from_bytes(&key.value)).ok_or(KioskRefusal::NoKey)
}

fn number(bytes: &[u8], span: std::ops::Range<usize>) -> u32 {
    bytes.get(span).unwrap_or_default().iter().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn send(card: &mut SimCard, header: &[u8; 4], data: &[u8]) -> Result<Vec<u8>, KioskRefusal> {
    let mut command = header.to_vec();
    command.push(u8::try_from(data.len()).map_err(|_| KioskRefusal::NotGenuine)?);
    command.extend(data);
    let answer = card.apdu(&command);
    let (data, sw) = answer.split_last_chunk::<2>().ok_or(KioskRefusal::NotGenuine)?;
    match u16::from_be_bytes(*sw) {
        0x9000 => Ok(data.to_vec()),
        sw => Err(KioskRefusal::Status(sw)),
    }
}
