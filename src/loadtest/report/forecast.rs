//! What a run over a segment will take, judging by what a load test measured.
//!
//! Little's law: with `n` calls always in flight, each taking `w` on average, `n / w` of them end a second, whatever the
//! distribution of `w`. So `calls` take `calls × w / n`. It holds for latency as it is *under that load*: more calls in
//! flight than were measured may each take longer, and a forecast says so.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Distribution, Report, Verdict, text};
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::loadtest::tally::NOT_STARTED;

/// What is to be forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    pub endpoints: u64,
    /// Calls at once; at least 1.
    pub in_flight: u32,
    /// Attempts at a batch, the first included; at least 1.
    pub attempts_max: u32,
    pub prices: Prices,
}

/// What the function costs, in any one currency. What is not given is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    pub per_million_requests: Option<f64>,
    pub computing: Option<Computing>,
}

/// The price of computing time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Computing {
    pub per_gb_second: f64,
    /// In units of 1,024 to a GB, as functions are billed.
    pub memory_mb: u32,
}

/// An answer that is a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    pub low: f64,
    pub likely: f64,
    pub high: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    pub endpoints: u64,
    pub in_flight: u32,
    /// Batches: one call each, if all goes well.
    pub calls: u64,
    /// Calls with the repeated ones.
    pub attempts: u64,
    /// Batches whose last attempt fails.
    pub batches_failed: u64,
    /// Attempts that end a second, likely.
    pub rate_per_s: f64,
    /// From all calls as fast as the median, by the mean, to all as slow as p99.
    pub duration_s: Range,
    /// Billed computing time, for the same three; none without a memory size.
    pub gb_seconds: Option<Range>,
    /// In the currency of the prices; none without prices.
    pub cost: Option<Range>,
    /// Where the forecast goes beyond what was measured; for people.
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("no call of the test succeeded, so there is nothing to forecast from")]
    NothingMeasured,
}

/// Kinds of failures that are not tried again.
const FINAL: [&str; 3] = ["not_allowed", "refused", "undecodable"];

/// Kinds of failures of calls that no function ran for, and that so cost nothing.
const UNBILLED: [&str; 4] = ["not_allowed", "refused", "throttled", "unreachable"];

/// Share by which a measured rate may be passed without a warning.
const RATE_SLACK: f64 = 0.01;

pub fn forecast(report: &Report, question: Question) -> Result<Forecast, Error> {
    let successes = report.latency.from_send.successes.as_ref().ok_or(Error::NothingMeasured)?;
    let failures = report.latency.from_send.failures.as_ref();
    let shares = Shares::of(report);
    let latency_ms = mixed(successes, failures, shares.failed);

    let calls = question.endpoints.div_ceil(BATCH_ENDPOINTS_MAX as u64);
    let tries = f64::from(question.attempts_max.max(1));
    // The expected number of attempts is 1 + r + r² …, for the share r that is tried again.
    let attempts_each: f64 = (0..tries as i32).map(|made| shares.retried.powi(made)).sum();
    let attempts = calls as f64 * attempts_each;
    let tried_out = shares.retried.powi(tries as i32);
    let refused = (shares.failed - shares.retried) * attempts_each;
    let batches_failed = (calls as f64 * (tried_out + refused)).round() as u64;

    let in_flight = f64::from(question.in_flight.max(1));
    let measured_per_s = measured(report);
    let by_little = latency_ms.map(|ms| in_flight / (ms / 1000.0).max(f64::MIN_POSITIVE));
    // Nothing is promised that was not seen to work; only the best case may be better.
    let rate = Range {
        low: by_little.low,
        likely: by_little.likely.min(measured_per_s),
        high: by_little.high.min(measured_per_s),
    };
    let duration_s = Range { low: attempts / rate.low, likely: attempts / rate.likely, high: attempts / rate.high };
    let billed = attempts * (1.0 - shares.unbilled);
    let gb_seconds = question.prices.computing.map(|computing| {
        let gb = f64::from(computing.memory_mb) / 1024.0;
        // Billed time is rounded up to whole milliseconds.
        latency_ms.map(|ms| billed * ms.ceil() / 1000.0 * gb)
    });
    let forecast = Forecast {
        endpoints: question.endpoints,
        in_flight: question.in_flight,
        calls,
        attempts: attempts.round() as u64,
        batches_failed,
        rate_per_s: rate.likely,
        duration_s,
        cost: question.prices.cost(billed, gb_seconds),
        gb_seconds,
        warnings: warnings(report, question, by_little.likely, measured_per_s),
    };
    Ok(forecast)
}

impl Forecast {
    /// What came out, in a line for people.
    pub fn summary(&self) -> String {
        format!(
            "{} endpoints: {} at {} in flight, {} calls",
            text::count(self.endpoints),
            text::span(self.duration_s.likely),
            text::count(self.in_flight.into()),
            text::count(self.calls)
        )
    }

