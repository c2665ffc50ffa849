//! The contract suite on a real PostgreSQL: the one of `DATABASE_URL`, or a private one that `scripts/postgres` starts.

#[cfg(test)]
#[path = "../../centre-core/tests/contract/mod.rs"]
mod contract;

#[cfg(test)]
mod cluster;

contract_suite!(async {
    let (store, _) = cluster::fresh().await?;
    Some(Box::new(store) as Box<dyn centre_core::store::CentreStore>)
});
