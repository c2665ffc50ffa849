//! Acts of the centre alone: what must be true before one is reserved. Loss and release of a card are one right, so that
//! neither overtakes the other; so are taking in and handing back a found card.

use chrono::{DateTime, Duration, Utc};
use desk_domain::{
    card::CardImage,
    centre_act::{CentreAct, Matter},
    claim::Claim,
    code::{Code, Message},
    function::{Function, LossChannel},
    id::{CardNo, CaseId, OperatorId, PersonId},
    inquiry::IssueState,
    person::CardStatus,
    posting::Balanced,
};

use super::{
    Granted, Verdict, conflict, purse_right,
    reissue::{Asked, reissue_epoch},
    reissue_right,
};
use crate::{
    answer::{Step, refuse, refuse_code, require},
    centre::Call,
    number::local_day,
    orders::order_right,
    parcels::{made_right, sent_epoch},
    policy::Programme,
    record::{Card, ClaimState, Person},
};

fn loss_right(card: &CardNo) -> String {
    format!("loss:{}", card.as_str())
}

pub(crate) fn found_right(card: &CardNo) -> String {
    format!("found:{}", card.as_str())
}

pub(crate) fn ticket_right(matter: Matter, person: &PersonId) -> String {
    format!("ticket:{}:{person}", matter.as_str())
}

fn code_right(person: &PersonId) -> String {
    format!("code:{person}")
}

/// What the right is called, and which of its epochs this is.
struct Place {
    right: String,
    epoch: String,
}

