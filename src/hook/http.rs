//! Functions behind a URL: the event by POST, signed by the Standard Webhooks rules.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode, Uri};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_128;

use super::connection::{Answer, Connections};
use super::{Error, Invoker, Source};
use crate::clock::Clock;
use crate::domain::limit::HOOK_PAYLOAD_BYTES_MAX;
use crate::http::{self, Access, Signer, WEBHOOK_ID};

/// A function behind a URL.
pub struct Webhook {
    /// The request's line: path and query.
    path: Uri,
    headers: HeaderMap,
    signer: Option<Arc<Signer>>,
    connections: Connections,
    repeats: bool,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// A webhook that is never called twice by itself.
    ///
    /// Errors: [`Error::Refused`] for a URL that may not be called.
    pub fn new(url: &str, access: Access, signer: Option<Arc<Signer>>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let refused = || Error::Refused(format!("`{url}` is not a URL"));
        let url: Uri = url.parse().map_err(|_| refused())?;
        access.check(&url).map_err(|error| Error::Refused(error.to_string()))?;
        let authority = url.authority().ok_or_else(refused)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|_| refused())?;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, HeaderValue::from_str(authority.as_str()).map_err(|_| refused())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("pinwheel/", env!("CARGO_PKG_VERSION"))));
        let connections = Connections::new(url.clone(), access, Arc::clone(&clock));
        Ok(Self { path, headers, signer, connections, repeats: false, clock })
    }

    /// The same for a function that may be called twice: a connection the server closed while it rested is replaced
    /// even if the request may have arrived.
    #[must_use]
    pub fn repeating(self) -> Self {
        Self { repeats: true, ..self }
    }
}

impl Invoker for Webhook {
    /// Every 2xx is a success. The same event has the same `webhook-id`, by which the function can tell a repetition.
    fn invoke<'a>(&'a self, event: Bytes, _source: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let mut headers = self.headers.clone();
            let id = format!("msg_{:032x}", xxh3_128(&event));
            if let Some(signer) = &self.signer {
                signer.sign(&id, self.clock.now(), &event, &mut headers);
            }
            headers.insert(WEBHOOK_ID, id.parse().expect("hex digits fit a header"));
            let request = || {
                let mut request = Request::new(Full::new(event.clone()));
                *request.method_mut() = Method::POST;
                *request.uri_mut() = self.path.clone();
                *request.headers_mut() = headers.clone();
                request
            };
            let answer = self.connections.exchange(request, HOOK_PAYLOAD_BYTES_MAX, self.repeats).await?;
            judge(answer, self.clock.now())
        })
    }
}

fn judge(answer: Answer, now: Timestamp) -> Result<Vec<u8>, Error> {
    let status = answer.status;
    if status.is_success() {
        return Ok(answer.body);
    }
    let reason = format!("status {}", status.as_u16());
    let wait = answer.headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => Error::Throttled { reason, retry_after: wait },
        // An overloaded server that says when to come back asks to slow down, too.
        StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => Error::Throttled { reason, retry_after: wait },
        _ if status.is_server_error() => Error::Function(reason),
        _ => Error::Refused(reason),
    })
}

/// Reads `Retry-After`: seconds or a date. A date that has passed means at once.
///
/// Source: RFC 9110, 10.2.3.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Forbidden(reason) => Self::Refused(reason),
            http::Error::Connect(reason) => Self::Unreachable(reason),
            http::Error::Exchange(reason) => Self::Transport(reason),
            http::Error::AnswerTooLarge { .. } => Self::Undecodable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let cases = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sun, 01 Mar 2026 09:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn status_decides_what_an_answer_means() {
        let judged = |status: u16, wait: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(wait) = wait {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(wait));
            }
            let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: b"{}".to_vec() };
            judge(answer, Timestamp::UNIX_EPOCH)
                .map_or_else(|error| (error.kind(), error.retry_after()), |_| ("ok", None))
        };
        let cases = [
            (200, None, ("ok", None)),
            (204, None, ("ok", None)),
            (301, None, ("refused", None)),
            (400, None, ("refused", None)),
            (404, Some("3"), ("refused", None)),
            (429, None, ("throttled", None)),
            (429, Some("3"), ("throttled", Some(Duration::from_secs(3)))),
            (500, None, ("function", None)),
            (503, None, ("function", None)),
            (503, Some("3"), ("throttled", Some(Duration::from_secs(3)))),
        ];
        for (status, wait, expected) in cases {
            assert_eq!(judged(status, wait), expected, "{status} {wait:?}");
        }
    }
}
