//! Lambda's API for the functions of this machine, so that its clients work here.
//!
//! ```text
//! route → body → signature → key's policy → `api.functions` → operation → answer
//! ```
//!
//! It stands on the same address as Pinpoint's and is told from it by its paths. Functions are code that runs here, so keys of
//! one application get nothing of it. Where everybody is let in, a request that comes from a web page changes and calls
//! nothing, wherever the page is from: command lines and SDKs send no `Origin`, browsers cannot leave it out.
//!
//! Source: AWS Lambda API reference.

mod code;
mod error;
mod function;
mod invoke;
mod permission;
mod route;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::error::Error;
use self::route::{Operation, Route};
use super::auth::signed_path;
use super::handle::{self, Held};
use super::{Api, Error as ApiError};
use crate::clock::{self, Stopwatch};
use crate::config::ApiFunctions;
use crate::hook::local::shelf::{self, Entry};
use crate::http::chain;
use crate::telemetry::metric;

/// Events of asynchronous calls that wait or are worked on.
pub const EVENTS_MAX: usize = 1000;

/// One request.
struct Call {
    api: Arc<Api>,
    route: Route,
    /// Values of the query by name.
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Held,
}

/// What is answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("text is JSON").into();
        Self { status, headers: HeaderMap::new(), body }
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

/// Answers a request whose path is one of Lambda's.
pub async fn answer(api: Arc<Api>, head: Parts, body: Body, request_id: Arc<str>) -> Response {
    let began = Stopwatch::start();
    let routed = Route::find(&head.method, &signed_path(&head.uri));
    let operation = routed.as_ref().map_or("none", |route| route.operation.name());
    let outcome = match routed {
        Ok(route) => run(&api, route, head, body).await,
        Err(error) => Err(error),
    };
    let response = match outcome {
        Ok(answer) => success(answer),
        Err(error) => {
            if let Some(cause) = error.cause() {
                tracing::error!(request.id = &*request_id, operation, error = %chain(cause), "request failed");
            }
            failure(&error)
        }
    };
    metric::api_request(operation, response.status().as_u16(), began.elapsed());
    tracing::debug!(
        request.id = &*request_id,
        operation,
        status = response.status().as_u16(),
        duration_ms = began.elapsed().as_millis() as u64,
        "request answered"
    );
    response
}

async fn run(api: &Arc<Api>, route: Route, head: Parts, body: Body) -> Result<Answer, Error> {
    let operation = route.operation;
    // Strangers get no room for their bodies.
    let refused = api.authenticator.announce(&head).await.err();
    let thrown_away = refused.as_ref().map(|_| ApiError::not_found());
    let reading = handle::read(&head.headers, body, operation.body_bytes_max(), &api.bodies, thrown_away);
    let read = clock::timeout(&*api.clock, api.config.api.body_timeout, reading).await;
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    let body = match read {
        Some(Ok(body)) => body,
        Some(Err(error)) => return Err(Error::of_body(&error, operation)),
        None => return Err(Error::invalid_content("the request body did not arrive in time")),
    };
    let principal = api.authenticator.authenticate(&head, &body.bytes).await?;
    principal.may_call_lambda(operation.action())?;
    check_setting(operation, api.config.api.functions)?;
    if api.authenticator.is_open() && !operation.is_read() && head.headers.contains_key(ORIGIN) {
        return Err(Error::denied("a server that lets everybody in lets web pages neither call nor change functions"));
    }

    let query = super::route::query(head.uri.query());
    let call = Call { api: api.clone(), route, query, headers: head.headers, body };
    // A task of its own: what has begun is not left half-way because a client went away.
    match api.operations.spawn(call.dispatch()).await {
        Ok(answer) => answer,
        Err(error) => Err(Error::internal(error)),
    }
}

/// Whether the settings let this operation through.
fn check_setting(operation: Operation, setting: ApiFunctions) -> Result<(), Error> {
    let wanted = match (setting, operation.is_management()) {
        (ApiFunctions::Manage, _) | (ApiFunctions::Invoke, false) => return Ok(()),
        (ApiFunctions::Invoke, true) => "`manage`, since code that is uploaded runs on this machine",
        (ApiFunctions::Off, false) => "`invoke` or `manage`",
        (ApiFunctions::Off, true) => "`manage`",
    };
    let (name, setting) = (operation.name(), setting.as_str());
    Err(Error::denied(format!("{name}: setting `api.functions` is `{setting}`, and must be {wanted}")))
}

impl Call {
    async fn dispatch(self) -> Result<Answer, Error> {
        match self.route.operation {
            Operation::Invoke => self.invoke().await,
            Operation::ListFunctions => self.list_functions(),
            Operation::GetFunction => self.get_function(),
            Operation::GetFunctionConfiguration => self.get_function_configuration(),
            Operation::CreateFunction => self.create_function().await,
            Operation::UpdateFunctionCode => self.update_function_code().await,
            Operation::UpdateFunctionConfiguration => self.update_function_configuration().await,
            Operation::DeleteFunction => self.delete_function().await,
            Operation::AddPermission => self.add_permission().await,
            Operation::GetPolicy => self.get_policy(),
            Operation::RemovePermission => self.remove_permission().await,
        }
    }

    /// The function of the path.
    ///
    /// Errors: 404 for an unknown one, and for a version or alias: there are none.
    fn entry(&self) -> Result<Entry, Error> {
        let entry = self.api.functions.get(&self.route.function)?;
        match self.parameter("Qualifier") {
            None | Some("$LATEST") => Ok(entry),
            Some(qualifier) => {
                Err(Error::not_found(format!("Function not found: {}:{qualifier}", entry.function.arn())))
            }
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body.bytes)
            .map_err(|error| Error::invalid_content(format!("Could not parse request body into json: {error}")))
    }

    /// Does something to the shelf, which waits for the disk.
    async fn on_shelf<T: Send + 'static>(
        &self,
        work: impl FnOnce(&shelf::Shelf) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let api = self.api.clone();
        let done = tokio::task::spawn_blocking(move || work(&api.functions)).await;
        done.unwrap_or_else(|error| Err(Error::internal(error)))
    }
}

fn success(answer: Answer) -> Response {
    let Answer { status, headers, body } = answer;
    let has_body = status != StatusCode::NO_CONTENT;
    let mut response = Response::new(if has_body { Body::from(body) } else { Body::empty() });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE, handle::JSON);
    }
    response
}

fn failure(error: &Error) -> Response {
    let mut response = Response::new(Body::from(error.body()));
    *response.status_mut() = error.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, handle::JSON);
    headers.insert(handle::ERROR_TYPE, HeaderValue::from_static(error.exception()));
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}
