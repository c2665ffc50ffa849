//! Enrolment of this computer as a desk. Each step is on the disk before the next; a broken run is repeated with the same
//! key, and nothing that stands is made anew.

use std::path::Path;

use desk_app::ports::Entropy;
use desk_domain::code::{Code, Message};
use desk_link::{DeviceKey, Trust};
use desk_store::{SqliteStore, StoreKey};

use crate::{
    compose::{STORE, read_authority, store_message},
    config::{Config, invalid},
    entropy::SystemEntropy,
    passphrase::Passphrase,
    secrets::{Rest, RestingPlace, Secrets},
    station::StationFile,
};

/// # Errors
/// `ENROL_REFUSED` or the line's code from the centre; `CONFIG_INVALID` where this computer is enrolled already or its
/// keys rest elsewhere; `STORE_KEY_MISSING` where the chosen place keeps nothing.
pub async fn enrol(config: &Config, rest: Rest, code: &str, passphrase: &mut dyn Passphrase) -> Result<StationFile, Message> {
    let data_dir = &config.data_dir;
    make_private(data_dir).map_err(|_| invalid("data_dir"))?;
    if StationFile::read(data_dir).is_ok() {
        return Err(invalid("station.toml（本机已登记）"));
    }
    let mut entropy = SystemEntropy;
    let place = RestingPlace::choose(data_dir, rest, &mut entropy)?;
    let mut once = Once { asked: None, source: passphrase };
    let secrets = keep_secrets(&place, data_dir, &mut once, &mut entropy)?;
    place.settle(data_dir)?;
    let (file, secrets) = match StationFile::pending(data_dir)? {
        Some(file) if secrets.identifier_key().is_ok() => (file, secrets),
        Some(_) | None => {
            let key = DeviceKey::from_seed(secrets.device_key()?);
            let trust = Trust::in_authority(&read_authority(config)?).map_err(|_| invalid("centre.authority"))?;
            let reply = desk_link::enrol(&config.centre.address, &trust, code, &key)
                .await
                .map_err(|failure| {
                    tracing::error!(%failure, "enrolment");
                    Message::new(failure.code())
                })?
                .0;
            let secrets = secrets.with_identifier_key(&reply.identifier_key);
            save(&place, data_dir, &secrets, &mut once, &mut entropy)?;
            let file = StationFile::of(&reply);
            file.write_pending(data_dir)?;
            (file, secrets)
        }
    };
    make_store(data_dir, &file, &secrets).await?;
    StationFile::settle(data_dir)?;
    tracing::info!(device.id = %file.device, device.generation = file.generation, "enrolled");
    Ok(file)
}

/// The station's passphrase is asked for once in an enrolment.
struct Once<'a> {
    asked: Option<zeroize::Zeroizing<String>>,
    source: &'a mut dyn Passphrase,
}

impl Passphrase for Once<'_> {
    fn ask(&mut self) -> Result<zeroize::Zeroizing<String>, Message> {
        if let Some(asked) = &self.asked {
            return Ok(asked.clone());
        }
        let asked = self.source.ask()?;
        self.asked = Some(asked.clone());
        Ok(asked)
    }
}

/// The secrets that rest there, or new ones, kept before anything is sent.
fn keep_secrets(place: &RestingPlace, data_dir: &Path, passphrase: &mut Once<'_>, entropy: &mut dyn Entropy) -> Result<Secrets, Message> {
    if place.holds(data_dir)? {
        return place.load(data_dir, passphrase);
    }
    if data_dir.join(STORE).exists() {
        // Whatever this store is, a new key would make it unreadable for ever.
        return Err(Message::new(Code::StoreKeyMissing));
    }
    let secrets = Secrets::draw(entropy);
    save(place, data_dir, &secrets, passphrase, entropy)?;
    Ok(secrets)
}

fn save(
    place: &RestingPlace,
    data_dir: &Path,
    secrets: &Secrets,
    passphrase: &mut Once<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(), Message> {
    match place.rest() {
        Rest::Keyring => place.save(data_dir, secrets, "", entropy),
        Rest::SealedFile => {
            let asked = passphrase.ask()?;
            place.save(data_dir, secrets, &asked, entropy)
        }
    }
}

async fn make_store(data_dir: &Path, file: &StationFile, secrets: &Secrets) -> Result<(), Message> {
    let path = data_dir.join(STORE);
    let key = StoreKey(secrets.store_key()?);
    let station = file.station(secrets.identifier_key()?);
    let entropy = Box::new(SystemEntropy);
    let store = if path.exists() {
        SqliteStore::open(&path, &key, &station, entropy).await
    } else {
        SqliteStore::create(&path, &key, &station, entropy).await
    }
    .map_err(|failure| store_message(&failure))?;
    store.close().await.map_err(|failure| Message::new(failure.code))
}

/// Nobody else of this computer has anything to look for in it.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}
