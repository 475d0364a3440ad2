//! What all runs share: the store, the ways out, the limits that hold across campaigns.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use jiff::SignedDuration;
use parking_lot::Mutex;

use super::audience;
use super::cap::{Caps, Earlier, Sender};
use super::definition::{Definition, Document};
use super::deliver::Lanes;
use super::rate::Rate;
use super::{Error, ledger};
use crate::channel::Channels;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::{CampaignId, ChannelType};
use crate::hook::Invokers;
use crate::store::{Activity, Store};

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
    rates: Mutex<HashMap<CampaignId, Weak<Rate>>>,
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
            rates: Mutex::default(),
            caps: Caps::default(),
            counting: tokio::sync::Mutex::default(),
            store,
            channels,
            invokers,
            clock,
            config,
        }
    }

    /// Compiles a campaign whose templates are resolved, and makes sure that it can reach somebody from here: its hook
    /// may be called, and some channel serves its messages.
    pub fn compile(&self, campaign_id: &CampaignId, document: &Document) -> Result<Definition, Error> {
        let definition = self.check(campaign_id, document)?;
        let composers = || definition.treatments.iter().map(|treatment| &treatment.composer);
        let wanted: Vec<&str> = ChannelType::ALL
            .into_iter()
            .filter(|channel| composers().any(|composer| composer.has_message_for(*channel)))
            .map(ChannelType::as_str)
            .collect();
        if !ChannelType::ALL
            .into_iter()
            .any(|channel| composers().any(|c| audience::serves(c, &self.channels, channel)))
        {
            return Err(Error::NoChannel { wanted: wanted.join(", ") });
        }
        Ok(definition)
    }

    /// Compiles a campaign whose templates are resolved, and makes sure that its hook may be called from here. Channels may
    /// come later.
    pub fn check(&self, campaign_id: &CampaignId, document: &Document) -> Result<Definition, Error> {
        let definition = Definition::compile(campaign_id.as_str(), document, self.config.policy)?;
        if let Some(target) = &definition.hook {
            self.invokers.caller(target)?;
        }
        Ok(definition)
    }

    /// Whether an adapter serves the channel type of this name.
    pub(super) fn serves(&self, channel_type: &str) -> bool {
        ChannelType::parse(channel_type).is_some_and(|channel| self.channels.adapter_for(channel).is_some())
    }

    /// Makes sure that the caps count what this application sent before this process began: daily caps the last day of
    /// all campaigns, total caps all runs of this one.
    pub(super) async fn count_earlier_messages(&self, activity: &Activity) -> Result<(), Error> {
        let (application_id, campaign_id) = (&activity.application_id, &activity.campaign_id);
        let _one_at_a_time = self.counting.lock().await;
        if !self.caps.knows_daily(application_id) {
            let since = self.clock.now() - CAP_WINDOW;
            let recent = self.store.activities_since(application_id, since).await?;
            self.caps.learn_daily(application_id, self.earlier_messages(&recent).await?);
        }
        if !self.caps.knows_total(application_id, campaign_id) {
            let runs = self.store.activities(application_id, campaign_id).await?;
            self.caps.learn_total(application_id, campaign_id, self.earlier_messages(&runs).await?);
        }
        Ok(())
    }

    async fn earlier_messages(&self, activities: &[Activity]) -> Result<Earlier, Error> {
        let mut earlier = Earlier::default();
        for activity in activities {
            let sender = sender(activity);
            ledger::messages(&*self.store, activity, |at, fate, numbers| earlier.add(&sender, at, fate, numbers))
                .await?;
        }
        Ok(earlier)
    }

    /// The campaign's rate, shared by all its activities.
    pub(super) fn rate_of(&self, campaign_id: &CampaignId, limit: config::Rate) -> Arc<Rate> {
        let mut rates = self.rates.lock();
        if let Some(rate) = rates.get(campaign_id).and_then(Weak::upgrade) {
            return rate;
        }
        rates.retain(|_, rate| rate.strong_count() > 0);
        let rate = Arc::new(Rate::new(limit, self.clock.clone()));
        rates.insert(campaign_id.clone(), Arc::downgrade(&rate));
        rate
    }
}

pub(super) fn sender(activity: &Activity) -> Sender {
    Sender {
        application_id: activity.application_id.clone(),
        campaign_id: activity.campaign_id.clone(),
        activity_id: activity.id.clone(),
    }
}
