//! Hooks: the functions a campaign calls in FILTER mode, one call for each batch.
//!
//! The parts: [`event`] builds what is sent, [`answer`] reads what comes back, an [`Invoker`] carries both (AWS Lambda
//! or HTTP), and a [`Caller`] adds timeout and attempts, and goes by a [`gate`] that protects the function: as many calls at
//! once as it bears, none while it asked for a pause or is down.

pub mod answer;
mod caller;
pub mod check;
mod concurrency;
mod connection;
mod decision;
pub mod event;
mod gate;
mod http;
mod invokers;
mod lambda;
pub mod local;
pub mod record;
mod returned;
mod same;
pub mod sent;
mod source;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

pub use crate::http::{Signer, WEBHOOK_ID};
pub use caller::{Attempt, Called, Caller};
pub use gate::Waiting;
pub use http::Webhook;
pub use invokers::{Invokers, Target};
pub use source::Source;

/// Carries an event to a function and its answer back. One call is one attempt: no retry, no timeout, no limit.
pub trait Invoker: Send + Sync {
    /// Calls on behalf of `source`; of the operator without one, who may call everything.
    ///
    /// Shape: `event` is JSON; so is the answer, unless the function misbehaves.
    /// Errors: also when the transport succeeded but the function failed.
    fn invoke<'a>(&'a self, event: Bytes, source: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>>;
}

/// Why a hook call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No answer within the time for one attempt.
    #[error("the hook did not answer within {0:?}")]
    Timeout(Duration),
    /// No connection could be made: nothing was sent.
    #[error("the hook could not be reached: {0}")]
    Unreachable(String),
    /// The connection broke: the function may or may not have been called.
    #[error("the connection to the hook broke: {0}")]
    Transport(String),
    /// The function or its front asked to slow down: HTTP 429, Lambda's TooManyRequestsException.
    #[error("the hook asked to slow down: {reason}")]
    Throttled { reason: String, retry_after: Option<Duration> },
    /// The function ran and failed: a Lambda function error, an HTTP 5xx.
    #[error("the hook failed: {0}")]
    Function(String),
    /// The call can never succeed as it is: unknown function, no permission, HTTP 4xx, payload too large.
    #[error("the hook cannot be called: {0}")]
    Refused(String),
    /// The function's resource policy does not allow the call.
    #[error("the hook may not be called: {0}")]
    NotAllowed(String),
    /// The answer is not a map of endpoints.
    #[error("the hook's answer cannot be decoded: {0}")]
    Undecodable(String),
    /// No attempt was made: others have failed for this long, and a call does not wait longer.
    #[error("the hook has failed for {0:.0?}, and is left alone")]
    LeftAlone(Duration),
}

impl Error {
    /// Whether another attempt may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            // Functions are called synchronously and are expected to be safe to call again: Pinpoint did so too.
            Self::Timeout(_)
            | Self::Unreachable(_)
            | Self::Transport(_)
            | Self::Throttled { .. }
            | Self::Function(_)
            | Self::LeftAlone(_) => true,
            // The same request meets the same refusal.
            Self::Refused(_) | Self::NotAllowed(_) => false,
            // The same event gives the same answer; Pinpoint's documentation counts it as a failure at once.
            Self::Undecodable(_) => false,
        }
    }

    /// How long the other side asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A short, bounded name for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Unreachable(_) => "unreachable",
            Self::Transport(_) => "transport",
            Self::Throttled { .. } => "throttled",
            Self::Function(_) => "function",
            Self::Refused(_) => "refused",
            Self::NotAllowed(_) => "not_allowed",
            Self::Undecodable(_) => "undecodable",
            Self::LeftAlone(_) => "left_alone",
        }
    }
}
