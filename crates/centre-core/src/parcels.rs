//! Made cards after production: where they lie, what the courier says of a parcel, and what becomes of one that nobody takes:
//! it lies at the outlet again and its holder is told; it is sent once more, or goes back to the centre after its time.

use chrono::{DateTime, Utc};
use desk_domain::{
    code::{Code, Message},
    courier,
    id::{CardNo, CentreNumber, ProgrammeId},
    money::Fen,
    order::{Contact, Delivery, Progress, Uncollected},
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Failure, Step, Stop, refuse, refuse_code, require},
    centre::{Call, Centre},
    confirm::Settled,
    number::local_day,
    policy::Programme,
    ports::PortFailure,
    record::{ClaimRecord, Keep, OrderRecord, Person, SentParcel},
    store::Tx,
    upstream::{Making, Notice, NoticeMatter, Parcel, ParcelOrder, Upstream},
};

/// How far an order is, asked of production and courier.
async fn progress_of(upstream: &Upstream, order: &OrderRecord, now: DateTime<Utc>) -> Result<Progress, PortFailure> {
    if order.handed_over.is_some() {
        return Ok(Progress::HandedOver);
    }
    if let Some(at) = order.sent_back_at {
        return Ok(Progress::SentBack { on: local_day(at) });
    }
    let (card, place, since) = match upstream.production.making(&order.number, now).await? {
        Some(Making::Ready { card, place, since }) => (card, place, since),
        Some(Making::Under { ready_on }) => return Ok(Progress::InProduction { ready_on }),
        None => return Ok(Progress::InProduction { ready_on: local_day(now) }),
    };
    let Some(sent) = &order.parcel else {
        return Ok(Progress::Ready { card_no: card.card_no, place, since });
    };
    Ok(match upstream.courier.parcel(&sent.number, now).await? {
        Some(Parcel::Returned { on, .. }) => Progress::Returned { card_no: card.card_no, place, on },
        Some(Parcel::OnItsWay { tracking } | Parcel::Delivered { tracking, .. }) => Progress::Sent { tracking },
        Some(Parcel::Awaited) | None => Progress::InProduction { ready_on: since },
    })
}

/// The first or a further parcel of an order.
pub(crate) fn parcel_order(order: &OrderRecord, parcel: &CentreNumber, contact: &Contact, collect: bool, at: DateTime<Utc>) -> ParcelOrder {
    ParcelOrder { parcel: parcel.clone(), order: order.number.clone(), contact: contact.clone(), collect, at }
}

impl Call<'_> {
    pub(crate) async fn progress(&mut self, order: &OrderRecord) -> Step<Progress> {
        progress_of(&self.parts.upstream, order, self.now).await.map_err(|failure| self.silent(&failure))
    }

    /// The courier fetches the card where it is made.
    pub(crate) async fn send_parcel(&mut self, order: &mut OrderRecord, parcel: &CentreNumber, contact: &Contact) -> Step<()> {
        let courier = self.policy.programmes.get(&order.programme).and_then(|programme| programme.courier.as_ref());
        let collect = courier.is_some_and(|rule| rule.collect);
        let asked = parcel_order(order, parcel, contact, collect, self.now);
        self.parts.upstream.courier.send(&asked).await.map_err(|failure| self.silent(&failure))?;
        let times = order.parcel.as_ref().map_or(0, |sent| sent.times).saturating_add(1);
        order.parcel = Some(SentParcel { number: parcel.clone(), times, told_back: false });
        Ok(())
    }

    /// What the counter takes for a parcel, and nothing else.
    pub(crate) fn courier_fee(&self, programme: &Programme, delivery: Delivery, fee: Fen) -> Step<()> {
        let due = courier::due(programme.courier.as_ref(), delivery == Delivery::Courier);
        match due {
            Some(due) if due == fee => Ok(()),
            Some(_) if delivery == Delivery::PickUp => refuse_code(Code::CourierNotSelected),
            Some(due) => refuse(Message::new(Code::FeeFixed).with("fee", due)),
            None => refuse(Message::new(Code::OutletNotAuthorized).with("list", "无")),
        }
    }

    /// The person's order whose parcel came back.
    pub(crate) async fn check_send_again(&mut self, programme: &Programme, person: &Person, order: &CentreNumber, fee: Fen) -> Step<()> {
        let known = self.tx.order(order).await?.filter(|known| known.person == person.person && known.cell == person.cell);
        let Some(known) = known else {
            return refuse_code(Code::OrderUnknown);
        };
        self.courier_fee(programme, Delivery::Courier, fee)?;
        match self.progress(&known).await? {
            Progress::Returned { .. } => Ok(()),
            Progress::Sent { tracking } => refuse(Message::new(Code::OrderSent).with("no", tracking)),
            Progress::SentBack { on } => refuse(Message::new(Code::OrderSentBack).with("date", on)),
            Progress::InProduction { ready_on } => refuse(Message::new(Code::InProduction).with("date", ready_on)),
            Progress::Ready { .. } | Progress::HandedOver => refuse_code(Code::OrderUnknown),
        }
    }

    /// Sent once more, with a fee of its own.
    pub(crate) async fn settle_send_again(&mut self, claim: &ClaimRecord, order: &CentreNumber, contact: &Contact) -> Step<Settled> {
        let Some(mut known) = self.tx.order(order).await? else {
            return Err(Stop::Fail(Failure::Inconsistent("order of a claim")));
        };
        self.send_parcel(&mut known, &claim.number, contact).await?;
        self.tx.put_order(&known).await?;
        Ok(Settled::Yes)
    }

    /// Made cards of a programme that lie at this desk's outlet longer than its list wants.
    pub(crate) async fn find_uncollected(&mut self, programme: &ProgrammeId) -> Step<Answer> {
        self.session().await?;
        let mut cards = Vec::new();
        for order in self.tx.open_orders(Some(&self.device.outlet)).await?.into_iter().filter(|order| order.programme == *programme) {
            cards.extend(self.uncollected(&order).await?);
        }
        Ok(Answer::Kept(Reply::Uncollected { cards }, Keep::Shortly))
    }

    async fn uncollected(&mut self, order: &OrderRecord) -> Step<Option<Uncollected>> {
        let (card_no, place, since) = match self.progress(order).await? {
            Progress::Ready { card_no, place, since } => (card_no, place, since),
            Progress::Returned { card_no, place, on } => (card_no, place, on),
            Progress::InProduction { .. } | Progress::Sent { .. } | Progress::SentBack { .. } | Progress::HandedOver => return Ok(None),
        };
        let rule = self.policy.programmes.get(&order.programme).and_then(|programme| programme.production);
        let lain = rule.and_then(|rule| Uncollected::days(rule, since, local_day(self.now)));
        Ok(lain.map(|(days, back)| Uncollected { order: order.number.clone(), card_no, place, since, days, back }))
    }

    /// A card of this outlet that has lain here for its whole time.
    pub(crate) async fn check_send_back(&mut self, order: &CentreNumber, card_no: &CardNo) -> Step<()> {
        let Some(known) = self.tx.order(order).await?.filter(|known| known.outlet == self.device.outlet) else {
            return refuse_code(Code::OrderUnknown);
        };
        match self.uncollected(&known).await? {
            Some(card) if card.card_no != *card_no => {
                refuse(Message::new(Code::WrongCard).with("a", card.card_no.tail()).with("b", card_no.tail()))
            }
            Some(card) => require(card.back, Code::OrderUnknown),
            None => refuse_code(Code::OrderUnknown),
        }
    }

    pub(crate) async fn settle_send_back(&mut self, order: &CentreNumber) -> Step<Settled> {
        let Some(mut known) = self.tx.order(order).await? else {
            return Err(Stop::Fail(Failure::Inconsistent("order of a claim")));
        };
        if known.handed_over.is_some() {
            return Ok(Settled::Void(Message::new(Code::OrderUnknown)));
        }
        known.sent_back_at = known.sent_back_at.or(Some(self.now));
        self.tx.put_order(&known).await?;
        Ok(Settled::Yes)
    }
}

