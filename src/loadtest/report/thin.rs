//! A timeline with fewer points: a plot has room for some hundred.

use super::Second;

/// Some seconds in a row as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from_s: f64,
    pub seconds: f64,
    pub warm_up: bool,
    pub intended_per_s: f64,
    pub succeeded_per_s: f64,
    /// Calls that were never sent among them.
    pub failed_per_s: f64,
    /// The most.
    pub in_flight: f64,
    /// The mean over its successes.
    pub p50_ms: Option<f64>,
    /// The worst second's.
    pub p99_ms: Option<f64>,
    /// The worst second's.
    pub lag_max_ms: f64,
}

impl Span {
    pub fn middle_s(&self) -> f64 {
        self.from_s + self.seconds / 2.0
    }
}

/// At most so many spans, of equal length but for the last. None spans the end of the warm-up.
///
/// Shape: in order, without gaps.
pub fn thin(timeline: &[Second], spans_max: usize) -> Vec<Span> {
    // The warm-up's last span may be short too.
    let each = timeline.len().div_ceil(spans_max.saturating_sub(1).max(1)).max(1);
    let each = if timeline.len() <= spans_max { 1 } else { each };
    timeline.chunk_by(|a, b| a.warm_up == b.warm_up).flat_map(|part| part.chunks(each)).map(span).collect()
}

fn span(part: &[Second]) -> Span {
    let seconds = part.len() as f64;
    let sum = |count: fn(&Second) -> u64| part.iter().map(count).sum::<u64>() as f64;
    let medians = part.iter().filter_map(|second| Some((second.p50_ms?, second.succeeded as f64)));
    let (weighted, weights) =
        medians.fold((0.0, 0.0), |(total, weights), (ms, weight)| (total + ms * weight, weights + weight));
    Span {
        from_s: f64::from(part[0].second),
        seconds,
        warm_up: part[0].warm_up,
        intended_per_s: sum(|second| second.intended) / seconds,
        succeeded_per_s: sum(|second| second.succeeded) / seconds,
        failed_per_s: sum(|second| second.failed + second.not_started) / seconds,
        in_flight: part.iter().map(|second| second.in_flight).max().unwrap_or_default() as f64,
        p50_ms: (weights > 0.0).then(|| weighted / weights),
        p99_ms: part.iter().filter_map(|second| second.p99_ms).reduce(f64::max),
        lag_max_ms: part.iter().map(|second| second.lag_max_ms).fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u32) -> Second {
        Second { second, intended: 10, succeeded: 10, p50_ms: Some(1.0), p99_ms: Some(2.0), ..Second::default() }
    }

    #[test]
    fn few_seconds_stay_as_they_are() {
        let spans = thin(&[second(0), second(1)], 300);
        assert_eq!(spans.iter().map(|span| (span.from_s, span.seconds)).collect::<Vec<_>>(), [(0.0, 1.0), (1.0, 1.0)]);
        assert_eq!(thin(&[], 300), []);
    }

    #[test]
    fn rates_are_means_and_tails_the_worst() {
        let quiet = Second { succeeded: 0, failed: 9, not_started: 1, p50_ms: None, p99_ms: None, ..second(1) };
        let slow =
            Second { succeeded: 30, p50_ms: Some(5.0), p99_ms: Some(90.0), lag_max_ms: 7.0, in_flight: 4, ..second(2) };
        let [span] = thin(&[second(0), quiet, slow], 1)[..] else { panic!("one span was asked for") };
        let expected = Span {
            from_s: 0.0,
            seconds: 3.0,
            warm_up: false,
            intended_per_s: 10.0,
            succeeded_per_s: 40.0 / 3.0,
            failed_per_s: 10.0 / 3.0,
            in_flight: 4.0,
            p50_ms: Some(4.0),
            p99_ms: Some(90.0),
            lag_max_ms: 7.0,
        };
        assert_eq!(span, expected);
        assert_eq!(span.middle_s(), 1.5);
    }

    #[test]
    fn an_hour_fits_and_the_warm_up_stays_apart() {
        let timeline: Vec<_> = (0..3_610).map(|at| Second { warm_up: at < 10, ..second(at) }).collect();
        let spans = thin(&timeline, 300);
        assert!(spans.len() <= 301, "{}", spans.len());
        assert_eq!(spans.iter().map(|span| span.seconds).sum::<f64>(), 3_610.0);
        let end = spans.iter().position(|span| !span.warm_up).unwrap();
        assert_eq!(spans[end].from_s, 10.0);
    }
}
