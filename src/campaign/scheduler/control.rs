//! Orders of operators to activities that may be under way.
//!
//! Who changes the state of an activity bars it: what drives it is stopped, batches in flight finish or are given back, and
//! nothing drives it until the change is on stable storage. So a pause or abort that was acknowledged has no batch behind it,
//! and one that was not, because the process or the store failed, has changed nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::pin::pin;

use parking_lot::Mutex;
use tokio::sync::{MutexGuard, Notify};
use tokio_util::sync::CancellationToken;

use super::{Key, Scheduler};
use crate::campaign::control::{self, Error, Order, Stood};
use crate::campaign::dead;
use crate::campaign::definition::Document;
use crate::domain::ActivityId;
use crate::store::{self, Activity, Kind};

/// Which activities are driven, and which must not be.
#[derive(Default)]
pub(super) struct Controls {
    activities: Mutex<Activities>,
    changed: Notify,
}

#[derive(Default)]
struct Activities {
    /// What stops each that is driven.
    driven: HashMap<ActivityId, CancellationToken>,
    barred: HashSet<ActivityId>,
}

/// An activity is driven until this is dropped.
pub(super) struct Drive<'a> {
    controls: &'a Controls,
    id: ActivityId,
    /// Stops it, and no other.
    pub(super) stop: CancellationToken,
}

impl Controls {
    /// The activity is driven from now on; `None` if it is barred.
    pub(super) fn begin(&self, id: &ActivityId, stop: &CancellationToken) -> Option<Drive<'_>> {
        let mut activities = self.activities.lock();
        if activities.barred.contains(id) {
            return None;
        }
        let stop = stop.child_token();
        activities.driven.insert(id.clone(), stop.clone());
        Some(Drive { controls: self, id: id.clone(), stop })
    }

    /// Waits until nobody bars any of these.
    async fn freed(&self, activities: &[Activity]) {
        self.wait(|all| !activities.iter().any(|activity| all.barred.contains(&activity.id))).await;
    }

    async fn wait(&self, is_so: impl Fn(&Activities) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            if is_so(&self.activities.lock()) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        self.controls.activities.lock().driven.remove(&self.id);
        self.controls.changed.notify_waiters();
    }
}

/// Activities that nobody begins to drive until this is dropped. Then they are looked at.
struct Bar<'a> {
    scheduler: &'a Scheduler,
    activities: Vec<Activity>,
}

impl Bar<'_> {
    /// Waits until nobody drives them.
    async fn ended(&self) {
        let is_driven = |all: &Activities| self.activities.iter().any(|activity| all.driven.contains_key(&activity.id));
        self.scheduler.controls.wait(|all| !is_driven(all)).await;
    }

    fn keys(&self) -> BTreeSet<Key> {
        self.activities.iter().map(key_of).collect()
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        let controls = &self.scheduler.controls;
        let mut all = controls.activities.lock();
        for activity in &self.activities {
            all.barred.remove(&activity.id);
        }
        drop(all);
        controls.changed.notify_waiters();
        self.scheduler.look_at(self.keys());
    }
}

