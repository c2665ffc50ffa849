//! The E-card platform over HTTP. Orders are idempotent by number, so one without answer is sent again.

use async_trait::async_trait;
use centre_core::ports::{EcardPlatform, PortFailure, ResetOrder, ResetResult};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use crate::fault::Fault;

const PORT: &str = "ecard_platform";

pub const RESET_PATH: &str = "/v1/reset";
pub const ACCOUNT_PATH: &str = "/v1/account";
pub const ORDER_PATH: &str = "/v1/card-order";
pub const PROVISION_PATH: &str = "/v1/provision";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountQuery {
    pub account: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountState {
    pub last_change: Option<DateTime<Utc>>,
}

/// A card order of another channel that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardOrder {
    pub number: Option<String>,
}

/// Opens a platform for this centre: its token, the shared pepper, the accounts. Only the first is taken.
#[derive(Clone, Serialize, Deserialize)]
pub struct Provision {
    pub token: String,
    pub pepper: String,
    pub accounts: Vec<String>,
    /// Accounts with a card order of another channel, and its number.
    #[serde(default)]
    pub orders: Vec<(String, String)>,
}

pub struct PlatformClient(Caller);

impl PlatformClient {
    /// `authority`: PEM of whom to believe where the platform is reached by TLS.
    ///
    /// # Errors
    /// [`Fault`] where the client cannot be set up.
    pub fn new(address: &str, token: &str, authority: &str) -> Result<Self, Fault> {
        Caller::new(address, token, authority).map(Self)
    }

    /// # Errors
    /// [`PortFailure`] where the platform does not answer or was opened by another centre.
    pub async fn provision(&self, provision: &Provision) -> Result<(), PortFailure> {
        self.0.post(PORT, PROVISION_PATH, provision).await
    }
}

#[async_trait]
impl EcardPlatform for PlatformClient {
    async fn last_change(&self, account: &str) -> Result<Option<DateTime<Utc>>, PortFailure> {
        let query = AccountQuery { account: account.to_owned() };
        let state: AccountState = self.0.post(PORT, ACCOUNT_PATH, &query).await?;
        Ok(state.last_change)
    }

    async fn open_order(&self, account: &str) -> Result<Option<String>, PortFailure> {
        let query = AccountQuery { account: account.to_owned() };
        let order: CardOrder = self.0.post(PORT, ORDER_PATH, &query).await?;
        Ok(order.number)
    }

    async fn reset(&self, order: &ResetOrder) -> Result<ResetResult, PortFailure> {
        self.0.post(PORT, RESET_PATH, order).await
    }
}
