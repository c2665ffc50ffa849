//! What a card remembers without power. Serialises to JSON, byte strings as hexadecimal digits.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub uid: [u8; 4],
    pub life: Life,
    pub application: Application,
    pub switches: Switches,
    /// How many random numbers the card has drawn; they follow from this and its secret.
    pub draws: u64,
    pub secret: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    InUse,
    /// Every command is refused.
    Blocked,
}

/// The one application of the card, with its directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    #[serde(with = "as_hex")]
    pub name: Vec<u8>,
    pub block: Block,
    pub files: Vec<File>,
    pub keys: Vec<Key>,
    pub purse: Option<Purse>,
    pub proof: Option<Proof>,
    /// A staff card's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
}

/// A key that signs and is never read, PKCS#8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signer(#[serde(with = "as_hex")] pub Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Open,
    Temporary,
    Permanent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub sfi: u8,
    #[serde(flatten)]
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    Binary {
        #[serde(with = "as_hex")]
        bytes: Vec<u8>,
        write: WriteRule,
    },
    /// Record 1 is the newest and stands first.
    Cyclic { length: u8, capacity: u8, records: Vec<Record> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(#[serde(with = "as_hex")] pub Vec<u8>);

/// How UPDATE BINARY is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub enum WriteRule {
    Never,
    Mac { key: u8 },
    EncipheredMac { key: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    Load,
    Purchase,
    Unload,
    Overdraft,
    Tac,
    Maintenance,
    External,
    PinUnblock,
    PinReload,
    Pin,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub purpose: KeyUse,
    pub id: u8,
    pub version: u8,
    pub algorithm: u8,
    #[serde(with = "as_hex")]
    pub value: Vec<u8>,
    pub tries: Tries,
}

/// Error counter of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    pub limit: u8,
    pub left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// 1 passbook, 2 purse.
    pub number: u8,
    /// Fen, the overdraft limit included.
    pub balance: u32,
    /// Overdraft limit, three bytes.
    pub limit: u32,
    pub online: u16,
    pub offline: u16,
}

/// The one proof slot of the application: of the last commit only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub kind: u8,
    /// Counter after the transaction.
    pub sequence: u16,
    #[serde(with = "as_hex")]
    pub answer: Vec<u8>,
}

/// Where card operating systems differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    pub unload: UnloadRule,
    pub unwritten_record: Unwritten,
    pub prove: ProveRule,
    pub balance_parts: BalanceParts,
    pub purse_mac: PurseMacRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnloadRule {
    /// 6A86.
    Refused,
    /// Purse number wanted in P2.
    Purse(u8),
    /// The same, and only after a PIN or an external authentication; else 6982.
    PurseAfterProof(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwritten {
    /// 6A83.
    NotFound,
    Zeros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProveRule {
    EightBytes,
    /// 6D00.
    Missing,
}

/// GET BALANCE with P1 = 01, 02, 03.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceParts {
    Known,
    /// 6A86.
    Unknown,
}

/// What a wrong MAC of a purse commit costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurseMacRule {
    NotCounted,
    /// At zero the application is blocked for the time being.
    Counted,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            unload: UnloadRule::Refused,
            unwritten_record: Unwritten::NotFound,
            prove: ProveRule::EightBytes,
            balance_parts: BalanceParts::Known,
            purse_mac: PurseMacRule::NotCounted,
        }
    }
}

impl Application {
    pub fn binary(&self, sfi: u8) -> Option<&[u8]> {
        self.files.iter().find(|file| file.sfi == sfi).and_then(|file| match &file.body {
            Body::Binary { bytes, .. } => Some(bytes.as_slice()),
            Body::Cyclic { .. } => None,
        })
    }

    pub fn file(&self, sfi: u8) -> Option<&Body> {
        self.files.iter().find(|file| file.sfi == sfi).map(|file| &file.body)
    }

    pub fn file_mut(&mut self, sfi: u8) -> Option<&mut Body> {
        self.files.iter_mut().find(|file| file.sfi == sfi).map(|file| &mut file.body)
    }

    pub fn key(&self, purpose: KeyUse, id: u8) -> Option<&Key> {
        self.keys.iter().find(|key| key.purpose == purpose && key.id == id)
    }

    pub fn key_mut(&mut self, purpose: KeyUse, id: u8) -> Option<&mut Key> {
        self.keys.iter_mut().find(|key| key.purpose == purpose && key.id == id)
    }

    /// Puts a record in front; the oldest falls out.
    pub fn append(&mut self, sfi: u8, record: Vec<u8>) {
        if let Some(Body::Cyclic { capacity, records, .. }) = self.file_mut(sfi) {
            records.insert(0, Record(record));
            records.truncate(usize::from(*capacity));
        }
    }
}

mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode_upper(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
