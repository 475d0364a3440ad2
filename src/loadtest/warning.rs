//! Why the figures may say more about the tester than about the function. Pure.

use std::time::Duration;

use super::histogram::in_ms;
use super::report::{Client, Machine, Warning, WarningKind};
use super::{Tally, report};

/// A tester is behind when calls are sent this late, at the 99th percentile.
const LAG_MAX: Duration = Duration::from_millis(5);
/// Share of the cores at which there is little left for anybody else.
const BUSY_MAX: f64 = 0.9;
/// Share of late wake-ups among calls.
const LATE_MAX: f64 = 0.01;

/// Shape: in the order of [`WarningKind`].
pub(super) fn warnings(tally: &Tally, client: &Client, machine: &Machine, plan: &report::Plan) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message| warnings.push(Warning { kind, message });
    let lag = tally.lag().quantile(0.99).unwrap_or_default();
    if lag > LAG_MAX {
        warn(
            WarningKind::BehindSchedule,
            format!(
                "behind schedule: one call in a hundred was sent {:.1} ms late or more; latencies from the intended start \
                 include it",
                in_ms(lag)
            ),
        );
    }
    if tally.waited() > 0 {
        warn(
            WarningKind::InFlightLimit,
            format!(
                "{} calls waited because {} were in flight: the function does not keep up, or `--in-flight-max` is too low",
                tally.waited(),
                plan.in_flight_max
            ),
        );
    }
    let share = client.cores_busy / machine.cores as f64;
    if share > BUSY_MAX {
        warn(
            WarningKind::ClientSaturated,
            format!(
                "the tester kept {:.1} of {} cores busy: the machine may be the limit, and not the function",
                client.cores_busy, machine.cores
            ),
        );
    }
    let calls = tally.totals().sent;
    if client.late_wake_ups as f64 > LATE_MAX * calls as f64 {
        warn(
            WarningKind::LateWakeUps,
            format!(
                "the machine woke the tester more than 1 ms late {} times for {calls} calls: something else keeps it busy",
                client.late_wake_ups
            ),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::tally::tests::call;
    use super::*;
    use crate::loadtest::Outcome;
    use crate::loadtest::report::Arrivals;

    fn kinds(outcomes: &[Outcome], cores_busy: f64, late_wake_ups: u64) -> Vec<WarningKind> {
        let mut tally = Tally::new(Duration::ZERO, Duration::from_secs(1));
        outcomes.iter().for_each(|outcome| tally.add(outcome));
        let client = Client { cores_busy, late_wake_ups, in_flight_max: 10 };
        let machine = Machine { os: "linux".into(), architecture: "x86_64".into(), cores: 2 };
        let plan = report::Plan {
            stages: Vec::new(),
            arrivals: Arrivals::Uniform,
            seed: 0,
            warm_up_s: 0.0,
            in_flight_max: 10,
            timeout_ms: 15_000.0,
            decode: true,
        };
        warnings(&tally, &client, &machine, &plan).into_iter().map(|warning| warning.kind).collect()
    }

    #[test]
    fn a_tester_says_when_it_is_the_limit() {
        let on_time = [call(0, 5, Ok(1)); 100];
        let late = on_time.map(|call| Outcome { sent: Duration::from_millis(6), ..call });
        let waited = on_time.map(|call| Outcome { waited: true, ..call });
        assert_eq!(kinds(&on_time, 1.0, 1), []);
        assert_eq!(kinds(&late, 1.0, 0), [WarningKind::BehindSchedule]);
        assert_eq!(kinds(&waited, 1.0, 0), [WarningKind::InFlightLimit]);
        assert_eq!(kinds(&on_time, 1.9, 2), [WarningKind::ClientSaturated, WarningKind::LateWakeUps]);
    }
}
