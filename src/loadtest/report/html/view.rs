//! What a report's page says, as texts.

use serde::Serialize;

use super::Banner;
use super::figures;
use crate::loadtest::report::compare::stages;
use crate::loadtest::report::plot::Figure;
use crate::loadtest::report::thin::{Span, thin};
use crate::loadtest::report::{Distribution, EventSource, Report, Search, Threshold, Verdict, text};

#[derive(Serialize)]
pub struct Content {
    function: String,
    started_at: String,
    duration: String,
    version: String,
    verdict: Banner,
    warnings: Vec<String>,
    thresholds: Vec<Rule>,
    tiles: Vec<Named>,
    how_to_read: &'static str,
    latency_names: [&'static str; 9],
    latency: Vec<Row>,
    figures: Vec<Figure>,
    search_rule: String,
    steps: Vec<Step>,
    plan: Vec<Named>,
    failures: Vec<Failure>,
    timeline_words: String,
    timeline: Vec<Moment>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
struct Rule {
    rule: String,
    actual: String,
    holds: &'static str,
    class: &'static str,
}

#[derive(Serialize)]
struct Step {
    rate: String,
    values: [String; 5],
    holds: String,
    class: &'static str,
}

#[derive(Serialize)]
struct Failure {
    name: String,
    count: String,
    share: String,
}

#[derive(Serialize)]
struct Moment {
    from: String,
    values: [String; 7],
}

/// Rows of the timeline's table.
const ROWS_MAX: usize = 60;

const HOW_TO_READ: &str = "latency from the intended start is what a caller sees: it counts the time a call had to wait, \
    even if the function was too busy to take it. A percentile such as p99 is the time within which 99 of 100 calls ended; \
    what lies beyond hits every hundredth batch of a campaign.";

pub fn content(report: &Report) -> Content {
    let table = thin(&report.timeline, ROWS_MAX);
    Content {
        function: report.function.clone(),
        started_at: report.started_at.clone(),
        duration: text::span(report.totals.duration_s),
        version: report.pinwheel.clone(),
        verdict: verdict(report),
        warnings: report.warnings.iter().map(|warning| warning.message.clone()).collect(),
        thresholds: report.thresholds.iter().map(rule).collect(),
        tiles: tiles(report),
        how_to_read: HOW_TO_READ,
        latency_names: ["Calls", "min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
        latency: latency(report),
        figures: figures::of(report),
        search_rule: report.search.as_ref().map(search_rule).unwrap_or_default(),
        steps: report.search.iter().flat_map(|search| search.steps.iter().map(step)).collect(),
        plan: plan(report),
        failures: failures(report),
        timeline_words: figures::each(&table),
        timeline: table.iter().map(moment).collect(),
    }
}

fn verdict(report: &Report) -> Banner {
    let broken = report.thresholds.iter().filter(|threshold| !threshold.holds).count();
    let (class, word, sentence) = match (report.verdict, &report.search) {
        (Verdict::Passed, Some(Search { highest_per_s: Some(rate), .. })) => {
            ("good", "Passed", format!("The highest rate that held is {}/s.", text::number(*rate)))
        }
        (Verdict::Passed, _) if report.thresholds.is_empty() => {
            ("good", "Done", "The test ran to its end; it had no thresholds to hold.".to_owned())
        }
        (Verdict::Passed, _) => ("good", "Passed", "The test ran to its end, and every threshold held.".to_owned()),
        (Verdict::Failed, Some(Search { highest_per_s: None, .. })) => {
            ("bad", "Failed", "Not even the lowest rate of the search held.".to_owned())
        }
        (Verdict::Failed, _) => {
            ("bad", "Failed", format!("{broken} of {} thresholds did not hold.", report.thresholds.len()))
        }
        (Verdict::Aborted, _) => {
            ("bad", "Aborted", "A threshold could not hold any more, so the test ended early.".to_owned())
        }
        (Verdict::Interrupted, _) => ("warn", "Interrupted", "The test was stopped before its end.".to_owned()),
    };
    Banner { class, word, sentence }
}

fn rule(threshold: &Threshold) -> Rule {
    let actual = match (threshold.actual, threshold.unit.as_str()) {
        (None, _) => "nothing measured".to_owned(),
        (Some(actual), "ms") => text::latency(actual),
        (Some(actual), unit) => format!("{}{unit}", text::number(actual)),
    };
    let (holds, class) = holds(threshold.holds);
    Rule { rule: threshold.rule.clone(), actual, holds, class }
}

fn holds(holds: bool) -> (&'static str, &'static str) {
    if holds { ("yes", "good-text") } else { ("no", "bad-text") }
}

fn tiles(report: &Report) -> Vec<Named> {
    let totals = &report.totals;
    let share = if totals.intended == 0 { 0.0 } else { totals.failed as f64 / totals.intended as f64 };
    let per_s = |rate: f64| format!("{}/s", text::number(rate));
    let bytes = format!("{} / {}", text::bytes(totals.bytes_sent), text::bytes(totals.bytes_received));
    vec![
        Named { name: "Calls due", value: text::count(totals.intended) },
        Named { name: "Succeeded", value: text::count(totals.succeeded) },
        Named { name: "Failed", value: format!("{} ({})", text::count(totals.failed), text::share(share)) },
        Named { name: "Endpoints answered", value: text::count(totals.endpoints) },
        Named { name: "Rate intended", value: per_s(report.rates.intended_per_s) },
        Named { name: "Rate sent", value: per_s(report.rates.sent_per_s) },
        Named { name: "Rate succeeded", value: per_s(report.rates.succeeded_per_s) },
        Named { name: "Bytes sent / received", value: bytes },
    ]
}

fn latency(report: &Report) -> Vec<Row> {
    let (intended, sent) = (&report.latency.from_intended, &report.latency.from_send);
    let rows = [
        ("Successes, from intended start", &intended.successes),
        ("Failures, from intended start", &intended.failures),
        ("Successes, service time", &sent.successes),
        ("Failures, service time", &sent.failures),
    ];
    rows.map(|(name, of)| Row { name, values: figures_of(of.as_ref()) }).into()
}

fn figures_of(of: Option<&Distribution>) -> Vec<String> {
    let Some(of) = of else {
        return std::iter::once("0".to_owned()).chain(std::iter::repeat_n("–".to_owned(), 8)).collect();
    };
    let times = [of.min_ms, of.mean_ms, of.p50_ms, of.p90_ms, of.p95_ms, of.p99_ms, of.p99_9_ms, of.max_ms];
    std::iter::once(text::count(of.count)).chain(times.map(text::latency)).collect()
}

fn search_rule(search: &Search) -> String {
    let (p99, failures) = (text::latency(search.p99_ms_max), text::share(search.failures_percent_max / 100.0));
    let found = match search.highest_per_s {
        Some(rate) => format!("The highest that held: {}/s.", text::number(rate)),
        None => "None held.".to_owned(),
    };
    format!(
        "A rate holds when p99 is at most {p99} and at most {failures} of calls fail. {found} All else on this page is about it."
    )
}

fn step(step: &super::super::Step) -> Step {
    let (word, class) = holds(step.holds);
    let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), text::latency);
    Step {
        rate: format!("{}/s", text::number(step.rate_per_s)),
        values: [
            format!("{}/s", text::number(step.sent_per_s)),
            time(step.p50_ms),
            time(step.p99_ms),
            text::share(step.failures_percent / 100.0),
            text::latency(step.lag_p99_ms),
        ],
        holds: if step.reason.is_empty() { word.to_owned() } else { format!("{word}: {}", step.reason) },
        class,
    }
}

fn plan(report: &Report) -> Vec<Named> {
    let (plan, events, machine) = (&report.plan, &report.events, &report.machine);
    let source = match &events.source {
        EventSource::Profile => "made up by the profile".to_owned(),
        EventSource::Segment { application_id, segment_id } => format!("segment {segment_id} of {application_id}"),
    };
    let bytes = [events.bytes_min as u64, events.bytes_mean.round() as u64, events.bytes_max as u64].map(text::bytes);
    let [least, mean, most] = bytes;
    let answers = if plan.decode { "decoded; one that cannot be is a failure" } else { "not decoded" };
    vec![
        Named { name: "Stages", value: stages(plan) },
        Named { name: "Arrivals", value: format!("{:?}, seed {}", plan.arrivals, plan.seed).to_lowercase() },
        Named { name: "Warm-up", value: text::span(plan.warm_up_s) },
        Named {
            name: "Calls in flight",
            value: format!("{} at most allowed, {} reached", plan.in_flight_max, report.client.in_flight_max),
        },
        Named { name: "Timeout", value: text::latency(plan.timeout_ms) },
        Named { name: "Answers", value: answers.to_owned() },
        Named {
            name: "Events",
            value: format!(
                "{} different, {} endpoints each, {source}",
                events.count,
                text::number(events.endpoints_per_event)
            ),
        },
        Named { name: "Event size", value: format!("{mean}, from {least} to {most}") },
        Named {
            name: "Schedule error",
            value: format!(
                "p50 {}, p99 {}, at most {}; {} calls waited for the in-flight limit",
                text::latency(report.scheduling.p50_ms),
                text::latency(report.scheduling.p99_ms),
                text::latency(report.scheduling.max_ms),
                text::count(report.scheduling.waited)
            ),
        },
        Named {
            name: "Machine of the tester",
            value: format!(
                "{} {}, {} cores, of which {} were busy with the test; {} late wake-ups",
                machine.os,
                machine.architecture,
                machine.cores,
                text::number(report.client.cores_busy),
                text::count(report.client.late_wake_ups)
            ),
        },
    ]
}

fn failures(report: &Report) -> Vec<Failure> {
    let all = report.totals.intended.max(1) as f64;
    let row = |(kind, count): (String, u64)| Failure {
        name: kind,
        count: text::count(count),
        share: text::share(count as f64 / all),
    };
    figures::by_kind(report).into_iter().map(row).collect()
}

fn moment(span: &Span) -> Moment {
    let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), text::latency);
    let warm_up = if span.warm_up { ", warm-up" } else { "" };
    Moment {
        from: format!("{}{warm_up}", text::clock(span.from_s)),
        values: [
            text::number(span.intended_per_s),
            text::number(span.succeeded_per_s),
            text::number(span.failed_per_s),
            text::number(span.in_flight),
            time(span.p50_ms),
            time(span.p99_ms),
            text::latency(span.lag_max_ms),
        ],
    }
}
