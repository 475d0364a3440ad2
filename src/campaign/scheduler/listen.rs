//! A campaign that events trigger: it listens between its start and its end, begins runs, and drives them side by side.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::attend::{Attended, Driven, PAUSE_MAX, PAUSE_MIN, retried};
use super::{AT_ONCE, Gone, Key, Scheduler, UnderWay};
use crate::campaign::definition::Document;
use crate::campaign::trigger::{self, Feed, Gathered, Phase, Stretch, Terms};
use crate::clock;
use crate::domain::{self, ActivityId};
use crate::store::{self, Activity, ActivityState, Definition, Kind, Reader, reader};
use crate::wire::generated::Frequency;

/// Activities of a campaign that are driven at once. While there are as many, events wait in the store until half of them have
/// ended.
const DRIVEN_MAX: usize = 64;
/// How often the position of a reader that only passed events over is written.
const NOTE_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What is to be done with the campaign after a look at it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Looked {
    /// It listens, and there is something to do at that moment if no event comes before.
    Listens(Timestamp),
    /// It listens, but not before that moment.
    Rests(Timestamp),
    /// It listens on when some of its runs have ended.
    Full,
    /// It does not listen, before that moment or at all.
    Silent(Option<Timestamp>),
    /// It, or its segment, was deleted.
    Gone(Gone),
}

impl Scheduler {
    /// Whether events begin the runs of a campaign, as it is now.
    pub(super) async fn is_triggered(&self, key: &Key) -> Result<bool, store::Error> {
        let found = self.store().definition(Some(&key.0), Kind::Campaign, key.1.as_str(), None).await?;
        let document = found.and_then(|stored| Document::read(&stored).ok());
        let schedule = document.and_then(|document| document.campaign.schedule);
        Ok(schedule.is_some_and(|schedule| schedule.frequency == Some(Frequency::Event)))
    }

    /// Attends to a campaign that events trigger, until it has nothing more to do.
    pub(super) async fn listen(
        self: &Arc<Self>,
        key: &Key,
        under_way: &Arc<UnderWay>,
    ) -> Result<Attended, store::Error> {
        let feed = self.engine.feeds.of(&key.0);
        let mut arrivals = feed.arrivals();
        let mut ear = Ear { scheduler: self, key, under_way, feed: &feed, place: None };
        let mut driving = Driving { scheduler: self, key, under_way, open: HashSet::new(), tasks: JoinSet::new() };
        let (mut looks_at, mut takes_up_at) = (AT_ONCE, AT_ONCE);
        let mut last = Looked::Rests(AT_ONCE);
        let mut failures = 0;
        let ended = loop {
            let now = self.clock().now();
            let takes_up = takes_up_at <= now;
            if takes_up || looks_at <= now {
                arrivals.mark_unchanged();
                match ear.look(&mut driving, takes_up).await {
                    Ok(looked) => {
                        (last, failures) = (looked, 0);
                        if takes_up {
                            takes_up_at = Timestamp::MAX;
                        }
                        looks_at = match looked {
                            Looked::Listens(next) | Looked::Rests(next) => next,
                            Looked::Full => Timestamp::MAX,
                            Looked::Silent(next) if driving.is_idle() && takes_up_at == Timestamp::MAX => {
                                break Ok(next.map_or(Attended::Over, Attended::Look));
                            }
                            // Looked at again when its runs are at their ends.
                            Looked::Silent(next) => next.unwrap_or(Timestamp::MAX),
                            Looked::Gone(why) => {
                                under_way.abort(why);
                                Timestamp::MAX
                            }
                        };
                    }
                    Err(error) if error.is_retryable() => {
                        tracing::warn!(campaign.id = %key.1, error = %error, "a campaign waits for the store");
                        failures += 1;
                        looks_at = now + domain::pause(failures, PAUSE_MIN, PAUSE_MAX, fastrand::f64());
                        takes_up_at = takes_up_at.max(looks_at);
                    }
                    Err(error) => break Err(error),
                }
            }
            tokio::select! {
                biased;
                () = under_way.stop.cancelled() => break Ok(Attended::Held(None)),
                Some((id, driven)) = driving.next() => {
                    if let Some(retry) = driving.ended(&id, driven) {
                        takes_up_at = takes_up_at.min(self.clock().now() + retry);
                    }
                    let is_over = matches!(last, Looked::Silent(_)) && driving.is_idle();
                    if (is_over && takes_up_at == Timestamp::MAX) || (last == Looked::Full && driving.has_room_again()) {
                        looks_at = AT_ONCE;
                    }
                }
                () = under_way.change.notified() => {
                    under_way.stuck.lock().clear();
                    (looks_at, takes_up_at) = (AT_ONCE, AT_ONCE);
                }
                _ = arrivals.changed(), if matches!(last, Looked::Listens(_)) => {
                    // Events that come together begin one run.
                    let gathered = self.clock().now() + self.engine.config.campaign.trigger_interval;
                    looks_at = looks_at.min(gathered);
                }
                () = clock::sleep_until(self.clock(), looks_at.min(takes_up_at)) => {}
            }
        };
        driving.finish().await;
        self.engine.caps.forget_total(&key.0, &key.1);
        if let Some(why) = under_way.why() {
            self.end(key, why).await?;
            return Ok(Attended::Over);
        }
        ear.note(Timestamp::MAX).await?;
        ended
    }

