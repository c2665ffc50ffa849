//! What the desk needs from outside. Adapters implement these; the simulation and the tests implement them too.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    case::{CaseHeader, Ending},
    code::{Code, Message},
    id::{CaseId, CellId, DeviceId, OutletId, WindowId},
    journal::RowHeader,
    money::Fen,
    photo::Taken,
    posting::{Account, Balanced, Posting},
    staff::{StaffCard, StaffProof},
    unit::{PhotoFile, Row},
};
use desk_wire::v1::{Batch, Operator, Reply, Request};
use serde::{Deserialize, Serialize};

pub use desk_card::link::{Answer, CardReader, IdReader, NoIdReader, Presence};

use crate::view::View;

/// Time. The only source of it.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
    /// Never goes back and does not stand still while the computer sleeps longer than it must.
    fn monotonic(&self) -> Duration;
    async fn sleep(&self, time: Duration);
}

/// Randomness. The only source of it.
pub trait Entropy: Send {
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Where this desk stands; fixed at enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    pub cell: CellId,
    pub outlet: OutletId,
    pub window: WindowId,
    pub device: DeviceId,
    pub generation: u32,
    /// Six bytes as hexadecimal digits.
    pub terminal: String,
    /// Key of identifier HMACs, 32 bytes as hexadecimal digits.
    pub identifier_key: String,
    /// Public key of what the centre publishes, 32 bytes as hexadecimal digits; nothing published is believed without it.
    pub publishing_key: String,
}

/// A row to be appended. The store seals `payload`, chains the header and writes the postings, all in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub at: DateTime<Utc>,
    pub case: Option<CaseId>,
    /// Business day in the outlet's local time.
    pub day: NaiveDate,
    /// Stable name, as in [`RowHeader::kind`].
    pub kind: String,
    pub code: Option<Code>,
    pub postings: Balanced,
    /// JSON of the entry; what a replay reads.
    pub payload: String,
}

/// A row read back for a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub header: RowHeader,
    pub day: NaiveDate,
    pub payload: String,
}

/// Which rows a total is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub day: NaiveDate,
}

/// A counted, totalled line of the day: one account's movements by kind of row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub posting: Posting,
    pub kind: String,
    pub case: Option<CaseId>,
    pub at: DateTime<Utc>,
}

/// The journal, its outbox and the few caches of the desk. One writer, one file.
#[async_trait]
pub trait Store: Send {
    /// Appends rows in order and returns after they are on the disk (one commit, one sync).
    /// `closes` marks cases that end with these rows.
    async fn append(&mut self, rows: Vec<Draft>, closes: Option<(CaseId, Ending)>) -> Result<Vec<RowHeader>, StoreFailure>;
    /// Registers a new case with its first row; draws the next case sequence of the day in the same commit.
    /// `header` makes the header from the sequence drawn.
    async fn open_case(&mut self, opening: Opening) -> Result<CaseHeader, StoreFailure>;
    /// Every row of one case, oldest first.
    async fn case(&mut self, case: CaseId) -> Result<Vec<Stored>, StoreFailure>;
    /// Headers of cases that have no ending, oldest first.
    async fn unfinished(&mut self) -> Result<Vec<CaseHeader>, StoreFailure>;
    /// Headers and endings of the day's cases, oldest first.
    async fn cases_of(&mut self, day: NaiveDate) -> Result<Vec<(CaseHeader, Option<Ending>)>, StoreFailure>;
    /// Rows that belong to no case (day opened, sign-in, line changes), oldest first.
    async fn loose(&mut self, day: NaiveDate) -> Result<Vec<Stored>, StoreFailure>;
    /// Every posting of the period with where it came from.
    async fn movements(&mut self, period: Period) -> Result<Vec<Movement>, StoreFailure>;
    /// Sum of every posting on one account, of all days.
    async fn balance(&mut self, account: &Account) -> Result<Fen, StoreFailure>;
    /// Next unacknowledged stretch, signed by the caller afterwards; none when everything is acknowledged.
    async fn next_batch(&mut self, most: u32) -> Result<Option<Batch>, StoreFailure>;
    /// The centre has everything up to and including `sequence`.
    async fn acknowledge(&mut self, sequence: u64) -> Result<(), StoreFailure>;
    /// Rows not yet acknowledged.
    async fn waiting(&mut self) -> Result<u32, StoreFailure>;
    /// Sequence and hash of the newest row.
    async fn head(&mut self) -> Result<(u64, String), StoreFailure>;
    /// Remembers who may sign in while the line is down.
    async fn remember_operator(&mut self, operator: &Operator) -> Result<(), StoreFailure>;
    async fn operator(&mut self, id: &str) -> Result<Option<Operator>, StoreFailure>;
    /// Small durable values: line offset, last trusted time.
    async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreFailure>;
    async fn recall(&mut self, key: &str) -> Result<Option<String>, StoreFailure>;
}

