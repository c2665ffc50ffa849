//! Puts the centre together from its configuration.

use centre_core::{Centre, Parts};

use crate::{config::Config, fault::Fault, http::Server, keys::SoftwareKeys, passwords::Peppered, secrets::Secrets, store::Postgres};

/// The database of a configuration.
///
/// # Errors
/// [`Fault`] where it cannot be reached.
pub async fn store(config: &Config) -> Result<Postgres, Fault> {
    Ok(Postgres::connect(&config.database, None, config.database_connections).await?)
}

/// A centre that listens; its tables are brought up to date first.
///
/// # Errors
/// [`Fault`] where a part is missing or wrong.
pub async fn server(config: &Config) -> Result<(Server, Postgres), Fault> {
    let rules = config.rules()?;
    let policy = config.policy(&rules)?;
    let secrets = Secrets::open(&config.data_dir)?;
    let store = store(config).await?;
    store.migrate().await?;
    let centre = Centre::new(Parts {
        store: Box::new(store.clone()),
        keys: Box::new(SoftwareKeys::from_seed(&secrets.issuer_seed)?),
        passwords: Box::new(Peppered::new(secrets.pepper.clone())),
        platform: Box::new(config.platform(&secrets)?),
        policy,
        secret: secrets.digest,
    });
    let server = Server::bind(config.listen, centre, secrets, config.clock()).await?;
    Ok((server, store))
}
