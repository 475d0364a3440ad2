//! What came of the calls, added up as they end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Histogram;
use super::histogram::in_ms;
use super::report::{self, Latency, Outcomes, Rates, Scheduling, Second, Totals};

/// The kind of failure of calls that were due and never sent.
pub const NOT_STARTED: &str = "not_started";

/// How one call went. Times are from the start of the test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// When it was due.
    pub intended: Duration,
    pub sent: Duration,
    pub ended: Duration,
    /// The answer's bytes, or the kind of failure.
    pub result: Result<usize, &'static str>,
    pub event_bytes: usize,
    pub endpoints: usize,
    /// It found the in-flight limit reached.
    pub waited: bool,
}

/// Outcomes added up. Those of the warm-up are in the timeline alone.
#[derive(Clone, Debug)]
pub struct Tally {
    warm_up: Duration,
    /// Time over which calls are due, after the warm-up.
    planned: Duration,
    sent_in_time: u64,
    totals: Totals,
    from_intended: Sides,
    from_send: Sides,
    lag: Histogram,
    waited: u64,
    seconds: Vec<Row>,
    /// Successes of the seconds from `closed` on; percentiles of a second are taken when it is over.
    open: BTreeMap<usize, Histogram>,
    closed: usize,
    /// The end of the last call.
    end: Duration,
}

#[derive(Clone, Debug, Default)]
struct Sides {
    successes: Histogram,
    failures: Histogram,
}

impl Sides {
    fn add(&mut self, latency: Duration, is_success: bool) {
        if is_success { self.successes.add(latency) } else { self.failures.add(latency) }
    }

    fn data(&self) -> Outcomes {
        Outcomes { successes: self.successes.distribution(), failures: self.failures.distribution() }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    intended: u64,
    sent: u64,
    succeeded: u64,
    failed: u64,
    not_started: u64,
    lag_max: Duration,
    p50: Option<Duration>,
    p99: Option<Duration>,
}

impl Tally {
    /// A tally that counts what is due after the warm-up, for the time that is planned.
    pub fn new(warm_up: Duration, planned: Duration) -> Self {
        Self {
            warm_up,
            planned,
            sent_in_time: 0,
            totals: Totals::default(),
            from_intended: Sides::default(),
            from_send: Sides::default(),
            lag: Histogram::default(),
            waited: 0,
            seconds: Vec::new(),
            open: BTreeMap::new(),
            closed: 0,
            end: warm_up,
        }
    }

    /// Ends the plan early, at a time from the start of the test.
    pub fn cut_short(&mut self, end: Duration) {
        self.planned = self.planned.min(end.saturating_sub(self.warm_up));
    }

