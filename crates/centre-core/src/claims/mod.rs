//! Reserving a right: one open claim a right, one settled claim an epoch; the second claimant learns who, where and when.

pub(crate) mod act;
mod booked;
mod refund;
mod reissue;
pub(crate) mod reset;
mod reversal;
pub(crate) mod rewrite;
mod top_up;
mod validation;

use chrono::{DateTime, FixedOffset, Utc};
use desk_domain::{
    card::{CardData, CardImage},
    case::Service,
    centre_act::CentreAct,
    claim::{Claim, Reservation},
    code::{Code, Message},
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, OperatorId, PersonId, WindowId},
    money::Fen,
    person::CardStatus,
    posting::Balanced,
};
use desk_wire::v1::{Reply, Role};

use self::reissue::Asked;
use crate::{
    answer::{Answer, Step, refuse, refuse_code, require},
    centre::Call,
    number::{centre_number, local_day},
    policy::Programme,
    record::{Card, ClaimRecord, ClaimState, Claimant, Person},
};

pub(crate) fn purse_right(card: &CardNo) -> String {
    format!("purse:{}", card.as_str())
}

fn reissue_right(person: &PersonId) -> String {
    format!("reissue:{person}")
}

fn validity_right(card: &CardNo) -> String {
    format!("validity:{}", card.as_str())
}

pub(crate) fn password_right(person: &PersonId) -> String {
    format!("password:{person}")
}

/// A claim that passed its rules.
struct Granted {
    right: String,
    epoch: String,
    card_data: Option<CardData>,
    on_confirm: Balanced,
    /// Amount and least role of the agreement that it needs.
    agreement: Option<(Fen, Role)>,
}

/// What the checks of a claim come to.
enum Verdict {
    Granted(Granted),
    /// This case holds the right already.
    Held(Box<ClaimRecord>),
}

