//! One request, from its head to its answer.

use std::any::Any;
use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Frame;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::auth::{Service, signed_path};
use super::route::{self, Route};
use super::{Api, Call, Error, lambda, sts};
use crate::clock::{self, Stopwatch};
use crate::domain::ApplicationId;
use crate::domain::limit::{EVENTS_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};
use crate::http::chain;
use crate::telemetry::metric;
use crate::wire::call;
use crate::wire::generated::{self as wire, Operation};

/// The header that names a request in its answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The header that names the exception of an answer.
pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The header of an answer that says what was done otherwise than asked; one for each thing.
pub const WARNING: HeaderName = HeaderName::from_static("x-pinwheel-warning");

/// Warnings in one answer; clients have limits for headers.
const WARNINGS_MAX: usize = 16;

/// How much of a body that is too large is read all the same, in limits.
const DISCARDED_BODIES_MAX: usize = 4;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The id of a request.
#[derive(Clone)]
pub struct RequestId(pub(super) Arc<str>);

/// Gives every request an id, and every answer the id of its request.
pub async fn name(mut request: Request<Body>, next: Next) -> Response {
    let id: Arc<str> = Uuid::new_v4().to_string().into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, header_value(&id));
    response
}

/// Refuses what [`Authenticator::refuse_page`](super::auth::Authenticator::refuse_page) does, preflights too: no page reads
/// such an answer.
pub async fn refuse_pages(State(api): State<Arc<Api>>, request: Request<Body>, next: Next) -> Response {
    match api.authenticator.refuse_page(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            let id = request.extensions().get::<RequestId>().map_or("unknown", |RequestId(id)| id);
            failure(&error.into(), "none", id)
        }
    }
}

/// Answers a request.
pub async fn answer(
    State(api): State<Arc<Api>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request<Body>,
) -> Response {
    let began = Stopwatch::start();
    let (head, body) = request.into_parts();
    let path = signed_path(&head.uri);
    if Service::of(&path) == Service::Lambda {
        return lambda::answer(api, head, body, id).await;
    }
    if sts::is_for(&head) {
        return sts::answer(api, head, body, id).await;
    }
    let routed = api.router.find(&head.method, &path);
    let operation = routed.as_ref().map_or("none", |route| route.operation.name());
    let outcome = match routed {
        Ok(route) => api.clone().run(route, head, body, id.clone()).await,
        Err(error) => Err(error),
    };
    let response = match outcome {
        Ok((operation, answer)) => success(operation, answer),
        Err(error) => failure(&error, operation, &id),
    };
    metric::api_request(operation, response.status().as_u16(), began.elapsed());
    tracing::debug!(
        request.id = &*id,
        operation,
        status = response.status().as_u16(),
        duration_ms = began.elapsed().as_millis() as u64,
        "request answered"
    );
    response
}

impl Api {
    async fn run(
        self: Arc<Self>,
        route: Route,
        head: Parts,
        body: Body,
        id: Arc<str>,
    ) -> Result<(Operation, Answer), Error> {
        let Route { operation, path } = route;
        let bytes_max = match operation {
            Operation::PutEvents => EVENTS_REQUEST_BYTES_MAX,
            _ => REQUEST_BYTES_MAX,
        };
        // Strangers get no room for their bodies.
        let refused = self.authenticator.announce(&head).await.err().map(Error::from);
        let reading = read(&head.headers, body, bytes_max, &self.bodies, refused);
        let body = clock::timeout(&*self.clock, self.config.api.body_timeout, reading).await;
        let body = body.unwrap_or_else(|| Err(Error::bad_request("the request body did not arrive in time")))?;

        let principal = self.authenticator.authenticate(&head, &body.bytes).await?;
        let application = path.iter().find(|(name, _)| name == "application-id").map(|(_, id)| ApplicationId::new(id));
        principal.may(operation.name(), application.as_ref())?;

        let Held { bytes: body, room } = unpack(&head.headers, body, bytes_max, &self.bodies)?;
        let parts = call::Parts { path, query: route::query(head.uri.query()) };
        // A task of its own, since this one ends with its connection: what takes several steps is not to be left half-way
        // because a client went away.
        let api = self.clone();
        let task = self.operations.spawn(async move {
            let call = Call { api: &api, request_id: &id, principal, warnings: Mutex::default() };
            let answer = wire::dispatch(&call, operation, parts, body).await;
            drop(room);
            answer.map(|body| Answer { body, warnings: call.warnings.into_inner() })
        });
        match task.await {
            Ok(answer) => Ok((operation, answer?)),
            Err(error) => Err(match error.try_into_panic() {
                Ok(panic) => Error::internal(format!("panic: {}", text_of(&*panic))),
                Err(error) => Error::internal(error),
            }),
        }
    }
}

/// What a request that did not fail is answered.
struct Answer {
    body: Vec<u8>,
    warnings: Vec<String>,
}

/// Bytes of a body, and the room they take of what all bodies together may take.
#[derive(Debug)]
pub(super) struct Held {
    pub bytes: Bytes,
    room: OwnedSemaphorePermit,
}

/// Takes room for so many more bytes.
///
/// Errors: 429 when others hold all of it.
fn take(room: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
    let full = || Error::too_many_requests("too many large requests at once");
    let bytes = u32::try_from(bytes).map_err(|_| full())?;
    room.clone().try_acquire_many_owned(bytes).map_err(|_| full())
}

