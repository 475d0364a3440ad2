//! Lambda's API for the functions of this machine, so that its clients work here.
//!
//! ```text
//! route → key's policy → `api.functions` → body → signature → operation → answer
//! ```
//!
//! It stands on the same address as Pinpoint's and is told from it by its paths. Functions are code that runs here, so keys of
//! one application get nothing of it, and where everybody is let in, web pages get nothing, wherever they are from. Who is
//! refused by what the head of a request tells is refused before its body, which may be large.
//!
//! Source: AWS Lambda API reference.

mod code;
mod error;
mod function;
mod invoke;
mod permission;
mod route;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

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

/// Bytes of asynchronous calls' events that wait or are worked on.
pub const EVENTS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Uploads at once. Each holds its code several times: as base64, as zip file, and as what is unpacked.
pub const UPLOADS_MAX: usize = 2;
/// How long a request waits for what others use, a worker or the room for an upload, before it is sent away. Lambda does not
/// wait at all, but it has more.
const PATIENCE: Duration = Duration::from_secs(5);

/// One request.
struct Call {
    api: Arc<Api>,
    route: Route,
    /// Values of the query by name.
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Held,
    /// The room of an upload.
    _upload: Option<OwnedSemaphorePermit>,
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
    let admitted = admit(api, operation, &head).await;
    let thrown_away = admitted.is_err().then(ApiError::not_found);
    let reading = handle::read(&head.headers, body, operation.body_bytes_max(), &api.bodies, thrown_away);
    let read = clock::timeout(&*api.clock, api.config.api.body_timeout, reading).await;
    let upload = admitted?;
    let body = match read {
        Some(Ok(body)) => body,
        Some(Err(error)) => return Err(Error::of_body(&error, operation)),
        None => return Err(Error::invalid_content("the request body did not arrive in time")),
    };
    let principal = api.authenticator.authenticate(&head, &body.bytes).await?;
    principal.may_call_lambda(operation.action())?;

    let query = super::route::query(head.uri.query());
    let call = Call { api: api.clone(), route, query, headers: head.headers, body, _upload: upload };
    // A task of its own: what has begun is not left half-way because a client went away.
    match api.operations.spawn(call.dispatch()).await {
        Ok(answer) => answer,
        Err(error) => Err(Error::internal(error)),
    }
}

/// Whether this request may go on to its body, by what its head tells; an upload gets its room.
async fn admit(api: &Api, operation: Operation, head: &Parts) -> Result<Option<OwnedSemaphorePermit>, Error> {
    api.authenticator.announce(head).await?.may_call_lambda(operation.action())?;
    check_setting(operation, api.config.api.functions)?;
    if !operation.is_upload() {
        return Ok(None);
    }
    match clock::timeout(&*api.clock, PATIENCE, api.uploads.clone().acquire_owned()).await {
        Some(place) => Ok(Some(place.expect("the semaphore is never closed"))),
        None => Err(Error::too_many_requests("Rate Exceeded: too many uploads at once", PATIENCE)),
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