impl Call<'_> {
    pub(crate) async fn reserve(
        &mut self,
        case: CaseId,
        number: &CaseNumber,
        window: &WindowId,
        claim: &Claim,
        authorisation: Option<&CentreNumber>,
    ) -> Step<Answer> {
        let session = self.session().await?;
        let (cell, service) = place(claim);
        let Some(programme) = self.policy.programmes.get(claim.programme()).filter(|programme| programme.cell == *cell) else {
            return refuse_code(Code::ProfileMismatch);
        };
        self.outlet_may(programme, service)?;
        let verdict = match claim {
            Claim::PurseRefund { card, amount, .. } => self.check_refund(programme, case, claim, card, *amount).await?,
            Claim::TopUp { card, amount, .. } => self.check_top_up(programme, case, claim, card, *amount).await?,
            Claim::Reversal { card, of, amount, .. } => {
                self.check_reversal(programme, case, claim, (card, of, *amount), &session.operator).await?
            }
            Claim::Rewrite { card, of, amount, .. } => {
                self.check_rewrite(programme, case, claim, (card, of, *amount), &session.operator).await?
            }
            Claim::Reissue { person, old_card, ground, accepted_at, .. } => {
                let asked = Asked { person, old_card, ground, accepted_at: *accepted_at };
                self.check_reissue(programme, case, claim, asked, &session.operator).await?
            }
            Claim::Validation { card, until, .. } => self.check_validation(programme, case, claim, card, *until).await?,
            Claim::PasswordReset { person, accepted_at, .. } => {
                self.check_reset(programme, case, claim, person, *accepted_at, &session.operator).await?
            }
            Claim::Act { act, .. } => self.check_act(programme, case, claim, act, &session.operator).await?,
        };
        let granted = match verdict {
            Verdict::Granted(granted) => granted,
            Verdict::Held(held) => {
                return Self::kept(Reply::Reserved { reservation: held.reservation });
            }
        };
        // Asked before anything is spent: clearing may be silent.
        let due = match claim {
            Claim::Act { act: CentreAct::TakeInUnreadable { card_no, .. }, .. } => self.due(programme, card_no).await?,
            Claim::Act { act: CentreAct::Replace(_), .. } => programme.production.and_then(|rule| rule.promised(local_day(self.now))),
            Claim::PurseRefund { .. }
            | Claim::TopUp { .. }
            | Claim::Reversal { .. }
            | Claim::Rewrite { .. }
            | Claim::Reissue { .. }
            | Claim::Validation { .. }
            | Claim::PasswordReset { .. }
            | Claim::Act { .. } => None,
        };
        let reserved = centre_number('R', self.now, self.entropy);
        if let Some((amount, role)) = granted.agreement {
            self.spend_authorisation(authorisation, case, amount, role, &reserved).await?;
        }
        let reservation = Reservation {
            number: reserved.clone(),
            epoch: granted.epoch.clone(),
            card_data: granted.card_data,
            on_confirm: granted.on_confirm,
            later: self.paid_later(programme, claim),
            due,
        };
        self.tx
            .put_claim(&ClaimRecord {
                cell: cell.clone(),
                number: reserved,
                right: granted.right,
                epoch: granted.epoch,
                claim: claim.clone(),
                reservation: reservation.clone(),
                by: Claimant {
                    case,
                    case_number: number.clone(),
                    cell: self.envelope.cell.clone(),
                    device: self.device.device.clone(),
                    outlet: self.device.outlet.clone(),
                    window: window.clone(),
                    operator: session.operator,
                },
                reserved_at: self.now,
                state: ClaimState::Open,
            })
            .await?;
        if let Claim::Rewrite { of, .. } = claim {
            self.hold_load(of).await?;
        }
        Self::kept(Reply::Reserved { reservation })
    }

    pub(crate) fn outlet_may(&self, programme: &Programme, service: Service) -> Step<()> {
        let may = programme.outlets.get(&self.device.outlet).is_some_and(|services| services.contains(&service));
        if may {
            return Ok(());
        }
        let of_purse = matches!(service, Service::RefundReadable | Service::RefundUnreadable | Service::RefundDue);
        let code = if of_purse { Code::DirectOutletOnly } else { Code::OutletNotAuthorized };
        let list: Vec<&str> =
            programme.outlets.iter().filter(|(_, services)| services.contains(&service)).map(|(outlet, _)| outlet.as_str()).collect();
        refuse(Message::new(code).with("list", list.join("、")))
    }

    /// The claim of this case where it holds the right already; a refusal where somebody else does, or did for good.
    async fn held(&mut self, cell: &CellId, right: &str, epoch: &str, case: CaseId, claim: &Claim) -> Step<Option<Box<ClaimRecord>>> {
        if let Some(open) = self.tx.open_claim(cell, right).await? {
            let own = open.by.case == case && open.by.device == self.device.device && open.claim == *claim;
            return if own { Ok(Some(Box::new(open))) } else { refuse(taken(&open)) };
        }
        match self.tx.settled_claim(cell, right, epoch).await? {
            Some(settled) => refuse(conflict(&settled)),
            None => Ok(None),
        }
    }

    /// The registered card, locked, if it is the one whose image this is and nothing stands against it.
    async fn usable_card(&mut self, programme: &Programme, claim: &Claim, image: &CardImage, case: CaseId) -> Step<Card> {
        let card = self.sound_card(programme, claim, image).await?;
        self.not_suspended(&card, case)?;
        Ok(card)
    }

    /// The same, whoever holds it for a torn write.
    async fn sound_card(&mut self, programme: &Programme, claim: &Claim, image: &CardImage) -> Step<Card> {
        let cards = self.tx.lock_cards(&programme.cell, std::slice::from_ref(&image.card_no)).await?;
        let Some(card) = cards.into_iter().next() else {
            return refuse_code(Code::CardNotFound);
        };
        require(
            card.programme == *claim.programme()
                && card.family == image.family
                && card.issuer.eq_ignore_ascii_case(&image.issuer)
                && card.serial.eq_ignore_ascii_case(&image.serial),
            Code::ProfileMismatch,
        )?;
        match &card.status {
            CardStatus::Active => {}
            CardStatus::Stock => return refuse_code(Code::CardNotFound),
            CardStatus::Replaced { by_tail } => {
                return refuse(Message::new(Code::CardReplaced).with("tail", by_tail));
            }
            CardStatus::Lost | CardStatus::Blacklisted | CardStatus::Closed => {
                return refuse_code(Code::CardBlacklisted);
            }
        }
        if self.tx.is_blacklisted(&card.cell, &card.card_no).await? {
            return refuse_code(Code::CardBlacklisted);
        }
        Ok(card)
    }

    /// A write of unknown end belongs to its own case at its own desk; nobody else touches the card.
    pub(crate) fn not_suspended(&self, card: &Card, case: CaseId) -> Step<()> {
        match &card.suspended {
            Some(held) if held.case != case || held.device != self.device.device => {
                refuse(Message::new(Code::CaseSuspended).with("no", &held.number))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The person, locked, unless it is the operator in person.
    async fn served_person(&mut self, programme: &Programme, claim: &Claim, person: &PersonId, operator: &OperatorId) -> Step<Person> {
        let person = self.tx.lock_person(&programme.cell, person).await?;
        let Some(person) = person.filter(|person| person.programme == *claim.programme()) else {
            return refuse_code(Code::PersonNotFound);
        };
        require(person.staff.as_ref() != Some(operator), Code::SelfServiceForbidden)?;
        Ok(person)
    }
}

pub(crate) fn place(claim: &Claim) -> (&CellId, Service) {
    match claim {
        Claim::PurseRefund { cell, .. } => (cell, Service::RefundReadable),
        Claim::TopUp { cell, .. } => (cell, Service::TopUp),
        Claim::Reversal { cell, .. } => (cell, Service::Reversal),
        Claim::Rewrite { cell, .. } => (cell, Service::Rewrite),
        Claim::Reissue { cell, ground, .. } => (cell, ground.service()),
        Claim::Validation { cell, .. } => (cell, Service::Validation),
        Claim::PasswordReset { cell, .. } => (cell, Service::PasswordReset),
        Claim::Act { cell, act, .. } => (cell, act.service()),
    }
}

/// Somebody is at it now.
pub(crate) fn taken(open: &ClaimRecord) -> Message {
    Message::new(Code::RightReserved)
        .with("outlet", &open.by.outlet)
        .with("window", &open.by.window)
        .with("time", local(open.reserved_at))
        .with("no", &open.by.case_number)
}

/// Somebody has had it.
pub(crate) fn conflict(settled: &ClaimRecord) -> Message {
    Message::new(Code::ClaimConflict)
        .with("outlet", &settled.by.outlet)
        .with("window", &settled.by.window)
        .with("time", local(settled.reserved_at))
        .with("no", &settled.by.case_number)
}

pub(crate) fn local(at: DateTime<Utc>) -> String {
    FixedOffset::east_opt(8 * 3600)
        .map(|zone| at.with_timezone(&zone))
        .map(|at| at.format("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
