//! Papers through a CUPS server of the test's own, to a raw queue whose printer is a socket of this test. Where CUPS is not
//! installed the tests say so and count as skipped.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use desk_app::ports::Printer;
use desk_domain::code::Code;
use desk_print::{CupsPrinter, CupsQueue, render};
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::sheets::{StandingClock, at, face, refund, text_of};

struct Cups {
    server: Child,
    folder: tempfile::TempDir,
}

impl Drop for Cups {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Cups {
    /// A server with its own folders and socket; nothing where CUPS is not installed or this user may not run it.
    fn start(test: &str) -> Option<Self> {
        let skip = |why: &str| {
            // The harness swallows print macros of passing tests; a skip must be seen and counted.
            let _ = writeln!(std::io::stderr(), "SKIPPED desk-print {test}: {why}");
            None
        };
        let daemon = ["/usr/sbin/cupsd", "/usr/local/sbin/cupsd"].into_iter().find(|path| Path::new(path).exists());
        let (Some(daemon), true) =
            (daemon, ["/usr/bin/lp", "/usr/bin/lpstat", "/usr/bin/cancel"].iter().all(|path| Path::new(path).exists()))
        else {
            return skip("CUPS is not installed");
        };
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        // The printing backends run as a user of their own.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for part in ["etc", "spool/tmp", "cache", "run"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        std::fs::write(
            folder.path().join("files.conf"),
            format!(
                "ServerRoot {root}/etc\nRequestRoot {root}/spool\nCacheDir {root}/cache\nStateDir {root}/run\nTempDir {root}/spool/tmp\n\
                 AccessLog {root}/access_log\nErrorLog {root}/error_log\nPageLog {root}/page_log\nSystemGroup root\nSandboxing relaxed\n"
            ),
        )
        .unwrap();
        std::fs::write(
            folder.path().join("cupsd.conf"),
            format!(
                "Listen {root}/cups.sock\nBrowsing Off\nDefaultAuthType None\nWebInterface No\n<Location />\n  Order allow,deny\n  Allow all\n</Location>\n\
                 <Policy default>\n  <Limit All>\n    Order allow,deny\n    Allow all\n  </Limit>\n</Policy>\n"
            ),
        )
        .unwrap();
        let server = Command::new(daemon)
            .args(["-f", "-c", &format!("{root}/cupsd.conf"), "-s", &format!("{root}/files.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut cups = Self { server, folder };
        for _ in 0..200 {
            if cups.socket().exists() && cups.client("lpstat", &["-r"]) {
                return Some(cups);
            }
            if let Ok(Some(status)) = cups.server.try_wait() {
                return skip(&format!("cupsd does not run here ({status})"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("cupsd did not come up");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("cups.sock")
    }

    fn client(&self, program: &str, arguments: &[&str]) -> bool {
        Command::new(program)
            .arg("-h")
            .arg(self.socket())
            .args(arguments)
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn waiting(&self) -> String {
        let output = Command::new("lpstat").arg("-h").arg(self.socket()).args(["-W", "not-completed", "-o"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn printer(&self, queue: &str, patience_seconds: u64) -> CupsPrinter {
        let queue = CupsQueue { queue: queue.to_owned(), server: Some(self.socket().display().to_string()), patience_seconds };
        CupsPrinter::new(queue, face(), StandingClock::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_reaches_the_printer_byte_for_byte() {
    let Some(cups) = Cups::start("a_paper_reaches_the_printer_byte_for_byte") else { return };
    let printer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = printer.local_addr().unwrap().port();
    assert!(cups.client("lpadmin", &["-p", "COUNTER", "-v", &format!("socket://127.0.0.1:{port}"), "-E"]));
    let receiving = tokio::spawn(async move {
        let (mut job, _) = printer.accept().await.unwrap();
        let mut bytes = Vec::new();
        job.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let printed = cups.printer("COUNTER", 60).print(&refund()).await.unwrap();
    assert_eq!(printed.0, "COUNTER-1");
    let bytes = receiving.await.unwrap();
    assert!(bytes == render(&refund(), &face(), at()).unwrap());
    assert!(text_of(&bytes).contains("退款凭证"));
    assert_eq!(cups.waiting(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_does_not_come_out_is_taken_back() {
    let Some(cups) = Cups::start("a_job_that_does_not_come_out_is_taken_back") else { return };
    assert!(cups.client("lpadmin", &["-p", "PAUSED", "-v", "socket://127.0.0.1:9", "-E"]));
    assert!(cups.client("cupsdisable", &["PAUSED"]));
    let refused = cups.printer("PAUSED", 1).print(&refund()).await.unwrap_err();
    assert_eq!(refused.code, Code::PrinterMissing);
    assert_eq!(cups.waiting(), "", "nothing is left that could come out later");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_queue_and_a_dead_server_are_a_missing_printer() {
    let Some(cups) = Cups::start("an_unknown_queue_and_a_dead_server_are_a_missing_printer") else { return };
    assert_eq!(cups.printer("NOWHERE", 5).print(&refund()).await.unwrap_err().code, Code::PrinterMissing);
    let printer = cups.printer("COUNTER", 5);
    drop(cups);
    let mut printer = printer;
    assert_eq!(printer.print(&refund()).await.unwrap_err().code, Code::PrinterMissing);
}
