//! The centre: axum and PostgreSQL, key service, upstream systems with sandboxes
