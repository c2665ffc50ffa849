//! Typed identifiers. Identifiers that must be unguessable or unique come from the caller's source of randomness.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

text_id!(/// The smallest part of the deployment that stands alone, usually one issuing city.
    CellId);
text_id!(/// A card programme (发卡方案), the name of its rule set.
    ProgrammeId);
text_id!(/// A service outlet (网点).
    OutletId);
text_id!(/// A window of an outlet (窗口), for example `W03`.
    WindowId);
text_id!(/// One enrolled desk.
    DeviceId);
text_id!(/// A person who works with the program (工号); never a name.
    OperatorId);
text_id!(/// The centre's own identifier of a citizen; carries no personal data.
    PersonId);
text_id!(/// Printed number of a case (业务单号): `{outlet}{yyyymmdd}{window}{generation}{seq}`, with `F` when accepted offline.
    CaseNumber);
text_id!(/// The centre's confirmation, reservation or authorisation number.
    CentreNumber);
text_id!(/// Proof of a session at the centre; secret.
    SessionToken);

/// Sixteen bytes from the caller's randomness, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id128(pub [u8; 16]);

impl fmt::Display for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Id128 {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Id128 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id128 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Idempotency key of a case, made when it opens and kept through every retry.
pub type CaseId = Id128;
/// Made and stored before the first send; the same for every repeat of one request.
pub type RequestId = Id128;

/// A card number: the visible application serial number, digits only (up to 19 or 20 by family).
///
/// `Debug` shows the last four digits only, so that no number reaches a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardNo(pub String);

impl CardNo {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits (尾号).
    #[must_use]
    pub fn tail(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or(&self.0)
    }
}

impl fmt::Debug for CardNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNo(…{})", self.tail())
    }
}
