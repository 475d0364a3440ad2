//! Events into runs: stretches of them in which no endpoint comes twice. Pure.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::WINDOW;
use crate::store::EventRow;

/// Endpoints of one run, at most: its audience is found in one go.
const STRETCH_ENDPOINTS_MAX: usize = 50_000;
/// What is gathered before runs are begun for it.
const STRETCHES_MAX: usize = 50;

/// Events that begin one run.
#[derive(Debug)]
pub struct Stretch {
    /// Whose they are; each once.
    pub endpoint_ids: HashSet<String>,
    /// When the first of them arrived.
    pub since: Timestamp,
}

/// Events that were read, as the runs they will begin, in order.
#[derive(Debug)]
pub struct Gathered {
    /// Longest time between arrivals of one run, so that none of it waits much longer than the others.
    span: Duration,
    now: Timestamp,
    stretches: Vec<Stretch>,
}

impl Gathered {
    pub fn new(span: Duration, now: Timestamp) -> Self {
        Self { span, now, stretches: Vec::new() }
    }

    /// Adds the next event: to the last run if it can be, else to one of its own.
    pub fn add(&mut self, row: &EventRow) {
        let id = &row.event.endpoint_id;
        let fits = self.stretches.last().is_some_and(|last| {
            !last.endpoint_ids.contains(id)
                && last.endpoint_ids.len() < STRETCH_ENDPOINTS_MAX
                && self.may_share(last.since, row.arrived_at)
        });
        if !fits {
            self.stretches.push(Stretch { endpoint_ids: HashSet::new(), since: row.arrived_at });
        }
        let last = self.stretches.last_mut().expect("one was pushed if there was none");
        last.since = last.since.min(row.arrived_at);
        last.endpoint_ids.insert(id.clone());
    }

    /// Arrived close to each other, or both too late for any message.
    fn may_share(&self, since: Timestamp, arrived_at: Timestamp) -> bool {
        let is_late = |moment: Timestamp| self.now.duration_since(moment) > short(WINDOW);
        match is_late(since) || is_late(arrived_at) {
            true => is_late(since) && is_late(arrived_at),
            false => arrived_at.duration_since(since).abs() <= short(self.span),
        }
    }

    /// Whether runs should be begun before more is read.
    pub fn is_full(&self) -> bool {
        let endpoints: usize = self.stretches.iter().map(|stretch| stretch.endpoint_ids.len()).sum();
        self.stretches.len() >= STRETCHES_MAX || endpoints >= STRETCH_ENDPOINTS_MAX
    }

    /// Takes what was gathered.
    pub fn take(&mut self) -> Vec<Stretch> {
        std::mem::take(&mut self.stretches)
    }
}

fn short(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Event;

    fn row(position: u64, endpoint_id: &str, arrived_at: Timestamp) -> EventRow {
        let event = Event {
            endpoint_id: endpoint_id.into(),
            id: position.to_string(),
            event_type: "a".into(),
            at: arrived_at,
            document: "{}".into(),
        };
        EventRow { position, arrived_at, event }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn gathered(now: i64, events: &[(&str, i64)]) -> Vec<(Vec<String>, i64)> {
        let mut gathered = Gathered::new(Duration::from_secs(1), second(now));
        for (position, (id, at)) in (1..).zip(events) {
            gathered.add(&row(position, id, second(*at)));
        }
        let told = |stretch: Stretch| {
            let mut ids: Vec<_> = stretch.endpoint_ids.into_iter().collect();
            ids.sort();
            (ids, stretch.since.as_second())
        };
        gathered.take().into_iter().map(told).collect()
    }

    #[test]
    fn an_endpoint_comes_once_a_run() {
        let runs = gathered(1_000, &[("a", 1_000), ("b", 1_000), ("a", 1_000), ("c", 1_000), ("a", 1_000)]);
        let ids: Vec<_> = runs.iter().map(|(ids, _)| ids.join("")).collect();
        assert_eq!(ids, ["ab", "ac", "a"]);
    }

    #[test]
    fn nobody_waits_for_one_that_came_much_later() {
        assert_eq!(gathered(1_010, &[("a", 1_000), ("b", 1_001), ("c", 1_002)]).len(), 2);
        let swapped = gathered(1_010, &[("a", 1_001), ("b", 1_000)]);
        assert_eq!(swapped, [(vec!["a".to_owned(), "b".to_owned()], 1_000)], "positions need not follow the clock");
    }

    #[test]
    fn who_is_too_late_takes_nobody_along() {
        let runs = gathered(1_000, &[("a", 0), ("b", 300), ("c", 699), ("d", 700), ("e", 700)]);
        let ids: Vec<_> = runs.iter().map(|(ids, _)| ids.join("")).collect();
        assert_eq!(ids, ["abc", "de"]);
    }

    proptest! {
        #[test]
        fn every_event_is_in_one_run_in_order(events in prop::collection::vec((0u8..6, 0i64..8), 0..60)) {
            let events: Vec<_> = events.into_iter().map(|(id, at)| (id.to_string(), 1_000 + at)).collect();
            let events: Vec<_> = events.iter().map(|(id, at)| (id.as_str(), *at)).collect();
            let runs = gathered(1_010, &events);
            let total: usize = runs.iter().map(|(ids, _)| ids.len()).sum();
            prop_assert_eq!(total, events.len(), "each event counts once");
            let mut left = &events[..];
            for (ids, since) in runs {
                let (own, rest) = left.split_at(ids.len());
                let mut expected: Vec<_> = own.iter().map(|(id, _)| (*id).to_owned()).collect();
                expected.sort();
                prop_assert_eq!(&ids, &expected, "a run is a stretch of events");
                prop_assert_eq!(since, own.iter().map(|(_, at)| *at).min().unwrap());
                left = rest;
            }
        }
    }
}
