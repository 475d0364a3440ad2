//! Two runs side by side: what differs, and whether the difference says anything.
//!
//! A difference counts when it passes two tests; else it is noise. The 95 % confidence intervals of both figures must lie
//! apart: for a percentile of *n* calls they are the values at the ranks `n q ± 1.96 √(n q (1 − q))`, whatever the
//! distribution; for shares they are Wilson's. And it must be at least [`NOISE_SHARE`] of the first run's figure, since calls
//! of one run are not independent of each other, and no machine is equally fast twice.

use serde::Serialize;

use super::{Distribution, EventSource, Plan, Report, Verdict, WarningKind, text};

/// Differences below this share are noise, however many calls were measured.
pub const NOISE_SHARE: f64 = 0.05;

/// Differences of plans and events that are no differences: rounding, and the randomness of sizes.
const SAME_SHARE: f64 = 0.02;

/// Two runs, `a` before `b`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub a: Side,
    pub b: Side,
    /// Why the runs asked different things of their functions. Empty: they are comparable.
    pub differences: Vec<Difference>,
    /// What to keep in mind; for people.
    pub notes: Vec<String>,
    pub measures: Vec<Measure>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    pub function: String,
    pub started_at: String,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub what: &'static str,
    pub a: String,
    pub b: String,
}

/// One figure of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    pub name: &'static str,
    pub unit: Unit,
    /// None when there was nothing to measure.
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// `b / a`; none when either is missing or `a` is 0.
    pub ratio: Option<f64>,
    /// None for figures that are shown and not judged.
    pub judgement: Option<Judgement>,
    /// Whether it is latency that people wait for, and so makes a run slower.
    pub is_pace: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "/s")]
    PerSecond,
    #[serde(rename = "%")]
    Percent,
    #[serde(rename = "cores")]
    Cores,
}

/// What `b` is, next to `a`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    WithinNoise,
    Better,
    Worse,
}

impl Unit {
    pub fn write(self, value: Option<f64>) -> String {
        match (self, value) {
            (_, None) => "–".into(),
            (Self::Milliseconds, Some(value)) => text::latency(value),
            (Self::PerSecond, Some(value)) => format!("{}/s", text::number(value)),
            (Self::Percent, Some(value)) => format!("{}%", text::number(value)),
            (Self::Cores, Some(value)) => text::number(value),
        }
    }
}

impl Judgement {
    pub fn words(self) -> &'static str {
        match self {
            Self::WithinNoise => "within noise",
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }
}

/// A figure with its 95 % confidence interval.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Good {
    Low,
    High,
}

pub fn compare(a: &Report, b: &Report) -> Comparison {
    Comparison { a: side(a), b: side(b), differences: differences(a, b), notes: notes(a, b), measures: measures(a, b) }
}

impl Comparison {
    pub fn is_comparable(&self) -> bool {
        self.differences.is_empty()
    }

    /// Why `b` counts as slower than `a` by more than this share; for people.
    ///
    /// More failures count too: calls that time out are missing among the successes, which then look fast.
    pub fn slower_than(&self, share: f64) -> Vec<String> {
        let worse = self.measures.iter().filter(|measure| measure.judgement == Some(Judgement::Worse));
        let beyond = worse.filter(|measure| match measure.unit {
            Unit::Percent => true,
            _ => measure.is_pace && measure.ratio.is_some_and(|ratio| ratio > 1.0 + share),
        });
        beyond.map(Measure::sentence).collect()
    }

    /// What came out, in a line for people.
    pub fn summary(&self) -> String {
        let judged = |wanted| {
            let measures = self.measures.iter().filter(move |measure| measure.judgement == Some(wanted));
            measures.map(Measure::short).collect::<Vec<_>>().join(", ")
        };
        let (worse, better) = (judged(Judgement::Worse), judged(Judgement::Better));
        let found = match (worse.is_empty(), better.is_empty()) {
            (true, true) => "no difference beyond noise".into(),
            (false, true) => format!("B is worse: {worse}"),
            (true, false) => format!("B is better: {better}"),
            (false, false) => format!("B is worse: {worse}; and better: {better}"),
        };
        if self.is_comparable() {
            return found;
        }
        let what: Vec<_> = self.differences.iter().map(|difference| difference.what).collect();
        format!("the runs asked different things ({}), so this says little of the functions: {found}", what.join(", "))
    }
}

