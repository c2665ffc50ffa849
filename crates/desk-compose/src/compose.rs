//! The composition root: configuration in, running desk out.

use std::{path::Path, sync::Arc};

use chrono::TimeDelta;
use desk_app::{
    Desk, DeskHandle, Parts,
    ports::{CentreLink, Clock, IdReader, Intake, NoHall, NoIdReader, NoIntake, Printer, Screen, Station, Store},
};
use desk_card::profile::Profiles;
use desk_domain::code::{Code, Message};
use desk_link::{DeviceKey, DeviceSigner, HttpsLink, Line, Trust};
use desk_print::{CupsPrinter, FilePrinter, Typeface, default_fonts};
use desk_reader::{PcscReader, ReaderConfig, SerialIdReader, SerialLine};
use desk_store::{OpenFailure, SqliteStore, StoreKey};

use crate::{
    clock::SystemClock,
    config::{Config, PrinterConfig, invalid},
    entropy::SystemEntropy,
    intake::IntakeFolder,
    logging,
    no_printer::NoPrinter,
    passphrase::Passphrase,
    practice::NoLine,
    rules, screens,
    secrets::{RestingPlace, Secrets},
    staff::OfAuthority,
    station::StationFile,
    verifier::Argon2Verifier,
};

/// The journal's file in the data folder.
pub(crate) const STORE: &str = "journal.db";
/// The practice journal: never the real one.
const PRACTICE_STORE: &str = "practice.db";

/// Everything behind one desk, opened and checked.
pub struct Composition {
    pub parts: Parts,
}

impl Composition {
    /// Opens a desk: the screen first, then log, rules, keys, store, line, reader and printer. What cannot be opened is
    /// shown as a blocked desk and answered.
    ///
    /// # Errors
    /// The code of the first thing that is missing or broken.
    pub async fn open(config: &Config, passphrase: Box<dyn Passphrase>, screen: Arc<dyn Screen>) -> Result<(Desk, DeskHandle), Message> {
        Ok(Self::prepare(config, passphrase, screen).await?.start())
    }

    /// The same without starting the actor; the test kit puts a faulty store into the parts.
    ///
    /// # Errors
    /// As [`Composition::open`].
    pub async fn prepare(config: &Config, passphrase: Box<dyn Passphrase>, screen: Arc<dyn Screen>) -> Result<Self, Message> {
        screen.show(screens::starting("正在打开本机账本"));
        match Self::assemble(config, passphrase, Arc::clone(&screen)).await {
            Ok(parts) => Ok(Self { parts }),
            Err(message) => {
                tracing::error!(code = message.code.as_str(), "the desk does not start");
                screen.show(screens::blocked(&message));
                Err(message)
            }
        }
    }

    #[must_use]
    pub fn start(self) -> (Desk, DeskHandle) {
        Desk::start(self.parts)
    }

    async fn assemble(config: &Config, mut passphrase: Box<dyn Passphrase>, screen: Arc<dyn Screen>) -> Result<Parts, Message> {
        let offset = TimeDelta::try_seconds(config.clock_offset_seconds).ok_or_else(|| invalid("clock_offset_seconds"))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::with_offset(offset));
        logging::start(&config.data_dir, Arc::clone(&clock))?;
        let rule_sets = rules::load(&config.rules_dir)?;
        let file = StationFile::read(&config.data_dir)?;
        let secrets = load_secrets(config.data_dir.clone(), move |place, folder| place.load(folder, passphrase.as_mut())).await?;
        let station = file.station(secrets.identifier_key()?);
        let store = open_store(config, &station, &secrets).await?;
        let key = DeviceKey::from_seed(secrets.device_key()?);
        let parts = Parts {
            rule_sets,
            profiles: Profiles::built_in().map_err(|error| {
                tracing::error!(%error, "card profiles");
                Message::new(Code::Internal).with("where", "profiles")
            })?,
            link: line(config, &file, &key, Arc::clone(&clock))?,
            reader: Box::new(
                PcscReader::start(ReaderConfig {
                    only: config.reader.only.clone(),
                    ignore: config.reader.ignore.clone(),
                    ..ReaderConfig::default()
                })
                .map_err(|_| Message::new(Code::ReaderServiceDown))?,
            ),
            printer: printer(config, Arc::clone(&clock)),
            hall: Box::new(NoHall),
            id_reader: id_reader(config),
            intake: intake(config),
            signer: Arc::new(DeviceSigner::new(&key)),
            verifier: Arc::new(Argon2Verifier),
            staff_cards: Arc::new(OfAuthority(read_authority(config)?)),
            entropy: Box::new(SystemEntropy),
            practice: config.practice,
            station,
            store,
            screen,
            clock,
        };
        tracing::info!(
            device.id = %parts.station.device,
            device.generation = parts.station.generation,
            practice = config.practice,
            "desk opened"
        );
        Ok(parts)
    }
}

