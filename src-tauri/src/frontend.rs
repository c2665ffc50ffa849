//! The desk's screen: keeps the newest view and sends it to the window as the event `view`.

use std::sync::{Arc, Mutex, PoisonError};

use desk_app::{
    ports::Screen,
    view::{MessageView, Stage, View},
};
use desk_domain::code::{Code, Kind, Message};
use tauri::{AppHandle, Emitter};

use crate::window;

/// Name of the one event.
pub const EVENT: &str = "view";

#[derive(Clone)]
pub struct Frontend {
    app: AppHandle,
    latest: Arc<Mutex<View>>,
}

impl Frontend {
    #[must_use]
    pub fn new(app: AppHandle) -> Self {
        let first =
            View { revision: 0, stage: Stage::Starting { doing: "正在打开柜面程序".to_owned() }, status: None, notice: None };
        Self { app, latest: Arc::new(Mutex::new(first)) }
    }

    #[must_use]
    pub fn latest(&self) -> View {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The desk cannot start or has stopped: says so and offers nothing else.
    pub fn block(&self, message: &Message) {
        let revision = self.latest().revision.saturating_add(1);
        self.show(View { revision, stage: Stage::Blocked { message: described(message) }, status: None, notice: None });
    }
}

impl Screen for Frontend {
    fn show(&self, view: View) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = view.clone();
        if let Err(error) = self.app.emit_to(window::LABEL, EVENT, view) {
            tracing::warn!(%error, "the window did not take a view");
        }
    }
}

fn described(message: &Message) -> MessageView {
    let code: Code = message.code;
    MessageView {
        code: code.as_str().to_owned(),
        kind: match code.kind() {
            Kind::Refuse => "refuse",
            Kind::Refer => "refer",
            Kind::Warn => "warn",
            Kind::Info => "info",
            Kind::Exception => "exception",
        }
        .to_owned(),
        text: message.text(),
        cause: code.cause().to_owned(),
        remedy: code.remedy().to_owned(),
        rule: message.rule.as_ref().map(|rule| rule.id.clone()),
        phrase: message.rule.as_ref().map(|rule| rule.phrase.clone()),
        also: Vec::new(),
    }
}