impl Centre {
    /// Asks the courier about every parcel that is under way: a card that its holder has is put into use, and a holder whose
    /// parcel came back is told. Answers how many of both.
    ///
    /// # Errors
    /// [`Failure`] where the store does not work; what was done before it stays done.
    pub async fn follow_parcels(&self, now: DateTime<Utc>) -> Result<u32, Failure> {
        let sent = self.parts().store.begin().await?.open_orders(None).await?;
        let mut moved = 0;
        for order in sent.into_iter().filter(|order| order.parcel.is_some()) {
            let mut tx = self.parts().store.begin().await?;
            if self.follow(tx.as_mut(), &order, now).await? {
                tx.commit().await?;
                moved += 1;
            }
        }
        Ok(moved)
    }

    async fn follow(&self, tx: &mut dyn Tx, order: &OrderRecord, now: DateTime<Utc>) -> Result<bool, Failure> {
        // Person first, then cards: the order in which everything is locked.
        tx.lock_person(&order.cell, &order.person).await?;
        let Some(mut order) = tx.order(&order.number).await?.filter(OrderRecord::is_open) else {
            return Ok(false);
        };
        let Some(sent) = order.parcel.clone() else {
            return Ok(false);
        };
        let upstream = &self.parts().upstream;
        // Whoever is silent is asked again on the next round.
        let Ok(Some(parcel)) = upstream.courier.parcel(&sent.number, now).await else {
            return Ok(false);
        };
        match parcel {
            Parcel::Awaited | Parcel::OnItsWay { .. } => Ok(false),
            Parcel::Returned { .. } if sent.told_back => Ok(false),
            Parcel::Returned { .. } => {
                let notice = Notice {
                    order: sent.number.clone(),
                    contact: order.order.contact().clone(),
                    matter: NoticeMatter::ParcelReturned { outlet: order.outlet.clone() },
                    at: now,
                };
                if upstream.messages.tell(&notice).await.is_err() {
                    return Ok(false);
                }
                order.parcel = Some(SentParcel { told_back: true, ..sent });
                tx.put_order(&order).await?;
                Ok(true)
            }
            Parcel::Delivered { .. } => {
                let Ok(Some(Making::Ready { card, .. })) = upstream.production.making(&order.number, now).await else {
                    return Ok(false);
                };
                crate::orders::put_in_use(tx, &mut order, &card, None, now).await?;
                Ok(true)
            }
        }
    }
}

/// The right to a made card: it is handed over, sent again or sent back, one of them at a time.
pub(crate) fn made_right(order: &CentreNumber) -> String {
    format!("made:{order}")
}

/// Which sending of the order this is.
pub(crate) async fn sent_epoch(tx: &mut dyn Tx, order: &CentreNumber) -> Step<String> {
    let times = tx.order(order).await?.and_then(|order| order.parcel).map_or(0, |sent| sent.times);
    Ok(format!("sent:{times}"))
}
