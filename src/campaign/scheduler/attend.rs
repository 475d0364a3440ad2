//! One campaign from the moment somebody looks at it: begin what is due, drive what has begun, end what must not go on. While
//! something is driven, the campaign is looked at again when it changes, when an activity ends and when the next run is due.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Gone, Key, STEP, Scheduler, UnderWay};
use crate::campaign::control::Order;
use crate::campaign::definition::Document;
use crate::campaign::timetable::{Due, Timetable};
use crate::campaign::{Ending, Error, Progress};
use crate::clock::Clock;
use crate::domain::{self, ActivityId};
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
    /// A run is under way, but cannot go on until somebody mends something; it is looked at for other runs then.
    Held(Option<Timestamp>),
    /// What is left of its runs is paused by an operator; it is looked at for other runs then.
    Paused(Option<Timestamp>),
    /// It holds itself because its hook fails, and is tried again after a pause.
    HookFails {
        /// Whether the hook succeeded for a batch since the last pause.
        has_worked: bool,
    },
}

/// What came of a look at a campaign.
enum Seen {
    /// Nothing is to be done by then, but for what is driven.
    Until(Option<Timestamp>),
    /// Something was done, and more may be due.
    Again,
}

/// How driving an activity ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Driven {
    Completed,
    Stopped,
    Held,
    HookFails { has_worked: bool },
}

