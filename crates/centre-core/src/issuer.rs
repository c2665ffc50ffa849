//! Letting a MAC out: only for the card of an open reservation of this case and desk, only for what was reserved, and
//! every release is recorded before it leaves.

use desk_domain::{
    card::{BlockState, CardImage},
    claim::Claim,
    code::Code,
    id::{CardNo, CaseId, CentreNumber},
    issuer::{CardKeySource, CounterLine, IssuerAnswer, IssuerRequest, Proof, ReleasedTo},
    money::Fen,
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, Stop, refuse_code, require},
    centre::Call,
    ports::LineWrite,
    record::{ClaimRecord, ClaimState, Release},
};

impl Call<'_> {
    pub(crate) async fn issuer(&mut self, case: CaseId, reservation: &CentreNumber, ask: &IssuerRequest) -> Step<Answer> {
        let check = matches!(ask, IssuerRequest::CheckProof { .. } | IssuerRequest::CheckStep { .. } | IssuerRequest::CheckChip { .. });
        // Whoever has the card may ask what the keys know of it; a MAC goes to the claiming desk alone.
        let claim = if check { self.claim_to_decide(case, reservation).await? } else { self.own_claim(case, reservation).await? };
        match &claim.state {
            ClaimState::Open | ClaimState::Unknown { .. } => {}
            ClaimState::Settled { .. } | ClaimState::Released { .. } => {
                return refuse_code(Code::KeySourceInvalid);
            }
        }
        self.right_card(&claim, ask.card(), check).await?;
        let asked = self.asked(&claim, ask)?;
        let card_no = ask.card().card_no.clone();
        let releases = self.tx.releases(&claim.cell, &card_no).await?;
        if asked.releases {
            self.session().await?;
            self.not_being_rewritten(&claim).await?;
        }
        let answer = match ask {
            IssuerRequest::CheckStep { card, line, counter } => {
                let to = self.released_to(&claim, &releases, card, (*line, *counter)).await?;
                IssuerAnswer::Stepped { to }
            }
            IssuerRequest::CheckChip { card, to, chip } => {
                IssuerAnswer::Checked { genuine: blocked_chip(&claim, &releases, card, *to, chip) }
            }
            IssuerRequest::Load { .. }
            | IssuerRequest::Unload { .. }
            | IssuerRequest::Purchase { .. }
            | IssuerRequest::LineMac { .. }
            | IssuerRequest::Block { .. }
            | IssuerRequest::PinReload { .. }
            | IssuerRequest::PinUnblock { .. }
            | IssuerRequest::CheckProof { .. } => self.parts.keys.answer(ask, &releases).await.map_err(Stop::Refuse)?,
        };
        if let (true, IssuerAnswer::Mac { at, .. }) = (asked.releases, &answer) {
            let ordinal = self.tx.draw(&claim.cell, "release").await?;
            self.tx
                .add_release(&Release {
                    cell: claim.cell.clone(),
                    id: format!("{reservation}/{ordinal:010}"),
                    case,
                    device: self.device.device.clone(),
                    reservation: reservation.clone(),
                    card_no,
                    counter: asked.counter,
                    random: asked.random,
                    ask: ask.clone(),
                    mac_at: *at,
                    released_at: self.now,
                })
                .await?;
        }
        if asked.releases {
            return Self::kept(Reply::Issuer { answer });
        }
        // What is true of the card may be another thing when it is asked again.
        Ok(Answer::Passing(Reply::Issuer { answer }))
    }

    /// For whom MACs went out at this counter value of this chip. A release under a reservation that was given back does
    /// not count: its desk had proved that nothing was written.
    pub(crate) async fn released_to(
        &mut self,
        claim: &ClaimRecord,
        releases: &[Release],
        card: &CardKeySource,
        step: (CounterLine, u16),
    ) -> Step<ReleasedTo> {
        let (mut own, mut others) = (false, false);
        for release in releases.iter().filter(|release| release.ask.steps() == Some(step) && same_chip(release.ask.card(), card)) {
            if self.same_load(claim, &release.reservation).await? {
                own = true;
                continue;
            }
            let given_back = match self.tx.claim(&release.reservation).await?.map(|other| other.state) {
                Some(ClaimState::Released { .. }) => true,
                Some(ClaimState::Open | ClaimState::Unknown { .. } | ClaimState::Settled { .. }) | None => false,
            };
            others |= !given_back;
        }
        Ok(match (own, others) {
            (false, false) => ReleasedTo::Nobody,
            (true, false) => ReleasedTo::ThisCase,
            (false, true) => ReleasedTo::Another,
            (true, true) => ReleasedTo::Several,
        })
    }

    /// The claim behind a reservation, its card or person locked, if it is this case's and this desk's.
    pub(crate) async fn own_claim(&mut self, case: CaseId, reservation: &CentreNumber) -> Step<ClaimRecord> {
        let claim = self.locked_claim(reservation).await?;
        match claim.filter(|claim| claim.by.case == case && claim.by.device == self.device.device) {
            Some(claim) => Ok(claim),
            None => refuse_code(Code::KeySourceInvalid),
        }
    }

    /// The same, or one of another desk whose write has an unknown end.
    pub(crate) async fn claim_to_decide(&mut self, case: CaseId, reservation: &CentreNumber) -> Step<ClaimRecord> {
        let claim = self.locked_claim(reservation).await?;
        let Some(claim) = claim.filter(|claim| claim.by.case == case) else {
            return refuse_code(Code::KeySourceInvalid);
        };
        if claim.by.device != self.device.device {
            self.session().await?;
            let unknown = match &claim.state {
                ClaimState::Unknown { .. } => true,
                ClaimState::Open | ClaimState::Settled { .. } | ClaimState::Released { .. } => false,
            };
            require(unknown, Code::KeySourceInvalid)?;
        }
        Ok(claim)
    }

    /// A claim, its card or person locked.
    pub(crate) async fn locked_claim(&mut self, reservation: &CentreNumber) -> Step<Option<ClaimRecord>> {
        let Some(peeked) = self.tx.claim(reservation).await? else {
            return Ok(None);
        };
        match &peeked.claim {
            Claim::PurseRefund { cell, card, .. }
            | Claim::TopUp { cell, card, .. }
            | Claim::Reversal { cell, card, .. }
            | Claim::Rewrite { cell, card, .. }
            | Claim::Validation { cell, card, .. } => {
                self.tx.lock_cards(cell, std::slice::from_ref(&card.card_no)).await?;
            }
            Claim::Reissue { cell, person, .. } | Claim::PasswordReset { cell, person, .. } => {
                self.tx.lock_person(cell, person).await?;
            }
            Claim::Act { cell, act, .. } => self.lock_act(cell, act).await?,
        }
        Ok(self.tx.claim(reservation).await?)
    }

    /// The keys asked for must be those of the reserved card. For a reissue they are those of a blank that no registered
    /// card has.
    async fn right_card(&mut self, claim: &ClaimRecord, source: &CardKeySource, check: bool) -> Step<()> {
        match &claim.claim {
            Claim::PurseRefund { cell, card, .. }
            | Claim::TopUp { cell, card, .. }
            | Claim::Reversal { cell, card, .. }
            | Claim::Rewrite { cell, card, .. }
            | Claim::Validation { cell, card, .. } => {
                require(same_card(card, source), Code::WrongCard)?;
                let registered = self.tx.lock_cards(cell, std::slice::from_ref(&card.card_no)).await?;
                match registered.first() {
                    Some(_) if check => Ok(()),
                    Some(registered)
                        if Self::held_for_load(claim, registered.suspended.as_ref().and_then(|held| held.reservation.as_ref())) =>
                    {
                        Ok(())
                    }
                    Some(registered) => self.not_suspended(registered, claim.by.case),
                    None => refuse_code(Code::CardNotFound),
                }
            }
            Claim::Reissue { .. } => {
                let assigned = claim.reservation.card_data.as_ref().map(|data| &data.card_no);
                require(is_blank(&source.card_no) || assigned == Some(&source.card_no), Code::CardNotBlank)?;
                let registered = self.tx.card_by_serial(&source.issuer, &source.serial).await?;
                require(registered.is_none(), Code::CardNotBlank)
            }
            Claim::PasswordReset { .. } | Claim::Act { .. } => refuse_code(Code::KeySourceInvalid),
        }
    }

    /// What is asked must be what was reserved.
    fn asked(&self, claim: &ClaimRecord, ask: &IssuerRequest) -> Step<Asked> {
        match (ask, &claim.claim) {
            (
                IssuerRequest::Load { online_counter, random, amount, terminal, .. },
                Claim::TopUp { card, amount: reserved, .. } | Claim::Rewrite { card, amount: reserved, .. },
            ) => {
                let expected = card.purse.as_ref().map(|purse| purse.online_counter);
                require(expected == Some(*online_counter), Code::CardMovedOn)?;
                self.purse_terms(*amount, *reserved, terminal)?;
                Ok(Asked::mac(*online_counter, random))
            }
            (
                IssuerRequest::Unload { online_counter, random, amount, terminal, .. },
                Claim::PurseRefund { card, amount: reserved, .. } | Claim::Reversal { card, amount: reserved, .. },
            ) => {
                paid_here(claim)?;
                let expected = card.purse.as_ref().map(|purse| purse.online_counter);
                require(expected == Some(*online_counter), Code::CardMovedOn)?;
                self.purse_terms(*amount, *reserved, terminal)?;
                Ok(Asked::mac(*online_counter, random))
            }
            (
                IssuerRequest::Purchase { offline_counter, random, amount, terminal, .. },
                Claim::PurseRefund { card, amount: reserved, .. },
            ) => {
                paid_here(claim)?;
                let expected = card.purse.as_ref().map(|purse| purse.offline_counter);
                require(expected == Some(*offline_counter), Code::CardMovedOn)?;
                self.purse_terms(*amount, *reserved, terminal)?;
                Ok(Asked::mac(*offline_counter, random))
            }
            (IssuerRequest::LineMac { .. }, Claim::Validation { .. } | Claim::Reissue { .. }) => {
                let write = self.parts.keys.line_write(ask).map_err(Stop::Refuse)?;
                require(write.is_some_and(|write| reserved_write(claim, &write)), Code::CardLineUnknown)?;
                Ok(Asked { releases: true, counter: None, random: None })
            }
            // A purse that can only be blocked here and is paid by the back office.
            (IssuerRequest::Block { to, .. }, Claim::PurseRefund { .. }) => {
                require(claim.reservation.later.is_some_and(|later| later.block == *to), Code::RefundUnsupported)?;
                Ok(Asked { releases: true, counter: None, random: None })
            }
            (
                IssuerRequest::CheckProof { proof: Proof::Load { .. } | Proof::Unload { .. } | Proof::Purchase { .. }, .. }
                | IssuerRequest::CheckStep { .. }
                | IssuerRequest::CheckChip { .. },
                Claim::PurseRefund { .. }
                | Claim::TopUp { .. }
                | Claim::Reversal { .. }
                | Claim::Rewrite { .. }
                | Claim::Validation { .. }
                | Claim::Reissue { .. },
            ) => Ok(Asked { releases: false, counter: None, random: None }),
            (
                IssuerRequest::Load { .. }
                | IssuerRequest::Unload { .. }
                | IssuerRequest::Purchase { .. }
                | IssuerRequest::LineMac { .. }
                | IssuerRequest::Block { .. }
                // No claim names a PIN, so none is ever set: a record of it would hold what nobody may know.
                | IssuerRequest::PinReload { .. }
                | IssuerRequest::PinUnblock { .. }
                | IssuerRequest::CheckProof { .. }
                | IssuerRequest::CheckStep { .. }
                | IssuerRequest::CheckChip { .. },
                Claim::PurseRefund { .. }
                | Claim::TopUp { .. }
                | Claim::Reversal { .. }
                | Claim::Rewrite { .. }
                | Claim::Reissue { .. }
                | Claim::Validation { .. }
                | Claim::PasswordReset { .. }
                | Claim::Act { .. },
            ) => refuse_code(Code::KeySourceInvalid),
        }
    }

    fn purse_terms(&self, amount: Fen, reserved: Fen, terminal: &str) -> Step<()> {
        require(amount == reserved, Code::AmountInvalid)?;
        require(self.device.terminal.eq_ignore_ascii_case(terminal), Code::DeviceUnknown)
    }
}

