//! Events into runs: as few as there can be if no endpoint comes twice in one. Pure.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::WINDOW;
use crate::store::EventRow;

/// Endpoints of one run, at most: its audience is found in one go.
const STRETCH_ENDPOINTS_MAX: usize = 50_000;

/// Events that begin one run.
#[derive(Debug)]
pub struct Stretch {
    /// Whose they are; each once.
    pub endpoint_ids: HashSet<String>,
    /// When the first of them arrived.
    pub since: Timestamp,
}

/// Events that were read, as the runs they will begin. All of them begin together, so it does not matter which comes first.
#[derive(Debug)]
pub struct Gathered {
    /// Longest time between arrivals of one run, so that none of it waits much longer than the others.
    span: Duration,
    now: Timestamp,
    stretches_max: usize,
    stretches: Vec<Stretch>,
}

impl Gathered {
    pub fn new(span: Duration, now: Timestamp, stretches_max: usize) -> Self {
        Self { span, now, stretches_max, stretches: Vec::new() }
    }

    /// Adds the next event: to the first run that it can share, else to one of its own. An endpoint with many events makes many
    /// runs, but the events of others fill those, and make no more.
    pub fn add(&mut self, row: &EventRow) {
        let id = &row.event.endpoint_id;
        let fits = |stretch: &Stretch| {
            !stretch.endpoint_ids.contains(id)
                && stretch.endpoint_ids.len() < STRETCH_ENDPOINTS_MAX
                && self.may_share(stretch.since, row.arrived_at)
        };
        let place = self.stretches.iter().position(fits).unwrap_or(self.stretches.len());
        if place == self.stretches.len() {
            self.stretches.push(Stretch { endpoint_ids: HashSet::new(), since: row.arrived_at });
        }
        let stretch = &mut self.stretches[place];
        stretch.since = stretch.since.min(row.arrived_at);
        stretch.endpoint_ids.insert(id.clone());
    }

    /// Arrived close to each other, or both too late for any message.
    fn may_share(&self, since: Timestamp, arrived_at: Timestamp) -> bool {
        let is_late = |moment: Timestamp| self.now.duration_since(moment) > short(WINDOW);
        match is_late(since) || is_late(arrived_at) {
            true => is_late(since) && is_late(arrived_at),
            false => arrived_at.duration_since(since).abs() <= short(self.span),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Whether runs should be begun before more is read.
    pub fn is_full(&self) -> bool {
        let endpoints: usize = self.stretches.iter().map(|stretch| stretch.endpoint_ids.len()).sum();
        self.stretches.len() >= self.stretches_max || endpoints >= STRETCH_ENDPOINTS_MAX
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
        let mut gathered = Gathered::new(Duration::from_secs(1), second(now), usize::MAX);
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
        assert_eq!(ids, ["abc", "a", "a"]);
    }

    #[test]
    fn it_is_full_with_as_many_runs_as_may_begin() {
        let mut gathered = Gathered::new(Duration::from_secs(1), second(1_000), 2);
        let mut is_full = |id: &str| {
            gathered.add(&row(1, id, second(1_000)));
            gathered.is_full()
        };
        assert_eq!(["a", "b", "c", "a"].map(&mut is_full), [false, false, false, true]);
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
        fn every_event_is_in_one_run(events in prop::collection::vec((0u8..6, 0i64..8), 0..60)) {
            let events: Vec<_> = events.into_iter().map(|(id, at)| (id.to_string(), 1_000 + at)).collect();
            let events: Vec<_> = events.iter().map(|(id, at)| (id.as_str(), *at)).collect();
            let runs = gathered(1_010, &events);
            for (id, _) in &events {
                let expected = events.iter().filter(|(other, _)| other == id).count();
                let with_it = runs.iter().filter(|(ids, _)| ids.iter().any(|other| other == id)).count();
                prop_assert_eq!(with_it, expected, "each event counts once");
            }
            prop_assert_eq!(runs.iter().map(|(_, since)| *since).min(), events.iter().map(|(_, at)| *at).min());
        }

        #[test]
        fn there_are_no_more_runs_than_events_of_one_endpoint(ids in prop::collection::vec(0u8..6, 1..60)) {
            let ids: Vec<_> = ids.iter().map(u8::to_string).collect();
            let events: Vec<_> = ids.iter().map(|id| (id.as_str(), 1_000)).collect();
            let most = ids.iter().map(|id| ids.iter().filter(|other| *other == id).count()).max();
            prop_assert_eq!(Some(gathered(1_000, &events).len()), most);
        }
    }
}
