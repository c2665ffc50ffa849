//! A torn write finished by whichever desk next sees the card: what that desk needs to know, what it found, and how the
//! desk that began the write learns of it.

use desk_domain::{
    card::WriteEnd,
    claim::{Claim, Settlement},
    code::Code,
    id::{CardNo, CaseId, CentreNumber},
};
use desk_wire::v1::{OpenWrite, Reply};

use crate::{
    answer::{Answer, Step, refuse_code},
    centre::Call,
    record::{ClaimState, DecidedWrite},
};

impl Call<'_> {
    /// The write of unknown end that lies on a card, unless it is this desk's own.
    pub(crate) async fn open_write(&mut self, card: &CardNo) -> Step<Answer> {
        self.session().await?;
        let held = self.tx.card_anywhere(card).await?.and_then(|card| card.suspended);
        let Some(reservation) = held.filter(|held| held.device != self.device.device).and_then(|held| held.reservation) else {
            return Ok(Answer::Passing(Reply::OpenWrite { open: None }));
        };
        let open = self.tx.claim(&reservation).await?.and_then(|claim| match claim.state {
            ClaimState::Unknown { intent, .. } => {
                Some(Box::new(OpenWrite { case: claim.by.case, number: claim.by.case_number, reservation, intent: *intent }))
            }
            ClaimState::Open | ClaimState::Settled { .. } | ClaimState::Released { .. } => None,
        });
        Ok(Answer::Passing(Reply::OpenWrite { open }))
    }

    /// Another desk found out how a write ended. Written settles the claim on its evidence, as its own desk would have;
    /// not written gives the right back. What is still unknown changes nothing.
    pub(crate) async fn decide_write(&mut self, case: CaseId, reservation: &CentreNumber, end: &WriteEnd) -> Step<Answer> {
        self.session().await?;
        let mut claim = self.claim_to_decide(case, reservation).await?;
        let settlement = match end {
            WriteEnd::Unknown { .. } | WriteEnd::WrongCard { .. } => return Self::kept(Reply::Reported),
            WriteEnd::NotWritten { .. } => None,
            WriteEnd::Written(proof) => Some(match &claim.claim {
                Claim::PurseRefund { amount, .. } | Claim::Reversal { amount, .. } => {
                    Settlement::PurseRefunded { amount: *amount, proof: proof.clone() }
                }
                Claim::TopUp { amount, .. } | Claim::Rewrite { amount, .. } => {
                    Settlement::PurseLoaded { amount: *amount, proof: proof.clone() }
                }
                Claim::Validation { until, .. } => Settlement::Validated { until: *until, proof: proof.clone() },
                // A blank is not found by its number, and a reset or an act writes no card.
                Claim::Reissue { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => return refuse_code(Code::KeySourceInvalid),
            }),
        };
        let decided = DecidedWrite {
            cell: claim.cell.clone(),
            reservation: reservation.clone(),
            case,
            device: self.device.device.clone(),
            end: end.clone(),
            at: self.now,
        };
        match settlement {
            Some(settlement) => {
                self.settle(claim, &settlement).await?;
            }
            None => {
                self.end_rewrite(&claim, end).await?;
                self.end_suspense(&claim).await?;
                claim.state = ClaimState::Released { at: self.now };
                self.tx.put_claim(&claim).await?;
            }
        }
        self.tx.add_decided_write(&decided).await?;
        Self::kept(Reply::Reported)
    }

    /// How another desk decided this desk's write; nothing while nobody has.
    pub(crate) async fn write_end(&mut self, case: CaseId, reservation: &CentreNumber) -> Step<Answer> {
        let claim = self.own_claim(case, reservation).await?;
        let decided = self.tx.decided_write(&claim.cell, reservation).await?;
        Ok(Answer::Passing(Reply::WriteEnd { end: decided.map(|decided| Box::new(decided.end)) }))
    }
}
