//! One window of the demonstration: a centre that listens, an enrolled desk's line, a tray of simulated cards.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use desk_app::ports::{Answered, CentreLink, Clock, LinkFailure, Signer as _};
use desk_card::{
    ReadCard, begin,
    link::CardReader,
    profile::Profiles,
    transaction::{Reply as Fed, Step, Transaction},
};
use desk_cardsim::{CardRow, Seed, SimCard, SimTray, kiosk};
use desk_centre::{config::Config, demonstration, enrol_code, open, secrets, secrets::Secrets};
use desk_domain::{
    card::{CardImage, Terminal, WriteEnd, WriteIntent},
    claim::{Claim, Reservation, Settlement},
    code::Code,
    id::{CaseNumber, CentreNumber, Id128, OperatorId, OutletId, RequestId, SessionToken, WindowId},
    journal::genesis,
    money::Fen,
    ruleset::RuleSet,
};
use desk_link::{DeviceKey, DeviceSigner, EnrolFailure, HttpsLink, Line, Trust, enrol};
use desk_wire::v1::{Batch, EnrolReply, Envelope, Reply, Request, Row, Secret, VERSION};
use serde_json::json;
use tokio::sync::oneshot;

use super::cluster;

const SEED: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub struct Counter {
    _dir: tempfile::TempDir,
    config: Config,
    address: String,
    operations: String,
    platform: String,
    authority: String,
    link: HttpsLink,
    station: EnrolReply,
    session: SessionToken,
    tray: SimTray,
    profiles: Profiles,
    ids: AtomicU64,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
    plain: reqwest::Client,
    pub pupils: RuleSet,
    pub residents: RuleSet,
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn reserved(reply: Reply) -> Reservation {
    let Reply::Reserved { reservation } = reply else {
        panic!("{reply:?}");
    };
    reservation
}

pub fn refusal(reply: Reply) -> Code {
    let Reply::Refused { message } = reply else {
        panic!("{reply:?}");
    };
    message.code
}

fn opening() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, 0).unwrap()
}

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        opening()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn key(seed: u8) -> DeviceKey {
    DeviceKey::from_seed(zeroize::Zeroizing::new([seed; 32]))
}

fn line(address: &str, authority: &str, station: &EnrolReply, seed: u8) -> HttpsLink {
    HttpsLink::new(
        Line {
            address,
            cell: station.cell.clone(),
            device: station.device.clone(),
            generation: station.generation,
            certificate: &station.certificate,
            key: &key(seed),
        },
        &Trust::in_authority(authority).unwrap(),
        Arc::new(Still),
    )
    .unwrap()
}

impl Counter {
    /// Nothing, and a printed skip, where there is no PostgreSQL.
    pub async fn open(test: &str) -> Option<Self> {
        Self::limited(test, "").await
    }

