//! Limits on what a load test may find: read from text, judged at the end, and early once they cannot hold any more.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::histogram::in_ms;
use super::{Error, Tally, report};

/// What a threshold looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Measure {
    /// Latency of successes from the intended start, at a quantile from 0 to 1.
    Quantile(f64),
    Mean,
    Max,
    /// Percent of calls due that failed.
    Failures,
    /// Successes a second.
    Rate,
    /// How late calls were sent, at the 99th percentile.
    Lag,
}

/// Far beyond anything that is measured, in any unit.
const LIMIT_MAX: f64 = 1e9;

/// The names of measures with their units.
const MEASURES: [(&str, Measure, &str); 10] = [
    ("p50", Measure::Quantile(0.5), "ms"),
    ("p90", Measure::Quantile(0.9), "ms"),
    ("p95", Measure::Quantile(0.95), "ms"),
    ("p99", Measure::Quantile(0.99), "ms"),
    ("p99.9", Measure::Quantile(0.999), "ms"),
    ("mean", Measure::Mean, "ms"),
    ("max", Measure::Max, "ms"),
    ("failures", Measure::Failures, "%"),
    ("rate", Measure::Rate, "/s"),
    ("lag", Measure::Lag, "ms"),
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Comparison {
    Under,
    AtMost,
    Over,
    AtLeast,
}

/// Longer signs first: `<` is the beginning of `<=`.
const COMPARISONS: [(&str, Comparison); 4] =
    [("<=", Comparison::AtMost), (">=", Comparison::AtLeast), ("<", Comparison::Under), (">", Comparison::Over)];

impl Comparison {
    fn holds(self, actual: f64, limit: f64) -> bool {
        match self {
            Self::Under => actual < limit,
            Self::AtMost => actual <= limit,
            Self::Over => actual > limit,
            Self::AtLeast => actual >= limit,
        }
    }

    fn is_upper(self) -> bool {
        matches!(self, Self::Under | Self::AtMost)
    }
}

/// A limit such as `p99<500ms`, `failures<=1%` or `rate>=450/s`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    measure: Measure,
    unit: &'static str,
    comparison: Comparison,
    /// In the unit.
    limit: f64,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Threshold {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |problem: String| Error::Setting { name: "threshold", value: text.to_owned(), problem };
        let place = text.find(['<', '>']).ok_or_else(|| refused("it has none of <, <=, > and >=".into()))?;
        let (name, rest) = text.split_at(place);
        let (sign, comparison) =
            COMPARISONS.into_iter().find(|(sign, _)| rest.starts_with(sign)).expect("it was found");
        let (name, value) = (name.trim(), rest[sign.len()..].trim());
        let Some((_, measure, unit)) = MEASURES.into_iter().find(|(known, ..)| *known == name) else {
            let names: Vec<_> = MEASURES.iter().map(|(name, ..)| *name).collect();
            return Err(refused(format!("`{name}` is not one of {}", names.join(", "))));
        };
        let number = |suffix: &str| value.strip_suffix(suffix).and_then(|number| number.trim().parse::<f64>().ok());
        let limit = match unit {
            "ms" => super::duration(value).ok().map(in_ms),
            _ => number(unit).filter(|limit| limit.is_finite() && *limit >= 0.0),
        };
        let example = match unit {
            "ms" => "a duration such as `500ms`",
            "%" => "a share such as `1%`",
            _ => "a rate such as `450/s`",
        };
        let limit = limit.ok_or_else(|| refused(format!("`{value}` is not {example}")))?;
        if limit > LIMIT_MAX {
            return Err(refused(format!("`{value}` is more than {LIMIT_MAX}{unit}")));
        }
        Ok(Self { text: text.trim().to_owned(), measure, unit, comparison, limit })
    }
}

impl Threshold {
    /// What was measured, and whether the limit holds. It does not when there was nothing to measure.
    pub fn judge(&self, tally: &Tally) -> report::Threshold {
        let successes = tally.successes();
        let actual = match self.measure {
            Measure::Quantile(quantile) => successes.quantile(quantile).map(in_ms),
            Measure::Mean => successes.mean().map(in_ms),
            Measure::Max => successes.max().map(in_ms),
            Measure::Failures => (tally.totals().intended > 0).then(|| tally.failures_percent()),
            Measure::Rate => Some(tally.success_rate()),
            Measure::Lag => tally.lag().quantile(0.99).map(in_ms),
        };
        report::Threshold {
            rule: self.text.clone(),
            actual,
            unit: self.unit.to_owned(),
            holds: actual.is_some_and(|actual| self.comparison.holds(actual, self.limit)),
        }
    }

    /// Whether the limit cannot hold any more, whatever the rest of the calls does. `calls` are all of the plan.
    pub fn is_hopeless(&self, tally: &Tally, calls: f64) -> bool {
        let successes = tally.successes();
        // Only where the unit is that of durations.
        let limit = || Duration::from_secs_f64(self.limit / 1000.0);
        let (is_upper, over) = (self.comparison.is_upper(), || successes.over(limit()) as f64);
        match self.measure {
            Measure::Quantile(quantile) => is_upper && over() > (1.0 - quantile) * calls,
            Measure::Max => is_upper && over() > 0.0,
            Measure::Mean => {
                let sum = successes.mean().map_or(0.0, in_ms) * successes.count() as f64;
                is_upper && sum > self.limit * calls
            }
            Measure::Failures => is_upper && tally.totals().failed as f64 * 100.0 > self.limit * calls,
            Measure::Rate => {
                let rest = calls - tally.totals().intended as f64;
                let best = (tally.totals().succeeded as f64 + rest) / tally.planned().as_secs_f64();
                !is_upper && !self.comparison.holds(best, self.limit)
            }
            Measure::Lag => is_upper && tally.lag().over(limit()) as f64 > 0.01 * calls,
        }
    }

