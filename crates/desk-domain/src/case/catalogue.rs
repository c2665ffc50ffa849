//! The catalogue of services: what a counter does for people.

use serde::{Deserialize, Serialize};

/// The services of the counter, by what they are for (no programme and no city in a name).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// S-02
    CardQuery,
    /// S-04, S-05, S-06, S-08 of cards that are made centrally
    Application,
    /// S-05
    ReissueLost,
    /// S-06
    ReplaceDamaged,
    /// S-07
    ReplaceFaulty,
    /// S-09
    RefundReadable,
    /// S-10
    RefundUnreadable,
    /// S-10
    RefundDue,
    /// S-11
    TopUp,
    /// S-13
    Validation,
    /// S-17
    PasswordReset,
    /// S-03
    FirstIssue,
    /// S-14
    TemporaryLoss,
    /// S-15
    FormalLoss,
    /// S-16
    LossRelease,
    /// S-19
    SmsDiagnosis,
    /// S-22
    CardReturn,
    /// S-23
    PickUp,
    /// S-23
    SendAgain,
    /// S-23
    Uncollected,
    /// S-24
    BadCard,
    /// S-24
    BlankStock,
    /// S-29
    FoundCard,
    /// S-29
    FoundCardBack,
    /// S-18
    GuardianPhone,
    /// S-12
    Rewrite,
    /// S-25
    Reversal,
    /// S-20
    UnitBatch,
}

impl Service {
    /// In the order in which a counter shows them.
    pub const ALL: &[Self] = &[
        Self::Validation,
        Self::Application,
        Self::UnitBatch,
        Self::PickUp,
        Self::SendAgain,
        Self::Uncollected,
        Self::ReissueLost,
        Self::ReplaceDamaged,
        Self::ReplaceFaulty,
        Self::RefundReadable,
        Self::RefundUnreadable,
        Self::RefundDue,
        Self::TopUp,
        Self::Rewrite,
        Self::Reversal,
        Self::PasswordReset,
        Self::GuardianPhone,
        Self::CardQuery,
        Self::FirstIssue,
        Self::SmsDiagnosis,
        Self::TemporaryLoss,
        Self::FormalLoss,
        Self::LossRelease,
        Self::CardReturn,
        Self::FoundCard,
        Self::FoundCardBack,
        Self::BadCard,
        Self::BlankStock,
    ];

    /// Number of the service in the catalogue of services.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::CardQuery => "S-02",
            Self::FirstIssue => "S-03",
            Self::Application => "S-04",
            Self::ReissueLost => "S-05",
            Self::ReplaceDamaged => "S-06",
            Self::ReplaceFaulty => "S-07",
            Self::RefundReadable => "S-09",
            Self::RefundUnreadable | Self::RefundDue => "S-10",
            Self::TopUp => "S-11",
            Self::Rewrite => "S-12",
            Self::Validation => "S-13",
            Self::TemporaryLoss => "S-14",
            Self::FormalLoss => "S-15",
            Self::LossRelease => "S-16",
            Self::PasswordReset => "S-17",
            Self::GuardianPhone => "S-18",
            Self::UnitBatch => "S-20",
            Self::SmsDiagnosis => "S-19",
            Self::CardReturn => "S-22",
            Self::PickUp | Self::SendAgain | Self::Uncollected => "S-23",
            Self::BadCard | Self::BlankStock => "S-24",
            Self::Reversal => "S-25",
            Self::FoundCard | Self::FoundCardBack => "S-29",
        }
    }
}
