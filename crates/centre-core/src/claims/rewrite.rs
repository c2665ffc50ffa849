//! One more write of a load that is on the books and not on the card.
//!
//! The load stays the one claim on its purse. Its re-write has a right of its own, which at most one case holds: while it is
//! open, nobody else gets a MAC for the load and nobody gives its money back. The card takes one load at a counter value,
//! whoever wrote it, so that a MAC of either counts as the load's own.

use desk_domain::{
    card::{CardImage, Terminal, WriteEnd, WriteIntent, WriteProof},
    case::context::local,
    claim::Claim,
    code::{Code, Message},
    id::{CaseId, CentreNumber, OperatorId},
    money::Fen,
    posting::Balanced,
    rewrite,
};
use desk_wire::v1::Role;

use super::{Granted, Verdict, conflict};
use crate::{
    answer::{Failure, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    confirm::Settled,
    number::local_day,
    policy::Programme,
    record::{ClaimRecord, ClaimState, DecidedWrite},
};

fn rewrite_right(load: &CentreNumber) -> String {
    format!("rewrite:{load}")
}

/// The load that a claim writes: its own, or the one that it repeats.
pub(crate) fn load_of(claim: &ClaimRecord) -> &CentreNumber {
    if let Claim::Rewrite { of, .. } = &claim.claim { of } else { &claim.number }
}

impl Call<'_> {
    pub(super) async fn check_rewrite(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        (image, of, amount): (&CardImage, &CentreNumber, Fen),
        operator: &OperatorId,
    ) -> Step<Verdict> {
        let card = self.sound_card(programme, claim, image).await?;
        let Some(purse) = &image.purse else {
            return refuse_code(Code::ProfileMismatch);
        };
        let right = rewrite_right(of);
        let epoch = "written".to_owned();
        if let Some(held) = self.held(&card.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        // Held for this load's torn write, or for none.
        if let Some(held) = &card.suspended
            && held.reservation.as_ref() != Some(of)
        {
            return refuse(Message::new(Code::CaseSuspended).with("no", &held.number));
        }
        let booked = self.booked(&card.cell, &card.card_no).await?;
        let load = match rewrite::judge(&booked, of, purse, local_day(self.now)) {
            Ok(movement) => movement,
            Err(not) => return refuse(Message::new(not.code).with("reason", not.reason)),
        };
        require(load.amount == amount, Code::AmountInvalid)?;
        require(card.last_online_counter.is_none_or(|seen| purse.online_counter >= seen), Code::CardMovedOn)?;
        let agreement = (load.operator != *operator).then_some((amount, Role::Supervisor));
        Ok(Verdict::Granted(Granted { right, epoch, card_data: None, on_confirm: Balanced::none(), agreement }))
    }

    /// The load of a granted re-write is in doubt from now on: its money in suspense, its card held.
    pub(super) async fn hold_load(&mut self, of: &CentreNumber) -> Step<()> {
        let Some(mut load) = self.tx.claim(of).await? else {
            return Err(Stop::Fail(Failure::Inconsistent("load of a re-write")));
        };
        match (&load.state, &load.claim) {
            (ClaimState::Open, Claim::TopUp { card, amount, .. }) => {
                let terminal = Terminal { number: self.device.terminal.clone(), sequence: 0, at: local(load.reserved_at) };
                let intent = WriteIntent::Load { before: card.clone(), amount: *amount, terminal };
                self.put_in_doubt(&mut load, &intent).await
            }
            (ClaimState::Unknown { .. }, _) => Ok(()),
            (ClaimState::Open | ClaimState::Settled { .. } | ClaimState::Released { .. }, _) => refuse(conflict(&load)),
        }
    }

    /// The open re-write of a load.
    pub(crate) async fn rewrite_of(&mut self, load: &ClaimRecord) -> Step<Option<ClaimRecord>> {
        Ok(self.tx.open_claim(&load.cell, &rewrite_right(&load.number)).await?)
    }

    /// Nobody touches a load while somebody else writes it. For now only: the re-write comes to an end.
    pub(crate) async fn not_being_rewritten(&mut self, load: &ClaimRecord) -> Step<()> {
        match self.rewrite_of(load).await? {
            Some(other) => Err(Stop::Wait(Message::new(Code::CaseSuspended).with("no", &other.by.case_number))),
            None => Ok(()),
        }
    }

    /// Was this MAC released for the same load?
    pub(crate) async fn same_load(&mut self, claim: &ClaimRecord, reservation: &CentreNumber) -> Step<bool> {
        let load = load_of(claim);
        if *reservation == claim.number || reservation == load {
            return Ok(true);
        }
        Ok(self.tx.claim(reservation).await?.is_some_and(|other| load_of(&other) == load))
    }

    /// The card proved the load: everybody who holds it learns of it, and its money moves once, under the load itself.
    pub(crate) async fn end_load(&mut self, claim: &ClaimRecord, proof: &WriteProof) -> Step<()> {
        let other = match &claim.claim {
            Claim::Rewrite { of, .. } => self.tx.claim(of).await?,
            Claim::TopUp { .. } => self.rewrite_of(claim).await?,
            Claim::PurseRefund { .. }
            | Claim::Reversal { .. }
            | Claim::Reissue { .. }
            | Claim::Validation { .. }
            | Claim::PasswordReset { .. }
            | Claim::Act { .. } => None,
        };
        let Some(mut other) = other else {
            return Ok(());
        };
        match &other.state {
            ClaimState::Open | ClaimState::Unknown { .. } => {
                self.settled(&mut other, Settled::Yes).await?;
                self.tell_end(&other, WriteEnd::Written(proof.clone())).await
            }
            ClaimState::Settled { .. } => Ok(()),
            // Its money went back: what the card shows is nobody's any more.
            ClaimState::Released { .. } => refuse(conflict(&other)),
        }
    }

    /// The card proved that the load was not written: its re-write is over as well.
    pub(crate) async fn end_rewrite(&mut self, load: &ClaimRecord, end: &WriteEnd) -> Step<()> {
        if let Some(mut rewrite) = self.rewrite_of(load).await? {
            rewrite.state = ClaimState::Released { at: self.now };
            self.tx.put_claim(&rewrite).await?;
            self.tell_end(&rewrite, end.clone()).await?;
        }
        Ok(())
    }

    /// The desk of another claim hears how its write ended.
    async fn tell_end(&mut self, claim: &ClaimRecord, end: WriteEnd) -> Step<()> {
        if self.tx.decided_write(&claim.cell, &claim.number).await?.is_none() {
            let decided = DecidedWrite {
                cell: claim.cell.clone(),
                reservation: claim.number.clone(),
                case: claim.by.case,
                device: self.device.device.clone(),
                end,
                at: self.now,
            };
            self.tx.add_decided_write(&decided).await?;
        }
        Ok(())
    }

    /// Is the card held for the load that this claim repeats?
    pub(crate) fn held_for_load(claim: &ClaimRecord, held: Option<&CentreNumber>) -> bool {
        matches!(&claim.claim, Claim::Rewrite { of, .. } if held == Some(of))
    }
}