    /// Whether to give up: it is hopeless; or it has a grace period behind it and does not hold.
    ///
    /// Lower limits get no verdict before the end: the rate of a plan may still rise.
    pub fn gives_up(&self, tally: &Tally, calls: f64, is_grace_over: bool) -> bool {
        let is_early = is_grace_over && self.comparison.is_upper() && tally.totals().intended > 0;
        self.is_hopeless(tally, calls) || is_early && self.judge(tally).actual.is_some() && !self.judge(tally).holds
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::tests::call;
    use super::*;

    fn threshold(text: &str) -> Threshold {
        text.parse().unwrap()
    }

    /// Calls of ten seconds: `fast` took 10 ms, `slow` 900 ms, `failed` failed.
    fn tally(fast: u64, slow: u64, failed: u64) -> Tally {
        let mut tally = Tally::new(Duration::ZERO, Duration::from_secs(10));
        (0..fast).for_each(|i| tally.add(&call(i, 10, Ok(1))));
        (0..slow).for_each(|i| tally.add(&call(i, 900, Ok(1))));
        (0..failed).for_each(|i| tally.add(&call(i, 1, Err("timeout"))));
        tally
    }

    #[test]
    fn limits_hold_or_not() {
        let cases = [
            ("p99<500ms", tally(100, 0, 0), true),
            ("p99<500ms", tally(90, 10, 0), false),
            ("p50 <= 11ms", tally(90, 10, 0), true),
            ("p99.9<0.5s", tally(10_000, 5, 0), true),
            ("max<500ms", tally(10_000, 1, 0), false),
            ("mean<100ms", tally(99, 1, 0), true),
            ("failures<1%", tally(99, 0, 1), false),
            ("failures<=1%", tally(99, 0, 1), true),
            ("failures<1%", tally(100, 0, 0), true),
            ("rate>=10/s", tally(100, 0, 7), true),
            ("rate>10/s", tally(100, 0, 7), false),
            ("lag<1ms", tally(100, 0, 0), true),
            ("p99<500ms", tally(0, 0, 10), false),
            ("failures<1%", tally(0, 0, 0), false),
        ];
        for (text, tally, holds) in cases {
            assert_eq!(threshold(text).judge(&tally).holds, holds, "{text}");
        }
        let judged = threshold("failures<1%").judge(&tally(3, 0, 1));
        assert_eq!((judged.rule.as_str(), judged.actual, judged.unit.as_str()), ("failures<1%", Some(25.0), "%"));
        assert_eq!(threshold("p99<500ms").judge(&tally(0, 0, 1)).actual, None);
    }

    #[test]
    fn texts_are_refused_with_the_rule_they_break() {
        let cases = [
            ("p99", "it has none of <, <=, > and >="),
            ("p98<5ms", "`p98` is not one of p50, p90, p95, p99, p99.9, mean, max, failures, rate, lag"),
            ("p99<500", "`500` is not a duration such as `500ms`"),
            ("p99<1%", "`1%` is not a duration"),
            ("failures<1", "`1` is not a share such as `1%`"),
            ("failures<-1%", "is not a share"),
            ("failures<NaN%", "is not a share"),
            ("rate>=x/s", "`x/s` is not a rate such as `450/s`"),
            ("rate>=1e30/s", "`1e30/s` is more than 1000000000/s"),
            ("max<1000000h", "`1000000h` is more than 1000000000ms"),
            ("rate=>5/s", "`rate=` is not one of"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("threshold `{text}`")) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_cannot_hold_any_more_is_hopeless() {
        // Of 1000 calls planned, 110 ended.
        let cases = [
            ("p99<500ms", tally(100, 10, 0), false),
            ("p99<500ms", tally(99, 11, 0), true),
            ("p99>500ms", tally(99, 11, 0), false),
            ("max<500ms", tally(109, 1, 0), true),
            ("mean<5ms", tally(104, 6, 0), true),
            ("mean<5ms", tally(110, 0, 0), false),
            ("failures<1%", tally(99, 0, 11), true),
            ("failures<1%", tally(100, 0, 10), false),
            ("rate>=100/s", tally(109, 0, 1), true),
            ("rate>=99/s", tally(109, 0, 1), false),
            ("rate>=1e9/s", tally(109, 0, 1), true),
        ];
        for (text, tally, hopeless) in cases {
            assert_eq!(threshold(text).is_hopeless(&tally, 1000.0), hopeless, "{text}");
        }
    }

    #[test]
    fn after_a_grace_period_upper_limits_have_to_hold() {
        let slow = tally(90, 10, 0);
        assert!(!threshold("p99<500ms").gives_up(&slow, 1e6, false));
        assert!(threshold("p99<500ms").gives_up(&slow, 1e6, true));
        assert!(!threshold("rate>=50/s").gives_up(&slow, 1e6, true), "the plan may still rise");
        assert!(!threshold("p99<500ms").gives_up(&tally(0, 0, 0), 1e6, true), "nothing is known yet");
    }
}
