//! One simulated card: what survives without power, what does not, and its one entrance.

use chrono::{NaiveDate, NaiveDateTime};
use desk_card::{
    bcd,
    card::BlockState,
    pin::Pin,
    staff::{STAFF_APPLICATION, STAFF_PIN},
};
use serde::{Deserialize, Serialize};

use crate::{
    crypto::{self, CardKey, card_key, master_key, word},
    kiosk,
    memory::{Application, Block, Body, File, Key, KeyUse, Life, Memory, Purse, Signer, Switches, Tries, UnloadRule, WriteRule},
    system::{System, Volatile},
};

/// The secret from which every demonstration key is derived; the key service must be given the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(pub Vec<u8>);

impl Seed {
    /// # Errors
    /// [`BadCard`] where the text is no even number of hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, BadCard> {
        hex::decode(text).map(Self).map_err(|_| BadCard("seed is not hexadecimal".to_owned()))
    }
}

/// Why no card can be made of what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("card: {0}")]
pub struct BadCard(pub String);

/// One card to be made; the keys of a row in `rules/demonstration-cards.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRow {
    pub name: String,
    /// `education`, `tunion-unload`, `tunion-purchase`, `tunion-block` or `unknown`.
    pub family: String,
    /// All zeros make a blank.
    pub card_no: String,
    /// Eight bytes as hexadecimal digits.
    pub issuer: String,
    /// Eight bytes as hexadecimal digits.
    pub serial: String,
    pub holder_class: u8,
    pub balance_fen: u32,
    /// `YYYY-MM-DD`, or empty.
    pub valid_until: String,
}

/// A staff card to be made, as the centre's demonstration writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    pub operator: String,
    pub pin: String,
    /// DER, hexadecimal digits.
    pub certificate: String,
    /// PKCS#8, hexadecimal digits.
    pub key: String,
}

/// A card. Everything but its volatile state serialises, so that its memory outlives a process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SimCard {
    pub(crate) memory: Memory,
    #[serde(skip)]
    powered: Power,
}

#[derive(Debug, Clone, Default)]
enum Power {
    #[default]
    Off,
    On(Volatile),
}

const EDUCATION_NAME: &[u8] = b"SUXIN.DDF01";
const TUNION_NAME: &[u8] = &[0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05];
const TUNION_SUFFIX: &[u8] = &[0x99, 0x99, 0x00, 0x02];
const TUNION_BLOCK_SUFFIX: &[u8] = &[0x99, 0x99, 0x00, 0x03];
const FOREIGN_NAME: &[u8] = b"OTHER.APP01";
/// PIN of a purse as it leaves the factory: 123456.
const FIRST_PIN: [u8; 3] = [0x12, 0x34, 0x56];
/// Holder type, staff mark, name, number and kind of the document.
const HOLDER_LENGTH: usize = 55;
const TRIPS: u8 = 0x1E;
const TRIP_LENGTH: u8 = 48;

impl SimCard {
    /// Makes the card that a row describes. Its purse gets its money by one load, as every purse does.
    ///
    /// # Errors
    /// [`BadCard`] names the field.
    pub fn make(seed: &Seed, row: &CardRow) -> Result<Self, BadCard> {
        match row.family.as_str() {
            "education" => Self::education(seed, row),
            "tunion-unload" => Self::purse(seed, row, Switches { unload: UnloadRule::Purse(2), ..Switches::default() }),
            "tunion-purchase" | "tunion-block" => Self::purse(seed, row, Switches::default()),
            "unknown" => Ok(Self::unknown()),
            other => Err(BadCard(format!("family {other}"))),
        }
    }

