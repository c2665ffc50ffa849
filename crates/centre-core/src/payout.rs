//! Refunds of purses that were put out of use: owed from the moment at which the centre knows it, and paid once, from their day
//! on, as clearing has the amount. A window pays them on slip and document (`unreadable`), or the back office does here.

use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    card::{CardImage, WriteProof},
    claim::PaidLater,
    code::Code,
    id::{CellId, CentreNumber},
    issuer::IssuerRequest,
    money::Fen,
    posting::{Account, Balanced},
    refund_unreadable::Payee,
};

use crate::{
    answer::{Failure, Step, require},
    centre::Call,
    confirm::Settled,
    number::{centre_number, local_day},
    ports::Entropy,
    record::{Blacklisted, Book, ClaimRecord, Entry, PaidOut, Payout},
    store::CentreStore,
    upstream::CloseOrder,
};

impl Call<'_> {
    /// The card says that it is out of use, and the MAC that does it went out for this reservation. Gates learn of it too;
    /// the money is owed and not paid, so a desk that lies gains nothing here.
    pub(crate) async fn settle_blocked(
        &mut self,
        claim: &ClaimRecord,
        cell: &CellId,
        before: &CardImage,
        amount: Fen,
        (later, payee): (PaidLater, Option<&Payee>),
        proof: &WriteProof,
    ) -> Step<Settled> {
        require(proof.after.card_no == before.card_no, Code::WrongCard)?;
        let releases = self.tx.releases(cell, &before.card_no).await?;
        let released = releases.iter().any(|release| {
            release.reservation == claim.number && matches!(&release.ask, IssuerRequest::Block { to, .. } if *to == later.block)
        });
        require(released, Code::WriteUnknown)?;
        // From here on clearing adds up what it held.
        let order = CloseOrder { order: claim.number.clone(), card_no: before.card_no.clone(), at: self.now };
        self.parts.upstream.clearing.close(&order).await.map_err(|failure| self.silent(&failure))?;
        let mut card = self.registered(cell, &before.card_no).await?;
        // Only its purse ends; what else the card is for stays with its keepers.
        card.transit_open = false;
        self.tx.put_card(&card).await?;
        let reason = "refunded by the back office".to_owned();
        self.tx.put_blacklisted(&Blacklisted { cell: cell.clone(), card_no: before.card_no.clone(), reason, since: self.now }).await?;
        self.tx
            .put_payout(&Payout {
                cell: cell.clone(),
                reservation: claim.number.clone(),
                case: claim.by.case,
                case_number: claim.by.case_number.clone(),
                programme: claim.claim.programme().clone(),
                card_no: before.card_no.clone(),
                amount: Some(amount),
                payee: payee.cloned(),
                from: later.from,
                since: self.now,
                paid: None,
            })
            .await?;
        Ok(Settled::Yes)
    }
}

/// Why a payout is not made.
#[derive(Debug, thiserror::Error)]
pub enum NotPaid {
    #[error("no refund of the back office has this reservation")]
    Unknown,
    #[error("not before {0}")]
    Early(NaiveDate),
    #[error("clearing may come to less than the card held ({0}), never to more or below zero")]
    Amount(Fen),
    #[error("paid at a window, on its slip and document")]
    AtWindow,
    #[error("paid already, {0} under {1}")]
    Paid(Fen, CentreNumber),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Books a payout that the back office makes, `cleared` fen of it; the rest stays with the issuer for journeys that came in
/// late. Asked again with the same amount it answers the same number.
///
/// # Errors
/// [`NotPaid`]; nothing was booked then.
pub async fn pay_out(
    store: &dyn CentreStore,
    reservation: &CentreNumber,
    cleared: Fen,
    now: DateTime<Utc>,
    entropy: &mut dyn Entropy,
) -> Result<CentreNumber, NotPaid> {
    let mut tx = store.begin().await.map_err(Failure::from)?;
    let Some(mut payout) = tx.payout(reservation).await.map_err(Failure::from)? else {
        return Err(NotPaid::Unknown);
    };
    if let Some(paid) = payout.paid {
        return if paid.amount == cleared { Ok(paid.number) } else { Err(NotPaid::Paid(paid.amount, paid.number)) };
    }
    if local_day(now) < payout.from {
        return Err(NotPaid::Early(payout.from));
    }
    let Some(held) = payout.amount else {
        return Err(NotPaid::AtWindow);
    };
    let kept = held.minus(cleared).ok().filter(|kept| *kept >= Fen::ZERO && cleared >= Fen::ZERO);
    let Some(kept) = kept else {
        return Err(NotPaid::Amount(held));
    };
    let Some(claim) = tx.claim(reservation).await.map_err(Failure::from)? else {
        return Err(Failure::Inconsistent("claim of a payout").into());
    };
    let programme = || payout.programme.clone();
    let due = || Account::PayoutDue { programme: programme() };
    let postings = Balanced::transfer(Account::IssuerBank { programme: programme() }, due(), cleared).and(Balanced::transfer(
        Account::PurseFloat { programme: programme() },
        due(),
        kept,
    ));
    let entries: Vec<Entry> = postings
        .lines()
        .iter()
        .filter(|posting| posting.amount != Fen::ZERO)
        .zip(0_u16..)
        .map(|(posting, line)| Entry {
            cell: claim.by.cell.clone(),
            source: format!("{reservation}/paid"),
            line,
            book: Book::Centre,
            outlet: claim.by.outlet.clone(),
            day: local_day(now),
            at: now,
            case: Some(payout.case),
            posting: posting.clone(),
        })
        .collect();
    tx.post(&entries).await.map_err(Failure::from)?;
    let number = centre_number('P', now, entropy);
    payout.paid = Some(PaidOut { number: number.clone(), amount: cleared, at: now });
    tx.put_payout(&payout).await.map_err(Failure::from)?;
    tx.commit().await.map_err(Failure::from)?;
    Ok(number)
}
