//! The store in memory: for tests and for the fleet simulation. One transaction at a time; a dropped one is undone.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, PersonId, ProgrammeId},
    money::Fen,
    order::Photo,
    posting::{Account, Posting},
};
use desk_wire::publication::Publication;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    record::{
        Authorisation, Blacklisted, Book, Card, ClaimRecord, ClaimState, DecidedWrite, Device, Enrolment, Entry, FirstReply, HalfDone,
        Keep, KeptRow, OfficeAct, OperatorRecord, OrderRecord, Payout, Person, Release, RequestKey, Session, SignedHead, Totals, UnitPhoto,
    },
    store::{CentreStore, StoreFailure, Stored, Tx},
};

type ReplyRow = (FirstReply, Keep, DateTime<Utc>);
type RowKey = (CellId, DeviceId, u32, u64);

#[derive(Default)]
struct State {
    replies: BTreeMap<RequestKey, ReplyRow>,
    devices: BTreeMap<(CellId, DeviceId), Device>,
    enrolments: BTreeMap<String, Enrolment>,
    halves: BTreeMap<(CellId, CentreNumber), HalfDone>,
    operators: BTreeMap<(CellId, OperatorId), OperatorRecord>,
    sessions: BTreeMap<(CellId, String), Session>,
    persons: BTreeMap<(CellId, PersonId), Person>,
    numbers: BTreeMap<(ProgrammeId, String), (CellId, PersonId)>,
    cards: BTreeMap<(CellId, CardNo), Card>,
    blacklist: BTreeMap<(CellId, CardNo), Blacklisted>,
    claims: BTreeMap<CentreNumber, ClaimRecord>,
    open: BTreeMap<(CellId, String), CentreNumber>,
    settled: BTreeMap<(CellId, String, String), CentreNumber>,
    orders: BTreeMap<CentreNumber, OrderRecord>,
    payouts: BTreeMap<CentreNumber, Payout>,
    unit_photos: BTreeMap<(CellId, CaseId, String), UnitPhoto>,
    releases: BTreeMap<(CellId, String), Release>,
    decided_writes: BTreeMap<(CellId, CentreNumber), DecidedWrite>,
    authorisations: BTreeMap<(CellId, CentreNumber), Authorisation>,
    series: BTreeMap<(CellId, String), u64>,
    rows: BTreeMap<RowKey, KeptRow>,
    heads: BTreeMap<RowKey, SignedHead>,
    case_keys: BTreeMap<(CellId, CaseId), String>,
    entries: BTreeMap<(CellId, String, u16), Entry>,
    office_acts: BTreeMap<String, OfficeAct>,
    publications: BTreeMap<(CellId, u64), Publication>,
}

/// The whole centre's data in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[async_trait]
impl CentreStore for Memory {
    async fn begin(&self) -> Stored<Box<dyn Tx>> {
        Ok(Box::new(MemoryTx { state: self.0.clone().lock_owned().await, undo: Vec::new() }))
    }
}

type Undo = Box<dyn FnOnce(&mut State) + Send>;

struct MemoryTx {
    state: OwnedMutexGuard<State>,
    undo: Vec<Undo>,
}

impl Drop for MemoryTx {
    fn drop(&mut self) {
        while let Some(undo) = self.undo.pop() {
            undo(&mut self.state);
        }
    }
}

impl MemoryTx {
    fn put<K, V>(&mut self, table: fn(&mut State) -> &mut BTreeMap<K, V>, key: K, value: V)
    where
        K: Ord + Clone + Send + 'static,
        V: Send + 'static,
    {
        let before = table(&mut self.state).insert(key.clone(), value);
        self.undo.push(Box::new(move |state| {
            match before {
                Some(value) => table(state).insert(key, value),
                None => table(state).remove(&key),
            };
        }));
    }

    fn remove<K, V>(&mut self, table: fn(&mut State) -> &mut BTreeMap<K, V>, key: K)
    where
        K: Ord + Clone + Send + 'static,
        V: Send + 'static,
    {
        if let Some(value) = table(&mut self.state).remove(&key) {
            self.undo.push(Box::new(move |state| {
                table(state).insert(key, value);
            }));
        }
    }

