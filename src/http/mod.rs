//! Outgoing HTTP for hooks and channels: TLS, pooling, size limits, and the guard against private addresses.

mod aws;
mod guard;
mod signature;

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use aws::{Aws, may_have_arrived};
pub use guard::Access;
use guard::GuardedResolver;
pub use signature::{Signer, WEBHOOK_ID};

/// Opens connections: plain or TLS (HTTP/2 where the server offers it), only to where [`Access`] allows.
pub type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// Which HTTP a connector speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    Http1,
    /// What the server chooses over TLS, else HTTP/1.
    Http1Or2,
    /// Always; without TLS by prior knowledge.
    Http2,
}

/// What TLS trusts besides the system's certificates, and who we are to the server.
#[derive(Default)]
pub struct Tls {
    pub roots: Vec<CertificateDer<'static>>,
    pub identity: Option<Identity>,
}

/// A certificate of ours, with those that vouch for it, and its key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

/// Makes a connector with the system's certificates. Panics if it has none that can be read.
pub fn connector(access: Access, protocol: Protocol) -> Connector {
    connector_with(access, protocol, Tls::default()).expect("the system's root certificates can be read")
}

/// Makes a connector.
///
/// Errors: what is wrong with the certificates or the key, without showing them.
pub fn connector_with(access: Access, protocol: Protocol, tls: Tls) -> Result<Connector, String> {
    let mut http = HttpConnector::new_with_resolver(GuardedResolver::new(access));
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let builder = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(client_config(tls)?).https_or_http();
    Ok(match protocol {
        Protocol::Http1 => builder.enable_http1().wrap_connector(http),
        Protocol::Http1Or2 => builder.enable_all_versions().wrap_connector(http),
        Protocol::Http2 => builder.enable_http2().wrap_connector(http),
    })
}

/// What TLS of a client is made from, also of one that speaks another protocol.
///
/// Errors: what is wrong with the certificates or the key, without showing them.
pub fn client_config(tls: Tls) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    let (found, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in tls.roots {
        roots.add(root).map_err(|error| format!("a certificate to trust cannot be used: {error}"))?;
    }
    if found == 0 && roots.is_empty() {
        return Err("the system has no root certificates".into());
    }
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    match tls.identity {
        None => Ok(builder.with_no_client_auth()),
        Some(Identity { chain, key }) => {
            builder.with_client_auth_cert(chain, key).map_err(|error| format!("certificate and key: {error}"))
        }
    }
}

/// A pooled client; clones share the pool. No timeout, no retry, no redirect.
#[derive(Clone)]
pub struct Client {
    access: Access,
    pool: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
}

/// How long a server may take to accept a connection, for all of its addresses together. Shorter than any attempt, so that
/// one that is nowhere is told from one that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often an HTTP/2 connection is asked whether it still works, and how long the answer may take. A provider that is
/// gone without a word is noticed before the next message waits for it.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

impl Client {
    /// A client with a pool of its own.
    pub fn new(access: Access) -> Self {
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(access, Protocol::Http1Or2));
        Self { access, pool }
    }

    /// As [`new`](Self::new), with this TLS.
    ///
    /// Errors: certificates that cannot be used.
    pub fn with_tls(access: Access, tls: Tls) -> Result<Self, String> {
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector_with(access, Protocol::Http1Or2, tls)?);
        Ok(Self { access, pool })
    }

    /// A client that speaks HTTP/2 alone: all requests to a server are streams of one connection, which is kept alive.
    /// Until the server says how many streams it allows at once, there is one: some allow no more before they know us.
    ///
    /// Errors: certificates that cannot be used.
    pub fn http2(access: Access, tls: Tls) -> Result<Self, String> {
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_only(true)
            .http2_initial_max_send_streams(1)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build(connector_with(access, Protocol::Http2, tls)?);
        Ok(Self { access, pool })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// Errors: an answer over `answer_bytes_max` is one, too.
    pub async fn send(&self, request: Request<Bytes>, answer_bytes_max: usize) -> Result<Response<Bytes>, Error> {
        self.access.check(request.uri())?;
        let response = self.pool.request(request.map(Full::new)).await.map_err(|error| {
            if error.is_connect() || was_never_taken(&error) {
                Error::Connect(chain(&error))
            } else {
                Error::Exchange(chain(&error))
            }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, answer_bytes_max).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Error::AnswerTooLarge { bytes_max: answer_bytes_max }
            } else {
                Error::Exchange(error.to_string())
            }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// Whether the server surely has not looked at the request: it waited for a connection that closed, or the server itself
/// said so.
///
/// Source: RFC 9113, sections 6.8 (GOAWAY: streams above the last one it names) and 8.7 (REFUSED_STREAM).
fn was_never_taken(error: &hyper_util::client::legacy::Error) -> bool {
    let Some(error) = error.source().and_then(|source| source.downcast_ref::<hyper::Error>()) else { return false };
    let by_server = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    error.is_canceled()
        || by_server.is_some_and(|error| {
            error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
        })
}

/// Why an exchange failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not one we may call.
    #[error("{0}")]
    Forbidden(String),
    /// No connection, or the server took no more requests on it: nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke: the request may or may not have been received.
    #[error("the connection broke: {0}")]
    Exchange(String),
    /// The answer is longer than we read.
    #[error("the answer is longer than {bytes_max} bytes")]
    AnswerTooLarge { bytes_max: usize },
}

/// An error with its causes, which hyper keeps apart.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::task::AbortOnDropHandle;

    use super::*;

    /// What becomes of a request over HTTP/2 to a server that does this with its connection.
    async fn asked<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> Error
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let _server = AbortOnDropHandle::new(tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream).await;
        }));
        let client = Client::http2(Access::ANY, Tls::default()).unwrap();
        client.send(Request::post(url).body(Bytes::from("x")).unwrap(), 1024).await.unwrap_err()
    }

    /// Takes a request and resets its stream.
    async fn reset(stream: TcpStream, reason: h2::Reason) {
        let mut server = h2::server::handshake(stream).await.unwrap();
        let (_request, mut answer) = server.accept().await.unwrap().unwrap();
        answer.send_reset(reason);
        while server.accept().await.is_some() {}
    }

    /// Waits for a request, and says that it processed none.
    async fn go_away(mut stream: TcpStream) {
        const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const DATA: u8 = 0;
        stream.read_exact(&mut [0; b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len()]).await.unwrap();
        stream.write_all(&SETTINGS).await.unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
            if head[3] == DATA {
                break;
            }
        }
        stream.write_all(&GO_AWAY).await.unwrap();
        std::future::pending().await
    }

    #[tokio::test]
    async fn what_the_server_surely_did_not_take_was_not_sent() {
        let refused = asked(|stream| reset(stream, h2::Reason::REFUSED_STREAM)).await;
        assert!(matches!(refused, Error::Connect(_)), "{refused:?}");
        let turned_away = asked(go_away).await;
        assert!(matches!(turned_away, Error::Connect(_)), "{turned_away:?}");
    }

    #[tokio::test]
    async fn what_the_server_may_have_taken_is_not_called_unsent() {
        let failed = asked(|stream| reset(stream, h2::Reason::INTERNAL_ERROR)).await;
        assert!(matches!(failed, Error::Exchange(_)), "{failed:?}");
        let broken = asked(async |stream| {
            h2::server::handshake(stream).await.unwrap().accept().await.unwrap().unwrap();
        });
        assert!(matches!(broken.await, Error::Exchange(_)));
    }
}
