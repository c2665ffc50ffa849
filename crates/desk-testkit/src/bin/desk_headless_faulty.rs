//! The headless desk whose process ends at a chosen write of its journal; otherwise the same composition.
//!
//! `desk-headless-faulty CONFIG PASSPHRASE_FD before|after N`: ends by abort before the N-th commit, or after it and
//! before anybody hears of it. `N` 0 never ends it.
//! `desk-headless-faulty CONFIG PASSPHRASE_FD armed-by FILE`: takes `before|after N` from the file whenever it appears.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use desk_compose::{
    Composition, Config,
    headless::{Lines, serve},
    passphrase::FromDescriptor,
};
use desk_domain::code::Message;
use desk_testkit::faulty_store::{Fault, FaultyStore};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, descriptor, when, at] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let faults = match (when.as_str(), at.parse()) {
        ("before", Ok(at)) => Faults::At(Fault::DieBefore, at),
        ("after", Ok(at)) => Faults::At(Fault::DieAfter, at),
        ("armed-by", _) => Faults::From(PathBuf::from(at)),
        (_, _) => return ExitCode::from(2),
    };
    let Ok(descriptor) = descriptor.parse() else {
        return ExitCode::from(2);
    };
    match run(Path::new(config), FromDescriptor(descriptor), faults).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _gone = writeln!(std::io::stderr(), "{}", message.code.as_str());
            ExitCode::FAILURE
        }
    }
}

/// Where the desk learns when it is to die.
enum Faults {
    At(Fault, u32),
    From(PathBuf),
}

async fn run(config: &Path, passphrase: FromDescriptor, faults: Faults) -> Result<(), Message> {
    let config = Config::read(config)?;
    let mut composition = Composition::prepare(&config, Box::new(passphrase), Arc::new(Lines::default())).await?;
    composition.parts.store = Box::new(match faults {
        Faults::At(fault, at) => FaultyStore::new(composition.parts.store, at, fault),
        Faults::From(file) => FaultyStore::armed_by(composition.parts.store, file),
    });
    let (desk, handle) = composition.start();
    serve(desk, handle).await
}
