//! Begins campaigns when they are due, and sees their runs to the end; takes up first what an earlier process left.
//!
//! Only campaigns made over the API are its own. What `pinwheel run` left behind it leaves alone: such a run had settings of
//! its own file, and with others its messages could go to other people. `pinwheel activity resume` takes those up.
//!
//! A run has begun when it has activities, and they are written in one call: it begins exactly once, wherever a process may be
//! killed. What comes next follows from them ([`timetable`](super::timetable)); nobody polls. What an earlier process left goes
//! on before anything new begins. Whether a definition still holds is looked at under a lock that writers of campaigns hold too
//! ([`writing`](Scheduler::writing)), so that nothing begins after a pause or a removal was acknowledged.
//!
//! A run that fails for lack of a working channel stays under way in the ledger, and is taken up again when its campaign or
//! a channel of its application changes, or with the next start: to go on at once would lose those it comes to. A run that
//! holds itself because its hook fails is also tried again by itself, after pauses that double; its activities that failed for
//! another reason are not.

mod attend;
mod control;
mod listen;
mod plan;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{MutexGuard, Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::attend::Attended;
use self::control::Controls;
use self::plan::Plan;
use super::counts::{Counter, Counts};
use super::dead;
use super::definition::Document;
use super::engine::Engine;
use super::hold;
use super::ledger;
use super::progress::Progress;
use super::timetable::{Look, Skipped, Timetable};
use crate::clock::{self, Clock};
use crate::domain::{ActivityId, ApplicationId, CampaignId};
use crate::store::{self, Activity, ActivityState, Kind, Released, Store};
use crate::telemetry::{Health, metric};

/// Runs whose audiences are found at once; each may scan the whole application.
const PREPARING_MAX: usize = 4;
/// The clock is looked at this often while campaigns wait, so that one that is set meanwhile counts.
const STEP: Duration = Duration::from_secs(10);

/// Before every clock.
const AT_ONCE: Timestamp = Timestamp::MIN;

/// A campaign and its application.
pub type Key = (ApplicationId, CampaignId);

/// Begins and resumes the campaigns of a store. One for a process; everything that changes campaigns tells it.
pub struct Scheduler {
    engine: Arc<Engine>,
    health: Health,
    /// Campaigns that changed, and that the loop has not seen since.
    changed: Mutex<BTreeSet<Key>>,
    wake: Notify,
    under_way: Mutex<HashMap<Key, Arc<UnderWay>>>,
    progress: Mutex<HashMap<ActivityId, Arc<Progress>>>,
    controls: Controls,
    /// Campaigns that wait for somebody to mend something, with the activities that another try by itself cannot help.
    held: Mutex<HashMap<Key, HashSet<ActivityId>>>,
    /// Of those, the ones that are tried again by themselves, also while they are.
    holds: Mutex<HashMap<Key, Holds>>,
    /// Campaigns that wait for their start or run, and those that changed and may.
    active: Mutex<HashSet<Key>>,
    counter: Counter,
    preparing: Semaphore,
    writing: tokio::sync::Mutex<()>,
    /// When this process began.
    since: Timestamp,
    /// Campaigns that an earlier process left, and that are not taken up yet.
    left: Mutex<HashMap<Key, Arc<DropGuard>>>,
    /// Cancelled when there are none any more.
    taken_up: CancellationToken,
    /// The last run of each campaign's treatment that was told to be skipped.
    skipped: Mutex<HashMap<(Key, usize), Timestamp>>,
}

/// A campaign that somebody attends to now.
pub(super) struct UnderWay {
    stop: CancellationToken,
    /// Why it is to end for good.
    why: Mutex<Option<Gone>>,
    segment_id: Mutex<Option<String>>,
    /// It changed since it was looked at.
    changed: Mutex<bool>,
    /// Wakes who waits for that.
    change: Notify,
    /// Activities that cannot go on until somebody mends something; those of an earlier try are left alone by this one.
    stuck: Mutex<HashSet<ActivityId>>,
}

/// A campaign that holds itself because its hook fails.
#[derive(Debug, Default)]
struct Holds {
    /// How often it did in a row.
    times: u32,
    /// Whether it is waiting, and not being tried.
    is_waiting: bool,
}

/// What was deleted, so that a run ends before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gone {
    Campaign,
    Segment,
    Application,
}

impl Gone {
    fn text(self) -> &'static str {
        match self {
            Self::Campaign => "the campaign was deleted",
            Self::Segment => "the segment of the campaign was deleted",
            Self::Application => "the application was deleted",
        }
    }
}

impl UnderWay {
    /// Ends the run: no batch begins after this.
    fn abort(&self, why: Gone) {
        self.why.lock().get_or_insert(why);
        self.stop.cancel();
    }

