//! One request, one answer; the caller repeats under the same id.

use std::sync::Arc;

use async_trait::async_trait;
use desk_app::ports::{Answered, CentreLink, Clock, LinkFailure};
use desk_domain::id::{CellId, DeviceId, RequestId, SessionToken};
use desk_wire::v1::{Envelope, REQUEST_PATH, Request, Response, VERSION};
use serde::de::DeserializeOwned;

use crate::{
    device::DeviceKey,
    failure,
    trust::{Trust, TrustFailure},
};

/// No answer of the centre is near this size.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Where the centre is and who the desk is.
pub struct Line<'a> {
    /// `https://host:port`.
    pub address: &'a str,
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
    /// PEM of the device's certificate.
    pub certificate: &'a str,
    pub key: &'a DeviceKey,
}

/// The line to the centre. Keeps connections open between requests; repeats nothing by itself.
pub struct HttpsLink {
    client: reqwest::Client,
    url: String,
    cell: CellId,
    device: DeviceId,
    generation: u32,
    clock: Arc<dyn Clock>,
}

impl HttpsLink {
    /// Sets up TLS; connects with the first request.
    ///
    /// # Errors
    /// [`TrustFailure`] where certificate and key do not fit.
    pub fn new(line: Line<'_>, trust: &Trust, clock: Arc<dyn Clock>) -> Result<Self, TrustFailure> {
        Ok(Self {
            client: trust.device(line.certificate, line.key)?,
            url: url(line.address, REQUEST_PATH),
            cell: line.cell,
            device: line.device,
            generation: line.generation,
            clock,
        })
    }

    async fn post(&self, envelope: &Envelope) -> Result<Answered, LinkFailure> {
        let response = self.client.post(&self.url).json(envelope).send().await.map_err(|error| failure::sending(&error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(failure::status(response.status()));
        }
        let answer: Response = parse(&body(response).await?)?;
        if answer.version != VERSION {
            return Err(failure::garbled("another version"));
        }
        if answer.id != envelope.id {
            return Err(failure::garbled("answer to another request"));
        }
        Ok(Answered { reply: answer.reply, at: answer.at })
    }
}

#[async_trait]
impl CentreLink for HttpsLink {
    async fn call(&self, id: RequestId, session: Option<&SessionToken>, request: &Request) -> Result<Answered, LinkFailure> {
        let begun = self.clock.monotonic();
        let result = self
            .post(&Envelope {
                version: VERSION,
                cell: self.cell.clone(),
                device: self.device.clone(),
                generation: self.generation,
                id,
                session: session.cloned(),
                sent_at: self.clock.now(),
                request: request.clone(),
            })
            .await;
        let took = self.clock.monotonic().saturating_sub(begun);
        let failed = result.as_ref().err();
        tracing::debug!(
            request.name = request.name(),
            request.id = %id,
            duration_ms = took.as_millis(),
            failure.code = failed.map(|failure| failure.code.as_str()),
            failure.detail = failed.map(|failure| failure.detail.as_str()),
            "asked the centre"
        );
        result
    }
}

pub(crate) fn url(address: &str, path: &str) -> String {
    format!("{}{path}", address.trim_end_matches('/'))
}

pub(crate) async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, LinkFailure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure::sending(&error))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(failure::garbled("answer too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, LinkFailure> {
    // Serde's own message could quote the answer.
    serde_json::from_slice(body).map_err(|_| failure::garbled("not an answer of this version"))
}
