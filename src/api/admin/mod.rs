//! What operators ask of a server beyond Pinpoint's API: the routes below `/pinwheel/v1/`.
//!
//! They are signed as all requests are, and only keys that may do everything are let in. Shapes are documented in
//! docs/dead-letters.md, docs/operations.md and docs/event-stream.md; the command line prints the same ones.

mod activity;
mod letter;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use percent_encoding::percent_decode_str;

use super::auth::signed_path;
use super::handle::{self, RequestId};
use super::{Api, Error};
use crate::campaign::control::Order;
use crate::clock::{self, Stopwatch};
use crate::telemetry::metric;

pub use activity::{ActivityItem, ActivityList};
pub use letter::{Item, ReleasedItem, ReleasedList, Shown};

/// Bytes of a request's body: it holds a few numbers.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What can be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operation {
    ListDeadLetters,
    GetDeadLetter,
    RedriveDeadLetters,
    DropDeadLetters,
    GetActivity,
    PauseActivity,
    ResumeActivity,
    AbortActivity,
    ListEventStreams,
}

impl Operation {
    /// Its label in metrics and logs.
    fn name(self) -> &'static str {
        match self {
            Self::ListDeadLetters => "ListDeadLetters",
            Self::GetDeadLetter => "GetDeadLetter",
            Self::RedriveDeadLetters => "RedriveDeadLetters",
            Self::DropDeadLetters => "DropDeadLetters",
            Self::GetActivity => "GetActivity",
            Self::PauseActivity => "PauseActivity",
            Self::ResumeActivity => "ResumeActivity",
            Self::AbortActivity => "AbortActivity",
            Self::ListEventStreams => "ListEventStreams",
        }
    }
}

/// An operation, and the names in its path.
#[derive(Debug)]
struct Route {
    operation: Operation,
    names: Vec<String>,
}

impl Route {
    /// Finds the operation of a raw path.
    ///
    /// Errors: 404 for an unknown path, 405 for another verb, 400 for bytes that are no text.
    fn find(method: &Method, path: &str) -> Result<Self, Error> {
        let decode = |segment| percent_decode_str(segment).decode_utf8().map(String::from);
        let segments = path.trim_start_matches('/').split('/').map(decode).collect::<Result<Vec<_>, _>>();
        let segments = segments.map_err(|_| Error::bad_request("the path holds no UTF-8 text"))?;
        let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (operation, verb, names) = match texts[..] {
            ["pinwheel", "v1", "dead-letters"] => (Operation::ListDeadLetters, Method::GET, vec![]),
            ["pinwheel", "v1", "dead-letters", id, "redrive"] => {
                (Operation::RedriveDeadLetters, Method::POST, vec![id])
            }
            ["pinwheel", "v1", "dead-letters", id, "drop"] => (Operation::DropDeadLetters, Method::POST, vec![id]),
            ["pinwheel", "v1", "dead-letters", id, batch] => (Operation::GetDeadLetter, Method::GET, vec![id, batch]),
            ["pinwheel", "v1", "activities", id] => (Operation::GetActivity, Method::GET, vec![id]),
            ["pinwheel", "v1", "activities", id, "pause"] => (Operation::PauseActivity, Method::POST, vec![id]),
            ["pinwheel", "v1", "activities", id, "resume"] => (Operation::ResumeActivity, Method::POST, vec![id]),
            ["pinwheel", "v1", "activities", id, "abort"] => (Operation::AbortActivity, Method::POST, vec![id]),
            ["pinwheel", "v1", "event-streams"] => (Operation::ListEventStreams, Method::GET, vec![]),
            _ => return Err(Error::not_found()),
        };
        if *method != verb {
            return Err(Error::method_not_allowed(method.as_str(), verb.as_str()));
        }
        Ok(Self { operation, names: names.into_iter().map(str::to_owned).collect() })
    }
}

/// The routes.
pub fn routes() -> Router<Arc<Api>> {
    Router::new().route("/pinwheel/{*rest}", any(answer))
}

