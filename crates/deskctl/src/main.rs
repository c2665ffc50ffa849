//! `deskctl`: the command-line tool of support and head office. One module a noun; each says what it takes, what it prints
//! and how it exits.

mod card;
mod case;
mod decoded;
mod doctor;
mod journal;
mod live;
mod recorded;
mod ruleset;
mod trail;
mod unit;

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
    /// Citizens' cards: from a recording, or on a reader.
    #[command(subcommand)]
    Card(card::Command),
    /// What the rules say about a situation.
    #[command(subcommand)]
    Case(case::Command),
    /// Rule sets of card programmes.
    #[command(subcommand)]
    Ruleset(ruleset::Command),
    /// Journals of desks as files.
    #[command(subcommand)]
    Journal(journal::Command),
    /// Card readers of this computer: what stands against them, and what to do about it.
    Doctor(doctor::Command),
    /// Lists that units bring.
    #[command(subcommand)]
    Unit(unit::Command),
}

fn main() -> ExitCode {
    match Arguments::parse().noun {
        Noun::Card(command) => card::run(&command),
        Noun::Case(command) => case::run(&command),
        Noun::Ruleset(command) => ruleset::run(&command),
        Noun::Journal(command) => journal::run(&command),
        Noun::Doctor(command) => doctor::run(&command),
        Noun::Unit(command) => unit::run(&command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn every_command_can_be_asked() {
        Arguments::command().debug_assert();
    }
}