    /// A card with validity and holder class in a protected file; a blank where the number is all zeros.
    ///
    /// # Errors
    /// [`BadCard`] names the field.
    pub fn education(seed: &Seed, row: &CardRow) -> Result<Self, BadCard> {
        let number = exact(bcd::pack(&row.card_no), 8, "card_no")?;
        let issuer = exact(hex::decode(&row.issuer).ok(), 8, "issuer")?;
        let serial = exact(hex::decode(&row.serial).ok(), 8, "serial")?;
        let (issuer_head, filler) = issuer.split_at(4);
        if filler != [0xFF; 4] {
            return Err(BadCard("issuer must end with FFFFFFFF".to_owned()));
        }
        if row.balance_fen != 0 {
            return Err(BadCard("balance_fen: this family has no purse".to_owned()));
        }
        let (from, until) = validity(&row.valid_until)?;
        let file = [&number[..], issuer_head, &serial, &from, &until, &[row.holder_class, 0x00]].concat();
        let keys = KeyMaker::new(seed, &row.family, &issuer, &serial);
        Ok(Self::of(
            EDUCATION_NAME.to_vec(),
            vec![binary(0x15, file, WriteRule::Mac { key: 0 }), binary(0x16, vec![0; HOLDER_LENGTH], WriteRule::Mac { key: 0 })],
            vec![keys.key(KeyUse::Maintenance, 0, "maintenance")],
            None,
            Switches::default(),
            &serial,
        ))
    }

    /// A T-Union purse.
    ///
    /// # Errors
    /// [`BadCard`] names the field.
    pub fn purse(seed: &Seed, row: &CardRow, switches: Switches) -> Result<Self, BadCard> {
        let number = exact(bcd::pack(&format!("0{}", row.card_no)), 10, "card_no")?;
        let issuer = exact(hex::decode(&row.issuer).ok(), 8, "issuer")?;
        let serial = exact(hex::decode(&row.serial).ok(), 8, "serial")?;
        if number.get(2..) != Some(&serial[..]) {
            return Err(BadCard("serial: must be the last 16 digits of card_no".to_owned()));
        }
        let (from, until) = validity(&row.valid_until)?;
        let public = [&issuer[..], &[0x02, 0x01], &number, &from, &until, &[0x00, 0x00]].concat();
        let kind = [
            &[0x00, 0x00, 0x01, 0x56][..],
            issuer.get(2..4).unwrap_or_default(),
            issuer.get(2..4).unwrap_or_default(),
            &[0x00, 0x01, row.holder_class],
        ]
        .concat();
        let allows_unload = switches.unload != UnloadRule::Refused;
        let keys = KeyMaker::new(seed, &row.family, &issuer, &serial);
        let mut held = vec![
            keys.key(KeyUse::Load, 1, "load"),
            keys.key(KeyUse::Purchase, 1, "purchase"),
            keys.key(KeyUse::Tac, 1, "tac"),
            keys.key(KeyUse::Maintenance, 1, "maintenance"),
        ];
        let mut name = TUNION_NAME.to_vec();
        if allows_unload {
            held.push(keys.key(KeyUse::Unload, 1, "unload"));
            held.push(keys.key(KeyUse::PinUnblock, 0, "pin_unblock"));
            held.push(keys.key(KeyUse::PinReload, 0, "pin_reload"));
            held.push(new_key(KeyUse::Pin, 0, FIRST_PIN.to_vec()));
        } else {
            name.extend(if row.family == "tunion-block" { TUNION_BLOCK_SUFFIX } else { TUNION_SUFFIX });
        }
        let mut card = Self::of(
            name,
            vec![
                binary(0x15, public, WriteRule::Mac { key: 1 }),
                binary(0x17, kind, WriteRule::Never),
                cyclic(0x18, 23, 10),
                cyclic(TRIPS, TRIP_LENGTH, 30),
            ],
            held,
            Some(Purse { number: 2, balance: 0, limit: 0, online: 0, offline: 0 }),
            switches,
            &serial,
        );
        if row.balance_fen > 0 {
            let first = NaiveDate::from_ymd_opt(2026, 1, 5).and_then(|day| day.and_hms_opt(9, 30, 0)).unwrap_or_default();
            kiosk::top_up(&mut card, row.balance_fen, first).map_err(|refusal| BadCard(format!("balance_fen: {refusal}")))?;
        }
        Ok(card)
    }