impl Measure {
    pub fn ratio_text(&self) -> String {
        self.ratio.map_or_else(|| "–".to_owned(), text::ratio)
    }

    fn short(&self) -> String {
        match self.ratio {
            Some(ratio) => format!("{} {}", self.name, text::ratio(ratio)),
            None => self.sentence(),
        }
    }

    fn sentence(&self) -> String {
        let (a, b) = (self.unit.write(self.a), self.unit.write(self.b));
        let ratio = self.ratio.map(|ratio| format!(", {}", text::ratio(ratio))).unwrap_or_default();
        format!("{} {b} instead of {a}{ratio}", self.name)
    }
}

fn side(report: &Report) -> Side {
    Side { function: report.function.clone(), started_at: report.started_at.clone(), verdict: report.verdict }
}

/// What makes two runs answers to different questions.
fn differences(a: &Report, b: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |what, a: String, b: String, same: bool| {
        if !same {
            found.push(Difference { what, a, b });
        }
    };
    let (plan_a, plan_b) = (&a.plan, &b.plan);
    let kind = |report: &Report| if report.search.is_some() { "search" } else { "plan" }.to_owned();
    differ("kind of test", kind(a), kind(b), a.search.is_some() == b.search.is_some());
    if a.search.is_none() || b.search.is_none() {
        differ("stages", stages(plan_a), stages(plan_b), same_stages(plan_a, plan_b));
    }
    if let (Some(a), Some(b)) = (&a.search, &b.search) {
        let rule = |p99: f64, failures: f64| format!("p99 {}, failures {failures}%", text::latency(p99));
        let same = a.p99_ms_max == b.p99_ms_max && a.failures_percent_max == b.failures_percent_max;
        let (a, b) = (rule(a.p99_ms_max, a.failures_percent_max), rule(b.p99_ms_max, b.failures_percent_max));
        differ("what had to hold", a, b, same);
    }
    let arrivals = |plan: &Plan| format!("{:?}", plan.arrivals).to_lowercase();
    differ("arrivals", arrivals(plan_a), arrivals(plan_b), plan_a.arrivals == plan_b.arrivals);
    let timeout = |plan: &Plan| text::latency(plan.timeout_ms);
    differ("timeout", timeout(plan_a), timeout(plan_b), plan_a.timeout_ms == plan_b.timeout_ms);
    let limit = |plan: &Plan| plan.in_flight_max.to_string();
    differ("calls in flight, at most", limit(plan_a), limit(plan_b), plan_a.in_flight_max == plan_b.in_flight_max);
    let decode = |plan: &Plan| if plan.decode { "decoded" } else { "not decoded" }.to_owned();
    differ("answers", decode(plan_a), decode(plan_b), plan_a.decode == plan_b.decode);
    let (events_a, events_b) = (&a.events, &b.events);
    let source = |source: &EventSource| match source {
        EventSource::Profile => "profile".to_owned(),
        EventSource::Segment { application_id, segment_id } => format!("segment `{segment_id}` of `{application_id}`"),
    };
    let (source_a, source_b) = (source(&events_a.source), source(&events_b.source));
    differ("endpoints from", source_a, source_b, events_a.source == events_b.source);
    let (each_a, each_b) = (events_a.endpoints_per_event, events_b.endpoints_per_event);
    differ("endpoints per call", text::number(each_a), text::number(each_b), is_near(each_a, each_b, SAME_SHARE));
    let (bytes_a, bytes_b) = (events_a.bytes_mean, events_b.bytes_mean);
    differ("bytes per call", text::number(bytes_a), text::number(bytes_b), is_near(bytes_a, bytes_b, NOISE_SHARE));
    found
}

