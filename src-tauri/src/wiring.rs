//! Puts the desk behind the window: reads where its configuration lies, starts it once, passes acts on.

use std::{
    path::PathBuf,
    sync::{Mutex, Once, PoisonError},
};

use desk_app::view::Act;
use desk_domain::code::{Code, Message};
use tauri::{AppHandle, Manager};
use tokio::sync::mpsc;

use crate::frontend::Frontend;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `--config FILE`; otherwise `desk.toml` in the user's configuration folder.
    pub config: Option<PathBuf>,
}

impl Settings {
    #[must_use]
    pub fn from_arguments() -> Self {
        let mut arguments = std::env::args_os().skip(1);
        let mut settings = Self::default();
        while let Some(argument) = arguments.next() {
            if argument == "--config" {
                settings.config = arguments.next().map(PathBuf::from);
            }
        }
        settings
    }
}

pub struct Wiring {
    settings: Settings,
    once: Once,
    desk: Mutex<Option<mpsc::UnboundedSender<Act>>>,
}

impl Wiring {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, once: Once::new(), desk: Mutex::new(None) }
    }

    /// Acts before the desk runs are dropped: there is nothing on the screen to act on.
    pub fn send(&self, act: Act) {
        if let Some(desk) = &*self.desk.lock().unwrap_or_else(PoisonError::into_inner) {
            let _closed = desk.send(act);
        }
    }

    /// Called when the page has painted; every further call does nothing.
    pub fn start_once(&self, app: &AppHandle) {
        self.once.call_once(|| {
            let frontend = app.state::<Frontend>().inner().clone();
            tracing::info!(config = ?self.settings.config, "no desk to start");
            frontend.block(&Message::new(Code::DeviceUnknown));
        });
    }
}
