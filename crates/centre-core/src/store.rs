//! The store port. One transaction serves one request; a dropped one leaves nothing behind. Locks are taken in one order:
//! request, device, operator, person, cards by number. Memory and PostgreSQL implement it; one contract suite runs on both.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    id::{CardNo, CaseId, CaseNumber, CellId, CentreNumber, DeviceId, OperatorId, OutletId, PersonId, ProgrammeId},
    order::Photo,
};
use desk_wire::publication::Publication;

use crate::record::{
    Authorisation, Blacklisted, Card, ClaimRecord, DecidedWrite, Device, Enrolment, Entry, FirstReply, HalfDone, Keep, KeptRow, OfficeAct,
    OperatorRecord, OrderRecord, Payout, Person, Release, RequestKey, Session, SignedHead, Totals, UnitPhoto,
};

/// The store could not do its work; the request had no effect and may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// Another transaction was in the way (deadlock, serialisation, unique key): repeat at once.
    #[error("store busy: {0}")]
    Busy(String),
    #[error("store failed: {0}")]
    Failed(String),
}

pub type Stored<T> = Result<T, StoreFailure>;

#[async_trait]
pub trait CentreStore: Send + Sync {
    async fn begin(&self) -> Stored<Box<dyn Tx>>;
}

/// One transaction. Reads of one record lock it unless they say otherwise.
#[async_trait]
pub trait Tx: Send {
    async fn commit(self: Box<Self>) -> Stored<()>;

    /// Takes the request id for this transaction, waiting for another that holds it; answers the first reply where
    /// there is one.
    async fn take_request(&mut self, key: &RequestKey, body: &str) -> Stored<Option<FirstReply>>;
    async fn keep_reply(&mut self, key: &RequestKey, first: &FirstReply, keep: Keep, at: DateTime<Utc>) -> Stored<()>;
    /// Forgets replies kept shortly that are older than `before`.
    async fn forget_replies(&mut self, before: DateTime<Utc>) -> Stored<u64>;

    /// Takes no lock.
    async fn device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>>;
    async fn lock_device(&mut self, cell: &CellId, device: &DeviceId) -> Stored<Option<Device>>;
    async fn put_device(&mut self, device: &Device) -> Stored<()>;
    async fn enrolment(&mut self, code: &str) -> Stored<Option<Enrolment>>;
    async fn put_enrolment(&mut self, enrolment: &Enrolment) -> Stored<()>;

    async fn operator(&mut self, cell: &CellId, operator: &OperatorId) -> Stored<Option<OperatorRecord>>;
    async fn put_operator(&mut self, operator: &OperatorRecord) -> Stored<()>;
    async fn session(&mut self, cell: &CellId, token: &str) -> Stored<Option<Session>>;
    async fn put_session(&mut self, session: &Session) -> Stored<()>;

    /// Takes no lock.
    async fn person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>>;
    async fn lock_person(&mut self, cell: &CellId, person: &PersonId) -> Stored<Option<Person>>;
    /// By whole document number within a programme; there is no search that lists people. Takes no lock.
    async fn person_by_number(&mut self, programme: &ProgrammeId, id_number: &str) -> Stored<Option<Person>>;
    async fn put_person(&mut self, person: &Person) -> Stored<()>;

