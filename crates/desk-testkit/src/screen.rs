//! A screen that keeps the newest view and lets a scripted clerk wait for it.

use desk_app::{ports::Screen, view::View};
use tokio::sync::watch;

pub struct CapturedScreen {
    newest: watch::Sender<Option<View>>,
}

impl Default for CapturedScreen {
    fn default() -> Self {
        Self { newest: watch::Sender::new(None) }
    }
}

impl CapturedScreen {
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<View>> {
        self.newest.subscribe()
    }
}

impl Screen for CapturedScreen {
    fn show(&self, view: View) {
        self.newest.send_replace(Some(view));
    }
}
