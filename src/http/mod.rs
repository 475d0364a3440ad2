//! Outgoing HTTP for hooks and channels: TLS, pooling, size limits, and the guard against private addresses.

mod guard;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub use guard::Access;
use guard::GuardedResolver;

/// Opens connections: plain or TLS (HTTP/2 where the server offers it), only to where [`Access`] allows.
pub type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// Whether a connector offers HTTP/2 over TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    Http1,
    Http1Or2,
}

/// Makes a connector. Panics if the system has no root certificates it can read.
pub fn connector(access: Access, protocol: Protocol) -> Connector {
    let mut http = HttpConnector::new_with_resolver(GuardedResolver::new(access));
    http.enforce_http(false);
    http.set_nodelay(true);
    let builder = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .expect("the system's root certificates can be read")
        .https_or_http();
    match protocol {
        Protocol::Http1 => builder.enable_http1().wrap_connector(http),
        Protocol::Http1Or2 => builder.enable_all_versions().wrap_connector(http),
    }
}

/// A pooled client; clones share the pool. No timeout, no retry, no redirect.
#[derive(Clone)]
pub struct Client {
    access: Access,
    pool: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
}

impl Client {
    /// A client with a pool of its own.
    pub fn new(access: Access) -> Self {
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(access, Protocol::Http1Or2));
        Self { access, pool }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// Errors: an answer over `answer_bytes_max` is one, too.
    pub async fn send(&self, request: Request<Bytes>, answer_bytes_max: usize) -> Result<Response<Bytes>, Error> {
        self.access.check(request.uri())?;
        let response = self.pool.request(request.map(Full::new)).await.map_err(|error| {
            if error.is_connect() { Error::Connect(chain(&error)) } else { Error::Exchange(chain(&error)) }
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

/// Why an exchange failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not one we may call.
    #[error("{0}")]
    Forbidden(String),
    /// No connection: nothing was sent.
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
