//! Top-up of a purse: an amount that fits under the cap, at the counter value that the card names. The right is the
//! purse's own, so that a refund and a top-up never run at once.

use desk_domain::{
    card::CardImage,
    claim::Claim,
    code::{Code, Message},
    id::CaseId,
    money::Fen,
    posting::{Account, Balanced},
};

use super::{Granted, Verdict, purse_right};
use crate::{
    answer::{Step, refuse, refuse_code, require},
    centre::Call,
    policy::Programme,
};

impl Call<'_> {
    pub(super) async fn check_top_up(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        image: &CardImage,
        amount: Fen,
    ) -> Step<Verdict> {
        let card = self.usable_card(programme, claim, image, case).await?;
        let (Some(purse), Some(cap)) = (&image.purse, programme.purse_cap) else {
            return refuse_code(Code::ProfileMismatch);
        };
        let right = purse_right(&card.card_no);
        let epoch = format!("counter:{}", purse.online_counter);
        if let Some(held) = self.held(&card.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        require(!programme.transit_open || card.transit_open, Code::TransitNotOpened)?;
        require(amount.is_positive(), Code::AmountInvalid)?;
        let after = purse.balance.plus(amount);
        if after.is_err() || after.is_ok_and(|after| after > cap) {
            let room = cap.minus(purse.balance).unwrap_or(Fen::ZERO).max(Fen::ZERO);
            return refuse(Message::new(Code::PurseCap).with("cap", cap).with("x", room));
        }
        // A card that shows an older counter than was seen before is a copy or an old reading.
        require(card.last_online_counter.is_none_or(|seen| purse.online_counter >= seen), Code::CardMovedOn)?;
        Ok(Verdict::Granted(Granted { right, epoch, card_data: None, on_confirm: confirmed(claim, amount), agreement: None }))
    }
}

/// What was taken for a card is on it: the issuer owes it to the purse's bearer now.
fn confirmed(claim: &Claim, amount: Fen) -> Balanced {
    let programme = claim.programme();
    Balanced::transfer(Account::PurseFloat { programme: programme.clone() }, Account::TopUpHeld { programme: programme.clone() }, amount)
}
