//! One HTTP call to a system outside the centre: a token, a time-out, a limit on the answer. One connection a call: calls
//! are rare, and nothing stale is ever reused.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{
        Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, HOST},
    },
};
use centre_core::ports::PortFailure;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::fault::Fault;

/// Well below what a desk waits.
const TIME_OUT: Duration = Duration::from_secs(3);

/// No answer of such a system is near this size.
const MOST_BYTES: usize = 64 * 1024;

#[derive(Clone)]
pub(super) struct Caller {
    secured: Option<TlsConnector>,
    /// `host:port`.
    authority: String,
    token: String,
}

impl Caller {
    /// `authority`: PEM of whom to believe where the system is reached by TLS.
    ///
    /// # Errors
    /// [`Fault`] where the client cannot be set up.
    pub(super) fn new(address: &str, token: &str, authority: &str) -> Result<Self, Fault> {
        let address = address.trim_end_matches('/');
        let (secured, host) = match address.strip_prefix("https://") {
            Some(host) => {
                let tls = tls(authority).map_err(Fault::new)?;
                (Some(TlsConnector::from(Arc::new(tls))), host)
            }
            None => (None, address.strip_prefix("http://").unwrap_or(address)),
        };
        let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:443") };
        Ok(Self { secured, authority, token: token.to_owned() })
    }

    /// # Errors
    /// [`PortFailure`] in the name of `port`.
    pub(super) async fn post<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        port: &'static str,
        path: &str,
        query: &Q,
    ) -> Result<A, PortFailure> {
        let failed = |detail: String| PortFailure { port, detail };
        let body = serde_json::to_vec(query).map_err(|_| failed("order".to_owned()))?;
        let request = Request::post(path)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body))
            .map_err(|error| failed(error.to_string()))?;
        let (status, answer) = tokio::time::timeout(TIME_OUT, self.exchange(request))
            .await
            .map_err(|_| failed("no answer in time".to_owned()))?
            .map_err(failed)?;
        if !status.is_success() {
            return Err(failed(format!("status {status}")));
        }
        serde_json::from_slice(&answer).map_err(|_| failed("answer cannot be read".to_owned()))
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), String> {
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| error.to_string())?;
        match &self.secured {
            None => exchange_over(stream, request).await,
            Some(connector) => {
                let host = self.authority.rsplit_once(':').map_or("", |(host, _)| host);
                let name = ServerName::try_from(host.to_owned()).map_err(|_| "name".to_owned())?;
                let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
                exchange_over(stream, request).await
            }
        }
    }
}

async fn exchange_over<S>(stream: S, request: Request<Body>) -> Result<(StatusCode, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let running = tokio::spawn(connection);
    let answered = async {
        let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
        let status = response.status();
        let body = to_bytes(Body::new(response.into_body()), MOST_BYTES).await.map_err(|error| error.to_string())?;
        Ok((status, body))
    };
    let answered = answered.await;
    running.abort();
    answered
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
