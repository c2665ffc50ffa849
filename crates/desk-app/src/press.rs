//! The printer's own task: one sheet after the other, never holding up the desk.

use desk_domain::code::Message;
use tokio::sync::mpsc;

use crate::{
    desk::Mail,
    ports::{Printer, Sheet},
    self_test::Device,
};

/// What the printer is asked for.
pub(crate) enum Job {
    Print(Sheets),
    /// The self-test of day open.
    Test,
}

pub(crate) struct Sheets {
    pub ticket: u64,
    pub sheet: Box<Sheet>,
}

/// Ends when the desk is gone.
pub(crate) async fn run(mut printer: Box<dyn Printer>, mut jobs: mpsc::UnboundedReceiver<Job>, tell: mpsc::UnboundedSender<Mail>) {
    while let Some(job) = jobs.recv().await {
        let Sheets { ticket, sheet } = match job {
            Job::Print(sheets) => sheets,
            Job::Test => {
                let end = printer.test().await;
                if tell.send(Mail::DeviceTested { device: Device::Printer, end }).is_err() {
                    return;
                }
                continue;
            }
        };
        if let Some(message) = printer.check(&sheet)
            && tell.send(Mail::Remark { message }).is_err()
        {
            return;
        }
        let end: Result<(), Message> = printer.print(&sheet).await.map(|_| ());
        if let Err(message) = &end {
            tracing::warn!(code = message.code.as_str(), "print failed");
        }
        if tell.send(Mail::Printed { ticket, end }).is_err() {
            return;
        }
    }
}
