//! The key service behind the centre's port.

use async_trait::async_trait;
use centre_core::{
    ports::{KeyRelease, LineWrite},
    record::Release,
};
use desk_domain::{
    code::Message,
    issuer::{IssuerAnswer, IssuerRequest},
};
use issuer_keys::{KeyService, LinePurpose, MasterKeys, ReleaseRecord};

use crate::fault::Fault;

/// Software keys in this process.
pub struct SoftwareKeys(KeyService);

impl SoftwareKeys {
    /// # Errors
    /// [`Fault`] where the shipped card profiles are damaged.
    pub fn from_seed(seed: &[u8]) -> Result<Self, Fault> {
        KeyService::new(MasterKeys::from_seed(seed)).map(Self).map_err(|error| Fault::new(error.to_string()))
    }
}

fn record(release: &Release) -> Option<ReleaseRecord> {
    let mut record = ReleaseRecord::of(&release.ask)?;
    record.at = release.mac_at;
    Some(record)
}

#[async_trait]
impl KeyRelease for SoftwareKeys {
    async fn answer(&self, ask: &IssuerRequest, releases: &[Release]) -> Result<IssuerAnswer, Message> {
        let records: Vec<ReleaseRecord> = releases.iter().filter_map(record).collect();
        self.0.answer(ask, &records)
    }

    fn line_write(&self, ask: &IssuerRequest) -> Result<Option<LineWrite>, Message> {
        let purpose = self.0.line_purpose(ask)?;
        Ok(purpose.map(|purpose| match purpose {
            LinePurpose::ValidUntil(until) => LineWrite::ValidUntil(until),
            LinePurpose::Dates { from, until } => LineWrite::Dates { from, until },
            LinePurpose::HolderClass(class) => LineWrite::HolderClass(class),
            LinePurpose::Number(number) => LineWrite::Number(number),
            LinePurpose::Holder(name) => LineWrite::Holder(name),
        }))
    }

    async fn settles(&self, release: &Release, proof: &str) -> Result<bool, Message> {
        match record(release) {
            Some(record) => self.0.settles(&record, proof),
            None => Ok(false),
        }
    }
}
