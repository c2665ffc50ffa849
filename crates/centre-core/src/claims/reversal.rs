//! Reversal of a top-up: the same right as every other movement of the purse, by the clerk who did it, on its day, from the
//! counter at which it left the card, and with a second person's agreement.

use desk_domain::{
    card::{CardImage, RefundMethod},
    claim::Claim,
    code::{Code, Message},
    id::{CaseId, CentreNumber, OperatorId},
    money::Fen,
    posting::{Account, Balanced},
    reversal,
};
use desk_wire::v1::Role;

use super::{Granted, Verdict, purse_right};
use crate::{
    answer::{Step, refuse, refuse_code, require},
    centre::Call,
    number::local_day,
    policy::Programme,
};

impl Call<'_> {
    pub(super) async fn check_reversal(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        (image, of, amount): (&CardImage, &CentreNumber, Fen),
        operator: &OperatorId,
    ) -> Step<Verdict> {
        let card = self.usable_card(programme, claim, image, case).await?;
        let Some(purse) = image.purse.as_ref().filter(|purse| purse.refund_method == RefundMethod::Unload) else {
            return refuse_code(Code::RefundUnsupported);
        };
        let right = purse_right(&card.card_no);
        let epoch = format!("counter:{}", purse.online_counter);
        if let Some(held) = self.held(&card.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        let booked = self.booked(&card.cell, &card.card_no).await?;
        let outlet = self.device.outlet.clone();
        let judged = reversal::judge(&booked, of, purse, operator, &outlet, local_day(self.now));
        let taken_back = match judged {
            Ok(movement) => movement,
            Err(not) => return refuse(Message::new(not.code).with("reason", not.reason)),
        };
        require(taken_back.amount == amount, Code::AmountInvalid)?;
        require(card.last_online_counter.is_none_or(|seen| purse.online_counter >= seen), Code::CardMovedOn)?;
        Ok(Verdict::Granted(Granted {
            right,
            epoch,
            card_data: None,
            on_confirm: confirmed(claim, amount),
            agreement: Some((amount, Role::Supervisor)),
        }))
    }
}

/// What the issuer owed the bearer is held again, until it is given back over the counter.
fn confirmed(claim: &Claim, amount: Fen) -> Balanced {
    let programme = claim.programme();
    Balanced::transfer(Account::TopUpHeld { programme: programme.clone() }, Account::PurseFloat { programme: programme.clone() }, amount)
}
