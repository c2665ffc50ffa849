//! One transaction: the port's methods by subject.

use async_trait::async_trait;
use centre_core::{
    record::{
        Authorisation, Blacklisted, Card, ClaimRecord, DecidedWrite, Device, Enrolment, Entry, FirstReply, HalfDone, Keep, KeptRow,
        OfficeAct, OperatorRecord, OrderRecord, Payout, Person, Release, RequestKey, Session, SignedHead, Totals, UnitPhoto,
    },
    store::{Stored, Tx},
};
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, PersonId, ProgrammeId},
    order::Photo,
};
use desk_wire::publication::Publication;
use sqlx::{Postgres, Transaction};

use super::{book, claim, failed, half, journal, office, order, payout, people, request, unit};

/// A transaction of READ COMMITTED with row locks; dropped, it rolls back.
pub struct PostgresTx(Transaction<'static, Postgres>);

impl PostgresTx {
    pub(super) fn new(inner: Transaction<'static, Postgres>) -> Self {
        Self(inner)
    }
}

#[async_trait]
impl Tx for PostgresTx {
    async fn commit(self: Box<Self>) -> Stored<()> {
        self.0.commit().await.map_err(failed)
    }

    async fn take_request(&mut self, key: &RequestKey, body: &str) -> Stored<Option<FirstReply>> {
        request::take(&mut self.0, key, body).await
    }

    async fn keep_reply(&mut self, key: &RequestKey, first: &FirstReply, keep: Keep, at: DateTime<Utc>) -> Stored<()> {
        request::keep(&mut self.0, key, first, keep, at).await
    }

    async fn forget_replies(&mut self, before: DateTime<Utc>) -> Stored<u64> {
        request::forget(&mut self.0, before).await
    }

    async fn device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>> {
        request::device(&mut self.0, cell, device, false).await
    }

    async fn lock_device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>> {
        request::device(&mut self.0, cell, device, true).await
    }

    async fn put_device(&mut self, device: &Device) -> Stored<()> {
        request::put_device(&mut self.0, device).await
    }

    async fn enrolment(&mut self, code: &str) -> Stored<Option<Enrolment>> {
        request::enrolment(&mut self.0, code).await
    }

    async fn put_enrolment(&mut self, enrolment: &Enrolment) -> Stored<()> {
        request::put_enrolment(&mut self.0, enrolment).await
    }

    async fn operator(&mut self, cell: &CellId, operator: &OperatorId) -> Stored<Option<OperatorRecord>> {
        people::operator(&mut self.0, cell, operator).await
    }

    async fn put_operator(&mut self, operator: &OperatorRecord) -> Stored<()> {
        people::put_operator(&mut self.0, operator).await
    }

    async fn session(&mut self, cell: &CellId, token: &str) -> Stored<Option<Session>> {
        people::session(&mut self.0, cell, token).await
    }

    async fn put_session(&mut self, session: &Session) -> Stored<()> {
        people::put_session(&mut self.0, session).await
    }

    async fn person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>> {
        people::person(&mut self.0, cell, person, false).await
    }

    async fn lock_person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>> {
        people::person(&mut self.0, cell, person, true).await
    }

    async fn person_by_number(&mut self, programme: &ProgrammeId, id_number: &str) -> Stored<Option<Person>> {
        people::person_by_number(&mut self.0, programme, id_number).await
    }

    async fn put_person(&mut self, person: &Person) -> Stored<()> {
        people::put_person(&mut self.0, person).await
    }

    async fn card_anywhere(&mut self, card_no: &CardNo) -> Stored<Option<Card>> {
        people::card_anywhere(&mut self.0, card_no).await
    }

    async fn card_by_serial(&mut self, issuer: &str, serial: &str) -> Stored<Option<Card>> {
        people::card_by_serial(&mut self.0, issuer, serial).await
    }

    async fn lock_cards(&mut self, cell: &CellId, cards: &[CardNo]) -> Stored<Vec<Card>> {
        people::lock_cards(&mut self.0, cell, cards).await
    }

    async fn cards_of(&mut self, cell: &CellId, holder: &PersonId) -> Stored<Vec<Card>> {
        people::cards_of(&mut self.0, cell, holder).await
    }

    async fn put_card(&mut self, card: &Card) -> Stored<()> {
        people::put_card(&mut self.0, card).await
    }

    async fn put_blacklisted(&mut self, card: &Blacklisted) -> Stored<()> {
        people::put_blacklisted(&mut self.0, card).await
    }

    async fn is_blacklisted(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<bool> {
        people::is_blacklisted(&mut self.0, cell, card_no).await
    }

    async fn open_claim(&mut self, cell: &CellId, right: &str) -> Stored<Option<ClaimRecord>> {
        claim::open(&mut self.0, cell, right).await
    }

    async fn settled_claim(&mut self, cell: &CellId, right: &str, epoch: &str) -> Stored<Option<ClaimRecord>> {
        claim::settled(&mut self.0, cell, right, epoch).await
    }

    async fn claims_on(&mut self, cell: &CellId, right: &str, most: u32) -> Stored<Vec<ClaimRecord>> {
        claim::on(&mut self.0, cell, right, most).await
    }

    async fn settled_count(&mut self, cell: &CellId, right: &str, since: Option<DateTime<Utc>>) -> Stored<u32> {
        claim::settled_count(&mut self.0, cell, right, since).await
    }

    async fn claim(&mut self, number: &CentreNumber) -> Stored<Option<ClaimRecord>> {
        claim::by_number(&mut self.0, number).await
    }

    async fn put_claim(&mut self, record: &ClaimRecord) -> Stored<()> {
        claim::put(&mut self.0, record).await
    }

    async fn half_done(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<HalfDone>> {
        half::one(&mut self.0, cell, reservation).await
    }

    async fn put_half_done(&mut self, half: &HalfDone) -> Stored<()> {
        half::put(&mut self.0, half).await
    }

    async fn halves(&mut self) -> Stored<Vec<HalfDone>> {
        half::open(&mut self.0).await
    }

    async fn put_order(&mut self, order: &OrderRecord) -> Stored<()> {
        order::put(&mut self.0, order).await
    }

    async fn order(&mut self, number: &CentreNumber) -> Stored<Option<OrderRecord>> {
        order::one(&mut self.0, number).await
    }

    async fn open_orders(&mut self, outlet: Option<&OutletId>) -> Stored<Vec<OrderRecord>> {
        order::open(&mut self.0, outlet).await
    }

    async fn orders_of(&mut self, cell: &CellId, person: &PersonId) -> Stored<Vec<OrderRecord>> {
        order::of_person(&mut self.0, cell, person).await
    }

    async fn put_unit_photo(&mut self, photo: &UnitPhoto) -> Stored<()> {
        unit::put(&mut self.0, photo).await
    }

    async fn unit_photo(&mut self, cell: &CellId, case: CaseId, sha256: &str) -> Stored<Option<Photo>> {
        unit::one(&mut self.0, cell, case, sha256).await
    }

    async fn drop_unit_photos(&mut self, cell: &CellId, case: CaseId, sha256: &[String]) -> Stored<()> {
        unit::discard(&mut self.0, cell, case, sha256).await
    }

    async fn forget_unit_photos(&mut self, before: DateTime<Utc>) -> Stored<u64> {
        unit::forget(&mut self.0, before).await
    }

    async fn payout(&mut self, reservation: &CentreNumber) -> Stored<Option<Payout>> {
        payout::one(&mut self.0, reservation).await
    }

    async fn payout_of_case(&mut self, number: &CaseNumber) -> Stored<Option<Payout>> {
        payout::of_case(&mut self.0, number).await
    }

    async fn put_payout(&mut self, payout: &Payout) -> Stored<()> {
        payout::put(&mut self.0, payout).await
    }

    async fn payouts(&mut self) -> Stored<Vec<Payout>> {
        payout::open(&mut self.0).await
    }

    async fn add_release(&mut self, release: &Release) -> Stored<()> {
        claim::add_release(&mut self.0, release).await
    }

    async fn releases(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<Vec<Release>> {
        claim::releases(&mut self.0, cell, card_no).await
    }

    async fn add_decided_write(&mut self, decided: &DecidedWrite) -> Stored<()> {
        claim::add_decided_write(&mut self.0, decided).await
    }

    async fn decided_write(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<DecidedWrite>> {
        claim::decided_write(&mut self.0, cell, reservation).await
    }

    async fn authorisation(&mut self, cell: &CellId, number: &CentreNumber) -> Stored<Option<Authorisation>> {
        claim::authorisation(&mut self.0, cell, number).await
    }

    async fn put_authorisation(&mut self, authorisation: &Authorisation) -> Stored<()> {
        claim::put_authorisation(&mut self.0, authorisation).await
    }

    async fn draw(&mut self, cell: &CellId, series: &str) -> Stored<u64> {
        claim::draw(&mut self.0, cell, series).await
    }

    async fn add_rows(&mut self, rows: &[KeptRow]) -> Stored<()> {
        book::add_rows(&mut self.0, rows).await
    }

    async fn add_head(&mut self, head: &SignedHead) -> Stored<()> {
        journal::add_head(&mut self.0, head).await
    }

    async fn heads(&mut self, cell: &CellId, device: &DeviceId, generation: u32) -> Stored<Vec<SignedHead>> {
        journal::heads(&mut self.0, cell, device, generation).await
    }

    async fn row_hash(&mut self, cell: &CellId, device: &DeviceId, generation: u32, sequence: u64) -> Stored<Option<String>> {
        book::row_hash(&mut self.0, cell, device, generation, sequence).await
    }

    async fn put_case_key(&mut self, cell: &CellId, case: CaseId, key: &str) -> Stored<()> {
        book::put_case_key(&mut self.0, cell, case, key).await
    }

    async fn post(&mut self, entries: &[Entry]) -> Stored<()> {
        book::post(&mut self.0, entries).await
    }

    async fn totals(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate, device: Option<&DeviceId>) -> Stored<Totals> {
        book::totals(&mut self.0, cell, outlet, day, device).await
    }

    async fn day_rows(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate) -> Stored<Vec<KeptRow>> {
        journal::of_day(&mut self.0, cell, outlet, day).await
    }

    async fn case_key(&mut self, cell: &CellId, case: CaseId) -> Stored<Option<String>> {
        book::case_key(&mut self.0, cell, case).await
    }

    async fn undecided(&mut self) -> Stored<Vec<ClaimRecord>> {
        claim::undecided(&mut self.0).await
    }

    async fn released_for(&mut self, reservation: &CentreNumber) -> Stored<bool> {
        claim::released_for(&mut self.0, reservation).await
    }

    async fn add_office_act(&mut self, act: &OfficeAct) -> Stored<()> {
        office::add_act(&mut self.0, act).await
    }

    async fn office_act(&mut self, subject: &str) -> Stored<Option<OfficeAct>> {
        office::act(&mut self.0, subject).await
    }

    async fn last_publication(&mut self, cell: &CellId) -> Stored<u64> {
        office::last_publication(&mut self.0, cell).await
    }

    async fn publications(&mut self, cell: &CellId, after: u64) -> Stored<Vec<Publication>> {
        office::publications(&mut self.0, cell, after).await
    }

    async fn add_publication(&mut self, publication: &Publication) -> Stored<()> {
        office::add_publication(&mut self.0, publication).await
    }

    async fn imbalance(&mut self, cell: &CellId) -> Stored<i64> {
        book::imbalance(&mut self.0, cell).await
    }
}
