//! Day close (日结·轧账) of one clerk: cash counted by denomination before the system says what it expects, blanks and
//! spoiled cards beside it, a difference booked for what it is, the till handed over to the vault.
//!
//! Source: domain S-28, P-43 to P-45. What is booked stays; the sums of the centre only confirm it or mark a difference.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    cash::{CashCount, handed_over},
    code::{Code, Message},
    id::OperatorId,
    money::Fen,
    normalise,
    posting::Account,
};
use serde::{Deserialize, Serialize};

use crate::{
    desk::{Desk, Place},
    loose::Loose,
    ports::{StoreFailure, Stored},
    report::Report,
    session::Session,
};

/// How long a difference stands on the screen before the same counts book it.
const TIME_TO_READ: Duration = Duration::from_secs(1);
/// A day that was forgotten is looked for this far back from today.
const LOOK_BACK_DAYS: u64 = 60;

/// What was counted at the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub cash: CashCount,
    /// Unwritten blanks.
    pub blanks: u32,
    /// Blanks that a write spoiled.
    pub spoiled: u32,
}

/// What the books expect to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    pub cash: Fen,
    pub blanks: u32,
    pub spoiled: u32,
}

impl Expected {
    /// Cash counted over the books; negative where it is short.
    #[must_use]
    pub fn cash_over(&self, counted: &Counted) -> Fen {
        counted.cash.total().and_then(|total| total.minus(self.cash)).unwrap_or(Fen::ZERO)
    }

    /// What differs, gravest first; nothing where everything is as the books say.
    fn differences(&self, counted: &Counted) -> Vec<Message> {
        let pieces = |counted: u32, expected: u32| i64::from(counted) - i64::from(expected);
        let mut messages = Vec::new();
        let cash = self.cash_over(counted);
        if cash != Fen::ZERO {
            messages.push(Message::new(Code::CashDiff).with("x", signed(cash)));
        }
        for difference in [pieces(counted.blanks, self.blanks), pieces(counted.spoiled, self.spoiled)] {
            if difference != 0 {
                messages.push(Message::new(Code::StockDiff).with("n", format!("{difference:+}")));
            }
        }
        messages
    }
}

/// `+0.10`, `-36.50`
pub(crate) fn signed(amount: Fen) -> String {
    if amount.is_positive() { format!("+{amount}") } else { amount.to_string() }
}

/// A day that is being closed, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Close {
    /// Whose till it is; somebody else's where a supervisor closes it.
    pub whose: OperatorId,
    pub forced: bool,
    /// Business day; before today where it was forgotten.
    pub day: NaiveDate,
    pub message: Option<Message>,
    pub stage: CloseStage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CloseStage {
    /// Nothing of the books is shown before something was counted.
    Counting {
        compared: Option<Compared>,
    },
    Closed {
        booked: Box<Booked>,
        report: Box<Report>,
        papers: Papers,
    },
}

/// Counts that differ from the books, as they were given the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub counted: Counted,
    pub expected: Expected,
    /// Monotonic.
    at: Duration,
}

/// A close as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booked {
    pub by: OperatorId,
    pub at: DateTime<Utc>,
    pub counted: Counted,
    pub expected: Expected,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Papers {
    Due,
    /// So many are still with the printer.
    Printing(u8),
    Printed,
}

/// The closing of this clerk's business day among rows without a case.
fn closing_in(rows: &[Stored], whose: &OperatorId, of: NaiveDate) -> Option<Booked> {
    rows.iter().find_map(|row| match serde_json::from_str(&row.payload) {
        Ok(Loose::DayClosed { operator, by, day, counted, expected, reason, .. }) if operator == *whose && day == of => {
            Some(Booked { by, at: row.header.at, counted, expected, reason })
        }
        Ok(_) | Err(_) => None,
    })
}

fn opened_in(rows: &[Stored], whose: &OperatorId) -> bool {
    rows.iter().any(|row| matches!(serde_json::from_str(&row.payload), Ok(Loose::DayOpened { operator, .. }) if operator == *whose))
}

impl Desk {
    pub(crate) fn till_of(&self, operator: &OperatorId) -> Account {
        Account::Till { outlet: self.station.outlet.clone(), operator: operator.clone() }
    }

    /// This clerk's closing of a day, on whatever day it was made.
    pub(crate) async fn closing(&mut self, whose: &OperatorId, day: NaiveDate) -> Result<Option<Booked>, StoreFailure> {
        let mut at = day;
        while at <= self.today() {
            let rows = self.store.loose(at).await?;
            if let Some(booked) = closing_in(&rows, whose, day) {
                return Ok(Some(booked));
            }
            let Some(next) = at.succ_opt() else { break };
            at = next;
        }
        Ok(None)
    }

