//! The line against a small centre of its own that answers wrongly, late or not at all.
#![expect(clippy::unwrap_used, reason = "a test ends where its preparations fail")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use desk_app::ports::{Answered, CentreLink, Clock, LinkFailure, Signer};
use desk_domain::{
    code::{Code, Message},
    id::{CellId, DeviceId, Id128, OutletId, SessionToken, WindowId},
};
use desk_link::{DeviceKey, DeviceSigner, EnrolFailure, HttpsLink, Line, Trust, certificate_request, enrol};
use desk_wire::v1::{EnrolReply, Envelope, Reply, Request, Response, VERSION};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, PublicKeyData,
    SignatureAlgorithm,
};
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use x509_parser::{certification_request::X509CertificationRequest, prelude::FromDer};

struct FixedClock;

#[async_trait]
impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_485_600, 0).unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The deployment's authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: rustls_pki_types::CertificateDer<'static>,
}

/// The public key of a certificate request.
struct Requested(Vec<u8>);

impl PublicKeyData for Requested {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    fn device_certificate(&self, key: &DeviceKey) -> String {
        self.sign_request(&certificate_request(key).unwrap())
    }

    fn sign_request(&self, pem: &str) -> String {
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        let (_, request) = X509CertificationRequest::from_der(&pem.contents).unwrap();
        let asked = &request.certification_request_info;
        assert_eq!(asked.subject.to_string(), "");
        let key = Requested(asked.subject_pki.subject_public_key.data.to_vec());
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.signed_by(&key, &self.issuer).unwrap().pem()
    }

    fn server(&self, ask_for_certificate: bool) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = if ask_for_certificate {
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], private).unwrap())
    }
}

/// What the small centre does with a request.
#[derive(Clone)]
enum Habit {
    Answer(fn(&Envelope) -> Response),
    Raw {
        status: u16,
        body: Vec<u8>,
    },
    Silent,
    CutAfterRequest,
    CutInBody,
    /// Cuts the first request and answers the same id afterwards, having counted it once.
    CutOnce(Arc<AtomicU32>),
    Enrol(Arc<Authority>),
}

fn pong(envelope: &Envelope) -> Response {
    Response { version: VERSION, id: envelope.id, at: FixedClock.now(), reply: Reply::Pong { published: 0 } }
}

async fn centre(tls: Arc<ServerConfig>, habit: Habit) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, habit) = (TlsAcceptor::from(Arc::clone(&tls)), habit.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, habit).await;
                }
            });
        }
    });
    format!("https://localhost:{port}")
}

async fn serve(mut stream: TlsStream<tokio::net::TcpStream>, habit: Habit) {
    while let Some(request) = read_request(&mut stream).await {
        let envelope = || serde_json::from_slice::<Envelope>(&request).unwrap();
        match &habit {
            Habit::Answer(answer) => {
                let body = serde_json::to_vec(&answer(&envelope())).unwrap();
                reply(&mut stream, 200, &body).await;
            }
            Habit::Raw { status, body } => reply(&mut stream, *status, body).await,
            Habit::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
            Habit::CutAfterRequest => return,
            Habit::CutInBody => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{\"version\":1,").await;
                let _ = stream.flush().await;
                return;
            }
            Habit::CutOnce(seen) => {
                if seen.fetch_add(1, Ordering::SeqCst) == 0 {
                    return;
                }
                reply(&mut stream, 200, &serde_json::to_vec(&pong(&envelope())).unwrap()).await;
            }
            Habit::Enrol(authority) => {
                let asked: desk_wire::v1::EnrolRequest = serde_json::from_slice(&request).unwrap();
                if asked.code.0 == "GOOD" {
                    let certificate = authority.sign_request(&asked.certificate_request);
                    reply(&mut stream, 200, &serde_json::to_vec(&enrol_reply(certificate)).unwrap()).await;
                } else {
                    let no = serde_json::to_vec(&Message::new(Code::EnrolRefused)).unwrap();
                    reply(&mut stream, 403, &no).await;
                }
            }
        }
    }
}

