//! What all runs share: the store, the ways out, the limits that hold across campaigns.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use jiff::SignedDuration;
use parking_lot::Mutex;
use tokio::sync::{OnceCell, mpsc};

use super::cap::{Caps, Earlier, Sender};
use super::definition::{self, Definition, Document, Limits};
use super::deliver::Deliverer;
use super::feedback::References;
use super::rate::Rate;
use super::share::Pool;
use super::stream::Board;
use super::trigger::Feeds;
use super::way::{OwnWays, Way, Ways};
use super::{Error, in_app, ledger, otp};
use crate::channel::{Channels, Deps, Report};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::{ApplicationId, CampaignId, ChannelType};
use crate::hook::Invokers;
use crate::store::{Activity, Store};
use crate::vault::Vault;
use crate::wire::generated as wire;

/// How long a daily cap looks back.
const CAP_WINDOW: SignedDuration = SignedDuration::from_hours(25);

/// Runs campaigns. One for a process and a store.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) invokers: Arc<Invokers>,
    /// What adapters for applications' own credentials are made with.
    pub(super) channel_deps: Deps,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<Config>,
    pub(super) deliverer: Deliverer,
    /// Through the adapters of the settings.
    pub(super) settings_ways: Arc<Ways>,
    pub(super) own_ways: OwnWays,
    pub(super) vault: Option<Arc<Vault>>,
    /// Once somebody asked for them.
    pub(super) references: OnceCell<Arc<References>>,
    /// From adapters that hear from their providers by themselves.
    pub(super) reports: tokio::sync::Mutex<Option<mpsc::Receiver<Report>>>,
    pub(super) caps: Caps,
    /// Events as they arrive.
    pub(super) feeds: Feeds,
    /// Where the batches of all runs are worked on.
    pub(super) places: Arc<Pool>,
    pub(super) recent_passwords: otp::Recent,
    pub(super) boards: in_app::Boards,
    pub(super) streams: Arc<Board>,
    rates: Mutex<HashMap<CampaignId, Weak<Rate>>>,
    /// Held while an application's earlier messages are counted.
    counting: tokio::sync::Mutex<()>,
    /// Held while batches are released from hold, and while a run is completed.
    pub(super) releasing: tokio::sync::Mutex<()>,
}

impl Engine {
    pub fn new(store: Arc<dyn Store>, channels: Arc<Channels>, channel_deps: Deps, config: Arc<Config>) -> Self {
        let Deps { clock, invokers, .. } = channel_deps.clone();
        Self {
            deliverer: Deliverer::new(config.send.clone(), clock.clone()),
            settings_ways: Arc::new(Ways::of_settings(&channels, &config.send, &clock)),
            own_ways: OwnWays::default(),
            vault: None,
            references: OnceCell::new(),
            reports: tokio::sync::Mutex::default(),
            rates: Mutex::default(),
            caps: Caps::default(),
            feeds: Feeds::default(),
            places: Pool::new(config.campaign.batches_in_flight),
            recent_passwords: otp::Recent::default(),
            boards: in_app::Boards::default(),
            streams: Arc::default(),
            counting: tokio::sync::Mutex::default(),
            releasing: tokio::sync::Mutex::default(),
            store,
            channel_deps,
            invokers,
            clock,
            config,
        }
    }

    /// As [`new`](Self::new), and opens the credentials of applications with this vault. Without one, channels that bring
    /// credentials cannot be used.
    pub fn with_vault(self, vault: Arc<Vault>) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// As [`new`](Self::new), and applies what adapters report there, while [`keep_reports`](Self::keep_reports) is at work.
    pub fn with_reports(self, reports: mpsc::Receiver<Report>) -> Self {
        Self { reports: tokio::sync::Mutex::new(Some(reports)), ..self }
    }

    /// Tells who waits for events of this application that some are kept. Cheap.
    pub(super) fn events_arrived(&self, application_id: &ApplicationId) {
        self.feeds.arrived(application_id);
        self.streams.wake(application_id);
    }

