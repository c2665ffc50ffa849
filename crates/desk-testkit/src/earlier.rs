//! What happened before a job begins, where it is about something that was done earlier the same day.

use centre_core::record::{ClaimRecord, ClaimState, Claimant};
use chrono::TimeDelta;
use desk_app::ports::Clock as _;
use desk_domain::{
    card::{CardImage, PurseImage, RefundMethod},
    claim::{Claim, Reservation},
    id::{CardNo, CaseNumber, CellId, CentreNumber, DeviceId, Id128, OperatorId, OutletId, WindowId},
    money::Fen,
    posting::{Account, Balanced},
};

use crate::{
    shift::Job,
    world::{COUNTER, NoWorld, RESIDENT_CARD, World},
};

/// What the clerk of the job put on the card an hour ago, in fen: all that it holds, or what it lacks.
pub const PUT_ON: i64 = 3_650;
pub const LACKING: i64 = 5_000;

impl World {
    /// The demonstration, with what has to be there for this job.
    ///
    /// # Errors
    /// [`NoWorld`].
    pub async fn for_job(job: &Job) -> Result<Self, NoWorld> {
        let world = Self::demonstration().await?;
        match job.service {
            // The card got it, and the centre knows.
            "reversal" => world.topped_up(PUT_ON, true).await?,
            // Another desk took the money and died.
            "rewrite" => world.topped_up(LACKING, false).await?,
            _ => {}
        }
        Ok(world)
    }

    async fn topped_up(&self, amount: i64, on_card: bool) -> Result<(), NoWorld> {
        let failed = |error: &dyn std::fmt::Display| NoWorld::Centre(error.to_string());
        let missing = || NoWorld::Cards("purse-unload".to_owned());
        let held = self.cards.get("purse-unload").ok_or_else(missing)?;
        let (balance, (online, offline)) = held.balance().zip(held.counters()).ok_or_else(missing)?;
        let before = if on_card { i64::from(balance) - amount } else { i64::from(balance) };
        let centre = self.centre();
        let mut tx = centre.store().begin().await.map_err(|error| failed(&error))?;
        let found = tx.card_anywhere(&CardNo::new(RESIDENT_CARD)).await.map_err(|error| failed(&error))?;
        let card = found.ok_or_else(missing)?;
        let image = CardImage {
            family: card.family.clone(),
            card_no: card.card_no.clone(),
            issuer: card.issuer.clone(),
            serial: card.serial.clone(),
            holder_class: card.holder_class,
            valid_from: None,
            valid_until: card.valid_until,
            purse: Some(PurseImage {
                balance: Fen(before),
                online_counter: if on_card { online.saturating_sub(1) } else { online },
                offline_counter: offline,
                refund_method: RefundMethod::Unload,
                incomplete_trip: false,
            }),
            blank: false,
            log: Vec::new(),
            warnings: Vec::new(),
        };
        let programme = card.programme.clone();
        let at = self.clock.now() - TimeDelta::hours(1);
        let number = CentreNumber::new("R-EARLIER");
        tx.put_claim(&ClaimRecord {
            cell: card.cell.clone(),
            number: number.clone(),
            right: format!("purse:{RESIDENT_CARD}"),
            epoch: format!("counter:{}", if on_card { online.saturating_sub(1) } else { online }),
            claim: Claim::TopUp { cell: card.cell.clone(), programme: programme.clone(), card: image, amount: Fen(amount) },
            reservation: Reservation {
                number,
                epoch: "earlier".to_owned(),
                card_data: None,
                on_confirm: Balanced::transfer(
                    Account::PurseFloat { programme: programme.clone() },
                    Account::TopUpHeld { programme },
                    Fen(amount),
                ),
                later: None,
                due: None,
            },
            by: Claimant {
                case: Id128([0x44; 16]),
                case_number: CaseNumber::new("DEMO20261124W0910001"),
                cell: CellId::new(COUNTER),
                device: DeviceId::new("desk-9"),
                outlet: OutletId::new("DEMO"),
                window: WindowId::new("W09"),
                operator: OperatorId::new("1001"),
            },
            reserved_at: at,
            state: if on_card { ClaimState::Settled { number: CentreNumber::new("Q-EARLIER"), at } } else { ClaimState::Open },
        })
        .await
        .map_err(|error| failed(&error))?;
        tx.commit().await.map_err(|error| failed(&error))
    }
}
