//! The whole interface of the page: two commands here, the event `view` in [`crate::frontend`]. `build.rs` and
//! `capabilities/main.json` repeat the names, and a command missing there cannot be called.

use desk_app::view::{Act, View};
use tauri::{AppHandle, Manager, State, ipc::Invoke};

use crate::{frontend::Frontend, wiring::Wiring};

/// The list of commands.
pub fn commands() -> impl Fn(Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![act, current_view]
}

/// Passes an act on to the desk. What comes of it is shown by the next view; there is no answer.
#[tauri::command]
fn act(act: Act, wiring: State<'_, Wiring>) {
    wiring.send(act);
}

/// The view on the screen now. The page asks once, after its first paint; that is when the desk begins to start.
#[tauri::command]
fn current_view(app: AppHandle, frontend: State<'_, Frontend>) -> View {
    app.state::<Wiring>().start_once(&app);
    frontend.latest()
}
