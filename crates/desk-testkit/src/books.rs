//! What desk, centre, cards and papers hold after a job, side by side, and what must be true of them whatever happened.

use std::collections::BTreeMap;

use centre_core::{record::ClaimRecord, store::StoreFailure};
use desk_app::{
    ports::{Movement, Period, Station, Store, Stored},
    view::ReportView,
};
use desk_domain::{
    card::BlockState,
    case::{CaseHeader, Ending, Service},
    centre_act::Ordered,
    id::{CardNo, CellId, PersonId},
    order::Way,
    person::CardStatus,
    posting::Account,
};

use crate::{
    earlier::{LACKING, PUT_ON},
    folder::PEOPLE,
    memory_store::{MemoryDisk, MemoryStore},
    rig::Rig,
    shift::Job,
    world::{PUPIL_CARD, World},
};

/// Cash that the desk opened the day with, in fen.
pub const FLOAT: i64 = 50_000;

/// One desk's journal as it lies on its disk.
pub struct Journal {
    pub movements: Vec<Movement>,
    pub cases: Vec<(CaseHeader, Option<Ending>, Vec<Stored>)>,
    /// Kinds of all rows.
    pub kinds: Vec<String>,
    pub unfinished: usize,
    /// Rows that the centre does not have.
    pub waiting: u32,
}

impl Journal {
    /// Reads the disk of a desk; the chain is verified on the way.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn of(rig: &Rig, world: &World) -> Result<Self, String> {
        Self::on(rig.disk().ok_or("no disk")?, &rig.station, world).await
    }

    /// The same of any disk that a station has left behind.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn on(disk: MemoryDisk, station: &Station, world: &World) -> Result<Self, String> {
        let kinds = disk.kinds();
        let mut store = MemoryStore::open(disk, station, 1).map_err(|error| format!("chain: {error}"))?;
        let day = desk_domain::case::context::local(world_now(world)).date();
        let failed = |error: desk_app::ports::StoreFailure| error.to_string();
        let mut cases = Vec::new();
        for (header, ending) in store.cases_of(day).await.map_err(failed)? {
            let rows = store.case(header.id).await.map_err(failed)?;
            cases.push((header, ending, rows));
        }
        Ok(Self {
            movements: store.movements(Period { day }).await.map_err(failed)?,
            cases,
            kinds,
            unfinished: store.unfinished().await.map_err(failed)?.len(),
            waiting: store.waiting().await.map_err(failed)?,
        })
    }

    #[must_use]
    pub fn count(&self, kind: &str) -> usize {
        self.kinds.iter().filter(|seen| *seen == kind).count()
    }

    /// Sum of one account's movements, in fen.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&Account) -> bool) -> i64 {
        self.movements.iter().filter(|movement| of(&movement.posting.account)).map(|movement| movement.posting.amount.0).sum()
    }

    /// Fen in all tills.
    #[must_use]
    pub fn till(&self) -> i64 {
        self.sum(|account| matches!(account, Account::Till { .. }))
    }

    /// Fen paid out in refunds.
    #[must_use]
    pub fn paid_out(&self) -> i64 {
        self.movements
            .iter()
            .filter(|movement| movement.kind == "fact.paid_out" && matches!(movement.posting.account, Account::Till { .. }))
            .map(|movement| -movement.posting.amount.0)
            .sum()
    }

    /// What no journal may ever hold.
    #[must_use]
    pub fn breaches(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        let total: i64 = self.movements.iter().map(|movement| movement.posting.amount.0).sum();
        if total != 0 {
            breaches.push(format!("postings sum to {total}"));
        }
        for (header, _, rows) in &self.cases {
            let kinds: Vec<&str> = rows.iter().map(|row| row.header.kind.as_str()).collect();
            let place = |kind: &str| kinds.iter().position(|seen| *seen == kind);
            // A new card is written, and then validated under a right of its own.
            let new_card =
                matches!(header.service, Service::ReissueLost | Service::ReplaceDamaged | Service::ReplaceFaulty | Service::PickUp);
            let rights = if new_card { 2 } else { 1 };
            for (kind, most) in
                [("fact.reserved", rights), ("fact.written", rights), ("fact.paid_out", 1), ("fact.money_in", 1), ("fact.signed", 1)]
            {
                if kinds.iter().filter(|seen| **seen == kind).count() > most {
                    breaches.push(format!("{}: {kind} more than {most} times", header.number));
                }
            }
            if let Some(paid) = place("fact.paid_out")
                && place("fact.confirmed").is_none_or(|confirmed| confirmed > paid)
            {
                breaches.push(format!("{}: paid out before a confirmation", header.number));
            }
            for (effect, fact) in
                [("intent.write_card", "fact.written"), ("intent.reserve", "fact.reserved"), ("intent.confirm", "fact.confirmed")]
            {
                if let Some(done) = place(fact)
                    && place(effect).is_none_or(|begun| begun > done)
                {
                    breaches.push(format!("{}: {fact} without its intent", header.number));
                }
            }
        }
        breaches
    }
}

