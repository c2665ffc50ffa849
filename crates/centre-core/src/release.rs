//! Giving a reservation back, and reporting a write whose end is unknown.

use desk_domain::{
    card::WriteIntent,
    claim::Claim,
    code::Code,
    id::{CaseId, CentreNumber},
    money::Fen,
    posting::{Account, Balanced},
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, refuse, require},
    centre::Call,
    claims::conflict,
    number::local_day,
    record::{Book, ClaimRecord, ClaimState, Entry, Suspension},
};

impl Call<'_> {
    /// The desk has proved that nothing happened, or nothing began.
    pub(crate) async fn release(&mut self, case: CaseId, reservation: &CentreNumber) -> Step<Answer> {
        let mut claim = self.own_claim(case, reservation).await?;
        match &claim.state {
            ClaimState::Open | ClaimState::Unknown { .. } => {
                self.not_being_rewritten(&claim).await?;
                self.end_suspense(&claim).await?;
                claim.state = ClaimState::Released { at: self.now };
                self.tx.put_claim(&claim).await?;
            }
            ClaimState::Released { .. } => {}
            ClaimState::Settled { .. } => return refuse(conflict(&claim)),
        }
        Self::kept(Reply::Released)
    }

    /// From now on no other desk gets a MAC for the card, and the money stands in suspense.
    pub(crate) async fn report_unknown(&mut self, case: CaseId, reservation: &CentreNumber, intent: &WriteIntent) -> Step<Answer> {
        let mut claim = self.own_claim(case, reservation).await?;
        match &claim.state {
            ClaimState::Open => {}
            // Said before, or known to have ended well since.
            ClaimState::Unknown { .. } | ClaimState::Settled { .. } => {
                return Self::kept(Reply::Reported);
            }
            ClaimState::Released { .. } => return refuse(conflict(&claim)),
        }
        self.put_in_doubt(&mut claim, intent).await?;
        Self::kept(Reply::Reported)
    }

    /// Card and money of an open claim into suspense, until the claim settles or is given back.
    pub(crate) async fn put_in_doubt(&mut self, claim: &mut ClaimRecord, intent: &WriteIntent) -> Step<()> {
        let case = claim.by.case;
        match &claim.claim {
            Claim::PurseRefund { cell, card, .. }
            | Claim::TopUp { cell, card, .. }
            | Claim::Reversal { cell, card, .. }
            | Claim::Validation { cell, card, .. } => {
                require(card.card_no == intent.before().card_no, Code::WrongCard)?;
                let cards = self.tx.lock_cards(cell, std::slice::from_ref(&card.card_no)).await?;
                for mut card in cards {
                    card.suspended = Some(Suspension {
                        case,
                        reservation: Some(claim.number.clone()),
                        number: claim.by.case_number.clone(),
                        device: claim.by.device.clone(),
                        since: self.now,
                    });
                    self.tx.put_card(&card).await?;
                }
            }
            // The card is held for the load that is repeated.
            Claim::Rewrite { .. } | Claim::Reissue { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => {}
        }
        if let Some((float, suspense, amount)) = at_stake(claim) {
            self.post_for(claim, "unknown", &Balanced::transfer(suspense, float, amount)).await?;
        }
        claim.state = ClaimState::Unknown { intent: Box::new(intent.clone()), since: self.now };
        self.tx.put_claim(claim).await?;
        Ok(())
    }

    /// Takes a claim of unknown end out of suspense: its card and its money.
    pub(crate) async fn end_suspense(&mut self, claim: &ClaimRecord) -> Step<()> {
        match &claim.state {
            ClaimState::Unknown { .. } => {}
            ClaimState::Open | ClaimState::Settled { .. } | ClaimState::Released { .. } => {
                return Ok(());
            }
        }
        match &claim.claim {
            Claim::PurseRefund { cell, card, .. }
            | Claim::TopUp { cell, card, .. }
            | Claim::Reversal { cell, card, .. }
            | Claim::Validation { cell, card, .. } => {
                let cards = self.tx.lock_cards(cell, std::slice::from_ref(&card.card_no)).await?;
                for mut card in cards {
                    if card.suspended.as_ref().is_some_and(|held| held.case == claim.by.case) {
                        card.suspended = None;
                        self.tx.put_card(&card).await?;
                    }
                }
            }
            Claim::Rewrite { .. } | Claim::Reissue { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => {}
        }
        if let Some((float, suspense, amount)) = at_stake(claim) {
            self.take_write_off_back(claim).await?;
            self.post_for(claim, "known", &Balanced::transfer(float, suspense, amount)).await?;
        }
        Ok(())
    }

    /// Postings of the centre itself, under a claim; `what` keeps several of one claim apart.
    pub(crate) async fn post_for(&mut self, claim: &ClaimRecord, what: &str, postings: &Balanced) -> Step<()> {
        let entries: Vec<Entry> = postings
            .lines()
            .iter()
            .zip(0_u16..)
            .map(|(posting, line)| Entry {
                cell: claim.by.cell.clone(),
                source: format!("{}/{what}", claim.number),
                line,
                book: Book::Centre,
                outlet: claim.by.outlet.clone(),
                day: local_day(self.now),
                at: self.now,
                case: Some(claim.by.case),
                posting: posting.clone(),
            })
            .collect();
        self.tx.post(&entries).await?;
        Ok(())
    }
}

/// Whose money it is (the purses' float, or what was taken for a purse), suspense account and amount of a claim that
/// moves money.
pub(crate) fn at_stake(claim: &ClaimRecord) -> Option<(Account, Account, Fen)> {
    match &claim.claim {
        Claim::PurseRefund { programme, amount, .. } | Claim::Reversal { programme, amount, .. } => {
            Some((Account::PurseFloat { programme: programme.clone() }, Account::Suspense { programme: programme.clone() }, *amount))
        }
        Claim::TopUp { programme, amount, .. } => {
            Some((Account::TopUpHeld { programme: programme.clone() }, Account::Suspense { programme: programme.clone() }, *amount))
        }
        // The load's money stands in suspense under the load.
        Claim::Rewrite { .. } | Claim::Reissue { .. } | Claim::Validation { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => None,
    }
}
