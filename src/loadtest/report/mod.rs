//! What a load test found: the JSON report, and what everything else about it is drawn from.
//!
//! Its schema is published as `docs/load-report.schema.json`, and says what each member means; a test holds both together.
//! Times are in milliseconds, rates in calls a second.

pub mod compare;
pub mod forecast;
pub mod html;
mod plot;
#[cfg(test)]
mod sample;
mod text;
mod thin;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use compare::Comparison;
pub use forecast::Forecast;

/// The form of this report. Counted up when members change their meaning or go.
pub const FORMAT: u32 = 1;

/// A whole load test.
///
/// After a search, everything but `search` is about the highest rate that held; about the last step if none did.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the program.
    pub pinwheel: String,
    /// Wire text; when the first call of the plan was meant to start, after the warm-up.
    pub started_at: String,
    /// The function's label, without credentials.
    pub function: String,
    pub machine: Machine,
    pub plan: Plan,
    pub events: Events,
    pub totals: Totals,
    pub rates: Rates,
    pub latency: Latency,
    pub scheduling: Scheduling,
    pub client: Client,
    /// Shape: without gaps, from the first second, the warm-up's too, to the one in which the last call ended.
    pub timeline: Vec<Second>,
    pub warnings: Vec<Warning>,
    pub thresholds: Vec<Threshold>,
    pub search: Option<Search>,
    pub verdict: Verdict,
}

/// Where the test ran.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Such as `linux`.
    pub os: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Cores this process may use.
    pub cores: usize,
}

/// What was meant to happen.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub stages: Vec<Stage>,
    pub arrivals: Arrivals,
    /// Of random arrivals and of the profile's endpoints.
    pub seed: u64,
    pub warm_up_s: f64,
    pub in_flight_max: usize,
    pub timeout_ms: f64,
    /// Whether answers were decoded, so that one that cannot be is a failure.
    pub decode: bool,
}

/// A stretch of the plan: the rate goes in a straight line from one value to the other.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub duration_s: f64,
    pub from_per_s: f64,
    pub to_per_s: f64,
}

/// How calls are spread within the rate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// Evenly.
    Uniform,
    /// At random, as from many clients that know nothing of each other.
    Poisson,
}

/// What the function was sent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    pub source: EventSource,
    /// Different events, sent in turn.
    pub count: usize,
    /// Mean.
    pub endpoints_per_event: f64,
    pub bytes_min: usize,
    pub bytes_mean: f64,
    pub bytes_max: usize,
}

/// Where the endpoints in events come from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum EventSource {
    /// Made up by a profile.
    Profile,
    /// Stored ones.
    Segment { application_id: String, segment_id: String },
}

/// What came of the calls of the plan.
///
/// `intended = succeeded + failed`, and `sent = intended - failures["not_started"]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// From the first intended start of the plan to the end of the last call.
    pub duration_s: f64,
    /// Calls that were due.
    pub intended: u64,
    pub sent: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// Failed calls by kind: those of hook errors, `undecodable` among them, and `not_started` for those that still waited
    /// for the in-flight limit at the end.
    pub failures: BTreeMap<String, u64>,
    /// Bytes of events and of answers, without headers.
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Endpoints in events that were answered.
    pub endpoints: u64,
}

/// Calls a second, over the time in which calls were due.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    pub intended_per_s: f64,
    /// Calls sent while calls were due.
    pub sent_per_s: f64,
    /// Successes over [`Totals::duration_s`].
    pub succeeded_per_s: f64,
}

/// How long calls took.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// From the intended start: what a caller sees who does not care why the call began late.
    pub from_intended: Outcomes,
    /// From the moment the call was really sent: what the function and the network took.
    pub from_send: Outcomes,
}

/// Successes and failures apart: fast failures must not make a function look fast.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    pub successes: Option<Distribution>,
    pub failures: Option<Distribution>,
}

/// A distribution of latencies; never empty.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    pub count: u64,
    pub min_ms: f64,
    pub mean_ms: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub p99_9_ms: f64,
    pub max_ms: f64,
    /// Shape: percentiles ascend from 0 to 100, denser towards 100.
    pub curve: Vec<Point>,
    /// All of it: an HDR histogram of microseconds, V2, deflated, in base64.
    pub histogram: String,
}

/// A point of a percentile curve: this share of calls took at most so long.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub percentile: f64,
    pub ms: f64,
}

/// How well the tester kept its own plan.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduling {
    /// How long after its intended start a call was really sent.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Calls that found the in-flight limit reached when they were due, and waited.
    pub waited: u64,
}

/// What the tester itself needed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Cores that this process kept busy, on average.
    pub cores_busy: f64,
    /// Times the machine woke the tester more than a millisecond late.
    pub late_wake_ups: u64,
    pub in_flight_max: usize,
}

/// One second of the test.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// Counted from 0, the beginning of the warm-up if there is one.
    pub second: u32,
    /// Not counted anywhere else in the report.
    pub warm_up: bool,
    /// Calls that were due in it.
    pub intended: u64,
    /// Calls that were sent in it.
    pub sent: u64,
    /// Calls that ended in it.
    pub succeeded: u64,
    pub failed: u64,
    /// Calls that were due in it and never sent.
    pub not_started: u64,
    /// Calls under way at its end.
    pub in_flight: u64,
    /// From the intended start, of the successes that ended in it.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// The longest that a call sent in it was late.
    pub lag_max_ms: f64,
}

/// Why the figures may be other than the function's.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    pub kind: WarningKind,
    /// For people: with figures, and what to do.
    pub message: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Calls were sent late.
    BehindSchedule,
    /// Calls waited because too many were in flight.
    InFlightLimit,
    /// This process kept nearly all cores busy.
    ClientSaturated,
    /// The machine woke this process late.
    LateWakeUps,
}

/// A limit that was asked for, and whether it held.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// As given, such as `p99<500ms`.
    pub rule: String,
    /// What was measured, in the rule's unit; none when there was nothing to measure, which does not hold.
    pub actual: Option<f64>,
    /// `ms`, `%` or `/s`.
    pub unit: String,
    pub holds: bool,
}

/// A search for the highest rate that holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub p99_ms_max: f64,
    pub failures_percent_max: f64,
    /// The highest rate that held; none when even the lowest did not.
    pub highest_per_s: Option<f64>,
    /// Shape: as they were tried.
    pub steps: Vec<Step>,
}

/// One rate of a search.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub rate_per_s: f64,
    pub sent_per_s: f64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub failures_percent: f64,
    pub lag_p99_ms: f64,
    pub holds: bool,
    /// What did not hold, for people; empty when all did.
    pub reason: String,
}

/// How the test ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// To its end, and all thresholds held.
    Passed,
    /// To its end, and a threshold did not hold.
    Failed,
    /// Early, because a threshold could not hold any more.
    Aborted,
    /// Early, by the operator; thresholds held so far.
    Interrupted,
}
