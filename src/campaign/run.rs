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

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::audience::{self, Rules};
use super::batch::{self, Batch};
use super::cap::{Reservation, Sender};
use super::deliver::{Delivery, Terms};
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
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::domain::{ChannelType, EndpointNumber, Fate, Tally};
use crate::hook::{self, Caller, answer, event};
use crate::store::{self, Activity, ActivityState, BatchRow, EndpointPage, EndpointRef, Frozen};
use crate::telemetry::metric;
use crate::wire::endpoint::Head;

/// Pages of batches read ahead of the workers.
const PAGES_AHEAD: usize = 2;

/// Attempts at writing a row of the ledger, and the pause between them.
const RECORD_ATTEMPTS_MAX: u32 = 3;
const RECORD_PAUSE: Duration = Duration::from_millis(200);

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
    rate: Option<Arc<Rate>>,
    /// Batches worked on at once.
    slots: Arc<Semaphore>,
    /// Batches past their intent at once, where the campaign's rate makes them wait: about a second's messages.
    sending: Option<Semaphore>,
    sender: Sender,
    progress: Arc<Progress>,
    stop: CancellationToken,
    /// Batches whose hook failed.
    hook_failures: AtomicU64,
}

/// What depends on when a batch's messages are due.
struct Due {
    event_head: event::Head,
    origin: Arc<Origin>,
    /// No message goes out later.
    deadline: Option<Timestamp>,
}

/// A batch with its endpoints, ready to be worked on.
struct Loaded {
    batch: Batch,
    page: Arc<EndpointPage>,
    due: Arc<Due>,
    /// The row of a first attempt that was cut off.
    cut_off: Option<BatchRow>,
    waiting: Stopwatch,
}

/// How the work on a batch ended.
enum Worked {
    Done(Tally),
    /// A stop came first: who has no fate yet is taken up again later.
    GivenBack,
}

impl Engine {
    /// Runs an activity to its end, or until `stop`. Takes up where the ledger says that an earlier run was cut off.
    ///
    /// Errors: when the store fails, or a channel of the audience is not there any more; the activity can be resumed.
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

        // A run that fails stops itself, and nobody else.
        let run = Arc::new(Run::prepare(self.clone(), activity, progress, stop.child_token())?);
        match run.work_through(frozen.clone(), standing).await? {
            Ending::Completed => run.complete(&frozen).await?,
            Ending::Stopped => {}
        }
        Ok(if run.stop.is_cancelled() { Ending::Stopped } else { Ending::Completed })
    }
}