    /// The card of a member of staff: certificate, PIN, and a key that signs.
    ///
    /// # Errors
    /// [`BadCard`] names the field.
    pub fn staff(row: &StaffRow) -> Result<Self, BadCard> {
        let certificate = hex::decode(&row.certificate).map_err(|_| BadCard("certificate".to_owned()))?;
        let key = hex::decode(&row.key).map_err(|_| BadCard("key".to_owned()))?;
        let pin = Pin::try_from(row.pin.clone()).map_err(|_| BadCard("pin".to_owned()))?;
        let files = vec![binary(0x01, certificate, WriteRule::Never)];
        let mut card = Self::of(
            STAFF_APPLICATION.to_vec(),
            files,
            vec![new_key(KeyUse::Pin, STAFF_PIN, pin.bytes())],
            None,
            Switches::default(),
            &[0x57; 8],
        );
        card.memory.application.signer = Some(Signer(key));
        Ok(card)
    }

    /// A card of no family that a counter knows.
    #[must_use]
    pub fn unknown() -> Self {
        Self::of(FOREIGN_NAME.to_vec(), Vec::new(), Vec::new(), None, Switches::default(), &[0x99; 8])
    }

    pub(crate) fn of(name: Vec<u8>, files: Vec<File>, keys: Vec<Key>, purse: Option<Purse>, switches: Switches, serial: &[u8]) -> Self {
        let secret = CardKey::Single(0x0123_4567_89AB_CDEF).encipher(word(serial));
        let [.., a, b, c, d] = secret.to_be_bytes();
        Self {
            memory: Memory {
                uid: [a, b, c, d],
                life: Life::InUse,
                application: Application { name, block: Block::Open, files, keys, purse, proof: None, signer: None },
                switches,
                draws: 0,
                secret,
            },
            powered: Power::Off,
        }
    }

    /// Answer to reset, as a contactless PC/SC reader builds it from the card's historical bytes.
    #[must_use]
    pub fn atr(&self) -> Vec<u8> {
        let mut atr = vec![0x3B, 0x8B, 0x80, 0x01, 0x20, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00];
        atr.extend(self.memory.uid);
        let check = atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        atr.push(check);
        atr
    }

    /// Power comes: volatile state is empty.
    pub fn power_on(&mut self) {
        self.powered = Power::On(Volatile::default());
    }

    /// Power goes: volatile state is lost, memory stays.
    pub fn power_off(&mut self) {
        self.powered = Power::Off;
    }

    /// True while a reader feeds it.
    #[must_use]
    pub fn powered(&self) -> bool {
        matches!(self.powered, Power::On(_))
    }

    /// Warm reset: as off and on.
    pub fn reset(&mut self) {
        self.power_on();
    }

    /// Executes one command; data and status word. Nothing at all without power.
    #[must_use]
    pub fn apdu(&mut self, command: &[u8]) -> Vec<u8> {
        match &mut self.powered {
            Power::Off => Vec::new(),
            // The reader answers this one itself (PC/SC part 3): the serial number that anticollision gave.
            Power::On(_) if command == [0xFF, 0xCA, 0x00, 0x00, 0x00] => [&self.memory.uid[..], &[0x90, 0x00]].concat(),
            Power::On(volatile) => System { memory: &mut self.memory, volatile }.execute(command),
        }
    }

    /// Purse balance in fen without asking the card for it; none where there is no purse.
    #[must_use]
    pub fn balance(&self) -> Option<u32> {
        self.memory.application.purse.as_ref().map(|purse| purse.balance)
    }

    /// Somebody else takes it out of use, or back into it.
    pub fn set_block(&mut self, state: BlockState) {
        let (life, block) = match state {
            BlockState::Open => (Life::InUse, Block::Open),
            BlockState::Temporary => (Life::InUse, Block::Temporary),
            BlockState::Permanent => (Life::InUse, Block::Permanent),
            BlockState::Card => (Life::Blocked, self.memory.application.block),
        };
        self.memory.life = life;
        self.memory.application.block = block;
    }

    /// How far the card is out of use, without asking it.
    #[must_use]
    pub fn block(&self) -> BlockState {
        match (self.memory.life, self.memory.application.block) {
            (Life::Blocked, _) => BlockState::Card,
            (Life::InUse, Block::Open) => BlockState::Open,
            (Life::InUse, Block::Temporary) => BlockState::Temporary,
            (Life::InUse, Block::Permanent) => BlockState::Permanent,
        }
    }