    /// The rest: range, pace, repeated calls, cost.
    pub fn details(&self) -> Vec<String> {
        let (low, high) = (text::span(self.duration_s.low), text::span(self.duration_s.high));
        let mut lines = vec![
            format!("between {low}, with all calls as fast as the median, and {high}, with all as slow as p99"),
            format!("{} calls a second", text::number(self.rate_per_s)),
        ];
        if self.attempts > self.calls {
            let repeated = text::count(self.attempts - self.calls);
            lines.push(format!("{repeated} calls are made again after a failure"));
        }
        if self.batches_failed > 0 {
            lines.push(format!("{} batches fail for good", text::count(self.batches_failed)));
        }
        if let Some(gb_seconds) = self.gb_seconds {
            lines.push(format!("{} GB-seconds", text::number(gb_seconds.likely)));
        }
        if let Some(cost) = self.cost {
            let (low, likely, high) = (text::money(cost.low), text::money(cost.likely), text::money(cost.high));
            lines.push(format!("cost {likely}, between {low} and {high}, in the currency of the prices"));
        }
        lines
    }
}

impl Range {
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self { low: change(self.low), likely: change(self.likely), high: change(self.high) }
    }
}

impl Prices {
    fn cost(&self, requests: f64, gb_seconds: Option<Range>) -> Option<Range> {
        let for_requests = self.per_million_requests.map(|price| requests / 1e6 * price);
        let for_time = self.computing.zip(gb_seconds);
        let for_time = for_time.map(|(computing, used)| used.map(|used| used * computing.per_gb_second));
        match (for_requests, for_time) {
            (None, None) => None,
            (Some(fixed), None) => Some(Range { low: fixed, likely: fixed, high: fixed }),
            (fixed, Some(range)) => Some(range.map(|cost| cost + fixed.unwrap_or_default())),
        }
    }
}

/// Shares of the calls that were sent.
struct Shares {
    failed: f64,
    /// Failed in a way that is tried again.
    retried: f64,
    unbilled: f64,
}

impl Shares {
    fn of(report: &Report) -> Self {
        let sent = report.totals.sent.max(1) as f64;
        let share = |counts: &dyn Fn(&str) -> bool| {
            let kinds = report.totals.failures.iter().filter(|(kind, _)| *kind != NOT_STARTED && counts(kind));
            kinds.map(|(_, count)| *count).sum::<u64>() as f64 / sent
        };
        Self {
            failed: share(&|_| true),
            retried: share(&|kind| !FINAL.contains(&kind)),
            unbilled: share(&|kind| UNBILLED.contains(&kind)),
        }
    }
}

/// How long an attempt takes, successes and failures in the proportion that was measured.
fn mixed(successes: &Distribution, failures: Option<&Distribution>, failed: f64) -> Range {
    let mix = |figure: fn(&Distribution) -> f64| {
        let bad = failures.map_or(0.0, figure);
        figure(successes) * (1.0 - failed) + bad * failed
    };
    let (p50, mean, p99) = (mix(|of| of.p50_ms), mix(|of| of.mean_ms), mix(|of| of.p99_ms));
    // A few very slow calls can lift the mean above p99, many at once below the median.
    let least = |a: f64, b: f64| if a.total_cmp(&b) == Ordering::Less { a } else { b };
    Range { low: least(p50, mean), likely: mean, high: p99.max(mean) }
}

/// The highest rate that is known to work; for a test that failed, the one it had.
fn measured(report: &Report) -> f64 {
    let found = report.search.as_ref().and_then(|search| search.highest_per_s);
    found.unwrap_or(report.rates.sent_per_s).max(f64::MIN_POSITIVE)
}

fn warnings(report: &Report, question: Question, wanted_per_s: f64, measured_per_s: f64) -> Vec<String> {
    let mut warnings = Vec::new();
    let (asked, reached) = (u64::from(question.in_flight), report.client.in_flight_max as u64);
    if asked > reached {
        warnings.push(format!(
            "{} calls in flight were never reached: the test had at most {}, and with more each may take longer",
            text::count(asked),
            text::count(reached)
        ));
    }
    if wanted_per_s > measured_per_s * (1.0 + RATE_SLACK) {
        warnings.push(format!(
            "{} calls a second would be possible by latency alone, but no more than {} were measured: the forecast counts on no more",
            text::number(wanted_per_s),
            text::number(measured_per_s)
        ));
    }
    let no_rate_held = report.search.as_ref().is_some_and(|search| search.highest_per_s.is_none());
    if no_rate_held {
        warnings.push("no rate of the search held: the forecast takes the last one".into());
    } else if report.verdict != Verdict::Passed {
        warnings.push("the test did not pass: the rate it had may be one that the function cannot hold".into());
    }
    let each = report.events.endpoints_per_event;
    let full = BATCH_ENDPOINTS_MAX as f64;
    if (each - full).abs() > full * 0.02 {
        warnings.push(format!(
            "the test had {} endpoints in a call, a campaign has {BATCH_ENDPOINTS_MAX}: its calls take another time",
            text::number(each)
        ));
    }
    if !report.warnings.is_empty() {
        warnings.push("the test itself has warnings: see its report".into());
    }
    warnings
}

#[cfg(test)]
mod tests;
