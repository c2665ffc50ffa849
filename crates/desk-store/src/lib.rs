//! Encrypted SQLite: journal, outbox, caches, migrations
