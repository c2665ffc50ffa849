//! The tray as a program: plays demonstration cards into the virtual reader and obeys text commands on standard input and
//! on a unix socket.

use std::{
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, mpsc},
};

use clap::Parser;
use desk_cardsim::{
    Seed,
    tray::{
        self, Faults, Tray,
        console::{Console, Heard, TICK},
    },
};

/// Plays a tray of cards into the virtual smart-card reader (vpcd).
///
/// Commands, one a line, on standard input and on the socket: list, show NAME, put NAME [SLOT], off [SLOT],
/// tear before|after N, mute on|off, slow MS, calm, load NAME FEN, quit. Every answer is one line, `ok …` or `no …`.
#[derive(Parser)]
#[command(name = "cardsim", version)]
struct Arguments {
    /// Makes the demonstration cards in this directory and ends.
    #[arg(long, value_name = "DIR", requires = "seed", conflicts_with = "tray")]
    make_demo: Option<PathBuf>,
    /// Secret of all keys, hexadecimal; the centre must be given the same.
    #[arg(long, value_name = "HEX")]
    seed: Option<String>,
    /// List of cards to make, in the form of rules/demonstration-cards.toml; that file itself without this option.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// Staff card to add to the demonstration cards, as the centre's demonstration writes it.
    #[arg(long, value_name = "FILE", requires = "make_demo")]
    staff: Option<PathBuf>,
    /// Directory of the cards to play.
    #[arg(long, value_name = "DIR", required_unless_present = "make_demo")]
    tray: Option<PathBuf>,
    /// Port of the first virtual reader on this machine.
    #[arg(long, value_name = "PORT", default_value_t = 35963)]
    port: u16,
    /// Unix socket to listen on for commands.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// One line and where its answer goes.
struct Said {
    line: String,
    answer: mpsc::Sender<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nowhere to tell that nobody can be told.
            let _ = writeln!(io::stderr(), "cardsim: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(directory) = arguments.make_demo {
        let seed = Seed::from_hex(arguments.seed.as_deref().unwrap_or_default())?;
        let list = match arguments.list {
            Some(file) => std::fs::read_to_string(file)?,
            None => tray::DEMONSTRATION.to_owned(),
        };
        let made = tray::make(&directory, &seed, &list)?;
        if let Some(file) = arguments.staff {
            tray::add_staff(&directory, &std::fs::read_to_string(file)?)?;
        }
        writeln!(io::stdout(), "{made} cards in {}", directory.display())?;
        return Ok(());
    }
    let faults = Arc::new(Faults::default());
    let directory = arguments.tray.unwrap_or_default();
    let tray = Tray::open(&directory, &faults)?;
    let mut console = Console::new(tray, faults, arguments.port);

    let (sender, heard) = mpsc::channel();
    if let Some(path) = &arguments.socket {
        listen(path, sender.clone())?;
    }
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        // With the end of the input only this way of speaking ends.
        let _ = converse(io::stdin().lock(), io::stdout(), &sender);
    })?;
    writeln!(io::stdout(), "READY")?;
    loop {
        match heard.recv_timeout(TICK) {
            Ok(Said { line, answer }) => match console.hear(&line) {
                // Whoever asked may have gone.
                Heard::Answer(text) => drop(answer.send(text)),
                Heard::Quit => break,
            },
            Err(mpsc::RecvTimeoutError::Timeout) => console.tick(),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(console);
    if let Some(path) = &arguments.socket {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Passes lines on and writes the answers, until the other side ends.
fn converse(input: impl BufRead, mut output: impl Write, sender: &mpsc::Sender<Said>) -> io::Result<()> {
    for line in input.lines() {
        let (answer, answered) = mpsc::channel();
        let said = Said { line: line?, answer };
        if sender.send(said).is_err() {
            return Ok(());
        }
        let Ok(text) = answered.recv() else {
            return Ok(());
        };
        writeln!(output, "{text}")?;
        output.flush()?;
    }
    Ok(())
}

#[cfg(unix)]
fn listen(path: &Path, sender: mpsc::Sender<Said>) -> io::Result<()> {
    use std::os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    };

    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, format!("{}: another tray listens there", path.display())));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    std::thread::Builder::new().name("socket".to_owned()).spawn(move || {
        for client in listener.incoming().flatten() {
            let sender = sender.clone();
            // Without a thread this one client is not heard.
            let _ = std::thread::Builder::new().spawn(move || {
                let reader = io::BufReader::new(&client);
                converse(reader, &client, &sender)
            });
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn listen(path: &Path, _sender: mpsc::Sender<Said>) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("{}: unix sockets only", path.display())))
}
