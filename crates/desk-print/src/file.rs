//! Printing into a folder: one PDF a paper, written whole or not at all.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use desk_app::ports::{Clock, PrintedAs, Printer, Sheet};
use desk_domain::code::{Code, Message};

use crate::{
    page::{render, texts},
    typeface::Typeface,
};

/// Leaves papers as PDF in a folder. File names come from [`Sheet::name`] only; a name already taken gets `-2`, `-3`, …
pub struct FilePrinter {
    folder: PathBuf,
    face: Arc<Typeface>,
    clock: Arc<dyn Clock>,
}

impl FilePrinter {
    #[must_use]
    pub fn new(folder: PathBuf, face: Arc<Typeface>, clock: Arc<dyn Clock>) -> Self {
        Self { folder, face, clock }
    }
}

#[async_trait]
impl Printer for FilePrinter {
    async fn print(&mut self, sheet: &Sheet) -> Result<PrintedAs, Message> {
        let (folder, face, at, sheet) = (self.folder.clone(), Arc::clone(&self.face), self.clock.now(), sheet.clone());
        let written = tokio::task::spawn_blocking(move || {
            let pdf = render(&sheet, &face, at)?;
            put(&folder, &stem(&sheet.name), &pdf).map_err(|failure| {
                tracing::warn!(kind = ?failure.kind(), "The folder of papers cannot be written");
                Message::new(Code::PrinterMissing)
            })
        });
        let path = written.await.map_err(|_| Message::new(Code::Internal).with("where", "print"))??;
        Ok(PrintedAs(path.display().to_string()))
    }

    async fn test(&mut self) -> Result<(), Message> {
        let folder = self.folder.clone();
        let tried = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let file = folder.join(".test.partial");
            std::fs::write(&file, b"test")?;
            std::fs::remove_file(&file)
        });
        match tried.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Message::new(Code::PrinterMissing)),
        }
    }

    fn check(&self, sheet: &Sheet) -> Option<Message> {
        self.face.warning(&texts(sheet))
    }
}

/// A file-name stem without separators, control characters or a leading dot, whatever the sheet is called.
pub(crate) fn stem(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(80).collect();
    let clean = clean.trim_start_matches('.');
    if clean.is_empty() { "paper".to_owned() } else { clean.to_owned() }
}

fn put(folder: &Path, stem: &str, pdf: &[u8]) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".{stem}.partial"));
    let mut file = std::fs::File::create(&partial)?;
    file.write_all(pdf)?;
    file.sync_all()?;
    drop(file);
    // One desk, one window, one printer: nobody else puts papers here between the look and the renaming.
    let path = (1_u32..)
        .map(|copy| match copy {
            1 => folder.join(format!("{stem}.pdf")),
            copy => folder.join(format!("{stem}-{copy}.pdf")),
        })
        .find(|path| !path.exists())
        .ok_or(std::io::ErrorKind::AlreadyExists)?;
    std::fs::rename(&partial, &path)?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(path)
}
