//! The folder of what customers bring: read on a thread of its own, within the bounds of `desk-intake`.

use std::path::PathBuf;

use async_trait::async_trait;
use desk_app::ports::Intake;
use desk_domain::{
    code::{Code, Message},
    photo::Taken,
};

/// A folder on this computer, or on a stick that is mounted there.
#[derive(Debug, Clone)]
pub struct IntakeFolder(pub PathBuf);

#[async_trait]
impl Intake for IntakeFolder {
    async fn photo(&self, name: &str, white_from: u32, dpi: u16) -> Result<Taken, Message> {
        let (folder, name) = (self.0.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || desk_intake::photo::take(&folder, &name, white_from, dpi))
            .await
            .map_err(|_| Message::new(Code::PhotoFileMissing))?
    }

    async fn rule_files(&self) -> Vec<String> {
        let folder = self.0.clone();
        tokio::task::spawn_blocking(move || desk_intake::rules::list(&folder)).await.unwrap_or_default()
    }

    async fn rule_file(&self, name: &str) -> Result<String, Message> {
        let (folder, name) = (self.0.clone(), name.to_owned());
        let missing = Message::new(Code::RuleFileMissing).with("file", &name);
        tokio::task::spawn_blocking(move || desk_intake::rules::read(&folder, &name)).await.ok().flatten().ok_or(missing)
    }
}