async fn answer(
    State(api): State<Arc<Api>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request<Body>,
) -> Response {
    let began = Stopwatch::start();
    let (head, body) = request.into_parts();
    let routed = Route::find(&head.method, &signed_path(&head.uri));
    let operation = routed.as_ref().map_or("none", |route| route.operation.name());
    let outcome = match routed {
        Ok(route) => api.administer(route, head, body).await,
        Err(error) => Err(error),
    };
    let response = match outcome {
        Ok((status, body)) => success(status, body),
        Err(error) => handle::failure(&error, operation, &id),
    };
    metric::api_request(operation, response.status().as_u16(), began.elapsed());
    response
}

impl Api {
    async fn administer(
        self: Arc<Self>,
        route: Route,
        head: Parts,
        body: Body,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        // Strangers get no room for their bodies.
        let refused = self.authenticator.announce(&head).await.err().map(Error::from);
        let reading = handle::read(&head.headers, body, BODY_BYTES_MAX, &self.bodies, refused);
        let body = clock::timeout(&*self.clock, self.config.api.body_timeout, reading).await;
        let body = body.unwrap_or_else(|| Err(Error::bad_request("the request body did not arrive in time")))?;
        let principal = self.authenticator.authenticate(&head, &body.bytes).await?;
        principal.may(route.operation.name(), None)?;

        let body = handle::unpack(&head.headers, body, BODY_BYTES_MAX, &self.bodies)?;
        let query = super::route::query(head.uri.query());
        // A task of its own, since this one ends with its connection: what was begun for one activity is done for all.
        let task = self.operations.clone().spawn(async move {
            let query = letter::Query(query);
            match (route.operation, &route.names[..]) {
                (Operation::ListDeadLetters, _) => self.list_letters(&query).await,
                (Operation::GetDeadLetter, [id, batch]) => self.show_letter(id, batch, &query).await,
                (Operation::RedriveDeadLetters, [id]) => self.redrive_letters(id, &body.bytes).await,
                (Operation::ListEventStreams, _) => self.list_streams().await,
                (Operation::DropDeadLetters, [id]) => self.drop_letters(id, &body.bytes).await,
                (Operation::GetActivity, [id]) => self.show_activities(id).await,
                (Operation::PauseActivity, [id]) => self.order(Order::Pause, id).await,
                (Operation::ResumeActivity, [id]) => self.order(Order::Resume, id).await,
                (Operation::AbortActivity, [id]) => self.order(Order::Abort, id).await,
                _ => Err(Error::not_found()),
            }
        });
        task.await.unwrap_or_else(|error| Err(Error::internal(error)))
    }
}

fn success(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_operations_and_verbs() {
        let find = |method: Method, path: &str| {
            Route::find(&method, path).map(|route| (route.operation, route.names.join(" ")))
        };
        let base = "/pinwheel/v1/dead-letters";
        assert_eq!(find(Method::GET, base).unwrap(), (Operation::ListDeadLetters, String::new()));
        let show = find(Method::GET, &format!("{base}/a%20b/3")).unwrap();
        assert_eq!(show, (Operation::GetDeadLetter, "a b 3".to_owned()));
        let redrive = find(Method::POST, &format!("{base}/a/redrive")).unwrap();
        assert_eq!(redrive, (Operation::RedriveDeadLetters, "a".to_owned()));
        assert_eq!(find(Method::POST, &format!("{base}/a/drop")).unwrap().0, Operation::DropDeadLetters);

        let activities = "/pinwheel/v1/activities/a";
        assert_eq!(find(Method::GET, activities).unwrap(), (Operation::GetActivity, "a".to_owned()));
        for (verb, operation) in [
            ("pause", Operation::PauseActivity),
            ("resume", Operation::ResumeActivity),
            ("abort", Operation::AbortActivity),
        ] {
            assert_eq!(find(Method::POST, &format!("{activities}/{verb}")).unwrap(), (operation, "a".to_owned()));
            assert_eq!(find(Method::GET, &format!("{activities}/{verb}")).unwrap_err().status(), 405);
        }

        assert_eq!(find(Method::GET, &format!("{base}/a/drop")).unwrap_err().status(), 405);
        assert_eq!(find(Method::POST, base).unwrap_err().status(), 405);
        for unknown in ["/pinwheel/v1", "/pinwheel/v2/dead-letters", "/pinwheel/v1/dead-letters/a/1/2"] {
            assert_eq!(find(Method::GET, unknown).unwrap_err().status(), 404, "{unknown}");
        }
        assert_eq!(find(Method::GET, &format!("{base}/%ff/3")).unwrap_err().status(), 400);
    }
}
