//! One question, one answer over the socket of the card simulator.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

/// Way to the card simulator.
pub struct Line {
    socket: PathBuf,
}

/// Why there is no answer; the page has the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineError {
    /// Nothing listens at the socket, or it fell silent.
    NoTray,
    /// The virtual reader does not listen.
    NoReader,
    /// The tray refused.
    Refused,
    /// The page asked for what no card can be called, or the answer makes no sense.
    Garbled,
}

impl Line {
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Says one line.
    ///
    /// # Errors
    /// [`LineError`]
    pub fn say(&self, line: &str) -> Result<Value, LineError> {
        understand(&self.exchange(line)?)
    }

    #[cfg(unix)]
    fn exchange(&self, line: &str) -> Result<String, LineError> {
        use std::{
            io::{BufRead, BufReader, Write},
            os::unix::net::UnixStream,
            time::Duration,
        };

        let ask = || -> std::io::Result<String> {
            let mut stream = UnixStream::connect(&self.socket)?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            writeln!(stream, "{line}")?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer)?;
            Ok(answer)
        };
        ask().map_err(|_| LineError::NoTray)
    }

    #[cfg(not(unix))]
    fn exchange(&self, _line: &str) -> Result<String, LineError> {
        let _ = &self.socket;
        Err(LineError::NoTray)
    }
}

/// A card's name as the tray allows it: nothing in it can end the line or add a word.
///
/// # Errors
/// [`LineError::Garbled`]
pub fn word(name: &str) -> Result<&str, LineError> {
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(name) } else { Err(LineError::Garbled) }
}

fn understand(answer: &str) -> Result<Value, LineError> {
    let answer = answer.trim_end();
    if answer.is_empty() {
        return Err(LineError::NoTray);
    }
    match answer.split_once(' ') {
        None if answer == "ok" => Ok(Value::Null),
        Some(("ok", data)) => serde_json::from_str(data).map_err(|_| LineError::Garbled),
        Some(("no", why)) if why.starts_with("no reader") => Err(LineError::NoReader),
        Some(("no", _)) => Err(LineError::Refused),
        Some(_) | None => Err(LineError::Garbled),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_understood() {
        assert_eq!(understand("ok\n"), Ok(Value::Null));
        assert_eq!(understand("ok {\"a\":1}\n"), Ok(json!({"a": 1})));
        assert_eq!(understand("ok {\n"), Err(LineError::Garbled));
        assert_eq!(understand("no reader\n"), Err(LineError::Refused));
        assert_eq!(understand("no no reader: refused\n"), Err(LineError::NoReader));
        assert_eq!(understand("what\n"), Err(LineError::Garbled));
        assert_eq!(understand(""), Err(LineError::NoTray));
    }

    #[test]
    fn names_cannot_smuggle_commands() {
        assert_eq!(word("blank-1"), Ok("blank-1"));
        for name in ["", "a b", "a\nquit", "../x", "Ａ", "A"] {
            assert_eq!(word(name), Err(LineError::Garbled), "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn one_line_each_way() {
        use std::{
            io::{BufRead, BufReader, Write},
            os::unix::net::UnixListener,
        };

        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("tray");
        let line = Line::new(socket.clone());
        assert_eq!(line.say("list"), Err(LineError::NoTray));

        let listener = UnixListener::bind(&socket).unwrap();
        let tray = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut heard).unwrap();
            stream.write_all(b"ok [1]\n").unwrap();
            let (_, _) = listener.accept().unwrap();
            heard
        });
        assert_eq!(line.say("put blank-1"), Ok(json!([1])));
        assert_eq!(line.say("list"), Err(LineError::NoTray), "hung up");
        assert_eq!(tray.join().unwrap(), "put blank-1\n");
    }
}
