//! The program `carddesk`: opens the counter window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    carddesk_shell::run()
}
