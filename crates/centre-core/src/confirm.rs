//! Settling a right: the proof is checked, the ledger posted, cards and people moved on, all in one transaction.

use desk_domain::{
    card::{CardImage, RefundMethod, Terminal, WriteIntent, WriteProof},
    claim::{Claim, Settlement},
    code::{Code, Message},
    id::{CardNo, CaseId, CellId, CentreNumber, PersonId, ProgrammeId},
    issuer::{CounterLine, IssuerRequest, ReleasedTo},
    money::Fen,
    person::CardStatus,
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Failure, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    claims::{conflict, reset::changed_since},
    number::{centre_number, local_day},
    password::initial,
    ports::{ResetOrder, ResetResult},
    record::{Blacklisted, Card, ClaimRecord, ClaimState},
};

/// What settling came to.
pub(crate) enum Settled {
    Yes,
    /// A definite no that ends the claim.
    Void(Message),
}

impl Call<'_> {
    pub(crate) async fn confirm(&mut self, case: CaseId, reservation: &CentreNumber, settlement: &Settlement) -> Step<Answer> {
        let claim = self.own_claim(case, reservation).await?;
        match &claim.state {
            ClaimState::Open | ClaimState::Unknown { .. } => {}
            ClaimState::Settled { number, .. } => {
                return Self::kept(Reply::Confirmed { number: number.clone() });
            }
            ClaimState::Released { .. } => return refuse(conflict(&claim)),
        }
        self.settle(claim, settlement).await
    }

    /// Settles a claim that is open or of unknown end.
    pub(crate) async fn settle(&mut self, mut claim: ClaimRecord, settlement: &Settlement) -> Step<Answer> {
        let settled = match self.judged(&claim, settlement).await {
            // The card may hold what nobody can prove: from here on its exception list owns it.
            Err(Stop::Refuse(message)) => {
                if let Some(intent) = self.purse_intent(&claim) {
                    self.put_in_doubt(&mut claim, &intent).await?;
                    return Self::kept(Reply::Refused { message });
                }
                return refuse(message);
            }
            settled => settled?,
        };
        let reply = self.settled(&mut claim, settled).await?;
        Self::kept(reply)
    }

    /// Writes down what settling came to.
    pub(crate) async fn settled(&mut self, claim: &mut ClaimRecord, settled: Settled) -> Step<Reply> {
        Ok(match settled {
            Settled::Yes => {
                self.end_suspense(claim).await?;
                let on_confirm = claim.reservation.on_confirm.clone();
                self.post_for(claim, "confirmed", &on_confirm).await?;
                let number = centre_number('Q', self.now, self.entropy);
                claim.state = ClaimState::Settled { number: number.clone(), at: self.now };
                self.tx.put_claim(claim).await?;
                Reply::Confirmed { number }
            }
            Settled::Void(message) => {
                self.end_suspense(claim).await?;
                claim.state = ClaimState::Released { at: self.now };
                self.tx.put_claim(claim).await?;
                Reply::Refused { message }
            }
        })
    }

    async fn judged(&mut self, claim: &ClaimRecord, settlement: &Settlement) -> Step<Settled> {
        Ok(match (settlement, &claim.claim) {
            (Settlement::PurseRefunded { amount, proof }, Claim::PurseRefund { cell, card, amount: reserved, payee, .. }) => {
                require(amount == reserved, Code::AmountInvalid)?;
                match &claim.reservation.later {
                    None => self.settle_purse(claim, cell, card, *reserved, proof).await?,
                    Some(later) => self.settle_blocked(claim, cell, card, *reserved, (*later, payee.as_ref()), proof).await?,
                }
            }
            (
                Settlement::PurseLoaded { amount, proof },
                Claim::TopUp { cell, card, amount: reserved, .. } | Claim::Rewrite { cell, card, amount: reserved, .. },
            ) => {
                require(amount == reserved, Code::AmountInvalid)?;
                let settled = self.settle_purse(claim, cell, card, *reserved, proof).await?;
                self.end_load(claim, proof).await?;
                settled
            }
            (Settlement::PurseRefunded { amount, proof }, Claim::Reversal { cell, card, amount: reserved, .. }) => {
                require(amount == reserved, Code::AmountInvalid)?;
                self.settle_purse(claim, cell, card, *reserved, proof).await?
            }
            (Settlement::CardIssued { new_card, proof }, Claim::Reissue { cell, programme, person, old_card, .. }) => {
                self.settle_reissue(claim, (cell, programme, person), old_card, new_card, proof).await?
            }
            (Settlement::Validated { until, proof }, Claim::Validation { cell, card, until: reserved, .. }) => {
                require(until == reserved, Code::WriteUnknown)?;
                self.settle_validation(cell, card, *reserved, proof).await?
            }
            (Settlement::PasswordReset, Claim::PasswordReset { cell, person, accepted_at, .. }) => {
                self.settle_reset(claim, cell, person, *accepted_at).await?
            }
            (Settlement::Act, Claim::Act { cell, programme, act }) => self.settle_act(claim, cell, programme, act).await?,
            (
                Settlement::PurseRefunded { .. }
                | Settlement::PurseLoaded { .. }
                | Settlement::CardIssued { .. }
                | Settlement::Validated { .. }
                | Settlement::PasswordReset
                | Settlement::Act,
                Claim::PurseRefund { .. }
                | Claim::TopUp { .. }
                | Claim::Reversal { .. }
                | Claim::Rewrite { .. }
                | Claim::Reissue { .. }
                | Claim::Validation { .. }
                | Claim::PasswordReset { .. }
                | Claim::Act { .. },
            ) => return refuse_code(Code::KeySourceInvalid),
        })
    }

    /// The write that an open claim on a purse was made for.
    fn purse_intent(&self, claim: &ClaimRecord) -> Option<WriteIntent> {
        match &claim.state {
            ClaimState::Open => {}
            ClaimState::Unknown { .. } | ClaimState::Settled { .. } | ClaimState::Released { .. } => return None,
        }
        let terminal =
            || Terminal { number: self.device.terminal.clone(), sequence: 0, at: desk_domain::case::context::local(claim.reserved_at) };
        match &claim.claim {
            Claim::TopUp { card, amount, .. } | Claim::Rewrite { card, amount, .. } => {
                Some(WriteIntent::Load { before: card.clone(), amount: *amount, terminal: terminal() })
            }
            Claim::Reversal { card, amount, .. } => {
                Some(WriteIntent::Unload { before: card.clone(), amount: *amount, terminal: terminal() })
            }
            Claim::PurseRefund { card, amount, .. } => {
                let (before, amount, terminal) = (card.clone(), *amount, terminal());
                match card.purse.as_ref()?.refund_method {
                    RefundMethod::Unload => Some(WriteIntent::Unload { before, amount, terminal }),
                    RefundMethod::PurchaseOfRest => Some(WriteIntent::PurchaseOfRest { before, amount, terminal }),
                    RefundMethod::BlockThenBackOffice => Some(WriteIntent::Block { before, to: claim.reservation.later?.block }),
                }
            }
            Claim::Reissue { .. } | Claim::Validation { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => None,
        }
    }

    async fn settle_purse(
        &mut self,
        claim: &ClaimRecord,
        cell: &CellId,
        before: &CardImage,
        amount: Fen,
        proof: &WriteProof,
    ) -> Step<Settled> {
        require(proof.after.card_no == before.card_no, Code::WrongCard)?;
        self.proven(claim, cell, before, amount, proof).await?;
        let mut card = self.registered(cell, &before.card_no).await?;
        if let Some(purse) = &proof.after.purse {
            card.last_balance = Some(purse.balance);
            card.last_online_counter = card.last_online_counter.max(Some(purse.online_counter));
        }
        self.tx.put_card(&card).await?;
        Ok(Settled::Yes)
    }

    /// A purse write counts as done where the card's own proof belongs to a MAC that was released for this case, where the
    /// card's log holds the movement with the claiming desk's terminal, or where the card went on from a counter at which
    /// nobody but this case got a MAC. A balance alone proves nothing.
    async fn proven(&mut self, claim: &ClaimRecord, cell: &CellId, before: &CardImage, amount: Fen, proof: &WriteProof) -> Step<()> {
        let releases = self.tx.releases(cell, &before.card_no).await?;
        let mut own = Vec::new();
        for release in releases.iter().filter(|release| release.ask.steps().is_some()) {
            if self.same_load(claim, &release.reservation).await? {
                own.push(release.clone());
            }
        }
        if let Some(text) = &proof.proof {
            for release in &own {
                let settles = self.parts.keys.settles(release, text).await;
                if settles.map_err(Stop::Refuse)? {
                    return Ok(());
                }
            }
        }
        let entry_of = |(line, counter): (CounterLine, u16)| {
            proof
                .after
                .log
                .iter()
                .find(|entry| Some(entry.sequence) == counter.checked_add(1) && CounterLine::of_kind(entry.kind) == Some(line))
        };
        let logged = own.iter().any(|release| {
            release.ask.steps().and_then(entry_of).is_some_and(|entry| {
                entry.amount == amount && asked_terminal(&release.ask).is_some_and(|terminal| entry.terminal.eq_ignore_ascii_case(terminal))
            })
        });
        if logged {
            return Ok(());
        }
        for release in &own {
            let Some((CounterLine::Online, counter)) = release.ask.steps() else {
                continue;
            };
            let went_on = proof.after.purse.as_ref().is_some_and(|purse| purse.online_counter > counter);
            // A proof that does not hold is no forgotten one.
            if went_on && proof.proof.is_none() && entry_of((CounterLine::Online, counter)).is_none() {
                let to = self.released_to(claim, &releases, release.ask.card(), (CounterLine::Online, counter)).await?;
                return require(to == ReleasedTo::ThisCase, Code::WriteUnknown);
            }
        }
        refuse_code(Code::WriteUnknown)
    }

    async fn settle_reissue(
        &mut self,
        claim: &ClaimRecord,
        (cell, programme, person): (&CellId, &ProgrammeId, &PersonId),
        old_card: &CardNo,
        new_card: &CardNo,
        proof: &WriteProof,
    ) -> Step<Settled> {
        let Some(data) = &claim.reservation.card_data else {
            return Err(Stop::Fail(Failure::Inconsistent("reissue without card data")));
        };
        let after = &proof.after;
        require(data.card_no == *new_card && after.card_no == *new_card, Code::WrongCard)?;
        require(!after.blank && after.holder_class == data.holder_class, Code::WriteUnknown)?;
        if self.tx.card_by_serial(&after.issuer, &after.serial).await?.is_some() {
            return refuse_code(Code::CardNotBlank);
        }
        let mut old = self.registered(cell, old_card).await?;
        old.status = CardStatus::Replaced { by_tail: new_card.tail().to_owned() };
        self.tx.put_card(&old).await?;
        self.tx
            .put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: old_card.clone(), reason: "replaced".to_owned(), since: self.now })
            .await?;
        self.tx
            .put_card(&Card {
                cell: cell.clone(),
                card_no: new_card.clone(),
                programme: programme.clone(),
                family: after.family.clone(),
                issuer: after.issuer.clone(),
                serial: after.serial.clone(),
                holder_class: data.holder_class,
                status: CardStatus::Active,
                issued_on: local_day(self.now),
                valid_until: after.valid_until,
                transit_open: old.transit_open,
                last_balance: None,
                last_online_counter: None,
                holder: Some(person.clone()),
                suspended: None,
                functions: Vec::new(),
            })
            .await?;
        Ok(Settled::Yes)
    }

    async fn settle_validation(
        &mut self,
        cell: &CellId,
        before: &CardImage,
        until: chrono::NaiveDate,
        proof: &WriteProof,
    ) -> Step<Settled> {
        require(proof.after.card_no == before.card_no, Code::WrongCard)?;
        require(proof.after.valid_until >= Some(until), Code::WriteUnknown)?;
        let mut card = self.registered(cell, &before.card_no).await?;
        card.valid_until = card.valid_until.max(Some(until));
        self.tx.put_card(&card).await?;
        Ok(Settled::Yes)
    }

    /// The order carries the reservation's number: the platform does it once, however often it is sent.
    async fn settle_reset(
        &mut self,
        claim: &ClaimRecord,
        cell: &CellId,
        person: &PersonId,
        accepted_at: chrono::DateTime<chrono::Utc>,
    ) -> Step<Settled> {
        let Some(person) = self.tx.lock_person(cell, person).await? else {
            return Ok(Settled::Void(Message::new(Code::PersonNotFound)));
        };
        let rules = self.policy.programmes.get(&person.programme).and_then(|programme| programme.password.as_ref());
        let Some(password) = rules.and_then(|rules| initial(&person, rules)) else {
            return Ok(Settled::Void(Message::new(Code::NoIdOnRecord)));
        };
        let Some(account) = person.ecard_number.clone() else {
            return Ok(Settled::Void(Message::new(Code::NoEcardNo)));
        };
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let order = ResetOrder {
            order: claim.number.clone(),
            account,
            credential: self.parts.passwords.hash(&password, salt).await?,
            unchanged_since: accepted_at,
            at: self.now,
        };
        Ok(match self.parts.platform.reset(&order).await? {
            ResetResult::Done => Settled::Yes,
            ResetResult::ChangedSince { at } => Settled::Void(changed_since(at)),
            ResetResult::UnknownAccount => Settled::Void(Message::new(Code::NoEcardNo)),
        })
    }

    pub(crate) async fn registered(&mut self, cell: &CellId, card_no: &CardNo) -> Step<Card> {
        let cards = self.tx.lock_cards(cell, std::slice::from_ref(card_no)).await?;
        match cards.into_iter().next() {
            Some(card) => Ok(card),
            None => refuse_code(Code::CardNotFound),
        }
    }
}

/// The terminal that a purse MAC was released for.
fn asked_terminal(ask: &IssuerRequest) -> Option<&str> {
    match ask {
        IssuerRequest::Load { terminal, .. } | IssuerRequest::Unload { terminal, .. } | IssuerRequest::Purchase { terminal, .. } => {
            Some(terminal)
        }
        IssuerRequest::LineMac { .. }
        | IssuerRequest::Block { .. }
        | IssuerRequest::PinReload { .. }
        | IssuerRequest::PinUnblock { .. }
        | IssuerRequest::CheckProof { .. }
        | IssuerRequest::CheckStep { .. }
        | IssuerRequest::CheckChip { .. } => None,
    }
}
