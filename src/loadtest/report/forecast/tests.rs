//! Forecasts from figures that can be checked by hand.

use super::*;
use crate::hook;
use crate::loadtest::report::sample;

/// A report of calls that took these times, at 2,000 calls a second with 100 in flight.
fn report(p50_ms: f64, mean_ms: f64, p99_ms: f64) -> Report {
    let mut report = sample::steady();
    let successes = report.latency.from_send.successes.as_mut().unwrap();
    (successes.p50_ms, successes.mean_ms, successes.p99_ms) = (p50_ms, mean_ms, p99_ms);
    report.latency.from_send.failures = None;
    (report.totals.failed, report.totals.sent) = (0, 10_000);
    report.totals.failures.clear();
    report.rates.sent_per_s = 2_000.0;
    report.client.in_flight_max = 100;
    report
}

fn question(endpoints: u64) -> Question {
    Question { endpoints, in_flight: 80, attempts_max: 3, prices: Prices::default() }
}

fn ask(report: &Report) -> Forecast {
    forecast(report, question(10_000_000)).unwrap()
}

#[test]
fn ten_million_endpoints_take_what_little_says() {
    let forecast = ask(&report(800.0, 984.0, 2_000.0));
    assert_eq!(forecast.summary(), "10,000,000 endpoints: 41 min at 80 in flight, 200,000 calls");
    let Range { low, likely, high } = forecast.duration_s;
    assert_eq!((low.round(), likely.round(), high.round()), (2_000.0, 2_460.0, 5_000.0));
    assert_eq!((forecast.attempts, forecast.batches_failed), (200_000, 0));
    assert_eq!((forecast.warnings, forecast.cost), (Vec::new(), None));
}

#[test]
fn a_last_batch_may_be_small() {
    let report = report(1.0, 1.0, 1.0);
    for (endpoints, calls) in [(1, 1), (50, 1), (51, 2), (0, 0)] {
        assert_eq!(forecast(&report, question(endpoints)).unwrap().calls, calls, "{endpoints}");
    }
}

#[test]
fn no_more_is_promised_than_was_measured() {
    // 80 in flight of 10 ms each would be 8,000 a second; 2,000 were measured.
    let forecast = ask(&report(10.0, 10.0, 20.0));
    assert_eq!((forecast.rate_per_s, forecast.duration_s.likely, forecast.duration_s.low), (2_000.0, 100.0, 25.0));
    assert!(forecast.warnings[0].starts_with("8,000 calls a second would be possible"), "{:?}", forecast.warnings);
    // A search knows better.
    let mut searched = report(10.0, 10.0, 20.0);
    searched.search = sample::stalled().search;
    assert_eq!(ask(&searched).rate_per_s, 1_000.0);
}

#[test]
fn failures_are_tried_again_and_take_time_too() {
    let mut report = report(100.0, 100.0, 100.0);
    let mut failures = sample::stalled().latency.from_send.failures.unwrap();
    (failures.p50_ms, failures.mean_ms, failures.p99_ms) = (600.0, 600.0, 600.0);
    report.latency.from_send.failures = Some(failures);
    // A tenth times out, which is tried again; a tenth is refused, which is not; some were never sent.
    report.totals.failures = [("timeout", 1_000), ("refused", 1_000), ("not_started", 500)]
        .map(|(kind, count)| (kind.to_owned(), count))
        .into();
    let forecast = ask(&report);
    // Each batch needs 1 + 0.1 + 0.01 attempts of 200 ms; 0.001 of them fail three times, 0.1 of the attempts are refused.
    assert_eq!((forecast.attempts, forecast.batches_failed), (222_000, 22_400));
    assert!((forecast.duration_s.likely - 222_000.0 * 0.2 / 80.0).abs() < 1e-6, "{:?}", forecast.duration_s);
    let once = Question { attempts_max: 1, ..question(10_000_000) };
    let once = super::forecast(&report, once).unwrap();
    assert_eq!((once.attempts, once.batches_failed), (200_000, 40_000));
}

#[test]
fn cost_is_requests_and_whole_milliseconds() {
    let computing = Computing { per_gb_second: 0.00001, memory_mb: 512 };
    let priced = |prices| forecast(&report(20.0, 30.2, 50.0), Question { prices, ..question(10_000_000) }).unwrap();
    let both = priced(Prices { per_million_requests: Some(0.5), computing: Some(computing) });
    // 200,000 calls of 31 ms with half a GB.
    assert!((both.gb_seconds.unwrap().likely - 3_100.0).abs() < 1e-6, "{:?}", both.gb_seconds);
    let cost = both.cost.unwrap();
    assert!((cost.likely - 0.131).abs() < 1e-9 && cost.low < cost.likely && cost.likely < cost.high, "{cost:?}");
    let requests = priced(Prices { per_million_requests: Some(0.5), computing: None });
    assert_eq!((requests.cost, requests.gb_seconds), (Some(Range { low: 0.1, likely: 0.1, high: 0.1 }), None));
}

#[test]
fn calls_that_no_function_ran_for_cost_nothing() {
    let mut report = report(20.0, 20.0, 20.0);
    report.totals.failures = [("throttled".to_owned(), 5_000)].into();
    let prices = Prices { per_million_requests: Some(1.0), computing: None };
    let forecast = forecast(&report, Question { prices, attempts_max: 1, ..question(50_000_000) }).unwrap();
    assert_eq!(forecast.cost.unwrap().likely, 0.5);
}

#[test]
fn what_was_not_measured_is_warned_of() {
    let cases: [(&str, fn(&mut Report)); 5] = [
        ("80 calls in flight were never reached: the test had at most 79", |report| report.client.in_flight_max = 79),
        ("the test had 1 endpoints in a call", |report| report.events.endpoints_per_event = 1.0),
        ("the test did not pass", |report| report.verdict = Verdict::Failed),
        ("the test itself has warnings", |report| report.warnings = sample::stalled().warnings),
        ("no rate of the search held", |report| {
            report.search =
                sample::stalled().search.map(|search| super::super::Search { highest_per_s: None, ..search });
        }),
    ];
    for (warning, change) in cases {
        let mut report = report(1_000.0, 1_000.0, 1_000.0);
        change(&mut report);
        let warnings = ask(&report).warnings;
        assert!(warnings.len() == 1 && warnings[0].starts_with(warning), "{warning}: {warnings:?}");
    }
    let mut nothing = report(1.0, 1.0, 1.0);
    nothing.latency.from_send.successes = None;
    assert_eq!(forecast(&nothing, question(1)), Err(Error::NothingMeasured));
}

/// The kinds are texts in a report; here they meet the errors they come from.
#[test]
fn kinds_of_failures_are_those_of_hooks() {
    let errors = [
        hook::Error::Timeout(std::time::Duration::from_secs(1)),
        hook::Error::Unreachable(String::new()),
        hook::Error::Transport(String::new()),
        hook::Error::Throttled { reason: String::new(), retry_after: None },
        hook::Error::Function(String::new()),
        hook::Error::Refused(String::new()),
        hook::Error::NotAllowed(String::new()),
        hook::Error::Undecodable(String::new()),
    ];
    for error in &errors {
        assert_eq!(FINAL.contains(&error.kind()), !error.is_retryable(), "{error}");
    }
    assert!(UNBILLED.iter().all(|kind| errors.iter().any(|error| error.kind() == *kind)));
}
