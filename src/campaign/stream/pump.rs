//! The event stream of one application: records go to its sink until all are taken, then the next ones.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::board::{Desk, Status};
use super::source::{Bunch, Source};
use super::{ID, Streams};
use crate::clock::Clock;
use crate::domain::{self, ApplicationId};
use crate::event::record::Origin;
use crate::event::sink::{Destination, Record, Refused, Sink};
use crate::store::outcome::EVENT_STREAM;
use crate::store::{self, Kind, Outcome, Settled, Store};
use crate::telemetry::metric;

/// How long a pump sleeps that nobody wakes.
const TICK: Duration = Duration::from_secs(2);
/// How long it waits for more when it is woken, so that records go in bunches.
const LINGER: Duration = Duration::from_millis(50);
/// On a stop: time for the delivery under way.
const GRACE: Duration = Duration::from_secs(5);
/// Time between two lines of the log about the same trouble.
const LOG_PERIOD: Duration = Duration::from_secs(60);
/// Members of a batch. Source: as of `domain::limit`.
const BATCH: usize = domain::limit::BATCH_ENDPOINTS_MAX;

/// Why a pump ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    Stopped,
    /// The application has no stream any more.
    Gone,
}

/// Why a pump does not go on now.
enum Halt {
    Ending(Ending),
    Store(store::Error),
}

impl From<store::Error> for Halt {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// What the API keeps of a stream.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    destination_stream_arn: String,
}

pub(super) struct Pump {
    streams: Arc<Streams>,
    source: Source,
    desk: Arc<Desk>,
    stop: CancellationToken,
    destination: Destination,
    sink: Option<Arc<dyn Sink>>,
    /// When trouble was logged last, by the monotonic clock.
    logged: Option<Duration>,
    /// Records of which nobody was told yet that they were refused.
    unlogged: u64,
}

impl Pump {
    pub fn new(streams: Arc<Streams>, application_id: ApplicationId, desk: Arc<Desk>, stop: CancellationToken) -> Self {
        let account_id = streams.engine.config.aws.account_id.clone();
        let origin = Origin { application_id: application_id.clone(), account_id };
        let source = Source::new(streams.engine.store.clone(), origin);
        let destination = Destination { application_id, arn: String::new() };
        Self { streams, source, desk, stop, destination, sink: None, logged: None, unlogged: 0 }
    }

    pub async fn run(mut self) -> Ending {
        let mut failures = 0;
        loop {
            let told = match self.tell().await {
                Err(Halt::Ending(Ending::Gone)) => self.end().await,
                told => told,
            };
            failures = if told.is_ok() { 0 } else { failures + 1 };
            match told {
                Ok(true) => {}
                Ok(false) => {
                    self.desk.status.lock().oldest = None;
                    tokio::select! {
                        biased;
                        () = self.stop.cancelled() => return Ending::Stopped,
                        () = self.desk.changed.notified() => {}
                        () = self.desk.wake.notified() => self.clock().sleep(LINGER).await,
                        () = self.clock().sleep(TICK) => {}
                    }
                }
                Err(Halt::Ending(ending)) => return ending,
                Err(Halt::Store(store::Error::NotFound { .. })) => return Ending::Gone,
                Err(Halt::Store(error)) => {
                    self.log(|id| tracing::warn!(application.id = %id, error = %error, "an event stream waits for the store"));
                    if self.paused(failures).await.is_err() {
                        return Ending::Stopped;
                    }
                }
            }
        }
    }

    /// Tells a bunch of events and one of outcomes; whether there was anything.
    async fn tell(&mut self) -> Result<bool, Halt> {
        self.check_stop()?;
        self.desk.take_changed();
        // Before the definition: who deletes the stream deletes that first.
        let reader = self.store().reader(&self.destination.application_id, EVENT_STREAM).await?;
        self.choose().await?;
        let Some(position) = reader else { return self.begin().await };
        let events = self.tell_events(position).await?;
        self.check_stop()?;
        let outcomes = self.tell_outcomes().await?;
        Ok(events || outcomes)
    }

    /// Begins a stream that was put with an older release.
    async fn begin(&mut self) -> Result<bool, Halt> {
        let streams = self.streams.clone();
        let _turn = streams.board().turn().await;
        // Others may have begun or ended it meanwhile.
        self.choose().await?;
        let application_id = &self.destination.application_id;
        if self.store().reader(application_id, EVENT_STREAM).await?.is_none() {
            self.store().begin_stream(application_id).await?;
        }
        Ok(true)
    }

