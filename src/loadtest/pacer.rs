//! When calls are due: exact arithmetic over a plan of rates, so that no length of plan makes it drift.
//!
//! Each call has a position: how many calls the plan's rate adds up to when it is due. Even arrivals are due in the middle
//! of their share, at 0.5, 1.5, 2.5 …; random ones at sums of exponential steps of mean 1.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Error;
use super::report::{self, Arrivals};
use crate::config;

/// The longest plan, and the highest rate: what the arithmetic holds without overflow.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);
pub const RATE_PER_S_MAX: u64 = 100_000;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
const US_PER_DAY: i128 = 1_000_000 * SECONDS_PER_DAY as i128;
/// Parts of a call that positions are counted in.
const PARTS: i128 = 1 << 16;

/// Calls in a time. Held as calls a day, which all units are whole numbers of.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rate {
    per_day: u64,
}

impl Rate {
    /// This many a second.
    pub const fn per_second(calls: u64) -> Self {
        Self { per_day: calls * SECONDS_PER_DAY }
    }

    /// Calls a second.
    pub fn as_per_second(self) -> f64 {
        self.per_day as f64 / SECONDS_PER_DAY as f64
    }
}

impl FromStr for Rate {
    type Err = Error;

    /// Reads `500/s`, `30/min`, and `0/s` for nothing at all.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |problem: String| Error::Setting { name: "rate", value: text.to_owned(), problem };
        let (count, unit) = text.split_once('/').unwrap_or((text, ""));
        let is_nothing = count.trim() == "0";
        let of_one = format!("1/{unit}");
        let rate: config::Rate =
            if is_nothing { &of_one } else { text }.parse().map_err(|error| refused(format!("{error}")))?;
        let per_day = u64::from(rate.count().get()) * (SECONDS_PER_DAY / rate.period().as_secs());
        if per_day > RATE_PER_S_MAX * SECONDS_PER_DAY {
            return Err(refused(format!("at most {RATE_PER_S_MAX}/s can be paced")));
        }
        Ok(Self { per_day: if is_nothing { 0 } else { per_day } })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.as_per_second();
        if rate >= 10.0 { write!(f, "{rate:.0}/s") } else { write!(f, "{}/s", (rate * 100.0).round() / 100.0) }
    }
}

/// A stretch of a plan: the rate goes in a straight line from one value to the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stage {
    pub duration: Duration,
    pub from: Rate,
    pub to: Rate,
}

impl Stage {
    /// The same rate all the time.
    pub fn constant(rate: Rate, duration: Duration) -> Self {
        Self { duration, from: rate, to: rate }
    }

    fn us(&self) -> i128 {
        i128::try_from(self.duration.as_micros()).expect("plans are at most a day long")
    }

    /// Calls times `2 * US_PER_DAY`.
    fn calls(&self) -> i128 {
        i128::from(self.from.per_day + self.to.per_day) * self.us()
    }

    /// For the report.
    pub fn data(&self) -> report::Stage {
        report::Stage {
            duration_s: self.duration.as_secs_f64(),
            from_per_s: self.from.as_per_second(),
            to_per_s: self.to.as_per_second(),
        }
    }
}

impl FromStr for Stage {
    type Err = Error;

    /// Reads `30s:1000/s` and `10s:0/s..1000/s`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |problem: String| Error::Setting { name: "stage", value: text.to_owned(), problem };
        let (duration, rates) =
            text.split_once(':').ok_or_else(|| refused("it is a duration, a colon and a rate or two".into()))?;
        let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
        Ok(Self {
            duration: super::duration(duration).map_err(|error| refused(error.to_string()))?,
            from: from.parse().map_err(|error: Error| refused(error.to_string()))?,
            to: to.parse().map_err(|error: Error| refused(error.to_string()))?,
        })
    }
}

/// Stages, one after the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    stages: Vec<Stage>,
}

impl Plan {
    /// Errors: a plan without time or without calls, and one that is too long.
    pub fn new(stages: Vec<Stage>) -> Result<Self, Error> {
        let plan = Self { stages };
        let refused = |problem: &str| Err(Error::Plan(problem.to_owned()));
        if plan.stages.iter().any(|stage| stage.duration.is_zero()) {
            return refused("a stage has no duration");
        }
        if plan.duration() > DURATION_MAX {
            return refused("it is longer than 24 hours");
        }
        if plan.calls() < 0.5 {
            return refused("no call is due in all its time");
        }
        Ok(plan)
    }

    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Calls that its rates add up to.
    pub fn calls(&self) -> f64 {
        self.stages.iter().map(Stage::calls).sum::<i128>() as f64 / (2 * US_PER_DAY) as f64
    }

    /// The rate at a time from the start; that of the end after it.
    pub fn rate_at(&self, time: Duration) -> f64 {
        let mut left = time;
        for stage in &self.stages {
            if left < stage.duration {
                let (from, to) = (stage.from.as_per_second(), stage.to.as_per_second());
                return from + (to - from) * left.as_secs_f64() / stage.duration.as_secs_f64();
            }
            left -= stage.duration;
        }
        self.stages.last().map_or(0.0, |stage| stage.to.as_per_second())
    }

