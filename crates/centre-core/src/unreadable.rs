//! Refund of a card that gives no answer: taken in here, cleared by the clearing house, and paid once at a window to whoever
//! it was taken in from.

use chrono::{Days, NaiveDate};
use desk_domain::{
    claim::Claim,
    code::{Code, Message},
    id::{CardNo, CaseId, CellId, CentreNumber},
    money::Fen,
    person::CardStatus,
    posting::{Account, Balanced},
    refund_unreadable::{Owed, Payee, Slip},
};
use desk_wire::v1::{Reply, Role};

use crate::{
    answer::{Answer, Failure, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    confirm::Settled,
    number::local_day,
    policy::Programme,
    record::{Blacklisted, ClaimRecord, Keep, PaidOut, Payout},
    upstream::CloseOrder,
};

impl Call<'_> {
    /// May the card be taken in, and whose agreement does it need? No amount is known.
    pub(crate) async fn check_take_in(
        &mut self,
        programme: &Programme,
        claim: &Claim,
        case: CaseId,
        card_no: &CardNo,
    ) -> Step<(Fen, Role)> {
        let Some(rule) = &programme.unreadable else {
            return refuse_code(Code::RefundUnsupported);
        };
        let card = self.home_card(programme, claim, card_no).await?;
        match &card.status {
            CardStatus::Active => {}
            CardStatus::Replaced { by_tail } => return refuse(Message::new(Code::CardReplaced).with("tail", by_tail)),
            CardStatus::Lost | CardStatus::Blacklisted => return refuse_code(Code::CardBlacklisted),
            CardStatus::Stock | CardStatus::Closed => return refuse_code(Code::CardNotInUse),
        }
        require(!self.tx.is_blacklisted(&card.cell, card_no).await?, Code::CardBlacklisted)?;
        self.not_suspended(&card, case)?;
        require(!programme.transit_open || card.transit_open, Code::TransitNotOpened)?;
        require(programme.same_day_refund || card.issued_on != local_day(self.now), Code::PurseSoldToday)?;
        Ok((Fen::ZERO, rule.authorise))
    }

    /// The day on which it is paid: later where journeys out of town are still on their way to clearing.
    pub(crate) async fn due(&mut self, programme: &Programme, card_no: &CardNo) -> Step<Option<NaiveDate>> {
        let Some(rule) = &programme.unreadable else {
            return Ok(None);
        };
        let remote = self.parts.upstream.clearing.remote(card_no).await.map_err(|failure| self.silent(&failure))?;
        let days = if remote { rule.remote_days } else { rule.days };
        Ok(local_day(self.now).checked_add_days(Days::new(u64::from(days))))
    }

    /// Clearing closes the card's account; gates refuse it; what it comes to is owed.
    pub(crate) async fn settle_taken_in(&mut self, claim: &ClaimRecord, cell: &CellId, card_no: &CardNo, payee: &Payee) -> Step<Settled> {
        let Some(from) = claim.reservation.due else {
            return refuse_code(Code::KeySourceInvalid);
        };
        let order = CloseOrder { order: claim.number.clone(), card_no: card_no.clone(), at: self.now };
        self.parts.upstream.clearing.close(&order).await.map_err(|failure| self.silent(&failure))?;
        let mut card = self.registered(cell, card_no).await?;
        card.transit_open = false;
        self.tx.put_card(&card).await?;
        let reason = "taken in unreadable".to_owned();
        self.tx.put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: card_no.clone(), reason, since: self.now }).await?;
        self.tx
            .put_payout(&Payout {
                cell: cell.clone(),
                reservation: claim.number.clone(),
                case: claim.by.case,
                case_number: claim.by.case_number.clone(),
                programme: claim.claim.programme().clone(),
                card_no: card_no.clone(),
                amount: None,
                payee: Some(payee.clone()),
                from,
                since: self.now,
                paid: None,
            })
            .await?;
        Ok(Settled::Yes)
    }

    /// What is owed on a slip, for whoever shows the document that was shown then.
    pub(crate) async fn find_owed(&mut self, slip: &Slip) -> Step<Answer> {
        self.session().await?;
        let payout = self.tx.payout_of_case(&slip.number).await?;
        let Some(payout) = payout.filter(|payout| payout.payee.as_ref() == Some(&slip.payee)) else {
            return refuse_code(Code::PayoutUnknown);
        };
        if let Some(paid) = &payout.paid {
            return refuse(paid_already(&payout, paid));
        }
        let cleared = self.parts.upstream.clearing.balance(&payout.card_no, self.now).await.map_err(|failure| self.silent(&failure))?;
        let owed = Box::new(Owed {
            cell: payout.cell,
            reservation: payout.reservation,
            card_no: payout.card_no,
            from: payout.from,
            cleared,
            held: payout.amount,
        });
        Ok(Answer::Kept(Reply::Owed { owed }, Keep::Shortly))
    }

    /// May it be paid here and now? Answers the postings, and whose agreement it needs.
    pub(crate) async fn check_pay_out(
        &mut self,
        programme: &Programme,
        claim: &Claim,
        (owed, payee, amount): (&CentreNumber, &Payee, Fen),
    ) -> Step<(Balanced, Option<(Fen, Role)>)> {
        let Some(payout) = self.tx.payout(owed).await?.filter(|payout| payout.payee.as_ref() == Some(payee)) else {
            return refuse_code(Code::PayoutUnknown);
        };
        if let Some(paid) = &payout.paid {
            return refuse(paid_already(&payout, paid));
        }
        let cleared = self.parts.upstream.clearing.balance(&payout.card_no, self.now).await.map_err(|failure| self.silent(&failure))?;
        let ready = cleared.filter(|_| local_day(self.now) >= payout.from);
        let Some(cleared) = ready else {
            return refuse(Message::new(Code::PayoutNotReady).with("date", payout.from));
        };
        let due = payout.amount.map_or(cleared, |held| cleared.min(held));
        require(due == amount && amount.is_positive(), Code::AmountInvalid)?;
        let programme_of = || claim.programme().clone();
        let payable = || Account::RefundPayable { programme: programme_of() };
        let float = || Account::PurseFloat { programme: programme_of() };
        let postings = match payout.amount {
            None => Balanced::transfer(payable(), float(), amount),
            // Set aside when the purse was put out of use; the rest stays with the issuer for journeys that came in late.
            Some(held) => {
                let set_aside = || Account::PayoutDue { programme: programme_of() };
                let kept = held.minus(amount).map_err(|_| Stop::Fail(Failure::Inconsistent("payout above what was held")))?;
                let paid = Balanced::transfer(payable(), set_aside(), amount);
                if kept.is_positive() { paid.and(Balanced::transfer(float(), set_aside(), kept)) } else { paid }
            }
        };
        Ok((postings, programme.refund_level(amount).map(|role| (amount, role))))
    }

    /// From here on the window owes it, and nobody else.
    pub(crate) async fn settle_pay_out(&mut self, claim: &ClaimRecord, owed: &CentreNumber, amount: Fen) -> Step<Settled> {
        let Some(mut payout) = self.tx.payout(owed).await? else {
            return refuse_code(Code::PayoutUnknown);
        };
        if let Some(paid) = &payout.paid {
            return Ok(Settled::Void(paid_already(&payout, paid)));
        }
        payout.paid = Some(PaidOut { number: claim.number.clone(), amount, at: self.now });
        self.tx.put_payout(&payout).await?;
        Ok(Settled::Yes)
    }
}

fn paid_already(payout: &Payout, paid: &PaidOut) -> Message {
    Message::new(Code::ClaimConflict)
        .with("outlet", "清算")
        .with("window", "付款")
        .with("time", crate::claims::local(paid.at))
        .with("no", &payout.case_number)
}
