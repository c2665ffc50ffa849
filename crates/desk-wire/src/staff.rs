//! Checks what a staff card proves: its certificate against the deployment's authority, its signature against the certificate.
//! Desk and centre do it the same way, the desk also while the line is down.

use chrono::{DateTime, Utc};
use desk_domain::{
    code::{Code, Message},
    id::OperatorId,
    staff::{StaffCard, StaffProof},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Organizational unit of a staff card's certificate; desks' have their generation there.
pub const STAFF: &str = "staff";

/// Certificates of longer DER are none of ours.
const LONGEST: usize = 4096;

/// Whose card signed the challenge.
///
/// # Errors
/// `STAFF_CARD_INVALID` where the certificate is no staff certificate of this authority or the signature is not the card's;
/// `STAFF_CARD_EXPIRED` outside the certificate's days.
pub fn proven(authority: &str, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message> {
    let invalid = || Message::new(Code::StaffCardInvalid);
    let der = hex::decode(&proof.certificate).ok().filter(|der| der.len() <= LONGEST).ok_or_else(invalid)?;
    let signature = hex::decode(&proof.signature).map_err(|_| invalid())?;
    let (_, authority) = x509_parser::pem::parse_x509_pem(authority.as_bytes()).map_err(|_| invalid())?;
    let (_, authority) = X509Certificate::from_der(&authority.contents).map_err(|_| invalid())?;
    let (rest, certificate) = X509Certificate::from_der(&der).map_err(|_| invalid())?;
    if !rest.is_empty() || certificate.verify_signature(Some(authority.public_key())).is_err() {
        return Err(invalid());
    }
    let subject = certificate.subject();
    let unit = subject.iter_organizational_unit().filter_map(|part| part.as_str().ok()).next();
    let name = subject.iter_common_name().filter_map(|part| part.as_str().ok()).next();
    let (Some(STAFF), Some(operator)) = (unit, name) else {
        return Err(invalid());
    };
    let key = certificate.public_key().subject_public_key.data.as_ref();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(challenge, &signature).map_err(|_| invalid())?;
    let days = certificate.validity();
    if !(days.not_before.timestamp()..=days.not_after.timestamp()).contains(&now.timestamp()) {
        return Err(Message::new(Code::StaffCardExpired));
    }
    Ok(StaffCard { operator: OperatorId::new(operator), serial: hex::encode(certificate.raw_serial()) })
}
