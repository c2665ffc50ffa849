//! A model of the E-card platform: accounts, log-in, must-change flag. Sans-IO; the sandbox process and the simulation
//! put it behind their own doors.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use desk_domain::id::CentreNumber;

use crate::ports::{ResetOrder, ResetResult};

/// One account of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// PHC string; none before the first password.
    pub credential: Option<String>,
    pub must_change: bool,
    /// The initial password was used; it lets nobody in again.
    pub initial_used: bool,
    pub last_change: Option<DateTime<Utc>>,
    pub sessions_ended: u32,
    pub sessions: u32,
    /// Wrong passwords in a row.
    pub failures: u32,
    pub orders: Vec<CentreNumber>,
    /// A card order of another channel that runs.
    pub card_order: Option<String>,
}

/// Answer to a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogIn {
    In,
    /// Let in once, to set a new password.
    MustChange,
    Refused,
    Locked,
}

/// Wrong passwords in a row that lock an account.
const WRONG_PASSWORDS: u32 = 5;

/// All accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts(pub BTreeMap<String, Account>);

impl Accounts {
    /// The PHC string to compare a password with, where a log-in may still be tried.
    #[must_use]
    pub fn credential(&self, account: &str) -> Option<String> {
        self.0.get(account).and_then(|account| account.credential.clone())
    }

    #[must_use]
    pub fn last_change(&self, account: &str) -> Option<DateTime<Utc>> {
        self.0.get(account).and_then(|account| account.last_change)
    }

    #[must_use]
    pub fn card_order(&self, account: &str) -> Option<String> {
        self.0.get(account).and_then(|account| account.card_order.clone())
    }

    pub fn reset(&mut self, order: &ResetOrder) -> ResetResult {
        let Some(account) = self.0.get_mut(&order.account) else {
            return ResetResult::UnknownAccount;
        };
        if account.orders.contains(&order.order) {
            return ResetResult::Done;
        }
        if let Some(at) = account.last_change.filter(|at| *at > order.unchanged_since) {
            return ResetResult::ChangedSince { at };
        }
        account.credential = Some(order.credential.clone());
        account.must_change = true;
        account.initial_used = false;
        account.last_change = Some(order.at);
        account.sessions_ended += account.sessions;
        account.sessions = 0;
        account.failures = 0;
        account.orders.push(order.order.clone());
        ResetResult::Done
    }

    /// `matches`: the password fits the account's [`Accounts::credential`].
    pub fn log_in(&mut self, account: &str, matches: bool) -> LogIn {
        let Some(account) = self.0.get_mut(account) else {
            return LogIn::Refused;
        };
        if account.failures >= WRONG_PASSWORDS {
            return LogIn::Locked;
        }
        if !matches || account.credential.is_none() || (account.must_change && account.initial_used) {
            account.failures += 1;
            return LogIn::Refused;
        }
        account.failures = 0;
        account.sessions += 1;
        if account.must_change {
            account.initial_used = true;
            return LogIn::MustChange;
        }
        LogIn::In
    }

    /// The holder sets a password of his or her own; `credential` is its PHC string. False for an unknown account.
    pub fn change(&mut self, account: &str, credential: String, at: DateTime<Utc>) -> bool {
        self.0.get_mut(account).is_some_and(|account| {
            account.credential = Some(credential);
            account.must_change = false;
            account.initial_used = false;
            account.last_change = Some(at);
            true
        })
    }
}