/// What the back office will pay is not taken off the card as well.
fn paid_here(claim: &ClaimRecord) -> Step<()> {
    require(claim.reservation.later.is_none(), Code::RefundUnsupported)
}

/// What a request lets out, for the record of releases.
struct Asked {
    releases: bool,
    counter: Option<u16>,
    random: Option<String>,
}

impl Asked {
    fn mac(counter: u16, random: &str) -> Self {
        Self { releases: true, counter: Some(counter), random: Some(random.to_owned()) }
    }
}

/// Is this write part of what was reserved?
fn reserved_write(claim: &ClaimRecord, write: &LineWrite) -> bool {
    match &claim.claim {
        Claim::Validation { until, .. } => *write == LineWrite::ValidUntil(*until),
        Claim::Reissue { .. } => claim.reservation.card_data.as_ref().is_some_and(|data| match write {
            LineWrite::ValidUntil(_) | LineWrite::Holder(_) => false,
            LineWrite::Dates { from, until } => *from == data.valid_from && *until == data.valid_until,
            LineWrite::HolderClass(class) => *class == data.holder_class,
            LineWrite::Number(number) => *number == data.card_no,
        }),
        Claim::PurseRefund { .. }
        | Claim::TopUp { .. }
        | Claim::Reversal { .. }
        | Claim::Rewrite { .. }
        | Claim::PasswordReset { .. }
        | Claim::Act { .. } => false,
    }
}

