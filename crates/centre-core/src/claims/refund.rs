//! Refund of a readable purse: the whole balance, of the epoch that the card's online counter names. The window pays it, or
//! the back office where the purse can only be put out of use.

use chrono::Days;
use desk_domain::{
    card::{CardImage, RefundMethod},
    claim::{Claim, PaidLater},
    code::{Code, Message},
    id::CaseId,
    money::Fen,
    posting::{Account, Balanced},
};

use super::{Granted, Verdict, purse_right};
use crate::{
    answer::{Step, refuse, refuse_code, require},
    centre::Call,
    number::local_day,
    policy::Programme,
};

impl Call<'_> {
    pub(super) async fn check_refund(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        image: &CardImage,
        amount: Fen,
    ) -> Step<Verdict> {
        let card = self.usable_card(programme, claim, image, case).await?;
        let Some(purse) = &image.purse else {
            return refuse_code(Code::RefundUnsupported);
        };
        let later = self.paid_later(programme, claim);
        require(later.is_some() == (purse.refund_method == RefundMethod::BlockThenBackOffice), Code::RefundUnsupported)?;
        let right = purse_right(&card.card_no);
        let epoch = format!("counter:{}", purse.online_counter);
        if let Some(held) = self.held(&card.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        require(!programme.transit_open || card.transit_open, Code::TransitNotOpened)?;
        require(programme.same_day_refund || card.issued_on != local_day(self.now), Code::PurseSoldToday)?;
        if purse.balance < Fen::ZERO {
            return refuse(Message::new(Code::OverdraftFirst).with("x", yuan(purse.balance.negated())));
        }
        require(purse.balance.is_positive(), Code::PurseEmpty)?;
        require(!purse.incomplete_trip, Code::IncompleteTrip)?;
        require(amount == purse.balance, Code::AmountInvalid)?;
        // A card that shows an older counter than was seen before is a copy or an old reading.
        require(card.last_online_counter.is_none_or(|seen| purse.online_counter >= seen), Code::CardMovedOn)?;
        Ok(Verdict::Granted(Granted {
            right,
            epoch,
            card_data: None,
            on_confirm: confirmed(claim, amount, later),
            agreement: programme.refund_level(amount).map(|role| (amount, role)),
        }))
    }

    /// How a refund that the window does not pay comes about; none for every other claim.
    pub(super) fn paid_later(&self, programme: &Programme, claim: &Claim) -> Option<PaidLater> {
        let Claim::PurseRefund { card, .. } = claim else {
            return None;
        };
        card.purse.as_ref().filter(|purse| purse.refund_method == RefundMethod::BlockThenBackOffice)?;
        let rule = programme.back_office?;
        let from = local_day(self.now).checked_add_days(Days::new(u64::from(rule.days)))?;
        Some(PaidLater { block: rule.block, from })
    }
}

/// The issuer owes the bearer's purse less, and owes a pay-out instead.
fn confirmed(claim: &Claim, amount: Fen, later: Option<PaidLater>) -> Balanced {
    let programme = claim.programme();
    Balanced::transfer(
        match later {
            None => Account::RefundPayable { programme: programme.clone() },
            Some(_) => Account::PayoutDue { programme: programme.clone() },
        },
        Account::PurseFloat { programme: programme.clone() },
        amount,
    )
}

fn yuan(amount: Fen) -> String {
    format!("{}.{:02}", amount.0 / 100, amount.0 % 100)
}