    /// Adds a call that ended.
    pub fn add(&mut self, outcome: &Outcome) {
        let Outcome { intended, sent, ended, result, .. } = *outcome;
        let (latency, lag, is_success) =
            (ended.saturating_sub(intended), sent.saturating_sub(intended), result.is_ok());
        self.row(intended).intended += 1;
        let row = self.row(sent);
        row.sent += 1;
        row.lag_max = row.lag_max.max(lag);
        // Whoever comes after its second was closed counts as of the next one.
        let second = second(ended).max(self.closed);
        let row = self.row_of(second);
        if is_success {
            row.succeeded += 1;
            self.open.entry(second).or_default().add(latency);
        } else {
            row.failed += 1;
        }
        if intended < self.warm_up {
            return;
        }
        self.end = self.end.max(ended);
        self.from_intended.add(latency, is_success);
        self.from_send.add(ended.saturating_sub(sent), is_success);
        self.lag.add(lag);
        self.waited += u64::from(outcome.waited);
        self.sent_in_time += u64::from(sent <= self.warm_up + self.planned);
        let totals = &mut self.totals;
        totals.intended += 1;
        totals.sent += 1;
        totals.bytes_sent += outcome.event_bytes as u64;
        match result {
            Ok(bytes) => {
                totals.succeeded += 1;
                totals.bytes_received += bytes as u64;
                totals.endpoints += outcome.endpoints as u64;
            }
            Err(kind) => {
                totals.failed += 1;
                *totals.failures.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }

    /// Adds a call that was due and still waited when the test ended. It failed, after all the time that it waited.
    pub fn add_not_started(&mut self, intended: Duration, end: Duration) {
        let row = self.row(intended);
        row.intended += 1;
        row.not_started += 1;
        if intended < self.warm_up {
            return;
        }
        self.end = self.end.max(end);
        self.from_intended.failures.add(end.saturating_sub(intended));
        self.waited += 1;
        self.totals.intended += 1;
        self.totals.failed += 1;
        *self.totals.failures.entry(NOT_STARTED.to_owned()).or_default() += 1;
    }

    /// Takes the percentiles of seconds that are over by `now`.
    pub fn close_seconds(&mut self, now: Duration) {
        let now = second(now);
        self.closed = self.closed.max(now);
        while let Some(first) = self.open.first_entry().filter(|first| *first.key() < now) {
            let (second, histogram) = first.remove_entry();
            let row = self.row_of(second);
            row.p50 = histogram.quantile(0.5);
            row.p99 = histogram.quantile(0.99);
        }
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Latencies of successes from the intended start.
    pub fn successes(&self) -> &Histogram {
        &self.from_intended.successes
    }

    /// How late calls were sent.
    pub fn lag(&self) -> &Histogram {
        &self.lag
    }

    /// Calls that waited for others to end.
    pub fn waited(&self) -> u64 {
        self.waited
    }

    /// Percent of calls due that failed.
    pub fn failures_percent(&self) -> f64 {
        match self.totals.intended {
            0 => 0.0,
            intended => self.totals.failed as f64 * 100.0 / intended as f64,
        }
    }

    /// Time from the end of the warm-up to the end of the last call, but no less than planned.
    pub fn duration(&self) -> Duration {
        (self.end - self.warm_up).max(self.planned)
    }

    pub fn planned(&self) -> Duration {
        self.planned
    }

    /// Successes a second.
    pub fn success_rate(&self) -> f64 {
        per_second(self.totals.succeeded, self.duration())
    }

    /// The report's totals and rates.
    pub fn data(&self) -> (Totals, Rates) {
        let totals = Totals { duration_s: self.duration().as_secs_f64(), ..self.totals.clone() };
        let rates = Rates {
            intended_per_s: per_second(totals.intended, self.planned),
            sent_per_s: per_second(self.sent_in_time, self.planned),
            succeeded_per_s: self.success_rate(),
        };
        (totals, rates)
    }

    pub fn latency(&self) -> Latency {
        Latency { from_intended: self.from_intended.data(), from_send: self.from_send.data() }
    }

    pub fn scheduling(&self) -> Scheduling {
        let at = |quantile| self.lag.quantile(quantile).map_or(0.0, in_ms);
        Scheduling { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: self.lag.max().map_or(0.0, in_ms), waited: self.waited }
    }

    /// Shape: every second up to the last in which something happened.
    pub fn timeline(&self) -> Vec<report::Second> {
        let mut in_flight = 0u64;
        let row = |(second, row): (usize, &Row)| {
            in_flight = (in_flight + row.sent).saturating_sub(row.succeeded + row.failed);
            Second {
                second: u32::try_from(second).expect("plans are at most a day long"),
                warm_up: Duration::from_secs(second as u64) < self.warm_up,
                intended: row.intended,
                sent: row.sent,
                succeeded: row.succeeded,
                failed: row.failed,
                not_started: row.not_started,
                in_flight,
                p50_ms: row.p50.map(in_ms),
                p99_ms: row.p99.map(in_ms),
                lag_max_ms: in_ms(row.lag_max),
            }
        };
        self.seconds.iter().enumerate().map(row).collect()
    }

    fn row(&mut self, at: Duration) -> &mut Row {
        self.row_of(second(at))
    }

    fn row_of(&mut self, second: usize) -> &mut Row {
        if self.seconds.len() <= second {
            self.seconds.resize_with(second + 1, Row::default);
        }
        &mut self.seconds[second]
    }
}

fn second(at: Duration) -> usize {
    usize::try_from(at.as_secs()).unwrap_or(usize::MAX)
}

fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A call that was sent on time.
    pub fn call(intended_ms: u64, took_ms: u64, result: Result<usize, &'static str>) -> Outcome {
        let intended = Duration::from_millis(intended_ms);
        Outcome {
            intended,
            sent: intended,
            ended: intended + Duration::from_millis(took_ms),
            result,
            event_bytes: 100,
            endpoints: 50,
            waited: false,
        }
    }

    fn near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found / expected - 1.0).abs() < 0.01)
    }