    fn why(&self) -> Option<Gone> {
        *self.why.lock()
    }
}

impl Scheduler {
    /// Idle until [`run`](Self::run). `health` learns which runs are under way and whether they move.
    pub fn new(engine: Arc<Engine>, health: Health) -> Arc<Self> {
        Arc::new(Self {
            since: engine.clock.now(),
            engine,
            health,
            left: Mutex::default(),
            taken_up: CancellationToken::new(),
            skipped: Mutex::default(),
            changed: Mutex::default(),
            wake: Notify::new(),
            under_way: Mutex::default(),
            progress: Mutex::default(),
            controls: Controls::default(),
            held: Mutex::default(),
            holds: Mutex::default(),
            active: Mutex::default(),
            counter: Counter::default(),
            preparing: Semaphore::new(PREPARING_MAX),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// To be held from reading a campaign until it is written or deleted: no run of any campaign begins meanwhile.
    pub async fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// A campaign was made or changed. Cheap.
    pub fn changed(&self, application_id: &ApplicationId, campaign_id: &CampaignId) {
        self.look_at([(application_id.clone(), campaign_id.clone())]);
    }

    /// A campaign was deleted: no batch of it begins after this. Cheap.
    pub fn deleted(&self, application_id: &ApplicationId, campaign_id: &CampaignId) {
        let key = (application_id.clone(), campaign_id.clone());
        if let Some(under_way) = self.under_way.lock().get(&key) {
            under_way.abort(Gone::Campaign);
        }
        self.look_at([key]);
    }

    /// A segment was deleted: no batch of its campaigns begins after this. Cheap.
    pub fn segment_deleted(&self, application_id: &ApplicationId, segment_id: &str) {
        let is_of_it = |under_way: &UnderWay| under_way.segment_id.lock().as_deref() == Some(segment_id);
        let keys = self.abort_all(Gone::Segment, |key, run| key.0 == *application_id && is_of_it(run));
        let held = self.held_of(application_id);
        self.look_at(keys.into_iter().chain(held));
    }

    /// An application was deleted: no batch of its campaigns begins after this. Cheap.
    pub fn application_deleted(&self, application_id: &ApplicationId) {
        let keys = self.abort_all(Gone::Application, |key, _| key.0 == *application_id);
        self.held.lock().retain(|key, _| key.0 != *application_id);
        // Those that wait for their start must not count for the quota until then.
        let waiting: Vec<Key> = self.active.lock().iter().filter(|key| key.0 == *application_id).cloned().collect();
        self.look_at(keys.into_iter().chain(waiting));
    }

    /// A channel of an application was changed: runs that failed for lack of it are taken up again. Cheap.
    pub fn channel_changed(&self, application_id: &ApplicationId) {
        self.look_at(self.held_of(application_id));
    }

    /// Events of an application were kept: campaigns that they trigger are told. Cheap.
    pub fn events_arrived(&self, application_id: &ApplicationId) {
        self.engine.events_arrived(application_id);
    }

    /// Hands held batches back to their activities, which are taken up at once, or when they are at their end: all of an
    /// activity or campaign, or these of one activity. Returns when that is on stable storage.
    ///
    /// Errors: also for runs of `pinwheel run`, whose settings only that has.
    pub async fn redrive(&self, id: &str, batches: Option<Vec<u32>>) -> Result<Vec<(Activity, Released)>, dead::Error> {
        // Neither campaign nor segment is deleted meanwhile.
        let _writing = self.writing.lock().await;
        let activities = dead::activities(self.store(), id, batches.as_deref()).await?;
        for activity in &activities {
            if !dead::is_served(activity) {
                return Err(dead::Error::NotServed { activity_id: activity.id.clone() });
            }
            self.engine.check_redrive(activity).await?;
        }
        let mut redriven = Vec::with_capacity(activities.len());
        for activity in activities {
            let released = self.engine.redrive(&activity, batches.clone()).await?;
            self.changed(&activity.application_id, &activity.campaign_id);
            redriven.push((activity, released));
        }
        Ok(redriven)
    }

    /// How many campaigns wait for their start or run, as the quota counts them. Cheap.
    pub fn active(&self) -> usize {
        self.active.lock().len()
    }

    /// The numbers of an activity. Cheap while it runs here, and when it is over and was asked for before.
    pub async fn count(&self, activity: &Activity) -> Result<Counts, store::Error> {
        let progress = self.progress.lock().get(&activity.id).cloned();
        self.counter.count(&*self.engine.store, activity, progress).await
    }

    fn held_of(&self, application_id: &ApplicationId) -> Vec<Key> {
        self.held.lock().keys().filter(|key| key.0 == *application_id).cloned().collect()
    }

    fn abort_all(&self, why: Gone, is_meant: impl Fn(&Key, &UnderWay) -> bool) -> Vec<Key> {
        let under_way = self.under_way.lock();
        let meant: Vec<_> = under_way.iter().filter(|(key, run)| is_meant(key, run)).collect();
        meant.iter().for_each(|(_, run)| run.abort(why));
        meant.into_iter().map(|(key, _)| key.clone()).collect()
    }

    fn look_at(&self, keys: impl IntoIterator<Item = Key>) {
        let keys: Vec<Key> = keys.into_iter().collect();
        self.active.lock().extend(keys.iter().cloned());
        self.changed.lock().extend(keys);
        self.wake.notify_one();
    }

    fn store(&self) -> &dyn Store {
        &*self.engine.store
    }

    fn clock(&self) -> &dyn Clock {
        &*self.engine.clock
    }

    /// Begins and resumes campaigns until `stop`; then finishes batches in flight, no longer than the settings say.
    /// Sleeps while there is nothing to do.
    ///
    /// Shape: `false` when batches were still in flight at the end; resuming settles them.
    /// Errors: the store cannot be read at the start.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<bool, store::Error> {
        let mut plan = self.first_plan().await?;
        let mut tasks: JoinSet<(Key, Attended)> = JoinSet::new();
        while !stop.is_cancelled() {
            let now = self.clock().now();
            while let Some((moment, key)) = plan.take_due(now) {
                self.attend_to(key, moment == AT_ONCE, &stop, &mut tasks);
            }
            let wait = plan.next().and_then(|next| Duration::try_from(next.duration_since(now)).ok());
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.wake.notified() => {
                    for key in std::mem::take(&mut *self.changed.lock()) {
                        plan.set(key, AT_ONCE);
                    }
                }
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => self.ended(ended, &mut plan),
                () = self.clock().sleep(wait.unwrap_or_default().min(STEP)), if wait.is_some() => {}
            }
        }
        let drained = clock::timeout(self.clock(), self.engine.config.campaign.drain_timeout, async {
            while let Some(ended) = tasks.join_next().await {
                self.ended(ended, &mut plan);
            }
        });
        let drained = drained.await.is_some();
        if !drained {
            tracing::warn!("batches in flight did not finish in time; resuming settles them");
        }
        Ok(drained)
    }

    /// What campaigns are looked at with, now.
    pub fn eye(&self) -> Look {
        Look { now: self.clock().now(), since: self.since, policy: self.engine.config.policy }
    }

    /// What was cut off is looked at now, everything else when it is due.
    async fn first_plan(&self) -> Result<Plan, store::Error> {
        let mut plan = Plan::default();
        let eye = self.eye();
        let mut cut_off: BTreeMap<Key, Vec<Activity>> = BTreeMap::new();
        let (running, paused) = (ActivityState::Running, ActivityState::Paused);
        let mut unfinished = self.store().activities_in_state(running).await?;
        // These are not resumed, but end when their segment is deleted.
        unfinished.extend(self.store().activities_in_state(paused).await?);
        for activity in unfinished {
            let key = (activity.application_id.clone(), activity.campaign_id.clone());
            cut_off.entry(key).or_default().push(activity);
        }
        for application in self.store().applications().await? {
            for stored in self.store().definitions(Some(&application.id), Kind::Campaign).await? {
                let key = (application.id.clone(), CampaignId::new(&stored.id));
                let Ok(document) = Document::read(&stored) else {
                    tracing::error!(campaign.id = %key.1, "a stored campaign cannot be read, and never runs");
                    continue;
                };
                if cut_off.contains_key(&key) {
                    continue;
                }
                let Ok(timetable) = Timetable::read(&document, eye.policy) else { continue };
                let next = timetable.next(&ledger::telling(self.store(), &key.0, &key.1, &document).await?, &eye);
                let is_due = !next.due.is_empty() || timetable.is_triggered();
                let moment = if is_due { Some(eye.now) } else { next.look };
                self.tell_skipped(&key, &timetable, &next.skipped);
                if let Some(moment) = moment {
                    self.active.lock().insert(key.clone());
                    plan.set(key, moment);
                }
            }
        }
        let guard = Arc::new(self.taken_up.clone().drop_guard());
        for (key, activities) in cut_off {
            if activities.iter().any(dead::is_served) {
                // Those that are paused count as waiting until they are looked at.
                self.active.lock().insert(key.clone());
                self.left.lock().insert(key.clone(), guard.clone());
                plan.set(key, AT_ONCE);
            } else if activities.iter().any(|activity| activity.state == running) {
                tracing::warn!(
                    campaign.id = %key.1,
                    "a run of `pinwheel run` was cut off; `pinwheel activity resume` takes it up"
                );
            }
        }
        Ok(plan)
    }

    /// What an earlier process left of a campaign goes on, or needs not to.
    fn is_taken_up(&self, key: &Key) {
        self.left.lock().remove(key);
    }

    /// Logs and counts runs that never begin, once in a process.
    fn tell_skipped(&self, key: &Key, timetable: &Timetable, skipped: &[Skipped]) {
        for Skipped { treatment, first, last, why } in skipped.iter().copied() {
            let line = timetable.lines.iter().find(|line| line.treatments[0] == treatment);
            let Some(line) = line else { continue };
            let moment = |number| line.schedule.run(number, line.made).map(|run| run.moment);
            let Some(until) = moment(last) else { continue };
            let told = self.skipped.lock().insert((key.clone(), treatment), until);
            let told = told.and_then(|told| line.schedule.latest_run_at(told, line.made)).map(|run| run.number);
            let first = told.map_or(first, |told| first.max(told.saturating_add(1)));
            let Some(runs) = last.checked_sub(first).map(|more| u64::from(more) + 1) else { continue };
            metric::runs_skipped(why.as_str(), runs);
            tracing::warn!(
                application.id = %key.0, campaign.id = %key.1, treatment.id = treatment, reason = why.as_str(), runs,
                last = %until, "runs were skipped"
            );
        }
    }

    /// `has_changed` if somebody may have mended something, and it is not just time to look.
    fn attend_to(
        self: &Arc<Self>,
        key: Key,
        has_changed: bool,
        stop: &CancellationToken,
        tasks: &mut JoinSet<(Key, Attended)>,
    ) {
        let mut all = self.under_way.lock();
        if let Some(under_way) = all.get(&key) {
            *under_way.changed.lock() = true;
            under_way.change.notify_one();
            return;
        }
        if let Some(hold) = self.holds.lock().get_mut(&key) {
            hold.is_waiting = false;
        }
        let stuck = self.held.lock().remove(&key);
        let under_way = Arc::new(UnderWay {
            stop: stop.child_token(),
            why: Mutex::default(),
            segment_id: Mutex::default(),
            changed: Mutex::default(),
            change: Notify::new(),
            stuck: Mutex::new(stuck.filter(|_| !has_changed).unwrap_or_default()),
        });
        all.insert(key.clone(), under_way.clone());
        self.report_holds();
        tasks.spawn(self.clone().attend(key, under_way));
    }

    fn ended(&self, ended: Result<(Key, Attended), tokio::task::JoinError>, plan: &mut Plan) {
        let (key, attended) = match ended {
            Ok(ended) => ended,
            // A panic in a run is caught where it happens; this is one of ours.
            Err(error) => {
                tracing::error!(error = %error, "attending to a campaign ended in a panic");
                return;
            }
        };
        let under_way = self.under_way.lock().remove(&key).expect("it is under way until it ends");
        self.is_taken_up(&key);
        if !matches!(attended, Attended::HookFails { .. }) {
            self.holds.lock().remove(&key);
        }
        match attended {
            Attended::Over => {
                self.active.lock().remove(&key);
            }
            Attended::HookFails { has_worked } => {
                self.held.lock().insert(key.clone(), std::mem::take(&mut under_way.stuck.lock()));
                plan.set(key.clone(), self.clock().now() + self.holds(&key, has_worked));
            }
            Attended::Look(moment) => plan.set(key.clone(), moment),
            Attended::Held(look) | Attended::Paused(look) => {
                self.held.lock().insert(key.clone(), std::mem::take(&mut under_way.stuck.lock()));
                match look {
                    Some(moment) => plan.set(key.clone(), moment),
                    None if matches!(attended, Attended::Paused(_)) => {
                        self.active.lock().remove(&key);
                    }
                    None => {}
                }
            }
        }
        self.report_holds();
        if *under_way.changed.lock() {
            self.active.lock().insert(key.clone());
            plan.set(key, AT_ONCE);
        }
    }

    /// A campaign holds itself once more: the pause until it is tried again.
    fn holds(&self, key: &Key, has_worked: bool) -> Duration {
        let mut holds = self.holds.lock();
        let hold = holds.entry(key.clone()).or_default();
        let times = if has_worked { 1 } else { hold.times + 1 };
        *hold = Holds { times, is_waiting: true };
        hold::pause(hold.times, &self.engine.config.hook.hold)
    }

    fn report_holds(&self) {
        metric::campaigns_held(self.holds.lock().values().filter(|hold| hold.is_waiting).count());
    }
}