    /// Ends a stream that is gone, since who put or deleted it may have been cut off.
    async fn end(&self) -> Result<bool, Halt> {
        let _turn = self.streams.board().turn().await;
        let application_id = &self.destination.application_id;
        if self.store().definition(Some(application_id), Kind::EventStream, ID, None).await?.is_none() {
            self.store().end_stream(application_id).await?;
        }
        Err(Halt::Ending(Ending::Gone))
    }

    /// On a stop, no bunch is begun any more.
    fn check_stop(&self) -> Result<(), Halt> {
        if self.stop.is_cancelled() { Err(Halt::Ending(Ending::Stopped)) } else { Ok(()) }
    }

    /// Finds out where records go.
    async fn choose(&mut self) -> Result<(), Halt> {
        let application = Some(&self.destination.application_id);
        let stored = self.store().definition(application, Kind::EventStream, ID, None).await?;
        let Some(stored) = stored else { return Err(Halt::Ending(Ending::Gone)) };
        let Ok(document) = serde_json::from_str::<Document>(&stored.document) else {
            tracing::error!(application.id = %self.destination.application_id, "a stored event stream cannot be read");
            return Err(Halt::Ending(Ending::Gone));
        };
        if self.sink.is_none() || self.destination.arn != document.destination_stream_arn {
            self.destination.arn = document.destination_stream_arn;
            let sink = self.streams.sinks.of(&self.destination.arn).clone();
            tracing::info!(
                application.id = %self.destination.application_id, stream = self.destination.arn, sink = sink.name(),
                "an event stream goes to its sink"
            );
            let mut status = self.desk.status.lock();
            status.destination.clone_from(&self.destination.arn);
            sink.name().clone_into(&mut status.sink);
            status.failure = None;
            self.sink = Some(sink);
        }
        Ok(())
    }