/// A plan's stages in words: `500/s for 30 s, then 500/s to 1,000/s in 1 min`.
pub fn stages(plan: &Plan) -> String {
    let stage = |stage: &super::Stage| {
        let (from, to) = (text::number(stage.from_per_s), text::number(stage.to_per_s));
        let duration = text::span(stage.duration_s);
        if stage.from_per_s == stage.to_per_s {
            format!("{to}/s for {duration}")
        } else {
            format!("{from}/s to {to}/s in {duration}")
        }
    };
    plan.stages.iter().map(stage).collect::<Vec<_>>().join(", then ")
}

fn same_stages(a: &Plan, b: &Plan) -> bool {
    a.stages.len() == b.stages.len()
        && a.stages.iter().zip(&b.stages).all(|(a, b)| {
            is_near(a.from_per_s, b.from_per_s, SAME_SHARE)
                && is_near(a.to_per_s, b.to_per_s, SAME_SHARE)
                && is_near(a.duration_s, b.duration_s, SAME_SHARE)
        })
}

fn is_near(a: f64, b: f64, share: f64) -> bool {
    (a - b).abs() <= share * a.abs().max(b.abs())
}

/// What does not make runs incomparable, but should be known.
fn notes(a: &Report, b: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if a.machine != b.machine {
        let words = |report: &Report| {
            let machine = &report.machine;
            format!("{} {} with {} cores", machine.os, machine.architecture, machine.cores)
        };
        notes.push(format!("the tests ran on different machines: {} and {}", words(a), words(b)));
    }
    if a.pinwheel != b.pinwheel {
        notes.push(format!("the tests ran with different versions of Pinwheel: {} and {}", a.pinwheel, b.pinwheel));
    }
    for (name, report) in [("A", a), ("B", b)] {
        if matches!(report.verdict, Verdict::Aborted | Verdict::Interrupted) {
            notes.push(format!("{name} did not run to its end"));
        }
        if report.warnings.iter().any(|warning| warning.kind != WarningKind::InFlightLimit) {
            notes.push(format!("{name} has warnings: its figures may be the tester's, not the function's"));
        }
    }
    notes
}

fn measures(a: &Report, b: &Report) -> Vec<Measure> {
    let mut rows = Vec::new();
    let successes = |report: &Report| report.latency.from_intended.successes.clone();
    let (whole_a, whole_b) = (successes(a), successes(b));
    const QUANTILES: [(&str, f64, bool); 5] =
        [("p50", 0.5, true), ("p90", 0.9, false), ("p95", 0.95, false), ("p99", 0.99, true), ("p99.9", 0.999, false)];
    for (name, quantile, is_pace) in QUANTILES {
        let at = |of: &Option<Distribution>| of.as_ref().map(|of| percentile(of, quantile));
        let row = judged(name, Unit::Milliseconds, at(&whole_a), at(&whole_b), Good::Low);
        rows.push(Measure { is_pace, ..row });
    }
    let of = |of: &Option<Distribution>, figure: fn(&Distribution) -> f64| of.as_ref().map(figure);
    let shown = |name, unit, a, b| Measure { name, unit, a, b, ratio: ratio(a, b), judgement: None, is_pace: false };
    let (mean, max) = (|of: &Distribution| of.mean_ms, |of: &Distribution| of.max_ms);
    rows.push(shown("mean", Unit::Milliseconds, of(&whole_a, mean), of(&whole_b, mean)));
    rows.push(shown("max", Unit::Milliseconds, of(&whole_a, max), of(&whole_b, max)));
    let (service_a, service_b) = (&a.latency.from_send.successes, &b.latency.from_send.successes);
    for (name, quantile) in [("service time p50", 0.5), ("service time p99", 0.99)] {
        let at = |of: &Option<Distribution>| of.as_ref().map(|of| percentile(of, quantile));
        rows.push(judged(name, Unit::Milliseconds, at(service_a), at(service_b), Good::Low));
    }
    rows.push(judged("failed calls", Unit::Percent, failures(a), failures(b), Good::Low));
    let rate = |value: f64| Some(Estimate { value, low: value, high: value });
    let (sent_a, sent_b) = (a.rates.succeeded_per_s, b.rates.succeeded_per_s);
    rows.push(judged("successes", Unit::PerSecond, rate(sent_a), rate(sent_b), Good::High));
    if let (Some(a), Some(b)) = (&a.search, &b.search) {
        let (a, b) = (a.highest_per_s.and_then(rate), b.highest_per_s.and_then(rate));
        rows.push(judged("highest rate that held", Unit::PerSecond, a, b, Good::High));
    }
    let (late_a, late_b) = (Some(a.scheduling.p99_ms), Some(b.scheduling.p99_ms));
    rows.push(shown("schedule error p99", Unit::Milliseconds, late_a, late_b));
    let (busy_a, busy_b) = (Some(a.client.cores_busy), Some(b.client.cores_busy));
    rows.push(shown("cores the tester kept busy", Unit::Cores, busy_a, busy_b));
    rows
}