    /// Online and offline counter, without asking the card.
    #[must_use]
    pub fn counters(&self) -> Option<(u16, u16)> {
        self.memory.application.purse.as_ref().map(|purse| (purse.online, purse.offline))
    }

    /// The public file (0x15), without asking the card.
    #[must_use]
    pub fn public_file(&self) -> &[u8] {
        self.memory.application.binary(0x15).unwrap_or_default()
    }

    /// The holder's file (0x16), without asking the card.
    #[must_use]
    pub fn holder_file(&self) -> &[u8] {
        self.memory.application.binary(0x16).unwrap_or_default()
    }

    /// The PIN as it stands and the tries that are left, without asking the card; none where it has no PIN.
    #[must_use]
    pub fn pin(&self) -> Option<(&[u8], u8)> {
        let key = self.memory.application.keys.iter().find(|key| key.purpose == KeyUse::Pin)?;
        Some((&key.value, key.tries.left))
    }

    /// Where this card differs from others; for tests of odd cards.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.memory.switches
    }

    /// The next random number that the card draws; for published vectors.
    pub fn force_random(&mut self, bytes: &[u8]) {
        if let Power::On(volatile) = &mut self.powered {
            volatile.forced_random = Some(bytes.to_vec());
        }
    }

    /// The holder went through a gate and not out again.
    pub fn begin_trip(&mut self, at: NaiveDateTime) {
        self.trip(0x03, at);
    }

    /// The holder left.
    pub fn end_trip(&mut self, at: NaiveDateTime) {
        self.trip(0x04, at);
    }

    fn trip(&mut self, kind: u8, at: NaiveDateTime) {
        let mut record = vec![kind];
        record.extend([0x00; 8]);
        record.push(0x01);
        record.resize(21, 0x00);
        record.extend(self.balance().unwrap_or_default().to_be_bytes());
        record.extend(bcd::pack_date_time(at).unwrap_or_default());
        record.resize(usize::from(TRIP_LENGTH), 0x00);
        self.memory.application.append(TRIPS, record);
    }
}

struct KeyMaker<'a> {
    seed: &'a Seed,
    family: &'a str,
    issuer: u64,
    serial: u64,
}

impl<'a> KeyMaker<'a> {
    fn new(seed: &'a Seed, family: &'a str, issuer: &[u8], serial: &[u8]) -> Self {
        Self { seed, family, issuer: word(issuer), serial: word(serial) }
    }

    fn key(&self, purpose: KeyUse, id: u8, label: &str) -> Key {
        let master = master_key(&self.seed.0, self.family, label);
        let value = match card_key(master, self.issuer, self.serial) {
            crypto::CardKey::Single(key) => key.to_be_bytes().to_vec(),
            crypto::CardKey::Double(left, right) => [left.to_be_bytes(), right.to_be_bytes()].concat(),
        };
        new_key(purpose, id, value)
    }
}

pub(crate) fn new_key(purpose: KeyUse, id: u8, value: Vec<u8>) -> Key {
    Key { purpose, id, version: 0x01, algorithm: 0x00, value, tries: Tries { limit: 3, left: 3 } }
}

pub(crate) fn binary(sfi: u8, bytes: Vec<u8>, write: WriteRule) -> File {
    File { sfi, body: Body::Binary { bytes, write } }
}

pub(crate) fn cyclic(sfi: u8, length: u8, capacity: u8) -> File {
    File { sfi, body: Body::Cyclic { length, capacity, records: Vec::new() } }
}

fn exact(bytes: Option<Vec<u8>>, length: usize, field: &str) -> Result<Vec<u8>, BadCard> {
    bytes.filter(|bytes| bytes.len() == length).ok_or_else(|| BadCard(field.to_owned()))
}

/// Both dates as the card holds them; zeros where there are none.
fn validity(until: &str) -> Result<(Vec<u8>, Vec<u8>), BadCard> {
    if until.is_empty() {
        return Ok((vec![0; 4], vec![0; 4]));
    }
    let packed =
        NaiveDate::parse_from_str(until, "%Y-%m-%d").ok().and_then(bcd::pack_date).ok_or_else(|| BadCard("valid_until".to_owned()))?;
    Ok((vec![0x20, 0x20, 0x01, 0x01], packed))
}
