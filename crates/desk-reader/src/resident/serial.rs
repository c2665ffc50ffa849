//! The serial line: opened for each document and closed after it, so that a reader may be unplugged in between.

use std::{
    io::{ErrorKind, Read, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use desk_card::link::IdReader;
use desk_domain::{
    code::{Code, Message},
    read_document::ReadDocument,
};

use super::{
    frame::{self, Command, Received, Reply},
    text,
};

const FOUND: u8 = 0x9F;
const OK: u8 = 0x90;
const FIND_FAILED: u8 = 0x80;
/// Text and photograph lengths stand before both.
const LENGTHS: usize = 4;
/// One wait for bytes; the limit of a whole reply is the line's.
const POLL: Duration = Duration::from_millis(50);

/// Settings of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLine {
    /// `/dev/ttyUSB0`, `COM3`.
    pub port: PathBuf,
    /// GA 450 readers leave the factory with 115 200.
    pub baud: u32,
    /// How long one reply may take.
    pub reply_limit: Duration,
}

impl SerialLine {
    #[must_use]
    pub fn at(port: PathBuf) -> Self {
        Self { port, baud: 115_200, reply_limit: Duration::from_secs(3) }
    }
}

/// A GA 450 reader on a serial line.
pub struct SerialIdReader {
    line: SerialLine,
}

impl SerialIdReader {
    /// Opens nothing: the reader may come later.
    #[must_use]
    pub fn new(line: SerialLine) -> Self {
        Self { line }
    }
}

#[async_trait]
impl IdReader for SerialIdReader {
    fn present(&self) -> bool {
        true
    }

    async fn read(&mut self) -> Result<ReadDocument, Message> {
        let line = self.line.clone();
        tokio::task::spawn_blocking(move || Conversation::open(&line)?.document())
            .await
            .unwrap_or_else(|_| Err(Message::new(Code::IdReaderMissing)))
    }

    async fn module(&mut self) -> Result<(), Message> {
        let line = self.line.clone();
        tokio::task::spawn_blocking(move || Conversation::open(&line)?.module())
            .await
            .unwrap_or_else(|_| Err(Message::new(Code::IdReaderMissing)))
    }
}

struct Conversation {
    port: Box<dyn serialport::SerialPort>,
    limit: Duration,
}

impl Conversation {
    fn open(line: &SerialLine) -> Result<Self, Message> {
        let port = serialport::new(line.port.to_string_lossy(), line.baud).timeout(POLL).open().map_err(|error| {
            tracing::warn!(%error, "identity reader");
            Message::new(Code::IdReaderMissing)
        })?;
        Ok(Self { port, limit: line.reply_limit })
    }

    fn module(&mut self) -> Result<(), Message> {
        let reply = self.ask(Command::SamId)?;
        if reply.status == OK { Ok(()) } else { Err(refused(&reply)) }
    }

    fn document(&mut self) -> Result<ReadDocument, Message> {
        let found = self.ask(Command::Find)?;
        match found.status {
            FOUND => {}
            FIND_FAILED => return Err(Message::new(Code::IdReaderNoCard)),
            _ => return Err(refused(&found)),
        }
        let selected = self.ask(Command::Select)?;
        if selected.status != OK {
            return Err(refused(&selected));
        }
        let read = self.ask(Command::ReadBase)?;
        if read.status != OK {
            return Err(refused(&read));
        }
        document(&read.data).ok_or_else(|| Message::new(Code::IdReaderGarbled))
    }

    #[expect(clippy::disallowed_methods, reason = "the time-out of a serial line")]
    fn ask(&mut self, command: Command) -> Result<Reply, Message> {
        let gone = |error: std::io::Error| {
            tracing::warn!(%error, "identity reader");
            Message::new(Code::IdReaderMissing)
        };
        // What an earlier, given up conversation left on the line is no answer to this.
        self.port.clear(serialport::ClearBuffer::Input).map_err(|error| gone(error.into()))?;
        self.port.write_all(&command.frame()).and_then(|()| self.port.flush()).map_err(gone)?;
        let until = Instant::now() + self.limit;
        let mut heard = Vec::new();
        let mut chunk = [0; 512];
        loop {
            match frame::receive(&heard) {
                Received::Whole(reply) => return Ok(reply),
                Received::Garbled => return Err(Message::new(Code::IdReaderGarbled)),
                Received::More(_) => {}
            }
            match self.port.read(&mut chunk) {
                Ok(0) => return Err(Message::new(Code::IdReaderMissing)),
                Ok(count) => heard.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(error) => return Err(gone(error)),
            }
            if Instant::now() >= until && !matches!(frame::receive(&heard), Received::Whole(_)) {
                // Silence is an unplugged module; half an answer is a bad line.
                return Err(Message::new(if heard.is_empty() { Code::IdReaderMissing } else { Code::IdReaderGarbled }));
            }
        }
    }
}

fn document(data: &[u8]) -> Option<ReadDocument> {
    let (lengths, rest) = data.split_at_checked(LENGTHS)?;
    let [text_high, text_low, photo_high, photo_low] = lengths else {
        return None;
    };
    let text = usize::from(u16::from_be_bytes([*text_high, *text_low]));
    let photo = usize::from(u16::from_be_bytes([*photo_high, *photo_low]));
    if rest.len() != text + photo {
        return None;
    }
    text::decode(rest.get(..text)?)
}

fn refused(reply: &Reply) -> Message {
    Message::new(Code::IdReaderRefused).with("sw", format!("{:02X}", reply.status))
}
