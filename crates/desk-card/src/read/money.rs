//! The balances, and the counters that every write is held against.

use desk_domain::code::Code;

use super::{At, Depth, End, Found, ReadEnd, Reading};
use crate::{
    apdu::{self, Initialize, Response},
    flow::Act,
};

pub(super) const NO_TERMINAL: [u8; 6] = [0; 6];

impl Reading {
    pub(super) fn begin(&mut self, found: Found) -> Act<End> {
        match &found.layout.balance {
            Some(balance) if self.depth.wants_balance() => match &balance.application {
                Some(application) => {
                    let command = apdu::select(&application.0);
                    self.go(At::BalanceApplication(found), command)
                }
                None => self.ask_balance(found),
            },
            Some(_) | None => self.confirm(found),
        }
    }

    pub(super) fn ask_balance(&mut self, found: Found) -> Act<End> {
        match found.layout.balance.as_ref().and_then(|layout| found.balances.next(layout)) {
            Some(command) => self.go(At::Balance(found), command),
            None => self.confirm(found),
        }
    }

    pub(super) fn balance(&mut self, mut found: Found, response: &Response) -> Act<End> {
        let Some(layout) = found.layout.balance.clone() else {
            return self.confirm(found);
        };
        if found.balances.is_empty() && !response.sw.is_ok() {
            if self.depth.shows() {
                found.warnings.push(Code::BalanceUnknown);
                return self.confirm(found);
            }
            return Act::Done(Err(ReadEnd(response.sw.refusal())));
        }
        found.balances.hear(&layout, response);
        if found.balances.next(&layout).is_some() {
            return self.ask_balance(found);
        }
        if found.balances.net(&layout).is_none() {
            if !self.depth.shows() {
                return Act::Done(Err(ReadEnd::because(Code::BalanceInconsistent)));
            }
            found.warnings.push(Code::BalanceInconsistent);
        }
        self.confirm(found)
    }

    pub(super) fn counters(&mut self, found: Found) -> Act<End> {
        let purse = found.profile.as_ref().and_then(|profile| profile.purse.clone());
        let balance = found.layout.balance.as_ref().and_then(|layout| found.balances.net(layout));
        match (purse, balance) {
            (Some(purse), Some(balance)) if self.depth.wants_all() => {
                let command = apdu::initialize(Initialize::Load, purse.purse, purse.load_key, 1, NO_TERMINAL);
                self.go(At::OnlineCounter { found, purse, balance }, command)
            }
            (Some(purse), Some(balance)) if self.depth == Depth::Balance => self.done(found.with_purse(&purse, balance, 0, 0)),
            _ if self.depth.wants_all() => self.trips(found, 1),
            _ => self.done(found),
        }
    }

    /// A counter that the card does not tell: no write without it.
    pub(super) fn no_counter(&mut self, mut found: Found, response: &Response) -> Act<End> {
        if self.depth.shows() {
            found.warnings.push(Code::CardRefused);
            return self.trips(found, 1);
        }
        Act::Done(Err(ReadEnd(response.sw.refusal())))
    }
}

/// The counter in the answer to any INITIALIZE.
pub(super) fn counter(response: &Response) -> Option<u16> {
    let bytes = response.data.get(4..6).filter(|_| response.sw.is_ok())?;
    Some(u16::from_be_bytes(*bytes.first_chunk::<2>()?))
}
