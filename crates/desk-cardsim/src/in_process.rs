//! A tray of cards and a reader above it, in one process: the reader port without PC/SC.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use desk_card::link::{Answer, CardReader, Presence};
use tokio::sync::watch;

use crate::{
    card::SimCard,
    faults::{Fault, What},
};

/// Cards and what lies on the reader. Clones share one tray.
#[derive(Clone)]
pub struct SimTray {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
}

struct State {
    cards: BTreeMap<String, SimCard>,
    reader: OnReader,
    faults: Vec<Fault>,
    sent: Vec<Vec<u8>>,
}

/// What lies on the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OnReader {
    ServiceDown,
    Unplugged,
    Nothing,
    /// `since` tells one insertion from the next.
    Card {
        name: String,
        since: u64,
    },
    Several,
    Mute,
}

impl Default for SimTray {
    fn default() -> Self {
        Self::new()
    }
}

impl SimTray {
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State { cards: BTreeMap::new(), reader: OnReader::Nothing, faults: Vec::new(), sent: Vec::new() })),
            changes: watch::Sender::new(0),
        }
    }

    /// A reader over this tray; several may be made, one works at a time.
    #[must_use]
    pub fn reader(&self) -> SimReader {
        SimReader { tray: self.clone(), changes: self.changes.subscribe(), session: None }
    }

    /// Adds a card, or puts a new one in the place of an old one.
    pub fn add(&self, name: &str, card: SimCard) {
        self.state().cards.insert(name.to_owned(), card);
    }

    #[must_use]
    pub fn card(&self, name: &str) -> Option<SimCard> {
        self.state().cards.get(name).cloned()
    }

    /// Works on a card where it stands, as a kiosk does.
    pub fn with_card<T>(&self, name: &str, work: impl FnOnce(&mut SimCard) -> T) -> Option<T> {
        self.state().cards.get_mut(name).map(work)
    }

    /// Lays a card on the reader. False where there is none of that name.
    pub fn put(&self, name: &str) -> bool {
        if !self.state().cards.contains_key(name) {
            return false;
        }
        let since = *self.changes.borrow() + 1;
        self.place(OnReader::Card { name: name.to_owned(), since });
        true
    }

    pub fn take_off(&self) {
        self.place(OnReader::Nothing);
    }

    /// Two cards lie on the reader.
    pub fn put_several(&self) {
        self.place(OnReader::Several);
    }

    /// Something lies there that does not answer.
    pub fn put_mute(&self) {
        self.place(OnReader::Mute);
    }

    pub fn unplug(&self) {
        self.place(OnReader::Unplugged);
    }

    pub fn stop_service(&self) {
        self.place(OnReader::ServiceDown);
    }

    /// Plans a fault; planned ones count every command.
    pub fn plan(&self, at: u32, what: What) {
        self.state().faults.push(Fault { at, what });
    }

    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Planned faults that have not come yet.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.state().faults.len()
    }

    /// Every command since the last call.
    #[must_use]
    pub fn take_sent(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.state().sent)
    }

    fn place(&self, on: OnReader) {
        {
            let mut state = self.state();
            state.reader = on;
            for card in state.cards.values_mut() {
                card.power_off();
            }
        }
        self.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn presence(&self) -> Presence {
        let state = self.state();
        match &state.reader {
            OnReader::ServiceDown => Presence::NoService,
            OnReader::Unplugged => Presence::NoReader,
            OnReader::Nothing => Presence::Empty,
            OnReader::Several => Presence::Several,
            OnReader::Mute => Presence::Mute,
            OnReader::Card { name, .. } => state.cards.get(name).map_or(Presence::Empty, |card| Presence::Card { atr: card.atr() }),
        }
    }

    /// One command within the session that began at `session`.
    fn transmit(&self, session: u64, command: &[u8]) -> Answer {
        let mut leave = None;
        let answer = {
            let mut state = self.state();
            state.sent.push(command.to_vec());
            let due = due(&mut state.faults);
            let OnReader::Card { name, since } = state.reader.clone() else {
                return Answer::Lost;
            };
            if since != session {
                return Answer::Lost;
            }
            if let Some(What::Swap(other)) = &due {
                state.reader = OnReader::Card { name: other.clone(), since };
                if let Some(card) = state.cards.get_mut(other) {
                    card.power_on();
                }
            }
            let name = match &due {
                Some(What::Swap(other)) => other.clone(),
                _ => name,
            };
            let Some(card) = state.cards.get_mut(&name) else {
                return Answer::Lost;
            };
            match due {
                Some(What::TearBefore) => {
                    leave = Some(OnReader::Nothing);
                    Answer::Lost
                }
                Some(What::TearAfter) => {
                    let _ = card.apdu(command);
                    leave = Some(OnReader::Nothing);
                    Answer::Lost
                }
                Some(What::LoseCommand) => Answer::Lost,
                Some(What::LoseAnswer) => {
                    let _ = card.apdu(command);
                    Answer::Lost
                }
                Some(What::Mute) => {
                    leave = Some(OnReader::Mute);
                    Answer::Lost
                }
                Some(What::Answer(bytes)) => {
                    let _ = card.apdu(command);
                    whole(bytes)
                }
                Some(What::Cut(length)) => {
                    let mut bytes = card.apdu(command);
                    bytes.truncate(length);
                    whole(bytes)
                }
                Some(What::Swap(_)) | None => whole(card.apdu(command)),
            }
        };
        if let Some(on) = leave {
            self.place(on);
        }
        answer
    }
}

fn whole(bytes: Vec<u8>) -> Answer {
    if bytes.len() < 2 { Answer::Lost } else { Answer::Response(bytes) }
}

/// Counts every planned fault down; the one that is due now.
fn due(faults: &mut Vec<Fault>) -> Option<What> {
    for fault in faults.iter_mut() {
        fault.at = fault.at.saturating_sub(1);
    }
    let index = faults.iter().position(|fault| fault.at == 0)?;
    Some(faults.remove(index).what)
}

/// A reader of the [`SimTray`].
pub struct SimReader {
    tray: SimTray,
    changes: watch::Receiver<u64>,
    session: Option<u64>,
}

#[async_trait]
impl CardReader for SimReader {
    async fn presence(&mut self) -> Presence {
        self.changes.mark_unchanged();
        self.tray.presence()
    }

    async fn changed(&mut self, patience: Duration) -> Presence {
        // The tray holds the sender, so the only other end is the time-out.
        let _ = tokio::time::timeout(patience, self.changes.changed()).await;
        self.tray.presence()
    }

    async fn connect(&mut self) -> Presence {
        self.session = None;
        let presence = self.tray.presence();
        let mut state = self.tray.state();
        if let OnReader::Card { name, since } = state.reader.clone()
            && let Some(card) = state.cards.get_mut(&name)
        {
            card.power_on();
            self.session = Some(since);
        }
        presence
    }

    async fn transmit(&mut self, command: &[u8]) -> Answer {
        let Some(session) = self.session else {
            return Answer::Lost;
        };
        let answer = self.tray.transmit(session, command);
        if answer == Answer::Lost {
            self.session = None;
        }
        answer
    }

    async fn disconnect(&mut self) {
        self.session = None;
        let mut state = self.tray.state();
        if let OnReader::Card { name, .. } = state.reader.clone()
            && let Some(card) = state.cards.get_mut(&name)
        {
            card.power_off();
        }
    }
}
