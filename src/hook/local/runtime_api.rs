//! The Lambda Runtime API of one worker: what its process asks and tells us, over HTTP on loopback.
//!
//! Nothing is decided here: every request becomes something the process [`Said`], and the worker answers it. Anybody on this
//! machine can reach the port; processes of other users and web pages are sent away.
//!
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::invoked::Failure;
use super::peer;
use crate::clock::Clock;

/// Bytes of an answer. Source: what Lambda itself names in `Function.ResponseSizeTooLarge`.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// Connections of one process at once; more wait.
const CONNECTIONS_MAX: usize = 16;

/// How long no connection is taken after one could not be, as when there are no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const PREFIX: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// What the process says.
#[derive(Debug)]
pub(super) enum Said {
    /// It is ready for an event.
    Next(oneshot::Sender<Event>),
    /// What became of an event.
    Answer { request_id: String, answer: Result<Vec<u8>, Failure>, verdict: oneshot::Sender<Verdict> },
    /// It cannot start.
    InitError { failure: Failure, verdict: oneshot::Sender<Verdict> },
}

/// How a request is answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    Accepted,
    /// Of another event than the one it has.
    InvalidRequestId,
    /// Out of turn.
    InvalidState,
}

/// What a function is called with.
#[derive(Debug)]
pub(super) struct Event {
    pub request_id: String,
    pub payload: Bytes,
    pub deadline_ms: i64,
    pub arn: String,
    pub trace_id: String,
}

/// The API; it ends when this is dropped.
pub(super) struct RuntimeApi {
    pub address: SocketAddr,
    _accepting: AbortOnDropHandle<()>,
}

impl RuntimeApi {
    /// Starts it on a free port. `said` gets what the process says.
    pub async fn start(said: mpsc::Sender<Said>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let _accepting = AbortOnDropHandle::new(tokio::spawn(accept(listener, address, said, clock)));
        Ok(Self { address, _accepting })
    }
}

async fn accept(listener: TcpListener, here: SocketAddr, said: mpsc::Sender<Said>, clock: Arc<dyn Clock>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, peer)) => {
                    let said = said.clone();
                    connections.spawn(async move {
                        if peer::is_ours(here, peer).await {
                            serve(stream, here, said).await;
                        }
                    });
                }
                Err(_) => clock.sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, here: SocketAddr, said: mpsc::Sender<Said>) {
    let _ = stream.set_nodelay(true);
    let host = here.to_string();
    let service = service_fn(|request: Request<Incoming>| {
        let (said, is_direct) = (said.clone(), is_direct(request.headers(), &host));
        async move {
            Ok::<_, Infallible>(match is_direct {
                true => answer(request, &said).await,
                false => refusal(StatusCode::FORBIDDEN, "AccessDenied", "this is for the function's own process"),
            })
        }
    });
    // A connection that ends badly is the process' affair: the worker sees when it ends. There is no time limit for a request to
    // come, since one that is kept open is idle as long as a call takes.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Whether no web page asks: those name where they come from, or a host of their own that leads here.
fn is_direct(headers: &HeaderMap, host: &str) -> bool {
    !headers.contains_key(ORIGIN) && headers.get(HOST).is_some_and(|asked| asked == host)
}

type Reply = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, said: &mpsc::Sender<Said>) -> Reply {
    let (head, body) = request.into_parts();
    let path = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<_> = path.split('/').collect();
    match (&head.method, &parts[..]) {
        (&Method::GET, ["invocation", "next"]) => next(said).await,
        (&Method::POST, ["init", "error"]) => {
            let Ok(body) = Limited::new(body, ANSWER_BYTES_MAX).collect().await else { return too_large() };
            let failure = failure_of(&head.headers, body.to_bytes());
            decided(said, |verdict| Said::InitError { failure, verdict }).await
        }
        (&Method::POST, ["invocation", id, kind @ ("response" | "error")]) => {
            let request_id = (*id).to_owned();
            let Ok(body) = Limited::new(body, ANSWER_BYTES_MAX).collect().await else {
                let answer = Err(answer_too_large());
                decided(said, |verdict| Said::Answer { request_id, answer, verdict }).await;
                return too_large();
            };
            let answer = match *kind {
                "response" => answered(body),
                _ => Err(failure_of(&head.headers, body.to_bytes())),
            };
            decided(said, |verdict| Said::Answer { request_id, answer, verdict }).await
        }
        _ => {
            // Read, so that the connection can be kept.
            let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            refusal(StatusCode::NOT_FOUND, "NotFound", "there is no such path")
        }
    }
}