fn world_now(world: &World) -> chrono::DateTime<chrono::Utc> {
    desk_app::ports::Clock::now(&*world.clock)
}

/// What the centre holds of one right and of money.
#[derive(Debug, Clone)]
pub struct Centre {
    pub settled: u32,
    pub open: Option<ClaimRecord>,
    /// Fen of refunds that the centre confirmed today.
    pub refunds: i64,
    /// Sum over all postings of the desks' cell; anything but zero is damage.
    pub imbalance: i64,
    /// Tills as the centre knows them, in fen.
    pub till: i64,
    pub suspended: bool,
    /// Fen that the back office owes for the card.
    pub owed: i64,
    /// Cases for which a MAC for the card went out.
    pub released_to: Vec<desk_domain::id::CaseId>,
}

/// Home cell of a right: of the programme with purses, or of the other.
#[must_use]
pub fn home_cell(world: &World, right: &str) -> CellId {
    let day = desk_domain::case::context::local(world_now(world)).date();
    let purse = ["purse:", "loss:", "payout:", "order:", "made:"].iter().any(|start| right.starts_with(start)) && !right.contains("PUPIL");
    world
        .rules
        .current(day)
        .iter()
        .find(|rules| rules.purse.is_some() == purse)
        .map_or_else(|| CellId::new("none"), |rules| rules.cell.clone())
}

impl Centre {
    /// # Errors
    /// The store's.
    pub async fn of(world: &World, rig: &Rig, right: &str) -> Result<Self, StoreFailure> {
        let home = home_cell(world, right);
        let day = desk_domain::case::context::local(world_now(world)).date();
        let centre = world.centre();
        let mut tx = centre.store().begin().await?;
        let totals = tx.totals(&rig.station.cell, &rig.station.outlet, day, None).await?;
        let card = right
            .split_once(':')
            .map(|(_, card)| CardNo::new(card))
            .filter(|_| right.starts_with("purse:") || right.starts_with("validity:"));
        let (mut suspended, mut released_to, mut owed) = (false, Vec::new(), 0);
        if let Some(card) = card {
            owed = tx
                .payouts()
                .await?
                .iter()
                .filter(|payout| payout.card_no == card)
                .map(|payout| payout.amount.map_or(0, |amount| amount.0))
                .sum();
            suspended = tx.card_anywhere(&card).await?.is_some_and(|card| card.suspended.is_some());
            released_to = tx.releases(&home, &card).await?.into_iter().map(|release| release.case).collect();
        }
        Ok(Self {
            settled: tx.settled_count(&home, right, None).await?,
            open: tx.open_claim(&home, right).await?,
            refunds: totals.settled_refunds.0,
            imbalance: tx.imbalance(&rig.station.cell).await?,
            till: totals
                .postings
                .iter()
                .filter(|posting| matches!(posting.account, Account::Till { .. }))
                .map(|posting| posting.amount.0)
                .sum(),
            suspended,
            owed,
            released_to,
        })
    }

    /// Active and replaced cards of the pupil.
    ///
    /// # Errors
    /// The store's.
    pub async fn cards(world: &World) -> Result<(usize, usize), StoreFailure> {
        let home = home_cell(world, "reissue:");
        let centre = world.centre();
        let mut tx = centre.store().begin().await?;
        let cards = tx.cards_of(&home, &PersonId::new("pupil-0001")).await?;
        let active = cards.iter().filter(|card| card.status == CardStatus::Active).count();
        let replaced = cards.iter().filter(|card| matches!(card.status, CardStatus::Replaced { .. })).count();
        Ok((active, replaced))
    }
}

