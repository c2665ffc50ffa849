//! The folder of what customers bring: read on a thread of its own, within the bounds of `desk-intake`.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use desk_app::ports::Intake;
use desk_domain::{
    code::{Code, Message},
    photo::Taken,
    unit::{PhotoFile, Row},
};

/// A folder on this computer, or on a stick that is mounted there.
#[derive(Debug, Clone)]
pub struct IntakeFolder(pub PathBuf);

impl IntakeFolder {
    /// A file that a library chokes on must not take the desk with it: the thread ends, and nothing came of it.
    async fn aside<T: Send + 'static>(&self, read: impl FnOnce(&Path) -> T + Send + 'static) -> Option<T> {
        let folder = self.0.clone();
        tokio::task::spawn_blocking(move || read(&folder)).await.ok()
    }
}

fn choked() -> Message {
    Message::new(Code::ListUnreadable).with("what", "格式有误")
}

#[async_trait]
impl Intake for IntakeFolder {
    async fn photo(&self, name: &str, white_from: u32, dpi: u16) -> Result<Taken, Message> {
        let name = name.to_owned();
        let taken = self.aside(move |folder| desk_intake::photo::take(folder, &name, white_from, dpi)).await;
        taken.unwrap_or_else(|| Err(Message::new(Code::PhotoFileMissing)))
    }

    async fn lists(&self, most: usize) -> Result<Vec<String>, Message> {
        self.aside(move |folder| desk_intake::list::names(folder, most)).await.unwrap_or_else(|| Err(choked()))
    }

    async fn list(&self, name: &str, most_rows: usize) -> Result<(Vec<Row>, String), Message> {
        let name = name.to_owned();
        let taken = self.aside(move |folder| desk_intake::list::take(folder, &name, most_rows)).await;
        taken.unwrap_or_else(|| Err(choked())).map(|taken| (taken.rows, taken.sha256))
    }

    async fn photo_files(&self, names: Vec<String>, white_from: u32, dpi: u16) -> Vec<(PhotoFile, Option<String>)> {
        let count = names.len();
        let seen =
            self.aside(move |folder| names.iter().map(|name| desk_intake::photo::seen(folder, name, white_from, dpi)).collect::<Vec<_>>());
        seen.await.unwrap_or_else(|| vec![(PhotoFile::Missing, None); count])
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
