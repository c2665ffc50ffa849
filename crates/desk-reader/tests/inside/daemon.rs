//! Kills and starts the smart-card service of this test's own namespace.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const PID: &str = "/run/pcscd/pcscd.pid";
const SOCKET: &str = "/run/pcscd/pcscd.comm";

pub struct Pcscd(Child);

impl Pcscd {
    /// Kills the running service the hard way; its socket stays behind as after a crash.
    pub fn kill() {
        let pid = std::fs::read_to_string(PID).expect("pcscd runs");
        let pid = pid.trim_matches(|byte: char| !byte.is_ascii_digit());
        let killed = Command::new("kill").args(["-9", pid]).status().expect("kill starts");
        assert!(killed.success());
        while Path::new("/proc").join(pid).join("exe").read_link().is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::fs::remove_file(PID).expect("pid file");
    }

    pub fn start() -> Self {
        let daemon = Self::spawn(&line());
        for _ in 0..200 {
            let listens = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default().contains(":8C7B 00000000:0000 0A");
            if Path::new(SOCKET).exists() && listens {
                return daemon;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("pcscd did not come up");
    }

    /// The same service after somebody has unplugged the reader.
    pub fn start_without_reader() -> Self {
        let daemon = Self::spawn(&line().replace("/run/pcscd/reader.conf.d", "/run/pcscd/no-usb"));
        while !Path::new(SOCKET).exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
        daemon
    }

    fn spawn(line: &str) -> Self {
        // What a service manager does before a new start.
        let _ = std::fs::remove_file(SOCKET);
        let mut words = line.split_whitespace();
        Self(
            Command::new(words.next().expect("a program"))
                .args(words)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("pcscd starts"),
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "scripts/isolated tells by the environment")]
fn line() -> String {
    std::env::var("CARDDESK_PCSCD").expect("set by scripts/isolated")
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        // A test may have killed it already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