async fn next(said: &mpsc::Sender<Said>) -> Reply {
    let (sender, event) = oneshot::channel();
    // Fails when the worker is being ended; the process is about to be killed.
    let _ = said.send(Said::Next(sender)).await;
    let Ok(event) = event.await else {
        return refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", "another event is not due");
    };
    let mut reply = Response::new(Full::new(event.payload));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("lambda-runtime-deadline-ms", event.deadline_ms.into());
    for (name, text) in [
        ("lambda-runtime-aws-request-id", &event.request_id),
        ("lambda-runtime-invoked-function-arn", &event.arn),
        ("lambda-runtime-trace-id", &event.trace_id),
    ] {
        headers.insert(name, HeaderValue::from_str(text).expect("ids and ARNs are plain"));
    }
    reply
}

/// Tells the worker, and answers as it decides.
async fn decided(said: &mpsc::Sender<Said>, message: impl FnOnce(oneshot::Sender<Verdict>) -> Said) -> Reply {
    let (sender, verdict) = oneshot::channel();
    let _ = said.send(message(sender)).await;
    match verdict.await {
        Ok(Verdict::Accepted) => {
            let mut reply = Response::new(Full::from(json!({ "status": "OK" }).to_string()));
            *reply.status_mut() = StatusCode::ACCEPTED;
            reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            reply
        }
        Ok(Verdict::InvalidRequestId) => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Ok(Verdict::InvalidState) | Err(_) => {
            refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", "an answer is not due")
        }
    }
}

/// An answer that was streamed tells in its trailers that it failed half-way.
fn answered(body: Collected<Bytes>) -> Result<Vec<u8>, Failure> {
    match body.trailers().and_then(|trailers| trailers.get(ERROR_TYPE)).and_then(|value| value.to_str().ok()) {
        Some(error_type) => Err(Failure::new(error_type, "the function failed while it streamed its answer")),
        None => Ok(body.to_bytes().into()),
    }
}

fn failure_of(headers: &HeaderMap, body: Bytes) -> Failure {
    let error_type = headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("Unhandled").to_owned();
    let payload = match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        Ok(_) => body.into(),
        Err(_) => Failure::new(&error_type, &String::from_utf8_lossy(&body)).payload,
    };
    Failure { error_type, payload }
}

fn answer_too_large() -> Failure {
    let message = format!("Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes).");
    Failure::new("Function.ResponseSizeTooLarge", &message)
}

fn too_large() -> Reply {
    let message = format!("an answer may have at most {ANSWER_BYTES_MAX} bytes");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Reply {
    let body = json!({ "errorType": error_type, "errorMessage": message }).to_string();
    let mut reply = Response::new(Full::from(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::clock::System;

    async fn status(address: SocketAddr, headers: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {PREFIX}nowhere HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn web_pages_are_sent_away() {
        let (said, _heard) = mpsc::channel(1);
        let api = RuntimeApi::start(said, Arc::new(System::default())).await.unwrap();
        let (host, port) = (api.address, api.address.port());
        for (headers, expected) in [
            (format!("Host: {host}\r\n"), "404"),
            (format!("Host: {host}\r\nOrigin: http://{host}\r\n"), "403"),
            (format!("Host: evil.example:{port}\r\n"), "403"),
            (format!("Host: localhost:{port}\r\n"), "403"),
            (String::new(), "403"),
        ] {
            assert_eq!(status(host, &headers).await, expected, "{headers}");
        }
    }
}
