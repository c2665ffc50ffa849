//! What the centre needs from outside besides its store: randomness, key service, password hashing, the E-card platform.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    card::HolderName,
    code::Message,
    id::{CardNo, CentreNumber},
    issuer::{IssuerAnswer, IssuerRequest},
    staff::{StaffCard, StaffProof},
};

use crate::record::Release;

/// Randomness. The only source of it.
pub trait Entropy: Send {
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The key service. It holds the issuer's keys; nobody else computes a card's MAC.
#[async_trait]
pub trait KeyRelease: Send + Sync {
    /// `releases` are the recorded releases for the card, oldest first: what a proof is checked against.
    ///
    /// # Errors
    /// A [`Message`] where it must not or cannot answer; nothing was released.
    async fn answer(&self, ask: &IssuerRequest, releases: &[Release]) -> Result<IssuerAnswer, Message>;
    /// What a line MAC is asked for; none for other requests.
    ///
    /// # Errors
    /// A [`Message`] where the command is none that a counter's transactions send.
    fn line_write(&self, ask: &IssuerRequest) -> Result<Option<LineWrite>, Message>;
    /// Does this proof (MAC3 of an unload, TAC of a purchase; hexadecimal digits) belong to this release?
    ///
    /// # Errors
    /// A [`Message`] where a field is malformed.
    async fn settles(&self, release: &Release, proof: &str) -> Result<bool, Message>;
}

/// What a protected write would put onto a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineWrite {
    ValidUntil(NaiveDate),
    Dates {
        from: NaiveDate,
        until: NaiveDate,
    },
    HolderClass(u8),
    Number(CardNo),
    /// No claim names one, so none is let out.
    Holder(HolderName),
}

/// Certificates and signatures of staff cards.
pub trait StaffCards: Send + Sync {
    /// Whose card signed the challenge.
    ///
    /// # Errors
    /// `STAFF_CARD_INVALID` or `STAFF_CARD_EXPIRED`.
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message>;
}

/// Argon2id with the centre's pepper.
#[async_trait]
pub trait Passwords: Send + Sync {
    async fn matches(&self, password: &str, phc: &str) -> bool;
    /// # Errors
    /// [`PortFailure`] where hashing itself fails.
    async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, PortFailure>;
}

/// An outside part did not answer or not sensibly; the request may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{port}: {detail}")]
pub struct PortFailure {
    pub port: &'static str,
    /// For the log; no personal data.
    pub detail: String,
}

/// One reset at the E-card platform. `Debug` shows the order number only.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResetOrder {
    /// Idempotency key: the same order is done once.
    pub order: CentreNumber,
    /// Account at the platform: the E-card number.
    pub account: String,
    /// Argon2id PHC string of the initial password, peppered; the password itself does not travel.
    pub credential: String,
    /// Not done where the password was changed or reset after this moment.
    pub unchanged_since: DateTime<Utc>,
    pub at: DateTime<Utc>,
}

impl std::fmt::Debug for ResetOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetOrder").field("order", &self.order).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ResetResult {
    /// Done now or before under the same order: must change at the next log-in, old sessions ended.
    Done,
    /// Changed or reset by another channel since.
    ChangedSince {
        at: DateTime<Utc>,
    },
    UnknownAccount,
}

/// The E-card platform (account system of the pupils' cards).
#[async_trait]
pub trait EcardPlatform: Send + Sync {
    /// When the password of an account was last set, by whatever channel.
    ///
    /// # Errors
    /// [`PortFailure`] where the platform does not answer.
    async fn last_change(&self, account: &str) -> Result<Option<DateTime<Utc>>, PortFailure>;
    /// Number of a card order of this account that runs in another channel.
    ///
    /// # Errors
    /// [`PortFailure`] where the platform does not answer.
    async fn open_order(&self, account: &str) -> Result<Option<String>, PortFailure>;
    /// # Errors
    /// [`PortFailure`] where it is not known whether the order was done; repeat it under the same number.
    async fn reset(&self, order: &ResetOrder) -> Result<ResetResult, PortFailure>;
}