    /// The activities of a campaign that are to be driven.
    async fn unfinished(&self, key: &Key) -> Result<Vec<Activity>, store::Error> {
        let (application_id, campaign_id) = key;
        let mut running = self.store().activities_in_state(ActivityState::Running).await?;
        running.retain(|activity| activity.application_id == *application_id && activity.campaign_id == *campaign_id);
        Ok(running)
    }
}

/// What a campaign listens with.
struct Ear<'a> {
    scheduler: &'a Scheduler,
    key: &'a Key,
    under_way: &'a UnderWay,
    feed: &'a Feed,
    /// Known while it listens.
    place: Option<Place>,
}

/// How far the events are read.
#[derive(Clone, Copy, Debug)]
struct Place {
    position: u64,
    /// The position that is stored, and since when.
    stored: u64,
    stored_at: Timestamp,
}

impl Ear<'_> {
    /// Looks at the campaign as it is now, takes up what was left of it if asked to, and begins runs for what has arrived.
    async fn look(&mut self, driving: &mut Driving<'_>, takes_up: bool) -> Result<Looked, store::Error> {
        let scheduler = self.scheduler;
        let (application_id, campaign_id) = self.key;
        let store = scheduler.store();
        let found = store.definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), None).await?;
        let Some(stored) = found else { return Ok(Looked::Gone(Gone::Campaign)) };
        let now = scheduler.clock().now();
        // What cannot be read never listens: it was checked when it was written.
        let unreadable = || {
            tracing::error!(campaign.id = %campaign_id, "a stored campaign cannot be read, and no event triggers it");
            Ok(Looked::Silent(None))
        };
        let Ok(document) = Document::read(&stored) else { return unreadable() };
        self.under_way.segment_id.lock().clone_from(&document.campaign.segment_id);
        if !scheduler.has_segment(application_id, &document).await? {
            return Ok(Looked::Gone(Gone::Segment));
        }
        if takes_up {
            driving.take_up().await?;
        }
        let Ok(terms) = Terms::read(campaign_id, &document) else { return unreadable() };
        let phase = terms.phase(&document, now);
        if phase != Phase::Listens {
            self.note(Timestamp::MAX).await?;
            self.place = None;
            return Ok(match phase {
                Phase::Waits(start) => Looked::Silent(Some(start)),
                Phase::Listens | Phase::Paused | Phase::Over => Looked::Silent(None),
            });
        }
        if let Some(looked) = self.read_on(&terms, &stored, driving).await? {
            return Ok(looked);
        }
        // Once more behind its end, for events that were on their way into the store.
        let interval = scheduler.engine.config.campaign.trigger_interval;
        let last =
            [terms.to.checked_add(interval).ok(), terms.last_look().and_then(|last| last.checked_add(interval).ok())];
        Ok(Looked::Listens(last.into_iter().flatten().find(|moment| *moment > now).unwrap_or(Timestamp::MAX)))
    }

    /// Reads on, and begins runs for what it read; returns when to go on if it did not come to the end.
    async fn read_on(
        &mut self,
        terms: &Terms,
        stored: &Definition,
        driving: &mut Driving<'_>,
    ) -> Result<Option<Looked>, store::Error> {
        let room = driving.room();
        if room == 0 {
            return Ok(Some(Looked::Full));
        }
        let scheduler = self.scheduler;
        let mut place = self.place(terms).await?;
        let now = scheduler.clock().now();
        let mut gathered = Gathered::new(scheduler.engine.config.campaign.trigger_interval, now, room);
        let mut read = place.position;
        let is_end = loop {
            let page = self.feed.read(scheduler.store(), &self.key.0, read).await?;
            if page.is_empty() || self.under_way.stop.is_cancelled() {
                break true;
            }
            for row in page.iter() {
                // Every event up to here is gathered or passed over: what is written as read has no gaps.
                read = row.position;
                if terms.is_met_by(row) {
                    gathered.add(row);
                    if gathered.is_full() {
                        break;
                    }
                }
            }
            // What it only passed over it need not read again, whatever happens.
            if gathered.is_full() || gathered.is_empty() {
                break false;
            }
        };
        let stretches = gathered.take();
        if !stretches.is_empty() {
            match self.begin(stored, &stretches, read).await? {
                Begun::Runs(activities) => activities.into_iter().for_each(|activity| driving.add(activity)),
                Begun::Changed => return Ok(Some(Looked::Listens(AT_ONCE))),
                Begun::Failed => {
                    self.place = Some(Place { position: read, stored: read, stored_at: now });
                    // What cannot begin now hardly can in a second. What comes meanwhile still has time then.
                    return Ok(Some(Looked::Rests(now + PAUSE_MAX)));
                }
            }
            (place.stored, place.stored_at) = (read, now);
        }
        place.position = read;
        self.place = Some(place);
        self.note(now).await?;
        Ok((!is_end).then_some(Looked::Listens(AT_ONCE)))
    }

    /// Begins runs for these events, which were read up to that position.
    async fn begin(&self, stored: &Definition, stretches: &[Stretch], read: u64) -> Result<Begun, store::Error> {
        let scheduler = self.scheduler;
        let (application_id, campaign_id) = self.key;
        let prepared = async {
            // What was cut off goes first.
            scheduler.taken_up.cancelled().await;
            let _turn = scheduler.preparing.acquire().await.expect("it is never closed");
            scheduler.engine.prepare_triggered(application_id, campaign_id, stretches).await
        };
        let prepared = tokio::select! {
            biased;
            () = self.under_way.stop.cancelled() => return Ok(Begun::Changed),
            prepared = prepared => prepared,
        };
        let prepared = match prepared {
            Err(error) if error.is_retryable() => return Err(retried(error)),
            prepared => prepared,
        };
        let _writing = scheduler.writing.lock().await;
        let owner = Some(application_id);
        let now = scheduler.store().definition(owner, Kind::Campaign, campaign_id.as_str(), None).await?;
        let revision = prepared.as_ref().map_or(stored.revision, |triggered| triggered.revision);
        if self.under_way.stop.is_cancelled()
            || now.is_none_or(|now| now.revision != revision)
            || revision != stored.revision
        {
            // Somebody wrote it meanwhile, or deleted it: it is looked at anew, and so are the events.
            return Ok(Begun::Changed);
        }
        let reader = self.reader(read);
        match prepared {
            Ok(triggered) => {
                let activities = scheduler.engine.commit_triggered(triggered, reader).await?;
                for activity in &activities {
                    tracing::info!(
                        campaign.id = %campaign_id, activity.id = %activity.id, treatment.id = %activity.treatment_id,
                        "activity begins, triggered by events"
                    );
                }
                Ok(Begun::Runs(activities))
            }
            Err(error) => {
                let failure = error.to_string();
                self.fail(stored, &failure, stretches, reader).await?;
                Ok(Begun::Failed)
            }
        }
    }

    /// Writes down that events could not begin their runs.
    async fn fail(
        &self,
        stored: &Definition,
        failure: &str,
        stretches: &[Stretch],
        reader: Reader,
    ) -> Result<(), store::Error> {
        let (application_id, campaign_id) = self.key;
        let events: usize = stretches.iter().map(|stretch| stretch.endpoint_ids.len()).sum();
        tracing::error!(
            application.id = %application_id, campaign.id = %campaign_id, error = %failure, events,
            "a campaign cannot begin a run for the events that triggered it"
        );
        crate::telemetry::metric::trigger_events("failed", events as u64);
        let scheduler = self.scheduler;
        // The default treatment tells for all.
        let since = stretches.iter().map(|stretch| stretch.since).min().unwrap_or_else(|| scheduler.clock().now());
        let turns = trigger::turns(1, since);
        scheduler.engine.record_failed_run(application_id, campaign_id, stored, &turns, failure, Some(reader)).await
    }

    /// Where it reads on: where it was, or where the events that count begin.
    async fn place(&self, terms: &Terms) -> Result<Place, store::Error> {
        if let Some(place) = self.place {
            return Ok(place);
        }
        let store = self.scheduler.store();
        let stored = store.reader(&self.key.0, &reader::of_campaign(&self.key.1)).await?.unwrap_or(0);
        let first = store.position_before(terms.from).await?;
        Ok(Place { position: stored.max(first), stored, stored_at: self.scheduler.clock().now() })
    }

    /// Writes the position if it is behind for long.
    async fn note(&mut self, now: Timestamp) -> Result<(), store::Error> {
        let Some(place) = &mut self.place else { return Ok(()) };
        if place.position == place.stored
            || now < place.stored_at.saturating_add(NOTE_PAUSE).expect("it is a length of time")
        {
            return Ok(());
        }
        let position = place.position;
        (place.stored, place.stored_at) = (position, self.scheduler.clock().now());
        let reader = self.reader(position);
        self.scheduler.store().put_reader(reader).await
    }

    fn reader(&self, position: u64) -> Reader {
        Reader { application_id: self.key.0.clone(), name: reader::of_campaign(&self.key.1), position }
    }
}