    /// What opens and seals the credentials of applications.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_deref()
    }

    /// The in-app campaigns that are kept in memory. To be told of changes.
    pub fn boards(&self) -> &in_app::Boards {
        &self.boards
    }

    /// Compiles a campaign whose templates are resolved, and makes sure that it can reach somebody from here: its hook
    /// may be called, and some channel serves its messages.
    pub fn compile(&self, ways: &Ways, campaign_id: &CampaignId, document: &Document) -> Result<Definition, Error> {
        let definition = self.check(campaign_id, document)?;
        let composers = || definition.treatments.iter().map(|treatment| &treatment.composer);
        let mut wanted = Vec::new();
        let mut is_served = false;
        for channel_type in ChannelType::ALL {
            for composer in composers().filter(|composer| composer.has_message_for(channel_type)) {
                let carried_as = if composer.is_custom(channel_type) { ChannelType::Custom } else { channel_type };
                match ways.way(carried_as) {
                    // Who is on a channel that is switched off has a fate that says so.
                    Way::Open(_) | Way::Disabled => is_served = true,
                    Way::Broken(problem) => {
                        let problem = problem.to_string();
                        return Err(Error::ChannelBroken { channel_type: carried_as, problem });
                    }
                    Way::None => {}
                }
                wanted.push(channel_type.as_str());
            }
        }
        if !is_served {
            wanted.dedup();
            return Err(Error::NoChannel { wanted: wanted.join(", ") });
        }
        Ok(definition)
    }

    /// Compiles a campaign whose templates are resolved, and makes sure that its hook may be called from here, and the
    /// function of its custom channel. Channels may come later.
    pub fn check(&self, campaign_id: &CampaignId, document: &Document) -> Result<Definition, Error> {
        let definition = Definition::compile(campaign_id.as_str(), document, self.config.policy)?;
        if let Some(target) = &definition.hook {
            self.invokers.caller(target)?;
        }
        for uri in definition.treatments.iter().filter_map(|treatment| treatment.composer.delivery_uri()) {
            self.invokers.check_delivery_uri(uri).map_err(|error| {
                let field = "CustomDeliveryConfiguration.DeliveryUri".to_owned();
                definition::Error::Invalid { field, problem: error.to_string() }
            })?;
        }
        Ok(definition)
    }

    /// Checks the settings of an application, and makes sure that their hook may be called from here.
    pub fn check_settings(&self, settings: &wire::WriteApplicationSettingsRequest) -> Result<(), Error> {
        if let Some(target) = definition::read_settings(settings)? {
            self.invokers.caller(&target)?;
        }
        Ok(())
    }

    /// Makes sure that the caps count what this application sent before this process began, as far as the run's limits ask for
    /// it: daily caps the last day of all campaigns, total caps all runs of this one. What the activity itself sent counts in any
    /// case: the cap may be another campaign's.
    pub(super) async fn count_earlier_messages(&self, activity: &Activity, limits: &Limits) -> Result<(), Error> {
        let (application_id, campaign_id) = (&activity.application_id, &activity.campaign_id);
        let _one_at_a_time = self.counting.lock().await;
        let now = self.clock.now();
        if limits.daily.is_some() && !self.caps.knows_daily(application_id) {
            let mut recent = self.store.activities_since(application_id, now - CAP_WINDOW).await?;
            recent.retain(|run| !self.caps.knows_run(application_id, &run.id));
            self.caps.learn_daily(application_id, self.earlier_messages(&recent).await?);
        } else if !self.caps.knows_run(application_id, &activity.id) {
            let earlier = self.earlier_messages(std::slice::from_ref(activity)).await?;
            self.caps.learn_run(application_id, &activity.id, earlier, now);
        }
        if limits.total.is_some() && !self.caps.knows_total(application_id, campaign_id) {
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
