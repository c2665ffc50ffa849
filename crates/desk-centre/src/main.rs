//! `desk-centre`: serve, and the administrator's commands.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use desk_centre::command::{Command, run};

/// The centre of CardDesk.
#[derive(Parser)]
#[command(name = "desk-centre", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn")),
        )
        .init();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "desk-centre: {fault}");
            ExitCode::FAILURE
        }
    }
}
