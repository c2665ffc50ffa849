//! `centre.toml`: what an installation decides. Read once and checked before anything is opened.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use centre_core::{Policy, Programme, number::local_day, policy::Numbering};
use desk_domain::{
    id::{CellId, ProgrammeId},
    ruleset::{RuleFile, RuleSets},
};
use serde::Deserialize;

use crate::{
    clock::Clock,
    fault::Fault,
    secrets::Secrets,
    upstream::{
        ecard_platform::PlatformClient,
        neighbours::{Addresses, NeighbourClient},
    },
};

/// Cards of the demonstration lie beside the rule files and are none.
pub const DEMONSTRATION_CARDS: &str = "demonstration-cards.toml";
/// Card numbers that the issuer has assigned to this centre, by programme; in the data directory.
pub const NUMBERING: &str = "numbering.toml";

/// The file. Relative paths start from its folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// URL of the PostgreSQL database, as the role that serves.
    pub database: String,
    /// The same database as the owner of its tables, for `migrate`, `demo`, `restore` and `forget`. Where absent, the serving
    /// role owns the tables itself and may change everything; the start says so.
    #[serde(default)]
    pub database_owner: Option<String>,
    /// Authority, server certificate, secrets.
    pub data_dir: PathBuf,
    /// Rule sets (`*.toml`).
    pub rules_dir: PathBuf,
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where metrics, readiness and the API's description are shown; plain HTTP, for the inside only. Nowhere where absent.
    #[serde(default)]
    pub operations_listen: Option<SocketAddr>,
    /// Requests a second that one desk may send in the long run, and how many at once.
    #[serde(default)]
    pub limits: Limits,
    /// `http(s)://host:port` of the E-card platform.
    pub ecard_platform: String,
    /// PEM file of the authority that the platform's certificate comes from; the centre's own where absent.
    #[serde(default)]
    pub ecard_platform_authority: Option<PathBuf>,
    /// `http(s)://host:port` of social security, banks, library, text messages, first issue and tickets. Services that ask a
    /// system without address say that it is silent.
    #[serde(default)]
    pub neighbours: Addresses,
    /// Cell of the outlets that this centre serves.
    #[serde(default = "cell")]
    pub cell: String,
    /// Names and addresses under which desks reach this centre, beside the local ones; `init` puts them into the certificate.
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default = "connections")]
    pub database_connections: u32,
    /// Moves the centre's clock; for demonstrations.
    #[serde(default)]
    pub clock_offset_seconds: i64,
}

/// How much one desk, or one address that enrols, may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a second of one desk.
    pub desk_per_second: u32,
    /// Requests of one desk at once.
    pub desk_burst: u32,
    /// Enrolments a minute from one address; codes are not to be guessed.
    pub enrol_per_minute: u32,
}

impl Default for Limits {
    /// A desk in a hurry sends some twenty requests a second: a card write asks for each MAC.
    fn default() -> Self {
        Self { desk_per_second: 50, desk_burst: 200, enrol_per_minute: 20 }
    }
}

fn cell() -> String {
    "main".to_owned()
}

fn connections() -> u32 {
    16
}