    /// The card wherever it is at home; takes no lock.
    async fn card_anywhere(&mut self, card_no: &CardNo) -> Stored<Option<Card>>;
    /// The registered card with these diversification inputs; takes no lock.
    async fn card_by_serial(&mut self, issuer: &str, serial: &str) -> Stored<Option<Card>>;
    /// Locks in the order of their numbers, whatever the order asked for; unknown numbers are left out.
    async fn lock_cards(&mut self, cell: &CellId, cards: &[CardNo]) -> Stored<Vec<Card>>;
    /// In order of number; takes no lock.
    async fn cards_of(&mut self, cell: &CellId, holder: &PersonId) -> Stored<Vec<Card>>;
    async fn put_card(&mut self, card: &Card) -> Stored<()>;
    async fn put_blacklisted(&mut self, card: &Blacklisted) -> Stored<()>;
    async fn is_blacklisted(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<bool>;

    /// The claim that is open (or of unknown end) on a right; guarded like [`Tx::claim`].
    async fn open_claim(&mut self, cell: &CellId, right: &str) -> Stored<Option<ClaimRecord>>;
    async fn settled_claim(&mut self, cell: &CellId, right: &str, epoch: &str) -> Stored<Option<ClaimRecord>>;
    /// The last claims on a right, newest first, `most` of them. Takes no lock.
    async fn claims_on(&mut self, cell: &CellId, right: &str, most: u32) -> Stored<Vec<ClaimRecord>>;
    /// How many claims on a right were settled at or after `since`.
    async fn settled_count(&mut self, cell: &CellId, right: &str, since: Option<DateTime<Utc>>) -> Stored<u32>;
    /// By reservation number, in whatever cell. Takes no lock: a claim is guarded by the lock of its card (refund,
    /// validation) or person (reissue, reset), which comes first.
    async fn claim(&mut self, number: &CentreNumber) -> Stored<Option<ClaimRecord>>;
    /// Inserts or moves on. A second open claim on a right, or a second settled one of an epoch, is
    /// [`StoreFailure::Busy`].
    async fn put_claim(&mut self, claim: &ClaimRecord) -> Stored<()>;

    async fn half_done(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<HalfDone>>;
    /// Inserts or moves on.
    async fn put_half_done(&mut self, half: &HalfDone) -> Stored<()>;
    /// Those that have not ended, of every cell, oldest first. Takes no lock.
    async fn halves(&mut self) -> Stored<Vec<HalfDone>>;

    /// Inserts or moves on.
    async fn put_order(&mut self, order: &OrderRecord) -> Stored<()>;
    /// By reservation, in whatever cell; locked.
    async fn order(&mut self, number: &CentreNumber) -> Stored<Option<OrderRecord>>;
    /// Of one person, oldest first. Takes no lock.
    async fn orders_of(&mut self, cell: &CellId, person: &PersonId) -> Stored<Vec<OrderRecord>>;
    /// Those that are neither with their holder nor back at the centre: of one outlet, or of all; oldest first. Takes no lock.
    async fn open_orders(&mut self, outlet: Option<&OutletId>) -> Stored<Vec<OrderRecord>>;

    /// Keeps a photo, or keeps it longer.
    async fn put_unit_photo(&mut self, photo: &UnitPhoto) -> Stored<()>;
    /// Takes no lock: what a photo is stands in its key.
    async fn unit_photo(&mut self, cell: &CellId, case: CaseId, sha256: &str) -> Stored<Option<Photo>>;
    async fn drop_unit_photos(&mut self, cell: &CellId, case: CaseId, sha256: &[String]) -> Stored<()>;
    /// Forgets photos whose rows never came; how many.
    async fn forget_unit_photos(&mut self, before: DateTime<Utc>) -> Stored<u64>;

    /// By reservation, in whatever cell; locked.
    async fn payout(&mut self, reservation: &CentreNumber) -> Stored<Option<Payout>>;
    /// By the business number of its case, in whatever cell; takes no lock.
    async fn payout_of_case(&mut self, number: &CaseNumber) -> Stored<Option<Payout>>;
    /// Inserts or moves on.
    async fn put_payout(&mut self, payout: &Payout) -> Stored<()>;
    /// Those that are not paid, of every cell, the earliest day first. Takes no lock.
    async fn payouts(&mut self) -> Stored<Vec<Payout>>;

    async fn add_release(&mut self, release: &Release) -> Stored<()>;
    /// Releases for one card, oldest first.
    async fn releases(&mut self, cell: &CellId, card_no: &CardNo) -> Stored<Vec<Release>>;

    /// Adds how another desk decided a write; at most one for a reservation, a second is [`StoreFailure::Busy`].
    async fn add_decided_write(&mut self, decided: &DecidedWrite) -> Stored<()>;
    async fn decided_write(&mut self, cell: &CellId, reservation: &CentreNumber) -> Stored<Option<DecidedWrite>>;

    async fn authorisation(&mut self, cell: &CellId, number: &CentreNumber) -> Stored<Option<Authorisation>>;
    async fn put_authorisation(&mut self, authorisation: &Authorisation) -> Stored<()>;

    /// Next number of a series, from 1; a rolled-back draw may leave a gap, never a repeat.
    async fn draw(&mut self, cell: &CellId, series: &str) -> Stored<u64>;

    async fn add_rows(&mut self, rows: &[KeptRow]) -> Stored<()>;
    async fn add_head(&mut self, head: &SignedHead) -> Stored<()>;
    /// Signed heads of one device and generation, oldest first.
    async fn heads(&mut self, cell: &CellId, device: &DeviceId, generation: u32) -> Stored<Vec<SignedHead>>;
    /// Hash of one kept row.
    async fn row_hash(&mut self, cell: &CellId, device: &DeviceId, generation: u32, sequence: u64) -> Stored<Option<String>>;
    /// Keys of sealed payloads; the first key of a case stays.
    async fn put_case_key(&mut self, cell: &CellId, case: CaseId, key: &str) -> Stored<()>;

    async fn post(&mut self, entries: &[Entry]) -> Stored<()>;
    /// Of one desk, or of the whole outlet.
    async fn totals(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate, device: Option<&DeviceId>) -> Stored<Totals>;
    /// Rows of an outlet's business day, device by device in their order; a forgotten payload is empty. Takes no lock.
    async fn day_rows(&mut self, cell: &CellId, outlet: &OutletId, day: NaiveDate) -> Stored<Vec<KeptRow>>;
    /// Key of the payloads of a case, where it is not forgotten.
    async fn case_key(&mut self, cell: &CellId, case: CaseId) -> Stored<Option<String>>;

    /// Claims that are open or of unknown end, of every cell, oldest first. Takes no lock.
    async fn undecided(&mut self) -> Stored<Vec<ClaimRecord>>;
    /// Was anything let out by the key service under this reservation?
    async fn released_for(&mut self, reservation: &CentreNumber) -> Stored<bool>;
    /// Adds what head office did; a second act on the same subject is [`StoreFailure::Busy`].
    async fn add_office_act(&mut self, act: &OfficeAct) -> Stored<()>;
    /// By its subject.
    async fn office_act(&mut self, subject: &str) -> Stored<Option<OfficeAct>>;
    /// Number of the newest publication of a cell; 0 where there is none. Takes no lock.
    async fn last_publication(&mut self, cell: &CellId) -> Stored<u64>;
    /// Publications after a number, in order. Takes no lock.
    async fn publications(&mut self, cell: &CellId, after: u64) -> Stored<Vec<Publication>>;
    /// Adds the next publication; a number that is taken is [`StoreFailure::Busy`].
    async fn add_publication(&mut self, publication: &Publication) -> Stored<()>;

    /// Sum of all postings of a cell; anything but zero is damage.
    async fn imbalance(&mut self, cell: &CellId) -> Stored<i64>;
}
