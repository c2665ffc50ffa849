//! The card's own PIN. It is never written down: not in an intent, not in a record, not in a log.

use serde::{Deserialize, Serialize};

use crate::{
    card::CardImage,
    code::{Code, Message},
    normalise,
};

/// Four to twelve digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin(String);

/// Not four to twelve digits. Says nothing of what was given.
#[derive(Debug, thiserror::Error)]
#[error("no PIN")]
pub struct NoPin;

impl Pin {
    /// # Errors
    /// `FIELD_INVALID`, without a digit of what was typed.
    pub fn typed(raw: &str) -> Result<Self, Message> {
        Self::try_from(normalise::text(raw).replace(' ', "")).map_err(|NoPin| Message::new(Code::FieldInvalid).with("field", "卡密码"))
    }

    /// Two digits a byte; a last half byte that is left over is F.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let digits: Vec<u8> = self.0.bytes().map(|digit| digit - b'0').collect();
        digits.chunks(2).map(|pair| pair.first().unwrap_or(&0xF) << 4 | pair.get(1).unwrap_or(&0xF)).collect()
    }
}

impl TryFrom<String> for Pin {
    type Error = NoPin;

    fn try_from(digits: String) -> Result<Self, NoPin> {
        let fits = (4..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(digits)) } else { Err(NoPin) }
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// What is done with the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinWork {
    /// Is it this one? A wrong one costs a try.
    Verify,
    /// Sets it and gives the tries back, by the reload key.
    Reload,
    /// Sets it and gives the tries back, by the unblock key.
    Unblock,
}

/// What is to be done, written down before the first command: everything but the PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinIntent {
    pub before: CardImage,
    pub work: PinWork,
}

/// How work on a PIN ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum PinEnd {
    /// Verified, or set.
    Done,
    /// It is another PIN.
    Wrong {
        tries_left: u8,
    },
    /// No try is left; it has to be set anew.
    Locked,
    /// Nothing was sent that counts, or the card refused.
    Not {
        reason: Code,
    },
    /// The answer was lost. Setting it again does no harm; a lost verification may have cost a try.
    Unknown,
    WrongCard {
        expected_tail: String,
        seen_tail: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_nothing_else() {
        assert_eq!(Pin::typed("１２３ 4").map(|pin| pin.bytes()), Ok(vec![0x12, 0x34]));
        assert_eq!(Pin::typed("12345").map(|pin| pin.bytes()), Ok(vec![0x12, 0x34, 0x5F]));
        for wrong in ["", "123", "1234567890123", "12a4", "-123"] {
            let refused = Pin::typed(wrong).unwrap_err();
            assert_eq!(refused.code, Code::FieldInvalid, "{wrong}");
            assert!(wrong.is_empty() || !format!("{refused:?}").contains(wrong));
        }
        assert!(serde_json::from_str::<Pin>("\"12\"").is_err());
        assert!(!format!("{:?}", Pin::typed("2468")).contains("2468"));
    }
}
