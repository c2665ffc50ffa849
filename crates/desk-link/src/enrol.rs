//! Enrolment: a one-time code and a certificate request against a client certificate.

use desk_app::ports::LinkFailure;
use desk_domain::code::{Code, Message};
use desk_wire::v1::{ENROL_PATH, EnrolReply, EnrolRequest, Secret};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ED25519};

use crate::{
    client::{body, parse, url},
    device::DeviceKey,
    failure,
    trust::{Trust, TrustFailure},
};

/// What enrolment fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled(pub EnrolReply);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolFailure {
    /// A definite no: the code is wrong, used up or too old.
    #[error("refused with status {status}")]
    Refused { status: u16, message: Option<Message> },
    /// Whether the code was used is unknown; a repeat with the same key and code tells.
    #[error(transparent)]
    Line(#[from] LinkFailure),
    #[error(transparent)]
    Trust(#[from] TrustFailure),
    #[error("the certificate request could not be made: {0}")]
    Request(String),
}

impl EnrolFailure {
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { message, .. } => message.as_ref().map_or(Code::EnrolRefused, |message| message.code),
            Self::Line(failure) => failure.code,
            Self::Trust(_) => Code::ConfigInvalid,
            Self::Request(_) => Code::Internal,
        }
    }
}

/// PKCS#10 in PEM. The subject stays empty: the centre names the device.
///
/// # Errors
/// [`EnrolFailure::Request`].
pub fn certificate_request(key: &DeviceKey) -> Result<String, EnrolFailure> {
    let failed = |error: rcgen::Error| EnrolFailure::Request(error.to_string());
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.pkcs8(), &PKCS_ED25519).map_err(failed)?;
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params.serialize_request(&pair).and_then(|request| request.pem()).map_err(failed)
}

/// Exchanges the one-time code. The key must be on the disk before, so that a repeat sends the same.
///
/// # Errors
/// [`EnrolFailure`].
pub async fn enrol(address: &str, trust: &Trust, code: &str, key: &DeviceKey) -> Result<Enrolled, EnrolFailure> {
    let request = EnrolRequest { code: Secret(code.to_owned()), certificate_request: certificate_request(key)? };
    let response =
        trust.stranger()?.post(url(address, ENROL_PATH)).json(&request).send().await.map_err(|error| failure::sending(&error))?;
    let status = response.status();
    // Turned away at the door is no word on the code.
    if status.is_client_error() && status != reqwest::StatusCode::TOO_MANY_REQUESTS {
        let message = body(response).await.ok().and_then(|body| serde_json::from_slice(&body).ok());
        return Err(EnrolFailure::Refused { status: status.as_u16(), message });
    }
    if status != reqwest::StatusCode::OK {
        return Err(failure::status(status).into());
    }
    let reply: EnrolReply = parse(&body(response).await?)?;
    // A certificate that does not fit the key would only be noticed at the next start.
    trust.device(&reply.certificate, key)?;
    Ok(Enrolled(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_its_own_code() {
        assert_eq!(EnrolFailure::Request("no key".to_owned()).code(), Code::Internal);
        assert_eq!(EnrolFailure::Line(LinkFailure { code: Code::CentreLate, detail: String::new() }).code(), Code::CentreLate);
    }
}
