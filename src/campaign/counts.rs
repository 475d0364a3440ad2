//! How an activity stands, in numbers, for those who ask while it runs and after.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::progress::Progress;
use super::{batch, ledger};
use crate::domain::{ActivityId, Fate, Tally};
use crate::store::{self, Activity, ActivityState, LedgerStore};

/// Activities whose numbers are kept at most.
const KEPT_MAX: usize = 10_000;

/// The numbers of an activity.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Endpoints of the frozen audience.
    pub audience: u64,
    /// Fates so far.
    pub tally: Tally,
    /// Moments at which messages are due: one for each distinct offset of a local-time campaign, else one.
    pub waves: u32,
    /// Waves whose every member has a fate.
    pub waves_done: u32,
}

impl Counts {
    /// Endpoints that a message was on its way to: `TotalEndpointCount`.
    pub fn attempted(&self) -> u64 {
        self.tally.iter().filter(|(fate, _)| fate.is_attempted()).map(|(_, endpoints)| endpoints).sum()
    }

    /// `SuccessfulEndpointCount`.
    pub fn successful(&self) -> u64 {
        self.tally.get(Fate::Sent)
    }
}

/// `ExecutionMetrics`: numbers as text. `elsewhere` are endpoints of the segment that other treatments have.
pub fn execution_metrics(tally: &Tally, audience: u64, elsewhere: u64) -> BTreeMap<String, String> {
    let mut metrics: BTreeMap<&str, u64> = BTreeMap::from([("ENDPOINT_PRODUCED", audience + elsewhere)]);
    for (fate, endpoints) in tally.iter() {
        if let Some(name) = fate.execution_metric() {
            *metrics.entry(name).or_default() += endpoints;
        }
    }
    if elsewhere > 0 {
        *metrics.entry("TREATMENT_HOLDOUT").or_default() += elsewhere;
    }
    metrics.into_iter().map(|(name, endpoints)| (name.to_owned(), endpoints.to_string())).collect()
}

/// Keeps what does not change: the numbers of activities that are over, and the shape of audiences.
#[derive(Default)]
pub struct Counter {
    /// With the activity's end: one whose held batches were redriven or dropped has a later one.
    over: Mutex<HashMap<ActivityId, (Option<Timestamp>, Counts)>>,
    /// The number of batches up to the end of each wave.
    waves: Mutex<HashMap<ActivityId, Arc<[u64]>>>,
}

impl Counter {
    /// Counts an activity: from its progress if it is under way here, from what is kept if it is over, else by reading its
    /// part of the ledger.
    pub async fn count(
        &self,
        store: &dyn LedgerStore,
        activity: &Activity,
        progress: Option<Arc<Progress>>,
    ) -> Result<Counts, store::Error> {
        let is_over = matches!(activity.state, ActivityState::Completed | ActivityState::Cancelled);
        if is_over
            && let Some((ended_at, counts)) = self.over.lock().get(&activity.id)
            && *ended_at == activity.ended_at
        {
            return Ok(counts.clone());
        }
        // A run that just begins has a progress without an audience.
        if !is_over && let Some(progress) = progress.filter(|progress| progress.audience() > 0) {
            let waves = self.waves(store, &activity.id).await?;
            let done = progress.batches_done();
            return Ok(Counts {
                audience: progress.audience(),
                tally: progress.tally(),
                waves: waves.len() as u32,
                // Waves are worked on one after the other.
                waves_done: waves.iter().filter(|last| **last <= done).count() as u32,
            });
        }
        let frozen = store.frozen(&activity.id).await?;
        let standing = ledger::standing(store, activity, &frozen).await?;
        let ends = ends(&frozen);
        let finished = |first: u64, last: u64| standing.finished.range_cardinality(first as u32..last as u32);
        let firsts = [0].into_iter().chain(ends.iter().copied());
        let done = firsts.zip(ends.iter()).filter(|(first, last)| finished(*first, **last) == **last - first).count();
        let counts = Counts {
            audience: frozen.endpoints(),
            tally: standing.tally,
            waves: ends.len() as u32,
            waves_done: done as u32,
        };
        if is_over {
            keep(&mut self.over.lock(), &activity.id, (activity.ended_at, counts.clone()));
        }
        Ok(counts)
    }

    async fn waves(&self, store: &dyn LedgerStore, id: &ActivityId) -> Result<Arc<[u64]>, store::Error> {
        if let Some(waves) = self.waves.lock().get(id) {
            return Ok(waves.clone());
        }
        let waves: Arc<[u64]> = ends(&store.frozen(id).await?).into();
        keep(&mut self.waves.lock(), id, waves.clone());
        Ok(waves)
    }
}

fn ends(frozen: &store::Frozen) -> Vec<u64> {
    let total = u64::from(batch::count(frozen));
    let firsts = batch::waves(frozen).map(|(first, _)| u64::from(first));
    firsts.skip(1).chain((!frozen.waves.is_empty()).then_some(total)).collect()
}

fn keep<T>(kept: &mut HashMap<ActivityId, T>, id: &ActivityId, value: T) {
    if kept.len() >= KEPT_MAX {
        // Rare, and all of it can be read again.
        kept.clear();
    }
    kept.insert(id.clone(), value);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::{Frozen, Wave};

    #[test]
    fn other_treatments_count_as_held_out() {
        let tally: Tally = [Fate::Sent, Fate::Holdout, Fate::OptOut].into_iter().collect();
        let metrics = execution_metrics(&tally, 3, 7);
        let expected = [("ENDPOINT_OPT_OUT", "1"), ("ENDPOINT_PRODUCED", "10"), ("TREATMENT_HOLDOUT", "8")];
        assert!(metrics.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{metrics:?}");
    }

    #[test]
    fn attempts_are_what_a_provider_may_have_seen() {
        let tally = Fate::ALL.into_iter().collect();
        let counts = Counts { tally, ..Counts::default() };
        assert_eq!((counts.attempted(), counts.successful()), (5, 1));
    }

    #[test]
    fn waves_end_where_the_next_begins() {
        let wave = |members| Wave { due: Timestamp::UNIX_EPOCH, members };
        let frozen = |waves| Frozen { settled: Vec::new(), waves };
        assert_eq!(ends(&frozen(Vec::new())), Vec::<u64>::new());
        assert_eq!(ends(&frozen(vec![wave((0..120).collect()), wave((200..201).collect())])), [3, 4]);
    }
}
