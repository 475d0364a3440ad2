//! Services of AWS on loopback: they speak the services' own protocols, to whoever signs with the one key they know.
//!
//! What a signature covers is not computed again: that a request is signed for the service, with a known key, is checked.

mod messaging;
mod ses;
mod streams;

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sesv2::config::{Credentials, SharedCredentialsProvider};
use aws_types::sdk_config::Builder;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Reply};

pub use messaging::Messaging;
pub use ses::Ses;
pub use streams::{Arrived, Streams};

/// The access key that all services know.
const ACCESS_KEY: &str = "sandbox";

/// An access key whose owner may send, and nothing else.
const SENDER_KEY: &str = "sender";

/// What a throttled request is asked to wait. AWS itself seldom says.
pub const RETRY_AFTER_SECONDS: u64 = 7;

/// A configuration of the SDK for a service at this URL, with the known key.
pub fn sdk_config(url: &str) -> SdkConfig {
    sdk_config_of(url, ACCESS_KEY)
}

/// As [`sdk_config`], with a key that may send and ask nothing.
pub fn sender_config(url: &str) -> SdkConfig {
    sdk_config_of(url, SENDER_KEY)
}

/// As [`sdk_config`], with a key that no service knows.
pub fn stranger_config(url: &str) -> SdkConfig {
    sdk_config_of(url, "stranger")
}

/// As [`sdk_config`], without a provider of credentials.
pub fn keyless_config(url: &str) -> SdkConfig {
    builder(url).build()
}

/// A URL of loopback where nobody listens.
pub fn url_of_nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

fn sdk_config_of(url: &str, access_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, "secret", None, None, "sandbox");
    builder(url).credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

fn builder(url: &str) -> Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
}

/// What the services have in common.
#[derive(Default)]
struct State {
    messages: AtomicU64,
    refusals: AtomicU64,
    record: Record,
    /// Receivers that were to be refused once.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

/// A refusal in AWS's form.
#[derive(Clone, Debug)]
struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// Further members of the body.
    more: Map<String, Value>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), more: Map::new() }
    }

    fn with<const N: usize>(self, more: [(&str, Value); N]) -> Self {
        Self { more: more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), ..self }
    }
}

/// What a receiver's address asks for.
enum Wish {
    Take,
    Refuse(Refusal),
    /// Refuse at first sight, then take.
    RefuseOnce(Refusal),
    /// Take the message and break the connection.
    Drop,
    /// Take the message, and answer what nobody can read.
    Garble,
    /// Never answer.
    Hang,
}

impl State {
    /// Does what a receiver's address asks for. `marker` tells two messages to it apart.
    ///
    /// Shape: the body of the answer to a message that was taken. Errors: breaks the connection.
    async fn fulfil(&self, wish: Wish, receiver: &str, marker: Option<&str>) -> Result<Result<Bytes, Refusal>, Cut> {
        let refusal = match &wish {
            Wish::Refuse(refusal) => Some(refusal),
            Wish::RefuseOnce(refusal) if self.seen.lock().insert(receiver.to_owned()) => Some(refusal),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Ok(Err(refusal.clone()));
        }
        if matches!(wish, Wish::Hang) {
            self.hanging.notify_one();
            match std::future::pending::<Infallible>().await {}
        }
        self.record.add(receiver, marker);
        let number = self.messages.fetch_add(1, Relaxed);
        match wish {
            Wish::Drop => Err(Cut),
            Wish::Garble => Ok(Ok(Bytes::from_static(b"{\"MessageId\":"))),
            _ => Ok(Ok(json!({ "MessageId": format!("sandbox-{number}") }).to_string().into())),
        }
    }

    /// Counts a refusal.
    fn count(&self, reply: &Reply) {
        if !reply.status().is_success() {
            self.refusals.fetch_add(1, Relaxed);
        }
    }
}

/// What a request needs the right to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Right {
    Send,
    /// About the account.
    Ask,
}

/// Whether a request is signed for this service, with a known key that has this right.
///
/// Source: AWS IAM user guide, "Elements of an AWS API request signature".
fn check_signature(head: &Parts, service: &str, right: Right) -> Result<(), Refusal> {
    let missing = || Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let header = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let elements = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(missing)?;
    let element = |name: &str| elements.split(", ").find_map(|element| element.strip_prefix(name));
    let scope: Vec<&str> = element("Credential=").ok_or_else(missing)?.split('/').collect();
    let is_signed = element("SignedHeaders=").is_some() && element("Signature=").is_some_and(|hex| hex.len() == 64);
    if !is_signed || !head.headers.contains_key("x-amz-date") {
        return Err(Refusal::new(403, "IncompleteSignatureException", "The request signature is incomplete."));
    }
    match scope[..] {
        [SENDER_KEY, ..] if right == Right::Ask => {
            Err(Refusal::new(403, "AccessDeniedException", "User is not authorized to perform this action"))
        }
        [ACCESS_KEY | SENDER_KEY, _date, _region, of, "aws4_request"] if of == service => Ok(()),
        [ACCESS_KEY | SENDER_KEY, ..] => {
            let message = format!("Credential should be scoped to correct service: '{service}'.");
            Err(Refusal::new(403, "InvalidSignatureException", message))
        }
        _ => {
            let message = "The security token included in the request is invalid.";
            Err(Refusal::new(403, "UnrecognizedClientException", message))
        }
    }
}

/// An answer of this status and JSON.
fn reply(status: u16, body: impl Into<Bytes>, content_type: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).expect("a valid status");
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Asks a throttled client to wait.
fn wait(mut reply: Reply, code: &str) -> Reply {
    if matches!(code, "ThrottlingException" | "TooManyRequestsException") {
        reply.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
    }
    reply
}
