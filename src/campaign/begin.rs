//! How a run begins: its audience is frozen, and its activities are written in one call. They are what tells that it has
//! begun, also after a crash.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::audience::{self, Rules};
use super::control::{Boundary, Order};
use super::engine::Engine;
use super::timetable::{Timetable, Turn};
use super::{Error, definition, ledger};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};
use crate::segment;
use crate::store::outcome::EVENT_STREAM;
use crate::store::{self, Activity, ActivityState, Frozen, Reader};
use crate::telemetry::metric;

/// A run that may begin. Nothing of it is written yet.
#[derive(Debug)]
pub struct Prepared {
    /// The revision of the campaign that it follows.
    pub revision: u32,
    activities: Vec<(Activity, Frozen)>,
}

impl Engine {
    /// Begins the first run of every treatment of a campaign, due or not: finds its audience, freezes it, and writes one
    /// activity for each treatment. Nothing is sent yet.
    ///
    /// Errors: an unknown campaign or segment, a definition that cannot run. Nothing is written then.
    pub async fn begin(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
    ) -> Result<Vec<Activity>, Error> {
        let (document, _) = definition::load(&*self.store, application_id, campaign_id.as_str()).await?;
        let turns = Timetable::read(&document, self.config.policy)?.first_turns(self.clock.now());
        let prepared = self.prepare(application_id, campaign_id, &turns).await?;
        Ok(self.commit(prepared).await?)
    }

    /// The part of a beginning that takes time: finds the audience of these treatments and freezes it.
    ///
    /// Errors: as of `begin`.
    pub async fn prepare(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        turns: &[Turn],
    ) -> Result<Prepared, Error> {
        let (mut document, stored) = definition::load(&*self.store, application_id, campaign_id.as_str()).await?;
        document.resolve(&*self.store).await?;
        let ways = self.ways(application_id).await?;
        let definition = self.compile(&ways, campaign_id, &document)?;
        let now = self.clock.now();
        for turn in turns {
            definition::check_end(&document.campaign, turn.treatment, now)?;
        }
        let served = ways.shared_with(&self.settings_ways);
        document.served = served.map(|channel| channel.as_str().to_owned()).collect();
        let (segment_id, segment_version) = (&definition.segment_id, definition.segment_version);
        let members = segment::evaluate(&*self.store, application_id, segment_id, segment_version, now).await?;
        document.segment_endpoints = Some(members.len());
        let mut by_place = vec![None; definition.treatments.len()];
        for turn in turns {
            // One that was removed meanwhile changed the campaign, and the run is not committed.
            if let Some(place) = by_place.get_mut(turn.treatment) {
                *place = Some(*turn);
            }
        }
        let is_whole = by_place.iter().all(Option::is_some);
        let definition = Arc::new(definition);
        let rules = Rules { application_id: application_id.clone(), definition, ways, now, turns: by_place };
        let audiences = audience::freeze(&*self.store, Arc::new(rules), &members).await?;
        let frozen: u64 = audiences.iter().map(|frozen| frozen.endpoints()).sum();
        assert!(
            if is_whole { frozen == members.len() } else { frozen <= members.len() },
            "the audiences of all treatments hold every member of the segment"
        );

        let run = NewRun {
            application_id,
            campaign_id,
            campaign_version: stored.version,
            now,
            definition: serde_json::to_string(&document).expect("text and numbers are JSON"),
            is_streamed: self.is_streamed(application_id).await?,
        };
        let begins = |(place, audience)| {
            let turn = turns.iter().find(|turn| turn.treatment == place)?;
            Some((run.activity(turn), audience))
        };
        let activities = audiences.into_iter().enumerate().filter_map(begins).collect();
        Ok(Prepared { revision: stored.revision, activities })
    }

    /// Whether an event stream tells of what this application sends.
    pub(super) async fn is_streamed(&self, application_id: &ApplicationId) -> Result<bool, store::Error> {
        Ok(self.store.reader(application_id, EVENT_STREAM).await?.is_some())
    }

    /// Writes the activities of a prepared run, in one call.
    pub async fn commit(&self, prepared: Prepared) -> Result<Vec<Activity>, store::Error> {
        let activities = prepared.activities.iter().map(|(activity, _)| activity.clone()).collect();
        self.store.create_activities(prepared.activities, None).await?;
        Ok(activities)
    }

    /// Writes down that these treatments could not begin: an activity for each that is over, has no audience and says why; with
    /// them how far the reader of their events has come.
    pub async fn record_failed_run(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        stored: &store::Definition,
        turns: &[Turn],
        failure: &str,
        reader: Option<Reader>,
    ) -> Result<(), store::Error> {
        let now = self.clock.now();
        let definition = stored.document.clone();
        let run = NewRun {
            application_id,
            campaign_id,
            campaign_version: stored.version,
            now,
            definition,
            is_streamed: false,
        };
        let activities = turns.iter().map(|turn| {
            let mut activity = run.activity(turn);
            activity.state = ActivityState::Completed;
            activity.ended_at = Some(now);
            activity.failure = Some(failure.to_owned());
            (activity, Frozen::default())
        });
        self.store.create_activities(activities.collect(), reader).await
    }

    /// Ends an activity for good that nobody drives any more; whom it did not come to meets `ABORTED`. One that is over
    /// stays as it is. Returns where it ended.
    pub async fn abort(&self, activity: &Activity, why: &str) -> Result<Option<Boundary>, store::Error> {
        let stored = self.store.activity(&activity.id).await?;
        let Some(mut activity) = stored.filter(|stored| Order::Abort.fits(stored.state)) else { return Ok(None) };
        let frozen = self.store.frozen(&activity.id).await?;
        activity.state = ActivityState::Cancelled;
        activity.ended_at = Some(self.clock.now());
        activity.failure = Some(why.to_owned());
        let standing = ledger::standing(&*self.store, &activity, &frozen).await?;
        assert_eq!(
            standing.tally.total(),
            frozen.endpoints(),
            "the fates of a cancelled activity add up to its audience"
        );
        self.store.update_activity(activity).await?;
        metric::endpoints(Fate::Aborted, standing.tally.get(Fate::Aborted));
        Ok(Some(Boundary::of(&frozen, &standing)))
    }
}

/// What the activities of a run have in common.
pub(super) struct NewRun<'a> {
    pub application_id: &'a ApplicationId,
    pub campaign_id: &'a CampaignId,
    pub campaign_version: u32,
    pub now: Timestamp,
    pub definition: String,
    pub is_streamed: bool,
}

impl NewRun<'_> {
    pub fn activity(&self, turn: &Turn) -> Activity {
        Activity {
            id: ActivityId::new(Uuid::new_v4().simple().to_string()),
            application_id: self.application_id.clone(),
            campaign_id: self.campaign_id.clone(),
            campaign_version: self.campaign_version,
            treatment_id: TreatmentId::new(turn.treatment.to_string()),
            state: ActivityState::Running,
            scheduled_start: turn.run.moment,
            started_at: Some(self.now),
            ended_at: None,
            failure: None,
            definition: Some(self.definition.clone()),
            is_streamed: self.is_streamed,
        }
    }
}
