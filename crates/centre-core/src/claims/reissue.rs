//! A new card for a lost, damaged or faulty one: one a person at a time, one for each old card, and at most one active card afterwards.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use desk_domain::{
    card::CardData,
    claim::Claim,
    code::{Code, Message},
    id::{CardNo, CaseId, CentreNumber, OperatorId, PersonId},
    person::CardStatus,
    posting::Balanced,
    replacement::Ground,
};

use super::{Granted, Verdict, conflict, purse_right, reissue_right, taken};
use crate::{
    answer::{Failure, Step, Stop, refuse, refuse_code},
    centre::Call,
    number::local_day,
    policy::Programme,
    record::{Card, ClaimState, OrderRecord, Person},
};

/// One new card for each old one.
pub(super) fn reissue_epoch(old_card: &CardNo) -> String {
    format!("card:{}", old_card.as_str())
}

/// What a new card is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub person: &'a PersonId,
    pub old_card: &'a CardNo,
    pub ground: &'a Ground,
    /// Accepted without the line at this moment.
    pub accepted_at: Option<DateTime<Utc>>,
}

impl Call<'_> {
    /// An order that another channel (WeChat) has taken: noted here, or known to the platform alone.
    async fn order_elsewhere(&mut self, person: &Person) -> Step<Option<String>> {
        if person.open_order.is_some() {
            return Ok(person.open_order.clone());
        }
        match &person.ecard_number {
            Some(account) => Ok(self.parts.platform.open_order(account).await?),
            None => Ok(None),
        }
    }

    pub(super) async fn check_reissue(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        asked: Asked<'_>,
        operator: &OperatorId,
    ) -> Step<Verdict> {
        let person = self.served_person(programme, claim, asked.person, operator).await?;
        let right = reissue_right(&person.person);
        let epoch = reissue_epoch(asked.old_card);
        // Whose card it is comes before who has had the right.
        self.old_card(programme, &person, asked.old_card).await?;
        if let Some(held) = self.held(&programme.cell, &right, &epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        let old = self.reissue_stands(programme, case, &person, asked).await?;
        let card_data = self.new_card(programme, claim, &old).await?;
        Ok(Verdict::Granted(Granted { right, epoch, card_data: Some(card_data), on_confirm: Balanced::none(), agreement: None }))
    }

    async fn old_card(&mut self, programme: &Programme, person: &Person, old_card: &CardNo) -> Step<Card> {
        let cards = self.tx.lock_cards(&programme.cell, std::slice::from_ref(old_card)).await?;
        match cards.into_iter().find(|card| card.holder.as_ref() == Some(&person.person)) {
            Some(old) => Ok(old),
            None => refuse_code(Code::CardNotFound),
        }
    }

    /// The old card, locked, where nothing stands against replacing it, here or centrally.
    pub(super) async fn reissue_stands(&mut self, programme: &Programme, case: CaseId, person: &Person, asked: Asked<'_>) -> Step<Card> {
        let old = self.old_card(programme, person, asked.old_card).await?;
        if let Some(accepted_at) = asked.accepted_at {
            self.not_issued_since(programme, &person.person, &reissue_right(&person.person), accepted_at).await?;
        }
        if let Some(own) = self.own_order(person).await? {
            return refuse(Message::new(Code::ReissueInProgress).with("no", own));
        }
        match &old.status {
            CardStatus::Active => {}
            CardStatus::Lost if asked.ground.is_lost() => {}
            // It was reported lost and lies at the counter: first it is released.
            CardStatus::Lost => return refuse_code(Code::CardBlacklisted),
            CardStatus::Replaced { by_tail } => {
                return refuse(Message::new(Code::CardReplaced).with("tail", by_tail));
            }
            CardStatus::Stock | CardStatus::Blacklisted | CardStatus::Closed => {
                return refuse_code(Code::NoActiveCard);
            }
        }
        if let Some(order) = self.order_elsewhere(person).await? {
            return refuse(Message::new(Code::ReissueInProgress).with("no", order));
        }
        self.not_suspended(&old, case)?;
        if let Some(open) = self.tx.open_claim(&programme.cell, &purse_right(&old.card_no)).await? {
            return refuse(taken(&open));
        }
        let others = self.tx.cards_of(&programme.cell, &person.person).await?;
        let other = others.iter().find(|card| card.card_no != old.card_no && card.status == CardStatus::Active);
        if let Some(other) = other {
            return refuse(Message::new(Code::ActiveCardExists).with("masked", format!("****{}", other.card_no.tail())));
        }
        Ok(old)
    }

    /// A card that is being made for this person, or waits for him or her.
    pub(crate) async fn own_order(&mut self, person: &Person) -> Step<Option<CentreNumber>> {
        let orders = self.tx.orders_of(&person.cell, &person.person).await?;
        Ok(orders.into_iter().find(OrderRecord::is_open).map(|order| order.number))
    }

    /// Another desk may have issued the new card while this case waited for the line: it is the card that was wanted.
    async fn not_issued_since(&mut self, programme: &Programme, person: &PersonId, right: &str, accepted_at: DateTime<Utc>) -> Step<()> {
        for card in self.tx.cards_of(&programme.cell, person).await? {
            let epoch = reissue_epoch(&card.card_no);
            if let Some(settled) = self.tx.settled_claim(&programme.cell, right, &epoch).await?
                && matches!(settled.state, ClaimState::Settled { at, .. } if at >= accepted_at)
            {
                return refuse(conflict(&settled));
            }
        }
        Ok(())
    }

    /// Data of the new card: a number never given before, and not valid until it is validated.
    async fn new_card(&mut self, programme: &Programme, claim: &Claim, old: &Card) -> Step<CardData> {
        let series = format!("card:{}", claim.programme());
        let width = programme.card_digits.saturating_sub(programme.card_prefix.len());
        // Numbers of earlier issuing systems may stand inside the series.
        for _ in 0..1000 {
            let next = self.tx.draw(&programme.cell, &series).await?;
            let card_no = CardNo::new(format!("{}{next:0width$}", programme.card_prefix));
            if card_no.as_str().len() > programme.card_digits {
                break;
            }
            if self.tx.card_anywhere(&card_no).await?.is_none() {
                let today = local_day(self.now);
                return Ok(CardData { card_no, holder_class: old.holder_class, valid_from: today, valid_until: end_of_last_month(today) });
            }
        }
        Err(Stop::Fail(Failure::Inconsistent("card numbers used up")))
    }
}

fn end_of_last_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(day)
}
