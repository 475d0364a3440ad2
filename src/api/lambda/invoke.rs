//! Calls of functions.
//!
//! Who may call is the key's policy to say: resource policies are for services, such as campaigns.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;
use super::{Answer, Call, PATIENCE};
use crate::hook::local::Invoked;

/// Bytes of an asynchronous event. Source: AWS Lambda developer guide, "Lambda quotas", invocation payload.
const ASYNCHRONOUS_BYTES_MAX: usize = 1024 * 1024;
/// What the smallest event takes of the room of all: it is a task and a place in a queue too.
const ASYNCHRONOUS_BYTES_MIN: usize = 64 * 1024;
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
                // A room of their own: events may wait for long, and requests go on meanwhile.
                let room = take(&self.api.events, event.len())?;
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
                    drop(room);
                });
                Ok(Answer::empty(StatusCode::ACCEPTED))
            }
            Some(other) => Err(Error::invalid(format!(
                "InvocationType: `{other}` is none of `RequestResponse`, `Event`, `DryRun`"
            ))),
        }
    }
}

/// Takes the room of an event.
///
/// Errors: 429 when others hold all of it.
fn take(events: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
    let bytes = bytes.max(ASYNCHRONOUS_BYTES_MIN) as u32;
    let taken = events.clone().try_acquire_many_owned(bytes);
    taken.map_err(|_| Error::too_many_requests("Rate Exceeded: too many events wait", PATIENCE))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_take_room_by_their_bytes_and_at_least_some() {
        let events = Arc::new(Semaphore::new(super::super::EVENTS_BYTES_MAX));
        let large: Vec<_> = (0..64).map(|_| take(&events, ASYNCHRONOUS_BYTES_MAX).unwrap()).collect();
        let refused = take(&events, 2).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.retry_after_seconds()), (429, Some(5)));
        drop(large);
        let small: Vec<_> = (0..1024).map(|_| take(&events, 2).unwrap()).collect();
        assert!(take(&events, 2).is_err(), "{} events wait", small.len());
    }
}
