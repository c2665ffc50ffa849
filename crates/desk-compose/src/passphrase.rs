//! Where the station's passphrase comes from. It is asked for once and kept nowhere.

use std::io::{BufRead, BufReader, Write};

use desk_domain::code::{Code, Message};
use zeroize::Zeroizing;

/// A source that can be asked once.
pub trait Passphrase: Send {
    /// # Errors
    /// `STORE_KEY_MISSING` where nobody answers.
    fn ask(&mut self) -> Result<Zeroizing<String>, Message>;
}

/// The first line of an open file descriptor: a pipe of whoever starts the desk. Neither an argument nor a variable of
/// the environment, which other programs could read.
#[derive(Debug, Clone, Copy)]
pub struct FromDescriptor(pub u32);

impl Passphrase for FromDescriptor {
    fn ask(&mut self) -> Result<Zeroizing<String>, Message> {
        let file = std::fs::File::open(format!("/dev/fd/{}", self.0)).map_err(|_| missing())?;
        first_line(BufReader::new(file))
    }
}

/// The terminal, without echo.
#[derive(Debug, Clone, Copy)]
pub struct FromTerminal;

impl Passphrase for FromTerminal {
    fn ask(&mut self) -> Result<Zeroizing<String>, Message> {
        let mut terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| missing())?;
        let echo = |how| {
            let tty = std::fs::File::open("/dev/tty").ok()?;
            std::process::Command::new("stty").arg(how).stdin(tty).status().ok()
        };
        terminal.write_all("本机口令：".as_bytes()).map_err(|_| missing())?;
        // Where the terminal cannot be made silent, nothing secret is typed into it.
        if !echo("-echo").is_some_and(|status| status.success()) {
            return Err(missing());
        }
        let answer = first_line(BufReader::new(&terminal));
        echo("echo");
        terminal.write_all(b"\n").map_err(|_| missing())?;
        answer
    }
}

/// Nobody to ask: the key must rest where no passphrase is needed.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Passphrase for Nobody {
    fn ask(&mut self) -> Result<Zeroizing<String>, Message> {
        Err(missing())
    }
}

/// Asked from an open file descriptor where one is named, from the terminal otherwise.
#[must_use]
pub fn asked_from(descriptor: Option<u32>) -> Box<dyn Passphrase> {
    match descriptor {
        Some(descriptor) => Box::new(FromDescriptor(descriptor)),
        None => Box::new(FromTerminal),
    }
}

/// Longer lines are no passphrase.
const MOST_BYTES: u64 = 1024;

fn first_line(reader: impl BufRead) -> Result<Zeroizing<String>, Message> {
    let mut line = Zeroizing::new(String::new());
    reader.take(MOST_BYTES).read_line(&mut line).map_err(|_| missing())?;
    let kept = line.trim_end_matches(['\r', '\n']);
    if kept.is_empty() {
        return Err(missing());
    }
    Ok(Zeroizing::new(kept.to_owned()))
}

fn missing() -> Message {
    Message::new(Code::StoreKeyMissing)
}
