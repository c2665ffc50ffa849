//! `deskctl card`: what a card says, from a recording (`decode`) or from the reader (`read`), as one JSON object.
//!
//! Exits with 0 where something was decoded, 2 where nothing could be: then the object holds `code`, `text`, `cause` and
//! `remedy`. Nothing is written on any card.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use desk_card::{
    code::{Code, Message},
    profile::{Profiles, SHIPPED},
};
use serde_json::{Value, json};

use crate::{decoded, live, recorded::Recording, trail};

/// No recording of one card comes near.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Decodes a recording of what was said to a card and what it answered.
    ///
    /// Takes `{"exchanges": [["command hex", "response hex"], …]}`, also inside a larger object, and prints family, card
    /// number, validity, balances, records, journeys and warnings. `-` reads standard input.
    Decode {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        families: FamilyFiles,
    },
    /// Reads the card that lies on a reader of this computer.
    ///
    /// Prints the same object as `decode`. Waits for a card; the card is not changed.
    Read {
        /// Part of the reader's name; otherwise the first reader that is no virtual one.
        #[arg(long, value_name = "NAME")]
        reader: Option<String>,
        /// How many seconds to wait for a card.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        wait: u64,
        /// Prints the recording as well, in the form that `decode` takes.
        #[arg(long)]
        exchanges: bool,
        #[command(flatten)]
        families: FamilyFiles,
    },
    /// What was said to the cards of one case, from the journal of this desk, for support.
    ///
    /// Prints every command with its answer, its status word in words and its time in milliseconds. PINs, the holder's
    /// file, journeys and card numbers but for their tails were masked when it was written down. The desk's program must
    /// not be running: a journal has one master.
    Trail {
        /// Case number, as on every paper.
        #[arg(value_name = "CASE")]
        case: String,
        /// Configuration of the desk.
        #[arg(long, value_name = "FILE", default_value = "desk.toml")]
        config: PathBuf,
        /// Open file descriptor whose first line is the station's passphrase; otherwise the terminal is asked where one is
        /// needed.
        #[arg(long, value_name = "NUMBER")]
        passphrase_fd: Option<u32>,
    },
    /// Lists the card families that are known.
    Families {
        #[command(flatten)]
        families: FamilyFiles,
    },
}

#[derive(clap::Args)]
pub struct FamilyFiles {
    /// Folder with files of further card families.
    #[arg(long = "profiles", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Why nothing could be told: the message, and what was seen all the same.
pub struct Nothing {
    pub message: Message,
    pub seen: Option<Value>,
}

impl From<Message> for Nothing {
    fn from(message: Message) -> Self {
        Self { message, seen: None }
    }
}

pub fn run(command: &Command) -> ExitCode {
    let told = match command {
        Command::Decode { file, families } => {
            families.load().and_then(|profiles| decoded::decode(&profiles, &Recording::parse(&text_of(file)?)?))
        }
        Command::Read { reader, wait, exchanges, families } => {
            families.load().and_then(|profiles| live::read(&profiles, reader.as_deref(), *wait, *exchanges))
        }
        Command::Trail { case, config, passphrase_fd } => trail::read(case, config, *passphrase_fd).map_err(Nothing::from),
        Command::Families { families } => families.load().map(|profiles| listed(&profiles)),
    };
    let (object, exit) = match told {
        Ok(object) => (object, 0),
        Err(nothing) => (failed(&nothing), 2),
    };
    let Ok(text) = serde_json::to_string_pretty(&object) else {
        return ExitCode::FAILURE;
    };
    if writeln!(std::io::stdout(), "{text}").is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(exit)
}

fn failed(nothing: &Nothing) -> Value {
    let message = &nothing.message;
    let mut object = json!({
        "code": message.code.as_str(),
        "text": message.text(),
        "cause": message.code.cause(),
        "remedy": message.code.remedy(),
    });
    if let (Some(object), Some(seen)) = (object.as_object_mut(), &nothing.seen) {
        object.insert("seen".to_owned(), seen.clone());
    }
    object
}

pub fn invalid(what: impl ToString) -> Message {
    Message::new(Code::TranscriptInvalid).with("what", what)
}

fn text_of(file: &Path) -> Result<String, Message> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LARGEST_FILE + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(LARGEST_FILE + 1).read_to_string(&mut text))
    };
    match read {
        Err(error) => Err(invalid(error.kind())),
        Ok(length) if length as u64 > LARGEST_FILE => Err(invalid("文件过大")),
        Ok(_) => Ok(text),
    }
}

impl FamilyFiles {
    fn load(&self) -> Result<Profiles, Nothing> {
        let mut further = Vec::new();
        if let Some(folder) = &self.folder {
            let files = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let mut files: Vec<_> = files.map_err(|error| invalid(error.kind()))?.into_iter().map(|entry| entry.path()).collect();
            files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
            files.sort();
            for path in files {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                further.push((name, text_of(&path)?));
            }
        }
        let further = further.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Profiles::load(SHIPPED.iter().copied().chain(further)).map_err(|error| Nothing::from(invalid(error)))
    }
}

fn listed(profiles: &Profiles) -> Value {
    let families: Vec<_> = profiles
        .layouts()
        .map(|layout| {
            json!({
                "family": layout.family,
                "title": layout.title,
                "df_name": hex::encode_upper(&layout.df_name.0),
                "written": profiles.find(&layout.family).is_some(),
                "balance": layout.balance.as_ref().map(|balance| if balance.verified { "verified" } else { "unverified" }),
            })
        })
        .collect();
    json!({ "families": families })
}
