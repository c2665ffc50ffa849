//! Money in integer fen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    code::{Code, Message},
    normalise,
};

/// An amount in fen (1/100 yuan). Signed, because postings and differences are; arithmetic is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// An amount left the range of `i64` fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range")]
pub struct Overflow;

impl Fen {
    pub const ZERO: Self = Self(0);

    /// # Errors
    /// [`Overflow`] when the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// # Errors
    /// [`Overflow`] when the difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// # Errors
    /// [`Overflow`] when the total does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Reads an amount in yuan as typed: full-width digits, `￥`, `元`, thousands commas and 。 for the point are taken;
    /// at most two decimals, not negative, less than ten million yuan.
    ///
    /// # Errors
    /// `FIELD_REQUIRED` for nothing, `AMOUNT_INVALID` for anything else that is not an amount.
    pub fn parse_yuan(raw: &str) -> Result<Self, Message> {
        let text: String = normalise::text(raw)
            .chars()
            .filter(|c| !matches!(c, '¥' | '￥' | '元' | ' '))
            .map(|c| if matches!(c, '。' | '．') { '.' } else { c })
            .collect();
        if text.is_empty() {
            return Err(Message::new(Code::FieldRequired).with("field", "金额"));
        }
        parse_plain(&text).ok_or_else(|| Message::new(Code::AmountInvalid))
    }
}

/// Yuan with two decimals: `36.50`, `-0.05`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", amount / 100, amount % 100)
    }
}

fn parse_plain(text: &str) -> Option<Fen> {
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, ""));
    let yuan = without_commas(yuan)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 7 || decimals.len() > 2 || !digits(&yuan) || !digits(decimals) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let whole: i64 = yuan.parse().ok()?;
    let part: i64 = format!("{decimals:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(part).map(Fen)
}

/// Commas only where thousands are.
fn without_commas(yuan: &str) -> Option<String> {
    if !yuan.contains(',') {
        return Some(yuan.to_owned());
    }
    let mut groups = yuan.split(',');
    let first = groups.next()?;
    ((1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)).then(|| yuan.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_as_typed() {
        for (raw, fen) in [
            ("36.5", 3650),
            ("36.50", 3650),
            ("３６．５０", 3650),
            ("36。05", 3605),
            ("￥20", 2000),
            ("20元", 2000),
            ("1,234.56", 123_456),
            ("0", 0),
            ("0.01", 1),
            (" 500 ", 50_000),
            ("9999999.99", 999_999_999),
        ] {
            assert_eq!(Fen::parse_yuan(raw), Ok(Fen(fen)), "{raw}");
        }
        assert_eq!(Fen::parse_yuan(" ").unwrap_err().code, Code::FieldRequired);
        for raw in ["-1", "1.234", "1e3", "20.", ".5", "1,23", "12,3456", "abc", "10000000", "二十", "1.2.3"] {
            assert_eq!(Fen::parse_yuan(raw).unwrap_err().code, Code::AmountInvalid, "{raw}");
        }
    }

    #[test]
    fn shown_with_two_decimals() {
        assert_eq!(Fen(3650).to_string(), "36.50");
        assert_eq!(Fen(5).to_string(), "0.05");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(i64::MIN).to_string(), "-92233720368547758.08");
    }
}
