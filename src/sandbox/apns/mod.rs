//! Apple Push Notification service on loopback.
//!
//! A device token that begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 429 `TooManyRequests`, Retry-After of 7 s |
//! | `unavailable` | 503 `ServiceUnavailable`, Retry-After of 7 s |
//! | `internal` | 500 `InternalServerError` |
//! | `once` | 503 at first sight, then taken |
//! | `gone` | 410 `Unregistered` |
//! | `expired` | 410 `ExpiredToken` |
//! | `bad`, `0000` | 400 `BadDeviceToken` |
//! | `mismatch` | 400 `DeviceTokenNotForTopic` |
//! | `denied` | 403 `Forbidden` |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `hang` | no answer, ever |

mod request;
mod token;

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER as RETRY_AFTER_HEADER};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;

use super::Record;
use super::server::{self, Cut, Handler, Reply, Server};
use token::Tokens;

pub use token::{KEY_ID, TEAM_ID};

/// The one app that this service knows.
pub const BUNDLE_ID: &str = "com.example.app";

/// What `throttle` and `unavailable` ask for.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// How senders say who they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Senders {
    /// By tokens.
    Tokens,
    /// By the certificates of their connections, which TLS has looked at: who comes through is known.
    Certificates,
}

/// The server. It ends when this is dropped.
pub struct Apns {
    server: Server,
    state: Arc<State>,
}

struct State {
    senders: Senders,
    tokens: Tokens,
    messages: AtomicU64,
    refusals: AtomicU64,
    record: Record,
    /// Device tokens of `once` that were seen.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

impl Apns {
    /// Starts a server on a free port. `tls` should offer `h2`, and nothing else, as APNs does.
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>, senders: Senders, record: Record) -> io::Result<Self> {
        let state = Arc::new(State {
            senders,
            tokens: Tokens::default(),
            messages: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            record,
            seen: Mutex::default(),
            hanging: Notify::new(),
        });
        Ok(Self { server: Server::start(tls, state.clone()).await?, state })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For the adapter's `base_url` or `sandbox_base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// The text of a `.p8` file, of [`KEY_ID`] and [`TEAM_ID`], that this server knows.
    pub fn token_key(&self) -> String {
        self.state.tokens.key_pem()
    }

    /// The section of settings that leads here.
    ///
    /// For senders with tokens. `ca_file` has the certificate to trust.
    pub fn section(&self, ca_file: &Path) -> String {
        let (url, token_key) = (self.base_url(), toml::Value::from(self.token_key()));
        format!(
            "base_url = '{url}'\nsandbox_base_url = '{url}'\nca_file = '{}'\nbundle_id = '{BUNDLE_ID}'\n\
             key_id = '{KEY_ID}'\nteam_id = '{TEAM_ID}'\ntoken_key = {token_key}\n",
            ca_file.display()
        )
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// Requests that were refused.
    pub fn refusals(&self) -> u64 {
        self.state.refusals.load(Ordering::Relaxed)
    }

    /// Different tokens that were seen, and good when they came first.
    pub fn tokens(&self) -> usize {
        self.state.tokens.count()
    }

    /// Makes all tokens that were seen too old from now on.
    pub fn expire_tokens(&self) {
        self.state.tokens.expire();
    }

    /// The addresses of the messages taken.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

impl Handler for State {
    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        let mut reply = match self.refusal(&head, &body) {
            Some(refusal) => refusal,
            None => self.take(&head).await?,
        };
        if reply.status() != StatusCode::OK {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        reply.headers_mut().extend(head.headers.get("apns-id").cloned().map(|id| (request::APNS_ID, id)));
        Ok(reply)
    }
}

impl State {
    /// What is wrong with a request, or what its device token asks for. APNs looks at the sender first.
    fn refusal(&self, head: &Parts, body: &[u8]) -> Option<Reply> {
        if head.method != Method::POST {
            return Some(refuse(405, "MethodNotAllowed"));
        }
        let Some(device) = device(head) else { return Some(refuse(404, "BadPath")) };
        if self.senders == Senders::Tokens
            && let Err(reason) = self.tokens.check(head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes))
        {
            return Some(refuse(403, reason));
        }
        if let Err((status, reason)) = request::check(&head.headers, body) {
            return Some(refuse(status, reason));
        }
        let steered = |prefix| device.starts_with(prefix);
        Some(if steered("throttle") {
            wait(refuse(429, "TooManyRequests"))
        } else if steered("unavailable") || (steered("once") && self.seen.lock().insert(device.to_owned())) {
            wait(refuse(503, "ServiceUnavailable"))
        } else if steered("internal") {
            refuse(500, "InternalServerError")
        } else if steered("gone") {
            refuse(410, "Unregistered")
        } else if steered("expired") {
            refuse(410, "ExpiredToken")
        } else if steered("bad") || steered("0000") {
            refuse(400, "BadDeviceToken")
        } else if steered("mismatch") {
            refuse(400, "DeviceTokenNotForTopic")
        } else if steered("denied") {
            refuse(403, "Forbidden")
        } else {
            return None;
        })
    }

    async fn take(&self, head: &Parts) -> Result<Reply, Cut> {
        let device = device(head).unwrap_or_default();
        if device.starts_with("hang") {
            self.hanging.notify_one();
            match std::future::pending::<Infallible>().await {}
        }
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.record.add(device, head.headers.get("apns-id").and_then(|id| id.to_str().ok()));
        match device.starts_with("drop") {
            true => Err(Cut),
            false => Ok(server::reply(StatusCode::OK, "")),
        }
    }
}

/// The device token in the path.
fn device(head: &Parts) -> Option<&str> {
    head.uri.path().strip_prefix("/3/device/").filter(|device| !device.is_empty() && !device.contains('/'))
}

/// Source: Apple, "Handling notification responses from APNs".
fn refuse(status: u16, reason: &str) -> Reply {
    let status = StatusCode::from_u16(status).expect("a valid status");
    server::reply(status, json!({ "reason": reason }).to_string())
}

fn wait(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(RETRY_AFTER_HEADER, RETRY_AFTER.as_secs().into());
    reply
}