    /// With a `[limits]` table of its own.
    pub async fn limited(test: &str, limits: &str) -> Option<Self> {
        let Some(database) = cluster::database().await else {
            eprintln!("SKIPPED {test}: no PostgreSQL");
            return None;
        };
        // Every client of the test process takes its TLS from here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platform = format!("http://{}", sandbox.local_addr().unwrap());
        let running = desk_centre::clock::Clock::new(0).now();
        let offset = (opening() - running).num_seconds();
        let clock = desk_centre::clock::Clock::new(offset);
        tokio::spawn(async move { axum::serve(sandbox, desk_centre::upstream::ecard_sandbox::router(clock)).await });
        let dir = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        let role = format!("serves_{}", database.split('?').next().unwrap().rsplit('/').next().unwrap());
        let file = dir.path().join("centre.toml");
        std::fs::write(
            &file,
            format!(
                "database = {:?}\ndatabase_owner = {:?}\ndata_dir = \"centre\"\nrules_dir = {:?}\n\
                 listen = \"127.0.0.1:0\"\noperations_listen = \"127.0.0.1:0\"\necard_platform = \"{platform}\"\n\
                 clock_offset_seconds = {offset}\ndatabase_connections = 6\n{limits}\n",
                // Serving goes by a role that owns nothing; one a database, so that tests do not meet.
                as_user(&database, &role),
                database,
                rules.to_str().unwrap(),
            ),
        )
        .unwrap();
        let config = Config::read(&file).unwrap();
        secrets::init(&config.data_dir, &[], Some(SEED)).unwrap();
        demonstration::fill(&config).await.unwrap();
        let (server, _) = open::server(&config).await.unwrap();
        let operations = format!("http://{}", server.operations_address().unwrap().unwrap());
        let address = format!("https://{}", server.address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        let authority = std::fs::read_to_string(config.data_dir.join(secrets::CA_CERTIFICATE)).unwrap();
        let code = code(&config, "W03").await;
        let trust = Trust::in_authority(&authority).unwrap();
        let station = enrol(&address, &trust, &code, &key(1)).await.unwrap().0;
        let link = line(&address, &authority, &station, 1);

        let seed = Seed::from_hex(SEED).unwrap();
        let tray = SimTray::new();
        for row in rows(&rules.join("demonstration-cards.toml")) {
            tray.add(&row.name, SimCard::make(&seed, &row).unwrap());
        }
        let sets = config.rules().unwrap();
        let today = date("2026-11-24");
        let find = |holds: fn(&RuleSet) -> bool| sets.current(today).into_iter().find(|set| holds(set)).unwrap().clone();
        let mut counter = Self {
            _dir: dir,
            address,
            operations,
            platform,
            authority,
            link,
            station,
            session: SessionToken::new(""),
            tray,
            profiles: Profiles::built_in().unwrap(),
            ids: AtomicU64::new(1),
            stop,
            served,
            plain: reqwest::Client::builder().no_proxy().build().unwrap(),
            pupils: find(|set| set.validity.is_some()),
            residents: find(|set| set.purse.is_some()),
            config,
        };
        let signed = counter.ask(Request::SignIn { operator: OperatorId::new("1001"), password: Secret("demo-1001".to_owned()) }).await;
        let Reply::SignedIn { session, operator } = signed else {
            panic!("{signed:?}");
        };
        assert!(operator.offline_verifier.starts_with("$argon2id$"));
        counter.session = session;
        Some(counter)
    }

    /// Ends the server and waits until it has ended.
    pub async fn close(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(12), self.served).await.unwrap().unwrap();
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Status and text of a page of the operations address.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let answer = self.plain.get(format!("{}{path}", self.operations)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub fn outlet(&self) -> OutletId {
        self.station.outlet.clone()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.config.clock().now()
    }

    pub fn terminal(&self) -> Terminal {
        Terminal { number: self.station.terminal.clone(), sequence: 7, at: local() }
    }

    /// Rows as this desk would have written them, signed for.
    pub fn batch(&self, rows: Vec<Row>) -> Batch {
        let head = rows.last().map_or_else(genesis, |row| row.header.hash());
        Batch {
            device: self.station.device.clone(),
            generation: self.station.generation,
            suite: "intl".to_owned(),
            case_keys: rows.iter().filter_map(|row| Some((row.header.case?, "ab".repeat(32)))).collect(),
            signature: DeviceSigner::new(&key(1)).sign(&head),
            head,
            rows,
        }
    }

    pub fn station(&self) -> &EnrolReply {
        &self.station
    }

    pub fn envelope(&self, request: Request) -> Envelope {
        Envelope {
            version: VERSION,
            cell: self.station.cell.clone(),
            device: self.station.device.clone(),
            generation: self.station.generation,
            id: self.id(),
            session: None,
            sent_at: opening(),
            request,
        }
    }

    fn id(&self) -> RequestId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.ids.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Id128(bytes)
    }

    pub async fn try_ask(&self, id: RequestId, request: &Request) -> Result<Answered, LinkFailure> {
        let session = (!self.session.as_str().is_empty()).then_some(&self.session);
        self.link.call(id, session, request).await
    }

    pub async fn ask(&self, request: Request) -> Reply {
        self.try_ask(self.id(), &request).await.unwrap().reply
    }

    pub async fn reserve(&self, case: u8, claim: Claim, authorisation: Option<CentreNumber>) -> Reply {
        self.ask(Request::Reserve {
            case: Id128([case; 16]),
            number: CaseNumber::new(format!("DEMO20261124W031{case:04}")),
            window: self.station.window.clone(),
            claim,
            authorisation,
        })
        .await
    }

    pub async fn read(&self, name: &str) -> CardImage {
        assert!(self.tray.put(name), "{name}");
        let mut reader = self.tray.reader();
        reader.connect().await;
        let mut read = ReadCard::new(&self.profiles);
        let image = drive(&mut read, &mut reader, async |_| unreachable!()).await;
        reader.disconnect().await;
        image.unwrap()
    }

    /// Does the write with MACs that the centre releases for this reservation.
    pub async fn write(&self, case: u8, reservation: &CentreNumber, intent: &WriteIntent) -> WriteEnd {
        let mut reader = self.tray.reader();
        reader.connect().await;
        let mut writing = begin(intent, &self.profiles).unwrap();
        let end = drive(writing.as_mut(), &mut reader, async |ask| {
            self.ask(Request::Issuer { case: Id128([case; 16]), reservation: reservation.clone(), ask }).await
        })
        .await;
        reader.disconnect().await;
        end
    }

    pub fn top_up(&self, name: &str, fen: u32) {
        self.tray.take_off();
        self.tray.with_card(name, |card| kiosk::top_up(card, fen, local())).unwrap().unwrap();
    }

    pub async fn code(&self, window: &str) -> String {
        code(&self.config, window).await
    }

    pub async fn enrol(&self, code: &str, seed: u8) -> Result<EnrolReply, Code> {
        let trust = Trust::in_authority(&self.authority).unwrap();
        enrol(&self.address, &trust, code, &key(seed)).await.map(|enrolled| enrolled.0).map_err(|failure: EnrolFailure| failure.code())
    }

    pub async fn ping(&self, station: &EnrolReply, seed: u8) -> Result<Reply, LinkFailure> {
        line(&self.address, &self.authority, station, seed).call(self.id(), None, &Request::Ping).await.map(|answered| answered.reply)
    }

    /// Status of a raw body sent with the desk's own certificate.
    pub async fn raw(&self, path: &str, body: Vec<u8>) -> u16 {
        self.sent(path, body).await.unwrap()
    }

    /// The same, where the door may be shut while the body is still being sent.
    pub async fn sent(&self, path: &str, body: Vec<u8>) -> Result<u16, reqwest::Error> {
        let pkcs8 =
            [&[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20][..], &[1; 32]].concat();
        let own = rustls_pki_types::PrivatePkcs8KeyDer::from(pkcs8);
        let tls = self.tls().with_client_auth_cert(certificates(&self.station.certificate), own.into());
        send(tls.unwrap(), format!("{}{path}", self.address), body).await
    }

    /// Status of a request without a certificate.
    pub async fn stranger(&self, path: &str) -> u16 {
        let tls = self.tls().with_no_client_auth();
        send(tls, format!("{}{path}", self.address), b"{}".to_vec()).await.unwrap()
    }

    fn tls(&self) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in certificates(&self.authority) {
            roots.add(certificate).unwrap();
        }
        rustls::ClientConfig::builder().with_root_certificates(roots)
    }

