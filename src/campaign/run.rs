//! A run of an activity, from its frozen audience to the last fate.
//!
//! ```text
//! due?      who?        in 50s    hook: who stays,    what each       through its     what became
//!                                 what changes        one gets        adapter         of each
//! schedule → audience → batch   →  filter            → compose       → deliver       → ledger
//! ```
//!
//! A batch is handled by one task in straight-line code. Before its first send the ledger holds an intent, after the
//! last one the fates: a process that ends in between knows afterwards who may have got a message.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::audience::Rules;
use super::batch::{self, Batch};
use super::cap::{Reservation, Sender};
use super::deliver::Terms;
use super::engine::{self, Engine};
use super::filter::{self, Candidate, Target};
use super::ledger::{self, Standing};
use super::progress::Progress;
use super::rate::Rate;
use super::schedule;
use super::sheet::Sheet;
use super::{Error, compose, definition};
use crate::channel::{Message, Origin};
use crate::clock::{self, Stopwatch};
use crate::config::{self, Unknown};
use crate::domain::{ChannelType, EndpointNumber, Fate, Tally};
use crate::hook::{self, Caller, answer, event};
use crate::store::{Activity, ActivityState, BatchRow, EndpointPage, Frozen};
use crate::telemetry::metric;
use crate::wire::endpoint::Head;

/// Pages of batches read ahead of the workers.
const PAGES_AHEAD: usize = 2;

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Every endpoint of the audience has its fate.
    Completed,
    /// Somebody asked it to stop; it can be resumed.
    Stopped,
}

/// An activity under way.
struct Run {
    engine: Arc<Engine>,
    activity: Activity,
    rules: Rules,
    /// The place of the activity's treatment in the definition.
    treatment: usize,
    caller: Option<Arc<Caller>>,
    event_head: event::Head,
    rate: Option<Rate>,
    deadline: Option<Timestamp>,
    sender: Sender,
    origin: Arc<Origin>,
    progress: Arc<Progress>,
}

/// A batch with its endpoints, ready to be worked on.
struct Loaded {
    batch: Batch,
    page: Arc<EndpointPage>,
    /// The row of a first attempt that was cut off.
    cut_off: Option<BatchRow>,
    waiting: Stopwatch,
}

impl Engine {
    /// Runs an activity to its end, or until `stop`. Takes up where the ledger says that an earlier run was cut off.
    ///
    /// Errors: when the store fails; the activity can be resumed then.
    pub async fn drive(
        self: &Arc<Self>,
        activity: Activity,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Ending, Error> {
        let frozen = Arc::new(self.store.frozen(&activity.id).await?);
        let standing = ledger::standing(&*self.store, &activity, &frozen).await?;
        progress.add_audience(frozen.endpoints(), u64::from(batch::count(&frozen)));
        progress.add_done(standing.finished.len(), &standing.tally);
        for (fate, members) in &frozen.settled {
            metric::endpoints(*fate, members.len());
        }
        self.count_earlier_messages(&activity).await?;

        let run = Arc::new(Run::prepare(self.clone(), activity, progress).await?);
        let stopped = run.work_through(frozen.clone(), standing, &stop).await?;
        if stopped {
            return Ok(Ending::Stopped);
        }
        run.complete(&frozen).await?;
        Ok(Ending::Completed)
    }
}

impl Run {
    async fn prepare(engine: Arc<Engine>, activity: Activity, progress: Arc<Progress>) -> Result<Self, Error> {
        let (document, _) = definition::load(
            &*engine.store,
            &activity.application_id,
            activity.campaign_id.as_str(),
            Some(activity.campaign_version),
        )
        .await?;
        let definition = Arc::new(engine.compile(&activity.campaign_id, &document).await?);
        let treatment = definition
            .treatments
            .iter()
            .position(|treatment| treatment.id == activity.treatment_id)
            .ok_or_else(|| Error::UnknownTreatment { treatment_id: activity.treatment_id.clone() })?;
        let caller = definition.hook.as_ref().map(|target| engine.invokers.caller(target)).transpose()?;
        let scheduled_time = clock::wire_text(activity.scheduled_start);
        let event_head = event::Head::filter(
            &definition.treatments[treatment].message_configuration,
            &event::Run {
                application_id: &activity.application_id,
                campaign_id: &activity.campaign_id,
                treatment_id: &activity.treatment_id,
                activity_id: &activity.id,
                scheduled_time: &scheduled_time,
            },
        );
        let limits = definition.limits;
        Ok(Self {
            rate: limits
                .messages_per_second
                .map(|messages| Rate::new(config::Rate::per_second(messages), engine.clock.clone())),
            deadline: limits.duration_max.map(|duration| activity.scheduled_start + duration),
            sender: engine::sender(&activity),
            origin: Arc::new(Origin {
                application_id: activity.application_id.clone(),
                campaign_id: activity.campaign_id.clone(),
                activity_id: activity.id.clone(),
                treatment_id: activity.treatment_id.clone(),
                scheduled_time,
            }),
            rules: Rules {
                application_id: activity.application_id.clone(),
                definition,
                channels: engine.channels.clone(),
                now: activity.scheduled_start,
            },
            engine,
            activity,
            treatment,
            caller,
            event_head,
            progress,
        })
    }

