//! Event streams: tells what happens in applications that have one.
//!
//! ```text
//! events ──┐
//!          ├─► source ─► records ─► pump ─► sink
//! outcomes ┘   (store)              (one an application, again until all are taken)
//! ```
//!
//! A [`pump`] hands a bunch of records to its sink, and moves on in the store only when all are taken: each is delivered at
//! least once, wherever the process is killed. It holds one bunch in memory, and what is behind it waits in the store, so that
//! sends never wait for a sink. The [`Board`] is how the rest of the process talks to the pumps.

mod board;
mod pump;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::board::Desk;
pub use self::board::{Board, Status};
use self::pump::{Ending, Pump};
use super::Engine;
use crate::domain::ApplicationId;
use crate::event::sink::Sinks;
use crate::store::outcome::EVENT_STREAM;
use crate::store::{self, Kind, Lag};
use crate::telemetry::metric;

/// What the one stream of an application is stored under.
pub const ID: &str = "eventstream";

/// Time between two counts of what waits, and between attempts at what failed at the start.
const COUNT_PERIOD: Duration = Duration::from_secs(5);
/// What waits is counted up to this.
const LAG_MAX: u64 = 1_000_000;

/// Keeps the event streams of all applications going. One for a process.
pub struct Streams {
    engine: Arc<Engine>,
    sinks: Sinks,
}

impl Streams {
    pub fn new(engine: Arc<Engine>, sinks: Sinks) -> Arc<Self> {
        Arc::new(Self { engine, sinks })
    }

    /// Tells what there is to tell, until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut pumps: JoinSet<(ApplicationId, Arc<Desk>)> = JoinSet::new();
        let mut is_known = self.look_for_streams().await;
        while !stop.is_cancelled() {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                changed = self.board().changed() => for application_id in changed {
                    self.attend_to(application_id, &stop, &mut pumps);
                },
                Some(ended) = pumps.join_next(), if !pumps.is_empty() => self.ended(ended),
                () = self.engine.clock.sleep(COUNT_PERIOD) => {
                    is_known = is_known || self.look_for_streams().await;
                    self.count().await;
                }
            }
        }
        while let Some(ended) = pumps.join_next().await {
            self.ended(ended);
        }
    }

    fn ended(&self, ended: Result<(ApplicationId, Arc<Desk>), tokio::task::JoinError>) {
        let (application_id, desk) = ended.expect("panics are caught where they happen");
        self.board().clear(&application_id, &desk);
    }

    fn board(&self) -> &Board {
        &self.engine.streams
    }

    /// Whether it could.
    async fn look_for_streams(&self) -> bool {
        let look = async {
            let store = &self.engine.store;
            for application in store.applications().await? {
                let id = &application.id;
                let has_definition = store.definition(Some(id), Kind::EventStream, ID, None).await?.is_some();
                // A reader alone is what a call left that was cut off. The pump will end it.
                if has_definition || store.reader(id, EVENT_STREAM).await?.is_some() {
                    self.board().changed_of(id);
                }
            }
            Ok::<_, store::Error>(())
        };
        let looked = look.await;
        if let Err(error) = &looked {
            tracing::warn!(error = %error, "event streams wait for the store");
        }
        looked.is_ok()
    }

    fn attend_to(
        self: &Arc<Self>,
        application_id: ApplicationId,
        stop: &CancellationToken,
        pumps: &mut JoinSet<(ApplicationId, Arc<Desk>)>,
    ) {
        let Some(desk) = self.board().desk(&application_id) else { return };
        let pump = Pump::new(self.clone(), application_id.clone(), desk.clone(), stop.clone());
        pumps.spawn(async move {
            // A panic is a broken promise of ours. It ends this stream for now, and no other.
            let ended = AssertUnwindSafe(pump.run()).catch_unwind().await;
            match ended {
                Ok(Ending::Stopped | Ending::Gone) => {}
                Err(_) => tracing::error!(
                    application.id = %application_id,
                    "an event stream ended in a panic; it goes on when it is put again, or with the next start"
                ),
            }
            (application_id, desk)
        });
    }

    /// Keeps the metrics of what waits true.
    async fn count(&self) {
        let now = self.engine.clock.now();
        let mut by_sink: BTreeMap<String, (Lag, Duration)> =
            self.sinks.names().map(|name| (name.to_owned(), Default::default())).collect();
        for Status { application_id, sink, oldest, .. } in self.board().statuses() {
            let Ok(lag) = self.engine.store.stream_lag(&application_id, LAG_MAX).await else { continue };
            let (sum, age) = by_sink.entry(sink).or_default();
            *sum = Lag { events: sum.events + lag.events, outcomes: sum.outcomes + lag.outcomes };
            let waits = oldest.and_then(|oldest| Duration::try_from(now.duration_since(oldest)).ok());
            *age = (*age).max(waits.unwrap_or_default());
        }
        for (sink, (lag, age)) in by_sink {
            metric::event_stream_lag(&sink, lag.events + lag.outcomes, age);
        }
    }
}

impl Engine {
    /// Where event streams are told that there is something to tell.
    pub fn streams(&self) -> &Arc<Board> {
        &self.streams
    }

    /// What an application's event stream has yet to tell, counted up to a million.
    pub async fn stream_lag(&self, application_id: &ApplicationId) -> Result<Lag, store::Error> {
        self.store.stream_lag(application_id, LAG_MAX).await
    }
}
