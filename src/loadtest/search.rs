//! The search for the highest rate that holds: which rate is tried next, and whether one held. Pure.

use std::time::Duration;

use super::histogram::in_ms;
use super::report::{self, Step};
use super::{Tally, pacer};

/// Behind schedule is a rate whose calls are sent this late, at the 99th percentile.
const LAG_MAX: Duration = Duration::from_millis(50);

/// What a rate has to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Of successes, from the intended start.
    pub p99_max: Duration,
    pub failures_percent_max: f64,
}

impl Limits {
    /// Judges a rate by what came of it.
    pub fn judge(&self, rate_per_s: u64, tally: &Tally) -> Step {
        let (_, rates) = tally.data();
        let p99 = tally.successes().quantile(0.99);
        let failures_percent = tally.failures_percent();
        let lag = tally.lag().quantile(0.99).unwrap_or_default();
        let reason = if failures_percent > self.failures_percent_max {
            format!("{failures_percent:.2}% failed, over {}%", self.failures_percent_max)
        } else if p99.is_none_or(|p99| p99 > self.p99_max) {
            match p99 {
                Some(p99) => format!("p99 was {:.1} ms, over {:?}", in_ms(p99), self.p99_max),
                None => "no call succeeded".to_owned(),
            }
        } else if lag > LAG_MAX {
            format!("behind schedule: calls were sent {:.1} ms late", in_ms(lag))
        } else {
            String::new()
        };
        Step {
            rate_per_s: rate_per_s as f64,
            sent_per_s: rates.sent_per_s,
            p50_ms: tally.successes().quantile(0.5).map(in_ms),
            p99_ms: p99.map(in_ms),
            failures_percent,
            lag_p99_ms: in_ms(lag),
            holds: reason.is_empty(),
            reason,
        }
    }
}

/// A search under way: doubles the rate until one does not hold, then halves the interval until it is within 5 %.
#[derive(Clone, Debug)]
pub struct Search {
    /// The highest rate that held.
    low: Option<u64>,
    /// The lowest rate that did not.
    high: Option<u64>,
    from: u64,
    to: u64,
}

impl Search {
    /// A search among whole rates a second, of which `from` is tried first.
    pub fn new(from: u64, to: u64) -> Result<Self, super::Error> {
        let highest = pacer::RATE_PER_S_MAX;
        if !(1 <= from && from <= to && to <= highest) {
            return Err(super::Error::Plan(format!(
                "the search goes from {from}/s to {to}/s, and must go up within 1/s to {highest}/s"
            )));
        }
        Ok(Self { low: None, high: None, from, to })
    }

    /// The rate to try next; none when it is found.
    pub fn next(&self) -> Option<u64> {
        match (self.low, self.high) {
            (None, None) => Some(self.from),
            // Not even the first one held: what is below is not looked at.
            (None, Some(_)) => None,
            (Some(low), None) => (low < self.to).then(|| (low * 2).min(self.to)),
            (Some(low), Some(high)) => {
                let is_close = (high - low) * 20 <= high || high - low <= 1;
                (!is_close).then(|| low + (high - low) / 2)
            }
        }
    }

    /// Says whether a rate held.
    pub fn tried(&mut self, rate: u64, holds: bool) {
        if holds {
            self.low = Some(self.low.map_or(rate, |low| low.max(rate)));
        } else {
            self.high = Some(self.high.map_or(rate, |high| high.min(rate)));
        }
    }

    /// For the report.
    pub fn data(&self, limits: &Limits, steps: Vec<Step>) -> report::Search {
        report::Search {
            p99_ms_max: in_ms(limits.p99_max),
            failures_percent_max: limits.failures_percent_max,
            highest_per_s: self.low.map(|rate| rate as f64),
            steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tally::tests::call;
    use super::*;

    /// The rates that are tried when all up to `capacity` hold, and what is found.
    fn search(from: u64, to: u64, capacity: u64) -> (Vec<u64>, Option<u64>) {
        let mut search = Search::new(from, to).unwrap();
        let mut tried = Vec::new();
        while let Some(rate) = search.next() {
            search.tried(rate, rate <= capacity);
            tried.push(rate);
        }
        (tried, search.low)
    }

    #[test]
    fn rates_double_and_then_close_in() {
        assert_eq!(search(50, 20_000, 730), (vec![50, 100, 200, 400, 800, 600, 700, 750, 725], Some(725)));
        assert_eq!(search(50, 300, 9_999), (vec![50, 100, 200, 300], Some(300)));
        assert_eq!(search(50, 20_000, 10), (vec![50], None));
        assert_eq!(search(1, 10, 2), (vec![1, 2, 4, 3], Some(2)));
    }

    #[test]
    fn searches_have_an_order() {
        for (from, to) in [(0, 5), (6, 5), (1, pacer::RATE_PER_S_MAX + 1)] {
            assert!(Search::new(from, to).is_err());
        }
    }

    #[test]
    fn a_rate_is_judged_by_failures_latency_and_schedule() {
        let limits = Limits { p99_max: Duration::from_millis(500), failures_percent_max: 1.0 };
        let judged = |calls: &[super::super::Outcome]| {
            let mut tally = Tally::new(Duration::ZERO, Duration::from_secs(1));
            calls.iter().for_each(|call| tally.add(call));
            limits.judge(100, &tally)
        };
        let good = judged(&[call(0, 20, Ok(1)); 100]);
        assert!(good.holds && good.sent_per_s == 100.0, "{good:?}");
        let mut calls = [call(0, 20, Ok(1)); 100];
        calls[0] = call(0, 1, Err("throttled"));
        assert!(judged(&calls).holds, "1 % is within 1 %");
        calls[1] = call(0, 1, Err("throttled"));
        assert_eq!(judged(&calls).reason, "2.00% failed, over 1%");
        assert!(judged(&[call(0, 600, Ok(1))]).reason.starts_with("p99 was 600"));
        let late = super::super::Outcome { sent: Duration::from_millis(80), ..call(0, 100, Ok(1)) };
        assert!(judged(&[late]).reason.starts_with("behind schedule"), "{:?}", judged(&[late]));
        assert!(!judged(&[]).holds);
    }

    proptest! {
        #[test]
        fn what_is_found_is_close_below_what_holds(from in 1..200u64, capacity in 1..30_000u64) {
            let (tried, found) = search(from, 20_000, capacity);
            prop_assert!(tried.len() < 40);
            match found {
                None => prop_assert!(capacity < from),
                Some(found) => {
                    prop_assert!(found <= capacity);
                    prop_assert!(capacity.min(20_000) - found <= 1 + capacity / 18, "{found} of {capacity}");
                }
            }
        }
    }
}
