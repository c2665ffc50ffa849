//! The desk actor: one mailbox, one match, no locks. Acts and outcomes come in, whole views go out.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    ports::{CardReader, CentreLink, Clock, Entropy, Printer, Screen, Signer, Station, Store, Verifier},
    view::Act,
};

/// Everything the desk is made of. The composition root, the tests and the simulation fill it.
pub struct Parts {
    pub station: Station,
    pub store: Box<dyn Store>,
    pub link: Arc<dyn CentreLink>,
    pub reader: Box<dyn CardReader>,
    pub printer: Box<dyn Printer>,
    pub screen: Arc<dyn Screen>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Box<dyn Entropy>,
    pub signer: Arc<dyn Signer>,
    pub verifier: Arc<dyn Verifier>,
    /// Practice mode (练习): marked on every paper.
    pub practice: bool,
}

/// What may come into the mailbox.
enum Mail {
    Act(Act),
}

/// Sends acts to a running desk; cheap to clone. Dropping the last one ends the desk.
#[derive(Clone)]
pub struct DeskHandle {
    mailbox: mpsc::UnboundedSender<Mail>,
}

impl DeskHandle {
    /// Answers come as views. False when the desk has ended.
    pub fn send(&self, act: Act) -> bool {
        self.mailbox.send(Mail::Act(act)).is_ok()
    }
}

/// The actor. Made by [`Desk::start`], driven by [`Desk::run`].
pub struct Desk {
    parts: Parts,
    mailbox: mpsc::UnboundedReceiver<Mail>,
}

impl Desk {
    /// Makes a desk and its handle; nothing happens before [`Desk::run`] is polled (on a tokio runtime).
    #[must_use]
    pub fn start(parts: Parts) -> (Self, DeskHandle) {
        let (sender, mailbox) = mpsc::unbounded_channel();
        (Self { parts, mailbox }, DeskHandle { mailbox: sender })
    }

    /// Runs until every handle is gone.
    pub async fn run(mut self) {
        while let Some(mail) = self.mailbox.recv().await {
            match mail {
                Mail::Act(act) => {
                    tracing::debug!(?act, practice = self.parts.practice, "act");
                }
            }
        }
    }
}