impl Config {
    /// # Errors
    /// [`Fault`] with file, line and what is wrong.
    pub fn read(file: &Path) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(file).map_err(|error| Fault::of(file, error.kind()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            // The message alone: the snippet could show the database's password.
            Fault::of(file, format!("line {line}: {}", error.message()))
        })?;
        let beside = file.parent().unwrap_or(Path::new(""));
        config.data_dir = beside.join(&config.data_dir);
        config.rules_dir = beside.join(&config.rules_dir);
        config.ecard_platform_authority = config.ecard_platform_authority.map(|path| beside.join(path));
        config.check().map_err(|what| Fault::of(file, what))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        for (name, url) in [("database", Some(&self.database)), ("database_owner", self.database_owner.as_ref())] {
            if url.is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://")) {
                return Err(format!("{name}: must be a postgres:// URL"));
            }
        }
        if self.limits.desk_per_second == 0 || self.limits.desk_burst == 0 || self.limits.enrol_per_minute == 0 {
            return Err("limits: at least 1 each".to_owned());
        }
        if !self.rules_dir.is_dir() {
            return Err("rules_dir: no such directory".to_owned());
        }
        if !self.ecard_platform.starts_with("https://") && !self.ecard_platform.starts_with("http://127.0.0.1:") {
            return Err("ecard_platform: must be https:// (or http:// on 127.0.0.1)".to_owned());
        }
        for system in Addresses::SYSTEMS {
            let address = self.neighbours.of(system);
            if address.is_some_and(|address| !address.starts_with("https://") && !address.starts_with("http://127.0.0.1:")) {
                return Err(format!("neighbours.{}: must be https:// (or http:// on 127.0.0.1)", system.name()));
            }
        }
        if self.cell.trim().is_empty() {
            return Err("cell: must not be empty".to_owned());
        }
        if !(2..=1000).contains(&self.database_connections) {
            return Err("database_connections: 2 to 1000".to_owned());
        }
        Ok(())
    }

    /// The client of the E-card platform.
    ///
    /// # Errors
    /// [`Fault`] where the authority cannot be read.
    pub fn platform(&self, secrets: &Secrets) -> Result<PlatformClient, Fault> {
        PlatformClient::new(&self.ecard_platform, &secrets.platform, &self.upstream_authority(secrets)?)
    }

    /// The client of the other systems around the centre.
    ///
    /// # Errors
    /// [`Fault`] where the authority cannot be read.
    pub fn neighbours(&self, secrets: &Secrets) -> Result<NeighbourClient, Fault> {
        NeighbourClient::new(&self.neighbours, &secrets.platform, &self.upstream_authority(secrets)?)
    }

    fn upstream_authority(&self, secrets: &Secrets) -> Result<String, Fault> {
        Ok(match &self.ecard_platform_authority {
            Some(file) => std::fs::read_to_string(file).map_err(|error| Fault::of(file, error.kind()))?,
            None => secrets.authority.certificate_pem().to_owned(),
        })
    }

    /// URL of the database as the owner of its tables.
    #[must_use]
    pub fn owner_url(&self) -> &str {
        self.database_owner.as_ref().unwrap_or(&self.database)
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::new(self.clock_offset_seconds)
    }

    #[must_use]
    pub fn cell(&self) -> CellId {
        CellId::new(&self.cell)
    }

    /// Every rule file of the directory.
    ///
    /// # Errors
    /// [`Fault`] with every problem of every file.
    pub fn rules(&self) -> Result<RuleSets, Fault> {
        let listed = std::fs::read_dir(&self.rules_dir).map_err(|error| Fault::of(&self.rules_dir, error.kind()))?;
        let mut files: Vec<PathBuf> = listed
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .filter(|path| path.file_name().is_none_or(|name| name != DEMONSTRATION_CARDS))
            .collect();
        files.sort();
        let texts = files
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).map_err(|error| Fault::of(path, error.kind()))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                Ok((name.into_owned(), text))
            })
            .collect::<Result<Vec<(String, String)>, Fault>>()?;
        let files: Vec<RuleFile<'_>> = texts.iter().map(|(name, text)| RuleFile { name, text }).collect();
        RuleSets::load(&files).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Fault::new(lines.join("\n"))
        })
    }

    /// What the rules in force today come to for the centre.
    ///
    /// # Errors
    /// [`Fault`] where the numbering is malformed, or a programme that issues cards has none.
    pub fn policy(&self, rules: &RuleSets) -> Result<Policy, Fault> {
        let file = self.data_dir.join(NUMBERING);
        let numbering: BTreeMap<ProgrammeId, Numbering> = match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map_err(|error| Fault::of(&file, error.message()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(Fault::of(&file, error.kind())),
        };
        let mut programmes = BTreeMap::new();
        for set in rules.current(local_day(self.clock().now())) {
            let numbers = numbering.get(&set.programme).cloned();
            if numbers.is_none() && set.reissue.is_some() {
                tracing::warn!(programme = %set.programme, "no card numbers are assigned; cards cannot be reissued");
            }
            // Without an assigned block no number is long enough, and a reissue fails instead of inventing one.
            let numbers = numbers.unwrap_or(Numbering { prefix: String::new(), digits: 0 });
            programmes.insert(set.programme.clone(), Programme::of(set, &numbers));
        }
        if programmes.is_empty() {
            return Err(Fault::of(&self.rules_dir, "no programme is in force today"));
        }
        Ok(Policy { programmes, ..Policy::default() })
    }
}
