//! Fates that an application's event stream has yet to tell.
//!
//! They are noted in the write that settles them, for activities that are [streamed](super::Activity::is_streamed), while the
//! application has a stream.

use super::Call;
use crate::domain::{ActivityId, ApplicationId};

/// The reader of events that is an application's event stream. Where there is none, there is no stream.
pub const EVENT_STREAM: &str = "event-stream";

/// Fates of an activity that were settled at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// Its place among all outcomes: later ones have greater ones, with gaps.
    pub position: u64,
    pub activity_id: ActivityId,
    pub settled: Settled,
}

/// Whose fates they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// Of those who met it before the first batch.
    AtBegin,
    /// Of all who had none when the activity was cancelled.
    ByCancelling,
    /// Of members of a batch: a bit each, lowest first, by their places.
    InBatch { index: u32, members: u64 },
}

/// What an event stream has yet to tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lag {
    pub events: u64,
    pub outcomes: u64,
}

/// Event streams of applications. Those of a removed application are unknown from then on.
pub trait OutcomeStore: Send + Sync {
    /// An event stream begins: it tells what is written from now on. One that was there ends.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn begin_stream(&self, application: &ApplicationId) -> Call<'_, ()>;

    /// An event stream ends, with all that it has not told. In steps, so that other writes go on meanwhile; one that is cut
    /// off leaves the reader.
    fn end_stream(&self, application: &ApplicationId) -> Call<'_, ()>;

    /// An event stream that was at `from` has told the events up to `to`. Changes nothing where it is elsewhere, since that is
    /// another one.
    fn advance_stream(&self, application: &ApplicationId, from: u64, to: u64) -> Call<'_, ()>;

    /// Up to `outcomes_max` outcomes with positions above `after`, in order.
    fn outcomes_after(&self, application: &ApplicationId, after: u64, outcomes_max: usize) -> Call<'_, Vec<Outcome>>;

    /// Removes outcomes that were told: those up to a position.
    fn delete_outcomes_through(&self, application: &ApplicationId, position: u64) -> Call<'_, ()>;

    /// What is behind the reader of an event stream; counts no further than `rows_max` of each.
    fn stream_lag(&self, application: &ApplicationId, rows_max: u64) -> Call<'_, Lag>;
}