    /// Somebody who does not speak TLS, and somebody who says nothing.
    pub async fn not_tls(&self) {
        use tokio::io::AsyncWriteExt as _;
        let address = self.address.strip_prefix("https://").unwrap();
        let mut loud = tokio::net::TcpStream::connect(address).await.unwrap();
        loud.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let _silent = tokio::net::TcpStream::connect(address).await.unwrap();
        assert_eq!(self.ask(Request::Ping).await, Reply::Pong { published: 0 });
    }

    async fn platform(&self, path: &str, body: serde_json::Value) -> serde_json::Value {
        self.plain.post(format!("{}{path}", self.platform)).json(&body).send().await.unwrap().json().await.unwrap()
    }

    pub async fn log_in(&self, account: &str, password: &str) -> String {
        let body = json!({"account": account, "password": password});
        let answer = self.platform("/v1/log-in", body).await;
        answer.as_str().unwrap().to_owned()
    }

    pub async fn change(&self, account: &str, old: &str, new: &str) -> bool {
        let body = json!({"account": account, "old": old, "new": new});
        self.platform("/v1/change", body).await.as_bool().unwrap()
    }

    pub async fn platform_fault(&self, fault: &str) {
        self.platform("/v1/fault", json!(fault)).await;
    }
}

fn as_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, rest) = rest.split_once('@').unwrap();
    format!("{scheme}://{user}@{rest}")
}