/// Was the MAC of this block released under this claim for this very chip, or for the card where no chip is named?
fn blocked_chip(claim: &ClaimRecord, releases: &[Release], card: &CardKeySource, to: BlockState, chip: &str) -> bool {
    releases.iter().filter(|release| release.reservation == claim.number).any(|release| match &release.ask {
        IssuerRequest::Block { card: blocked, to: asked, chip: held, .. } => {
            same_chip(blocked, card) && *asked == to && (chip.is_empty() || held.eq_ignore_ascii_case(chip))
        }
        IssuerRequest::Load { .. }
        | IssuerRequest::Unload { .. }
        | IssuerRequest::Purchase { .. }
        | IssuerRequest::LineMac { .. }
        | IssuerRequest::PinReload { .. }
        | IssuerRequest::PinUnblock { .. }
        | IssuerRequest::CheckProof { .. }
        | IssuerRequest::CheckStep { .. }
        | IssuerRequest::CheckChip { .. } => false,
    })
}

fn same_chip(one: &CardKeySource, other: &CardKeySource) -> bool {
    one.family == other.family && one.issuer.eq_ignore_ascii_case(&other.issuer) && one.serial.eq_ignore_ascii_case(&other.serial)
}

fn same_card(image: &CardImage, source: &CardKeySource) -> bool {
    image.card_no == source.card_no
        && image.family == source.family
        && image.issuer.eq_ignore_ascii_case(&source.issuer)
        && image.serial.eq_ignore_ascii_case(&source.serial)
}

fn is_blank(card_no: &CardNo) -> bool {
    card_no.as_str().bytes().all(|digit| digit == b'0')
}
