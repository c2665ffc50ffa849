//! The last movements of a purse, as every claim on it says them.

use desk_domain::{
    booked::{Booked, LISTED, Movement, Stands},
    centre_act::CentreAct,
    claim::Claim,
    id::{CardNo, CellId},
    money::Fen,
};

use super::purse_right;
use crate::{
    answer::Step,
    centre::Call,
    record::{ClaimRecord, ClaimState},
};

impl Call<'_> {
    /// Newest first.
    pub(crate) async fn booked(&mut self, cell: &CellId, card: &CardNo) -> Step<Vec<Booked>> {
        let claims = self.tx.claims_on(cell, &purse_right(card), LISTED).await?;
        Ok(claims.iter().filter_map(movement).collect())
    }
}

fn movement(claim: &ClaimRecord) -> Option<Booked> {
    let (kind, amount, card) = match &claim.claim {
        Claim::TopUp { card, amount, .. } => (Movement::TopUp, *amount, Some(card)),
        Claim::PurseRefund { card, amount, .. } => (Movement::Refund, *amount, Some(card)),
        Claim::Reversal { card, amount, .. } => (Movement::Reversal, *amount, Some(card)),
        Claim::Act { act: CentreAct::CloseCard { .. } | CentreAct::TakeInUnreadable { .. }, .. } => (Movement::Closing, Fen::ZERO, None),
        // Under rights of their own.
        Claim::Rewrite { .. } | Claim::Reissue { .. } | Claim::Validation { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => {
            return None;
        }
    };
    Some(Booked {
        reservation: claim.number.clone(),
        case: claim.by.case_number.clone(),
        kind,
        amount,
        before: card.and_then(|card| card.purse.clone()),
        at: claim.reserved_at,
        outlet: claim.by.outlet.clone(),
        operator: claim.by.operator.clone(),
        stands: match &claim.state {
            ClaimState::Open => Stands::Open,
            ClaimState::Unknown { .. } => Stands::Unknown,
            ClaimState::Settled { .. } => Stands::Settled,
            ClaimState::Released { .. } => Stands::Released,
        },
    })
}
