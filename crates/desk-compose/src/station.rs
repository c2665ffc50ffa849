//! What enrolment fixed, beside the store (`station.toml`). Holds no secret.

use std::{io::Write, path::Path};

use desk_app::ports::Station;
use desk_domain::{
    code::{Code, Message},
    id::{CellId, DeviceId, OutletId, WindowId},
};
use desk_wire::v1::EnrolReply;
use serde::{Deserialize, Serialize};

use crate::config::invalid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationFile {
    pub cell: CellId,
    pub outlet: OutletId,
    pub window: WindowId,
    pub device: DeviceId,
    pub generation: u32,
    pub terminal: String,
    /// PEM.
    pub certificate: String,
    /// Public key of what the centre publishes; a desk that was enrolled before there was one believes nothing published.
    #[serde(default)]
    pub publishing_key: String,
}

const NAME: &str = "station.toml";
/// The centre has answered and the store is not made yet.
const PENDING: &str = "station.pending.toml";

impl StationFile {
    #[must_use]
    pub fn of(reply: &EnrolReply) -> Self {
        Self {
            cell: reply.cell.clone(),
            outlet: reply.outlet.clone(),
            window: reply.window.clone(),
            device: reply.device.clone(),
            generation: reply.generation,
            terminal: reply.terminal.clone(),
            certificate: reply.certificate.clone(),
            publishing_key: reply.publishing_key.clone(),
        }
    }

    #[must_use]
    pub fn station(&self, identifier_key: &str) -> Station {
        Station {
            cell: self.cell.clone(),
            outlet: self.outlet.clone(),
            window: self.window.clone(),
            device: self.device.clone(),
            generation: self.generation,
            terminal: self.terminal.clone(),
            identifier_key: identifier_key.to_owned(),
            publishing_key: self.publishing_key.clone(),
        }
    }

    /// # Errors
    /// `NOT_ENROLLED` where there is none; `CONFIG_INVALID` where it is not one of ours.
    pub fn read(data_dir: &Path) -> Result<Self, Message> {
        read(&data_dir.join(NAME))?.ok_or_else(|| Message::new(Code::NotEnrolled))
    }

    pub(crate) fn pending(data_dir: &Path) -> Result<Option<Self>, Message> {
        read(&data_dir.join(PENDING))
    }

    pub(crate) fn write_pending(&self, data_dir: &Path) -> Result<(), Message> {
        let text = toml::to_string(self).map_err(|_| invalid(PENDING))?;
        write_whole(&data_dir.join(PENDING), text.as_bytes())
    }

    /// The last step of enrolment: from now on a missing store is a lost store.
    pub(crate) fn settle(data_dir: &Path) -> Result<(), Message> {
        std::fs::rename(data_dir.join(PENDING), data_dir.join(NAME)).map_err(|_| invalid(NAME))
    }
}

fn read(file: &Path) -> Result<Option<StationFile>, Message> {
    let name = || file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match std::fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text).map(Some).map_err(|_| invalid(&name())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(_) => Err(invalid(&name())),
    }
}

/// Old or new, never half.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Message> {
    let new = file.with_extension("new");
    let write = || {
        let mut opened = std::fs::File::create(&new)?;
        opened.write_all(bytes)?;
        opened.sync_all()?;
        std::fs::rename(&new, file)
    };
    write().map_err(|error: std::io::Error| {
        tracing::error!(kind = %error.kind(), "a file of the data folder cannot be written");
        invalid(&file.display().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_was_never_enrolled_says_so() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(StationFile::read(empty.path()).map_err(|message| message.code).err(), Some(Code::NotEnrolled));
    }
}
