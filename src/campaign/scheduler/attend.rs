//! One campaign from the moment somebody looks at it: begin it if it is due, drive what it has begun, end what must not go
//! on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Gone, Key, Scheduler, UnderWay};
use crate::campaign::definition::Document;
use crate::campaign::status::{self, Next};
use crate::campaign::{Ending, Error, Progress};
use crate::clock::Clock;
use crate::domain;
use crate::store::{self, Activity, ActivityState, Kind};

/// Pauses after a failure of the store: doubled from the first to the second.
pub(super) const PAUSE_MIN: Duration = Duration::from_secs(1);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often a run is looked at for whether it moves.
const LOOK: Duration = Duration::from_secs(1);

/// What is to be done with a campaign next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attended {
    /// Nothing, until it changes.
    Over,
    /// It is looked at then.
    Look(Timestamp),
    /// Its run is under way, but cannot go on until somebody mends something.
    Held,
    /// It holds itself because its hook fails, and is tried again after a pause.
    HookFails {
        /// Whether the hook succeeded for a batch since the last pause.
        has_worked: bool,
    },
}

/// Whether a run has begun.
enum Begun {
    Run(Vec<Activity>),
    Not(Attended),
}

/// How driving an activity ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Driven {
    Completed,
    Stopped,
    Held,
    HookFails { has_worked: bool },
}

impl Scheduler {
    /// Does what is due for a campaign; again after a pause while the store fails.
    pub(super) async fn attend(self: Arc<Self>, key: Key, under_way: Arc<UnderWay>) -> (Key, Attended) {
        for attempt in 1.. {
            // A panic is a broken promise of ours. It ends this run, and no other.
            let attended = AssertUnwindSafe(self.attempt(&key, &under_way)).catch_unwind().await;
            let error = match attended {
                Ok(Ok(attended)) => return (key, attended),
                Ok(Err(error)) => error,
                Err(_) => {
                    tracing::error!(campaign.id = %key.1, "a campaign ended in a panic; it is resumed at the next start");
                    return (key, Attended::Held);
                }
            };
            if !error.is_retryable() {
                // What was deleted meanwhile has nothing to be done for it.
                let is_gone = matches!(error, store::Error::NotFound { .. });
                if !is_gone {
                    tracing::error!(campaign.id = %key.1, error = %error, "a campaign cannot go on");
                }
                return (key, if is_gone { Attended::Over } else { Attended::Held });
            }
            tracing::warn!(campaign.id = %key.1, error = %error, "a campaign waits for the store");
            if paused(self.clock(), attempt, &under_way, &under_way.stop).await {
                break;
            }
        }
        (key, Attended::Held)
    }

