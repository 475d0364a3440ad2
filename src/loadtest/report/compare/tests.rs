//! Comparisons of the samples, changed in one place each.

use super::*;
use crate::loadtest::report::{Arrivals, Stage, sample};

/// The run with all its latencies so many times as long.
fn slowed(mut report: Report, factor: f64) -> Report {
    for outcomes in [&mut report.latency.from_intended, &mut report.latency.from_send] {
        let Some(of) = &mut outcomes.successes else { continue };
        for ms in [&mut of.p50_ms, &mut of.p90_ms, &mut of.p95_ms, &mut of.p99_ms, &mut of.p99_9_ms, &mut of.max_ms] {
            *ms *= factor;
        }
        of.curve.iter_mut().for_each(|point| point.ms *= factor);
    }
    report
}

fn judgement(comparison: &Comparison, name: &str) -> Option<Judgement> {
    comparison.measures.iter().find(|measure| measure.name == name).unwrap().judgement
}

#[test]
fn a_run_is_like_itself() {
    for report in [sample::steady(), sample::stalled()] {
        let comparison = compare(&report, &report);
        assert!(comparison.is_comparable() && comparison.slower_than(0.0).is_empty());
        assert_eq!(comparison.summary(), "no difference beyond noise");
        assert!(comparison.measures.iter().all(|measure| measure.ratio.is_none_or(|ratio| ratio == 1.0)));
    }
}

#[test]
fn differences_beyond_noise_are_judged() {
    use Judgement::{Better, WithinNoise, Worse};
    // Of 60,000 calls, the p50 is known to less than 1 %; the p99.9 to some ten percent.
    let cases = [
        (1.04, WithinNoise, WithinNoise),
        (1.08, Worse, WithinNoise),
        (2.0, Worse, Worse),
        (0.8, Better, Better),
        (0.96, WithinNoise, WithinNoise),
    ];
    for (factor, p50, tail) in cases {
        let comparison = compare(&sample::steady(), &slowed(sample::steady(), factor));
        assert_eq!(judgement(&comparison, "p50"), Some(p50), "{factor}");
        assert_eq!(judgement(&comparison, "p99.9"), Some(tail), "{factor}");
        assert_eq!(judgement(&comparison, "max"), None);
    }
}

#[test]
fn few_calls_say_little() {
    let few = |mut report: Report| {
        report.latency.from_intended.successes.as_mut().unwrap().count = 40;
        report
    };
    let comparison = compare(&few(sample::steady()), &few(slowed(sample::steady(), 1.2)));
    assert_eq!(judgement(&comparison, "p99"), Some(Judgement::WithinNoise));
    let comparison = compare(&few(sample::steady()), &few(slowed(sample::steady(), 20.0)));
    assert_eq!(judgement(&comparison, "p50"), Some(Judgement::Worse));
}

#[test]
fn slower_is_more_than_allowed_and_more_than_noise() {
    let against = |factor| compare(&sample::steady(), &slowed(sample::steady(), factor));
    assert_eq!(against(1.09).slower_than(0.1), Vec::<String>::new());
    assert_eq!(against(1.5).slower_than(0.6), Vec::<String>::new());
    let reasons = against(1.5).slower_than(0.1);
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].starts_with("p50 27.") && reasons[0].ends_with("instead of 18.1 ms, 1.50×"), "{reasons:?}");
}

#[test]
fn more_failures_count_as_slower() {
    let mut failing = sample::steady();
    failing.totals.failed *= 10;
    let comparison = compare(&sample::steady(), &failing);
    assert_eq!(judgement(&comparison, "failed calls"), Some(Judgement::Worse));
    assert_eq!(comparison.slower_than(0.5), ["failed calls 2.07% instead of 0.207%, 10×"]);
    // One failure more of 60,000 is chance.
    failing = sample::steady();
    failing.totals.failed += 1;
    assert_eq!(judgement(&compare(&sample::steady(), &failing), "failed calls"), Some(Judgement::WithinNoise));
}

#[test]
fn runs_that_asked_other_things_are_not_comparable() {
    let cases: [(&str, fn(&mut Report)); 9] = [
        ("stages", |report| report.plan.stages[0].to_per_s = 900.0),
        ("stages", |report| report.plan.stages.push(Stage { duration_s: 1.0, from_per_s: 0.0, to_per_s: 9.0 })),
        ("kind of test", |report| report.search = sample::stalled().search),
        ("arrivals", |report| report.plan.arrivals = Arrivals::Poisson),
        ("timeout", |report| report.plan.timeout_ms = 500.0),
        ("calls in flight, at most", |report| report.plan.in_flight_max = 10),
        ("answers", |report| report.plan.decode = false),
        ("endpoints per call", |report| report.events.endpoints_per_event = 1.0),
        ("bytes per call", |report| report.events.bytes_mean *= 1.5),
    ];
    for (what, change) in cases {
        let mut changed = sample::steady();
        change(&mut changed);
        let comparison = compare(&sample::steady(), &changed);
        assert!(!comparison.is_comparable());
        assert!(
            comparison.differences.iter().any(|difference| difference.what == what),
            "{what}: {:?}",
            comparison.differences
        );
        assert!(comparison.summary().contains(what), "{}", comparison.summary());
    }
    let mut changed = sample::steady();
    changed.plan.stages[0].to_per_s = 1_001.0;
    changed.plan.seed += 1;
    changed.machine.cores = 64;
    let comparison = compare(&sample::steady(), &changed);
    assert!(comparison.is_comparable(), "{:?}", comparison.differences);
    assert_eq!(
        comparison.notes,
        ["the tests ran on different machines: linux x86_64 with 2 cores and linux x86_64 with 64 cores"]
    );
}

#[test]
fn a_percentile_lies_between_the_values_that_bound_it() {
    let of = sample::steady().latency.from_intended.successes.unwrap();
    for quantile in [0.5, 0.9, 0.95, 0.99, 0.999] {
        let Estimate { value, low, high } = percentile(&of, quantile);
        assert!(low <= value && value <= high, "{quantile}: {low} {value} {high}");
        assert!(low > 0.5 * value && high < 2.0 * value, "{quantile}: {low} {value} {high}");
    }
    assert_eq!(at_percentile(&of, 0.0), of.curve[0].ms);
    assert_eq!(at_percentile(&of, 100.0), of.max_ms);
}
