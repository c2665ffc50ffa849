//! The session: one thread that owns a context and the open card, and does what it is told, one job after the other. A job
//! that the driver never finishes is not waited for: whoever asked abandons the thread, which ends by itself as soon as
//! the driver lets go.

use std::{
    ffi::CString,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use desk_card::link::{Answer, Presence};
use pcsc::{Card, Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope, ShareMode};
use tokio::sync::oneshot;

pub(crate) enum Job {
    Connect { reader: CString, done: oneshot::Sender<Presence> },
    Transmit { command: Vec<u8>, done: oneshot::Sender<Answer> },
    Disconnect { done: oneshot::Sender<()> },
}

/// Sessions that still live, the abandoned ones among them.
#[derive(Clone, Default)]
pub(crate) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct Life(Alive);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) fn start(alive: &Alive, idle_limit: Duration) -> std::io::Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel();
    alive.0.fetch_add(1, Ordering::SeqCst);
    let life = Life(alive.clone());
    std::thread::Builder::new().name("reader session".to_owned()).spawn(move || {
        let _life = life;
        Session::default().run(&jobs, idle_limit);
    })?;
    Ok(sender)
}

#[derive(Default)]
struct Session {
    context: Option<Context>,
    card: Option<Card>,
    /// The last session did not end well: the card must be reset before it is trusted to be without state.
    reset_first: bool,
}

impl Session {
    fn run(mut self, jobs: &mpsc::Receiver<Job>, idle_limit: Duration) {
        loop {
            match jobs.recv_timeout(idle_limit) {
                Ok(Job::Connect { reader, done }) => {
                    let presence = self.connect(&reader);
                    if done.send(presence).is_err() {
                        self.lose();
                    }
                }
                Ok(Job::Transmit { command, done }) => {
                    let answer = self.transmit(&command);
                    if done.send(answer).is_err() {
                        self.lose();
                    }
                }
                Ok(Job::Disconnect { done }) => {
                    self.disconnect();
                    // Nobody needs to wait for this.
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.card.is_some() {
                        tracing::info!("idle session with a card ended");
                        self.disconnect();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.disconnect();
                    return;
                }
            }
        }
    }

    fn connect(&mut self, reader: &CString) -> Presence {
        self.disconnect();
        let kept = self.context.is_some();
        let mut opened = self.open(reader);
        if kept && matches!(opened, Err(error) if service_gone(error)) {
            // The context may be that of a service which has been started anew since.
            self.context = None;
            opened = self.open(reader);
        }
        match opened {
            Ok(presence) => presence,
            Err(error) => {
                tracing::debug!(%error, "no session with the card");
                self.lose();
                if service_gone(error) {
                    self.context = None;
                    Presence::NoService
                } else if matches!(error, Error::NoSmartcard | Error::RemovedCard) {
                    Presence::Empty
                } else if matches!(error, Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable) {
                    Presence::NoReader
                } else if error == Error::SharingViolation {
                    Presence::InUse
                } else {
                    Presence::Mute
                }
            }
        }
    }

    fn open(&mut self, reader: &CString) -> Result<Presence, Error> {
        let context = match &self.context {
            Some(context) => context.clone(),
            None => Context::establish(Scope::User)?,
        };
        self.context = Some(context.clone());
        // Exclusive, so that no other program speaks between two commands of a purse; no transaction, which Windows would
        // end with a reset after five idle seconds. A program that already shares the card is put up with: the card's
        // own state machine refuses a write that was disturbed.
        let mut card = match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
            Err(Error::SharingViolation) => {
                tracing::warn!("another program uses the card as well");
                context.connect(reader, ShareMode::Shared, Protocols::ANY)?
            }
            other => other?,
        };
        if self.reset_first {
            card.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::ResetCard).or_else(|error| {
                if error == Error::SharingViolation {
                    card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)
                } else {
                    Err(error)
                }
            })?;
            self.reset_first = false;
        }
        let atr = card.status2_owned()?.atr().to_vec();
        self.card = Some(card);
        Ok(Presence::Card { atr })
    }

    fn transmit(&mut self, command: &[u8]) -> Answer {
        let Some(card) = &self.card else {
            return Answer::Lost;
        };
        let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
        match card.transmit(command, &mut buffer) {
            Ok(answer) if answer.len() >= 2 => Answer::Response(answer.to_vec()),
            // This is how a card torn out of the field looks through some drivers: success, and nothing said.
            Ok(_) => {
                tracing::debug!("card gone within a command");
                self.lose();
                Answer::Lost
            }
            Err(error) => {
                tracing::debug!(%error, "card gone within a command");
                self.lose();
                Answer::Lost
            }
        }
    }

    /// Ends a session that went well: the card forgets selections and rights.
    fn disconnect(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((card, error)) = card.disconnect(Disposition::ResetCard)
        {
            tracing::debug!(%error, "session ended with a card that cannot be reset");
            self.reset_first = true;
            release(card);
        }
    }

    /// Ends a session whose card is gone or not to be trusted. A reset now would only make the reader call it mute.
    fn lose(&mut self) {
        if let Some(card) = self.card.take() {
            release(card);
        }
        self.reset_first = true;
    }
}

fn service_gone(error: Error) -> bool {
    matches!(
        error,
        Error::NoService | Error::ServiceStopped | Error::InvalidHandle | Error::CommError | Error::InternalError | Error::ServerTooBusy
    )
}

fn release(card: Card) {
    if let Err((card, _)) = card.disconnect(Disposition::LeaveCard) {
        // The handle died with the service; its own end asks for a reset, which nobody hears.
        drop(card);
    }
}
