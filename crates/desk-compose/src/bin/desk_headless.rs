//! The desk without a window: one JSON act a line on standard input, one JSON view a line on standard output.

use std::{io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand, ValueEnum};
use desk_compose::{
    Composition, Config,
    enrol::enrol,
    headless::{Lines, serve},
    passphrase::{FromDescriptor, FromTerminal, Passphrase},
    secrets::Rest,
};
use desk_domain::code::Message;

#[derive(Parser)]
#[command(about = "CardDesk without a window")]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Works until standard input ends.
    Run(Place),
    /// Makes this computer a desk of the centre.
    Enrol {
        #[command(flatten)]
        place: Place,
        /// One-time code from the centre.
        #[arg(long)]
        code: String,
        /// Where the keys rest from now on.
        #[arg(long, value_enum, default_value_t = Keys::Keyring)]
        keys: Keys,
    },
}

#[derive(Args)]
struct Place {
    #[arg(long)]
    config: PathBuf,
    /// Open file descriptor whose first line is the station's passphrase; otherwise the terminal is asked.
    #[arg(long)]
    passphrase_fd: Option<u32>,
    /// Moves the clock; instead of the configuration's value.
    #[arg(long, allow_negative_numbers = true)]
    clock_offset_seconds: Option<i64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Keys {
    Keyring,
    SealedFile,
}

impl Place {
    fn config(&self) -> Result<Config, Message> {
        let mut config = Config::read(&self.config)?;
        config.clock_offset_seconds = self.clock_offset_seconds.unwrap_or(config.clock_offset_seconds);
        Ok(config)
    }

    fn passphrase(&self) -> Box<dyn Passphrase> {
        match self.passphrase_fd {
            Some(descriptor) => Box::new(FromDescriptor(descriptor)),
            None => Box::new(FromTerminal),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().job {
        Job::Run(place) => run(&place).await,
        Job::Enrol { place, code, keys } => enrolled(&place, &code, keys).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _gone = writeln!(std::io::stderr(), "{} {}{}", message.code.as_str(), message.text(), message.code.remedy());
            ExitCode::FAILURE
        }
    }
}

async fn enrolled(place: &Place, code: &str, keys: Keys) -> Result<(), Message> {
    let rest = match keys {
        Keys::Keyring => Rest::Keyring,
        Keys::SealedFile => Rest::SealedFile,
    };
    let station = enrol(&place.config()?, rest, code, place.passphrase().as_mut()).await?;
    let _gone = writeln!(std::io::stdout(), "{} {} {} {}", station.outlet, station.window, station.device, station.generation);
    Ok(())
}

async fn run(place: &Place) -> Result<(), Message> {
    let (desk, handle) = Composition::open(&place.config()?, place.passphrase(), Arc::new(Lines::default())).await?;
    serve(desk, handle).await
}
