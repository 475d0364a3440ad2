//! Firebase Cloud Messaging on loopback: the token endpoint and `messages:send`.
//!
//! A registration token that begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 429 `QUOTA_EXCEEDED`, Retry-After of 7 s |
//! | `unavailable` | 503 `UNAVAILABLE`, Retry-After of 7 s |
//! | `internal` | 500 `INTERNAL` |
//! | `once` | 503 at first sight, then taken |
//! | `gone` | 404 `UNREGISTERED` |
//! | `invalid` | 400 `INVALID_ARGUMENT`, which blames the token |
//! | `mismatch` | 403 `SENDER_ID_MISMATCH` |
//! | `denied` | 403 `PERMISSION_DENIED` |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `hang` | no answer, ever |

mod oauth;
mod request;

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Handler, Reply, Server};

pub use oauth::service_account_json;

/// What `throttle` and `unavailable` ask for.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// The server. It ends when this is dropped.
pub struct Fcm {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    refusals: AtomicU64,
    record: Record,
    grants: oauth::Grants,
    /// Tokens of `once` that were seen.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

impl Fcm {
    /// Starts a server on a free port.
    pub async fn start(record: Record) -> io::Result<Self> {
        let state = Arc::new(State { record, ..State::default() });
        Ok(Self { server: Server::start(None, state.clone()).await?, state })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For the adapter's `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// A key file for the adapter's `service_account_json`, whose `token_uri` leads here.
    pub fn service_account_json(&self) -> String {
        service_account_json(&self.base_url())
    }

    /// The section of settings that leads here.
    pub fn section(&self) -> String {
        let key = toml::Value::from(self.service_account_json());
        format!("base_url = '{}'\nservice_account_json = {key}\n", self.base_url())
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// Requests to send that were refused.
    pub fn refusals(&self) -> u64 {
        self.state.refusals.load(Ordering::Relaxed)
    }

    /// Access tokens given out.
    pub fn grants(&self) -> u64 {
        self.state.grants.tokens.count()
    }

    /// Makes all access tokens invalid before their time.
    pub fn revoke_grants(&self) {
        self.state.grants.tokens.revoke();
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
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/token") => Ok(self.grants.grant(&body)),
            (&Method::POST, path) if path == request::SEND_PATH => {
                let reply = send(&head, &body, self).await?;
                if reply.status() != StatusCode::OK {
                    self.refusals.fetch_add(1, Ordering::Relaxed);
                }
                Ok(reply)
            }
            _ => Ok(error(404, "NOT_FOUND", "Requested entity was not found.", json!([]))),
        }
    }
}

async fn send(head: &Parts, body: &[u8], state: &State) -> Result<Reply, Cut> {
    if !state.grants.tokens.admit(&head.headers) {
        return Ok(error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", json!([])));
    }
    let token = match request::token(body) {
        Ok(token) => token,
        Err(violation) => return Ok(invalid(&violation.field, &violation.description)),
    };
    if token.starts_with("hang") {
        state.hanging.notify_one();
        match std::future::pending::<Infallible>().await {}
    }
    if let Some(refusal) = refusal(&token, state) {
        return Ok(refusal);
    }
    let number = state.messages.fetch_add(1, Ordering::Relaxed);
    state.record.add(&token, None);
    if token.starts_with("drop") {
        return Err(Cut);
    }
    let name = format!("projects/{}/messages/0:{number}", oauth::PROJECT_ID);
    Ok(Response::new(Full::from(json!({ "name": name }).to_string())))
}

/// The refusal that a token asks for.
fn refusal(token: &str, state: &State) -> Option<Reply> {
    const UNAVAILABLE: &str = "The service is currently unavailable.";
    let steered = |prefix| token.starts_with(prefix);
    Some(if steered("throttle") {
        wait(error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for sending messages.", fcm_error("QUOTA_EXCEEDED")))
    } else if steered("unavailable") || (steered("once") && state.seen.lock().insert(token.to_owned())) {
        wait(error(503, "UNAVAILABLE", UNAVAILABLE, fcm_error("UNAVAILABLE")))
    } else if steered("internal") {
        error(500, "INTERNAL", "Internal error encountered.", fcm_error("INTERNAL"))
    } else if steered("gone") {
        error(404, "NOT_FOUND", "Requested entity was not found.", fcm_error("UNREGISTERED"))
    } else if steered("invalid") {
        invalid("message.token", "Invalid registration token")
    } else if steered("mismatch") {
        error(403, "PERMISSION_DENIED", "SenderId mismatch", fcm_error("SENDER_ID_MISMATCH"))
    } else if steered("denied") {
        error(403, "PERMISSION_DENIED", "Permission denied on the project.", json!([]))
    } else {
        return None;
    })
}

fn invalid(field: &str, description: &str) -> Reply {
    let details = json!([
        { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" },
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": description }],
        },
    ]);
    error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", details)
}

fn fcm_error(code: &str) -> Value {
    json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }])
}

/// Source: Firebase documentation, "FCM error codes".
fn error(code: u16, status: &str, message: &str, details: Value) -> Reply {
    let body = json!({ "error": { "code": code, "message": message, "status": status, "details": details } });
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).expect("a valid status");
    response
}

fn wait(mut response: Reply) -> Reply {
    response.headers_mut().insert(hyper::header::RETRY_AFTER, RETRY_AFTER.as_secs().into());
    response
}
