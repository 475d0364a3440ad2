//! From stretches of events to runs: their audiences are found and frozen, among the events' own endpoints.

use std::sync::Arc;

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::Stretch;
use crate::campaign::Error;
use crate::campaign::audience::{self, Rules};
use crate::campaign::begin::NewRun;
use crate::campaign::definition;
use crate::campaign::engine::Engine;
use crate::campaign::schedule::Run;
use crate::campaign::timetable::Turn;
use crate::domain::{ApplicationId, CampaignId, EndpointNumber};
use crate::segment;
use crate::store::{self, Activity, Frozen, Reader};
use crate::telemetry::metric;

/// Runs that may begin. Nothing of them is written yet.
#[derive(Debug)]
pub struct Triggered {
    /// The revision of the campaign that they follow.
    pub revision: u32,
    activities: Vec<(Activity, Frozen)>,
    /// What became of the events.
    counts: Counts,
}

/// Events of some runs.
#[derive(Debug, Default)]
struct Counts {
    begun: u64,
    /// Whose endpoint is not in the segment.
    filtered: u64,
    /// Whose endpoint does not exist.
    unknown: u64,
}

impl Engine {
    /// Finds the audiences of runs that these events begin, one run a stretch. Its messages are due when its first event
    /// arrived, so that their window counts from then, also after a restart.
    ///
    /// Shape: no activity without an audience. Errors: as of [`prepare`](Engine::prepare).
    pub(in crate::campaign) async fn prepare_triggered(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        stretches: &[Stretch],
    ) -> Result<Triggered, Error> {
        let (mut document, stored) = definition::load(&*self.store, application_id, campaign_id.as_str()).await?;
        document.resolve(&*self.store).await?;
        let ways = self.ways(application_id).await?;
        let served = ways.shared_with(&self.settings_ways);
        document.served = served.map(|channel| channel.as_str().to_owned()).collect();
        let now = self.clock.now();

        let ids: Vec<String> = stretches.iter().flat_map(|stretch| &stretch.endpoint_ids).cloned().collect();
        let numbers = self.store.find_endpoints(application_id, ids).await?;
        let among: RoaringBitmap = numbers.iter().flatten().collect();
        let mut definition = self.compile(&ways, campaign_id, &document)?;
        definition.treatments.iter_mut().for_each(|treatment| treatment.schedule.is_local_time = false);
        let definition = Arc::new(definition);
        let (segment_id, version) = (&definition.segment_id, definition.segment_version);
        let segment = segment::evaluate_among(&*self.store, application_id, segment_id, version, now, &among).await?;

        let mut numbers = numbers.into_iter();
        let mut triggered = Triggered { revision: stored.revision, activities: Vec::new(), counts: Counts::default() };
        let text = serde_json::to_string(&document).expect("text and numbers are JSON");
        for stretch in stretches {
            let own: Vec<Option<EndpointNumber>> = numbers.by_ref().take(stretch.endpoint_ids.len()).collect();
            let known: RoaringBitmap = own.iter().flatten().collect();
            let members = &known & &segment;
            let counts = &mut triggered.counts;
            counts.unknown += own.len() as u64 - known.len();
            counts.filtered += known.len() - members.len();
            counts.begun += members.len();
            if members.is_empty() {
                continue;
            }
            let turns = turns(definition.treatments.len(), stretch.since);
            let rules = Rules {
                application_id: application_id.clone(),
                definition: definition.clone(),
                ways: ways.clone(),
                now,
                turns: turns.iter().copied().map(Some).collect(),
            };
            let audiences = audience::freeze(&*self.store, Arc::new(rules), &members).await?;
            let frozen: u64 = audiences.iter().map(Frozen::endpoints).sum();
            assert_eq!(frozen, members.len(), "the audiences hold every endpoint that is in the segment");
            let run = NewRun {
                application_id,
                campaign_id,
                campaign_version: stored.version,
                now,
                definition: text.clone(),
                is_streamed: self.is_streamed(application_id).await?,
            };
            let parts = turns.iter().zip(audiences).filter(|(_, frozen)| frozen.endpoints() > 0);
            triggered.activities.extend(parts.map(|(turn, frozen)| (run.activity(turn), frozen)));
        }
        Ok(triggered)
    }

    /// Writes the activities of prepared runs and how far their reader has come, in one call.
    pub(in crate::campaign) async fn commit_triggered(
        &self,
        triggered: Triggered,
        reader: Reader,
    ) -> Result<Vec<Activity>, store::Error> {
        let activities: Vec<_> = triggered.activities.iter().map(|(activity, _)| activity.clone()).collect();
        match activities.is_empty() {
            true => self.store.put_reader(reader).await?,
            false => self.store.create_activities(triggered.activities, Some(reader)).await?,
        }
        let Counts { begun, filtered, unknown } = triggered.counts;
        metric::trigger_events("begun", begun);
        metric::trigger_events("filtered_by_segment", filtered);
        metric::trigger_events("unknown_endpoint", unknown);
        Ok(activities)
    }
}

/// All treatments begin, and everybody's messages are due at that moment, wherever they are.
pub fn turns(treatments: usize, moment: Timestamp) -> Vec<Turn> {
    (0..treatments).map(|treatment| Turn { treatment, run: Run::at(moment), since: moment }).collect()
}
