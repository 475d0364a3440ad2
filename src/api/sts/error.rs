//! Why a token is not exchanged, in STS's words.

use axum::http::StatusCode;

use super::super::Error as ApiError;
use super::super::auth::identity::{self, TokenError};

/// An error of STS.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// What is for the log alone.
    cause: Option<identity::Error>,
}

impl Error {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), cause: None }
    }

    /// A parameter breaks a rule.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message)
    }

    pub fn missing_action() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MissingAction", "the request names no `Action`")
    }

    pub fn invalid_action() -> Self {
        let message = "only AssumeRoleWithWebIdentity of version 2011-06-15 is served here";
        Self::new(StatusCode::BAD_REQUEST, "InvalidAction", message)
    }

    /// A policy for this session alone. To pass over it would give more than was asked for.
    pub fn no_policies() -> Self {
        let message = "policies for single sessions are not served here";
        Self::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", message)
    }

    /// As to STS, a role that is not there and one that does not trust the token are the same.
    pub fn not_authorized() -> Self {
        Self::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    }

    /// The provider leaves us waiting.
    pub fn too_slow() -> Self {
        let message = "the token cannot be checked in time; try again later";
        Self::new(StatusCode::BAD_REQUEST, "IDPCommunicationError", message)
    }

    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// The body of a request could not be read.
    pub fn of_body(error: &ApiError) -> Self {
        match error.status() {
            StatusCode::TOO_MANY_REQUESTS => Self::new(StatusCode::BAD_REQUEST, "Throttling", error.message()),
            _ => Self::validation(error.message()),
        }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn cause(&self) -> Option<&identity::Error> {
        self.cause.as_ref()
    }
}

impl From<identity::Error> for Error {
    fn from(error: identity::Error) -> Self {
        let message = error.to_string();
        match error {
            identity::Error::UnknownRole(_) => Self::not_authorized(),
            identity::Error::Token(TokenError::Expired { .. }) => {
                Self::new(StatusCode::BAD_REQUEST, "ExpiredTokenException", message)
            }
            identity::Error::Token(_) => Self::new(StatusCode::BAD_REQUEST, "InvalidIdentityToken", message),
            // The log has where and why.
            identity::Error::Provider(_) => {
                let message = "the keys of the identity provider cannot be fetched; try again later";
                Self::new(StatusCode::BAD_REQUEST, "IDPCommunicationError", message)
            }
            identity::Error::Vault(_) => {
                let message = "the server failed; its log has the reason under this request id";
                let failed = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message);
                Self { cause: Some(error), ..failed }
            }
        }
    }
}
