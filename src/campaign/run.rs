//! A run of an activity, from its frozen audience to the last fate.
//!
//! ```text
//! due?      who?        in 50s    hook: who stays,    what each       through its     what became
//!                                 what changes        one gets        adapter         of each
//! schedule → audience → batch   →  filter            → compose       → deliver       → ledger
//! ```
//!
//! This file is the run: it claims batches and gives each to a task. `work.rs` is what becomes of one batch.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::audience::Rules;
use super::batch::{self, Batch};
use super::cap::Sender;
use super::engine::{self, Engine};
use super::feedback::References;
use super::hold::{self, Held, Hold};
use super::ledger::{self, Standing};
use super::progress::Progress;
use super::rate::Rate;
use super::share::Seat;
use super::way::{Way, Ways};
use super::{Error, definition};
use crate::channel::Origin;
use crate::clock::{self, Stopwatch};
use crate::config;
use crate::domain::ChannelType;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::hook::{Caller, Source, event};
use crate::store::{Activity, ActivityState, BatchRow, EndpointPage, Frozen};
use crate::telemetry::metric;

/// Pages of batches read ahead of the workers.
const PAGES_AHEAD: usize = 2;

/// Batches past their intent at once, however slow the campaign is: one that waits for a slow provider must not hold up
/// all others.
const SENDING_MIN: usize = 4;

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Every endpoint of the audience has its fate.
    Completed,
    /// Somebody asked it to stop; it can be resumed.
    Stopped,
}

/// An activity under way.
pub(super) struct Run {
    pub(super) engine: Arc<Engine>,
    pub(super) activity: Activity,
    pub(super) rules: Rules,
    /// The place of the activity's treatment in the definition.
    pub(super) treatment: usize,
    pub(super) caller: Option<Arc<Caller>>,
    /// Whether the hook fails too often to go on.
    pub(super) hold: Hold,
    /// The campaign, as its hook's policy sees it.
    pub(super) source: Source,
    pub(super) rate: Option<Arc<Rate>>,
    /// Its share of the places where batches are worked on.
    pub(super) seat: Arc<Seat>,
    /// Batches past their intent at once, where the campaign's rate makes them wait: about a second's messages.
    pub(super) sending: Option<Semaphore>,
    pub(super) sender: Sender,
    /// What gives messages their references, if they get any.
    pub(super) references: Option<Arc<References>>,
    pub(super) progress: Arc<Progress>,
    pub(super) stop: CancellationToken,
    /// Batches whose hook failed.
    pub(super) hook_failures: AtomicU64,
    /// The channel that refused us too often, once there is one.
    pub(super) refused_by: OnceLock<String>,
    /// Batches whose hook answered something odd.
    pub(super) hook_oddities: AtomicU64,
}

/// What depends on when a batch's messages are due.
pub(super) struct Due {
    pub(super) event_head: event::Head,
    pub(super) origin: Arc<Origin>,
    /// No message goes out later.
    pub(super) deadline: Option<Timestamp>,
}

/// A batch with its endpoints, ready to be worked on.
pub(super) struct Loaded {
    pub(super) batch: Batch,
    pub(super) page: Arc<EndpointPage>,
    pub(super) due: Arc<Due>,
    /// The row of a first attempt that was cut off.
    pub(super) cut_off: Option<BatchRow>,
    pub(super) waiting: Stopwatch,
}

