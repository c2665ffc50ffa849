//! What a case asks next, in the clerk's language. Identifiers are stable; texts are for people.

use crate::{code::Message, money::Fen, ruleset::Level};

use super::{Effect, Ending};

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Ask(Question),
    Do(Effect),
    Ended(Ending),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Stable within a service, for example `agree`.
    pub id: String,
    pub title: String,
    pub help: Option<String>,
    pub ask: Ask,
}

impl Question {
    pub fn new(id: impl Into<String>, title: impl Into<String>, ask: Ask) -> Self {
        Self { id: id.into(), title: title.into(), help: None, ask }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Question> for Next {
    fn from(question: Question) -> Self {
        Self::Ask(question)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Choice {
        options: Vec<Choice>,
    },
    Form {
        fields: Vec<Field>,
        submit: String,
    },
    /// Enter goes on.
    Go {
        label: String,
    },
    /// Only this key acts, never Enter.
    Act {
        key: &'static str,
        label: String,
        detail: Vec<Shown>,
    },
    /// A second person signs.
    Authorise {
        level: Level,
        amount: Fen,
        reason: String,
    },
    /// Nothing to be done before the line returns.
    WaitForLine,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    /// Digit or function key.
    pub key: String,
    pub label: String,
    pub hint: Option<String>,
}

impl Choice {
    /// Numbers options from 1 in their order.
    pub fn numbered<I, L>(options: impl IntoIterator<Item = (I, L)>) -> Vec<Self>
    where
        I: Into<String>,
        L: Into<String>,
    {
        (1_u32..)
            .zip(options)
            .map(|(digit, (id, label))| Self { id: id.into(), key: digit.to_string(), label: label.into(), hint: None })
            .collect()
    }
}

/// How a field is typed and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    IdNumber,
    CardNumber,
    Digits,
    Amount,
    Date,
    Text,
    Password,
    Choice,
    Tick,
}

impl FieldKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdNumber => "idNumber",
            Self::CardNumber => "cardNumber",
            Self::Digits => "digits",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::Text => "text",
            Self::Password => "password",
            Self::Choice => "choice",
            Self::Tick => "tick",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub id: String,
    pub label: String,
    pub kind: FieldKind,
    pub options: Vec<Choice>,
    pub hint: Option<String>,
    pub required: bool,
}

impl Field {
    pub fn new(id: impl Into<String>, label: impl Into<String>, kind: FieldKind) -> Self {
        Self { id: id.into(), label: label.into(), kind, options: Vec::new(), hint: None, required: true }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn options(mut self, options: Vec<Choice>) -> Self {
        self.options = options;
        self
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}

/// A labelled value for screen and paper; already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub label: String,
    pub value: String,
    pub tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

impl Tone {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Shown {
    pub fn plain(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::toned(label, value, Tone::Plain)
    }

    pub fn toned(label: impl Into<String>, value: impl Into<String>, tone: Tone) -> Self {
        Self { label: label.into(), value: value.into(), tone }
    }
}

/// A page of a long table; already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub head: &'static [&'static str],
    /// Rows of the whole table.
    pub total: usize,
    pub rows: Vec<ListingRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRow {
    pub cells: Vec<String>,
    pub tone: Tone,
}

/// How far a case has come: labels in order and which of them is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub steps: &'static [&'static str],
    /// Index of the step under way; `steps.len()` when all are done.
    pub now: usize,
}

/// What a case shows beside its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub progress: Progress,
    /// Person and card of the case, masked.
    pub strip: Vec<Shown>,
    /// What the citizen should hear.
    pub say: Option<String>,
    /// What an ended case shows: amounts, dates, numbers.
    pub result: Vec<Shown>,
    /// What has to be handed back before the next customer.
    pub give_back: Vec<String>,
    /// A remark that came with a good end.
    pub remark: Option<Message>,
}
