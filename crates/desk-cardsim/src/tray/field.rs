//! A card of the tray in the field of the reader: it keeps its memory on disk and suffers the faults it is told to.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Facts, StoredCard, facts, save, text_of};
use crate::{
    CardRow, SimCard,
    vpcd::{Outcome, Power, VirtualCard},
};

/// On which side of the execution of a command the card leaves the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The command never reaches the card.
    Before,
    /// The card executes it; the answer never reaches the reader.
    After,
}

/// Faults that strike whichever card lies on the reader.
#[derive(Default)]
pub struct Faults {
    tear: Mutex<Option<(Side, u32)>>,
    /// These bytes arrive instead of an answer, so many commands from now.
    garbled: Mutex<Option<(u32, Vec<u8>)>>,
    mute: AtomicBool,
    slow_ms: AtomicU64,
}

impl Faults {
    /// The card leaves the field at the `nth` command from now (1 is the next one).
    pub fn tear(&self, side: Side, nth: u32) {
        *lock(&self.tear) = Some((side, nth.max(1)));
    }

    /// The card executes the `nth` command from now (1 is the next one), and these bytes arrive instead of its answer.
    pub fn garble(&self, nth: u32, answer: Vec<u8>) {
        *lock(&self.garbled) = Some((nth.max(1), answer));
    }

    /// The next cards give no answer to reset.
    pub fn set_mute(&self, mute: bool) {
        self.mute.store(mute, Ordering::SeqCst);
    }

    /// Every command takes this much longer.
    pub fn set_slow(&self, milliseconds: u64) {
        self.slow_ms.store(milliseconds, Ordering::SeqCst);
    }

    pub fn clear(&self) {
        *lock(&self.tear) = None;
        *lock(&self.garbled) = None;
        self.set_mute(false);
        self.set_slow(0);
    }

    #[must_use]
    pub fn mute(&self) -> bool {
        self.mute.load(Ordering::SeqCst)
    }

    #[must_use]
    pub fn slow_ms(&self) -> u64 {
        self.slow_ms.load(Ordering::SeqCst)
    }

    /// Side and number of commands to come.
    #[must_use]
    pub fn armed(&self) -> Option<(Side, u32)> {
        *lock(&self.tear)
    }

    /// One command was executed: what arrives instead of its answer, if anything.
    fn garbled(&self) -> Option<Vec<u8>> {
        let mut garbled = lock(&self.garbled);
        match garbled.take() {
            Some((1, answer)) => Some(answer),
            Some((left, answer)) => {
                *garbled = Some((left - 1, answer));
                None
            }
            None => None,
        }
    }

    /// One command comes: does the card leave now?
    fn strike(&self) -> Option<Side> {
        let mut tear = lock(&self.tear);
        match *tear {
            Some((side, 1)) => {
                *tear = None;
                Some(side)
            }
            Some((side, left)) => {
                *tear = Some((side, left - 1));
                None
            }
            None => None,
        }
    }
}

/// One card of the tray.
pub struct FieldCard {
    file: PathBuf,
    faults: Arc<Faults>,
    state: Mutex<State>,
    /// Torn out of the field by a fault and not put back since.
    torn: AtomicBool,
    /// Commands since it was put on the reader.
    commands: AtomicU64,
}

struct State {
    stored: StoredCard,
    /// What lies on the disk.
    saved: String,
}

impl FieldCard {
    pub(super) fn new(file: PathBuf, stored: StoredCard, faults: Arc<Faults>) -> Self {
        let saved = text_of(&stored);
        Self { file, faults, state: Mutex::new(State { stored, saved }), torn: AtomicBool::new(false), commands: AtomicU64::new(0) }
    }

    #[must_use]
    pub fn position(&self) -> usize {
        lock(&self.state).stored.position
    }

    #[must_use]
    pub fn row(&self) -> CardRow {
        lock(&self.state).stored.row.clone()
    }

    /// What a reader would read from it now; leaves it as it is.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let card = lock(&self.state).stored.card.clone();
        facts::read(card)
    }

    #[must_use]
    pub fn torn(&self) -> bool {
        self.torn.load(Ordering::SeqCst)
    }

    #[must_use]
    pub fn commands(&self) -> u64 {
        self.commands.load(Ordering::SeqCst)
    }

    /// It is put on a reader.
    pub fn placed(&self) {
        self.torn.store(false, Ordering::SeqCst);
        self.commands.store(0, Ordering::SeqCst);
    }

    /// Does something to the card outside any reader, and keeps it.
    ///
    /// # Errors
    /// Why the card's file could not be written; the card is then as before.
    pub fn change<T>(&self, change: impl FnOnce(&mut SimCard) -> T) -> std::io::Result<T> {
        let mut state = lock(&self.state);
        let before = state.stored.card.clone();
        let result = change(&mut state.stored.card);
        match self.keep(&mut state) {
            Ok(()) => Ok(result),
            Err(error) => {
                state.stored.card = before;
                Err(error)
            }
        }
    }

    fn keep(&self, state: &mut State) -> std::io::Result<()> {
        let text = text_of(&state.stored);
        if text != state.saved {
            save(&self.file, &text)?;
            state.saved = text;
        }
        Ok(())
    }
}

impl VirtualCard for FieldCard {
    fn atr(&self) -> Vec<u8> {
        lock(&self.state).stored.card.atr()
    }

    fn mute(&self) -> bool {
        self.faults.mute()
    }

    fn power(&self, power: Power) {
        let card = &mut lock(&self.state).stored.card;
        match power {
            Power::Off => card.power_off(),
            Power::On => card.power_on(),
            Power::Reset => card.reset(),
        }
    }

    fn command(&self, command: &[u8]) -> Outcome {
        let slow = self.faults.slow_ms();
        if slow > 0 {
            std::thread::sleep(Duration::from_millis(slow));
        }
        self.commands.fetch_add(1, Ordering::SeqCst);
        let strike = self.faults.strike();
        if strike.is_some() {
            self.torn.store(true, Ordering::SeqCst);
        }
        if strike == Some(Side::Before) {
            return Outcome::Gone;
        }
        let mut answer = Vec::new();
        let kept = self.change(|card| answer = card.apdu(command));
        match (kept, strike) {
            (Ok(()), None) => Outcome::Answer(self.faults.garbled().unwrap_or(answer)),
            // A card whose memory fails has not executed anything, and says nothing more.
            (Err(_), _) | (Ok(()), Some(_)) => Outcome::Gone,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
