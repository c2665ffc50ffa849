//! Cards that are made centrally: ordered at production under the reservation's number, put into use when they are handed over,
//! and closed when they are given up.

use desk_domain::{
    application::{PurseSeen, Wish},
    card::CardImage,
    centre_act::Order,
    claim::Claim,
    code::{Code, Message},
    function::{Function, FunctionFacts, FunctionState},
    id::{CaseId, CellId, CentreNumber},
    inquiry::Inquired,
    order::{OrderFacts, Progress},
    person::CardStatus,
};

use crate::{
    answer::{Failure, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    confirm::Settled,
    number::local_day,
    policy::Programme,
    record::{Blacklisted, Card, ClaimRecord, HandedOver, OrderRecord, Person},
    upstream::{Keeper, Making, ProductionOrder},
};

impl Call<'_> {
    pub(crate) async fn orders_of(&mut self, person: &Person) -> Step<Inquired> {
        let mut orders = Vec::new();
        for order in self.tx.orders_of(&person.cell, &person.person).await? {
            orders.push(OrderFacts {
                number: order.number.clone(),
                wish: order.order.wish,
                state: self.progress(&order).await?,
                ordered_on: local_day(order.ordered_at),
            });
        }
        let photo_on_file = self.parts.upstream.production.photo_on_file(&person.person).await.map_err(|failure| self.silent(&failure))?;
        Ok(Inquired::Orders { orders, photo_on_file })
    }

    async fn progress(&mut self, order: &OrderRecord) -> Step<Progress> {
        if order.handed_over.is_some() {
            return Ok(Progress::HandedOver);
        }
        let making = self.parts.upstream.production.making(&order.number, self.now).await.map_err(|failure| self.silent(&failure))?;
        Ok(match making {
            Some(Making::Ready { card, place }) => Progress::Ready { card_no: card.card_no, place },
            Some(Making::Sent { tracking, .. }) => Progress::Sent { tracking },
            Some(Making::Under { ready_on }) => Progress::InProduction { ready_on },
            None => Progress::InProduction { ready_on: local_day(self.now) },
        })
    }

    pub(crate) async fn loans_of(&mut self, person: &Person) -> Step<Inquired> {
        let mut loans: u32 = 0;
        for card in self.tx.cards_of(&person.cell, &person.person).await? {
            let open = self.parts.upstream.library.open_loans(&card.card_no).await.map_err(|failure| self.silent(&failure))?;
            loans = loans.saturating_add(open);
        }
        Ok(Inquired::Closing { loans })
    }

    pub(crate) async fn check_order(&mut self, programme: &Programme, person: &Person, order: &Order) -> Step<()> {
        require(order.form.consent, Code::ConsentRequired)?;
        for known in self.tx.orders_of(&programme.cell, &person.person).await? {
            if known.handed_over.is_none() {
                return refuse(Message::new(Code::ReissueInProgress).with("no", &known.number));
            }
            // Another desk had it made, and handed over, while this case waited for the line.
            if order.accepted_at.is_some_and(|accepted| known.ordered_at >= accepted) {
                return refuse(Message::new(Code::ReissueInProgress).with("no", &known.number));
            }
        }
        let cards = self.tx.cards_of(&programme.cell, &person.person).await?;
        let live =
            cards.into_iter().find(|card| !card.functions.is_empty() && matches!(card.status, CardStatus::Active | CardStatus::Lost));
        match (order.wish, live) {
            (Wish::MovedInside, _) => refuse_code(Code::NoChangeNeeded),
            (Wish::MovedAway, _) => refuse_code(Code::ReferDestination),
            (Wish::First, None) => Ok(()),
            (Wish::First, Some(_)) => refuse_code(Code::ProvincialCardExists),
            (_, None) => refuse_code(Code::NoActiveCard),
            (Wish::Lost, Some(card)) => {
                let heard = self.heard_card(programme, &card.card_no).await?;
                let lost = heard.status == CardStatus::Lost
                    || heard.kept(Function::SocialSecurity).is_some_and(|facts| facts.state.is_formal_loss());
                require(lost, Code::FormalLossFirst)
            }
            (Wish::Exchange | Wish::Information | Wish::Damage | Wish::Expiry, Some(card)) => match order.purse {
                PurseSeen::NotOpened | PurseSeen::Closed => require(!card.transit_open, Code::BalanceUnknown),
                PurseSeen::Holds(balance) if balance.is_positive() => refuse(Message::new(Code::RefundFirst).with("x", balance)),
                PurseSeen::Holds(_) => Ok(()),
                PurseSeen::Unreadable => refuse_code(Code::BalanceUnknown),
            },
        }
    }

    pub(crate) async fn settle_order(&mut self, claim: &ClaimRecord, cell: &CellId, order: &Order) -> Step<Settled> {
        let asked = ProductionOrder {
            order: claim.number.clone(),
            person: order.person.clone(),
            outlet: claim.by.outlet.clone(),
            form: order.form.clone(),
            photo: order.photo.clone(),
            at: self.now,
        };
        self.parts.upstream.production.order(&asked).await.map_err(|failure| self.silent(&failure))?;
        self.tx
            .put_order(&OrderRecord {
                cell: cell.clone(),
                number: claim.number.clone(),
                person: order.person.clone(),
                programme: claim.claim.programme().clone(),
                order: order.clone(),
                outlet: claim.by.outlet.clone(),
                ordered_at: self.now,
                handed_over: None,
            })
            .await?;
        Ok(Settled::Yes)
    }

    /// Is this the card that was made under this order?
    pub(crate) async fn check_hand_over(&mut self, person: &Person, order: &CentreNumber, image: &CardImage) -> Step<()> {
        let known = self.tx.order(order).await?.filter(|known| known.person == person.person && known.cell == person.cell);
        let Some(known) = known else {
            return refuse_code(Code::OrderUnknown);
        };
        require(known.handed_over.is_none(), Code::OrderUnknown)?;
        let making = self.parts.upstream.production.making(order, self.now).await.map_err(|failure| self.silent(&failure))?;
        match making {
            Some(Making::Ready { card, .. }) => {
                let same = card.card_no == image.card_no
                    && card.family == image.family
                    && card.issuer.eq_ignore_ascii_case(&image.issuer)
                    && card.serial.eq_ignore_ascii_case(&image.serial);
                if same {
                    return Ok(());
                }
                refuse(Message::new(Code::WrongCard).with("a", card.card_no.tail()).with("b", image.card_no.tail()))
            }
            Some(Making::Under { ready_on }) => refuse(Message::new(Code::InProduction).with("date", ready_on)),
            Some(Making::Sent { tracking, .. }) => refuse(Message::new(Code::OrderSent).with("no", tracking)),
            None => refuse_code(Code::OrderUnknown),
        }
    }

    /// The new card is the valid one, what it replaces dies, and social security moves by itself: read back, never assumed.
    pub(crate) async fn settle_hand_over(
        &mut self,
        claim: &ClaimRecord,
        cell: &CellId,
        order: &CentreNumber,
        image: &CardImage,
    ) -> Step<Settled> {
        let Some(mut known) = self.tx.order(order).await? else {
            return Err(Stop::Fail(Failure::Inconsistent("order of a claim")));
        };
        if known.handed_over.is_none() {
            for mut old in self.tx.cards_of(cell, &known.person).await? {
                if old.functions.is_empty() || !matches!(old.status, CardStatus::Active | CardStatus::Lost) {
                    continue;
                }
                old.status = CardStatus::Replaced { by_tail: image.card_no.tail().to_owned() };
                self.tx.put_card(&old).await?;
                let reason = "replaced".to_owned();
                self.tx.put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: old.card_no.clone(), reason, since: self.now }).await?;
            }
            let facts = |function, bank: Option<String>| FunctionFacts { function, state: FunctionState::NotOpened, bank, as_of: self.now };
            self.tx
                .put_card(&Card {
                    cell: cell.clone(),
                    card_no: image.card_no.clone(),
                    programme: known.programme.clone(),
                    family: image.family.clone(),
                    issuer: image.issuer.clone(),
                    serial: image.serial.clone(),
                    holder_class: image.holder_class,
                    status: CardStatus::Active,
                    issued_on: local_day(self.now),
                    valid_until: image.valid_until,
                    transit_open: true,
                    last_balance: None,
                    last_online_counter: None,
                    holder: Some(known.person.clone()),
                    suspended: None,
                    functions: vec![facts(Function::SocialSecurity, None), facts(Function::Bank, Some(known.order.form.bank.clone()))],
                })
                .await?;
            known.handed_over = Some(HandedOver { card_no: image.card_no.clone(), at: self.now });
            self.tx.put_order(&known).await?;
        }
        let mut card = self.registered(cell, &image.card_no).await?;
        let state = self.parts.upstream.functions.state(&Keeper::SocialSecurity, &card.card_no, self.now).await;
        let moved = matches!(&state, Ok(Some(FunctionState::Normal)));
        if let Ok(Some(state)) = state {
            for facts in card.functions.iter_mut().filter(|facts| facts.function == Function::SocialSecurity) {
                facts.state = state.clone();
                facts.as_of = self.now;
            }
            self.tx.put_card(&card).await?;
        }
        if !moved {
            return Err(self.half(claim, Code::HrMigrationPending).await?);
        }
        self.end_half(claim).await?;
        Ok(Settled::Yes)
    }

    pub(crate) async fn check_close(
        &mut self,
        programme: &Programme,
        claim: &Claim,
        case: CaseId,
        person: &Person,
        image: &CardImage,
    ) -> Step<()> {
        let card = self.home_card(programme, claim, &image.card_no).await?;
        require(card.holder.as_ref() == Some(&person.person), Code::WrongHolder)?;
        self.not_suspended(&card, case)?;
        match &card.status {
            CardStatus::Active | CardStatus::Lost => {}
            CardStatus::Replaced { by_tail } => return refuse(Message::new(Code::CardReplaced).with("tail", by_tail)),
            CardStatus::Blacklisted => return refuse_code(Code::CardBlacklisted),
            CardStatus::Stock | CardStatus::Closed => return refuse_code(Code::CardNotInUse),
        }
        if let Some(purse) = image.purse.as_ref().filter(|purse| card.transit_open && purse.balance.is_positive()) {
            return refuse(Message::new(Code::RefundFirst).with("x", purse.balance));
        }
        let loans = self.parts.upstream.library.open_loans(&card.card_no).await.map_err(|failure| self.silent(&failure))?;
        require(loans == 0, Code::LibraryLoanOpen)
    }

    /// Where others keep functions of the card, only its transit function ends.
    pub(crate) async fn settle_close(&mut self, cell: &CellId, image: &CardImage) -> Step<Settled> {
        let mut card = self.registered(cell, &image.card_no).await?;
        card.transit_open = false;
        if card.functions.is_empty() {
            card.status = CardStatus::Closed;
            let reason = "closed".to_owned();
            self.tx.put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: card.card_no.clone(), reason, since: self.now }).await?;
        }
        self.tx.put_card(&card).await?;
        Ok(Settled::Yes)
    }
}

/// The right to have a card made: one order of a person at a time.
pub(crate) fn order_right(person: &desk_domain::id::PersonId) -> String {
    format!("order:{person}")
}