fn enrol_reply(certificate: String) -> EnrolReply {
    EnrolReply {
        cell: CellId::new("demo"),
        device: DeviceId::new("desk-1"),
        generation: 1,
        outlet: OutletId::new("DEMO"),
        window: WindowId::new("W03"),
        terminal: "000000000103".to_owned(),
        certificate,
        identifier_key: "5a".repeat(32),
        publishing_key: String::new(),
    }
}

async fn read_request(stream: &mut TlsStream<tokio::net::TcpStream>) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

async fn reply(stream: &mut TlsStream<tokio::net::TcpStream>, status: u16, body: &[u8]) {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let _ = stream.flush().await;
}

fn key() -> DeviceKey {
    DeviceKey::from_seed([9; 32].into())
}

fn link(address: &str, trusted: &str, certificate: &str) -> HttpsLink {
    let key = key();
    let line = Line { address, cell: CellId::new("demo"), device: DeviceId::new("desk-1"), generation: 1, certificate, key: &key };
    HttpsLink::new(line, &Trust::in_authority(trusted).unwrap(), Arc::new(FixedClock)).unwrap()
}

async fn asked(habit: Habit) -> Result<Answered, LinkFailure> {
    let authority = Authority::new();
    let address = centre(authority.server(true), habit).await;
    let link = link(&address, &authority.pem, &authority.device_certificate(&key()));
    link.call(Id128([1; 16]), Some(&SessionToken::new("secret")), &Request::Ping).await
}

async fn code_of(habit: Habit) -> Code {
    asked(habit).await.unwrap_err().code
}

#[tokio::test]
async fn an_answer_carries_the_centres_clock() {
    fn checked(envelope: &Envelope) -> Response {
        assert_eq!((envelope.device.as_str(), envelope.generation), ("desk-1", 1));
        assert_eq!(envelope.session, Some(SessionToken::new("secret")));
        assert_eq!(envelope.sent_at, FixedClock.now());
        pong(envelope)
    }
    let answered = asked(Habit::Answer(checked)).await.unwrap();
    assert_eq!(answered, Answered { reply: Reply::Pong { published: 0 }, at: FixedClock.now() });
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    fn no(envelope: &Envelope) -> Response {
        Response { reply: Reply::Refused { message: Message::new(Code::RightReserved) }, ..pong(envelope) }
    }
    let answered = asked(Habit::Answer(no)).await.unwrap();
    assert_eq!(answered.reply, Reply::Refused { message: Message::new(Code::RightReserved) });
}

#[tokio::test]
async fn an_error_of_the_centre() {
    for status in [500, 503, 403, 301] {
        let code = code_of(Habit::Raw { status, body: b"{}".to_vec() }).await;
        assert_eq!(code, Code::CentreError, "{status}");
    }
}

#[tokio::test]
async fn garbage_is_named_so() {
    for body in [&b"\xff\x00 garbage"[..], b"", b"{\"version\":1}"] {
        let code = code_of(Habit::Raw { status: 200, body: body.to_vec() }).await;
        assert_eq!(code, Code::CentreGarbled);
    }
    let endless = vec![b' '; 5 * 1024 * 1024];
    assert_eq!(code_of(Habit::Raw { status: 200, body: endless }).await, Code::CentreGarbled);
}

#[tokio::test]
async fn an_answer_to_another_request_or_of_another_version_is_not_taken() {
    fn other_id(envelope: &Envelope) -> Response {
        Response { id: Id128([2; 16]), ..pong(envelope) }
    }
    fn other_version(envelope: &Envelope) -> Response {
        Response { version: VERSION + 1, ..pong(envelope) }
    }
    assert_eq!(code_of(Habit::Answer(other_id)).await, Code::CentreGarbled);
    assert_eq!(code_of(Habit::Answer(other_version)).await, Code::CentreGarbled);
}

#[tokio::test]
async fn silence_ends_in_time() {
    let begun = tokio::time::Instant::now();
    assert_eq!(code_of(Habit::Silent).await, Code::CentreLate);
    assert!(begun.elapsed() < Duration::from_secs(7));
}

