//! How a run begins: its audience is frozen, and its activities are written in one call. They are what tells that it has
//! begun, also after a crash.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::audience::{self, Rules};
use super::definition::{self, Document};
use super::engine::Engine;
use super::{Error, ledger};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};
use crate::segment;
use crate::store::outcome::EVENT_STREAM;
use crate::store::{self, Activity, ActivityState, Frozen};
use crate::telemetry::metric;
use crate::wire::instant;

/// A run that may begin. Nothing of it is written yet.
#[derive(Debug)]
pub struct Prepared {
    /// The revision of the campaign that it follows.
    pub revision: u32,
    activities: Vec<(Activity, Frozen)>,
}

impl Engine {
    /// Begins a run of a campaign: finds its audience, freezes it, and writes one activity for each treatment.
    /// Nothing is sent yet.
    ///
    /// Errors: an unknown campaign or segment, a definition that cannot run. Nothing is written then.
    pub async fn begin(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
    ) -> Result<Vec<Activity>, Error> {
        let prepared = self.prepare(application_id, campaign_id).await?;
        Ok(self.commit(prepared).await?)
    }

    /// The part of [`begin`](Self::begin) that takes time: finds the audience and freezes it.
    ///
    /// Errors: as of `begin`.
    pub async fn prepare(&self, application_id: &ApplicationId, campaign_id: &CampaignId) -> Result<Prepared, Error> {
        let (mut document, stored) = definition::load(&*self.store, application_id, campaign_id.as_str()).await?;
        document.resolve(&*self.store).await?;
        let ways = self.ways(application_id).await?;
        let definition = self.compile(&ways, campaign_id, &document)?;
        let now = self.clock.now();
        definition::check_end(document.campaign.schedule.as_ref(), now)?;
        let served = ways.shared_with(&self.settings_ways);
        document.served = served.map(|channel| channel.as_str().to_owned()).collect();
        let scheduled_start = definition.schedule.start.moment(now);
        let (segment_id, segment_version) = (&definition.segment_id, definition.segment_version);
        let members = segment::evaluate(&*self.store, application_id, segment_id, segment_version, now).await?;
        let treatments: Vec<_> = definition.treatments.iter().map(|treatment| treatment.id.clone()).collect();
        let written = instant::read(&stored.last_modified_date).map_or(now, |written| written.min(now));
        let definition = Arc::new(definition);
        let rules = Rules { application_id: application_id.clone(), definition, ways, now, written };
        let audiences = audience::freeze(&*self.store, Arc::new(rules), &members).await?;
        let frozen: u64 = audiences.iter().map(|frozen| frozen.endpoints()).sum();
        assert_eq!(frozen, members.len(), "the audiences hold every member of the segment");

        let run = NewRun {
            application_id,
            campaign_id,
            campaign_version: stored.version,
            scheduled_start,
            now,
            definition: serde_json::to_string(&document).expect("text and numbers are JSON"),
            is_streamed: self.store.reader(application_id, EVENT_STREAM).await?.is_some(),
        };
        let activities = treatments.into_iter().map(|treatment_id| run.activity(treatment_id)).zip(audiences).collect();
        Ok(Prepared { revision: stored.revision, activities })
    }

    /// Writes the activities of a prepared run, in one call.
    pub async fn commit(&self, prepared: Prepared) -> Result<Vec<Activity>, store::Error> {
        let activities = prepared.activities.iter().map(|(activity, _)| activity.clone()).collect();
        self.store.create_activities(prepared.activities, None).await?;
        Ok(activities)
    }

    /// Writes down that a run could not begin: an activity for each treatment that is over, has no audience and says why.
    pub async fn record_failed_run(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        stored: &store::Definition,
        failure: &str,
    ) -> Result<(), store::Error> {
        let document: Option<Document> = serde_json::from_str(&stored.document).ok();
        let now = self.clock.now();
        let schedule = document.as_ref().and_then(|document| document.campaign.schedule.as_ref());
        let defaults = document.as_ref().map(|document| document.defaults.clone()).unwrap_or_default();
        let read = |schedule| definition::read_schedule(schedule, &defaults).ok();
        let start = schedule.and_then(read).map(|schedule| schedule.start);
        let additional = document.as_ref().and_then(|document| document.campaign.additional_treatments.as_ref());
        let run = NewRun {
            application_id,
            campaign_id,
            campaign_version: stored.version,
            scheduled_start: start.map_or(now, |start| start.moment(now)),
            now,
            definition: stored.document.clone(),
            is_streamed: false,
        };
        let activities = (0..=additional.map_or(0, Vec::len)).map(|treatment| {
            let mut activity = run.activity(TreatmentId::new(treatment.to_string()));
            activity.state = ActivityState::Completed;
            activity.ended_at = Some(now);
            activity.failure = Some(failure.to_owned());
            (activity, Frozen::default())
        });
        self.store.create_activities(activities.collect(), None).await
    }

    /// Ends an activity for good that nobody drives any more; whom it did not come to meets `ABORTED`. One that is over
    /// stays as it is.
    pub async fn abort(&self, activity: &Activity, why: &str) -> Result<(), store::Error> {
        let stored = self.store.activity(&activity.id).await?;
        let Some(mut activity) = stored.filter(|stored| stored.state == ActivityState::Running) else { return Ok(()) };
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
        Ok(())
    }
}

/// What the activities of a run have in common.
struct NewRun<'a> {
    application_id: &'a ApplicationId,
    campaign_id: &'a CampaignId,
    campaign_version: u32,
    scheduled_start: Timestamp,
    now: Timestamp,
    definition: String,
    is_streamed: bool,
}

impl NewRun<'_> {
    fn activity(&self, treatment_id: TreatmentId) -> Activity {
        Activity {
            id: ActivityId::new(Uuid::new_v4().simple().to_string()),
            application_id: self.application_id.clone(),
            campaign_id: self.campaign_id.clone(),
            campaign_version: self.campaign_version,
            treatment_id,
            state: ActivityState::Running,
            scheduled_start: self.scheduled_start,
            started_at: Some(self.now),
            ended_at: None,
            failure: None,
            definition: self.definition.clone(),
            is_streamed: self.is_streamed,
        }
    }
}
