//! The door: TLS 1.3, one task a connection, limits on size, time and number, a graceful end.

mod enrol;
mod limit;
mod metrics;
mod operations;
mod request;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use centre_core::Centre;
use desk_wire::v1::{ENROL_PATH, HEALTH_PATH, REQUEST_PATH};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::{RootCertStore, ServerConfig, crypto::ring, server::WebPkiClientVerifier, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use self::{limit::Doors, metrics::Metrics};
use crate::{
    authority::{Peer, peer},
    clock::{Clock, SystemEntropy},
    config::Config,
    fault::Fault,
    secrets::Secrets,
    store::Postgres,
};

/// A batch of rows is the longest request.
const MOST_BYTES: usize = 8 * 1024 * 1024;
const HANDSHAKE: Duration = Duration::from_secs(5);
const HEADERS: Duration = Duration::from_secs(15);
/// Desks wait five seconds; what takes longer answers nobody.
const ANSWER: Duration = Duration::from_secs(8);
const CONNECTIONS: usize = 2048;
/// How often an outside system is asked again that had not done its part.
const PURSUIT: Duration = Duration::from_secs(60);
/// How long requests in progress may take when the centre stops.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// What the routes share.
pub(crate) struct App {
    pub centre: Centre,
    pub secrets: Secrets,
    pub clock: Clock,
    pub metrics: Metrics,
    pub doors: Doors,
    /// For readiness alone; requests go through the centre.
    pub store: Postgres,
}

/// A centre that is listening.
pub struct Server {
    listener: TcpListener,
    operations: Option<TcpListener>,
    acceptor: TlsAcceptor,
    app: Arc<App>,
}

fn tls(secrets: &Secrets) -> Result<ServerConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    let authority = secrets.authority.certificate_pem();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    // Enrolment and health have no certificate; every other route asks for it.
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| error.to_string())?;
    let chain =
        CertificateDer::pem_slice_iter(secrets.server.0.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(secrets.server.1.as_bytes()).map_err(|error| error.to_string())?;
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())
}

impl Server {
    /// # Errors
    /// [`Fault`] where the port is taken or a certificate cannot be read.
    pub async fn bind(config: &Config, centre: Centre, secrets: Secrets, store: Postgres) -> Result<Self, Fault> {
        let acceptor = TlsAcceptor::from(Arc::new(tls(&secrets).map_err(Fault::new)?));
        let listener = listen(config.listen).await?;
        let operations = match config.operations_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let (metrics, doors) = (Metrics::new(), Doors::new(&config.limits));
        let app = Arc::new(App { centre, secrets, clock: config.clock(), metrics, doors, store });
        Ok(Self { listener, operations, acceptor, app })
    }

    /// Where operations are shown, if anywhere.
    ///
    /// # Errors
    /// [`Fault`] where the socket is gone.
    pub fn operations_address(&self) -> Result<Option<SocketAddr>, Fault> {
        self.operations.as_ref().map(|listener| listener.local_addr().map_err(|error| Fault::new(error.to_string()))).transpose()
    }

    /// # Errors
    /// [`Fault`] where the socket is gone.
    pub fn address(&self) -> Result<SocketAddr, Fault> {
        self.listener.local_addr().map_err(|error| Fault::new(error.to_string()))
    }

    /// Answers until `stop` ends; then lets requests in progress finish.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let router = Router::new()
            .route(REQUEST_PATH, post(request::answer))
            .route(ENROL_PATH, post(enrol::enrol))
            .route(HEALTH_PATH, get(request::health))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.app.clone());
        let (stopping, stopped) = watch::channel(false);
        let operations = self.operations.map(|listener| {
            let router = operations::router(self.app.clone());
            tokio::spawn(async move { axum::serve(listener, router).await })
        });
        let pursuing = tokio::spawn(pursue(self.app.clone()));
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, from)) => {
                        let Ok(place) = room.clone().try_acquire_owned() else {
                            self.app.metrics.turned_away("connections");
                            tracing::warn!("too many connections");
                            continue;
                        };
                        let (acceptor, router, stopped) =
                            (self.acceptor.clone(), router.clone(), stopped.clone());
                        let counted = self.app.metrics.connected();
                        connections.spawn(async move {
                            connection(stream, &acceptor, router.layer(Extension(from.ip())), stopped).await;
                            drop((place, counted));
                        });
                    }
                    Err(error) => {
                        // Out of descriptors: give the others time to end.
                        tracing::warn!(%error, "accept failed");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        pursuing.abort();
        drop(self.listener);
        stopping.send_replace(true);
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_REQUESTS, all).await.is_err() {
            tracing::warn!("requests were still in progress");
        }
        // Last: whoever watches sees the end coming.
        if let Some(operations) = operations {
            operations.abort();
        }
    }
}

/// Goes on with what only one of two systems did, and with parcels that are under way.
async fn pursue(app: Arc<App>) {
    loop {
        tokio::time::sleep(PURSUIT).await;
        match app.centre.pursue(app.clock.now(), &mut SystemEntropy).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "half-done claims came to their end"),
            Err(failure) => tracing::warn!(%failure, "half-done claims not pursued"),
        }
        match app.centre.follow_parcels(app.clock.now()).await {
            Ok(0) => {}
            Ok(moved) => tracing::info!(moved, "parcels arrived or came back"),
            Err(failure) => tracing::warn!(%failure, "parcels not followed"),
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address).await.map_err(|error| Fault::new(format!("{address}: {error}")))
}

async fn connection(stream: TcpStream, acceptor: &TlsAcceptor, router: Router, mut stopped: watch::Receiver<bool>) {
    // Nagle would hold small answers back.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        tracing::debug!("handshake failed");
        return;
    };
    let known: Option<Peer> =
        stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).and_then(|certificate| peer(certificate));
    let service = TowerToHyperService::new(router.layer(Extension(known)));
    let serving =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(HEADERS).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            changed = stopped.changed() => {
                serving.as_mut().graceful_shutdown();
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Nothing was done; ask again after a moment.
fn too_many() -> axum::response::Response {
    use axum::response::IntoResponse as _;
    (axum::http::StatusCode::TOO_MANY_REQUESTS, [(axum::http::header::RETRY_AFTER, "1")]).into_response()
}
