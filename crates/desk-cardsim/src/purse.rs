//! The purse of the card: INITIALIZE, the commits, GET BALANCE and GET TRANSACTION PROVE.

use crate::{
    crypto::{CardKey, offline_session, online_session, short_mac},
    memory::{BalanceParts, Block, KeyUse, Proof, ProveRule, Purse, PurseMacRule, UnloadRule},
    system::{Command, Outcome, System, ok},
};

/// An opened purse, in memory without power only.
#[derive(Debug, Clone)]
pub struct Session {
    kind: Kind,
    amount: u32,
    terminal: [u8; 6],
    random: u32,
    key: u64,
    /// Index of the key, for the error counter.
    key_id: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Load,
    Unload,
    Purchase,
    Overdraft,
}

const LOG: u8 = 0x18;
const MOST: u32 = 0x7FFF_FFFF;
const TAC_KEY: u8 = 1;

impl Kind {
    /// Transaction type of MACs, log and proof.
    fn code(self, purse: u8) -> u8 {
        match self {
            Self::Load if purse == 1 => 0x01,
            Self::Load => 0x02,
            Self::Unload => 0x03,
            Self::Purchase if purse == 1 => 0x05,
            Self::Purchase => 0x06,
            Self::Overdraft => 0x07,
        }
    }

    fn key(self) -> KeyUse {
        match self {
            Self::Load => KeyUse::Load,
            Self::Unload => KeyUse::Unload,
            Self::Purchase => KeyUse::Purchase,
            Self::Overdraft => KeyUse::Overdraft,
        }
    }
}

