//! Runs recorded events against another function.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::compare::{Compared, Difference, Outcome, Summary, What, compare};
use super::read::{self, Recording};
use crate::clock::{self, Clock, Stopwatch};
use crate::hook::sent::Endpoints;
use crate::hook::{Error, Invoker};

/// How events are run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Time for one call.
    pub timeout: Duration,
    /// Calls at once.
    pub in_flight: usize,
    /// Batches, from the first.
    pub limit: usize,
    /// Calls with differences that are kept to be shown.
    pub examples_max: usize,
    /// Whether values of members that differ are kept, too.
    pub values: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub summary: Summary,
    /// Recorded events that cannot be sent: they are none.
    pub unreadable: u64,
    /// Of calls that were answered.
    pub old_latency: Latency,
    pub new_latency: Latency,
    /// Shape: in the order of the recording.
    pub examples: Vec<Example>,
    /// Whether no call at all reached the function, and why.
    #[serde(skip)]
    pub unreached: Option<Error>,
}

impl Report {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.summary.same == self.summary.calls
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    pub calls: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// A call with differences.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// Its place in the recording, from 1.
    pub call: usize,
    /// What became of it, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Difference>,
}

/// One call that was made again.
struct Replayed {
    at: usize,
    endpoints: usize,
    compared: Compared,
    /// `None` for one that failed.
    old: Option<f64>,
    new: Result<Duration, Error>,
}

/// Replays a recording. Nothing is tried again.
///
/// Errors: a recording that cannot be read any more.
pub async fn replay(
    recording: &Recording,
    invoker: Arc<dyn Invoker>,
    clock: &dyn Clock,
    options: Options,
) -> Result<Report, read::Error> {
    let calls = (0..recording.len().min(options.limit)).map(|at| {
        let invoker = Arc::clone(&invoker);
        async move { one(recording, at, &*invoker, clock, options.timeout).await }
    });
    let mut calls = stream::iter(calls).buffer_unordered(options.in_flight.max(1));
    let (mut old, mut new) = (Latencies::default(), Latencies::default());
    let mut summary = Summary::default();
    let (mut unreadable, mut examples) = (0, Vec::new());
    let (mut reached, mut unreached) = (false, None);
    while let Some(replayed) = calls.next().await {
        let Some(Replayed { at, endpoints, compared, old: before, new: after }) = replayed? else {
            unreadable += 1;
            continue;
        };
        summary.add(endpoints, &compared);
        if let Some(latency_ms) = before {
            old.add(Duration::from_secs_f64(latency_ms.max(0.0) / 1e3));
        }
        match after {
            Ok(latency) => new.add(latency),
            Err(error @ (Error::Unreachable(_) | Error::Refused(_) | Error::NotAllowed(_))) => unreached = Some(error),
            Err(_) => reached = true,
        }
        if let Some(example) = example(at + 1, compared, options.values) {
            examples.push(example);
            examples.sort_by_key(|example: &Example| example.call);
            examples.truncate(options.examples_max);
        }
    }
    let unreached = unreached.filter(|_| !reached && new.0.is_empty());
    let (old_latency, new_latency) = (old.latency(), new.latency());
    Ok(Report { summary, unreadable, old_latency, new_latency, examples, unreached })
}

async fn one(
    recording: &Recording,
    at: usize,
    invoker: &dyn Invoker,
    clock: &dyn Clock,
    timeout: Duration,
) -> Result<Option<Replayed>, read::Error> {
    let line = recording.line(at)?;
    let event = line.event.get().as_bytes();
    let Ok(sent) = Endpoints::read(event) else { return Ok(None) };
    let running = Stopwatch::start();
    let result = clock::timeout(clock, timeout, invoker.invoke(Bytes::copy_from_slice(event), None))
        .await
        .unwrap_or(Err(Error::Timeout(timeout)));
    let latency = running.elapsed();
    let old = Outcome::of(line.outcome(), &sent);
    let new = Outcome::of(result.as_deref().map_err(Error::kind), &sent);
    Ok(Some(Replayed {
        at,
        endpoints: sent.len(),
        compared: compare(&sent, &old, &new),
        old: line.error.is_none().then_some(line.latency_ms),
        new: result.map(|_| latency),
    }))
}

fn example(call: usize, compared: Compared, values: bool) -> Option<Example> {
    match compared {
        Compared::Same => None,
        Compared::Errors { old, new } => {
            Some(Example { call, error: Some(format!("{old} → {new}")), endpoints: Vec::new() })
        }
        Compared::Endpoints(mut endpoints) => {
            // Overrides are what a replay is made for; members may hold anything.
            for difference in &mut endpoints {
                if matches!(difference.what, What::Member(_)) && !values {
                    (difference.old, difference.new) = (None, None);
                }
            }
            Some(Example { call, error: None, endpoints })
        }
    }
}

/// Latencies in microseconds, of up to a minute.
struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are in order"))
    }
}

impl Latencies {
    fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    fn latency(&self) -> Latency {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1e3;
        if self.0.is_empty() {
            return Latency::default();
        }
        Latency { calls: self.0.len(), p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}
