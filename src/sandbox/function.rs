//! A server of hook functions, called as on AWS Lambda or by a plain POST.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::{self, Clock};

mod demo;

pub use demo::{Choice, demo};

/// What a function is called with.
#[derive(Clone, Debug)]
pub struct Event {
    /// The Lambda function's name, or the path of a plain POST.
    pub function: String,
    pub headers: HeaderMap,
    pub payload: Bytes,
    /// Counted from 1, over all functions of the server.
    pub call: u64,
}

impl Event {
    /// The text of the event's `Endpoints`; `{}` when there are none.
    ///
    /// Cheap: relies on the event being compact and `Endpoints` its last member, as Pinwheel prints it.
    pub fn endpoints(&self) -> Bytes {
        match memmem::find(&self.payload, br#","Endpoints":{"#) {
            Some(at) if self.payload.ends_with(b"}}") => {
                self.payload.slice(at + br#","Endpoints":"#.len()..self.payload.len() - 1)
            }
            _ => Bytes::from_static(b"{}"),
        }
    }
}

/// What a function does.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with these bytes, be they JSON or not.
    Answer(Bytes),
    /// Fails as a Lambda function fails: status 200 with a header; as a plain URL with status 500.
    FunctionError(String),
    /// Is refused by its front.
    Status { code: u16, retry_after: Option<u32> },
    /// Never answers.
    Hang,
    /// Closes the connection.
    Drop,
    /// Does another thing, but later.
    Later(Duration, Box<Self>),
}

impl Reply {
    /// An answer of these bytes.
    pub fn answer(bytes: impl Into<Bytes>) -> Self {
        Self::Answer(bytes.into())
    }

    /// The same after a delay.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self::Later(delay, Box::new(self))
    }
}

/// Keeps everybody, unchanged.
pub fn echo(event: &Event) -> Reply {
    Reply::Answer(event.endpoints())
}

/// Whether a server keeps the ids it sees. Reading them costs more than serving the call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Record {
    Nothing,
    Ids,
}

/// A running server. Dropping it closes all its connections.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    handler: Box<dyn Fn(&Event) -> Reply + Send + Sync>,
    record: Record,
    connections: AtomicU64,
    calls: AtomicU64,
    largest_batch: AtomicUsize,
    ids: Mutex<HashMap<String, u64>>,
}

impl Server {
    /// Starts a server on a free port of loopback, whose functions are all this one.
    ///
    /// Errors: when there is no port.
    pub async fn start(
        record: Record,
        handler: impl Fn(&Event) -> Reply + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            handler: Box::new(handler),
            record,
            connections: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            largest_batch: AtomicUsize::new(0),
            ids: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Where functions are posted to, and the SDK's endpoint URL.
    ///
    /// Shape: `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the AWS SDK needs to call functions here.
    pub fn sdk_config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.url())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "sandbox", "sandbox", None, None, "sandbox",
            )))
            .build()
    }

    /// Connections that were opened so far.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Calls received.
    pub fn calls(&self) -> u64 {
        self.state.calls.load(Ordering::Relaxed)
    }

    /// Endpoints in the largest event received.
    pub fn largest_batch(&self) -> usize {
        self.state.largest_batch.load(Ordering::Relaxed)
    }

    /// How often each endpoint came; empty unless recorded.
    pub fn ids(&self) -> HashMap<String, u64> {
        self.state.ids.lock().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(serve(stream, Arc::clone(&state))); }
                // Out of file descriptors: there may be some again when a connection has ended.
                Err(_) => { connections.join_next().await; }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    state.connections.fetch_add(1, Ordering::Relaxed);
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| handle(request, &state));
    // It ends in an error when the other side leaves or a reply drops it, and that is nobody's concern.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Makes hyper close the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

impl From<Infallible> for Dropped {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn handle(request: Request<Incoming>, state: &State) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    let payload = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let lambda = head
        .uri
        .path()
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"))
        // Of what a name may hold, the SDK escapes these two.
        .map(|name| name.replace("%3A", ":").replace("%24", "$"));
    let as_lambda = lambda.is_some();
    let function = lambda.unwrap_or_else(|| head.uri.path().to_owned());
    let call = state.calls.fetch_add(1, Ordering::Relaxed) + 1;
    let event = Event { function, headers: head.headers, payload, call };
    state.note(&event);
    let mut reply = (state.handler)(&event);
    while let Reply::Later(delay, then) = reply {
        clock::System::default().sleep(delay).await;
        reply = *then;
    }
    match reply {
        Reply::Answer(body) => Ok(respond(StatusCode::OK, body)),
        Reply::FunctionError(message) => {
            let body = serde_json::json!({ "errorType": "Error", "errorMessage": message }).to_string();
            if !as_lambda {
                return Ok(respond(StatusCode::INTERNAL_SERVER_ERROR, body.into()));
            }
            let mut response = respond(StatusCode::OK, body.into());
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            Ok(response)
        }
        Reply::Status { code, retry_after } => {
            let status = StatusCode::from_u16(code).map_err(|_| Dropped)?;
            let mut response = respond(status, Bytes::from_static(br#"{"message":"as asked"}"#));
            let headers = response.headers_mut();
            headers.insert("x-amzn-errortype", HeaderValue::from_static(lambda_error(code)));
            if let Some(seconds) = retry_after {
                headers.insert(RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
        Reply::Hang => pending().await,
        Reply::Drop | Reply::Later(..) => Err(Dropped),
    }
}

fn respond(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What Lambda calls its refusal with this status.
///
/// Source: Lambda API reference, Invoke, "Errors".
fn lambda_error(status: u16) -> &'static str {
    match status {
        400 => "InvalidParameterValueException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        409 => "ResourceConflictException",
        413 => "RequestTooLargeException",
        429 => "TooManyRequestsException",
        _ => "ServiceException",
    }
}

impl State {
    fn note(&self, event: &Event) {
        let endpoints = event.endpoints();
        let batch = match self.record {
            // Each stored document has one, and no attribute or metric can look like it.
            Record::Nothing => memmem::find_iter(&endpoints, br#""EndpointStatus":""#).count(),
            Record::Ids => {
                let ids = members(&endpoints);
                let mut seen = self.ids.lock();
                for (id, _) in &ids {
                    *seen.entry(id.clone()).or_default() += 1;
                }
                ids.len()
            }
        };
        self.largest_batch.fetch_max(batch, Ordering::Relaxed);
    }
}

/// The endpoints of an event's `Endpoints`, in order; none if that is not a map.
fn members(endpoints: &[u8]) -> Vec<(String, &RawValue)> {
    struct Members<'a>(Vec<(String, &'a RawValue)>);
    impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members<'de>;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map of endpoints")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                    let mut members = Vec::with_capacity(50);
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_slice(endpoints).map_or_else(|_| Vec::new(), |Members(members)| members)
}
