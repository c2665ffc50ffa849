//! Day open (日始): float and blanks are counted and compared; till and stock of the day are read from the journal.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    case::{Case, CaseHeader, Direction, Entry, Fact, uses_blank},
    code::{Code, Message},
    money::Fen,
    normalise,
    posting::{Account, Balanced},
};

use crate::{
    desk::{Day, Desk, Place},
    loose::Loose,
    ports::{Period, StoreFailure, Stored},
    session::Session,
};

/// How long a difference stands on the screen before the same counts book it.
const TIME_TO_READ: Duration = Duration::from_secs(1);

/// Counts that differ from the system's, as they were given the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed {
    float: Fen,
    blanks: u32,
    /// Monotonic.
    at: Duration,
}

/// Name of the durable value that holds the last business day opened at this window.
const LAST_DAY: &str = "day.last_opened";

impl Desk {
    /// Reads the signed-in clerk's day from the journal.
    pub(crate) async fn load_day(&mut self) -> Result<(), StoreFailure> {
        let date = self.today();
        let Some(operator) = self.session.as_ref().map(|session| session.operator.clone()) else {
            return Ok(());
        };
        let rows = self.store.loose(date).await?;
        let opened = counts(&rows);
        let till = self.till_of(&operator);
        let closed = self.closing(&operator, date).await?.is_some();
        let mut day = Day {
            date,
            open: !closed && opened.iter().any(|opening| opening.opens && opening.operator == operator),
            closed,
            beyond_hours: rows.iter().any(|row| row.header.kind == "hours_opened"),
            // A till holds what nobody took out of it, on whatever day it came in.
            till: self.store.balance(&till).await?,
            paid_out: Fen::ZERO,
            blanks: match opened.last() {
                Some(last) => self.blanks_since(date, last.at, last.blanks).await?,
                None => self.expected_blanks().await?,
            },
        };
        for movement in self.store.movements(Period { day: date }).await? {
            if movement.posting.account == till && movement.kind == "fact.paid_out" {
                day.paid_out = day.paid_out.minus(movement.posting.amount).unwrap_or(day.paid_out);
            }
        }
        self.day = day;
        // The day was opened and the power failed before this was written down.
        if !opened.is_empty() && self.last_day().await? != Some(date) {
            self.store.remember(LAST_DAY, &date.to_string()).await?;
        }
        Ok(())
    }

    /// Midnight passed while somebody was signed in: the new day has to be opened, once the running case is done.
    pub(crate) async fn new_day(&mut self) -> Result<(), StoreFailure> {
        let resting = matches!(self.place, Place::Home { .. } | Place::DayOpen { .. });
        if self.session.is_some() && resting && self.day.date != self.today() {
            self.load_day().await?;
            return self.go_home().await;
        }
        Ok(())
    }

    /// What should lie in the drawer: what the last day left, or what the outlet starts with.
    async fn expected_blanks(&mut self) -> Result<u32, StoreFailure> {
        if let Some(last) = self.last_day().await? {
            let rows = self.store.loose(last).await?;
            if let Some(counted) = counts(&rows).last() {
                return self.blanks_since(last, counted.at, counted.blanks).await;
            }
        }
        Ok(self.outlets().map(|outlet| outlet.blanks).max().unwrap_or_default())
    }

    /// The business day that was opened last at this window.
    pub(crate) async fn last_day(&mut self) -> Result<Option<NaiveDate>, StoreFailure> {
        Ok(self.store.recall(LAST_DAY).await?.and_then(|text| text.parse().ok()))
    }

    /// A supervisor lets the window work outside the outlet's hours for the rest of the day.
    pub(crate) async fn open_hours(&mut self) -> Result<(), StoreFailure> {
        if !matches!(self.place, Place::Home { .. }) || self.day.beyond_hours {
            return Ok(());
        }
        let Some(operator) = self.session.as_ref().filter(|session| session.supervisor()).map(Session::name) else {
            self.notice = Some(Message::new(Code::RoleMissing));
            return Ok(());
        };
        self.note(&Loose::HoursOpened { operator }).await?;
        self.day.beyond_hours = true;
        Ok(())
    }

    /// Cash of the outlet goes to the bank, with the number of the bank's slip.
    pub(crate) async fn deposit_cash(&mut self, amount: &str, slip: &str) -> Result<(), StoreFailure> {
        let Place::Report(_) = &self.place else {
            return Ok(());
        };
        let Some(operator) = self.session.as_ref().filter(|session| session.supervisor()).map(Session::name) else {
            return Ok(());
        };
        let slip = normalise::text(slip);
        let typed = Fen::parse_yuan(amount).and_then(|amount| {
            if slip.is_empty() {
                return Err(Message::new(Code::FieldRequired).with("field", "银行回单号"));
            }
            if amount.is_positive() { Ok(amount) } else { Err(Message::new(Code::AmountInvalid)) }
        });
        match typed {
            Ok(amount) => {
                let outlet = self.station.outlet.clone();
                let postings = Balanced::transfer(Account::Vault { outlet: outlet.clone() }, Account::Bank { outlet }, amount);
                self.note(&Loose::CashDeposited { operator, amount, slip, postings }).await?;
                self.open_report().await
            }
            Err(message) => {
                self.notice = Some(message);
                Ok(())
            }
        }
    }