/// Papers that came out twice without the mark of a reprint.
#[must_use]
pub fn doubled_papers(rig: &Rig) -> Vec<String> {
    let mut originals: BTreeMap<String, u32> = BTreeMap::new();
    for sheet in rig.papers.sheets() {
        if !sheet.marks.iter().any(|mark| mark.starts_with("补打")) {
            *originals.entry(sheet.name).or_default() += 1;
        }
    }
    originals.into_iter().filter(|(_, count)| *count > 1).map(|(name, count)| format!("{name} came out {count} times unmarked")).collect()
}

/// Everything that must be true after `job` was carried to its good end at one desk, however often it was interrupted.
pub async fn after_good_end(job: &Job, world: &World, rig: &Rig, report: &ReportView) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let journal = match Journal::of(rig, world).await {
        Ok(journal) => journal,
        Err(error) => return vec![error],
    };
    for breach in journal.breaches() {
        say(false, breach);
    }
    for paper in doubled_papers(rig) {
        say(false, paper);
    }
    say(journal.unfinished == 0, format!("{} cases stuck open", journal.unfinished));
    say(journal.waiting == 0, format!("{} rows never reached the centre", journal.waiting));
    say(report.agree, format!("report: {:?} {:?}", report.totals, report.message));
    let till = FLOAT - job.out + job.fee;
    say(journal.till() == till, format!("till {} instead of {till}", journal.till()));
    say(journal.paid_out() == job.out, format!("paid out {} instead of {}", journal.paid_out(), job.out));
    say(journal.count("day_opened") == 1, format!("day opened {} times", journal.count("day_opened")));
    say(
        journal.sum(|account| matches!(account, Account::Vault { .. })) == -FLOAT,
        "float was not taken from the vault exactly once".to_owned(),
    );
    let done = journal.cases.iter().filter(|(_, ending, _)| matches!(ending, Some(Ending::Done))).count();
    let wanted = usize::from(!job.service.is_empty());
    say(
        journal.cases.len() == wanted && done == wanted,
        format!("cases {:?}", journal.cases.iter().map(|(_, ending, _)| ending).collect::<Vec<_>>()),
    );
    match Centre::of(world, rig, job.right.unwrap_or("none:")).await {
        Err(error) => say(false, error.to_string()),
        Ok(centre) => {
            say(centre.imbalance == 0, format!("the centre's ledger is out by {}", centre.imbalance));
            say(centre.till == till, format!("the centre's till {} instead of {till}", centre.till));
            say(centre.refunds == job.out, format!("the centre confirmed {} instead of {}", centre.refunds, job.out));
            say(centre.settled == u32::from(job.right.is_some()) + job.before(), format!("settled {} times", centre.settled));
            say(centre.open.is_none(), "a claim is left open".to_owned());
            say(!centre.suspended, "the card is left in suspense".to_owned());
            say(centre.owed == job.later(), format!("the back office owes {} instead of {}", centre.owed, job.later()));
        }
    }
    for fault in on_cards(job, world, rig).await {
        say(false, fault);
    }
    wrong
}

/// Each of the unit's people has one order, in the centre's books and at production; nobody else has one, and no photo is left.
async fn ordered_once(world: &World) -> Vec<String> {
    let home = home_cell(world, "order:");
    let count = async {
        let centre = world.centre();
        let mut tx = centre.store().begin().await?;
        let mut counts = Vec::new();
        for serial in 0..PEOPLE {
            let orders = tx.orders_of(&home, &PersonId::new(format!("unit-{serial:04}"))).await?;
            let photos = orders.iter().filter(|order| matches!(&order.order, Ordered::Applied(applied) if applied.photo.is_some())).count();
            counts.push((orders.len(), photos));
        }
        let left = tx.forget_unit_photos(chrono::DateTime::<chrono::Utc>::MAX_UTC).await?;
        Ok::<_, StoreFailure>((counts, left))
    };
    let mut wrong = Vec::new();
    match count.await {
        Ok((counts, left)) => {
            if counts.iter().any(|count| *count != (1, 1)) {
                wrong.push(format!("orders and photos of the unit's people: {counts:?}"));
            }
            if left > 0 {
                wrong.push(format!("{left} photos were left behind"));
            }
        }
        Err(error) => wrong.push(error.to_string()),
    }
    let made = world.neighbours.books().made.values().filter(|made| made.person.as_str().starts_with("unit-")).count();
    if u32::try_from(made).ok() != Some(PEOPLE) {
        wrong.push(format!("production has {made} orders"));
    }
    wrong
}