    /// An earlier day that this clerk opened at this window and never closed.
    pub(crate) async fn forgotten_day(&mut self, whose: &OperatorId) -> Result<Option<NaiveDate>, StoreFailure> {
        let today = self.today();
        let Some(last) = self.last_day().await?.filter(|last| *last < today) else {
            return Ok(None);
        };
        if last.checked_add_days(chrono::Days::new(LOOK_BACK_DAYS)).is_some_and(|end| end < today) {
            let left = self.store.balance(&self.till_of(whose)).await?;
            return Ok((left != Fen::ZERO).then_some(last));
        }
        let rows = self.store.loose(last).await?;
        Ok((opened_in(&rows, whose) && self.closing(whose, last).await?.is_none()).then_some(last))
    }

    /// The screen at the beginning of a day; a day that was left open comes first.
    pub(crate) async fn begin_day(&mut self) -> Result<(), StoreFailure> {
        let Some(operator) = self.session.as_ref().map(Session::name) else {
            return Ok(());
        };
        self.test_devices();
        self.place = match self.forgotten_day(&operator).await? {
            Some(day) => Place::DayClose(Box::new(Close {
                whose: operator,
                forced: false,
                day,
                message: Some(Message::new(Code::PreviousDayOpen).with("date", day)),
                stage: CloseStage::Counting { compared: None },
            })),
            None => Place::DayOpen { message: None, typed: None },
        };
        Ok(())
    }

    /// Cases that somebody at this window still has to end; what only the line or a lost card can move is explained on the
    /// report instead.
    fn cases_in_hand(&self) -> usize {
        self.cases
            .values()
            .filter(|running| !running.case.waits_for_line() && !running.case.writing().is_some_and(desk_domain::case::Writing::suspended))
            .count()
    }

    fn open_cases(&self) -> Option<Message> {
        let open = self.cases_in_hand();
        (open > 0).then(|| Message::new(Code::OpenCases).with("n", open))
    }

