//! Failures as the wire has them: the one place that turns errors into Pinpoint's bodies.

use axum::http::StatusCode;
use serde::Serialize;

use super::auth;
use crate::campaign;
use crate::segment;
use crate::store;
use crate::wire::invalid::Invalid;

/// Why a request failed.
///
/// Source: the API model's exceptions.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    exception: &'static str,
    message: String,
    /// What is for the log alone.
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    message: &'a str,
    #[serde(rename = "RequestID")]
    request_id: &'a str,
}

impl Error {
    fn new(status: StatusCode, exception: &'static str, message: impl Into<String>) -> Self {
        Self { status, exception, message: message.into(), cause: None }
    }

    /// The request breaks a rule.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// An unknown application, or something unknown within it. The text is Pinpoint's; clients compare it.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundException", "Resource not found")
    }

    /// The sender cannot prove who it is, or may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenException", message)
    }

    /// The endpoint is not one of the user's own. The same whether it is there or not.
    pub fn not_own() -> Self {
        Self::access_denied(store::Refused::NotOwned.to_string())
    }

    /// Something of the request is for others.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    /// The path is known, the verb is not.
    pub fn method_not_allowed(method: &str, allowed: &str) -> Self {
        let message = format!("{method} is not allowed here; allowed: {allowed}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", message)
    }

    /// The state of the resource does not allow it. Only `UpdateJourney` declares this exception.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictException", message)
    }

    /// The body is over the limit.
    pub fn payload_too_large(bytes_max: usize) -> Self {
        let message = format!("the request body is larger than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message)
    }

    /// More than is allowed at once.
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message)
    }

    /// Something elsewhere that this needs does not answer; the sender is to try again. Nobody must act here, so the log has
    /// no error.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "InternalServerErrorException", message)
    }

    /// Our own failure: the cause goes to the log, the client gets the request id.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "the server failed; its log has the reason under this request id";
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerErrorException", message);
        Self { cause: Some(cause.into()), ..error }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The exception's name, for `X-Amzn-ErrorType`.
    pub fn exception(&self) -> &'static str {
        self.exception
    }

    /// What is wrong, for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What went wrong here, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The body of the answer.
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        serde_json::to_vec(&Body { message: &self.message, request_id }).expect("text is JSON")
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::bad_request(invalid.to_string())
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        match error {
            auth::Error::Keys(_) | auth::Error::Vault(_) => Self::internal(error),
            error => Self::new(error.status(), error.kind(), error.to_string()),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound { .. } => Self::not_found(),
            // Changes are tried again; this one met too many others.
            store::Error::Conflict { .. } => Self::too_many_requests(error.to_string()),
            _ => Self::internal(error),
        }
    }
}

impl From<store::Refused> for Error {
    fn from(refused: store::Refused) -> Self {
        match refused {
            store::Refused::NotOwned => Self::not_own(),
            _ => Self::bad_request(refused.to_string()),
        }
    }
}

impl From<segment::Error> for Error {
    fn from(error: segment::Error) -> Self {
        match error {
            segment::Error::Store(error) => error.into(),
            segment::Error::DamagedDefinition { .. } | segment::Error::DamagedEndpoint { .. } => Self::internal(error),
            _ => Self::bad_request(error.to_string()),
        }
    }
}

impl From<segment::job::Error> for Error {
    fn from(error: segment::job::Error) -> Self {
        match error {
            segment::job::Error::Invalid(invalid) => invalid.into(),
            segment::job::Error::TooMany { .. } => Self::too_many_requests(error.to_string()),
            segment::job::Error::Store(error) => error.into(),
        }
    }
}

impl From<campaign::definition::Error> for Error {
    fn from(error: campaign::definition::Error) -> Self {
        use campaign::definition::Error::Store;
        match error {
            // Something that the campaign names, not what the path does.
            Store(error @ store::Error::NotFound { .. }) => Self::bad_request(error.to_string()),
            Store(error) => error.into(),
            error => Self::bad_request(error.to_string()),
        }
    }
}

impl From<campaign::Error> for Error {
    fn from(error: campaign::Error) -> Self {
        match error {
            campaign::Error::Definition(error) => error.into(),
            campaign::Error::Segment(error) => error.into(),
            campaign::Error::Store(error) => error.into(),
            campaign::Error::Feedback(error) => error.into(),
            campaign::Error::Hook(error) => Self::bad_request(format!("Hook: {error}")),
            error => Self::bad_request(error.to_string()),
        }
    }
}

impl From<campaign::dead::Error> for Error {
    fn from(error: campaign::dead::Error) -> Self {
        match error {
            campaign::dead::Error::Store(error) => error.into(),
            campaign::dead::Error::Unknown { .. } => Self::not_found(),
            campaign::dead::Error::SeveralActivities { .. } => Self::bad_request(error.to_string()),
            error => Self::conflict(error.to_string()),
        }
    }
}

impl From<campaign::feedback::Error> for Error {
    fn from(error: campaign::feedback::Error) -> Self {
        match error {
            campaign::feedback::Error::Store(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<campaign::direct::Error> for Error {
    fn from(error: campaign::direct::Error) -> Self {
        match error {
            campaign::direct::Error::Store(error) => error.into(),
            campaign::direct::Error::Feedback(error) => error.into(),
            campaign::direct::Error::Template(error) => error.into(),
            campaign::direct::Error::UnknownUsers => Self::not_found(),
            campaign::direct::Error::TooSoon => Self::too_many_requests(error.to_string()),
            error => Self::bad_request(error.to_string()),
        }
    }
}
