//! Status words of purse cards.

use desk_domain::code::{Code, Message};

/// The two last bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sw(pub u16);

impl Sw {
    pub const OK: Self = Self(0x9000);
    /// The application is blocked for the time being; comes with the FCI.
    pub const APPLICATION_LOCKED: Self = Self(0x6A81);
    /// The application is blocked for good.
    pub const APPLICATION_DEAD: Self = Self(0x9303);

    /// The same, as some cards say it.
    pub const FILE_INVALID: Self = Self(0x6283);

    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// The card does not know this transaction: function, parameters or key index are missing on it.
    #[must_use]
    pub fn is_unsupported(self) -> bool {
        matches!(self.0, 0x6985 | 0x6A81 | 0x6A86 | 0x6D00 | 0x6E00 | 0x9403)
    }

    /// What the clerk is told where nothing more exact is known.
    #[must_use]
    pub fn refusal(self) -> Message {
        Message::new(Code::CardRefused).with("sw", format!("{:04X}", self.0))
    }
}
