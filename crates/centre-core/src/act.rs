//! Doing what an act says: the system that keeps the matter is told under the reservation's number, and what it keeps is
//! read back. Where one of two systems did its part and the other does not show it, the claim stays open, the exception is
//! on record, and the centre goes on asking.

use desk_domain::{
    centre_act::{CentreAct, Matter},
    claim::Claim,
    code::{Code, Message},
    function::{Function, FunctionState, LossChannel},
    id::{CardNo, CellId, PersonId, ProgrammeId},
};

use crate::{
    answer::{Failure, Step, Stop, refuse_code},
    centre::Call,
    confirm::Settled,
    inquire::keeper,
    policy::Programme,
    record::{Card, ClaimRecord, HalfDone},
    upstream::{CodeOrder, Keeper, LossOrder, LossResult, TicketOrder},
};

/// Report or release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Report,
    Release,
}

impl Way {
    fn not_synced(self) -> Code {
        match self {
            Self::Report => Code::LossNotSynced,
            Self::Release => Code::ReleaseNotSynced,
        }
    }

    /// Does the keeper show what was done?
    fn shown(self, state: &FunctionState) -> bool {
        match self {
            Self::Report => state.is_formal_loss(),
            Self::Release => state.loss_channel().is_none(),
        }
    }
}

