//! The E-card platform over HTTP. Orders are idempotent by number, so one without answer is sent again.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use centre_core::ports::{EcardPlatform, PortFailure, ResetOrder, ResetResult};
use chrono::{DateTime, Utc};
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::fault::Fault;

/// Well below what a desk waits.
const TIME_OUT: Duration = Duration::from_secs(3);

pub const RESET_PATH: &str = "/v1/reset";
pub const ACCOUNT_PATH: &str = "/v1/account";
pub const PROVISION_PATH: &str = "/v1/provision";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountQuery {
    pub account: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountState {
    pub last_change: Option<DateTime<Utc>>,
}

/// Opens a platform for this centre: its token, the shared pepper, the accounts. Only the first is taken.
#[derive(Clone, Serialize, Deserialize)]
pub struct Provision {
    pub token: String,
    pub pepper: String,
    pub accounts: Vec<String>,
}

pub struct PlatformClient {
    client: reqwest::Client,
    address: String,
    token: String,
}

impl PlatformClient {
    /// `authority`: PEM of whom to believe where the platform is reached by TLS.
    ///
    /// # Errors
    /// [`Fault`] where the client cannot be set up.
    pub fn new(address: &str, token: &str, authority: &str) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(authority).map_err(Fault::new)?)
            .timeout(TIME_OUT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Fault::new(error.to_string()))?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned(), token: token.to_owned() })
    }

    async fn post<Q: Serialize + Sync, A: DeserializeOwned>(&self, path: &str, query: &Q) -> Result<A, PortFailure> {
        let failed = |detail: String| PortFailure { port: "ecard_platform", detail };
        let response = self
            .client
            .post(format!("{}{path}", self.address))
            .bearer_auth(&self.token)
            .json(query)
            .send()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(failed(format!("status {status}")));
        }
        response.json().await.map_err(|_| failed("answer cannot be read".to_owned()))
    }

    /// # Errors
    /// [`PortFailure`] where the platform does not answer or was opened by another centre.
    pub async fn provision(&self, provision: &Provision) -> Result<(), PortFailure> {
        self.post(PROVISION_PATH, provision).await
    }
}

fn tls(authority: &str) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[async_trait]
impl EcardPlatform for PlatformClient {
    async fn last_change(&self, account: &str) -> Result<Option<DateTime<Utc>>, PortFailure> {
        let query = AccountQuery { account: account.to_owned() };
        let state: AccountState = self.post(ACCOUNT_PATH, &query).await?;
        Ok(state.last_change)
    }

    async fn reset(&self, order: &ResetOrder) -> Result<ResetResult, PortFailure> {
        self.post(RESET_PATH, order).await
    }
}
