//! Puts the desk behind the window: reads where its configuration lies, starts it once, passes acts on.

use std::{
    io::IsTerminal,
    path::PathBuf,
    sync::{Arc, Once, OnceLock},
};

use desk_app::{DeskHandle, view::Act};
use desk_compose::{
    Composition, Config,
    passphrase::{FromDescriptor, FromTerminal, Nobody, Passphrase},
};
use desk_domain::code::{Code, Message};
use tauri::{AppHandle, Manager};

use crate::frontend::Frontend;

/// Name of the configuration in the user's configuration folder.
const CONFIGURATION: &str = "desk.toml";

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `--config FILE`; otherwise `desk.toml` in the user's configuration folder.
    pub config: Option<PathBuf>,
    /// `--passphrase-fd N`: an open file descriptor whose first line is the station's passphrase.
    pub passphrase_descriptor: Option<u32>,
    /// `--clock-offset-seconds N`: moves the clock; instead of the configuration's value.
    pub clock_offset_seconds: Option<i64>,
}

impl Settings {
    #[must_use]
    pub fn from_arguments() -> Self {
        Self::read(std::env::args().skip(1))
    }

    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut settings = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--config" => settings.config = arguments.next().map(PathBuf::from),
                "--passphrase-fd" => settings.passphrase_descriptor = arguments.next().and_then(|number| number.parse().ok()),
                "--clock-offset-seconds" => settings.clock_offset_seconds = arguments.next().and_then(|number| number.parse().ok()),
                // The system and its automation pass options of their own.
                _ => {}
            }
        }
        settings
    }

    fn passphrase(&self) -> Box<dyn Passphrase> {
        match self.passphrase_descriptor {
            Some(descriptor) => Box::new(FromDescriptor(descriptor)),
            None if std::io::stdin().is_terminal() => Box::new(FromTerminal),
            None => Box::new(Nobody),
        }
    }

    fn configuration(&self, app: &AppHandle) -> Result<Config, Message> {
        let file = match &self.config {
            Some(file) => file.clone(),
            None => app.path().app_config_dir().map_err(|_| Message::new(Code::DeviceUnknown))?.join(CONFIGURATION),
        };
        let mut config = Config::read(&file)?;
        config.clock_offset_seconds = self.clock_offset_seconds.unwrap_or(config.clock_offset_seconds);
        Ok(config)
    }
}

pub struct Wiring {
    settings: Settings,
    once: Once,
    desk: Arc<OnceLock<DeskHandle>>,
}

impl Wiring {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, once: Once::new(), desk: Arc::default() }
    }

    /// Acts before the desk runs are dropped: there is nothing on the screen to act on.
    pub fn send(&self, act: Act) {
        if let Some(desk) = self.desk.get()
            && !desk.send(act)
        {
            tracing::warn!("an act came after the desk had ended");
        }
    }

    /// Called when the page has painted; every further call does nothing.
    pub fn start_once(&self, app: &AppHandle) {
        self.once.call_once(|| {
            let (app, settings, slot) = (app.clone(), self.settings.clone(), Arc::clone(&self.desk));
            tauri::async_runtime::spawn(async move {
                let frontend = app.state::<Frontend>().inner().clone();
                if let Err(message) = run(&app, &settings, &slot, &frontend).await {
                    frontend.block(&message);
                }
            });
        });
    }
}

/// Opens the desk and works until it ends, which it does only when something has gone wrong.
async fn run(app: &AppHandle, settings: &Settings, slot: &OnceLock<DeskHandle>, frontend: &Frontend) -> Result<(), Message> {
    let config = settings.configuration(app)?;
    let (desk, handle) = Composition::open(&config, settings.passphrase(), Arc::new(frontend.clone())).await?;
    let _first = slot.set(handle);
    // A panic in the actor ends its task and is seen here; its journal says what to do at the next start.
    let ended = tauri::async_runtime::spawn(desk.run()).await;
    tracing::error!(panicked = ended.is_err(), "the desk ended");
    Err(Message::new(Code::Internal).with("where", "desk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Settings {
        Settings::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_names_the_configuration() {
        let settings = read("--automation --config /tmp/desk.toml --passphrase-fd 3 --clock-offset-seconds -60");
        assert_eq!(settings.config, Some(PathBuf::from("/tmp/desk.toml")));
        assert_eq!(settings.passphrase_descriptor, Some(3));
        assert_eq!(settings.clock_offset_seconds, Some(-60));
    }

    #[test]
    fn a_value_that_is_no_number_is_no_value() {
        assert_eq!(read("--passphrase-fd three").passphrase_descriptor, None);
        assert_eq!(read("--config").config, None);
    }
}
