//! One look at every reader of the system, the desk's or not: what the doctor asks.

use std::ffi::CString;

use pcsc::{Context, ReaderState, Scope, State};

use crate::{config::ReaderConfig, sight::Field};

/// What the service tells of all its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survey {
    /// The smart-card service does not answer.
    NoService,
    Readers(Vec<Surveyed>),
}

/// One reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    pub name: String,
    /// The desk looks at it.
    pub ours: bool,
    pub field: Seen,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Listed, and cannot be used.
    Unusable,
    Empty,
    /// Something lies there and does not answer.
    Mute,
    Card {
        atr: Vec<u8>,
        /// Another program holds it.
        in_use: bool,
    },
}

/// Looks once and waits for nothing.
#[must_use]
pub fn survey(config: &ReaderConfig) -> Survey {
    let Ok(context) = Context::establish(Scope::User) else {
        return Survey::NoService;
    };
    let names = match context.list_readers_owned() {
        Ok(names) => names,
        Err(pcsc::Error::NoReadersAvailable) => Vec::new(),
        Err(_) => return Survey::NoService,
    };
    Survey::Readers(names.into_iter().map(|name| one(&context, config, name)).collect())
}

fn one(context: &Context, config: &ReaderConfig, name: CString) -> Surveyed {
    let told = name.to_string_lossy().into_owned();
    let mut states = [ReaderState::new(name, State::UNAWARE)];
    let seen = context.get_status_change(std::time::Duration::ZERO, &mut states);
    let [state] = &states;
    let field = match seen {
        Err(_) => Seen::Unusable,
        Ok(()) => match Field::of(state.event_state(), state.atr()) {
            Field::Unusable => Seen::Unusable,
            Field::Empty => Seen::Empty,
            Field::Mute => Seen::Mute,
            Field::Card { atr } => Seen::Card { atr, in_use: state.event_state().intersects(State::EXCLUSIVE) },
        },
    };
    Surveyed { ours: config.admits(&told), name: told, field }
}