#[tokio::test]
async fn a_cut_leaves_the_result_open() {
    assert_eq!(code_of(Habit::CutAfterRequest).await, Code::CentreLate);
    assert_eq!(code_of(Habit::CutInBody).await, Code::CentreLate);
}

#[tokio::test]
async fn the_same_id_can_be_repeated() {
    let authority = Authority::new();
    let seen = Arc::new(AtomicU32::new(0));
    let address = centre(authority.server(true), Habit::CutOnce(Arc::clone(&seen))).await;
    let link = link(&address, &authority.pem, &authority.device_certificate(&key()));
    let id = Id128([3; 16]);
    assert_eq!(link.call(id, None, &Request::Ping).await.unwrap_err().code, Code::CentreLate);
    assert_eq!(link.call(id, None, &Request::Ping).await.unwrap().reply, Reply::Pong { published: 0 });
    // The line repeats nothing by itself.
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nobody_there() {
    let authority = Authority::new();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let address = format!("https://localhost:{port}");
    let link = link(&address, &authority.pem, &authority.device_certificate(&key()));
    assert_eq!(link.call(Id128([1; 16]), None, &Request::Ping).await.unwrap_err().code, Code::CentreUnreachable);
}

#[tokio::test]
async fn another_authority_is_not_believed_by_either_side() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let address = centre(ours.server(true), Habit::Answer(pong)).await;
    let certificate = ours.device_certificate(&key());
    let fooled = link(&address, &theirs.pem, &certificate);
    let failure = fooled.call(Id128([1; 16]), None, &Request::Ping).await.unwrap_err();
    assert_eq!((failure.code, failure.detail.as_str()), (Code::CentreUnreachable, "certificate refused"));
    let stranger = link(&address, &ours.pem, &theirs.device_certificate(&key()));
    let failure = stranger.call(Id128([1; 16]), None, &Request::Ping).await.unwrap_err();
    assert_eq!(failure.code, Code::CentreUnreachable);
}

#[tokio::test]
async fn plain_http_is_never_spoken() {
    let authority = Authority::new();
    let link = link("http://localhost:1", &authority.pem, &authority.device_certificate(&key()));
    assert!(link.call(Id128([1; 16]), None, &Request::Ping).await.is_err());
}

#[tokio::test]
async fn a_code_is_exchanged_for_a_certificate_that_works() {
    let authority = Arc::new(Authority::new());
    let trust = Trust::in_authority(&authority.pem).unwrap();
    let door = centre(authority.server(false), Habit::Enrol(Arc::clone(&authority))).await;
    let enrolled = enrol(&door, &trust, "GOOD", &key()).await.unwrap().0;
    let address = centre(authority.server(true), Habit::Answer(pong)).await;
    let link = link(&address, &authority.pem, &enrolled.certificate);
    assert!(link.call(Id128([1; 16]), None, &Request::Ping).await.is_ok());
    let refused = enrol(&door, &trust, "USED", &key()).await.unwrap_err();
    assert!(matches!(refused, EnrolFailure::Refused { status: 403, .. }));
    assert_eq!(refused.code(), Code::EnrolRefused);
}

#[test]
fn an_authority_file_without_certificate_is_refused() {
    assert!(Trust::in_authority("").is_err());
    assert!(Trust::in_authority("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
}

/// RFC 8032, section 7.1, test 1: the key; our message is a head's text.
#[test]
fn signatures_verify_with_the_public_key() {
    use ed25519_dalek::{Signature, VerifyingKey};
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = DeviceKey::from_seed(<[u8; 32]>::try_from(seed).unwrap().into());
    assert_eq!(key.public_key(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let public = <[u8; 32]>::try_from(hex::decode(key.public_key()).unwrap()).unwrap();
    let head = "ab".repeat(32);
    let signature = hex::decode(DeviceSigner::new(&key).sign(&head)).unwrap();
    let verifying = VerifyingKey::from_bytes(&public).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    assert!(verifying.verify_strict(head.as_bytes(), &signature).is_ok());
    assert!(verifying.verify_strict(b"other", &signature).is_err());
}
