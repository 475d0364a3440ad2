//! What all HTTP providers on loopback have in common: connections, what is counted, and what is kept.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The answer to a request.
pub type Reply = Response<Full<Bytes>>;

/// The connection is to be broken without an answer to this request, or to any other under way on it.
#[derive(Debug, thiserror::Error)]
#[error("steered to break the connection")]
pub struct Cut;

/// A server on a free port. It ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    is_encrypted: bool,
    shared: Arc<Shared>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicU64,
    streams_max: AtomicU64,
    keeps_requests: AtomicBool,
    requests: Mutex<Vec<Seen>>,
}

/// A request that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: Parts,
    pub body: Bytes,
}

/// What answers.
pub trait Handler: Send + Sync + 'static {
    /// Bytes of a request that are read.
    const REQUEST_BYTES_MAX: usize = 256 * 1024;

    /// Errors: break the connection.
    fn answer(&self, head: Parts, body: Bytes) -> impl Future<Output = Result<Reply, Cut>> + Send;
}

impl Server {
    /// Starts a server of HTTP/1 and, for clients that begin with it or agree on it over TLS, HTTP/2.
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>, handler: Arc<impl Handler>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let is_encrypted = tls.is_some();
        let accepting = accept(listener, tls.map(TlsAcceptor::from), handler, shared.clone());
        let _accepting = AbortOnDropHandle::new(tokio::spawn(accepting));
        Ok(Self { address, is_encrypted, shared, _accepting })
    }

    /// Where it is: by address, or over TLS by the name `localhost`.
    pub fn base_url(&self) -> String {
        match self.is_encrypted {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// Connections that were opened so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Relaxed)
    }

    /// The most requests that were under way on one connection at once.
    pub fn streams_max(&self) -> u64 {
        self.shared.streams_max.load(Relaxed)
    }

    /// Keeps requests from now on, for [`requests`](Self::requests).
    pub fn keep_requests(&self) {
        self.shared.keeps_requests.store(true, Relaxed);
    }

    /// The requests that were kept, oldest first; they are kept no longer.
    pub fn requests(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.shared.requests.lock())
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, handler: Arc<impl Handler>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(open(stream, tls.clone(), handler.clone(), shared.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn open(stream: TcpStream, tls: Option<TlsAcceptor>, handler: Arc<impl Handler>, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, handler, shared).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, handler, shared).await;
            }
        }
    }
}

async fn serve<S>(stream: S, handler: Arc<impl Handler>, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    shared.connections.fetch_add(1, Relaxed);
    let cut = CancellationToken::new();
    let streams = Arc::new(AtomicU64::new(0));
    let service = service_fn(|request: Request<Incoming>| {
        let (handler, shared, cut) = (handler.clone(), shared.clone(), cut.clone());
        let stream = OpenStream::count(&streams, &shared);
        async move {
            let answer = answer(request, &*handler, &shared).await;
            drop(stream);
            if answer.is_err() {
                cut.cancel();
            }
            answer
        }
    });
    let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(1000);
    tokio::select! {
        biased;
        // What is under way on it is dropped with it.
        () = cut.cancelled() => {}
        // A connection that ends badly is the client's affair.
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
    }
}

/// A request under way on a connection.
struct OpenStream(Arc<AtomicU64>);

impl OpenStream {
    fn count(streams: &Arc<AtomicU64>, shared: &Shared) -> Self {
        shared.streams_max.fetch_max(streams.fetch_add(1, Relaxed) + 1, Relaxed);
        Self(streams.clone())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

async fn answer<H: Handler>(request: Request<Incoming>, handler: &H, shared: &Shared) -> Result<Reply, Cut> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, H::REQUEST_BYTES_MAX).collect().await else {
        return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"));
    };
    let body = body.to_bytes();
    if shared.keeps_requests.load(Relaxed) {
        shared.requests.lock().push(Seen { head: head.clone(), body: body.clone() });
    }
    handler.answer(head, body).await
}

/// An answer of this status.
pub fn reply(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply
}