impl Scheduler {
    /// Pauses all activities of a campaign that are under way; there may be none. Lets go of `writing` as soon as no batch begins
    /// any more, and returns when none is in flight and that is on stable storage.
    pub async fn pause_activities<'a>(
        &'a self,
        key: &Key,
        writing: MutexGuard<'a, ()>,
    ) -> Result<Vec<Stood>, store::Error> {
        self.order_all(Order::Pause, key, writing).await
    }

    /// Resumes all activities of a campaign that are paused; there may be none.
    pub async fn resume_activities<'a>(
        &'a self,
        key: &Key,
        writing: MutexGuard<'a, ()>,
    ) -> Result<Vec<Stood>, store::Error> {
        self.order_all(Order::Resume, key, writing).await
    }

    /// Has an order carried out on an activity, or on all of a campaign that it fits, within one batch. Returns where they stand
    /// when that is on stable storage and, but for a resumption, no batch is in flight.
    ///
    /// Errors: also to resume runs of `pinwheel run`, whose settings only that has.
    pub async fn order(&self, order: Order, id: &str) -> Result<Vec<Stood>, Error> {
        let bar = loop {
            let writing = self.writing().await;
            let activities = control::meant(self.store(), id, order).await?;
            if order == Order::Resume
                && let Some(activity) = activities.iter().find(|activity| !dead::is_served(activity))
            {
                return Err(Error::NotServed { activity_id: activity.id.clone() });
            }
            let barred = match self.bar(activities) {
                Ok(bar) => break bar,
                Err(barred) => barred,
            };
            drop(writing);
            self.controls.freed(&barred).await;
        };
        let stood = self.carry_out(order, bar).await?;
        // What is not as it was before came to its end, or somebody else was faster.
        if stood.is_empty() { control::meant(self.store(), id, order).await.map(|_| stood) } else { Ok(stood) }
    }

    async fn order_all<'a>(
        &'a self,
        order: Order,
        key: &Key,
        mut writing: MutexGuard<'a, ()>,
    ) -> Result<Vec<Stood>, store::Error> {
        let bar = loop {
            let mut activities = self.store().activities(&key.0, &key.1).await?;
            activities.retain(|activity| order.fits(activity.state) && dead::is_served(activity));
            let barred = match self.bar(activities) {
                Ok(bar) => break bar,
                Err(barred) => barred,
            };
            let was_paused = self.is_paused(key).await?;
            drop(writing);
            self.controls.freed(&barred).await;
            writing = self.writing().await;
            if self.is_paused(key).await? != was_paused {
                // Whoever wrote the campaign meanwhile orders the opposite.
                return Ok(Vec::new());
            }
        };
        drop(writing);
        self.carry_out(order, bar).await
    }

    async fn is_paused(&self, key: &Key) -> Result<bool, store::Error> {
        let found = self.store().definition(Some(&key.0), Kind::Campaign, key.1.as_str(), None).await?;
        let document = found.and_then(|stored| Document::read(&stored).ok());
        Ok(document.is_some_and(|document| document.campaign.is_paused == Some(true)))
    }

    async fn carry_out(&self, order: Order, bar: Bar<'_>) -> Result<Vec<Stood>, store::Error> {
        bar.ended().await;
        let mut stood = Vec::with_capacity(bar.activities.len());
        for activity in &bar.activities {
            stood.extend(self.engine.carry_out(order, &activity.id).await?);
        }
        drop(bar);
        for Stood { activity, boundary } in &stood {
            tracing::info!(
                campaign.id = %activity.campaign_id, activity.id = %activity.id, batches = boundary.batches,
                batches_done = boundary.batches_done, batches_cut_off = boundary.batches_cut_off,
                batches_left = boundary.batches_left(), endpoints_open = boundary.open,
                "{}", match order {
                    Order::Pause => "activity is paused",
                    Order::Resume => "activity is resumed",
                    Order::Abort => "activity is aborted",
                }
            );
        }
        Ok(stood)
    }

    /// Stops activities, and keeps everybody from driving them. Gives them back if others do the same with some: who holds
    /// `writing` must not wait for those, since what they stop may wait for it.
    fn bar(&self, activities: Vec<Activity>) -> Result<Bar<'_>, Vec<Activity>> {
        let mut all = self.controls.activities.lock();
        if activities.iter().any(|activity| all.barred.contains(&activity.id)) {
            return Err(activities);
        }
        for activity in &activities {
            all.barred.insert(activity.id.clone());
            if let Some(stop) = all.driven.get(&activity.id) {
                stop.cancel();
            }
        }
        drop(all);
        Ok(Bar { scheduler: self, activities })
    }
}

fn key_of(activity: &Activity) -> Key {
    (activity.application_id.clone(), activity.campaign_id.clone())
}