    /// Inserts what must be new.
    fn insert<K, V>(&mut self, table: fn(&mut State) -> &mut BTreeMap<K, V>, key: K, value: V, what: &str) -> Stored<()>
    where
        K: Ord + Clone + Send + 'static,
        V: Send + 'static,
    {
        if table(&mut self.state).contains_key(&key) {
            return Err(StoreFailure::Busy(format!("{what}: key exists")));
        }
        self.put(table, key, value);
        Ok(())
    }

    fn by_number(&self, number: Option<&CentreNumber>) -> Option<ClaimRecord> {
        number.and_then(|number| self.state.claims.get(number)).cloned()
    }
}

#[async_trait]
impl Tx for MemoryTx {
    async fn commit(mut self: Box<Self>) -> Stored<()> {
        self.undo.clear();
        Ok(())
    }

    async fn take_request(&mut self, key: &RequestKey, _body: &str) -> Stored<Option<FirstReply>> {
        Ok(self.state.replies.get(key).map(|row| row.0.clone()))
    }

    async fn keep_reply(&mut self, key: &RequestKey, first: &FirstReply, keep: Keep, at: DateTime<Utc>) -> Stored<()> {
        self.insert(|state| &mut state.replies, key.clone(), (first.clone(), keep, at), "reply")
    }

    async fn forget_replies(&mut self, before: DateTime<Utc>) -> Stored<u64> {
        let old: Vec<RequestKey> = self
            .state
            .replies
            .iter()
            .filter(|(_, (_, keep, at))| *keep == Keep::Shortly && *at < before)
            .map(|(key, _)| key.clone())
            .collect();
        let count = old.len() as u64;
        for key in old {
            self.remove(|state| &mut state.replies, key);
        }
        Ok(count)
    }

    async fn device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>> {
        let key = (cell.clone(), device.clone());
        Ok(self.state.devices.get(&key).cloned())
    }

    async fn lock_device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>> {
        self.device(cell, device).await
    }

    async fn put_device(&mut self, device: &Device) -> Stored<()> {
        let key = (device.cell.clone(), device.device.clone());
        self.put(|state| &mut state.devices, key, device.clone());
        Ok(())
    }

    async fn enrolment(&mut self, code: &str) -> Stored<Option<Enrolment>> {
        Ok(self.state.enrolments.get(code).cloned())
    }

    async fn put_enrolment(&mut self, enrolment: &Enrolment) -> Stored<()> {
        self.put(|state| &mut state.enrolments, enrolment.code.clone(), enrolment.clone());
        Ok(())
    }

    async fn operator(&mut self, cell: &CellId, operator: &OperatorId) -> Stored<Option<OperatorRecord>> {
        let key = (cell.clone(), operator.clone());
        Ok(self.state.operators.get(&key).cloned())
    }

    async fn put_operator(&mut self, operator: &OperatorRecord) -> Stored<()> {
        let key = (operator.cell.clone(), operator.operator.clone());
        self.put(|state| &mut state.operators, key, operator.clone());
        Ok(())
    }

    async fn session(&mut self, cell: &CellId, token: &str) -> Stored<Option<Session>> {
        let key = (cell.clone(), token.to_owned());
        Ok(self.state.sessions.get(&key).cloned())
    }

    async fn put_session(&mut self, session: &Session) -> Stored<()> {
        let key = (session.cell.clone(), session.token.clone());
        self.put(|state| &mut state.sessions, key, session.clone());
        Ok(())
    }

    async fn person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>> {
        let key = (cell.clone(), person.clone());
        Ok(self.state.persons.get(&key).cloned())
    }

    async fn lock_person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>> {
        self.person(cell, person).await
    }

    async fn person_by_number(&mut self, programme: &ProgrammeId, id_number: &str) -> Stored<Option<Person>> {
        let key = (programme.clone(), id_number.to_owned());
        let state = &self.state;
        Ok(state.numbers.get(&key).and_then(|key| state.persons.get(key)).cloned())
    }

    async fn put_person(&mut self, person: &Person) -> Stored<()> {
        let key = (person.cell.clone(), person.person.clone());
        let old = self.state.persons.get(&key).and_then(|old| Some((old.programme.clone(), old.id_number.clone()?)));
        if let Some(old) = old {
            self.remove(|state| &mut state.numbers, old);
        }
        if let Some(number) = &person.id_number {
            self.insert(|state| &mut state.numbers, (person.programme.clone(), number.clone()), key.clone(), "id number")?;
        }
        self.put(|state| &mut state.persons, key, person.clone());
        Ok(())
    }

