//! What has been read of a card so far.

use std::sync::Arc;

use desk_domain::{
    card::{CardImage, PurseImage},
    code::Code,
    money::Fen,
};

use crate::{
    balance::Balances,
    layout::{Layout, NumberFile},
    profile::{Profile, PurseProfile},
    record::{LogEntry, Trip},
    sight::CardSight,
};

pub(super) struct Found {
    /// Only of a family that the counter writes.
    pub(super) profile: Option<Arc<Profile>>,
    pub(super) layout: Arc<Layout>,
    pub(super) image: CardImage,
    pub(super) city: Option<String>,
    /// What stands so far is the answer to SELECT.
    pub(super) from_fci: bool,
    pub(super) balances: Balances,
    pub(super) log: Vec<LogEntry>,
    pub(super) trips: Vec<Trip>,
    pub(super) warnings: Vec<Code>,
}

pub(super) fn number_file(layout: &Layout) -> Option<&NumberFile> {
    layout.public.as_ref()?.number.file.as_ref()
}

impl Found {
    pub(super) fn with_purse(mut self, purse: &PurseProfile, balance: Fen, online_counter: u16, offline_counter: u16) -> Self {
        self.image.purse =
            Some(PurseImage { balance, online_counter, offline_counter, refund_method: purse.refund_method, incomplete_trip: false });
        self
    }

    pub(super) fn sight(self) -> CardSight {
        let balance = self.layout.balance.as_ref().and_then(|layout| self.balances.shown(layout));
        let mut warnings = self.warnings;
        if let Some(shown) = &balance {
            warnings.extend((!shown.verified && !warnings.contains(&Code::BalanceInconsistent)).then_some(Code::BalanceUnverified));
            warnings.extend((shown.amount < Fen::ZERO).then_some(Code::BalanceNegative));
        }
        CardSight {
            title: self.layout.title.clone(),
            city: self.city,
            balance,
            log: self.log,
            trips: self.trips,
            warnings,
            image: self.image,
        }
    }
}
