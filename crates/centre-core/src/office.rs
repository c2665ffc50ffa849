//! 中心处理台: claims without an end over all outlets; giving back what nothing can have happened under, and taking the money
//! of a write of unknown end out of suspense. Each by two people, each on record once.

use desk_domain::{
    card::CardImage,
    claim::Claim,
    code::{Code, Message},
    id::CentreNumber,
    posting::{Account, Balanced},
};
use desk_wire::{
    office::{Second, Standing, Undecided},
    v1::{Reply, Role},
};

use crate::{
    answer::{Answer, Step, refuse, require},
    centre::Call,
    claims::place,
    number::centre_number,
    publish::given,
    record::{ClaimRecord, ClaimState, OfficeAct, OfficeWhat, OperatorRecord, Session},
    release::at_stake,
};

impl Call<'_> {
    /// The session of somebody of head office.
    pub(crate) async fn head_office(&mut self) -> Step<Session> {
        let session = self.session().await?;
        let record = self.tx.operator(&self.envelope.cell, &session.operator).await?;
        require(record.is_some_and(|record| record.roles.contains(&Role::HeadOffice)), Code::RoleMissing)?;
        Ok(session)
    }

    /// The second person, also of head office, and not the first.
    pub(crate) async fn second(&mut self, session: &Session, second: &Second) -> Step<Result<OperatorRecord, Message>> {
        require(session.operator != second.operator, Code::SelfAuthForbidden)?;
        let record = match self.proven_operator(&second.operator, &second.password).await? {
            Ok(record) => record,
            Err(message) => return Ok(Err(message)),
        };
        require(record.roles.contains(&Role::HeadOffice), Code::RoleMissing)?;
        Ok(Ok(record))
    }

    pub(crate) async fn undecided(&mut self) -> Step<Answer> {
        self.head_office().await?;
        let mut undecided = Vec::new();
        for claim in self.tx.undecided().await? {
            let standing = self.standing(&claim).await?;
            let (_, service) = place(&claim.claim);
            undecided.push(Undecided {
                reservation: claim.number.clone(),
                case_number: claim.by.case_number.clone(),
                service,
                programme: claim.claim.programme().clone(),
                outlet: claim.by.outlet.clone(),
                window: claim.by.window.clone(),
                operator: claim.by.operator.clone(),
                since: match &claim.state {
                    ClaimState::Unknown { since, .. } => *since,
                    ClaimState::Open | ClaimState::Settled { .. } | ClaimState::Released { .. } => claim.reserved_at,
                },
                amount: at_stake(&claim).map(|(_, _, amount)| amount),
                card_tail: card(&claim.claim).map(|card| card.card_no.tail().to_owned()),
                standing,
            });
        }
        Ok(Answer::Passing(Reply::Undecided { undecided }))
    }

    /// What may have happened under an open claim.
    async fn standing(&mut self, claim: &ClaimRecord) -> Step<Standing> {
        if let ClaimState::Unknown { .. } = &claim.state {
            let act = self.tx.office_act(&OfficeWhat::write_off_of(&claim.number)).await?;
            return Ok(act.map_or(Standing::Unknown, |act| Standing::WrittenOff { number: act.number }));
        }
        let on_cards_alone = match &claim.claim {
            Claim::PurseRefund { .. } | Claim::TopUp { .. } | Claim::Validation { .. } | Claim::Reissue { .. } => true,
            // Another system may have been told in a request whose answer never came, or the write hangs together with one before.
            Claim::Reversal { .. } | Claim::Rewrite { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => false,
        };
        let untouched = on_cards_alone && !self.tx.released_for(&claim.number).await?;
        Ok(if untouched { Standing::Untouched } else { Standing::MayHaveActed })
    }

    /// Gives a reservation back whose desk does not. From then on no key is let out for it, so nothing happens later either.
    pub(crate) async fn give_back(&mut self, reservation: &CentreNumber, reason: &str, second: &Second) -> Step<Answer> {
        let session = self.head_office().await?;
        let reason = given(reason)?;
        let what = OfficeWhat::GaveBack { reservation: reservation.clone() };
        if let Some(done) = self.tx.office_act(&what.subject()).await? {
            return Self::kept(Reply::Acted { number: done.number });
        }
        let Some(mut claim) = self.locked_claim(reservation).await?.filter(|claim| claim.state.is_open()) else {
            return refuse(Message::new(Code::MatterSettled).with("no", reservation));
        };
        if self.standing(&claim).await? != Standing::Untouched {
            return refuse(Message::new(Code::ReservationMayHaveWritten).with("no", &claim.by.case_number));
        }
        let second = match self.second(&session, second).await? {
            Ok(second) => second,
            Err(message) => return Self::kept(Reply::Refused { message }),
        };
        claim.state = ClaimState::Released { at: self.now };
        self.tx.put_claim(&claim).await?;
        self.acted(what, &session, &second, reason).await
    }

    /// Takes the money of a write of unknown end out of suspense. The claim stays as it is: the card still decides, and then
    /// the money comes back first.
    pub(crate) async fn write_off(&mut self, reservation: &CentreNumber, reason: &str, second: &Second) -> Step<Answer> {
        let session = self.head_office().await?;
        let reason = given(reason)?;
        if let Some(done) = self.tx.office_act(&OfficeWhat::write_off_of(reservation)).await? {
            return Self::kept(Reply::Acted { number: done.number });
        }
        let Some(claim) = self.locked_claim(reservation).await?.filter(|claim| claim.state.is_open()) else {
            return refuse(Message::new(Code::MatterSettled).with("no", reservation));
        };
        let unknown = matches!(claim.state, ClaimState::Unknown { .. });
        let Some((_, suspense, amount)) = at_stake(&claim).filter(|(_, _, amount)| unknown && amount.is_positive()) else {
            return refuse(Message::new(Code::NothingToWriteOff).with("no", &claim.by.case_number));
        };
        let second = match self.second(&session, second).await? {
            Ok(second) => second,
            Err(message) => return Self::kept(Reply::Refused { message }),
        };
        let into = Account::WrittenOff { programme: claim.claim.programme().clone() };
        self.post_for(&claim, "write_off", &Balanced::transfer(into.clone(), suspense, amount)).await?;
        let what = OfficeWhat::WroteOff { reservation: reservation.clone(), into, amount };
        self.acted(what, &session, &second, reason).await
    }

    /// What was written off stands in suspense again: its end is known now.
    pub(crate) async fn take_write_off_back(&mut self, claim: &ClaimRecord) -> Step<()> {
        let act = self.tx.office_act(&OfficeWhat::write_off_of(&claim.number)).await?;
        if let (Some(OfficeAct { what: OfficeWhat::WroteOff { into, amount, .. }, .. }), Some((_, suspense, _))) = (act, at_stake(claim)) {
            self.post_for(claim, "write_off_back", &Balanced::transfer(suspense, into, amount)).await?;
        }
        Ok(())
    }

    async fn acted(&mut self, what: OfficeWhat, session: &Session, second: &OperatorRecord, reason: String) -> Step<Answer> {
        let number = centre_number('H', self.now, self.entropy);
        self.tx
            .add_office_act(&OfficeAct {
                cell: self.envelope.cell.clone(),
                number: number.clone(),
                what,
                operator: session.operator.clone(),
                second: second.operator.clone(),
                reason,
                device: self.device.device.clone(),
                at: self.now,
            })
            .await?;
        Self::kept(Reply::Acted { number })
    }
}

/// The card that a claim writes, where it is known before.
fn card(claim: &Claim) -> Option<&CardImage> {
    match claim {
        Claim::PurseRefund { card, .. }
        | Claim::TopUp { card, .. }
        | Claim::Reversal { card, .. }
        | Claim::Rewrite { card, .. }
        | Claim::Validation { card, .. } => Some(card),
        Claim::Reissue { .. } | Claim::PasswordReset { .. } | Claim::Act { .. } => None,
    }
}
