//! A load report as text.

use std::fmt::Write as _;

use crate::loadtest::report::{Distribution, Report, Search, Step, Verdict};

/// All that matters of a report, for people.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    write(&mut text, report).expect("text can be written to");
    text
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let (totals, rates) = (&report.totals, &report.rates);
    writeln!(out, "{}", report.function)?;
    writeln!(
        out,
        "  calls      {} due = {} succeeded + {} failed, in {:.1} s",
        totals.intended, totals.succeeded, totals.failed, totals.duration_s
    )?;
    if totals.failed > 0 {
        let kinds: Vec<_> = totals.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let percent = totals.failed as f64 * 100.0 / totals.intended as f64;
        writeln!(out, "  failures   {percent:.2}%: {}", kinds.join(", "))?;
    }
    writeln!(
        out,
        "  rate       {:.1}/s due, {:.1}/s sent, {:.1}/s succeeded",
        rates.intended_per_s, rates.sent_per_s, rates.succeeded_per_s
    )?;
    let events = &report.events;
    writeln!(
        out,
        "  events     {:.1} endpoints and {:.0} bytes each; {} endpoints answered",
        events.endpoints_per_event, events.bytes_mean, totals.endpoints
    )?;
    let sides = [
        ("latency of successes, from when they were due", &report.latency.from_intended.successes),
        ("  from when they were sent", &report.latency.from_send.successes),
        ("latency of failures, from when they were due", &report.latency.from_intended.failures),
    ];
    for (name, distribution) in sides {
        if let Some(distribution) = distribution {
            writeln!(out, "  {name}\n    {}", percentiles(distribution))?;
        }
    }
    let scheduling = &report.scheduling;
    writeln!(
        out,
        "  schedule   calls were sent {:.2} ms (p50), {:.2} ms (p99), {:.2} ms (max) after they were due",
        scheduling.p50_ms, scheduling.p99_ms, scheduling.max_ms
    )?;
    writeln!(
        out,
        "  tester     {:.2} of {} cores, at most {} calls in flight",
        report.client.cores_busy, report.machine.cores, report.client.in_flight_max
    )?;
    if let Some(found) = &report.search {
        search(out, found)?;
    }
    for warning in &report.warnings {
        writeln!(out, "  warning    {}", warning.message)?;
    }
    for threshold in &report.thresholds {
        let sign = if threshold.holds { "holds" } else { "FAILS" };
        match threshold.actual {
            Some(actual) => writeln!(out, "  {sign}      {}: {actual:.2}{}", threshold.rule, threshold.unit)?,
            None => writeln!(out, "  {sign}      {}: there was nothing to measure", threshold.rule)?,
        }
    }
    let verdict = match report.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed if totals.succeeded == 0 => "failed: no call succeeded",
        Verdict::Failed => "failed",
        Verdict::Aborted => "failed: ended early, because a threshold did not hold",
        Verdict::Interrupted => "interrupted",
    };
    writeln!(out, "  {verdict}")
}

fn percentiles(found: &Distribution) -> String {
    let Distribution { min_ms, mean_ms, p50_ms, p90_ms, p95_ms, p99_ms, p99_9_ms, max_ms, .. } = found;
    format!(
        "min {min_ms:.2}  mean {mean_ms:.2}  p50 {p50_ms:.2}  p90 {p90_ms:.2}  p95 {p95_ms:.2}  p99 {p99_ms:.2}  \
         p99.9 {p99_9_ms:.2}  max {max_ms:.2} ms"
    )
}

fn search(out: &mut String, search: &Search) -> std::fmt::Result {
    for tried in &search.steps {
        writeln!(out, "  {}", step(tried))?;
    }
    match search.highest_per_s {
        Some(rate) => writeln!(out, "  {rate}/s is the highest rate that held"),
        None => writeln!(out, "  not even the lowest rate held"),
    }
}

/// One rate of a search.
pub fn step(step: &Step) -> String {
    let p99 = step.p99_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
    let found = format!("{}/s  p99 {p99}  failures {:.2}%", step.rate_per_s, step.failures_percent);
    if step.holds { format!("{found}  holds") } else { format!("{found}  does not hold: {}", step.reason) }
}
