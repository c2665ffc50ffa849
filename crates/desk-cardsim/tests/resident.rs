//! The resident-card reader over a pseudo-terminal, against the simulated security module.

#![cfg(unix)]
#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test that cannot set the stage fails, and measures what it waits")]

use std::{
    io::{Read, Write},
    path::PathBuf,
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use desk_card::link::{IdReader, NoIdReader};
use desk_cardsim::sam::{Sam, SamDocument, SamFault, text};
use desk_domain::{code::Code, document::Expiry, read_document::ChipLayout};
use desk_reader::{SerialIdReader, SerialLine};
use serialport::{SerialPort, TTYPort};

/// A module that answers at the far end of a pseudo-terminal until it is dropped.
struct Line {
    sam: Arc<Mutex<Sam>>,
    port: PathBuf,
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    fn new() -> Self {
        let (mut far, near) = TTYPort::pair().expect("pseudo-terminal");
        far.set_timeout(Duration::from_millis(20)).expect("time-out");
        let port = PathBuf::from(near.name().expect("a name"));
        let sam = Arc::new(Mutex::new(Sam::default()));
        let (end, ended) = mpsc::channel::<()>();
        let thread = std::thread::spawn({
            let sam = Arc::clone(&sam);
            move || {
                let mut chunk = [0; 64];
                while ended.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
                    let Ok(count) = far.read(&mut chunk) else {
                        // Nobody speaks, or nobody has the near end open.
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    };
                    let said = sam.lock().expect("module").hear(&chunk[..count]);
                    // A slow line: the answer comes in pieces.
                    for piece in said.chunks(200) {
                        far.write_all(piece).expect("answer");
                    }
                }
            }
        });
        Self { sam, port, end: Some(end), thread: Some(thread) }
    }

    fn reader(&self) -> SerialIdReader {
        SerialIdReader::new(SerialLine { reply_limit: Duration::from_millis(900), ..SerialLine::at(self.port.clone()) })
    }

    fn put(&self, fields: &[(usize, &str)]) {
        self.sam.lock().expect("module").put(SamDocument { text: text(fields) });
    }

    fn fault(&self, fault: Option<SamFault>) {
        self.sam.lock().expect("module").fault = fault;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("module ends");
        }
    }
}

const CITIZEN: [(usize, &str); 5] = [(0, "欧阳𬱖"), (36, "19800101"), (122, "34052419800101001X"), (188, "20160301"), (204, "20360301")];

#[tokio::test]
async fn documents_of_all_four_layouts() {
    let line = Line::new();
    let mut reader = line.reader();
    assert!(reader.present());
    reader.module().await.expect("module answers");
    assert_eq!(reader.read().await.expect_err("nothing there").code, Code::IdReaderNoCard);

    line.put(&CITIZEN);
    let read = reader.read().await.expect("read");
    assert_eq!((read.layout, read.name.as_str(), read.number.as_str()), (ChipLayout::Citizen, "欧阳𬱖", "34052419800101001X"));
    assert_eq!(read.expiry, Expiry::Until("2036-03-01".parse().expect("a day")));
    assert_eq!(reader.read().await.expect_err("not lifted").code, Code::IdReaderNoCard, "a document has to leave the field");

    line.put(&[&CITIZEN[..], &[(204, "长期      "), (220, "H12345678"), (248, "J")]].concat());
    let read = reader.read().await.expect("read");
    assert_eq!((read.layout, read.expiry), (ChipLayout::HmtPermit, Expiry::LongTerm));

    line.put(&[&CITIZEN[1..], &[(52, "DOE JANE"), (248, "Y")]].concat());
    assert_eq!(reader.read().await.expect("read").layout, ChipLayout::Foreign2023);

    line.put(&[(0, "DOE JANE"), (122, "USA123456789012"), (188, "20180101"), (204, "20280101"), (220, "19800101"), (248, "I")]);
    let read = reader.read().await.expect("read");
    assert_eq!((read.layout, read.name.as_str()), (ChipLayout::Foreign2017, "DOE JANE"));
}

#[tokio::test]
async fn faults_end_in_a_code_and_the_next_document_is_read() {
    let line = Line::new();
    let mut reader = line.reader();
    for (fault, code) in [
        (SamFault::SelectFails, Code::IdReaderRefused),
        (SamFault::Unauthentic, Code::IdReaderRefused),
        (SamFault::BitError, Code::IdReaderGarbled),
        (SamFault::Cut, Code::IdReaderGarbled),
        (SamFault::Silent, Code::IdReaderMissing),
    ] {
        line.put(&CITIZEN);
        line.fault(Some(fault));
        let asked = Instant::now();
        assert_eq!(reader.read().await.expect_err("fault").code, code, "{fault:?}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{fault:?} holds nobody up");
        line.fault(None);
        line.put(&CITIZEN);
        assert!(reader.read().await.is_ok(), "after {fault:?}");
    }
    line.put(&[(0, "张三")]);
    assert_eq!(reader.read().await.expect_err("no document").code, Code::IdReaderGarbled);
}

#[tokio::test]
async fn no_reader_is_a_message() {
    let mut absent = SerialIdReader::new(SerialLine::at(PathBuf::from("/nonexistent/tty")));
    assert_eq!(absent.read().await.expect_err("absent").code, Code::IdReaderMissing);
    let mut none = NoIdReader;
    assert!(!none.present());
    assert_eq!(none.read().await.expect_err("none").code, Code::IdReaderMissing);
}
