//! An identity document as its chip states it. Address, nation and photograph are on the chip too; no service needs them,
//! so they end in the adapter.

use chrono::NaiveDate;

use crate::document::Expiry;

/// What a certified reader gives the counter.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadDocument {
    pub layout: ChipLayout,
    /// As on the chip, without padding; its own rules still judge it.
    pub number: String,
    /// Chinese name; of a foreigner without one the English name.
    pub name: String,
    pub birth: NaiveDate,
    /// First day of validity.
    pub from: NaiveDate,
    pub expiry: Expiry,
}

impl std::fmt::Debug for ReadDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadDocument").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// The four text layouts, told apart by one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipLayout {
    Citizen,
    /// `J`: residence permit of a Hong Kong, Macao or Taiwan resident.
    HmtPermit,
    /// `I`: permanent residence card of 2017.
    Foreign2017,
    /// `Y`: permanent residence card of 2023.
    Foreign2023,
}
