//! Amazon Device Messaging on loopback: the token endpoint and the messages of a registration.
//!
//! A registration id that begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 429 `MaxRateExceeded`, Retry-After of 7 s |
//! | `unavailable` | 503, Retry-After of 7 s |
//! | `internal` | 500 |
//! | `once` | 503 at first sight, then taken |
//! | `gone` | 400 `Unregistered` |
//! | `invalid` | 400 `InvalidRegistrationId` |
//! | `moved` | taken, and the answer names the id [`moved_to`] |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `hang` | no answer, ever |

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER as RETRY_AFTER_NAME};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use md5::{Digest, Md5};
use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Handler, Reply, Server, reply};
use super::token::Tokens;
use crate::domain::limit::ADM_PAYLOAD_BYTES_MAX;

/// What `throttle` and `unavailable` ask for.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// The credentials of the sandbox's one security profile.
pub const CLIENT_ID: &str = "amzn1.application-oa2-client.sandbox";
pub const CLIENT_SECRET: &str = "sandbox-client-secret";

/// The id that `moved` ones have from then on.
pub fn moved_to(registration_id: &str) -> String {
    format!("new-{registration_id}")
}

/// The server. It ends when this is dropped.
pub struct Adm {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    refusals: AtomicU64,
    record: Record,
    tokens: Tokens,
    /// Ids of `once` that were seen.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

impl Adm {
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

    /// The section of settings that leads here.
    pub fn section(&self) -> String {
        format!("base_url = '{}'\nclient_id = '{CLIENT_ID}'\nclient_secret = '{CLIENT_SECRET}'\n", self.base_url())
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
        self.state.tokens.count()
    }

    /// Makes all access tokens invalid before their time.
    pub fn revoke_grants(&self) {
        self.state.tokens.revoke();
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
        if head.method == Method::POST && head.uri.path() == "/auth/O2/token" {
            return Ok(self.grant(&body));
        }
        let id =
            head.uri.path().strip_prefix("/messaging/registrations/").and_then(|path| path.strip_suffix("/messages"));
        match id.filter(|id| head.method == Method::POST && !id.contains('/')) {
            Some(id) => {
                let id = percent_decode_str(id).decode_utf8_lossy();
                let reply = self.send(&id, &head, &body).await?;
                if reply.status() != StatusCode::OK {
                    self.refusals.fetch_add(1, Ordering::Relaxed);
                }
                Ok(reply)
            }
            None => Ok(refusal(404, "")),
        }
    }
}

impl State {
    fn grant(&self, form: &[u8]) -> Reply {
        let fields: BTreeMap<_, _> = url::form_urlencoded::parse(form).collect();
        let field = |name: &str| fields.get(name).map_or("", |value| value);
        if field("grant_type") != "client_credentials" {
            return Tokens::refuse("unsupported_grant_type", "The authorization grant type is not supported");
        }
        if field("scope") != "messaging:push" {
            return Tokens::refuse("invalid_scope", "The request has an invalid scope");
        }
        if (field("client_id"), field("client_secret")) != (CLIENT_ID, CLIENT_SECRET) {
            return Tokens::refuse("invalid_client", "Client authentication failed");
        }
        self.tokens.give()
    }

    async fn send(&self, id: &str, head: &Parts, body: &[u8]) -> Result<Reply, Cut> {
        if !self.tokens.admit(&head.headers) {
            return Ok(refusal(401, "AccessTokenExpired"));
        }
        if let Err((status, reason)) = check(head, body) {
            return Ok(refusal(status, reason));
        }
        if id.starts_with("hang") {
            self.hanging.notify_one();
            match std::future::pending::<Infallible>().await {}
        }
        if let Some(refusal) = self.steered(id) {
            return Ok(refusal);
        }
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        self.record.add(id, None);
        if id.starts_with("drop") {
            return Err(Cut);
        }
        let current = if id.starts_with("moved") { moved_to(id) } else { id.to_owned() };
        let mut reply = reply(StatusCode::OK, json!({ "registrationID": current }).to_string());
        let request_id = HeaderValue::try_from(format!("request-{number}")).expect("letters and digits");
        reply.headers_mut().insert("x-amzn-requestid", request_id);
        Ok(reply)
    }

    /// The refusal that an id asks for.
    fn steered(&self, id: &str) -> Option<Reply> {
        let steered = |prefix| id.starts_with(prefix);
        Some(if steered("throttle") {
            wait(refusal(429, "MaxRateExceeded"))
        } else if steered("unavailable") || (steered("once") && self.seen.lock().insert(id.to_owned())) {
            wait(refusal(503, ""))
        } else if steered("internal") {
            refusal(500, "")
        } else if steered("gone") {
            refusal(400, "Unregistered")
        } else if steered("invalid") {
            refusal(400, "InvalidRegistrationId")
        } else {
            return None;
        })
    }
}

/// A message, as strictly as ADM takes it. Source: ADM documentation, "Send a message", request format.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code)] // some fields are there to be checked
struct Message {
    data: Option<BTreeMap<String, String>>,
    notification: Option<IgnoredAny>,
    consolidation_key: Option<String>,
    expires_after: Option<u32>,
    md5: Option<String>,
    priority: Option<Priority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Priority {
    Normal,
    High,
}

fn check(head: &Parts, body: &[u8]) -> Result<(), (u16, &'static str)> {
    let header = |name: &str| head.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    if header(CONTENT_TYPE.as_str()) != b"application/json"
        || header("x-amzn-type-version") != b"com.amazon.device.messaging.ADMMessage@1.0"
        || header("x-amzn-accept-type") != b"com.amazon.device.messaging.ADMSendResult@1.0"
    {
        return Err((400, "InvalidType"));
    }
    let message: Message = serde_json::from_slice(body).map_err(|_| (400, "InvalidData"))?;
    if message.data.is_none() && message.notification.is_none() {
        return Err((400, "InvalidData"));
    }
    let data = message.data.unwrap_or_default();
    if data.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > ADM_PAYLOAD_BYTES_MAX {
        return Err((413, "MessageTooLarge"));
    }
    if message.consolidation_key.is_some_and(|key| key.len() >= 64) {
        return Err((400, "InvalidConsolidationKey"));
    }
    if message.expires_after.is_some_and(|seconds| !(60..=2_678_400).contains(&seconds)) {
        return Err((400, "InvalidExpiration"));
    }
    let pairs: Vec<_> = data.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    if message.md5.is_some_and(|md5| md5 != BASE64_STANDARD.encode(Md5::digest(pairs.join(",")))) {
        return Err((400, "InvalidChecksum"));
    }
    Ok(())
}

fn refusal(status: u16, reason: &str) -> Reply {
    let body = if reason.is_empty() { json!({}) } else { json!({ "reason": reason }) };
    reply(StatusCode::from_u16(status).expect("a valid status"), body.to_string())
}

fn wait(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(RETRY_AFTER_NAME, RETRY_AFTER.as_secs().into());
    reply
}