    /// Works on every unfinished batch; `true` when stopped before the last one.
    async fn work_through(
        self: &Arc<Self>,
        frozen: Arc<Frozen>,
        standing: Standing,
        stop: &CancellationToken,
    ) -> Result<bool, Error> {
        let (pages, mut loaded) = mpsc::channel(PAGES_AHEAD);
        let reader = tokio::spawn(self.clone().read_ahead(frozen, standing, pages));
        let mut workers: JoinSet<Result<(), Error>> = JoinSet::new();
        let mut stopped = false;
        'claim: loop {
            let page: Vec<Loaded> = tokio::select! {
                biased;
                () = stop.cancelled() => { stopped = true; break }
                page = loaded.recv() => match page { Some(page) => page, None => break },
            };
            metric::batches_planned(page.len() as u64);
            for batch in page {
                let slot = tokio::select! {
                    biased;
                    () = stop.cancelled() => { stopped = true; break 'claim }
                    slot = self.engine.slots.clone().acquire_owned() => slot.expect("slots are never closed"),
                };
                workers.spawn(self.clone().work(batch, slot));
                while let Some(ended) = workers.try_join_next() {
                    ended.expect("a worker does not panic")?;
                }
            }
        }
        while let Some(ended) = workers.join_next().await {
            ended.expect("a worker does not panic")?;
        }
        drop(loaded);
        match reader.await.expect("the reader does not panic") {
            Ok(()) => Ok(stopped),
            Err(error) => Err(error),
        }
    }

    /// Reads batches ahead of the workers, a page at once, each wave when it is due.
    async fn read_ahead(
        self: Arc<Self>,
        frozen: Arc<Frozen>,
        mut standing: Standing,
        pages: mpsc::Sender<Vec<Loaded>>,
    ) -> Result<(), Error> {
        let page_endpoints = self.engine.config.campaign.page_endpoints;
        for (first, wave) in batch::waves(&frozen) {
            tokio::select! {
                () = clock::sleep_until(&*self.engine.clock, wave.due) => {}
                () = pages.closed() => return Ok(()), // The run was stopped.
            }
            let finished = std::mem::take(&mut standing.finished);
            let mut batches = batch::unfinished(wave, first, &finished).peekable();
            while batches.peek().is_some() {
                let mut numbers = Vec::with_capacity(page_endpoints);
                let mut page = Vec::new();
                while let Some(batch) = batches.next_if(|batch| numbers.len() + batch.members.len() <= page_endpoints) {
                    numbers.extend_from_slice(&batch.members);
                    page.push(batch);
                }
                let endpoints =
                    Arc::new(self.engine.store.load_endpoints(&self.activity.application_id, numbers).await?);
                let page = page
                    .into_iter()
                    .map(|batch| Loaded {
                        cut_off: standing.cut_off.remove(&batch.index),
                        batch,
                        page: endpoints.clone(),
                        waiting: Stopwatch::start(),
                    })
                    .collect();
                if pages.send(page).await.is_err() {
                    return Ok(()); // The run was stopped.
                }
            }
            drop(batches);
            standing.finished = finished;
        }
        Ok(())
    }

    /// One batch, from load to record.
    async fn work(self: Arc<Self>, loaded: Loaded, slot: OwnedSemaphorePermit) -> Result<(), Error> {
        metric::batch_started(loaded.waiting.elapsed());
        self.progress.begin_batch();
        let worked = self.work_on(&loaded).await;
        self.progress.end_batch();
        metric::batch_ended(worked.is_ok());
        drop(slot);
        let tally = worked?;
        for (fate, endpoints) in tally.iter() {
            metric::endpoints(fate, endpoints);
        }
        self.progress.add_done(1, &tally);
        Ok(())
    }

