//! Endpoints from files: Pinpoint's import formats, read as a stream.
//!
//! A thread that may block reads and cuts into lines, rayon parses them, the store writes batches; each waits for the
//! next one, so that memory is bounded whatever the size of the files. Bad lines are reported and passed over.

mod csv;
mod define;
mod frame;
mod json_lines;
mod row;
mod run;
mod source;
#[cfg(test)]
mod tests;

use std::io;

use roaring::RoaringBitmap;

pub use run::run;
pub use source::Source;

use crate::store;

/// Failures kept in a [`Summary`].
///
/// Source: API reference, `ImportJobResponse.Failures`.
pub const FAILURES_MAX: usize = 100;

/// How endpoints are written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    Csv,
    /// Newline-delimited JSON.
    Json,
}

impl Format {
    /// The name the API uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }
}

/// What to do with what is read.
///
/// Source: API reference, `ImportJobRequest`; what the combinations do is our choice.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files of the other format are skipped; without one every file is read for what it is.
    pub format: Option<Format>,
    /// What happens to endpoints that exist already.
    pub existing: Existing,
    /// A segment to define from the endpoints that the files name.
    pub segment: Option<Segment>,
}

/// What an import does to endpoints that exist already.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Existing {
    /// They are updated: `RegisterEndpoints`.
    #[default]
    Update,
    /// They stay as they are; they only become members of the segment.
    Keep,
}

/// A segment to define. Its endpoints are those of the import, not a rule.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// A segment that exists gets a further version. Without an id there will be a new one.
    pub id: Option<String>,
    /// Without a name it keeps the one it has.
    pub name: Option<String>,
    /// The job that asks for it, if one does.
    pub job: Option<Job>,
}

/// An import that may be done again from its start and is to end as if it had been done once. What it defines is whole: no
/// file may fail, and a segment it names must still be there.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Also the id of a new segment.
    pub id: String,
    pub role_arn: String,
    pub external_id: String,
    /// The source, as the request has it.
    pub s3_url: String,
}

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Files that there are, empty ones left out.
    pub files_total: u64,
    /// Files dealt with, to their end or not, but for those of the other format.
    pub files: u64,
    /// Files of the other format.
    pub files_skipped: u64,
    /// Files that could not be read, or not to their end.
    pub files_failed: u64,
    /// Lines that are not blank, CSV headers left out: the sum of `imported` and `failed`.
    pub lines: u64,
    pub imported: u64,
    pub failed: u64,
    /// The first ones, at most [`FAILURES_MAX`].
    pub failures: Vec<Failure>,
    /// The endpoints that the lines named.
    pub touched: RoaringBitmap,
    /// The version that was defined.
    pub segment: Option<(String, u32)>,
}

/// A line or a file that was not imported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Something worth showing while an import runs.
#[derive(Debug)]
pub enum Event<'a> {
    Failed(&'a Failure),
    /// The files are known, one is read, or a batch is written.
    Progressed {
        /// Of the files as they are, packed or not.
        bytes_read: u64,
        bytes_total: u64,
        summary: &'a Summary,
    },
    /// All is written; the segment comes next.
    Defining,
}

/// Why an import could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read `{name}`")]
    Unreadable {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("there is nothing to import in `{name}`")]
    Nothing { name: String },
    #[error("the object store failed")]
    Remote(#[source] object_store::Error),
    #[error("endpoints that exist are to be kept and no segment is to be defined: nothing is left to do")]
    NothingToDo,
    #[error("segment `{id}` was deleted while its import ran")]
    SegmentGone { id: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}
