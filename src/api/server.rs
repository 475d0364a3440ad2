//! Connections: HTTP/1 and HTTP/2, plain or over TLS, limits and the drain at the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, header};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};

use super::{Api, admin, connection, feedback, handle};
use crate::clock::{self, Clock};

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after the system refused to accept, for example because no file handle is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a browser may remember what a preflight allowed.
const PREFLIGHT_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Takes the address; port 0 takes a free one. With `tls`, connections are encrypted.
    ///
    /// Errors: an address that is in use or not ours.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, tls: tls.map(TlsAcceptor::from) })
    }

    /// The address taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Answers until `stop`, then finishes the answers under way, but waits no longer than `drain`.
    pub async fn run(self, api: Arc<Api>, stop: CancellationToken, drain: Duration) {
        let (clock, operations) = (api.clock.clone(), api.operations.clone());
        let places = Arc::new(Semaphore::new(api.config.api.connections_max));
        let service = TowerToHyperService::new(service(api));
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept(&places) => accepted,
            };
            let (place, stream) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    clock.sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (service, clock) = (service.clone(), clock.clone());
            let (tls, stop) = (self.tls.clone(), stop.clone());
            connections.spawn(async move {
                let _place = place;
                let opened = tokio::select! {
                    () = stop.cancelled() => None,
                    opened = open(stream, tls, &*clock) => opened,
                };
                let Some(stream) = opened else { return };
                // Clients go away as they please.
                if let Err(error) = connection::serve(stream, service, clock, &stop).await {
                    tracing::debug!(error = %error, "a connection ended early");
                }
            });
        }
        drop(self.listener);
        connections.close();
        let ended = async {
            connections.wait().await;
            // Those whose clients are gone. Only now can none be added.
            operations.close();
            operations.wait().await;
        };
        if clock::timeout(&*clock, drain, ended).await.is_none() {
            tracing::warn!("requests under way did not end in time and are cut off");
        }
    }

    /// A connection and its place. One too many waits in the system's queue.
    async fn accept(&self, places: &Arc<Semaphore>) -> io::Result<(OwnedSemaphorePermit, TcpStream)> {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, _) = self.listener.accept().await?;
        Ok((place, stream))
    }
}

/// A stream of bytes, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn open(stream: TcpStream, tls: Option<TlsAcceptor>, clock: &dyn Clock) -> Option<Box<dyn Stream>> {
    // Answers are small: waiting to fill a packet would only delay them.
    _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return Some(Box::new(stream)) };
    match clock::timeout(clock, HANDSHAKE_TIMEOUT, tls.accept(stream)).await? {
        Ok(stream) => Some(Box::new(stream)),
        Err(error) => {
            tracing::debug!(error = %error, "a TLS handshake failed");
            None
        }
    }
}

/// What every request passes, outermost last: panics become answers, answers are packed, browsers learn what they may, pages
/// get no further than they should, answers are named.
fn service(api: Arc<Api>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS])
        .allow_headers(
            [
                header::AUTHORIZATION.as_str(),
                header::CONTENT_TYPE.as_str(),
                header::CONTENT_ENCODING.as_str(),
                "x-amz-date",
                "x-amz-security-token",
                "x-amz-user-agent",
                "x-amz-content-sha256",
                "amz-sdk-invocation-id",
                "amz-sdk-request",
            ]
            .map(|name| name.parse().expect("these are names of headers")),
        )
        .expose_headers([handle::REQUEST_ID, handle::ERROR_TYPE, header::DATE])
        .max_age(PREFLIGHT_AGE);
    let pages = axum::middleware::from_fn_with_state(api.clone(), handle::refuse_pages);
    feedback::routes()
        .merge(admin::routes())
        .fallback(handle::answer)
        .with_state(api)
        .layer(CatchPanicLayer::custom(handle::panicked))
        .layer(CompressionLayer::new())
        .layer(cors)
        .layer(pages)
        .layer(axum::middleware::from_fn(handle::name))
}