    async fn work_on(&self, loaded: &Loaded) -> Result<Tally, Error> {
        let Loaded { batch, page, cut_off, .. } = loaded;
        let mut sheet = match cut_off {
            Some(row) => Sheet::reopen(row),
            None => Sheet::new(batch.index, batch.members.len()),
        };
        let mut reservations: Vec<Option<Reservation>> = batch.members.iter().map(|_| None).collect();

        if cut_off.is_some() && self.rules.definition.unknown == Unknown::Unknown {
            let reason = "the process ended while sending, and the policy is never to send twice";
            self.settle_open(&mut sheet, Fate::Unknown, reason);
        }
        let candidates = self.screen(batch, page, &mut sheet, &mut reservations);
        let targets = self.filter(candidates, &mut sheet).await;
        let messages = self.compose(targets, &mut sheet);
        if !messages.is_empty() {
            self.record(sheet.intent(self.now())).await?;
        }
        let dead = self.deliver(batch, messages, &mut sheet).await;

        for (place, reservation) in reservations.into_iter().enumerate() {
            if let (Some(reservation), Some(fate)) = (reservation, sheet.fate(place)) {
                self.engine.caps.settle(&self.sender, reservation, fate, self.now());
            }
        }
        self.record(sheet.done(self.now())).await?;
        if !dead.is_empty() {
            self.engine.store.deactivate_endpoints(&self.activity.application_id, dead).await?;
        }
        Ok(sheet.tally())
    }