impl Engine {
    /// Runs an activity to its end, or until `stop`. Takes up where the ledger says that an earlier run was cut off.
    ///
    /// One that is paused, or was ended for good, is left alone.
    ///
    /// Errors: when the store fails, a channel of the audience is not there any more, or the hook fails too often; the activity
    /// can be resumed.
    pub async fn drive(
        self: &Arc<Self>,
        activity: Activity,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Ending, Error> {
        // Somebody may have paused it since it was read.
        let stored = self.store.activity(&activity.id).await?;
        let Some(activity) = stored.filter(|stored| !stored.state.is_stopped()) else { return Ok(Ending::Stopped) };
        let frozen = Arc::new(self.store.frozen(&activity.id).await?);
        let mut standing = ledger::standing(&*self.store, &activity, &frozen).await?;
        progress.add_audience(frozen.endpoints(), u64::from(batch::count(&frozen)));
        progress.add_done(standing.finished.len(), &standing.tally);
        // Not again for one that is taken up.
        if standing.finished.is_empty() && standing.cut_off.is_empty() {
            for (fate, members) in &frozen.settled {
                metric::endpoints(*fate, members.len());
            }
        }
        let ways = self.ways(&activity.application_id).await?;
        ways.forgive();
        let references = self.references().await?;

        // A run that fails stops itself, and nobody else.
        let run = Arc::new(Run::prepare(self.clone(), ways, references, activity, progress, stop.child_token())?);
        self.count_earlier_messages(&run.activity, &run.rules.definition.limits).await?;
        loop {
            match run.work_through(frozen.clone(), standing).await {
                Ok(Ending::Completed) => {}
                Err(error @ Error::HookFails { .. }) => return run.note_hold().await.and(Err(error)),
                ended => return ended,
            }
            match run.complete(&frozen).await? {
                None => return Ok(Ending::Completed),
                Some(redriven) => standing = redriven,
            }
        }
    }
}

/// Makes sure that there still are the channels on which the audience of an activity counts. To go on without one would lose
/// everybody on it, unless the application wants that.
///
/// Errors: [`Error::ChannelGone`].
pub(super) fn check_served(document: &definition::Document, ways: &Ways) -> Result<(), Error> {
    let is_gone =
        |name: &&str| ChannelType::parse(name).is_none_or(|channel_type| matches!(ways.way(channel_type), Way::None));
    let gone: Vec<&str> = document.served.iter().map(String::as_str).filter(is_gone).collect();
    match gone.is_empty() {
        true => Ok(()),
        false => Err(Error::ChannelGone { channel_types: gone.join(", ") }),
    }
}

impl Run {
    fn prepare(
        engine: Arc<Engine>,
        ways: Arc<Ways>,
        references: Option<Arc<References>>,
        activity: Activity,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let document: definition::Document =
            serde_json::from_str(activity.definition()).map_err(definition::Error::Document)?;
        check_served(&document, &ways)?;
        let definition = Arc::new(engine.compile(&ways, &activity.campaign_id, &document)?);
        let treatment = definition
            .treatments
            .iter()
            .position(|treatment| treatment.id == activity.treatment_id)
            .ok_or_else(|| Error::UnknownTreatment { treatment_id: activity.treatment_id.clone() })?;
        let per_second = definition.limits.messages_per_second;
        let caller = definition.hook.as_ref().map(|target| engine.invokers.caller(target)).transpose()?;
        if let Some(caller) = &caller {
            caller.forgive();
            progress.watch(caller.waiting().clone());
        }
        let places = engine.config.campaign.batches_in_flight;
        Ok(Self {
            caller,
            hold: Hold::new(engine.config.hook.hold, definition.hook_failure, places, activity.failure.is_some()),
            source: engine.invokers.source(&activity.application_id, &activity.campaign_id),
            rate: per_second.map(|limit| engine.rate_of(&activity.campaign_id, config::Rate::per_second(limit))),
            sending: per_second
                .map(|limit| Semaphore::new((limit.get() as usize / BATCH_ENDPOINTS_MAX).max(SENDING_MIN))),
            seat: engine.places.join(),
            sender: engine::sender(&activity),
            references,
            rules: Rules {
                application_id: activity.application_id.clone(),
                definition,
                ways,
                now: activity.scheduled_start,
                turns: Vec::new(),
            },
            engine,
            activity,
            treatment,
            progress,
            stop,
            hook_failures: AtomicU64::new(0),
            refused_by: OnceLock::new(),
            hook_oddities: AtomicU64::new(0),
        })
    }

