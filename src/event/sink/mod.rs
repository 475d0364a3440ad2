//! Sinks: where the records of event streams go. One file a kind.
//!
//! A sink neither retries nor waits: whoever hands it records does, with pauses, until all are taken.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::domain::ApplicationId;

/// A record of an event stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The same for the same record, also after a restart: whoever can drop repetitions does it by this.
    pub id: String,
    /// The endpoint's id: records of one endpoint keep their order where a sink has partitions.
    pub partition_key: String,
    pub event_type: String,
    /// One JSON object without line breaks.
    pub json: Bytes,
}

/// Where records go, and for whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destination {
    pub application_id: ApplicationId,
    /// `DestinationStreamArn` as the application named it.
    pub arn: String,
}

/// Records that a sink did not take, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    /// Their places among those handed over; the others are taken. Never empty.
    pub places: Vec<usize>,
    /// For people; without secrets and without the records themselves.
    pub error: String,
    /// Whether they can never be taken, such as one that is too large.
    pub is_permanent: bool,
}

/// Takes records of event streams.
pub trait Sink: Send + Sync {
    /// The name of its section, for metrics and logs.
    fn name(&self) -> &str;

    /// Takes records in their order. A record that is taken is on stable storage there, as far as the other side can tell.
    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>>;
}
