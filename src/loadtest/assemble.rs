//! From what ran to the report.

use std::thread;

use super::report::{self, FORMAT, Machine, Report, Verdict};
use super::run::{Ran, Settings, Stopped};
use super::warning::warnings;
use crate::clock::wire_text;

/// What a report says that is not measured.
#[derive(Clone, Debug)]
pub struct About {
    /// The function's label.
    pub function: String,
    pub started_at: jiff::Timestamp,
    pub events: report::Events,
    pub search: Option<report::Search>,
}

/// Puts the report of a test together.
pub fn assemble(settings: &Settings, ran: &Ran, about: About) -> Report {
    let Ran { tally, client, stopped } = ran;
    let About { function, started_at, events, search } = about;
    let plan = report::Plan {
        stages: settings.plan.stages().iter().map(super::pacer::Stage::data).collect(),
        arrivals: settings.arrivals,
        seed: settings.seed,
        warm_up_s: settings.warm_up.as_secs_f64(),
        in_flight_max: settings.in_flight_max,
        timeout_ms: settings.timeout.as_secs_f64() * 1000.0,
        decode: settings.decode,
    };
    let machine = Machine {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        cores: thread::available_parallelism().map_or(1, usize::from),
    };
    let (totals, rates) = tally.data();
    let thresholds: Vec<_> = settings.thresholds.iter().map(|threshold| threshold.judge(tally)).collect();
    let is_good = totals.succeeded > 0 && thresholds.iter().all(|threshold| threshold.holds);
    let has_found = search.as_ref().is_none_or(|search| search.highest_per_s.is_some());
    let verdict = match stopped {
        Some(Stopped::Threshold) => Verdict::Aborted,
        Some(Stopped::Operator) if is_good || totals.intended == 0 => Verdict::Interrupted,
        None if is_good && has_found => Verdict::Passed,
        _ => Verdict::Failed,
    };
    Report {
        format: FORMAT,
        pinwheel: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: wire_text(started_at),
        function,
        warnings: warnings(tally, client, &machine, &plan),
        machine,
        plan,
        events,
        totals,
        rates,
        latency: tally.latency(),
        scheduling: tally.scheduling(),
        client: *client,
        timeline: tally.timeline(),
        thresholds,
        search,
        verdict,
    }
}
