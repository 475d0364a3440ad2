//! Functions on AWS Lambda, called synchronously through the SDK.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{SharedHttpClient, StalledStreamProtectionConfig};
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{Error, Invoker};
use crate::config;
use crate::http::chain;

/// Characters of a function's error message that are kept.
const MESSAGE_CHARS_MAX: usize = 200;

/// The client of all functions, made at the first call.
pub(super) struct Lambda {
    source: Source,
    client: OnceCell<Client>,
}

enum Source {
    /// The settings, and for what they leave open the SDK's own chain of environment, profile and machine.
    Settings {
        region: Option<String>,
        endpoint_url: Option<String>,
    },
    Sdk(Box<SdkConfig>),
}

impl Lambda {
    pub(super) fn by_settings(aws: &config::Aws) -> Self {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let source = Source::Settings { region: given(&aws.region), endpoint_url: given(&aws.lambda_endpoint_url) };
        Self { source, client: OnceCell::new() }
    }

    pub(super) fn by_sdk_config(sdk: &SdkConfig) -> Self {
        Self { source: Source::Sdk(Box::new(sdk.clone())), client: OnceCell::new() }
    }

    async fn client(&self) -> &Client {
        self.client
            .get_or_init(|| async {
                let http = http_client();
                let config = match &self.source {
                    Source::Settings { region, endpoint_url } => {
                        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
                        if let Some(region) = region {
                            loader = loader.region(Region::new(region.clone()));
                        }
                        let mut config = aws_sdk_lambda::config::Builder::from(&loader.load().await);
                        // Only for Lambda: credentials may come from another service.
                        if let Some(url) = endpoint_url {
                            config = config.endpoint_url(url);
                        }
                        config
                    }
                    Source::Sdk(sdk) => aws_sdk_lambda::config::Builder::from(&**sdk),
                };
                // Attempts and their time are the caller's.
                let config = config
                    .http_client(http)
                    .behavior_version(BehaviorVersion::latest())
                    .retry_config(RetryConfig::disabled())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .build();
                Client::from_conf(config)
            })
            .await
    }
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
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
    fn invoke(&self, event: Bytes) -> BoxFuture<'_, Result<Vec<u8>, Error>> {
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
fn message_of(payload: &[u8]) -> String {
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
            let connects = find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect());
            // Without an error of the exchange, nothing was sent: there were no credentials, which may come from a
            // service that fails for a moment.
            let exchanged = find::<hyper::Error>(error).is_some();
            let reason = shorten(&chain(error));
            if exchanged && !connects { Error::Transport(reason) } else { Error::Unreachable(reason) }
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

fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