    /// Works on every unfinished batch. An error stops the claiming; batches in flight are finished all the same.
    async fn work_through(self: &Arc<Self>, frozen: Arc<Frozen>, standing: Standing) -> Result<Ending, Error> {
        let (pages, mut loaded) = mpsc::channel(PAGES_AHEAD);
        let reader = tokio::spawn(self.clone().read_ahead(frozen, standing, pages));
        let mut workers: JoinSet<Result<(), Error>> = JoinSet::new();
        let mut failure = None;
        let mut claimed: VecDeque<Loaded> = VecDeque::new();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(ended) = workers.join_next(), if !workers.is_empty() => {
                    if let Err(error) = ended.expect("a worker does not panic") {
                        failure.get_or_insert(error);
                        self.stop.cancel();
                    }
                }
                place = self.seat.take(), if !claimed.is_empty() => {
                    let batch = claimed.pop_front().expect("it is not empty");
                    workers.spawn(self.clone().work(batch, place));
                }
                page = loaded.recv(), if claimed.is_empty() => match page {
                    Some(page) => {
                        metric::batches_planned(page.len() as u64);
                        claimed.extend(page);
                    }
                    None => break,
                },
            }
        }
        self.seat.leave();
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended.expect("a worker does not panic") {
                failure.get_or_insert(error);
                self.stop.cancel();
            }
        }
        drop(loaded);
        let read = reader.await.expect("the reader does not panic");
        match failure {
            Some(error) => Err(error),
            None => read.map(|()| if self.stop.is_cancelled() { Ending::Stopped } else { Ending::Completed }),
        }
    }

    /// Reads batches ahead of the workers, a page at once, each wave when it is due. A failure stops the run: batches may wait
    /// for what becomes of others that are never read.
    async fn read_ahead(
        self: Arc<Self>,
        frozen: Arc<Frozen>,
        mut standing: Standing,
        pages: mpsc::Sender<Vec<Loaded>>,
    ) -> Result<(), Error> {
        let failing = self.stop.clone().drop_guard();
        let page_endpoints = self.engine.config.campaign.page_endpoints;
        for (first, wave) in batch::waves(&frozen) {
            self.set_waiting(true);
            tokio::select! {
                () = clock::sleep_until(&*self.engine.clock, wave.due) => {}
                () = pages.closed() => return Ok(()), // The run was stopped.
            }
            self.set_waiting(false);
            let due = Arc::new(self.due(wave.due));
            let mut batches = batch::unfinished(wave, first, &standing.finished).peekable();
            while batches.peek().is_some() {
                let mut numbers = Vec::with_capacity(page_endpoints);
                let mut page = Vec::new();
                while let Some(batch) = batches.next_if(|batch| numbers.len() + batch.members.len() <= page_endpoints) {
                    numbers.extend_from_slice(&batch.members);
                    page.push(batch);
                }
                let endpoints =
                    Arc::new(self.engine.store.load_endpoints(&self.activity.application_id, numbers).await?);
                let page: Vec<Loaded> = page
                    .into_iter()
                    .map(|batch| Loaded {
                        cut_off: standing.cut_off.remove(&batch.index),
                        batch,
                        page: endpoints.clone(),
                        due: due.clone(),
                        waiting: Stopwatch::start(),
                    })
                    .collect();
                self.hold.ready(page.len());
                self.seat.ready(page.len());
                if pages.send(page).await.is_err() {
                    return Ok(()); // The run was stopped.
                }
            }
        }
        self.hold.set_reading(false);
        self.seat.set_reading(false);
        failing.disarm();
        Ok(())
    }

    fn set_waiting(&self, waiting: bool) {
        self.progress.set_waiting(waiting);
        self.hold.set_reading(!waiting);
        self.seat.set_reading(!waiting);
    }

    fn due(&self, due: Timestamp) -> Due {
        let scheduled_time = clock::wire_text(due);
        let definition = &self.rules.definition;
        // In local time each zone has a window of its own; else there is one, also for who waits for the end of quiet time.
        let follows_clocks = definition.treatments[self.treatment].schedule.follows_clocks();
        let opens = if follows_clocks { due } else { self.activity.scheduled_start };
        let Activity { application_id, campaign_id, treatment_id, id: activity_id, .. } = &self.activity;
        let run =
            event::Run { application_id, campaign_id, treatment_id, activity_id, scheduled_time: &scheduled_time };
        Due {
            event_head: event::Head::filter(&definition.treatments[self.treatment].message_configuration, &run),
            origin: Arc::new(Origin {
                application_id: application_id.clone(),
                campaign_id: campaign_id.clone(),
                activity_id: Some(activity_id.clone()),
                treatment_id: Some(treatment_id.clone()),
                scheduled_time,
            }),
            // A window past the end of time has no end.
            deadline: definition.limits.duration_max.and_then(|window| opens.checked_add(window).ok()),
        }
    }

    /// Closes the activity; or returns how far it is, if batches were redriven meanwhile. Panics when the fates do not add up to
    /// the audience: that promise holds or nothing does.
    async fn complete(&self, frozen: &Frozen) -> Result<Option<Standing>, Error> {
        let _releasing = self.engine.releasing.lock().await;
        let standing = ledger::standing(&*self.engine.store, &self.activity, frozen).await?;
        if !standing.cut_off.is_empty() {
            let mut bytes = standing.cut_off.values().flat_map(|row| &row.fates);
            assert!(bytes.all(|byte| *byte != BatchRow::TO_SEND), "no batch of a completed activity is cut off");
            self.progress.take_back(standing.cut_off.values());
            return Ok(Some(standing));
        }
        assert_eq!(
            standing.tally.total(),
            frozen.endpoints(),
            "the fates of a completed activity add up to its audience"
        );
        let mut activity = self.activity.clone();
        activity.state = ActivityState::Completed;
        activity.ended_at = Some(self.now());
        activity.failure = standing.failure();
        self.engine.store.update_activity(activity).await?;
        Ok(None)
    }

    /// Why the activity holds itself, once it does.
    pub(super) fn hook_fails(&self) -> Option<Error> {
        let Held { failed, ended, kind, has_worked, .. } = self.hold.held()?;
        Some(Error::HookFails { function: self.function().to_owned(), failed, ended, kind, has_worked })
    }

    /// Writes down since when and why the activity holds itself.
    async fn note_hold(&self) -> Result<(), Error> {
        let held = self.hold.held().expect("it is held");
        let note = hold::note(&held, self.function(), self.activity.failure.as_deref(), self.now());
        let activity = Activity { failure: Some(note), ..self.activity.clone() };
        Ok(self.engine.store.update_activity(activity).await?)
    }

    /// The hook works: if the activity was held, it is no more.
    pub(super) async fn is_held_no_more(&self) {
        if self.activity.failure.is_none() {
            return;
        }
        let activity = Activity { failure: None, ..self.activity.clone() };
        if let Err(error) = self.engine.store.update_activity(activity).await {
            // It will be right when the activity ends.
            tracing::warn!(activity.id = %self.activity.id, error = %error, "the activity still shows as held");
        }
    }

    fn function(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| caller.function())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }
}
