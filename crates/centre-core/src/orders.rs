//! Cards that are made centrally: ordered at production under the reservation's number, put into use when they are handed over,
//! and closed when they are given up.

use chrono::{DateTime, Utc};
use desk_domain::{
    application::{PurseSeen, Wish},
    card::CardImage,
    centre_act::{Order, Ordered, Replacement},
    claim::Claim,
    code::{Code, Message},
    function::{Function, FunctionFacts, FunctionState},
    id::{CaseId, CellId, CentreNumber},
    inquiry::Inquired,
    order::{Delivery, OrderFacts, Photo, Progress},
    person::CardStatus,
};

use crate::{
    answer::{Failure, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    confirm::Settled,
    number::local_day,
    policy::Programme,
    record::{Blacklisted, Card, ClaimRecord, HandedOver, OrderRecord, Person},
    store::Tx,
    upstream::{Keeper, MadeCard, Making, ProductionOrder},
};

impl Call<'_> {
    pub(crate) async fn orders_of(&mut self, person: &Person) -> Step<Inquired> {
        let mut orders = Vec::new();
        for order in self.tx.orders_of(&person.cell, &person.person).await? {
            orders.push(OrderFacts {
                number: order.number.clone(),
                wish: order.order.wish(),
                state: self.progress(&order).await?,
                ordered_on: local_day(order.ordered_at),
            });
        }
        let photo_on_file = self.parts.upstream.production.photo_on_file(&person.person).await.map_err(|failure| self.silent(&failure))?;
        Ok(Inquired::Orders { orders, photo_on_file })
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
            if known.is_open() {
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
        let known = OrderRecord {
            cell: cell.clone(),
            number: claim.number.clone(),
            person: order.person.clone(),
            programme: claim.claim.programme().clone(),
            order: Ordered::Applied(order.clone()),
            outlet: claim.by.outlet.clone(),
            ordered_at: self.now,
            parcel: None,
            sent_back_at: None,
            handed_over: None,
        };
        self.place_order(known, order.photo.clone()).await?;
        Ok(Settled::Yes)
    }

    /// At production, and at the courier where it is sent.
    pub(crate) async fn place_order(&mut self, mut order: OrderRecord, photo: Option<Photo>) -> Step<()> {
        let asked = ProductionOrder {
            order: order.number.clone(),
            person: order.person.clone(),
            programme: order.programme.clone(),
            outlet: order.outlet.clone(),
            bank: order.order.bank().map(str::to_owned),
            photo,
            at: self.now,
        };
        self.parts.upstream.production.order(&asked).await.map_err(|failure| self.silent(&failure))?;
        if order.order.delivery() == Delivery::Courier {
            let (parcel, contact) = (order.number.clone(), order.order.contact().clone());
            self.send_parcel(&mut order, &parcel, &contact).await?;
        }
        self.tx.put_order(&order).await?;
        Ok(())
    }

    /// Nothing stands against replacing the old card: may it be made centrally, at this charge for sending it?
    pub(crate) fn check_replacement(&self, programme: &Programme, replacement: &Replacement) -> Step<()> {
        require(programme.production.is_some(), Code::OutletNotAuthorized)?;
        self.courier_fee(programme, replacement.delivery, replacement.courier)
    }

    /// Ordered; the old card is out of use from now on, before the new one is there.
    pub(crate) async fn settle_replacement(&mut self, claim: &ClaimRecord, cell: &CellId, replacement: &Replacement) -> Step<Settled> {
        let known = OrderRecord {
            cell: cell.clone(),
            number: claim.number.clone(),
            person: replacement.person.clone(),
            programme: claim.claim.programme().clone(),
            order: Ordered::Instead(replacement.clone()),
            outlet: claim.by.outlet.clone(),
            ordered_at: self.now,
            parcel: None,
            sent_back_at: None,
            handed_over: None,
        };
        self.place_order(known, None).await?;
        let mut old = self.registered(cell, &replacement.old_card).await?;
        old.status = CardStatus::Closed;
        self.tx.put_card(&old).await?;
        let reason = "replacement ordered".to_owned();
        self.tx.put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: old.card_no, reason, since: self.now }).await?;
        Ok(Settled::Yes)
    }

    /// Is this the card that was made under this order?
    pub(crate) async fn check_hand_over(&mut self, person: &Person, order: &CentreNumber, image: &CardImage) -> Step<()> {
        let known = self.tx.order(order).await?.filter(|known| known.person == person.person && known.cell == person.cell);
        let Some(known) = known else {
            return refuse_code(Code::OrderUnknown);
        };
        match self.progress(&known).await? {
            Progress::Ready { .. } | Progress::Returned { .. } => {
                let making = self.parts.upstream.production.making(order, self.now).await.map_err(|failure| self.silent(&failure))?;
                let Some(Making::Ready { card, .. }) = making else {
                    return refuse_code(Code::OrderUnknown);
                };
                let same = card.card_no == image.card_no
                    && card.family == image.family
                    && card.issuer.eq_ignore_ascii_case(&image.issuer)
                    && card.serial.eq_ignore_ascii_case(&image.serial);
                if same {
                    return Ok(());
                }
                refuse(Message::new(Code::WrongCard).with("a", card.card_no.tail()).with("b", image.card_no.tail()))
            }
            Progress::InProduction { ready_on } => refuse(Message::new(Code::InProduction).with("date", ready_on)),
            Progress::Sent { tracking } => refuse(Message::new(Code::OrderSent).with("no", tracking)),
            Progress::SentBack { on } => refuse(Message::new(Code::OrderSentBack).with("date", on)),
            Progress::HandedOver => refuse_code(Code::OrderUnknown),
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
            let card = MadeCard {
                card_no: image.card_no.clone(),
                family: image.family.clone(),
                issuer: image.issuer.clone(),
                serial: image.serial.clone(),
            };
            put_in_use(&mut *self.tx, &mut known, &card, Some(image), self.now).await?;
        }
        if known.order.bank().is_none() {
            return Ok(Settled::Yes);
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

/// The new card is the valid one, and what it replaces dies. `image`: as a desk read it, where one did.
pub(crate) async fn put_in_use(
    tx: &mut dyn Tx,
    order: &mut OrderRecord,
    made: &MadeCard,
    image: Option<&CardImage>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let (mut class, mut transit_open) = (0, true);
    for old in tx.cards_of(&order.cell, &order.person).await? {
        let dies = match &order.order {
            Ordered::Applied(_) => !old.functions.is_empty() && matches!(old.status, CardStatus::Active | CardStatus::Lost),
            Ordered::Instead(replacement) => old.card_no == replacement.old_card,
        };
        if !dies {
            continue;
        }
        for mut old in tx.lock_cards(&order.cell, std::slice::from_ref(&old.card_no)).await? {
            class = old.holder_class;
            if matches!(order.order, Ordered::Instead(_)) {
                transit_open = old.transit_open;
            }
            old.status = CardStatus::Replaced { by_tail: made.card_no.tail().to_owned() };
            tx.put_card(&old).await?;
            let reason = "replaced".to_owned();
            tx.put_blacklisted(&Blacklisted { cell: order.cell.clone(), card_no: old.card_no, reason, since: now }).await?;
        }
    }
    let facts = |function, bank: Option<String>| FunctionFacts { function, state: FunctionState::NotOpened, bank, as_of: now };
    tx.put_card(&Card {
        cell: order.cell.clone(),
        card_no: made.card_no.clone(),
        programme: order.programme.clone(),
        family: made.family.clone(),
        issuer: made.issuer.clone(),
        serial: made.serial.clone(),
        holder_class: image.map_or(class, |image| image.holder_class),
        status: CardStatus::Active,
        issued_on: local_day(now),
        valid_until: image.and_then(|image| image.valid_until),
        transit_open,
        last_balance: None,
        last_online_counter: None,
        holder: Some(order.person.clone()),
        suspended: None,
        functions: match order.order.bank() {
            Some(bank) => vec![facts(Function::SocialSecurity, None), facts(Function::Bank, Some(bank.to_owned()))],
            None => Vec::new(),
        },
    })
    .await?;
    order.handed_over = Some(HandedOver { card_no: made.card_no.clone(), at: now });
    tx.put_order(order).await?;
    Ok(())
}

/// The right to have a card made: one order of a person at a time.
pub(crate) fn order_right(person: &desk_domain::id::PersonId) -> String {
    format!("order:{person}")
}
