//! What the centre tells a desk about a person, for one case and one purpose.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    booked::Booked,
    function::{Function, FunctionFacts},
    id::{CardNo, CellId, PersonId, ProgrammeId},
    money::Fen,
};

/// Facts for one case; never kept beyond it. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFacts {
    pub cell: CellId,
    pub person: PersonId,
    pub programme: ProgrammeId,
    /// Full name; the screen masks it.
    pub name: String,
    /// Last four characters of the identity number; the desk compares what the clerk keyed at the centre, not here.
    pub id_tail: String,
    pub birth: Option<NaiveDate>,
    pub class: HolderClass,
    /// School and class, or empty.
    pub school: String,
    pub cards: Vec<CardFacts>,
    /// Masked mobile number of the first guardian (`138****5678`), where one is on record.
    pub guardian_phone: Option<String>,
    /// Open order of another channel (WeChat), by its number.
    pub open_order: Option<String>,
    /// Password resets in the last 30 days.
    pub recent_resets: u32,
    /// An initial password can be made: the number that it is taken from is on record.
    pub initial_password: InitialPassword,
    /// Graduated or left: no longer entitled to the programme's benefits.
    pub entitled: bool,
    /// Staff member with this identity, so that nobody serves himself or herself.
    pub staff: Option<crate::id::OperatorId>,
}

impl std::fmt::Debug for PersonFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonFacts").field("person", &self.person).field("programme", &self.programme).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderClass {
    Domestic,
    /// Resident of Hong Kong, Macao or Taiwan.
    Hmt,
    Foreign,
}

/// Which number the initial password is made of, or why none can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitialPassword {
    LastSixOfIdNumber,
    LastSixOfEcardNumber,
    NoIdOnRecord,
    NoEcardNumber,
}

/// What the centre knows of one card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFacts {
    pub cell: CellId,
    pub programme: ProgrammeId,
    pub card_no: CardNo,
    pub status: CardStatus,
    /// Date of sale or issue.
    pub issued_on: NaiveDate,
    /// The transit function was opened.
    pub transit_open: bool,
    /// The number of the case that holds the card in suspense, if one does.
    pub suspended_by: Option<String>,
    /// Last balance that the centre saw; informs only, never pays.
    pub last_balance: Option<Fen>,
    /// Holder's name and identity are known (registered card).
    pub holder: Option<PersonId>,
    pub entitled: bool,
    /// Functions with a state of their own, each as its keeper said; empty for a programme whose cards have one state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionFacts>,
    /// The last movements of its purse, newest first; only where they were asked for ([`Lookup::Purse`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub booked: Vec<Booked>,
}

impl CardFacts {
    #[must_use]
    pub fn function(&self, function: Function) -> Option<&FunctionFacts> {
        self.functions.iter().find(|facts| facts.function == function)
    }

    /// The card's bank, by its line in the programme's file.
    #[must_use]
    pub fn bank(&self) -> Option<&str> {
        self.function(Function::Bank)?.bank.as_deref()
    }

    /// A formal loss of the card stands: of the card itself, or of its social-security function where functions are
    /// apart.
    #[must_use]
    pub fn formally_lost(&self) -> bool {
        self.status == CardStatus::Lost || self.function(Function::SocialSecurity).is_some_and(|facts| facts.state.is_formal_loss())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum CardStatus {
    /// Made, not yet handed out.
    Stock,
    Active,
    Lost,
    Blacklisted,
    Replaced {
        by_tail: String,
    },
    Closed,
}

/// How a person or card is looked up; a search that could list people does not exist.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Lookup {
    /// Normalised identity number.
    IdNumber {
        programme: ProgrammeId,
        number: String,
    },
    CardNo {
        card_no: CardNo,
    },
    /// The card with the last movements of its purse.
    Purse {
        card_no: CardNo,
    },
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::IdNumber { .. } => f.write_str("Lookup::IdNumber(…)"),
            Self::CardNo { card_no } | Self::Purse { card_no } => write!(f, "Lookup::{card_no:?}"),
        }
    }
}
