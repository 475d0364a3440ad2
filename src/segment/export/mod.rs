//! Endpoints to files: newline-delimited JSON, as Pinpoint's exports have it.

mod destination;
mod run;

use std::io;

pub use destination::Destination;
pub use run::run;

use crate::store;

/// Endpoints of one file, unless a file was asked for.
pub const PIECE_ENDPOINTS: u64 = 1_000_000;

/// What to export, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment, in its latest version if none is given; without one all endpoints.
    pub segment: Option<(String, Option<u32>)>,
    /// Whether to pack with gzip.
    pub gzip: bool,
    /// Endpoints of one file of a folder or bucket.
    pub piece_endpoints: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment: None, gzip: false, piece_endpoints: PIECE_ENDPOINTS }
    }
}

/// What an export wrote.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    pub endpoints: u64,
    /// Files or objects, in order.
    pub files: Vec<String>,
    /// Packed, if they are.
    pub bytes: u64,
}

/// Why an export could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write `{name}`")]
    Unwritable {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("the object store failed")]
    Remote(#[source] object_store::Error),
    #[error(transparent)]
    Segment(#[from] super::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}
