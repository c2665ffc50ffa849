//! The contract suite on a real PostgreSQL: the one of `DATABASE_URL`, or a private one that `scripts/postgres` starts.

#[cfg(test)]
#[path = "../../centre-core/tests/contract/mod.rs"]
mod contract;

#[cfg(test)]
mod cluster;

#[cfg(test)]
use desk_centre::store::Postgres;

contract_suite!(async {
    let store = Postgres::connect(&cluster::database().await?, 6).await.unwrap();
    store.migrate().await.unwrap();
    Some(Box::new(store) as Box<dyn centre_core::store::CentreStore>)
});
