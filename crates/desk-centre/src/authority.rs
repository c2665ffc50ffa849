//! The deployment's own certificate authority: signs the centre's server certificate and the desks' client certificates.

use chrono::{Datelike, NaiveDate};
use desk_domain::id::{CellId, DeviceId, OperatorId};
use ed25519_dalek::{Signature, VerifyingKey};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};
use zeroize::Zeroizing;

const ED25519_OID: &str = "1.3.101.112";
const NAME: &str = "CardDesk authority";

/// CA certificate and key.
pub struct Authority {
    certificate: String,
    key: Zeroizing<String>,
}

/// A desk as its certificate names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub cell: CellId,
    pub device: DeviceId,
    pub generation: u32,
}

/// The Ed25519 key of a certificate request.
pub struct DevicePublicKey([u8; 32]);

impl DevicePublicKey {
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl PublicKeyData for DevicePublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// The P-256 key of a staff card, an uncompressed point.
pub struct StaffPublicKey(Vec<u8>);

impl StaffPublicKey {
    /// None where these bytes are no uncompressed point.
    #[must_use]
    pub fn of(point: &[u8]) -> Option<Self> {
        (point.len() == 65 && point.first() == Some(&0x04)).then(|| Self(point.to_vec()))
    }
}

impl PublicKeyData for StaffPublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// A staff card's certificate.
pub struct StaffCertificate {
    pub der: Vec<u8>,
    /// As the operator's record keeps it, hexadecimal digits.
    pub serial: String,
}

/// Validity is wide: the demonstration's clock may stand years from the computer's, by which TLS checks. A desk is shut
/// out by its generation, not by a date.
fn dated(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

fn named(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (part, text) in parts {
        name.push(part.clone(), *text);
    }
    name
}

fn ca_params() -> CertificateParams {
    let mut params = dated(CertificateParams::default());
    params.distinguished_name = named(&[(DnType::CommonName, NAME)]);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    /// A new key and its self-signed certificate.
    ///
    /// # Errors
    /// What the library says.
    pub fn make() -> Result<Self, String> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(text)?;
        let certificate = ca_params().self_signed(&key).map_err(text)?;
        Ok(Self { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
    }

    /// # Errors
    /// Where the key cannot be read.
    pub fn open(certificate: &str, key: &str) -> Result<Self, String> {
        KeyPair::from_pem(key).map_err(text)?;
        Ok(Self { certificate: certificate.to_owned(), key: Zeroizing::new(key.to_owned()) })
    }

    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    pub(crate) fn key_pem(&self) -> &str {
        &self.key
    }

    fn issuer(&self) -> Result<Issuer<'static, KeyPair>, String> {
        let key = KeyPair::from_pem(&self.key).map_err(text)?;
        Ok(Issuer::new(ca_params(), key))
    }

    /// Certificate and key of the server, for the local addresses and `names`.
    ///
    /// # Errors
    /// Where a name cannot stand in a certificate.
    pub fn server(&self, names: &[String]) -> Result<(String, Zeroizing<String>), String> {
        let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        all.extend(names.iter().cloned());
        let mut params = dated(CertificateParams::new(all).map_err(text)?);
        params.distinguished_name = named(&[(DnType::CommonName, "CardDesk centre")]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(text)?;
        let certificate = params.signed_by(&key, &self.issuer()?).map_err(text)?;
        Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
    }

    /// Client certificate of a desk; the subject is ours, whatever the request said.
    ///
    /// # Errors
    /// What the library says.
    pub fn device(&self, key: &DevicePublicKey, peer: &Peer) -> Result<String, String> {
        let mut params = dated(CertificateParams::default());
        params.distinguished_name = named(&[
            (DnType::OrganizationName, peer.cell.as_str()),
            (DnType::OrganizationalUnitName, &peer.generation.to_string()),
            (DnType::CommonName, peer.device.as_str()),
        ]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(key, &self.issuer()?).map_err(text)?;
        Ok(certificate.pem())
    }

    /// Certificate of a staff card that is valid on these days; `serial` is drawn by the caller and never used twice.
    ///
    /// # Errors
    /// What the library says.
    pub fn staff(
        &self,
        key: &StaffPublicKey,
        operator: &OperatorId,
        serial: [u8; 16],
        days: [NaiveDate; 2],
    ) -> Result<StaffCertificate, String> {
        let mut params = CertificateParams::default();
        let [from, until] =
            days.map(|day| date_time_ymd(day.year(), u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1)));
        (params.not_before, params.not_after) = (from, until);
        // Positive, as a certificate wants it.
        let mut serial = serial;
        serial[0] = serial[0] & 0x7F | 0x40;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name =
            named(&[(DnType::OrganizationalUnitName, desk_wire::staff::STAFF), (DnType::CommonName, operator.as_str())]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = params.signed_by(key, &self.issuer()?).map_err(text)?;
        Ok(StaffCertificate { der: certificate.der().to_vec(), serial: hex::encode(serial) })
    }
}

fn text(error: rcgen::Error) -> String {
    error.to_string()
}

/// The key of a certificate request whose sender has proved to hold it; nothing for anything else.
#[must_use]
pub fn requested_key(pem: &str) -> Option<DevicePublicKey> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    if pem.label != "CERTIFICATE REQUEST" {
        return None;
    }
    let (rest, request) = X509CertificationRequest::from_der(&pem.contents).ok()?;
    let info = &request.certification_request_info;
    let algorithm = &info.subject_pki.algorithm.algorithm;
    if !rest.is_empty() || algorithm.to_id_string() != ED25519_OID {
        return None;
    }
    let key: [u8; 32] = info.subject_pki.subject_public_key.data.as_ref().try_into().ok()?;
    let signature: [u8; 64] = request.signature_value.data.as_ref().try_into().ok()?;
    VerifyingKey::from_bytes(&key).ok()?.verify_strict(info.raw, &Signature::from_bytes(&signature)).ok()?;
    Some(DevicePublicKey(key))
}

/// The P-256 key of a staff card's certificate request whose sender has proved to hold it.
#[must_use]
pub fn requested_staff_key(pem: &str) -> Option<StaffPublicKey> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, request) = X509CertificationRequest::from_der(&pem.contents).ok()?;
    request.verify_signature().ok()?;
    StaffPublicKey::of(request.certification_request_info.subject_pki.subject_public_key.data.as_ref())
}

/// The desk that a certificate of our authority names.
#[must_use]
pub fn peer(certificate: &[u8]) -> Option<Peer> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let subject = certificate.subject();
    let one = |mut parts: Box<dyn Iterator<Item = String> + '_>| parts.next();
    let text = |part: &x509_parser::x509::AttributeTypeAndValue<'_>| part.as_str().ok().map(str::to_owned);
    Some(Peer {
        cell: CellId::new(one(Box::new(subject.iter_organization().filter_map(text)))?),
        generation: one(Box::new(subject.iter_organizational_unit().filter_map(text)))?.parse().ok()?,
        device: DeviceId::new(one(Box::new(subject.iter_common_name().filter_map(text)))?),
    })
}
