//! Journal rows that belong to no case: who signed in, what the day began with, when the line was lost.

use chrono::NaiveDate;
use desk_domain::{
    case::Service,
    code::Code,
    id::{OperatorId, ProgrammeId},
    money::Fen,
    posting::Balanced,
};
use serde::{Deserialize, Serialize};

use crate::{
    day_close::{Counted, Expected},
    ports::Rating,
};

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
        /// Devices that failed their self-test.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        devices: Vec<String>,
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
    OutletReportPrinted {
        operator: OperatorId,
        day: NaiveDate,
    },
    /// What the centre published was checked and kept; new cases are begun under it from its day on.
    RulesTaken {
        number: u64,
        programme: ProgrammeId,
        version: String,
        effective: NaiveDate,
    },
    /// What came as published was not taken; the versions before stay.
    RulesRefused {
        version: String,
        code: Code,
    },
    /// An act of head office at this window, with the centre's number.
    OfficeActed {
        operator: OperatorId,
        second: OperatorId,
        what: String,
        subject: String,
        number: String,
    },
    /// A slip without a case: which service was asked for, and why it could not be begun.
    GuidanceGiven {
        service: Service,
        programme: ProgrammeId,
        code: Option<Code>,
    },
    /// Somebody did something about a line of the exception list.
    ExceptionAttended {
        line: String,
        operator: OperatorId,
        remedy: String,
        note: String,
    },
    /// Masked fields were shown in full; which, never what they said.
    Revealed {
        operator: OperatorId,
        supervisor: OperatorId,
        case: String,
        fields: Vec<String>,
        reason: String,
        purpose: String,
    },
    ExportRefused {
        operator: OperatorId,
    },
    TicketCalled {
        ticket: String,
        calls: u32,
    },
    /// Nobody came after the last call.
    TicketSkipped {
        ticket: String,
    },
    /// A case was begun for the ticket at the window.
    TicketServed {
        ticket: String,
        case: String,
    },
    Rated {
        case: String,
        rating: Rating,
    },
    /// A person or a card was looked for without a case.
    LookupRefused {
        operator: OperatorId,
        code: Code,
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
            Self::OutletReportPrinted { .. } => "outlet_report_printed",
            Self::RulesTaken { .. } => "rules_taken",
            Self::RulesRefused { .. } => "rules_refused",
            Self::OfficeActed { .. } => "office_acted",
            Self::GuidanceGiven { .. } => "guidance_given",
            Self::ExceptionAttended { .. } => "exception_attended",
            Self::Revealed { .. } => "revealed",
            Self::ExportRefused { .. } => "export_refused",
            Self::TicketCalled { .. } => "ticket_called",
            Self::TicketSkipped { .. } => "ticket_skipped",
            Self::TicketServed { .. } => "ticket_served",
            Self::Rated { .. } => "rated",
            Self::LookupRefused { .. } => "lookup_refused",
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
            | Self::ReportPrinted { .. }
            | Self::OutletReportPrinted { .. }
            | Self::RulesTaken { .. }
            | Self::RulesRefused { .. }
            | Self::OfficeActed { .. }
            | Self::GuidanceGiven { .. }
            | Self::ExceptionAttended { .. }
            | Self::Revealed { .. }
            | Self::ExportRefused { .. }
            | Self::TicketCalled { .. }
            | Self::TicketSkipped { .. }
            | Self::TicketServed { .. }
            | Self::Rated { .. }
            | Self::LookupRefused { .. } => Balanced::none(),
        }
    }

    /// The code for the journal header, where something was out of order.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::DayClosed { code, .. } => *code,
            Self::ClockUntrusted { .. } => Some(Code::ClockUntrusted),
            Self::RulesRefused { code, .. } => Some(*code),
            Self::DayOpened { devices, .. } => (!devices.is_empty()).then_some(Code::DeviceFail),
            Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::Locked { .. }
            | Self::OutletReportPrinted { .. }
            | Self::RulesTaken { .. }
            | Self::OfficeActed { .. }
            | Self::DayPapersPrinted { .. }
            | Self::HoursOpened { .. }
            | Self::CashDeposited { .. }
            | Self::LineLost
            | Self::LineBack
            | Self::ReportPrinted { .. }
            | Self::GuidanceGiven { .. }
            | Self::ExceptionAttended { .. }
            | Self::Revealed { .. }
            | Self::ExportRefused { .. }
            | Self::TicketCalled { .. }
            | Self::TicketSkipped { .. }
            | Self::TicketServed { .. }
            | Self::Rated { .. }
            | Self::LookupRefused { .. } => None,
        }
    }
}
