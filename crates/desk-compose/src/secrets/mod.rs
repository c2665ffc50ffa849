//! The desk's secrets and where they rest. Where is chosen at enrolment, written down, and never changed by itself.

mod keyring;
mod sealed_file;

use std::path::Path;

use desk_app::ports::Entropy;
use desk_domain::code::{Code, Message};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{config::invalid, passphrase::Passphrase, station::write_whole};

/// Everything that must not lie in the open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Secrets {
    store_key: String,
    practice_key: String,
    device_key: String,
    /// Comes with the centre's answer.
    identifier_key: Option<String>,
}

impl Secrets {
    pub fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut key = || {
            let mut bytes = Zeroizing::new([0; 32]);
            entropy.fill(&mut *bytes);
            hex::encode(bytes.as_slice())
        };
        Self { store_key: key(), practice_key: key(), device_key: key(), identifier_key: None }
    }

    #[must_use]
    pub fn with_identifier_key(mut self, key: &str) -> Self {
        self.identifier_key = Some(key.to_owned());
        self
    }

    /// # Errors
    /// `STORE_KEY_MISSING` where what rests there is no key.
    pub fn store_key(&self) -> Result<Zeroizing<[u8; 32]>, Message> {
        bytes(&self.store_key)
    }

    /// # Errors
    /// `STORE_KEY_MISSING` where what rests there is no key.
    pub fn practice_key(&self) -> Result<Zeroizing<[u8; 32]>, Message> {
        bytes(&self.practice_key)
    }

    /// # Errors
    /// `STORE_KEY_MISSING` where what rests there is no key.
    pub fn device_key(&self) -> Result<Zeroizing<[u8; 32]>, Message> {
        bytes(&self.device_key)
    }

    /// # Errors
    /// `NOT_ENROLLED` before the centre's answer is kept.
    pub fn identifier_key(&self) -> Result<&str, Message> {
        self.identifier_key.as_deref().ok_or_else(|| Message::new(Code::NotEnrolled))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

fn bytes(digits: &str) -> Result<Zeroizing<[u8; 32]>, Message> {
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, &mut *bytes).map_err(|_| Message::new(Code::StoreKeyMissing))?;
    Ok(bytes)
}

/// Where the secrets rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// Secret Service, Windows Credential Manager or macOS Keychain.
    Keyring,
    /// A file sealed with the station's passphrase.
    SealedFile,
}

/// The choice as it stands beside the store (`keys.toml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestingPlace {
    rest: Rest,
    /// Name of the keyring's entry; says nothing about the desk.
    entry: String,
}

const CHOICE: &str = "keys.toml";
const SEALED: &str = "keys.sealed";

impl RestingPlace {
    /// The choice made before, or none.
    ///
    /// # Errors
    /// `CONFIG_INVALID` where the file is not one of ours.
    pub fn chosen(data_dir: &Path) -> Result<Option<Self>, Message> {
        let file = data_dir.join(CHOICE);
        match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map(Some).map_err(|_| invalid(CHOICE)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(_) => Err(invalid(CHOICE)),
        }
    }

    /// The place chosen before, or a new one. A choice that stands is not changed; it stands once [`Self::settle`] has
    /// written it, which comes after the place has taken something.
    ///
    /// # Errors
    /// `CONFIG_INVALID` where another place was chosen before.
    pub fn choose(data_dir: &Path, rest: Rest, entropy: &mut dyn Entropy) -> Result<Self, Message> {
        if let Some(chosen) = Self::chosen(data_dir)? {
            return (chosen.rest == rest).then_some(chosen).ok_or_else(|| invalid("keys.toml（密钥存放位置已选定，不能更改）"));
        }
        let mut entry = [0; 16];
        entropy.fill(&mut entry);
        Ok(Self { rest, entry: hex::encode(entry) })
    }

    /// # Errors
    /// `CONFIG_INVALID` where nothing can be written.
    pub fn settle(&self, data_dir: &Path) -> Result<(), Message> {
        let text = toml::to_string(self).map_err(|_| invalid(CHOICE))?;
        write_whole(&data_dir.join(CHOICE), text.as_bytes())
    }

    #[must_use]
    pub fn rest(&self) -> Rest {
        self.rest
    }