    async fn tell_events(&mut self, after: u64) -> Result<bool, Halt> {
        let events = self.store().events_after(&self.destination.application_id, after, self.records_max()).await?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(false) };
        let position = last.position;
        self.set_oldest(first.arrived_at);
        let bunch = self.source.of_events(&events).await?;
        self.hand_over(bunch).await?;
        self.store().advance_stream(&self.destination.application_id, after, position).await?;
        Ok(true)
    }

    async fn tell_outcomes(&mut self) -> Result<bool, Halt> {
        let outcomes_max = (self.records_max() / BATCH).max(1);
        let outcomes = self.store().outcomes_after(&self.destination.application_id, 0, outcomes_max).await?;
        // Those of batches go in one bunch. Whole audiences go alone, since they may be large.
        let is_small = |outcome: &&Outcome| matches!(outcome.settled, Settled::InBatch { .. });
        let small: Vec<_> = outcomes.iter().take_while(is_small).collect();
        let told = match (small.last(), outcomes.first()) {
            (Some(last), _) => {
                let mut bunch = Bunch::default();
                for outcome in &small {
                    self.source.add_batch(outcome, &mut bunch).await?;
                }
                bunch.oldest.into_iter().for_each(|oldest| self.set_oldest(oldest));
                self.hand_over(bunch).await?;
                last.position
            }
            (None, Some(large)) => {
                let mut pages = self.source.pages(large).await?;
                pages.at.into_iter().for_each(|at| self.set_oldest(at));
                while let Some(page) = pages.next(self.records_max()) {
                    self.check_stop()?;
                    let bunch = self.source.of_page(&pages, page).await?;
                    self.hand_over(bunch).await?;
                }
                large.position
            }
            (None, None) => return Ok(false),
        };
        self.store().delete_outcomes_through(&self.destination.application_id, told).await?;
        Ok(true)
    }

    /// Returns when everything is taken, or refused for good.
    async fn hand_over(&mut self, bunch: Bunch) -> Result<(), Halt> {
        let Bunch { records, unreadable, forgotten, .. } = bunch;
        self.put_aside("unreadable", unreadable, None);
        metric::event_stream_records(self.sink_name(), "forgotten", forgotten);
        let mut records = records.into_iter();
        loop {
            let next: Vec<Record> = records.by_ref().take(self.records_max()).collect();
            if next.is_empty() {
                return Ok(());
            }
            self.deliver(next).await?;
        }
    }

    async fn deliver(&mut self, mut records: Vec<Record>) -> Result<(), Halt> {
        let mut failures = 0;
        while !records.is_empty() {
            let delivered = self.attempt(&records).await?;
            let before = records.len();
            let refused = match delivered {
                Ok(()) => {
                    records.clear();
                    None
                }
                Err(Refused { places, error, is_permanent }) => {
                    let mut place = 0..;
                    records.retain(|_| place.next().is_some_and(|place| places.contains(&place)));
                    Some((error, is_permanent))
                }
            };
            metric::event_stream_records(self.sink_name(), "taken", (before - records.len()) as u64);
            match refused {
                None => self.desk.status.lock().failure = None,
                Some((error, true)) => {
                    self.put_aside("refused", records.len() as u64, Some(error));
                    records.clear();
                }
                Some((error, false)) => {
                    // What goes on bit by bit is not failing again and again.
                    failures = if records.len() < before { 1 } else { failures + 1 };
                    self.note_failure(&error);
                    self.paused(failures).await?;
                    self.choose().await?;
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, records: &[Record]) -> Result<Result<(), Refused>, Halt> {
        let sink = self.sink.as_ref().expect("it was chosen");
        let patience = async {
            self.stop.cancelled().await;
            self.clock().sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            delivered = sink.deliver(&self.destination, records) => Ok(delivered),
            () = patience => Err(Halt::Ending(Ending::Stopped)),
        }
    }

    /// Waits after so many failures; not if the stream is changed meanwhile.
    async fn paused(&self, failures: u32) -> Result<(), Halt> {
        let settings = &self.streams.engine.config.event_stream;
        let pause = domain::pause(failures, settings.pause_min, settings.pause_max, fastrand::f64());
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Halt::Ending(Ending::Stopped)),
            () = self.desk.changed.notified() => Ok(()),
            () = self.clock().sleep(pause) => Ok(()),
        }
    }

    fn note_failure(&mut self, error: &str) {
        metric::event_stream_retry(self.sink_name());
        let now = self.clock().now();
        {
            let mut status = self.desk.status.lock();
            let since = status.failure.take().map_or(now, |(since, _)| since);
            status.failure = Some((since, error.to_owned()));
        }
        let sink = self.sink.clone().expect("it was chosen");
        self.log(|id| {
            tracing::warn!(
                application.id = %id, sink = sink.name(), error,
                "a sink takes no records of an event stream; they wait in the store"
            );
        });
    }

    /// Records that nobody will see.
    fn put_aside(&mut self, result: &'static str, records: u64, error: Option<String>) {
        if records == 0 {
            return;
        }
        metric::event_stream_records(self.sink_name(), result, records);
        self.unlogged += records;
        {
            let mut status = self.desk.status.lock();
            status.refused += records;
            status.refusal = error.clone().or(status.refusal.take());
        }
        let (sink, records) = (self.sink.clone().expect("it was chosen"), self.unlogged);
        let was_logged = self.log(|id| {
            let error = error.as_deref().unwrap_or("what is stored cannot be read");
            tracing::error!(
                application.id = %id, sink = sink.name(), records, error,
                "records of an event stream are left out"
            );
        });
        if was_logged {
            self.unlogged = 0;
        }
    }

    /// Logs trouble, but not again and again; whether it did.
    fn log(&mut self, line: impl FnOnce(&ApplicationId)) -> bool {
        let now = self.clock().elapsed();
        let is_due = self.logged.is_none_or(|logged| now.saturating_sub(logged) >= LOG_PERIOD);
        if is_due {
            self.logged = Some(now);
            line(&self.destination.application_id);
        }
        is_due
    }

    fn set_oldest(&self, at: Timestamp) {
        let mut status = self.desk.status.lock();
        let Status { oldest, .. } = &mut *status;
        *oldest = Some(at);
    }

    fn sink_name(&self) -> &str {
        self.sink.as_ref().map_or("", |sink| sink.name())
    }

    fn records_max(&self) -> usize {
        self.streams.engine.config.event_stream.records_max
    }

    fn store(&self) -> &dyn Store {
        &*self.streams.engine.store
    }

    fn clock(&self) -> &dyn Clock {
        &*self.streams.engine.clock
    }
}
