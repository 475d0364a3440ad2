//! Sinks: where the records of event streams go. One file a kind.
//!
//! A sink neither retries nor waits: whoever hands it records does, with pauses, until all are taken.

mod aws;
mod choice;
mod file;
mod firehose;
mod kinesis;
mod nats;
mod subject;
#[cfg(test)]
mod suite;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::config;
use crate::domain::ApplicationId;
use crate::http::Aws;

pub use choice::Sinks;

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

impl Refused {
    /// None of so many records was taken, which may change.
    pub fn all(records: usize, error: impl Into<String>) -> Self {
        Self { places: (0..records).collect(), error: error.into(), is_permanent: false }
    }
}

/// Takes records of event streams.
pub trait Sink: Send + Sync {
    /// The name of its section, for metrics and logs.
    fn name(&self) -> &str;

    /// Takes records in their order. A record that is taken is on stable storage there, as far as the other side can tell.
    /// Deliveries of one application follow one another.
    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>>;
}

/// What sinks are made with.
#[derive(Clone)]
pub struct Deps {
    pub clock: Arc<dyn Clock>,
    pub aws: Arc<Aws>,
    /// Folder of what the process keeps.
    pub data_directory: PathBuf,
}

/// Why a sink cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `problem` says what the value is and what it must be; without secrets.
    #[error("`event_stream.sinks.{sink}.{key}`: {problem}")]
    Setting { sink: String, key: &'static str, problem: String },
    #[error("`event_stream.default`: there is no sink `{name}`")]
    UnknownDefault { name: String },
}

/// Makes the sink of a section. Reaches for nobody.
///
/// Errors: settings that break a rule.
pub fn build(name: &str, settings: &config::Sink, deps: &Deps) -> Result<Arc<dyn Sink>, Error> {
    Ok(match settings {
        config::Sink::File(settings) => Arc::new(file::File::new(name, settings, deps)?),
        config::Sink::Webhook(settings) => Arc::new(webhook::Webhook::new(name, settings, deps)?),
        config::Sink::Kinesis(settings) => Arc::new(kinesis::Kinesis::new(name, settings, deps)?),
        config::Sink::Firehose(settings) => Arc::new(firehose::Firehose::new(name, settings, deps)?),
        config::Sink::Nats(settings) => Arc::new(nats::Nats::new(name, settings, deps)?),
    })
}
