//! `deskctl journal verify FILE…`: checks exported journals without the centre: chain, payload hashes, balance, signatures.
//!
//! Prints one JSON object a file. Exits with 0 where all are sound, 1 where one was changed, 2 where one is no journal.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use desk_wire::export::{Check, Sound, Unsound};
use serde::Serialize;

/// No row of a desk comes near; a longer line is no line of a journal.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Checks journals that `desk-centre export` has written.
    Verify {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Serialize)]
struct Told<'a> {
    file: String,
    result: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    sound: Option<Sound>,
}

pub fn run(command: &Command) -> ExitCode {
    let Command::Verify { files } = command;
    let mut worst = 0;
    for file in files {
        let checked = verify(file);
        let (result, exit) = match &checked {
            Ok(_) => ("sound", 0),
            Err(unsound) if unsound.is_unreadable() => ("unreadable", 2),
            Err(_) => ("changed", 1),
        };
        worst = worst.max(exit);
        let why = checked.as_ref().err().map(ToString::to_string);
        let told = Told { file: file.display().to_string(), result, why, sound: checked.ok() };
        let Ok(line) = serde_json::to_string(&told) else {
            return ExitCode::FAILURE;
        };
        if writeln!(std::io::stdout(), "{line}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::from(worst)
}

fn verify(file: &Path) -> Result<Sound, Unsound> {
    let unreadable = |line: u64, error: &std::io::Error| Unsound::Unreadable { line, what: error.kind().to_string() };
    let mut reader = BufReader::new(File::open(file).map_err(|error| unreadable(0, &error))?);
    let mut check = Check::default();
    let mut text = String::new();
    for line in 1_u64.. {
        text.clear();
        let read = reader.by_ref().take(LONGEST_LINE).read_line(&mut text).map_err(|error| unreadable(line, &error))?;
        if read == 0 {
            break;
        }
        check.line(text.trim_end_matches('\n'))?;
    }
    check.end()
}