impl Run {
    fn prepare(
        engine: Arc<Engine>,
        activity: Activity,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let document = serde_json::from_str(&activity.definition).map_err(definition::Error::Document)?;
        let definition = Arc::new(engine.compile(&activity.campaign_id, &document)?);
        let treatment = definition
            .treatments
            .iter()
            .position(|treatment| treatment.id == activity.treatment_id)
            .ok_or_else(|| Error::UnknownTreatment { treatment_id: activity.treatment_id.clone() })?;
        let per_second = definition.limits.messages_per_second;
        Ok(Self {
            caller: definition.hook.as_ref().map(|target| engine.invokers.caller(target)).transpose()?,
            rate: per_second.map(|limit| engine.rate_of(&activity.campaign_id, config::Rate::per_second(limit))),
            sending: per_second.map(|limit| Semaphore::new(limit.get() as usize / BATCH_ENDPOINTS_MAX + 1)),
            slots: Arc::new(Semaphore::new(engine.config.campaign.batches_in_flight)),
            sender: engine::sender(&activity),
            rules: Rules {
                application_id: activity.application_id.clone(),
                definition,
                channels: engine.channels.clone(),
                now: activity.scheduled_start,
            },
            engine,
            activity,
            treatment,
            progress,
            stop,
            hook_failures: AtomicU64::new(0),
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
                slot = self.slots.clone().acquire_owned(), if !claimed.is_empty() => {
                    let slot = slot.expect("slots are never closed");
                    let batch = claimed.pop_front().expect("it is not empty");
                    workers.spawn(self.clone().work(batch, slot));
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
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended.expect("a worker does not panic") {
                failure.get_or_insert(error);
            }
        }
        drop(loaded);
        let read = reader.await.expect("the reader does not panic");
        match failure {
            Some(error) => Err(error),
            None => read.map(|()| if self.stop.is_cancelled() { Ending::Stopped } else { Ending::Completed }),
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
            self.progress.set_waiting(true);
            tokio::select! {
                () = clock::sleep_until(&*self.engine.clock, wave.due) => {}
                () = pages.closed() => return Ok(()), // The run was stopped.
            }
            self.progress.set_waiting(false);
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
                let page = page
                    .into_iter()
                    .map(|batch| Loaded {
                        cut_off: standing.cut_off.remove(&batch.index),
                        batch,
                        page: endpoints.clone(),
                        due: due.clone(),
                        waiting: Stopwatch::start(),
                    })
                    .collect();
                if pages.send(page).await.is_err() {
                    return Ok(()); // The run was stopped.
                }
            }
        }
        Ok(())
    }

    fn due(&self, due: Timestamp) -> Due {
        let scheduled_time = clock::wire_text(due);
        let definition = &self.rules.definition;
        let Activity { application_id, campaign_id, treatment_id, id: activity_id, .. } = &self.activity;
        let run =
            event::Run { application_id, campaign_id, treatment_id, activity_id, scheduled_time: &scheduled_time };
        Due {
            event_head: event::Head::filter(&definition.treatments[self.treatment].message_configuration, &run),
            origin: Arc::new(Origin {
                application_id: application_id.clone(),
                campaign_id: campaign_id.clone(),
                activity_id: activity_id.clone(),
                treatment_id: treatment_id.clone(),
                scheduled_time,
            }),
            // A window past the end of time has no end.
            deadline: definition.limits.duration_max.and_then(|window| due.checked_add(window).ok()),
        }
    }

    /// One batch, from load to record.
    async fn work(self: Arc<Self>, loaded: Loaded, slot: OwnedSemaphorePermit) -> Result<(), Error> {
        metric::batch_started(loaded.waiting.elapsed());
        self.progress.begin_batch();
        let mut reservations: Vec<Option<Reservation>> = loaded.batch.members.iter().map(|_| None).collect();
        let worked = self.work_on(&loaded, &mut reservations).await;
        // Cut off by an error: whether these were sent to is the ledger's to tell. Until then they count as sent.
        for reservation in reservations.into_iter().flatten() {
            self.engine.caps.settle(&self.sender, reservation, Fate::Unknown, self.now());
        }
        self.progress.end_batch();
        metric::batch_ended(matches!(worked, Ok(Worked::Done(_))));
        drop(slot);
        if let Worked::Done(tally) = worked? {
            for (fate, endpoints) in tally.iter() {
                metric::endpoints(fate, endpoints);
            }
            self.progress.add_done(1, &tally);
        }
        match self.engine.lanes.misconfigured() {
            Some(channel) => Err(Error::ChannelRefuses { channel }),
            None => Ok(()),
        }
    }

    async fn work_on(&self, loaded: &Loaded, reservations: &mut [Option<Reservation>]) -> Result<Worked, Error> {
        let Loaded { batch, page, due, cut_off, .. } = loaded;
        let mut sheet = match cut_off {
            Some(row) => Sheet::reopen(row, batch.members.len())?,
            None => Sheet::new(batch.index, batch.members.len()),
        };
        if self.rules.definition.unknown == Unknown::Unknown {
            let reason = "the process ended while sending, and the policy is never to send twice";
            let unknown: Vec<usize> = sheet.open().filter(|&place| sheet.is_unknown(place)).collect();
            self.settle_all(&mut sheet, &unknown, Fate::Unknown, reason);
        }

        let candidates = self.screen(batch, page, due, &mut sheet, reservations)?;
        let targets = self.filter(due, candidates, &mut sheet).await;
        let messages = self.compose(due, targets, &mut sheet);
        let mut dead = Vec::new();
        if !messages.is_empty() {
            let Some(_sending) = self.turn_to_send().await else {
                self.give_back(reservations);
                return Ok(Worked::GivenBack);
            };
            self.record(sheet.intent(self.now())).await?;
            dead = self.deliver(batch, page, due, messages, &mut sheet).await;
        }

        for (place, reservation) in reservations.iter_mut().enumerate() {
            let given_back = if sheet.is_unknown(place) { Fate::Unknown } else { Fate::Aborted };
            let fate = sheet.fate(place).unwrap_or(given_back);
            if let Some(reservation) = reservation.take() {
                self.engine.caps.settle(&self.sender, reservation, fate, self.now());
            }
        }
        if !dead.is_empty() {
            let dead = self.engine.store.deactivate_endpoints(&self.activity.application_id, dead).await;
            if let Err(error) = dead {
                // The fates are true all the same, and the next message will meet the dead address again.
                tracing::warn!(activity.id = %self.activity.id, error = %error, "dead addresses stay active");
            }
        }
        if !sheet.is_complete() {
            self.record(sheet.given_back(self.now())).await?;
            return Ok(Worked::GivenBack);
        }
        self.record(sheet.done(self.now())).await?;
        Ok(Worked::Done(sheet.tally()))
    }

    /// Waits until the batch may go past its intent; `None` when a stop comes first.
    async fn turn_to_send(&self) -> Option<Option<SemaphorePermit<'_>>> {
        let Some(sending) = &self.sending else { return Some(None) };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            permit = sending.acquire() => Some(Some(permit.expect("it is never closed"))),
        }
    }

    fn give_back(&self, reservations: &mut [Option<Reservation>]) {
        for reservation in reservations.iter_mut().filter_map(Option::take) {
            self.engine.caps.settle(&self.sender, reservation, Fate::Aborted, self.now());
        }
    }

    /// Tests again what may have changed since the freeze, then what depends on the hour: window, caps, quiet time.
    fn screen<'a>(
        &self,
        batch: &Batch,
        page: &'a EndpointPage,
        due: &Due,
        sheet: &mut Sheet,
        reservations: &mut [Option<Reservation>],
    ) -> Result<Vec<Candidate<'a>>, Error> {
        let now = self.now();
        let open: Vec<usize> = sheet.open().collect();
        let mut candidates = Vec::with_capacity(open.len());
        for place in open {
            let number = batch.members[place];
            let Some(found) = page.find(number) else {
                sheet.settle(place, Fate::Inactive, Some("the endpoint was deleted".to_owned()));
                continue;
            };
            let endpoint = page.get(found);
            let head = read_head(endpoint)?;
            // A message that may have been sent holds its place under the caps already.
            let reserves = !sheet.is_unknown(place);
            match self.screen_one(number, &head, due, now, reserves, &mut reservations[place]) {
                Ok((channel_type, address)) => {
                    candidates.push(Candidate { place, endpoint, channel_type, address });
                }
                // The audience had this channel when it was frozen. To go on without it would lose everybody on it.
                Err(Fate::ChannelDisabled) => {
                    let channel_type = head.channel_type().map_or("", ChannelType::as_str);
                    return Err(Error::ChannelGone { channel_type });
                }
                Err(fate) => sheet.settle(place, fate, None),
            }
        }
        Ok(candidates)
    }

    fn screen_one(
        &self,
        number: EndpointNumber,
        head: &Head<'_>,
        due: &Due,
        now: Timestamp,
        reserves: bool,
        reservation: &mut Option<Reservation>,
    ) -> Result<(ChannelType, String), Fate> {
        self.rules.eligible(self.treatment, head)?;
        if due.deadline.is_some_and(|deadline| now > deadline) {
            return Err(Fate::Expired);
        }
        if reserves {
            let limits = &self.rules.definition.limits;
            *reservation = Some(self.engine.caps.reserve(&self.sender, limits, number, now)?);
        }
        self.quiet(head, now)?;
        let channel_type = head.channel_type().ok_or(Fate::NoAddress)?;
        let address = head.address().ok_or(Fate::NoAddress)?;
        Ok((channel_type, address.to_owned()))
    }

    /// Test 14: whether it is quiet time where the endpoint is.
    fn quiet(&self, head: &Head<'_>, now: Timestamp) -> Result<(), Fate> {
        let Some(quiet_time) = self.rules.definition.quiet_time else { return Ok(()) };
        match head.timezone().and_then(schedule::zone) {
            Some(zone) if quiet_time.is_quiet(now, &zone) => Err(Fate::QuietTime),
            _ => Ok(()),
        }
    }

    /// Asks the hook who stays and what changes.
    async fn filter<'a>(&self, due: &Due, candidates: Vec<Candidate<'a>>, sheet: &mut Sheet) -> Vec<Target<'a>> {
        let Some(caller) = &self.caller else {
            return candidates.into_iter().map(Target::unchanged).collect();
        };
        if candidates.is_empty() {
            return Vec::new();
        }
        match self.call_hook(caller, due, &candidates).await {
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
                let composer = &self.rules.definition.treatments[self.treatment].composer;
                let (targets, settled) = filter::apply(candidates, answer, |channel| {
                    audience::serves(composer, &self.rules.channels, channel)
                });
                for (place, fate, reason) in settled {
                    sheet.settle(place, fate, reason);
                }
                targets
            }
            Err(error) => {
                self.report(&error);
                match filter::fate_of_failure(&error, self.rules.definition.hook_failure) {
                    None => candidates.into_iter().map(Target::unchanged).collect(),
                    Some(fate) => {
                        let places: Vec<usize> = candidates.iter().map(|candidate| candidate.place).collect();
                        self.settle_all(sheet, &places, fate, &error.to_string());
                        Vec::new()
                    }
                }
            }
        }
    }

    async fn call_hook(
        &self,
        caller: &Caller,
        due: &Due,
        candidates: &[Candidate<'_>],
    ) -> Result<answer::Answer, hook::Error> {
        let sent: Vec<event::Member<'_>> = candidates.iter().map(|c| (c.endpoint.id, c.endpoint.document)).collect();
        let event = due.event_head.event(&sent)?;
        let answered = caller.call(event).await?;
        answer::decode(answered, &sent)
    }

    /// Logs the first failure, then the second, fourth, eighth, …: a hook that is down fails for every batch. What was
    /// wrong stands in the ledger; an error's text may name endpoints.
    fn report(&self, error: &hook::Error) {
        let failures = self.hook_failures.fetch_add(1, Relaxed) + 1;
        if failures.is_power_of_two() {
            let (id, kind) = (&self.activity.id, error.kind());
            tracing::warn!(activity.id = %id, hook.error = kind, batches = failures, "the hook failed for a batch");
        }
    }

    /// Renders a message for each target.
    fn compose(&self, due: &Due, targets: Vec<Target<'_>>, sheet: &mut Sheet) -> Vec<(usize, Message)> {
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
                        origin: due.origin.clone(),
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
        page: &EndpointPage,
        due: &Due,
        messages: Vec<(usize, Message)>,
        sheet: &mut Sheet,
    ) -> Vec<(EndpointNumber, String)> {
        let addresses: BTreeMap<usize, String> =
            messages.iter().map(|(place, message)| (*place, message.address.clone())).collect();
        let gate = |place: usize, now: Timestamp| {
            if due.deadline.is_some_and(|deadline| now > deadline) {
                return Err(Fate::Expired);
            }
            if self.rules.definition.quiet_time.is_none() {
                return Ok(());
            }
            let head = page.find(batch.members[place]).map(|found| read_head(page.get(found)));
            match head {
                Some(Ok(head)) => self.quiet(&head, now),
                _ => Ok(()),
            }
        };
        let terms = Terms {
            rate: self.rate.as_deref(),
            gate: &gate,
            unknown: self.rules.definition.unknown,
            deadline: due.deadline,
            stop: &self.stop,
        };
        let mut dead = Vec::new();
        for delivery in self.engine.lanes.deliver(messages, &terms).await {
            let Delivery { place, fate, reason, was_unknown, is_dead } = delivery;
            if was_unknown {
                sheet.mark_unknown(place);
            }
            if is_dead {
                dead.push((batch.members[place], addresses[&place].clone()));
            }
            if let Some(fate) = fate {
                sheet.settle(place, fate, reason);
            }
        }
        dead
    }

    fn settle_all(&self, sheet: &mut Sheet, places: &[usize], fate: Fate, reason: &str) {
        for &place in places {
            sheet.settle(place, fate, Some(reason.to_owned()));
        }
    }

    /// Writes a row of the ledger; again where that may help, since messages may be out already.
    async fn record(&self, row: BatchRow) -> Result<(), Error> {
        for attempt in 1.. {
            match self.engine.store.record_batch(&self.activity.id, row.clone()).await {
                Err(error) if attempt < RECORD_ATTEMPTS_MAX && error.is_retryable() => {
                    self.engine.clock.sleep(RECORD_PAUSE).await;
                }
                recorded => return Ok(recorded?),
            }
        }
        unreachable!("the last attempt returns")
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

fn read_head(endpoint: EndpointRef<'_>) -> Result<Head<'_>, store::Error> {
    Head::read(endpoint.document)
        .map_err(|error| store::Error::Damaged { what: format!("endpoint number {}: {error}", endpoint.number) })
}