    /// Tests again what may have changed since the freeze, then what depends on the hour: window, caps, quiet time.
    fn screen<'a>(
        &self,
        batch: &Batch,
        page: &'a EndpointPage,
        sheet: &mut Sheet,
        reservations: &mut [Option<Reservation>],
    ) -> Vec<Candidate<'a>> {
        let now = self.now();
        let open: Vec<usize> = sheet.open().collect();
        let mut candidates = Vec::with_capacity(open.len());
        for place in open {
            match self.screen_one(batch, page, place, sheet.is_unknown(place), now, &mut reservations[place]) {
                Ok(candidate) => candidates.push(candidate),
                Err(fate) => sheet.settle(place, fate, None),
            }
        }
        candidates
    }

    fn screen_one<'a>(
        &self,
        batch: &Batch,
        page: &'a EndpointPage,
        place: usize,
        is_unknown: bool,
        now: Timestamp,
        reservation: &mut Option<Reservation>,
    ) -> Result<Candidate<'a>, Fate> {
        let number = batch.members[place];
        let endpoint = page.get(page.find(number).ok_or(Fate::Inactive)?);
        let head = Head::read(endpoint.document).expect("the store gives back what it was given");
        self.rules.eligible(self.treatment, &head)?;
        if self.deadline.is_some_and(|deadline| now > deadline) {
            return Err(Fate::Expired);
        }
        // A message that may have been sent holds its place under the caps already.
        if !is_unknown {
            let limits = &self.rules.definition.limits;
            *reservation = Some(self.engine.caps.reserve(&self.sender, limits, number, now)?);
        }
        if let Some(quiet_time) = self.rules.definition.quiet_time
            && let Some(zone) = head.timezone().and_then(schedule::zone)
            && quiet_time.is_quiet(now, &zone)
        {
            return Err(Fate::QuietTime);
        }
        let (Some(channel_type), Some(address)) = (head.channel_type(), head.address()) else {
            return Err(Fate::NoAddress);
        };
        Ok(Candidate { place, endpoint, channel_type, address: address.to_owned() })
    }

    /// Asks the hook who stays and what changes.
    async fn filter<'a>(&self, candidates: Vec<Candidate<'a>>, sheet: &mut Sheet) -> Vec<Target<'a>> {
        let Some(caller) = &self.caller else {
            return candidates.into_iter().map(Target::unchanged).collect();
        };
        if candidates.is_empty() {
            return Vec::new();
        }
        match self.call_hook(caller, &candidates).await {
            Ok(answer) => {
                if answer.unknown_ids > 0 && !answer.looks_wrapped {
                    let endpoints = answer.unknown_ids;
                    tracing::warn!(activity.id = %self.activity.id, endpoints, "the hook answered endpoints it was not sent");
                }
                if answer.looks_wrapped {
                    tracing::warn!(
                        activity.id = %self.activity.id,
                        "the hook answered `{{\"Endpoints\": …}}` and not the bare map of endpoints; nobody of the batch is sent to"
                    );
                }
                let (targets, settled) = filter::apply(candidates, answer, |channel| self.serves(channel));
                for (place, fate, reason) in settled {
                    sheet.settle(place, fate, reason);
                }
                targets
            }
            Err(error) => {
                tracing::warn!(activity.id = %self.activity.id, error = %error, "a batch's hook failed");
                match filter::fate_of_failure(&error, self.rules.definition.hook_failure) {
                    None => candidates.into_iter().map(Target::unchanged).collect(),
                    Some(fate) => {
                        self.settle_open(sheet, fate, &error.to_string());
                        Vec::new()
                    }
                }
            }
        }
    }

    async fn call_hook(&self, caller: &Caller, candidates: &[Candidate<'_>]) -> Result<answer::Answer, hook::Error> {
        let sent: Vec<event::Member<'_>> = candidates.iter().map(|c| (c.endpoint.id, c.endpoint.document)).collect();
        let event = self.event_head.event(&sent)?;
        let answered = caller.call(event).await?;
        answer::decode(answered, &sent)
    }

    fn serves(&self, channel: ChannelType) -> bool {
        let composer = &self.rules.definition.treatments[self.treatment].composer;
        let channels = &self.rules.channels;
        composer.has_message_for(channel)
            && if composer.is_custom(channel) {
                channels.custom().is_some()
            } else {
                channels.adapter_for(channel).is_some()
            }
    }

    /// Renders a message for each target.
    fn compose(&self, targets: Vec<Target<'_>>, sheet: &mut Sheet) -> Vec<(usize, Message)> {
        let now = self.now();
        let composer = &self.rules.definition.treatments[self.treatment].composer;
        let mut messages = Vec::with_capacity(targets.len());
        for target in targets {
            let composed = composer.compose(
                &compose::Target {
                    id: target.endpoint.id,
                    channel_type: target.channel_type,
                    document: &target.document,
                    overrides: compose::Overrides {
                        title: target.overrides.title.as_deref(),
                        body: target.overrides.body.as_deref(),
                    },
                },
                now,
            );
            match composed {
                Ok(content) => messages.push((
                    target.place,
                    Message {
                        endpoint_id: target.endpoint.id.to_owned(),
                        channel_type: target.channel_type,
                        address: target.address,
                        idempotency_key: format!("{}-{}", self.activity.id, target.endpoint.number),
                        content,
                        origin: self.origin.clone(),
                    },
                )),
                Err(error) => sheet.settle(target.place, Fate::RenderFailed, Some(error.to_string())),
            }
        }
        messages
    }

    /// Sends, settles everybody who was sent to, and names the addresses that turned out dead.
    async fn deliver(
        &self,
        batch: &Batch,
        messages: Vec<(usize, Message)>,
        sheet: &mut Sheet,
    ) -> Vec<(EndpointNumber, String)> {
        let addresses: Vec<(usize, String)> =
            messages.iter().map(|(place, message)| (*place, message.address.clone())).collect();
        let terms = Terms { rate: self.rate.as_ref(), deadline: self.deadline, unknown: self.rules.definition.unknown };
        let mut dead = Vec::new();
        for delivery in self.engine.lanes.deliver(messages, &terms).await {
            if delivery.was_unknown {
                sheet.mark_unknown(delivery.place);
            }
            if delivery.is_dead
                && let Some((place, address)) = addresses.iter().find(|(place, _)| *place == delivery.place)
            {
                dead.push((batch.members[*place], address.clone()));
            }
            sheet.settle(delivery.place, delivery.fate, delivery.reason);
        }
        dead
    }

    fn settle_open(&self, sheet: &mut Sheet, fate: Fate, reason: &str) {
        let open: Vec<usize> = sheet.open().collect();
        for place in open {
            sheet.settle(place, fate, Some(reason.to_owned()));
        }
    }

    async fn record(&self, row: BatchRow) -> Result<(), Error> {
        Ok(self.engine.store.record_batch(&self.activity.id, row).await?)
    }

    /// Closes the activity. Panics when the fates do not add up to the audience: that promise holds or nothing does.
    async fn complete(&self, frozen: &Frozen) -> Result<(), Error> {
        let standing = ledger::standing(&*self.engine.store, &self.activity, frozen).await?;
        assert!(standing.cut_off.is_empty(), "no batch of a completed activity is cut off");
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
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }
}