    /// Begins a close: the clerk's own, or as a supervisor that of whoever left a till open at this window.
    pub(crate) async fn close_day(&mut self) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. } | Place::Report(_)) {
            return Ok(());
        }
        let Some((operator, supervisor)) = self.session.as_ref().map(|session| (session.name(), session.supervisor())) else {
            return Ok(());
        };
        let today = self.today();
        let whose = if self.day.open || self.day.closed {
            Some(operator.clone())
        } else if supervisor {
            self.till_left_open(today).await?
        } else {
            None
        };
        let Some(whose) = whose else {
            self.place = Place::Home { message: Some(Message::new(Code::DayNotOpen)) };
            return Ok(());
        };
        if let Some(booked) = self.closing(&whose, today).await? {
            return self.show_closed(whose, today, booked).await;
        }
        if let Some(message) = self.open_cases() {
            self.place = Place::Home { message: Some(message) };
            return Ok(());
        }
        let forced = whose != operator;
        self.place =
            Place::DayClose(Box::new(Close { whose, forced, day: today, message: None, stage: CloseStage::Counting { compared: None } }));
        Ok(())
    }

    /// Who opened a day here today and has not closed it.
    async fn till_left_open(&mut self, day: NaiveDate) -> Result<Option<OperatorId>, StoreFailure> {
        let rows = self.store.loose(day).await?;
        Ok(rows.iter().find_map(|row| match serde_json::from_str(&row.payload) {
            Ok(Loose::DayOpened { operator, .. }) if closing_in(&rows, &operator, day).is_none() => Some(operator),
            Ok(_) | Err(_) => None,
        }))
    }

    async fn expected(&mut self, whose: &OperatorId, day: NaiveDate) -> Result<Expected, StoreFailure> {
        let cash = self.store.balance(&self.till_of(whose)).await?;
        let mut spoiled = 0;
        let today = self.today();
        for of in if day < today { vec![day, today] } else { vec![day] } {
            for (header, _) in self.store.cases_of(of).await? {
                let rows = self.store.case(header.id).await?;
                spoiled += rows.iter().filter(|row| row.header.kind == "fact.blank_spoiled").count();
            }
        }
        Ok(Expected { cash, blanks: self.day.blanks, spoiled: u32::try_from(spoiled).unwrap_or(u32::MAX) })
    }

    /// Takes the counts. What differs is shown once with the books beside it, and booked when it is given again with a
    /// reason.
    pub(crate) async fn count_day(
        &mut self,
        pieces: &[(String, String)],
        blanks: &str,
        spoiled: &str,
        reason: &str,
    ) -> Result<(), StoreFailure> {
        let Place::DayClose(close) = &self.place else {
            return Ok(());
        };
        let CloseStage::Counting { compared } = &close.stage else {
            return Ok(());
        };
        let (close, before) = ((**close).clone(), compared.clone());
        let counted = CashCount::typed(pieces).and_then(|cash| {
            let blanks = normalise::count(blanks, "空白卡张数")?;
            Ok(Counted { cash, blanks, spoiled: normalise::count(spoiled, "坏卡张数")? })
        });
        let counted = match counted {
            Ok(counted) if counted.cash.total().is_ok() => counted,
            Ok(_) => {
                self.close_says(Message::new(Code::AmountInvalid), None);
                return Ok(());
            }
            Err(message) => {
                self.close_says(message, before);
                return Ok(());
            }
        };
        if let Some(message) = self.open_cases() {
            self.close_says(message, before);
            return Ok(());
        }
        let expected = self.expected(&close.whose, close.day).await?;
        let differences = expected.differences(&counted);
        let reason = normalise::text(reason);
        let now = self.clock.monotonic();
        if !differences.is_empty() {
            match before.filter(|before| before.counted == counted && before.expected == expected) {
                // A second click is no second count: nobody has seen the difference yet.
                Some(before) if now.saturating_sub(before.at) < TIME_TO_READ => return Ok(()),
                Some(before) if reason.is_empty() => {
                    self.close_says(Message::new(Code::FieldRequired).with("field", "差异原因"), Some(before));
                    return Ok(());
                }
                Some(_) => {}
                None => {
                    let message = desk_domain::case::context::all(differences);
                    self.close_says(message, Some(Compared { counted, expected, at: now }));
                    return Ok(());
                }
            }
        }
        let Some(by) = self.session.as_ref().map(Session::name) else {
            return Ok(());
        };
        let total = counted.cash.total().unwrap_or(Fen::ZERO);
        let postings = handed_over(&self.station.outlet, &close.whose, expected.cash, total);
        let code = expected.differences(&counted).first().map(|message| message.code);
        let row = Loose::DayClosed { operator: close.whose.clone(), by, day: close.day, counted, expected, reason, code, postings };
        self.note(&row).await?;
        self.load_day().await?;
        match self.closing(&close.whose, close.day).await? {
            Some(booked) => self.show_closed(close.whose, close.day, booked).await,
            None => Ok(()),
        }
    }

    fn close_says(&mut self, message: Message, compared: Option<Compared>) {
        if let Place::DayClose(close) = &mut self.place {
            close.message = Some(message);
            close.stage = CloseStage::Counting { compared };
        }
    }

    /// The closed day beside the centre's sums, once everything is there.
    async fn show_closed(&mut self, whose: OperatorId, day: NaiveDate, booked: Booked) -> Result<(), StoreFailure> {
        let mut report = self.compute_report().await?;
        report.waiting = self.online();
        let forced = whose != booked.by;
        let message = (!report.waiting).then(|| Message::new(Code::Unsynced).with("n", self.waiting));
        report.message = message;
        self.place = Place::DayClose(Box::new(Close {
            whose,
            forced,
            day,
            message: None,
            stage: CloseStage::Closed { booked: Box::new(booked), report: Box::new(report), papers: Papers::Due },
        }));
        self.upload().await?;
        self.report_goes_on();
        Ok(())
    }

    pub(crate) fn print_day(&mut self) -> Result<(), StoreFailure> {
        let Place::DayClose(close) = &self.place else {
            return Ok(());
        };
        let CloseStage::Closed { booked, report, papers } = &close.stage else {
            return Ok(());
        };
        if report.waiting || matches!(papers, Papers::Printing(_)) {
            return Ok(());
        }
        let sheets = self.day_sheets(close, booked, report);
        let count = u8::try_from(sheets.len()).unwrap_or(u8::MAX);
        if let Place::DayClose(close) = &mut self.place
            && let CloseStage::Closed { papers, .. } = &mut close.stage
        {
            *papers = Papers::Printing(count);
        }
        for sheet in sheets {
            self.print(crate::desk::Errand::DayPaper, sheet);
        }
        Ok(())
    }

    pub(crate) async fn day_paper_ended(&mut self, end: Result<(), Message>) -> Result<(), StoreFailure> {
        let failed = end.is_err();
        if let Err(message) = end {
            self.notice = Some(message);
        }
        let mut all = false;
        if let Place::DayClose(close) = &mut self.place
            && let CloseStage::Closed { papers, .. } = &mut close.stage
        {
            *papers = match *papers {
                Papers::Printing(left) if !failed && left > 1 => Papers::Printing(left - 1),
                Papers::Printing(_) if !failed => Papers::Printed,
                Papers::Printing(_) | Papers::Due => Papers::Due,
                Papers::Printed => Papers::Printed,
            };
            all = *papers == Papers::Printed;
        }
        match self.session.as_ref().map(Session::name).filter(|_| all) {
            Some(operator) => self.note(&Loose::DayPapersPrinted { operator }).await,
            None => Ok(()),
        }
    }
}
