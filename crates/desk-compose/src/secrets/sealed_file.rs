//! A file sealed with the station's passphrase: Argon2id, AES-256-GCM, readable by its owner only.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use desk_app::ports::Entropy;
use desk_domain::code::{Code, Message};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::passphrase::Passphrase;

/// A quarter of a second on a counter computer; asked once at start.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const FORMAT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Sealed {
    format: u8,
    memory_kib: u32,
    passes: u32,
    salt: String,
    nonce: String,
    sealed: String,
}

pub(super) fn load(file: &Path, passphrase: &mut dyn Passphrase) -> Result<Zeroizing<String>, Message> {
    let missing = || Message::new(Code::StoreKeyMissing);
    let text = std::fs::read_to_string(file).map_err(|_| missing())?;
    refuse_exposed(file)?;
    let sealed: Sealed = serde_json::from_str(&text).map_err(|_| missing())?;
    if sealed.format != FORMAT {
        return Err(missing());
    }
    let salt = hex::decode(&sealed.salt).map_err(|_| missing())?;
    let body = hex::decode(&sealed.sealed).map_err(|_| missing())?;
    let mut nonce = [0; 12];
    hex::decode_to_slice(&sealed.nonce, &mut nonce).map_err(|_| missing())?;
    let asked = passphrase.ask()?;
    let key = stretch(&asked, &salt, sealed.memory_kib, sealed.passes).ok_or_else(missing)?;
    let opened = Aes256Gcm::new((&*key).into())
        .decrypt(&Nonce::from(nonce), Payload { msg: &body, aad: &[FORMAT] })
        .map_err(|_| Message::new(Code::PassphraseWrong))?;
    String::from_utf8(opened).map(Zeroizing::new).map_err(|_| missing())
}

pub(super) fn save(file: &Path, text: &str, passphrase: &str, entropy: &mut dyn Entropy) -> Result<(), Message> {
    let missing = || Message::new(Code::StoreKeyMissing);
    let (mut salt, mut nonce) = ([0; 16], [0; 12]);
    entropy.fill(&mut salt);
    entropy.fill(&mut nonce);
    let key = stretch(passphrase, &salt, MEMORY_KIB, PASSES).ok_or_else(missing)?;
    let sealed = Aes256Gcm::new((&*key).into())
        .encrypt(&Nonce::from(nonce), Payload { msg: text.as_bytes(), aad: &[FORMAT] })
        .map_err(|_| missing())?;
    let sealed = Sealed {
        format: FORMAT,
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
        sealed: hex::encode(sealed),
    };
    let text = serde_json::to_string(&sealed).map_err(|_| missing())?;
    write_private(file, text.as_bytes()).map_err(|error| {
        tracing::error!(kind = %error.kind(), "the key file cannot be written");
        missing()
    })
}

fn stretch(passphrase: &str, salt: &[u8], memory_kib: u32, passes: u32) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let params = Params::new(memory_kib, passes, 1, Some(32)).ok()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(passphrase.as_bytes(), salt, &mut *key).ok()?;
    Some(key)
}

/// Old or new, never half; nobody else can read it at any moment.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut opened = options.open(&new)?;
    opened.write_all(bytes)?;
    opened.sync_all()?;
    std::fs::rename(&new, file)
}

#[cfg(unix)]
fn refuse_exposed(file: &Path) -> Result<(), Message> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let mode = std::fs::metadata(file).map_err(|_| Message::new(Code::StoreKeyMissing))?.permissions().mode();
    (mode & OTHERS == 0).then_some(()).ok_or_else(|| Message::new(Code::KeyFileExposed))
}

/// Elsewhere the folder of the user's own profile does this.
#[cfg(not(unix))]
fn refuse_exposed(_file: &Path) -> Result<(), Message> {
    Ok(())
}
