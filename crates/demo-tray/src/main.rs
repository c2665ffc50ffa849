//! A small window with the cards of the demonstration: lays them on the virtual reader and takes them off. Part of the
//! demonstration, never of the desk.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod line;

use std::{path::PathBuf, process::ExitCode};

use serde_json::Value;
use tauri::{App, Manager as _, PhysicalPosition, State};

use line::{Line, LineError};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let socket = match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(option), Some(path), None) if option == "--socket" => PathBuf::from(path),
        _ => {
            tell("usage: demo-tray --socket PATH   (the socket that `cardsim --socket PATH` listens on)");
            return ExitCode::from(64);
        }
    };
    let run = tauri::Builder::default()
        .manage(Line::new(socket))
        .setup(|app| Ok(beside_the_desk(app)?))
        .invoke_handler(tauri::generate_handler![tray, put, off, tear, mute, calm, load])
        .run(tauri::generate_context!());
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("demo-tray: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The desk fills the screen; the tray stays above it at the right edge, below the desk's status bar.
fn beside_the_desk(app: &App) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window("tray") else {
        return Ok(());
    };
    if let Some(monitor) = window.current_monitor()? {
        let (screen, own) = (monitor.size(), window.outer_size()?);
        let bar = (monitor.scale_factor() * 56.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "a bar of some fifty pixels")]
        let top = monitor.position().y + bar as i32;
        let left = i64::from(monitor.position().x) + i64::from(screen.width) - i64::from(own.width);
        window.set_position(PhysicalPosition::new(i32::try_from(left).unwrap_or_default().max(0), top))?;
    }
    window.show()
}

fn tell(text: &str) {
    use std::io::Write;
    // Nowhere to tell that nobody can be told.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// All cards and what lies on the reader.
#[tauri::command(async)]
fn tray(line: State<'_, Line>) -> Result<Value, LineError> {
    line.say("list")
}

#[tauri::command(async)]
fn put(line: State<'_, Line>, name: &str) -> Result<Value, LineError> {
    line.say(&format!("put {}", line::word(name)?))
}

#[tauri::command(async)]
fn off(line: State<'_, Line>) -> Result<Value, LineError> {
    line.say("off")
}

/// The card leaves the field at the `nth` command from now.
#[tauri::command(async)]
fn tear(line: State<'_, Line>, after: bool, nth: u32) -> Result<Value, LineError> {
    let side = if after { "after" } else { "before" };
    line.say(&format!("tear {side} {nth}"))
}

#[tauri::command(async)]
fn mute(line: State<'_, Line>, on: bool) -> Result<Value, LineError> {
    line.say(if on { "mute on" } else { "mute off" })
}

#[tauri::command(async)]
fn calm(line: State<'_, Line>) -> Result<Value, LineError> {
    line.say("calm")
}

/// A kiosk tops the purse up.
#[tauri::command(async)]
fn load(line: State<'_, Line>, name: &str, fen: u32) -> Result<Value, LineError> {
    line.say(&format!("load {} {fen}", line::word(name)?))
}
