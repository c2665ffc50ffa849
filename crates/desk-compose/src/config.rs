//! `desk.toml`: what an installation decides. Read once, checked before anything is opened.

use std::path::{Path, PathBuf};

use desk_domain::code::{Code, Message};
use desk_print::{CupsQueue, FontFile};
use serde::Deserialize;

/// The file. Relative paths start from its folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Store, keys and log of this desk.
    pub data_dir: PathBuf,
    /// Rule sets (`*.toml`).
    pub rules_dir: PathBuf,
    /// Practice mode (练习): another store, and no way to the centre.
    #[serde(default)]
    pub practice: bool,
    /// Moves the desk's clock; for demonstrations.
    #[serde(default)]
    pub clock_offset_seconds: i64,
    pub centre: CentreConfig,
    #[serde(default)]
    pub reader: ReaderNames,
    /// Reader of resident identity cards (GA 450 on a serial line); without it documents are typed.
    #[serde(default)]
    pub id_reader: Option<IdReaderConfig>,
    /// Folder of what customers bring (photos); none where it is not named.
    #[serde(default)]
    pub intake: Option<PathBuf>,
    #[serde(default)]
    pub printer: PrinterConfig,
    /// Fonts of the papers, in the order they are tried; empty: where the systems' packages put Noto Sans CJK.
    #[serde(default)]
    pub fonts: Vec<FontFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreConfig {
    /// `https://host:port`.
    pub address: String,
    /// PEM file of the deployment's certificate authority; no other is believed.
    pub authority: PathBuf,
}

/// Parts of reader names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderNames {
    /// Empty: every reader.
    pub only: Vec<String>,
    pub ignore: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdReaderConfig {
    /// `/dev/ttyUSB0`, `COM3`.
    pub port: PathBuf,
    #[serde(default = "factory_baud")]
    pub baud: u32,
}

/// As GA 450 readers leave the factory.
fn factory_baud() -> u32 {
    115_200
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PrinterConfig {
    /// Papers stay pending.
    #[default]
    None,
    /// PDF files.
    Folder { folder: PathBuf },
    /// A queue of the system's print service.
    Cups(CupsQueue),
}

impl Config {
    /// # Errors
    /// `CONFIG_INVALID` with file and line.
    pub fn read(file: &Path) -> Result<Self, Message> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| invalid(&format!("{name}（{}）", error.kind())))?;
        let mut config: Self = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            invalid(&format!("{name} 第 {line} 行：{}", error.message()))
        })?;
        let beside = file.parent().unwrap_or(Path::new(""));
        config.start_from(beside);
        config.check()?;
        Ok(config)
    }

    fn start_from(&mut self, folder: &Path) {
        let PrinterConfig::Folder { folder: papers } = &mut self.printer else {
            self.paths_from(folder);
            return;
        };
        *papers = folder.join(&papers);
        self.paths_from(folder);
    }

    fn paths_from(&mut self, folder: &Path) {
        for path in [&mut self.data_dir, &mut self.rules_dir, &mut self.centre.authority] {
            *path = folder.join(&path);
        }
        if let Some(intake) = &mut self.intake {
            *intake = folder.join(&intake);
        }
    }

    fn check(&self) -> Result<(), Message> {
        if !self.centre.address.starts_with("https://") {
            return Err(invalid("centre.address（须为 https://）"));
        }
        if !self.centre.authority.is_file() {
            return Err(invalid("centre.authority（文件不存在）"));
        }
        if !self.rules_dir.is_dir() {
            return Err(invalid("rules_dir（目录不存在）"));
        }
        Ok(())
    }
}

/// The message for a configuration that cannot be used.
#[must_use]
pub fn invalid(place: &str) -> Message {
    Message::new(Code::ConfigInvalid).with("where", place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
data_dir = "data"
rules_dir = "rules"
clock_offset_seconds = -60
[centre]
address = "https://localhost:8443"
authority = "ca.pem"
[reader]
only = ["Virtual PCD 00 00"]
[id_reader]
port = "/dev/ttyUSB0"
[printer]
kind = "folder"
folder = "out"
"#;

    fn read(text: &str) -> Result<Config, Message> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        std::fs::write(folder.path().join("ca.pem"), "").unwrap();
        let file = folder.path().join("desk.toml");
        std::fs::write(&file, text).unwrap();
        let config = Config::read(&file)?;
        assert_eq!(config.data_dir, folder.path().join("data"));
        assert_eq!(config.printer, PrinterConfig::Folder { folder: folder.path().join("out") });
        Ok(config)
    }

    #[test]
    fn paths_start_from_the_files_folder() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.clock_offset_seconds, -60);
        assert!(!config.practice);
        assert_eq!(config.id_reader, Some(IdReaderConfig { port: PathBuf::from("/dev/ttyUSB0"), baud: 115_200 }));
    }

    #[test]
    fn faults_name_their_place() {
        for (text, place) in [
            (GOOD.replace("data_dir", "data_dri"), "第 2 行"),
            (GOOD.replace("\"folder\"", "\"fax\""), "第 "),
            (GOOD.replace("-60", "soon"), "第 4 行"),
            (GOOD.replace("https", "http"), "centre.address"),
            (GOOD.replace("ca.pem", "none.pem"), "centre.authority"),
            (GOOD.replace("\"rules\"", "\"none\""), "rules_dir"),
        ] {
            let message = read(&text).unwrap_err();
            assert_eq!(message.code, Code::ConfigInvalid);
            assert!(message.text().contains(place), "{}", message.text());
        }
        let missing = Config::read(Path::new("/nonexistent/desk.toml")).unwrap_err();
        assert_eq!(missing.code, Code::ConfigInvalid);
    }
}
