//! The log: one JSON line an event, in the data folder, without personal data.

use std::{
    fs::{File, OpenOptions},
    path::Path,
    sync::Arc,
};

use desk_app::ports::Clock;
use desk_domain::code::Message;
use tracing_subscriber::{
    EnvFilter,
    fmt::{format::Writer, time::FormatTime},
};

use crate::config::invalid;

const NAME: &str = "desk.log";
const OLDER: &str = "desk.log.1";
/// A log that has grown to this is put aside at the next start.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Our own crates speak; of the others only warnings, because what they quote is not in our hands.
const FILTER: &str = "warn,carddesk=info,carddesk_shell=info,desk_app=info,desk_compose=info,desk_link=info,\
                      desk_store=info,desk_reader=info,desk_print=info,desk_card=info,sqlx=off,hyper=off,zbus=off";

/// Starts logging into the data folder. A second call changes nothing.
///
/// # Errors
/// `CONFIG_INVALID` where the folder cannot be written.
pub fn start(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<(), Message> {
    let file = open(data_dir).map_err(|_| invalid("data_dir"))?;
    let _already_started = tracing_subscriber::fmt()
        .json()
        .with_timer(Timer(clock))
        .with_env_filter(EnvFilter::new(FILTER))
        .with_writer(Arc::new(file))
        .try_init();
    Ok(())
}

fn open(data_dir: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(data_dir)?;
    let file = data_dir.join(NAME);
    if std::fs::metadata(&file).is_ok_and(|known| known.len() > MOST_BYTES) {
        std::fs::rename(&file, data_dir.join(OLDER))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file)
}

struct Timer(Arc<dyn Clock>);

impl FormatTime for Timer {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", self.0.now().format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}
