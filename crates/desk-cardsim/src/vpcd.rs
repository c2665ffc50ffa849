//! The card's end of Debian's virtual reader: vpcd listens, the card connects. A connection is a card in the field; its end
//! is the card's removal.
//!
//! Frames in both directions: length (two bytes, big-endian) and body. A body of one byte from the reader is a control
//! (0 off, 1 on, 2 reset, 4 ATR wanted); only the ATR and commands are answered.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use socket2::SockRef;

/// Longer than any ATR: the driver takes it for a card that cannot be powered. An empty frame would make it wait for ever.
const NO_ATR: [u8; 40] = [0; 40];

/// What a reader does to the power of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    Off,
    On,
    Reset,
}

/// What the reader gets to see after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answer(Vec<u8>),
    /// The card left the field before it answered.
    Gone,
    /// The card keeps silent for ever; the link stays.
    Silent,
}

/// A card in the virtual reader.
pub trait VirtualCard: Send + Sync {
    fn atr(&self) -> Vec<u8>;
    /// True while the card gives no answer to reset: the reader finds something and calls it mute.
    fn mute(&self) -> bool;
    fn power(&self, power: Power);
    fn command(&self, command: &[u8]) -> Outcome;
}

/// A card that lies in the reader until this is dropped or the card itself goes.
pub struct Inserted {
    stream: Arc<TcpStream>,
    serving: Option<JoinHandle<()>>,
}

impl Inserted {
    /// True until the link to the reader has ended.
    #[must_use]
    pub fn present(&self) -> bool {
        self.serving.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        // An error means that the link is already down.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.serving.take() {
            // A panic of the card's own code has already ended the link.
            let _ = thread.join();
        }
    }
}

/// Puts a card into the reader that listens at `reader`.
///
/// # Errors
/// No virtual reader listens there, or no thread could be started.
pub fn insert(reader: SocketAddr, card: Arc<dyn VirtualCard>) -> io::Result<Inserted> {
    let stream = Arc::new(TcpStream::connect_timeout(&reader, Duration::from_secs(2))?);
    stream.set_nodelay(true)?;
    let link = Arc::clone(&stream);
    let serving = std::thread::Builder::new().name("virtual card".to_owned()).spawn(move || {
        // The end of the link, whatever its cause, is the removal of the card.
        let _ = serve(&link, card.as_ref());
        let _ = link.shutdown(Shutdown::Both);
        card.power(Power::Off);
    })?;
    Ok(Inserted { stream, serving: Some(serving) })
}

fn serve(link: &TcpStream, card: &dyn VirtualCard) -> io::Result<()> {
    // The reader asks for the ATR when it powers the card and, later, to see whether the card is still there. Only the first
    // question is the card's own answer to reset.
    let mut powered_now = false;
    loop {
        let frame = receive(link)?;
        let starting = std::mem::replace(&mut powered_now, matches!(frame.as_slice(), [1 | 2]));
        match frame.as_slice() {
            [0] => card.power(Power::Off),
            [1] => card.power(Power::On),
            [2] => card.power(Power::Reset),
            [4] if starting && card.mute() => send(link, &NO_ATR)?,
            [4] => send(link, &card.atr())?,
            [] | [_] => {}
            command => match card.command(command) {
                Outcome::Answer(answer) => send(link, &answer)?,
                Outcome::Gone => return Ok(()),
                Outcome::Silent => {}
            },
        }
    }
}

fn receive(mut link: &TcpStream) -> io::Result<Vec<u8>> {
    // vpcd sends length and body apart; without an immediate acknowledgement each command takes 44 ms instead of 55 µs.
    acknowledge_at_once(link)?;
    let mut length = [0; 2];
    link.read_exact(&mut length)?;
    acknowledge_at_once(link)?;
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    link.read_exact(&mut body)?;
    Ok(body)
}

fn send(mut link: &TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = Vec::with_capacity(body.len() + 2);
    frame.extend(length.to_be_bytes());
    frame.extend(body);
    link.write_all(&frame)
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(link: &TcpStream) -> io::Result<()> {
    SockRef::from(link).set_tcp_quickack(true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(link: &TcpStream) -> io::Result<()> {
    SockRef::from(link).set_tcp_nodelay(true)
}