/// A case about to be opened: everything of its header but the number, which the store draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// `number` is empty; the store fills it.
    pub header: CaseHeader,
    pub day: NaiveDate,
    /// Device generation, part of the number.
    pub generation: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("store: {detail}")]
pub struct StoreFailure {
    pub code: Code,
    /// For the log; no personal data.
    pub detail: String,
}

/// The line to the centre. Uses the caller's request id for ever.
#[async_trait]
pub trait CentreLink: Send + Sync {
    async fn call(
        &self,
        id: desk_domain::id::RequestId,
        session: Option<&desk_domain::id::SessionToken>,
        request: &Request,
    ) -> Result<Answered, LinkFailure>;
}

/// A reply with the centre's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub reply: Reply,
    pub at: DateTime<Utc>,
}

/// The request may or may not have reached the centre; only a repeat under the same id tells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("link: {code:?}: {detail}")]
pub struct LinkFailure {
    /// `CentreUnreachable`, `CentreLate`, `CentreGarbled` or `CentreError`.
    pub code: Code,
    pub detail: String,
}

/// Signs the head of a batch with the device's key.
pub trait Signer: Send + Sync {
    /// Signature as hexadecimal digits.
    fn sign(&self, head: &str) -> String;
}

/// Checks staff cards: certificate against the deployment's authority, signature against the certificate. Works without the line.
pub trait StaffCards: Send + Sync {
    /// Whose card signed the challenge.
    ///
    /// # Errors
    /// `STAFF_CARD_INVALID` or `STAFF_CARD_EXPIRED`.
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message>;
}

/// Checks a password against a stored verifier.
pub trait Verifier: Send + Sync {
    fn matches(&self, password: &str, phc: &str) -> bool;
}

/// A paper ready to be set: the same for screen preview, PDF and test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Title in Chinese, for example 退款凭证.
    pub title: String,
    /// Issuer or operator printed on top.
    pub issuer: String,
    /// File-name stem: case number and paper, never a person.
    pub name: String,
    pub format: SheetFormat,
    pub blocks: Vec<Block>,
    /// `补打 第n次`, `离线受理`, `练习`, …
    pub marks: Vec<String>,
    pub footer: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetFormat {
    /// 80 mm roll, as long as needed.
    Roll80,
    A4,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    Rule,
    /// Label and value.
    Pairs {
        pairs: Vec<(String, String)>,
    },
    Text {
        lines: Vec<String>,
    },
    /// Amount in figures and in capitals (大写).
    Amount {
        label: String,
        figures: String,
        capitals: String,
    },
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
        right: Vec<usize>,
    },
    /// One bar a row: label and value.
    Bars {
        title: String,
        bars: Vec<(String, i64)>,
    },
    Signature {
        label: String,
    },
    /// Text of a two-dimensional code (the case number).
    Code {
        text: String,
    },
}

/// Prints sheets. Never undoes a case: a failure leaves the print pending.
#[async_trait]
pub trait Printer: Send {
    async fn print(&mut self, sheet: &Sheet) -> Result<PrintedAs, Message>;

    /// What the clerk has to know before the paper goes out: characters that no font has, to be written by hand.
    fn check(&self, _sheet: &Sheet) -> Option<Message> {
        None
    }

    /// The self-test of day open: would a paper come out now?
    ///
    /// # Errors
    /// `PRINTER_MISSING`.
    async fn test(&mut self) -> Result<(), Message>;
}

/// Where a sheet went: a file's path or a print job's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedAs(pub String);

/// The folder for what customers bring on a stick. Read within bounds; nothing in it is evaluated.
#[async_trait]
pub trait Intake: Send + Sync {
    /// A photo by its name in the folder: what it is, and its bytes with this resolution in their tag.
    ///
    /// # Errors
    /// `PHOTO_FILE_MISSING`.
    async fn photo(&self, name: &str, white_from: u32, dpi: u16) -> Result<Taken, Message>;

