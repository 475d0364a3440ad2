//! Events that applications report, in the order of their arrival.
//!
//! Times are kept to the microsecond.

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::Call;
use crate::domain::ApplicationId;

/// An event to keep.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// As the client named it.
    pub endpoint_id: String,
    /// The client's id of the event; a resend has the same one.
    pub id: String,
    pub event_type: String,
    /// When it happened, as the client says.
    pub at: Timestamp,
    /// The event as JSON, with what its batch said about session and application.
    pub document: String,
}

/// An event that is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventRow {
    /// Its place among all events of the store: later arrivals have greater ones, with gaps.
    pub position: u64,
    /// When it arrived.
    pub arrived_at: Timestamp,
    pub event: Event,
}

/// Whether events of this type tell that somebody did something. What providers report of a delivery does not: whom a message
/// reached need not have stirred.
pub(super) fn is_activity(event_type: &str) -> bool {
    match event_type.split_once('.') {
        Some(("_email", of)) => matches!(of, "open" | "click" | "complaint" | "unsubscribe"),
        Some(("_SMS", of)) => of == "OPTOUT",
        _ => true,
    }
}

/// Events read at once, in the order of their positions. Ends early when it has some megabytes, but is empty only at the end.
pub type EventPage = Vec<EventRow>;

/// Events of applications.
pub trait EventStore: Send + Sync {
    /// Keeps events in order. One with the endpoint and id of an event that arrived in the last 24 hours is passed over:
    /// clients send again what they got no answer to. Removed events are forgotten.
    ///
    /// Shape: whether each was new. Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn append_events(
        &self,
        application: &ApplicationId,
        events: Vec<Event>,
        arrived_at: Timestamp,
    ) -> Call<'_, Vec<bool>>;

    /// Up to `events_max` events with positions above `after`. An empty page is the end so far.
    fn events_after(&self, application: &ApplicationId, after: u64, events_max: usize) -> Call<'_, EventPage>;

    /// Up to `events_max` events of these types that happened in `[from, to)`, with positions above `after`, in the order of
    /// their positions.
    fn events_between(
        &self,
        application: &ApplicationId,
        event_types: &[&str],
        from: Timestamp,
        to: Timestamp,
        after: u64,
        events_max: usize,
    ) -> Call<'_, EventPage>;

    /// The endpoints with an event that arrived at that moment or later, as far as they existed when it was first looked at.
    /// Reports of providers on deliveries do not count.
    ///
    /// A process's first question reads all events since then; later ones only those in between, so that they are quick.
    fn active_since(&self, application: &ApplicationId, moment: Timestamp) -> Call<'_, RoaringBitmap>;

    /// A position before those of all events that arrived at that moment or later, and behind as many others as can be told
    /// quickly.
    fn position_before(&self, moment: Timestamp) -> Call<'_, u64>;

    /// Removes events that arrived before that moment; returns how many. In steps, so that other writes go on meanwhile.
    fn delete_events_before(&self, moment: Timestamp) -> Call<'_, u64>;
}