    async fn attempt(&self, key: &Key, under_way: &UnderWay) -> Result<Attended, store::Error> {
        let (application_id, campaign_id) = key;
        let stored = self.store().definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), None).await?;
        let Some(stored) = stored else {
            let activities = self.store().activities(application_id, campaign_id).await?;
            return self.abort(&activities, Gone::Campaign).await.map(|()| Attended::Over);
        };
        let Ok(document) = serde_json::from_str::<Document>(&stored.document) else {
            tracing::error!(campaign.id = %campaign_id, "a stored campaign cannot be read, and never runs");
            return Ok(Attended::Over);
        };
        if !document.scheduled {
            return Ok(Attended::Over);
        }
        // Set before it is looked for: who deletes it later finds this run and ends it.
        under_way.segment_id.lock().clone_from(&document.campaign.segment_id);
        if status::is_of_events(&document) {
            return self.listen(key, under_way).await;
        }
        let activities = self.store().activities(application_id, campaign_id).await?;
        if !activities.is_empty() {
            if !self.has_segment(application_id, &document).await? {
                return self.abort(&activities, Gone::Segment).await.map(|()| Attended::Over);
            }
            for activity in activities.iter().filter(|activity| activity.state == ActivityState::Running) {
                tracing::info!(campaign.id = %campaign_id, activity.id = %activity.id, "activity is taken up again");
            }
            return self.drive_all(key, activities, under_way).await;
        }
        match status::next(&document, self.clock().now()) {
            Next::Paused | Next::Invalid => Ok(Attended::Over),
            Next::Due(due) if due > self.clock().now() => Ok(Attended::Look(due)),
            Next::Due(_) => match self.begin(key, &stored, under_way).await? {
                Begun::Run(activities) => self.drive_all(key, activities, under_way).await,
                Begun::Not(attended) => Ok(attended),
            },
        }
    }

    pub(super) async fn has_segment(
        &self,
        application_id: &domain::ApplicationId,
        document: &Document,
    ) -> Result<bool, store::Error> {
        let Some(id) = &document.campaign.segment_id else { return Ok(false) };
        Ok(self.store().definition(Some(application_id), Kind::Segment, id, None).await?.is_some())
    }

    /// Begins the run of a campaign, or writes down why it cannot.
    async fn begin(&self, key: &Key, stored: &store::Definition, under_way: &UnderWay) -> Result<Begun, store::Error> {
        let (application_id, campaign_id) = key;
        let prepared = {
            let _turn = self.preparing.acquire().await.expect("it is never closed");
            tokio::select! {
                biased;
                () = under_way.stop.cancelled() => None,
                prepared = self.engine.prepare(application_id, campaign_id) => Some(prepared),
            }
        };
        let prepared = match prepared {
            Some(Err(error)) if error.is_retryable() => return Err(retried(error)),
            Some(prepared) => prepared.map_err(|error| error.to_string()),
            None => match under_way.why() {
                Some(Gone::Segment) => Err(Gone::Segment.text().to_owned()),
                _ => return Ok(Begun::Not(Attended::Over)),
            },
        };
        let _writing = self.writing.lock().await;
        let now = self.store().definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), None).await?;
        let revision = prepared.as_ref().map_or(stored.revision, |prepared| prepared.revision);
        if now.is_none_or(|now| now.revision != revision) {
            // Somebody wrote it meanwhile, or deleted it: it is looked at anew.
            return Ok(Begun::Not(Attended::Look(Timestamp::MIN)));
        }
        match prepared {
            Ok(prepared) => {
                let activities = self.engine.commit(prepared).await?;
                for activity in &activities {
                    tracing::info!(
                        campaign.id = %campaign_id, activity.id = %activity.id, treatment.id = %activity.treatment_id,
                        "activity begins"
                    );
                }
                Ok(Begun::Run(activities))
            }
            Err(failure) => {
                tracing::error!(
                    application.id = %application_id, campaign.id = %campaign_id, error = %failure,
                    "a campaign cannot begin"
                );
                self.engine.record_failed_run(application_id, campaign_id, stored, &failure).await?;
                Ok(Begun::Not(Attended::Over))
            }
        }
    }

    /// Drives the activities of a run that are not over, all at once. One whose hook fails stops the others, so that the
    /// campaign holds itself as a whole: another may run for a day. Those that are stuck are left alone.
    async fn drive_all(
        &self,
        key: &Key,
        activities: Vec<Activity>,
        under_way: &UnderWay,
    ) -> Result<Attended, store::Error> {
        let open: Vec<_> = activities.into_iter().filter(|activity| activity.state == ActivityState::Running).collect();
        let stop = under_way.stop.child_token();
        let driven = join_all(open.iter().map(|activity| self.drive(activity, under_way, &stop))).await;
        let stuck = open.iter().zip(&driven).filter(|(_, driven)| **driven == Driven::Held);
        *under_way.stuck.lock() = stuck.map(|(activity, _)| activity.id.clone()).collect();
        // Ten million endpoints are a megabyte for each campaign; whatever goes on counts anew.
        self.engine.caps.forget_total(&key.0, &key.1);
        if let Some(why) = under_way.why() {
            self.abort(&open, why).await?;
            return Ok(Attended::Over);
        }
        let failing = driven.iter().filter_map(|driven| match driven {
            Driven::HookFails { has_worked } => Some(*has_worked),
            Driven::Completed | Driven::Stopped | Driven::Held => None,
        });
        Ok(match failing.reduce(|any, has_worked| any || has_worked) {
            Some(has_worked) => Attended::HookFails { has_worked },
            None if driven.iter().all(|driven| *driven == Driven::Completed) => Attended::Over,
            None => Attended::Held,
        })
    }

    /// Drives an activity to its end, or until `stop`, which it cancels if its hook fails; again after a pause while the store
    /// fails.
    pub(super) async fn drive(&self, activity: &Activity, under_way: &UnderWay, stop: &CancellationToken) -> Driven {
        if under_way.stuck.lock().contains(&activity.id) {
            return Driven::Held;
        }
        let work = self.health.begin();
        for attempt in 1.. {
            let progress = Arc::new(Progress::default());
            self.progress.lock().insert(activity.id.clone(), progress.clone());
            let (engine, of) = (self.engine.clone(), activity.clone());
            let (shared, until) = (progress.clone(), stop.clone());
            // A task of its own, so that a panic ends here; dropped with the set.
            let mut task = JoinSet::new();
            task.spawn(async move { engine.drive(of, shared, until).await });
            let driven = tokio::select! {
                driven = task.join_next() => driven.expect("it has one task"),
                () = self.watch(&progress, &work) => unreachable!("it watches as long as it is let"),
            };
            self.progress.lock().remove(&activity.id);
            let id = &activity.id;
            match driven {
                Ok(Ok(Ending::Completed)) => {
                    tracing::info!(campaign.id = %activity.campaign_id, activity.id = %id, "activity is completed");
                    return Driven::Completed;
                }
                Ok(Ok(Ending::Stopped)) if !under_way.stop.is_cancelled() => {
                    tracing::info!(
                        campaign.id = %activity.campaign_id, activity.id = %id,
                        "activity is held with its campaign, whose hook fails"
                    );
                    return Driven::Stopped;
                }
                Ok(Ok(Ending::Stopped)) => {
                    tracing::info!(
                        campaign.id = %activity.campaign_id, activity.id = %id,
                        "activity is stopped; what is open goes on with the next start, unless it was deleted"
                    );
                    return Driven::Stopped;
                }
                Ok(Err(error)) if error.is_retryable() => {
                    tracing::warn!(activity.id = %id, error = %error, "an activity waits for the store");
                }
                Ok(Err(Error::Store(store::Error::NotFound { .. }))) => {
                    tracing::info!(activity.id = %id, "an activity ends, since its application is gone");
                    return Driven::Completed;
                }
                Ok(Err(error @ Error::HookFails { has_worked, .. })) => {
                    tracing::error!(
                        campaign.id = %activity.campaign_id, activity.id = %id, error = %error,
                        "an activity holds itself, and is tried again later; `pinwheel activity show` has the reason"
                    );
                    stop.cancel();
                    return Driven::HookFails { has_worked };
                }
                Ok(Err(error)) => {
                    tracing::error!(
                        activity.id = %id, error = %error,
                        "an activity cannot go on; it is taken up again when its campaign or a channel changes, or with \
                         the next start"
                    );
                    return Driven::Held;
                }
                Err(_) => {
                    tracing::error!(activity.id = %id, "a run ended in a panic; it is resumed at the next start");
                    return Driven::Held;
                }
            }
            if paused(self.clock(), attempt, under_way, stop).await {
                break;
            }
        }
        Driven::Stopped
    }

    /// Tells whoever asks for health whether batches move. Never ends.
    async fn watch(&self, progress: &Progress, work: &crate::telemetry::Work) {
        let mut moved = 0;
        loop {
            let total = progress.tally().total();
            if total != moved || progress.is_waiting() {
                moved = total;
                work.progress();
            }
            self.clock().sleep(LOOK).await;
        }
    }

    pub(super) async fn abort(&self, activities: &[Activity], why: Gone) -> Result<(), store::Error> {
        for activity in activities.iter().filter(|activity| activity.state == ActivityState::Running) {
            match self.engine.abort(activity, why.text()).await {
                // The application went, and its activities with it.
                Err(store::Error::NotFound { .. }) => {}
                aborted => {
                    aborted?;
                    tracing::info!(activity.id = %activity.id, reason = why.text(), "activity is aborted");
                }
            }
        }
        Ok(())
    }
}

