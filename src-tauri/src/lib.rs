//! The shell of CardDesk: one window, two commands, one event. Everything else is the desk behind them.

mod faults;
mod frontend;
mod ipc;
mod window;
mod wiring;

use std::process::ExitCode;

use tauri::Manager;

/// Opens the window and returns when it is closed. The desk starts only after the page has painted (see [`ipc`]).
#[must_use]
pub fn run() -> ExitCode {
    faults::watch();
    let built = tauri::Builder::default()
        .invoke_handler(ipc::commands())
        .setup(|app| {
            app.manage(frontend::Frontend::new(app.handle().clone()));
            app.manage(wiring::Wiring::new(wiring::Settings::from_arguments()));
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}