    /// The same plan after a warm-up at the mean rate of its first stage.
    #[must_use]
    pub fn after_warm_up(&self, warm_up: Duration) -> Self {
        let mut stages = self.stages.clone();
        if !warm_up.is_zero() {
            let per_day = (stages[0].from.per_day + stages[0].to.per_day) / 2;
            stages.insert(0, Stage::constant(Rate { per_day }, warm_up));
        }
        Self { stages }
    }

    /// When each call is due, from the start.
    pub fn arrivals(&self, arrivals: Arrivals, seed: u64) -> Due {
        let random = (arrivals == Arrivals::Poisson).then(|| fastrand::Rng::with_seed(seed));
        Due { stages: self.stages.clone(), stage: 0, start: Duration::ZERO, before: 0, position: 0, random }
    }
}

/// When each call of a plan is due; never goes back.
#[derive(Clone, Debug)]
pub struct Due {
    stages: Vec<Stage>,
    stage: usize,
    /// Of the stage.
    start: Duration,
    /// Calls of the stages before, times `2 * US_PER_DAY`.
    before: i128,
    /// In [`PARTS`] of a call.
    position: i128,
    /// None for even arrivals.
    random: Option<fastrand::Rng>,
}

impl Iterator for Due {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.position += match &mut self.random {
            None if self.position == 0 => PARTS / 2,
            None => PARTS,
            Some(random) => exponential(random),
        };
        loop {
            let stage = self.stages.get(self.stage)?;
            let after = self.before + stage.calls();
            if after * PARTS >= self.position * 2 * US_PER_DAY {
                return Some(self.start + self.within(stage));
            }
            self.before = after;
            self.start += stage.duration;
            self.stage += 1;
        }
    }
}

impl Due {
    /// The first microsecond of the stage at which the rate has added up to the position. It is there at the stage's end.
    fn within(&self, stage: &Stage) -> Duration {
        let duration = stage.us();
        let (from, to) = (i128::from(stage.from.per_day), i128::from(stage.to.per_day));
        // Calls until then, times `2 * US_PER_DAY * duration`.
        let calls = |us: i128| (self.before + 2 * from * us) * duration + (to - from) * us * us;
        let wanted = self.position * 2 * US_PER_DAY * duration;
        let (mut low, mut high) = (0, duration);
        while low < high {
            let middle = (low + high) / 2;
            if calls(middle) * PARTS >= wanted { high = middle } else { low = middle + 1 }
        }
        Duration::from_micros(u64::try_from(low).expect("it is within the stage"))
    }
}

