//! Baidu Cloud Push on loopback: `push/single_device` and `app/query_tags`, with their signatures.
//!
//! A channel id that begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 30699, requests are too frequent |
//! | `internal` | 30600, internal server error |
//! | `once` | 30600 at first sight, then taken |
//! | `gone` | 30608, no device is bound |
//! | `invalid` | 30602, which names `channel_id` |
//! | `denied` | 30618, the app may not push to single devices |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `hang` | no answer, ever |

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use md5::{Digest, Md5};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Handler, Reply, Server, reply};
use crate::domain::limit::PUSH_PAYLOAD_BYTES_MAX;

/// The keys of the sandbox's one app.
pub const API_KEY: &str = "sandbox-api-key";
pub const SECRET_KEY: &str = "sandbox-secret-key";

/// Longest `msg_expires`: a week.
const EXPIRES_SECONDS_MAX: u32 = 604_800;

/// The server. It ends when this is dropped.
pub struct Baidu {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    refusals: AtomicU64,
    record: Record,
    /// Channel ids of `once` that were seen.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

impl Baidu {
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
        format!("base_url = '{}'\napi_key = '{API_KEY}'\nsecret_key = '{SECRET_KEY}'\n", self.base_url())
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// Requests to send that were refused.
    pub fn refusals(&self) -> u64 {
        self.state.refusals.load(Ordering::Relaxed)
    }

    /// The addresses of the messages taken, marked with their `msg_type`.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

type Parameters = BTreeMap<String, String>;

/// A refusal: Baidu's code, the status of the answer, and what it says. Source: Baidu Cloud Push, "Error codes".
#[derive(Clone, Copy)]
struct Refusal(u32, u16, &'static str);

const INTERNAL: Refusal = Refusal(30600, 500, "Internal Server Error");
const WRONG_METHOD: Refusal = Refusal(30601, 405, "Method Not Allowed");
const WRONG_PARAMETERS: Refusal = Refusal(30602, 400, "Request Params Not Valid");
const WRONG_CHANNEL: Refusal = Refusal(30602, 400, "Request Params Not Valid: channel_id");
const UNAUTHENTICATED: Refusal = Refusal(30603, 403, "Authentication Failed");
const NOT_BOUND: Refusal = Refusal(30608, 400, "Bind Relation Not Found");
const INCAPABLE: Refusal = Refusal(30618, 403, "App Do Not Have Unicast Or Groupcast Push Capability");
const TOO_FREQUENT: Refusal = Refusal(30699, 503, "Requests Are Too Frequent To Be Temporarily Rejected");

impl Handler for State {
    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        let answer = match verify(&head, &body) {
            Err(refusal) => Err(refusal),
            Ok(parameters) => match head.uri.path() {
                "/rest/3.0/push/single_device" => self.push(&parameters).await?,
                "/rest/3.0/app/query_tags" => Ok(json!({ "total_num": 0, "result": [] })),
                _ => Err(WRONG_METHOD),
            },
        };
        Ok(match answer {
            Ok(response) => {
                let body = json!({ "request_id": 1, "response_params": response });
                reply(StatusCode::OK, body.to_string())
            }
            Err(Refusal(code, status, text)) => {
                self.refusals.fetch_add(1, Ordering::Relaxed);
                let body = json!({ "request_id": 1, "error_code": code, "error_msg": text });
                reply(StatusCode::from_u16(status).expect("a valid status"), body.to_string())
            }
        })
    }
}

impl State {
    async fn push(&self, parameters: &Parameters) -> Result<Result<Value, Refusal>, Cut> {
        let (channel_id, msg_type) = match check(parameters) {
            Ok(message) => message,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if channel_id.starts_with("hang") {
            self.hanging.notify_one();
            match std::future::pending::<Infallible>().await {}
        }
        if let Some(refusal) = self.steered(channel_id) {
            return Ok(Err(refusal));
        }
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        self.record.add(channel_id, Some(msg_type));
        if channel_id.starts_with("drop") {
            return Err(Cut);
        }
        Ok(Ok(json!({ "msg_id": number.to_string(), "send_time": 1_427_174_155 })))
    }

    /// The refusal that a channel id asks for.
    fn steered(&self, channel_id: &str) -> Option<Refusal> {
        let steered = |prefix| channel_id.starts_with(prefix);
        Some(if steered("throttle") {
            TOO_FREQUENT
        } else if steered("internal") || (steered("once") && self.seen.lock().insert(channel_id.to_owned())) {
            INTERNAL
        } else if steered("gone") {
            NOT_BOUND
        } else if steered("invalid") {
            WRONG_CHANNEL
        } else if steered("denied") {
            INCAPABLE
        } else {
            return None;
        })
    }
}

/// The parameters of a request that is signed by our app.
fn verify(head: &Parts, form: &[u8]) -> Result<Parameters, Refusal> {
    let header = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if head.method != Method::POST || !header(USER_AGENT).starts_with("BCCS_SDK/3.0") {
        return Err(WRONG_METHOD);
    }
    if header(CONTENT_TYPE) != "application/x-www-form-urlencoded;charset=utf-8" {
        return Err(WRONG_PARAMETERS);
    }
    let mut parameters: Parameters = url::form_urlencoded::parse(form).into_owned().collect();
    let signature = parameters.remove("sign").ok_or(UNAUTHENTICATED)?;
    let mut signed = format!("POST{}", encode(&format!("http://{}{}", header(HOST), head.uri.path())));
    for (name, value) in &parameters {
        signed += &encode(&format!("{name}={value}"));
    }
    signed += &encode(SECRET_KEY);
    // The time itself is not compared: tests hold it still.
    let is_timed = parameters.get("timestamp").is_some_and(|seconds| seconds.parse::<u64>().is_ok());
    let is_known = parameters.get("apikey").is_some_and(|key| key == API_KEY);
    match is_timed && is_known && signature == hex::encode(Md5::digest(signed)) {
        true => Ok(parameters),
        false => Err(UNAUTHENTICATED),
    }
}

/// Address and type of a message that is well formed.
fn check(parameters: &Parameters) -> Result<(&str, &str), Refusal> {
    let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
    let (channel_id, msg_type, msg) = (parameter("channel_id"), parameter("msg_type"), parameter("msg"));
    let is_formed = match msg_type {
        "0" => !msg.is_empty(),
        "1" => {
            let msg = serde_json::from_str::<Value>(msg).unwrap_or_default();
            msg["description"].as_str().is_some_and(|text| !text.is_empty())
        }
        _ => false,
    };
    let expires = parameter("msg_expires").parse::<u32>().is_ok_and(|seconds| seconds <= EXPIRES_SECONDS_MAX);
    if channel_id.is_empty() || !is_formed || !expires || msg.len() > PUSH_PAYLOAD_BYTES_MAX {
        return Err(WRONG_PARAMETERS);
    }
    Ok((channel_id, msg_type))
}

/// As PHP's `urlencode` does, which is what Baidu compares.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            _ => write!(encoded, "%{byte:02X}").expect("a text takes all"),
        }
    }
    encoded
}
