//! The desk's handle: asks the watch and the session and never waits longer than it was told.

use std::{sync::mpsc, time::Duration};

use async_trait::async_trait;
use desk_card::link::{Answer, CardReader, Presence};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    config::ReaderConfig,
    session::{self, Alive, Job},
    watch::Watch,
};

/// More hanging sessions than this and no further one is started: the driver is beyond help until it is restarted.
const HANGING_LIMIT: usize = 8;

/// No thread could be started.
#[derive(Debug, thiserror::Error)]
#[error("no thread for the reader: {0}")]
pub struct StartError(#[from] std::io::Error);

/// The system's card readers as one [`CardReader`].
///
/// With several readers the one with a card is used; cards on two of them are [`Presence::Several`].
pub struct PcscReader {
    config: ReaderConfig,
    watch: Watch,
    session: Option<mpsc::Sender<Job>>,
    alive: Alive,
    /// A job was given and its end not seen: its caller was cancelled.
    busy: bool,
    used: Option<String>,
}

impl PcscReader {
    /// Starts the watch. Needs neither a service nor a reader: both may come later.
    ///
    /// # Errors
    /// [`StartError`] when the system gives no thread.
    pub fn start(config: ReaderConfig) -> Result<Self, StartError> {
        let watch = Watch::start(config.clone())?;
        Ok(Self { config, watch, session: None, alive: Alive::default(), busy: false, used: None })
    }

    /// Sessions that hang in the driver.
    #[must_use]
    pub fn hanging(&self) -> usize {
        self.alive.count().saturating_sub(usize::from(self.session.is_some()))
    }

    /// Ends the session and the watch, and waits for the watch.
    pub async fn close(mut self) {
        self.disconnect().await;
        self.session = None;
        self.watch.end().await;
    }

    /// Gives the session a job and waits for its end, at most `limit`. `None`: it hangs or has died; it is abandoned.
    async fn ask<T>(&mut self, limit: Duration, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let session = self.session.as_ref()?;
        let (done, end) = oneshot::channel();
        if session.send(job(done)).is_err() {
            tracing::error!("reader session died");
            self.session = None;
            return None;
        }
        self.busy = true;
        let answer = timeout(limit, end).await;
        self.busy = false;
        match answer {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(_)) => {
                tracing::error!("reader session died");
                self.session = None;
                None
            }
            Err(_) => {
                tracing::warn!(alive = self.alive.count(), "reader does not answer; session abandoned");
                self.session = None;
                None
            }
        }
    }

    fn session_ready(&mut self) -> bool {
        if self.busy {
            self.session = None;
            self.busy = false;
        }
        if self.session.is_some() {
            return true;
        }
        if self.alive.count() >= HANGING_LIMIT {
            tracing::error!("too many sessions hang in the reader's driver");
            return false;
        }
        match session::start(&self.alive, self.config.idle_limit) {
            Ok(session) => {
                self.session = Some(session);
                true
            }
            Err(error) => {
                tracing::error!(%error, "no thread for the reader session");
                false
            }
        }
    }
}

#[async_trait]
impl CardReader for PcscReader {
    async fn presence(&mut self) -> Presence {
        self.watch.look().await.presence()
    }

    async fn changed(&mut self, patience: Duration) -> Presence {
        // A dead watch shows nothing new; the patience still holds, so that the caller does not spin.
        if let Ok(false) = timeout(patience, self.watch.changed()).await {
            tokio::time::sleep(patience).await;
        }
        self.watch.look().await.presence()
    }

    async fn connect(&mut self) -> Presence {
        let sight = self.watch.look().await;
        let Some(reader) = sight.card().cloned() else {
            return sight.presence();
        };
        if !self.session_ready() {
            return Presence::Mute;
        }
        self.used = Some(reader.to_string_lossy().into_owned());
        let presence = self.ask(self.config.connect_limit, |done| Job::Connect { reader, done }).await.unwrap_or(Presence::Mute);
        // A card that our own hanging session holds is no matter of another program.
        if presence == Presence::InUse && self.hanging() > 0 { Presence::Mute } else { presence }
    }

    async fn transmit(&mut self, command: &[u8]) -> Answer {
        if self.busy {
            // An earlier command was given up halfway: its answer would be taken for this one's.
            self.session = None;
            self.busy = false;
        }
        let command = command.to_vec();
        self.ask(self.config.command_limit, |done| Job::Transmit { command, done }).await.unwrap_or(Answer::Lost)
    }

    async fn disconnect(&mut self) {
        if self.busy {
            self.session = None;
            self.busy = false;
        }
        // Without an answer the session is abandoned, and with it the card.
        self.ask(self.config.connect_limit, |done| Job::Disconnect { done }).await.unwrap_or_default();
    }

    fn name(&self) -> Option<String> {
        self.used.clone()
    }
}

impl Drop for PcscReader {
    fn drop(&mut self) {
        // The threads end by themselves; nothing is waited for here.
        self.watch.stop();
    }
}
