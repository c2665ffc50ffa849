//! Printing through CUPS by its own client programs, so that drivers, drop-in printers and IPP are the system's affair.

use std::{process::Stdio, sync::Arc, time::Duration};

use async_trait::async_trait;
use desk_app::ports::{Clock, PrintedAs, Printer, Sheet, SheetFormat};
use desk_domain::code::{Code, Message};
use serde::{Deserialize, Serialize};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    file::stem,
    page::{length, render, texts},
    typeface::Typeface,
};

/// Which queue, where, and how long a job may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CupsQueue {
    /// Name of the queue.
    pub queue: String,
    /// Host and port or socket path of another CUPS server; the system's own without it.
    #[serde(default)]
    pub server: Option<String>,
    /// Seconds until a job that has not come out is taken back and the paper stays pending.
    #[serde(default = "default_patience")]
    pub patience_seconds: u64,
}

fn default_patience() -> u64 {
    20
}

/// Hands papers to a CUPS queue and waits until the job is done. A job that does not get done is cancelled: a paper is
/// either printed or pending, never both.
pub struct CupsPrinter {
    queue: CupsQueue,
    face: Arc<Typeface>,
    clock: Arc<dyn Clock>,
}

/// Time for one call of a client program, which may hang on a dead server.
const CALL: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl CupsPrinter {
    #[must_use]
    pub fn new(queue: CupsQueue, face: Arc<Typeface>, clock: Arc<dyn Clock>) -> Self {
        Self { queue, face, clock }
    }

    /// Runs a client program; its standard output, or nothing when it failed.
    async fn call(&self, program: &str, arguments: &[String], input: &[u8]) -> Option<String> {
        let mut command = Command::new(program);
        if let Some(server) = &self.queue.server {
            command.arg("-h").arg(server);
        }
        command.args(arguments).env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let run = async {
            let mut child = command.spawn().ok()?;
            if let Some(mut pipe) = child.stdin.take() {
                // A program that needs no input may have closed it already.
                let _ = pipe.write_all(input).await;
            }
            let output = child.wait_with_output().await.ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let limit = self.clock.sleep(CALL);
        tokio::select! {
            output = run => output,
            () = limit => None,
        }
    }

    fn missing(&self, what: &'static str) -> Message {
        tracing::warn!(queue = %self.queue.queue, what, "A paper could not be printed");
        Message::new(Code::PrinterMissing)
    }
}

#[async_trait]
impl Printer for CupsPrinter {
    async fn print(&mut self, sheet: &Sheet) -> Result<PrintedAs, Message> {
        let (face, at, copy) = (Arc::clone(&self.face), self.clock.now(), sheet.clone());
        let pdf = tokio::task::spawn_blocking(move || render(&copy, &face, at))
            .await
            .map_err(|_| Message::new(Code::Internal).with("where", "print"))??;
        let media = match sheet.format {
            SheetFormat::Roll80 => format!("media=Custom.80x{}mm", length(sheet, &self.face)),
            SheetFormat::A4 => "media=A4".to_owned(),
        };
        let mut arguments = vec!["-d".to_owned(), self.queue.queue.clone(), "-t".to_owned(), stem(&sheet.name)];
        for option in [media, "print-scaling=none".to_owned()] {
            arguments.extend(["-o".to_owned(), option]);
        }
        arguments.push("-".to_owned());
        let answer = self.call("lp", &arguments, &pdf).await.ok_or_else(|| self.missing("lp"))?;
        let job = job_of(&answer).ok_or_else(|| self.missing("no job"))?;

        let until = self.clock.monotonic() + Duration::from_secs(self.queue.patience_seconds);
        loop {
            let waiting =
                self.call("lpstat", &["-W".to_owned(), "not-completed".to_owned(), "-o".to_owned(), self.queue.queue.clone()], &[]).await;
            if waiting.as_deref().is_some_and(|list| !lists(list, &job)) {
                return Ok(PrintedAs(job));
            }
            if self.clock.monotonic() >= until {
                let taken_back = self.call("cancel", std::slice::from_ref(&job), &[]).await.is_some();
                return Err(self.missing(if taken_back { "taken back" } else { "not taken back" }));
            }
            self.clock.sleep(LOOK_AGAIN).await;
        }
    }

    /// The queue is there, takes jobs, and is not held.
    async fn test(&mut self) -> Result<(), Message> {
        let queue = self.queue.queue.clone();
        let takes = self.call("lpstat", &["-a".to_owned(), queue.clone()], &[]).await.is_some_and(|said| said.contains(" accepting "));
        let works = self.call("lpstat", &["-p".to_owned(), queue], &[]).await.is_some_and(|said| !said.contains("disabled"));
        if takes && works { Ok(()) } else { Err(self.missing("self-test")) }
    }

    fn check(&self, sheet: &Sheet) -> Option<Message> {
        self.face.warning(&texts(sheet))
    }
}

/// `request id is QUEUE-12 (0 file(s))`
fn job_of(answer: &str) -> Option<String> {
    answer.split("request id is ").nth(1)?.split_whitespace().next().map(str::to_owned)
}

fn lists(list: &str, job: &str) -> bool {
    list.lines().any(|line| line.split_whitespace().next() == Some(job))
}