/// Reads a body to its end. One that is refused, is too large, or for which there is no room, is read further and thrown
/// away for a while: most clients look for the answer only when all is sent.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    room: &Arc<Semaphore>,
    mut refused: Option<Error>,
) -> Result<Held, Error> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if headers.contains_key(header::EXPECT) {
        if let Some(error) = refused {
            return Err(error);
        }
        if announced.is_some_and(|bytes| bytes > bytes_max) {
            return Err(Error::payload_too_large(bytes_max));
        }
    }
    let mut body = Limited::new(body, bytes_max * DISCARDED_BODIES_MAX);
    let mut kept = BytesMut::new();
    let mut taken = take(room, 0)?;
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => {
                bytes += data.len();
                if refused.is_none() {
                    let more = if bytes > bytes_max {
                        Err(Error::payload_too_large(bytes_max))
                    } else {
                        take(room, data.len())
                    };
                    match more {
                        Ok(more) => {
                            taken.merge(more);
                            kept.extend_from_slice(&data);
                        }
                        Err(error) => {
                            refused = Some(error);
                            (kept, taken) = (BytesMut::new(), take(room, 0)?);
                        }
                    }
                }
            }
            Ok(Err(_trailers)) => {}
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(refused.unwrap_or_else(|| Error::payload_too_large(bytes_max)));
            }
            Err(_) => return Err(Error::bad_request("the connection broke before the end of the request body")),
        }
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(Held { bytes: kept.freeze(), room: taken }),
    }
}

/// The body without its compression. The signature holds for the bytes as they were sent, so this comes after it.
pub(super) fn unpack(headers: &HeaderMap, body: Held, bytes_max: usize, room: &Arc<Semaphore>) -> Result<Held, Error> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(body) };
    match encoding.to_str().map(str::trim) {
        Ok("identity" | "") => Ok(body),
        Ok(gzip) if gzip.eq_ignore_ascii_case("gzip") => {
            let mut unpacked = Vec::new();
            let read = MultiGzDecoder::new(&*body.bytes).take(bytes_max as u64 + 1).read_to_end(&mut unpacked);
            match read {
                Ok(bytes) if bytes > bytes_max => Err(Error::payload_too_large(bytes_max)),
                Ok(bytes) => Ok(Held { bytes: unpacked.into(), room: take(room, bytes)? }),
                Err(error) => Err(Error::bad_request(format!("the request body is not gzip: {error}"))),
            }
        }
        _ => Err(Error::bad_request("Content-Encoding: only gzip is understood")),
    }
}

fn success(operation: Operation, answer: Answer) -> Response {
    let status = StatusCode::from_u16(operation.success()).expect("the model's codes are HTTP's");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        *response.body_mut() = answer.body.into();
    }
    for warning in answer.warnings.into_iter().take(WARNINGS_MAX) {
        // Headers hold ASCII only.
        let text: String = warning.chars().flat_map(ascii).collect();
        response.headers_mut().append(WARNING, HeaderValue::from_str(&text).expect("it is printable ASCII"));
    }
    response
}

/// The answer to what failed; the log has the cause under the name of the operation or route.
pub(super) fn failure(error: &Error, operation: &str, id: &str) -> Response {
    if let Some(cause) = error.cause() {
        tracing::error!(request.id = id, operation, error = %chain(cause), "request failed");
    }
    let mut response = Response::new(Body::from(error.body(id)));
    *response.status_mut() = error.status();
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(error.exception()));
    response
}

/// The answer when something before an operation panicked: a promise of ours is broken, and the process goes on.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    failure(&Error::internal(format!("panic: {}", text_of(&*panic))), "none", "unknown")
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}

/// A letter as it is, if it is printable ASCII, or else escaped.
fn ascii(letter: char) -> impl Iterator<Item = char> {
    let is_plain = letter == ' ' || letter.is_ascii_graphic();
    let escaped = (!is_plain).then(|| letter.escape_unicode()).into_iter().flatten();
    is_plain.then_some(letter).into_iter().chain(escaped)
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("a UUID is plain text")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn packed_bodies_are_unpacked_within_the_limit() {
        let room = Arc::new(Semaphore::new(100));
        let unpack = |headers: &HeaderMap, bytes| {
            let body = Held { bytes, room: take(&room, 0).unwrap() };
            unpack(headers, body, 2, &room).map(|body| body.bytes)
        };
        let gzip = HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        assert_eq!(unpack(&gzip, packed(b"{}")).unwrap(), "{}");
        assert_eq!(unpack(&gzip, packed(&[b' '; 3])).unwrap_err().status(), 413);
        assert_eq!(unpack(&gzip, Bytes::from_static(b"{}")).unwrap_err().status(), 400);
        let brotli = HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static("br"))]);
        assert_eq!(unpack(&brotli, Bytes::new()).unwrap_err().status(), 400);
        assert_eq!(unpack(&HeaderMap::new(), Bytes::from_static(b"{}")).unwrap(), "{}");
    }

    #[tokio::test]
    async fn all_bodies_together_take_so_much_and_no_more() {
        let room = Arc::new(Semaphore::new(10));
        let read = |body: &'static str, bytes_max| {
            let room = room.clone();
            async move { read(&HeaderMap::new(), body.into(), bytes_max, &room, None).await }
        };
        let first = read("123456", 8).await.unwrap();
        assert_eq!(read("12345", 8).await.unwrap_err().status(), 429);
        assert_eq!(read("1234567890", 4).await.unwrap_err().status(), 413);
        assert_eq!(room.available_permits(), 4, "what is refused takes no room");
        let second = read("1234", 8).await.unwrap();
        assert_eq!((&*first.bytes, &*second.bytes), (&b"123456"[..], &b"1234"[..]));
        let stranger = super::read(&HeaderMap::new(), "1".into(), 8, &room, Some(Error::not_found())).await;
        assert_eq!(stranger.unwrap_err().status(), 404, "who is refused takes none either");
        drop((first, second));
        assert_eq!(room.available_permits(), 10);
    }
}