async fn code(config: &Config, window: &str) -> String {
    let store = open::store(config).await.unwrap();
    let secrets = Secrets::open(&config.data_dir).unwrap();
    enrol_code::make(&store, &secrets.digest, &config.cell(), &OutletId::new("DEMO"), &WindowId::new(window), config.clock()).await.unwrap()
}

fn certificates(pem: &str) -> Vec<rustls_pki_types::CertificateDer<'static>> {
    use rustls_pki_types::pem::PemObject as _;
    rustls_pki_types::CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap()
}

async fn send(tls: rustls::ClientConfig, url: String, body: Vec<u8>) -> Result<u16, reqwest::Error> {
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
    Ok(client.post(url).body(body).send().await?.status().as_u16())
}

fn local() -> NaiveDateTime {
    date("2026-11-24").and_hms_opt(10, 0, 0).unwrap()
}

fn rows(file: &Path) -> Vec<CardRow> {
    #[derive(serde::Deserialize)]
    struct List {
        card: Vec<CardRow>,
    }
    let list: List = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    list.card
}

/// As the desk drives a transaction: commands to the reader, questions to the centre.
async fn drive<T>(
    transaction: &mut (dyn Transaction<End = T> + Send),
    reader: &mut dyn CardReader,
    mut issuer: impl AsyncFnMut(desk_domain::issuer::IssuerRequest) -> Reply,
) -> T {
    let mut fed = Fed::Begin;
    loop {
        fed = match transaction.step(fed) {
            Step::Send(command) => Fed::Card(reader.transmit(&command).await),
            Step::AskIssuer(ask) => {
                let reply = issuer(ask).await;
                match &reply {
                    Reply::Issuer { answer } => Fed::Issuer(answer.clone()),
                    Reply::Refused { message } => Fed::IssuerRefused(message.clone()),
                    Reply::Pong { .. }
                    | Reply::SignedIn { .. }
                    | Reply::SignedOut
                    | Reply::Person { .. }
                    | Reply::Card { .. }
                    | Reply::Inquired { .. }
                    | Reply::Owed { .. }
                    | Reply::Uncollected { .. }
                    | Reply::Reserved { .. }
                    | Reply::Released
                    | Reply::PhotoKept
                    | Reply::RowsSubmitted { .. }
                    | Reply::Reported
                    | Reply::OpenWrite { .. }
                    | Reply::WriteEnd { .. }
                    | Reply::Confirmed { .. }
                    | Reply::Authorised { .. }
                    | Reply::DayTotals { .. }
                    | Reply::Uploaded { .. }
                    | Reply::Publications { .. }
                    | Reply::Checked { .. }
                    | Reply::Faulty { .. }
                    | Reply::Published { .. }
                    | Reply::Undecided { .. }
                    | Reply::Acted { .. }
                    | Reply::OutletDay { .. } => panic!("{reply:?}"),
                }
            }
            Step::Done(end) => return end,
        };
    }
}

pub fn refund(counter: &Counter, card: &CardImage) -> Claim {
    Claim::PurseRefund {
        cell: counter.residents.cell.clone(),
        programme: counter.residents.programme.clone(),
        card: card.clone(),
        amount: card.purse.as_ref().unwrap().balance,
        payee: None,
    }
}

pub async fn refunded(counter: &Counter, case: u8, card: &CardImage) -> Reply {
    let claim = refund(counter, card);
    let amount = card.purse.as_ref().unwrap().balance;
    let held = reserved(counter.reserve(case, claim, None).await);
    let end = counter.write(case, &held.number, &WriteIntent::Unload { before: card.clone(), amount, terminal: counter.terminal() }).await;
    let WriteEnd::Written(proof) = end else {
        panic!("{end:?}");
    };
    assert_eq!(proof.after.purse.as_ref().unwrap().balance, Fen::ZERO);
    counter
        .ask(Request::Confirm {
            case: Id128([case; 16]),
            reservation: held.number,
            settlement: Settlement::PurseRefunded { amount, proof },
        })
        .await
}
