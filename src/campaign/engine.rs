//! What all runs share: the store, the ways out, the limits that hold across campaigns.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::audience::{self, Rules};
use super::cap::{Caps, Sender};
use super::definition::{self, Definition, Shelf};
use super::deliver::Lanes;
use super::{Error, ledger};
use crate::channel::Channels;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{ActivityId, ApplicationId, CampaignId};
use crate::hook::Invokers;
use crate::segment;
use crate::store::{Activity, ActivityState, Store};

/// How long a daily cap looks back.
const CAP_WINDOW: SignedDuration = SignedDuration::from_hours(25);

/// Runs campaigns. One for a process and a store.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) channels: Arc<Channels>,
    pub(super) invokers: Arc<Invokers>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<Config>,
    pub(super) lanes: Lanes,
    pub(super) caps: Caps,
    /// Batches worked on at once, over all campaigns; given out in the order they are asked for.
    pub(super) slots: Arc<Semaphore>,
    /// Held while an application's earlier messages are counted.
    counting: tokio::sync::Mutex<()>,
}

impl Engine {
    pub fn new(
        store: Arc<dyn Store>,
        channels: Arc<Channels>,
        invokers: Arc<Invokers>,
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
    ) -> Self {
        Self {
            lanes: Lanes::new(channels.clone(), config.send.clone(), clock.clone()),
            slots: Arc::new(Semaphore::new(config.campaign.batches_in_flight)),
            caps: Caps::default(),
            counting: tokio::sync::Mutex::default(),
            store,
            channels,
            invokers,
            clock,
            config,
        }
    }

    /// Begins a run of a campaign: finds its audience, freezes it, and writes one activity for each treatment.
    /// Nothing is sent yet.
    ///
    /// Errors: an unknown campaign or segment, a definition that cannot run. Nothing is written then.
    pub async fn begin(
        &self,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
    ) -> Result<Vec<Activity>, Error> {
        let (document, campaign_version) =
            definition::load(&*self.store, application_id, campaign_id.as_str(), None).await?;
        let definition = self.compile(campaign_id, &document).await?;
        self.check(&definition)?;
        let now = self.clock.now();
        let scheduled_start = definition.start.moment(now);
        let members = self.members(application_id, &definition, now).await?;
        let treatments: Vec<_> = definition.treatments.iter().map(|treatment| treatment.id.clone()).collect();
        let rules = Rules {
            application_id: application_id.clone(),
            definition: Arc::new(definition),
            channels: self.channels.clone(),
            now,
        };
        let audiences = audience::freeze(&*self.store, Arc::new(rules), &members).await?;
        let frozen: u64 = audiences.iter().map(|frozen| frozen.endpoints()).sum();
        assert_eq!(frozen, members.len(), "the audiences hold every member of the segment");

        let activities: Vec<_> = treatments
            .into_iter()
            .zip(audiences)
            .map(|(treatment_id, frozen)| {
                let activity = Activity {
                    id: ActivityId::new(Uuid::new_v4().simple().to_string()),
                    application_id: application_id.clone(),
                    campaign_id: campaign_id.clone(),
                    campaign_version,
                    treatment_id,
                    state: ActivityState::Running,
                    scheduled_start,
                    started_at: Some(now),
                    ended_at: None,
                    failure: None,
                };
                (activity, frozen)
            })
            .collect();
        self.store.create_activities(activities.clone()).await?;
        Ok(activities.into_iter().map(|(activity, _)| activity).collect())
    }

    /// Makes sure that what the campaign calls may be called.
    pub fn check(&self, definition: &Definition) -> Result<(), Error> {
        if let Some(target) = &definition.hook {
            self.invokers.caller(target)?;
        }
        Ok(())
    }

    /// Compiles a stored campaign.
    pub(super) async fn compile(
        &self,
        campaign_id: &CampaignId,
        document: &definition::Document,
    ) -> Result<Definition, Error> {
        Ok(Definition::compile(&*self.store, &Shelf::default(), campaign_id.as_str(), document, &self.config).await?)
    }

    async fn members(
        &self,
        application_id: &ApplicationId,
        definition: &Definition,
        now: Timestamp,
    ) -> Result<RoaringBitmap, Error> {
        let (id, version) = (&definition.segment_id, definition.segment_version);
        Ok(segment::evaluate(&*self.store, application_id, id, version, now).await?)
    }

    /// Makes sure that the caps count what this application sent before this process began.
    pub(super) async fn count_earlier_messages(&self, activity: &Activity) -> Result<(), Error> {
        let application_id = &activity.application_id;
        let _one_at_a_time = self.counting.lock().await;
        if self.caps.knows(application_id) {
            return Ok(());
        }
        // Total caps look at all runs of a campaign, daily ones at the last day of all campaigns.
        let since = self.clock.now() - CAP_WINDOW;
        let mut earlier = self.store.activities_since(application_id, since).await?;
        for other in self.store.activities(application_id, &activity.campaign_id).await? {
            if !earlier.iter().any(|known| known.id == other.id) {
                earlier.push(other);
            }
        }
        for other in &earlier {
            let sender = sender(other);
            ledger::messages(&*self.store, other, |at, fate, numbers| self.caps.load(&sender, at, fate, numbers))
                .await?;
        }
        self.caps.begin(application_id);
        Ok(())
    }
}

pub(super) fn sender(activity: &Activity) -> Sender {
    Sender {
        application_id: activity.application_id.clone(),
        campaign_id: activity.campaign_id.clone(),
        activity_id: activity.id.clone(),
    }
}
