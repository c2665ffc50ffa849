//! `deskctl case eval`: what the rules say about a situation, without a desk, a card or a centre.
//!
//! The input is one JSON object, an array of them, or one a line; the answer is one object a line, in the same order. Exits
//! with 0 where every situation was answered (also with a refusal), 1 where the rule file has faults, 2 where the input
//! cannot be read: the object's place and what is wrong with it are told, and the others are still answered.

mod evaluate;
mod inquired;
mod situation;
mod verdict;

use std::{
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use desk_domain::ruleset::RuleSets;
use schemars::schema_for;
use serde_json::Value;

use self::{situation::Situation, verdict::Answer};
use crate::ruleset;

/// A batch of a hundred thousand situations is some fifty megabytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Answers situations: allowed, or refused with code, rule, phrase and everything that is missing.
    Eval {
        /// The programme's file; files of outlets may follow.
        #[arg(long = "ruleset", required = true, num_args = 1.., value_name = "FILE")]
        ruleset: Vec<PathBuf>,
        /// JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
    },
    /// Prints the JSON Schema of the input.
    Schema,
}

pub fn run(command: &Command) -> ExitCode {
    match command {
        Command::Schema => {
            let said = writeln!(std::io::stdout(), "{}", schema());
            if said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Command::Eval { ruleset: files, input } => {
            let sets = match ruleset::load(files) {
                Ok(sets) => sets,
                Err(failure) => return ruleset::not_loaded(failure, true),
            };
            match read(input) {
                Ok(text) => answer(&sets, &text),
                Err(error) => {
                    let _nobody_listens = writeln!(std::io::stderr(), "{}: {error}", input.display());
                    ExitCode::from(2)
                }
            }
        }
    }
}

/// The schema of the input, as committed in `docs/case-eval.schema.json`.
fn schema() -> String {
    serde_json::to_string_pretty(&schema_for!(Situation)).unwrap_or_default()
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?.take(MOST_BYTES).read_to_string(&mut text)?;
    }
    Ok(text)
}

/// The objects of an input, whichever of its three forms it has; each with what is wrong where it is none.
fn situations(text: &str) -> Vec<Result<Situation, String>> {
    let stream = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<Value>();
    let mut found = Vec::new();
    for (place, value) in (1..).zip(stream) {
        match value {
            Err(error) => {
                found.push(Err(format!("value {place}: {error}")));
                break;
            }
            Ok(Value::Array(list)) => found.extend((1..).zip(list).map(|(item, value)| one(value, &format!("item {item}")))),
            Ok(value) => found.push(one(value, &format!("value {place}"))),
        }
    }
    if found.is_empty() {
        found.push(Err("no situation".to_owned()));
    }
    found
}

fn one(value: Value, place: &str) -> Result<Situation, String> {
    serde_json::from_value(value).map_err(|error| format!("{place}: {error}"))
}

fn answer(sets: &RuleSets, text: &str) -> ExitCode {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut exit = 0;
    for situation in situations(text) {
        let answer = match situation.and_then(|situation| evaluate::evaluate(sets, &situation)) {
            Ok(verdict) => Answer::Verdict(Box::new(verdict)),
            Err(error) => {
                exit = 2;
                Answer::Unreadable { error }
            }
        };
        let written = serde_json::to_writer(&mut out, &answer).is_ok() && out.write_all(b"\n").is_ok();
        if !written {
            return ExitCode::FAILURE;
        }
    }
    if out.flush().is_err() { ExitCode::FAILURE } else { ExitCode::from(exit) }
}

#[cfg(test)]
mod tests;