    /// What is left of counted blanks after the day's cases since then: written, spoiled, taken in, given back.
    async fn blanks_since(&mut self, day: NaiveDate, counted: DateTime<Utc>, blanks: u32) -> Result<u32, StoreFailure> {
        let mut left = i64::from(blanks);
        for (header, _) in self.store.cases_of(day).await? {
            let rows = self.store.case(header.id).await?;
            left += blanks_of(&header, &rows, counted);
        }
        Ok(u32::try_from(left.max(0)).unwrap_or(u32::MAX))
    }

    fn outlets(&self) -> impl Iterator<Item = &desk_domain::ruleset::Outlet> {
        self.rules.at_outlet(&self.station.outlet, self.today()).into_iter().filter_map(|rules| rules.outlet(&self.station.outlet))
    }

    /// Takes the counts. A count that differs from the system's is shown once, and booked when it is given again.
    pub(crate) async fn open_day(&mut self, float: &str, blanks: &str) -> Result<(), StoreFailure> {
        let Place::DayOpen { typed, .. } = self.place.clone() else {
            return Ok(());
        };
        let Some(operator) = self.session.as_ref().filter(|session| session.clerk()).map(Session::name) else {
            return Ok(());
        };
        let counted = Fen::parse_yuan(float).and_then(|float| Ok((float, normalise::count(blanks, "空白卡张数")?)));
        let (float, blanks) = match counted {
            Ok(counted) => counted,
            Err(message) => {
                self.place = Place::DayOpen { message: Some(message), typed: None };
                return Ok(());
            }
        };
        let due = self.outlets().map(|outlet| outlet.till_float).max().unwrap_or(Fen::ZERO);
        let difference = if float != due {
            Some(Message::new(Code::FloatDiffers).with("x", float.minus(due).unwrap_or(Fen::ZERO)))
        } else if blanks != self.day.blanks {
            let more = i64::from(blanks) - i64::from(self.day.blanks);
            Some(Message::new(Code::BlanksDiffer).with("n", more))
        } else {
            None
        };
        let now = self.clock.monotonic();
        let again = typed.filter(|typed| (typed.float, typed.blanks) == (float, blanks));
        match (difference, again) {
            (None, _) => {}
            // A second click is no second count: the clerk has not seen the difference yet.
            (Some(_), Some(typed)) if now.saturating_sub(typed.at) < TIME_TO_READ => return Ok(()),
            (Some(_), Some(_)) => {}
            (Some(difference), None) => {
                self.place = Place::DayOpen { message: Some(difference), typed: Some(Typed { float, blanks, at: now }) };
                return Ok(());
            }
        }
        let postings = if float == Fen::ZERO {
            Balanced::none()
        } else {
            Balanced::transfer(
                Account::Vault { outlet: self.station.outlet.clone() },
                Account::Till { outlet: self.station.outlet.clone(), operator: operator.clone() },
                float,
            )
        };
        let devices = self.failed_devices();
        self.note(&Loose::DayOpened { operator, float, blanks, postings, devices }).await?;
        self.store.remember(LAST_DAY, &self.today().to_string()).await?;
        self.load_day().await?;
        match self.left_behind() {
            Some(id) => {
                self.place = Place::Case(id);
                self.go_on().await
            }
            None => self.go_home().await,
        }
    }
}

/// A count at the beginning or the end of a clerk's day.
struct Counted {
    operator: desk_domain::id::OperatorId,
    opens: bool,
    blanks: u32,
    at: DateTime<Utc>,
}

/// In order.
fn counts(rows: &[Stored]) -> Vec<Counted> {
    rows.iter()
        .filter_map(|row| match serde_json::from_str(&row.payload) {
            Ok(Loose::DayOpened { operator, blanks, .. }) => Some(Counted { operator, opens: true, blanks, at: row.header.at }),
            Ok(Loose::DayClosed { operator, counted, .. }) => {
                Some(Counted { operator, opens: false, blanks: counted.blanks, at: row.header.at })
            }
            Ok(_) | Err(_) => None,
        })
        .collect()
}

/// What one case did to the blanks after they were counted.
fn blanks_of(header: &CaseHeader, rows: &[Stored], counted: DateTime<Utc>) -> i64 {
    let mut case = Case::open(header.service);
    let mut change = 0;
    for row in rows {
        let Ok(Entry::Fact { fact }) = serde_json::from_str(&row.payload) else {
            continue;
        };
        if row.header.at >= counted {
            change -= i64::from(uses_blank(&case, &fact));
            if let Fact::StockMoved { moved } = &fact {
                change += match moved.direction {
                    Direction::In => i64::from(moved.count),
                    Direction::Out => -i64::from(moved.count),
                };
            }
        }
        match case.apply(fact) {
            Ok(next) => case = next,
            Err(_) => break,
        }
    }
    change
}
