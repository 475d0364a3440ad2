//! Functions on AWS Lambda, called synchronously through the SDK.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{Error, Invoker, Source};
use crate::http::{Aws, chain, may_have_arrived};

/// Characters of a function's error message that are kept.
const MESSAGE_CHARS_MAX: usize = 200;

/// The client of all functions, made at the first call.
pub(super) struct Lambda {
    aws: Arc<Aws>,
    /// Only for Lambda: credentials may come from another service.
    endpoint_url: Option<String>,
    client: OnceCell<Client>,
}

impl Lambda {
    pub(super) fn new(aws: Arc<Aws>, endpoint_url: &str) -> Self {
        let endpoint_url = (!endpoint_url.is_empty()).then(|| endpoint_url.to_owned());
        Self { aws, endpoint_url, client: OnceCell::new() }
    }

    async fn client(&self) -> &Client {
        self.client
            .get_or_init(|| async {
                let mut config = aws_sdk_lambda::config::Builder::from(self.aws.config().await);
                if let Some(url) = &self.endpoint_url {
                    config = config.endpoint_url(url);
                }
                Client::from_conf(config.build())
            })
            .await
    }
}

/// A function on Lambda.
pub(super) struct Function {
    name: String,
    lambda: Arc<Lambda>,
}

impl Function {
    /// `name` may be all that Invoke takes: name, ARN, partial ARN, each with a version or alias.
    pub(super) fn new(name: &str, lambda: Arc<Lambda>) -> Self {
        Self { name: name.to_owned(), lambda }
    }
}

impl Invoker for Function {
    /// AWS checks the function's policy by the credentials of the call, not by `source`.
    fn invoke<'a>(&'a self, event: Bytes, _source: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let call = self.lambda.client().await.invoke().function_name(&self.name).payload(Blob::new(event));
            let output = call.send().await.map_err(|error| classify(&error))?;
            let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
            // The status is 200 also when the function failed.
            match output.function_error {
                Some(_) => Err(Error::Function(message_of(&payload))),
                None => Ok(payload),
            }
        })
    }
}

/// Type and message of a function error, shortened. The stack trace is left out.
///
/// Source: AWS Lambda developer guide, "Lambda function errors".
pub(super) fn message_of(payload: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct FunctionError {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let error: FunctionError = serde_json::from_slice(payload).unwrap_or_default();
    match (error.error_type, error.error_message) {
        (Some(kind), Some(message)) => shorten(&format!("{kind}: {message}")),
        (Some(text), None) | (None, Some(text)) => shorten(&text),
        (None, None) => "the function gave no reason".into(),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn classify(error: &SdkError<InvokeError>) -> Error {
    match error {
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let retry_after = refusal.raw().headers().get("retry-after").and_then(|value| value.parse().ok());
            by_status(status, error.code(), error.message(), retry_after.map(Duration::from_secs))
        }
        SdkError::ConstructionFailure(_) => Error::Refused(shorten(&chain(error))),
        // Time is ours to measure, so that this is a connection that could not be made.
        SdkError::TimeoutError(_) => Error::Unreachable(shorten(&chain(error))),
        SdkError::DispatchFailure(_) => {
            // Credentials may come from a service that fails for a moment.
            let reason = shorten(&chain(error));
            if may_have_arrived(error) { Error::Transport(reason) } else { Error::Unreachable(reason) }
        }
        _ => Error::Transport(shorten(&chain(error))),
    }
}

/// What Lambda's own refusals mean.
///
/// Source: Lambda API reference, Invoke, "Errors".
fn by_status(status: u16, code: Option<&str>, message: Option<&str>, retry_after: Option<Duration>) -> Error {
    let code = code.unwrap_or_default();
    let mut reason = format!("status {status}");
    for part in [code, message.unwrap_or_default()] {
        if !part.is_empty() {
            reason.push_str(": ");
            reason.push_str(part);
        }
    }
    let reason = shorten(&reason);
    match (status, code) {
        (429, _) => Error::Throttled { reason, retry_after },
        // The function is being set up or changed, which ends by itself.
        (409, "ResourceConflictException" | "SnapStartNotReadyException" | "CodeArtifactUserPendingException") => {
            Error::Function(reason)
        }
        (500.., _) => Error::Function(reason),
        _ => Error::Refused(reason),
    }
}
