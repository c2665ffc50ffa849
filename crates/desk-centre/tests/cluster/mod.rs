//! A cluster for tests: each test gets a database of its own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Holds the cluster's standard input open; when this process ends it closes, and the cluster goes.
struct Cluster {
    url: String,
    _child: Option<Child>,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests may have a database running")]
fn start() -> Option<Cluster> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Some(Cluster { url, _child: None });
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
    let mut child = Command::new(script)
        .args(["sh", "-c", "echo \"$DATABASE_URL\"; cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut url = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut url).ok()?;
    let url = url.trim().to_owned();
    if url.is_empty() {
        let status = child.wait().ok()?;
        assert_eq!(status.code(), Some(69), "scripts/postgres failed: {status}");
        return None;
    }
    Some(Cluster { url, _child: Some(child) })
}

/// URL of the cluster, where there is one.
fn url() -> Option<&'static str> {
    CLUSTER.get_or_init(start).as_ref().map(|cluster| cluster.url.as_str())
}

/// URL of a new, empty database of the cluster.
pub async fn database() -> Option<String> {
    let url = tokio::task::spawn_blocking(url).await.unwrap()?;
    let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let admin = sqlx::PgPool::connect(url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (place, options) = url.split_once('?').map_or((url, ""), |(place, options)| (place, options));
    let (server, _) = place.rsplit_once('/').unwrap();
    Some(format!("{server}/{name}?{options}"))
}