/// The activities of a campaign that are driven.
struct Drives {
    /// Stops them all.
    stop: CancellationToken,
    tasks: JoinSet<(ActivityId, Driven)>,
    ids: HashSet<ActivityId>,
    /// Stopped one by one: left alone until the campaign changes.
    aside: HashSet<ActivityId>,
    /// Whether the hook of one fails, and worked before.
    hook_fails: Option<bool>,
    /// Whether an operator paused one.
    is_paused: bool,
    /// Whether the campaign changed while some were driven already.
    is_changed: bool,
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
                    return (key, Attended::Held(None));
                }
            };
            if !error.is_retryable() {
                // What was deleted meanwhile has nothing to be done for it.
                let is_gone = matches!(error, store::Error::NotFound { .. });
                if !is_gone {
                    tracing::error!(campaign.id = %key.1, error = %error, "a campaign cannot go on");
                }
                return (key, if is_gone { Attended::Over } else { Attended::Held(None) });
            }
            tracing::warn!(campaign.id = %key.1, error = %error, "a campaign waits for the store");
            if paused(self.clock(), attempt, &under_way, &under_way.stop).await {
                break;
            }
        }
        (key, Attended::Held(None))
    }

    async fn attempt(self: &Arc<Self>, key: &Key, under_way: &Arc<UnderWay>) -> Result<Attended, store::Error> {
        if self.is_triggered(key).await? {
            return self.listen(key, under_way).await;
        }
        let mut drives = Drives {
            stop: under_way.stop.child_token(),
            tasks: JoinSet::new(),
            ids: HashSet::new(),
            aside: HashSet::new(),
            hook_fails: None,
            is_paused: false,
            is_changed: false,
        };
        let mut failures = 0;
        loop {
            let mut look = None;
            if !drives.stop.is_cancelled() {
                match self.look(key, under_way, &mut drives).await {
                    Ok(Seen::Again) => continue,
                    Ok(Seen::Until(moment)) => {
                        (look, failures) = (moment, 0);
                    }
                    // Nobody who is driven is cut off for that.
                    Err(error) if !drives.tasks.is_empty() => {
                        tracing::warn!(campaign.id = %key.1, error = %error, "a look at a campaign waits for the store");
                        failures += 1;
                        look =
                            Some(self.clock().now() + domain::pause(failures, PAUSE_MIN, PAUSE_MAX, fastrand::f64()));
                    }
                    Err(error) => return Err(error),
                }
            }
            if drives.tasks.is_empty() {
                return self.attended(key, under_way, &drives, look).await;
            }
            let stopped = drives.stop.clone();
            tokio::select! {
                biased;
                Some(ended) = drives.tasks.join_next() => drives.ended(ended, under_way),
                () = stopped.cancelled(), if !stopped.is_cancelled() => {}
                () = under_way.change.notified(), if !stopped.is_cancelled() => {}
                () = self.wait_until(look), if look.is_some() && !stopped.is_cancelled() => {}
            }
        }
    }

    /// In steps, so that a clock that is set meanwhile counts.
    async fn wait_until(&self, moment: Option<Timestamp>) {
        while let Some(left) = moment.map(|moment| moment.duration_since(self.clock().now()))
            && let Ok(left) = Duration::try_from(left)
            && !left.is_zero()
        {
            self.clock().sleep(left.min(STEP)).await;
        }
    }

    /// Drives what is open, and begins what is due.
    async fn look(
        self: &Arc<Self>,
        key: &Key,
        under_way: &Arc<UnderWay>,
        drives: &mut Drives,
    ) -> Result<Seen, store::Error> {
        let (application_id, campaign_id) = key;
        if std::mem::take(&mut *under_way.changed.lock()) {
            // Somebody may have mended something.
            drives.is_changed |= !drives.tasks.is_empty();
            under_way.stuck.lock().clear();
            drives.aside.clear();
        }
        let stored = self.store().definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), None).await?;
        // Read after the definition: what began by it is among them.
        let activities = self.store().activities(application_id, campaign_id).await?;
        let Some(stored) = stored else {
            under_way.abort(Gone::Campaign);
            return Ok(Seen::Until(None));
        };
        let Ok(document) = Document::read(&stored) else {
            tracing::error!(campaign.id = %campaign_id, "a stored campaign cannot be read, and never runs");
            return Ok(Seen::Until(None));
        };
        if !document.scheduled {
            return Ok(Seen::Until(None));
        }
        // Set before it is looked for: who deletes it later finds this run and ends it.
        under_way.segment_id.lock().clone_from(&document.campaign.segment_id);
        if !activities.is_empty() && !self.has_segment(application_id, &document).await? {
            under_way.abort(Gone::Segment);
            return Ok(Seen::Until(None));
        }
        drives.is_paused = activities.iter().any(|activity| activity.state == ActivityState::Paused);
        for activity in activities.iter().filter(|activity| activity.state == ActivityState::Running) {
            if !drives.ids.contains(&activity.id) && !drives.aside.contains(&activity.id) {
                if !under_way.stuck.lock().contains(&activity.id) {
                    tracing::info!(campaign.id = %campaign_id, activity.id = %activity.id, "activity is taken up again");
                }
                drives.begin(self, activity.clone(), under_way);
            }
        }
        self.is_taken_up(key);
        let Ok(timetable) = Timetable::read(&document, self.engine.config.policy) else { return Ok(Seen::Until(None)) };
        let next = timetable.next(&activities, &self.eye());
        self.tell_skipped(key, &timetable, &next.skipped);
        let Some(due) = next.due.first() else { return Ok(Seen::Until(next.look)) };
        for activity in self.begin(key, &stored, due, under_way).await? {
            drives.begin(self, activity, under_way);
        }
        Ok(if under_way.stop.is_cancelled() { Seen::Until(None) } else { Seen::Again })
    }

    /// What comes next for a campaign of which nothing is driven any more.
    async fn attended(
        &self,
        key: &Key,
        under_way: &UnderWay,
        drives: &Drives,
        look: Option<Timestamp>,
    ) -> Result<Attended, store::Error> {
        // Ten million endpoints are a megabyte for each campaign; whatever goes on counts anew.
        self.engine.caps.forget_total(&key.0, &key.1);
        if let Some(why) = under_way.why() {
            self.end(key, why).await?;
            return Ok(Attended::Over);
        }
        let is_held = drives.hook_fails.is_some() || !under_way.stuck.lock().is_empty();
        if is_held && drives.is_changed {
            // What failed may have met what was mended since, or not.
            *under_way.changed.lock() = true;
        }
        Ok(match (drives.hook_fails, look) {
            (Some(has_worked), _) => Attended::HookFails { has_worked },
            _ if under_way.stop.is_cancelled() || !under_way.stuck.lock().is_empty() => Attended::Held(look),
            (None, _) if drives.is_paused => Attended::Paused(look),
            (None, Some(moment)) => Attended::Look(moment),
            (None, None) => Attended::Over,
        })
    }

    pub(super) async fn has_segment(
        &self,
        application_id: &domain::ApplicationId,
        document: &Document,
    ) -> Result<bool, store::Error> {
        let Some(id) = &document.campaign.segment_id else { return Ok(false) };
        Ok(self.store().definition(Some(application_id), Kind::Segment, id, None).await?.is_some())
    }

    /// Begins what is due of a campaign, or writes down why it cannot.
    ///
    /// Shape: the activities that began; none if they could not, or if the campaign changed meanwhile.
    async fn begin(
        &self,
        key: &Key,
        stored: &store::Definition,
        due: &Due,
        under_way: &UnderWay,
    ) -> Result<Vec<Activity>, store::Error> {
        let (application_id, campaign_id) = key;
        let prepared = async {
            // What was cut off goes first.
            self.taken_up.cancelled().await;
            let _turn = self.preparing.acquire().await.expect("it is never closed");
            self.engine.prepare(application_id, campaign_id, &due.turns).await
        };
        let prepared = tokio::select! {
            biased;
            () = under_way.stop.cancelled() => None,
            prepared = prepared => Some(prepared),
        };
        let prepared = match prepared {
            Some(Err(error)) if error.is_retryable() => return Err(retried(error)),
            Some(prepared) => prepared.map_err(|error| error.to_string()),
            None => match under_way.why() {
                Some(Gone::Segment) => Err(Gone::Segment.text().to_owned()),
                _ => return Ok(Vec::new()),
            },
        };
        let _writing = self.writing.lock().await;
        let now = self.store().definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), None).await?;
        let revision = prepared.as_ref().map_or(stored.revision, |prepared| prepared.revision);
        if revision != stored.revision || now.is_none_or(|now| now.revision != revision) {
            // Somebody wrote it meanwhile, or deleted it: it is looked at anew.
            return Ok(Vec::new());
        }
        match prepared {
            Ok(prepared) => {
                let activities = self.engine.commit(prepared).await?;
                for activity in &activities {
                    tracing::info!(
                        campaign.id = %campaign_id, activity.id = %activity.id, treatment.id = %activity.treatment_id,
                        scheduled_start = %activity.scheduled_start, "activity begins"
                    );
                }
                Ok(activities)
            }
            Err(failure) => {
                tracing::error!(
                    application.id = %application_id, campaign.id = %campaign_id, error = %failure,
                    scheduled_start = %due.moment, "a run cannot begin"
                );
                self.engine.record_failed_run(application_id, campaign_id, stored, &due.turns, &failure, None).await?;
                Ok(Vec::new())
            }
        }
    }

    /// Drives an activity to its end, or until `stop`, which it cancels if its hook fails; again after a pause while the store
    /// fails.
    pub(super) async fn drive(&self, activity: &Activity, under_way: &UnderWay, stop: &CancellationToken) -> Driven {
        if under_way.stuck.lock().contains(&activity.id) {
            return Driven::Held;
        }
        // An operator is about to change it, and has it looked at afterwards.
        let Some(drive) = self.controls.begin(&activity.id, stop) else { return Driven::Stopped };
        let work = self.health.begin();
        for attempt in 1.. {
            let progress = Arc::new(Progress::default());
            self.progress.lock().insert(activity.id.clone(), progress.clone());
            let (engine, of) = (self.engine.clone(), activity.clone());
            let (shared, until) = (progress.clone(), drive.stop.clone());
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
                Ok(Ok(Ending::Stopped)) if !stop.is_cancelled() => {
                    tracing::info!(
                        campaign.id = %activity.campaign_id, activity.id = %id, "activity is stopped by an operator"
                    );
                    return Driven::Stopped;
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
            if paused(self.clock(), attempt, under_way, &drive.stop).await {
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

    /// Ends what is left of a campaign for good.
    pub(super) async fn end(&self, key: &Key, why: Gone) -> Result<(), store::Error> {
        self.abort(&self.store().open_activities(&key.0, &key.1).await?, why).await?;
        if why == Gone::Campaign {
            // It went with the campaign, but whoever read events then may have written it once more.
            self.store().delete_reader(&key.0, &store::reader::of_campaign(&key.1)).await?;
        }
        Ok(())
    }

    async fn abort(&self, activities: &[Activity], why: Gone) -> Result<(), store::Error> {
        for activity in activities.iter().filter(|activity| Order::Abort.fits(activity.state)) {
            match self.engine.abort(activity, why.text()).await {
                // The application went, and its activities with it.
                Err(store::Error::NotFound { .. }) => {}
                aborted => {
                    let Some(boundary) = aborted? else { continue };
                    tracing::info!(
                        activity.id = %activity.id, reason = why.text(), batches = boundary.batches,
                        batches_done = boundary.batches_done, batches_cut_off = boundary.batches_cut_off,
                        batches_left = boundary.batches_left(), "activity is aborted"
                    );
                }
            }
        }
        Ok(())
    }
}

impl Drives {
    fn begin(&mut self, scheduler: &Arc<Scheduler>, activity: Activity, under_way: &Arc<UnderWay>) {
        self.ids.insert(activity.id.clone());
        let (scheduler, under_way, stop) = (scheduler.clone(), under_way.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let driven = scheduler.drive(&activity, &under_way, &stop).await;
            (activity.id, driven)
        });
    }

    fn ended(&mut self, ended: Result<(ActivityId, Driven), tokio::task::JoinError>, under_way: &UnderWay) {
        let (id, driven) = match ended {
            Ok(ended) => ended,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        match driven {
            Driven::Completed => {}
            Driven::Stopped => {
                self.aside.insert(id.clone());
            }
            Driven::Held => {
                under_way.stuck.lock().insert(id.clone());
                // Not again in this attendance, unless the campaign changes.
                self.aside.insert(id.clone());
            }
            Driven::HookFails { has_worked } => {
                self.hook_fails = Some(self.hook_fails.unwrap_or(false) || has_worked);
            }
        }
        self.ids.remove(&id);
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
            change: Default::default(),
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
