//! Puts the centre together from its configuration.

use std::str::FromStr;

use centre_core::{Centre, Parts};
use sqlx::postgres::PgConnectOptions;

use crate::{
    config::Config, fault::Fault, http::Server, keys::SoftwareKeys, passwords::Peppered, secrets::Secrets, staff::OfAuthority,
    store::Postgres,
};

/// Connections of a command that does one thing.
const FEW: u32 = 2;

/// The database of a configuration, as the role that serves.
///
/// # Errors
/// [`Fault`] where it cannot be reached.
pub async fn store(config: &Config) -> Result<Postgres, Fault> {
    Ok(Postgres::connect(&config.database, config.database_connections).await?)
}

/// The database of a configuration, as the owner of its tables.
///
/// # Errors
/// [`Fault`] where it cannot be reached.
pub async fn owner(config: &Config) -> Result<Postgres, Fault> {
    Ok(Postgres::connect(config.owner_url(), FEW).await?)
}

/// Brings the tables up to date and gives the serving role its rights.
///
/// # Errors
/// [`Fault`] where a migration fails.
pub async fn migrate(config: &Config) -> Result<(), Fault> {
    let owner = owner(config).await?;
    owner.migrate().await?;
    if config.database_owner.is_some() {
        let serving = PgConnectOptions::from_str(&config.database).map_err(|_| Fault::new("database: not a URL of PostgreSQL"))?;
        owner.grant(serving.get_username(), password(&config.database).as_deref()).await?;
    }
    owner.close().await;
    Ok(())
}

/// The password of a URL; the driver's options show none.
pub(crate) fn password(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.split_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some(percent_encoding::percent_decode_str(password).decode_utf8().ok()?.into_owned())
}

/// A centre that listens. Where the serving role owns the tables they are brought up to date first; elsewhere they must be.
///
/// # Errors
/// [`Fault`] where a part is missing or wrong.
pub async fn server(config: &Config) -> Result<(Server, Postgres), Fault> {
    let rules = config.rules()?;
    let policy = config.policy(&rules)?;
    let secrets = Secrets::open(&config.data_dir)?;
    let store = store(config).await?;
    if config.database_owner.is_some() {
        store.check_migrated().await?;
    } else {
        tracing::warn!("the serving role owns its tables: evidence is kept by triggers alone (see database_owner)");
        store.migrate().await?;
    }
    let centre = Centre::new(Parts {
        store: Box::new(store.clone()),
        keys: Box::new(SoftwareKeys::from_seed(&secrets.issuer_seed)?),
        passwords: Box::new(Peppered::new(secrets.pepper.clone())),
        staff_cards: Box::new(OfAuthority(secrets.authority.certificate_pem().to_owned())),
        platform: Box::new(config.platform(&secrets)?),
        upstream: config.neighbours(&secrets)?.upstream(),
        policy,
        rules,
        publishing: secrets.publishing(),
        secret: secrets.digest,
    });
    let server = Server::bind(config, centre, secrets, store.clone()).await?;
    Ok((server, store))
}
