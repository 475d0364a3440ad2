//! The one operation of AWS STS that apps need: `AssumeRoleWithWebIdentity`, which exchanges a token of an OpenID Connect
//! provider for a temporary key.
//!
//! It stands at the root path, as that of every STS does, and is not signed: the token is the proof. Errors are STS's own,
//! since SDKs decide by their codes whether to try again.
//!
//! Source: AWS STS API reference, "AssumeRoleWithWebIdentity" and "Common Errors"; AWS query protocol.

mod error;
mod request;
mod response;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;

use self::error::Error;
use self::request::Request;
use super::{Api, handle};
use crate::clock::{self, Stopwatch};
use crate::http::chain;
use crate::telemetry::metric;

/// Where it stands.
const PATH: &str = "/";
/// Bytes of a request: a token has 20,000 at most, and every one of them may have to be escaped.
const REQUEST_BYTES_MAX: usize = 128 * 1024;
/// Bytes of requests held at once. A room of their own, since nobody has to sign to get into it.
pub const BODIES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long an exchange may take, from the first byte of its body on.
const TIMEOUT: Duration = Duration::from_secs(10);
const XML: HeaderValue = HeaderValue::from_static("text/xml");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const OPERATION: &str = "AssumeRoleWithWebIdentity";

/// Whether a request is one for STS.
pub fn is_for(head: &Parts) -> bool {
    let is_call = head.method == Method::POST || head.uri.query().is_some_and(|query| query.contains("Action="));
    head.uri.path() == PATH && is_call
}

/// Answers a request for STS.
pub async fn answer(api: Arc<Api>, head: Parts, body: Body, request_id: Arc<str>) -> Response {
    let began = Stopwatch::start();
    let ran = clock::timeout(&*api.clock, TIMEOUT, run(&api, &head, body, &request_id)).await;
    let outcome = ran.unwrap_or_else(|| Err(Error::too_slow()));
    let (status, text) = match outcome {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => {
            match error.cause() {
                Some(cause) => {
                    tracing::error!(request.id = &*request_id, operation = OPERATION, error = %chain(cause), "request failed");
                }
                // The reason has no text of the token.
                None => tracing::debug!(request.id = &*request_id, reason = %error.message(), "a token is refused"),
            }
            (error.status(), response::failure(&error, &request_id))
        }
    };
    metric::api_request(OPERATION, status.as_u16(), began.elapsed());
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, XML);
    // It may be a key.
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

async fn run(api: &Arc<Api>, head: &Parts, body: Body, request_id: &str) -> Result<String, Error> {
    api.authenticator.refuse_foreign(head).map_err(|error| Error::access_denied(error.to_string()))?;
    if api.config.identity.is_empty() {
        return Err(Error::not_authorized());
    }
    let reading = handle::read(&head.headers, body, REQUEST_BYTES_MAX, &api.exchanges, None);
    let read = clock::timeout(&*api.clock, api.config.api.body_timeout.min(TIMEOUT), reading).await;
    let body = match read {
        Some(Ok(body)) => body,
        Some(Err(error)) => return Err(Error::of_body(&error)),
        None => return Err(Error::validation("the request body did not arrive in time")),
    };
    let request = Request::read(head.uri.query(), &body.bytes)?;
    let role = request.role(&api.config.aws.account_id)?;
    let assumed = api.authenticator.assume(role, &request.token, request.duration).await?;
    Ok(response::success(&request, role, &assumed, &api.config.aws.account_id, request_id))
}
