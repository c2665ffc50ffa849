//! The centre's decisions: rights, ledger, idempotency, chains; sans-IO behind a store port