impl System<'_> {
    pub fn purse_command(&mut self, command: &Command) -> Outcome {
        let [_, ins, p1, p2] = command.header;
        match (ins, p1, p2) {
            (0x50, 0x00, 0x01 | 0x02) => self.initialize(Kind::Load, p2, command.data),
            (0x50, 0x01, 0x01 | 0x02) => self.initialize(Kind::Purchase, p2, command.data),
            (0x50, 0x04, 0x01) => self.initialize_overdraft(command.data),
            (0x50, 0x05, _) => {
                let (wanted, proof) = match self.memory.switches.unload {
                    UnloadRule::Refused => return Err(0x6A86),
                    UnloadRule::Purse(purse) => (purse, false),
                    UnloadRule::PurseAfterProof(purse) => (purse, true),
                };
                if p2 != wanted {
                    return Err(0x6A86);
                }
                if proof && self.volatile.state == 0 {
                    return Err(0x6982);
                }
                self.initialize(Kind::Unload, p2, command.data)
            }
            (0x52, 0x00, 0x00) => self.commit(Kind::Load, command.data),
            (0x54, 0x01, 0x00) => self.commit(Kind::Purchase, command.data),
            (0x54, 0x03, 0x00) => self.commit(Kind::Unload, command.data),
            (0x58, 0x00, 0x00) => self.commit(Kind::Overdraft, command.data),
            (0x5A, 0x00, _) => self.prove(p2, command.data),
            (0x5C, _, 0x01 | 0x02) => self.balance(p1, p2, command.le),
            _ => Err(0x6A86),
        }
    }

    fn purse(&self, number: u8) -> Result<&Purse, u16> {
        self.memory.application.purse.as_ref().filter(|purse| purse.number == number).ok_or(0x6A82)
    }

    /// Opens the purse; writes nothing.
    fn initialize(&mut self, kind: Kind, number: u8, data: &[u8]) -> Outcome {
        let data: &[u8; 11] = data.try_into().map_err(|_| 0x6700_u16)?;
        let [key_id, a1, a2, a3, a4, terminal @ ..] = *data;
        let amount = u32::from_be_bytes([a1, a2, a3, a4]);
        let key = self.memory.application.key(kind.key(), key_id).ok_or(0x9403_u16)?;
        let (version, algorithm) = (key.version, key.algorithm);
        let value = CardKey::from_bytes(&key.value).ok_or(0x9403_u16)?;
        // Unload is a passbook command; where an issuer allows it on the purse, P2 was checked before.
        let purse = if kind == Kind::Unload {
            self.memory.application.purse.as_ref().ok_or(0x6A82_u16)?.clone()
        } else {
            self.purse(number)?.clone()
        };
        let counter = match kind {
            Kind::Load => {
                if purse.balance.checked_add(amount).is_none_or(|sum| sum > MOST) {
                    return Err(0x6985);
                }
                purse.online
            }
            Kind::Unload | Kind::Purchase if purse.balance < amount => return Err(0x9401),
            Kind::Unload | Kind::Overdraft => purse.online,
            Kind::Purchase => purse.offline,
        };
        if counter == u16::MAX {
            return Err(0x9402);
        }
        let random = self.random(4);
        let random_word = be_u32(&random);
        let mut answer = purse.balance.to_be_bytes().to_vec();
        answer.extend(counter.to_be_bytes());
        // The session key of a purchase needs the terminal's number, which comes with the commit.
        let session = if kind == Kind::Purchase {
            let [_, limit @ ..] = purse.limit.to_be_bytes();
            answer.extend(limit);
            0
        } else {
            online_session(value, random_word, counter)
        };
        answer.extend([version, algorithm]);
        answer.extend(&random);
        if kind != Kind::Purchase {
            let mut input = purse.balance.to_be_bytes().to_vec();
            input.extend(amount.to_be_bytes());
            input.push(kind.code(purse.number));
            input.extend(terminal);
            answer.extend(short_mac(session, &input));
        }
        self.volatile.purse = Some(Session { kind, amount, terminal, random: random_word, key: session, key_id });
        ok(answer)
    }

    fn initialize_overdraft(&mut self, data: &[u8]) -> Outcome {
        let data: &[u8; 7] = data.try_into().map_err(|_| 0x6700_u16)?;
        let [key_id, terminal @ ..] = *data;
        let key = self.memory.application.key(KeyUse::Overdraft, key_id).ok_or(0x9403_u16)?;
        let (version, algorithm) = (key.version, key.algorithm);
        let value = CardKey::from_bytes(&key.value).ok_or(0x9403_u16)?;
        let purse = self.memory.application.purse.clone().ok_or(0x6A82_u16)?;
        let random = self.random(4);
        let session = online_session(value, be_u32(&random), purse.online);
        let [_, limit @ ..] = purse.limit.to_be_bytes();
        let mut input = purse.balance.to_be_bytes().to_vec();
        input.extend(limit);
        input.push(Kind::Overdraft.code(purse.number));
        input.extend(terminal);
        let mut answer = purse.balance.to_be_bytes().to_vec();
        answer.extend(purse.online.to_be_bytes());
        answer.extend(limit);
        answer.extend([version, algorithm]);
        answer.extend(&random);
        answer.extend(short_mac(session, &input));
        self.volatile.purse = Some(Session { kind: Kind::Overdraft, amount: 0, terminal, random: be_u32(&random), key: session, key_id });
        ok(answer)
    }

    /// Checks the MAC and does everything at once: balance, counter, log, proof.
    fn commit(&mut self, kind: Kind, data: &[u8]) -> Outcome {
        let length = match kind {
            Kind::Load | Kind::Unload => 11,
            Kind::Purchase => 15,
            Kind::Overdraft => 14,
        };
        if data.len() != length {
            return Err(0x6700);
        }
        let session = self.volatile.purse.take().filter(|session| session.kind == kind).ok_or(0x6901_u16)?;
        let before = self.memory.application.purse.clone().ok_or(0x6A82_u16)?;
        let code = kind.code(before.number);
        let (lead, rest) = data.split_at(length - 11);
        let (time, mac) = rest.split_at(7);
        let after = match kind {
            Kind::Load => stepped_online(&before, before.balance.checked_add(session.amount)),
            Kind::Unload => stepped_online(&before, before.balance.checked_sub(session.amount)),
            Kind::Purchase => stepped_offline(&before, before.balance.checked_sub(session.amount)),
            Kind::Overdraft => {
                let limit = be_u32(&[&[0], lead].concat());
                stepped_online(&before, before.balance.checked_sub(before.limit).and_then(|own| own.checked_add(limit)))
                    .map(|purse| Purse { limit, ..purse })
            }
        }
        .ok_or(0x6985_u16)?;
        let (key, amount) = match kind {
            Kind::Purchase => {
                let value = self
                    .memory
                    .application
                    .key(KeyUse::Purchase, session.key_id)
                    .and_then(|key| CardKey::from_bytes(&key.value))
                    .ok_or(0x9403_u16)?;
                (offline_session(value, session.random, before.offline, be_u32(lead)), session.amount.to_be_bytes().to_vec())
            }
            Kind::Overdraft => (session.key, lead.to_vec()),
            Kind::Load | Kind::Unload => (session.key, session.amount.to_be_bytes().to_vec()),
        };
        let order = [&amount, &[code][..], &session.terminal, time].concat();
        if short_mac(key, &order) != mac {
            return Err(self.wrong_mac(kind, session.key_id));
        }
        let counter = match kind {
            Kind::Purchase => before.offline,
            Kind::Load | Kind::Unload | Kind::Overdraft => before.online,
        };
        let booked = [&after.balance.to_be_bytes()[..], &counter.to_be_bytes(), &order].concat();
        let (answer, proof) = match kind {
            Kind::Unload => {
                let mac3 = short_mac(key, &booked);
                (mac3.to_vec(), [mac3, [0; 4]].concat())
            }
            Kind::Load | Kind::Overdraft => {
                let tac = short_mac(self.tac_key()?, &booked);
                (tac.to_vec(), [[0; 4], tac].concat())
            }
            Kind::Purchase => {
                let slip = [&amount, &[code][..], &session.terminal, lead, time].concat();
                let tac = short_mac(self.tac_key()?, &slip);
                let mac2 = short_mac(key, &amount);
                ([tac, mac2].concat(), [mac2, tac].concat())
            }
        };
        let sequence = counter + 1;
        let [_, limit @ ..] = before.limit.to_be_bytes();
        let logged = match kind {
            Kind::Overdraft => [&[0], lead].concat(),
            Kind::Load | Kind::Unload | Kind::Purchase => amount,
        };
        let record = [&sequence.to_be_bytes()[..], &limit, &logged, &[code], &session.terminal, time].concat();
        let application = &mut self.memory.application;
        if let Some(key) = application.key_mut(kind.key(), session.key_id) {
            key.tries.left = key.tries.limit;
        }
        application.append(LOG, record);
        application.purse = Some(after);
        application.proof = Some(Proof { kind: code, sequence, answer: proof });
        ok(answer)
    }

    fn tac_key(&self) -> Result<u64, u16> {
        self.memory.application.key(KeyUse::Tac, TAC_KEY).and_then(|key| CardKey::from_bytes(&key.value)).map(CardKey::folded).ok_or(0x9403)
    }

    fn wrong_mac(&mut self, kind: Kind, id: u8) -> u16 {
        if self.memory.switches.purse_mac == PurseMacRule::Counted
            && let Some(key) = self.memory.application.key_mut(kind.key(), id)
        {
            key.tries.left = key.tries.left.saturating_sub(1);
            if key.tries.left == 0 {
                self.memory.application.block = Block::Temporary;
                return 0x6985;
            }
        }
        0x9302
    }

    fn prove(&self, kind: u8, data: &[u8]) -> Outcome {
        if self.memory.switches.prove == ProveRule::Missing {
            return Err(0x6D00);
        }
        if !matches!(kind, 0x01..=0x07 | 0x09) {
            return Err(0x6A86);
        }
        let sequence: [u8; 2] = data.try_into().map_err(|_| 0x6700_u16)?;
        let proof = self.memory.application.proof.as_ref().ok_or(0x9406_u16)?;
        if proof.kind != kind || proof.sequence != u16::from_be_bytes(sequence) {
            return Err(0x9406);
        }
        ok(proof.answer.clone())
    }

    fn balance(&self, p1: u8, number: u8, le: Option<u8>) -> Outcome {
        if p1 != 0 && self.memory.switches.balance_parts == BalanceParts::Unknown {
            return Err(0x6A86);
        }
        if !matches!(le, Some(0 | 4)) {
            return Err(0x6700);
        }
        let purse = self.purse(number)?;
        let part = match p1 {
            0x00 => purse.balance,
            0x01 => purse.limit,
            0x02 => purse.limit.saturating_sub(purse.balance),
            0x03 => purse.balance.saturating_sub(purse.limit),
            _ => return Err(0x6A86),
        };
        ok(part.to_be_bytes())
    }
}

fn stepped_online(purse: &Purse, balance: Option<u32>) -> Option<Purse> {
    Some(Purse { balance: balance?, online: purse.online.checked_add(1)?, ..purse.clone() })
}

fn stepped_offline(purse: &Purse, balance: Option<u32>) -> Option<Purse> {
    Some(Purse { balance: balance?, offline: purse.offline.checked_add(1)?, ..purse.clone() })
}

/// The first four bytes, filled with zeros on the right.
fn be_u32(bytes: &[u8]) -> u32 {
    (0..4).fold(0, |word, at| (word << 8) | u32::from(bytes.get(at).copied().unwrap_or(0)))
}