    #[test]
    fn calls_are_counted_once_and_failures_apart() {
        let mut tally = Tally::new(Duration::ZERO, Duration::from_secs(1));
        for i in 0..10 {
            tally.add(&call(i * 100, 20, Ok(90)));
        }
        tally.add(&call(500, 1, Err("throttled")));
        let late = Outcome { sent: Duration::from_millis(900), waited: true, ..call(600, 400, Ok(90)) };
        tally.add(&late);
        tally.add_not_started(Duration::from_millis(700), Duration::from_millis(1500));

        let (totals, rates) = tally.data();
        assert_eq!((totals.intended, totals.sent, totals.succeeded, totals.failed), (13, 12, 11, 2));
        assert_eq!(totals.failures, [("not_started".to_owned(), 1), ("throttled".to_owned(), 1)].into());
        assert_eq!((totals.bytes_sent, totals.bytes_received, totals.endpoints), (1200, 990, 550));
        assert_eq!((totals.duration_s, rates.intended_per_s, rates.sent_per_s), (1.5, 13.0, 12.0));
        assert!((tally.failures_percent() - 2.0 / 13.0 * 100.0).abs() < 1e-9);

        let latency = tally.latency();
        let [intended, sent] = [latency.from_intended, latency.from_send];
        assert!(near(intended.successes.as_ref().map(|all| all.max_ms), 400.0));
        assert!(near(sent.successes.map(|all| all.max_ms), 100.0));
        assert!(near(intended.failures.map(|all| all.max_ms), 800.0), "what never began waited to the end");
        assert_eq!(sent.failures.unwrap().count, 1);
        let scheduling = tally.scheduling();
        assert!(near(Some(scheduling.max_ms), 300.0) && scheduling.waited == 2);
    }

    #[test]
    fn the_timeline_has_every_second() {
        let mut tally = Tally::new(Duration::from_secs(1), Duration::from_secs(1));
        tally.add(&call(0, 100, Ok(1)));
        tally.add(&call(1_500, 2_000, Ok(1)));
        tally.close_seconds(Duration::from_secs(5));
        let rows = tally.timeline();
        let of = |row: &Second| (row.warm_up, row.intended, row.sent, row.succeeded, row.in_flight);
        let expected = [(true, 1, 1, 1, 0), (false, 1, 1, 0, 1), (false, 0, 0, 0, 1), (false, 0, 0, 1, 0)];
        assert_eq!(rows.iter().map(of).collect::<Vec<_>>(), expected);
        assert!(near(rows[0].p50_ms, 100.0) && rows[1].p50_ms.is_none() && near(rows[3].p99_ms, 2_000.0));
        assert_eq!(tally.totals().intended, 1, "the warm-up is not counted");
        // A straggler counts, in a second that is still open.
        tally.add(&call(1_600, 10, Ok(1)));
        assert_eq!(tally.timeline()[5].succeeded, 1);
    }
}