/// Waits before another attempt; `true` when a stop came first. What is to end for good ends its wait early, but once:
/// its end has to be written down, also into a store that fails for a while.
async fn paused(clock: &dyn Clock, attempt: u32, under_way: &UnderWay, stop: &CancellationToken) -> bool {
    let pause = domain::pause(attempt, PAUSE_MIN, PAUSE_MAX, fastrand::f64());
    tokio::select! {
        biased;
        () = stop.cancelled(), if under_way.why().is_none() => under_way.why().is_none(),
        () = clock.sleep(pause) => false,
    }
}

/// The error of the store within one that may go away.
pub(super) fn retried(error: Error) -> store::Error {
    use crate::{campaign::definition, segment};
    match error {
        Error::Store(error)
        | Error::Definition(definition::Error::Store(error))
        | Error::Segment(segment::Error::Store(error)) => error,
        other => unreachable!("only the store's errors may go away: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;

    fn under_way() -> UnderWay {
        UnderWay {
            stop: CancellationToken::new(),
            why: Default::default(),
            segment_id: Default::default(),
            changed: Default::default(),
            news: Default::default(),
            stuck: Default::default(),
        }
    }

    #[tokio::test]
    async fn what_was_aborted_still_pauses_between_attempts() {
        let (clock, stopped, aborted) = (System::default(), under_way(), under_way());
        stopped.stop.cancel();
        assert_eq!(paused(&clock, 7, &stopped, &stopped.stop).now_or_never(), Some(true));
        aborted.abort(Gone::Campaign);
        assert_eq!(
            paused(&clock, 7, &aborted, &aborted.stop).now_or_never(),
            None,
            "else it turns around a failing store in circles"
        );
    }
}