/// Keyring and key stretching block; the actor's threads must not.
pub(crate) async fn load_secrets(
    folder: std::path::PathBuf,
    load: impl FnOnce(&RestingPlace, &Path) -> Result<Secrets, Message> + Send + 'static,
) -> Result<Secrets, Message> {
    tokio::task::spawn_blocking(move || {
        let place = RestingPlace::chosen(&folder)?.ok_or_else(|| Message::new(Code::StoreKeyMissing))?;
        load(&place, &folder)
    })
    .await
    .map_err(|_| Message::new(Code::StoreKeyMissing))?
}

/// The real store must be there already; the practice store is made with the first practice.
pub(crate) async fn open_store(config: &Config, station: &Station, secrets: &Secrets) -> Result<Box<dyn Store>, Message> {
    let entropy = Box::new(SystemEntropy);
    let opened = if config.practice {
        let path = config.data_dir.join(PRACTICE_STORE);
        let key = StoreKey(secrets.practice_key()?);
        if path.exists() {
            SqliteStore::open(&path, &key, station, entropy).await
        } else {
            SqliteStore::create(&path, &key, station, entropy).await
        }
    } else {
        SqliteStore::open(&config.data_dir.join(STORE), &StoreKey(secrets.store_key()?), station, entropy).await
    };
    Ok(Box::new(opened.map_err(|failure| store_message(&failure))?))
}

fn line(config: &Config, file: &StationFile, key: &DeviceKey, clock: Arc<dyn Clock>) -> Result<Arc<dyn CentreLink>, Message> {
    if config.practice {
        return Ok(Arc::new(NoLine));
    }
    let trust = Trust::in_authority(&read_authority(config)?).map_err(|_| invalid("centre.authority"))?;
    let line = Line {
        address: &config.centre.address,
        cell: file.cell.clone(),
        device: file.device.clone(),
        generation: file.generation,
        certificate: &file.certificate,
        key,
    };
    Ok(Arc::new(HttpsLink::new(line, &trust, clock).map_err(|failure| {
        tracing::error!(%failure, "line");
        invalid("station.toml")
    })?))
}

/// Documents are typed where no reader is named.
fn id_reader(config: &Config) -> Box<dyn IdReader> {
    match &config.id_reader {
        None => Box::new(NoIdReader),
        Some(reader) => Box::new(SerialIdReader::new(SerialLine { baud: reader.baud, ..SerialLine::at(reader.port.clone()) })),
    }
}

/// Nothing can be brought where no folder is named.
fn intake(config: &Config) -> Arc<dyn Intake> {
    match &config.intake {
        None => Arc::new(NoIntake),
        Some(folder) => Arc::new(IntakeFolder(folder.clone())),
    }
}

/// Without a typeface no paper can be set: the desk works on and its papers stay pending.
fn printer(config: &Config, clock: Arc<dyn Clock>) -> Box<dyn Printer> {
    if config.printer == PrinterConfig::None {
        return Box::new(NoPrinter);
    }
    let program = std::env::current_exe().unwrap_or_default();
    let fonts = if config.fonts.is_empty() { default_fonts(program.parent().unwrap_or(Path::new(""))) } else { config.fonts.clone() };
    let face = match Typeface::open(&fonts) {
        Ok(face) => Arc::new(face),
        Err(problem) => {
            tracing::error!(%problem, "papers cannot be set");
            return Box::new(NoPrinter);
        }
    };
    match &config.printer {
        PrinterConfig::None => Box::new(NoPrinter),
        PrinterConfig::Folder { folder } => Box::new(FilePrinter::new(folder.clone(), face, clock)),
        PrinterConfig::Cups(queue) => Box::new(CupsPrinter::new(queue.clone(), face, clock)),
    }
}

pub(crate) fn read_authority(config: &Config) -> Result<String, Message> {
    std::fs::read_to_string(&config.centre.authority).map_err(|_| invalid("centre.authority"))
}

pub(crate) fn store_message(failure: &OpenFailure) -> Message {
    tracing::error!(%failure, "store");
    Message::new(failure.code())
}
