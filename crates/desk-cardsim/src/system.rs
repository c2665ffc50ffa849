//! The card operating system: takes a command apart, keeps volatile state, and the commands that are not the purse's.

use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};

use crate::{
    crypto::{CardKey, word},
    memory::{Block, Body, KeyUse, Life, Memory, Signer, Unwritten, WriteRule},
    purse::Session,
};

/// Lost at power-off; most of it also at SELECT.
#[derive(Debug, Clone, Default)]
pub struct Volatile {
    pub current: Current,
    /// Lives for exactly the next command.
    challenge: Option<Vec<u8>>,
    pub purse: Option<Session>,
    /// Security state of the directory.
    pub state: u8,
    /// For tests: what the next random number is.
    pub forced_random: Option<Vec<u8>>,
}

/// What is selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Current {
    #[default]
    MasterFile,
    Application,
    Elementary {
        sfi: u8,
    },
}

/// A command taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    pub header: [u8; 4],
    pub data: &'a [u8],
    /// None where the command carries no length of answer.
    pub le: Option<u8>,
}

/// Data and status word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub data: Vec<u8>,
    pub sw: u16,
}

pub type Outcome = Result<Reply, u16>;

pub fn ok(data: impl Into<Vec<u8>>) -> Outcome {
    Ok(Reply { data: data.into(), sw: 0x9000 })
}

impl<'a> Command<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<4>()?;
        let (data, le) = match rest {
            [] => (&[][..], None),
            [le] => (&[][..], Some(*le)),
            [lc, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(*lc))?;
                match le {
                    [] => (data, None),
                    [le] => (data, Some(*le)),
                    _ => return None,
                }
            }
        };
        Some(Self { header: *header, data, le })
    }
}

/// One running card.
pub struct System<'a> {
    pub memory: &'a mut Memory,
    pub volatile: &'a mut Volatile,
}

const FCI_FILE: u8 = 0x15;

