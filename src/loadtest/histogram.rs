//! Latencies in microseconds with three significant digits.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use super::report::{Distribution, Point};

/// Steps of a percentile curve each time the rest to 100 halves.
const STEPS_PER_HALF: u32 = 5;

/// Longer than any test: it keeps the histogram's size within bounds.
const US_MAX: u64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A histogram of durations.
#[derive(Clone, Debug)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self(hdrhistogram::Histogram::new(3).expect("three digits are allowed"))
    }
}

impl Histogram {
    /// Adds a duration; what is under a microsecond counts as one.
    pub fn add(&mut self, duration: Duration) {
        self.0.record(us(duration).clamp(1, US_MAX)).expect("it grows up to there");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What this share of durations is within, 0 to 1; none without any.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_micros(self.0.value_at_quantile(quantile)))
    }

    pub fn max(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_micros(self.0.max()))
    }

    pub fn mean(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_secs_f64(self.0.mean() / 1e6))
    }

    /// How many are longer.
    pub fn over(&self, limit: Duration) -> u64 {
        self.0.len() - self.0.count_between(0, us(limit))
    }

    /// For the report; none without durations.
    pub fn distribution(&self) -> Option<Distribution> {
        if self.is_empty() {
            return None;
        }
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        let curve = self
            .0
            .iter_quantiles(STEPS_PER_HALF)
            .map(|step| Point { percentile: step.quantile_iterated_to() * 100.0, ms: ms(step.value_iterated_to()) });
        let mut encoded = Vec::new();
        V2DeflateSerializer::new().serialize(&self.0, &mut encoded).expect("memory takes all of it");
        Some(Distribution {
            count: self.0.len(),
            min_ms: ms(self.0.min()),
            mean_ms: self.0.mean() / 1000.0,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p99_9_ms: at(0.999),
            max_ms: ms(self.0.max()),
            curve: curve.collect(),
            histogram: BASE64_STANDARD.encode(encoded),
        })
    }

    /// Reads a distribution's histogram; `None` for what is none.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        Deserializer::new().deserialize(&mut bytes.as_slice()).ok().map(Self)
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// Milliseconds.
pub(super) fn in_ms(duration: Duration) -> f64 {
    ms(us(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_ms(durations: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        durations.into_iter().for_each(|ms| histogram.add(Duration::from_millis(ms)));
        histogram
    }

    #[test]
    fn a_distribution_says_what_was_added() {
        let found = of_ms(1..=1000).distribution().unwrap();
        assert_eq!((found.count, found.min_ms), (1000, 1.0));
        let expected = [(found.p50_ms, 500.0), (found.p90_ms, 900.0), (found.p95_ms, 950.0), (found.p99_ms, 990.0)];
        for (found, expected) in expected.into_iter().chain([(found.p99_9_ms, 999.0), (found.max_ms, 1000.0)]) {
            assert!((found / expected - 1.0).abs() < 0.002, "{found} for {expected}");
        }
        assert!((found.mean_ms - 500.5).abs() < 1.0);
        assert!(found.curve.is_sorted_by(|a, b| a.percentile <= b.percentile && a.ms <= b.ms));
        assert_eq!((found.curve[0].percentile, found.curve.last().unwrap().percentile), (0.0, 100.0));
    }

    #[test]
    fn the_encoded_histogram_is_all_of_it() {
        let histogram = of_ms([1, 20, 20, 15_000, 3_600_000]);
        let distribution = histogram.distribution().unwrap();
        let decoded = Histogram::decode(&distribution.histogram).unwrap();
        assert_eq!(decoded.distribution().unwrap(), distribution);
        for text in ["", "x", "AAAA"] {
            assert!(Histogram::decode(text).is_none());
        }
    }

    #[test]
    fn nothing_has_no_distribution() {
        let nothing = Histogram::default();
        assert!(nothing.distribution().is_none() && nothing.quantile(0.5).is_none() && nothing.mean().is_none());
    }

    #[test]
    fn what_is_over_a_limit_is_counted() {
        let histogram = of_ms([10, 20, 30, 40]);
        assert_eq!([5, 20, 25, 50].map(|ms| histogram.over(Duration::from_millis(ms))), [4, 2, 2, 0]);
    }
}