impl Call<'_> {
    pub(super) async fn check_act(
        &mut self,
        programme: &Programme,
        case: CaseId,
        claim: &Claim,
        act: &CentreAct,
        operator: &OperatorId,
    ) -> Step<Verdict> {
        let person = match act.person() {
            Some(person) => Some(self.served_person(programme, claim, person, operator).await?),
            None => None,
        };
        let place = self.place_of(programme, act).await?;
        if let Some(held) = self.held(&programme.cell, &place.right, &place.epoch, case, claim).await? {
            return Ok(Verdict::Held(held));
        }
        let (mut on_confirm, mut agreement) = (Balanced::none(), None);
        match (act, &person) {
            (CentreAct::ReportLoss { card_no, functions, accepted_at, .. }, Some(person)) => {
                self.check_report(programme, case, person, card_no, functions).await?;
                if let Some(accepted_at) = accepted_at {
                    self.nothing_since(programme, &place.right, *accepted_at).await?;
                }
            }
            (CentreAct::ReleaseLoss { card, .. }, Some(person)) => self.check_release(programme, claim, case, person, card).await?,
            (CentreAct::Ticket { matter, .. }, Some(person)) => self.check_ticket(programme, *matter, person).await?,
            (CentreAct::ResendCode { .. }, Some(person)) => self.check_resend(programme, person, &place.right).await?,
            (CentreAct::TakeIn { card_no }, _) => {
                self.home_card(programme, claim, card_no).await?;
            }
            (CentreAct::HandBack { card, .. }, Some(person)) => self.check_hand_back(programme, claim, person, card, &place.right).await?,
            (CentreAct::Order(order), Some(person)) => self.check_order(programme, person, order).await?,
            (CentreAct::Replace(replacement), Some(person)) => {
                let asked = Asked {
                    person: &replacement.person,
                    old_card: &replacement.old_card,
                    ground: &replacement.ground,
                    accepted_at: replacement.accepted_at,
                };
                self.reissue_stands(programme, case, person, asked).await?;
                self.check_replacement(programme, replacement)?;
            }
            (CentreAct::HandOver { order, card, .. }, Some(person)) => self.check_hand_over(person, order, card).await?,
            (CentreAct::SendAgain { order, courier, .. }, Some(person)) => {
                self.check_send_again(programme, person, order, *courier).await?
            }
            (CentreAct::SendBack { order, card_no }, _) => self.check_send_back(order, card_no).await?,
            (CentreAct::CloseCard { card, .. }, Some(person)) => self.check_close(programme, claim, case, person, card).await?,
            (CentreAct::TakeInUnreadable { card_no, .. }, _) => {
                agreement = Some(self.check_take_in(programme, claim, case, card_no).await?);
            }
            (CentreAct::PayOut { owed, payee, amount, .. }, _) => {
                (on_confirm, agreement) = self.check_pay_out(programme, claim, (owed, payee, *amount)).await?;
            }
            (
                CentreAct::ReportLoss { .. }
                | CentreAct::ReleaseLoss { .. }
                | CentreAct::Ticket { .. }
                | CentreAct::ResendCode { .. }
                | CentreAct::HandBack { .. }
                | CentreAct::Order(_)
                | CentreAct::Replace(_)
                | CentreAct::HandOver { .. }
                | CentreAct::SendAgain { .. }
                | CentreAct::CloseCard { .. },
                None,
            ) => return refuse_code(Code::PersonNotFound),
        }
        Ok(Verdict::Granted(Granted { right: place.right, epoch: place.epoch, card_data: None, on_confirm, agreement }))
    }

    async fn place_of(&mut self, programme: &Programme, act: &CentreAct) -> Step<Place> {
        let right = match act {
            CentreAct::ReportLoss { card_no, .. } => loss_right(card_no),
            CentreAct::ReleaseLoss { card, .. } => loss_right(&card.card_no),
            CentreAct::Ticket { person, matter } => ticket_right(*matter, person),
            CentreAct::ResendCode { person } => code_right(person),
            CentreAct::TakeIn { card_no } => found_right(card_no),
            CentreAct::HandBack { card, .. } => found_right(&card.card_no),
            CentreAct::Order(order) => order_right(&order.person),
            CentreAct::Replace(replacement) => {
                let epoch = reissue_epoch(&replacement.old_card);
                return Ok(Place { right: reissue_right(&replacement.person), epoch });
            }
            CentreAct::HandOver { order, .. } => return Ok(Place { right: made_right(order), epoch: "handed_over".to_owned() }),
            CentreAct::SendBack { order, .. } => return Ok(Place { right: made_right(order), epoch: "sent_back".to_owned() }),
            CentreAct::SendAgain { order, .. } => {
                let epoch = sent_epoch(&mut *self.tx, order).await?;
                return Ok(Place { right: made_right(order), epoch });
            }
            // Whoever closes a card and whoever refunds it do not overtake each other.
            CentreAct::CloseCard { card, .. } if card.purse.is_some() => purse_right(&card.card_no),
            CentreAct::CloseCard { card, .. } => format!("card:{}", card.card_no.as_str()),
            // The purse's own right: nobody refunds or loads it meanwhile.
            CentreAct::TakeInUnreadable { card_no, .. } => {
                return Ok(Place { right: purse_right(card_no), epoch: "unreadable".to_owned() });
            }
            CentreAct::PayOut { owed, .. } => return Ok(Place { right: format!("payout:{owed}"), epoch: "paid".to_owned() }),
        };
        if let CentreAct::Ticket { matter: Matter::OverdueIssue, person } = act {
            // One ticket for one broken promise.
            let due = self.promised(programme, person).await?;
            return Ok(Place { right, epoch: due.map_or_else(|| "none".to_owned(), |due| format!("due:{due}")) });
        }
        let done = self.tx.settled_count(&programme.cell, &right, None).await?;
        Ok(Place { right, epoch: format!("act:{done}") })
    }

    /// The last day of the promise of a first card, where one was given.
    pub(crate) async fn promised(&mut self, programme: &Programme, person: &PersonId) -> Step<Option<chrono::NaiveDate>> {
        let Some(rule) = &programme.first_issue else {
            return Ok(None);
        };
        let record = self.parts.upstream.issues.issue(person).await.map_err(|failure| self.silent(&failure))?;
        Ok(record.and_then(|record| record.received_on).and_then(|received| rule.promised(received)))
    }

    async fn check_report(
        &mut self,
        programme: &Programme,
        case: CaseId,
        person: &Person,
        card_no: &CardNo,
        functions: &[Function],
    ) -> Step<()> {
        require(!functions.contains(&Function::Transit), Code::TransitNoLoss)?;
        require(!functions.is_empty(), Code::LossByFunction)?;
        let card = self.heard_card(programme, card_no).await?;
        require(card.holder.as_ref() == Some(&person.person), Code::CardNotFound)?;
        self.not_suspended(&card, case)?;
        match &card.status {
            CardStatus::Active | CardStatus::Lost => {}
            CardStatus::Replaced { by_tail } => return refuse(Message::new(Code::CardReplaced).with("tail", by_tail)),
            CardStatus::Stock | CardStatus::Blacklisted | CardStatus::Closed => return refuse_code(Code::NoActiveCard),
        }
        let bank = card.bank();
        if bank.is_none() || self.bank_here(programme) != bank {
            return refuse(Message::new(Code::WrongBank).with("bank", bank.unwrap_or("—")));
        }
        let open = |function: &Function| card.kept(*function).is_some_and(|facts| !facts.state.is_formal_loss());
        if !functions.iter().any(open) {
            return refuse(Message::new(Code::LossStands).with("what", "所选功能"));
        }
        Ok(())
    }

    async fn check_release(&mut self, programme: &Programme, claim: &Claim, case: CaseId, person: &Person, image: &CardImage) -> Step<()> {
        let card = self.heard_card(programme, &image.card_no).await?;
        require(card.programme == *claim.programme() && same_chip(&card, image), Code::ProfileMismatch)?;
        require(card.holder.as_ref() == Some(&person.person), Code::WrongHolder)?;
        self.not_suspended(&card, case)?;
        let others = self.tx.cards_of(&programme.cell, &person.person).await?;
        let newer = others.iter().any(|other| other.card_no != card.card_no && other.status == CardStatus::Active);
        match &card.status {
            CardStatus::Active => {}
            CardStatus::Lost if !newer => {}
            CardStatus::Lost | CardStatus::Replaced { .. } => return refuse_code(Code::ReleaseForbidden),
            CardStatus::Stock | CardStatus::Blacklisted | CardStatus::Closed => return refuse_code(Code::CardNotInUse),
        }
        let channels: Vec<&LossChannel> = card.functions.iter().filter_map(|facts| facts.state.loss_channel()).collect();
        require(!channels.is_empty(), Code::NoLossStands)?;
        let here = self.channel_here(programme);
        match channels.iter().find(|channel| ***channel != here) {
            None => Ok(()),
            Some(_) => refuse(Message::new(Code::ReleaseOriginalChannel).with("channel", "原挂失渠道")),
        }
    }

    async fn check_ticket(&mut self, programme: &Programme, matter: Matter, person: &Person) -> Step<()> {
        match matter {
            Matter::GuardianContact => Ok(()),
            Matter::CardFound => refuse_code(Code::KeySourceInvalid),
            Matter::OverdueIssue => {
                let record = self.parts.upstream.issues.issue(&person.person).await.map_err(|failure| self.silent(&failure))?;
                let making = record.is_some_and(|record| matches!(record.state, IssueState::Confirmed | IssueState::InProduction));
                require(making, Code::NotConfirmed)?;
                match self.promised(programme, &person.person).await? {
                    Some(due) if due < local_day(self.now) => Ok(()),
                    Some(due) => refuse(Message::new(Code::InProduction).with("date", due)),
                    None => refuse_code(Code::NotSubmitted),
                }
            }
        }
    }

    async fn check_resend(&mut self, programme: &Programme, person: &Person, right: &str) -> Step<()> {
        let Some(rule) = &programme.sms else {
            return refuse_code(Code::OutletNotAuthorized);
        };
        require(person.guardian_phone.is_some(), Code::PhoneViaSchool)?;
        let often = |why: String| Message::new(Code::CodeTooOften).with("why", why);
        let since = self.now - Duration::seconds(i64::from(rule.interval_seconds));
        if self.tx.settled_count(&programme.cell, right, Some(since)).await? > 0 {
            return refuse(often(format!("{} 秒内已发过", rule.interval_seconds)));
        }
        let codes = self.parts.upstream.messages.codes(&person.person, self.now).await.map_err(|failure| self.silent(&failure))?;
        if codes.today >= rule.per_day {
            return refuse(often(format!("今日已发 {} 次", codes.today)));
        }
        match codes.last {
            Some(last) if last.at > since => refuse(often(format!("{} 秒内已发过", rule.interval_seconds))),
            Some(_) | None => Ok(()),
        }
    }

    async fn check_hand_back(&mut self, programme: &Programme, claim: &Claim, person: &Person, image: &CardImage, right: &str) -> Step<()> {
        let card = self.home_card(programme, claim, &image.card_no).await?;
        require(same_chip(&card, image), Code::ProfileMismatch)?;
        require(card.holder.as_ref() == Some(&person.person), Code::WrongHolder)?;
        match &card.status {
            CardStatus::Active | CardStatus::Lost => {}
            CardStatus::Replaced { by_tail } => return refuse(Message::new(Code::CardReplaced).with("tail", by_tail)),
            CardStatus::Stock | CardStatus::Blacklisted | CardStatus::Closed => return refuse_code(Code::CardNotInUse),
        }
        let done = self.tx.settled_count(&programme.cell, right, None).await?;
        let last = match done.checked_sub(1) {
            Some(last) => self.tx.settled_claim(&programme.cell, right, &format!("act:{last}")).await?,
            None => None,
        };
        let taken_in = last.is_some_and(|last| matches!(last.claim, Claim::Act { act: CentreAct::TakeIn { .. }, .. }));
        require(taken_in, Code::FoundNotKnown)
    }

    /// A message accepted offline does not undo what happened since.
    async fn nothing_since(&mut self, programme: &Programme, right: &str, accepted_at: DateTime<Utc>) -> Step<()> {
        let done = self.tx.settled_count(&programme.cell, right, None).await?;
        let Some(last) = done.checked_sub(1) else {
            return Ok(());
        };
        let last = self.tx.settled_claim(&programme.cell, right, &format!("act:{last}")).await?;
        match last {
            Some(last) if matches!(last.state, ClaimState::Settled { at, .. } if at > accepted_at) => refuse(conflict(&last)),
            Some(_) | None => Ok(()),
        }
    }

    /// The registered card of the programme, locked.
    pub(crate) async fn home_card(&mut self, programme: &Programme, claim: &Claim, card_no: &CardNo) -> Step<Card> {
        let cards = self.tx.lock_cards(&programme.cell, std::slice::from_ref(card_no)).await?;
        match cards.into_iter().find(|card| card.programme == *claim.programme()) {
            Some(card) => Ok(card),
            None => refuse_code(Code::CardNotFound),
        }
    }

    fn bank_here<'a>(&self, programme: &'a Programme) -> Option<&'a str> {
        programme.banks.get(&self.device.outlet).map(String::as_str)
    }

    /// What this counter is as a channel.
    pub(crate) fn channel_here(&self, programme: &Programme) -> LossChannel {
        self.bank_here(programme).map_or(LossChannel::Counter, |bank| LossChannel::Bank { bank: bank.to_owned() })
    }
}

fn same_chip(card: &Card, image: &CardImage) -> bool {
    card.family == image.family && card.issuer.eq_ignore_ascii_case(&image.issuer) && card.serial.eq_ignore_ascii_case(&image.serial)
}