/// What became of events that were gathered.
enum Begun {
    Runs(Vec<Activity>),
    /// The campaign changed meanwhile.
    Changed,
    /// They cannot begin runs, and that is written down.
    Failed,
}

/// The activities of a campaign that are driven, each in a task of its own: neither a look at the campaign nor who waits for
/// one of them holds up the others.
struct Driving<'a> {
    scheduler: &'a Arc<Scheduler>,
    key: &'a Key,
    under_way: &'a Arc<UnderWay>,
    open: HashSet<ActivityId>,
    tasks: JoinSet<(ActivityId, Driven)>,
}

impl Driving<'_> {
    fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// How many runs may begin.
    fn room(&self) -> usize {
        DRIVEN_MAX.saturating_sub(self.open.len())
    }

    /// Not one by one: then each run would begin for the few events that make one.
    fn has_room_again(&self) -> bool {
        self.open.len() <= DRIVEN_MAX / 2
    }

    /// Takes up what an earlier process began, or what was stopped or holds itself.
    async fn take_up(&mut self) -> Result<(), store::Error> {
        for activity in self.scheduler.unfinished(self.key).await? {
            let is_stuck = self.under_way.stuck.lock().contains(&activity.id);
            if !is_stuck && !self.open.contains(&activity.id) {
                tracing::info!(campaign.id = %self.key.1, activity.id = %activity.id, "activity is taken up again");
                self.add(activity);
            }
        }
        if let Some(hold) = self.scheduler.holds.lock().get_mut(self.key) {
            hold.is_waiting = false;
        }
        if self.under_way.stuck.lock().is_empty() {
            self.scheduler.held.lock().remove(self.key);
        }
        self.scheduler.is_taken_up(self.key);
        self.scheduler.report_holds();
        Ok(())
    }

    fn add(&mut self, activity: Activity) {
        self.open.insert(activity.id.clone());
        let (scheduler, under_way) = (self.scheduler.clone(), self.under_way.clone());
        // Its own: one whose hook fails does not stop the others, whose time is short too.
        let stop = under_way.stop.child_token();
        self.tasks.spawn(async move {
            let driven = scheduler.drive(&activity, &under_way, &stop).await;
            (activity.id, driven)
        });
    }

    /// Waits until one is not driven any more; `None` if none is.
    async fn next(&mut self) -> Option<(ActivityId, Driven)> {
        match self.tasks.join_next().await? {
            Ok(ended) => Some(ended),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// A run is not driven any more; returns the pause until those that hold themselves are taken up again, if that is new.
    fn ended(&mut self, id: &ActivityId, driven: Driven) -> Option<Duration> {
        self.open.remove(id);
        let (scheduler, key) = (self.scheduler, self.key);
        match driven {
            Driven::Completed => {
                if scheduler.holds.lock().remove(key).is_some() {
                    scheduler.report_holds();
                }
                None
            }
            Driven::Stopped => None,
            Driven::Held => {
                self.under_way.stuck.lock().insert(id.clone());
                scheduler.held.lock().insert(key.clone(), HashSet::new());
                None
            }
            // Those that fail together wait together.
            Driven::HookFails { .. } if scheduler.holds.lock().get(key).is_some_and(|hold| hold.is_waiting) => None,
            Driven::HookFails { has_worked } => {
                scheduler.held.lock().insert(key.clone(), HashSet::new());
                let pause = scheduler.holds(key, has_worked);
                scheduler.report_holds();
                Some(pause)
            }
        }
    }

    /// Waits for the batches in flight. Nothing new begins, since a stop was asked for, or nothing is under way.
    async fn finish(&mut self) {
        while self.next().await.is_some() {}
    }
}
