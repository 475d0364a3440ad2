//! Calls of functions.
//!
//! Who may call is the key's policy to say: resource policies are for services, such as campaigns.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::error::Error;
use super::{Answer, Call};
use crate::hook::local::Invoked;

/// How long a call waits for a free worker before it is sent away. Lambda does not wait at all, but it has more workers.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an asynchronous event. Source: AWS Lambda developer guide, "Lambda quotas", invocation payload.
const ASYNCHRONOUS_BYTES_MAX: usize = 1024 * 1024;
/// What a function gets when there is no payload, as on Lambda.
const NOTHING: Bytes = Bytes::from_static(b"{}");

impl Call {
    pub(super) async fn invoke(mut self) -> Result<Answer, Error> {
        let function = self.entry()?.function;
        let event = match std::mem::take(&mut self.body.bytes) {
            nothing if nothing.is_empty() => NOTHING,
            event => event,
        };
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(&event) {
            return Err(Error::invalid_content(format!("Could not parse request body into json: {error}")));
        }
        let with_log = match self.header("x-amz-log-type") {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => return Err(Error::invalid(format!("LogType: `{other}` is neither `None` nor `Tail`"))),
        };
        match self.header("x-amz-invocation-type") {
            None | Some("RequestResponse") => {
                let invoked = function.call_within(PATIENCE, event).await?;
                Ok(answered(invoked, with_log))
            }
            Some("DryRun") => Ok(Answer::empty(StatusCode::NO_CONTENT)),
            Some("Event") => {
                if event.len() > ASYNCHRONOUS_BYTES_MAX {
                    return Err(Error::too_large(ASYNCHRONOUS_BYTES_MAX, "InvokeFunction"));
                }
                let place = self.api.events.clone().try_acquire_owned();
                let place =
                    place.map_err(|_| Error::too_many_requests("Rate Exceeded: too many events wait", PATIENCE))?;
                // The event keeps its room among the bodies until it is done.
                let body = self.body;
                self.api.operations.spawn(async move {
                    let problem = match function.call(event).await {
                        Ok(invoked) => invoked.function_error.map(|error| error.as_str().to_owned()),
                        Err(error) => Some(error.to_string()),
                    };
                    if let Some(problem) = problem {
                        let name = function.configuration().name;
                        tracing::warn!(
                            function = name,
                            problem,
                            "an asynchronous call failed; the function's log has more"
                        );
                    }
                    drop((place, body));
                });
                Ok(Answer::empty(StatusCode::ACCEPTED))
            }
            Some(other) => Err(Error::invalid(format!(
                "InvocationType: `{other}` is none of `RequestResponse`, `Event`, `DryRun`"
            ))),
        }
    }
}

/// What a function answered: also what it failed with, since for Lambda a function that fails is a call that went well.
fn answered(invoked: Invoked, with_log: bool) -> Answer {
    let mut answer = Answer::empty(StatusCode::OK);
    answer.headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if let Some(error) = invoked.function_error {
        answer.headers.insert("x-amz-function-error", HeaderValue::from_static(error.as_str()));
    }
    if with_log {
        let tail = BASE64_STANDARD.encode(&invoked.log_tail);
        answer.headers.insert("x-amz-log-result", tail.parse().expect("base64 is plain text"));
    }
    answer.body = invoked.payload.into();
    answer
}
