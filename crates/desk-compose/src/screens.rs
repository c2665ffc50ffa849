//! What is shown before there is a desk: that it starts, or why it cannot.

use desk_app::view::{MessageView, Stage, View};
use desk_domain::code::{Kind, Message};

/// Comes before every view of the desk.
#[must_use]
pub fn starting(doing: &str) -> View {
    View { revision: 0, stage: Stage::Starting { doing: doing.to_owned() }, status: None, notice: None }
}

/// The last view of a start that failed.
#[must_use]
pub fn blocked(message: &Message) -> View {
    View { revision: 1, stage: Stage::Blocked { message: described(message) }, status: None, notice: None }
}

fn described(message: &Message) -> MessageView {
    let code = message.code;
    let kind = match code.kind() {
        Kind::Refuse => "refuse",
        Kind::Refer => "refer",
        Kind::Warn => "warn",
        Kind::Info => "info",
        Kind::Exception => "exception",
    };
    MessageView {
        code: code.as_str().to_owned(),
        kind: kind.to_owned(),
        text: message.text(),
        cause: code.cause().to_owned(),
        remedy: code.remedy().to_owned(),
        rule: message.rule.as_ref().map(|rule| rule.id.clone()),
        phrase: message.rule.as_ref().map(|rule| rule.phrase.clone()),
        also: Vec::new(),
    }
}
