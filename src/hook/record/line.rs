//! One line of a recording: an attempt at a call and its outcome.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::Json;
use super::mask::Mask;
use crate::clock::wire_text;

/// An attempt that is to be written.
pub(super) struct Entry {
    /// When it began.
    pub at: Timestamp,
    /// The function's label in metrics.
    pub function: Arc<str>,
    pub latency: Duration,
    pub event: Bytes,
    /// The answer, or a kind of [`hook::Error`](crate::hook::Error).
    pub outcome: Result<Bytes, &'static str>,
}

/// What a line says.
#[derive(Serialize)]
struct Written<'a> {
    time: String,
    function: &'a str,
    latency_ms: f64,
    /// The kind of error, where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// The answer, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Json>,
    /// The answer, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_text: Option<String>,
    event: Json,
}

/// A line that was read.
#[derive(Debug, Deserialize)]
pub struct Line {
    pub latency_ms: f64,
    pub error: Option<String>,
    answer: Option<Box<RawValue>>,
    answer_text: Option<String>,
    pub event: Box<RawValue>,
}

impl Entry {
    pub(super) fn bytes(&self) -> usize {
        self.event.len() + self.outcome.as_ref().map_or(0, Bytes::len)
    }

    /// The line, masked, without its end.
    pub(super) fn line(&self, mask: &Mask) -> Vec<u8> {
        // Events are composed here.
        let mut event: Json = serde_json::from_slice(&self.event).unwrap_or(Json::Null);
        let (mut answer, mut answer_text) = (None, None);
        if let Ok(bytes) = &self.outcome {
            match serde_json::from_slice(bytes) {
                Ok(json) => answer = Some(json),
                Err(_) => answer_text = Some(String::from_utf8_lossy(bytes).into_owned()),
            }
        }
        if let Some(text) = &mut answer_text {
            mask.text(text);
        }
        mask.exchange(&mut event, answer.as_mut());
        let written = Written {
            time: wire_text(self.at),
            function: &self.function,
            latency_ms: (self.latency.as_secs_f64() * 1e6).round() / 1e3,
            error: self.outcome.as_ref().err().copied(),
            answer,
            answer_text,
            event,
        };
        serde_json::to_vec(&written).expect("what was JSON prints as JSON")
    }
}

impl Line {
    /// What the function answered, or the kind of error.
    pub fn outcome(&self) -> Result<&[u8], &str> {
        match (&self.error, &self.answer, &self.answer_text) {
            (Some(kind), ..) => Err(kind),
            (None, Some(answer), _) => Ok(answer.get().as_bytes()),
            (None, None, Some(text)) => Ok(text.as_bytes()),
            // Read from `null`.
            (None, None, None) => Ok(b"null"),
        }
    }
}