    async fn card_anywhere(&mut self, card_no: &CardNo) -> Stored<Option<Card>> {
        Ok(self.state.cards.values().find(|card| card.card_no == *card_no).cloned())
    }

    async fn card_by_serial(&mut self, issuer: &str, serial: &str) -> Stored<Option<Card>> {
        Ok(self
            .state
            .cards
            .values()
            .find(|card| card.issuer.eq_ignore_ascii_case(issuer) && card.serial.eq_ignore_ascii_case(serial))
            .cloned())
    }

    async fn lock_cards(&mut self, cell: &CellId, cards: &[CardNo]) -> Stored<Vec<Card>> {
        let mut cards = cards.to_vec();
        cards.sort();
        cards.dedup();
        Ok(cards.into_iter().filter_map(|card| self.state.cards.get(&(cell.clone(), card)).cloned()).collect())
    }

    async fn cards_of(&mut self, cell: &CellId, holder: &PersonId) -> Stored<Vec<Card>> {
        Ok(self.state.cards.values().filter(|card| card.cell == *cell && card.holder.as_ref() == Some(holder)).cloned().collect())
    }

    async fn put_card(&mut self, card: &Card) -> Stored<()> {
        let key = (card.cell.clone(), card.card_no.clone());
        self.put(|state| &mut state.cards, key, card.clone());
        Ok(())
    }

    async fn put_blacklisted(&mut self, card: &Blacklisted) -> Stored<()> {
        let key = (card.cell.clone(), card.card_no.clone());
        if !self.state.blacklist.contains_key(&key) {
            self.put(|state| &mut state.blacklist, key, card.clone());
        }
        Ok(())
    }