    /// # Errors
    /// `STORE_KEY_MISSING`, `KEY_FILE_EXPOSED` or `PASSPHRASE_WRONG`. Nothing is made in place of what is missing.
    pub fn load(&self, data_dir: &Path, passphrase: &mut dyn Passphrase) -> Result<Secrets, Message> {
        let text = match self.rest {
            Rest::Keyring => keyring::load(&self.entry)?,
            Rest::SealedFile => sealed_file::load(&data_dir.join(SEALED), passphrase)?,
        };
        serde_json::from_str(&text).map_err(|_| Message::new(Code::StoreKeyMissing))
    }

    /// Whether something rests there already.
    ///
    /// # Errors
    /// `STORE_KEY_MISSING` where the keyring does not answer.
    pub fn holds(&self, data_dir: &Path) -> Result<bool, Message> {
        match self.rest {
            Rest::Keyring => keyring::holds(&self.entry),
            Rest::SealedFile => Ok(data_dir.join(SEALED).exists()),
        }
    }

    /// # Errors
    /// `STORE_KEY_MISSING` where nothing can be kept there.
    pub fn save(&self, data_dir: &Path, secrets: &Secrets, passphrase: &str, entropy: &mut dyn Entropy) -> Result<(), Message> {
        let text = Zeroizing::new(serde_json::to_string(secrets).map_err(|_| Message::new(Code::StoreKeyMissing))?);
        match self.rest {
            Rest::Keyring => keyring::save(&self.entry, &text),
            Rest::SealedFile => sealed_file::save(&data_dir.join(SEALED), &text, passphrase, entropy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    struct Says(&'static str);

    impl Passphrase for Says {
        fn ask(&mut self) -> Result<Zeroizing<String>, Message> {
            Ok(Zeroizing::new(self.0.to_owned()))
        }
    }

    #[test]
    fn a_sealed_file_opens_with_its_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = RestingPlace::choose(folder.path(), Rest::SealedFile, &mut SystemEntropy).unwrap();
        assert!(!place.holds(folder.path()).unwrap());
        assert_eq!(place.load(folder.path(), &mut Says("x")).unwrap_err().code, Code::StoreKeyMissing);
        let secrets = Secrets::draw(&mut SystemEntropy).with_identifier_key("5a");
        place.save(folder.path(), &secrets, "本站口令", &mut SystemEntropy).unwrap();
        assert!(place.holds(folder.path()).unwrap());
        assert!(place.load(folder.path(), &mut Says("本站口令")).unwrap() == secrets);
        assert_eq!(place.load(folder.path(), &mut Says("别的口令")).unwrap_err().code, Code::PassphraseWrong);
        let raw = std::fs::read_to_string(folder.path().join(SEALED)).unwrap();
        assert!(!raw.contains(&secrets.store_key) && !raw.contains(&secrets.device_key));
    }

    #[cfg(unix)]
    #[test]
    fn an_exposed_file_stops_the_desk() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let place = RestingPlace::choose(folder.path(), Rest::SealedFile, &mut SystemEntropy).unwrap();
        place.save(folder.path(), &Secrets::draw(&mut SystemEntropy), "p", &mut SystemEntropy).unwrap();
        let file = folder.path().join(SEALED);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(place.load(folder.path(), &mut Says("p")).unwrap_err().code, Code::KeyFileExposed);
        }
    }

    #[test]
    fn a_damaged_file_makes_no_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let place = RestingPlace::choose(folder.path(), Rest::SealedFile, &mut SystemEntropy).unwrap();
        place.save(folder.path(), &Secrets::draw(&mut SystemEntropy), "p", &mut SystemEntropy).unwrap();
        let file = folder.path().join(SEALED);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, &text[..text.len() / 2]).unwrap();
        assert_eq!(place.load(folder.path(), &mut Says("p")).unwrap_err().code, Code::StoreKeyMissing);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text[..text.len() / 2]);
    }

    #[test]
    fn the_place_is_chosen_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = RestingPlace::choose(folder.path(), Rest::SealedFile, &mut SystemEntropy).unwrap();
        // A place that took nothing does not bind.
        assert!(RestingPlace::choose(folder.path(), Rest::Keyring, &mut SystemEntropy).is_ok());
        place.settle(folder.path()).unwrap();
        assert_eq!(RestingPlace::choose(folder.path(), Rest::SealedFile, &mut SystemEntropy), Ok(place.clone()));
        assert!(RestingPlace::choose(folder.path(), Rest::Keyring, &mut SystemEntropy).is_err());
        assert_eq!(RestingPlace::chosen(folder.path()), Ok(Some(place)));
    }
}
