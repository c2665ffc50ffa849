//! The data directory: what `init` makes and every other command reads. Nothing in it is ever replaced.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use desk_wire::publication::PublishingKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{authority::Authority, clock::random, fault::Fault};

const SECRETS: &str = "secrets.toml";
const SEED: &str = "issuer.seed";
pub const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca.key";
const SERVER_CERTIFICATE: &str = "server.pem";
const SERVER_KEY: &str = "server.key";
const PUBLISHING_KEY: &str = "publishing.key";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    digest: String,
    pepper: String,
    identifier: String,
    platform: String,
}

/// Secrets of one centre. No `Debug`.
pub struct Secrets {
    /// Key of digests: request bodies, session tokens, enrolment codes.
    pub digest: [u8; 32],
    /// Argon2id secret; with the key service in production.
    pub pepper: Zeroizing<Vec<u8>>,
    /// Key of identifier HMACs of this cell, 64 hexadecimal digits.
    pub identifier: String,
    /// What the E-card platform knows this centre by.
    pub platform: String,
    /// Seed of the issuer's software keys.
    pub issuer_seed: Zeroizing<Vec<u8>>,
    pub authority: Authority,
    /// Seed of the key that signs publications.
    publishing_seed: Zeroizing<[u8; 32]>,
    /// PEM of the server's certificate and key.
    pub server: (String, Zeroizing<String>),
}

/// Makes the data directory.
///
/// # Errors
/// [`Fault`] where it exists already with other content, or cannot be written.
pub fn init(dir: &Path, names: &[String], issuer_seed: Option<&str>) -> Result<(), Fault> {
    if dir.join(SECRETS).exists() {
        return Err(Fault::of(dir, "is initialised already"));
    }
    fs::DirBuilder::new().recursive(true).mode(0o711).create(dir).map_err(|error| Fault::of(dir, error.kind()))?;
    let seed = match issuer_seed {
        Some(seed) => seed.trim().to_owned(),
        None => hex::encode(random::<32>()),
    };
    if hex::decode(&seed).map_or(0, |bytes| bytes.len()) < 16 {
        return Err(Fault::new("issuer seed: at least 16 bytes as hexadecimal digits"));
    }
    let made = Authority::make().map_err(Fault::new)?;
    let (certificate, key) = made.server(names).map_err(Fault::new)?;
    let secrets = File {
        digest: hex::encode(random::<32>()),
        pepper: hex::encode(random::<32>()),
        identifier: hex::encode(random::<32>()),
        platform: hex::encode(random::<32>()),
    };
    let secrets = toml::to_string(&secrets).map_err(|error| Fault::new(error.to_string()))?;
    write(dir, SEED, &seed, 0o600)?;
    write(dir, CA_KEY, made.key_pem(), 0o600)?;
    write(dir, CA_CERTIFICATE, made.certificate_pem(), 0o644)?;
    write(dir, SERVER_KEY, &key, 0o600)?;
    write(dir, SERVER_CERTIFICATE, &certificate, 0o644)?;
    write(dir, PUBLISHING_KEY, &hex::encode(random::<32>()), 0o600)?;
    // Last: a directory without it counts as not initialised.
    write(dir, SECRETS, &secrets, 0o600)
}

fn write(dir: &Path, name: &str, text: &str, mode: u32) -> Result<(), Fault> {
    let path = dir.join(name);
    let failed = |error: std::io::Error| Fault::of(&path, error.kind());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn read(dir: &Path, name: &str) -> Result<Zeroizing<String>, Fault> {
    let path = dir.join(name);
    fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| Fault::of(&path, error.kind()))
}

impl Secrets {
    /// # Errors
    /// [`Fault`] where `init` has not run or a file is damaged.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let path = dir.join(SECRETS);
        let text = read(dir, SECRETS)?;
        let file: File = toml::from_str(&text).map_err(|error| Fault::of(&path, error.message()))?;
        let damaged = |_| Fault::of(&path, "damaged");
        let mut digest = [0; 32];
        hex::decode_to_slice(&file.digest, &mut digest).map_err(damaged)?;
        let authority =
            Authority::open(&read(dir, CA_CERTIFICATE)?, &read(dir, CA_KEY)?).map_err(|error| Fault::of(&dir.join(CA_KEY), error))?;
        // A directory that is older than publishing gets its key with the first start.
        if !dir.join(PUBLISHING_KEY).exists() {
            write(dir, PUBLISHING_KEY, &hex::encode(random::<32>()), 0o600)?;
        }
        let mut publishing_seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(read(dir, PUBLISHING_KEY)?.trim(), &mut *publishing_seed)
            .map_err(|_| Fault::of(&dir.join(PUBLISHING_KEY), "damaged"))?;
        Ok(Self {
            publishing_seed,
            digest,
            pepper: Zeroizing::new(hex::decode(&file.pepper).map_err(damaged)?),
            identifier: file.identifier,
            platform: file.platform,
            issuer_seed: Zeroizing::new(hex::decode(read(dir, SEED)?.trim()).map_err(damaged)?),
            authority,
            server: (read(dir, SERVER_CERTIFICATE)?.to_string(), read(dir, SERVER_KEY)?),
        })
    }

    /// The key that signs publications.
    #[must_use]
    pub fn publishing(&self) -> PublishingKey {
        PublishingKey::from_seed(&self.publishing_seed)
    }
}
