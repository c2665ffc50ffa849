//! `deskctl`: the command-line tool of support and head office. One module a noun; each says what it takes, what it prints
//! and how it exits.

mod journal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "deskctl", version, about = "CardDesk's tool for support and head office")]
struct Arguments {
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Subcommand)]
enum Noun {
    /// Journals of desks as files.
    #[command(subcommand)]
    Journal(journal::Command),
}

fn main() -> ExitCode {
    match Arguments::parse().noun {
        Noun::Journal(command) => journal::run(&command),
    }
}