/// What the cards, the register and the platform show after the job.
async fn on_cards(job: &Job, world: &World, rig: &Rig) -> Vec<String> {
    let mut wrong = Vec::new();
    let now = |name: &str| rig.tray.card(name);
    let before = |name: &str| world.cards.get(name).cloned();
    let changed = |name: &str| now(name).map(|card| card.public_file().to_vec()) != before(name).map(|card| card.public_file().to_vec());
    match job.service {
        "refund_readable" if job.later() > 0 => {
            let (card, as_it_was) = (job.card.and_then(now), job.card.and_then(before));
            let held = card.as_ref().map(|card| (card.block(), card.balance()));
            if held != as_it_was.map(|card| (BlockState::Temporary, card.balance())) {
                wrong.push(format!("the card stands at {held:?}"));
            }
        }
        "refund_readable" => {
            let card = job.card.and_then(now);
            if card.as_ref().and_then(desk_cardsim::SimCard::balance) != Some(0) {
                wrong.push(format!("purse holds {:?}", card.and_then(|card| card.balance())));
            }
        }
        "top_up" => {
            let before = job.card.and_then(before).and_then(|card| card.balance());
            let after = job.card.and_then(now).and_then(|card| card.balance());
            if before.zip(after).is_none_or(|(before, after)| i64::from(after) - i64::from(before) != job.fee) {
                wrong.push(format!("purse held {before:?} and holds {after:?}"));
            }
        }
        "reissue_lost" | "replace_damaged" | "replace_faulty" if job.way() != Way::Counter => {
            if ["blank-1", "blank-2", "blank-3"].iter().any(|name| changed(name)) {
                wrong.push("a blank was written".to_owned());
            }
            // The old card is out of use, and its successor is ordered once, and given to the courier once where it is sent.
            match Centre::cards(world).await {
                Ok((0, 0)) => {}
                cards => wrong.push(format!("active and replaced cards: {cards:?}")),
            }
            let books = world.neighbours.books();
            let ordered: Vec<_> = books.made.iter().filter(|(_, made)| made.person.as_str() == "pupil-0001").collect();
            let sent = books.parcels.values().filter(|posted| ordered.iter().any(|(number, _)| **number == posted.order)).count();
            if ordered.len() != 1 || sent != usize::from(job.way() == Way::Courier) {
                wrong.push(format!("{} orders and {sent} parcels", ordered.len()));
            }
        }
        "pick_up" if job.card == Some("education-made") && !job.card.is_some_and(changed) => {
            wrong.push("the new card was not validated".to_owned());
        }
        "send_again" => {
            let parcels = world.neighbours.books().parcels.values().filter(|posted| posted.order.as_str() == "R-PUPIL-BACK").count();
            if parcels != 2 {
                wrong.push(format!("{parcels} parcels of the card that came back"));
            }
        }
        "reversal" | "rewrite" => {
            let before = job.card.and_then(before).and_then(|card| card.balance());
            let after = job.card.and_then(now).and_then(|card| card.balance());
            let wanted = if job.service == "reversal" { -PUT_ON } else { LACKING };
            if before.zip(after).is_none_or(|(before, after)| i64::from(after) - i64::from(before) != wanted) {
                wrong.push(format!("purse held {before:?} and holds {after:?}"));
            }
        }
        "reissue_lost" | "replace_damaged" | "replace_faulty" => {
            let written = ["blank-1", "blank-2", "blank-3"].iter().filter(|name| changed(name)).count();
            if written != 1 {
                wrong.push(format!("{written} blanks were written"));
            }
            match Centre::cards(world).await {
                Ok((1, 1)) => {}
                cards => wrong.push(format!("active and replaced cards: {cards:?}")),
            }
        }
        "validation" if !job.card.is_some_and(changed) => wrong.push("the card's validity did not move".to_owned()),
        "password_reset" => {
            let account = world.platform().0.get(PUPIL_CARD).cloned().unwrap_or_default();
            if account.orders.len() != 1 || !account.must_change {
                wrong.push(format!("the platform did {} resets", account.orders.len()));
            }
        }
        "unit_batch" => wrong.extend(ordered_once(world).await),
        _ => {}
    }
    if matches!(job.service, "validation" | "card_query")
        && job.card.is_some_and(|card| now(card).and_then(|card| card.balance()).unwrap_or(0) != 0)
    {
        wrong.push("a purse that nobody touched holds money".to_owned());
    }
    wrong
}
