//! Staff cards: issued by the deployment's authority, one valid a person.

use std::{fs, path::Path};

use centre_core::{ports::StaffCards, store::CentreStore};
use chrono::{DateTime, NaiveDate, Utc};
use desk_domain::{
    code::Message,
    id::OperatorId,
    staff::{StaffCard, StaffProof},
};
use desk_wire::staff::proven;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use serde::Serialize;

use crate::{
    authority::{Authority, StaffPublicKey},
    clock::random,
    config::Config,
    fault::Fault,
    open,
};

/// Checks staff cards against the authority's certificate (PEM).
pub struct OfAuthority(pub String);

impl StaffCards for OfAuthority {
    fn proven(&self, proof: &StaffProof, challenge: &[u8; 32], now: DateTime<Utc>) -> Result<StaffCard, Message> {
        proven(&self.0, proof, challenge, now)
    }
}

/// Writes down which card of an operator is valid; none makes the last one void.
///
/// # Errors
/// [`Fault`] where there is no such operator or the database cannot be reached.
pub async fn keep(config: &Config, operator: &OperatorId, serial: Option<&str>) -> Result<(), Fault> {
    let store = open::store(config).await?;
    let mut tx = store.begin().await?;
    let Some(mut record) = tx.operator(&config.cell(), operator).await? else {
        return Err(Fault::new("no such operator"));
    };
    record.staff_card = serial.map(str::to_owned);
    tx.put_operator(&record).await?;
    tx.commit().await?;
    tracing::info!(operator = %operator, valid = serial.is_some(), "staff card");
    Ok(())
}

/// A staff card of the demonstration, as the card simulator plays it. Real ones make their key themselves and never show it.
#[derive(Serialize)]
pub struct PlayedCard {
    pub operator: String,
    pub pin: String,
    /// DER, hexadecimal digits.
    pub certificate: String,
    /// PKCS#8, hexadecimal digits.
    pub key: String,
    /// As the operator's record keeps it.
    pub serial: String,
}

impl PlayedCard {
    /// # Errors
    /// What the library says.
    pub fn make(authority: &Authority, operator: &OperatorId, pin: &str, days: [NaiveDate; 2]) -> Result<Self, String> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| error.to_string())?;
        let public = StaffPublicKey::of(key.der_bytes()).ok_or("no point")?;
        let certificate = authority.staff(&public, operator, random(), days)?;
        Ok(Self {
            operator: operator.to_string(),
            pin: pin.to_owned(),
            certificate: hex::encode(&certificate.der),
            key: hex::encode(key.serialize_der()),
            serial: certificate.serial,
        })
    }

    /// # Errors
    /// [`Fault`] where the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Fault::new(error.to_string()))?;
        fs::write(file, text).map_err(|error| Fault::of(file, error.kind()))
    }
}