/// A step of mean 1, in [`PARTS`].
fn exponential(random: &mut fastrand::Rng) -> i128 {
    (-(1.0 - random.f64()).ln() * PARTS as f64).round() as i128
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(stages: &[&str]) -> Plan {
        Plan::new(stages.iter().map(|stage| stage.parse().unwrap()).collect()).unwrap()
    }

    fn due(stages: &[&str]) -> Vec<Duration> {
        plan(stages).arrivals(Arrivals::Uniform, 0).collect()
    }

    #[test]
    fn a_constant_rate_is_even() {
        let due = due(&["2s:4/s"]);
        let ms: Vec<_> = due.iter().map(Duration::as_millis).collect();
        assert_eq!(ms, [125, 375, 625, 875, 1125, 1375, 1625, 1875]);
    }

    #[test]
    fn ramps_add_up() {
        let up = due(&["10s:0/s..1000/s"]);
        assert_eq!(up.len(), 5_000);
        assert_eq!(
            up.iter().filter(|due| **due < Duration::from_secs(5)).count(),
            1_250,
            "a quarter in the first half"
        );
        let down = due(&["10s:1000/s..0/s"]);
        assert_eq!(down.iter().filter(|due| **due < Duration::from_secs(5)).count(), 3_750);
    }

    #[test]
    fn nothing_is_due_at_rate_zero() {
        let due = due(&["10s:0/s", "1s:10/s", "1s:0/s", "1s:10/s..0/s"]);
        assert_eq!(due.len(), 15);
        assert!(due.iter().all(|due| {
            let s = due.as_secs_f64();
            (10.0..11.0).contains(&s) || s >= 12.0
        }));
    }

    #[test]
    fn a_day_does_not_drift() {
        // 7/s has no whole number of microseconds between calls.
        let mut due = plan(&["24h:7/s"]).arrivals(Arrivals::Uniform, 0);
        let calls = 24 * 60 * 60 * 7;
        let last = due.by_ref().nth(calls - 1).unwrap();
        let exact = (calls as f64 - 0.5) / 7.0;
        assert!((last.as_secs_f64() - exact).abs() < 2e-6, "{last:?}");
        assert_eq!(due.next(), None);
        let fastest = plan(&["24h:100000/s..99999/s"]);
        let last = Due { position: 8_639_956_799 * PARTS, ..fastest.arrivals(Arrivals::Poisson, 1) }.next();
        assert!(last.is_none_or(|last| last <= DURATION_MAX), "no overflow");
    }

    #[test]
    fn random_arrivals_follow_seed_and_rate() {
        let plan = plan(&["60s:100/s..300/s"]);
        let arrivals = |seed| plan.arrivals(Arrivals::Poisson, seed).collect::<Vec<_>>();
        assert_eq!(arrivals(1), arrivals(1));
        assert_ne!(arrivals(1), arrivals(2));
        let (count, expected) = (arrivals(1).len() as f64, plan.calls());
        assert!((count - expected).abs() < 4.0 * expected.sqrt(), "{count} of {expected}");
        // Gaps at an even rate have the deviation of their mean.
        let even = Plan::new(vec![Stage::constant(Rate::per_second(1000), Duration::from_secs(20))]).unwrap();
        let due: Vec<f64> = even.arrivals(Arrivals::Poisson, 7).map(|due| due.as_secs_f64()).collect();
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((mean * 1000.0 - 1.0).abs() < 0.05 && (deviation / mean - 1.0).abs() < 0.05, "{mean} {deviation}");
    }

    #[test]
    fn texts_are_read() {
        let stage: Stage = "90s:30/min..1_000/s".parse().unwrap();
        assert_eq!(stage.data(), report::Stage { duration_s: 90.0, from_per_s: 0.5, to_per_s: 1000.0 });
        assert_eq!("0/min".parse::<Rate>().unwrap(), Rate::per_second(0));
        assert_eq!(Rate::per_second(500).to_string(), "500/s");
        assert_eq!("30/min".parse::<Rate>().unwrap().to_string(), "0.5/s");
        for text in
            ["", "10s", "10s:", "x:1/s", "10s:1", "10s:-1/s", "10s:1/s..", "10s:1/s..2", "10s:0/x", "1s:100001/s"]
        {
            assert!(text.parse::<Stage>().is_err(), "{text}");
        }
        let error = "10s:5".parse::<Stage>().unwrap_err().to_string();
        assert!(error.starts_with("stage `10s:5`"), "{error}");
    }

    #[test]
    fn plans_have_time_and_calls() {
        for stages in [&["0s:5/s"][..], &["10s:0/s"], &["13h:1/s", "12h:1/s"], &[]] {
            let stages = stages.iter().map(|stage| stage.parse().unwrap()).collect();
            assert!(matches!(Plan::new(stages), Err(Error::Plan(_))));
        }
        let plan = plan(&["10s:0/s..100/s", "10s:100/s"]);
        assert_eq!((plan.rate_at(Duration::from_secs(5)), plan.rate_at(Duration::from_secs(99))), (50.0, 100.0));
        let warm = plan.after_warm_up(Duration::from_secs(4));
        assert_eq!((warm.calls(), warm.duration().as_secs()), (1_700.0, 24));
        assert_eq!(plan.after_warm_up(Duration::ZERO), plan);
    }

    fn stage() -> impl Strategy<Value = Stage> {
        let rate =
            || prop_oneof![Just(0), 1..2_000u64].prop_map(|per_s| Rate { per_day: per_s * SECONDS_PER_DAY + per_s });
        (1..20_000u64, rate(), rate()).prop_map(|(ms, from, to)| Stage {
            duration: Duration::from_millis(ms),
            from,
            to,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn due_times_ascend_and_count(
            stages in prop::collection::vec(stage(), 1..5),
            poisson in any::<bool>(),
        ) {
            let Ok(plan) = Plan::new(stages) else { return Ok(()) };
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Uniform };
            let due: Vec<_> = plan.arrivals(arrivals, 3).collect();
            prop_assert!(due.is_sorted());
            prop_assert!(due.iter().all(|due| *due <= plan.duration()));
            if !poisson {
                let count = due.len() as f64;
                prop_assert!((count - plan.calls()).abs() <= 0.5 + 1e-6, "{count} of {}", plan.calls());
            }
        }

        #[test]
        fn any_interval_of_a_constant_rate_has_its_share(
            per_s in 1..5_000u64,
            from_ms in 0..10_000u64,
            ms in 1..10_000u64,
        ) {
            let stage = Stage::constant(Rate::per_second(per_s), Duration::from_secs(20));
            let plan = Plan::new(vec![stage]).unwrap();
            let interval = Duration::from_millis(from_ms)..Duration::from_millis(from_ms + ms);
            let count = plan.arrivals(Arrivals::Uniform, 0).filter(|due| interval.contains(due)).count();
            let share = per_s as f64 * ms as f64 / 1000.0;
            prop_assert!((count as f64 - share).abs() <= 1.0 + 1e-6, "{count} of {share}");
        }
    }
}
