//! AWS's SendMessages on loopback, as far as push goes.
//!
//! An address that begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | THROTTLED, 429 |
//! | `unavailable` | TEMPORARY_FAILURE, 503 |
//! | `gone` | PERMANENT_FAILURE, 410, with FCM's `NotRegistered` |
//! | `mismatch` | PERMANENT_FAILURE, 410, with APNs' `DeviceTokenNotForTopic` |
//! | `refused` | PERMANENT_FAILURE, 400 |
//! | `opted-out` | OPT_OUT |
//! | `odd` | UNKNOWN_FAILURE, 500 |
//! | `moved` | taken, with an `UpdatedToken` of `new-` and the address |
//! | `limit` | the call is refused: 429 `TooManyRequestsException`, Retry-After of 7 s |
//! | `broken` | the call fails: 500 `InternalServerErrorException` |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `hang` | no answer, ever |

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_pinpoint::config::{Credentials, SharedCredentialsProvider};
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER as RETRY_AFTER_HEADER};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Handler, Reply, Server, reply};
use crate::wire;
use crate::wire::generated::MessageRequest;

/// The one application there is.
pub const APPLICATION_ID: &str = "sandbox";

/// What `limit` asks for.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// The access key that may do everything. Signatures are not verified: the SDK makes them.
const ACCESS_KEY_ID: &str = "sandbox";

/// An access key whose owner may send, and nothing else.
const SENDER_KEY_ID: &str = "sender";

/// The server. It ends when this is dropped.
pub struct Pinpoint {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    record: Record,
    hanging: Notify,
}

impl Pinpoint {
    /// Starts a server on a free port.
    pub async fn start(record: Record) -> io::Result<Self> {
        let state = Arc::new(State { record, ..State::default() });
        Ok(Self { server: Server::start(None, state.clone()).await?, state })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For the adapter's `endpoint_url`.
    pub fn endpoint_url(&self) -> String {
        self.server.base_url()
    }

    /// What the SDK needs to be let in.
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(ACCESS_KEY_ID)
    }

    /// What the SDK needs to be let in to send, and to be told nothing.
    pub fn sender_sdk_config(&self) -> SdkConfig {
        sdk_config(SENDER_KEY_ID)
    }

    /// What the SDK needs to be refused.
    pub fn refused_sdk_config(&self) -> SdkConfig {
        sdk_config("nobody")
    }

    /// The section of settings that leads here.
    ///
    /// `types` is missing, and the access key is that of [`sdk_config`](Self::sdk_config).
    pub fn section(&self) -> String {
        format!("endpoint_url = '{}'\napplication_id = '{APPLICATION_ID}'\n", self.endpoint_url())
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
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

fn sdk_config(access_key_id: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key_id, "sandbox", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

impl Handler for State {
    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        match access_key_id(&head) {
            Some(ACCESS_KEY_ID) => {}
            Some(SENDER_KEY_ID) if head.method == Method::POST => {}
            Some(SENDER_KEY_ID) => {
                return Ok(refusal(StatusCode::FORBIDDEN, "AccessDeniedException", "User is not authorized"));
            }
            _ => return Ok(refusal(StatusCode::FORBIDDEN, "ForbiddenException", "The security token is invalid")),
        }
        let (application_id, rest) = match head.uri.path().strip_prefix("/v1/apps/").map(|path| path.split_once('/')) {
            Some(Some((application_id, rest))) => (application_id, rest),
            Some(None) => (head.uri.path().trim_start_matches("/v1/apps/"), ""),
            None => ("", ""),
        };
        if application_id != APPLICATION_ID {
            return Ok(refusal(StatusCode::NOT_FOUND, "NotFoundException", "Resource not found"));
        }
        match (&head.method, rest) {
            (&Method::GET, "") => Ok(answer(&json!({"Id": APPLICATION_ID, "Name": "Sandbox", "Arn": "arn"}))),
            (&Method::POST, "messages") => self.send(&body).await,
            _ => Ok(refusal(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", "Method not allowed")),
        }
    }
}

/// The access key that a request is signed with.
fn access_key_id(head: &Parts) -> Option<&str> {
    let authorization = head.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let (_, scope) = authorization.split_once("Credential=")?;
    scope.split('/').next()
}

impl State {
    async fn send(&self, body: &[u8]) -> Result<Reply, Cut> {
        let request: MessageRequest = match wire::body::read(body) {
            Ok(request) => request,
            Err(invalid) => {
                return Ok(refusal(StatusCode::BAD_REQUEST, "BadRequestException", &invalid.to_string()));
            }
        };
        let mut results = serde_json::Map::new();
        for address in request.addresses.unwrap_or_default().into_keys() {
            if address.starts_with("hang") {
                self.hanging.notify_one();
                match std::future::pending::<Infallible>().await {}
            }
            if address.starts_with("limit") {
                let mut limit = refusal(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Too many requests");
                limit.headers_mut().insert(RETRY_AFTER_HEADER, RETRY_AFTER.as_secs().into());
                return Ok(limit);
            }
            if address.starts_with("broken") {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return Ok(refusal(status, "InternalServerErrorException", "Internal server error"));
            }
            let result = failure(&address).unwrap_or_else(|| self.take(&address));
            if address.starts_with("drop") {
                return Err(Cut);
            }
            results.insert(address, result);
        }
        Ok(answer(&json!({"ApplicationId": APPLICATION_ID, "RequestId": "request-1", "Result": results})))
    }

    fn take(&self, address: &str) -> Value {
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        self.record.add(address, None);
        let id = format!("message-{number}");
        let mut result = result("SUCCESSFUL", 200, &format!("MessageId: {id}"));
        result["MessageId"] = id.into();
        if address.starts_with("moved") {
            result["UpdatedToken"] = format!("new-{address}").into();
        }
        result
    }
}

/// The failure that an address asks for.
fn failure(address: &str) -> Option<Value> {
    let steered = |prefix| address.starts_with(prefix);
    Some(if steered("throttle") {
        result("THROTTLED", 429, "Too many messages")
    } else if steered("unavailable") {
        result("TEMPORARY_FAILURE", 503, "The service is unavailable")
    } else if steered("gone") {
        result("PERMANENT_FAILURE", 410, &provider_error("GCM", "NotRegistered"))
    } else if steered("mismatch") {
        result("PERMANENT_FAILURE", 410, &provider_error("APNS", "DeviceTokenNotForTopic"))
    } else if steered("refused") {
        result("PERMANENT_FAILURE", 400, "No credentials for channel")
    } else if steered("opted-out") {
        result("OPT_OUT", 400, "The receiver has opted out")
    } else if steered("odd") {
        result("UNKNOWN_FAILURE", 500, "Unknown failure")
    } else {
        return None;
    })
}

fn result(status: &str, code: u16, text: &str) -> Value {
    json!({"DeliveryStatus": status, "StatusCode": code, "StatusMessage": text})
}

/// Source: results that users of Pinpoint published.
fn provider_error(channel_type: &str, error: &str) -> String {
    let details = json!({
        "errorMessage": "Unregistered or expired token", "channelType": channel_type, "pushProviderStatusCode": "400",
        "pushProviderError": error, "pushProviderResponse": json!({"reason": error}).to_string(),
    });
    details.to_string()
}

fn answer(body: &Value) -> Reply {
    let mut answer = reply(StatusCode::OK, body.to_string());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn refusal(status: StatusCode, code: &'static str, message: &str) -> Reply {
    let mut refusal = reply(status, json!({"Message": message, "RequestID": "request-1"}).to_string());
    refusal.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
    refusal
}
