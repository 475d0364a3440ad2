//! Storage contract: endpoints, definitions, events, the ledger and dead letters, behind five traits that every back end
//! implements.
//!
//! What every back end promises, and the suite checks:
//!
//! * A call that returned `Ok` is on stable storage.
//! * A call that returned an error changed nothing; one that works in steps stops between two of them.
//! * Calls may come from many tasks at once; concurrent writes share a commit.
//! * Nothing here blocks the caller's thread.

pub mod dead_letter;
pub mod definition;
pub mod display;
pub mod endpoint;
pub mod event;
pub mod key;
pub mod ledger;
pub mod names;
pub mod outcome;
pub mod reader;
pub mod sqlite;
#[cfg(test)]
mod suite;
pub mod upsert;

use futures_util::future::BoxFuture;

pub use dead_letter::{DeadLetter, DeadLetterStore, Held, LetterAttempt, LetterState, Letters, Released};
pub use definition::{Application, Definition, DefinitionStore, DefinitionWrite, Kind, Versioning};
pub use display::{Display, DisplayStore};
pub use endpoint::{
    AttributeGroup, Cause, EndpointPage, EndpointRef, EndpointStore, EndpointWrite, Owner, Refused, Withdrawal,
};
pub use event::{Event, EventPage, EventRow, EventStore};
pub use key::{AccessKey, KeyStore, Policy};
pub use ledger::{Activity, ActivityState, BatchRow, Frozen, LedgerStore, Stage, Wave};
pub use outcome::{Lag, Outcome, OutcomeStore, Settled};
pub use reader::{Reader, ReaderStore};

/// Everything Pinwheel keeps.
pub trait Store:
    EndpointStore + DefinitionStore + LedgerStore + DeadLetterStore + EventStore + ReaderStore + DisplayStore + OutcomeStore
{
}

impl<T> Store for T where
    T: EndpointStore
        + DefinitionStore
        + LedgerStore
        + DeadLetterStore
        + EventStore
        + ReaderStore
        + DisplayStore
        + OutcomeStore
{
}

/// A store call that runs elsewhere.
pub type Call<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Why a store call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such application, segment, campaign, template or activity.
    #[error("there is no {kind} `{id}`")]
    NotFound { kind: &'static str, id: String },
    /// Somebody else wrote meanwhile: read again, then decide again.
    #[error("{kind} `{id}` was changed by somebody else at the same time")]
    Conflict { kind: &'static str, id: String },
    /// The data on disk was written by a newer release.
    #[error(
        "the data in `{path}` has schema version {found}, but this release knows up to {known}: use a newer release"
    )]
    NewerSchema { path: String, found: u32, known: u32 },
    /// The data on disk was written by an older release, and the store was opened for reading only.
    #[error(
        "the data in `{path}` has schema version {found}, but this release needs {needed}: start it once for writing"
    )]
    OlderSchema { path: String, found: u32, needed: u32 },
    /// There is nothing to read.
    #[error("there is no data in `{path}`")]
    Missing { path: String },
    /// A write to a store that was opened for reading only.
    #[error("the store is open for reading only")]
    ReadOnly,
    /// Another process holds the data directory.
    #[error("`{path}` is in use by another pinwheel process")]
    Locked { path: String },
    /// What was read cannot be what was written.
    #[error("stored data is damaged: {what}")]
    Damaged { what: String },
    /// The back end failed.
    #[error("store failed to {operation}")]
    Backend {
        operation: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            // The disk may be full or busy for a while; the other arms will not change by themselves.
            Self::Backend { .. } => true,
            // The same write would meet the same conflict: its writer has to read again.
            Self::Conflict { .. }
            | Self::NotFound { .. }
            | Self::NewerSchema { .. }
            | Self::OlderSchema { .. }
            | Self::Missing { .. }
            | Self::ReadOnly
            | Self::Locked { .. }
            | Self::Damaged { .. }
            | Self::Closed => false,
        }
    }
}