    async fn is_blacklisted(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<bool> {
        let key = (cell.clone(), card_no.clone());
        Ok(self.state.blacklist.contains_key(&key))
    }

    async fn open_claim(&mut self, cell: &CellId, right: &str) -> Stored<Option<ClaimRecord>> {
        let key = (cell.clone(), right.to_owned());
        Ok(self.by_number(self.state.open.get(&key)))
    }

    async fn settled_claim(&mut self, cell: &CellId, right: &str, epoch: &str) -> Stored<Option<ClaimRecord>> {
        let key = (cell.clone(), right.to_owned(), epoch.to_owned());
        Ok(self.by_number(self.state.settled.get(&key)))
    }

    async fn claims_on(&mut self, cell: &CellId, right: &str, most: u32) -> Stored<Vec<ClaimRecord>> {
        let mut claims: Vec<ClaimRecord> =
            self.state.claims.values().filter(|claim| claim.cell == *cell && claim.right == right).cloned().collect();
        claims.sort_by(|a, b| (b.reserved_at, &b.number).cmp(&(a.reserved_at, &a.number)));
        claims.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(claims)
    }

    async fn settled_count(&mut self, cell: &CellId, right: &str, since: Option<DateTime<Utc>>) -> Stored<u32> {
        let counted = self
            .state
            .settled
            .iter()
            .filter(|((of, name, _), _)| of == cell && name == right)
            .filter_map(|(_, number)| self.state.claims.get(number))
            .filter(|claim| match &claim.state {
                ClaimState::Settled { at, .. } => since.is_none_or(|since| *at >= since),
                ClaimState::Open | ClaimState::Unknown { .. } | ClaimState::Released { .. } => false,
            })
            .count();
        Ok(u32::try_from(counted).unwrap_or(u32::MAX))
    }

    async fn claim(&mut self, number: &CentreNumber) -> Stored<Option<ClaimRecord>> {
        Ok(self.by_number(Some(number)))
    }

    async fn put_claim(&mut self, claim: &ClaimRecord) -> Stored<()> {
        let right = (claim.cell.clone(), claim.right.clone());
        let holder = self.state.open.get(&right).cloned();
        match &claim.state {
            ClaimState::Open | ClaimState::Unknown { .. } => match holder {
                Some(number) if number == claim.number => {}
                Some(_) => return Err(StoreFailure::Busy("right is claimed".to_owned())),
                None => self.put(|state| &mut state.open, right, claim.number.clone()),
            },
            ClaimState::Settled { .. } => {
                let epoch = (claim.cell.clone(), claim.right.clone(), claim.epoch.clone());
                self.insert(|state| &mut state.settled, epoch, claim.number.clone(), "epoch")?;
                if holder.as_ref() == Some(&claim.number) {
                    self.remove(|state| &mut state.open, right);
                }
            }
            ClaimState::Released { .. } => {
                if holder.as_ref() == Some(&claim.number) {
                    self.remove(|state| &mut state.open, right);
                }
            }
        }
        self.put(|state| &mut state.claims, claim.number.clone(), claim.clone());
        Ok(())
    }

    async fn half_done(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<HalfDone>> {
        let key = (cell.clone(), reservation.clone());
        Ok(self.state.halves.get(&key).cloned())
    }

    async fn put_half_done(&mut self, half: &HalfDone) -> Stored<()> {
        let key = (half.cell.clone(), half.reservation.clone());
        self.put(|state| &mut state.halves, key, half.clone());
        Ok(())
    }

    async fn halves(&mut self) -> Stored<Vec<HalfDone>> {
        let mut open: Vec<HalfDone> = self.state.halves.values().filter(|half| half.ended_at.is_none()).cloned().collect();
        open.sort_by(|a, b| (a.since, &a.reservation).cmp(&(b.since, &b.reservation)));
        Ok(open)
    }

    async fn put_order(&mut self, order: &OrderRecord) -> Stored<()> {
        self.put(|state| &mut state.orders, order.number.clone(), order.clone());
        Ok(())
    }

    async fn order(&mut self, number: &CentreNumber) -> Stored<Option<OrderRecord>> {
        Ok(self.state.orders.get(number).cloned())
    }

    async fn open_orders(&mut self, outlet: Option<&OutletId>) -> Stored<Vec<OrderRecord>> {
        let here = |order: &&OrderRecord| order.is_open() && outlet.is_none_or(|outlet| order.outlet == *outlet);
        let mut orders: Vec<OrderRecord> = self.state.orders.values().filter(here).cloned().collect();
        orders.sort_by_key(|order| order.ordered_at);
        Ok(orders)
    }

    async fn orders_of(&mut self, cell: &CellId, person: &PersonId) -> Stored<Vec<OrderRecord>> {
        let mut orders: Vec<OrderRecord> =
            self.state.orders.values().filter(|order| order.cell == *cell && order.person == *person).cloned().collect();
        orders.sort_by_key(|order| order.ordered_at);
        Ok(orders)
    }

    async fn put_unit_photo(&mut self, photo: &UnitPhoto) -> Stored<()> {
        let key = (photo.cell.clone(), photo.case, photo.sha256.clone());
        self.put(|state| &mut state.unit_photos, key, photo.clone());
        Ok(())
    }

    async fn unit_photo(&mut self, cell: &CellId, case: CaseId, sha256: &str) -> Stored<Option<Photo>> {
        Ok(self.state.unit_photos.get(&(cell.clone(), case, sha256.to_owned())).map(|kept| kept.photo.clone()))
    }

    async fn drop_unit_photos(&mut self, cell: &CellId, case: CaseId, sha256: &[String]) -> Stored<()> {
        for sha256 in sha256 {
            self.remove(|state| &mut state.unit_photos, (cell.clone(), case, sha256.clone()));
        }
        Ok(())
    }

    async fn forget_unit_photos(&mut self, before: DateTime<Utc>) -> Stored<u64> {
        let old: Vec<_> = self.state.unit_photos.iter().filter(|(_, kept)| kept.at < before).map(|(key, _)| key.clone()).collect();
        let count = old.len() as u64;
        for key in old {
            self.remove(|state| &mut state.unit_photos, key);
        }
        Ok(count)
    }

    async fn payout(&mut self, reservation: &CentreNumber) -> Stored<Option<Payout>> {
        Ok(self.state.payouts.get(reservation).cloned())
    }

    async fn payout_of_case(&mut self, number: &CaseNumber) -> Stored<Option<Payout>> {
        Ok(self.state.payouts.values().find(|payout| payout.case_number == *number).cloned())
    }

    async fn put_payout(&mut self, payout: &Payout) -> Stored<()> {
        self.put(|state| &mut state.payouts, payout.reservation.clone(), payout.clone());
        Ok(())
    }

    async fn payouts(&mut self) -> Stored<Vec<Payout>> {
        let mut due: Vec<Payout> = self.state.payouts.values().filter(|payout| payout.paid.is_none()).cloned().collect();
        due.sort_by(|a, b| (a.from, &a.reservation).cmp(&(b.from, &b.reservation)));
        Ok(due)
    }

    async fn add_release(&mut self, release: &Release) -> Stored<()> {
        let key = (release.cell.clone(), release.id.clone());
        self.insert(|state| &mut state.releases, key, release.clone(), "release")
    }

    async fn releases(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<Vec<Release>> {
        let mut releases: Vec<Release> =
            self.state.releases.values().filter(|release| release.cell == *cell && release.card_no == *card_no).cloned().collect();
        releases.sort_by(|a, b| (a.released_at, &a.id).cmp(&(b.released_at, &b.id)));
        Ok(releases)
    }

    async fn add_decided_write(&mut self, decided: &DecidedWrite) -> Stored<()> {
        let key = (decided.cell.clone(), decided.reservation.clone());
        self.insert(|state| &mut state.decided_writes, key, decided.clone(), "decided write")
    }

    async fn decided_write(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<DecidedWrite>> {
        Ok(self.state.decided_writes.get(&(cell.clone(), reservation.clone())).cloned())
    }

    async fn authorisation(&mut self, cell: &CellId, number: &CentreNumber) -> Stored<Option<Authorisation>> {
        let key = (cell.clone(), number.clone());
        Ok(self.state.authorisations.get(&key).cloned())
    }

    async fn put_authorisation(&mut self, authorisation: &Authorisation) -> Stored<()> {
        let key = (authorisation.cell.clone(), authorisation.number.clone());
        self.put(|state| &mut state.authorisations, key, authorisation.clone());
        Ok(())
    }

    async fn draw(&mut self, cell: &CellId, series: &str) -> Stored<u64> {
        let key = (cell.clone(), series.to_owned());
        let next = self.state.series.get(&key).copied().unwrap_or(0) + 1;
        self.put(|state| &mut state.series, key, next);
        Ok(next)
    }

    async fn add_rows(&mut self, rows: &[KeptRow]) -> Stored<()> {
        for kept in rows {
            let header = &kept.row.header;
            let key = (header.cell.clone(), header.device.clone(), header.generation, header.sequence);
            self.insert(|state| &mut state.rows, key, kept.clone(), "row")?;
        }
        Ok(())
    }

    async fn add_head(&mut self, head: &SignedHead) -> Stored<()> {
        let key = (head.cell.clone(), head.device.clone(), head.generation, head.sequence);
        self.insert(|state| &mut state.heads, key, head.clone(), "head")
    }

    async fn heads(&mut self, cell: &CellId, device: &DeviceId, generation: u32) -> Stored<Vec<SignedHead>> {
        let from = (cell.clone(), device.clone(), generation, 0);
        let to = (cell.clone(), device.clone(), generation, u64::MAX);
        Ok(self.state.heads.range(from..=to).map(|(_, head)| head.clone()).collect())
    }

    async fn row_hash(&mut self, cell: &CellId, device: &DeviceId, generation: u32, sequence: u64) -> Stored<Option<String>> {
        let key = (cell.clone(), device.clone(), generation, sequence);
        Ok(self.state.rows.get(&key).map(|kept| kept.hash.clone()))
    }

    async fn put_case_key(&mut self, cell: &CellId, case: CaseId, key: &str) -> Stored<()> {
        let at = (cell.clone(), case);
        if !self.state.case_keys.contains_key(&at) {
            self.put(|state| &mut state.case_keys, at, key.to_owned());
        }
        Ok(())
    }

    async fn post(&mut self, entries: &[Entry]) -> Stored<()> {
        for entry in entries {
            let key = (entry.cell.clone(), entry.source.clone(), entry.line);
            self.insert(|state| &mut state.entries, key, entry.clone(), "posting")?;
        }
        Ok(())
    }

    async fn totals(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate, device: Option<&DeviceId>) -> Stored<Totals> {
        let of_device = |source: &str| device.is_none_or(|device| source.split('/').next() == Some(device.as_str()));
        let overflow = |_| StoreFailure::Failed("total out of range".to_owned());
        let mut accounts: BTreeMap<Account, Fen> = BTreeMap::new();
        let mut refunds = Fen::ZERO;
        let entries = self.state.entries.values().filter(|entry| entry.cell == *cell && entry.outlet == *outlet && entry.day == day);
        for entry in entries {
            let amount = entry.posting.amount;
            match entry.book {
                Book::Desk if !of_device(&entry.source) => {}
                Book::Desk => {
                    let sum = accounts.entry(entry.posting.account.clone()).or_insert(Fen::ZERO);
                    *sum = sum.plus(amount).map_err(overflow)?;
                }
                Book::Centre => {
                    if matches!(entry.posting.account, Account::RefundPayable { .. }) {
                        refunds = refunds.minus(amount).map_err(overflow)?;
                    }
                }
            }
        }
        let cases = self
            .state
            .rows
            .values()
            .filter(|kept| kept.row.header.cell == *cell && kept.outlet == *outlet && kept.day == day)
            .filter(|kept| kept.row.header.kind == "opened" && device.is_none_or(|device| kept.row.header.device == *device))
            .count();
        Ok(Totals {
            postings: accounts.into_iter().map(|(account, amount)| Posting { account, amount }).collect(),
            cases: u32::try_from(cases).unwrap_or(u32::MAX),
            settled_refunds: refunds,
        })
    }

    async fn day_rows(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate) -> Stored<Vec<KeptRow>> {
        let of_day = |kept: &&KeptRow| kept.row.header.cell == *cell && kept.outlet == *outlet && kept.day == day;
        Ok(self.state.rows.values().filter(of_day).cloned().collect())
    }

    async fn case_key(&mut self, cell: &CellId, case: CaseId) -> Stored<Option<String>> {
        Ok(self.state.case_keys.get(&(cell.clone(), case)).cloned())
    }

    async fn undecided(&mut self) -> Stored<Vec<ClaimRecord>> {
        let mut open: Vec<ClaimRecord> = self.state.claims.values().filter(|claim| claim.state.is_open()).cloned().collect();
        open.sort_by(|a, b| (a.reserved_at, &a.number).cmp(&(b.reserved_at, &b.number)));
        Ok(open)
    }

    async fn released_for(&mut self, reservation: &CentreNumber) -> Stored<bool> {
        Ok(self.state.releases.values().any(|release| release.reservation == *reservation))
    }

    async fn add_office_act(&mut self, act: &OfficeAct) -> Stored<()> {
        self.insert(|state| &mut state.office_acts, act.what.subject(), act.clone(), "office act")
    }

    async fn office_act(&mut self, subject: &str) -> Stored<Option<OfficeAct>> {
        Ok(self.state.office_acts.get(subject).cloned())
    }

    async fn last_publication(&mut self, cell: &CellId) -> Stored<u64> {
        let (from, to) = ((cell.clone(), 0), (cell.clone(), u64::MAX));
        Ok(self.state.publications.range(from..=to).next_back().map_or(0, |((_, number), _)| *number))
    }

    async fn publications(&mut self, cell: &CellId, after: u64) -> Stored<Vec<Publication>> {
        let (from, to) = ((cell.clone(), after.saturating_add(1)), (cell.clone(), u64::MAX));
        Ok(self.state.publications.range(from..=to).map(|(_, publication)| publication.clone()).collect())
    }

    async fn add_publication(&mut self, publication: &Publication) -> Stored<()> {
        let key = (publication.cell.clone(), publication.number);
        self.insert(|state| &mut state.publications, key, publication.clone(), "publication")
    }

    async fn imbalance(&mut self, cell: &CellId) -> Stored<i64> {
        Fen::sum(self.state.entries.values().filter(|entry| entry.cell == *cell).map(|entry| entry.posting.amount))
            .map(|sum| sum.0)
            .map_err(|_| StoreFailure::Failed("sum out of range".to_owned()))
    }
}
