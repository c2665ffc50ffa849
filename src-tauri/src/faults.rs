//! Panics leave a place in the log and nothing of what was in hand: a panic's text may hold a name or a number.

use std::panic;

pub fn watch() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "unknown".to_owned(), |place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(place, "panicked");
    }));
}
