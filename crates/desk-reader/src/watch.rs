//! The watch: one thread that waits for changes of readers and cards and tells what it sees. A service that dies is asked
//! again until it is back; every context is made anew then.

use std::{
    collections::BTreeMap,
    ffi::CString,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use tokio::sync::watch;

use crate::{
    config::ReaderConfig,
    sight::{Field, ReaderSight, Sight},
};

/// Pause between two attempts to reach a service that is down.
const RETRY: Duration = Duration::from_millis(250);
/// Longest wait for a change. Changes end the wait at once; this only bounds a lost cancel.
const WAIT: Duration = Duration::from_secs(2);
/// Without any reader, one is looked for at least this often, in case the service tells no hot-plug.
const WAIT_WITHOUT_READER: Duration = Duration::from_secs(1);

/// How long the first look waits for the first sight.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// Pause after a reader that is listed and yet unknown.
const UNSETTLED: Duration = Duration::from_millis(100);

pub(crate) struct Watch {
    sight: watch::Receiver<Sight>,
    /// Something was seen, or waited for in vain.
    started: bool,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: AtomicBool,
    /// The context that the thread waits on.
    waiting: Mutex<Option<Context>>,
}

impl Stop {
    fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    fn set_waiting(&self, context: Option<Context>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = context;
    }

    fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        if let Some(context) = &*self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            // Where nobody waits there is nothing to cancel.
            let _ = context.cancel();
        }
    }
}

impl Watch {
    pub(crate) fn start(config: ReaderConfig) -> std::io::Result<Self> {
        let (sender, sight) = watch::channel(Sight::NoService);
        let stop = Arc::new(Stop::default());
        let thread = std::thread::Builder::new().name("reader watch".to_owned()).spawn({
            let stop = Arc::clone(&stop);
            move || run(&config, &sender, &stop)
        })?;
        Ok(Self { sight, started: false, stop, thread: Some(thread) })
    }

    /// What was seen last; [`Watch::changed`] then waits for something newer.
    pub(crate) async fn look(&mut self) -> Sight {
        if !self.started {
            // The first look right after the start would find a service down that merely has not been asked yet.
            self.started = true;
            let _ = tokio::time::timeout(FIRST_LOOK, self.sight.changed()).await;
        }
        self.sight.borrow_and_update().clone()
    }

    /// Waits for a change since the last look. `false` when the watch has ended.
    pub(crate) async fn changed(&mut self) -> bool {
        self.started = true;
        self.sight.changed().await.is_ok()
    }

    /// Asks the thread to end; nothing is waited for.
    pub(crate) fn stop(&self) {
        self.stop.ask();
    }

    /// Ends the thread.
    pub(crate) async fn end(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A cancel that comes between two waits is lost, so it is repeated.
        while !thread.is_finished() {
            self.stop.ask();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn run(config: &ReaderConfig, sender: &watch::Sender<Sight>, stop: &Stop) {
    while !stop.asked() {
        match Context::establish(Scope::User) {
            Ok(context) => {
                stop.set_waiting(Some(context.clone()));
                let ended = follow(&context, config, sender, stop);
                stop.set_waiting(None);
                if let Err(error) = ended {
                    tracing::warn!(%error, "smart-card service lost");
                }
            }
            Err(error) => tracing::debug!(%error, "smart-card service does not answer"),
        }
        if !stop.asked() {
            publish(sender, Sight::NoService);
            std::thread::sleep(RETRY);
        }
    }
}

/// Follows the readers until the service fails or the watch is stopped.
fn follow(context: &Context, config: &ReaderConfig, sender: &watch::Sender<Sight>, stop: &Stop) -> Result<(), Error> {
    let mut plug = ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE);
    let mut states: Vec<ReaderState> = Vec::new();
    let mut seen: BTreeMap<CString, ReaderSight> = BTreeMap::new();
    loop {
        let listed = list(context, config)?;
        seen.retain(|name, _| listed.contains(name));
        states.retain(|state| seen.contains_key(state.name()));
        let all_seen = listed.iter().all(|name| seen.contains_key(name));
        for name in listed {
            if !states.iter().any(|state| state.name() == name.as_c_str()) {
                // A state that is unaware is answered at once.
                states.push(ReaderState::new(name, State::UNAWARE));
            }
        }
        if all_seen {
            publish(sender, Sight::Readers(seen.values().cloned().collect()));
        }

        let wait = if states.is_empty() { WAIT_WITHOUT_READER } else { WAIT };
        states.push(plug);
        let waited = context.get_status_change(wait, &mut states);
        if waited.is_ok() {
            states.iter_mut().for_each(ReaderState::sync_current_state);
        }
        plug = states.pop().unwrap_or_else(|| ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        if stop.asked() {
            return Ok(());
        }
        match waited {
            Ok(()) => {}
            Err(Error::Timeout | Error::Cancelled) => continue,
            Err(Error::UnknownReader) => {
                // Went between the listing and the wait.
                std::thread::sleep(UNSETTLED);
                continue;
            }
            Err(error) => return Err(error),
        }
        for state in &states {
            let sight = ReaderSight {
                name: state.name().to_owned(),
                field: Field::of(state.event_state(), state.atr()),
                events: state.event_count(),
            };
            seen.insert(sight.name.clone(), sight);
        }
        // A reader that is listed and yet unusable is asked anew, from the beginning.
        let before = states.len();
        states.retain(|state| Field::of(state.event_state(), state.atr()) != Field::Unusable);
        if states.len() < before {
            std::thread::sleep(UNSETTLED);
        }
    }
}

fn list(context: &Context, config: &ReaderConfig) -> Result<Vec<CString>, Error> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names.into_iter().filter(|name| config.admits(&name.to_string_lossy())).collect()),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn publish(sender: &watch::Sender<Sight>, now: Sight) {
    sender.send_if_modified(|sight| {
        let changed = *sight != now;
        if changed {
            *sight = now;
        }
        changed
    });
}