impl System<'_> {
    pub fn execute(&mut self, bytes: &[u8]) -> Vec<u8> {
        let reply = match Command::parse(bytes) {
            Some(command) => self.dispatch(&command).unwrap_or_else(|sw| Reply { data: Vec::new(), sw }),
            None => Reply { data: Vec::new(), sw: 0x6700 },
        };
        let mut answer = reply.data;
        answer.extend(reply.sw.to_be_bytes());
        answer
    }

    fn dispatch(&mut self, command: &Command) -> Outcome {
        if self.memory.life == Life::Blocked {
            return Err(0x6A81);
        }
        let challenge = self.volatile.challenge.take();
        let [cla, ins, p1, p2] = command.header;
        let inside = self.volatile.current != Current::MasterFile;
        match (inside, self.memory.application.block) {
            (true, Block::Temporary) if !matches!(ins, 0xA4 | 0x84 | 0x1E | 0x18 | 0x16) => {
                self.volatile.purse = None;
                return Err(0x6985);
            }
            (true, Block::Permanent) if !matches!(ins, 0xA4 | 0x84 | 0x16) => {
                self.volatile.purse = None;
                return Err(0x9303);
            }
            _ => {}
        }
        // Only these keep an opened purse open.
        let keeps = matches!((cla, ins), (0x80, 0x50 | 0x52 | 0x54 | 0x58 | 0x5A | 0x5C));
        if !keeps {
            self.volatile.purse = None;
        }
        let outcome = match (cla, ins) {
            (0x00, 0xA4) => self.select(p1, p2, command.data),
            (0x00, 0xB0) => self.read_binary(p1, p2, command.le),
            (0x00, 0xB2) => self.read_record(p1, p2),
            (0x00, 0x84) => self.get_challenge(command.le),
            (0x00, 0x82) => self.external_authenticate(p2, command.data, challenge.as_deref()),
            (0x00, 0x20) => self.verify(p2, command.data),
            (0x00, 0x88) => self.internal_authenticate(command.data),
            (0x00 | 0x04, 0xD6) => self.update_binary(command, challenge.as_deref()),
            (0x84, 0x1E | 0x18 | 0x16) => self.block_command(command, challenge.as_deref()),
            (0x84, 0x24) => self.pin_unblock(command, challenge.as_deref()),
            (0x80, 0x5E) => self.reload_pin(p1, p2, command.data),
            (0x80, 0x50 | 0x52 | 0x54 | 0x58 | 0x5A | 0x5C) if inside => self.purse_command(command),
            (0x80, 0x50 | 0x52 | 0x54 | 0x58 | 0x5A | 0x5C) => Err(0x6985),
            (
                _,
                0xA4 | 0xB0 | 0xB2 | 0x84 | 0x82 | 0x20 | 0x88 | 0xD6 | 0x1E | 0x18 | 0x16 | 0x24 | 0x5E | 0x50 | 0x52 | 0x54 | 0x58 | 0x5A
                | 0x5C,
            ) => Err(0x6E00),
            _ => Err(0x6D00),
        };
        if outcome.is_err() {
            self.volatile.purse = None;
        }
        outcome
    }

    /// Random numbers follow from the card's secret, so that a card behaves the same in every run.
    pub fn random(&mut self, length: usize) -> Vec<u8> {
        if let Some(forced) = self.volatile.forced_random.take() {
            return forced;
        }
        self.memory.draws = self.memory.draws.wrapping_add(1);
        let mut bytes = CardKey::Single(self.memory.secret).encipher(self.memory.draws).to_be_bytes().to_vec();
        bytes.truncate(length);
        bytes
    }

    fn select(&mut self, p1: u8, p2: u8, data: &[u8]) -> Outcome {
        let target = match (p1, p2) {
            (0x04, 0x00) if !data.is_empty() => {
                if !self.memory.application.name.starts_with(data) {
                    return Err(0x6A82);
                }
                Current::Application
            }
            (0x00, 0x00) => match data {
                [] | [0x3F, 0x00] => Current::MasterFile,
                [0x00, sfi] => {
                    if self.volatile.current == Current::MasterFile || self.memory.application.file(*sfi).is_none() {
                        return Err(0x6A82);
                    }
                    Current::Elementary { sfi: *sfi }
                }
                [_, _] => return Err(0x6A82),
                _ => return Err(0x6700),
            },
            _ => return Err(0x6A86),
        };
        if matches!(target, Current::Elementary { .. }) {
            if self.memory.application.block == Block::Temporary {
                return Err(0x6A81);
            }
            self.volatile.current = target;
            return ok([]);
        }
        if target == Current::Application && self.memory.application.block == Block::Permanent {
            return Err(0x9303);
        }
        self.volatile.state = 0;
        self.volatile.current = target.clone();
        if target == Current::MasterFile {
            return ok(fci(b"1PAY.SYS.DDF01", &[0x88, 0x01, 0x01]));
        }
        let application = &self.memory.application;
        let public = application.binary(FCI_FILE).unwrap_or_default();
        let mut own = vec![0x9F, 0x08, 0x01, 0x01, 0x9F, 0x0C];
        own.push(u8::try_from(public.len()).unwrap_or(u8::MAX));
        own.extend(public);
        Ok(Reply { data: fci(&application.name, &own), sw: if application.block == Block::Temporary { 0x6A81 } else { 0x9000 } })
    }

    /// The file that P1 P2 name, made current, and the offset into it.
    fn binary_target(&mut self, p1: u8, p2: u8) -> Result<(u8, usize), u16> {
        if self.volatile.current == Current::MasterFile {
            return Err(if p1 & 0x80 == 0 { 0x6986 } else { 0x6A82 });
        }
        if p1 & 0x80 != 0 {
            if p1 & 0x60 != 0 {
                return Err(0x6A86);
            }
            let sfi = p1 & 0x1F;
            self.memory.application.file(sfi).ok_or(0x6A82_u16)?;
            self.volatile.current = Current::Elementary { sfi };
            return Ok((sfi, usize::from(p2)));
        }
        match self.volatile.current {
            Current::Elementary { sfi } => Ok((sfi, usize::from(u16::from_be_bytes([p1, p2])))),
            Current::MasterFile | Current::Application => Err(0x6986),
        }
    }

    fn read_binary(&mut self, p1: u8, p2: u8, le: Option<u8>) -> Outcome {
        let (sfi, offset) = self.binary_target(p1, p2)?;
        let Some(bytes) = self.memory.application.binary(sfi) else {
            return Err(0x6981);
        };
        let rest = bytes.get(offset..).filter(|rest| !rest.is_empty()).ok_or(0x6B00_u16)?;
        match le.map(usize::from) {
            None | Some(0) => {
                if rest.len() > 255 {
                    return Err(0x6700);
                }
                ok(rest)
            }
            Some(le) => match rest.get(..le) {
                Some(part) => ok(part),
                None => Err(0x6C00 | u16::try_from(rest.len()).unwrap_or(0)),
            },
        }
    }

    fn read_record(&mut self, p1: u8, p2: u8) -> Outcome {
        if p2 & 0x07 != 0x04 {
            return Err(0x6A86);
        }
        let sfi = match (p2 >> 3, &self.volatile.current) {
            (_, Current::MasterFile) => return Err(0x6A82),
            (0, Current::Elementary { sfi }) => *sfi,
            (0, Current::Application) => return Err(0x6986),
            (sfi, Current::Application | Current::Elementary { .. }) => sfi,
        };
        let body = self.memory.application.file(sfi).ok_or(0x6A82_u16)?;
        let Body::Cyclic { length, capacity, records } = body else {
            return Err(0x6981);
        };
        let number = p1.max(1);
        if number > *capacity {
            return Err(0x6A83);
        }
        let answer = match (records.get(usize::from(number) - 1), self.memory.switches.unwritten_record) {
            (Some(record), _) => record.0.clone(),
            (None, Unwritten::Zeros) => vec![0; usize::from(*length)],
            (None, Unwritten::NotFound) => return Err(0x6A83),
        };
        self.volatile.current = Current::Elementary { sfi };
        // A contactless card answers the whole record whatever length is asked.
        ok(answer)
    }

    fn get_challenge(&mut self, le: Option<u8>) -> Outcome {
        let length = match le {
            Some(4) => 4,
            Some(8) => 8,
            _ => return Err(0x6700),
        };
        let challenge = self.random(length);
        self.volatile.challenge = Some(challenge.clone());
        ok(challenge)
    }

    fn external_authenticate(&mut self, id: u8, data: &[u8], challenge: Option<&[u8]>) -> Outcome {
        let challenge = challenge.ok_or(0x6984_u16)?;
        if data.len() != 8 {
            return Err(0x6700);
        }
        self.volatile.state = 0;
        let key = self.memory.application.key_mut(KeyUse::External, id).ok_or(0x6A88_u16)?;
        if key.tries.left == 0 {
            return Err(0x6983);
        }
        let value = CardKey::from_bytes(&key.value).ok_or(0x6A88_u16)?;
        if value.encipher(word(challenge)) != word(data) {
            key.tries.left -= 1;
            return Err(0x63C0 | u16::from(key.tries.left));
        }
        key.tries.left = key.tries.limit;
        self.volatile.state = 1;
        ok([])
    }

    fn verify(&mut self, id: u8, data: &[u8]) -> Outcome {
        if !(2..=8).contains(&data.len()) {
            return Err(0x6700);
        }
        self.volatile.state = 0;
        let key = self.memory.application.key_mut(KeyUse::Pin, id).ok_or(0x6A88_u16)?;
        if key.tries.left == 0 {
            return Err(0x6983);
        }
        let filler = data.iter().rev().take_while(|byte| **byte == 0xFF).count();
        let given = data.get(..data.len() - filler).unwrap_or_default();
        if given != key.value {
            key.tries.left -= 1;
            return Err(0x63C0 | u16::from(key.tries.left));
        }
        key.tries.left = key.tries.limit;
        self.volatile.state = 1;
        ok([])
    }

    /// Only after the PIN, and only a whole challenge.
    fn internal_authenticate(&mut self, data: &[u8]) -> Outcome {
        let Some(Signer(key)) = &self.memory.application.signer else {
            return Err(0x6D00);
        };
        if data.len() != 32 {
            return Err(0x6700);
        }
        if self.volatile.state == 0 {
            return Err(0x6982);
        }
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &random).map_err(|_| 0x6A88_u16)?;
        let signature = key.sign(&random, data).map_err(|_| 0x6F00_u16)?;
        ok(signature.as_ref())
    }

    fn update_binary(&mut self, command: &Command, challenge: Option<&[u8]>) -> Outcome {
        let [cla, _, p1, p2] = command.header;
        let (sfi, offset) = self.binary_target(p1, p2)?;
        let (rule, size) = match self.memory.application.file(sfi) {
            Some(Body::Binary { bytes, write }) => (*write, bytes.len()),
            Some(Body::Cyclic { .. }) => return Err(0x6981),
            None => return Err(0x6A82),
        };
        let (key, enciphered) = match (rule, cla) {
            (WriteRule::Never, _) => return Err(0x6982),
            (WriteRule::Mac { key }, 0x04) => (key, false),
            (WriteRule::EncipheredMac { key }, 0x04) => (key, true),
            _ => return Err(0x6900),
        };
        let sent = self.protected(command, KeyUse::Maintenance, key, challenge)?;
        let plain = if enciphered { self.deciphered(KeyUse::Maintenance, key, &sent)? } else { sent };
        if offset >= size {
            return Err(0x6B00);
        }
        if offset + plain.len() > size {
            return Err(0x6700);
        }
        if let Some(Body::Binary { bytes, .. }) = self.memory.application.file_mut(sfi) {
            for (to, from) in bytes.iter_mut().skip(offset).zip(plain) {
                *to = from;
            }
        }
        ok([])
    }

    /// Checks the MAC at the end of a protected command and answers the data before it. A wrong one is counted, and the
    /// last one blocks the application for good.
    fn protected(&mut self, command: &Command, purpose: KeyUse, id: u8, challenge: Option<&[u8]>) -> Result<Vec<u8>, u16> {
        let data = self.mac_checked(command, purpose, id, challenge);
        let key = self.memory.application.key_mut(purpose, id).ok_or(0x6A88_u16)?;
        match data {
            Ok(data) => {
                key.tries.left = key.tries.limit;
                Ok(data)
            }
            Err(0x6988) => {
                key.tries.left = key.tries.left.saturating_sub(1);
                if key.tries.left == 0 {
                    self.memory.application.block = Block::Permanent;
                    return Err(0x9303);
                }
                Err(0x6988)
            }
            Err(sw) => Err(sw),
        }
    }

    fn mac_checked(&self, command: &Command, purpose: KeyUse, id: u8, challenge: Option<&[u8]>) -> Result<Vec<u8>, u16> {
        let key = self.memory.application.key(purpose, id).ok_or(0x6A88_u16)?;
        if key.tries.left == 0 {
            return Err(0x9303);
        }
        let challenge = challenge.ok_or(0x6984_u16)?;
        let (data, mac) = command.data.split_last_chunk::<4>().ok_or(0x6700_u16)?;
        let mut input = command.header.to_vec();
        input.push(u8::try_from(command.data.len()).map_err(|_| 0x6700_u16)?);
        input.extend(data);
        let value = CardKey::from_bytes(&key.value).ok_or(0x6A88_u16)?;
        if value.line_mac(challenge, &input) != *mac {
            return Err(0x6988);
        }
        Ok(data.to_vec())
    }

    fn deciphered(&self, purpose: KeyUse, id: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        let key = self.memory.application.key(purpose, id).ok_or(0x6A88_u16)?;
        let value = CardKey::from_bytes(&key.value).ok_or(0x6A88_u16)?;
        if data.is_empty() || !data.len().is_multiple_of(8) {
            return Err(0x6A80);
        }
        let plain: Vec<u8> = data.chunks_exact(8).flat_map(|block| value.decipher(word(block)).to_be_bytes()).collect();
        let (length, rest) = plain.split_first().ok_or(0x6A80_u16)?;
        rest.get(..usize::from(*length)).map(<[u8]>::to_vec).ok_or(0x6A80)
    }

    fn block_command(&mut self, command: &Command, challenge: Option<&[u8]>) -> Outcome {
        let [_, ins, p1, p2] = command.header;
        if self.volatile.current == Current::MasterFile {
            return Err(0x6985);
        }
        if command.data.len() != 4 {
            return Err(0x6700);
        }
        if p1 != 0 || p2 > u8::from(ins == 0x1E) {
            return Err(0x6A86);
        }
        let id = self.memory.application.keys.iter().find(|key| key.purpose == KeyUse::Maintenance).map(|key| key.id).ok_or(0x9403_u16)?;
        match ins {
            0x18 => {
                if self.memory.application.block != Block::Temporary {
                    return Err(0x6985);
                }
                self.protected(command, KeyUse::Maintenance, id, challenge)?;
                self.memory.application.block = Block::Open;
            }
            // Wrong MACs of the blocking commands are not counted.
            0x1E => {
                self.mac_checked(command, KeyUse::Maintenance, id, challenge)?;
                self.memory.application.block = if p2 == 0 { Block::Temporary } else { Block::Permanent };
            }
            _ => {
                self.mac_checked(command, KeyUse::Maintenance, id, challenge)?;
                self.memory.life = Life::Blocked;
            }
        }
        ok([])
    }

    fn pin_unblock(&mut self, command: &Command, challenge: Option<&[u8]>) -> Outcome {
        if command.data.len() != 12 {
            return Err(0x6700);
        }
        let [_, _, _, id] = command.header;
        let sent = self.protected(command, KeyUse::PinUnblock, id, challenge)?;
        let pin = self.deciphered(KeyUse::PinUnblock, id, &sent)?;
        self.set_pin(pin)
    }

    fn reload_pin(&mut self, p1: u8, p2: u8, data: &[u8]) -> Outcome {
        if (p1, p2) != (0, 0) {
            return Err(0x6A86);
        }
        let (pin, mac) = data.split_last_chunk::<4>().ok_or(0x6700_u16)?;
        if !(2..=6).contains(&pin.len()) {
            return Err(0x6700);
        }
        let key = self.memory.application.keys.iter_mut().find(|key| key.purpose == KeyUse::PinReload).ok_or(0x6A88_u16)?;
        if key.tries.left == 0 {
            return Err(0x9303);
        }
        let value = CardKey::from_bytes(&key.value).ok_or(0x6A88_u16)?;
        if crate::crypto::short_mac(value.folded(), pin) != *mac {
            key.tries.left -= 1;
            if key.tries.left == 0 {
                self.memory.application.block = Block::Permanent;
                return Err(0x9303);
            }
            return Err(0x6988);
        }
        key.tries.left = key.tries.limit;
        self.set_pin(pin.to_vec())
    }

    fn set_pin(&mut self, pin: Vec<u8>) -> Outcome {
        let key = self.memory.application.keys.iter_mut().find(|key| key.purpose == KeyUse::Pin).ok_or(0x9403_u16)?;
        key.value = pin;
        key.tries.left = key.tries.limit;
        ok([])
    }
}

fn fci(name: &[u8], own: &[u8]) -> Vec<u8> {
    let object = |tag: u8, value: &[u8]| {
        let mut object = vec![tag, u8::try_from(value.len()).unwrap_or(u8::MAX)];
        object.extend(value);
        object
    };
    let inner = [object(0x84, name), object(0xA5, own)].concat();
    object(0x6F, &inner)
}