fn judged(name: &'static str, unit: Unit, a: Option<Estimate>, b: Option<Estimate>, good: Good) -> Measure {
    let judgement = a.zip(b).map(|(a, b)| judge(a, b, good));
    let (a, b) = (a.map(|a| a.value), b.map(|b| b.value));
    Measure { name, unit, a, b, ratio: ratio(a, b), judgement, is_pace: false }
}

fn judge(a: Estimate, b: Estimate, good: Good) -> Judgement {
    let apart = a.high < b.low || b.high < a.low;
    if !apart || is_near(a.value, b.value, 0.0) || (b.value - a.value).abs() < NOISE_SHARE * a.value {
        return Judgement::WithinNoise;
    }
    if (b.value < a.value) == (good == Good::Low) { Judgement::Better } else { Judgement::Worse }
}

fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a)
}

/// Two-sided, 95 %.
const Z: f64 = 1.96;

/// A percentile with the values at the ranks that bound it.
fn percentile(of: &Distribution, quantile: f64) -> Estimate {
    let reach = Z * (quantile * (1.0 - quantile) / of.count as f64).sqrt();
    let at = |quantile: f64| at_percentile(of, quantile.clamp(0.0, 1.0) * 100.0);
    Estimate { value: named(of, quantile), low: at(quantile - reach), high: at(quantile + reach) }
}

/// The reported figure where there is one: the curve has steps.
fn named(of: &Distribution, quantile: f64) -> f64 {
    match quantile {
        0.5 => of.p50_ms,
        0.9 => of.p90_ms,
        0.95 => of.p95_ms,
        0.99 => of.p99_ms,
        0.999 => of.p99_9_ms,
        _ => at_percentile(of, quantile * 100.0),
    }
}

/// The latency at a percentile, straight between the points of the curve.
fn at_percentile(of: &Distribution, percentile: f64) -> f64 {
    let after = of.curve.partition_point(|point| point.percentile < percentile);
    match (after.checked_sub(1).and_then(|before| of.curve.get(before)), of.curve.get(after)) {
        (Some(before), Some(after)) => {
            let part = (percentile - before.percentile) / (after.percentile - before.percentile);
            before.ms + part * (after.ms - before.ms)
        }
        (None, Some(first)) => first.ms,
        (_, None) => of.max_ms,
    }
}

/// The share of failed calls in percent, with Wilson's interval.
fn failures(report: &Report) -> Option<Estimate> {
    let totals = &report.totals;
    if totals.intended == 0 {
        return None;
    }
    let calls = totals.intended as f64;
    let share = totals.failed as f64 / calls;
    let square = Z * Z;
    let middle = (share + square / (2.0 * calls)) / (1.0 + square / calls);
    let reach = Z / (1.0 + square / calls) * (share * (1.0 - share) / calls + square / (4.0 * calls * calls)).sqrt();
    let percent = 100.0;
    Some(Estimate { value: share * percent, low: (middle - reach) * percent, high: (middle + reach) * percent })
}

#[cfg(test)]
mod tests;
