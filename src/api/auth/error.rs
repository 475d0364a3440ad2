//! Why a request is refused, in the words AWS clients know.

use axum::http::StatusCode;

use crate::store;
use crate::vault;

/// Why a request is not let in. The table of what clients see stands in the module's documentation.
///
/// Texts never hold secrets, signatures or the text of a header; dates, key ids and names of headers they may.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request carries no signature.
    #[error("Missing Authentication Token")]
    Unsigned,
    /// The signature lacks a part, or a part has the wrong form.
    #[error("{0}")]
    Incomplete(String),
    /// The signature is for another service or another day.
    #[error("{0}")]
    Scope(String),
    /// The signature was made too long ago; the text is the one SDKs correct their clocks by.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - 5 min.)")]
    Expired { signed: String, earliest: String, now: String },
    /// A presigned URL was used after its time.
    #[error("Signature expired: the URL was valid until {until}, and it is now {now}")]
    UrlExpired { until: String, now: String },
    /// The signature was made in the future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + 5 min.)")]
    NotYetCurrent { signed: String, latest: String, now: String },
    /// A header that must not be changed on the way is not signed.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned(String),
    /// The body's hash was not signed.
    #[error(
        "'x-amz-content-sha256' must be the SHA-256 of the body: UNSIGNED-PAYLOAD and STREAMING-… are not supported by \
         this service."
    )]
    BodyNotSigned,
    /// The signature does not fit the request, or was made with another secret.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// There is no such key, it was revoked, or its session token is not good.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The time of a temporary key is over.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The key may not do this.
    #[error(
        "User: {key_id} is not authorized to perform: {action}{}",
        .application.as_ref().map(|id| format!(" on resource: apps/{id}")).unwrap_or_default()
    )]
    Denied { key_id: String, action: String, application: Option<String> },
    /// Everybody is let in, but this may come from a web page of somebody else.
    #[error(
        "{header} `{value}`: a server that lets everybody in answers no names and web pages from elsewhere; use localhost \
         or an IP address, or a server with keys"
    )]
    Foreign { header: &'static str, value: String },
    #[error(
        "Origin `{origin}`: a server that lets everybody in lets no web page near functions and what is for operators; use a \
         server with keys"
    )]
    Page { origin: String },
    /// Keys cannot be read.
    #[error("the keys cannot be read")]
    Keys(#[from] store::Error),
    /// The secret of a key cannot be opened.
    #[error("the secret of a key cannot be opened")]
    Vault(#[from] vault::Error),
}

impl Error {
    /// The error type clients tell errors by, for `x-amzn-ErrorType`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::Scope(_)
            | Self::Expired { .. }
            | Self::UrlExpired { .. }
            | Self::NotYetCurrent { .. }
            | Self::HeaderNotSigned(_)
            | Self::BodyNotSigned
            | Self::Mismatch => "InvalidSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::Denied { .. } | Self::Foreign { .. } | Self::Page { .. } => "AccessDeniedException",
            Self::Keys(_) | Self::Vault(_) => "InternalServerErrorException",
        }
    }

    /// 403, or 500 when it is our fault.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Keys(_) | Self::Vault(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// Whether the same request may be let in later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_retryable(),
            // Refusals need another request, and a vault another key file.
            _ => false,
        }
    }
}
