//! Journal rows that belong to no case: who signed in, what the day began with, when the line was lost.

use chrono::NaiveDate;
use desk_domain::{code::Code, id::OperatorId, money::Fen, posting::Balanced};
use serde::{Deserialize, Serialize};

use crate::day_close::{Counted, Expected};

/// Sealed payload of a row without a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "loose", rename_all = "snake_case")]
pub enum Loose {
    SignedIn {
        operator: OperatorId,
        offline: bool,
    },
    SignedOut {
        operator: OperatorId,
    },
    Locked {
        operator: OperatorId,
    },
    /// Float counted into the till, blanks counted at the window.
    DayOpened {
        operator: OperatorId,
        float: Fen,
        blanks: u32,
        postings: Balanced,
    },
    /// Cash, blanks and spoiled cards counted at the end of a clerk's day, and the till handed over.
    DayClosed {
        operator: OperatorId,
        /// Who counted; a supervisor where the clerk did not.
        by: OperatorId,
        /// Business day; the row may be younger.
        day: NaiveDate,
        counted: Counted,
        expected: Expected,
        /// Why the counts differ from the books; empty where they do not.
        reason: String,
        code: Option<Code>,
        postings: Balanced,
    },
    DayPapersPrinted {
        operator: OperatorId,
    },
    /// A supervisor lets the window work outside the outlet's hours until midnight.
    HoursOpened {
        operator: OperatorId,
    },
    /// Cash of the outlet taken to the bank.
    CashDeposited {
        operator: OperatorId,
        amount: Fen,
        /// Number of the bank's slip.
        slip: String,
        postings: Balanced,
    },
    LineLost,
    LineBack,
    ClockUntrusted {
        seconds: i64,
    },
    ReportPrinted {
        operator: OperatorId,
    },
}

impl Loose {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignedOut { .. } => "signed_out",
            Self::Locked { .. } => "locked",
            Self::DayOpened { .. } => "day_opened",
            Self::DayClosed { .. } => "day_closed",
            Self::DayPapersPrinted { .. } => "day_papers_printed",
            Self::HoursOpened { .. } => "hours_opened",
            Self::CashDeposited { .. } => "cash_deposited",
            Self::LineLost => "line_lost",
            Self::LineBack => "line_back",
            Self::ClockUntrusted { .. } => "clock_untrusted",
            Self::ReportPrinted { .. } => "report_printed",
        }
    }

    #[must_use]
    pub fn postings(&self) -> Balanced {
        match self {
            Self::DayOpened { postings, .. } | Self::DayClosed { postings, .. } | Self::CashDeposited { postings, .. } => postings.clone(),
            Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::Locked { .. }
            | Self::DayPapersPrinted { .. }
            | Self::HoursOpened { .. }
            | Self::LineLost
            | Self::LineBack
            | Self::ClockUntrusted { .. }
            | Self::ReportPrinted { .. } => Balanced::none(),
        }
    }

    /// The code for the journal header, where something was out of order.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::DayClosed { code, .. } => *code,
            Self::ClockUntrusted { .. } => Some(Code::ClockUntrusted),
            Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::Locked { .. }
            | Self::DayOpened { .. }
            | Self::DayPapersPrinted { .. }
            | Self::HoursOpened { .. }
            | Self::CashDeposited { .. }
            | Self::LineLost
            | Self::LineBack
            | Self::ReportPrinted { .. } => None,
        }
    }
}