    /// Names of rule files in the folder, in order; none where there is no folder.
    async fn rule_files(&self) -> Vec<String>;

    /// The text of one of them.
    ///
    /// # Errors
    /// `RULE_FILE_MISSING`.
    async fn rule_file(&self, name: &str) -> Result<String, Message>;

    /// Names of the lists in the folder, in order; at most so many.
    ///
    /// # Errors
    /// `LIST_UNREADABLE` where there is no folder.
    async fn lists(&self, most: usize) -> Result<Vec<String>, Message>;

    /// A list by its name in the folder, with the SHA-256 of its file (hexadecimal digits).
    ///
    /// # Errors
    /// `LIST_UNREADABLE`, `LIST_TOO_LONG`.
    async fn list(&self, name: &str, most_rows: usize) -> Result<(Vec<Row>, String), Message>;

    /// For each name what lies under it, and the SHA-256 of the photo as [`Intake::photo`] would give it.
    async fn photo_files(&self, names: Vec<String>, white_from: u32, dpi: u16) -> Vec<(PhotoFile, Option<String>)>;
}

/// A desk without such a folder.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoIntake;

#[async_trait]
impl Intake for NoIntake {
    async fn photo(&self, _name: &str, _white_from: u32, _dpi: u16) -> Result<Taken, Message> {
        Err(Message::new(Code::PhotoFileMissing))
    }

    async fn rule_files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn rule_file(&self, name: &str) -> Result<String, Message> {
        Err(Message::new(Code::RuleFileMissing).with("file", name))
    }

    async fn lists(&self, _most: usize) -> Result<Vec<String>, Message> {
        Err(Message::new(Code::ListUnreadable).with("what", "本窗口没有设置收件文件夹"))
    }

    async fn list(&self, _name: &str, _most_rows: usize) -> Result<(Vec<Row>, String), Message> {
        Err(Message::new(Code::ListUnreadable).with("what", "本窗口没有设置收件文件夹"))
    }

    async fn photo_files(&self, names: Vec<String>, _white_from: u32, _dpi: u16) -> Vec<(PhotoFile, Option<String>)> {
        names.into_iter().map(|_| (PhotoFile::Missing, None)).collect()
    }
}

/// A ticket of the queue system (排队叫号).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// `A012`
    pub number: String,
    /// What the citizen chose at the ticket machine; for people.
    pub service: String,
    /// Tickets behind it.
    pub waiting: u32,
}

/// What the citizen pressed on the rating device (好差评), once a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rating", content = "level", rename_all = "snake_case")]
pub enum Rating {
    /// 1 非常满意 … 5 非常不满意.
    Level(u8),
    /// Nobody pressed in time, or there is no device.
    NotRated,
}

/// Queue display and rating device of a window. Never holds up a case: a failure is a message, a silence is `NotRated`.
#[async_trait]
pub trait Hall: Send {
    /// False for a window without such devices: nothing is offered then.
    fn present(&self) -> bool;
    /// Calls the next ticket; none where nobody waits.
    async fn call_next(&mut self) -> Result<Option<Ticket>, Message>;
    /// Calls the same ticket once more.
    async fn call_again(&mut self, ticket: &Ticket) -> Result<(), Message>;
    /// Triggers the rating device for one case number and waits for the citizen, for as long as the device does.
    async fn rate(&mut self, case_number: &str) -> Rating;
    /// The self-test of day open.
    ///
    /// # Errors
    /// `DEVICE_FAIL`.
    async fn test(&mut self) -> Result<(), Message>;
}

/// A window without queue and rating device.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHall;

#[async_trait]
impl Hall for NoHall {
    fn present(&self) -> bool {
        false
    }

    async fn call_next(&mut self) -> Result<Option<Ticket>, Message> {
        Ok(None)
    }

    async fn call_again(&mut self, _ticket: &Ticket) -> Result<(), Message> {
        Ok(())
    }

    async fn rate(&mut self, _case_number: &str) -> Rating {
        Rating::NotRated
    }

    async fn test(&mut self) -> Result<(), Message> {
        Ok(())
    }
}

/// Shows whole view models; never asked anything.
pub trait Screen: Send + Sync {
    fn show(&self, view: View);
}
