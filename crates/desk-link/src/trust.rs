//! Whom the desk believes: the deployment's own authority and nobody else, over TLS 1.3 only.

use std::{sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::device::DeviceKey;

/// Connecting to a centre that is there takes far less.
const CONNECT: Duration = Duration::from_secs(2);
/// A clerk waits no longer than this for one answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The deployment's certificate authority.
#[derive(Clone)]
pub struct Trust(Arc<RootCertStore>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFailure {
    #[error("the authority's file holds no certificate")]
    Authority,
    #[error("the device's certificate does not fit its key")]
    Device,
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl Trust {
    /// `authority`: PEM, one or more certificates.
    ///
    /// # Errors
    /// [`TrustFailure::Authority`].
    pub fn in_authority(authority: &str) -> Result<Self, TrustFailure> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            let certificate = certificate.map_err(|_| TrustFailure::Authority)?;
            roots.add(certificate).map_err(|_| TrustFailure::Authority)?;
        }
        (!roots.is_empty()).then(|| Self(Arc::new(roots))).ok_or(TrustFailure::Authority)
    }

    /// For enrolment, before there is a certificate.
    pub(crate) fn stranger(&self) -> Result<reqwest::Client, TrustFailure> {
        client(self.tls()?.with_no_client_auth())
    }

    /// `certificate`: PEM of the device's certificate, with intermediates where there are any.
    pub(crate) fn device(&self, certificate: &str, key: &DeviceKey) -> Result<reqwest::Client, TrustFailure> {
        let chain =
            CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|_| TrustFailure::Device)?;
        client(self.tls()?.with_client_auth_cert(chain, key.private_key()).map_err(|_| TrustFailure::Device)?)
    }

    fn tls(&self) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, TrustFailure> {
        Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| TrustFailure::Tls(error.to_string()))?
            .with_root_certificates(Arc::clone(&self.0)))
    }
}

fn client(tls: ClientConfig) -> Result<reqwest::Client, TrustFailure> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        // A proxy or a redirect could only lead away from the pinned centre.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .build()
        .map_err(|error| TrustFailure::Tls(error.to_string()))
}
