//! Failures as Lambda's clients know them.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::route::Operation;
use crate::api::auth;
use crate::api::error::Error as ApiError;
use crate::hook::local::{self, shelf};

/// Why a request failed.
///
/// Source: the exceptions of AWS Lambda's API model.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    exception: &'static str,
    message: String,
    retry_after: Option<Duration>,
    /// What is for the log alone.
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(status: StatusCode, exception: &'static str, message: impl Into<String>) -> Self {
        Self { status, exception, message: message.into(), retry_after: None, cause: None }
    }

    /// A value breaks a rule.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
    }

    /// The body is not what it should be.
    pub fn invalid_content(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ResourceConflictException", message)
    }

    /// The key or the settings do not let it through.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    pub fn too_large(bytes_max: usize, operation: &str) -> Self {
        let message = format!("Request must be smaller than {bytes_max} bytes for the {operation} operation");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
    }

    pub fn policy_too_long(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "PolicyLengthExceededException", message)
    }

    /// More than is allowed at once; another try may help after a while.
    pub fn too_many_requests(message: impl Into<String>, retry_after: Duration) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message);
        Self { retry_after: Some(retry_after), ..error }
    }

    /// Something else of Lambda. Front ends of AWS call it so; the model has no exception for it.
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "UnknownOperationException", message)
    }

    /// Our own failure: the cause goes to the log, the client gets the request id.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "the server failed; its log has the reason under this request id";
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", message);
        Self { cause: Some(cause.into()), ..error }
    }

    /// A body that could not be read.
    pub fn of_body(error: &ApiError, operation: Operation) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(operation.body_bytes_max(), operation.action()),
            StatusCode::TOO_MANY_REQUESTS => Self::too_many_requests(error.message(), Duration::from_secs(1)),
            _ => Self::invalid_content(error.message()),
        }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The exception's name, for `X-Amzn-ErrorType`.
    pub fn exception(&self) -> &'static str {
        self.exception
    }

    /// For `Retry-After`.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs().max(1))
    }

    /// What went wrong here, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The body of the answer. The model spells the text's member in two ways.
    pub fn body(&self) -> Vec<u8> {
        let who = if self.status.is_server_error() { "Service" } else { "User" };
        let member = match self.exception {
            "ResourceNotFoundException" | "ServiceException" | "AccessDeniedException" => "Message",
            _ => "message",
        };
        let mut body = json!({ "Type": who, member: self.message });
        if self.exception == "TooManyRequestsException" {
            body["Reason"] = "ConcurrentInvocationLimitExceeded".into();
        }
        body.to_string().into_bytes()
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

impl From<shelf::Error> for Error {
    fn from(error: shelf::Error) -> Self {
        match error {
            shelf::Error::Unknown { name } => Self::not_found(format!("Function not found: {name}")),
            shelf::Error::Exists { name } => Self::conflict(format!("Function already exist: {name}")),
            shelf::Error::Full => Self::new(StatusCode::BAD_REQUEST, "CodeStorageExceededException", error.to_string()),
            shelf::Error::OfSettings { .. } => Self::invalid(error.to_string()),
            shelf::Error::Revision { .. } => {
                let message = format!(
                    "The RevisionId provided does not match the latest Revision Id. Call the GetFunction/GetPolicy API to \
                     retrieve the latest Revision Id: {error}"
                );
                Self::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message)
            }
            shelf::Error::Function(error) => error.into(),
            shelf::Error::Twice { .. } | shelf::Error::Damaged { .. } | shelf::Error::Io { .. } => {
                Self::internal(error)
            }
        }
    }
}

impl From<local::Error> for Error {
    fn from(error: local::Error) -> Self {
        match error {
            local::Error::Setting { key, problem, .. } => {
                let field = match key {
                    None => "FunctionName",
                    Some("memory_mb") => "MemorySize",
                    Some("timeout") => "Timeout",
                    Some("handler") => "Handler",
                    Some("runtime") => "Runtime",
                    Some("environment") => "Environment",
                    Some(other) => other,
                };
                Self::invalid(format!("{field}: {problem}"))
            }
            local::Error::Code { problem, .. } => Self::invalid(format!(
                "Could not unzip uploaded file. Please check your file, then try to upload again. ({problem})"
            )),
            local::Error::EventTooLarge(_) => {
                Self::too_large(Operation::Invoke.body_bytes_max(), Operation::Invoke.action())
            }
            local::Error::Busy { .. } => {
                Self::too_many_requests(format!("Rate Exceeded: {error}"), Duration::from_secs(1))
            }
            // It was replaced while this call was on its way to it.
            local::Error::Closed { .. } => Self::conflict(error.to_string()),
            // The operator has to install or mend something; the text says what.
            local::Error::Interpreter { .. } | local::Error::Start { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "InvalidRuntimeException", error.to_string())
            }
            local::Error::Io { .. } => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_the_model_has_them() {
        let body = |error: Error| String::from_utf8(error.body()).unwrap();
        assert_eq!(body(Error::not_found("x")), r#"{"Message":"x","Type":"User"}"#);
        assert_eq!(body(Error::invalid("x")), r#"{"Type":"User","message":"x"}"#);
        let busy = Error::from(local::Error::Busy { name: "f".into(), workers: 2 });
        assert_eq!((busy.status().as_u16(), busy.retry_after_seconds()), (429, Some(1)));
        let internal = Error::internal("secret");
        assert!(!body(internal).contains("secret"));
    }

    #[test]
    fn errors_name_the_parameters_of_the_api() {
        let setting = |key| local::Error::Setting { name: "f".into(), key, problem: "wrong".into() };
        assert_eq!(Error::from(setting(Some("memory_mb"))).message, "MemorySize: wrong");
        assert_eq!(Error::from(setting(None)).message, "FunctionName: wrong");
        assert_eq!(Error::from(setting(Some("timeout"))).exception(), "InvalidParameterValueException");
    }
}