impl Call<'_> {
    pub(crate) async fn settle_act(
        &mut self,
        claim: &ClaimRecord,
        cell: &CellId,
        programme: &ProgrammeId,
        act: &CentreAct,
    ) -> Step<Settled> {
        let Some(rules) = self.policy.programmes.get(programme).cloned() else {
            return Err(Stop::Fail(Failure::Inconsistent("programme of a claim")));
        };
        match act {
            CentreAct::ReportLoss { card_no, functions, .. } => self.change_loss(claim, &rules, card_no, functions, Way::Report).await,
            CentreAct::ReleaseLoss { card, .. } => {
                let functions = [Function::SocialSecurity, Function::Bank];
                self.change_loss(claim, &rules, &card.card_no, &functions, Way::Release).await
            }
            CentreAct::Ticket { person, matter } => {
                let school = self.tx.person(cell, person).await?.map(|person| person.school).unwrap_or_default();
                self.ticket(claim, *matter, person, school).await
            }
            CentreAct::ResendCode { person } => {
                let order = CodeOrder { order: claim.number.clone(), person: person.clone(), at: self.now };
                self.parts.upstream.messages.resend(&order).await.map_err(|failure| self.silent(&failure))?;
                Ok(Settled::Yes)
            }
            CentreAct::TakeIn { card_no } => {
                let card = self.registered(cell, card_no).await?;
                match &card.holder {
                    Some(holder) => self.ticket(claim, Matter::CardFound, holder, String::new()).await,
                    None => Ok(Settled::Yes),
                }
            }
            CentreAct::HandBack { .. } => Ok(Settled::Yes),
            CentreAct::Order(order) => self.settle_order(claim, cell, order).await,
            CentreAct::Replace(replacement) => self.settle_replacement(claim, cell, replacement).await,
            CentreAct::SendAgain { order, contact, .. } => self.settle_send_again(claim, order, contact).await,
            CentreAct::SendBack { order, .. } => self.settle_send_back(order).await,
            CentreAct::HandOver { order, card, .. } => self.settle_hand_over(claim, cell, order, card).await,
            CentreAct::CloseCard { card, .. } => self.settle_close(cell, card).await,
            CentreAct::TakeInUnreadable { card_no, payee } => self.settle_taken_in(claim, cell, card_no, payee).await,
            CentreAct::PayOut { owed, amount, .. } => self.settle_pay_out(claim, owed, *amount).await,
        }
    }

    async fn ticket(&mut self, claim: &ClaimRecord, matter: Matter, person: &PersonId, school: String) -> Step<Settled> {
        let order = TicketOrder { order: claim.number.clone(), matter, person: person.clone(), school, at: self.now };
        self.parts.upstream.tickets.open(&order).await.map_err(|failure| self.silent(&failure))?;
        Ok(Settled::Yes)
    }

    async fn change_loss(
        &mut self,
        claim: &ClaimRecord,
        programme: &Programme,
        card_no: &CardNo,
        functions: &[Function],
        way: Way,
    ) -> Step<Settled> {
        let mut card = self.registered(&programme.cell, card_no).await?;
        let channel = self.channel_here(programme);
        let through_bank = functions.contains(&Function::Bank);
        let told: Vec<Keeper> = card
            .functions
            .iter()
            .filter(|facts| facts.function == if through_bank { Function::Bank } else { Function::SocialSecurity })
            .filter_map(keeper)
            .collect();
        for keeper in told {
            let result = self.tell(claim, &card, keeper, &channel, way).await?;
            if result == LossResult::UnknownCard {
                return Ok(Settled::Void(Message::new(Code::CardNotFound)));
            }
        }
        // Read back, never assumed.
        let silent = self.hear(&mut card).await?.is_some();
        let open = card.functions.iter().any(|facts| functions.contains(&facts.function) && !way.shown(&facts.state));
        if silent || open {
            return Err(self.half(claim, way.not_synced()).await?);
        }
        self.end_half(claim).await?;
        Ok(Settled::Yes)
    }

    async fn tell(&mut self, claim: &ClaimRecord, card: &Card, keeper: Keeper, channel: &LossChannel, way: Way) -> Step<LossResult> {
        let order =
            LossOrder { order: claim.number.clone(), keeper, card_no: card.card_no.clone(), channel: channel.clone(), at: self.now };
        let keepers = &self.parts.upstream.functions;
        let told = match way {
            Way::Report => keepers.report(&order).await,
            Way::Release => keepers.release(&order).await,
        };
        told.map_err(|failure| self.silent(&failure))
    }

    /// One system did its part. On record before the desk hears of it.
    pub(crate) async fn half(&mut self, claim: &ClaimRecord, code: Code) -> Step<Stop> {
        let known = self.tx.half_done(&claim.cell, &claim.number).await?;
        let record = HalfDone {
            cell: claim.cell.clone(),
            reservation: claim.number.clone(),
            case: claim.by.case,
            case_number: claim.by.case_number.clone(),
            code,
            since: known.as_ref().map_or(self.now, |known| known.since),
            tries: known.map_or(0, |known| known.tries).saturating_add(1),
            last_tried: self.now,
            ended_at: None,
        };
        self.tx.put_half_done(&record).await?;
        Ok(Stop::Wait(Message::new(code)))
    }

    pub(crate) async fn end_half(&mut self, claim: &ClaimRecord) -> Step<()> {
        if let Some(mut known) = self.tx.half_done(&claim.cell, &claim.number).await?
            && known.ended_at.is_none()
        {
            known.ended_at = Some(self.now);
            self.tx.put_half_done(&known).await?;
        }
        Ok(())
    }

    /// Goes on with a half-done claim: the same settlement once more.
    pub(crate) async fn pursue(&mut self, half: &HalfDone) -> Step<bool> {
        let Some(mut claim) = self.tx.claim(&half.reservation).await? else {
            return Err(Stop::Fail(Failure::Inconsistent("half-done claim")));
        };
        let Claim::Act { cell, programme, act } = claim.claim.clone() else {
            return refuse_code(Code::KeySourceInvalid);
        };
        self.lock_act(&cell, &act).await?;
        if !claim.state.is_open() {
            self.end_half(&claim).await?;
            return Ok(true);
        }
        match self.settle_act(&claim, &cell, &programme, &act).await {
            Ok(settled) => {
                self.settled(&mut claim, settled).await?;
                Ok(true)
            }
            Err(Stop::Wait(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Person first, then cards: the order in which everything is locked.
    pub(crate) async fn lock_act(&mut self, cell: &CellId, act: &CentreAct) -> Step<()> {
        if let Some(person) = act.person() {
            self.tx.lock_person(cell, person).await?;
        }
        let card = match act {
            CentreAct::ReportLoss { card_no, .. }
            | CentreAct::TakeIn { card_no }
            | CentreAct::TakeInUnreadable { card_no, .. }
            | CentreAct::PayOut { card_no, .. } => Some(card_no),
            CentreAct::Replace(replacement) => Some(&replacement.old_card),
            CentreAct::ReleaseLoss { card, .. }
            | CentreAct::HandBack { card, .. }
            | CentreAct::HandOver { card, .. }
            | CentreAct::CloseCard { card, .. } => Some(&card.card_no),
            CentreAct::Ticket { .. }
            | CentreAct::ResendCode { .. }
            | CentreAct::Order(_)
            | CentreAct::SendAgain { .. }
            | CentreAct::SendBack { .. } => None,
        };
        if let Some(card) = card {
            self.tx.lock_cards(cell, std::slice::from_ref(card)).await?;
        }
        Ok(())
    }
}
