//! The headless desk whose process ends at a chosen write of its journal; otherwise the same composition.
//!
//! `desk-headless-faulty CONFIG PASSPHRASE_FD before|after N`: ends by abort before the N-th commit, or after it and
//! before anybody hears of it. `N` 0 never ends it.

use std::{io::Write, path::Path, process::ExitCode, sync::Arc};

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
    let fault = match when.as_str() {
        "before" => Fault::DieBefore,
        "after" => Fault::DieAfter,
        _ => return ExitCode::from(2),
    };
    let (Ok(descriptor), Ok(at)) = (descriptor.parse(), at.parse()) else {
        return ExitCode::from(2);
    };
    match run(Path::new(config), FromDescriptor(descriptor), fault, at).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _gone = writeln!(std::io::stderr(), "{}", message.code.as_str());
            ExitCode::FAILURE
        }
    }
}

async fn run(config: &Path, passphrase: FromDescriptor, fault: Fault, at: u32) -> Result<(), Message> {
    let config = Config::read(config)?;
    let mut composition = Composition::prepare(&config, Box::new(passphrase), Arc::new(Lines::default())).await?;
    composition.parts.store = Box::new(FaultyStore::new(composition.parts.store, at, fault));
    let (desk, handle) = composition.start();
    serve(desk, handle).await
}
